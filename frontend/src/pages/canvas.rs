//! The canvas page: the board fills the window, everything else lies over it.
//!
//! Slots are plain elements in this order, placed by the style sheet:
//! `.canvas-page > .top-bar, .board-area, .dock, .toasts`, and in the area of
//! the board `.board, .tool-bar, .minimap, .status-bar`.
//! While nobody is signed in, `SignInCard` (of `components::sign_in`) stands
//! over the board; it sets `Account::sign_in`, whereupon the session connects.

use crate::{
    components::{
        board_view::BoardView,
        dock::{Dock, DockState},
        minimap::Minimap,
        sign_in::SignInCard,
        status_bar::StatusBar,
        toasts::Toasts,
        tool_bar::ToolBar,
        top_bar::TopBar,
    },
    pages::{error::FailurePage, not_found::NotFoundPage},
    session::Session,
    store::{Account, Load, SignIn, Store},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use shared::ids::CanvasId;

/// The page of one canvas; opens it anew whenever the address names another.
#[component]
pub fn CanvasPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| {
        params.with(|params| params.get("id").and_then(|id| id.parse::<CanvasId>().ok()))
    });
    move || match id.get() {
        Some(id) => view! { <OpenCanvas id /> }.into_any(),
        None => view! { <NotFoundPage /> }.into_any(),
    }
}

/// One open canvas, with its store and session in the context.
#[component]
fn OpenCanvas(id: CanvasId) -> impl IntoView {
    let account = expect_context::<Account>();
    let store = Store::new(id);
    provide_context(store);
    provide_context(Session::open(store));
    let drawing = move || store.editing.with(Option::is_some);
    let failed = move || match store.load.get() {
        Load::Failed(failure) => Some(view! { <FailurePage failure /> }),
        Load::Loading | Load::Ready => None,
    };
    provide_context(DockState::new());
    view! {
        <main class="canvas-page" class:drawing=drawing>
            <TopBar />
            <div class="board-area">
                <BoardView />
                <ToolBar />
                <Minimap />
                <StatusBar />
            </div>
            <Dock />
            <Toasts />
            <Show when=move || account.sign_in.with(|s| *s == SignIn::SignedOut)>
                <SignInCard />
            </Show>
            {failed}
        </main>
    }
}
