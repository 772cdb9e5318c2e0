//! Many sockets on one thread, without anything between them and the kernel
//! but `epoll`: what the generator costs must not be mistaken for the server.

use crate::frames;
use anyhow::{Context, Result, anyhow};
use memchr::memmem;
use mio::{Events, Interest, Poll, Token, net::TcpStream};
use socket2::{Domain, SockAddr, Socket, Type};
use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};
use tungstenite::protocol::frame::coding::{Control, OpCode};

/// Bytes read from one socket at once.
const READ: usize = 64 * 1024;
/// Connections from one address: a port each, of which there are some 28,000, and
/// which stay taken for a minute. The kernel looks long for one where few are left.
const PER_ADDRESS: usize = 900;
/// Connections so far, whoever's.
static DIALLED: AtomicUsize = AtomicUsize::new(0);
/// What ends an HTTP header.
const HEADER_END: &[u8] = b"\r\n\r\n";

/// Which of the pool's sockets.
pub(crate) type PeerId = usize;

/// See the module.
pub(crate) struct ClientPool {
    poll: Poll,
    events: Events,
    peers: Vec<Peer>,
    scratch: Vec<u8>,
}

struct Peer {
    stream: TcpStream,
    stage: Stage,
    /// The beginning of a frame whose end has not come.
    rest: Vec<u8>,
    /// What the kernel did not take yet.
    unsent: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Connecting,
    Upgrading,
    Open,
    Closed,
}

impl ClientPool {
    /// Nobody yet.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            poll: Poll::new().context("epoll")?,
            events: Events::with_capacity(1024),
            peers: Vec::new(),
            scratch: vec![0; READ],
        })
    }

    /// Starts one more connection, from one of the addresses 127.0.x.x, with
    /// an `upgrade`; without one it speaks frames at once.
    pub(crate) fn connect(&mut self, server: SocketAddr, upgrade: Option<&[u8]>) -> Result<PeerId> {
        let id = self.peers.len();
        self.peers.push(Peer::dial(server, upgrade)?);
        self.watch(id)?;
        Ok(id)
    }

    /// Gives up a connection and starts another in its place.
    pub(crate) fn reconnect(
        &mut self,
        id: PeerId,
        server: SocketAddr,
        upgrade: &[u8],
    ) -> Result<()> {
        // Dropping the old one closes it.
        self.peers[id] = Peer::dial(server, Some(upgrade))?;
        self.watch(id)
    }

    fn watch(&mut self, id: PeerId) -> Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        let stream = &mut self.peers[id].stream;
        let watched = self.poll.registry().register(stream, Token(id), both);
        watched.context("watch a socket")
    }

    /// Reads no more from a connection, as a phone in a tunnel does.
    pub(crate) fn stop_reading(&mut self, id: PeerId) -> Result<()> {
        let stopped = self.poll.registry().deregister(&mut self.peers[id].stream);
        stopped.context("leave a socket")
    }

    /// Sends a whole frame.
    pub(crate) fn send(&mut self, id: PeerId, frame: &[u8]) {
        let peer = &mut self.peers[id];
        peer.unsent.extend_from_slice(frame);
        peer.flush();
    }

    /// Waits for at most `patience` and hands every frame that came to `hear`.
    pub(crate) fn listen(
        &mut self,
        patience: Duration,
        mut hear: impl FnMut(PeerId, &[u8]),
    ) -> Result<()> {
        match self.poll.poll(&mut self.events, Some(patience)) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error).context("epoll"),
        }
        for event in &self.events {
            let Token(id) = event.token();
            let peer = &mut self.peers[id];
            if event.is_writable() {
                peer.flush();
            }
            if event.is_readable() {
                let is_over = event.is_read_closed();
                peer.read(&mut self.scratch, is_over, |payload| hear(id, payload));
            }
        }
        Ok(())
    }

    /// Listens until `done` says so, and fails after `patience`.
    pub(crate) fn until(
        &mut self,
        what: &str,
        patience: Duration,
        mut hear: impl FnMut(PeerId, &[u8]),
        mut done: impl FnMut(&Self) -> bool,
    ) -> Result<()> {
        let end = Instant::now() + patience;
        while !done(self) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let (open, all) = (self.open(), self.peers.len());
                return Err(anyhow!(format!(
                    "{what} took longer than {patience:?}; {open} of {all} connections are open"
                )));
            }
            self.listen(left, &mut hear)?;
        }
        Ok(())
    }

    /// Connections whose upgrade succeeded and that were not closed since.
    pub(crate) fn open(&self) -> usize {
        let open = |peer: &&Peer| peer.stage == Stage::Open;
        self.peers.iter().filter(open).count()
    }

    /// Connections that were refused or closed.
    pub(crate) fn closed(&self) -> usize {
        let closed = |peer: &&Peer| peer.stage == Stage::Closed;
        self.peers.iter().filter(closed).count()
    }
}

impl Peer {
    fn dial(server: SocketAddr, upgrade: Option<&[u8]>) -> Result<Self> {
        Ok(Self {
            stream: dial(server)?,
            stage: upgrade.map_or(Stage::Open, |_| Stage::Connecting),
            rest: Vec::new(),
            unsent: upgrade.unwrap_or_default().to_vec(),
        })
    }

    fn flush(&mut self) {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(count) => {
                    self.unsent.drain(..count);
                    if self.stage == Stage::Connecting {
                        self.stage = Stage::Upgrading;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_early(error.kind()) => return,
                Err(_) => {
                    self.stage = Stage::Closed;
                    return;
                }
            }
        }
        // A request is kept no longer than it takes to send.
        self.unsent = Vec::new();
    }

    /// Reads what is there; up to the end if it `is_over`.
    fn read(&mut self, scratch: &mut [u8], is_over: bool, mut hear: impl FnMut(&[u8])) {
        loop {
            match self.stream.read(scratch) {
                Ok(0) => {
                    self.stage = Stage::Closed;
                    return;
                }
                Ok(count) => {
                    self.hear(&scratch[..count], &mut hear);
                    // What comes after a read that was not filled is told as new.
                    if count < scratch.len() && !is_over {
                        return;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_early(error.kind()) => return,
                Err(_) => {
                    self.stage = Stage::Closed;
                    return;
                }
            }
        }
    }

    /// Hands on what is whole, and keeps the rest.
    fn hear(&mut self, bytes: &[u8], hear: &mut impl FnMut(&[u8])) {
        if self.rest.is_empty() {
            let used = self.take_in(bytes, hear);
            self.rest.extend_from_slice(&bytes[used..]);
            return;
        }
        let mut whole = std::mem::take(&mut self.rest);
        whole.extend_from_slice(bytes);
        let used = self.take_in(&whole, hear);
        whole.drain(..used);
        if !whole.is_empty() {
            self.rest = whole;
        }
    }

    /// Hands on what is whole, and says how many bytes that was.
    fn take_in(&mut self, bytes: &[u8], hear: &mut impl FnMut(&[u8])) -> usize {
        let mut used = 0;
        if self.stage == Stage::Upgrading {
            let Some(end) = find(bytes, HEADER_END) else {
                return 0;
            };
            used = end + HEADER_END.len();
            self.stage = if bytes.starts_with(b"HTTP/1.1 101") {
                Stage::Open
            } else {
                Stage::Closed
            };
        }
        while self.stage == Stage::Open
            && let Some(frame) = frames::first(&bytes[used..])
        {
            used += frame.length;
            match frame.opcode {
                OpCode::Control(Control::Ping) => {
                    let pong = OpCode::Control(Control::Pong);
                    self.unsent.extend(frames::masked(pong, frame.payload));
                    self.flush();
                }
                OpCode::Control(Control::Close) => self.stage = Stage::Closed,
                _ => hear(frame.payload),
            }
        }
        used
    }
}

/// Not an error: the socket is not ready.
fn is_early(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::NotConnected)
}

fn dial(server: SocketAddr) -> Result<TcpStream> {
    let dialled = || -> std::io::Result<TcpStream> {
        let socket = Socket::new(Domain::for_address(server), Type::STREAM, None)?;
        if server.ip().is_loopback() && server.is_ipv4() {
            let address = DIALLED.fetch_add(1, Ordering::Relaxed) / PER_ADDRESS;
            let [high, low] = [address / 250, address].map(|part| 1 + (part % 250) as u8);
            let source = SocketAddrV4::new(Ipv4Addr::new(127, 0, high, low), 0);
            socket.bind(&SockAddr::from(source))?;
        }
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        match socket.connect(&SockAddr::from(server)) {
            Err(error)
                if error.raw_os_error() != Some(rustix::io::Errno::INPROGRESS.raw_os_error()) =>
            {
                Err(error)
            }
            _ => Ok(TcpStream::from_std(socket.into())),
        }
    };
    dialled().context("connect")
}

/// Where `needle` begins.
pub(crate) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    memmem::find(bytes, needle)
}
