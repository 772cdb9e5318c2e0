//! The GIF of a tile's past: a button, and the dialog in which it is looked at and
//! given to others.

use crate::{
    api,
    components::{
        choices::Choices,
        dialog::Dialog,
        file::{FileAddress, can_share, share_file},
        icons::{Glyph, Icon},
        share::copy,
    },
    i18n::{api_problem, coordinates, export_texts, t},
    model::{
        export::{ExportChoice, LENGTHS, USUAL_LENGTH, file_name},
        tile_store::TileStore,
    },
    store::Store,
    tasks::{Task, Tasks},
};
use leptos::prelude::*;
use shared::{
    api::exports::ExportKind,
    canvas::{Coord, Visibility},
};
use std::rc::Rc;
use web_sys::Blob;

/// How far the GIF is.
#[derive(Clone)]
enum Film {
    Making,
    Ready(Rc<FileAddress>),
    Problem(String),
}

/// The button, and the dialog that it opens.
#[component]
pub fn ShareGif(
    /// The tile.
    at: Coord,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let texts = export_texts();
    view! {
        <button class="btn btn--small" type="button" on:click=move |_| open.set(true)>
            <Icon glyph=Glyph::Film small=true />
            {texts.share_gif()}
        </button>
        <Dialog open title=texts.gif_of(&coordinates(at.x, at.y))>
            <GifOfTile at />
        </Dialog>
    }
}

#[component]
fn GifOfTile(at: Coord) -> impl IntoView {
    let store = expect_context::<Store>();
    let texts = export_texts();
    let Some(grid) = store.tiles.peek(TileStore::grid) else {
        return ().into_any();
    };
    let (name, visibility) = store.canvas.with_untracked(|canvas| {
        let canvas = canvas.as_ref();
        let name = canvas.map(|canvas| canvas.name.clone()).unwrap_or_default();
        (name, canvas.map(|canvas| canvas.visibility))
    });
    let name = StoredValue::new(file_name(
        &format!("{name} {}-{}", at.x, at.y),
        ExportKind::Gif,
    ));
    let length = RwSignal::new(USUAL_LENGTH);
    let path = Memo::new(move |_| {
        let film = ExportChoice {
            seconds: LENGTHS.get(length.get()).copied().unwrap_or_default(),
            ..ExportChoice::film_of_tile(&grid, at)
        };
        film.path(store.canvas_id)
    });
    let film = RwSignal::new_local(Film::Making);
    let tasks = Tasks::new();
    let request = StoredValue::new(Task::default());
    Effect::new(move || {
        let path = path.get();
        film.set(Film::Making);
        request.set_value(tasks.start(async move {
            film.set(match api::exports::file(&path).await {
                Ok(blob) => match FileAddress::new(blob) {
                    Some(address) => Film::Ready(Rc::new(address)),
                    None => Film::Problem(texts.gif_away().to_owned()),
                },
                Err(error) => Film::Problem(api_problem(&error)),
            });
        }));
    });
    let lengths = LENGTHS
        .iter()
        .map(|seconds| {
            (
                texts.seconds(usize::try_from(*seconds).unwrap_or_default()),
                "",
            )
        })
        .collect();
    let place = coordinates(at.x, at.y);
    let picture = move || match film.get() {
        Film::Making => view! {
            <div class="film__picture skeleton" role="status">
                <span class="sr-only">{texts.gif_making()}</span>
            </div>
        }
        .into_any(),
        Film::Ready(file) => view! {
            <img class="film__picture" src=file.text() alt=texts.gif_shows(&place) />
        }
        .into_any(),
        Film::Problem(text) => view! { <p role="alert">{text}</p> }.into_any(),
    };
    let file = move || match film.get() {
        Film::Ready(file) => Some(file),
        Film::Making | Film::Problem(_) => None,
    };
    view! {
        {picture}
        <Choices name="gif-length" label=texts.length() value=length options=lengths />
        <Show when=move || visibility == Some(Visibility::Private)>
            <p class="soft">{texts.link_private()}</p>
        </Show>
        <div class="dialog__foot">
            <CopyLink path />
            <Show when=move || file().is_some_and(|file| can_share(file.blob(), &name.get_value()))>
                <button
                    class="btn"
                    type="button"
                    on:click=move |_| {
                        if let Some(file) = file() {
                            share(tasks, file.blob().clone(), name.get_value());
                        }
                    }
                >
                    <Icon glyph=Glyph::Share small=true />
                    {texts.share_file()}
                </button>
            </Show>
            <a
                class="btn btn--primary"
                href=move || api::exports::file_url(&path.get())
                download=name.get_value()
            >
                <Icon glyph=Glyph::Download />
                {t().download()}
            </a>
        </div>
    }
    .into_any()
}

fn share(tasks: Tasks, file: Blob, name: String) {
    // Nothing is said where somebody changes their mind.
    tasks.spawn(async move { share_file(&file, &name).await });
}

/// The button that copies the link to the GIF; a link to it where browsers allow
/// no copy.
#[component]
fn CopyLink(path: Memo<String>) -> impl IntoView {
    let texts = export_texts();
    let tasks = Tasks::new();
    let is_copied = RwSignal::new(false);
    let by_hand = RwSignal::new(None::<String>);
    Effect::new(move || {
        path.track();
        is_copied.set(false);
        by_hand.set(None);
    });
    let click = move |_| {
        let origin = crate::browser::window()
            .location()
            .origin()
            .unwrap_or_default();
        let address = format!("{origin}{}", api::exports::file_url(&path.get_untracked()));
        tasks.spawn(async move {
            if copy(&address).await {
                is_copied.set(true);
            } else {
                by_hand.set(Some(address));
            }
        });
    };
    view! {
        <button class="btn" type="button" on:click=click>
            <Icon glyph=Glyph::Copy small=true />
            {texts.copy_link()}
        </button>
        <span class="dialog__note soft" role="status">
            {move || is_copied.get().then(|| texts.link_copied())}
            {move || by_hand.get().map(|address| view! { <bdi class="film__link">{address}</bdi> })}
        </span>
    }
}
