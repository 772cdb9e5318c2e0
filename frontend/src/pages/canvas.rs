//! The page of a canvas: the board and the components around and over it.
//!
//! The style sheet places these elements: `.canvas-page > .top-bar, .board-area,
//! .dock, .toasts`, and in the board area `.board, .tool-bar, .minimap,
//! .status-bar`. While nobody is signed in, `SignInCard` stands over the board;
//! it sets `Account::sign_in`, and the session then connects.

use crate::{
    components::{
        board_view::BoardView,
        dialogs::Dialogs,
        dock::{Dock, DockState},
        status_bar::StatusBar,
        tool_bar::ToolBar,
        top_bar::TopBar,
    },
    i18n::{board::board_texts, t},
    lazy::{Chunk, Chunks, Lazy, LazyTask, LazyView},
    model::connection::{LoadState, SignIn},
    past::TimeCommands,
    session::Session,
    store::{Account, Store},
    tasks::Tasks,
};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use shared::ids::CanvasId;

/// Milliseconds after the snapshot came in which its picture is drawn, as a rule.
const DRAWN_MS: u32 = 3_000;

/// The page of one canvas; provides its store and session.
#[component]
pub fn CanvasPage(
    /// The canvas.
    id: CanvasId,
) -> impl IntoView {
    let account = expect_context::<Account>();
    let tasks = Tasks::provide();
    let store = Store::new(id);
    provide_context(store);
    let session = Session::open(store);
    provide_context(session);
    TimeCommands::provide();
    let drawing = move || store.editing.with(Option::is_some);
    // Without a board, `FailurePage` has the forms.
    let asks = move || {
        account.sign_in.with(|s| *s == SignIn::SignedOut)
            && !matches!(store.load.get(), LoadState::Failed(_))
    };
    // Moving the viewport ends the following of a user.
    let stop = move || {
        if store.following.get_untracked().is_some() {
            store.following.set(None);
        }
    };
    let failed = move || match store.load.get() {
        LoadState::Failed(failure) => {
            Some(view! { <Lazy view=move || LazyView::Failure(failure) wanted=true /> })
        }
        LoadState::Loading | LoadState::Ready => None,
    };
    let is_loading = Memo::new(move |_| {
        store.load.get() == LoadState::Loading && store.canvas.with(Option::is_none)
    });
    // What waits is shown on a board without what others drew.
    let is_frame = Memo::new(move |_| {
        store.load.get() == LoadState::Loading && store.canvas.with(Option::is_some)
    });
    // After the first picture, or where there is none because the server is away.
    let chunks = expect_context::<Chunks>();
    Effect::new(move || {
        let load = store.load.get();
        if store.is_drawn.get()
            || is_frame.get()
            || matches!(load, LoadState::Failed(_))
            || store.connection_problem.with(Option::is_some)
        {
            chunks.load(Chunk::Panels);
        } else if load == LoadState::Ready {
            // A hidden page draws nothing.
            tasks.spawn(async move {
                TimeoutFuture::new(DRAWN_MS).await;
                chunks.load(Chunk::Panels);
            });
        }
    });
    // An empty board shows how to begin.
    let is_blank = Memo::new(move |_| {
        store.load.get() == LoadState::Ready
            && store.tiles.is_empty()
            && store.may_draw()
            && !drawing()
    });
    let dock = DockState::new();
    provide_context(dock);
    Dialogs::provide();
    if let Some(owner) = Owner::current() {
        chunks.run(LazyTask::Canvas(owner.downgrade()));
    }
    view! {
        <main class="canvas-page" class:drawing=drawing>
            <TopBar />
            <div class="board-area" on:wheel=move |_| stop() on:keydown=move |_| stop() on:touchmove=move |_| stop()>
                <BoardView />
                <ToolBar />
                <Lazy view=|| LazyView::Minimap />
                <StatusBar />
                <Show when=move || is_loading.get()>
                    <div class="board-area__waiting skeleton" aria-hidden="true"></div>
                    <p class="board-hint floating" role="status">{t().loading_canvas()}</p>
                </Show>
                <Show when=move || is_frame.get()>
                    <p class="board-hint floating" role="status">{board_texts().only_own()}</p>
                </Show>
                <Show when=move || is_blank.get()>
                    <p class="board-hint floating">{board_texts().begin()}</p>
                </Show>
                <Lazy view=|| LazyView::Banner />
                <Lazy view=|| LazyView::OverBoard />
            </div>
            <Dock />
            <Lazy view=|| LazyView::BesideBoard />
            <Lazy view=|| LazyView::Toasts />
            <Show when=move || asks() && chunks.has_begun(Chunk::Panels)>
                <Lazy view=|| LazyView::SignIn wanted=true />
            </Show>
            {failed}
        </main>
    }
}
