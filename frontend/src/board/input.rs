//! Pointers and wheel on the board, turned into deeds; `keyboard` does the
//! same for keys.

mod keyboard;

use super::{
    gesture::{GestureAction, Gestures, HitTarget, Pointer, PointerKind},
    renderer::BoardRenderer,
};
use crate::{
    browser::{self, Listener},
    model::{
        camera::{Viewport, floor},
        notice::MayNot,
        tile_store::{self, TileStore},
        tools::Tool,
    },
    session::Session,
    store::Store,
    tools::{
        raster::Spot,
        stroke::{ActiveStroke, StrokeOptions},
    },
};
use leptos::prelude::*;
use shared::{
    canvas::{Coord, Grid},
    pixels::{PixelEdit, TRANSPARENT},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, KeyboardEvent, PointerEvent, WheelEvent};

/// How much one notch of the wheel zooms.
const NOTCH: f64 = 1.0015;
/// CSS pixels of a line, where a wheel counts lines.
const LINE: f64 = 16.0;

/// Listens on the board for as long as it lives.
pub struct Input {
    _listeners: Vec<Listener>,
}

struct InputController {
    store: Store,
    session: Session,
    renderer: Rc<BoardRenderer>,
    root: Element,
    gestures: RefCell<Gestures>,
    /// Where the last stroke ended, for a straight line from there.
    last_end: Cell<Option<(Coord, (i32, i32))>>,
    shift: Cell<bool>,
    alt: Cell<bool>,
    /// A viewer knows that they are one.
    told: Cell<bool>,
    cursor_shown: Cell<&'static str>,
}

impl Input {
    /// Listens to `root`, and to the window's keys.
    pub fn new(
        store: Store,
        session: Session,
        renderer: Rc<BoardRenderer>,
        root: &Element,
    ) -> Self {
        let controller = Rc::new(InputController {
            store,
            session,
            renderer,
            root: root.clone(),
            gestures: RefCell::default(),
            last_end: Cell::default(),
            shift: Cell::default(),
            alt: Cell::default(),
            told: Cell::default(),
            cursor_shown: Cell::default(),
        });
        let on = |event, act: fn(&InputController, &Event)| {
            let controller = Rc::clone(&controller);
            Listener::active(root, event, move |event| act(&controller, &event))
        };
        let mut listeners = vec![
            on("pointerdown", InputController::down),
            on("pointermove", InputController::moved),
            on("pointerup", |controller, event| controller.up(event, false)),
            on("pointercancel", |controller, event| {
                controller.up(event, true);
            }),
            on("pointerleave", InputController::left),
            on("wheel", InputController::wheel),
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
        let away = Rc::clone(&controller);
        listeners.push(Listener::new(&window, "blur", move |_| {
            away.gestures.borrow_mut().space = false;
            away.show_cursor();
        }));
        Self {
            _listeners: listeners,
        }
    }
}

impl InputController {
    fn grid(&self) -> Option<Grid> {
        self.store.tiles.with_untracked(TileStore::grid)
    }

    fn pointer(&self, event: &PointerEvent) -> Pointer {
        let rect = self.root.get_bounding_client_rect();
        self.shift.set(event.shift_key());
        self.alt.set(event.alt_key());
        Pointer {
            id: event.pointer_id(),
            x: f64::from(event.client_x()) - rect.left(),
            y: f64::from(event.client_y()) - rect.top(),
            kind: match event.pointer_type().as_str() {
                "touch" => PointerKind::Touch,
                "pen" => PointerKind::Pen,
                _ => PointerKind::Mouse,
            },
            button: event.button(),
        }
    }

    fn down(&self, event: &Event) {
        let Some(event) = event.dyn_ref::<PointerEvent>() else {
            return;
        };
        if event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .is_some_and(|target| target.closest("button").ok().flatten().is_some())
        {
            return;
        }
        let pointer = self.pointer(event);
        if let Some(element) = self.root.dyn_ref::<web_sys::HtmlElement>() {
            let _ = element.focus();
        }
        // Fails only where the pointer is gone already.
        let _ = self.root.set_pointer_capture(pointer.id);
        event.prevent_default();
        let at = self.cell(pointer.x, pointer.y);
        let open = self.store.editing.get_untracked();
        let target = match (open, at) {
            (None, _) => HitTarget::Board,
            (Some(open), Some(at)) if at == open || self.picks() => HitTarget::Drawable,
            (Some(_), _) => HitTarget::AroundTile,
        };
        let actions = self.gestures.borrow_mut().down(pointer, target);
        for act in actions {
            self.perform(act, &[]);
        }
        self.show_cursor();
    }

    fn moved(&self, event: &Event) {
        let Some(event) = event.dyn_ref::<PointerEvent>() else {
            return;
        };
        let pointer = self.pointer(event);
        self.point(pointer.x, pointer.y);
        let act = self
            .gestures
            .borrow_mut()
            .moved(pointer.id, pointer.x, pointer.y);
        if let Some(act) = act {
            let drawing = matches!(act, GestureAction::Draw { .. });
            self.perform(
                act,
                &if drawing {
                    self.passed(event)
                } else {
                    Vec::new()
                },
            );
        }
    }

    /// Where the pointer was between two frames, so that a fast stroke stays
    /// round.
    fn passed(&self, event: &PointerEvent) -> Vec<(f64, f64)> {
        // Browsers have it on secure pages only.
        let known = js_sys::Reflect::has(event, &"getCoalescedEvents".into());
        if known != Ok(true) {
            return Vec::new();
        }
        let rect = self.root.get_bounding_client_rect();
        let place = |event: PointerEvent| {
            let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
            (x - rect.left(), y - rect.top())
        };
        let events = event.get_coalesced_events();
        events
            .iter()
            .map(|event| place(event.unchecked_into()))
            .collect()
    }

    fn up(&self, event: &Event, taken: bool) {
        let Some(event) = event.dyn_ref::<PointerEvent>() else {
            return;
        };
        let pointer = self.pointer(event);
        let act = self.gestures.borrow_mut().up(pointer.id, taken);
        if let Some(act) = act {
            self.perform(act, &[]);
        }
        self.show_cursor();
    }

    fn left(&self, _: &Event) {
        self.store.pointer.set(None);
    }

    /// The pointer is over this board pixel; others see it.
    fn point(&self, x: f64, y: f64) {
        let (bx, by) = self
            .store
            .viewport
            .with_untracked(|viewport| viewport.to_board(x, y));
        let spot = (floor(bx), floor(by));
        if self.store.pointer.get_untracked() != Some(spot) {
            if self.store.pen.get_untracked().is_some() {
                self.store.pen.set(None);
            }
            self.store.pointer.set(Some(spot));
            self.show_cursor();
        }
        self.session.point(bx, by);
    }

    fn cell(&self, x: f64, y: f64) -> Option<Coord> {
        let grid = self.grid()?;
        self.store
            .viewport
            .with_untracked(|viewport| viewport.cell_at(x, y, &grid))
    }

    /// The pixel of the open tile at a place of the view; it may lie outside.
    fn open_spot(&self, x: f64, y: f64) -> Option<(Coord, Spot)> {
        let at = self.store.editing.get_untracked()?;
        Some((at, self.spot(at, x, y)?))
    }

    /// The pixel of a tile at a place of the view; it may lie outside.
    fn spot(&self, at: Coord, x: f64, y: f64) -> Option<Spot> {
        let side = self.grid()?.tile_size;
        let (bx, by) = self
            .store
            .viewport
            .with_untracked(|viewport| viewport.to_board(x, y));
        Some((floor(bx) - at.x * side, floor(by) - at.y * side))
    }

    /// Does what follows from a pointer; `passed` are the places on its way.
    fn perform(&self, act: GestureAction, passed: &[(f64, f64)]) {
        let Some(grid) = self.grid() else { return };
        match act {
            GestureAction::Pan { dx, dy } => self.steer(|viewport| viewport.pan(dx, dy, &grid)),
            GestureAction::Pinch {
                x,
                y,
                dx,
                dy,
                factor,
            } => self.steer(|viewport| {
                viewport.pan(dx, dy, &grid);
                viewport.zoom_at(x, y, factor, &grid);
            }),
            GestureAction::Down { x, y, second } if self.picks() => {
                let at = self.cell(x, y);
                if let Some((at, spot)) = at.and_then(|at| Some((at, self.spot(at, x, y)?))) {
                    self.pick(at, spot, second);
                }
            }
            GestureAction::Down { x, y, second } => {
                if let Some((at, spot)) = self.open_spot(x, y) {
                    self.put_down(at, spot, second);
                }
            }
            GestureAction::Draw { x, y } => {
                let places = passed.iter().copied().chain([(x, y)]);
                self.draw(places.filter_map(|(x, y)| Some(self.open_spot(x, y)?.1)));
            }
            GestureAction::Up => self.lift(),
            GestureAction::Cancel => {
                if let Some((at, _)) = self.renderer.stroke.borrow_mut().take() {
                    self.session.cancel_stroke(at);
                }
                self.renderer.refresh();
            }
            GestureAction::Click { x, y } => self.click(self.cell(x, y)),
        }
    }

    /// Moves the view by hand; whoever was followed is followed no more.
    fn steer(&self, act: impl FnOnce(&mut Viewport)) {
        if self.store.following.get_untracked().is_some() {
            self.store.following.set(None);
        }
        self.renderer.steer(act);
    }

    /// Whether a press takes a colour.
    fn picks(&self) -> bool {
        self.alt.get()
            || self
                .store
                .tools
                .with_untracked(|tools| tools.tool == Tool::Picker)
    }

    fn click(&self, at: Option<Coord>) {
        let Some(at) = at else {
            self.session.leave_tile();
            self.session.select(None);
            return;
        };
        if self.shift.get() {
            self.session.mention(at, "");
            self.store.chat_insert.set(Some(at));
            return;
        }
        self.session.select(Some(at));
        match self.session.may_not(at) {
            Some(MayNot::SignedOut | MayNot::Over) => {}
            // Told once: they click to look.
            Some(MayNot::Viewer) if self.told.replace(true) => {}
            None | Some(MayNot::Viewer | MayNot::Theirs(_) | MayNot::Locked(_)) => {
                self.session.open_tile(at);
            }
        }
    }

    fn put_down(&self, at: Coord, spot: Spot, second: bool) {
        let Some(grid) = self.grid() else { return };
        let tools = self.store.tools.get_untracked();
        let from = self
            .last_end
            .get()
            .filter(|(tile, _)| self.shift.get() && *tile == at)
            .map(|(_, end)| end);
        let (stroke, edits) = self.store.tiles.with_untracked(|tiles| {
            let pixels = tiles.shown(at).map(|tile| &tile.state.pixels);
            ActiveStroke::down(
                tools,
                StrokeOptions { second, from },
                grid.tile_size,
                spot,
                pixels,
            )
        });
        self.session.begin_stroke(at);
        self.session.paint(at, &edits);
        self.renderer.stroke.replace(Some((at, stroke)));
        self.renderer.refresh();
    }

    fn draw(&self, spots: impl Iterator<Item = Spot>) {
        let mut stroke = self.renderer.stroke.borrow_mut();
        let Some((at, stroke)) = stroke.as_mut() else {
            return;
        };
        let shift = self.shift.get();
        let edits: Vec<PixelEdit> = spots.flat_map(|spot| stroke.moved(spot, shift)).collect();
        self.session.paint(*at, &edits);
        self.renderer.refresh();
    }

    fn lift(&self) {
        let Some((at, stroke)) = self.renderer.stroke.borrow_mut().take() else {
            return;
        };
        self.session.paint(at, &stroke.preview());
        self.last_end.set(Some((at, stroke.end())));
        self.renderer.refresh();
    }

    fn pick(&self, at: Coord, (x, y): Spot, second: bool) {
        let Some(grid) = self.grid() else { return };
        let Ok(index) = u16::try_from(y * grid.tile_size + x) else {
            return;
        };
        let color = self.store.tiles.with_untracked(|tiles| {
            tile_store::color(tiles.shown(at).map(|tile| &tile.state.pixels), index)
        });
        self.store.tools.update(|tools| {
            if color == TRANSPARENT {
                tools.tool = Tool::Eraser;
                return;
            }
            if second {
                tools.secondary = color;
            } else {
                tools.primary = color;
            }
            if matches!(tools.tool, Tool::Picker | Tool::Eraser) {
                tools.tool = Tool::Pencil;
            }
        });
    }

    fn wheel(&self, event: &Event) {
        let Some(event) = event.dyn_ref::<WheelEvent>() else {
            return;
        };
        event.prevent_default();
        let Some(grid) = self.grid() else { return };
        let unit = match event.delta_mode() {
            WheelEvent::DOM_DELTA_LINE => LINE,
            WheelEvent::DOM_DELTA_PAGE => self
                .store
                .viewport
                .with_untracked(|viewport| viewport.height),
            _ => 1.0,
        };
        let (dx, dy) = (event.delta_x() * unit, event.delta_y() * unit);
        if event.shift_key() {
            // Some systems turn the wheel sideways themselves.
            let (dx, dy) = if dx == 0.0 { (dy, 0.0) } else { (dx, dy) };
            self.steer(|viewport| viewport.pan(-dx, -dy, &grid));
            return;
        }
        let rect = self.root.get_bounding_client_rect();
        let x = f64::from(event.client_x()) - rect.left();
        let y = f64::from(event.client_y()) - rect.top();
        // Pinching on a touchpad comes as a wheel with Control, in small steps.
        let speed = if event.ctrl_key() { 8.0 } else { 1.0 };
        let factor = NOTCH.powf(-dy.clamp(-400.0, 400.0) * speed);
        self.steer(|viewport| viewport.zoom_at(x, y, factor, &grid));
    }

    /// The pointer's shape says what a press would do.
    fn show_cursor(&self) {
        let open = self.store.editing.get_untracked();
        let hovered = || self.store.hovered_untracked();
        let shape = if self.gestures.borrow().is_panning() {
            "pan"
        } else if open.is_none() && hovered().is_some_and(|at| self.session.may_not(at).is_some()) {
            "look"
        } else if open.is_some() && hovered() != open {
            "around"
        } else {
            ""
        };
        if self.cursor_shown.replace(shape) != shape {
            // Fails only for a name that none is.
            let _ = self.root.set_attribute("data-cursor", shape);
        }
    }
}
