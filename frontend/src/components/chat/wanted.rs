//! Shows a message that something leads to: a quote, a notification, or the
//! address of the page (`?message=ID`). Older messages are loaded until it is
//! there.

use super::{scroll::Scroll, window::ChatWindow};
use crate::{
    components::dock::{DockState, Tab},
    i18n::chat_texts,
    model::{chat::OlderPages, connection::LoadState, notice::NoticeKind},
    session::Session,
    store::Store,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// How many pages of older messages are loaded for it at most.
const MAX_PAGES: u32 = 20;

/// Shows each message that is wanted.
pub(super) fn follow(store: Store, window: ChatWindow, scroll: Scroll) {
    let session = expect_context::<Session>();
    let dock = expect_context::<DockState>();
    let query = use_query_map();
    let named = Memo::new(move |_| query.with(|query| query.get("message")?.parse().ok()));
    Effect::new(move || {
        if let Some(id) = named.get() {
            store.wanted_message.set(Some(id));
        }
    });
    let pages = StoredValue::new(0);
    Effect::new(move || {
        let Some(id) = store.wanted_message.get() else {
            pages.set_value(0);
            return;
        };
        let place = store
            .chat
            .with(|rows| rows.iter().position(|row| row.message_id == Some(id)));
        if let Some(index) = place {
            store.wanted_message.set(None);
            dock.show(Tab::Chat);
            window.show(index);
            scroll.to_message(id);
            return;
        }
        if store.load.get() == LoadState::Loading {
            return;
        }
        match store.older.get() {
            OlderPages::Loading => {}
            OlderPages::Maybe if pages.get_value() < MAX_PAGES => {
                pages.update_value(|pages| *pages += 1);
                session.load_older_chat();
            }
            OlderPages::Maybe | OlderPages::None => {
                store.wanted_message.set(None);
                session.notify(NoticeKind::Problem(
                    chat_texts().message_not_loaded().to_string(),
                ));
            }
        }
    });
}
