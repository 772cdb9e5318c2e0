//! Tiles as they were: the state of cells after any event, and what happened in them since.

mod build;
mod page;
mod read;
mod segment;
mod steps;
mod tile;

#[cfg(test)]
mod properties;

pub(crate) use build::{cover, step};
pub(crate) use page::{PageCursor, board, page};
pub(crate) use read::{KnownCell, state, steps_after};
pub(crate) use steps::{CellStep, Steps, steps};
pub(crate) use tile::PastTile;

use super::area::Area;
use shared::canvas::Coord;

/// The cells of an area, column by column, as lists of tiles are ordered.
pub(crate) fn cells(area: Area) -> Vec<Coord> {
    let columns = area.x0..=area.x1;
    columns
        .flat_map(|x| (area.y0..=area.y1).map(move |y| Coord { x, y }))
        .collect()
}
