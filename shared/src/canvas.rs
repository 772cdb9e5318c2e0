//! The state of a canvas and the operations on it. The rules are pure functions:
//! the server decides with them, and the browser applies the same
//! code optimistically.

mod order;
mod rank;
mod rules;

pub use order::{Guests, Newcomers};
pub use rank::Rank;
pub use rules::{Actor, Refusal, TileChange, apply, check, permit};

use crate::{
    ids::{TileId, UserId},
    pixels::{PixelEdit, Pixels},
};
use serde::{Deserialize, Serialize};

/// Who can find and read a canvas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Listed. Everybody can read it, every signed-in user can join it.
    #[default]
    Public,
    /// Same as public, but not listed.
    Unlisted,
    /// Members only.
    Private,
}

/// Who can draw in which tile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EditPolicy {
    /// Every editor can draw in every tile, at the same time.
    #[default]
    Open,
    /// A user must not draw in a tile while another user holds its lock.
    Exclusive,
    /// Only the creator of a tile, the moderators and the owner can draw in it.
    Own,
}

/// What a user can do on a canvas. Each role includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Can read, chat and like.
    Viewer,
    /// Can draw.
    Editor,
    /// Can draw in and delete every tile, and make users editors or viewers.
    Moderator,
    /// Can do everything; the user who created the canvas.
    Owner,
}

/// The position of a cell in the grid. The decoder clamps integers outside
/// `i32`, so that they are outside every grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Coord {
    /// Column, from 0 at the left.
    pub x: i32,
    /// Row, from 0 at the top.
    pub y: i32,
}

/// The dimensions of a canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Number of columns.
    pub width: i32,
    /// Number of rows.
    pub height: i32,
    /// Width and height of a tile, in pixels.
    pub tile_size: i32,
    /// Number of colours in the palette.
    pub palette: usize,
}

impl Grid {
    /// Whether the cell is on the canvas.
    pub fn contains(&self, at: Coord) -> bool {
        (0..self.width).contains(&at.x) && (0..self.height).contains(&at.y)
    }
}

/// An operation on the tile of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TileOp {
    /// Creates a tile in an empty cell.
    Create {
        /// The title, may be empty.
        title: String,
        /// The pixels; all transparent if not given.
        pixels: Option<Pixels>,
    },
    /// Sets single pixels; creates the tile if the cell is empty.
    Paint {
        /// Applied in this order.
        edits: Vec<PixelEdit>,
    },
    /// Replaces the title, all pixels, or both.
    Update {
        /// The new title; unchanged if not given.
        title: Option<String>,
        /// The new pixels; unchanged if not given.
        pixels: Option<Pixels>,
        /// If given, refuse unless the tile has this version.
        base_version: Option<i64>,
    },
    /// Sets or removes the like of the acting user.
    Like {
        /// Whether the user likes the tile from now on.
        liked: bool,
    },
    /// Deletes the tile.
    Delete,
}

/// The state of a tile, as far as the rules need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileState {
    /// The tile's id.
    pub id: TileId,
    /// The user who created it.
    pub creator_id: UserId,
    /// The title, may be empty.
    pub title: String,
    /// All pixels.
    pub pixels: Pixels,
    /// 1 when created; every change of title or pixels adds 1.
    pub version: i64,
    /// Number of users who like it.
    pub like_count: i64,
}
