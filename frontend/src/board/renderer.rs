//! Draws the board on two canvases: tiles on the lower one (`tile_cache`),
//! everything else on the upper one (`overlay`). Draws with
//! `requestAnimationFrame`, and only after something has changed. Also runs the
//! animations of the camera.

use super::{
    animation::CameraAnimation,
    overlay::{self, Forbidden, Scene},
    pins::{self, Pin},
    theme::Theme,
    tile_cache::{Content, OpenTile, TileCache, context_of},
};
use crate::{
    browser::{self, uptime_ms},
    model::{
        camera::{Camera, CameraCommand, Viewport, cell_of},
        comments::Comments,
        tile_store::{Dirty, TileStore},
        tools::Tool,
    },
    session::Session,
    store::{Store, past::Display},
    tools::stroke::ActiveStroke,
};
use leptos::prelude::*;
use shared::{
    canvas::{Coord, EditPolicy, Role},
    pixels::TRANSPARENT,
};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::{Rc, Weak},
};
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement};

/// Width of the toolbar over the left side of the board (not on phones), in
/// units of the page's text size.
const TOOLBAR_WIDTH_REM: f64 = 7.5;
/// The same in a low window, such as on a phone held sideways.
const LOW_TOOLBAR_WIDTH_REM: f64 = 12.75;

/// The two canvases of the board, with what is needed to draw them.
pub struct BoardRenderer {
    store: Store,
    session: Session,
    root: Element,
    base: (HtmlCanvasElement, CanvasRenderingContext2d),
    overlay_canvas: (HtmlCanvasElement, CanvasRenderingContext2d),
    cache: RefCell<TileCache>,
    /// The chunks of the past; empty while the time bar is closed.
    past_cache: RefCell<TileCache>,
    /// What the last frame drew.
    display: Cell<Display>,
    theme: RefCell<Theme>,
    animation: Cell<Option<CameraAnimation>>,
    /// The stroke in progress, with its tile.
    pub stroke: RefCell<Option<(Coord, ActiveStroke)>>,
    /// The cells with open comments.
    commented: RefCell<Vec<(Coord, i64)>>,
    scheduled: Cell<bool>,
    base_dirty: Cell<bool>,
    /// Whether the performance mark of the first complete picture was set.
    is_first_picture_marked: Cell<bool>,
    ratio: Cell<f64>,
}

impl BoardRenderer {
    /// A renderer on two canvases within `root`; none if the browser gives no
    /// 2D context.
    pub fn new(
        store: Store,
        session: Session,
        root: Element,
        base: &HtmlCanvasElement,
        overlay_canvas: &HtmlCanvasElement,
    ) -> Option<Rc<Self>> {
        let theme = Theme::read(&root);
        Some(Rc::new(Self {
            store,
            session,
            base: (base.clone(), context_of(base)?),
            overlay_canvas: (overlay_canvas.clone(), context_of(overlay_canvas)?),
            root,
            cache: RefCell::default(),
            past_cache: RefCell::default(),
            display: Cell::default(),
            theme: RefCell::new(theme),
            animation: Cell::default(),
            stroke: RefCell::default(),
            commented: RefCell::default(),
            scheduled: Cell::default(),
            base_dirty: Cell::new(true),
            is_first_picture_marked: Cell::default(),
            ratio: Cell::new(1.0),
        }))
    }

    /// Adapts the canvases to the size of `root`. `device` is the size of the
    /// canvas in device pixels, where the browser reports it.
    pub fn resize(self: &Rc<Self>, device: Option<(u32, u32)>) {
        let rect = self.root.get_bounding_client_rect();
        let ratio = browser::window().device_pixel_ratio().max(0.5);
        let rounded = (
            device_pixels(rect.width() * ratio),
            device_pixels(rect.height() * ratio),
        );
        // In an emulated screen the reported size can be of another ratio.
        let (width, height) = device
            .filter(|exact| exact.0.abs_diff(rounded.0) <= 1 && exact.1.abs_diff(rounded.1) <= 1)
            .unwrap_or(rounded);
        self.ratio.set(ratio);
        for (canvas, _) in [&self.base, &self.overlay_canvas] {
            // Setting the size clears the canvas, even if it is the same size.
            if (canvas.width(), canvas.height()) != (width, height) {
                canvas.set_width(width);
                canvas.set_height(height);
            }
        }
        let mut previous = self.store.viewport.get_untracked();
        if let Some(animation) = self.animation.get() {
            previous.camera = animation.target();
        }
        self.store.viewport.update(|viewport| {
            viewport.width = rect.width();
            viewport.height = rect.height();
        });
        self.redraw();
        // Keeps the open tile in view when an on-screen keyboard or a panel
        // takes space.
        let grid = self.store.tiles.peek(TileStore::grid);
        if let (Some(grid), Some(at)) = (grid, self.store.editing.get_untracked())
            && previous.contains_tile(&grid, at)
        {
            self.fly_to(CameraCommand::FitTile(at));
        }
    }

    /// Reads again on which cells comments are open.
    pub fn update_comments(self: &Rc<Self>) {
        self.commented
            .replace(self.store.comments.with_untracked(Comments::pins));
        self.refresh();
    }

    /// What stands for open comments; nothing while a tile is open.
    pub fn pins(&self) -> Vec<Pin> {
        let viewport = self.store.viewport.get_untracked();
        match self.store.tiles.peek(TileStore::grid) {
            Some(grid) if self.store.editing.with_untracked(Option::is_none) => {
                pins::pins(&viewport, &grid, &self.commented.borrow())
            }
            _ => Vec::new(),
        }
    }

    /// Reads the colours again, after the theme of the page has changed.
    pub fn retheme(self: &Rc<Self>) {
        self.theme.replace(Theme::read(&self.root));
        self.redraw();
    }

    /// Draws both canvases with the next frame.
    pub fn redraw(self: &Rc<Self>) {
        self.base_dirty.set(true);
        self.refresh();
    }

    /// Draws the overlay with the next frame, and the tiles that changed.
    pub fn refresh(self: &Rc<Self>) {
        if self.scheduled.replace(true) {
            return;
        }
        let this: Weak<Self> = Rc::downgrade(self);
        request_animation_frame(move || {
            if let Some(renderer) = this.upgrade() {
                renderer.scheduled.set(false);
                renderer.frame();
            }
        });
    }

    /// Changes the viewport at once; ends a running animation.
    pub fn update_viewport(&self, change: impl FnOnce(&mut Viewport)) {
        self.animation.set(None);
        self.store.viewport.update(change);
    }

    /// Starts an animation to the camera that the command asks for.
    pub fn fly_to(self: &Rc<Self>, command: CameraCommand) {
        let Some(grid) = self.store.tiles.peek(TileStore::grid) else {
            return;
        };
        let mut viewport = self.store.viewport.get_untracked();
        let from = viewport.camera;
        if let Some(animation) = self.animation.get() {
            // A second command during an animation starts from the target of
            // the first one.
            viewport.camera = animation.target();
        }
        match command {
            CameraCommand::Tile(at) => viewport.camera = viewport.center_on(&grid, at),
            CameraCommand::FitTile(at) => {
                let covered = if browser::is_phone() {
                    0.0
                } else if browser::is_low() {
                    LOW_TOOLBAR_WIDTH_REM
                } else {
                    TOOLBAR_WIDTH_REM
                } * browser::text_size();
                viewport.camera = viewport.fit_tile(&grid, at, covered);
            }
            CameraCommand::Camera(camera) => viewport.camera = camera,
            CameraCommand::Fit => viewport.camera = viewport.fit(&grid),
            CameraCommand::Zoom(factor) => {
                viewport.zoom_at(viewport.width / 2.0, viewport.height / 2.0, factor, &grid);
            }
        }
        viewport.clamp_to(&grid);
        self.move_to(from, viewport.camera);
    }

    /// Starts an animation; without one if the user asked for reduced motion or
    /// the board has no size yet.
    fn move_to(self: &Rc<Self>, from: Camera, to: Camera) {
        if browser::prefers_reduced_motion()
            || self.store.viewport.with_untracked(|v| v.width <= 0.0)
        {
            self.update_viewport(|viewport| viewport.camera = to);
            return;
        }
        self.animation.set(Some(CameraAnimation::new(
            from,
            to,
            browser::monotonic_ms(),
        )));
        self.refresh();
    }

    /// Draws one frame: advances the animation, repaints changed chunks, draws
    /// the overlay.
    fn frame(self: &Rc<Self>) {
        if let Some(animation) = self.animation.get() {
            let (camera, arrived) = animation.at(browser::monotonic_ms());
            self.store
                .viewport
                .update(|viewport| viewport.camera = camera);
            self.animation.set((!arrived).then_some(animation));
            self.base_dirty.set(true);
        }
        let needs_frame = self.draw_tiles() | self.animation.get().is_some();
        let viewport = self.store.viewport.get_untracked();
        if self.draw_overlay(viewport) || needs_frame {
            self.refresh();
        }
    }

    /// Draws the tiles, where anything of them changed. Returns whether another
    /// frame is needed for them.
    fn draw_tiles(&self) -> bool {
        let (store, past) = (self.store, self.store.past);
        let display = past.display.get_untracked();
        if self.display.replace(display) != display {
            self.base_dirty.set(true);
        }
        let mut cache = self.cache.borrow_mut();
        let mut past_cache = self.past_cache.borrow_mut();
        if !past.is_open.get_untracked() && !past_cache.is_empty() {
            *past_cache = TileCache::default();
        }
        store.canvas.with_untracked(|canvas| {
            if let Some(canvas) = canvas {
                cache.set_palette(&canvas.palette);
                past_cache.set_palette(&canvas.palette);
            }
        });
        let dirty = store.tiles.take_dirty();
        let is_live_changed = store.tiles.peek(|tiles| cache.repaint(&dirty, tiles));
        match display {
            Display::Live => {
                if !(is_live_changed | self.base_dirty.take()) {
                    return false;
                }
                let ghost = store.ghost.get_untracked();
                let open = OpenTile {
                    editing: store.editing.get_untracked(),
                    ghost: ghost.as_ref(),
                };
                store.tiles.peek(|tiles| {
                    let is_complete = self.draw_base(&mut cache, Content::Tiles(tiles), open);
                    if is_complete
                        && tiles.grid().is_some()
                        && !self.is_first_picture_marked.replace(true)
                    {
                        mark_first_picture();
                    }
                    !is_complete
                })
            }
            Display::Tiles => {
                let mut dirty = Dirty::Nothing;
                past.tiles
                    .update_untracked(|tiles| dirty = tiles.take_dirty());
                past.tiles.with_untracked(|tiles| {
                    if !(past_cache.repaint(&dirty, tiles) | self.base_dirty.take()) {
                        return false;
                    }
                    !self.draw_base(&mut past_cache, Content::Tiles(tiles), OpenTile::default())
                })
            }
            Display::Picture(seq) => {
                let Some(grid) = store.tiles.peek(TileStore::grid) else {
                    return false;
                };
                store.overviews.with_untracked(|all| {
                    if let (Some(picture), true) = (all.get(&seq), self.base_dirty.take()) {
                        let content = Content::Picture(grid, picture);
                        self.draw_base(&mut past_cache, content, OpenTile::default());
                    }
                });
                false
            }
        }
    }

    /// Draws the lower canvas. Returns false if chunks are still missing.
    fn draw_base(&self, cache: &mut TileCache, content: Content<'_>, open: OpenTile<'_>) -> bool {
        let viewport = self.store.viewport.get_untracked();
        let is_complete = cache.draw(
            &self.base.1,
            &viewport,
            self.ratio.get(),
            (content, open),
            &self.theme.borrow(),
            browser::monotonic_ms,
        );
        if !is_complete {
            self.base_dirty.set(true);
        }
        is_complete
    }

    /// Draws the overlay. Returns whether it needs another frame.
    fn draw_overlay(&self, viewport: Viewport) -> bool {
        let store = self.store;
        if store.past.is_shown.get_untracked() {
            return self.draw_past_overlay(viewport);
        }
        let cache = self.cache.borrow();
        let palette = cache.palette();
        let editing = store.editing.get_untracked();
        let tools = store.tools.get_untracked();
        let preview = self
            .stroke
            .borrow()
            .as_ref()
            .map(|(_, stroke)| stroke.preview())
            .unwrap_or_default();
        let cell = |(x, y): (i32, i32)| {
            let grid = store.tiles.peek(TileStore::grid)?;
            Some((cell_of(&grid, x, y)?, grid))
        };
        let pointer_hit = store
            .pointer
            .get_untracked()
            .and_then(|spot| Some((spot, cell(spot)?)));
        let hovered = pointer_hit.map(|(_, (at, _))| at);
        let pixel_under_pointer = pointer_hit.and_then(|((x, y), (at, grid))| {
            let inside = Some(at) == editing;
            inside.then(|| (x - at.x * grid.tile_size, y - at.y * grid.tile_size))
        });
        // The policy `own` does not apply to moderators and the owner.
        let policy = store
            .canvas
            .with_untracked(|canvas| canvas.as_ref().map(|canvas| canvas.edit_policy));
        let in_tiles_of_others = policy == Some(EditPolicy::Own)
            && store.me.with_untracked(|me| {
                let role = me.as_ref().map(|me| me.role);
                role == Some(Role::Editor)
            });
        let theme = self.theme.borrow();
        let editors = store.people.peek_editors();
        let painters = store.painters.get_untracked();
        let marked = store.marked.get_untracked();
        let pins = self.pins();
        store.tiles.peek(|tiles| {
            store.cursors.with_untracked(|cursors| {
                store.highlights.with_untracked(|highlights| {
                    store.locks.with_untracked(|locks| {
                        let scene = Scene {
                            viewport,
                            ratio: self.ratio.get(),
                            now: uptime_ms(),
                            reduced_motion: browser::prefers_reduced_motion(),
                            tiles,
                            palette,
                            theme: &theme,
                            editing,
                            selected: store.selected.get_untracked(),
                            hovered,
                            pen: pixel_under_pointer.or(store.pen.get_untracked()),
                            color: if tools.tool == Tool::Eraser {
                                TRANSPARENT
                            } else {
                                tools.primary
                            },
                            preview: &preview,
                            editors: &editors,
                            name_of: &|user| store.names.peek(user),
                            me: store
                                .me
                                .with_untracked(|me| me.as_ref().map(|me| me.user_id)),
                            cursors,
                            highlights,
                            locks,
                            locks_own: policy == Some(EditPolicy::Exclusive),
                            forbidden: Forbidden {
                                in_tiles_of_others,
                                hovered: hovered
                                    .is_some_and(|at| self.session.may_not(at).is_some()),
                            },
                            painters: painters.as_ref(),
                            pointer: store.pointer.get_untracked(),
                            area: store.area.get_untracked().area,
                            marked: &marked,
                            pins: &pins,
                        };
                        overlay::draw(&self.overlay_canvas.1, &scene)
                    })
                })
            })
        })
    }

    /// Draws the overlay of the past: nobody is there, but who made the last
    /// change is shown at its tile.
    fn draw_past_overlay(&self, viewport: Viewport) -> bool {
        let store = self.store;
        let theme = self.theme.borrow();
        let grid = store.tiles.peek(TileStore::grid);
        let hovered = store
            .pointer
            .get_untracked()
            .zip(grid)
            .and_then(|((x, y), grid)| cell_of(&grid, x, y));
        let change = store
            .past
            .moment
            .get_untracked()
            .and_then(|moment| moment.change);
        let editors: Vec<_> = change
            .map(|change| (change.actor, change.at))
            .into_iter()
            .collect();
        let marked = store.marked.get_untracked();
        let draw = |tiles: &TileStore| {
            store.highlights.with_untracked(|highlights| {
                let scene = Scene {
                    viewport,
                    ratio: self.ratio.get(),
                    now: uptime_ms(),
                    reduced_motion: browser::prefers_reduced_motion(),
                    tiles,
                    palette: &[],
                    theme: &theme,
                    editing: None,
                    selected: store.selected.get_untracked(),
                    hovered,
                    pen: None,
                    color: TRANSPARENT,
                    preview: &[],
                    editors: &editors,
                    name_of: &|user| store.names.peek(user),
                    me: None,
                    cursors: &HashMap::new(),
                    highlights,
                    locks: &[],
                    locks_own: false,
                    forbidden: Forbidden::default(),
                    painters: None,
                    pointer: None,
                    area: store.area.get_untracked().area,
                    marked: &marked,
                    pins: &[],
                };
                overlay::draw(&self.overlay_canvas.1, &scene)
            })
        };
        if store.past.display.get_untracked() == Display::Tiles {
            store.past.tiles.with_untracked(draw)
        } else {
            // Without captions: a picture has no tiles.
            let mut tiles = TileStore::default();
            if let Some(grid) = grid {
                tiles.load(grid, Vec::new());
            }
            draw(&tiles)
        }
    }
}

/// Sets the performance mark `board-picture`, which the benchmarks wait for:
/// all tiles in view are drawn for the first time.
fn mark_first_picture() {
    if let Some(performance) = browser::window().performance() {
        // Fails only for names reserved by the browser.
        let _ = performance.mark("board-picture");
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a screen's size; the cast saturates"
)]
fn device_pixels(pixels: f64) -> u32 {
    pixels.round() as u32
}
