//! The list of conversations, requests apart.

use super::{
    ConversationOpener,
    notifications::{Failed, Waiting},
};
use crate::{
    browser::now_ms,
    components::{
        avatar::Avatar,
        icons::{Glyph, Icon},
    },
    i18n::{ago, inbox_texts, moment, number, t},
    inbox::Inbox,
    model::inbox::{ConversationAccess, PagedListState, conversation_access},
    store::Account,
};
use leptos::prelude::*;
use shared::{api::conversations::Conversation, ids::ConversationId};

/// The list.
#[component]
pub fn ConversationList(
    /// The one that is open beside the list.
    current: Signal<Option<ConversationId>>,
) -> impl IntoView {
    let inbox = expect_context::<Inbox>();
    let account = expect_context::<Account>();
    let list = inbox.conversations;
    let opener = ConversationOpener::from_context();
    let me = Memo::new(move |_| account.user().map(|user| user.id));
    let ids = move |wants_requests: bool| {
        Memo::new(move |_| {
            list.with(|list| {
                let is_request = |one: &Conversation| {
                    me.get().is_some_and(|me| {
                        conversation_access(one, me) == ConversationAccess::RequestReceived
                    })
                };
                list.items
                    .iter()
                    .filter(|one| is_request(one) == wants_requests)
                    .map(|one| one.id)
                    .collect::<Vec<_>>()
            })
        })
    };
    let (requests, others) = (ids(true), ids(false));
    let state = Memo::new(move |_| list.with(|list| (list.state, list.items.is_empty())));
    let has_more = Memo::new(move |_| list.with(|list| list.next.is_some()));
    let around = move || match state.get() {
        (PagedListState::Loading, true) => Some(view! { <Waiting /> }.into_any()),
        (PagedListState::Failed, _) => {
            Some(view! { <Failed retry=move |()| inbox.retry_conversations() /> }.into_any())
        }
        (_, true) => Some(view! { <Nothing /> }.into_any()),
        (_, false) => None,
    };
    let has_requests = Memo::new(move |_| requests.with(|ids| !ids.is_empty()));
    let has_others = Memo::new(move |_| others.with(|ids| !ids.is_empty()));
    view! {
        <div class="inbox-scroll" tabindex="-1">
            <Show when=move || has_requests.get()>
                <h3 class="inbox-heading" id="dm-requests">{inbox_texts().requests()}</h3>
                <ul class="dm-list" aria-labelledby="dm-requests">
                    <For each=move || requests.get() key=|id| *id let:id>
                        <Row id current opener />
                    </For>
                </ul>
                <Show when=move || has_others.get()>
                    <h3 class="inbox-heading">{inbox_texts().conversations()}</h3>
                </Show>
            </Show>
            <ul class="dm-list" aria-label=inbox_texts().conversations()>
                <For each=move || others.get() key=|id| *id let:id>
                    <Row id current opener />
                </For>
            </ul>
            {around}
            <Show when=move || has_more.get()>
                <button
                    class="btn btn--wide"
                    type="button"
                    on:click=move |_| inbox.more_conversations()
                >
                    {t().show_more()}
                </button>
            </Show>
        </div>
    }
}

#[component]
fn Row(
    id: ConversationId,
    current: Signal<Option<ConversationId>>,
    opener: ConversationOpener,
) -> impl IntoView {
    let inbox = expect_context::<Inbox>();
    let account = expect_context::<Account>();
    let one = Memo::new(move |_| {
        inbox
            .conversations
            .with(|list| list.items.iter().find(|one| one.id == id).cloned())
    });
    let name = move || one.with(|one| one.as_ref().map(|one| one.with.display_name.clone()));
    let unread = Memo::new(move |_| {
        let count = one.with(|one| one.as_ref().map_or(0, |one| one.unread_count));
        usize::try_from(count).unwrap_or_default()
    });
    let is_typing = Memo::new(move |_| inbox.typing.with(|all| all.contains(&id)));
    let note = move || {
        if is_typing.get() {
            return inbox_texts().is_typing(&name().unwrap_or_default());
        }
        let me = account.user().map(|user| user.id);
        one.with(|one| one.as_ref().map(|one| preview(one, me)))
            .unwrap_or_default()
    };
    let at = move || {
        one.with(|one| {
            let last = one.as_ref()?.last_message.as_ref()?;
            Some(last.created_at)
        })
    };
    let face = move || {
        one.with(|one| {
            let with = &one.as_ref()?.with;
            let (user, name) = (with.user_id, with.display_name.clone());
            Some(view! { <Avatar user name /> })
        })
    };
    let click = move |event: leptos::ev::MouseEvent| {
        if !event.ctrl_key() && !event.meta_key() && !event.shift_key() {
            event.prevent_default();
            opener.open(id);
        }
    };
    view! {
        <li class="dm-list__item" data-conversation-id=id.to_string()>
            <a
                class="row"
                class=("row--current", move || current.get() == Some(id))
                href=format!("/messages/{id}")
                aria-current=move || (current.get() == Some(id)).then_some("true")
                on:click=click
            >
                {face}
                <span class="row__text">
                    <span class="row__name">
                        <bdi class="row__name-text">{name}</bdi>
                        <time class="dm-list__time" title=move || at().map(moment)>
                            {move || at().map(|at| ago(at, now_ms()))}
                        </time>
                    </span>
                    <span class="row__note" class=("row__note--live", is_typing) dir="auto">
                        {note}
                    </span>
                </span>
                <Show when=move || { unread.get() > 0 }>
                    <span class="badge">
                        <span aria-hidden="true">{move || number(unread.get())}</span>
                        <span class="sr-only">
                            {move || inbox_texts().unread_messages(unread.get())}
                        </span>
                    </span>
                </Show>
            </a>
        </li>
    }
}

/// The beginning of the newest message, or why there is none.
fn preview(one: &Conversation, me: Option<shared::ids::UserId>) -> String {
    let texts = inbox_texts();
    match &one.last_message {
        Some(last) if last.removed => texts.removed().to_owned(),
        Some(last) if Some(last.sender_id) == me => texts.you_wrote(&last.text),
        Some(last) => last.text.clone(),
        None => t().at_name(&one.with.username),
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <div class="empty">
            <span class="empty__icon"><Icon glyph=Glyph::Envelope /></span>
            <p class="empty__title">{inbox_texts().no_conversations_title()}</p>
            <p>{inbox_texts().no_conversations_text()}</p>
        </div>
    }
}
