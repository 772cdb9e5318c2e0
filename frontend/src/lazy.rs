//! Code splitting: what the first picture does not need is in WASM files of its own, the chunks,
//! which are fetched once the picture is there, or when something of them is wanted.
//!
//! A chunk consists of the functions marked with its name here, and of everything that only they
//! call. `cargo xtask` builds the delivered client with `--cfg code_split` and splits its WASM
//! file. Without that, as trunk alone builds it, the client is one file and has all chunks from
//! the beginning.
//!
//! The chunks have code of all modules, and these ask here for what is in a chunk: this is the one
//! circle of imports.

mod chunks;

use crate::{
    components::{dialogs::DialogKind, dock::Tab},
    i18n::t,
    inbox::{effect::InboxEffect, runtime::InboxRuntime},
    model::connection::LoadFailure,
    past::{effect::Effect as PastEffect, runtime::PastRuntime},
    session::{effect::Effect as SessionEffect, runtime::SessionRuntime},
    socket::SocketEvent,
    tasks::Tasks,
};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, reactive::owner::WeakOwner};
use serde_json::Value;
use shared::{api::Canvas, ids::CanvasId};
use std::rc::{Rc, Weak};

/// Milliseconds from a failure until the first further attempt to fetch a chunk. Doubles each time.
const FIRST_PAUSE_MS: u32 = 1_000;
/// The longest pause, in milliseconds.
const LONGEST_PAUSE_MS: u32 = 30_000;
/// The most tasks that wait for their chunk. Where it cannot be fetched, further ones are left out.
const MAX_WAITING: usize = 1_000;

/// A view in a chunk.
#[derive(Clone)]
pub enum LazyView {
    /// The start page.
    Start,
    /// The page of a canvas.
    Canvas(CanvasId),
    /// The page with notifications.
    Inbox,
    /// The page with private messages.
    Messages,
    /// The admins' page.
    Moderation,
    /// The page of the invite with this code.
    Invite(String),
    /// The time bar, and the panels and cards that lie on the board.
    OverBoard,
    /// The overview of the canvas in a corner of the board.
    Minimap,
    /// The arrows at the edge of the board.
    BoardArrows,
    /// The banners over the board: why the canvas is not live, and sanctions.
    Banner,
    /// The choice of a picture to be drawn into tiles.
    Import,
    /// The tools of drawing.
    Tools,
    /// The dialogs, and the panels that open over the dock.
    BesideBoard,
    /// The content of a tab of the dock.
    Panel(Tab),
    /// The others who are here, sharing, moderation and inbox, in the top bar.
    TopBarButtons,
    /// The items of the menu: what closes it, and what leads to the start page.
    Menu(Callback<()>, Callback<()>),
    /// The content of a dialog.
    Dialog(DialogKind),
    /// The dialog for a new canvas: whether it is open, and what follows.
    NewCanvas(RwSignal<bool>, Callback<Canvas>),
    /// The forms to sign in, over the board.
    SignIn,
    /// Why the canvas cannot be shown, in place of its page.
    Failure(LoadFailure),
    /// What the user is told in passing.
    Toasts,
    /// Notes on what is new in the inbox.
    InboxNotes,
}

impl LazyView {
    fn chunk(&self) -> Chunk {
        match self {
            Self::Start => Chunk::Start,
            Self::Canvas(_) => Chunk::Canvas,
            _ => Chunk::Panels,
        }
    }
}

/// What runs code of the chunk [`Chunk::Panels`]. While it waits, it keeps no page alive that was
/// left.
pub enum LazyTask {
    /// Sets up what the panels of a canvas page need.
    Canvas(WeakOwner),
    /// Reads a message of a type that comes rarely, and passes it to the socket's owner.
    Read(Value, Rc<dyn Fn(SocketEvent)>),
    /// An effect of a canvas's session.
    Session(Weak<SessionRuntime>, SessionEffect),
    /// An effect of the inbox.
    Inbox(Rc<InboxRuntime>, InboxEffect),
    /// An effect of the past.
    Past(Weak<PastRuntime>, PastEffect),
}

/// A file of the client besides the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// The start page.
    Start,
    /// The page of a canvas.
    Canvas,
    /// Panels, dialogs and the smaller pages.
    Panels,
}

/// Whether a chunk is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChunkState {
    Absent,
    Loading,
    /// The last attempt failed; it is tried again.
    Failed,
    Ready,
}

/// Which chunks are there; a context of the application.
#[derive(Clone, Copy)]
pub struct Chunks {
    start: RwSignal<ChunkState>,
    canvas: RwSignal<ChunkState>,
    panels: RwSignal<ChunkState>,
    /// In the order in which they were asked for.
    waiting: StoredValue<Vec<LazyTask>, LocalStorage>,
    tasks: Tasks,
}

impl Chunks {
    /// Provides it to the application.
    pub fn provide() -> Self {
        let chunks = Self {
            start: RwSignal::new(ChunkState::Absent),
            canvas: RwSignal::new(ChunkState::Absent),
            panels: RwSignal::new(ChunkState::Absent),
            waiting: StoredValue::new_local(Vec::new()),
            tasks: Tasks::new(),
        };
        provide_context(chunks);
        chunks
    }

    fn state(self, chunk: Chunk) -> RwSignal<ChunkState> {
        match chunk {
            Chunk::Start => self.start,
            Chunk::Canvas => self.canvas,
            Chunk::Panels => self.panels,
        }
    }

    /// Whether a chunk is there or being fetched. Reactive.
    pub fn has_begun(self, chunk: Chunk) -> bool {
        self.state(chunk).get() != ChunkState::Absent
    }

    /// Fetches a chunk, again and again until it is there.
    pub fn load(self, chunk: Chunk) {
        let state = self.state(chunk);
        if state.get_untracked() != ChunkState::Absent {
            return;
        }
        state.set(ChunkState::Loading);
        self.tasks.spawn(async move {
            let mut pause = FIRST_PAUSE_MS;
            while chunks::load(chunk).await.is_err() {
                state.set(ChunkState::Failed);
                TimeoutFuture::new(pause).await;
                pause = LONGEST_PAUSE_MS.min(pause * 2);
            }
            if chunk == Chunk::Panels {
                // The views need what the tasks set up.
                self.run_waiting();
            }
            state.set(ChunkState::Ready);
            self.load_after(chunk);
        });
    }

    /// Fetches what may be wanted after a chunk.
    fn load_after(self, chunk: Chunk) {
        match chunk {
            // Until its picture is there, a canvas has the line to itself.
            Chunk::Canvas => {}
            Chunk::Start => {
                self.load(Chunk::Canvas);
                self.load(Chunk::Panels);
            }
            Chunk::Panels => {
                self.load(Chunk::Start);
                self.load(Chunk::Canvas);
            }
        }
    }

    /// Carries out the tasks that wait, and those that come of them.
    fn run_waiting(self) {
        loop {
            let waiting = self.waiting.try_update_value(std::mem::take);
            let waiting = waiting.unwrap_or_default();
            if waiting.is_empty() {
                return;
            }
            for task in waiting {
                chunks::run(task);
            }
        }
    }

    /// Carries out a task, at once if its chunk is there, or else when it is.
    pub fn run(self, task: LazyTask) {
        if self.panels.get_untracked() == ChunkState::Ready {
            chunks::run(task);
        } else {
            self.waiting.update_value(|waiting| {
                if waiting.len() < MAX_WAITING {
                    waiting.push(task);
                }
            });
        }
    }
}

/// Boxed, so that [`Lazy`] is compiled once.
pub struct LazyViewFn(Box<dyn Fn() -> LazyView + Send>);

impl<F: Fn() -> LazyView + Send + 'static> From<F> for LazyViewFn {
    fn from(view: F) -> Self {
        Self(Box::new(view))
    }
}

/// Shows a view as soon as its chunk is there.
#[component]
pub fn Lazy(
    /// Which view. Reactive; always of the same chunk.
    #[prop(into)]
    view: LazyViewFn,
    /// Whether somebody waits for it: fetches the chunk, and tells if that fails.
    #[prop(optional)]
    wanted: bool,
) -> impl IntoView {
    let chunks = expect_context::<Chunks>();
    let view = view.0;
    let chunk = untrack(&view).chunk();
    if wanted {
        chunks.load(chunk);
    }
    let state = chunks.state(chunk);
    move || match state.get() {
        ChunkState::Ready => chunks::build(view()),
        ChunkState::Failed if wanted => {
            Some(view! { <p class="lazy-failed" role="alert">{t().problem_away()}</p> }.into_any())
        }
        ChunkState::Absent | ChunkState::Loading | ChunkState::Failed => None,
    }
}
