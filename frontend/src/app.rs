//! The root: who is signed in, and which page is shown.

use crate::{
    account,
    components::theme::provide_theme,
    pages::{canvas::CanvasPage, not_found::NotFoundPage, start::StartPage},
    router::{Page, Router},
    store::Account,
    view::{View, view},
};
use leptos::prelude::*;

/// The application. Pages: `/` and `/canvas/{id}`.
#[component]
pub fn App() -> View {
    let user = Account {
        sign_in: RwSignal::default(),
        asking: StoredValue::new(false),
    };
    provide_context(user);
    provide_theme();
    account::recall(user);
    let router = Router::provide();
    let page = Memo::new(move |_| router.page());
    View::follow(move || match page.get() {
        Page::Start => view! { <StartPage /> },
        Page::Canvas(id) => view! { <CanvasPage id /> },
        Page::NotFound => view! { <NotFoundPage /> },
    })
}
