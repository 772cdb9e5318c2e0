//! The page of a canvas: the board and the components around and over it.
//!
//! The style sheet places these elements: `.canvas-page > .top-bar, .board-area,
//! .dock, .toasts`, and in the board area `.board, .tool-bar, .minimap,
//! .status-bar`. While nobody is signed in, `SignInCard` stands over the board;
//! it sets `Account::sign_in`, and the session then connects.

use crate::{
    components::{
        banner::Banner,
        board_view::BoardView,
        comments::{CommentFields, link::follow_comment_links},
        dialogs::{DialogHost, Dialogs},
        dock::{Dock, DockState},
        export::{ExportPanel, jobs::ExportJobs, progress::ExportCard},
        ghost::load_ghost,
        inbox::{InboxPanelState, panel::InboxPanel},
        keep_account::KeepOffer,
        key_labels::KeyLabels,
        minimap::Minimap,
        order::{OrderState, panel::ModerationPanel, person_menu::PersonMenuHost, ranks::Ranks},
        painters::load_painters,
        rewrite_panel::RewritePanel,
        sign_in::SignInCard,
        status_bar::StatusBar,
        time_bar::{TimeBar, note::PastNote},
        toasts::Toasts,
        tool_bar::ToolBar,
        top_bar::TopBar,
    },
    i18n::{board::board_texts, t},
    model::{
        connection::{LoadState, SignIn},
        order::Place,
    },
    pages::error::FailurePage,
    past::PastView,
    session::Session,
    store::{Account, Store},
    tasks::Tasks,
};
use leptos::prelude::*;
use shared::ids::CanvasId;

/// The page of one canvas; provides its store and session.
#[component]
pub fn CanvasPage(
    /// The canvas.
    id: CanvasId,
) -> impl IntoView {
    let account = expect_context::<Account>();
    Tasks::provide();
    let store = Store::new(id);
    provide_context(store);
    let session = Session::open(store);
    provide_context(session);
    load_painters(store, session);
    PastView::provide(store, session);
    load_ghost(store, session);
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
        LoadState::Failed(failure) => Some(view! { <FailurePage failure /> }),
        LoadState::Loading | LoadState::Ready => None,
    };
    let is_loading = Memo::new(move |_| {
        store.load.get() == LoadState::Loading && store.canvas.with(Option::is_none)
    });
    // What waits is shown on a board without what others drew.
    let is_frame = Memo::new(move |_| {
        store.load.get() == LoadState::Loading && store.canvas.with(Option::is_some)
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
    follow_comment_links(store, session, dock);
    KeyLabels::provide();
    Dialogs::provide();
    OrderState::provide(Place::Canvas(id));
    Ranks::provide(store, expect_context());
    InboxPanelState::provide();
    CommentFields::provide();
    ExportJobs::provide(store);
    view! {
        <main class="canvas-page" class:drawing=drawing>
            <TopBar />
            <div class="board-area" on:wheel=move |_| stop() on:keydown=move |_| stop() on:touchmove=move |_| stop()>
                <BoardView />
                <ToolBar />
                <Minimap />
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
                <Banner />
                <TimeBar />
                <PastNote />
                <RewritePanel />
                <ExportCard />
                <ExportPanel />
                <KeepOffer />
            </div>
            <Dock />
            <ModerationPanel />
            <InboxPanel />
            <PersonMenuHost />
            <Toasts />
            <Show when=asks>
                <SignInCard />
            </Show>
            {failed}
            <DialogHost keys=true />
        </main>
    }
}
