//! The reactive state of the client: what components read.
//!
//! Two things are in the context:
//! - [`Account`], for the whole application: `expect_context::<Account>()`.
//! - [`Store`], while a canvas is open: `expect_context::<Store>()`.
//!
//! Components read these signals and never write what the server decides; all
//! wishes go through [`crate::session::Session`] (also in the context), which
//! is the only writer. The signals that a component may set itself are marked
//! "free to set".
//!
//! Text is none of this module's business: everything here is data, and
//! `i18n` makes sentences of it.

pub use crate::model::{
    activity::{ACTIVITY_ROWS, Activity, ActivityKind},
    camera::CameraCommand,
    chat::{ChatKey, ChatRow, DeliveryStatus, Older},
    connection::{
        ConnectionProblem as Trouble, ConnectionStatus as Connection, EndReason as End,
        LoadFailure as Failure, LoadState as Load, SignIn,
    },
    notice::{MayNot, Notice, NoticeKind},
    people::{Cursor, Highlight, Me},
};
use crate::model::{camera::Viewport, tile_store::TileStore, tools::Tools};
use leptos::prelude::*;
use shared::{
    api::{Canvas, User},
    canvas::{Coord, Role},
    ids::{CanvasId, UserId},
    presence::{ActiveUser, Status},
    protocol::Lock,
};
use std::collections::{HashMap, VecDeque};

/// The signed-in user, for the whole application. After a sign-in, a guest
/// entry or a sign-out through [`crate::api`], set `sign_in`: free to set.
#[derive(Clone, Copy)]
pub struct Account {
    /// Found out when the application starts.
    pub sign_in: RwSignal<SignIn>,
    /// The server is being asked just now.
    pub(crate) asking: StoredValue<bool>,
}

impl Account {
    /// The user, if somebody is signed in. Reactive.
    pub fn user(self) -> Option<User> {
        match self.sign_in.get() {
            SignIn::SignedIn(user) => Some(user),
            SignIn::Unknown | SignIn::SignedOut => None,
        }
    }
}

/// Everything about one open canvas. A bundle of signals: copy it about.
#[derive(Clone, Copy)]
pub struct Store {
    /// Which canvas.
    pub canvas_id: CanvasId,
    /// How far it is there.
    pub load: RwSignal<Load>,
    /// Name, size, palette, policy and so on.
    pub canvas: RwSignal<Option<Canvas>>,
    /// Who this tab is here.
    pub me: RwSignal<Option<Me>>,
    /// See [`Connection`].
    pub connection: RwSignal<Connection>,
    /// Why there is no connection; none while there is one.
    pub trouble: RwSignal<Option<Trouble>>,
    /// Changes (strokes, messages, likes) that the server has not stored yet.
    pub waiting: RwSignal<usize>,
    /// The tiles, with what is pending laid over them. For a tile use
    /// `store.book.with(|b| b.shown(coord).cloned())`, best inside a `Memo`.
    pub tiles: RwSignal<TileStore>,
    /// Oldest first.
    pub chat: RwSignal<Vec<ChatRow>>,
    /// See [`Older`].
    pub older: RwSignal<Older>,
    /// Who is there (this user too), by name.
    pub people: RwSignal<Vec<ActiveUser>>,
    /// Names of everybody met so far, see [`Store::name_of`].
    pub names: RwSignal<HashMap<UserId, String>>,
    /// Newest first, at most [`ACTIVITY_ROWS`].
    pub activity: RwSignal<VecDeque<Activity>>,
    /// What is known of activity older than the last row, see
    /// [`crate::session::Session::load_older_activity`].
    pub older_activity: RwSignal<Older>,
    /// Locks held now (canvases with the policy `exclusive`).
    pub locks: RwSignal<Vec<Lock>>,
    /// Other people's pointers.
    pub cursors: RwSignal<HashMap<UserId, Cursor>>,
    /// Tiles that are pointed at just now.
    pub highlights: RwSignal<Vec<Highlight>>,
    /// Toasts, oldest first; `Session::dismiss` takes one away.
    pub notices: RwSignal<Vec<Notice>>,
    /// The tile open for drawing: `Session::open_tile`, `Session::leave_tile`.
    pub editing: RwSignal<Option<Coord>>,
    /// The selected cell (keyboard focus of the board, and what the Tile panel
    /// shows when none is open): `Session::select`.
    pub selected: RwSignal<Option<Coord>>,
    /// The board pixel under the pointer.
    pub pointer: RwSignal<Option<(i32, i32)>>,
    /// The pixel of the open tile that keys would paint, once they were used.
    pub pen: RwSignal<Option<(i32, i32)>>,
    /// Where the view is and how large it is on screen; the board sets it.
    pub viewport: RwSignal<Viewport>,
    /// A wish to see something else, taken by the board.
    pub camera_command: RwSignal<Option<CameraCommand>>,
    /// Follows this person: the view goes where they edit or point.
    /// Free to set (none to stop).
    pub following: RwSignal<Option<UserId>>,
    /// Tool, colours and mirror: free to set (`store.tools.update(...)`).
    pub tools: RwSignal<Tools>,
    /// Whether there is something to undo and to redo in the open tile.
    pub undoable: RwSignal<(bool, bool)>,
    /// A tile to be named in the chat's text field as `@x,y` (Shift-click on
    /// the board). The chat panel takes it and sets none: free to set.
    pub chat_insert: RwSignal<Option<Coord>>,
    /// A picture that is to be painted from this cell on; `import` takes it
    /// and asks how: free to set.
    pub import: RwSignal<Option<(Coord, web_sys::File)>, LocalStorage>,
}

impl Store {
    /// An empty store for a canvas that is being opened.
    pub fn new(canvas_id: CanvasId) -> Self {
        Self {
            canvas_id,
            load: RwSignal::default(),
            canvas: RwSignal::default(),
            me: RwSignal::default(),
            connection: RwSignal::default(),
            trouble: RwSignal::default(),
            waiting: RwSignal::default(),
            tiles: RwSignal::default(),
            chat: RwSignal::default(),
            older: RwSignal::default(),
            people: RwSignal::default(),
            names: RwSignal::default(),
            activity: RwSignal::default(),
            older_activity: RwSignal::default(),
            locks: RwSignal::default(),
            cursors: RwSignal::default(),
            highlights: RwSignal::default(),
            notices: RwSignal::default(),
            editing: RwSignal::default(),
            selected: RwSignal::default(),
            pointer: RwSignal::default(),
            pen: RwSignal::default(),
            viewport: RwSignal::default(),
            camera_command: RwSignal::default(),
            following: RwSignal::default(),
            tools: RwSignal::default(),
            undoable: RwSignal::default(),
            chat_insert: RwSignal::default(),
            import: RwSignal::new_local(None),
        }
    }

    /// A user's name to show, if they were met. Reactive.
    pub fn name_of(self, user: UserId) -> Option<String> {
        self.names.with(|names| names.get(&user).cloned())
    }

    /// The cell under the pointer. Reactive.
    pub fn hovered(self) -> Option<Coord> {
        let (x, y) = self.pointer.get()?;
        self.tiles
            .with(|tiles| tiles.grid().and_then(|grid| book_cell(&grid, x, y)))
    }

    /// What this user may do here; none while that is not known, and where
    /// nothing can be done any more. Reactive.
    pub fn role(self) -> Option<Role> {
        let role = self.me.with(|me| me.as_ref().map(|me| me.role));
        role.filter(|_| !self.is_over())
    }

    /// Whether nothing that is done here can be stored any more. Reactive.
    pub fn is_over(self) -> bool {
        matches!(
            self.connection.get(),
            Connection::Ended(End::Banned | End::CanvasDeleted | End::NoAccess)
        )
    }

    /// How somebody on the canvas is there. Reactive.
    pub fn status_of(self, user: UserId) -> Status {
        self.people.with(|people| {
            let person = people.iter().find(|person| person.user_id == user);
            person.map_or(Status::Online, |person| person.status)
        })
    }

    /// As [`Store::hovered`], for handlers of events.
    pub fn hovered_untracked(self) -> Option<Coord> {
        untrack(|| self.hovered())
    }

    /// Whether this user draws here at all (a viewer does not). Reactive.
    pub fn may_draw(self) -> bool {
        self.role() >= Some(Role::Editor)
    }
}

/// The cell of a board pixel, if it lies on the canvas.
fn book_cell(grid: &shared::canvas::Grid, x: i32, y: i32) -> Option<Coord> {
    let at = Coord {
        x: x.div_euclid(grid.tile_size),
        y: y.div_euclid(grid.tile_size),
    };
    grid.contains(at).then_some(at)
}
