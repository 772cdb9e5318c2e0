//! What a client asks.

use crate::{
    ids::{CanvasId, OpId},
    pixels::{Dot, Pixels},
    presence::Status,
    text::ChatText,
};
use serde::Serialize;
use serde_json::{Map, Value};

/// A message from a client, with the id under which it is applied once.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Request {
    /// Echoed in the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op_id: Option<OpId>,
    /// What is asked.
    #[serde(flatten)]
    pub message: ClientMessage,
}

/// What a client asks. Read with [`super::decode`], which checks every field
/// that can be checked without knowing the canvas.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// Says what kind of client this is.
    Hello {
        /// At most 80 characters, or empty.
        client_name: String,
        /// At most 2 KiB.
        device: Map<String, Value>,
    },
    /// Says something.
    CanvasChat {
        /// What.
        text: ChatText,
        /// Must be this connection's canvas.
        #[serde(skip_serializing_if = "Option::is_none")]
        canvas_id: Option<CanvasId>,
    },
    /// Says what the user is doing.
    UserPresence(PresenceChange),
    /// Points at a tile.
    TileMention {
        /// Column.
        tile_x: i32,
        /// Row.
        tile_y: i32,
        /// How to draw it.
        highlight_type: String,
        /// At most 200 characters, or empty.
        message: String,
        /// Milliseconds.
        duration: i64,
    },
    /// Starts a tile.
    TileCreate {
        /// Column.
        x: i32,
        /// Row.
        y: i32,
        /// Or empty.
        title: String,
        /// Blank where none are given.
        #[serde(skip_serializing_if = "Option::is_none")]
        pixels: Option<Pixels>,
    },
    /// Paints single pixels.
    TilePaint {
        /// Column.
        x: i32,
        /// Row.
        y: i32,
        /// 1–1024, in the order of painting.
        pixels: Vec<Dot>,
    },
    /// Replaces a tile's title, pixels or both.
    TileUpdate {
        /// Column.
        x: i32,
        /// Row.
        y: i32,
        /// New title.
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// The whole tile.
        #[serde(skip_serializing_if = "Option::is_none")]
        pixels: Option<Pixels>,
    },
    /// Likes a tile, or no longer.
    TileLike {
        /// Column.
        x: i32,
        /// Row.
        y: i32,
        /// Likes it from now on.
        liked: bool,
    },
    /// Empties a cell.
    TileDelete {
        /// Column.
        x: i32,
        /// Row.
        y: i32,
    },
    /// Takes or renews a tile's lock.
    TileLock {
        /// Column.
        x: i32,
        /// Row.
        y: i32,
    },
    /// Gives a tile's lock back.
    TileUnlock {
        /// Column.
        x: i32,
        /// Row.
        y: i32,
    },
    /// Asks for the durable events after `last_seq` once more.
    RequestUpdate {
        /// Not below 0.
        last_seq: i64,
    },
    /// Asks for a `pong`.
    Ping {
        /// A string or a number, echoed; empty where none was given.
        timestamp: Value,
    },
    /// The same as `ping`.
    Heartbeat {
        /// A string or a number, echoed; empty where none was given.
        timestamp: Value,
    },
    /// Prolongs the connection to the expiry of a newer token.
    AuthRefresh {
        /// A token of the same user.
        token: String,
    },
}

/// What a user does, as far as others see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "presence_type", rename_all = "snake_case")]
pub enum PresenceChange {
    /// Writes in the chat, or stops.
    Typing {
        /// Writes.
        is_typing: bool,
    },
    /// Opens a tile to draw in, or leaves it.
    EditingTile {
        /// Column.
        tile_x: i32,
        /// Row.
        tile_y: i32,
        /// Opens it.
        is_editing: bool,
    },
    /// Sets the status.
    Status {
        /// The new status.
        status: Status,
        /// At most 200 characters; none leaves it as it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        status_message: Option<String>,
    },
    /// Moves the pointer over the board.
    Cursor {
        /// Board pixels from the left.
        x: f64,
        /// Board pixels from the top.
        y: f64,
    },
}

impl ClientMessage {
    /// The message's `type`, as it stands in `for` of an `ack`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::CanvasChat { .. } => "canvas_chat",
            Self::UserPresence(_) => "user_presence",
            Self::TileMention { .. } => "tile_mention",
            Self::TileCreate { .. } => "tile_create",
            Self::TilePaint { .. } => "tile_paint",
            Self::TileUpdate { .. } => "tile_update",
            Self::TileLike { .. } => "tile_like",
            Self::TileDelete { .. } => "tile_delete",
            Self::TileLock { .. } => "tile_lock",
            Self::TileUnlock { .. } => "tile_unlock",
            Self::RequestUpdate { .. } => "request_update",
            Self::Ping { .. } => "ping",
            Self::Heartbeat { .. } => "heartbeat",
            Self::AuthRefresh { .. } => "auth_refresh",
        }
    }
}
