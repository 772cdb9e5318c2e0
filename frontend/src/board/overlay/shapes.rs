//! The shapes that the overlay consists of: outline of a tile, padlock and text
//! label. Sizes are in CSS pixels, except those of a [`DeviceRect`].

use super::Scene;
use shared::canvas::{Coord, Grid};
use std::f64::consts::{PI, TAU};
use web_sys::CanvasRenderingContext2d;

/// Side of a tile in CSS pixels from which its padlock is shown.
const MIN_SIDE_FOR_PADLOCK: f64 = 24.0;
/// Whether a square with this upper left corner is at least partly in view.
pub(super) fn is_visible(scene: &Scene<'_>, x: f64, y: f64, side: f64) -> bool {
    x < scene.viewport.width && y < scene.viewport.height && x + side > 0.0 && y + side > 0.0
}

/// Draws the outline of a tile. Returns its left, top and side; none if it is
/// out of view.
pub(super) fn outline_tile(
    context: &CanvasRenderingContext2d,
    scene: &Scene<'_>,
    grid: &Grid,
    at: Coord,
    color: &str,
    width: f64,
) -> Option<(f64, f64, f64)> {
    let (x, y, side) = scene.viewport.tile_rect(grid, at);
    if !is_visible(scene, x, y, side) {
        return None;
    }
    in_device_pixels(context, scene, || {
        let width = scene.line_width(width);
        let pixels = grid.tile_size;
        context.set_fill_style_str(color);
        scene
            .device_rect(at.x * pixels, at.y * pixels, pixels)
            .inset(-width)
            .frame(context, width);
    });
    Some((x, y, side))
}

/// A rectangle whose edges are whole device pixels of the canvas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct DeviceRect {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Scene<'_> {
    /// Where the renderer draws a square of `side` board pixels, with this board
    /// pixel in its upper left corner.
    pub(super) fn device_rect(&self, x: i32, y: i32, side: i32) -> DeviceRect {
        let corner = |x: i32, y: i32| {
            let (x, y) = self.viewport.to_screen(x.into(), y.into());
            ((x * self.ratio).round(), (y * self.ratio).round())
        };
        let (left, top) = corner(x, y);
        let (right, bottom) = corner(x + side, y + side);
        DeviceRect {
            left,
            top,
            right,
            bottom,
        }
    }

    /// A width in CSS pixels as whole device pixels, at least one.
    pub(super) fn line_width(&self, width: f64) -> f64 {
        (width * self.ratio).round().max(1.0)
    }
}

impl DeviceRect {
    /// The rectangle without a margin of this width; larger for a negative one.
    pub(super) fn inset(self, margin: f64) -> Self {
        Self {
            left: self.left + margin,
            top: self.top + margin,
            right: self.right - margin,
            bottom: self.bottom - margin,
        }
    }

    /// Fills it in the current colour.
    pub(super) fn fill(self, context: &CanvasRenderingContext2d) {
        context.fill_rect(
            self.left,
            self.top,
            self.right - self.left,
            self.bottom - self.top,
        );
    }

    /// Draws its edge, inside, in the current fill colour. Nothing if there is
    /// no room for it.
    pub(super) fn frame(self, context: &CanvasRenderingContext2d, width: f64) {
        let (wide, tall) = (self.right - self.left, self.bottom - self.top);
        if wide < 2.0 * width || tall < 2.0 * width {
            return;
        }
        context.fill_rect(self.left, self.top, wide, width);
        context.fill_rect(self.left, self.bottom - width, wide, width);
        let tall = tall - 2.0 * width;
        context.fill_rect(self.left, self.top + width, width, tall);
        context.fill_rect(self.right - width, self.top + width, width, tall);
    }
}

/// Draws with positions in device pixels.
pub(super) fn in_device_pixels(
    context: &CanvasRenderingContext2d,
    scene: &Scene<'_>,
    draw: impl FnOnce(),
) {
    // Neither can fail: the transformations are valid.
    let _ = context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0);
    draw();
    let _ = context.set_transform(scene.ratio, 0.0, 0.0, scene.ratio, 0.0, 0.0);
}

/// Draws a padlock in the upper right corner of a tile.
pub(super) fn draw_padlock(
    context: &CanvasRenderingContext2d,
    scene: &Scene<'_>,
    grid: &Grid,
    at: Coord,
    text_color: &str,
) {
    let (x, y, side) = scene.viewport.tile_rect(grid, at);
    if side < MIN_SIDE_FOR_PADLOCK || !is_visible(scene, x, y, side) {
        return;
    }
    let (cx, cy) = (x + side - 14.0, y + 14.0);
    context.set_fill_style_str(&scene.theme.label);
    circle_path(context, cx, cy, 10.0);
    context.fill();
    context.set_fill_style_str(text_color);
    context.fill_rect(cx - 4.0, cy - 0.5, 8.0, 5.5);
    context.set_stroke_style_str(text_color);
    context.set_line_width(1.5);
    context.begin_path();
    let _ = context.arc(cx, cy - 1.0, 2.75, PI, TAU);
    context.stroke();
}

/// Draws a line of text on a rounded background, `max_width` CSS pixels at
/// most. Returns the width of the label.
pub(super) fn draw_label(
    context: &CanvasRenderingContext2d,
    text: &str,
    x: f64,
    y: f64,
    background: &str,
    text_color: &str,
    max_width: f64,
) -> f64 {
    let width = context
        .measure_text(text)
        .map_or(0.0, |measure| measure.width())
        .min(max_width - 10.0)
        .max(0.0);
    context.set_fill_style_str(background);
    context.begin_path();
    // Fails only for a negative radius.
    let _ = context.round_rect_with_f64(x, y, width + 10.0, 18.0, 4.0);
    context.fill();
    context.set_fill_style_str(text_color);
    let _ = context.fill_text_with_max_width(text, x + 5.0, y + 9.5, width.max(1.0));
    width + 10.0
}

/// Starts a path and adds a circle to it.
fn circle_path(context: &CanvasRenderingContext2d, x: f64, y: f64, radius: f64) {
    context.begin_path();
    let _ = context.arc(x, y, radius, 0.0, TAU);
}
