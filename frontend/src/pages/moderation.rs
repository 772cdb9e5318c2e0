//! The page on which admins keep order on the whole server.

use crate::{
    components::{
        dialogs::{DialogHost, Dialogs},
        icons::{Glyph, Icon},
        inbox::page_bar::PageBar,
        order::{OrderState, server_panel::ServerPanel},
    },
    i18n::{order::order_texts, t},
    model::order::ModerationScope,
    pages::messages::SignedIn,
    store::Account,
    tasks::Tasks,
};
use leptos::prelude::*;
use leptos_meta::Title;

/// The page.
#[component]
pub fn ModerationPage() -> impl IntoView {
    Tasks::provide();
    Dialogs::provide();
    OrderState::provide(ModerationScope::Server);
    let account = expect_context::<Account>();
    let is_admin = Memo::new(move |_| account.user().is_some_and(|user| user.is_admin));
    let title = t().page_of(order_texts().server_moderation(), t().name());
    let inside = move || {
        if is_admin.get() {
            return view! { <ServerPanel /> }.into_any();
        }
        view! {
            <div class="empty">
                <span class="empty__icon"><Icon glyph=Glyph::Shield /></span>
                <p>{order_texts().admins_only()}</p>
            </div>
        }
        .into_any()
    };
    view! {
        <Title text=title />
        <div class="inbox-page">
            <PageBar title=order_texts().server_moderation() />
            <main class="inbox-page__main inbox-page__main--narrow">
                <SignedIn>{inside}</SignedIn>
            </main>
        </div>
        <DialogHost />
    }
}
