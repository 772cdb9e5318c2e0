//! The chat panel: messages grouped by author, older ones fetched while
//! scrolling up, who is typing, and the text field.

pub mod complete;
pub mod completion;
pub mod composer;
pub mod draft;
pub mod kept_draft;
pub mod link;
mod local_date;
pub mod message;
pub mod names;
pub mod quote;
pub mod reading;
mod row_input;
pub mod rows;
pub mod scroll;
pub mod swipe;
pub mod text;
mod wanted;
mod window;

use crate::{
    components::icons::{Glyph, Icon},
    i18n::{day, t, typing_line},
    model::{
        chat::OlderPages,
        connection::{ConnectionStatus, LoadState},
    },
    session::Session,
    store::Store,
};
use composer::Composer;
use leptos::prelude::*;
use local_date::{day_of, local_date};
use message::Message;
use reading::ChatReading;
use row_input::{RowSwipe, keep_in_tab_order, row_key};
use rows::{ChatLine, MessageContent, MessageSignals};
use scroll::Scroll;
use std::time::Duration;
use window::ChatWindow;

/// How long after the last of the old messages new ones are not read aloud.
const READ_ALOUD_DELAY: Duration = Duration::from_millis(500);

/// The chat panel.
#[allow(clippy::too_many_lines, reason = "the markup of one component")]
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
    let messages = StoredValue::new(MessageSignals::default());
    Effect::new(move || {
        lines.with(|lines| messages.update_value(|messages| messages.update(lines)));
    });
    let is_quiet = quiet(store, window);
    let load_older = move || session.load_older_chat();
    let scroll = Scroll::new(window, reading.at_end);
    let changes = move || {
        lines.track();
        // Older messages that were loaded are not laid out by themselves.
        window.is_at_start();
    };
    scroll.follow(changes, load_older);
    keep_in_tab_order(lines, scroll.list);
    wanted::follow(store, window, scroll);
    let scrolled = move |_| scroll.scrolled(load_older);
    let swipe = RowSwipe::new(store);

    let waiting = move || store.load.get() == LoadState::Loading && store.chat.with(Vec::is_empty);
    let empty = move || store.load.get() == LoadState::Ready && store.chat.with(Vec::is_empty);
    let unread_below = move || !reading.at_end.get() && reading.unread.get() > 0;
    view! {
        <div
            class="chat__list"
            node_ref=scroll.list
            tabindex="0"
            role="group"
            aria-label=t().chat_history()
            on:scroll=scrolled
            on:keydown=move |event| row_key(store, &event)
            on:pointerdown=move |event| swipe.begin(&event)
            on:pointermove=move |event| swipe.moved(&event)
            on:pointerup=move |event| swipe.ended(&event)
            on:pointercancel=move |_| swipe.cancel()
        >
            <Show when=move || store.older.get() == OlderPages::Loading>
                <p class="chat__edge">{t().loading_older()}</p>
            </Show>
            <Show when=move || {
                store.older.get() == OlderPages::None
                    && window.is_at_start()
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
                node_ref=scroll.messages
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
                            let content = MessageContent { row, first };
                            let signal = messages.try_update_value(|messages| messages.insert(content));
                            signal.map(|content| view! { <Message content /> }).into_any()
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
            <Composer sent=move |()| scroll.to_end() />
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

/// Whether changes of the list are not read aloud: while what was said before is loaded and added,
/// or laid out again, and for a moment after.
fn quiet(store: Store, window: ChatWindow) -> RwSignal<bool> {
    let is_quiet = RwSignal::new(true);
    Effect::new(move || {
        window.track_moves();
        is_quiet.set(true);
        let is_loading =
            store.load.get() == LoadState::Loading || store.older.get() == OlderPages::Loading;
        if is_loading {
            return;
        }
        let end = set_timeout_with_handle(move || is_quiet.set(false), READ_ALOUD_DELAY);
        if let Ok(timer) = end {
            on_cleanup(move || timer.clear());
        }
    });
    is_quiet
}
