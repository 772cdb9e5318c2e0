//! The board: two canvas elements in a focusable grid, and the texts for screen
//! readers.
//!
//! The grid element carries `data-camera-x`, `data-camera-y` (the board pixel
//! in the middle of the view) and `data-camera-zoom` (CSS pixels for one board
//! pixel), so that the place of a cell on screen can be computed from outside.

use crate::{
    board::{input::InputListeners, observers::Observers, renderer::BoardRenderer, url},
    browser,
    i18n::{self, board::board_texts},
    lazy::{Lazy, LazyView},
    model::{
        camera::CameraCommand,
        connection::LoadState,
        moment, palette,
        tile_store::{self, TileStore},
    },
    past::TimeCommands,
    session::Session,
    store::Store,
};
use gloo_timers::callback::Timeout;
use leptos::{ev, html, prelude::*};
use leptos_use_event_listener::use_event_listener;
use shared::canvas::Coord;
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// Milliseconds from the last move of the viewport to the change of the address.
const ADDRESS_MS: u32 = 300;

/// The renderer and the listeners of the board, dropped with the component.
struct BoardHandles {
    renderer: Rc<BoardRenderer>,
    _input: InputListeners,
    _observers: Observers,
}

/// The board.
#[component]
pub fn BoardView() -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let time = expect_context::<TimeCommands>();
    let root = NodeRef::<html::Div>::new();
    let base = NodeRef::<html::Canvas>::new();
    let over = NodeRef::<html::Canvas>::new();
    let handles = StoredValue::new_local(None::<BoardHandles>);
    let with_renderer = move |act: &dyn Fn(&Rc<BoardRenderer>)| {
        handles.try_with_value(|handles| {
            if let Some(handles) = handles {
                act(&handles.renderer);
            }
        });
    };

    Effect::new(move || {
        let (Some(root), Some(base), Some(over)) = (root.get(), base.get(), over.get()) else {
            return;
        };
        handles.set_value(BoardHandles::new(
            store,
            (session, time),
            root.into(),
            &base,
            &over,
        ));
        with_renderer(&|renderer| renderer.resize(None));
    });
    let _ = use_event_listener(window(), ev::hashchange, move |_| {
        if let Some(camera) = hash().and_then(|hash| url::parse(&hash)) {
            session.fly_to(CameraCommand::Camera(camera));
        }
    });
    redraw_when_needed(store, with_renderer);
    look_first(store, session, with_renderer);
    write_address(store);
    follow_person(store, session);

    let (selection_text, pen_text) = (selection_text(store), pen_text(store));
    let size = move |of: fn(&shared::api::Canvas) -> i32| {
        move || store.canvas.with(|canvas| canvas.as_ref().map(of))
    };
    let chosen = move || store.selected.get();
    let camera = move || store.viewport.with(|view| view.camera);
    view! {
        <div
            node_ref=root
            class="board"
            class:board--drawing=move || store.editing.with(Option::is_some)
            role="grid"
            tabindex="0"
            aria-label=board_texts().board()
            aria-describedby="board-help"
            aria-activedescendant=move || chosen().map(|_| "board-cell")
            aria-colcount=size(|canvas| canvas.width)
            aria-rowcount=size(|canvas| canvas.height)
            data-testid="board"
            data-loaded=move || (store.load.get() == LoadState::Ready).to_string()
            data-camera-x=move || camera().x
            data-camera-y=move || camera().y
            data-camera-zoom=move || camera().zoom
        >
            // Where x goes to the right, and so do the labels that are drawn, in any language.
            <canvas dir="ltr" node_ref=base aria-hidden="true"></canvas>
            <canvas dir="ltr" node_ref=over aria-hidden="true"></canvas>
            <div role="row" class="sr-only" aria-rowindex=move || chosen().map(|at| at.y + 1)>
                <div
                    role="gridcell"
                    id="board-cell"
                    aria-colindex=move || chosen().map(|at| at.x + 1)
                    aria-selected=move || chosen().is_some().to_string()
                >
                    {selection_text}
                </div>
            </div>
        </div>
        <p class="sr-only" id="board-help">{board_texts().board_help()}</p>
        <div class="sr-only" aria-live="polite" data-testid="board-announcement">
            {move || pen_text.get().or_else(|| selection_text.get())}
        </div>
        <Lazy view=|| LazyView::BoardArrows />
        <Lazy view=|| LazyView::Import />
    }
}

/// What a screen reader reads of the open or selected cell.
fn selection_text(store: Store) -> Memo<Option<String>> {
    Memo::new(move |_| {
        let at = store.editing.get().or_else(|| store.selected.get())?;
        let text = store.with_seen_tile(at, |tile| {
            let name = tile.map(|tile| {
                let met = store.name_of(tile.state.creator_id);
                i18n::board::creator_name(met.as_deref(), &tile.creator).to_owned()
            });
            let likes = tile.map_or(0, |tile| tile.state.like_count);
            i18n::board::cell(at, name.as_deref().map(|name| (name, likes)))
        });
        let text = i18n::comments::cell_with_comments(
            text,
            store.comments.with(|comments| comments.open_on(at)),
        );
        Some(if store.editing.get().is_some() {
            i18n::board::drawing(&text)
        } else {
            text
        })
    })
}

/// What a screen reader reads of the pixel under the pen that the keys move.
fn pen_text(store: Store) -> Memo<Option<String>> {
    Memo::new(move |_| {
        let ((x, y), at) = store.pen.get().zip(store.editing.get())?;
        let side = store.tiles.grid()?.tile_size;
        let index = u16::try_from(y * side + x).ok()?;
        let color = store.tiles.with_tile(at, |tile| {
            tile_store::color(tile.map(|tile| &tile.state.pixels), index)
        });
        let color = store.canvas.with(|canvas| {
            let text = canvas.as_ref()?.palette.get(usize::from(color))?;
            Some(i18n::board::color(palette::rgb(text)))
        });
        Some(i18n::board::pixel(x, y, color))
    })
}

impl BoardHandles {
    fn new(
        store: Store,
        (session, time): (Session, TimeCommands),
        root: web_sys::Element,
        base: &web_sys::HtmlCanvasElement,
        over: &web_sys::HtmlCanvasElement,
    ) -> Option<Self> {
        let renderer = BoardRenderer::new(store, session, root.clone(), base, over)?;
        Some(Self {
            _input: InputListeners::new(store, (session, time), Rc::clone(&renderer), &root),
            _observers: Observers::new(&renderer, base),
            renderer,
        })
    }
}

/// Redraws the lower canvas when the viewport moves, and the upper one when
/// anything on it changes.
fn redraw_when_needed(
    store: Store,
    with_renderer: impl Fn(&dyn Fn(&Rc<BoardRenderer>)) + Copy + 'static,
) {
    Effect::new(move || {
        store.viewport.track();
        store.canvas.track();
        store.editing.track();
        store.ghost.track();
        with_renderer(&BoardRenderer::redraw);
    });
    Effect::new(move || {
        store.tiles.track();
        store.selected.track();
        store.pointer.track();
        store.pen.track();
        store.people.track_editors();
        store.cursors.track();
        store.highlights.track();
        store.locks.track();
        store.tools.track();
        store.painters.track();
        store.area.track();
        store.marked.track();
        with_renderer(&BoardRenderer::refresh);
    });
    Effect::new(move || {
        store.past.moment.track();
        store.past.tiles.track();
        with_renderer(&BoardRenderer::refresh);
    });
    Effect::new(move || {
        store.past.display.track();
        store.overviews.track();
        with_renderer(&BoardRenderer::redraw);
    });
    Effect::new(move || {
        store.comments.track();
        with_renderer(&BoardRenderer::update_comments);
    });
    Effect::new(move || {
        if let Some(command) = store.camera_command.get() {
            store.camera_command.set(None);
            with_renderer(&|renderer| renderer.fly_to(command));
        }
    });
}

/// Sets the first viewport: the one in the address, else the whole board.
fn look_first(
    store: Store,
    session: Session,
    with_renderer: impl Fn(&dyn Fn(&Rc<BoardRenderer>)) + 'static,
) {
    let done = StoredValue::new(false);
    Effect::new(move || {
        let ready =
            store.canvas.with(Option::is_some) && store.viewport.with(|view| view.width > 0.0);
        let Some(grid) = store.tiles.peek(TileStore::grid) else {
            return;
        };
        if !ready || done.get_value() {
            return;
        }
        done.set_value(true);
        let fit = store.viewport.with_untracked(|view| view.fit(&grid));
        let linked = hash().and_then(|hash| url::parse(&hash));
        let camera = linked.unwrap_or(fit);
        with_renderer(&|renderer| {
            renderer.update_viewport(|view| {
                view.camera = camera;
                view.clamp_to(&grid);
            });
        });
        let query = browser::window().location().search().unwrap_or_default();
        if let Some(at) = url::tile(&query).filter(|at| grid.contains(*at)) {
            session.select(Some(at));
            session.highlight(at);
            if linked.is_none() {
                session.fly_to(CameraCommand::Tile(at));
            }
        }
    });
}

/// Writes the viewport to the address without adding history entries.
fn write_address(store: Store) {
    let timer = StoredValue::new_local(None::<Timeout>);
    Effect::new(move || {
        let camera = store.viewport.with(|view| view.camera);
        if store.load.get() != LoadState::Ready {
            return;
        }
        let write = move || {
            let window = browser::window();
            let location = window.location();
            let (Ok(path), Ok(mut query), Ok(history)) =
                (location.pathname(), location.search(), window.history())
            else {
                return;
            };
            // The tile in the address is no longer the selected one.
            if url::tile(&query) != store.selected.get_untracked() {
                query = moment::only_moment(&query);
            }
            let address = format!("{path}{query}{}", url::format(camera));
            let state = history.state().unwrap_or(JsValue::NULL);
            // Browsers refuse too frequent changes; the next one will be accepted.
            let _ = history.replace_state_with_url(&state, "", Some(&address));
        };
        timer.set_value(Some(Timeout::new(ADDRESS_MS, write)));
    });
}

/// Moves the viewport to where the followed user works.
fn follow_person(store: Store, session: Session) {
    let editing = Memo::new(move |_| {
        let user = store.following.get()?;
        store.people.get(user)?.editing
    });
    Effect::new(move || {
        if let Some(editing) = editing.get() {
            session.fly_to(CameraCommand::Tile(Coord {
                x: editing.tile_x,
                y: editing.tile_y,
            }));
        }
    });
    Effect::new(move || {
        let Some(user) = store.following.get() else {
            return;
        };
        let Some(cursor) = store.cursors.with(|cursors| cursors.get(&user).copied()) else {
            return;
        };
        let view = store.viewport.get_untracked();
        let (x, y) = view.to_screen(cursor.x, cursor.y);
        let seen = (0.0..view.width).contains(&x) && (0.0..view.height).contains(&y);
        if !seen {
            let mut camera = view.camera;
            (camera.x, camera.y) = (cursor.x, cursor.y);
            session.fly_to(CameraCommand::Camera(camera));
        }
    });
}

fn hash() -> Option<String> {
    browser::window().location().hash().ok()
}
