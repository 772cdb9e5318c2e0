//! Pointers and wheel on the board, turned into deeds; `keyboard` does the
//! same for keys.

mod keyboard;

use super::{
    gesture::{Act, Gestures, Kind, Pointer},
    stage::Stage,
};
use crate::{
    browser::{self, Listener},
    session::{
        Session,
        book::{self, Book},
    },
    store::Store,
    tools::{
        Tool,
        hand::{Grip, Hand},
    },
};
use leptos::prelude::*;
use shared::{
    canvas::{Coord, Grid},
    pixels::TRANSPARENT,
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

struct Hands {
    store: Store,
    session: Session,
    stage: Rc<Stage>,
    root: Element,
    gestures: RefCell<Gestures>,
    /// Where the last stroke ended, for a straight line from there.
    last_end: Cell<Option<(Coord, (i32, i32))>>,
    shift: Cell<bool>,
    alt: Cell<bool>,
}

impl Input {
    /// Listens to `root`, and to the window's keys.
    pub fn new(store: Store, session: Session, stage: Rc<Stage>, root: &Element) -> Self {
        let hands = Rc::new(Hands {
            store,
            session,
            stage,
            root: root.clone(),
            gestures: RefCell::default(),
            last_end: Cell::default(),
            shift: Cell::default(),
            alt: Cell::default(),
        });
        let on = |event, act: fn(&Hands, &Event)| {
            let hands = Rc::clone(&hands);
            Listener::active(root, event, move |event| act(&hands, &event))
        };
        let mut listeners = vec![
            on("pointerdown", Hands::down),
            on("pointermove", Hands::moved),
            on("pointerup", |hands, event| hands.up(event, false)),
            on("pointercancel", |hands, event| hands.up(event, true)),
            on("pointerleave", Hands::left),
            on("wheel", Hands::wheel),
            on("contextmenu", |_, event| event.prevent_default()),
        ];
        let window = browser::window();
        for (event, is_down) in [("keydown", true), ("keyup", false)] {
            let hands = Rc::clone(&hands);
            let listener = Listener::new(&window, event, move |event| {
                if let Some(event) = event.dyn_ref::<KeyboardEvent>() {
                    hands.key(event, is_down);
                }
            });
            listeners.push(listener);
        }
        let away = Rc::clone(&hands);
        listeners.push(Listener::new(&window, "blur", move |_| {
            away.gestures.borrow_mut().space = false;
            away.show_hand();
        }));
        Self {
            _listeners: listeners,
        }
    }
}

impl Hands {
    fn grid(&self) -> Option<Grid> {
        self.store.book.with_untracked(Book::grid)
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
                "touch" => Kind::Touch,
                "pen" => Kind::Pen,
                _ => Kind::Mouse,
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
        let (at, grid) = (self.cell(pointer.x, pointer.y), self.grid());
        let open = self.store.editing.get_untracked();
        let draws = grid.is_some() && open.is_some() && at == open;
        let act = self.gestures.borrow_mut().down(pointer, draws);
        self.act(act);
        self.show_hand();
    }

    fn moved(&self, event: &Event) {
        let Some(event) = event.dyn_ref::<PointerEvent>() else {
            return;
        };
        let pointer = self.pointer(event);
        self.point(pointer.x, pointer.y);
        // Positions between two frames, so that a fast stroke stays round.
        let act = self
            .gestures
            .borrow_mut()
            .moved(pointer.id, pointer.x, pointer.y);
        self.act(act);
    }

    fn up(&self, event: &Event, taken: bool) {
        let Some(event) = event.dyn_ref::<PointerEvent>() else {
            return;
        };
        let pointer = self.pointer(event);
        let act = self.gestures.borrow_mut().up(pointer.id, taken);
        self.act(act);
        self.show_hand();
    }

    fn left(&self, _: &Event) {
        self.store.pointer.set(None);
    }

    /// The pointer is over this board pixel; others see it.
    fn point(&self, x: f64, y: f64) {
        let (bx, by) = self.store.view.with_untracked(|view| view.to_board(x, y));
        let spot = (super::camera::floor(bx), super::camera::floor(by));
        if self.store.pointer.get_untracked() != Some(spot) {
            self.stage.pen.set(None);
            self.store.pointer.set(Some(spot));
        }
        self.session.point(bx, by);
    }

    fn cell(&self, x: f64, y: f64) -> Option<Coord> {
        let grid = self.grid()?;
        self.store
            .view
            .with_untracked(|view| view.cell_at(x, y, &grid))
    }

    /// The pixel of the open tile at a place of the view; it may lie outside.
    fn spot(&self, x: f64, y: f64) -> Option<(Coord, (i32, i32), Grid)> {
        let at = self.store.editing.get_untracked()?;
        let grid = self.grid()?;
        let (bx, by) = self.store.view.with_untracked(|view| view.to_board(x, y));
        let spot = (
            super::camera::floor(bx) - at.x * grid.tile_size,
            super::camera::floor(by) - at.y * grid.tile_size,
        );
        Some((at, spot, grid))
    }

    fn act(&self, act: Option<Act>) {
        let Some(grid) = self.grid() else { return };
        match act {
            None => {}
            Some(Act::Pan { dx, dy }) => {
                self.store.following.set(None);
                self.stage.steer(|view| view.pan(dx, dy, &grid));
            }
            Some(Act::Pinch {
                x,
                y,
                dx,
                dy,
                factor,
            }) => self.stage.steer(|view| {
                view.pan(dx, dy, &grid);
                view.zoom_at(x, y, factor, &grid);
            }),
            Some(Act::Down { x, y, second }) => {
                if let Some((at, spot, _)) = self.spot(x, y) {
                    self.put_down(at, spot, second);
                }
            }
            Some(Act::Draw { x, y }) => {
                if let Some((_, spot, _)) = self.spot(x, y) {
                    self.draw(spot);
                }
            }
            Some(Act::Up) => self.lift(),
            Some(Act::Cancel) => {
                let was = self.stage.hand.borrow_mut().take();
                if was.is_some_and(|(_, hand)| hand.preview().is_empty()) {
                    self.session.undo();
                }
            }
            Some(Act::Click { x, y }) => self.click(self.cell(x, y)),
        }
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
        } else if self.store.me.with_untracked(Option::is_some) {
            self.session.select(Some(at));
            self.session.open_tile(at);
        } else {
            self.session.select(Some(at));
        }
    }

    fn put_down(&self, at: Coord, spot: (i32, i32), second: bool) {
        let Some(grid) = self.grid() else { return };
        let tools = self.store.tools.get_untracked();
        if self.alt.get() || tools.tool == Tool::Picker {
            self.pick(at, spot, second);
            return;
        }
        let from = self
            .last_end
            .get()
            .filter(|(tile, _)| self.shift.get() && *tile == at)
            .map(|(_, end)| end);
        let (hand, dots) = self.store.book.with_untracked(|book| {
            let pixels = book.shown(at).map(|tile| &tile.state.pixels);
            Hand::down(tools, Grip { second, from }, grid.tile_size, spot, pixels)
        });
        self.session.begin_stroke(at);
        self.session.paint(at, &dots);
        self.stage.hand.replace(Some((at, hand)));
        self.stage.refresh();
    }

    fn draw(&self, spot: (i32, i32)) {
        let mut hand = self.stage.hand.borrow_mut();
        let Some((at, hand)) = hand.as_mut() else {
            return;
        };
        let dots = hand.moved(spot, self.shift.get());
        self.session.paint(*at, &dots);
        self.stage.refresh();
    }

    fn lift(&self) {
        let Some((at, hand)) = self.stage.hand.borrow_mut().take() else {
            return;
        };
        self.session.paint(at, &hand.preview());
        self.last_end.set(Some((at, hand.end())));
        self.stage.refresh();
    }

    fn pick(&self, at: Coord, (x, y): (i32, i32), second: bool) {
        let Some(grid) = self.grid() else { return };
        let Ok(index) = u16::try_from(y * grid.tile_size + x) else {
            return;
        };
        let color = self.store.book.with_untracked(|book| {
            book::color(book.shown(at).map(|tile| &tile.state.pixels), index)
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
            WheelEvent::DOM_DELTA_PAGE => self.store.view.with_untracked(|view| view.height),
            _ => 1.0,
        };
        let (dx, dy) = (event.delta_x() * unit, event.delta_y() * unit);
        if event.shift_key() {
            // Some systems turn the wheel sideways themselves.
            let along = if dx == 0.0 { dy } else { dx };
            self.stage.steer(|view| view.pan(-along, 0.0, &grid));
            return;
        }
        let rect = self.root.get_bounding_client_rect();
        let x = f64::from(event.client_x()) - rect.left();
        let y = f64::from(event.client_y()) - rect.top();
        // Pinching on a touchpad comes as a wheel with Control, in small steps.
        let speed = if event.ctrl_key() { 8.0 } else { 1.0 };
        let factor = NOTCH.powf(-dy.clamp(-400.0, 400.0) * speed);
        self.stage.steer(|view| view.zoom_at(x, y, factor, &grid));
    }

    /// The pointer's shape says what a press would do.
    fn show_hand(&self) {
        let gestures = self.gestures.borrow();
        let shape = if gestures.is_panning() { "pan" } else { "" };
        let _ = self.root.set_attribute("data-hand", shape);
    }
}
