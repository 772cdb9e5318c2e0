//! What is on screen: two canvases, redrawn when something changed and never
//! otherwise. The lower one is the board's picture, the upper one everything
//! that moves over it.

use super::{
    camera::{Camera, View},
    flight::Motion,
    layers::{Layers, context_of},
    overlay::{self, Forbidden, Scene},
    theme::Theme,
};
use crate::{
    browser::{self, now_ms},
    session::{Session, book::Book},
    store::{Flight, Store},
    tools::{Tool, hand::Hand},
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
pub struct Stage {
    store: Store,
    session: Session,
    root: Element,
    base: (HtmlCanvasElement, CanvasRenderingContext2d),
    over: (HtmlCanvasElement, CanvasRenderingContext2d),
    layers: RefCell<Layers>,
    theme: RefCell<Theme>,
    motion: Cell<Option<Motion>>,
    /// The tool at work, with the tile it works in.
    pub hand: RefCell<Option<(Coord, Hand)>>,
    scheduled: Cell<bool>,
    base_dirty: Cell<bool>,
    /// Whether the whole picture was ever there.
    pictured: Cell<bool>,
    ratio: Cell<f64>,
}

impl Stage {
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
            layers: RefCell::default(),
            theme: RefCell::new(theme),
            motion: Cell::default(),
            hand: RefCell::default(),
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
        let mut old = self.store.view.get_untracked();
        if let Some(motion) = self.motion.get() {
            old.camera = motion.target();
        }
        self.store.view.update(|view| {
            view.width = rect.width();
            view.height = rect.height();
        });
        self.redraw();
        // The open tile stays whole when a keyboard or a panel takes room.
        let grid = self.store.book.with_untracked(Book::grid);
        if let (Some(grid), Some(at)) = (grid, self.store.editing.get_untracked())
            && old.holds(&grid, at)
        {
            self.fly(Flight::Fill(at));
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
            if let Some(stage) = this.upgrade() {
                stage.scheduled.set(false);
                stage.frame();
            }
        });
    }

    /// Moves the view by hand: at once, and ends any flight.
    pub fn steer(&self, act: impl FnOnce(&mut View)) {
        self.motion.set(None);
        self.store.view.update(act);
    }

    /// Flies somewhere.
    pub fn fly(self: &Rc<Self>, flight: Flight) {
        let Some(grid) = self.store.book.with_untracked(Book::grid) else {
            return;
        };
        let mut view = self.store.view.get_untracked();
        let from = view.camera;
        if let Some(motion) = self.motion.get() {
            // A second step follows where the first one leads.
            view.camera = motion.target();
        }
        match flight {
            Flight::Tile(at) => view.camera = view.near(&grid, at),
            Flight::Fill(at) => {
                let covered = if browser::is_phone() { 0.0 } else { TOOLS };
                view.camera = view.fill(&grid, at, covered);
            }
            Flight::Camera(camera) => view.camera = camera,
            Flight::Fit => view.camera = view.fit(&grid),
            Flight::Zoom(factor) => {
                view.zoom_at(view.width / 2.0, view.height / 2.0, factor, &grid);
            }
        }
        view.settle(&grid);
        self.move_to(from, view.camera);
    }

    fn move_to(self: &Rc<Self>, from: Camera, to: Camera) {
        if browser::prefers_reduced_motion() || self.store.view.with_untracked(|v| v.width <= 0.0) {
            self.steer(|view| view.camera = to);
            return;
        }
        self.motion.set(Some(Motion::new(from, to, frame_time())));
        self.refresh();
    }

    fn frame(self: &Rc<Self>) {
        if let Some(motion) = self.motion.get() {
            let (camera, arrived) = motion.at(frame_time());
            self.store.view.update(|view| view.camera = camera);
            self.motion.set((!arrived).then_some(motion));
            self.base_dirty.set(true);
        }
        let dirty = self
            .store
            .book
            .try_update_untracked(Book::take_dirty)
            .unwrap_or_default();
        let mut layers = self.layers.borrow_mut();
        self.store.canvas.with_untracked(|canvas| {
            if let Some(canvas) = canvas {
                layers.recolor(&canvas.palette);
            }
        });
        let view = self.store.view.get_untracked();
        let theme = self.theme.borrow();
        let mut again = self.motion.get().is_some();
        let open = self.store.editing.get_untracked();
        self.store.book.with_untracked(|book| {
            if layers.mend(&dirty, book) || self.base_dirty.take() {
                let context = &self.base.1;
                let ratio = self.ratio.get();
                let complete = layers.draw(context, &view, ratio, (book, open), &theme, frame_time);
                if !complete {
                    self.base_dirty.set(true);
                    again = true;
                } else if book.grid().is_some() && !self.pictured.replace(true) {
                    mark_picture();
                }
            }
        });
        drop(theme);
        again |= self.draw_over(view, layers.palette());
        drop(layers);
        if again {
            self.refresh();
        }
    }

    fn draw_over(&self, view: View, palette: &[String]) -> bool {
        let store = self.store;
        let editing = store.editing.get_untracked();
        let tools = store.tools.get_untracked();
        let preview = self
            .hand
            .borrow()
            .as_ref()
            .map(|(_, hand)| hand.preview())
            .unwrap_or_default();
        let cell = |(x, y): (i32, i32)| {
            let grid = store.book.with_untracked(Book::grid)?;
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
        let names = store.names.read_untracked();
        store.book.with_untracked(|book| {
            store.people.with_untracked(|people| {
                store.cursors.with_untracked(|cursors| {
                    store.pulses.with_untracked(|pulses| {
                        store.locks.with_untracked(|locks| {
                            let scene = Scene {
                                view,
                                ratio: self.ratio.get(),
                                now: now_ms(),
                                still: browser::prefers_reduced_motion(),
                                book,
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
                                people,
                                names: &names,
                                me: store
                                    .me
                                    .with_untracked(|me| me.as_ref().map(|me| me.user_id)),
                                cursors,
                                pulses,
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
