//! What the server tells a canvas about its chat, its tiles and itself. What
//! has a `seq` is stored in the canvas's log.

use crate::{
    api::{Canvas, ChatMessage, rewrites::Cause, sanctions::Sanction},
    ids::{CanvasId, MessageId, OpId, TileId, UserId},
    pixels::{PixelEdit, Pixels},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, from_value};

/// `canvas_chat_message`: a user sent a chat message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct ChatEvent {
    /// The message; its fields are fields of the event.
    #[serde(flatten)]
    pub message: ChatMessage,
    /// The request's, if it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op_id: Option<OpId>,
}

/// Reads both parts from the same object. Reading with `flatten` would compile
/// [`ChatMessage`] once more, for its buffer.
impl TryFrom<Value> for ChatEvent {
    type Error = serde_json::Error;

    fn try_from(mut event: Value) -> serde_json::Result<Self> {
        let op_id = event.get_mut("op_id").map(Value::take).unwrap_or_default();
        Ok(Self {
            op_id: from_value(op_id)?,
            message: from_value(event)?,
        })
    }
}

/// `chat_removed`: a chat message was removed. From then on the message itself has
/// `removed: true` and no text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatRemoved {
    /// Place in the canvas's order of events.
    pub seq: i64,
    /// The canvas.
    pub canvas_id: CanvasId,
    /// The message.
    pub message_id: MessageId,
    /// The message's `seq`.
    pub target_seq: i64,
    /// The user who removed it.
    pub remover_id: UserId,
    /// As what they removed it.
    pub by: RemovedBy,
    /// When it was removed.
    pub timestamp: Timestamp,
    /// The request's, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op_id: Option<OpId>,
}

/// As what somebody removed a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovedBy {
    /// As the message's sender.
    Author,
    /// As somebody who outranks the sender.
    Moderator,
}

/// `tile_created`: a tile was created in an empty cell, or brought back by a rewrite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TileCreated {
    /// Place in the canvas's order of events.
    pub seq: i64,
    /// The new tile.
    pub tile_id: TileId,
    /// The canvas.
    pub canvas_id: CanvasId,
    /// The user who created it.
    pub creator_id: UserId,
    /// Column.
    pub x: i32,
    /// Row.
    pub y: i32,
    /// The title, may be empty.
    pub title: String,
    /// All pixels.
    pub pixels: Pixels,
    /// 1, unless a rewrite brought the tile back.
    pub version: i64,
    /// 0, unless a rewrite brought the tile back.
    pub like_count: i64,
    /// When it was stored.
    pub timestamp: Timestamp,
    /// The rewrite that made this event, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// `tile_updated`: a tile's title or pixels changed. Pixels are in `delta` or
/// in `pixels`, never in both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TileUpdated {
    /// Place in the canvas's order of events.
    pub seq: i64,
    /// The tile.
    pub tile_id: TileId,
    /// The canvas.
    pub canvas_id: CanvasId,
    /// The user who created the tile.
    pub creator_id: UserId,
    /// The user who changed it.
    pub updater_id: UserId,
    /// Column.
    pub x: i32,
    /// Row.
    pub y: i32,
    /// The tile's version after the change.
    pub version: i64,
    /// The tile's likes.
    pub like_count: i64,
    /// When it was stored.
    pub timestamp: Timestamp,
    /// The new title, if it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Single pixels that changed, to be applied in this order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<Vec<PixelEdit>>,
    /// All pixels, if the whole tile was replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pixels: Option<Pixels>,
    /// The `seq` of the user's own earlier event that this stroke takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_of: Option<i64>,
    /// The rewrite that made this event, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// `tile_liked`: a user's like was set or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TileLiked {
    /// Place in the canvas's order of events.
    pub seq: i64,
    /// The tile.
    pub tile_id: TileId,
    /// The canvas.
    pub canvas_id: CanvasId,
    /// The user who created the tile.
    pub creator_id: UserId,
    /// The user whose like it is.
    pub liker_id: UserId,
    /// Whether that user likes the tile from now on.
    pub liked: bool,
    /// Column.
    pub x: i32,
    /// Row.
    pub y: i32,
    /// The tile's likes after the change.
    pub like_count: i64,
    /// When it was stored.
    pub timestamp: Timestamp,
}

/// `tile_deleted`: a tile was deleted; its cell is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TileDeleted {
    /// Place in the canvas's order of events.
    pub seq: i64,
    /// The tile that was deleted.
    pub tile_id: TileId,
    /// The canvas.
    pub canvas_id: CanvasId,
    /// The user who created the tile.
    pub creator_id: UserId,
    /// The user who deleted it.
    pub deleter_id: UserId,
    /// Column.
    pub x: i32,
    /// Row.
    pub y: i32,
    /// When it was stored.
    pub timestamp: Timestamp,
    /// The rewrite that made this event, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// `tile_locked`, and an entry of `connected`: a tile's lock is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Column of the tile.
    pub tile_x: i32,
    /// Row of the tile.
    pub tile_y: i32,
    /// The user who holds the lock.
    pub user_id: UserId,
    /// That user's unique name.
    pub username: String,
    /// When the lock ends unless it is renewed.
    pub expires_at: Timestamp,
}

/// `tile_unlocked`: a tile's lock was released or expired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TileUnlocked {
    /// Column of the tile.
    pub tile_x: i32,
    /// Row of the tile.
    pub tile_y: i32,
    /// The user who held the lock.
    pub user_id: UserId,
    /// That user's unique name.
    pub username: String,
}

/// `canvas_deleted`: the canvas was deleted. The server closes the connection
/// after this message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanvasDeleted {
    /// The canvas.
    pub canvas_id: CanvasId,
    /// When it was deleted.
    pub timestamp: Timestamp,
}

/// `announcement`: a message from an administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// 1–500 characters.
    pub message: String,
    /// The canvas it is meant for; null for all canvases.
    pub canvas_id: Option<CanvasId>,
    /// When it was sent.
    pub timestamp: Timestamp,
}

/// `sanction`: the receiving user was sanctioned, or a sanction of theirs was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sanctioned {
    /// The sanction.
    pub sanction: Sanction,
    /// When it was sent.
    pub timestamp: Timestamp,
}

/// `sanction_lifted`: a sanction of the receiving user was lifted or is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SanctionLifted {
    /// The sanction.
    pub sanction_id: i64,
    /// Its canvas; null for the whole server.
    pub canvas_id: Option<CanvasId>,
    /// When it was sent.
    pub timestamp: Timestamp,
}

/// `canvas_updated`: the canvas's settings changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanvasUpdated {
    /// Place in the canvas's order of events.
    pub seq: i64,
    /// The canvas.
    pub canvas_id: CanvasId,
    /// The canvas after the change; `role` is null, since all users get the
    /// same event.
    pub canvas: Canvas,
    /// When it was stored.
    pub timestamp: Timestamp,
}
