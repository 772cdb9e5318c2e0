//! WebSockets on bare TCP: how one is opened (`door`), set up, read, written and ended.
//! The same for the server and for the echo against which the Autobahn suite
//! runs (`examples/echo.rs`). The protocol is tungstenite's; only the bytes go
//! another way, so that an outbox can write frames that were made once for many.

mod upgrade;

pub use upgrade::{DeferredUpgradeIo, Upgrade, UpgradeSlot};

use bytes::{Buf, Bytes};
use shared::limits;
use std::{
    collections::VecDeque,
    io::{self, ErrorKind, IoSlice, Read, Write},
    sync::Arc,
};
use tokio::{net::TcpStream, task::coop};
use tungstenite::{
    Error, Message,
    error::{CapacityError, ProtocolError},
    protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext},
};

/// Read at once from a socket, into a buffer that lives no longer than the read.
const READ_CHUNK: usize = 4096;
/// What every connection keeps for the beginning of its next message; the
/// library's default of 128 KiB would be most of what a connection costs.
const READ_BUFFER: usize = 128;
/// Pieces handed to the kernel at once; it takes no more than 1024.
const MAX_IO_SLICES: usize = 64;

/// What came of reading.
#[derive(Debug)]
pub enum Incoming {
    /// A message of the peer's.
    Message(Message),
    /// Whole frames that the protocol wants sent, such as a pong.
    Reply(Bytes),
}

/// An open WebSocket.
#[derive(Debug)]
pub struct Socket {
    stream: Arc<TcpStream>,
    protocol: WebSocketContext,
    /// What came with a message, behind it.
    unread: Bytes,
    /// What was read behind an answer that goes first.
    next: Option<Box<Result<Message, Error>>>,
    /// Frames on their way out; what is begun is finished.
    unwritten: VecDeque<Bytes>,
}

impl Socket {
    /// A connection that was upgraded; `early` is what was read behind the
    /// request. The answer to it goes out before whatever is written first.
    pub fn new<T>(io: DeferredUpgradeIo<T>, early: &[u8]) -> Self {
        let (stream, answer) = io.into_parts();
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .max_message_size(Some(limits::FRAME_BYTES))
            .max_frame_size(Some(limits::FRAME_BYTES));
        Self {
            stream: Arc::new(stream),
            protocol: WebSocketContext::new(Role::Server, Some(config)),
            // A copy: the request's buffer is large, and mostly nothing is left in it.
            unread: Bytes::copy_from_slice(early),
            next: None,
            unwritten: [answer].into(),
        }
    }

    /// The TCP connection under it, for others to write whole frames to.
    pub(super) fn stream(&self) -> &Arc<TcpStream> {
        &self.stream
    }

    /// Waits for the next message, or for something to answer, which has to be
    /// sent before what is read next. Cancel-safe.
    ///
    /// # Errors
    /// When the connection is over, or the peer broke the protocol.
    pub async fn recv(&mut self) -> Result<Incoming, Error> {
        loop {
            // A peer that never stops talking is not read without a pause.
            coop::consume_budget().await;
            let (read, said) = match self.next.take() {
                Some(read) => (*read, Vec::new()),
                None => self.read(),
            };
            let is_early = matches!(&read, Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock);
            if !said.is_empty() {
                self.next = (!is_early).then(|| Box::new(read));
                return Ok(Incoming::Reply(said.into()));
            }
            if !is_early {
                return read.map(Incoming::Message);
            }
            self.stream.readable().await?;
        }
    }

    /// The next message, if it is there, and what the protocol says to it.
    fn read(&mut self) -> (Result<Message, Error>, Vec<u8>) {
        let mut said = Vec::new();
        let mut adapter = ReadAdapter {
            stream: &self.stream,
            unread: &mut self.unread,
            said: &mut said,
        };
        let read = self.protocol.read(&mut adapter);
        (read, said)
    }

    /// Puts whole frames behind what is on its way out.
    pub fn queue(&mut self, frames: Bytes) {
        if !frames.is_empty() {
            self.unwritten.push_back(frames);
        }
    }

    /// Says good-bye behind that, unless the peer has.
    pub fn queue_close(&mut self, code: u16, reason: &str) {
        let mut said = Vec::new();
        let mut adapter = ReadAdapter {
            stream: &self.stream,
            unread: &mut self.unread,
            said: &mut said,
        };
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        // A connection that is over needs none.
        let _ = self.protocol.close(&mut adapter, Some(frame));
        self.queue(said.into());
    }

    /// Writes what is on its way out. Cancel-safe: it can be gone on with.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn flush(&mut self) -> io::Result<()> {
        while !self.unwritten.is_empty() {
            let pieces: Vec<IoSlice> = self
                .unwritten
                .iter()
                .take(MAX_IO_SLICES)
                .map(|piece| IoSlice::new(piece))
                .collect();
            match self.stream.try_write_vectored(&pieces) {
                Ok(written) => self.wrote(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.stream.writable().await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn wrote(&mut self, mut written: usize) {
        while let Some(piece) = self.unwritten.front_mut() {
            if piece.len() > written {
                return piece.advance(written);
            }
            written -= piece.len();
            self.unwritten.pop_front();
        }
        // What a burst needed is not kept for the rest of the connection.
        self.unwritten = VecDeque::new();
    }
}

/// The stream as the protocol sees it: it reads from the socket; what it wants
/// written is collected.
struct ReadAdapter<'a> {
    stream: &'a TcpStream,
    unread: &'a mut Bytes,
    said: &'a mut Vec<u8>,
}

impl Read for ReadAdapter<'_> {
    /// Small pieces of what is read from the socket in large ones.
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            let mut buffer = [0; READ_CHUNK];
            let count = self.stream.try_read(&mut buffer)?;
            *self.unread = Bytes::copy_from_slice(&buffer[..count]);
        }
        let count = bytes.len().min(self.unread.len());
        self.unread.copy_to_slice(&mut bytes[..count]);
        if self.unread.is_empty() {
            // Nothing is kept of what is read.
            *self.unread = Bytes::new();
        }
        Ok(count)
    }
}

impl Write for ReadAdapter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.said.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The close code (RFC 6455 section 7.4.1) and reason for a peer whose message
/// could not be read; `None` where it is simply gone.
pub fn fault(error: &Error) -> Option<(u16, &'static str)> {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => Some((1009, "message too big")),
        Error::Utf8(_) => Some((1007, "invalid UTF-8")),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) => Some((1002, "protocol error")),
        _ => None,
    }
}
