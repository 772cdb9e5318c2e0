//! One message: author, time, text and delivery status.

use super::{
    rows::Shown,
    text::{Part, parts},
};
use crate::{
    components::{
        avatar::Avatar,
        order::{Subject, person_menu::PersonButton},
    },
    i18n::{clock, coordinates, moment, order::order_texts, refusal, t},
    model::{
        camera::CameraCommand,
        chat::{ChatKey, DeliveryStatus},
        connection::ConnectionStatus,
    },
    session::Session,
    store::Store,
};
use leptos::prelude::*;
use shared::{api::moderation::UserRef, canvas::Coord, ids::OpId};
use std::sync::Arc;

/// One message of the list. It stays when it becomes stored; only what is shown
/// of it changes.
#[component]
pub fn Message(
    /// The message, and whether it shows author and time. Author and text stay
    /// the same.
    shown: ArcRwSignal<Shown>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let row = shown.with_untracked(|shown| Arc::clone(&shown.row));
    let shown = RwSignal::from(shown);
    // Messages may be shown before the current user is known.
    let sender = row.sender_id;
    let own = Memo::new(move |_| {
        store
            .me
            .with(|me| me.as_ref().is_some_and(|me| me.user_id == sender))
    });
    let id = match row.key {
        ChatKey::Message(id) => id.to_string(),
        ChatKey::Own(id) => id.to_string(),
    };
    let state = move || match shown.with(|shown| shown.row.delivery) {
        DeliveryStatus::Stored => "sent",
        DeliveryStatus::Pending => "pending",
        DeliveryStatus::Failed(_) => "failed",
    };
    let at = move || shown.with(|shown| shown.row.at);
    let is_first = move || shown.with(|shown| shown.first);
    let name = StoredValue::new(row.sender_display_name.clone());
    let head = move || {
        is_first().then(|| {
            view! {
                <div class="message__head">
                    <span class="message__author" dir="auto">{name.get_value()}</span>
                    {move || own.get().then(|| view! { <span class="message__you faint">{t().you()}</span> })}
                    <time class="message__time" title=move || moment(at())>
                        {move || clock(at())}
                    </time>
                </div>
            }
        })
    };
    let face = move || is_first().then(|| view! { <Avatar user=sender name=name.get_value() /> });
    let author = move || {
        (!is_first()).then(|| {
            let who = t().says(&name.get_value());
            view! { <span class="sr-only">{who}</span> }
        })
    };
    let words = row.text.clone();
    let is_removed = Memo::new(move |_| shown.with(|shown| shown.row.removed));
    let text = move || {
        if is_removed.get() {
            view! { <p class="message__removed">{order_texts().message_removed()}</p> }.into_any()
        } else {
            view! {
                <div class="message__text" dir="auto" translate="yes">
                    {message_text(&words)}
                </div>
            }
            .into_any()
        }
    };
    let person = UserRef {
        user_id: sender,
        username: row.sender_username.clone(),
        display_name: row.sender_display_name.clone(),
    };
    // Only what the server has can be removed or reported.
    let stored = Memo::new(move |_| {
        shown
            .with(|shown| shown.row.message_id)
            .filter(|_| !is_removed.get())
    });
    let more = move || {
        let subject = Subject {
            person: person.clone(),
            message: Some(stored.get()?),
            case_id: None,
        };
        Some(view! { <PersonButton subject=Signal::stored(subject) in_tab_order=false /> })
    };
    let status = move || {
        let (key, delivery) = shown.with(|shown| (shown.row.key, shown.row.delivery));
        view! { <MessageFate key delivery /> }
    };
    view! {
        <li
            class="message"
            class=("message--first", is_first)
            class=("message--own", own)
            data-message-id=id
            data-state=state
        >
            {face}
            <div class="message__body">
                {head} {author}
                {text}
                {status}
            </div>
            {more}
        </li>
    }
}

/// The text, with links to tiles and highlighted user names.
fn message_text(text: &str) -> impl IntoView + use<> {
    let store = expect_context::<Store>();
    // For guests the display name is shown, since nobody knows their user names.
    let shown_as = |name: &str| {
        let is = |username: &str| username.eq_ignore_ascii_case(name);
        let here = store
            .people
            .find(|person| is(&person.username).then(|| person.display_name.clone()));
        here.or_else(|| {
            store.chat.with_untracked(|chat| {
                let row = chat.iter().rev().find(|row| is(&row.sender_username))?;
                Some(row.sender_display_name.clone())
            })
        })
    };
    parts(text, |name| shown_as(name).is_some())
        .into_iter()
        .map(|part| match part {
            Part::Plain(text) => text.into_any(),
            Part::Tile(at) => view! { <TileChip at /> }.into_any(),
            Part::Person(name) => {
                let written = name.clone();
                let is_me = move || {
                    store.me.with(|me| {
                        me.as_ref()
                            .is_some_and(|me| me.username.eq_ignore_ascii_case(&written))
                    })
                };
                let shown = shown_as(&name).unwrap_or_default();
                view! {
                    <span class="message__name" class=("message__name--me", is_me) title=name>
                        {t().at_name(&shown)}
                    </span>
                }
                .into_any()
            }
        })
        .collect_view()
}

/// A tile in a text: a click moves the viewport there and highlights the tile
/// for everybody. A tile that is not on this canvas is plain text.
#[component]
fn TileChip(at: Coord) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let on_canvas = Memo::new(move |_| store.tiles.grid().is_none_or(|grid| grid.contains(at)));
    let text = super::text::tile(at);
    let label = t().go_to_tile(&coordinates(at.x, at.y));
    let go = move |_| {
        session.fly_to(CameraCommand::Tile(at));
        session.select(Some(at));
        session.mention(at, "");
    };
    move || {
        if on_canvas.get() {
            view! {
                <button class="chip" type="button" aria-label=label.clone() title=label.clone() on:click=go>
                    {text.clone()}
                </button>
            }
            .into_any()
        } else {
            text.clone().into_any()
        }
    }
}

/// The delivery status of the user's own message that is not stored.
#[component]
fn MessageFate(key: ChatKey, delivery: DeliveryStatus) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    match (delivery, key) {
        (DeliveryStatus::Stored, _) => ().into_any(),
        (DeliveryStatus::Pending, _) => {
            let waits = move || {
                (store.connection.get() != ConnectionStatus::Live)
                    .then_some(t().waits_for_connection())
            };
            view! { <div class="message__fate">{waits}</div> }.into_any()
        }
        (DeliveryStatus::Failed(code), ChatKey::Own(op)) => {
            view! { <Failed reason=refusal(code, "") op session /> }.into_any()
        }
        (DeliveryStatus::Failed(code), ChatKey::Message(_)) => {
            view! { <div class="message__fate">{refusal(code, "")}</div> }.into_any()
        }
    }
}

#[component]
fn Failed(reason: String, op: OpId, session: Session) -> impl IntoView {
    view! {
        <div class="message__fate">
            <span>{t().not_sent(&reason)}</span>
            <button class="link" type="button" on:click=move |_| session.retry_chat(op)>
                {t().retry()}
            </button>
            <button
                class="link link--danger"
                type="button"
                on:click=move |_| session.discard_chat(op)
            >
                {t().discard()}
            </button>
        </div>
    }
}
