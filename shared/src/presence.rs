//! Who is there and what they are doing.

use crate::ids::UserId;
use serde::{Deserialize, Serialize};

/// What a person says about being there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// At the canvas.
    #[default]
    Online,
    /// Not at the keyboard.
    Away,
    /// There, but not to be disturbed.
    Busy,
}

/// The tile that somebody draws in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Editing {
    /// Column.
    pub tile_x: i32,
    /// Row.
    pub tile_y: i32,
}

/// A user who is on a canvas, all tabs taken together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActiveUser {
    /// Who.
    pub user_id: UserId,
    /// Unique name.
    pub username: String,
    /// Name to show.
    pub display_name: String,
    /// False in the seconds between the last tab's end and `user_left`.
    pub is_active: bool,
    /// As the user set it last.
    pub status: Status,
    /// As the user set it last, or empty.
    pub status_message: String,
    /// Whether any tab types.
    pub is_typing: bool,
    /// The tile drawn in last, by any tab.
    pub editing: Option<Editing>,
    /// Open tabs.
    pub connections: usize,
}
