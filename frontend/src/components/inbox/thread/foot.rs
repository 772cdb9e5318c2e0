//! The text field of a conversation, or why there is none, and the answer to a request.

use crate::{
    components::{dialog::Confirm, inbox::composer::ThreadComposer},
    i18n::inbox_texts,
    inbox::Inbox,
    model::inbox::ConversationAccess,
};
use leptos::prelude::*;
use shared::{api::moderation::UserRef, ids::ConversationId};

/// The text field, or why there is none.
#[component]
pub(super) fn Foot(
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
            Some(
                ConversationAccess::Open
                    | ConversationAccess::NoRequest
                    | ConversationAccess::RequestReceived
            )
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
