//! One message of a conversation: text, time, delivery status, and what can be
//! done with it.

use crate::{
    components::{
        chat::{
            link::ExternalLink,
            text::{Part, parts},
        },
        dialogs::Dialogs,
        icons::{Glyph, Icon},
        order::OrderState,
    },
    i18n::{clock, inbox_texts, moment, refusal, t},
    inbox::Inbox,
    model::{
        chat::DeliveryStatus,
        inbox::{ThreadRow, ThreadRowKey},
    },
};
use leptos::prelude::*;
use shared::ids::{ConversationId, OpId};
use std::sync::Arc;

/// One message. It stays when it becomes stored; only what is shown of it
/// changes.
#[component]
pub fn ThreadMessage(
    /// The conversation.
    id: ConversationId,
    /// The message.
    row: ArcRwSignal<Arc<ThreadRow>>,
    /// The other's display name.
    #[prop(into)]
    name: Signal<String>,
    /// Whether its button is in the order of the Tab key.
    #[prop(into)]
    is_newest: Signal<bool>,
) -> impl IntoView {
    let row = RwSignal::from(row);
    let (is_mine, at) = row.with_untracked(|row| (row.is_mine, row.at));
    let is_removed = Memo::new(move |_| row.with(|row| row.removed));
    let state = move || match row.with(|row| row.delivery) {
        DeliveryStatus::Stored => "sent",
        DeliveryStatus::Pending => "pending",
        DeliveryStatus::Failed(_) => "failed",
    };
    let text = move || {
        if is_removed.get() {
            view! { <p class="message__removed">{inbox_texts().removed()}</p> }.into_any()
        } else {
            let text = row.with(|row| row.text.clone());
            view! {
                <div class="message__text" dir="auto" translate="yes">{words(&text)}</div>
            }
            .into_any()
        }
    };
    let author = if is_mine {
        t().you().to_owned()
    } else {
        name.get_untracked()
    };
    let status = move || {
        let (key, delivery) = row.with(|row| (row.key, row.delivery));
        match (delivery, key) {
            (DeliveryStatus::Stored, _) => ().into_any(),
            (DeliveryStatus::Pending, _) => {
                let inbox = expect_context::<Inbox>();
                let waits = move || (!inbox.is_live.get()).then_some(t().waits_for_connection());
                view! { <div class="message__fate">{waits}</div> }.into_any()
            }
            (DeliveryStatus::Failed(code), ThreadRowKey::Own(op_id)) => {
                view! { <Failed reason=refusal(code).to_owned() op_id /> }.into_any()
            }
            (DeliveryStatus::Failed(code), ThreadRowKey::Message(_)) => {
                view! { <div class="message__fate">{refusal(code)}</div> }.into_any()
            }
        }
    };
    view! {
        <li class="dm" class=("dm--own", is_mine) data-state=state data-seq=move || row.with(|row| row.seq)>
            <div class="dm__bubble">
                <span class="sr-only">{t().says(&author)}</span>
                {text}
                {status}
                <time class="dm__time" title=move || moment(at)>{clock(at)}</time>
            </div>
            <ActionButton id row=row.into() is_removed=is_removed.into() name is_newest />
        </li>
    }
}

/// The text, with links to other sites. There is no canvas whose tiles or people
/// it could name.
fn words(text: &str) -> impl IntoView + use<> {
    parts(text, |_| false)
        .into_iter()
        .map(|part| match part {
            Part::Plain(text) => text.into_any(),
            Part::Link(written) => view! { <ExternalLink written /> }.into_any(),
            Part::Tile(tile) => tile.to_string().into_any(),
            Part::Person(name) => t().at_name(&name).into_any(),
        })
        .collect_view()
}

/// Takes one's own message back, or reports the other's.
#[component]
fn ActionButton(
    id: ConversationId,
    row: Signal<Arc<ThreadRow>>,
    is_removed: Signal<bool>,
    name: Signal<String>,
    is_newest: Signal<bool>,
) -> impl IntoView {
    let inbox = expect_context::<Inbox>();
    let dialogs = expect_context::<Dialogs>();
    let order = expect_context::<OrderState>();
    let stored = Memo::new(move |_| row.with(|row| row.message_id).filter(|_| !is_removed.get()));
    move || {
        let message_id = stored.get()?;
        let is_mine = row.with_untracked(|row| row.is_mine);
        let (label, glyph) = if is_mine {
            (inbox_texts().remove_message(), Glyph::Delete)
        } else {
            (inbox_texts().report_message(), Glyph::Warning)
        };
        let act = move |_| {
            if is_mine {
                inbox.remove_message(id, message_id);
            } else {
                order.report_private(dialogs, message_id, name.get_untracked());
            }
        };
        Some(view! {
            <button
                class="btn btn--quiet btn--icon btn--small dm__act"
                type="button"
                aria-label=label
                title=label
                tabindex=move || if is_newest.get() { "0" } else { "-1" }
                on:click=act
            >
                <Icon glyph small=true />
            </button>
        })
    }
}

#[component]
fn Failed(reason: String, op_id: OpId) -> impl IntoView {
    let inbox = expect_context::<Inbox>();
    view! {
        <div class="message__fate">
            <span>{t().not_sent(&reason)}</span>
            <button class="link" type="button" on:click=move |_| inbox.retry(op_id)>
                {t().retry()}
            </button>
            <button class="link link--danger" type="button" on:click=move |_| inbox.discard(op_id)>
                {t().discard()}
            </button>
        </div>
    }
}
