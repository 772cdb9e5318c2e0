//! The board: two canvases in a focusable grid, what is read aloud, and the
//! arrows to what is out of view.
//!
//! The grid element carries `data-camera-x`, `data-camera-y` (the board pixel
//! in the middle of the view) and `data-camera-zoom` (CSS pixels for one board
//! pixel), so that the place of a cell on screen can be computed from outside.

use crate::{
    board::{input::Input, place, stage::Stage},
    browser::{self, Listener},
    components::avatar,
    i18n::{self, board::board_texts, fill},
    session::{Session, book::Book},
    store::{Flight, Load, Pulse, Store},
};
use gloo_timers::callback::Timeout;
use leptos::{html, prelude::*};
use shared::{canvas::Coord, ids::UserId};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

/// Milliseconds after the last move until the address follows.
const ADDRESS_MS: u32 = 300;
/// CSS pixels between an arrow and the edge.
const MARGIN: f64 = 30.0;

/// What lives as long as the board is on the page.
struct Stay {
    stage: Rc<Stage>,
    _input: Input,
    _observers: Observers,
    _hash: Listener,
}

/// The board.
#[component]
pub fn BoardView() -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let root = NodeRef::<html::Div>::new();
    let base = NodeRef::<html::Canvas>::new();
    let over = NodeRef::<html::Canvas>::new();
    let stay = StoredValue::new_local(None::<Stay>);
    let with_stage = move |act: &dyn Fn(&Rc<Stage>)| {
        stay.try_with_value(|stay| {
            if let Some(stay) = stay {
                act(&stay.stage);
            }
        });
    };

    Effect::new(move |_| {
        let (Some(root), Some(base), Some(over)) = (root.get(), base.get(), over.get()) else {
            return;
        };
        stay.set_value(Stay::new(store, session, root.into(), &base, &over));
        with_stage(&Stage::resize);
    });
    redraw_when_needed(store, with_stage);
    look_first(store, session, with_stage);
    write_address(store);
    follow_person(store, session);

    let said = Memo::new(move |_| {
        let at = store.editing.get().or_else(|| store.selected.get())?;
        let text = store.book.with(|book| {
            let tile = book.shown(at);
            let name = tile.map(|tile| {
                let met = store.name_of(tile.state.creator_id);
                met.unwrap_or_else(|| tile.creator.clone())
            });
            let likes = tile.map_or(0, |tile| tile.state.like_count);
            i18n::board::cell(at, name.as_deref().map(|name| (name, likes)))
        });
        Some(if store.editing.get().is_some() {
            i18n::board::drawing(&text)
        } else {
            text
        })
    });
    let size = move |of: fn(&shared::api::Canvas) -> i32| {
        move || store.canvas.with(|canvas| canvas.as_ref().map(of))
    };
    let chosen = move || store.selected.get();
    let camera = move || store.view.with(|view| view.camera);
    let focused = move |_| {
        let by_keys = root
            .get_untracked()
            .is_some_and(|root| root.matches(":focus-visible").unwrap_or_default());
        if by_keys && store.selected.get_untracked().is_none() {
            session.select(middle(store));
        }
    };
    view! {
        <div
            node_ref=root
            class="board"
            class:board--drawing=move || store.editing.with(Option::is_some)
            role="grid"
            tabindex="0"
            aria-label=board_texts().board
            aria-describedby="board-help"
            aria-activedescendant=move || chosen().map(|_| "board-cell")
            aria-colcount=size(|canvas| canvas.width)
            aria-rowcount=size(|canvas| canvas.height)
            data-testid="board"
            data-loaded=move || (store.load.get() == Load::Ready).to_string()
            data-camera-x=move || camera().x
            data-camera-y=move || camera().y
            data-camera-zoom=move || camera().zoom
            on:focus=focused
        >
            <canvas node_ref=base aria-hidden="true"></canvas>
            <canvas node_ref=over aria-hidden="true"></canvas>
            <div role="row" class="sr-only" aria-rowindex=move || chosen().map(|at| at.y + 1)>
                <div
                    role="gridcell"
                    id="board-cell"
                    aria-colindex=move || chosen().map(|at| at.x + 1)
                    aria-selected=move || chosen().is_some().to_string()
                >
                    {said}
                </div>
            </div>
        </div>
        <p class="sr-only" id="board-help">{board_texts().board_help}</p>
        <div class="sr-only" aria-live="polite" data-testid="board-said">{said}</div>
        <Arrows />
    }
}

impl Stay {
    fn new(
        store: Store,
        session: Session,
        root: web_sys::Element,
        base: &web_sys::HtmlCanvasElement,
        over: &web_sys::HtmlCanvasElement,
    ) -> Option<Self> {
        let stage = Stage::new(store, root.clone(), base, over)?;
        let hash = Listener::new(&browser::window(), "hashchange", move |_| {
            if let Some(camera) = hash().and_then(|hash| place::parse(&hash)) {
                session.fly_to(Flight::Camera(camera));
            }
        });
        Some(Self {
            _input: Input::new(store, session, Rc::clone(&stage), &root),
            _observers: Observers::new(&stage, &root),
            _hash: hash,
            stage,
        })
    }
}

/// Draws the lower canvas anew when the view moved, and what lies over it
/// when anything changed.
fn redraw_when_needed(store: Store, with_stage: impl Fn(&dyn Fn(&Rc<Stage>)) + Copy + 'static) {
    Effect::new(move |_| {
        store.view.track();
        store.canvas.track();
        with_stage(&Stage::redraw);
    });
    Effect::new(move |_| {
        store.book.track();
        store.editing.track();
        store.selected.track();
        store.pointer.track();
        store.people.track();
        store.cursors.track();
        store.pulses.track();
        store.locks.track();
        store.tools.track();
        with_stage(&Stage::refresh);
    });
    Effect::new(move |_| {
        if let Some(flight) = store.flight.get() {
            store.flight.set(None);
            with_stage(&|stage| stage.fly(flight));
        }
    });
}

/// The first view: where the address says, else the whole board.
fn look_first(store: Store, session: Session, with_stage: impl Fn(&dyn Fn(&Rc<Stage>)) + 'static) {
    let done = StoredValue::new(false);
    Effect::new(move |_| {
        let ready = store.load.get() == Load::Ready && store.view.with(|view| view.width > 0.0);
        let Some(grid) = store.book.with_untracked(Book::grid) else {
            return;
        };
        if !ready || done.get_value() {
            return;
        }
        done.set_value(true);
        let fit = store.view.with_untracked(|view| view.fit(&grid));
        let camera = hash().and_then(|hash| place::parse(&hash)).unwrap_or(fit);
        with_stage(&|stage| {
            stage.steer(|view| {
                view.camera = camera;
                view.settle(&grid);
            });
        });
        let query = browser::window().location().search().unwrap_or_default();
        if let Some(at) = place::tile(&query).filter(|at| grid.contains(*at)) {
            session.select(Some(at));
            session.fly_to(Flight::Tile(at));
            session.highlight(at);
        }
    });
}

/// Keeps the view in the address, without a trace in the history.
fn write_address(store: Store) {
    let timer = StoredValue::new_local(None::<Timeout>);
    Effect::new(move |_| {
        let camera = store.view.with(|view| view.camera);
        if store.load.get() != Load::Ready {
            return;
        }
        let write = move || {
            let window = browser::window();
            let location = window.location();
            let (Ok(path), Ok(query), Ok(history)) =
                (location.pathname(), location.search(), window.history())
            else {
                return;
            };
            let address = format!("{path}{query}{}", place::format(camera));
            let state = history.state().unwrap_or(JsValue::NULL);
            // Browsers refuse when it is asked too often; the next one counts.
            let _ = history.replace_state_with_url(&state, "", Some(&address));
        };
        timer.set_value(Some(Timeout::new(ADDRESS_MS, write)));
    });
}

/// Goes where the person that is followed goes.
fn follow_person(store: Store, session: Session) {
    let editing = Memo::new(move |_| {
        let user = store.following.get()?;
        store.people.with(|people| {
            let person = people.iter().find(|person| person.user_id == user)?;
            person.editing
        })
    });
    Effect::new(move |_| {
        if let Some(editing) = editing.get() {
            session.fly_to(Flight::Tile(Coord {
                x: editing.tile_x,
                y: editing.tile_y,
            }));
        }
    });
    Effect::new(move |_| {
        let Some(user) = store.following.get() else {
            return;
        };
        let Some(cursor) = store.cursors.with(|cursors| cursors.get(&user).copied()) else {
            return;
        };
        let view = store.view.get_untracked();
        let (x, y) = view.to_screen(cursor.x, cursor.y);
        let seen = (0.0..view.width).contains(&x) && (0.0..view.height).contains(&y);
        if !seen {
            let mut camera = view.camera;
            (camera.x, camera.y) = (cursor.x, cursor.y);
            session.fly_to(Flight::Camera(camera));
        }
    });
}

/// Arrows at the edge to tiles that somebody points at, out of view.
#[component]
fn Arrows() -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let arrows = Memo::new(move |_| {
        let view = store.view.get();
        let Some(grid) = store.book.with_untracked(Book::grid) else {
            return Vec::new();
        };
        store.pulses.with(|pulses| {
            pulses
                .iter()
                .filter_map(|pulse| arrow(pulse, &view, &grid))
                .collect()
        })
    });
    view! {
        <For each=move || arrows.get() key=Arrow::key let(arrow)>
            <button
                class="board-arrow"
                type="button"
                style:left=format!("{}px", arrow.x)
                style:top=format!("{}px", arrow.y)
                style:--turn=format!("{}rad", arrow.angle)
                style:--person=arrow.by.map(avatar::colour)
                aria-label=fill(
                    board_texts().fly_to,
                    &[("place", &i18n::place(arrow.at.x, arrow.at.y)), ("name", &arrow.name)],
                )
                on:click=move |_| session.fly_to(Flight::Tile(arrow.at))
            >
                <svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">
                    <path d="M8 4l10 8-10 8z" />
                </svg>
            </button>
        </For>
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Arrow {
    by: Option<UserId>,
    name: String,
    at: Coord,
    x: f64,
    y: f64,
    angle: f64,
}

impl Arrow {
    /// Changes when it must be drawn anew.
    fn key(&self) -> (Coord, i32, i32) {
        (
            self.at,
            crate::board::camera::floor(self.x),
            crate::board::camera::floor(self.y),
        )
    }
}

fn arrow(
    pulse: &Pulse,
    view: &crate::board::camera::View,
    grid: &shared::canvas::Grid,
) -> Option<Arrow> {
    let (x, y, side) = view.tile_rect(grid, pulse.at);
    let seen = x < view.width && y < view.height && x + side > 0.0 && y + side > 0.0;
    if seen {
        return None;
    }
    let (by, name) = pulse.by.clone()?;
    let (tx, ty) = (x + side / 2.0, y + side / 2.0);
    Some(Arrow {
        by: Some(by),
        name,
        at: pulse.at,
        x: tx.clamp(MARGIN, (view.width - MARGIN).max(MARGIN)),
        y: ty.clamp(MARGIN, (view.height - MARGIN).max(MARGIN)),
        angle: (ty - view.height / 2.0).atan2(tx - view.width / 2.0),
    })
}

/// The cell in the middle of the view.
fn middle(store: Store) -> Option<Coord> {
    let grid = store.book.with_untracked(Book::grid)?;
    let view = store.view.get_untracked();
    view.cell_at(view.width / 2.0, view.height / 2.0, &grid)
        .or(Some(Coord { x: 0, y: 0 }))
}

fn hash() -> Option<String> {
    browser::window().location().hash().ok()
}

/// Watches the board's size and the page's colours.
struct Observers {
    size: Option<web_sys::ResizeObserver>,
    theme: Option<web_sys::MutationObserver>,
    _system: Option<Listener>,
    _resized: Closure<dyn FnMut()>,
    _themed: Closure<dyn FnMut()>,
}

impl Observers {
    fn new(stage: &Rc<Stage>, root: &web_sys::Element) -> Self {
        let resized = {
            let stage = Rc::downgrade(stage);
            Closure::<dyn FnMut()>::new(move || {
                if let Some(stage) = stage.upgrade() {
                    stage.resize();
                }
            })
        };
        let retheme = {
            let stage = Rc::downgrade(stage);
            move || {
                if let Some(stage) = stage.upgrade() {
                    stage.retheme();
                }
            }
        };
        let themed = Closure::<dyn FnMut()>::new(retheme.clone());
        let size = web_sys::ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
        if let Some(size) = &size {
            size.observe(root);
        }
        let theme = web_sys::MutationObserver::new(themed.as_ref().unchecked_ref()).ok();
        let window = browser::window();
        let html = window
            .document()
            .and_then(|document| document.document_element());
        if let (Some(theme), Some(html)) = (&theme, html) {
            let what = web_sys::MutationObserverInit::new();
            what.set_attributes(true);
            // Fails only for options that watch nothing.
            let _ = theme.observe_with_options(&html, &what);
        }
        let system = window
            .match_media("(prefers-color-scheme: dark)")
            .ok()
            .flatten()
            .map(|query| Listener::new(&query, "change", move |_| retheme()));
        Self {
            size,
            theme,
            _system: system,
            _resized: resized,
            _themed: themed,
        }
    }
}

impl Drop for Observers {
    fn drop(&mut self) {
        if let Some(size) = &self.size {
            size.disconnect();
        }
        if let Some(theme) = &self.theme {
            theme.disconnect();
        }
    }
}
