//! A server's WebSockets on bare TCP: [`UpgradeRequest`] checks and answers the
//! handshake, [`Socket`] reads, writes and closes. The protocol (RFC 6455:
//! masking, fragments, pongs, close frames) is tungstenite's. Only the writing
//! is different: frames are encoded once by the caller and may be written to the
//! TCP stream by any task, without a copy for each connection.
//!
//! It knows no message format and no HTTP framework. `examples/echo.rs` is what
//! the Autobahn test suite runs against (`cargo xtask autobahn`).

mod upgrade;

pub use upgrade::{DeferredUpgradeIo, UpgradeRequest, UpgradeSlot};

use bytes::{Buf, Bytes};
use socket2::SockRef;
use std::{
    collections::VecDeque,
    future::poll_fn,
    io::{self, ErrorKind, IoSlice, Read, Write},
    net::Shutdown,
    ops::ControlFlow,
    sync::Arc,
};
use tokio::{
    net::TcpStream,
    task::{self, coop},
};
use tungstenite::{
    Error, Message,
    error::{CapacityError, ProtocolError},
    protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext},
};

/// Bytes read from the TCP stream at once, into a buffer on the stack.
const READ_CHUNK: usize = 4096;
/// Reads of the TCP stream for one message before other tasks may run: tungstenite
/// itself reads on as long as fragments arrive.
const READS_PER_CALL: usize = 16;
/// Bytes that tungstenite allocates for each connection to assemble messages in;
/// its default of 128 KiB would be most of what a connection costs. It grows
/// while a larger message is read.
const READ_BUFFER: usize = 128;
/// Buffers passed to one vectored write; the kernel accepts at most 1024.
const MAX_IO_SLICES: usize = 64;

/// What [`Socket::recv`] returns.
#[derive(Debug)]
pub enum Incoming {
    /// A message of the peer.
    Message(Message),
    /// Encoded frames that the protocol requires to be sent, such as a pong. The
    /// caller has to send them before it sends anything that answers later
    /// messages.
    Reply(Bytes),
}

/// An open WebSocket, owned by the task of its connection.
#[derive(Debug)]
pub struct Socket {
    stream: Arc<TcpStream>,
    protocol: WebSocketContext,
    /// Bytes read from the stream that the protocol has not consumed yet.
    unread: Bytes,
    /// A message that was read together with a reply; the reply is returned first.
    pending_read: Option<Box<Result<Message, Error>>>,
    /// Encoded frames to be written by [`Socket::flush`]. The first may be
    /// partly written.
    unwritten: VecDeque<Bytes>,
    /// The peer violated the protocol. What it sends is not read as frames any more:
    /// nobody knows where the next one begins.
    is_broken: bool,
}

impl Socket {
    /// The WebSocket of an upgraded connection. `early` is what the HTTP server
    /// read after the request. The HTTP response to the upgrade is queued as the
    /// first bytes to write. A message longer than `max_message` bytes is an
    /// error of [`Socket::recv`].
    pub fn new<T>(io: DeferredUpgradeIo<T>, early: &[u8], max_message: usize) -> Self {
        let (stream, response) = io.into_parts();
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .max_message_size(Some(max_message))
            .max_frame_size(Some(max_message));
        Self {
            stream: Arc::new(stream),
            protocol: WebSocketContext::new(Role::Server, Some(config)),
            // A copy, because the HTTP server's buffer is large and mostly empty.
            unread: Bytes::copy_from_slice(early),
            pending_read: None,
            unwritten: [response].into(),
            is_broken: false,
        }
    }

    /// The TCP stream, for other tasks that write encoded frames to it. They may
    /// only do so while nothing is queued here.
    pub fn stream(&self) -> &Arc<TcpStream> {
        &self.stream
    }

    /// Waits for the next message, or for a reply that the protocol requires.
    /// Cancel-safe.
    ///
    /// # Errors
    /// When the connection ended or the peer violated the protocol; see
    /// [`close_code`].
    pub async fn recv(&mut self) -> Result<Incoming, Error> {
        loop {
            // Lets other tasks run when a peer sends without a pause.
            coop::consume_budget().await;
            // What was read must not be kept in the future: it would make the future of
            // every idle connection larger.
            let is_paused = match self.try_recv() {
                ControlFlow::Break(received) => return received,
                ControlFlow::Continue(is_paused) => is_paused,
            };
            if is_paused {
                task::yield_now().await;
            } else {
                // Unlike `readable`, it needs no memory of its own: only this task reads.
                poll_fn(|context| self.stream.poll_read_ready(context)).await?;
            }
        }
    }

    /// What [`Socket::recv`] returns, if it has arrived. Otherwise whether there may be more to
    /// read at once.
    fn try_recv(&mut self) -> ControlFlow<Result<Incoming, Error>, bool> {
        let (read, reply, is_paused) = match self.pending_read.take() {
            Some(read) => (*read, Vec::new(), false),
            None => self.read(),
        };
        let would_block = matches!(&read, Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock);
        if !reply.is_empty() {
            self.pending_read = (!would_block).then(|| Box::new(read));
            return ControlFlow::Break(Ok(Incoming::Reply(reply.into())));
        }
        if would_block {
            return ControlFlow::Continue(is_paused);
        }
        self.is_broken = read
            .as_ref()
            .is_err_and(|error| close_code(error).is_some());
        ControlFlow::Break(read.map(Incoming::Message))
    }

    /// The next message, if it has arrived, and the frames that the protocol wants to
    /// send. True if there may be more to read at once.
    fn read(&mut self) -> (Result<Message, Error>, Vec<u8>, bool) {
        let mut reply = Vec::new();
        let mut adapter = ReadAdapter {
            stream: &self.stream,
            unread: &mut self.unread,
            written: &mut reply,
            reads: READS_PER_CALL,
        };
        let read = self.protocol.read(&mut adapter);
        let is_paused = adapter.reads == 0;
        (read, reply, is_paused)
    }

    /// Queues encoded frames for [`Socket::flush`].
    pub fn queue(&mut self, frames: Bytes) {
        if !frames.is_empty() {
            self.unwritten.push_back(frames);
        }
    }

    /// Queues a close frame, unless the closing handshake is under way already.
    pub fn queue_close(&mut self, code: u16, reason: &str) {
        let mut written = Vec::new();
        let mut adapter = ReadAdapter {
            stream: &self.stream,
            unread: &mut self.unread,
            written: &mut written,
            reads: 0,
        };
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        // Fails when the connection is closed already, which needs no frame.
        let _ = self.protocol.close(&mut adapter, Some(frame));
        self.queue(written.into());
    }

    /// Writes everything that is queued. Cancel-safe: a later call continues
    /// where this one stopped.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn flush(&mut self) -> io::Result<()> {
        while !self.unwritten.is_empty() {
            let slices: Vec<IoSlice> = self
                .unwritten
                .iter()
                .take(MAX_IO_SLICES)
                .map(|frame| IoSlice::new(frame))
                .collect();
            match self.stream.try_write_vectored(&slices) {
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.stream.writable().await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads until the peer has closed the connection: the second half of the closing
    /// handshake (RFC 6455, section 7.1.1). Messages that still arrive are discarded.
    /// The connection must not be dropped before: the system answers unread bytes with
    /// a reset, by which the peer may lose the close frame. Ends when the connection
    /// breaks; the caller limits the time.
    pub async fn wait_for_close(&mut self) {
        while !self.is_broken {
            match self.recv().await {
                Ok(Incoming::Message(_)) => {}
                Ok(Incoming::Reply(reply)) => {
                    self.queue(reply);
                    if self.flush().await.is_err() {
                        return;
                    }
                }
                Err(_) if self.is_broken => {}
                Err(_) => return,
            }
        }
        self.discard_rest().await;
    }

    /// Says that nothing more is sent, and discards what the peer sends until it has
    /// closed the connection.
    async fn discard_rest(&self) {
        if SockRef::from(&*self.stream)
            .shutdown(Shutdown::Write)
            .is_err()
        {
            return;
        }
        loop {
            // Lets other tasks run when a peer sends without a pause.
            coop::consume_budget().await;
            let read = {
                let mut buffer = [0; READ_CHUNK];
                self.stream.try_read(&mut buffer)
            };
            match read {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.stream.readable().await.is_err() {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    }

    /// Drops the first `written` bytes of what is queued.
    fn advance(&mut self, mut written: usize) {
        while let Some(frame) = self.unwritten.front_mut() {
            if frame.len() > written {
                return frame.advance(written);
            }
            written -= frame.len();
            self.unwritten.pop_front();
        }
        // Frees the memory that a burst of frames needed.
        self.unwritten = VecDeque::new();
    }
}

/// The stream as tungstenite sees it: reads come from the socket, writes are
/// collected for the caller.
struct ReadAdapter<'a> {
    stream: &'a TcpStream,
    unread: &'a mut Bytes,
    written: &'a mut Vec<u8>,
    /// Reads of the socket that are left.
    reads: usize,
}

impl Read for ReadAdapter<'_> {
    /// tungstenite reads in small pieces; the socket is read in large ones.
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            let Some(reads) = self.reads.checked_sub(1) else {
                return Err(ErrorKind::WouldBlock.into());
            };
            self.reads = reads;
            let mut buffer = [0; READ_CHUNK];
            let count = self.stream.try_read(&mut buffer)?;
            *self.unread = Bytes::copy_from_slice(&buffer[..count]);
        }
        let count = bytes.len().min(self.unread.len());
        self.unread.copy_to_slice(&mut bytes[..count]);
        if self.unread.is_empty() {
            // An empty `Bytes` of its own frees the buffer.
            *self.unread = Bytes::new();
        }
        Ok(count)
    }
}

impl Write for ReadAdapter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The close code (RFC 6455, section 7.4.1) and reason for a peer whose message
/// could not be read. `None` when the connection is gone and no close frame can
/// be sent.
pub fn close_code(error: &Error) -> Option<(u16, &'static str)> {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => Some((1009, "message too big")),
        Error::Utf8(_) => Some((1007, "invalid UTF-8")),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) => Some((1002, "protocol error")),
        _ => None,
    }
}
