//! The canvas page: the board fills the window, everything else lies over it.
//!
//! Slots are plain elements in this order, placed by the style sheet:
//! `.canvas-page > .top-bar, .board-area, .dock, .toasts`, and in the area of
//! the board `.board, .tool-bar, .minimap, .status-bar`.
//! While nobody is signed in, `SignInCard` (of `components::sign_in`) stands
//! over the board; it sets `Account::sign_in`, whereupon the session connects.

use crate::{
    components::{
        banner::Banner,
        board_view::BoardView,
        dialogs::{DialogHost, Dialogs},
        dock::{Dock, DockState},
        minimap::Minimap,
        sign_in::SignInCard,
        status_bar::StatusBar,
        toasts::Toasts,
        tool_bar::ToolBar,
        top_bar::TopBar,
    },
    i18n::board::board_texts,
    model::tile_store::TileStore,
    pages::error::FailurePage,
    session::Session,
    store::{Account, Load, SignIn, Store},
    tasks::Tasks,
};
use leptos::prelude::*;
use shared::ids::CanvasId;

/// The page of one canvas, with its store and session in the context.
#[component]
pub fn CanvasPage(
    /// Which.
    id: CanvasId,
) -> impl IntoView {
    let account = expect_context::<Account>();
    Tasks::provide();
    let store = Store::new(id);
    provide_context(store);
    provide_context(Session::open(store));
    let drawing = move || store.editing.with(Option::is_some);
    // Where there is no board to look at, the page that says so has the way in.
    let asks = move || {
        account.sign_in.with(|s| *s == SignIn::SignedOut)
            && !matches!(store.load.get(), Load::Failed(_))
    };
    // Who moves the view looks for themselves from then on.
    let stop = move || {
        if store.following.get_untracked().is_some() {
            store.following.set(None);
        }
    };
    let failed = move || match store.load.get() {
        Load::Failed(failure) => Some(view! { <FailurePage failure /> }),
        Load::Loading | Load::Ready => None,
    };
    // Whoever comes to a board without a drawing is told how to begin.
    let is_blank = Memo::new(move |_| {
        store.load.get() == Load::Ready
            && store.tiles.with(TileStore::is_empty)
            && store.may_draw()
            && !drawing()
    });
    provide_context(DockState::new());
    Dialogs::provide();
    view! {
        <main class="canvas-page" class:drawing=drawing>
            <TopBar />
            <div class="board-area" on:wheel=move |_| stop() on:keydown=move |_| stop() on:touchmove=move |_| stop()>
                <BoardView />
                <ToolBar />
                <Minimap />
                <StatusBar />
                <Show when=move || is_blank.get()>
                    <p class="board-hint floating">{board_texts().begin}</p>
                </Show>
                <Banner />
            </div>
            <Dock />
            <Toasts />
            <Show when=asks>
                <SignInCard />
            </Show>
            {failed}
            <DialogHost keys=true />
        </main>
    }
}
