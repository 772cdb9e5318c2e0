//! Pointer and wheel events on the board: gestures become viewport changes,
//! strokes and clicks. `comments` has clicks on pins, `drawing` the strokes,
//! `keyboard` the keys, `order` what is chosen on the board for keeping order,
//! `pinch` the gesture events of Safari, `pointer` those of pointers.

mod comments;
mod drawing;
mod keyboard;
mod order;
mod pinch;
mod pointer;

use super::{
    gesture::{GestureAction, GestureRecognizer, PointerKind},
    renderer::BoardRenderer,
};
use crate::{
    browser::{self, Listener},
    model::{camera::Viewport, notice::MayNot, rewrite::AreaChoice, tile_store::TileStore},
    past::TimeCommands,
    session::Session,
    store::Store,
};
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use shared::{
    canvas::{Coord, Grid},
    mentions::TileMention,
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, EventTarget, KeyboardEvent, WheelEvent};

/// Zoom factor of one CSS pixel of wheel movement.
const WHEEL_ZOOM_BASE: f64 = 1.0015;
/// CSS pixels per line, for wheels that count in lines.
const WHEEL_LINE_PX: f64 = 16.0;

/// The DOM listeners of the board; removed when this value is dropped.
pub struct InputListeners {
    _listeners: Vec<Listener>,
    _effect: RenderEffect<()>,
}

struct InputController {
    store: Store,
    session: Session,
    time: TimeCommands,
    renderer: Rc<BoardRenderer>,
    root: Element,
    gestures: RefCell<GestureRecognizer>,
    /// The tile and the pixel where the last stroke ended. A press with Shift
    /// draws a straight line from there.
    last_end: Cell<Option<(Coord, (i32, i32))>>,
    shift: Cell<bool>,
    alt: Cell<bool>,
    /// Whether this viewer was already told that they may not draw.
    viewer_notified: Cell<bool>,
    cursor_shown: Cell<&'static str>,
    /// Whether the focus is being set by a press of a pointer.
    is_pressing: Cell<bool>,
    /// The last position of the pointer over the board, in CSS pixels.
    hovered: Cell<Option<(f64, f64)>>,
    /// Sends where the pointer came to rest.
    rest: RefCell<Option<Timeout>>,
    /// The scale of the last gesture event of Safari.
    pinch_scale: Cell<f64>,
    /// The cell where the area that is being drawn began, and the area before.
    area_start: Cell<Option<(Coord, AreaChoice)>>,
    /// The kind of the pointer that went down last.
    pressed_with: Cell<PointerKind>,
}

impl InputListeners {
    /// Adds listeners to `root`, the board element, and to the window (keys).
    pub fn new(
        store: Store,
        (session, time): (Session, TimeCommands),
        renderer: Rc<BoardRenderer>,
        root: &Element,
    ) -> Self {
        let controller = Rc::new(InputController {
            store,
            session,
            time,
            renderer,
            root: root.clone(),
            gestures: RefCell::default(),
            last_end: Cell::default(),
            shift: Cell::default(),
            alt: Cell::default(),
            viewer_notified: Cell::default(),
            cursor_shown: Cell::default(),
            is_pressing: Cell::default(),
            hovered: Cell::default(),
            rest: RefCell::default(),
            pinch_scale: Cell::new(1.0),
            area_start: Cell::default(),
            pressed_with: Cell::new(PointerKind::Mouse),
        });
        let on = |event, action: fn(&InputController, &Event)| {
            let controller = Rc::clone(&controller);
            Listener::active(root, event, move |event| action(&controller, &event))
        };
        let mut listeners = vec![
            on("pointerdown", InputController::pointer_down),
            on("pointermove", InputController::pointer_moved),
            on("pointerup", |controller, event| {
                controller.pointer_up(event, false);
            }),
            on("pointercancel", |controller, event| {
                controller.pointer_up(event, true);
            }),
            // A pointer can go without either: a pen out of reach, a palm.
            on("lostpointercapture", |controller, event| {
                controller.pointer_up(event, true);
            }),
            on("pointerleave", InputController::pointer_left),
            on("focus", |controller, _| controller.focused()),
            on("wheel", InputController::wheel),
            on("gesturestart", InputController::pinched),
            on("gesturechange", InputController::pinched),
            on("contextmenu", |_, event| event.prevent_default()),
        ];
        let window = browser::window();
        for (event, is_down) in [("keydown", true), ("keyup", false)] {
            let controller = Rc::clone(&controller);
            let listener = Listener::new(&window, event, move |event| {
                if let Some(event) = event.dyn_ref::<KeyboardEvent>() {
                    controller.key(event, is_down);
                }
            });
            listeners.push(listener);
        }
        let release = |target: &EventTarget, event, when: fn() -> bool| {
            let controller = Rc::clone(&controller);
            Listener::new(target, event, move |_| {
                if when() {
                    controller.release_all();
                }
            })
        };
        listeners.push(release(&window, "blur", || true));
        if let Some(document) = window.document() {
            let is_hidden = || !browser::is_visible();
            listeners.push(release(&document, "visibilitychange", is_hidden));
        }
        // The pointer rests while the view moves under it.
        let moved = Rc::clone(&controller);
        let effect = RenderEffect::new(move |_| {
            moved.store.viewport.track();
            moved.hover_again();
        });
        Self {
            _listeners: listeners,
            _effect: effect,
        }
    }
}

impl InputController {
    fn grid(&self) -> Option<Grid> {
        self.store.tiles.peek(TileStore::grid)
    }

    /// Handles `focus`: with the keyboard, selects the cell in the middle, where
    /// the arrow keys start.
    fn focused(&self) {
        let by_keys = !self.is_pressing.get()
            && self.root.matches(":focus-visible").unwrap_or_default()
            && self.store.selected.get_untracked().is_none();
        if let (true, Some(grid)) = (by_keys, self.grid()) {
            let viewport = self.store.viewport.get_untracked();
            let middle = viewport.cell_at(viewport.width / 2.0, viewport.height / 2.0, &grid);
            self.session
                .select(Some(middle.unwrap_or(Coord { x: 0, y: 0 })));
        }
    }

    /// Releases all pointers, and the space bar: their ends may go to another
    /// window.
    fn release_all(&self) {
        let action = self.gestures.borrow_mut().release_all();
        if let Some(action) = action {
            self.apply(action, &[]);
        }
        self.show_cursor();
    }

    /// The tile cell at a position in CSS pixels; none outside the board.
    fn cell(&self, x: f64, y: f64) -> Option<Coord> {
        let grid = self.grid()?;
        self.store
            .viewport
            .with_untracked(|viewport| viewport.cell_at(x, y, &grid))
    }

    /// Carries out what a gesture asks for. `coalesced` are the positions
    /// before that of a [`GestureAction::Draw`].
    fn apply(&self, action: GestureAction, coalesced: &[(f64, f64)]) {
        let Some(grid) = self.grid() else { return };
        match action {
            GestureAction::Pan { dx, dy } => {
                self.update_viewport(|viewport| viewport.pan(dx, dy, &grid));
            }
            GestureAction::Pinch {
                x,
                y,
                dx,
                dy,
                factor,
            } => self.update_viewport(|viewport| {
                viewport.pan(dx, dy, &grid);
                viewport.zoom_at(x, y, factor, &grid);
            }),
            GestureAction::Down { x, y, .. } if self.draws_area() => {
                self.start_area(x, y, &grid);
            }
            GestureAction::Draw { x, y } if self.draws_area() => self.extend_area(x, y, &grid),
            GestureAction::Up if self.draws_area() => self.area_start.set(None),
            GestureAction::Cancel if self.draws_area() => self.cancel_area(),
            GestureAction::Down { x, y, ink } if self.is_picking() => {
                let at = self.cell(x, y);
                if let Some((at, pixel)) =
                    at.and_then(|at| Some((at, self.pixel_in_tile(at, x, y)?)))
                {
                    self.pick_color(at, pixel, ink);
                }
            }
            GestureAction::Down { x, y, ink } => {
                if let Some((at, pixel)) = self.pixel_in_open_tile(x, y) {
                    self.start_stroke(at, pixel, ink);
                }
            }
            GestureAction::Draw { x, y } => {
                let positions = coalesced.iter().copied().chain([(x, y)]);
                self.continue_stroke(
                    positions.filter_map(|(x, y)| Some(self.pixel_in_open_tile(x, y)?.1)),
                );
            }
            GestureAction::Up => self.end_stroke(),
            GestureAction::Cancel => {
                if let Some((at, _)) = self.renderer.stroke.borrow_mut().take() {
                    self.session.cancel_stroke(at);
                }
                self.renderer.refresh();
            }
            GestureAction::Click { x, y } if self.asks_for_painter(x, y) => {}
            GestureAction::Click { x, y } if self.asks_for_comments(x, y) => {}
            GestureAction::Click { x, y } => self.click(self.cell(x, y)),
        }
    }

    /// Changes the viewport at the user's request; ends following another user.
    fn update_viewport(&self, change: impl FnOnce(&mut Viewport)) {
        if self.store.following.get_untracked().is_some() {
            self.store.following.set(None);
        }
        self.renderer.update_viewport(change);
    }

    /// Selects a tile and opens it; the session tells the user why if they may
    /// not draw there. With Shift, mentions the tile in the chat instead.
    fn click(&self, at: Option<Coord>) {
        let Some(at) = at else {
            self.session.leave_tile();
            self.session.select(None);
            return;
        };
        if self.shift.get() {
            let seq = untrack(|| self.store.past_seq());
            // What others see is now.
            if seq.is_none() {
                self.session.mention(at, "");
            }
            let tile = TileMention { at, seq };
            self.store.chat_insert.set(Some(tile));
            return;
        }
        self.session.select(Some(at));
        match self.session.may_not(at) {
            Some(MayNot::SignedOut | MayNot::Over) => {}
            // The notice is shown once; after that who may not draw only selects.
            Some(
                MayNot::Viewer
                | MayNot::Past
                | MayNot::Sanctioned { .. }
                | MayNot::LockedDown { .. },
            ) if self.viewer_notified.replace(true) => {}
            None
            | Some(
                MayNot::Viewer
                | MayNot::Past
                | MayNot::Sanctioned { .. }
                | MayNot::LockedDown { .. }
                | MayNot::Theirs(_)
                | MayNot::Locked(_),
            ) => self.session.open_tile(at),
        }
    }

    fn wheel(&self, event: &Event) {
        let Some(event) = event.dyn_ref::<WheelEvent>() else {
            return;
        };
        event.prevent_default();
        let Some(grid) = self.grid() else { return };
        let unit = match event.delta_mode() {
            WheelEvent::DOM_DELTA_LINE => WHEEL_LINE_PX,
            WheelEvent::DOM_DELTA_PAGE => self
                .store
                .viewport
                .with_untracked(|viewport| viewport.height),
            _ => 1.0,
        };
        let (dx, dy) = (event.delta_x() * unit, event.delta_y() * unit);
        if event.shift_key() {
            // Some systems swap the axes themselves while Shift is held.
            let (dx, dy) = if dx == 0.0 { (dy, 0.0) } else { (dx, dy) };
            self.update_viewport(|viewport| viewport.pan(-dx, -dy, &grid));
            return;
        }
        let rect = self.root.get_bounding_client_rect();
        let x = f64::from(event.client_x()) - rect.left();
        let y = f64::from(event.client_y()) - rect.top();
        // A pinch on a touchpad arrives as wheel events with Control, in small
        // steps.
        let speed = if event.ctrl_key() { 8.0 } else { 1.0 };
        let factor = WHEEL_ZOOM_BASE.powf(-dy.clamp(-400.0, 400.0) * speed);
        self.update_viewport(|viewport| viewport.zoom_at(x, y, factor, &grid));
    }

    /// Shows by the shape of the cursor what a press would do.
    fn show_cursor(&self) {
        let editing = self.store.editing.get_untracked();
        let hovered = || self.store.hovered_untracked();
        let shape = if self.gestures.borrow().is_panning() {
            "pan"
        } else if self.draws_area() {
            "area"
        } else if self.is_over_pin() {
            "pin"
        } else if editing.is_none()
            && hovered().is_some_and(|at| self.session.may_not(at).is_some())
        {
            "look"
        } else if editing.is_some() && hovered() != editing {
            "around"
        } else {
            ""
        };
        if self.cursor_shown.replace(shape) != shape {
            // Fails only for an invalid attribute name.
            let _ = self.root.set_attribute("data-cursor", shape);
        }
    }
}
