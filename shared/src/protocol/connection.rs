//! What the server tells one connection: the greeting and the answers.

use super::{ErrorCode, events::Lock};
use crate::{
    api::sanctions::{Sanction, SanctionBrief},
    canvas::Role,
    ids::{CanvasId, CommentId, ConnectionId, Epoch, MessageId, OpId, TileId, UserId},
    presence::ActiveUser,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `connected`: the first message of every connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connected {
    /// The id of this connection.
    pub connection_id: ConnectionId,
    /// The canvas that was joined.
    pub canvas_id: CanvasId,
    /// The user that the connection belongs to.
    pub user_id: UserId,
    /// The user's unique name.
    pub username: String,
    /// The user's name to show.
    pub display_name: String,
    /// The user's role on the canvas.
    pub role: Role,
    /// The epoch that `seq` belongs to.
    pub epoch: Epoch,
    /// `seq` of the newest event at the moment of joining.
    pub seq: i64,
    /// Whether missed events follow or a snapshot has to be fetched.
    pub resume: Resume,
    /// The users who are on the canvas.
    pub active_users: Vec<ActiveUser>,
    /// The tile locks that are held.
    pub locks: Vec<Lock>,
    /// The user's own sanctions in force here, those on the whole server included.
    #[serde(default)]
    pub sanctions: Vec<Sanction>,
    /// Until when the user is a newcomer here, whose acts are limited; null otherwise.
    #[serde(default)]
    pub newcomer_until: Option<Timestamp>,
    /// The server's clock.
    pub server_time: Timestamp,
    /// How the server checks that the connection is alive.
    pub heartbeat: Heartbeat,
    /// The users whom the connection's user blocks.
    #[serde(default)]
    pub blocked: Vec<UserId>,
}

/// `connected` on a connection without a canvas: its first message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "connected")]
pub struct UserConnected {
    /// The id of this connection.
    pub connection_id: ConnectionId,
    /// The user that the connection belongs to.
    pub user_id: UserId,
    /// The user's unique name.
    pub username: String,
    /// The user's name to show.
    pub display_name: String,
    /// The user's notifications that are not read.
    pub unread_count: i64,
    /// The user's own sanctions in force on the whole server.
    pub sanctions: Vec<Sanction>,
    /// The users whom the connection's user blocks.
    pub blocked: Vec<UserId>,
    /// The server's clock.
    pub server_time: Timestamp,
    /// How the server checks that the connection is alive.
    pub heartbeat: Heartbeat,
}

/// How a connection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resume {
    /// The client gave no `last_seq`: it has to fetch the snapshot.
    Fresh,
    /// All events after `last_seq` follow.
    Resumed,
    /// The events after `last_seq` cannot be sent: the client has to fetch the
    /// snapshot.
    Resync,
}

/// How often the server pings, and how long it waits for any sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Milliseconds between two pings.
    pub interval_ms: u64,
    /// Milliseconds without any frame after which the connection is closed.
    pub timeout_ms: u64,
}

/// `ack`: a request was carried out; a durable one is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The request's, if it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op_id: Option<OpId>,
    /// `seq` of the event; none if nothing changed or nothing is stored. Of a private message
    /// its place in its conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// The event's time, with `seq`. A client that resumes may send it as
    /// `last_timestamp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The request's `type`.
    #[serde(rename = "for")]
    pub request: String,
    /// The tile's version after the request, for tile requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// The tile's id, for tile requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tile_id: Option<TileId>,
    /// The tile's likes after the request, for tile requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub like_count: Option<i64>,
    /// The private message's id, for `direct_message_send`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// The comment's id, for requests about comments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment_id: Option<CommentId>,
}

/// `error`: a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorMessage {
    /// The reason, for programs.
    pub code: ErrorCode,
    /// The reason, for people, in English.
    pub message: String,
    /// The request's, if it had one that could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op_id: Option<OpId>,
    /// Milliseconds to wait before the request is sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The sanction that forbids it, if `code` is `sanctioned`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sanction: Option<Box<SanctionBrief>>,
}

/// `pong`: the answer to `ping` and `heartbeat`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pong {
    /// The `timestamp` of the request, as it came.
    pub timestamp: Value,
    /// The server's clock.
    pub server_time: Timestamp,
    /// The request's, if it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op_id: Option<OpId>,
}
