//! The chat panel: messages grouped by author, older ones fetched while
//! scrolling up, who is typing, and the text field.

pub mod complete;
pub mod composer;
pub mod draft;
pub mod message;
pub mod reading;
pub mod rows;
pub mod scroll;
pub mod text;
mod window;

use crate::{
    browser::{self, now_ms},
    components::icons::{Glyph, Icon},
    i18n::{day, t, typing_line},
    model::{
        chat::Older,
        connection::{ConnectionStatus, LoadState},
    },
    session::Session,
    store::Store,
};
use composer::Composer;
use js_sys::Date;
use leptos::{ev::KeyboardEvent, html, prelude::*};
use leptos_use_document_visibility::use_document_visibility;
use leptos_use_interval_fn::use_interval_fn;
use message::Message;
use reading::ChatReading;
use rows::{ChatLine, Shown, ShownMessages};
use scroll::Scroll;
use shared::time::Timestamp;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use window::ChatWindow;

/// Milliseconds between two looks at the date.
const DATE_MS: u64 = 10_000;
/// How long after the last of the old messages new ones are not read aloud.
const QUIET: Duration = Duration::from_millis(500);
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// The chat panel.
#[component]
pub fn ChatPanel() -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let reading = expect_context::<ChatReading>();

    let date = local_date();
    let offset = Memo::new(move |_| date.with(|date| date.offset_minutes));
    let window = ChatWindow::new(store.chat, reading.at_end);
    let lines = Memo::new(move |_| {
        let mark = reading.mark.get();
        // Days begin at another time in another time zone.
        offset.track();
        store.hidden.with(|hidden| {
            window.with(|rows| {
                if hidden.is_empty() {
                    return rows::lines(rows, mark, day_of);
                }
                let seen = rows.iter().filter(|row| !hidden.contains(&row.sender_id));
                rows::lines(&seen.cloned().collect::<Vec<_>>(), mark, day_of)
            })
        })
    });
    let shown = StoredValue::new(ShownMessages::default());
    Effect::new(move || {
        lines.with(|lines| shown.update_value(|shown| shown.update(lines)));
    });
    let is_quiet = quiet(store);
    let load_older = move || {
        if !window.extend() {
            session.load_older_chat();
        }
    };
    let scroll = Scroll::new(lines, reading.at_end, load_older);
    keep_in_tab_order(lines, scroll.list);
    let scrolled = move |_| {
        if scroll.scrolled() {
            load_older();
        }
    };

    let waiting = move || store.load.get() == LoadState::Loading && store.chat.with(Vec::is_empty);
    let empty = move || store.load.get() == LoadState::Ready && store.chat.with(Vec::is_empty);
    let unread_below = move || !reading.at_end.get() && reading.unread.get() > 0;
    view! {
        <div class="chat__list" node_ref=scroll.list tabindex="0" role="group" aria-label=t().chat_history() on:scroll=scrolled on:keydown=|event| move_along(&event)>
            <Show when=move || store.older.get() == Older::Loading>
                <p class="chat__edge">{t().loading_older()}</p>
            </Show>
            <Show when=move || {
                store.older.get() == Older::None
                    && window.is_whole()
                    && !store.chat.with(Vec::is_empty)
            }>
                <p class="chat__edge">{t().chat_beginning()}</p>
            </Show>
            <Show when=waiting>
                <WaitingMessages />
            </Show>
            <Show when=empty>
                <NoMessages />
            </Show>
            <ul
                class="chat__messages"
                aria-label=t().messages()
                aria-live=move || if is_quiet.get() { "off" } else { "polite" }
                aria-relevant="additions"
                aria-busy=move || is_quiet.get().then_some("true")
            >
                <For each=move || lines.get() key=ChatLine::key let:line>
                    {match line {
                        ChatLine::Day { at, .. } => view! {
                            <li class="chat__day">
                                {move || day(at, date.with(|date| date.day - day_of(at)))}
                            </li>
                        }
                        .into_any(),
                        ChatLine::New => view! { <li class="chat__new">{t().new_messages()}</li> }.into_any(),
                        ChatLine::Message { row, first } => {
                            let added = shown.try_update_value(|shown| shown.added(Shown { row, first }));
                            added.map(|shown| view! { <Message shown /> }).into_any()
                        }
                    }}
                </For>
            </ul>
        </div>
        <div class="chat__foot">
            <Show when=unread_below>
                <div class="chat__jump">
                    <button class="btn btn--primary btn--small" type="button" on:click=move |_| scroll.to_end()>
                        <Icon glyph=Glyph::Down small=true />
                        {move || t().unread(reading.unread.get())}
                    </button>
                </div>
            </Show>
            <Typing />
            <Composer sent=move |()| {
                reading.at_end.set(true);
                scroll.to_end();
            } />
        </div>
    }
}

/// Who is typing.
#[component]
fn Typing() -> impl IntoView {
    let store = expect_context::<Store>();
    let line = Memo::new(move |_| {
        if store.connection.get() != ConnectionStatus::Live {
            return String::new();
        }
        let me = store.me.with(|me| me.as_ref().map(|me| me.user_id));
        let (names, all) = store.people.typing_now(2, me);
        typing_line(&names, all)
    });
    view! {
        <div class="chat__typing" role="status" aria-label=t().typing()>
            {line}
        </div>
    }
}

/// Invites to write the first message.
#[component]
fn NoMessages() -> impl IntoView {
    view! {
        <div class="empty">
            <span class="empty__icon">
                <Icon glyph=Glyph::Chat />
            </span>
            <p class="empty__title">{t().no_messages_title()}</p>
            <p>{t().no_messages_text()}</p>
        </div>
    }
}

/// A placeholder while messages are loaded.
#[component]
fn WaitingMessages() -> impl IntoView {
    [true, false, true]
        .map(|long| {
            view! {
                <div class="message message--first" aria-hidden="true">
                    <span class="avatar skeleton"></span>
                    <div class="message__body message__body--waiting">
                        <div class="skeleton skeleton--line skeleton--short"></div>
                        <div class="skeleton skeleton--line" class=("skeleton--long", long)></div>
                    </div>
                </div>
            }
        })
        .collect_view()
}

/// The buttons of all messages would be too many for the Tab key: it reaches
/// that of the newest one, and arrow keys move on from there.
const BUTTONS: &str = ".message .person-button";

/// Does so whenever the lines change.
fn keep_in_tab_order(lines: Memo<Vec<ChatLine>>, list: NodeRef<html::Div>) {
    Effect::new(move || {
        lines.track();
        // The rows are mounted before the next frame.
        request_animation_frame(move || {
            if let Some(list) = list.try_get_untracked().flatten() {
                put_in_tab_order(&list);
            }
        });
    });
}

fn put_in_tab_order(list: &web_sys::Element) {
    if let Ok(Some(before)) = list.query_selector(".message .person-button[tabindex='0']") {
        // Cannot fail for this name, here and below.
        let _ = before.set_attribute("tabindex", "-1");
    }
    let buttons = list.query_selector_all(BUTTONS).ok();
    let newest = buttons.and_then(|all| all.item(all.length().checked_sub(1)?));
    if let Some(newest) = newest {
        let _ = newest
            .unchecked_into::<web_sys::Element>()
            .set_attribute("tabindex", "0");
    }
}

/// Moves the focus from the button of a message to that of the next one.
fn move_along(event: &KeyboardEvent) {
    let forwards = match event.key().as_str() {
        "ArrowDown" => true,
        "ArrowUp" => false,
        _ => return,
    };
    let Some(from) =
        browser::target_element(event).filter(|e| matches!(e.matches(BUTTONS), Ok(true)))
    else {
        return;
    };
    let mut row = from.closest(".message").ok().flatten();
    while let Some(here) = row {
        row = if forwards {
            here.next_element_sibling()
        } else {
            here.previous_element_sibling()
        };
        let button = row
            .as_ref()
            .and_then(|row| row.query_selector(".person-button").ok()?);
        if let Some(button) = button {
            event.prevent_default();
            // Cannot fail for a mounted button.
            let _ = button.unchecked_into::<web_sys::HtmlElement>().focus();
            return;
        }
    }
}

fn day_of(at: Timestamp) -> i64 {
    local_day(at.millis())
}

/// The day of a time, in milliseconds since 1970, in the browser's time zone, as a number of days.
fn local_day(ms: i64) -> i64 {
    (ms - minutes_behind_utc(ms) * MINUTE_MS).div_euclid(DAY_MS)
}

/// How far the browser's time zone is behind UTC at a time in milliseconds since 1970.
fn minutes_behind_utc(ms: i64) -> i64 {
    // An f64 holds the milliseconds of any date exactly, and the offset is whole minutes.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "see above"
    )]
    let offset = Date::new(&JsValue::from_f64(ms as f64)).get_timezone_offset() as i64;
    offset
}

/// The date of this computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LocalDate {
    day: i64,
    /// Minutes by which the time zone is behind UTC.
    offset_minutes: i64,
}

fn now() -> LocalDate {
    let ms = now_ms();
    LocalDate {
        day: local_day(ms),
        offset_minutes: minutes_behind_utc(ms),
    }
}

/// The date of this computer, which changes at midnight, with the clock and with the time zone.
fn local_date() -> RwSignal<LocalDate> {
    let date = RwSignal::new(now());
    let look = move || {
        let now = now();
        if date.get_untracked() != now {
            date.set(now);
        }
    };
    let _ = use_interval_fn(look, DATE_MS);
    // The timers of a page stand still while the computer sleeps.
    let visibility = use_document_visibility();
    Effect::new(move || {
        visibility.track();
        look();
    });
    date
}

/// Whether changes of the list are not read aloud: while what was said before is loaded and added,
/// and for a moment after.
fn quiet(store: Store) -> RwSignal<bool> {
    let is_quiet = RwSignal::new(true);
    Effect::new(move || {
        let is_loading =
            store.load.get() == LoadState::Loading || store.older.get() == Older::Loading;
        if is_loading {
            is_quiet.set(true);
            return;
        }
        let end = set_timeout_with_handle(move || is_quiet.set(false), QUIET);
        if let Ok(timer) = end {
            on_cleanup(move || timer.clear());
        }
    });
    is_quiet
}
