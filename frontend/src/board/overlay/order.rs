//! What the overlay shows for keeping order: who painted the pixels of a tile,
//! the area that is chosen for taking something back, and the pixels that would
//! change.

use super::{
    Scene,
    shapes::{DeviceRect, draw_label, in_device_pixels, is_visible},
};
use crate::{
    i18n::rewrites::rewrite_texts,
    model::painters::{NOBODY, Painters},
};
use shared::canvas::Grid;
use web_sys::CanvasRenderingContext2d;

/// How much of the picture the colours of painters cover.
const PAINTER_ALPHA: f64 = 0.88;
/// The same for those who do not stand out while somebody else does.
const FAINT_ALPHA: f64 = 0.2;
/// Device pixels of a board pixel from which single pixels are marked; below,
/// their tiles are.
const MIN_ZOOM_FOR_MARKS: f64 = 0.5;

/// Colours each pixel of the chosen tile by its author, and names the one under
/// the pointer or the finger.
pub(super) fn draw_painters(context: &CanvasRenderingContext2d, scene: &Scene<'_>, grid: &Grid) {
    let Some(overlay) = scene.painters else {
        return;
    };
    let Some(painters) = &overlay.painters else {
        return;
    };
    let side = grid.tile_size;
    let (left, top) = (overlay.at.x * side, overlay.at.y * side);
    let pointed = scene.pointer.map(|(x, y)| (x - left, y - top));
    let pixel = pointed
        .filter(|pixel| painters.author(*pixel, side).is_some())
        .or(overlay.pixel);
    let author = pixel.and_then(|pixel| painters.author(pixel, side));
    let only = overlay.only.or(author.filter(|author| *author != NOBODY));
    in_device_pixels(context, scene, || {
        let tile = scene.device_rect(left, top, side);
        context.set_fill_style_str(&scene.theme.paper);
        context.set_global_alpha(PAINTER_ALPHA);
        tile.fill(context);
        for y in 0..side {
            let mut x = 0;
            while x < side {
                let author = painters.author((x, y), side).unwrap_or(NOBODY);
                let start = x;
                while x < side && painters.author((x, y), side) == Some(author) {
                    x += 1;
                }
                if author == NOBODY {
                    continue;
                }
                let stands_out = only.is_none_or(|only| only == author);
                context.set_global_alpha(if stands_out { 1.0 } else { FAINT_ALPHA });
                context.set_fill_style_str(painters.color(author));
                row(scene, left + start, top + y, x - start).fill(context);
            }
        }
        context.set_global_alpha(1.0);
        if let Some((x, y)) = pixel {
            context.set_fill_style_str(&scene.theme.person_text);
            let width = scene.line_width(1.5);
            scene
                .device_rect(left + x, top + y, 1)
                .inset(-width)
                .frame(context, width);
        }
    });
    if let (Some((x, y)), Some(author)) = (pixel, author) {
        let (x, y) = scene
            .viewport
            .to_screen(f64::from(left + x) + 0.5, f64::from(top + y));
        draw_name(context, scene, painters, author, (x, y));
    }
}

/// Names the author of a pixel above it, or below where there is no room.
fn draw_name(
    context: &CanvasRenderingContext2d,
    scene: &Scene<'_>,
    painters: &Painters,
    author: u8,
    (x, y): (f64, f64),
) {
    let texts = rewrite_texts();
    let (text, background, color) = match (author, painters.name(author)) {
        (NOBODY, _) => (
            texts.nobody(),
            scene.theme.label.as_str(),
            &scene.theme.text,
        ),
        (_, name) => (
            name.unwrap_or(texts.others()),
            painters.color(author),
            &scene.theme.person_text,
        ),
    };
    let y = if y > 28.0 { y - 26.0 } else { y + 26.0 };
    draw_label(context, text, x - 12.0, y, background, color, 220.0);
}

/// Frames the chosen area, and highlights the pixels that would change.
pub(super) fn draw_marked(context: &CanvasRenderingContext2d, scene: &Scene<'_>, grid: &Grid) {
    let side = grid.tile_size;
    let by_pixel = scene.viewport.camera.zoom * scene.ratio >= MIN_ZOOM_FOR_MARKS;
    in_device_pixels(context, scene, || {
        for tile in scene.marked {
            let (left, top, wide) = scene.viewport.tile_rect(grid, tile.at);
            if !is_visible(scene, left, top, wide) {
                continue;
            }
            let (left, top) = (tile.at.x * side, tile.at.y * side);
            context.set_fill_style_str(&scene.theme.own);
            context.set_global_alpha(0.7);
            if by_pixel {
                for &(x, y, length) in &tile.runs {
                    row(scene, left + x, top + y, length).fill(context);
                }
            } else {
                scene.device_rect(left, top, side).fill(context);
            }
            context.set_global_alpha(1.0);
            let line = scene.line_width(1.0);
            scene.device_rect(left, top, side).frame(context, line);
        }
        if let Some(area) = scene.area {
            let first = scene.device_rect(area.x0 * side, area.y0 * side, side);
            let last = scene.device_rect(area.x1 * side, area.y1 * side, side);
            let width = scene.line_width(2.0);
            context.set_fill_style_str(&scene.theme.own);
            DeviceRect {
                right: last.right,
                bottom: last.bottom,
                ..first
            }
            .inset(-width)
            .frame(context, width);
        }
    });
}

/// Neighbouring board pixels of a row.
fn row(scene: &Scene<'_>, x: i32, y: i32, length: i32) -> DeviceRect {
    DeviceRect {
        right: scene.device_rect(x + length - 1, y, 1).right,
        ..scene.device_rect(x, y, 1)
    }
}
