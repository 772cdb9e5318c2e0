//! The page with private messages: the conversations, and beside them the one in
//! the address. On phones it is the one or the other.

use crate::{
    components::{
        auth_forms::EntryForms,
        dialogs::{DialogHost, Dialogs},
        icons::{Glyph, Icon},
        inbox::{conversations::ConversationList, page_bar::PageBar, thread::ThreadView},
        order::OrderState,
    },
    i18n::{inbox_texts, t},
    model::{connection::SignIn, order::ModerationScope},
    store::Account,
    tasks::Tasks,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_params_map},
};
use shared::ids::ConversationId;

/// The page, with `/messages/{id}` or without.
#[component]
pub fn MessagesPage() -> impl IntoView {
    Tasks::provide();
    Dialogs::provide();
    OrderState::provide(ModerationScope::Server);
    let params = use_params_map();
    let current = Memo::new(move |_| {
        let id = params.with(|params| params.get("id"))?;
        id.parse::<ConversationId>().ok()
    });
    let navigate = use_navigate();
    let back = Callback::new(move |()| navigate("/messages", NavigateOptions::default()));
    let title = t().page_of(inbox_texts().private_messages(), t().name());
    let thread = move || match current.get() {
        Some(id) => view! { <ThreadView id back /> }.into_any(),
        None => view! {
            <div class="empty messages-page__choose">
                <span class="empty__icon"><Icon glyph=Glyph::Envelope /></span>
                <p>{inbox_texts().choose_conversation()}</p>
            </div>
        }
        .into_any(),
    };
    view! {
        <Title text=title />
        <div class="inbox-page">
            <PageBar title=inbox_texts().private_messages() />
            <main
                class="inbox-page__main messages-page"
                class=("messages-page--open", move || current.get().is_some())
            >
                <SignedIn>
                    <section class="messages-page__list" aria-label=inbox_texts().conversations()>
                        <ConversationList current=current.into() />
                    </section>
                    <section class="messages-page__thread" aria-label=inbox_texts().messages()>
                        {thread}
                    </section>
                </SignedIn>
            </main>
        </div>
        <DialogHost />
    }
}

/// Shows its children to who is signed in, and the forms to others.
#[component]
pub fn SignedIn(
    /// What is the user's own.
    children: ChildrenFn,
) -> impl IntoView {
    let account = expect_context::<Account>();
    let is_out = Memo::new(move |_| account.sign_in.get() == SignIn::SignedOut);
    let user = Memo::new(move |_| account.user().map(|user| user.id));
    let children = StoredValue::new(children);
    move || {
        if is_out.get() {
            return view! {
                <section class="entry inbox-page__entry" aria-labelledby="entry-title">
                    <h2 id="entry-title">{t().come_in()}</h2>
                    <p class="soft">{inbox_texts().sign_in_first()}</p>
                    <EntryForms done=Callback::new(|_| ()) />
                </section>
            }
            .into_any();
        }
        user.get()
            .map(|_| children.with_value(|children| children()))
            .into_any()
    }
}
