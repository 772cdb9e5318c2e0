//! How sockets are set up and how broken ones are ended: the same for the
//! server and for the echo against which the Autobahn suite runs
//! (`examples/echo.rs`).

use axum::{Error, extract::ws::WebSocketUpgrade};
use shared::limits;
use tungstenite::error::{CapacityError, ProtocolError};

/// Read at once from a socket; the library's default of 128 KiB would be most
/// of what a connection costs.
const READ_BUFFER: usize = 4 * 1024;
/// Written at once to a socket.
const WRITE_BUFFER: usize = 16 * 1024;

/// An upgrade with our buffers and limits.
pub fn bounded(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(limits::FRAME_BYTES)
        .max_frame_size(limits::FRAME_BYTES)
}

/// The close code (RFC 6455 section 7.4.1) and reason for a peer whose message
/// could not be read; `None` where it is simply gone.
pub fn fault(error: &Error) -> Option<(u16, &'static str)> {
    let source = std::error::Error::source(error);
    match source?.downcast_ref::<tungstenite::Error>()? {
        tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            Some((1009, "message too big"))
        }
        tungstenite::Error::Utf8(_) => Some((1007, "invalid UTF-8")),
        tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        tungstenite::Error::Protocol(_) => Some((1002, "protocol error")),
        _ => None,
    }
}
