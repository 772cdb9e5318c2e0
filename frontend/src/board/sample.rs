//! The pixels of the board as RGBA at several mipmap levels. Pure.
//!
//! At level `n` one output pixel stands for 2ⁿ × 2ⁿ board pixels. Its colour is
//! the mean of at most 4 × 4 samples, so that a distant view does not shimmer
//! and the cost depends on the size of the screen only.

use crate::model::tile_store::TileStore;
use shared::{
    canvas::{Coord, Grid},
    pixels::TRANSPARENT,
};

/// Samples along one side of an output pixel, at most.
const MAX_SAMPLES_PER_SIDE: i32 = 4;

/// A rectangle of pixels at one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Left edge.
    pub x: i32,
    /// Top edge.
    pub y: i32,
    /// Pixels from left to right.
    pub width: i32,
    /// Pixels from top to bottom.
    pub height: i32,
}

impl Area {
    /// The common part of two areas; none if they do not overlap.
    pub fn intersect(self, other: Self) -> Option<Self> {
        let x = self.x.max(other.x);
        let y = self.y.max(other.y);
        let right = (self.x + self.width).min(other.x + other.width);
        let bottom = (self.y + self.height).min(other.y + other.height);
        (x < right && y < bottom).then_some(Self {
            x,
            y,
            width: right - x,
            height: bottom - y,
        })
    }
}

/// The output pixels that a tile covers at a level, rounded outwards.
pub fn tile_area(grid: &Grid, at: Coord, level: u32) -> Area {
    let side = grid.tile_size;
    let left = (at.x * side) >> level;
    let top = (at.y * side) >> level;
    let right = ((at.x + 1) * side - 1) >> level;
    let bottom = ((at.y + 1) * side - 1) >> level;
    Area {
        x: left,
        y: top,
        width: right - left + 1,
        height: bottom - top + 1,
    }
}

/// The RGBA bytes of an area of output pixels, row by row.
pub fn sample(
    tiles: &TileStore,
    grid: &Grid,
    colors: &[[u8; 3]],
    level: u32,
    area: Area,
) -> Vec<u8> {
    if level == 0 {
        return exact(tiles, grid, colors, area);
    }
    averaged(tiles, grid, colors, level, area)
}

/// Level 0: one output pixel per board pixel.
fn exact(tiles: &TileStore, grid: &Grid, colors: &[[u8; 3]], area: Area) -> Vec<u8> {
    let mut rgba = vec![0; size(area) * 4];
    visit(tiles, grid, area, 1, |x, y, color| {
        if let Some([r, g, b]) = colors.get(usize::from(color)) {
            let start = offset(area, x, y) * 4;
            if let Some(pixel) = rgba.get_mut(start..start + 4) {
                pixel.copy_from_slice(&[*r, *g, *b, 255]);
            }
        }
    });
    rgba
}

/// Levels above 0: the mean of several samples.
fn averaged(tiles: &TileStore, grid: &Grid, colors: &[[u8; 3]], level: u32, area: Area) -> Vec<u8> {
    let side = 1 << level;
    let stride = (side / MAX_SAMPLES_PER_SIDE).max(1);
    let covered = Area {
        x: area.x << level,
        y: area.y << level,
        width: area.width << level,
        height: area.height << level,
    };
    let mut sums = vec![[0u32; 4]; size(area)];
    visit(tiles, grid, covered, stride, |x, y, color| {
        let Some(&[r, g, b]) = colors.get(usize::from(color)) else {
            return;
        };
        if let Some(sum) = sums.get_mut(offset(area, x >> level, y >> level)) {
            sum[0] += u32::from(r);
            sum[1] += u32::from(g);
            sum[2] += u32::from(b);
            sum[3] += 1;
        }
    });
    let samples = u32::try_from((side / stride) * (side / stride)).unwrap_or(1);
    sums.iter()
        .flat_map(|&[r, g, b, count]| {
            let mean = |sum: u32| u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX);
            let alpha = u8::try_from(count * 255 / samples).unwrap_or(u8::MAX);
            [mean(r), mean(g), mean(b), alpha]
        })
        .collect()
}

/// Calls `on_pixel` with position and colour of the painted pixels in an area
/// of board pixels, in every `stride`-th row and column.
fn visit(
    tiles: &TileStore,
    grid: &Grid,
    area: Area,
    stride: i32,
    mut on_pixel: impl FnMut(i32, i32, u8),
) {
    let from = |start: i32| start + (-start).rem_euclid(stride);
    let step = usize::try_from(stride).unwrap_or(1).max(1);
    let side = grid.tile_size;
    let columns = area.x.div_euclid(side)..=(area.x + area.width - 1).div_euclid(side);
    for tile_y in area.y.div_euclid(side)..=(area.y + area.height - 1).div_euclid(side) {
        for tile_x in columns.clone() {
            let at = Coord {
                x: tile_x,
                y: tile_y,
            };
            let Some(tile) = tiles.shown(at) else {
                continue;
            };
            let bounds = Area {
                x: tile_x * side,
                y: tile_y * side,
                width: side,
                height: side,
            };
            let Some(overlap) = bounds.intersect(area) else {
                continue;
            };
            let bytes = tile.state.pixels.as_bytes();
            for y in (from(overlap.y)..overlap.y + overlap.height).step_by(step) {
                for x in (from(overlap.x)..overlap.x + overlap.width).step_by(step) {
                    let index = usize::try_from((y - bounds.y) * side + (x - bounds.x));
                    let color = index.ok().and_then(|index| bytes.get(index));
                    if let Some(&color) = color
                        && color != TRANSPARENT
                    {
                        on_pixel(x, y, color);
                    }
                }
            }
        }
    }
}

/// The number of pixels in an area.
fn size(area: Area) -> usize {
    usize::try_from(area.width * area.height).unwrap_or_default()
}

/// The index of a pixel in the rows of an area.
fn offset(area: Area, x: i32, y: i32) -> usize {
    usize::try_from((y - area.y) * area.width + (x - area.x)).unwrap_or(usize::MAX / 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tile_store::Author;
    use shared::{canvas::TileOp, ids::UserId, pixels::PixelEdit};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const GRID: Grid = Grid {
        width: 4,
        height: 4,
        tile_size: 8,
        palette: 2,
    };
    const COLORS: [[u8; 3]; 2] = [[200, 0, 0], [0, 100, 0]];

    fn tiles(edits: &[PixelEdit]) -> TileStore {
        let mut tiles = TileStore::default();
        tiles.load(GRID, Vec::new());
        let author = Author {
            user_id: UserId(1),
            username: "ann".into(),
        };
        let op = TileOp::Paint {
            edits: edits.to_vec(),
        };
        let at = Coord { x: 1, y: 1 };
        tiles.apply(at, &op, &author, chrono::DateTime::UNIX_EPOCH.into());
        tiles
    }

    #[test]
    fn a_pixel_is_sampled_with_its_colour_and_position() {
        let tiles = tiles(&[PixelEdit(9, 1)]);
        let area = Area {
            x: 9,
            y: 9,
            width: 2,
            height: 1,
        };
        assert_eq!(
            sample(&tiles, &GRID, &COLORS, 0, area),
            [0, 100, 0, 255, 0, 0, 0, 0]
        );
    }

    #[test]
    fn a_coarse_level_is_the_mean_of_its_pixels() {
        // Two of the four board pixels of one output pixel are painted, in two
        // colours.
        let tiles = tiles(&[PixelEdit(0, 0), PixelEdit(1, 1)]);
        let area = Area {
            x: 4,
            y: 4,
            width: 1,
            height: 1,
        };
        assert_eq!(sample(&tiles, &GRID, &COLORS, 1, area), [100, 50, 0, 127]);
    }

    #[test]
    fn a_tile_covers_its_pixels_at_every_level() {
        let at = Coord { x: 3, y: 1 };
        let grid = Grid {
            tile_size: 10,
            ..GRID
        };
        assert_eq!(
            tile_area(&grid, at, 2),
            Area {
                x: 7,
                y: 2,
                width: 3,
                height: 3
            }
        );
    }
}
