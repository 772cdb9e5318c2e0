//! Caches the picture of the board in off-screen canvases ("chunks") for each
//! mipmap level. Chunks are rendered when they come into view, repainted where
//! a tile changed, and evicted when they were not used for long.

use super::{
    ghost,
    grid_lines::{draw_borders, draw_checks, draw_pixel_lines},
    sample::{self, Area},
    theme::Theme,
};
use crate::{
    model::{
        camera::{Viewport, board_size, floor},
        ghost::Ghost,
        palette,
        tile_store::{DirtyCells, TileStore},
    },
    store::overviews::Overview,
};
use shared::canvas::{Coord, Grid};
use std::collections::{HashMap, HashSet};
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// Side of a chunk in output pixels.
const CHUNK_SIDE: i32 = 256;
/// Chunks kept although they are not in view (each takes 256 KiB).
const MAX_IDLE_CHUNKS: usize = 192;
/// Time per frame for rendering missing chunks, in milliseconds; the others
/// follow in the next frames.
const FRAME_BUDGET_MS: f64 = 10.0;
/// How many coarser levels are searched for a substitute of a missing chunk.
const MAX_FALLBACK_LEVELS: u32 = 4;

/// Level, column and row of a chunk.
type Key = (u32, i32, i32);

struct Chunk {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    /// The number of the frame in which it was last drawn.
    last_frame: u64,
}

/// What the pixels of the board are drawn from.
#[derive(Clone, Copy)]
pub enum Content<'a> {
    /// The tiles.
    Tiles(&'a TileStore),
    /// A picture of a part of the board, in place of its tiles.
    Picture(Grid, &'a Overview),
}

/// The tile in which somebody draws.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenTile<'a> {
    /// The tile; none if there is none.
    pub editing: Option<Coord>,
    /// What it was yesterday, while that is shown.
    pub ghost: Option<&'a Ghost>,
}

/// The chunks of one board.
#[derive(Default)]
pub struct TileCache {
    chunks: HashMap<Key, Chunk>,
    palette: Vec<String>,
    colors: Vec<[u8; 3]>,
    frame: u64,
}

impl TileCache {
    /// Whether nothing is cached.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Sets the palette; clears the cache if it is a different one.
    pub fn set_palette(&mut self, palette: &[String]) {
        if self.palette != palette {
            self.palette = palette.to_vec();
            self.colors = palette::parse(palette);
            self.chunks.clear();
        }
    }

    /// The palette as CSS colours.
    pub fn palette(&self) -> &[String] {
        &self.palette
    }

    /// Repaints the cells that changed. Returns false if nothing did.
    pub fn repaint(&mut self, dirty: &DirtyCells, tiles: &TileStore) -> bool {
        match dirty {
            DirtyCells::None => false,
            DirtyCells::All => {
                self.chunks.clear();
                true
            }
            DirtyCells::Some(cells) => {
                self.repaint_cells(cells, tiles);
                true
            }
        }
    }

    fn repaint_cells(&self, cells: &HashSet<Coord>, tiles: &TileStore) {
        let Some(grid) = tiles.grid() else { return };
        for (&(level, x, y), chunk) in &self.chunks {
            let bounds = chunk_area(x, y);
            for &at in cells {
                if let Some(part) = sample::tile_area(&grid, at, level).intersect(bounds) {
                    let rgba = sample::sample(tiles, &grid, &self.colors, level, part);
                    write_pixels(chunk, &rgba, part, bounds);
                }
            }
        }
    }

    /// Draws the board, with a checkerboard under the open tile. Returns false
    /// if chunks are still missing and another frame is needed.
    pub fn draw(
        &mut self,
        context: &CanvasRenderingContext2d,
        viewport: &Viewport,
        ratio: f64,
        (content, open): (Content<'_>, OpenTile<'_>),
        theme: &Theme,
        now: impl Fn() -> f64,
    ) -> bool {
        self.frame += 1;
        let (width, height) = (viewport.width * ratio, viewport.height * ratio);
        context.set_fill_style_str(&theme.background);
        context.fill_rect(0.0, 0.0, width, height);
        let grid = match content {
            Content::Tiles(tiles) => tiles.grid(),
            Content::Picture(grid, _) => Some(grid),
        };
        let Some(grid) = grid else {
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

        let OpenTile { editing, ghost } = open;
        if let Some(at) = editing {
            draw_checks(context, &grid, at, theme, to_device);
        }
        if let Some(ghost) = ghost {
            ghost::draw_under(context, &grid, ghost, &self.palette, to_device);
        }
        let complete = match content {
            Content::Tiles(tiles) => self.draw_chunks(context, viewport, ratio, tiles, &grid, &now),
            Content::Picture(_, picture) => {
                draw_picture(context, viewport, ratio, &grid, picture, to_device);
                true
            }
        };
        if let (Some(ghost), Content::Tiles(tiles)) = (ghost, content) {
            ghost::draw_over(context, &grid, tiles, ghost, &self.palette, to_device);
        }
        if editing.is_none() {
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

    /// Draws the chunks in view and renders missing ones within the time
    /// budget. Returns false if some are still missing.
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
                if !self.chunks.contains_key(&key) && now() - started <= FRAME_BUDGET_MS {
                    self.render_chunk(tiles, grid, key);
                }
                let (left, top) = to_device(x, y);
                let (right, bottom) = to_device(x + 1, y + 1);
                let rect = [left, top, right - left, bottom - top];
                if !self.draw_chunk(context, key, 0, (0, 0), rect) {
                    complete = false;
                    self.draw_fallback(context, key, rect);
                }
            }
        }
        complete
    }

    /// Draws chunks of other levels in place of a missing one: blurred, but
    /// better than a gap.
    fn draw_fallback(
        &mut self,
        context: &CanvasRenderingContext2d,
        (level, x, y): Key,
        rect: [f64; 4],
    ) {
        let coarser = (1..=MAX_FALLBACK_LEVELS).any(|up| {
            let key = (level + up, x >> up, y >> up);
            let part = (x & ((1 << up) - 1), y & ((1 << up) - 1));
            self.draw_chunk(context, key, up, part, rect)
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
                self.draw_chunk(context, key, 0, (0, 0), [left, top, width, height]);
            }
        }
    }

    /// Draws a chunk, or the `part` of it that a chunk `up` levels finer
    /// covers, into a rectangle in device pixels (left, top, width, height).
    /// Returns false if the chunk is not in the cache.
    fn draw_chunk(
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
        chunk.last_frame = self.frame;
        let side = CHUNK_SIDE >> up;
        // Fails only for a canvas of size zero.
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

    /// Renders a chunk and adds it to the cache.
    fn render_chunk(&mut self, tiles: &TileStore, grid: &Grid, key: Key) {
        let (level, x, y) = key;
        let Some((canvas, context)) = offscreen_canvas(CHUNK_SIDE, CHUNK_SIDE) else {
            return;
        };
        let chunk = Chunk {
            canvas,
            context,
            last_frame: self.frame,
        };
        let bounds = chunk_area(x, y);
        let rgba = sample::sample(tiles, grid, &self.colors, level, bounds);
        write_pixels(&chunk, &rgba, bounds, bounds);
        self.chunks.insert(key, chunk);
    }

    /// Removes the longer unused half of the chunks if too many are not in
    /// view.
    fn evict(&mut self) {
        let frame = self.frame;
        let is_idle = |chunk: &Chunk| chunk.last_frame != frame;
        if self.chunks.values().filter(|chunk| is_idle(chunk)).count() <= MAX_IDLE_CHUNKS {
            return;
        }
        let mut last_frames: Vec<u64> =
            self.chunks.values().map(|chunk| chunk.last_frame).collect();
        last_frames.sort_unstable();
        let oldest_kept = last_frames
            .get(last_frames.len() / 2)
            .copied()
            .unwrap_or(frame);
        self.chunks
            .retain(|_, chunk| chunk.last_frame == frame || chunk.last_frame > oldest_kept);
    }
}

/// Draws the picture of a part of the board.
fn draw_picture(
    context: &CanvasRenderingContext2d,
    viewport: &Viewport,
    ratio: f64,
    grid: &Grid,
    picture: &Overview,
    to_device: impl Fn(f64, f64) -> (f64, f64),
) {
    let side = f64::from(grid.tile_size);
    let at = |x: i32, y: i32| to_device(f64::from(x) * side, f64::from(y) * side);
    let (left, top) = at(picture.area.x0, picture.area.y0);
    let (right, bottom) = at(picture.area.x1 + 1, picture.area.y1 + 1);
    context.set_image_smoothing_enabled(viewport.camera.zoom * ratio < 1.0);
    // Fails only for a bitmap that was closed.
    let _ = context.draw_image_with_image_bitmap_and_dw_and_dh(
        &picture.bitmap,
        left,
        top,
        right - left,
        bottom - top,
    );
}

/// Creates an off-screen canvas; none if the browser refuses.
pub fn offscreen_canvas(
    width: i32,
    height: i32,
) -> Option<(HtmlCanvasElement, CanvasRenderingContext2d)> {
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

/// The 2D context of a canvas; none if the browser refuses.
pub fn context_of(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}

/// The mipmap level for a zoom in device pixels per board pixel: the coarsest
/// whose pixels are not larger than those of the screen.
fn level_for(zoom: f64) -> u32 {
    if zoom >= 1.0 {
        return 0;
    }
    u32::try_from(floor((1.0 / zoom).log2()))
        .unwrap_or_default()
        .min(8)
}

/// The output pixels of the chunk in this column and row.
fn chunk_area(x: i32, y: i32) -> Area {
    Area {
        x: x * CHUNK_SIDE,
        y: y * CHUNK_SIDE,
        width: CHUNK_SIDE,
        height: CHUNK_SIDE,
    }
}

/// Writes RGBA bytes into the `part` of a chunk that covers `bounds`.
fn write_pixels(chunk: &Chunk, rgba: &[u8], part: Area, bounds: Area) {
    let (Ok(width), Ok(height)) = (u32::try_from(part.width), u32::try_from(part.height)) else {
        return;
    };
    let data = ImageData::new_with_u8_clamped_array_and_sh(Clamped(rgba), width, height);
    if let Ok(data) = data {
        let (x, y) = (f64::from(part.x - bounds.x), f64::from(part.y - bounds.y));
        let _ = chunk.context.put_image_data(&data, x, y);
    }
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
