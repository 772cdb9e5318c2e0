//! Draws yesterday's tile on the board: faintly under what is drawn, and as dots
//! on pixels that have another colour now.

use crate::model::{
    ghost::{Ghost, Run},
    tile_store::TileStore,
};
use shared::canvas::Grid;
use web_sys::CanvasRenderingContext2d;

/// How much of the ghost is seen.
const ALPHA: f64 = 0.35;
/// The part of a pixel's side that a dot takes.
const DOT: f64 = 0.3;
/// Device pixels of a pixel from which dots are drawn.
const MIN_SIDE_FOR_DOTS: f64 = 8.0;

/// Draws the ghost on the ground of the open tile, before the tile itself.
pub fn draw_under(
    context: &CanvasRenderingContext2d,
    grid: &Grid,
    ghost: &Ghost,
    palette: &[String],
    to_device: impl Fn(f64, f64) -> (f64, f64),
) {
    context.set_global_alpha(ALPHA);
    for run in ghost.runs(grid.tile_size) {
        let [left, top, right, bottom] = rect(grid, ghost, run, &to_device);
        set_color(context, palette, run);
        context.fill_rect(left, top, right - left, bottom - top);
    }
    context.set_global_alpha(1.0);
}

/// Draws a dot in the middle of each pixel over which something else is painted,
/// where there is room for it.
pub fn draw_over(
    context: &CanvasRenderingContext2d,
    grid: &Grid,
    tiles: &TileStore,
    ghost: &Ghost,
    palette: &[String],
    to_device: impl Fn(f64, f64) -> (f64, f64),
) {
    let now = tiles.shown(ghost.at).map(|tile| &tile.state.pixels);
    for run in ghost.hidden(now, grid.tile_size) {
        set_color(context, palette, run);
        for x in run.x..run.x + run.length {
            let one = Run {
                x,
                length: 1,
                ..run
            };
            let [left, top, right, bottom] = rect(grid, ghost, one, &to_device);
            if right - left < MIN_SIDE_FOR_DOTS {
                return;
            }
            let (width, height) = ((right - left) * DOT, (bottom - top) * DOT);
            context.fill_rect(
                ((left + right - width) / 2.0).round(),
                ((top + bottom - height) / 2.0).round(),
                width.round(),
                height.round(),
            );
        }
    }
}

/// Left, top, right and bottom in device pixels.
fn rect(
    grid: &Grid,
    ghost: &Ghost,
    run: Run,
    to_device: impl Fn(f64, f64) -> (f64, f64),
) -> [f64; 4] {
    let side = grid.tile_size;
    let (x, y) = (ghost.at.x * side + run.x, ghost.at.y * side + run.y);
    let (left, top) = to_device(x.into(), y.into());
    let (right, bottom) = to_device((x + run.length).into(), (y + 1).into());
    [left, top, right, bottom]
}

fn set_color(context: &CanvasRenderingContext2d, palette: &[String], run: Run) {
    if let Some(color) = palette.get(usize::from(run.color)) {
        context.set_fill_style_str(color);
    }
}
