//! What the server tells a canvas about its users. None of this is stored in
//! the log.

use crate::{
    ids::{CanvasId, UserId},
    presence::Status,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// `user_joined` and `user_left`: a user came to the canvas or left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCount {
    /// The user who came or left.
    pub user_id: UserId,
    /// The user's unique name.
    pub username: String,
    /// The user's name to show.
    pub display_name: String,
    /// Users on the canvas afterwards.
    pub active_users: usize,
    /// When it happened.
    pub timestamp: Timestamp,
}

/// `user_typing`: a user started or stopped typing in the chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserTyping {
    /// The user.
    pub user_id: UserId,
    /// The user's unique name.
    pub username: String,
    /// Whether the user types.
    pub is_typing: bool,
}

/// `user_presence_update`: a user's status, or the tile they draw in, changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceUpdate {
    /// The user.
    pub user_id: UserId,
    /// The user's unique name.
    pub username: String,
    /// The user's name to show, if it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The canvas.
    pub canvas_id: CanvasId,
    /// The user's status.
    pub status: Status,
    /// The user's status message, may be empty.
    pub status_message: String,
    /// Column of the tile that was opened or closed; null if there is none.
    pub tile_x: Option<i32>,
    /// Row of the tile that was opened or closed; null if there is none.
    pub tile_y: Option<i32>,
    /// Whether the user draws in that tile.
    pub is_editing: bool,
    /// When it changed.
    pub timestamp: Timestamp,
}

/// `user_cursor`: a user moved the pointer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserCursor {
    /// The user.
    pub user_id: UserId,
    /// Board pixels from the left edge.
    pub x: f64,
    /// Board pixels from the top edge.
    pub y: f64,
}

/// `tile_mention`: a user draws everybody's attention to a tile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TileMentioned {
    /// The user.
    pub user_id: UserId,
    /// The user's unique name.
    pub username: String,
    /// Column of the tile.
    pub tile_x: i32,
    /// Row of the tile.
    pub tile_y: i32,
    /// How to highlight the tile; a client treats unknown types as `mention`.
    pub highlight_type: String,
    /// What the user says about it, may be empty.
    pub message: String,
    /// How long to show it, in milliseconds.
    pub duration: i64,
    /// When it was sent.
    pub timestamp: Timestamp,
}
