//! Reads the tiles of any number of cells as they were, a page of cells at a time.

use super::{cells, read, tile::PastTile};
use crate::{
    cell_number::{cell_at, cell_number},
    db::{self, Pool, tile_keyframes},
    past::area::{self, Area},
};
use shared::{canvas::Coord, ids::CanvasId};

/// Cells of a page.
const CELLS: usize = 32;
/// Of a larger area only the cells are read in which something happened.
const MAX_LISTED: usize = 1_024;

/// The cell up to which the pages of an area were read, in the order of `canvas_events.tile`: row
/// by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageCursor(i32);

impl PageCursor {
    /// Nothing was read.
    pub(crate) const START: Self = Self(-1);
}

/// Some tiles of an area.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) tiles: Vec<PastTile>,
    /// Where the next page begins; none after the last one.
    pub(crate) next: Option<PageCursor>,
}

/// The whole board, as an area.
pub(crate) fn board(width: i32, height: i32) -> Area {
    Area {
        x0: 0,
        y0: 0,
        x1: width - 1,
        y1: height - 1,
    }
}

/// The next tiles of an area as they were after the event `until`.
///
/// # Errors
/// Those of the database.
pub(crate) async fn page(
    pool: &Pool,
    canvas: CanvasId,
    area: Area,
    after: PageCursor,
    until: i64,
) -> db::Result<Page> {
    let (cells, next) = next_cells(pool, canvas, area, after).await?;
    let tiles = read::state(pool, canvas, &cells, until).await?;
    Ok(Page { tiles, next })
}

async fn next_cells(
    pool: &Pool,
    canvas: CanvasId,
    area: Area,
    PageCursor(after): PageCursor,
) -> db::Result<(Vec<Coord>, Option<PageCursor>)> {
    let side = |from: i32, to: i32| usize::try_from(to - from + 1).unwrap_or_default();
    let count = side(area.x0, area.x1) * side(area.y0, area.y1);
    let mut numbers: Vec<i32> = if count <= MAX_LISTED {
        let mut numbers: Vec<i32> = cells(area).into_iter().map(cell_number).collect();
        numbers.retain(|cell| *cell > after);
        numbers.sort_unstable();
        numbers.truncate(CELLS);
        numbers
    } else {
        let corner = |x: i32, y: i32| cell_number(Coord { x, y });
        let from = corner(area.x0, area.y0).max(after + 1);
        let to = corner(area.x1, area.y1);
        let limit = i64::try_from(CELLS).unwrap_or(i64::MAX);
        tile_keyframes::cells_used(pool, canvas, from, to, limit).await?
    };
    let last = numbers.last().copied().filter(|_| numbers.len() == CELLS);
    numbers.retain(|cell| area::contains(area, cell_at(*cell)));
    let cells = numbers.into_iter().map(cell_at).collect();
    Ok((cells, last.map(PageCursor)))
}
