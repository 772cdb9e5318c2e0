//! An open conversation: who it is with, its messages, and what may be done.

use super::{
    composer::ThreadComposer,
    message::ThreadMessage,
    notifications::{Failed, Waiting},
    scroll::ThreadScroll,
};
use crate::{
    browser::{self, now_ms},
    components::{
        avatar::Avatar,
        dialog::Confirm,
        icons::{Glyph, Icon},
    },
    i18n::{day, inbox_texts, t},
    inbox::Inbox,
    model::{
        chat::OlderPages,
        inbox::{ConversationAccess, ThreadRow, ThreadRowKey, ThreadState, conversation_access},
    },
    session::Session,
    store::Account,
};
use leptos::{ev::KeyboardEvent, prelude::*};
use leptos_use_document_visibility::use_document_visibility;
use shared::{api::moderation::UserRef, ids::ConversationId, time::Timestamp};
use std::{collections::HashMap, sync::Arc};
use wasm_bindgen::JsCast;
use web_sys::VisibilityState;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// A conversation. It is open as long as this is shown.
#[component]
pub fn ThreadView(
    /// Which one.
    id: ConversationId,
    /// Leads back to the list.
    back: Callback<()>,
) -> impl IntoView {
    let inbox = expect_context::<Inbox>();
    let account = expect_context::<Account>();
    inbox.open(Some(id));
    on_cleanup(move || {
        inbox.sees(None);
        inbox.open(None);
    });
    let conversation = Memo::new(move |_| {
        inbox
            .conversations
            .with(|list| list.items.iter().find(|one| one.id == id).cloned())
    });
    let with =
        Memo::new(move |_| conversation.with(|one| one.as_ref().map(|one| one.with.clone())));
    let name = Signal::derive(move || {
        with.with(|with| with.as_ref().map(|with| with.display_name.clone()))
            .unwrap_or_default()
    });
    let access = Memo::new(move |_| {
        let me = account.user()?.id;
        conversation.with(|one| one.as_ref().map(|one| conversation_access(one, me)))
    });
    let state = Memo::new(move |_| {
        let state = inbox
            .thread
            .with(|thread| thread.as_ref().map(|thread| thread.state));
        state.unwrap_or(ThreadState::Loading)
    });
    // Grows with each message that is sent, which the list scrolls to.
    let sent = RwSignal::new(0_u32);
    let is_missing = Memo::new(move |_| state.get() == ThreadState::Missing);
    view! {
        <Show when=move || !is_missing.get() fallback=move || view! { <Missing back /> }>
            <div class="conversation">
                <Head id with=with.into() name access=access.into() back />
                <Messages id name state=state.into() sent />
                <Foot
                    id
                    with=with.into()
                    name
                    access=access.into()
                    sent=Callback::new(move |()| sent.update(|n| *n += 1))
                    back
                />
            </div>
        </Show>
    }
}

/// Who it is with, and what may be done about the conversation.
#[component]
fn Head(
    id: ConversationId,
    with: Signal<Option<UserRef>>,
    name: Signal<String>,
    access: Signal<Option<ConversationAccess>>,
    back: Callback<()>,
) -> impl IntoView {
    let inbox = expect_context::<Inbox>();
    // On the canvas, what the person does is hidden, too.
    let session = use_context::<Session>();
    let is_blocked = Memo::new(move |_| access.get() == Some(ConversationAccess::Blocked));
    let (asks_block, asks_delete) = (RwSignal::new(false), RwSignal::new(false));
    let set_blocked = move |blocked: bool| {
        if let Some(person) = with.get_untracked() {
            let user = person.user_id;
            inbox.block(id, person, blocked, move || {
                if let Some(session) = session {
                    session.hide(user, blocked);
                }
            });
        }
    };
    let face = move || {
        with.get()
            .map(|with| view! { <Avatar user=with.user_id name=with.display_name /> })
    };
    let handle = move || with.get().map(|with| t().at_name(&with.username));
    let block_label = move || {
        if is_blocked.get() {
            inbox_texts().unblock()
        } else {
            inbox_texts().block()
        }
    };
    view! {
        <header class="conversation__head">
            <button
                class="btn btn--quiet btn--icon conversation__back"
                type="button"
                aria-label=inbox_texts().all_conversations()
                title=inbox_texts().all_conversations()
                on:click=move |_| back.run(())
            >
                <Icon glyph=Glyph::Back />
            </button>
            {face}
            <div class="conversation__who">
                <h3 class="conversation__name" dir="auto">{name}</h3>
                <bdi class="faint conversation__handle">{handle}</bdi>
            </div>
            <button
                class="btn btn--quiet btn--icon"
                type="button"
                aria-label=block_label
                title=block_label
                aria-pressed=move || is_blocked.get().to_string()
                on:click=move |_| {
                    if is_blocked.get_untracked() {
                        set_blocked(false);
                    } else {
                        asks_block.set(true);
                    }
                }
            >
                <Icon glyph=Glyph::Block />
            </button>
            <button
                class="btn btn--quiet btn--icon"
                type="button"
                aria-label=inbox_texts().delete_conversation()
                title=inbox_texts().delete_conversation()
                on:click=move |_| asks_delete.set(true)
            >
                <Icon glyph=Glyph::Delete />
            </button>
            <Confirm
                open=asks_block
                title=Signal::derive(|| inbox_texts().block_title().to_owned())
                text=inbox_texts().block_text()
                action=inbox_texts().block()
                confirmed=move |()| set_blocked(true)
            />
            <Confirm
                open=asks_delete
                title=Signal::derive(|| inbox_texts().delete_title().to_owned())
                text=inbox_texts().delete_text()
                action=inbox_texts().delete_conversation()
                confirmed=move |()| inbox.hide(id, move || {
                    back.try_run(());
                })
            />
        </header>
    }
}

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
#[component]
fn Messages(
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

/// The text field, or why there is none.
#[component]
fn Foot(
    id: ConversationId,
    with: Signal<Option<UserRef>>,
    name: Signal<String>,
    access: Signal<Option<ConversationAccess>>,
    sent: Callback<()>,
    back: Callback<()>,
) -> impl IntoView {
    let inbox = expect_context::<Inbox>();
    let asks_decline = RwSignal::new(false);
    // The field stays while a request becomes a conversation.
    let may_write = Memo::new(move |_| {
        matches!(
            access.get(),
            Some(ConversationAccess::Open | ConversationAccess::NoRequest | ConversationAccess::RequestReceived)
        )
    });
    let unblock = move |_| {
        if let Some(person) = with.get_untracked() {
            inbox.block(id, person, false, || ());
        }
    };
    let inside = move || {
        match access.get() {
        None | Some(ConversationAccess::Open) => ().into_any(),
        Some(ConversationAccess::NoRequest) => view! {
            <p class="conversation__note">{move || inbox_texts().unasked_text(&name.get())}</p>
        }
        .into_any(),
        Some(ConversationAccess::RequestSent) => view! {
            <p class="conversation__note" role="status">{move || inbox_texts().waiting_text(&name.get())}</p>
        }
        .into_any(),
        Some(ConversationAccess::Blocked) => view! {
            <p class="conversation__note">{move || inbox_texts().blocked_text(&name.get())}</p>
            <button class="btn" type="button" on:click=unblock>{inbox_texts().unblock()}</button>
        }
        .into_any(),
        Some(ConversationAccess::RequestReceived) => view! {
            <p class="conversation__note">{move || inbox_texts().asks(&name.get())}</p>
            <div class="conversation__choice">
                <button
                    class="btn btn--primary"
                    type="button"
                    on:click=move |_| inbox.accept(id)
                >
                    {inbox_texts().accept()}
                </button>
                <button class="btn" type="button" on:click=move |_| asks_decline.set(true)>
                    {inbox_texts().decline()}
                </button>
            </div>
        }
        .into_any(),
    }
    };
    view! {
        <div class="conversation__foot">
            {inside}
            <Show when=move || may_write.get()>
                <ThreadComposer id name sent />
            </Show>
            <Confirm
                open=asks_decline
                title=Signal::derive(|| inbox_texts().decline_title().to_owned())
                text=inbox_texts().decline_text()
                action=inbox_texts().decline()
                confirmed=move |()| inbox.hide(id, move || {
                    back.try_run(());
                })
            />
        </div>
    }
}

/// The user takes part in no such conversation.
#[component]
fn Missing(back: Callback<()>) -> impl IntoView {
    view! {
        <div class="empty">
            <span class="empty__icon"><Icon glyph=Glyph::Envelope /></span>
            <p class="empty__title">{inbox_texts().missing_title()}</p>
            <p>{inbox_texts().missing_text()}</p>
            <button class="btn" type="button" on:click=move |_| back.run(())>
                {inbox_texts().all_conversations()}
            </button>
        </div>
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
