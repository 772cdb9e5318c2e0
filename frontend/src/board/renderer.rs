//! What is on screen: two canvases, redrawn when something changed and never
//! otherwise. The lower one is the board's picture, the upper one everything
//! that moves over it.

use super::{
    animation::CameraAnimation,
    overlay::{self, Forbidden, Scene},
    theme::Theme,
    tile_cache::{TileCache, context_of},
};
use crate::{
    browser::{self, now_ms},
    model::{
        camera::{Camera, CameraCommand, Viewport},
        tile_store::TileStore,
        tools::Tool,
    },
    session::Session,
    store::Store,
    tools::stroke::ActiveStroke,
};
use leptos::prelude::*;
use shared::{
    canvas::{Coord, EditPolicy, Role},
    pixels::TRANSPARENT,
};
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement};

/// CSS pixels at the left that the tools cover, but on a phone.
const TOOLS: f64 = 120.0;

/// The board on screen.
pub struct BoardRenderer {
    store: Store,
    session: Session,
    root: Element,
    base: (HtmlCanvasElement, CanvasRenderingContext2d),
    over: (HtmlCanvasElement, CanvasRenderingContext2d),
    cache: RefCell<TileCache>,
    theme: RefCell<Theme>,
    animation: Cell<Option<CameraAnimation>>,
    /// The tool at work, with the tile it works in.
    pub stroke: RefCell<Option<(Coord, ActiveStroke)>>,
    scheduled: Cell<bool>,
    base_dirty: Cell<bool>,
    /// Whether the whole picture was ever there.
    pictured: Cell<bool>,
    ratio: Cell<f64>,
}

impl BoardRenderer {
    /// A stage on two canvases within `root`; none where the browser cannot
    /// draw on them.
    pub fn new(
        store: Store,
        session: Session,
        root: Element,
        base: &HtmlCanvasElement,
        over: &HtmlCanvasElement,
    ) -> Option<Rc<Self>> {
        let theme = Theme::read(&root);
        Some(Rc::new(Self {
            store,
            session,
            base: (base.clone(), context_of(base)?),
            over: (over.clone(), context_of(over)?),
            root,
            cache: RefCell::default(),
            theme: RefCell::new(theme),
            animation: Cell::default(),
            stroke: RefCell::default(),
            scheduled: Cell::default(),
            base_dirty: Cell::new(true),
            pictured: Cell::default(),
            ratio: Cell::new(1.0),
        }))
    }

    /// Takes the size that the page gives it; `device` are width and height
    /// in device pixels, where the browser tells them.
    pub fn resize(self: &Rc<Self>, device: Option<(u32, u32)>) {
        let rect = self.root.get_bounding_client_rect();
        let ratio = browser::window().device_pixel_ratio().max(0.5);
        let rounded = (
            device_pixels(rect.width() * ratio),
            device_pixels(rect.height() * ratio),
        );
        // An emulated screen has another ratio than the one it is shown on.
        let (width, height) = device
            .filter(|exact| exact.0.abs_diff(rounded.0) <= 1 && exact.1.abs_diff(rounded.1) <= 1)
            .unwrap_or(rounded);
        self.ratio.set(ratio);
        for (canvas, _) in [&self.base, &self.over] {
            // Setting it clears the canvas, even to what it is.
            if (canvas.width(), canvas.height()) != (width, height) {
                canvas.set_width(width);
                canvas.set_height(height);
            }
        }
        let mut old = self.store.viewport.get_untracked();
        if let Some(animation) = self.animation.get() {
            old.camera = animation.target();
        }
        self.store.viewport.update(|viewport| {
            viewport.width = rect.width();
            viewport.height = rect.height();
        });
        self.redraw();
        // The open tile stays whole when a keyboard or a panel takes room.
        let grid = self.store.tiles.with_untracked(TileStore::grid);
        if let (Some(grid), Some(at)) = (grid, self.store.editing.get_untracked())
            && old.holds(&grid, at)
        {
            self.fly(CameraCommand::Fill(at));
        }
    }

    /// The colours of the page changed.
    pub fn retheme(self: &Rc<Self>) {
        self.theme.replace(Theme::read(&self.root));
        self.redraw();
    }

    /// Draws everything with the next frame.
    pub fn redraw(self: &Rc<Self>) {
        self.base_dirty.set(true);
        self.refresh();
    }

    /// Draws what lies over the board with the next frame, and the board
    /// itself where a tile changed.
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

    /// Moves the view by hand: at once, and ends any flight.
    pub fn steer(&self, act: impl FnOnce(&mut Viewport)) {
        self.animation.set(None);
        self.store.viewport.update(act);
    }

    /// Flies somewhere.
    pub fn fly(self: &Rc<Self>, command: CameraCommand) {
        let Some(grid) = self.store.tiles.with_untracked(TileStore::grid) else {
            return;
        };
        let mut viewport = self.store.viewport.get_untracked();
        let from = viewport.camera;
        if let Some(animation) = self.animation.get() {
            // A second step follows where the first one leads.
            viewport.camera = animation.target();
        }
        match command {
            CameraCommand::Tile(at) => viewport.camera = viewport.near(&grid, at),
            CameraCommand::Fill(at) => {
                let covered = if browser::is_phone() { 0.0 } else { TOOLS };
                viewport.camera = viewport.fill(&grid, at, covered);
            }
            CameraCommand::Camera(camera) => viewport.camera = camera,
            CameraCommand::Fit => viewport.camera = viewport.fit(&grid),
            CameraCommand::Zoom(factor) => {
                viewport.zoom_at(viewport.width / 2.0, viewport.height / 2.0, factor, &grid);
            }
        }
        viewport.settle(&grid);
        self.move_to(from, viewport.camera);
    }

    fn move_to(self: &Rc<Self>, from: Camera, to: Camera) {
        if browser::prefers_reduced_motion()
            || self.store.viewport.with_untracked(|v| v.width <= 0.0)
        {
            self.steer(|viewport| viewport.camera = to);
            return;
        }
        self.animation
            .set(Some(CameraAnimation::new(from, to, frame_time())));
        self.refresh();
    }

    fn frame(self: &Rc<Self>) {
        if let Some(animation) = self.animation.get() {
            let (camera, arrived) = animation.at(frame_time());
            self.store
                .viewport
                .update(|viewport| viewport.camera = camera);
            self.animation.set((!arrived).then_some(animation));
            self.base_dirty.set(true);
        }
        let dirty = self
            .store
            .tiles
            .try_update_untracked(TileStore::take_dirty)
            .unwrap_or_default();
        let mut cache = self.cache.borrow_mut();
        self.store.canvas.with_untracked(|canvas| {
            if let Some(canvas) = canvas {
                cache.recolor(&canvas.palette);
            }
        });
        let viewport = self.store.viewport.get_untracked();
        let theme = self.theme.borrow();
        let mut again = self.animation.get().is_some();
        let open = self.store.editing.get_untracked();
        self.store.tiles.with_untracked(|tiles| {
            if cache.mend(&dirty, tiles) || self.base_dirty.take() {
                let context = &self.base.1;
                let ratio = self.ratio.get();
                let complete =
                    cache.draw(context, &viewport, ratio, (tiles, open), &theme, frame_time);
                if !complete {
                    self.base_dirty.set(true);
                    again = true;
                } else if tiles.grid().is_some() && !self.pictured.replace(true) {
                    mark_picture();
                }
            }
        });
        drop(theme);
        again |= self.draw_over(viewport, cache.palette());
        drop(cache);
        if again {
            self.refresh();
        }
    }

    fn draw_over(&self, viewport: Viewport, palette: &[String]) -> bool {
        let store = self.store;
        let editing = store.editing.get_untracked();
        let tools = store.tools.get_untracked();
        let preview = self
            .stroke
            .borrow()
            .as_ref()
            .map(|(_, stroke)| stroke.preview())
            .unwrap_or_default();
        let cell = |(x, y): (i32, i32)| {
            let grid = store.tiles.with_untracked(TileStore::grid)?;
            let at = Coord {
                x: x.div_euclid(grid.tile_size),
                y: y.div_euclid(grid.tile_size),
            };
            grid.contains(at).then_some((at, grid))
        };
        let pointed = store
            .pointer
            .get_untracked()
            .and_then(|spot| Some((spot, cell(spot)?)));
        let hovered = pointed.map(|(_, (at, _))| at);
        let under = pointed.and_then(|((x, y), (at, grid))| {
            let inside = Some(at) == editing;
            inside.then(|| (x - at.x * grid.tile_size, y - at.y * grid.tile_size))
        });
        // Moderators and the owner draw everywhere.
        let policy = store
            .canvas
            .with_untracked(|canvas| canvas.as_ref().map(|canvas| canvas.edit_policy));
        let of_others = policy == Some(EditPolicy::Own)
            && store.me.with_untracked(|me| {
                let role = me.as_ref().map(|me| me.role);
                role == Some(Role::Editor)
            });
        let theme = self.theme.borrow();
        let editors = store.people.peek_editors();
        store.tiles.with_untracked(|tiles| {
            store.cursors.with_untracked(|cursors| {
                store.highlights.with_untracked(|highlights| {
                    store.locks.with_untracked(|locks| {
                        let scene = Scene {
                            viewport,
                            ratio: self.ratio.get(),
                            now: now_ms(),
                            still: browser::prefers_reduced_motion(),
                            tiles,
                            palette,
                            theme: &theme,
                            editing,
                            selected: store.selected.get_untracked(),
                            hovered,
                            pen: under.or(store.pen.get_untracked()),
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
                                of_others,
                                hovered: hovered
                                    .is_some_and(|at| self.session.may_not(at).is_some()),
                            },
                        };
                        overlay::draw(&self.over.1, &scene)
                    })
                })
            })
        })
    }
}

/// For whoever measures: the whole picture is there for the first time.
fn mark_picture() {
    if let Some(performance) = browser::window().performance() {
        // Fails only for names that browsers use themselves.
        let _ = performance.mark("board-picture");
    }
}

/// Milliseconds on the clock of animation.
fn frame_time() -> f64 {
    browser::window()
        .performance()
        .map_or(0.0, |performance| performance.now())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a screen's size; saturates, which is meant"
)]
fn device_pixels(pixels: f64) -> u32 {
    pixels.round() as u32
}
