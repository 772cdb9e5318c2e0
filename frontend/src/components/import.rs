//! Imports a picture that was chosen, pasted or dropped: scales it, matches it
//! to the palette and shows a preview before it is painted.

use crate::{
    board::tile_cache,
    browser,
    components::{
        dialog::Dialog,
        icons::{Glyph, Icon},
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
    tools::quantize::Matcher,
};
use leptos::{ev, html, prelude::*};
use leptos_use_event_listener::use_event_listener;
use shared::canvas::Coord;
use wasm_bindgen::{Clamped, JsCast};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DataTransfer, File, ImageBitmap, ImageData};

/// Largest file in bytes.
const MOST_BYTES: f64 = 32.0 * 1024.0 * 1024.0;

/// The result that would be painted.
#[derive(Clone)]
struct Outcome {
    layout: Layout,
    /// Palette indices of all pixels of its tiles.
    indices: Vec<u8>,
}

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
    let name = board_texts().import;
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
    let picture = RwSignal::new_local(None::<(Coord, ImageBitmap)>);
    let open = RwSignal::new(false);
    let tasks = Tasks::new();
    listen(store, session);
    Effect::new(move || {
        let Some((at, file)) = store.import.get() else {
            return;
        };
        store.import.set(None);
        if file.size() > MOST_BYTES {
            session.notify(NoticeKind::Problem(
                board_texts().import_too_large.to_owned(),
            ));
            return;
        }
        tasks.spawn(async move {
            match decode(&file).await {
                Some(bitmap) => {
                    picture.set(Some((at, bitmap)));
                    open.set(true);
                }
                None => session.notify(NoticeKind::Problem(
                    board_texts().import_no_picture.to_owned(),
                )),
            }
        });
    });
    view! {
        <Dialog open title=board_texts().import>
            <Preview picture open />
        </Dialog>
    }
}

/// The preview and the options.
#[component]
fn Preview(
    picture: RwSignal<Option<(Coord, ImageBitmap)>, LocalStorage>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let texts = board_texts();
    let canvas = NodeRef::<html::Canvas>::new();
    let columns = RwSignal::new(1);
    let dither = RwSignal::new(false);
    let grid = move || store.tiles.peek(TileStore::grid);
    let result = Memo::new_with_compare(
        move |_| {
            let (columns, dither) = (columns.get(), dither.get());
            picture.with(|picture| {
                let (at, bitmap) = picture.as_ref()?;
                let (width, height) = (bitmap.width(), bitmap.height());
                let layout = Layout::new(&grid()?, *at, columns, width, height);
                let indices = matched(store, bitmap, &layout, dither)?;
                Some(Outcome { layout, indices })
            })
        },
        |_, _| true,
    );
    Effect::new(move || {
        if let Some(canvas) = canvas.get() {
            result.with(|result| result.as_ref().map(|result| show(store, result, &canvas)));
        }
    });
    let most = move || {
        let at = picture.with(|picture| picture.as_ref().map(|(at, _)| *at));
        at.and_then(|at| Some(max_columns(&grid()?, at)))
    };
    let size = move || {
        result.with(|result| {
            let layout = &result.as_ref()?.layout;
            Some(import_size(layout))
        })
    };
    let left_out = move || {
        result.with(|result| {
            let cells = result.as_ref()?.layout.cells();
            let forbidden = cells.filter(|at| store.may_not(*at).is_some()).count();
            Some(import_left_out(forbidden))
        })
    };
    let paint = move |_| {
        let parts = result.with_untracked(|result| {
            let Outcome { layout, indices } = result.as_ref()?;
            let part = |at| (at, layout.edits(indices, at));
            Some((layout.at, layout.cells().map(part).collect()))
        });
        open.set(false);
        if let Some((at, parts)) = parts {
            // Undo is offered for the open tile.
            session.open_tile(at);
            session.paint_all(parts);
        }
    };
    view! {
        <div class="import">
            <div class="import__picture">
                <canvas node_ref=canvas data-testid="import-preview"></canvas>
            </div>
            <label class="import__size">
                {texts.import_size}
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
                {texts.import_dither}
            </label>
            <p class="soft" role="status">{left_out}</p>
        </div>
        <div class="dialog__foot">
            <button class="btn btn--primary" type="button" on:click=paint>
                {texts.import_paint}
            </button>
        </div>
    }
}

/// Handles pictures that are pasted outside of text fields or dropped on the
/// board.
fn listen(store: Store, session: Session) {
    let _ = use_event_listener(window(), ev::paste, move |event| {
        let Some(file) = event.clipboard_data().as_ref().and_then(picture_of) else {
            return;
        };
        event.prevent_default();
        let at = store.editing.get_untracked();
        match at.or_else(|| store.selected.get_untracked()) {
            Some(at) => store.import.set(Some((at, file))),
            None => session.notify(NoticeKind::Problem(board_texts().import_nowhere.to_owned())),
        }
    });
    // Without this the browser would leave the page and show the file.
    let _ = use_event_listener(window(), ev::dragover, |event| event.prevent_default());
    let _ = use_event_listener(window(), ev::drop, move |event| {
        event.prevent_default();
        let on_board = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .and_then(|target| target.closest(".board").ok().flatten());
        let file = event.data_transfer().as_ref().and_then(picture_of);
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

/// The first file among what is pasted or dropped.
fn picture_of(data: &DataTransfer) -> Option<File> {
    data.files()?.get(0)
}

async fn decode(file: &File) -> Option<ImageBitmap> {
    let promise = browser::window().create_image_bitmap_with_blob(file).ok()?;
    JsFuture::from(promise).await.ok()?.dyn_into().ok()
}

/// The picture at its new size, in the palette's colours.
fn matched(store: Store, bitmap: &ImageBitmap, layout: &Layout, dither: bool) -> Option<Vec<u8>> {
    let (width, height) = layout.pixels();
    let (_, context) = tile_cache::offscreen_canvas(width, height)?;
    let shrinks = u32::try_from(layout.width).is_ok_and(|width| width < bitmap.width());
    context.set_image_smoothing_enabled(shrinks);
    // Not supported by every browser; the default quality is acceptable.
    let _ = js_sys::Reflect::set(&context, &"imageSmoothingQuality".into(), &"high".into());
    let (x, y) = layout.margin();
    context
        .draw_image_with_image_bitmap_and_dw_and_dh(
            bitmap,
            x.into(),
            y.into(),
            layout.width.into(),
            layout.height.into(),
        )
        .ok()?;
    let rgba = context
        .get_image_data(0.0, 0.0, width.into(), height.into())
        .ok()?
        .data();
    let palette = palette_of(store);
    let width = usize::try_from(width).ok()?;
    Some(Matcher::new(&palette).indices(&rgba, width, dither))
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
    let _ = tile_cache::context_of(canvas)?.put_image_data(&data, 0.0, 0.0);
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
