//! The messages that clients send.

use crate::{
    canvas::{Coord, TileOp},
    ids::{CanvasId, CommentId, ConversationId, MessageId, OpId},
    pixels::{PixelEdit, Pixels},
    presence::Status,
    text::ChatText,
};
use serde::Serialize;
use serde_json::{Map, Value};
use strum::{IntoStaticStr, VariantNames};

/// A message from a client together with its operation id. On the wire both
/// are one JSON object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClientRequest {
    /// Repeated in the answer. The server applies a durable message once per
    /// user, canvas and `op_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op_id: Option<OpId>,
    /// The message.
    #[serde(flatten)]
    pub message: ClientMessage,
}

/// A message from a client. Clients write it with serde; [`super::decode`]
/// reads it and checks every field that can be checked without the canvas.
#[derive(Clone, Debug, PartialEq, Serialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ClientMessage {
    /// Describes the client; shown to administrators only.
    Hello {
        /// Name of the program: at most 80 characters, may be empty.
        client_name: String,
        /// Any JSON object of at most 2 KiB.
        device: Map<String, Value>,
    },
    /// Sends a chat message. Durable.
    CanvasChat {
        /// The text.
        text: ChatText,
        /// If given, must be the canvas of this connection.
        #[serde(skip_serializing_if = "Option::is_none")]
        canvas_id: Option<CanvasId>,
        /// The message of the same canvas that this one answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        reply_to: Option<MessageId>,
    },
    /// Replaces the words of one's own chat message. Durable.
    ChatEdit {
        /// The message.
        message_id: MessageId,
        /// The new words.
        text: ChatText,
    },
    /// Removes a chat message: one's own, or as a moderator. Durable.
    ChatRemove {
        /// The message.
        message_id: MessageId,
    },
    /// Sends a private message. Stored in the order of its conversation.
    DirectMessageSend {
        /// The conversation.
        conversation_id: ConversationId,
        /// 1–2000 characters.
        text: String,
    },
    /// Marks a conversation as read, and opens it on this connection.
    DirectMessageRead {
        /// The conversation.
        conversation_id: ConversationId,
        /// Everything up to this message was read; not negative.
        seq: i64,
    },
    /// Starts or stops typing in a conversation, and opens it on this connection.
    DirectTyping {
        /// The conversation.
        conversation_id: ConversationId,
        /// Whether the user types.
        is_typing: bool,
    },
    /// Comments on a cell, or answers a comment there. Durable.
    CommentCreate {
        /// Column.
        x: i32,
        /// Row.
        y: i32,
        /// 1–1000 characters.
        text: String,
        /// The comment to answer: on the same cell, and without a parent itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        parent_id: Option<CommentId>,
    },
    /// Changes the text of one's own comment, or settles its thread. Durable.
    CommentUpdate {
        /// The comment.
        comment_id: CommentId,
        /// The new text, 1–1000 characters; unchanged if not given.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// Whether the thread is settled; unchanged if not given.
        #[serde(skip_serializing_if = "Option::is_none")]
        resolved: Option<bool>,
    },
    /// Removes a comment: one's own, or as a moderator. Durable.
    CommentRemove {
        /// The comment.
        comment_id: CommentId,
    },
    /// Changes what others see of this user.
    UserPresence(PresenceChange),
    /// Draws everybody's attention to a tile.
    TileMention {
        /// Column of the tile.
        tile_x: i32,
        /// Row of the tile.
        tile_y: i32,
        /// How to highlight the tile: 1–32 characters of `a-z_`.
        highlight_type: String,
        /// At most 200 characters, may be empty.
        message: String,
        /// How long to show it: 500–10,000 milliseconds.
        duration: i64,
    },
    /// Creates a tile in an empty cell. Durable.
    TileCreate {
        /// Column.
        x: i32,
        /// Row.
        y: i32,
        /// At most 80 characters, may be empty.
        title: String,
        /// All transparent if not given.
        #[serde(skip_serializing_if = "Option::is_none")]
        pixels: Option<Pixels>,
    },
    /// Sets single pixels; creates the tile if the cell is empty. Durable.
    TilePaint {
        /// Column.
        x: i32,
        /// Row.
        y: i32,
        /// 1–1024 edits, applied in this order.
        pixels: Vec<PixelEdit>,
        /// The `op_id` of an earlier stroke of the same user on this tile, which this
        /// one takes back.
        #[serde(skip_serializing_if = "Option::is_none")]
        undo_of: Option<OpId>,
    },
    /// Replaces the title of a tile, its pixels, or both. Durable.
    TileUpdate {
        /// Column.
        x: i32,
        /// Row.
        y: i32,
        /// The new title, at most 80 characters; unchanged if not given.
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// The new pixels of the whole tile; unchanged if not given.
        #[serde(skip_serializing_if = "Option::is_none")]
        pixels: Option<Pixels>,
    },
    /// Sets or removes this user's like. Durable.
    TileLike {
        /// Column.
        x: i32,
        /// Row.
        y: i32,
        /// Whether the user likes the tile from now on.
        liked: bool,
    },
    /// Deletes a tile. Durable.
    TileDelete {
        /// Column.
        x: i32,
        /// Row.
        y: i32,
    },
    /// Acquires or renews the lock of a tile.
    TileLock {
        /// Column.
        x: i32,
        /// Row.
        y: i32,
    },
    /// Releases the lock of a tile.
    TileUnlock {
        /// Column.
        x: i32,
        /// Row.
        y: i32,
    },
    /// Asks for all durable events after `last_seq`.
    RequestUpdate {
        /// Not negative.
        last_seq: i64,
    },
    /// Asks for a `pong`.
    Ping {
        /// A string or a number, echoed in the `pong`; `""` if not given.
        timestamp: Value,
    },
    /// Same as [`ClientMessage::Ping`].
    Heartbeat {
        /// A string or a number, echoed in the `pong`; `""` if not given.
        timestamp: Value,
    },
    /// Extends the connection's lifetime to the expiry of a newer token.
    AuthRefresh {
        /// A token of the same user.
        token: String,
    },
}

/// A change of one part of a user's presence.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "presence_type", rename_all = "snake_case")]
pub enum PresenceChange {
    /// Starts or stops typing in the chat.
    Typing {
        /// Whether the user types.
        is_typing: bool,
    },
    /// Opens a tile for drawing, or closes it.
    EditingTile {
        /// Column of the tile.
        tile_x: i32,
        /// Row of the tile.
        tile_y: i32,
        /// True to open, false to close.
        is_editing: bool,
    },
    /// Sets the status.
    Status {
        /// The new status.
        status: Status,
        /// At most 200 characters; unchanged if not given.
        #[serde(skip_serializing_if = "Option::is_none")]
        status_message: Option<String>,
    },
    /// Moves the pointer over the board.
    Cursor {
        /// Board pixels from the left edge.
        x: f64,
        /// Board pixels from the top edge.
        y: f64,
    },
}

impl ClientMessage {
    /// All values that `type` can have, in the order of the variants.
    pub const MESSAGE_TYPES: &'static [&'static str] = Self::VARIANTS;

    /// The value of `type` on the wire; an `ack` repeats it in `for`.
    pub fn message_type(&self) -> &'static str {
        self.into()
    }

    /// Whether the server stores the message as an event of the canvas. Only
    /// such messages need an `op_id` and are sent again after a reconnect.
    pub fn is_durable(&self) -> bool {
        match self {
            Self::CanvasChat { .. }
            | Self::ChatEdit { .. }
            | Self::ChatRemove { .. }
            | Self::CommentCreate { .. }
            | Self::CommentUpdate { .. }
            | Self::CommentRemove { .. }
            | Self::TileCreate { .. }
            | Self::TilePaint { .. }
            | Self::TileUpdate { .. }
            | Self::TileLike { .. }
            | Self::TileDelete { .. } => true,
            Self::Hello { .. }
            | Self::DirectMessageSend { .. }
            | Self::DirectMessageRead { .. }
            | Self::DirectTyping { .. }
            | Self::UserPresence(_)
            | Self::TileMention { .. }
            | Self::TileLock { .. }
            | Self::TileUnlock { .. }
            | Self::RequestUpdate { .. }
            | Self::Ping { .. }
            | Self::Heartbeat { .. }
            | Self::AuthRefresh { .. } => false,
        }
    }

    /// The cell that the message names; none if it names none.
    pub fn cell(&self) -> Option<Coord> {
        match *self {
            Self::TileMention { tile_x, tile_y, .. } => Some(Coord {
                x: tile_x,
                y: tile_y,
            }),
            Self::CommentCreate { x, y, .. }
            | Self::TileCreate { x, y, .. }
            | Self::TilePaint { x, y, .. }
            | Self::TileUpdate { x, y, .. }
            | Self::TileLike { x, y, .. }
            | Self::TileDelete { x, y }
            | Self::TileLock { x, y }
            | Self::TileUnlock { x, y } => Some(Coord { x, y }),
            Self::Hello { .. }
            | Self::CanvasChat { .. }
            | Self::ChatEdit { .. }
            | Self::ChatRemove { .. }
            | Self::DirectMessageSend { .. }
            | Self::DirectMessageRead { .. }
            | Self::DirectTyping { .. }
            | Self::CommentUpdate { .. }
            | Self::CommentRemove { .. }
            | Self::UserPresence(_)
            | Self::RequestUpdate { .. }
            | Self::Ping { .. }
            | Self::Heartbeat { .. }
            | Self::AuthRefresh { .. } => None,
        }
    }

    /// The operation that the message asks for, and its cell; none if it does
    /// not change a tile. For clients, which keep the message; the server
    /// moves the fields out of it.
    pub fn tile_op(&self) -> Option<(Coord, TileOp)> {
        let op = match self {
            Self::TileCreate { title, pixels, .. } => TileOp::Create {
                title: title.clone(),
                pixels: pixels.clone(),
            },
            Self::TilePaint { pixels, .. } => TileOp::Paint {
                edits: pixels.clone(),
            },
            Self::TileUpdate { title, pixels, .. } => TileOp::Update {
                title: title.clone(),
                pixels: pixels.clone(),
                base_version: None,
            },
            Self::TileLike { liked, .. } => TileOp::Like { liked: *liked },
            Self::TileDelete { .. } => TileOp::Delete,
            Self::Hello { .. }
            | Self::CanvasChat { .. }
            | Self::ChatEdit { .. }
            | Self::ChatRemove { .. }
            | Self::DirectMessageSend { .. }
            | Self::DirectMessageRead { .. }
            | Self::DirectTyping { .. }
            | Self::CommentCreate { .. }
            | Self::CommentUpdate { .. }
            | Self::CommentRemove { .. }
            | Self::UserPresence(_)
            | Self::TileMention { .. }
            | Self::TileLock { .. }
            | Self::TileUnlock { .. }
            | Self::RequestUpdate { .. }
            | Self::Ping { .. }
            | Self::Heartbeat { .. }
            | Self::AuthRefresh { .. } => return None,
        };
        Some((self.cell()?, op))
    }
}
