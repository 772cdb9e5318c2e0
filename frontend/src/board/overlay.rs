//! What lies over the board's picture: the open tile's grid, frames, names,
//! pointers, likes and pulses. Redrawn whole; it is little.

use super::theme::Theme;
use crate::{
    i18n::board::creator_name,
    model::{
        camera::Viewport,
        people::{self, Cursor, Highlight},
        tile_store::TileStore,
    },
};
use shared::{
    canvas::{Coord, Grid},
    ids::UserId,
    pixels::{PixelEdit, TRANSPARENT},
    protocol::Lock,
};
use std::{
    collections::HashMap,
    f64::consts::{PI, TAU},
};
use web_sys::CanvasRenderingContext2d;

/// CSS pixels of a board pixel from which on lines between pixels are drawn.
const PIXEL_GRID_FROM: f64 = 5.0;
/// CSS pixels of a tile from which on names are shown.
const NAME_FROM: f64 = 56.0;
/// CSS pixels of a tile from which on likes and creators are shown.
const CAPTION_FROM: f64 = 240.0;
/// CSS pixels of a tile from which on its padlock is shown.
const PADLOCK_FROM: f64 = 24.0;
/// CSS pixels of a board pixel from which on pointers have names.
const CURSOR_NAME_FROM: f64 = 1.0;

/// Everything that the overlay shows.
pub struct Scene<'a> {
    /// Where the view looks.
    pub viewport: Viewport,
    /// Device pixels for one CSS pixel.
    pub ratio: f64,
    /// Milliseconds since 1970.
    pub now: i64,
    /// Nothing moves by itself.
    pub still: bool,
    /// The tiles.
    pub tiles: &'a TileStore,
    /// The palette.
    pub palette: &'a [String],
    /// Colours of everything else.
    pub theme: &'a Theme,
    /// The open tile.
    pub editing: Option<Coord>,
    /// The selected cell.
    pub selected: Option<Coord>,
    /// The cell under the pointer.
    pub hovered: Option<Coord>,
    /// The pixel of the open tile that the tool would touch.
    pub pen: Option<(i32, i32)>,
    /// The colour in the hand.
    pub color: u8,
    /// Dots of a shape that is not done.
    pub preview: &'a [PixelEdit],
    /// Who draws in which tile, sorted by name.
    pub editors: &'a [(UserId, Coord)],
    /// The display name of a user, if known.
    pub name_of: &'a dyn Fn(UserId) -> Option<String>,
    /// This user.
    pub me: Option<UserId>,
    /// Other people's pointers.
    pub cursors: &'a HashMap<UserId, Cursor>,
    /// Tiles that are pointed at.
    pub highlights: &'a [Highlight],
    /// Locked tiles.
    pub locks: &'a [Lock],
    /// The open tile is locked for this user.
    pub locks_own: bool,
    /// Where this user may not draw.
    pub forbidden: Forbidden,
}

/// Where one may not draw, so that it is seen before one tries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forbidden {
    /// In tiles that others started.
    pub of_others: bool,
    /// In the cell under the pointer.
    pub hovered: bool,
}

/// Draws the scene. True if something in it moves by itself.
pub fn draw(context: &CanvasRenderingContext2d, scene: &Scene<'_>) -> bool {
    let Viewport { width, height, .. } = scene.viewport;
    let ratio = scene.ratio;
    // Sets what nothing can be wrong with.
    let _ = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
    context.clear_rect(0.0, 0.0, width, height);
    let Some(grid) = scene.tiles.grid() else {
        return false;
    };
    context.set_font("600 12px system-ui, sans-serif");
    context.set_text_baseline("middle");
    if let Some(at) = scene.editing {
        open_tile(context, scene, &grid, at);
    }
    captions(context, scene, &grid);
    if scene.editing.is_none()
        && let Some(at) = scene.hovered
    {
        context.set_global_alpha(0.55);
        frame(context, scene, &grid, at, &scene.theme.text, 1.0);
        context.set_global_alpha(1.0);
        if scene.forbidden.hovered {
            padlock(context, scene, &grid, at, &scene.theme.text);
        }
    }
    if let Some(at) = scene.selected.filter(|at| Some(*at) != scene.editing) {
        frame(context, scene, &grid, at, &scene.theme.own, 2.0);
    }
    editors(context, scene, &grid);
    if let Some(at) = scene.editing {
        frame(context, scene, &grid, at, &scene.theme.own, 2.0);
        if scene.locks_own {
            padlock(context, scene, &grid, at, &scene.theme.own);
        }
    }
    for lock in scene.locks {
        let at = Coord {
            x: lock.tile_x,
            y: lock.tile_y,
        };
        let mine = Some(lock.user_id) == scene.me;
        let ink = if mine {
            &scene.theme.own
        } else {
            people::person_color(lock.user_id)
        };
        padlock(context, scene, &grid, at, ink);
    }
    for highlight in scene.highlights {
        ring(context, scene, &grid, highlight);
    }
    for (user, cursor) in scene.cursors {
        if Some(*user) != scene.me {
            pointer(context, scene, *user, *cursor);
        }
    }
    !scene.still && !scene.highlights.is_empty()
}

fn is_seen(scene: &Scene<'_>, x: f64, y: f64, side: f64) -> bool {
    x < scene.viewport.width && y < scene.viewport.height && x + side > 0.0 && y + side > 0.0
}

/// A frame around a tile; nothing if it is out of view.
fn frame(
    context: &CanvasRenderingContext2d,
    scene: &Scene<'_>,
    grid: &Grid,
    at: Coord,
    color: &str,
    width: f64,
) -> Option<(f64, f64, f64)> {
    let (x, y, side) = scene.viewport.tile_rect(grid, at);
    if !is_seen(scene, x, y, side) {
        return None;
    }
    context.set_stroke_style_str(color);
    context.set_line_width(width);
    let out = width / 2.0;
    context.stroke_rect(x - out, y - out, side + width, side + width);
    Some((x, y, side))
}

fn open_tile(context: &CanvasRenderingContext2d, scene: &Scene<'_>, grid: &Grid, at: Coord) {
    let (x, y, side) = scene.viewport.tile_rect(grid, at);
    let Viewport { width, height, .. } = scene.viewport;
    context.set_fill_style_str(&scene.theme.veil);
    context.fill_rect(0.0, 0.0, width, y.max(0.0));
    context.fill_rect(0.0, y + side, width, (height - y - side).max(0.0));
    context.fill_rect(0.0, y, x.max(0.0), side);
    context.fill_rect(x + side, y, (width - x - side).max(0.0), side);

    let zoom = scene.viewport.camera.zoom;
    let spot = |index: i32| {
        let (column, row) = (index % grid.tile_size, index / grid.tile_size);
        (x + f64::from(column) * zoom, y + f64::from(row) * zoom)
    };
    for &PixelEdit(index, color) in scene.preview {
        let (dx, dy) = spot(i32::from(index));
        context.set_fill_style_str(paint(scene, color));
        context.fill_rect(dx, dy, zoom, zoom);
    }
    if zoom >= PIXEL_GRID_FROM {
        context.set_fill_style_str(&scene.theme.grid);
        context.set_global_alpha(((zoom - PIXEL_GRID_FROM) / 6.0).min(0.8));
        let thin = 1.0 / scene.ratio;
        for line in 1..grid.tile_size {
            let offset = f64::from(line) * zoom;
            context.fill_rect(x + offset, y, thin, side);
            context.fill_rect(x, y + offset, side, thin);
        }
        context.set_global_alpha(1.0);
    }
    if let Some((column, row)) = scene.pen {
        let (px, py) = (x + f64::from(column) * zoom, y + f64::from(row) * zoom);
        context.set_global_alpha(0.6);
        context.set_fill_style_str(paint(scene, scene.color));
        context.fill_rect(px, py, zoom, zoom);
        context.set_global_alpha(1.0);
        context.set_line_width(1.5);
        context.set_stroke_style_str("#000");
        context.stroke_rect(px, py, zoom, zoom);
        context.set_stroke_style_str("#fff");
        context.stroke_rect(px + 1.5, py + 1.5, zoom - 3.0, zoom - 3.0);
    }
}

fn paint<'a>(scene: &'a Scene<'_>, color: u8) -> &'a str {
    if color == TRANSPARENT {
        return &scene.theme.paper;
    }
    scene
        .palette
        .get(usize::from(color))
        .map_or("#000", String::as_str)
}

/// Creators and likes, close up.
fn captions(context: &CanvasRenderingContext2d, scene: &Scene<'_>, grid: &Grid) {
    let side = f64::from(grid.tile_size) * scene.viewport.camera.zoom;
    if side < CAPTION_FROM {
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
            if scene.forbidden.of_others && Some(tile.state.creator_id) != scene.me {
                padlock(context, scene, grid, at, &scene.theme.text);
            }
            let name = (scene.name_of)(tile.state.creator_id);
            let mut text = creator_name(name.as_deref(), &tile.creator).to_owned();
            if tile.state.like_count > 0 {
                text = format!("{text}  ♥ {}", tile.state.like_count);
            }
            if !text.is_empty() {
                plate(
                    context,
                    &text,
                    left + 4.0,
                    top + side - 22.0,
                    &scene.theme.plate,
                    &scene.theme.text,
                    side - 8.0,
                );
            }
        }
    }
}

/// Frames with names where people draw.
fn editors(context: &CanvasRenderingContext2d, scene: &Scene<'_>, grid: &Grid) {
    let mut names: HashMap<Coord, f64> = HashMap::new();
    for &(user, at) in scene.editors {
        // One's own other tab is shown like anybody else.
        if Some(user) == scene.me && Some(at) == scene.editing {
            continue;
        }
        let color = people::person_color(user);
        let Some((x, y, side)) = frame(context, scene, grid, at, color, 2.0) else {
            continue;
        };
        if side >= NAME_FROM {
            let left = names.entry(at).or_insert(x);
            let ink = &scene.theme.person_ink;
            let width = plate(
                context,
                &(scene.name_of)(user).unwrap_or_default(),
                *left,
                y - 22.0,
                color,
                ink,
                180.0,
            );
            *left += width + 2.0;
        }
    }
}

fn padlock(
    context: &CanvasRenderingContext2d,
    scene: &Scene<'_>,
    grid: &Grid,
    at: Coord,
    ink: &str,
) {
    let (x, y, side) = scene.viewport.tile_rect(grid, at);
    if side < PADLOCK_FROM || !is_seen(scene, x, y, side) {
        return;
    }
    let (cx, cy) = (x + side - 14.0, y + 14.0);
    context.set_fill_style_str(&scene.theme.plate);
    circle(context, cx, cy, 10.0);
    context.fill();
    context.set_fill_style_str(ink);
    context.fill_rect(cx - 4.0, cy - 0.5, 8.0, 5.5);
    context.set_stroke_style_str(ink);
    context.set_line_width(1.5);
    context.begin_path();
    let _ = context.arc(cx, cy - 1.0, 2.75, PI, TAU);
    context.stroke();
}

fn ring(context: &CanvasRenderingContext2d, scene: &Scene<'_>, grid: &Grid, highlight: &Highlight) {
    let (x, y, side) = scene.viewport.tile_rect(grid, highlight.at);
    if scene.now >= highlight.ends_at || !is_seen(scene, x - 40.0, y - 40.0, side + 80.0) {
        return;
    }
    let color = highlight
        .by
        .as_ref()
        .map_or(scene.theme.own.as_str(), |(user, _)| {
            people::person_color(*user)
        });
    frame(context, scene, grid, highlight.at, color, 3.0);
    if !scene.still {
        let age = i32::try_from(scene.now - highlight.started_at).unwrap_or_default();
        let part = f64::from(age.rem_euclid(1_000)) / 1_000.0;
        let grow = 4.0 + part * 28.0;
        context.set_global_alpha(1.0 - part);
        context.set_line_width(3.0);
        context.stroke_rect(x - grow, y - grow, side + 2.0 * grow, side + 2.0 * grow);
        context.set_global_alpha(1.0);
    }
    let text = match (&highlight.by, highlight.message.as_str()) {
        (Some((_, name)), "") => name.clone(),
        (Some((_, name)), message) => format!("{name}: {message}"),
        (None, _) => return,
    };
    let ink = &scene.theme.person_ink;
    plate(context, &text, x, y - 26.0, color, ink, 260.0);
}

fn pointer(context: &CanvasRenderingContext2d, scene: &Scene<'_>, user: UserId, cursor: Cursor) {
    let (x, y) = scene.viewport.to_screen(cursor.x, cursor.y);
    if !is_seen(scene, x, y, 16.0) {
        return;
    }
    let color = people::person_color(user);
    context.set_fill_style_str(color);
    context.set_stroke_style_str(&scene.theme.person_ink);
    context.set_line_width(1.0);
    context.begin_path();
    context.move_to(x, y);
    context.line_to(x + 4.5, y + 14.0);
    context.line_to(x + 7.5, y + 8.5);
    context.line_to(x + 13.5, y + 6.5);
    context.close_path();
    context.fill();
    context.stroke();
    if scene.viewport.camera.zoom < CURSOR_NAME_FROM {
        return;
    }
    if let Some(name) = (scene.name_of)(user) {
        let ink = &scene.theme.person_ink;
        plate(context, &name, x + 12.0, y + 12.0, color, ink, 160.0);
    }
}

/// A line of text on a rounded plate; gives its width.
fn plate(
    context: &CanvasRenderingContext2d,
    text: &str,
    x: f64,
    y: f64,
    ground: &str,
    ink: &str,
    most: f64,
) -> f64 {
    let width = context
        .measure_text(text)
        .map_or(0.0, |measure| measure.width())
        .min(most - 10.0)
        .max(0.0);
    context.set_fill_style_str(ground);
    context.begin_path();
    // Fails only for a negative radius.
    let _ = context.round_rect_with_f64(x, y, width + 10.0, 18.0, 4.0);
    context.fill();
    context.set_fill_style_str(ink);
    let _ = context.fill_text_with_max_width(text, x + 5.0, y + 9.5, width.max(1.0));
    width + 10.0
}

fn circle(context: &CanvasRenderingContext2d, x: f64, y: f64, radius: f64) {
    context.begin_path();
    let _ = context.arc(x, y, radius, 0.0, TAU);
}
