//! The page with the user's notifications.

use crate::{
    components::{
        dialogs::{DialogHost, Dialogs},
        inbox::{
            notifications::{NotificationList, NotificationTools},
            page_bar::PageBar,
        },
        order::OrderState,
    },
    i18n::{inbox_texts, t},
    model::order::ModerationScope,
    pages::messages::SignedIn,
    tasks::Tasks,
};
use leptos::prelude::*;
use leptos_meta::Title;

/// The page.
#[component]
pub fn InboxPage() -> impl IntoView {
    Tasks::provide();
    Dialogs::provide();
    OrderState::provide(ModerationScope::Server);
    let title = t().page_of(inbox_texts().notifications(), t().name());
    view! {
        <Title text=title />
        <div class="inbox-page">
            <PageBar title=inbox_texts().notifications() />
            <main class="inbox-page__main inbox-page__main--narrow">
                <SignedIn>
                    <NotificationTools />
                    <NotificationList />
                </SignedIn>
            </main>
        </div>
        <DialogHost />
    }
}
