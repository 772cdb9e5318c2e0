//! What is said over the board while it shows the past: which moment it is, who
//! made its last change, how much happened since, and what can be done.

use super::precision;
use crate::{
    components::{
        icons::{Glyph, Icon},
        restore::{may_restore_then, restore_then},
    },
    i18n::{
        board::board_texts,
        coordinates, export_texts,
        time::{time_texts, when},
    },
    model::rewrite::area_between,
    past::PastView,
    store::Store,
};
use leptos::prelude::*;
use shared::{api::rewrites::Area, mentions::TileMention};

/// The frame of the past, and what is said of it.
#[component]
pub fn PastNote() -> impl IntoView {
    let store = expect_context::<Store>();
    view! {
        <Show when=move || store.past.is_shown.get()>
            <div class="past-frame" aria-hidden="true"></div>
            <Note />
        </Show>
    }
}

#[component]
fn Note() -> impl IntoView {
    let store = expect_context::<Store>();
    let past = expect_context::<PastView>();
    let texts = time_texts();
    let moment = move || store.past.moment.get();
    let when = move || moment().map(|moment| when(&moment, precision(store)));
    let change = Memo::new(move |_| moment().and_then(|moment| moment.change));
    let who = move || {
        let change = change.get()?;
        let name = store.name_of(change.actor);
        let name = name.unwrap_or_else(|| board_texts().a_guest().to_owned());
        let place = coordinates(change.at.x, change.at.y);
        Some(view! { <span dir="auto">{texts.change_by(&name, &place)}</span> })
    };
    let meanwhile = move || match store.past.meanwhile.get() {
        0 => None,
        n => Some(view! { <span data-testid="past-meanwhile">{texts.meanwhile(n)}</span> }),
    };
    let tile = Memo::new(move |_| {
        let at = store.selected.get()?;
        may_restore_then(store, at).then(|| area_between(at, at))
    });
    // The selected tile, to be named in the chat as it is seen.
    let named = Memo::new(move |_| {
        let at = store.selected.get().filter(|_| store.role().is_some())?;
        let seq = Some(store.past_seq()?);
        Some(TileMention { at, seq })
    });
    let in_view = move || {
        let grid = store.tiles.grid()?;
        let (first, last) = store.viewport.get_untracked().visible(&grid)?;
        Some(area_between(first, last))
    };
    let restore = move |area: Option<Area>| {
        if let Some(area) = area {
            restore_then(store, area);
        }
    };
    view! {
        <section class="past-note floating" aria-label=texts.past() data-testid="past-note">
            <p class="past-note__line">
                <Icon glyph=Glyph::Clock small=true />
                <strong class="past-note__when">{when}</strong>
                <span aria-hidden="true">"·"</span>
                <button class="link past-note__now" type="button" on:click=move |_| past.now()>
                    {texts.back_to_now()}
                </button>
            </p>
            <p class="past-note__more soft">{who} {meanwhile}</p>
            <div class="past-note__actions">
                <Show when=move || named.get().is_some()>
                    <button
                        class="btn btn--small"
                        type="button"
                        on:click=move |_| store.chat_insert.set(named.get_untracked())
                    >
                        <Icon glyph=Glyph::Chat small=true />
                        {export_texts().mention_then()}
                    </button>
                </Show>
                <Show when=move || tile.get().is_some()>
                    <button
                        class="btn btn--small"
                        type="button"
                        on:click=move |_| restore(tile.get_untracked())
                    >
                        <Icon glyph=Glyph::Undo small=true />
                        {texts.restore_tile()}
                    </button>
                </Show>
                <Show when=move || store.may_moderate()>
                    <button
                        class="btn btn--small"
                        type="button"
                        on:click=move |_| restore(untrack(in_view))
                    >
                        <Icon glyph=Glyph::Undo small=true />
                        {texts.restore_area()}
                    </button>
                </Show>
            </div>
        </section>
    }
}
