//! The root: who is signed in, and which page is shown.

use crate::{
    account,
    components::theme::provide_theme,
    pages::{canvas::CanvasPage, not_found::NotFoundPage, start::StartPage},
    router::{Page, Router},
    store::Account,
};
use leptos::prelude::*;

/// The application. Pages: `/` and `/canvas/{id}`.
#[component]
pub fn App() -> impl IntoView {
    let user = Account {
        sign_in: RwSignal::default(),
        asking: StoredValue::new(false),
    };
    provide_context(user);
    provide_theme();
    account::recall(user);
    let router = Router::provide();
    let page = Memo::new(move |_| router.page());
    move || match page.get() {
        Page::Start => view! { <StartPage /> }.into_any(),
        Page::Canvas(id) => view! { <CanvasPage id /> }.into_any(),
        Page::NotFound => view! { <NotFoundPage /> }.into_any(),
    }
}
