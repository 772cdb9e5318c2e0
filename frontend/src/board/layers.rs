//! The picture of the board: kept in squares of pixels for each level of
//! detail, made when they come into view, mended where a tile changed.

use super::{
    camera::{View, board_size, floor},
    sample::{self, Area},
    theme::Theme,
};
use crate::session::book::{Book, Dirty};
use shared::canvas::{Coord, Grid};
use std::collections::{HashMap, HashSet};
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// Picture pixels along one side of a square.
const SIDE: i32 = 256;
/// Squares kept while they are not in view (each is a quarter of a megabyte).
const KEPT: usize = 192;
/// Milliseconds of one frame for making squares; the rest come with the next.
const BUDGET_MS: f64 = 10.0;
/// Levels coarser than the wanted one that stand in for it.
const COARSER: u32 = 4;
/// CSS pixels of a board pixel from which on lines between pixels are drawn.
const PIXEL_LINES_FROM: f64 = 8.0;
/// CSS pixels of a tile from which on its border is drawn.
const BORDER_FROM: f64 = 20.0;

type Key = (u32, i32, i32);

struct Square {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    /// The frame in which it was drawn last.
    used: u64,
}

/// The squares of one board.
#[derive(Default)]
pub struct Layers {
    squares: HashMap<Key, Square>,
    palette: Vec<String>,
    colors: Vec<[u8; 3]>,
    frame: u64,
}

impl Layers {
    /// Another palette: nothing that was made is of use.
    pub fn recolor(&mut self, palette: &[String]) {
        if self.palette != palette {
            self.palette = palette.to_vec();
            self.colors = sample::palette(palette);
            self.squares.clear();
        }
    }

    /// The palette, as the canvas has it.
    pub fn palette(&self) -> &[String] {
        &self.palette
    }

    /// Mends what changed. False if nothing in view can have changed.
    pub fn mend(&mut self, dirty: &Dirty, book: &Book) -> bool {
        match dirty {
            Dirty::Nothing => false,
            Dirty::All => {
                self.squares.clear();
                true
            }
            Dirty::Cells(cells) => {
                self.mend_cells(cells, book);
                true
            }
        }
    }

    fn mend_cells(&self, cells: &HashSet<Coord>, book: &Book) {
        let Some(grid) = book.grid() else { return };
        for (&(level, x, y), square) in &self.squares {
            let whole = area_of(x, y);
            for &at in cells {
                if let Some(part) = sample::tile_area(&grid, at, level).intersect(whole) {
                    let rgba = sample::sample(book, &grid, &self.colors, level, part);
                    put(square, &rgba, part, whole);
                }
            }
        }
    }

    /// Draws the board; the open tile gets checks where nothing is painted.
    /// False if squares are still missing: draw again soon.
    pub fn draw(
        &mut self,
        context: &CanvasRenderingContext2d,
        view: &View,
        ratio: f64,
        (book, open): (&Book, Option<Coord>),
        theme: &Theme,
        now: impl Fn() -> f64,
    ) -> bool {
        self.frame += 1;
        let (width, height) = (view.width * ratio, view.height * ratio);
        context.set_fill_style_str(&theme.ground);
        context.fill_rect(0.0, 0.0, width, height);
        let Some(grid) = book.grid() else { return true };
        let place = |x: f64, y: f64| {
            let (x, y) = view.to_screen(x, y);
            ((x * ratio).round(), (y * ratio).round())
        };
        let (board_width, board_height) = board_size(&grid);
        let (left, top) = place(0.0, 0.0);
        let (right, bottom) = place(board_width, board_height);
        context.set_fill_style_str(&theme.paper);
        context.fill_rect(left, top, right - left, bottom - top);

        if let Some(at) = open {
            draw_checks(context, &grid, at, theme, place);
        }
        let complete = self.draw_squares(context, view, ratio, book, &grid, &now);
        if open.is_none() {
            draw_pixel_lines(context, view, ratio, &grid, theme);
        }
        draw_borders(context, view, ratio, &grid, theme);
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

    fn draw_squares(
        &mut self,
        context: &CanvasRenderingContext2d,
        view: &View,
        ratio: f64,
        book: &Book,
        grid: &Grid,
        now: &impl Fn() -> f64,
    ) -> bool {
        let level = level_for(view.camera.zoom * ratio);
        context.set_image_smoothing_enabled(view.camera.zoom * ratio < 1.0);
        let Some((first, last)) = view.visible(grid) else {
            return true;
        };
        let span = SIDE << level;
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
        let place = |x: i32, y: i32| {
            let span = f64::from(span);
            let (x, y) = view.to_screen(f64::from(x) * span, f64::from(y) * span);
            ((x * ratio).round(), (y * ratio).round())
        };
        for y in y0..=y1 {
            for x in x0..=x1 {
                let key = (level, x, y);
                if !self.squares.contains_key(&key) && now() - started <= BUDGET_MS {
                    self.make(book, grid, key);
                }
                let (left, top) = place(x, y);
                let (right, bottom) = place(x + 1, y + 1);
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
        let Some(square) = self.squares.get_mut(&key) else {
            return false;
        };
        square.used = self.frame;
        let side = SIDE >> up;
        // Fails only for a canvas without pixels, which none is.
        let _ = context
            .draw_image_with_html_canvas_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
                &square.canvas,
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

    fn make(&mut self, book: &Book, grid: &Grid, key: Key) {
        let (level, x, y) = key;
        let Some((canvas, context)) = surface(SIDE, SIDE) else {
            return;
        };
        let square = Square {
            canvas,
            context,
            used: self.frame,
        };
        let whole = area_of(x, y);
        let rgba = sample::sample(book, grid, &self.colors, level, whole);
        put(&square, &rgba, whole, whole);
        self.squares.insert(key, square);
    }

    fn evict(&mut self) {
        let frame = self.frame;
        let unused = |square: &Square| square.used != frame;
        if self
            .squares
            .values()
            .filter(|square| unused(square))
            .count()
            <= KEPT
        {
            return;
        }
        let mut ages: Vec<u64> = Vec::with_capacity(self.squares.len());
        for square in self.squares.values() {
            let at = ages.partition_point(|age| *age < square.used);
            ages.insert(at, square.used);
        }
        let limit = ages.get(ages.len() / 2).copied().unwrap_or(frame);
        self.squares
            .retain(|_, square| square.used == frame || square.used > limit);
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
        x: x * SIDE,
        y: y * SIDE,
        width: SIDE,
        height: SIDE,
    }
}

fn put(square: &Square, rgba: &[u8], part: Area, whole: Area) {
    let (Ok(width), Ok(height)) = (u32::try_from(part.width), u32::try_from(part.height)) else {
        return;
    };
    let data = ImageData::new_with_u8_clamped_array_and_sh(Clamped(rgba), width, height);
    if let Ok(data) = data {
        let (x, y) = (f64::from(part.x - whole.x), f64::from(part.y - whole.y));
        let _ = square.context.put_image_data(&data, x, y);
    }
}

/// Checks under a tile, so that white paint and no paint look different.
fn draw_checks(
    context: &CanvasRenderingContext2d,
    grid: &Grid,
    at: Coord,
    theme: &Theme,
    place: impl Fn(f64, f64) -> (f64, f64),
) {
    let side = grid.tile_size;
    let corner = |x: i32, y: i32| place((at.x * side + x).into(), (at.y * side + y).into());
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
    view: &View,
    ratio: f64,
    grid: &Grid,
    theme: &Theme,
) {
    let zoom = view.camera.zoom;
    if zoom < PIXEL_LINES_FROM {
        return;
    }
    let (board_width, board_height) = board_size(grid);
    let (left, top) = view.to_board(0.0, 0.0);
    let (right, bottom) = view.to_board(view.width, view.height);
    let (left, top) = (left.max(0.0), top.max(0.0));
    let (right, bottom) = (right.min(board_width), bottom.min(board_height));
    let place = |x: f64, y: f64| {
        let (x, y) = view.to_screen(x, y);
        ((x * ratio).round(), (y * ratio).round())
    };
    let ((x0, y0), (x1, y1)) = (place(left, top), place(right, bottom));
    context.set_fill_style_str(&theme.grid);
    context.set_global_alpha(((zoom - PIXEL_LINES_FROM) / 12.0).min(0.7));
    for column in floor(left) + 1..=floor(right) {
        context.fill_rect(place(column.into(), 0.0).0, y0, 1.0, y1 - y0);
    }
    for row in floor(top) + 1..=floor(bottom) {
        context.fill_rect(x0, place(0.0, row.into()).1, x1 - x0, 1.0);
    }
    context.set_global_alpha(1.0);
}

/// Lines between tiles, growing as one comes closer.
fn draw_borders(
    context: &CanvasRenderingContext2d,
    view: &View,
    ratio: f64,
    grid: &Grid,
    theme: &Theme,
) {
    let side = f64::from(grid.tile_size);
    let shown = side * view.camera.zoom;
    if shown < BORDER_FROM {
        return;
    }
    let Some((first, last)) = view.visible(grid) else {
        return;
    };
    context.set_fill_style_str(&theme.grid);
    context.set_global_alpha(((shown - BORDER_FROM) / 40.0).min(1.0));
    let place = |x: f64, y: f64| {
        let (x, y) = view.to_screen(x, y);
        ((x * ratio).round(), (y * ratio).round())
    };
    let (left, top) = place(f64::from(first.x) * side, f64::from(first.y) * side);
    let (right, bottom) = place(f64::from(last.x + 1) * side, f64::from(last.y + 1) * side);
    for column in first.x + 1..=last.x {
        let (x, _) = place(f64::from(column) * side, 0.0);
        context.fill_rect(x, top, 1.0, bottom - top);
    }
    for row in first.y + 1..=last.y {
        let (_, y) = place(0.0, f64::from(row) * side);
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
