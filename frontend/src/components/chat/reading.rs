//! Which messages were read: the number of unread ones, the separator before
//! the first, the title of the browser's tab, and a notice for mentions.

use super::{rows, text};
use crate::{
    components::dock::{DockState, Tab},
    i18n::t,
    model::{
        chat::ChatRow,
        connection::{LoadState, SignIn},
        notice::NoticeKind,
    },
    session::Session,
    store::{Account, Store},
};
use leptos::prelude::*;
use leptos_use_document_visibility::use_document_visibility;
use std::sync::Arc;
use web_sys::VisibilityState;

/// Which messages were read; a context of the dock.
#[derive(Clone, Copy)]
pub struct ChatReading {
    /// `seq` of the newest message that was read.
    read: RwSignal<i64>,
    /// The separator stands after this `seq`; none if there is no separator.
    pub mark: RwSignal<Option<i64>>,
    /// Whether the list is scrolled to its end.
    pub at_end: RwSignal<bool>,
    /// The number of unread messages of others.
    pub unread: Memo<usize>,
}

impl ChatReading {
    /// Follows the chat of a canvas; messages that are there count as read.
    pub fn new(store: &Store) -> Self {
        let (me, chat, hidden) = (store.me, store.chat, store.hidden);
        let read = RwSignal::new(0);
        let unread = Memo::new(move |_| {
            let me = me.with(|me| me.as_ref().map(|me| me.user_id));
            hidden.with(|hidden| {
                let does_not_count =
                    |row: &ChatRow| Some(row.sender_id) == me || hidden.contains(&row.sender_id);
                chat.with(|chat| rows::unread(chat, read.get(), does_not_count))
            })
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

    fn watch(self, store: &Store) {
        let (chat, load) = (store.chat, store.load);
        let dock = expect_context::<DockState>();
        let account = expect_context::<Account>();
        let visibility = use_document_visibility();
        let visible = move || visibility.get() == VisibilityState::Visible;
        let newest = Memo::new(move |_| {
            chat.with(|chat| chat.iter().filter_map(|row| row.seq).max().unwrap_or(0))
        });
        let looking = Memo::new(move |_| visible() && dock.shows(Tab::Chat) && self.at_end.get());
        tell_of_mentions(store, newest, looking);
        let mut began = false;
        Effect::new(move || {
            let newest = newest.get();
            let here = load.get() == LoadState::Ready;
            let looking = looking.get();
            match began {
                // Messages from before the page was opened count as read.
                false if here => self.read.set(newest),
                false => {}
                true if looking => self.read.set(newest),
                // Nothing is unread.
                true if self.unread.get() == 0 => {}
                true => {
                    // Set the separator, or move one whose messages were read.
                    let read = self.read.get_untracked();
                    if self.mark.get_untracked().is_none_or(|mark| mark < read) {
                        self.mark.set(Some(read));
                    }
                }
            }
            began |= here;
        });
        Effect::new(move || {
            if account.sign_in.get() == SignIn::SignedOut {
                self.mark.set(None);
            }
        });
    }

    /// The title of the browser's tab: canvas, application. Reactive.
    pub fn title(self, store: &Store) -> String {
        let name = store
            .canvas
            .with(|canvas| canvas.as_ref().map(|canvas| canvas.name.clone()));
        name.map_or_else(
            || t().name().to_owned(),
            |page| t().page_of(&page, t().name()),
        )
    }
}

/// Shows a notice when the user is mentioned and does not see the chat.
fn tell_of_mentions(store: &Store, newest: Memo<i64>, looking: Memo<bool>) {
    let session = expect_context::<Session>();
    let (me, chat, load, hidden) = (store.me, store.chat, store.load, store.hidden);
    let mut last = None;
    Effect::new(move || {
        let newest = newest.get();
        if load.get() != LoadState::Ready {
            last = None;
            return;
        }
        let heard = last.replace(newest);
        let me = me.get_untracked();
        if let (Some(heard), Some(me), false) = (heard, me, looking.get_untracked()) {
            let is_me = |name: &str| name.eq_ignore_ascii_case(&me.username);
            let names_me = |row: &&Arc<ChatRow>| {
                let parts = text::parts(&row.text, is_me);
                row.sender_id != me.user_id
                    && !hidden.with_untracked(|hidden| hidden.contains(&row.sender_id))
                    && row.seq.is_some_and(|seq| seq > heard)
                    && parts
                        .iter()
                        .any(|part| matches!(part, text::Part::Person(_)))
            };
            let found = chat.with_untracked(|chat| {
                let row = chat.iter().rev().find(names_me)?;
                let (name, text) = (&row.sender_display_name, &row.text);
                // With display names, as in the chat.
                let text: String = text::parts(text, is_me)
                    .into_iter()
                    .map(|part| match part {
                        text::Part::Plain(text) | text::Part::Link(text) => text,
                        text::Part::Tile(tile) => tile.to_string(),
                        text::Part::Person(_) => format!("@{}", me.display_name),
                    })
                    .collect();
                Some(t().mentioned_you(name, &text))
            });
            if let Some(text) = found {
                session.notify(NoticeKind::Announcement(text));
            }
        }
    });
}
