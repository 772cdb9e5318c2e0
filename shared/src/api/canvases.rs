//! Canvases, their members and their snapshots.

use super::{messages::ChatMessage, tiles::Tile};
use crate::{
    canvas::{EditPolicy, Guests, Newcomers, Role, Visibility},
    ids::{CanvasId, Epoch, UserId},
    presence::ActiveUser,
    time::Timestamp,
};
use serde::{Deserialize, Deserializer, Serialize};

/// A canvas, as the requesting user sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Canvas {
    /// The canvas's id.
    pub id: CanvasId,
    /// 1–80 characters.
    pub name: String,
    /// At most 2000 characters, may be empty.
    pub description: String,
    /// Number of columns.
    pub width: i32,
    /// Number of rows.
    pub height: i32,
    /// Width and height of a tile, in pixels.
    pub tile_size: i32,
    /// Colours as `#rrggbb`; a pixel is an index into them.
    pub palette: Vec<String>,
    /// Who can find and read it.
    pub visibility: Visibility,
    /// Who can draw in which tile.
    pub edit_policy: EditPolicy,
    /// What guests may do.
    #[serde(default)]
    pub guests: Guests,
    /// What newcomers may do.
    #[serde(default = "free")]
    pub newcomers: Newcomers,
    /// Seconds between two messages of one person below moderator; 0 if that is off.
    #[serde(default)]
    pub slow_mode_s: i32,
    /// Until when only moderators and people with a role given by name write; null if
    /// everybody may.
    #[serde(default)]
    pub lockdown_until: Option<Timestamp>,
    /// The user who created it.
    pub owner_id: UserId,
    /// The role of the requesting user; null if not signed in.
    pub role: Option<Role>,
    /// Number of tiles.
    pub tile_count: i64,
    /// Number of users who are on it.
    pub active_users: usize,
    /// The version of its log: `last_seq` is only comparable within one epoch.
    pub epoch: Epoch,
    /// `seq` of its newest event; 0 if there is none.
    pub last_seq: i64,
    /// When it was created.
    pub created_at: Timestamp,
}

/// `POST /canvases`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateCanvas {
    /// 1–80 characters.
    pub name: String,
    /// At most 2000 characters; empty if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Number of columns: 1–256.
    pub width: i32,
    /// Number of rows: 1–256.
    pub height: i32,
    /// Width and height of a tile: 8–64 pixels; 32 if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tile_size: Option<i32>,
    /// 2–64 colours `#rrggbb`; a default palette if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub palette: Option<Vec<String>>,
    /// Public if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// Open if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit_policy: Option<EditPolicy>,
}

/// `PATCH /canvases/{id}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateCanvas {
    /// 1–80 characters; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// At most 2000 characters; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who can find and read it; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// Who can draw in which tile; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit_policy: Option<EditPolicy>,
    /// What guests may do; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guests: Option<Guests>,
    /// What newcomers may do; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newcomers: Option<Newcomers>,
    /// 0–3600; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_mode_s: Option<i32>,
    /// A time to come, or null to end the lockdown; unchanged if not given.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "given"
    )]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Timestamp>))]
    pub lockdown_until: Option<Option<Timestamp>>,
}

/// Canvases that older servers described.
fn free() -> Newcomers {
    Newcomers::Free
}

/// Tells a field that is null from one that is not there.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A user who was given a role on a canvas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    /// The user.
    pub user_id: UserId,
    /// The user's unique name.
    pub username: String,
    /// The user's name to show.
    pub display_name: String,
    /// The role.
    pub role: Role,
}

/// `PUT /canvases/{id}/members/{username}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetMember {
    /// Any role but owner.
    pub role: Role,
}

/// A consistent snapshot of a canvas.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Snapshot {
    /// The version of the log that `seq` belongs to.
    pub epoch: Epoch,
    /// The snapshot contains exactly the events up to this `seq`.
    pub seq: i64,
    /// The canvas.
    pub canvas: Canvas,
    /// How many users are on the canvas; 0 in the past.
    #[serde(default)]
    pub active_count: usize,
    /// All tiles, or those of the area that was asked for.
    pub tiles: Vec<Tile>,
    /// The newest 50 chat messages, oldest first.
    pub messages: Vec<ChatMessage>,
    /// The users who are on the canvas; none in the past.
    pub active_users: Vec<ActiveUser>,
}
