//! The picture of the board: kept in squares of pixels for each level of
//! detail, made when they come into view, mended where a tile changed.

use super::{
    sample::{self, Area},
    theme::Theme,
};
use crate::model::{
    camera::{Viewport, board_size, floor},
    palette,
    tile_store::{Dirty, TileStore},
};
use shared::canvas::{Coord, Grid};
use std::collections::{HashMap, HashSet};
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// Picture pixels along one side of a square.
const CHUNK_SIDE: i32 = 256;
/// Squares kept while they are not in view (each is a quarter of a megabyte).
const MAX_IDLE_CHUNKS: usize = 192;
/// Milliseconds of one frame for making squares; the rest come with the next.
const BUDGET_MS: f64 = 10.0;
/// Levels coarser than the wanted one that stand in for it.
const COARSER: u32 = 4;
/// CSS pixels of a board pixel from which on lines between pixels are drawn.
const PIXEL_LINES_FROM: f64 = 8.0;
/// CSS pixels of a tile from which on its border is drawn.
const BORDER_FROM: f64 = 20.0;

type Key = (u32, i32, i32);

struct Chunk {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    /// The frame in which it was drawn last.
    used: u64,
}

/// The squares of one board.
#[derive(Default)]
pub struct TileCache {
    chunks: HashMap<Key, Chunk>,
    palette: Vec<String>,
    colors: Vec<[u8; 3]>,
    frame: u64,
}

impl TileCache {
    /// Another palette: nothing that was made is of use.
    pub fn recolor(&mut self, palette: &[String]) {
        if self.palette != palette {
            self.palette = palette.to_vec();
            self.colors = palette::parse(palette);
            self.chunks.clear();
        }
    }

    /// The palette, as the canvas has it.
    pub fn palette(&self) -> &[String] {
        &self.palette
    }

    /// Mends what changed. False if nothing in view can have changed.
    pub fn mend(&mut self, dirty: &Dirty, tiles: &TileStore) -> bool {
        match dirty {
            Dirty::Nothing => false,
            Dirty::All => {
                self.chunks.clear();
                true
            }
            Dirty::Cells(cells) => {
                self.mend_cells(cells, tiles);
                true
            }
        }
    }

    fn mend_cells(&self, cells: &HashSet<Coord>, tiles: &TileStore) {
        let Some(grid) = tiles.grid() else { return };
        for (&(level, x, y), chunk) in &self.chunks {
            let whole = area_of(x, y);
            for &at in cells {
                if let Some(part) = sample::tile_area(&grid, at, level).intersect(whole) {
                    let rgba = sample::sample(tiles, &grid, &self.colors, level, part);
                    put(chunk, &rgba, part, whole);
                }
            }
        }
    }

    /// Draws the board; the open tile gets checks where nothing is painted.
    /// False if squares are still missing: draw again soon.
    pub fn draw(
        &mut self,
        context: &CanvasRenderingContext2d,
        viewport: &Viewport,
        ratio: f64,
        (tiles, open): (&TileStore, Option<Coord>),
        theme: &Theme,
        now: impl Fn() -> f64,
    ) -> bool {
        self.frame += 1;
        let (width, height) = (viewport.width * ratio, viewport.height * ratio);
        context.set_fill_style_str(&theme.ground);
        context.fill_rect(0.0, 0.0, width, height);
        let Some(grid) = tiles.grid() else {
            return true;
        };
        let to_device = |x: f64, y: f64| {
            let (x, y) = viewport.to_screen(x, y);
            ((x * ratio).round(), (y * ratio).round())
        };
        let (board_width, board_height) = board_size(&grid);
        let (left, top) = to_device(0.0, 0.0);
        let (right, bottom) = to_device(board_width, board_height);
        context.set_fill_style_str(&theme.paper);
        context.fill_rect(left, top, right - left, bottom - top);

        if let Some(at) = open {
            draw_checks(context, &grid, at, theme, to_device);
        }
        let complete = self.draw_chunks(context, viewport, ratio, tiles, &grid, &now);
        if open.is_none() {
            draw_pixel_lines(context, viewport, ratio, &grid, theme);
        }
        draw_borders(context, viewport, ratio, &grid, theme);
        context.set_stroke_style_str(&theme.border);
        context.set_line_width(ratio.max(1.0).round());
        context.stroke_rect(
            left - 0.5,
            top - 0.5,
            right - left + 1.0,
            bottom - top + 1.0,
        );
        self.evict();
        complete
    }

    fn draw_chunks(
        &mut self,
        context: &CanvasRenderingContext2d,
        viewport: &Viewport,
        ratio: f64,
        tiles: &TileStore,
        grid: &Grid,
        now: &impl Fn() -> f64,
    ) -> bool {
        let level = level_for(viewport.camera.zoom * ratio);
        context.set_image_smoothing_enabled(viewport.camera.zoom * ratio < 1.0);
        let Some((first, last)) = viewport.visible(grid) else {
            return true;
        };
        let span = CHUNK_SIDE << level;
        let (x0, y0) = (
            first.x * grid.tile_size / span,
            first.y * grid.tile_size / span,
        );
        let (x1, y1) = (
            ((last.x + 1) * grid.tile_size - 1) / span,
            ((last.y + 1) * grid.tile_size - 1) / span,
        );
        let started = now();
        let mut complete = true;
        let to_device = |x: i32, y: i32| {
            let span = f64::from(span);
            let (x, y) = viewport.to_screen(f64::from(x) * span, f64::from(y) * span);
            ((x * ratio).round(), (y * ratio).round())
        };
        for y in y0..=y1 {
            for x in x0..=x1 {
                let key = (level, x, y);
                if !self.chunks.contains_key(&key) && now() - started <= BUDGET_MS {
                    self.make(tiles, grid, key);
                }
                let (left, top) = to_device(x, y);
                let (right, bottom) = to_device(x + 1, y + 1);
                let rect = [left, top, right - left, bottom - top];
                if !self.put_part(context, key, 0, (0, 0), rect) {
                    complete = false;
                    self.put_other_level(context, key, rect);
                }
            }
        }
        complete
    }

    /// What other levels have of a square that is still to be made: blurred,
    /// but no hole.
    fn put_other_level(
        &mut self,
        context: &CanvasRenderingContext2d,
        (level, x, y): Key,
        rect: [f64; 4],
    ) {
        let coarser = (1..=COARSER).any(|up| {
            let key = (level + up, x >> up, y >> up);
            let part = (x & ((1 << up) - 1), y & ((1 << up) - 1));
            self.put_part(context, key, up, part, rect)
        });
        if coarser || level == 0 {
            return;
        }
        let [left, top, width, height] = rect;
        let (half_x, half_y) = ((width / 2.0).round(), (height / 2.0).round());
        let columns = [(left, half_x), (left + half_x, width - half_x)];
        let rows = [(top, half_y), (top + half_y, height - half_y)];
        for (row, (top, height)) in (0..).zip(rows) {
            for (column, (left, width)) in (0..).zip(columns) {
                let key = (level - 1, 2 * x + column, 2 * y + row);
                self.put_part(context, key, 0, (0, 0), [left, top, width, height]);
            }
        }
    }

    /// Draws a square, or the part of one that is `up` levels finer, at a
    /// place in device pixels: left, top, width, height. False if there is no
    /// such square.
    fn put_part(
        &mut self,
        context: &CanvasRenderingContext2d,
        key: Key,
        up: u32,
        part: (i32, i32),
        [left, top, width, height]: [f64; 4],
    ) -> bool {
        let Some(chunk) = self.chunks.get_mut(&key) else {
            return false;
        };
        chunk.used = self.frame;
        let side = CHUNK_SIDE >> up;
        // Fails only for a canvas without pixels, which none is.
        let _ = context
            .draw_image_with_html_canvas_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
                &chunk.canvas,
                f64::from(part.0 * side),
                f64::from(part.1 * side),
                side.into(),
                side.into(),
                left,
                top,
                width,
                height,
            );
        true
    }

    fn make(&mut self, tiles: &TileStore, grid: &Grid, key: Key) {
        let (level, x, y) = key;
        let Some((canvas, context)) = surface(CHUNK_SIDE, CHUNK_SIDE) else {
            return;
        };
        let chunk = Chunk {
            canvas,
            context,
            used: self.frame,
        };
        let whole = area_of(x, y);
        let rgba = sample::sample(tiles, grid, &self.colors, level, whole);
        put(&chunk, &rgba, whole, whole);
        self.chunks.insert(key, chunk);
    }

    fn evict(&mut self) {
        let frame = self.frame;
        let unused = |chunk: &Chunk| chunk.used != frame;
        if self.chunks.values().filter(|chunk| unused(chunk)).count() <= MAX_IDLE_CHUNKS {
            return;
        }
        let mut ages: Vec<u64> = self.chunks.values().map(|chunk| chunk.used).collect();
        ages.sort_unstable();
        let limit = ages.get(ages.len() / 2).copied().unwrap_or(frame);
        self.chunks
            .retain(|_, chunk| chunk.used == frame || chunk.used > limit);
    }
}

/// An off-screen canvas.
pub fn surface(width: i32, height: i32) -> Option<(HtmlCanvasElement, CanvasRenderingContext2d)> {
    let canvas: HtmlCanvasElement = crate::browser::window()
        .document()?
        .create_element("canvas")
        .ok()?
        .dyn_into()
        .ok()?;
    canvas.set_width(u32::try_from(width).ok()?);
    canvas.set_height(u32::try_from(height).ok()?);
    let context = context_of(&canvas)?;
    Some((canvas, context))
}

/// The drawing context of a canvas.
pub fn context_of(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}

/// The level whose pixels are at most twice as fine as the screen's.
fn level_for(zoom: f64) -> u32 {
    if zoom >= 1.0 {
        return 0;
    }
    u32::try_from(floor((1.0 / zoom).log2()))
        .unwrap_or_default()
        .min(8)
}

fn area_of(x: i32, y: i32) -> Area {
    Area {
        x: x * CHUNK_SIDE,
        y: y * CHUNK_SIDE,
        width: CHUNK_SIDE,
        height: CHUNK_SIDE,
    }
}

fn put(chunk: &Chunk, rgba: &[u8], part: Area, whole: Area) {
    let (Ok(width), Ok(height)) = (u32::try_from(part.width), u32::try_from(part.height)) else {
        return;
    };
    let data = ImageData::new_with_u8_clamped_array_and_sh(Clamped(rgba), width, height);
    if let Ok(data) = data {
        let (x, y) = (f64::from(part.x - whole.x), f64::from(part.y - whole.y));
        let _ = chunk.context.put_image_data(&data, x, y);
    }
}

/// Checks under a tile, so that white paint and no paint look different.
fn draw_checks(
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

/// Lines between pixels, from very close.
fn draw_pixel_lines(
    context: &CanvasRenderingContext2d,
    viewport: &Viewport,
    ratio: f64,
    grid: &Grid,
    theme: &Theme,
) {
    let zoom = viewport.camera.zoom;
    if zoom < PIXEL_LINES_FROM {
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
    context.set_global_alpha(((zoom - PIXEL_LINES_FROM) / 12.0).min(0.7));
    for column in floor(left) + 1..=floor(right) {
        context.fill_rect(to_device(column.into(), 0.0).0, y0, 1.0, y1 - y0);
    }
    for row in floor(top) + 1..=floor(bottom) {
        context.fill_rect(x0, to_device(0.0, row.into()).1, x1 - x0, 1.0);
    }
    context.set_global_alpha(1.0);
}

/// Lines between tiles, growing as one comes closer.
fn draw_borders(
    context: &CanvasRenderingContext2d,
    viewport: &Viewport,
    ratio: f64,
    grid: &Grid,
    theme: &Theme,
) {
    let side = f64::from(grid.tile_size);
    let shown = side * viewport.camera.zoom;
    if shown < BORDER_FROM {
        return;
    }
    let Some((first, last)) = viewport.visible(grid) else {
        return;
    };
    context.set_fill_style_str(&theme.grid);
    context.set_global_alpha(((shown - BORDER_FROM) / 40.0).min(1.0));
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

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_level_is_never_coarser_than_the_screen() {
        for (zoom, level) in [(4.0, 0), (1.0, 0), (0.9, 0), (0.5, 1), (0.3, 1), (0.25, 2)] {
            assert_eq!(level_for(zoom), level, "{zoom}");
        }
    }
}
