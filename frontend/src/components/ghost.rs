//! Yesterday's tile, faintly under what is drawn: the button, and the request for
//! it.

use crate::{
    api, browser,
    components::{
        icons::{Glyph, Icon},
        key_labels::KeyLabels,
    },
    i18n::{export_texts, with_note},
    model::{
        ghost::{GHOST_AGE_MS, Ghost},
        notice::NoticeKind,
    },
    session::Session,
    store::Store,
    tasks::{Task, Tasks},
};
use leptos::prelude::*;
use shared::{canvas::Coord, time::Timestamp};
use std::sync::Arc;

/// The key that shows and hides it.
const GHOST_KEY: &str = "G";

/// Fetches what the open tile was yesterday, while that is to be shown. Called
/// once by the page.
pub fn load_ghost(store: Store, session: Session) {
    let tasks = Tasks::new();
    let request = StoredValue::new(Task::default());
    Effect::new(move || {
        let at = store.editing.get().filter(|_| store.shows_ghost.get());
        store.ghost.set(None);
        let Some(at) = at else {
            request.update_value(Task::cancel);
            return;
        };
        request.set_value(tasks.start(async move {
            match fetch(store, at).await {
                Ok(Some(ghost)) => store.ghost.set(Some(ghost)),
                Ok(None) => {
                    store.shows_ghost.set(false);
                    session.notify(NoticeKind::Done(export_texts().ghost_empty().to_owned()));
                }
                Err(()) => {
                    store.shows_ghost.set(false);
                    let text = export_texts().ghost_away().to_owned();
                    session.notify(NoticeKind::Problem(text));
                }
            }
        }));
    });
}

/// None where there was no tile.
async fn fetch(store: Store, at: Coord) -> Result<Option<Ghost>, ()> {
    let then = store.server_now_ms() - GHOST_AGE_MS;
    let then = chrono::DateTime::from_timestamp_millis(then).ok_or(())?;
    let then = browser::iso_time(Timestamp::from(then));
    let pixels = api::tile_past::pixels_at(store.canvas_id, at, &then).await;
    let pixels = pixels.map_err(drop)?;
    Ok(pixels.map(|pixels| Ghost {
        at,
        pixels: Arc::new(pixels),
    }))
}

/// The tool that shows and hides it.
#[component]
pub fn GhostButton() -> impl IntoView {
    let store = expect_context::<Store>();
    let labels = expect_context::<KeyLabels>();
    let texts = export_texts();
    let key = move || labels.label(GHOST_KEY);
    view! {
        <button
            class="tool"
            type="button"
            aria-label=texts.ghost()
            aria-pressed=move || store.shows_ghost.get().to_string()
            aria-keyshortcuts=key
            title=move || with_note(texts.ghost(), &key())
            on:click=move |_| store.shows_ghost.update(|shows| *shows = !*shows)
        >
            <Icon glyph=Glyph::Ghost />
        </button>
        <span class="sr-only" role="status">
            {move || store.ghost.with(Option::is_some).then(|| texts.ghost_on())}
        </span>
    }
}
