//! Draws the upper canvas: the grid of the open tile, outlines, names, cursors,
//! likes and highlights. It is redrawn as a whole each time, since it holds
//! few shapes. `shapes` has the single shapes.
//!
//! What lies on the pixels of the board (lines, frames, the pen) is drawn in
//! whole device pixels, like the tiles below it; else it would be blurred.
//! Texts, padlocks and cursors are drawn in CSS pixels.

mod comments;
mod order;
mod shapes;

use super::{pins::Pin, theme::Theme};
use crate::{
    i18n::board::{board_texts, creator_name},
    model::{
        camera::Viewport,
        painters::PainterOverlay,
        people::{self, Cursor, Highlight},
        rewrite::MarkedTile,
        tile_store::TileStore,
    },
};
use shapes::{DeviceRect, draw_label, draw_padlock, in_device_pixels, is_visible, outline_tile};
use shared::{
    api::rewrites::Area,
    canvas::{Coord, Grid},
    ids::UserId,
    pixels::{PixelEdit, TRANSPARENT},
    protocol::Lock,
};
use std::collections::HashMap;
use web_sys::CanvasRenderingContext2d;

/// Zoom (CSS pixels per board pixel) from which the open tile has a pixel grid.
const MIN_ZOOM_FOR_GRID: f64 = 5.0;
/// Side of a tile in CSS pixels from which the names of its editors are shown.
const MIN_SIDE_FOR_NAMES: f64 = 56.0;
/// Side of a tile in CSS pixels from which creator and likes are shown.
const MIN_SIDE_FOR_CAPTIONS: f64 = 240.0;
/// Zoom (CSS pixels per board pixel) from which cursors have names.
const MIN_ZOOM_FOR_CURSOR_NAMES: f64 = 1.0;

/// What the overlay shows, collected by the renderer for one frame.
pub struct Scene<'a> {
    /// Camera and size of the board.
    pub viewport: Viewport,
    /// Device pixels per CSS pixel.
    pub ratio: f64,
    /// Current time, milliseconds since 1970.
    pub now: i64,
    /// Whether the user asked for reduced motion: highlights do not pulse.
    pub reduced_motion: bool,
    /// The tiles, with this tab's pending edits.
    pub tiles: &'a TileStore,
    /// The palette as CSS colours.
    pub palette: &'a [String],
    /// Colours of everything except pixels.
    pub theme: &'a Theme,
    /// The tile open for editing.
    pub editing: Option<Coord>,
    /// The selected cell.
    pub selected: Option<Coord>,
    /// The cell under the pointer.
    pub hovered: Option<Coord>,
    /// The pixel of the open tile under the pointer or the keyboard pen.
    pub pen: Option<(i32, i32)>,
    /// The palette index that the tool paints with.
    pub color: u8,
    /// Pixels of the shape being drawn, not yet painted.
    pub preview: &'a [PixelEdit],
    /// The users who are drawing, with their tiles, sorted by name.
    pub editors: &'a [(UserId, Coord)],
    /// Looks up a user's display name.
    pub name_of: &'a dyn Fn(UserId) -> Option<String>,
    /// This user; none before the connection is established.
    pub me: Option<UserId>,
    /// The cursors of all users on the board.
    pub cursors: &'a HashMap<UserId, Cursor>,
    /// Tiles highlighted by a mention or a link.
    pub highlights: &'a [Highlight],
    /// Locks of tiles.
    pub locks: &'a [Lock],
    /// Whether the canvas locks each tile for its editor, so that the open tile
    /// is locked by this user.
    pub locks_own: bool,
    /// Where this user may not draw.
    pub forbidden: Forbidden,
    /// The tile over which it is shown who painted what.
    pub painters: Option<&'a PainterOverlay>,
    /// The board pixel under the pointer.
    pub pointer: Option<(i32, i32)>,
    /// The area chosen for taking back or restoring.
    pub area: Option<Area>,
    /// The pixels that this would change.
    pub marked: &'a [MarkedTile],
    /// What stands for open comments.
    pub pins: &'a [Pin],
}

/// Where this user may not draw; shown as padlocks before they try.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forbidden {
    /// In tiles that other users created.
    pub in_tiles_of_others: bool,
    /// In the cell under the pointer.
    pub hovered: bool,
}

/// Draws the scene. Returns true if it has to be drawn again with the next
/// frame because a highlight pulses.
pub fn draw(context: &CanvasRenderingContext2d, scene: &Scene<'_>) -> bool {
    let Viewport { width, height, .. } = scene.viewport;
    let ratio = scene.ratio;
    // Cannot fail: the transformation is valid.
    let _ = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
    context.clear_rect(0.0, 0.0, width, height);
    let Some(grid) = scene.tiles.grid() else {
        return false;
    };
    context.set_font("600 12px system-ui, sans-serif");
    context.set_text_baseline("middle");
    if let Some(at) = scene.editing {
        draw_open_tile(context, scene, &grid, at);
    }
    draw_captions(context, scene, &grid);
    comments::draw_pins(context, scene);
    order::draw_painters(context, scene, &grid);
    order::draw_marked(context, scene, &grid);
    if scene.editing.is_none()
        && let Some(at) = scene.hovered
    {
        context.set_global_alpha(0.55);
        outline_tile(context, scene, &grid, at, &scene.theme.text, 1.0);
        context.set_global_alpha(1.0);
        if scene.forbidden.hovered {
            draw_padlock(context, scene, &grid, at, &scene.theme.text);
        }
    }
    if let Some(at) = scene.selected.filter(|at| Some(*at) != scene.editing) {
        outline_tile(context, scene, &grid, at, &scene.theme.own, 2.0);
    }
    draw_editors(context, scene, &grid);
    if let Some(at) = scene.editing {
        outline_tile(context, scene, &grid, at, &scene.theme.own, 2.0);
        if scene.locks_own {
            draw_padlock(context, scene, &grid, at, &scene.theme.own);
        }
    }
    for lock in scene.locks {
        let at = Coord {
            x: lock.tile_x,
            y: lock.tile_y,
        };
        let mine = Some(lock.user_id) == scene.me;
        let color = if mine {
            &scene.theme.own
        } else {
            people::person_color(lock.user_id)
        };
        draw_padlock(context, scene, &grid, at, color);
    }
    for highlight in scene.highlights {
        draw_highlight(context, scene, &grid, highlight);
    }
    for (user, cursor) in scene.cursors {
        if Some(*user) != scene.me {
            draw_cursor(context, scene, *user, *cursor);
        }
    }
    !scene.reduced_motion && !scene.highlights.is_empty()
}

/// Draws the open tile: dims the rest of the board, shows the unfinished shape,
/// the pixel grid and the pen.
fn draw_open_tile(context: &CanvasRenderingContext2d, scene: &Scene<'_>, grid: &Grid, at: Coord) {
    let side = grid.tile_size;
    let (x, y) = (at.x * side, at.y * side);
    in_device_pixels(context, scene, || {
        let tile = scene.device_rect(x, y, side);
        let (width, height) = (
            (scene.viewport.width * scene.ratio).round(),
            (scene.viewport.height * scene.ratio).round(),
        );
        context.set_fill_style_str(&scene.theme.dim);
        context.fill_rect(0.0, 0.0, width, tile.top.max(0.0));
        context.fill_rect(0.0, tile.bottom, width, (height - tile.bottom).max(0.0));
        let tall = tile.bottom - tile.top;
        context.fill_rect(0.0, tile.top, tile.left.max(0.0), tall);
        context.fill_rect(tile.right, tile.top, (width - tile.right).max(0.0), tall);

        for &PixelEdit(index, color) in scene.preview {
            let index = i32::from(index);
            context.set_fill_style_str(css_color(scene, color));
            scene
                .device_rect(x + index % side, y + index / side, 1)
                .fill(context);
        }
        draw_lines(context, scene, (x, y), side);
        if let Some((column, row)) = scene.pen {
            draw_pen(context, scene, scene.device_rect(x + column, y + row, 1));
        }
    });
}

/// Draws the lines between the pixels of the open tile; nothing below
/// [`MIN_ZOOM_FOR_GRID`].
fn draw_lines(
    context: &CanvasRenderingContext2d,
    scene: &Scene<'_>,
    (x, y): (i32, i32),
    side: i32,
) {
    let zoom = scene.viewport.camera.zoom;
    if zoom < MIN_ZOOM_FOR_GRID {
        return;
    }
    let tile = scene.device_rect(x, y, side);
    context.set_fill_style_str(&scene.theme.grid);
    context.set_global_alpha(((zoom - MIN_ZOOM_FOR_GRID) / 6.0).min(0.8));
    for line in 1..side {
        let DeviceRect { left, top, .. } = scene.device_rect(x + line, y + line, 1);
        context.fill_rect(left, tile.top, 1.0, tile.bottom - tile.top);
        context.fill_rect(tile.left, top, tile.right - tile.left, 1.0);
    }
    context.set_global_alpha(1.0);
}

/// Draws the pen on a pixel: its colour in a frame that is seen on every colour.
fn draw_pen(context: &CanvasRenderingContext2d, scene: &Scene<'_>, pixel: DeviceRect) {
    context.set_global_alpha(0.6);
    context.set_fill_style_str(css_color(scene, scene.color));
    pixel.fill(context);
    context.set_global_alpha(1.0);
    let width = scene.line_width(1.0);
    context.set_fill_style_str("#000");
    pixel.frame(context, width);
    context.set_fill_style_str("#fff");
    pixel.inset(width).frame(context, width);
}

/// The CSS colour of a palette index.
fn css_color<'a>(scene: &'a Scene<'_>, color: u8) -> &'a str {
    if color == TRANSPARENT {
        return &scene.theme.paper;
    }
    scene
        .palette
        .get(usize::from(color))
        .map_or("#000", String::as_str)
}

/// Draws creators and like counts on the tiles, if the zoom is close enough.
fn draw_captions(context: &CanvasRenderingContext2d, scene: &Scene<'_>, grid: &Grid) {
    let side = f64::from(grid.tile_size) * scene.viewport.camera.zoom;
    if side < MIN_SIDE_FOR_CAPTIONS {
        return;
    }
    let Some((first, last)) = scene.viewport.visible(grid) else {
        return;
    };
    for y in first.y..=last.y {
        for x in first.x..=last.x {
            let at = Coord { x, y };
            if Some(at) == scene.editing {
                continue;
            }
            let Some(tile) = scene.tiles.shown(at) else {
                continue;
            };
            let (left, top, side) = scene.viewport.tile_rect(grid, at);
            if scene.forbidden.in_tiles_of_others && Some(tile.state.creator_id) != scene.me {
                draw_padlock(context, scene, grid, at, &scene.theme.text);
            }
            let name = (scene.name_of)(tile.state.creator_id);
            let mut text = creator_name(name.as_deref(), &tile.creator).to_owned();
            if tile.state.like_count > 0 {
                text = board_texts().name_and_likes(&text, tile.state.like_count);
            }
            if !text.is_empty() {
                draw_label(
                    context,
                    &text,
                    left + 4.0,
                    top + side - 22.0,
                    &scene.theme.label,
                    &scene.theme.text,
                    side - 8.0,
                );
            }
        }
    }
}

/// Outlines the tiles in which people draw, with their names.
fn draw_editors(context: &CanvasRenderingContext2d, scene: &Scene<'_>, grid: &Grid) {
    let mut names: HashMap<Coord, f64> = HashMap::new();
    for &(user, at) in scene.editors {
        // The same user in another tab is shown like any other user.
        if Some(user) == scene.me && Some(at) == scene.editing {
            continue;
        }
        let color = people::person_color(user);
        let Some((x, y, side)) = outline_tile(context, scene, grid, at, color, 2.0) else {
            continue;
        };
        if side >= MIN_SIDE_FOR_NAMES {
            let left = names.entry(at).or_insert(x);
            let text_color = &scene.theme.person_text;
            let width = draw_label(
                context,
                &(scene.name_of)(user).unwrap_or_default(),
                *left,
                y - 22.0,
                color,
                text_color,
                180.0,
            );
            *left += width + 2.0;
        }
    }
}

/// Draws a tile's highlight: an outline, a growing ring and a label with the
/// sender and message.
fn draw_highlight(
    context: &CanvasRenderingContext2d,
    scene: &Scene<'_>,
    grid: &Grid,
    highlight: &Highlight,
) {
    let (x, y, side) = scene.viewport.tile_rect(grid, highlight.at);
    if scene.now >= highlight.ends_at || !is_visible(scene, x - 40.0, y - 40.0, side + 80.0) {
        return;
    }
    let color = highlight
        .by
        .as_ref()
        .map_or(scene.theme.own.as_str(), |(user, _)| {
            people::person_color(*user)
        });
    outline_tile(context, scene, grid, highlight.at, color, 3.0);
    if !scene.reduced_motion {
        let age = i32::try_from(scene.now - highlight.started_at).unwrap_or_default();
        let phase = f64::from(age.rem_euclid(1_000)) / 1_000.0;
        let growth = 4.0 + phase * 28.0;
        context.set_global_alpha(1.0 - phase);
        context.set_stroke_style_str(color);
        context.set_line_width(3.0);
        context.stroke_rect(
            x - growth,
            y - growth,
            side + 2.0 * growth,
            side + 2.0 * growth,
        );
        context.set_global_alpha(1.0);
    }
    let text = match (&highlight.by, highlight.message.as_str()) {
        (Some((_, name)), "") => name.clone(),
        (Some((_, name)), message) => board_texts().name_says(name, message),
        (None, _) => return,
    };
    let text_color = &scene.theme.person_text;
    draw_label(context, &text, x, y - 26.0, color, text_color, 260.0);
}

/// Draws the cursor of another user, with the name if the zoom is close enough.
fn draw_cursor(
    context: &CanvasRenderingContext2d,
    scene: &Scene<'_>,
    user: UserId,
    cursor: Cursor,
) {
    let (x, y) = scene.viewport.to_screen(cursor.x, cursor.y);
    if !is_visible(scene, x, y, 16.0) {
        return;
    }
    let color = people::person_color(user);
    context.set_fill_style_str(color);
    context.set_stroke_style_str(&scene.theme.person_text);
    context.set_line_width(1.0);
    context.begin_path();
    context.move_to(x, y);
    context.line_to(x + 4.5, y + 14.0);
    context.line_to(x + 7.5, y + 8.5);
    context.line_to(x + 13.5, y + 6.5);
    context.close_path();
    context.fill();
    context.stroke();
    if scene.viewport.camera.zoom < MIN_ZOOM_FOR_CURSOR_NAMES {
        return;
    }
    if let Some(name) = (scene.name_of)(user) {
        let text_color = &scene.theme.person_text;
        draw_label(context, &name, x + 12.0, y + 12.0, color, text_color, 160.0);
    }
}
