//! The root: who is signed in, and which page is shown.

use crate::{
    api,
    components::theme::provide_theme,
    pages::{canvas::CanvasPage, not_found::NotFoundPage, start::StartPage},
    store::{Account, SignIn},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    components::{Route, Router, Routes},
    path,
};

/// The application. Pages: `/` and `/canvas/{id}`.
#[component]
pub fn App() -> impl IntoView {
    let account = Account {
        sign_in: RwSignal::default(),
    };
    provide_context(account);
    provide_theme();
    spawn_local(async move {
        let sign_in = match api::me().await {
            Ok(user) => SignIn::SignedIn(user),
            Err(_) => SignIn::SignedOut,
        };
        account.sign_in.set(sign_in);
    });
    view! {
        <Router>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/") view=StartPage />
                <Route path=path!("/canvas/:id") view=CanvasPage />
            </Routes>
        </Router>
    }
}
