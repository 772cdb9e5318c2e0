//! The layout of an imported image: which tiles it covers and at what size.
//! Pure; the browser scales the image, and `quantize` reduces its colours.

use shared::{
    canvas::{Coord, Grid},
    pixels::{PixelEdit, TRANSPARENT},
};

/// Most tiles along one side of an imported image.
pub const MAX_TILES_PER_SIDE: i32 = 16;

/// The position and size of an imported image on the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The cell with its upper left corner.
    pub at: Coord,
    /// Number of tiles from left to right.
    pub columns: i32,
    /// Number of tiles from top to bottom.
    pub rows: i32,
    /// Side of a tile in pixels.
    pub tile_size: i32,
    /// Width of the scaled image in pixels.
    pub width: i32,
    /// Height of the scaled image in pixels.
    pub height: i32,
}

/// The most columns that an image starting in the cell `at` may cover.
pub fn max_columns(grid: &Grid, at: Coord) -> i32 {
    (grid.width - at.x).clamp(1, MAX_TILES_PER_SIDE)
}

impl Layout {
    /// The largest layout of an image of `width` × `height` pixels in at most
    /// `columns` columns, starting in the cell `at`. The proportions are kept.
    /// With one column it stays within one tile and is not enlarged, so that
    /// pixel art keeps its size.
    pub fn new(grid: &Grid, at: Coord, columns: i32, width: u32, height: u32) -> Self {
        let size = grid.tile_size;
        let columns = columns.clamp(1, max_columns(grid, at));
        let max_rows = if columns == 1 {
            1
        } else {
            (grid.height - at.y).clamp(1, MAX_TILES_PER_SIDE)
        };
        let (width, height) = (f64::from(width.max(1)), f64::from(height.max(1)));
        let mut scale =
            (f64::from(columns * size) / width).min(f64::from(max_rows * size) / height);
        if columns == 1 {
            scale = scale.min(1.0);
        }
        let (width, height) = (to_pixels(width * scale), to_pixels(height * scale));
        let tiles = |pixels: i32| (pixels + size - 1) / size;
        Self {
            at,
            columns: tiles(width).min(columns),
            rows: tiles(height).min(max_rows),
            tile_size: size,
            width,
            height,
        }
    }

    /// Width and height of all its tiles together, in pixels.
    pub fn pixels(&self) -> (i32, i32) {
        (self.columns * self.tile_size, self.rows * self.tile_size)
    }

    /// The empty pixels left of and above the image, which is centred in its
    /// tiles.
    pub fn margin(&self) -> (i32, i32) {
        let (width, height) = self.pixels();
        ((width - self.width) / 2, (height - self.height) / 2)
    }

    /// The cells that it covers, row by row.
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

    /// The edits for one of its cells. `indices` are the palette indices of all
    /// pixels of the layout with its margins, row by row.
    pub fn edits(&self, indices: &[u8], cell: Coord) -> Vec<PixelEdit> {
        let (total_width, _) = self.pixels();
        let side = self.tile_size;
        let mut edits = Vec::new();
        for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
            let (px, py) = (
                (cell.x - self.at.x) * side + x,
                (cell.y - self.at.y) * side + y,
            );
            let color = usize::try_from(py * total_width + px)
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

/// Rounds a length to pixels, at least one.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn to_pixels(value: f64) -> i32 {
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
    fn in_one_tile_an_image_is_shrunk_but_not_enlarged() {
        assert_eq!(layout(1, 640, 320), (1, 1, 32, 16));
        assert_eq!(layout(1, 300, 600), (1, 1, 16, 32));
        assert_eq!(layout(1, 16, 16), (1, 1, 16, 16));
        assert_eq!(layout(1, 10_000, 1), (1, 1, 32, 1));
    }

    #[test]
    fn over_several_tiles_an_image_keeps_its_proportions_and_stays_on_the_board() {
        assert_eq!(layout(4, 400, 200), (4, 2, 128, 64));
        assert_eq!(layout(3, 300, 100), (3, 1, 96, 32));
        // Only three rows remain, so the image becomes narrower.
        assert_eq!(layout(6, 100, 100), (3, 3, 96, 96));
        // Only six columns remain.
        assert_eq!(layout(99, 600, 100), (6, 1, 192, 32));
    }

    #[test]
    fn each_tile_gets_its_own_pixels() {
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
    fn an_image_is_centred_in_its_tiles() {
        let layout = Layout::new(&GRID, Coord { x: 0, y: 0 }, 1, 640, 320);
        assert_eq!(layout.margin(), (0, 8));
    }
}
