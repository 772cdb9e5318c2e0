//! The checkerboard under the open tile and the lines between pixels and
//! between tiles. [`TileCache::draw`](super::tile_cache::TileCache::draw)
//! draws them on the base canvas, in device pixels.

use super::theme::Theme;
use crate::model::camera::{Viewport, board_size, floor};
use shared::canvas::{Coord, Grid};
use web_sys::CanvasRenderingContext2d;

/// Zoom (CSS pixels per board pixel) from which the lines between pixels are
/// drawn.
const MIN_ZOOM_FOR_PIXEL_LINES: f64 = 8.0;
/// Side of a tile on screen, in CSS pixels, from which the borders of tiles are
/// drawn.
const MIN_SIDE_FOR_BORDERS: f64 = 20.0;

/// Draws a checkerboard under a tile, so that white and transparent pixels look
/// different.
pub fn draw_checks(
    context: &CanvasRenderingContext2d,
    grid: &Grid,
    at: Coord,
    theme: &Theme,
    to_device: impl Fn(f64, f64) -> (f64, f64),
) {
    let side = grid.tile_size;
    let corner = |x: i32, y: i32| to_device((at.x * side + x).into(), (at.y * side + y).into());
    context.set_fill_style_str(&theme.grid);
    context.set_global_alpha(0.45);
    for y in 0..side {
        for x in (y % 2..side).step_by(2) {
            let ((left, top), (right, bottom)) = (corner(x, y), corner(x + 1, y + 1));
            context.fill_rect(left, top, right - left, bottom - top);
        }
    }
    context.set_global_alpha(1.0);
}

/// Draws the lines between pixels; nothing below [`MIN_ZOOM_FOR_PIXEL_LINES`].
pub fn draw_pixel_lines(
    context: &CanvasRenderingContext2d,
    viewport: &Viewport,
    ratio: f64,
    grid: &Grid,
    theme: &Theme,
) {
    let zoom = viewport.camera.zoom;
    if zoom < MIN_ZOOM_FOR_PIXEL_LINES {
        return;
    }
    let (board_width, board_height) = board_size(grid);
    let (left, top) = viewport.to_board(0.0, 0.0);
    let (right, bottom) = viewport.to_board(viewport.width, viewport.height);
    let (left, top) = (left.max(0.0), top.max(0.0));
    let (right, bottom) = (right.min(board_width), bottom.min(board_height));
    let to_device = |x: f64, y: f64| {
        let (x, y) = viewport.to_screen(x, y);
        ((x * ratio).round(), (y * ratio).round())
    };
    let ((x0, y0), (x1, y1)) = (to_device(left, top), to_device(right, bottom));
    context.set_fill_style_str(&theme.grid);
    context.set_global_alpha(((zoom - MIN_ZOOM_FOR_PIXEL_LINES) / 12.0).min(0.7));
    for column in floor(left) + 1..=floor(right) {
        context.fill_rect(to_device(column.into(), 0.0).0, y0, 1.0, y1 - y0);
    }
    for row in floor(top) + 1..=floor(bottom) {
        context.fill_rect(x0, to_device(0.0, row.into()).1, x1 - x0, 1.0);
    }
    context.set_global_alpha(1.0);
}

/// Draws the borders between tiles, more opaque the closer the zoom; nothing
/// below [`MIN_SIDE_FOR_BORDERS`].
pub fn draw_borders(
    context: &CanvasRenderingContext2d,
    viewport: &Viewport,
    ratio: f64,
    grid: &Grid,
    theme: &Theme,
) {
    let side = f64::from(grid.tile_size);
    let shown = side * viewport.camera.zoom;
    if shown < MIN_SIDE_FOR_BORDERS {
        return;
    }
    let Some((first, last)) = viewport.visible(grid) else {
        return;
    };
    context.set_fill_style_str(&theme.grid);
    context.set_global_alpha(((shown - MIN_SIDE_FOR_BORDERS) / 40.0).min(1.0));
    let to_device = |x: f64, y: f64| {
        let (x, y) = viewport.to_screen(x, y);
        ((x * ratio).round(), (y * ratio).round())
    };
    let (left, top) = to_device(f64::from(first.x) * side, f64::from(first.y) * side);
    let (right, bottom) = to_device(f64::from(last.x + 1) * side, f64::from(last.y + 1) * side);
    for column in first.x + 1..=last.x {
        let (x, _) = to_device(f64::from(column) * side, 0.0);
        context.fill_rect(x, top, 1.0, bottom - top);
    }
    for row in first.y + 1..=last.y {
        let (_, y) = to_device(0.0, f64::from(row) * side);
        context.fill_rect(left, y, right - left, 1.0);
    }
    context.set_global_alpha(1.0);
}
