//! The place of an imported picture on the board: within one tile, or over
//! several. The browser scales the picture; [`crate::tools::quantize`] matches
//! its colours to the palette.

use shared::{
    canvas::{Coord, Grid},
    pixels::{PixelEdit, TRANSPARENT},
};

/// The most tiles that a picture may cover along one side.
pub const MOST_TILES: i32 = 16;

/// A picture's place on the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The cell with its upper left corner.
    pub at: Coord,
    /// Tiles from left to right.
    pub columns: i32,
    /// Tiles from top to bottom.
    pub rows: i32,
    /// Pixels along one side of a tile.
    pub tile_size: i32,
    /// The width of the scaled picture in pixels.
    pub width: i32,
    /// The height of the scaled picture in pixels.
    pub height: i32,
}

/// How many columns a picture may cover whose upper left corner is in `at`.
pub fn most_columns(grid: &Grid, at: Coord) -> i32 {
    (grid.width - at.x).clamp(1, MOST_TILES)
}

impl Layout {
    /// The largest layout of a picture of `width` × `height` pixels in `columns`
    /// columns, with its upper left corner in `at`. Its proportions are kept.
    /// One column means one tile; a small picture is not enlarged there, so that
    /// a sprite keeps its pixels.
    pub fn new(grid: &Grid, at: Coord, columns: i32, width: u32, height: u32) -> Self {
        let size = grid.tile_size;
        let columns = columns.clamp(1, most_columns(grid, at));
        let most_rows = if columns == 1 {
            1
        } else {
            (grid.height - at.y).clamp(1, MOST_TILES)
        };
        let (width, height) = (f64::from(width.max(1)), f64::from(height.max(1)));
        let mut scale =
            (f64::from(columns * size) / width).min(f64::from(most_rows * size) / height);
        if columns == 1 {
            scale = scale.min(1.0);
        }
        let (width, height) = (whole(width * scale), whole(height * scale));
        let tiles = |pixels: i32| (pixels + size - 1) / size;
        Self {
            at,
            columns: tiles(width).min(columns),
            rows: tiles(height).min(most_rows),
            tile_size: size,
            width,
            height,
        }
    }

    /// The width and the height of its tiles together, in pixels.
    pub fn pixels(&self) -> (i32, i32) {
        (self.columns * self.tile_size, self.rows * self.tile_size)
    }

    /// The distance of the picture from the left and the upper edge of its
    /// tiles, so that it is in their middle.
    pub fn margin(&self) -> (i32, i32) {
        let (width, height) = self.pixels();
        ((width - self.width) / 2, (height - self.height) / 2)
    }

    /// The cells that the picture covers, row by row.
    pub fn cells(&self) -> impl Iterator<Item = Coord> {
        let Self {
            at, columns, rows, ..
        } = *self;
        (0..rows).flat_map(move |y| {
            (0..columns).map(move |x| Coord {
                x: at.x + x,
                y: at.y + y,
            })
        })
    }

    /// The pixels to paint into one of its cells. `indices` has the colour of
    /// every pixel of its tiles, margins included, row by row.
    pub fn edits(&self, indices: &[u8], cell: Coord) -> Vec<PixelEdit> {
        let (across, _) = self.pixels();
        let side = self.tile_size;
        let mut edits = Vec::new();
        for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
            let (px, py) = (
                (cell.x - self.at.x) * side + x,
                (cell.y - self.at.y) * side + y,
            );
            let color = usize::try_from(py * across + px)
                .ok()
                .and_then(|index| indices.get(index));
            if let (Some(&color), Ok(index)) = (color, u16::try_from(y * side + x))
                && color != TRANSPARENT
            {
                edits.push(PixelEdit(index, color));
            }
        }
        edits
    }
}

/// A length in whole pixels, at least one.
#[expect(clippy::cast_possible_truncation, reason = "saturates, which is meant")]
fn whole(value: f64) -> i32 {
    (value.round() as i32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const GRID: Grid = Grid {
        width: 8,
        height: 4,
        tile_size: 32,
        palette: 16,
    };

    fn layout(columns: i32, width: u32, height: u32) -> (i32, i32, i32, i32) {
        let at = Coord { x: 2, y: 1 };
        let layout = Layout::new(&GRID, at, columns, width, height);
        (layout.columns, layout.rows, layout.width, layout.height)
    }

    #[test]
    fn one_tile_holds_it_all_and_leaves_sprites_alone() {
        assert_eq!(layout(1, 640, 320), (1, 1, 32, 16));
        assert_eq!(layout(1, 300, 600), (1, 1, 16, 32));
        assert_eq!(layout(1, 16, 16), (1, 1, 16, 16));
        assert_eq!(layout(1, 10_000, 1), (1, 1, 32, 1));
    }

    #[test]
    fn over_several_tiles_it_keeps_its_proportions_and_stays_on_the_board() {
        assert_eq!(layout(4, 400, 200), (4, 2, 128, 64));
        assert_eq!(layout(3, 300, 100), (3, 1, 96, 32));
        // Three rows are left, so it becomes narrower.
        assert_eq!(layout(6, 100, 100), (3, 3, 96, 96));
        // Six columns are left.
        assert_eq!(layout(99, 600, 100), (6, 1, 192, 32));
    }

    #[test]
    fn each_tile_gets_its_part() {
        let at = Coord { x: 2, y: 1 };
        let layout = Layout::new(&GRID, at, 2, 64, 32);
        assert_eq!(layout.margin(), (0, 0));
        let indices: Vec<u8> = (0..64 * 32u16)
            .map(|index| if index % 64 < 32 { TRANSPARENT } else { 3 })
            .collect();
        assert_eq!(layout.cells().count(), 2);
        assert_eq!(layout.edits(&indices, at), []);
        let second = layout.edits(&indices, Coord { x: 3, y: 1 });
        assert_eq!(second.len(), 1024);
        assert_eq!(
            (second[0], second[1023]),
            (PixelEdit(0, 3), PixelEdit(1023, 3))
        );
    }

    #[test]
    fn it_stands_in_the_middle_of_its_tiles() {
        let layout = Layout::new(&GRID, Coord { x: 0, y: 0 }, 1, 640, 320);
        assert_eq!(layout.margin(), (0, 8));
    }
}
