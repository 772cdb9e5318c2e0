//! What happened on the canvas, newest first.

use crate::{
    browser::now_ms,
    components::{
        avatar::Avatar,
        icons::{Glyph, Icon},
    },
    i18n::{ago, fill, moment, place, t},
    session::Session,
    store::{Activity, Deed, Flight, Load, Store},
};
use leptos::prelude::*;
use std::time::Duration;

/// After this "5 min ago" is written anew.
const TICK: Duration = Duration::from_secs(30);

/// What happened on the canvas.
#[component]
pub fn ActivityPanel() -> impl IntoView {
    let store = expect_context::<Store>();
    let now = RwSignal::new(now_ms());
    if let Ok(interval) = set_interval_with_handle(move || now.set(now_ms()), TICK) {
        on_cleanup(move || interval.clear());
    }
    let rows = move || {
        store
            .activity
            .with(|rows| rows.iter().cloned().collect::<Vec<_>>())
    };
    let none = move || {
        store.activity.with(std::collections::VecDeque::is_empty)
            && store.load.get() != Load::Loading
    };
    view! {
        <div class="panel__scroll">
            <ul class="rows" aria-label=t().activity>
                <For each=rows key=|row| (row.seq, row.time.millis()) let:row>
                    <Row row now />
                </For>
            </ul>
            <Show when=none>
                <div class="empty">
                    <span class="empty__icon">
                        <Icon glyph=Glyph::Activity />
                    </span>
                    <p class="empty__title">{t().no_activity_title}</p>
                    <p>{t().no_activity_text}</p>
                </div>
            </Show>
        </div>
    }
}

#[component]
fn Row(row: Activity, now: RwSignal<i64>) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let Activity {
        actor,
        deed,
        at,
        time,
        ..
    } = row;
    let name = move || {
        store
            .name_of(actor)
            .unwrap_or_else(|| t().somebody.to_owned())
    };
    let words = move || {
        let text = match deed {
            Deed::Created => t().did_create,
            Deed::Painted => t().did_paint,
            Deed::Titled => t().did_title,
            Deed::Liked => t().did_like,
            Deed::Unliked => t().did_unlike,
            Deed::Deleted => t().did_delete,
            Deed::Settings => t().did_settings,
        };
        let place = at.map(|at| place(at.x, at.y)).unwrap_or_default();
        fill(text, &[("place", &place)])
    };
    let fly = move |_| {
        if let Some(at) = at {
            session.fly_to(Flight::Tile(at));
            session.highlight(at);
            session.select(Some(at));
        }
    };
    view! {
        <li>
            <button class="row" type="button" on:click=fly disabled=at.is_none()>
                {move || view! { <Avatar user=actor name=name() /> }}
                <span class="row__text">
                    <span class="row__name">
                        <span class="row__name-text">{name}</span>
                    </span>
                    <span class="row__note">{words}</span>
                </span>
                <time class="row__time" title=moment(time)>
                    {move || ago(time, now.get())}
                </time>
            </button>
        </li>
    }
}
