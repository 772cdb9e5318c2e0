//! The root component: provides the account and the theme, and maps addresses
//! to pages.

use crate::{
    account, browser,
    components::theme::provide_theme,
    i18n::t,
    inbox::Inbox,
    lazy::{Chunks, Lazy, LazyView},
    pages::not_found::NotFoundPage,
    store::Account,
};
use leptos::prelude::*;
use leptos_meta::{Html, Title, provide_meta_context};
use leptos_router::{
    NavigateOptions,
    components::{FlatRoutes, Route, Router},
    hooks::{use_location, use_navigate, use_params_map},
    path,
};
use shared::ids::CanvasId;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlElement;

/// How long after a change of the page its title is announced: by then it is
/// known, as a rule.
const TITLE_KNOWN: Duration = Duration::from_millis(800);

/// The application. Pages: `/`, `/canvas/{id}`, `/invite/{code}`, `/inbox`,
/// `/messages`, `/messages/{id}` and `/moderation`.
#[component]
pub fn App() -> impl IntoView {
    let account = Account::new();
    provide_context(account);
    provide_meta_context();
    let theme = provide_theme();
    account::recall(account);
    Chunks::provide();
    let inbox = Inbox::provide();
    // Reactive: the title's effect runs it.
    let with_unread = move |title: String| match inbox.all_unread() {
        0 => title,
        n => t().unread_page(n, &title),
    };
    view! {
        <Title formatter=with_unread />
        <Html {..} data-theme=move || theme.get().attribute() />
        <Router>
            <AddressGuard />
            <PageChange />
            <FlatRoutes fallback=NotFoundPage>
                <Route path=path!("/") view=|| view! { <Lazy view=|| LazyView::Start wanted=true /> } />
                <Route path=path!("/canvas/:id") view=CanvasRoute />
                <Route path=path!("/invite/:code") view=InviteRoute />
                <Route path=path!("/inbox") view=|| view! { <Lazy view=|| LazyView::Inbox wanted=true /> } />
                <Route path=path!("/messages/:id?") view=|| view! { <Lazy view=|| LazyView::Messages wanted=true /> } />
                <Route path=path!("/moderation") view=|| view! { <Lazy view=|| LazyView::Moderation wanted=true /> } />
            </FlatRoutes>
            <InboxNavigation />
            <Lazy view=|| LazyView::InboxNotes />
        </Router>
    }
}

/// The page of the canvas in the address. Another canvas gets a new page.
#[component]
fn CanvasRoute() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")?.parse::<CanvasId>().ok()));
    move || match id.get() {
        Some(id) => view! { <Lazy view=move || LazyView::Canvas(id) wanted=true /> }.into_any(),
        None => view! { <NotFoundPage /> }.into_any(),
    }
}

/// The page of the invite in the address.
#[component]
fn InviteRoute() -> impl IntoView {
    let params = use_params_map();
    let code = Memo::new(move |_| params.with(|params| params.get("code").unwrap_or_default()));
    move || view! { <Lazy view=move || LazyView::Invite(code.get()) wanted=true /> }
}

/// Goes to the address that something in the inbox leads to.
#[component]
fn InboxNavigation() -> impl IntoView {
    let inbox = expect_context::<Inbox>();
    let navigate = use_navigate();
    Effect::new(move || {
        if let Some(address) = inbox.go_to.get() {
            inbox.go_to.set(None);
            navigate(&address, NavigateOptions::default());
        }
    });
}

/// After a change of the page, moves the focus to its heading, which screen
/// readers then read. The focus would be left on an element that is gone. When
/// the title becomes known later, it is announced.
#[component]
fn PageChange() -> impl IntoView {
    let pathname = use_location().pathname;
    let announced = RwSignal::new(String::new());
    let timer = StoredValue::new(None::<TimeoutHandle>);
    // The browser does this for the page that was opened first.
    let last = StoredValue::new(location().pathname().unwrap_or_default());
    Effect::new(move || {
        let path = pathname.get();
        let is_new = last.with_value(|last| *last != path);
        if !is_new || path.is_empty() {
            return;
        }
        last.set_value(path);
        if let Some(timer) = timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
        announced.set(String::new());
        // The new page is mounted before the next frame.
        request_animation_frame(focus_heading);
        let announce = move || announced.set(document().title());
        timer.set_value(set_timeout_with_handle(announce, TITLE_KNOWN).ok());
    });
    view! {
        <div class="sr-only" aria-live="polite" data-testid="page-announcement">
            {announced}
        </div>
    }
}

/// Moves the focus to the heading of the page, unless it is in the page already.
fn focus_heading() {
    let document = document();
    let has_focus = document
        .active_element()
        .is_some_and(|active| active.tag_name() != "BODY");
    let heading = document.query_selector("h1").ok().flatten();
    if let (false, Some(heading)) = (
        has_focus,
        heading.and_then(|h| h.dyn_into::<HtmlElement>().ok()),
    ) {
        heading.set_tab_index(-1);
        browser::focus_in_place(&heading);
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
