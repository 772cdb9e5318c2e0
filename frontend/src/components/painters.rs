//! Who painted a tile: the button that shows it over the board, and the list of
//! the painters.

use crate::{
    api,
    components::{
        icons::{Glyph, Icon},
        order::{Subject, person_menu::PersonButton},
    },
    i18n::{coordinates, rewrites::rewrite_texts},
    model::{
        camera::CameraCommand,
        notice::NoticeKind,
        painters::{NOBODY, PainterOverlay, Painters},
    },
    session::Session,
    store::Store,
    tasks::{Task, Tasks},
};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use shared::canvas::Coord;
use std::sync::Arc;

/// Milliseconds from a change of the tile until its painters are asked for
/// again, so that a stroke is one question.
const SETTLE_MS: u32 = 500;

/// Fetches who painted the tile over which it is shown, again whenever the tile
/// changes. Called once by the page.
pub fn load_painters(store: Store, session: Session) {
    let tasks = Tasks::new();
    let request = StoredValue::new(Task::default());
    let wanted = Memo::new(move |_| {
        let at = store
            .painters
            .with(|overlay| overlay.as_ref().map(|overlay| overlay.at))?;
        let version = store
            .tiles
            .with_tile(at, |tile| tile.map(|tile| tile.state.version));
        Some((at, version))
    });
    Effect::new(move || {
        let Some((at, version)) = wanted.get() else {
            request.update_value(Task::cancel);
            return;
        };
        if version.is_none() {
            // Deleted, or not this user's to see any more.
            store.painters.set(None);
            return;
        }
        let is_first = store
            .painters
            .with_untracked(|overlay| overlay.as_ref().is_some_and(|o| o.painters.is_none()));
        request.set_value(tasks.start(async move {
            if !is_first {
                TimeoutFuture::new(SETTLE_MS).await;
            }
            let Ok(authors) = api::rewrites::authors(store.canvas_id, at).await else {
                store.painters.set(None);
                let text = rewrite_texts().who_painted_away().to_owned();
                session.notify(NoticeKind::Problem(text));
                return;
            };
            let painters = Arc::new(Painters::from(authors));
            store.painters.update(|overlay| {
                if let Some(overlay) = overlay.as_mut().filter(|overlay| overlay.at == at) {
                    overlay.painters = Some(painters);
                }
            });
        }));
    });
    // Nothing lies over a tile in which somebody draws, or that is not looked at.
    Effect::new(move || {
        let at = store
            .painters
            .with(|overlay| overlay.as_ref().map(|o| o.at));
        if at.is_some() && (store.editing.get().is_some() || store.selected.get() != at) {
            store.painters.set(None);
        }
    });
}

/// The button that shows who painted a tile, and hides it again.
#[component]
pub fn PaintersButton(
    /// The tile.
    at: Coord,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let is_shown = move || is_shown(store, at);
    let toggle = move |_| {
        if is_shown() {
            store.painters.set(None);
            return;
        }
        session.leave_tile();
        session.select(Some(at));
        session.fly_to(CameraCommand::Tile(at));
        store.painters.set(Some(PainterOverlay::new(at)));
    };
    view! {
        <button
            class="btn"
            type="button"
            aria-pressed=move || is_shown().to_string()
            on:click=toggle
        >
            <Icon glyph=Glyph::People small=true />
            {rewrite_texts().who_painted()}
        </button>
    }
}

/// The painters of a tile with the number of their pixels, while the board shows
/// them.
#[component]
pub fn PainterList(
    /// The tile.
    at: Coord,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let texts = rewrite_texts();
    let painters = Memo::new(move |_| {
        store.painters.with(|overlay| {
            let overlay = overlay.as_ref().filter(|overlay| overlay.at == at)?;
            overlay.painters.clone()
        })
    });
    // Read out when a pixel was tapped or chosen with the arrow keys.
    let chosen = move || {
        let pixel = store.painters.with(|overlay| overlay.as_ref()?.pixel)?;
        let side = store.tiles.grid()?.tile_size;
        let painters = painters.get()?;
        let author = painters.author(pixel, side)?;
        let name = match author {
            NOBODY => texts.nobody(),
            _ => painters.name(author).unwrap_or(texts.others()),
        };
        let place = coordinates(pixel.0, pixel.1);
        Some(texts.pixel_by(&place, name))
    };
    let rows = move || {
        let painters = painters.get()?;
        let shares = painters.shares();
        let head = texts.painted_by(shares.len());
        let rows = shares.into_iter().map(|(author, count)| {
            view! { <Painter painters=Arc::clone(&painters) author count /> }
        });
        Some(view! {
            <h3 class="painters__head">{head}</h3>
            <ul class="painters__rows" aria-label=texts.painters()>{rows.collect_view()}</ul>
        })
    };
    let loading = move || is_shown(store, at) && painters.with(Option::is_none);
    view! {
        <Show when=move || is_shown(store, at)>
            <div class="painters">
                <p class="soft painters__pixel" role="status">
                    {move || chosen().unwrap_or_else(|| texts.who_painted_hint().to_owned())}
                </p>
                {rows}
                <Show when=loading>
                    <span class="skeleton skeleton--line skeleton--long"></span>
                </Show>
            </div>
        </Show>
    }
}

#[component]
fn Painter(painters: Arc<Painters>, author: u8, count: usize) -> impl IntoView {
    let store = expect_context::<Store>();
    let texts = rewrite_texts();
    let subject = painters
        .authors
        .get(usize::from(author))
        .map(|person| Subject {
            person: person.clone(),
            message: None,
            comment: None,
            case_id: None,
        });
    let name = painters.name(author).unwrap_or(texts.others()).to_owned();
    let class = format!("painters__color person-{}", painters.color_index(author));
    let stand_out = move |only: Option<u8>| {
        store.painters.update(|overlay| {
            if let Some(overlay) = overlay {
                overlay.only = only;
            }
        });
    };
    let is_chosen = move || {
        store
            .painters
            .with(|overlay| overlay.as_ref().is_some_and(|o| o.only == Some(author)))
    };
    view! {
        <li class="painters__row">
            <button
                class="row painters__main"
                type="button"
                aria-pressed=move || is_chosen().to_string()
                on:click=move |_| stand_out((!is_chosen()).then_some(author))
            >
                <span class=class aria-hidden="true"></span>
                <span class="row__name-text" dir="auto">{name}</span>
                <span class="row__time">{texts.pixels(count)}</span>
            </button>
            {subject.map(|subject| view! { <PersonButton subject=Signal::stored(subject) /> })}
        </li>
    }
}

fn is_shown(store: Store, at: Coord) -> bool {
    store
        .painters
        .with(|overlay| overlay.as_ref().is_some_and(|overlay| overlay.at == at))
}
