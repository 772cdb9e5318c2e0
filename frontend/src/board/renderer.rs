//! Draws the board on two canvases: tiles on the lower one (`tile_cache`),
//! everything else on the upper one (`overlay`). Draws with
//! `requestAnimationFrame`, and only after something has changed; `frame` has
//! what a frame consists of. Also runs the animations of the camera.

mod frame;

use super::{
    animation::CameraAnimation,
    pins::{self, Pin},
    theme::Theme,
    tile_cache::{TileCache, context_of},
};
use crate::{
    browser,
    model::{
        camera::{Camera, CameraCommand, Viewport},
        comments::Comments,
        tile_store::TileStore,
    },
    session::Session,
    store::{Store, past::Display},
    tools::stroke::ActiveStroke,
};
use leptos::prelude::*;
use shared::canvas::Coord;
use std::{
    cell::{Cell, RefCell},
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
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a screen's size; the cast saturates"
)]
fn device_pixels(pixels: f64) -> u32 {
    pixels.round() as u32
}
