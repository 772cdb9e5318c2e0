//! The functions of the chunks, and how they are called. `wasm_split` makes of each an asynchronous
//! function that fetches its chunk first.

use super::{Chunk, LazyTask, LazyView};
use crate::{
    components::{
        activity::ActivityPanel,
        banner::Banner,
        board_arrows::BoardArrows,
        chat::ChatPanel,
        comments::{CommentFields, link::follow_comment_links},
        dialogs::{DialogBody, DialogHost},
        dock::Tab,
        export::{ExportPanel, jobs::ExportJobs, progress::ExportCard},
        ghost::load_ghost,
        import::Import,
        inbox::{InboxPanelState, buttons::InboxButtons, notes::InboxNotes, panel::InboxPanel},
        keep_account::KeepOffer,
        key_labels::KeyLabels,
        menu::Items,
        minimap::Minimap,
        new_canvas::NewCanvas,
        order::{
            OrderState, panel::ModerationPanel, person_menu::PersonMenuHost, ranks::Ranks,
            shield::Shield,
        },
        painters::load_painters,
        people::PeoplePanel,
        rewrite_panel::RewritePanel,
        share::Share,
        sign_in::SignInCard,
        tile_panel::TilePanel,
        time_bar::{TimeBar, note::PastNote},
        toasts::Toasts,
        tool_bar::Tools,
        top_bar::Faces,
    },
    model::order::ModerationScope,
    pages::{
        canvas::CanvasPage, error::FailurePage, inbox::InboxPage, invite::InvitePage,
        messages::MessagesPage, moderation::ModerationPage, start::StartPage,
    },
    past::PastView,
    session::Session,
    socket::SocketEvent,
    store::Store,
};
use leptos::{prelude::*, wasm_split::SplitLoaderError};
use shared::{ids::CanvasId, protocol::ServerMessage};
#[cfg(code_split)]
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

/// Builds a view; `None` if its chunk is not there.
pub(super) fn build(view: LazyView) -> Option<AnyView> {
    match view {
        LazyView::Start => ready(start_page()),
        LazyView::Canvas(id) => ready(canvas_page(id)),
        view => ready(panel(view)),
    }
}

/// Carries out a task; does nothing if its chunk is not there.
pub(super) fn run(task: LazyTask) {
    ready(carry_out(task));
}

/// Fetches a chunk.
///
/// # Errors
/// If a file of it cannot be fetched.
#[cfg(code_split)]
pub(super) async fn load(chunk: Chunk) -> Result<(), SplitLoaderError> {
    match chunk {
        Chunk::Start => load_start().await,
        Chunk::Canvas => load_canvas().await,
        Chunk::Panels => {
            load_panels().await?;
            load_tasks().await
        }
    }
}

/// In one file, every chunk is there.
#[cfg(not(code_split))]
pub(super) fn load(_chunk: Chunk) -> std::future::Ready<Result<(), SplitLoaderError>> {
    std::future::ready(Ok(()))
}

/// The result of a chunk's function, which is ready at once if the chunk is there.
#[cfg(code_split)]
fn ready<T>(call: impl Future<Output = Result<T, SplitLoaderError>>) -> Option<T> {
    match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result.ok(),
        Poll::Pending => None,
    }
}

#[cfg(not(code_split))]
fn ready<T>(result: Result<T, SplitLoaderError>) -> Option<T> {
    result.ok()
}

/// Defines a function of a chunk, and the function that fetches the chunk. The chunk consists of
/// the body, and of all that is called only there.
macro_rules! chunk_function {
    (
        $chunk:ident,
        $load:ident,
        fn $name:ident($($argument:ident: $type:ty)?) -> $result:ty $body:block
    ) => {
        #[cfg_attr(
            code_split,
            leptos::wasm_split::wasm_split(
                $chunk,
                wasm_split_path = leptos::wasm_split,
                preload($load),
                fallible
            )
        )]
        fn $name($($argument: $type)?) -> Result<$result, SplitLoaderError> {
            Ok($body)
        }
    };
}

chunk_function!(
    start,
    load_start,
    fn start_page() -> AnyView {
        view! { <StartPage /> }.into_any()
    }
);
chunk_function!(
    canvas,
    load_canvas,
    fn canvas_page(id: CanvasId) -> AnyView {
        view! { <CanvasPage id /> }.into_any()
    }
);
chunk_function!(
    panels,
    load_panels,
    fn panel(view: LazyView) -> AnyView {
        panel_view(view)
    }
);
chunk_function!(
    panels,
    load_tasks,
    fn carry_out(task: LazyTask) -> () {
        execute(task);
    }
);

/// The view of the chunk of the panels.
fn panel_view(view: LazyView) -> AnyView {
    match view {
        LazyView::Start | LazyView::Canvas(_) => ().into_any(),
        LazyView::Inbox => view! { <InboxPage /> }.into_any(),
        LazyView::Messages => view! { <MessagesPage /> }.into_any(),
        LazyView::Moderation => view! { <ModerationPage /> }.into_any(),
        LazyView::Invite(code) => view! { <InvitePage code /> }.into_any(),
        LazyView::OverBoard => view! {
            <TimeBar />
            <PastNote />
            <RewritePanel />
            <ExportCard />
            <ExportPanel />
            <KeepOffer />
        }
        .into_any(),
        LazyView::Minimap => view! { <Minimap /> }.into_any(),
        LazyView::BoardArrows => view! { <BoardArrows /> }.into_any(),
        LazyView::Banner => view! { <Banner /> }.into_any(),
        LazyView::Import => view! { <Import /> }.into_any(),
        LazyView::Tools => view! { <Tools /> }.into_any(),
        LazyView::BesideBoard => view! {
            <ModerationPanel />
            <InboxPanel />
            <PersonMenuHost />
            <DialogHost keys=true />
        }
        .into_any(),
        LazyView::Panel(Tab::Chat) => view! { <ChatPanel /> }.into_any(),
        LazyView::Panel(Tab::People) => view! { <PeoplePanel /> }.into_any(),
        LazyView::Panel(Tab::Activity) => view! { <ActivityPanel /> }.into_any(),
        LazyView::Panel(Tab::Tile) => view! { <TilePanel /> }.into_any(),
        LazyView::TopBarButtons => view! {
            <Faces />
            <Share />
            <Shield />
            <InboxButtons />
        }
        .into_any(),
        LazyView::Menu(close, home) => view! { <Items close home /> }.into_any(),
        LazyView::Dialog(kind) => view! { <DialogBody kind /> }.into_any(),
        LazyView::NewCanvas(open, made) => view! { <NewCanvas open made /> }.into_any(),
        LazyView::SignIn => view! { <SignInCard /> }.into_any(),
        LazyView::Failure(failure) => view! { <FailurePage failure /> }.into_any(),
        LazyView::Toasts => view! { <Toasts /> }.into_any(),
        LazyView::InboxNotes => view! { <InboxNotes /> }.into_any(),
    }
}

/// Carries out a task, in the chunk of the panels.
fn execute(task: LazyTask) {
    match task {
        LazyTask::Canvas(owner) => {
            // None if the page was left.
            if let Some(owner) = owner.upgrade() {
                owner.with(set_up_panels);
            }
        }
        LazyTask::Read(message, sink) => {
            // Messages of types that only later versions of the server know are ignored.
            if let Ok(message) = ServerMessage::read_rare(message) {
                sink(SocketEvent::Message(Box::new(message)));
            }
        }
        LazyTask::Session(runtime, effect) => {
            if let Some(runtime) = runtime.upgrade() {
                runtime.carry_out(effect);
            }
        }
        LazyTask::Inbox(runtime, effect) => runtime.carry_out(effect),
        LazyTask::Past(runtime, effect) => {
            if let Some(runtime) = runtime.upgrade() {
                runtime.carry_out(effect);
            }
        }
    }
}

/// Provides what the panels of a canvas page need.
fn set_up_panels() {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    PastView::provide(store, session);
    load_painters(store, session);
    load_ghost(store, session);
    follow_comment_links(store, session, expect_context());
    KeyLabels::provide();
    OrderState::provide(ModerationScope::Canvas(store.canvas_id));
    Ranks::provide(store, expect_context());
    InboxPanelState::provide();
    CommentFields::provide();
    ExportJobs::provide(store);
}
