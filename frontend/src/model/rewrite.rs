//! What is taken back or restored: the part of the board that somebody chose
//! for it, and the pixels that would change. Pure.

use shared::{
    api::{
        moderation::UserRef,
        rewrites::{Area, RewriteTile},
    },
    canvas::{Coord, Grid},
    time::Timestamp,
};

/// What a panel is open for.
#[derive(Clone, Debug, PartialEq)]
pub enum RewriteGoal {
    /// Take back what these people painted.
    TakeBack(Vec<UserRef>),
    /// Make a tile what it was.
    Restore {
        /// The tile.
        at: Coord,
        /// The change before which it was so; none where a time is to be chosen.
        before: Option<Change>,
    },
    /// Make an area what it was after an event.
    RestoreThen {
        /// The cells that are proposed.
        area: Area,
        /// The event.
        moment: i64,
    },
}

/// A change of a tile, from its history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Its place in the order of events.
    pub seq: i64,
    /// When it was stored.
    pub at: Timestamp,
}

/// The area that is chosen on the board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AreaChoice {
    /// Whether a drag over the board draws it now.
    pub is_drawing: bool,
    /// The cells, corners included; none where all of the board is meant.
    pub area: Option<Area>,
}

/// The area with these two cells as corners.
pub fn area_between(one: Coord, other: Coord) -> Area {
    Area {
        x0: one.x.min(other.x),
        y0: one.y.min(other.y),
        x1: one.x.max(other.x),
        y1: one.y.max(other.y),
    }
}

/// The cell at a board pixel, or the nearest one.
pub fn nearest_cell(grid: &Grid, x: i32, y: i32) -> Coord {
    Coord {
        x: x.div_euclid(grid.tile_size).clamp(0, grid.width - 1),
        y: y.div_euclid(grid.tile_size).clamp(0, grid.height - 1),
    }
}

/// The pixels of a tile that would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedTile {
    /// The tile.
    pub at: Coord,
    /// Neighbours in a row: column and row of the first, and how many.
    pub runs: Vec<(i32, i32, i32)>,
}

impl MarkedTile {
    /// Reads the marks of a dry run: a bit for each pixel, row by row, the first
    /// pixel in the highest bit.
    pub fn new(tile: &RewriteTile, side: i32) -> Self {
        let is_marked = |x: i32, y: i32| {
            let index = usize::try_from(y * side + x).unwrap_or_default();
            let byte = tile.marks.as_bytes().get(index / 8).copied();
            byte.is_some_and(|byte| byte & (0x80 >> (index % 8)) != 0)
        };
        let mut runs = Vec::new();
        for y in 0..side {
            let mut x = 0;
            while x < side {
                let start = x;
                while x < side && is_marked(x, y) {
                    x += 1;
                }
                if x > start {
                    runs.push((start, y, x - start));
                }
                x += 1;
            }
        }
        Self {
            at: Coord {
                x: tile.x,
                y: tile.y,
            },
            runs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::pixels::Pixels;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn an_area_is_drawn_from_any_corner() {
        let (one, other) = (Coord { x: 5, y: 1 }, Coord { x: 2, y: 3 });
        let area = Area {
            x0: 2,
            y0: 1,
            x1: 5,
            y1: 3,
        };
        assert_eq!(area_between(one, other), area);
        assert_eq!(area_between(other, one), area);
    }

    #[test]
    fn outside_of_the_board_the_nearest_cell_counts() {
        let grid = Grid {
            width: 4,
            height: 3,
            tile_size: 8,
            palette: 2,
        };
        assert_eq!(nearest_cell(&grid, -1, 100), Coord { x: 0, y: 2 });
        assert_eq!(nearest_cell(&grid, 16, 7), Coord { x: 2, y: 0 });
    }

    #[test]
    fn marked_pixels_are_joined_in_rows() {
        let mut bits = vec![0; 8];
        bits[0] = 0b1100_0001;
        bits[7] = 0xff;
        let tile = RewriteTile {
            x: 1,
            y: 2,
            marks: Pixels::from_bytes(bits),
        };
        let marked = MarkedTile::new(&tile, 8);
        assert_eq!(marked.at, Coord { x: 1, y: 2 });
        assert_eq!(marked.runs, [(0, 0, 2), (7, 0, 1), (0, 7, 8)]);
    }
}
