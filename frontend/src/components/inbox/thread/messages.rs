//! The messages of a conversation, with a separator before each day.

use crate::{
    browser::{self, now_ms},
    components::inbox::{
        message::ThreadMessage,
        notifications::{Failed, Waiting},
        scroll::ThreadScroll,
    },
    i18n::{day, inbox_texts, t},
    inbox::Inbox,
    model::{
        chat::OlderPages,
        inbox::{ThreadRow, ThreadRowKey, ThreadState},
    },
};
use leptos::{ev::KeyboardEvent, prelude::*};
use leptos_use_document_visibility::use_document_visibility;
use shared::{ids::ConversationId, time::Timestamp};
use std::{collections::HashMap, sync::Arc};
use wasm_bindgen::JsCast;
use web_sys::VisibilityState;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// A line of the conversation.
#[derive(Clone, Debug)]
enum Line {
    /// Before the messages of a day; the local day, and a time on it.
    Day(i64, Timestamp),
    Message(Arc<ThreadRow>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum LineKey {
    Day(i64),
    Message(ThreadRowKey),
}

impl Line {
    fn key(&self) -> LineKey {
        match self {
            Self::Day(day, _) => LineKey::Day(*day),
            Self::Message(row) => LineKey::Message(row.key),
        }
    }
}

/// The lines of rows, oldest first.
fn lines(rows: &[Arc<ThreadRow>]) -> Vec<Line> {
    let mut lines = Vec::with_capacity(rows.len() + 4);
    let mut today = None;
    for row in rows {
        let day = local_day(row.at.millis());
        // A clock that is wrong does not go back to a day.
        if today.is_none_or(|today| day > today) {
            lines.push(Line::Day(day, row.at));
            today = Some(day);
        }
        lines.push(Line::Message(Arc::clone(row)));
    }
    lines
}

/// The local day of a time in milliseconds since 1970, as a number of days.
fn local_day(ms: i64) -> i64 {
    // An f64 holds the milliseconds of any date exactly, and the offset is whole
    // minutes.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "see above"
    )]
    let behind = js_sys::Date::new(&(ms as f64).into()).get_timezone_offset() as i64;
    (ms - behind * MINUTE_MS).div_euclid(DAY_MS)
}

/// The messages, older ones read while scrolling up.
#[allow(clippy::too_many_lines, reason = "the markup of one component")]
#[component]
pub(super) fn Messages(
    id: ConversationId,
    name: Signal<String>,
    state: Signal<ThreadState>,
    sent: RwSignal<u32>,
) -> impl IntoView {
    let inbox = expect_context::<Inbox>();
    let rows = move || {
        inbox
            .thread
            .with(|thread| thread.as_ref().map(|thread| thread.rows.clone()))
            .unwrap_or_default()
    };
    let older = Memo::new(move |_| inbox.thread.with(|t| t.as_ref().map(|t| t.older)));
    // What each message shows, in a signal of its own.
    let shown = StoredValue::new(HashMap::<ThreadRowKey, ArcRwSignal<Arc<ThreadRow>>>::new());
    let lines = Memo::new_with_compare(
        move |_| lines(&rows()),
        |old, new| {
            let keys = |lines: Option<&Vec<Line>>| -> Option<Vec<LineKey>> {
                Some(lines?.iter().map(Line::key).collect())
            };
            keys(old) != keys(new)
        },
    );
    Effect::new(move || {
        let rows = rows();
        shown.update_value(|shown| {
            let mut before = std::mem::take(shown);
            for row in rows {
                let Some(signal) = before.remove(&row.key) else {
                    continue;
                };
                shown.insert(row.key, signal.clone());
                if signal.with_untracked(|old| !Arc::ptr_eq(old, &row)) {
                    signal.set(row);
                }
            }
        });
    });
    let ends =
        Memo::new(move |_| lines.with(|lines| Some((lines.first()?.key(), lines.last()?.key()))));
    // Of the newest message that has a button.
    let newest = Memo::new(move |_| {
        let rows = rows();
        let has_button = |row: &&Arc<ThreadRow>| row.message_id.is_some() && !row.removed;
        rows.iter().rev().find(has_button).map(|row| row.key)
    });
    let load_older = move || inbox.load_older();
    let scroll = ThreadScroll::new(ends, load_older);
    Effect::new(move || {
        if sent.get() > 0 {
            scroll.at_end.set(true);
            scroll.to_end();
        }
    });
    let visibility = use_document_visibility();
    Effect::new(move || {
        ends.track();
        let is_seen = visibility.get() == VisibilityState::Visible && scroll.at_end.get();
        inbox.sees(is_seen.then_some(id));
    });
    let message = move |row: Arc<ThreadRow>| {
        let key = row.key;
        let signal = shown.try_update_value(|shown| {
            let signal = shown.entry(key).or_insert_with(|| ArcRwSignal::new(row));
            signal.clone()
        })?;
        let is_newest = Memo::new(move |_| newest.get() == Some(key));
        Some(view! { <ThreadMessage id row=signal name is_newest /> })
    };
    let typing = move || {
        let is_typing = inbox.typing.with(|all| all.contains(&id));
        is_typing.then(|| inbox_texts().is_typing(&name.get()))
    };
    view! {
        <div
            class="conversation__list"
            node_ref=scroll.list
            tabindex="0"
            role="group"
            aria-label=move || inbox_texts().history(&name.get())
            on:scroll=move |_| scroll.look(load_older)
            on:keydown=|event| move_along(&event)
        >
            <Show when=move || state.get() == ThreadState::Loading>
                <Waiting />
            </Show>
            <Show when=move || state.get() == ThreadState::Failed>
                <Failed retry=move |()| inbox.retry_thread() />
            </Show>
            <Show when=move || older.get() == Some(OlderPages::Loading) && state.get() == ThreadState::Ready>
                <p class="chat__edge">{t().loading_older()}</p>
            </Show>
            <Show when=move || older.get() == Some(OlderPages::None) && state.get() == ThreadState::Ready>
                <p class="chat__edge">
                    {move || inbox_texts().begin(&name.get())}
                </p>
            </Show>
            <ul
                class="conversation__messages"
                aria-label=inbox_texts().messages()
                aria-live=move || if state.get() == ThreadState::Ready { "polite" } else { "off" }
                aria-relevant="additions"
            >
                <For each=move || lines.get() key=Line::key let:line>
                    {match line {
                        Line::Day(its_day, at) => view! {
                            <li class="chat__day">{day(at, local_day(now_ms()) - its_day)}</li>
                        }
                        .into_any(),
                        Line::Message(row) => message(row).into_any(),
                    }}
                </For>
            </ul>
        </div>
        <div class="chat__typing conversation__typing" role="status" aria-label=t().typing()>{typing}</div>
    }
}

/// The buttons of all messages would be too many for the Tab key: it reaches
/// that of the newest one, and arrow keys move on from there.
fn move_along(event: &KeyboardEvent) {
    let is_down = match event.key().as_str() {
        "ArrowDown" => true,
        "ArrowUp" => false,
        _ => return,
    };
    let from = browser::target_element(event)
        .filter(|element| matches!(element.matches(".dm__act"), Ok(true)));
    let mut row = from.and_then(|from| from.closest(".dm").ok()?);
    while let Some(here) = row {
        row = if is_down {
            here.next_element_sibling()
        } else {
            here.previous_element_sibling()
        };
        let button = row
            .as_ref()
            .and_then(|row| row.query_selector(".dm__act").ok()?);
        if let Some(button) = button {
            event.prevent_default();
            // Cannot fail for a mounted button.
            let _ = button.unchecked_into::<web_sys::HtmlElement>().focus();
            return;
        }
    }
}
