//! What is shown of a message that another one answers.

use crate::{i18n::chat_texts, store::Store};
use leptos::prelude::*;
use shared::{
    api::ReplyTo,
    ids::{MessageId, UserId},
};

/// What is shown of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Its author's display name, or else their user name; empty where neither is
    /// known.
    pub name: String,
    excerpt: String,
    /// Whether this user hides its author.
    is_hidden: bool,
}

impl Quote {
    /// Of the message that another one answers. Reactive.
    pub fn new(store: Store, reply: &ReplyTo) -> Self {
        let author = author(store, &reply.sender_username);
        let is_hidden = author
            .as_ref()
            .is_some_and(|(id, _)| store.hidden.with(|hidden| hidden.contains(id)));
        Self {
            name: author.map_or_else(|| reply.sender_username.clone(), |(_, name)| name),
            excerpt: reply.excerpt.clone(),
            is_hidden,
        }
    }

    /// Of a message that is loaded; none if it is not. Reactive.
    pub fn of_loaded(store: Store, id: MessageId) -> Option<Self> {
        store.chat.with(|rows| {
            let row = rows.iter().find(|row| row.message_id == Some(id))?;
            Some(Self {
                name: row.sender_display_name.clone(),
                excerpt: ReplyTo::excerpt(row.words()),
                is_hidden: store.hidden.with(|hidden| hidden.contains(&row.sender_id)),
            })
        })
    }

    /// Its words, or why there are none.
    pub fn words(&self) -> String {
        if self.is_hidden {
            chat_texts().hidden_quote().to_string()
        } else if self.excerpt.is_empty() && !self.name.is_empty() {
            chat_texts().removed_quote().to_string()
        } else {
            self.excerpt.clone()
        }
    }
}

/// Id and display name of a user by their user name, if they are here or wrote
/// something that is loaded.
fn author(store: Store, username: &str) -> Option<(UserId, String)> {
    let here = store.people.find(|person| {
        (person.username == username).then(|| (person.user_id, person.display_name.clone()))
    });
    here.or_else(|| {
        store.chat.with_untracked(|rows| {
            let row = rows
                .iter()
                .rev()
                .find(|row| row.sender_username == username)?;
            Some((row.sender_id, row.sender_display_name.clone()))
        })
    })
}

/// A message that another one answers: its author and its beginning, as a button
/// that leads to it.
#[component]
pub fn QuoteButton(
    /// The message as it is now.
    #[prop(into)]
    reply: Signal<Option<ReplyTo>>,
    /// Whether it is in the order of the Tab key.
    #[prop(into)]
    in_tab_order: Signal<bool>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let quote = Memo::new(move |_| reply.with(|reply| Some(Quote::new(store, reply.as_ref()?))));
    let go = move |_| {
        let id = reply.with_untracked(|reply| reply.as_ref().map(|reply| reply.message_id));
        store.wanted_message.set(id);
    };
    let who = move || {
        quote.with(|quote| match quote {
            Some(quote) if !quote.name.is_empty() => chat_texts().in_reply_to(&quote.name),
            Some(_) | None => chat_texts().in_reply().to_string(),
        })
    };
    let words = move || quote.with(|quote| quote.as_ref().map(Quote::words));
    view! {
        <button
            class="message__quote"
            type="button"
            title=chat_texts().go_to_message()
            tabindex=move || if in_tab_order.get() { "0" } else { "-1" }
            on:click=go
        >
            <span class="sr-only">{who}</span>
            <span class="message__quote-name" aria-hidden="true" dir="auto">
                {move || quote.with(|quote| quote.as_ref().map(|quote| quote.name.clone()))}
            </span>
            " "
            <span dir="auto">{words}</span>
        </button>
    }
}
