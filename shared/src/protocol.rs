//! The messages of the WebSocket: what clients ask, what the server says, and
//! why a connection ends.

mod client;
mod connection;
mod decode;
mod durable;
mod events;
#[cfg(feature = "arbitrary_numbers")]
mod lenient_json;
mod people;
mod server;

pub use client::{ClientMessage, PresenceChange, Request};
pub use connection::{Ack, Connected, ErrorMessage, Heartbeat, Pong, Resume};
pub use decode::{DecodeError, decode};
pub use durable::Durable;
pub use events::{
    Announcement, CanvasDeleted, CanvasUpdated, ChatEvent, Lock, TileCreated, TileDeleted,
    TileLiked, TileUnlocked, TileUpdated,
};
pub use people::{PresenceUpdate, TileMentioned, UserCount, UserCursor, UserTyping};
pub use server::ServerMessage;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What went wrong, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The frame is no JSON.
    InvalidJson,
    /// The frame is no object with a known `type`.
    UnknownType,
    /// A field is missing or wrong; the message names it.
    InvalidMessage,
    /// A chat text with nothing in it.
    TextEmpty,
    /// A chat text of more than 2000 characters.
    TextTooLong,
    /// The `canvas_id` is not this connection's.
    CanvasMismatch,
    /// The cell is not on the canvas.
    OutOfBounds,
    /// The cell has a tile already.
    TileExists,
    /// The cell is empty.
    TileNotFound,
    /// Somebody else holds the tile's lock.
    TileLocked,
    /// Not of `base_version` any more (HTTP only).
    VersionConflict,
    /// The role or the canvas's policy does not allow it.
    Forbidden,
    /// Too much at once; ask again after `retry_after_ms`.
    RateLimited,
    /// A bad token in `auth_refresh`.
    Unauthenticated,
    /// The database is away and nothing is confirmed; ask again with the same `op_id`.
    Unavailable,
    /// The server's fault.
    Internal,
    /// A code of a later version of the contract.
    #[serde(other)]
    Other,
}

/// Why the server ends a connection, and so what the client does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CloseReason {
    /// The client asked for it.
    #[error("done")]
    Done,
    /// A binary frame.
    #[error("binary frames are not supported")]
    Binary,
    /// The server stops or restarts.
    #[error("retry_after_ms={0}")]
    GoingAway(u64),
    /// The token's time is over.
    #[error("token_expired")]
    TokenExpired,
    /// The session was ended, or the user may no longer see the canvas.
    #[error("revoked")]
    Revoked,
    /// An administrator ended the connection.
    #[error("kicked")]
    Kicked,
    /// The user may not come here again.
    #[error("banned")]
    Banned,
    /// The canvas is gone.
    #[error("canvas_deleted")]
    CanvasDeleted,
    /// Too many messages that could not be read.
    #[error("rate_limited")]
    RateLimited,
    /// The client reads more slowly than the canvas speaks.
    #[error("slow_consumer")]
    SlowConsumer,
    /// The server carries no more.
    #[error("overloaded")]
    Overloaded,
    /// The server's fault.
    #[error("internal")]
    Internal,
}

impl CloseReason {
    /// The WebSocket close code (RFC 6455 section 7.4).
    pub fn code(self) -> u16 {
        match self {
            Self::Done => 1000,
            Self::Binary => 1003,
            Self::GoingAway(_) => 1012,
            Self::TokenExpired
            | Self::Revoked
            | Self::Kicked
            | Self::Banned
            | Self::CanvasDeleted
            | Self::RateLimited => 1008,
            Self::Internal => 1011,
            Self::SlowConsumer | Self::Overloaded => 1013,
        }
    }

    /// Whether a client may come back by itself after a close with `code`.
    pub fn may_reconnect(code: u16) -> bool {
        !matches!(code, 1000 | 1003 | 1007 | 1008 | 1009)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_comes_back_after_everything_but_a_refusal() {
        for (reason, back) in [
            (CloseReason::Done, false),
            (CloseReason::GoingAway(250), true),
            (CloseReason::Kicked, false),
            (CloseReason::SlowConsumer, true),
            (CloseReason::Internal, true),
        ] {
            assert_eq!(CloseReason::may_reconnect(reason.code()), back, "{reason}");
        }
        assert!(CloseReason::may_reconnect(1006));
        assert_eq!(
            CloseReason::GoingAway(250).to_string(),
            "retry_after_ms=250"
        );
    }
}
