//! Who a conversation is with, and the buttons that block the person or delete the conversation.

use crate::{
    components::{
        avatar::Avatar,
        dialog::Confirm,
        icons::{Glyph, Icon},
    },
    i18n::{inbox_texts, t},
    inbox::Inbox,
    model::inbox::ConversationAccess,
    session::Session,
};
use leptos::prelude::*;
use shared::{api::moderation::UserRef, ids::ConversationId};

/// Who it is with, and what may be done about the conversation.
#[component]
pub(super) fn Head(
    id: ConversationId,
    with: Signal<Option<UserRef>>,
    name: Signal<String>,
    access: Signal<Option<ConversationAccess>>,
    back: Callback<()>,
) -> impl IntoView {
    let inbox = expect_context::<Inbox>();
    // On the canvas, what the person does is hidden, too.
    let session = use_context::<Session>();
    let is_blocked = Memo::new(move |_| access.get() == Some(ConversationAccess::Blocked));
    let (asks_block, asks_delete) = (RwSignal::new(false), RwSignal::new(false));
    let set_blocked = move |blocked: bool| {
        if let Some(person) = with.get_untracked() {
            let user = person.user_id;
            inbox.block(id, person, blocked, move || {
                if let Some(session) = session {
                    session.hide(user, blocked);
                }
            });
        }
    };
    let face = move || {
        with.get()
            .map(|with| view! { <Avatar user=with.user_id name=with.display_name /> })
    };
    let handle = move || with.get().map(|with| t().at_name(&with.username));
    let block_label = move || {
        if is_blocked.get() {
            inbox_texts().unblock()
        } else {
            inbox_texts().block()
        }
    };
    view! {
        <header class="conversation__head">
            <button
                class="btn btn--quiet btn--icon conversation__back"
                type="button"
                aria-label=inbox_texts().all_conversations()
                title=inbox_texts().all_conversations()
                on:click=move |_| back.run(())
            >
                <Icon glyph=Glyph::Back />
            </button>
            {face}
            <div class="conversation__who">
                <h3 class="conversation__name" dir="auto">{name}</h3>
                <bdi class="faint conversation__handle">{handle}</bdi>
            </div>
            <button
                class="btn btn--quiet btn--icon"
                type="button"
                aria-label=block_label
                title=block_label
                aria-pressed=move || is_blocked.get().to_string()
                on:click=move |_| {
                    if is_blocked.get_untracked() {
                        set_blocked(false);
                    } else {
                        asks_block.set(true);
                    }
                }
            >
                <Icon glyph=Glyph::Block />
            </button>
            <button
                class="btn btn--quiet btn--icon"
                type="button"
                aria-label=inbox_texts().delete_conversation()
                title=inbox_texts().delete_conversation()
                on:click=move |_| asks_delete.set(true)
            >
                <Icon glyph=Glyph::Delete />
            </button>
            <Confirm
                open=asks_block
                title=Signal::derive(|| inbox_texts().block_title().to_owned())
                text=inbox_texts().block_text()
                action=inbox_texts().block()
                confirmed=move |()| set_blocked(true)
            />
            <Confirm
                open=asks_delete
                title=Signal::derive(|| inbox_texts().delete_title().to_owned())
                text=inbox_texts().delete_text()
                action=inbox_texts().delete_conversation()
                confirmed=move |()| inbox.hide(id, move || {
                    back.try_run(());
                })
            />
        </header>
    }
}
