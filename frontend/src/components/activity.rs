//! The panel with the latest events of the canvas, newest first.

use crate::{
    components::{
        avatar::Avatar,
        dock::{DockState, Tab},
        icons::{Glyph, Icon},
    },
    i18n::{ago, comments::comment_texts, coordinates, moment, t},
    model::{
        activity::{Activity, ActivityKind},
        camera::CameraCommand,
        chat::OlderPages,
    },
    session::Session,
    store::Store,
};
use leptos::{html, prelude::*};
use leptos_use_interval_fn::use_interval_fn;

/// Milliseconds after which texts such as "5 min ago" are computed again.
const TICK_MS: u64 = 30_000;
/// Pixels from the end at which older rows are fetched.
const EARLY: i32 = 240;

/// The panel with the latest events of the canvas.
#[component]
pub fn ActivityPanel() -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let now = RwSignal::new(store.server_now_ms());
    let _ = use_interval_fn(move || now.set(store.server_now_ms()), TICK_MS);
    // A hidden panel renders no rows: on a busy canvas they would cost more time
    // than the board.
    let dock = expect_context::<DockState>();
    let rows = move || {
        if !dock.shows(Tab::Activity) {
            return Vec::new();
        }
        store
            .activity
            .with(|rows| rows.iter().cloned().collect::<Vec<_>>())
    };
    let none = move || {
        store.activity.with(std::collections::VecDeque::is_empty)
            && store.older_activity.get() == OlderPages::None
    };
    let list = NodeRef::<html::Div>::new();
    let older = move || {
        let near = list.get_untracked().is_some_and(|list| {
            list.scroll_height() - list.scroll_top() - list.client_height() < EARLY
        });
        if near {
            session.load_older_activity();
        }
    };
    view! {
        <div class="panel__scroll" node_ref=list on:scroll=move |_| older()>
            <ul class="rows" aria-label=t().activity()>
                <For each=rows key=|row| (row.seq, row.time.millis()) let:row>
                    <ActivityRow row now />
                </For>
            </ul>
            <Show when=move || store.older_activity.get() == OlderPages::Maybe>
                <div class="canvas-list__more">
                    <button
                        class="btn btn--quiet"
                        type="button"
                        on:click=move |_| session.load_older_activity()
                    >
                        {t().show_more()}
                    </button>
                </div>
            </Show>
            <Show when=move || store.older_activity.get() == OlderPages::Loading>
                <div class="rows" aria-hidden="true">
                    <div class="row">
                        <span class="avatar skeleton"></span>
                        <span class="skeleton skeleton--line skeleton--long"></span>
                    </div>
                </div>
            </Show>
            <Show when=none>
                <div class="empty">
                    <span class="empty__icon">
                        <Icon glyph=Glyph::Activity />
                    </span>
                    <p class="empty__title">{t().no_activity_title()}</p>
                    <p>{t().no_activity_text()}</p>
                </div>
            </Show>
        </div>
    }
}

#[component]
fn ActivityRow(row: Activity, now: RwSignal<i64>) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let Activity {
        actor,
        kind,
        at,
        time,
        ..
    } = row;
    let place = at.map(|at| coordinates(at.x, at.y)).unwrap_or_default();
    // The name is known only of those who are here or have written in the chat.
    let words = move || match store.name_of(actor) {
        Some(name) => (name, Some(did(kind, &place))),
        None => (was(kind, &place), None),
    };
    let words = Memo::new(move |_| words());
    let name = move || words.get().0;
    let initials = move || store.name_of(actor).unwrap_or_default();
    let fly = move |_| {
        if let Some(at) = at {
            session.fly_to(CameraCommand::Tile(at));
            session.highlight(at);
            session.select(Some(at));
        }
    };
    view! {
        <li>
            <button class="row" type="button" on:click=fly disabled=at.is_none()>
                {move || view! { <Avatar user=actor name=initials() /> }}
                <span class="row__text">
                    <span class="row__name">
                        <span class="row__name-text" dir="auto">{name}</span>
                    </span>
                    <span class="row__note">{move || words.get().1}</span>
                </span>
                <time class="row__time" title=moment(time)>
                    {move || ago(time, now.get())}
                </time>
            </button>
        </li>
    }
}

/// The text for an event, under the name of its author.
fn did(kind: ActivityKind, place: &str) -> String {
    match kind {
        ActivityKind::Created => t().did_create(place),
        ActivityKind::Painted => t().did_paint(place),
        ActivityKind::Titled => t().did_title(place),
        ActivityKind::Liked => t().did_like(place),
        ActivityKind::Unliked => t().did_unlike(place),
        ActivityKind::Deleted => t().did_delete(place),
        ActivityKind::Commented => comment_texts().did_comment(place),
        ActivityKind::Settings => t().did_settings().to_owned(),
    }
}

/// The text for an event whose author is not known.
fn was(kind: ActivityKind, place: &str) -> String {
    match kind {
        ActivityKind::Created => t().was_created(place),
        ActivityKind::Painted => t().was_painted(place),
        ActivityKind::Titled => t().was_titled(place),
        ActivityKind::Liked => t().was_liked(place),
        ActivityKind::Unliked => t().was_unliked(place),
        ActivityKind::Deleted => t().was_deleted(place),
        ActivityKind::Commented => comment_texts().was_commented(place),
        ActivityKind::Settings => t().was_settings().to_owned(),
    }
}
