//! The messages of the WebSocket in both directions, their error codes, and the
//! reasons for which the server closes a connection.

mod cases;
mod chat;
mod client;
mod comments;
mod connection;
mod conversations;
mod decode;
mod durable_event;
mod events;
#[cfg(feature = "arbitrary_numbers")]
mod lenient_json;
mod notifications;
mod people;
mod server;

pub use cases::{CaseOpened, CaseUpdated};
pub use chat::ChatEdited;
pub use client::{ClientMessage, ClientRequest, PresenceChange};
pub use comments::{CommentCreated, CommentUpdated};
pub use connection::{Ack, Connected, ErrorMessage, Heartbeat, Pong, Resume, UserConnected};
pub use conversations::{DirectMessageSent, DirectMessagesRead, DirectTyping};
pub use decode::{DecodeError, decode, decode_without_canvas};
pub use durable_event::DurableEvent;
pub use events::{
    Announcement, CanvasDeleted, CanvasUpdated, ChatEvent, ChatRemoved, Lock, RemovedBy,
    SanctionLifted, Sanctioned, TileCreated, TileDeleted, TileLiked, TileUnlocked, TileUpdated,
};
pub use notifications::{NotificationsRead, Notified};
pub use people::{PresenceUpdate, TileMentioned, UserCount, UserCursor, UserTyping};
pub use server::ServerMessage;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a request was refused, for programs. Also the `code` of HTTP errors where
/// the reason is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The frame is not JSON.
    InvalidJson,
    /// The frame is not a JSON object with a known `type`.
    UnknownType,
    /// A field is missing or wrong; the message names it.
    InvalidMessage,
    /// The chat text is empty.
    TextEmpty,
    /// The chat text has more than 2000 characters.
    TextTooLong,
    /// The `canvas_id` is not the canvas of this connection.
    CanvasMismatch,
    /// The cell is outside the canvas.
    OutOfBounds,
    /// The cell already has a tile.
    TileExists,
    /// The cell has no tile.
    TileNotFound,
    /// Another user holds the tile's lock.
    TileLocked,
    /// The tile does not have `base_version` any more (HTTP only).
    VersionConflict,
    /// The user's role or the canvas's edit policy does not allow it.
    Forbidden,
    /// A sanction forbids it; `sanction` says which.
    Sanctioned,
    /// More than newcomers may do; send again after `retry_after_ms`.
    Newcomer,
    /// The canvas takes one message of a user in a time; send again after `retry_after_ms`.
    SlowMode,
    /// The canvas is locked for a time; send again after `retry_after_ms`.
    LockedDown,
    /// There is no such message.
    MessageNotFound,
    /// There is no such conversation, or it is one of others.
    ConversationNotFound,
    /// The other user takes no private message of this one: they block or are blocked, their
    /// preferences, or a request that they did not accept.
    NotWanted,
    /// There is no such comment.
    CommentNotFound,
    /// Too many requests; send again after `retry_after_ms`.
    RateLimited,
    /// The token in `auth_refresh` is not valid.
    Unauthenticated,
    /// More events are missing than are replayed; fetch the snapshot.
    TooFarBehind,
    /// The database cannot be reached, so it is not known whether the request was
    /// stored; send again with the same `op_id`.
    Unavailable,
    /// An error in the server.
    Internal,
    /// A code that this version does not know.
    #[serde(other)]
    Other,
}

/// Why the server closes a connection. The text is the reason in the close
/// frame; the code tells the client whether to reconnect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CloseReason {
    /// The client closed the connection.
    #[error("done")]
    Done,
    /// The client sent a binary frame.
    #[error("binary frames are not supported")]
    Binary,
    /// The server stops or restarts; reconnect after this many milliseconds.
    #[error("retry_after_ms={0}")]
    GoingAway(u64),
    /// The token expired.
    #[error("token_expired")]
    TokenExpired,
    /// The session ended, or the user may no longer see the canvas.
    #[error("revoked")]
    Revoked,
    /// An administrator closed the connection.
    #[error("kicked")]
    Kicked,
    /// The user is banned.
    #[error("banned")]
    Banned,
    /// The canvas was deleted.
    #[error("canvas_deleted")]
    CanvasDeleted,
    /// The client sent too many unreadable messages.
    #[error("rate_limited")]
    RateLimited,
    /// The client reads more slowly than messages are sent to it.
    #[error("slow_consumer")]
    SlowConsumer,
    /// The server has reached its limit of connections.
    #[error("overloaded")]
    Overloaded,
    /// An error in the server.
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

    /// Whether a client may reconnect without the user's action after a close with
    /// this code.
    pub fn may_reconnect(code: u16) -> bool {
        !matches!(code, 1000 | 1003 | 1007 | 1008 | 1009)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_reconnects_unless_it_was_refused() {
        for (reason, reconnects) in [
            (CloseReason::Done, false),
            (CloseReason::GoingAway(250), true),
            (CloseReason::Kicked, false),
            (CloseReason::SlowConsumer, true),
            (CloseReason::Internal, true),
        ] {
            let may = CloseReason::may_reconnect(reason.code());
            assert_eq!(may, reconnects, "{reason}");
        }
        assert!(CloseReason::may_reconnect(1006));
        assert_eq!(
            CloseReason::GoingAway(250).to_string(),
            "retry_after_ms=250"
        );
    }
}
