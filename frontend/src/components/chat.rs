//! The chat: history that grows upward, messages grouped by author, typing
//! line and text field.

pub mod complete;
pub mod composer;
pub mod message;
pub mod rows;
pub mod text;

use crate::{
    browser::{self, Listener},
    components::{
        dock::{DockState, Tab},
        icons::{Glyph, Icon},
    },
    i18n::{day, fill, t, typing_line},
    session::Session,
    store::{Account, ChatRow, Connection, Load, NoticeKind, Older, SignIn, Store},
};
use chrono::{DateTime, Datelike, Local, Utc};
use composer::Composer;
use leptos::{html, prelude::*};
use message::Message;
use rows::Line;
use shared::time::Timestamp;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, ResizeObserver};

/// Pixels from an end at which a list counts as being there.
const NEAR: i32 = 48;
/// Pixels from the top at which older messages are fetched.
const EARLY: i32 = 240;

/// What of the chat was read; in the context of the dock.
#[derive(Clone, Copy)]
pub struct ChatReading {
    /// `seq` of the newest message that was seen.
    read: RwSignal<i64>,
    /// Unread messages begin after this `seq`; none while nothing was missed.
    mark: RwSignal<Option<i64>>,
    /// Whether somebody looks at the end of the list.
    at_end: RwSignal<bool>,
    /// How many messages of others were not seen yet.
    pub unread: Memo<usize>,
}

impl ChatReading {
    /// Watches a canvas's chat from now on; what is there already counts as read.
    pub fn new(store: Store) -> Self {
        let read = RwSignal::new(0);
        let unread = Memo::new(move |_| {
            let me = store.me.with(|me| me.as_ref().map(|me| me.user_id));
            let own = |row: &ChatRow| Some(row.sender_id) == me;
            store.chat.with(|chat| rows::unread(chat, read.get(), own))
        });
        let reading = Self {
            read,
            mark: RwSignal::new(None),
            at_end: RwSignal::new(true),
            unread,
        };
        reading.watch(store);
        reading
    }

    fn watch(self, store: Store) {
        let dock = expect_context::<DockState>();
        let account = expect_context::<Account>();
        let visible = RwSignal::new(browser::is_visible());
        let listener = Listener::new(&document(), "visibilitychange", move |_| {
            visible.set(browser::is_visible());
        });
        let listener = StoredValue::new_local(Some(listener));
        on_cleanup(move || drop(listener.try_update_value(Option::take)));
        let newest = Memo::new(move |_| {
            store
                .chat
                .with(|chat| chat.iter().filter_map(|row| row.seq).max().unwrap_or(0))
        });
        let looking =
            Memo::new(move |_| visible.get() && dock.shows(Tab::Chat) && self.at_end.get());
        tell_of_mentions(store, newest, looking);
        Effect::new(move |before: Option<bool>| {
            let newest = newest.get();
            let here = store.load.get() == Load::Ready;
            let looking = looking.get();
            match before {
                // The first messages are history, not news.
                None | Some(false) if here => self.read.set(newest),
                None | Some(false) => {}
                Some(true) if looking => self.read.set(newest),
                Some(true) => {
                    // Remember where the unread ones begin; a mark that was
                    // read past moves.
                    let read = self.read.get_untracked();
                    if self.mark.get_untracked().is_none_or(|mark| mark < read) {
                        self.mark.set(Some(read));
                    }
                }
            }
            here || before == Some(true)
        });
        Effect::new(move |_| {
            if account.sign_in.get() == SignIn::SignedOut {
                self.mark.set(None);
            }
        });
        Effect::new(move |_| {
            let name = store
                .canvas
                .with(|canvas| canvas.as_ref().map(|canvas| canvas.name.clone()));
            let title = name.map_or_else(
                || t().name.to_owned(),
                |name| format!("{name} · {}", t().name),
            );
            let title = match self.unread.get() {
                0 => title,
                n => format!("({n}) {title}"),
            };
            document().set_title(&title);
        });
    }
}

/// Tells with a toast that somebody named this user while they looked elsewhere.
fn tell_of_mentions(store: Store, newest: Memo<i64>, looking: Memo<bool>) {
    let session = expect_context::<Session>();
    Effect::new(move |heard: Option<Option<i64>>| {
        let newest = newest.get();
        if store.load.get() != Load::Ready {
            return None;
        }
        let heard = heard.flatten();
        let me = store.me.get_untracked();
        if let (Some(heard), Some(me), false) = (heard, me, looking.get_untracked()) {
            let names_me = |row: &&ChatRow| {
                let is_me = |name: &str| name.eq_ignore_ascii_case(&me.username);
                let parts = text::parts(&row.text, is_me);
                row.sender_id != me.user_id
                    && row.seq.is_some_and(|seq| seq > heard)
                    && parts
                        .iter()
                        .any(|part| matches!(part, text::Part::Person(_)))
            };
            let found = store.chat.with_untracked(|chat| {
                let row = chat.iter().rev().find(names_me)?;
                let (name, text) = (&row.sender_display_name, &row.text);
                Some(fill(t().mentioned_you, &[("name", name), ("text", text)]))
            });
            if let Some(text) = found {
                session.notify(NoticeKind::Announcement(text));
            }
        }
        Some(newest)
    });
}

/// The chat.
#[component]
pub fn ChatPanel() -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let reading = expect_context::<ChatReading>();
    let dock = expect_context::<DockState>();
    let list = NodeRef::<html::Div>::new();

    let lines = Memo::new(move |_| {
        let mark = reading.mark.get();
        store.chat.with(|chat| rows::lines(chat, mark, day_of))
    });
    let may_load = move || store.older.get_untracked() == Older::Maybe;
    let top = StoredValue::new(0);
    let at_scroll = move || {
        let Some(list) = list.get_untracked() else {
            return;
        };
        // Only who scrolls up leaves the end; a list that grows does not.
        let upward = list.scroll_top() < top.get_value();
        top.set_value(list.scroll_top());
        let left = list.scroll_height() - list.scroll_top() - list.client_height();
        if left < NEAR {
            reading.at_end.set(true);
        } else if upward {
            reading.at_end.set(false);
        }
        if list.scroll_top() < EARLY && may_load() && list.client_height() > 0 {
            session.load_older_chat();
        }
    };
    let to_end = move || {
        if let Some(list) = list.get_untracked() {
            list.set_scroll_top(list.scroll_height());
        }
    };
    // Keeps what one reads in its place: at the end, the newest; elsewhere,
    // the same message while older ones come in above it.
    Effect::new(move |before: Option<(Option<rows::LineKey>, i32)>| {
        let first = lines.with(|lines| first_message(lines));
        let shown = dock.shows(Tab::Chat);
        let element = list.get();
        let height = element.as_ref().map_or(0, |list| list.scroll_height());
        request_animation_frame(move || {
            let Some(list) = list.get_untracked() else {
                return;
            };
            if reading.at_end.get_untracked() {
                to_end();
            } else if let Some((old_first, old_height)) = before
                && old_first != first
                && shown
            {
                list.set_scroll_top(list.scroll_top() + list.scroll_height() - old_height);
            }
            at_scroll();
        });
        (first, height)
    });

    // The list gets smaller when the text field grows or the sheet opens.
    let observer = StoredValue::new_local(None::<Resized>);
    Effect::new(move |_| {
        if let Some(list) = list.get() {
            let resized = Resized::watch(&list, move || {
                if reading.at_end.get_untracked() {
                    to_end();
                }
            });
            observer.set_value(resized);
        }
    });
    on_cleanup(move || drop(observer.try_update_value(Option::take)));

    let waiting = move || store.load.get() == Load::Loading && store.chat.with(Vec::is_empty);
    let empty = move || store.load.get() == Load::Ready && store.chat.with(Vec::is_empty);
    let unread_below = move || !reading.at_end.get() && reading.unread.get() > 0;
    view! {
        <div class="chat__list" node_ref=list tabindex="0" role="group" aria-label=t().chat_history on:scroll=move |_| at_scroll()>
            <Show when=move || store.older.get() == Older::Loading>
                <p class="chat__edge">{t().loading_older}</p>
            </Show>
            <Show when=move || {
                store.older.get() == Older::None && !store.chat.with(Vec::is_empty)
            }>
                <p class="chat__edge">{t().chat_beginning}</p>
            </Show>
            <Show when=waiting>
                <WaitingMessages />
            </Show>
            <Show when=empty>
                <div class="empty">
                    <span class="empty__icon">
                        <Icon glyph=Glyph::Chat />
                    </span>
                    <p class="empty__title">{t().no_messages_title}</p>
                    <p>{t().no_messages_text}</p>
                </div>
            </Show>
            <ul
                class="chat__messages"
                aria-label=t().messages
                aria-live="polite"
                aria-relevant="additions"
                aria-busy=move || (store.older.get() == Older::Loading).then_some("true")
            >
                <For each=move || lines.get() key=Line::key let:line>
                    {match line {
                        Line::Day { at, .. } => view! {
                            <li class="chat__day">{day(at, days_ago(at))}</li>
                        }
                        .into_any(),
                        Line::New => view! { <li class="chat__new">{t().new_messages}</li> }.into_any(),
                        Line::Message { row, first } => view! { <Message row first /> }.into_any(),
                    }}
                </For>
            </ul>
        </div>
        <div class="chat__foot">
            <Show when=unread_below>
                <div class="chat__jump">
                    <button class="btn btn--primary btn--small" type="button" on:click=move |_| to_end()>
                        <Icon glyph=Glyph::Down small=true />
                        {move || t().unread.of(reading.unread.get())}
                    </button>
                </div>
            </Show>
            <Typing />
            <Composer said=move |()| {
                reading.at_end.set(true);
                to_end();
            } />
        </div>
    }
}

/// Watches an element's size until dropped.
struct Resized {
    observer: ResizeObserver,
    _called: Closure<dyn FnMut()>,
}

impl Resized {
    fn watch(element: &Element, changed: impl FnMut() + 'static) -> Option<Self> {
        let called = Closure::<dyn FnMut()>::new(changed);
        let observer = ResizeObserver::new(called.as_ref().unchecked_ref()).ok()?;
        observer.observe(element);
        Some(Self {
            observer,
            _called: called,
        })
    }
}

impl Drop for Resized {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Who is typing.
#[component]
fn Typing() -> impl IntoView {
    let store = expect_context::<Store>();
    let line = Memo::new(move |_| {
        if store.connection.get() != Connection::Live {
            return String::new();
        }
        let me = store.me.with(|me| me.as_ref().map(|me| me.user_id));
        store.people.with(|people| {
            let names: Vec<String> = people
                .iter()
                .filter(|person| person.is_typing && Some(person.user_id) != me)
                .map(|person| person.display_name.clone())
                .collect();
            typing_line(&names)
        })
    });
    view! {
        <div class="chat__typing" role="status" aria-label=t().typing>
            {line}
        </div>
    }
}

/// The shape of messages to come.
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

fn first_message(lines: &[Line]) -> Option<rows::LineKey> {
    lines.iter().find_map(|line| match line {
        Line::Message { row, .. } => Some(rows::LineKey::Message(row.key, false, 0)),
        Line::Day { .. } | Line::New => None,
    })
}

/// Local days since 1970.
fn day_of(at: Timestamp) -> i64 {
    let time: DateTime<Utc> = at.into();
    time.with_timezone(&Local).num_days_from_ce().into()
}

fn days_ago(at: Timestamp) -> i64 {
    day_of(Utc::now().into()) - day_of(at)
}
