//! The presence of users on a canvas: status, typing, the tile they draw in.

use crate::ids::UserId;
use serde::{Deserialize, Serialize};

/// The availability that a user chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Available; the default.
    #[default]
    Online,
    /// Not at the keyboard.
    Away,
    /// At the keyboard, but does not want to be disturbed.
    Busy,
}

/// The tile that a user draws in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Editing {
    /// Column of the tile.
    pub tile_x: i32,
    /// Row of the tile.
    pub tile_y: i32,
}

/// A user on a canvas. All connections of the user are combined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActiveUser {
    /// The user.
    pub user_id: UserId,
    /// The user's unique name.
    pub username: String,
    /// The user's name to show.
    pub display_name: String,
    /// False after the last connection ended, until `user_left` is sent
    /// ([`LEAVE_MS`](crate::limits::LEAVE_MS)) or the user returns.
    pub is_active: bool,
    /// The status that the user set last.
    pub status: Status,
    /// The status message that the user set last, may be empty.
    pub status_message: String,
    /// Whether the user types in any connection.
    pub is_typing: bool,
    /// The tile that the user draws in; of several connections the newest counts.
    pub editing: Option<Editing>,
    /// Number of open connections.
    pub connections: usize,
}
