//! One message: author, time, what it answers, text, delivery status, and what can
//! be done with it.

use super::{
    link::ExternalLink,
    quote::QuoteButton,
    rows::MessageContent,
    text::{Part, parts},
};
use crate::{
    components::{
        avatar::Avatar,
        icons::{Glyph, Icon},
        order::{Subject, person_menu::PersonButton},
    },
    i18n::{chat_texts, clock, coordinates, export_texts, moment, order::order_texts, refusal, t},
    model::{
        camera::CameraCommand,
        chat::{ChatKey, ComposeCommand, DeliveryStatus},
        connection::ConnectionStatus,
    },
    past::PastView,
    session::Session,
    store::Store,
};
use leptos::prelude::*;
use shared::{
    api::{moderation::UserRef, sanctions::Activity},
    ids::{MessageId, OpId},
    mentions::TileMention,
    protocol::ErrorCode,
};
use std::sync::Arc;

/// One message of the list. It stays when it becomes stored, or its words change;
/// only what is shown of it changes.
#[allow(clippy::too_many_lines, reason = "the markup of one component")]
#[component]
pub fn Message(
    /// The message, and whether it shows author and time. The author stays the
    /// same.
    content: ArcRwSignal<MessageContent>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let row = content.with_untracked(|content| Arc::clone(&content.row));
    let content = RwSignal::from(content);
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
    let delivery = Memo::new(move |_| {
        content.with(|content| {
            let edit = content.row.edit.as_ref().map(|edit| edit.delivery);
            edit.unwrap_or(content.row.delivery)
        })
    });
    let state = move || match delivery.get() {
        DeliveryStatus::Stored => "sent",
        DeliveryStatus::Pending => "pending",
        DeliveryStatus::Failed(_) => "failed",
    };
    let at = move || content.with(|content| content.row.at);
    let time = move || {
        view! {
            <time class="message__time" title=move || moment(at())>
                {move || clock(at())}
            </time>
        }
    };
    let is_first = Memo::new(move |_| content.with(|content| content.first));
    let name = StoredValue::new(row.sender_display_name.clone());
    let head = move || {
        is_first.get().then(|| {
            view! {
                <div class="message__head">
                    <span class="message__author" dir="auto">{name.get_value()}</span>
                    {move || own.get().then(|| view! { <span class="message__you faint">{t().you()}</span> })}
                    {time()}
                </div>
            }
        })
    };
    let face = move || {
        is_first
            .get()
            .then(|| view! { <Avatar user=sender name=name.get_value() /> })
    };
    let author = move || {
        (!is_first.get()).then(|| {
            let who = t().says(&name.get_value());
            view! { <span class="sr-only">{who}</span> }
        })
    };
    let reply = Memo::new(move |_| content.with(|content| content.row.reply_to.clone()));
    let has_reply = Memo::new(move |_| reply.with(Option::is_some));
    let words = Memo::new(move |_| content.with(|content| content.row.words().to_owned()));
    let is_removed = Memo::new(move |_| content.with(|content| content.row.removed));
    let text = move || {
        if is_removed.get() {
            view! { <p class="message__removed">{order_texts().message_removed()}</p> }.into_any()
        } else {
            view! {
                <div class="message__text" dir="auto" translate="yes">
                    {move || words.with(|words| message_text(words))}
                </div>
            }
            .into_any()
        }
    };
    let edited = Memo::new(move |_| {
        content.with(|content| content.row.edited_at.filter(|_| !content.row.removed))
    });
    let edited = move || {
        edited.get().map(|at| {
            view! {
                <span class="message__edited" title=chat_texts().edited_at(&moment(at))>
                    {chat_texts().edited()}
                </span>
            }
        })
    };
    // Only what the server has can be answered, removed or reported.
    let message_id = Memo::new(move |_| {
        content
            .with(|content| content.row.message_id)
            .filter(|_| !is_removed.get())
    });
    let has_focus = RwSignal::new(false);
    let person = UserRef {
        user_id: sender,
        username: row.sender_username.clone(),
        display_name: row.sender_display_name.clone(),
    };
    let acts = move || {
        let message = message_id.get()?;
        let subject = Subject {
            person: person.clone(),
            message: Some(message),
            comment: None,
            case_id: None,
        };
        Some(view! {
            <ReplyButton message name=name.get_value() in_tab_order=has_focus />
            <PersonButton subject=Signal::stored(subject) in_tab_order=has_focus />
        })
    };
    let status = move || {
        let (key, edit) = content.with(|content| {
            let edit = content.row.edit.as_ref().map(|edit| edit.op);
            (content.row.key, edit)
        });
        view! { <MessageDelivery key edit delivery=delivery.get() /> }
    };
    view! {
        <li
            class="message"
            class=("message--first", is_first)
            class=("message--own", own)
            tabindex="-1"
            data-message-id=id
            data-message=move || message_id.get().map(|id| id.to_string())
            data-state=state
            on:focusin=move |_| has_focus.set(true)
            on:focusout=move |_| has_focus.set(false)
        >
            {face}
            <div class="message__body">
                {head} {author}
                <Show when=move || has_reply.get()>
                    <QuoteButton reply in_tab_order=has_focus />
                </Show>
                {text} {edited}
                {status}
            </div>
            <div class="message__acts">
                // The first of a group has it at its head.
                {move || (!is_first.get()).then(time)}
                {acts}
            </div>
        </li>
    }
}

/// The button that answers a message.
#[component]
fn ReplyButton(
    message: MessageId,
    /// The author's display name.
    name: String,
    in_tab_order: RwSignal<bool>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let may_speak = Memo::new(move |_| {
        store.role().is_some() && store.sanctioned(Activity::Speaking).is_none()
    });
    let label = StoredValue::new(chat_texts().reply_to_message(&name));
    let reply = move |_| store.compose.set(Some(ComposeCommand::Reply(message)));
    view! {
        <Show when=move || may_speak.get()>
            <button
                class="btn btn--quiet btn--icon btn--small"
                type="button"
                aria-label=label.get_value()
                title=chat_texts().reply()
                tabindex=move || if in_tab_order.get() { "0" } else { "-1" }
                on:click=reply
            >
                <Icon glyph=Glyph::Reply small=true />
            </button>
        </Show>
    }
}

/// The text, with links to tiles and other sites, and highlighted user names.
pub fn message_text(text: &str) -> impl IntoView + use<> {
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
            Part::Link(written) => view! { <ExternalLink written /> }.into_any(),
            Part::Tile(tile) => view! { <TileChip tile /> }.into_any(),
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
                    <span class="message__name" class=("message__name--me", is_me) dir="auto" title=name>
                        {t().at_name(&shown)}
                    </span>
                }
                .into_any()
            }
        })
        .collect_view()
}

/// A tile in a text: a click moves the viewport there and highlights the tile
/// for everybody, or shows it as it was. A tile that is not on this canvas is
/// plain text.
#[component]
fn TileChip(tile: TileMention) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let past = expect_context::<PastView>();
    let at = tile.at;
    let on_canvas = Memo::new(move |_| store.tiles.grid().is_none_or(|grid| grid.contains(at)));
    let text = tile.to_string();
    let place = coordinates(at.x, at.y);
    let label = match tile.seq {
        Some(_) => export_texts().tile_as_it_was(&place),
        None => t().go_to_tile(&place),
    };
    let go = move |_| {
        if let Some(seq) = tile.seq {
            past.go_to_tile(at, seq);
        } else {
            session.fly_to(CameraCommand::Tile(at));
            session.select(Some(at));
            session.mention(at, "");
        }
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

/// The delivery status of the user's own message, or of new words for it, that is
/// not stored.
#[component]
fn MessageDelivery(
    key: ChatKey,
    /// The request with the new words.
    edit: Option<OpId>,
    delivery: DeliveryStatus,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    match (delivery, edit, key) {
        (DeliveryStatus::Stored, ..) => ().into_any(),
        (DeliveryStatus::Pending, ..) => {
            let waits = move || {
                (store.connection.get() != ConnectionStatus::Live)
                    .then(|| t().waits_for_connection())
            };
            view! { <div class="message__fate">{waits}</div> }.into_any()
        }
        (DeliveryStatus::Failed(code), Some(op), _) => {
            let why = if code == ErrorCode::Forbidden {
                chat_texts().edit_too_late()
            } else {
                refusal(code)
            };
            view! {
                <Failed
                    reason=chat_texts().not_saved(why)
                    retry=Callback::new(move |()| session.retry_edit(op))
                    discard=Callback::new(move |()| session.discard_edit(op))
                />
            }
            .into_any()
        }
        (DeliveryStatus::Failed(code), None, ChatKey::Own(op)) => view! {
            <Failed
                reason=t().not_sent(refusal(code))
                retry=Callback::new(move |()| session.retry_chat(op))
                discard=Callback::new(move |()| session.discard_chat(op))
            />
        }
        .into_any(),
        (DeliveryStatus::Failed(code), None, ChatKey::Message(_)) => {
            view! { <div class="message__fate">{refusal(code)}</div> }.into_any()
        }
    }
}

#[component]
fn Failed(reason: String, retry: Callback<()>, discard: Callback<()>) -> impl IntoView {
    view! {
        <div class="message__fate">
            <span>{reason}</span>
            <button class="link" type="button" on:click=move |_| retry.run(())>
                {t().retry()}
            </button>
            <button class="link link--danger" type="button" on:click=move |_| discard.run(())>
                {t().discard()}
            </button>
        </div>
    }
}
