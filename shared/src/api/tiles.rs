//! Tiles as the API shows them, and the bodies that create and change them.

use crate::{
    ids::{CanvasId, TileId, UserId},
    pixels::Pixels,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A tile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tile {
    /// The tile's id.
    pub id: TileId,
    /// The canvas it is on.
    pub canvas_id: CanvasId,
    /// Column.
    pub x: i32,
    /// Row.
    pub y: i32,
    /// The user who created it.
    pub creator_id: UserId,
    /// That user's unique name.
    pub creator_username: String,
    /// At most 80 characters, may be empty.
    pub title: String,
    /// All pixels.
    pub pixels: Pixels,
    /// 1 when created; every change of title or pixels adds 1.
    pub version: i64,
    /// Number of users who like it.
    pub like_count: i64,
    /// Whether the requesting user likes it.
    pub liked_by_me: bool,
    /// Threads of comments on its cell that are neither resolved nor removed.
    #[serde(default)]
    pub open_comments: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its title or pixels changed last.
    pub updated_at: Timestamp,
}

/// `POST /canvases/{id}/tiles`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateTile {
    /// Column.
    pub x: i64,
    /// Row.
    pub y: i64,
    /// At most 80 characters; empty if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// All transparent if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<Pixels>,
}

/// `PATCH /tiles/{id}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateTile {
    /// At most 80 characters; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// All pixels; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<Pixels>,
    /// If given, refuse unless the tile has this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_version: Option<i64>,
}

/// The answer to liking a tile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Liked {
    /// The tile's id.
    pub tile_id: TileId,
    /// Number of users who like it afterwards.
    pub like_count: i64,
    /// Whether the requesting user likes it afterwards.
    pub liked: bool,
}
