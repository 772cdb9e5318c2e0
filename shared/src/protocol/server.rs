//! What the server says.

use super::ErrorCode;
use crate::{
    api::{Canvas, ChatMessage},
    canvas::Role,
    ids::{CanvasId, ConnectionId, Epoch, OpId, TileId, UserId},
    json::{FromJson, field, named, readable},
    pixels::{PixelEdit, Pixels},
    presence::{ActiveUser, Status},
    time::Timestamp,
};
use serde::Serialize;
use serde_json::Value;

/// Everything the server says on a socket.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is documented at its struct")]
pub enum ServerMessage {
    Connected(Box<Connected>),
    UserJoined(UserCount),
    UserLeft(UserCount),
    CanvasChatMessage(ChatEvent),
    UserTyping(UserTyping),
    UserPresenceUpdate(PresenceUpdate),
    UserCursor(UserCursor),
    TileMention(TileMentioned),
    TileCreated(TileCreated),
    TileUpdated(TileUpdated),
    TileLiked(TileLiked),
    TileDeleted(TileDeleted),
    TileLocked(Lock),
    TileUnlocked(TileUnlocked),
    CanvasDeleted(CanvasDeleted),
    Announcement(Announcement),
    CanvasUpdated(Box<CanvasUpdated>),
    Ack(Ack),
    Error(ErrorMessage),
    Pong {
        timestamp: Value,
        server_time: Timestamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        op_id: Option<OpId>,
    },
}

impl FromJson for ServerMessage {
    fn from_json(json: &Value) -> Option<Self> {
        Some(match json.get("type")?.as_str()? {
            "connected" => Self::Connected(FromJson::from_json(json)?),
            "user_joined" => Self::UserJoined(FromJson::from_json(json)?),
            "user_left" => Self::UserLeft(FromJson::from_json(json)?),
            "canvas_chat_message" => Self::CanvasChatMessage(FromJson::from_json(json)?),
            "user_typing" => Self::UserTyping(FromJson::from_json(json)?),
            "user_presence_update" => Self::UserPresenceUpdate(FromJson::from_json(json)?),
            "user_cursor" => Self::UserCursor(FromJson::from_json(json)?),
            "tile_mention" => Self::TileMention(FromJson::from_json(json)?),
            "tile_created" => Self::TileCreated(FromJson::from_json(json)?),
            "tile_updated" => Self::TileUpdated(FromJson::from_json(json)?),
            "tile_liked" => Self::TileLiked(FromJson::from_json(json)?),
            "tile_deleted" => Self::TileDeleted(FromJson::from_json(json)?),
            "tile_locked" => Self::TileLocked(FromJson::from_json(json)?),
            "tile_unlocked" => Self::TileUnlocked(FromJson::from_json(json)?),
            "canvas_deleted" => Self::CanvasDeleted(FromJson::from_json(json)?),
            "announcement" => Self::Announcement(FromJson::from_json(json)?),
            "canvas_updated" => Self::CanvasUpdated(FromJson::from_json(json)?),
            "ack" => Self::Ack(FromJson::from_json(json)?),
            "error" => Self::Error(FromJson::from_json(json)?),
            "pong" => {
                let pong = json.as_object()?;
                Self::Pong {
                    timestamp: field(pong, "timestamp")?,
                    server_time: field(pong, "server_time")?,
                    op_id: field(pong, "op_id")?,
                }
            }
            _ => return None,
        })
    }
}

/// The events that are in the log: exactly those with a `seq`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is documented at its struct")]
pub enum Durable {
    CanvasChatMessage(ChatEvent),
    TileCreated(TileCreated),
    TileUpdated(TileUpdated),
    TileLiked(TileLiked),
    TileDeleted(TileDeleted),
    CanvasUpdated(Box<CanvasUpdated>),
}

impl FromJson for Durable {
    fn from_json(json: &Value) -> Option<Self> {
        match ServerMessage::from_json(json)? {
            ServerMessage::CanvasChatMessage(event) => Some(Self::CanvasChatMessage(event)),
            ServerMessage::TileCreated(event) => Some(Self::TileCreated(event)),
            ServerMessage::TileUpdated(event) => Some(Self::TileUpdated(event)),
            ServerMessage::TileLiked(event) => Some(Self::TileLiked(event)),
            ServerMessage::TileDeleted(event) => Some(Self::TileDeleted(event)),
            ServerMessage::CanvasUpdated(event) => Some(Self::CanvasUpdated(event)),
            ServerMessage::Connected(_)
            | ServerMessage::UserJoined(_)
            | ServerMessage::UserLeft(_)
            | ServerMessage::UserTyping(_)
            | ServerMessage::UserPresenceUpdate(_)
            | ServerMessage::UserCursor(_)
            | ServerMessage::TileMention(_)
            | ServerMessage::TileLocked(_)
            | ServerMessage::TileUnlocked(_)
            | ServerMessage::CanvasDeleted(_)
            | ServerMessage::Announcement(_)
            | ServerMessage::Ack(_)
            | ServerMessage::Error(_)
            | ServerMessage::Pong { .. } => None,
        }
    }
}

impl Durable {
    /// Its place in the canvas's order.
    pub fn seq(&self) -> i64 {
        match self {
            Self::CanvasChatMessage(event) => event.message.seq,
            Self::TileCreated(event) => event.seq,
            Self::TileUpdated(event) => event.seq,
            Self::TileLiked(event) => event.seq,
            Self::TileDeleted(event) => event.seq,
            Self::CanvasUpdated(event) => event.seq,
        }
    }

    /// Its `type` on the wire.
    pub fn message_type(&self) -> &'static str {
        match self {
            Self::CanvasChatMessage(_) => "canvas_chat_message",
            Self::TileCreated(_) => "tile_created",
            Self::TileUpdated(_) => "tile_updated",
            Self::TileLiked(_) => "tile_liked",
            Self::TileDeleted(_) => "tile_deleted",
            Self::CanvasUpdated(_) => "canvas_updated",
        }
    }
}

/// How a connection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resume {
    /// No `last_seq` was given: fetch the snapshot.
    Fresh,
    /// Every event after `last_seq` follows.
    Resumed,
    /// `last_seq` is of no use: fetch the snapshot.
    Resync,
}

/// How often the server pings, and how long it waits for any sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Heartbeat {
    /// Milliseconds between pings.
    pub interval_ms: u64,
    /// Milliseconds of silence after which a peer is dropped.
    pub timeout_ms: u64,
}

/// The first message of every connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Connected {
    /// This connection.
    pub connection_id: ConnectionId,
    /// This canvas.
    pub canvas_id: CanvasId,
    /// Who is signed in.
    pub user_id: UserId,
    /// Their unique name.
    pub username: String,
    /// Their name to show.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// See [`Epoch`].
    pub epoch: Epoch,
    /// The head when joining, which the replay reaches.
    pub seq: i64,
    /// What follows.
    pub resume: Resume,
    /// Who is there.
    pub active_users: Vec<ActiveUser>,
    /// Locks held now.
    pub locks: Vec<Lock>,
    /// The server's clock.
    pub server_time: Timestamp,
    /// See [`Heartbeat`].
    pub heartbeat: Heartbeat,
}

/// Somebody came or left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserCount {
    /// Who.
    pub user_id: UserId,
    /// Their unique name.
    pub username: String,
    /// Their name to show.
    pub display_name: String,
    /// How many users are there now.
    pub active_users: usize,
    /// When.
    pub timestamp: Timestamp,
}

/// Somebody said something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChatEvent {
    /// What was said, by whom and when.
    #[serde(flatten)]
    pub message: ChatMessage,
    /// The sender's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op_id: Option<OpId>,
}

/// Somebody writes in the chat, or stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserTyping {
    /// Who.
    pub user_id: UserId,
    /// Their unique name.
    pub username: String,
    /// Writes.
    pub is_typing: bool,
}

/// Somebody's status or the tile they draw in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PresenceUpdate {
    /// Who.
    pub user_id: UserId,
    /// Their unique name.
    pub username: String,
    /// Their name to show, where it is a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Where.
    pub canvas_id: CanvasId,
    /// As they set it last.
    pub status: Status,
    /// As they set it last, or empty.
    pub status_message: String,
    /// Column of the tile opened or left; null where there is none.
    pub tile_x: Option<i32>,
    /// Row of the tile opened or left; null where there is none.
    pub tile_y: Option<i32>,
    /// Whether they draw in that tile.
    pub is_editing: bool,
    /// When.
    pub timestamp: Timestamp,
}

/// Somebody's pointer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UserCursor {
    /// Who.
    pub user_id: UserId,
    /// Board pixels from the left.
    pub x: f64,
    /// Board pixels from the top.
    pub y: f64,
}

/// Somebody points at a tile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TileMentioned {
    /// Who.
    pub user_id: UserId,
    /// Their unique name.
    pub username: String,
    /// Column.
    pub tile_x: i32,
    /// Row.
    pub tile_y: i32,
    /// How to draw it; unknown ones as `mention`.
    pub highlight_type: String,
    /// Or empty.
    pub message: String,
    /// Milliseconds.
    pub duration: i64,
    /// When.
    pub timestamp: Timestamp,
}

/// A tile was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TileCreated {
    /// Its place in the canvas's order.
    pub seq: i64,
    /// Which tile.
    pub tile_id: TileId,
    /// Where.
    pub canvas_id: CanvasId,
    /// Who started it.
    pub creator_id: UserId,
    /// Column.
    pub x: i32,
    /// Row.
    pub y: i32,
    /// Or empty.
    pub title: String,
    /// What is drawn.
    pub pixels: Pixels,
    /// 1.
    pub version: i64,
    /// 0.
    pub like_count: i64,
    /// When.
    pub timestamp: Timestamp,
}

/// A tile's title or pixels changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TileUpdated {
    /// Its place in the canvas's order.
    pub seq: i64,
    /// Which tile.
    pub tile_id: TileId,
    /// Where.
    pub canvas_id: CanvasId,
    /// Who started it.
    pub creator_id: UserId,
    /// Who changed it.
    pub updater_id: UserId,
    /// Column.
    pub x: i32,
    /// Row.
    pub y: i32,
    /// After the change.
    pub version: i64,
    /// How many like it.
    pub like_count: i64,
    /// When.
    pub timestamp: Timestamp,
    /// The new title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Single pixels, in the order of painting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<Vec<PixelEdit>>,
    /// All pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pixels: Option<Pixels>,
}

/// Somebody likes a tile, or no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TileLiked {
    /// Its place in the canvas's order.
    pub seq: i64,
    /// Which tile.
    pub tile_id: TileId,
    /// Where.
    pub canvas_id: CanvasId,
    /// Who started the tile.
    pub creator_id: UserId,
    /// Whose like it is.
    pub liker_id: UserId,
    /// Likes it from now on.
    pub liked: bool,
    /// Column.
    pub x: i32,
    /// Row.
    pub y: i32,
    /// How many like it now.
    pub like_count: i64,
    /// When.
    pub timestamp: Timestamp,
}

/// A cell was emptied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TileDeleted {
    /// Its place in the canvas's order.
    pub seq: i64,
    /// Which tile.
    pub tile_id: TileId,
    /// Where.
    pub canvas_id: CanvasId,
    /// Who started it.
    pub creator_id: UserId,
    /// Who deleted it.
    pub deleter_id: UserId,
    /// Column.
    pub x: i32,
    /// Row.
    pub y: i32,
    /// When.
    pub timestamp: Timestamp,
}

/// A tile's lock was taken, or is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lock {
    /// Column.
    pub tile_x: i32,
    /// Row.
    pub tile_y: i32,
    /// Who holds it.
    pub user_id: UserId,
    /// Their unique name.
    pub username: String,
    /// When it ends unless renewed.
    pub expires_at: Timestamp,
}

/// A tile's lock was given back or ran out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TileUnlocked {
    /// Column.
    pub tile_x: i32,
    /// Row.
    pub tile_y: i32,
    /// Who held it.
    pub user_id: UserId,
    /// Their unique name.
    pub username: String,
}

/// The canvas is gone; the connection ends after this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CanvasDeleted {
    /// Which.
    pub canvas_id: CanvasId,
    /// When.
    pub timestamp: Timestamp,
}

/// Somebody who runs the server says something to everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Announcement {
    /// 1–500 characters.
    pub message: String,
    /// The canvas it is meant for; null for all.
    pub canvas_id: Option<CanvasId>,
    /// When.
    pub timestamp: Timestamp,
}

/// The canvas's settings changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CanvasUpdated {
    /// Its place in the canvas's order.
    pub seq: i64,
    /// Which.
    pub canvas_id: CanvasId,
    /// As it is now; `role` is null, as this is for everybody.
    pub canvas: Canvas,
    /// When.
    pub timestamp: Timestamp,
}

/// A request was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ack {
    /// The request's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op_id: Option<OpId>,
    /// The event's place in the canvas's order; none where nothing changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// The request's `type`.
    #[serde(rename = "for")]
    pub request: String,
    /// The tile's, for tiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// For tiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tile_id: Option<TileId>,
    /// For tiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub like_count: Option<i64>,
}

/// A request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorMessage {
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
    /// The request's, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op_id: Option<OpId>,
    /// When to ask again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

named!(Resume {
    Fresh = "fresh",
    Resumed = "resumed",
    Resync = "resync",
});
readable! {
    Heartbeat { interval_ms, timeout_ms }
    Connected {
        connection_id, canvas_id, user_id, username, display_name, role, epoch, seq, resume,
        active_users, locks, server_time, heartbeat,
    }
    UserCount { user_id, username, display_name, active_users, timestamp }
    UserTyping { user_id, username, is_typing }
    PresenceUpdate {
        user_id, username, display_name, canvas_id, status, status_message, tile_x, tile_y,
        is_editing, timestamp,
    }
    UserCursor { user_id, x, y }
    TileMentioned {
        user_id, username, tile_x, tile_y, highlight_type, message, duration, timestamp,
    }
    TileCreated {
        seq, tile_id, canvas_id, creator_id, x, y, title, pixels, version, like_count, timestamp,
    }
    TileUpdated {
        seq, tile_id, canvas_id, creator_id, updater_id, x, y, version, like_count, timestamp,
        title, delta, pixels,
    }
    TileLiked { seq, tile_id, canvas_id, creator_id, liker_id, liked, x, y, like_count, timestamp }
    TileDeleted { seq, tile_id, canvas_id, creator_id, deleter_id, x, y, timestamp }
    Lock { tile_x, tile_y, user_id, username, expires_at }
    TileUnlocked { tile_x, tile_y, user_id, username }
    CanvasDeleted { canvas_id, timestamp }
    Announcement { message, canvas_id, timestamp }
    CanvasUpdated { seq, canvas_id, canvas, timestamp }
    Ack { op_id, seq, request = "for", version, tile_id, like_count }
    ErrorMessage { code, message, op_id, retry_after_ms }
}

impl FromJson for ChatEvent {
    fn from_json(json: &Value) -> Option<Self> {
        Some(Self {
            message: FromJson::from_json(json)?,
            op_id: field(json.as_object()?, "op_id")?,
        })
    }
}
