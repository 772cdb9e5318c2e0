//! Imports a picture that was chosen, pasted or dropped: scales it, matches it
//! to the palette and shows a preview before it is painted.

use crate::{
    board::tile_cache::context_of,
    browser,
    components::{
        dialog::Dialog,
        icons::{Glyph, Icon},
        picture::{self, DecodeError, Picture},
    },
    i18n::board::{board_texts, import_left_out, import_size},
    model::{
        import_layout::{Layout, max_columns},
        notice::NoticeKind,
        palette,
        tile_store::TileStore,
    },
    session::Session,
    store::Store,
    tasks::Tasks,
};
use leptos::{ev, html, prelude::*};
use leptos_use_event_listener::use_event_listener;
use shared::canvas::Coord;
use std::rc::Rc;
use wasm_bindgen::Clamped;
use web_sys::{DataTransfer, Element, File, ImageData};

/// The result that would be painted.
struct Outcome {
    layout: Layout,
    /// Palette indices of all pixels of its tiles.
    indices: Vec<u8>,
}

/// The picture that is imported, and the cell it is painted from.
type Imported = RwSignal<Option<(Coord, Rc<Picture>)>, LocalStorage>;

/// The button that chooses a picture for the open tile.
#[component]
pub fn ImportButton() -> impl IntoView {
    let store = expect_context::<Store>();
    let input = NodeRef::<html::Input>::new();
    let choose = move |_| {
        if let Some(input) = input.get_untracked() {
            input.click();
        }
    };
    let chosen = move |_| {
        let Some(input) = input.get_untracked() else {
            return;
        };
        let file = input.files().and_then(|files| files.get(0));
        if let (Some(at), Some(file)) = (store.editing.get_untracked(), file) {
            store.import.set(Some((at, file)));
        }
        // So that the same file can be chosen again.
        input.set_value("");
    };
    let name = board_texts().import();
    view! {
        <button class="tool" type="button" aria-label=name title=name on:click=choose>
            <Icon glyph=Glyph::Picture />
        </button>
        <input
            node_ref=input
            type="file"
            accept="image/*"
            aria-label=name
            hidden
            on:change=chosen
        />
    }
}

/// Listens for pasted and dropped pictures and shows the dialog with the
/// preview.
#[component]
pub fn Import() -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let picture: Imported = RwSignal::new_local(None);
    let open = RwSignal::new(false);
    let tasks = Tasks::new();
    listen(store, session);
    Effect::new(move || {
        let Some((at, file)) = store.import.get() else {
            return;
        };
        store.import.set(None);
        tasks.spawn(async move {
            match picture::decode(&file).await {
                Ok(decoded) => {
                    picture.set(Some((at, Rc::new(decoded))));
                    open.set(true);
                }
                Err(error) => session.notify(NoticeKind::Problem(
                    match error {
                        DecodeError::TooLarge => board_texts().import_too_large(),
                        DecodeError::NoPicture => board_texts().import_no_picture(),
                        DecodeError::Unreadable => board_texts().import_unreadable(),
                    }
                    .to_owned(),
                )),
            }
        });
    });
    // Frees the picture.
    Effect::new(move || {
        if !open.get() {
            picture.set(None);
        }
    });
    view! {
        <Dialog open title=board_texts().import()>
            <Preview picture open />
        </Dialog>
    }
}

/// The preview and the options.
#[component]
fn Preview(picture: Imported, open: RwSignal<bool>) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let texts = board_texts();
    let canvas = NodeRef::<html::Canvas>::new();
    let columns = RwSignal::new(1);
    let dither = RwSignal::new(false);
    let grid = move || store.tiles.peek(TileStore::grid);
    let layout = Memo::new(move |_| {
        let columns = columns.get();
        picture.with(|picture| {
            let (at, picture) = picture.as_ref()?;
            let (width, height) = picture.size();
            Some(Layout::new(&grid()?, *at, columns, width, height))
        })
    });
    let outcome = StoredValue::new_local(None::<Outcome>);
    let is_ready = RwSignal::new(false);
    // The number of the last change; what was begun before it is abandoned.
    let change = StoredValue::new(0_u32);
    let tasks = Tasks::new();
    Effect::new(move || {
        let (layout, dither) = (layout.get(), dither.get());
        let (Some(layout), Some(canvas)) = (layout, canvas.get()) else {
            return;
        };
        let Some((_, picture)) = picture.get_untracked() else {
            return;
        };
        is_ready.set(false);
        change.update_value(|change| *change += 1);
        let own = change.get_value();
        let is_current = move || change.try_get_value() == Some(own);
        tasks.spawn(async move {
            let palette = palette_of(store);
            let Some(indices) = picture.matched(&layout, &palette, dither, is_current).await else {
                return;
            };
            let result = Outcome { layout, indices };
            show(store, &result, &canvas);
            outcome.set_value(Some(result));
            is_ready.set(true);
        });
    });
    let most = move || {
        let at = picture.with(|picture| picture.as_ref().map(|(at, _)| *at));
        at.and_then(|at| Some(max_columns(&grid()?, at)))
    };
    let size = move || layout.with(|layout| Some(import_size(layout.as_ref()?)));
    let left_out = move || {
        layout.with(|layout| {
            let cells = layout.as_ref()?.cells();
            let forbidden = cells.filter(|at| store.may_not(*at).is_some()).count();
            Some(import_left_out(forbidden))
        })
    };
    let paint = move |_| {
        let parts = outcome.with_value(|outcome| {
            let Outcome { layout, indices } = outcome.as_ref()?;
            let part = |at| (at, layout.edits(indices, at));
            Some((layout.at, layout.cells().map(part).collect()))
        });
        let Some((at, parts)) = parts else {
            open.set(false);
            return;
        };
        // Undo is offered for the open tile.
        session.open_tile(at);
        // Where too much waits, the picture stays, to be painted again.
        if session.paint_all(parts) {
            open.set(false);
        }
    };
    view! {
        <div class="import">
            <div class="import__picture" aria-busy=move || (!is_ready.get()).then_some("true")>
                <canvas node_ref=canvas data-testid="import-preview"></canvas>
            </div>
            <label class="import__size">
                {texts.import_size()}
                <input
                    type="range"
                    min="1"
                    max=most
                    prop:value=columns
                    aria-valuetext=size
                    on:input:target=move |event| {
                        columns.set(event.target().value().parse().unwrap_or(1));
                    }
                />
                <output class="soft">{size}</output>
            </label>
            <label class="import__dither">
                <input type="checkbox" bind:checked=dither />
                {texts.import_dither()}
            </label>
            <p class="soft" role="status">{left_out}</p>
        </div>
        <div class="dialog__foot">
            <button
                class="btn btn--primary"
                type="button"
                disabled=move || !is_ready.get()
                on:click=paint
            >
                {texts.import_paint()}
            </button>
        </div>
    }
}

/// Handles pictures that are pasted outside of text fields and dialogs, or
/// dropped on the board. Text fields keep what is pasted or dropped into them:
/// many programs put a picture beside the text that they copy.
fn listen(store: Store, session: Session) {
    let _ = use_event_listener(window(), ev::paste, move |event| {
        if browser::target_element(&event).is_some_and(|target| keeps(&target)) {
            return;
        }
        let Some(file) = event.clipboard_data().as_ref().and_then(picture_of) else {
            return;
        };
        event.prevent_default();
        let at = store.editing.get_untracked();
        match at.or_else(|| store.selected.get_untracked()) {
            Some(at) => store.import.set(Some((at, file))),
            None => session.notify(NoticeKind::Problem(
                board_texts().import_nowhere().to_owned(),
            )),
        }
    });
    let _ = use_event_listener(window(), ev::dragover, move |event| {
        if is_for_page(&event) {
            event.prevent_default();
        }
    });
    let _ = use_event_listener(window(), ev::drop, move |event| {
        if !is_for_page(&event) {
            return;
        }
        event.prevent_default();
        let on_board = browser::target_element(&event)
            .and_then(|target| target.closest(".board").ok().flatten());
        // A file of an unknown type may be a picture.
        let file = event
            .data_transfer()
            .as_ref()
            .and_then(|data| picture_of(data).or_else(|| data.files()?.get(0)));
        let (Some(board), Some(file)) = (on_board, file) else {
            return;
        };
        let rect = board.get_bounding_client_rect();
        let x = f64::from(event.client_x()) - rect.left();
        let y = f64::from(event.client_y()) - rect.top();
        let cell = store
            .tiles
            .peek(TileStore::grid)
            .and_then(|grid| store.viewport.get_untracked().cell_at(x, y, &grid));
        if let Some(at) = cell {
            store.import.set(Some((at, file)));
        }
    });
}

/// Whether an element keeps what is pasted into it.
fn keeps(element: &Element) -> bool {
    browser::takes_text(element) || element.closest("dialog").ok().flatten().is_some()
}

/// Whether what is dragged is not for the browser: it would leave the page and
/// show a file or an address, but a text is put into the text field.
fn is_for_page(event: &ev::DragEvent) -> bool {
    let has_text = event.data_transfer().is_some_and(|data| {
        let types = data.types();
        ["text/plain", "text/uri-list", "text/html"]
            .iter()
            .any(|kind| types.includes(&(*kind).into(), 0))
    });
    let on_field =
        browser::target_element(event).is_some_and(|target| browser::takes_text(&target));
    !(has_text && on_field)
}

/// The first picture among what is pasted or dropped.
fn picture_of(data: &DataTransfer) -> Option<File> {
    let files = data.files()?;
    (0..files.length())
        .filter_map(|index| files.get(index))
        .find(|file| file.type_().starts_with("image/"))
}

/// Draws the preview.
fn show(store: Store, result: &Outcome, canvas: &web_sys::HtmlCanvasElement) -> Option<()> {
    let (width, height) = result.layout.pixels();
    let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    canvas.set_width(width);
    canvas.set_height(height);
    let rgba = palette::rgba(&result.indices, &palette_of(store));
    let data = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&rgba), width, height).ok()?;
    // Fails only for a place outside the canvas.
    let _ = context_of(canvas)?.put_image_data(&data, 0.0, 0.0);
    Some(())
}

fn palette_of(store: Store) -> Vec<[u8; 3]> {
    store.canvas.with_untracked(|canvas| {
        canvas
            .as_ref()
            .map(|canvas| palette::parse(&canvas.palette))
            .unwrap_or_default()
    })
}
