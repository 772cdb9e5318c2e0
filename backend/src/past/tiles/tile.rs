//! A tile as it was, and how an event changes what is in a cell. Pure.

use crate::cell_history::{Step, StepAction};
use shared::{
    canvas::Coord,
    ids::{TileId, UserId},
    pixels::Pixels,
    time::Timestamp,
};

/// A tile as it was after some event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PastTile {
    pub(crate) at: Coord,
    pub(crate) id: TileId,
    pub(crate) creator: UserId,
    pub(crate) title: String,
    pub(crate) pixels: Pixels,
    pub(crate) version: i64,
    pub(crate) like_count: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// The tile of a cell, while the cell's events are replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CellTile {
    pub(crate) id: TileId,
    pub(crate) creator: UserId,
    pub(crate) title: String,
    pub(crate) pixels: Pixels,
    pub(crate) version: i64,
    pub(crate) like_count: i64,
    /// When it was started; none for a tile that a rewrite brought back, since its event says
    /// only when it came back.
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) updated_at: Timestamp,
}

/// Applies the cell's next event to what is in the cell.
pub(crate) fn apply(cell: &mut Option<CellTile>, step: &Step) {
    match &step.action {
        StepAction::Created {
            tile,
            creator,
            title,
            pixels,
            version,
            like_count,
        } => {
            *cell = Some(CellTile {
                id: *tile,
                creator: *creator,
                title: title.clone(),
                pixels: pixels.clone(),
                version: *version,
                like_count: *like_count,
                created_at: step.cause.is_none().then_some(step.at),
                updated_at: step.at,
            });
        }
        StepAction::Updated {
            title,
            delta,
            pixels,
            version,
            like_count,
            ..
        } => {
            let Some(tile) = cell else { return };
            if let Some(title) = title {
                tile.title.clone_from(title);
            }
            if let Some(pixels) = pixels {
                tile.pixels.clone_from(pixels);
            }
            tile.pixels.paint(delta);
            tile.version = *version;
            tile.like_count = *like_count;
            tile.updated_at = step.at;
        }
        StepAction::Liked { like_count, .. } => {
            if let Some(tile) = cell {
                tile.like_count = *like_count;
            }
        }
        StepAction::Deleted { .. } => *cell = None,
    }
}
