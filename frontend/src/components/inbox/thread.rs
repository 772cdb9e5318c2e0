//! An open conversation: who it is with, its messages, and what may be done.

pub mod foot;
pub mod head;
pub mod messages;

use crate::{
    components::icons::{Glyph, Icon},
    i18n::inbox_texts,
    inbox::Inbox,
    model::inbox::{ThreadState, conversation_access},
    store::Account,
};
use foot::Foot;
use head::Head;
use leptos::prelude::*;
use messages::Messages;
use shared::ids::ConversationId;

/// A conversation. It is open as long as this is shown.
#[component]
pub fn ThreadView(
    /// Which one.
    id: ConversationId,
    /// Leads back to the list.
    back: Callback<()>,
) -> impl IntoView {
    let inbox = expect_context::<Inbox>();
    let account = expect_context::<Account>();
    inbox.open(Some(id));
    on_cleanup(move || {
        inbox.sees(None);
        inbox.open(None);
    });
    let conversation = Memo::new(move |_| {
        inbox
            .conversations
            .with(|list| list.items.iter().find(|one| one.id == id).cloned())
    });
    let with =
        Memo::new(move |_| conversation.with(|one| one.as_ref().map(|one| one.with.clone())));
    let name = Signal::derive(move || {
        with.with(|with| with.as_ref().map(|with| with.display_name.clone()))
            .unwrap_or_default()
    });
    let access = Memo::new(move |_| {
        let me = account.user()?.id;
        conversation.with(|one| one.as_ref().map(|one| conversation_access(one, me)))
    });
    let state = Memo::new(move |_| {
        let state = inbox
            .thread
            .with(|thread| thread.as_ref().map(|thread| thread.state));
        state.unwrap_or(ThreadState::Loading)
    });
    // Grows with each message that is sent, which the list scrolls to.
    let sent = RwSignal::new(0_u32);
    let is_missing = Memo::new(move |_| state.get() == ThreadState::Missing);
    view! {
        <Show when=move || !is_missing.get() fallback=move || view! { <Missing back /> }>
            <div class="conversation">
                <Head id with=with.into() name access=access.into() back />
                <Messages id name state=state.into() sent />
                <Foot
                    id
                    with=with.into()
                    name
                    access=access.into()
                    sent=Callback::new(move |()| sent.update(|n| *n += 1))
                    back
                />
            </div>
        </Show>
    }
}

/// The user takes part in no such conversation.
#[component]
fn Missing(back: Callback<()>) -> impl IntoView {
    view! {
        <div class="empty">
            <span class="empty__icon"><Icon glyph=Glyph::Envelope /></span>
            <p class="empty__title">{inbox_texts().missing_title()}</p>
            <p>{inbox_texts().missing_text()}</p>
            <button class="btn" type="button" on:click=move |_| back.run(())>
                {inbox_texts().all_conversations()}
            </button>
        </div>
    }
}
