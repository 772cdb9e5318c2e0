//! Rewrites: taking back what was painted.

use crate::{
    api::moderation::UserRef,
    ids::{CanvasId, RewriteId, UserId},
    pixels::Pixels,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// What a rewrite does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RewriteKind {
    /// Takes back what some users painted.
    Revert,
    /// Makes an area what it was.
    Restore,
    /// Takes back another rewrite.
    Undo,
    /// Gives every pixel the colour that replaces its own.
    Palette,
}

/// How far a rewrite is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RewriteState {
    /// Nothing was changed; this is what would be.
    Previewed,
    /// It is changing tiles.
    Running,
    /// It changed all that it had to.
    Done,
    /// It ended early; what it changed stays.
    Stopped,
}

/// `cause` of a tile event: the rewrite that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// What the rewrite does.
    pub kind: RewriteKind,
    /// The rewrite.
    pub rewrite_id: RewriteId,
    /// The user who asked for it.
    pub by: UserId,
}

/// A rectangle of cells, its corners included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Area {
    /// The first column.
    pub x0: i32,
    /// The first row.
    pub y0: i32,
    /// The last column.
    pub x1: i32,
    /// The last row.
    pub y1: i32,
}

/// `POST /canvases/{id}/rewrites`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewRewrite {
    /// `revert` or `restore`.
    pub kind: String,
    /// Whose writes a revert takes back, 1–50 names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usernames: Option<Vec<String>>,
    /// The first event of a revert's window; the beginning if neither this nor `from` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_seq: Option<i64>,
    /// The last event of the window; the head if neither this nor `to` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_seq: Option<i64>,
    /// The beginning of the window, as a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// The end of the window, as a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Only these cells. A restore must have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Area>,
    /// What a restore makes the area: as it was after this event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_seq: Option<i64>,
    /// The same, as a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// At most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether only to count what would change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
}

/// A rewrite, and what it changed so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rewrite {
    /// Its id; 0 for a preview.
    pub id: RewriteId,
    /// The canvas.
    pub canvas_id: CanvasId,
    /// What it does.
    pub kind: RewriteKind,
    /// How far it is.
    pub state: RewriteState,
    /// The user who asked for it.
    pub by: UserRef,
    /// Why, in that user's words; may be empty.
    pub reason: String,
    /// The number of cells with an event.
    pub tiles: i64,
    /// The number of pixels that changed.
    pub pixels: i64,
    /// The number of pixels where something that was to be taken back lies under what
    /// somebody else painted later.
    pub skipped_pixels: i64,
    /// The `seq` of its first event; null before.
    pub first_seq: Option<i64>,
    /// The `seq` of its last event; null before.
    pub last_seq: Option<i64>,
    /// The rewrite that undid it.
    pub undone_by: Option<RewriteId>,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// The answer to `POST /canvases/{id}/rewrites` with `dry_run`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RewritePreview {
    /// What would change, in numbers; its fields are fields of the preview.
    #[serde(flatten)]
    pub rewrite: Rewrite,
    /// The pixels that would change, of at most [`crate::limits::REWRITE_MARKED_TILES`] tiles.
    pub changes: Vec<RewriteTile>,
}

/// The pixels of a tile that a rewrite would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RewriteTile {
    /// Column.
    pub x: i32,
    /// Row.
    pub y: i32,
    /// A bit for each pixel, row by row, the first pixel in the highest bit.
    pub marks: Pixels,
}

/// The answer to `GET /canvases/{id}/authors`: who painted each pixel of a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Authors {
    /// The event after which it was so.
    pub seq: i64,
    /// Column.
    pub x: i32,
    /// Row.
    pub y: i32,
    /// At most 254 authors.
    pub authors: Vec<UserRef>,
    /// For each pixel an index into `authors`; 255 is nobody's, 254 somebody's beyond the
    /// 254th.
    pub pixels: Pixels,
}
