//! Many WebSocket connections on one thread, directly on `epoll`: the load generator must use
//! little processor time, or it would slow the server that it measures. It knows frames, but not
//! what the messages mean.

use crate::frames;
use anyhow::{Context, Result, bail};
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
const READ_SIZE: usize = 64 * 1024;
/// Connections from one source address. Each takes one of about 28,000 ports, for a minute
/// longer than it is open, and the kernel searches long where few are free.
const CONNECTIONS_PER_ADDRESS: usize = 900;
/// Connections that this process has opened so far; chooses the source address of the next.
static CONNECTION_COUNT: AtomicUsize = AtomicUsize::new(0);
/// The end of an HTTP header.
const HEADER_END: &[u8] = b"\r\n\r\n";

/// Index of a connection in its pool.
pub(crate) type ConnectionId = usize;

/// Connections, and the `epoll` instance that watches them.
pub(crate) struct ClientPool {
    poll: Poll,
    events: Events,
    connections: Vec<Connection>,
    scratch: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    stage: Stage,
    /// The beginning of a frame whose end has not been received.
    partial: Vec<u8>,
    /// Bytes that the kernel has not accepted yet.
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
    /// A pool without connections.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            poll: Poll::new().context("epoll")?,
            events: Events::with_capacity(1024),
            connections: Vec::new(),
            scratch: vec![0; READ_SIZE],
        })
    }

    /// Starts one more connection, from one of the addresses 127.0.x.x where the server is on
    /// this machine. It first sends the request `upgrade`; without one it exchanges frames at
    /// once.
    pub(crate) fn connect(
        &mut self,
        server: SocketAddr,
        upgrade: Option<&[u8]>,
    ) -> Result<ConnectionId> {
        let id = self.connections.len();
        self.connections.push(Connection::connect(server, upgrade)?);
        self.watch(id)?;
        Ok(id)
    }

    /// Closes a connection and starts another in its place.
    pub(crate) fn reconnect(
        &mut self,
        id: ConnectionId,
        server: SocketAddr,
        upgrade: &[u8],
    ) -> Result<()> {
        // Dropping the old connection closes it.
        self.connections[id] = Connection::connect(server, Some(upgrade))?;
        self.watch(id)
    }

    fn watch(&mut self, id: ConnectionId) -> Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        let stream = &mut self.connections[id].stream;
        let watched = self.poll.registry().register(stream, Token(id), both);
        watched.context("watch a socket")
    }

    /// Reads nothing more from a connection, which stays open.
    pub(crate) fn stop_reading(&mut self, id: ConnectionId) -> Result<()> {
        let stopped = self
            .poll
            .registry()
            .deregister(&mut self.connections[id].stream);
        stopped.context("leave a socket")
    }

    /// Sends a whole frame; what the kernel does not accept is sent by the next `poll`.
    pub(crate) fn send(&mut self, id: ConnectionId, frame: &[u8]) {
        let connection = &mut self.connections[id];
        connection.unsent.extend_from_slice(frame);
        connection.flush();
    }

    /// Waits for at most `timeout` until something happens, and calls `on_message` for each
    /// message received. Answers pings.
    pub(crate) fn poll(
        &mut self,
        timeout: Duration,
        mut on_message: impl FnMut(ConnectionId, &[u8]),
    ) -> Result<()> {
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error).context("epoll"),
        }
        for event in &self.events {
            let Token(id) = event.token();
            let connection = &mut self.connections[id];
            if event.is_writable() {
                connection.flush();
            }
            if event.is_readable() {
                let is_over = event.is_read_closed();
                connection.read(&mut self.scratch, is_over, |payload| {
                    on_message(id, payload);
                });
            }
        }
        Ok(())
    }

    /// Calls [`poll`](Self::poll) until `done` returns true. Fails after `timeout`; `what` names
    /// what was waited for.
    pub(crate) fn poll_until(
        &mut self,
        what: &str,
        timeout: Duration,
        mut on_message: impl FnMut(ConnectionId, &[u8]),
        mut done: impl FnMut(&Self) -> bool,
    ) -> Result<()> {
        let end = Instant::now() + timeout;
        while !done(self) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let (open, all) = (self.open(), self.connections.len());
                bail!("{what} took longer than {timeout:?}; {open} of {all} connections are open");
            }
            self.poll(left, &mut on_message)?;
        }
        Ok(())
    }

    /// Number of connections whose upgrade succeeded and that are not closed.
    pub(crate) fn open(&self) -> usize {
        let open = |connection: &&Connection| connection.stage == Stage::Open;
        self.connections.iter().filter(open).count()
    }

    /// Number of connections that were refused or closed.
    pub(crate) fn closed(&self) -> usize {
        let closed = |connection: &&Connection| connection.stage == Stage::Closed;
        self.connections.iter().filter(closed).count()
    }
}

impl Connection {
    fn connect(server: SocketAddr, upgrade: Option<&[u8]>) -> Result<Self> {
        Ok(Self {
            stream: connect(server)?,
            stage: upgrade.map_or(Stage::Open, |_| Stage::Connecting),
            partial: Vec::new(),
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
                Err(error) if is_not_ready(error.kind()) => return,
                Err(_) => {
                    self.stage = Stage::Closed;
                    return;
                }
            }
        }
        // Gives the memory back: ten thousand idle connections would keep a request each.
        self.unsent = Vec::new();
    }

    /// Reads what has been received; where the peer `is_over`, up to the end of the stream.
    fn read(&mut self, scratch: &mut [u8], is_over: bool, mut on_message: impl FnMut(&[u8])) {
        loop {
            match self.stream.read(scratch) {
                Ok(0) => {
                    self.stage = Stage::Closed;
                    return;
                }
                Ok(count) => {
                    self.on_message(&scratch[..count], &mut on_message);
                    // epoll is edge-triggered: after a read that did not fill the buffer, it
                    // reports what comes next.
                    if count < scratch.len() && !is_over {
                        return;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_not_ready(error.kind()) => return,
                Err(_) => {
                    self.stage = Stage::Closed;
                    return;
                }
            }
        }
    }

    /// Passes whole messages on and keeps the rest.
    fn on_message(&mut self, bytes: &[u8], on_message: &mut impl FnMut(&[u8])) {
        if self.partial.is_empty() {
            let used = self.decode(bytes, on_message);
            self.partial.extend_from_slice(&bytes[used..]);
            return;
        }
        let mut whole = std::mem::take(&mut self.partial);
        whole.extend_from_slice(bytes);
        let used = self.decode(&whole, on_message);
        whole.drain(..used);
        if !whole.is_empty() {
            self.partial = whole;
        }
    }

    /// Passes whole messages on and returns how many bytes they took.
    fn decode(&mut self, bytes: &[u8], on_message: &mut impl FnMut(&[u8])) -> usize {
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
                _ => on_message(frame.payload),
            }
        }
        used
    }
}

/// Whether the socket is only not ready yet.
fn is_not_ready(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::NotConnected)
}

fn connect(server: SocketAddr) -> Result<TcpStream> {
    let dialled = || -> std::io::Result<TcpStream> {
        let socket = Socket::new(Domain::for_address(server), Type::STREAM, None)?;
        if server.ip().is_loopback() && server.is_ipv4() {
            let address =
                CONNECTION_COUNT.fetch_add(1, Ordering::Relaxed) / CONNECTIONS_PER_ADDRESS;
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

/// The position of `needle` in `bytes`.
pub(crate) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    memmem::find(bytes, needle)
}
