//! The root component: provides the account and the theme, and maps addresses
//! to pages.

use crate::{
    account,
    components::theme::provide_theme,
    i18n::t,
    pages::{canvas::CanvasPage, not_found::NotFoundPage, start::StartPage},
    store::Account,
};
use leptos::prelude::*;
use leptos_meta::{Html, provide_meta_context};
use leptos_router::{
    components::{FlatRoutes, Route, Router},
    hooks::{use_location, use_params_map},
    path,
};
use shared::ids::CanvasId;
use wasm_bindgen::JsValue;

/// The application. Pages: `/` and `/canvas/{id}`.
#[component]
pub fn App() -> impl IntoView {
    let account = Account::new();
    provide_context(account);
    provide_meta_context();
    let theme = provide_theme();
    account::recall(account);
    view! {
        <Html {..} lang=t().language data-theme=move || theme.get().attribute() />
        <Router>
            <AddressGuard />
            <FlatRoutes fallback=NotFoundPage>
                <Route path=path!("/") view=StartPage />
                <Route path=path!("/canvas/:id") view=CanvasRoute />
            </FlatRoutes>
        </Router>
    }
}

/// The page of the canvas in the address. Another canvas gets a new page.
#[component]
fn CanvasRoute() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")?.parse::<CanvasId>().ok()));
    move || match id.get() {
        Some(id) => view! { <CanvasPage id /> }.into_any(),
        None => view! { <NotFoundPage /> }.into_any(),
    }
}

/// Adds the history entry that `leptos_router` 0.8 leaves out.
///
/// It adds none for an address that equals the last one it added. The board
/// replaces the address of its entry, so the router does not recognize that
/// entry when somebody goes back to it, and still has the entry after it as
/// the last one: following a link there would change the page but not the
/// address.
#[component]
fn AddressGuard() -> impl IntoView {
    let pathname = use_location().pathname;
    Effect::new(move || {
        pathname.track();
        // The router changes the address before the next frame.
        request_animation_frame(move || {
            let (Some(path), Ok(shown)) = (pathname.try_get_untracked(), location().pathname())
            else {
                return;
            };
            if path != shown
                && let Ok(history) = window().history()
            {
                // Fails only for addresses of other sites.
                let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&path));
            }
        });
    });
}
