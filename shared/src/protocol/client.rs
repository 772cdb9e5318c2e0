//! What a client asks.

use crate::{
    ids::{CanvasId, OpId},
    json::{Object, ToJson},
    pixels::{PixelEdit, Pixels},
    presence::Status,
    text::ChatText,
};
use serde_json::{Map, Value};

/// A message from a client, with the id under which it is applied once.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Echoed in the answer.
    pub op_id: Option<OpId>,
    /// What is asked.
    pub message: ClientMessage,
}

/// What a client asks. Read with [`super::decode`], which checks every field
/// that can be checked without knowing the canvas.
#[derive(Clone, Debug, PartialEq)]
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
        pixels: Option<Pixels>,
    },
    /// Paints single pixels.
    TilePaint {
        /// Column.
        x: i32,
        /// Row.
        y: i32,
        /// 1–1024, in the order of painting.
        pixels: Vec<PixelEdit>,
    },
    /// Replaces a tile's title, pixels or both.
    TileUpdate {
        /// Column.
        x: i32,
        /// Row.
        y: i32,
        /// New title.
        title: Option<String>,
        /// The whole tile.
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
#[derive(Clone, Debug, PartialEq)]
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
    pub fn message_type(&self) -> &'static str {
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

impl ToJson for Request {
    fn to_json(&self, out: &mut String) {
        let object = Object::default()
            .with("op_id", &self.op_id)
            .with("type", &self.message.message_type());
        out.push_str(&self.message.fields(object).end());
    }
}

impl ClientMessage {
    fn fields(&self, object: Object) -> Object {
        match self {
            Self::Hello {
                client_name,
                device,
            } => object
                .with("client_name", client_name)
                .with("device", device),
            Self::CanvasChat { text, canvas_id } => {
                object.with("text", text).with("canvas_id", canvas_id)
            }
            Self::UserPresence(change) => change.fields(object),
            Self::TileMention {
                tile_x,
                tile_y,
                highlight_type,
                message,
                duration,
            } => object
                .with("tile_x", tile_x)
                .with("tile_y", tile_y)
                .with("highlight_type", highlight_type)
                .with("message", message)
                .with("duration", duration),
            Self::TileCreate {
                x,
                y,
                title,
                pixels,
            } => object
                .with("x", x)
                .with("y", y)
                .with("title", title)
                .with("pixels", pixels),
            Self::TilePaint { x, y, pixels } => {
                object.with("x", x).with("y", y).with("pixels", pixels)
            }
            Self::TileUpdate {
                x,
                y,
                title,
                pixels,
            } => object
                .with("x", x)
                .with("y", y)
                .with("title", title)
                .with("pixels", pixels),
            Self::TileLike { x, y, liked } => object.with("x", x).with("y", y).with("liked", liked),
            Self::TileDelete { x, y } | Self::TileLock { x, y } | Self::TileUnlock { x, y } => {
                object.with("x", x).with("y", y)
            }
            Self::RequestUpdate { last_seq } => object.with("last_seq", last_seq),
            Self::Ping { timestamp } | Self::Heartbeat { timestamp } => {
                object.with("timestamp", timestamp)
            }
            Self::AuthRefresh { token } => object.with("token", token),
        }
    }
}

impl PresenceChange {
    fn fields(&self, object: Object) -> Object {
        let kind = |name: &str| object.with("presence_type", &name);
        match self {
            Self::Typing { is_typing } => kind("typing").with("is_typing", is_typing),
            Self::EditingTile {
                tile_x,
                tile_y,
                is_editing,
            } => kind("editing_tile")
                .with("tile_x", tile_x)
                .with("tile_y", tile_y)
                .with("is_editing", is_editing),
            Self::Status {
                status,
                status_message,
            } => kind("status")
                .with("status", status)
                .with("status_message", status_message),
            Self::Cursor { x, y } => kind("cursor").with("x", x).with("y", y),
        }
    }
}
