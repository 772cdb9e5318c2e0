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

use crate::{
    model::camera::{Camera, Viewport},
    model::tile_store::TileStore,
    tools::Tools,
};
use leptos::prelude::*;
use shared::{
    api::{Canvas, User},
    canvas::{Coord, Role},
    ids::{CanvasId, MessageId, OpId, UserId},
    presence::{ActiveUser, Status},
    protocol::{ErrorCode, Lock},
    time::Timestamp,
};
use std::collections::{HashMap, VecDeque};

/// Who uses this browser.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SignIn {
    /// Not asked yet.
    #[default]
    Unknown,
    /// Nobody is signed in.
    SignedOut,
    /// This user is.
    SignedIn(User),
}

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

/// How far the canvas is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Load {
    /// Nothing to see yet: show skeletons.
    #[default]
    Loading,
    /// The board is there.
    Ready,
    /// It will not come by itself: the canvas page shows why instead of the board.
    Failed(Failure),
}

/// Why a canvas cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Only members see it.
    Forbidden,
    /// No such canvas.
    NotFound,
}

/// The connection, told honestly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    /// The first attempt, or one that is under way.
    #[default]
    Connecting,
    /// What others do is seen at once.
    Live,
    /// Lost; the next attempt is at this time (milliseconds since 1970).
    /// [`crate::session::Session::reconnect_now`] does not wait for it.
    Waiting {
        /// Milliseconds since 1970, compare with [`crate::browser::now_ms`].
        retry_at: i64,
        /// The browser says that there is no network at all.
        offline: bool,
    },
    /// The session is over: sign in again. What is queued waits.
    SignedOut,
    /// The server ended it and does not want it back by itself.
    Ended(End),
}

/// Why the server ended a connection for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// An administrator ended it.
    Kicked,
    /// The user may not come here again.
    Banned,
    /// The canvas is gone.
    CanvasDeleted,
    /// The user may not see the canvas any more.
    NoAccess,
    /// Too many messages at once.
    RateLimited,
    /// Anything else.
    Other,
}

/// Why there is no connection, where that could be found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The server does not answer, or is about to stop.
    Away,
    /// The browser says that there is no network at all.
    Offline,
    /// This user, or this address, has too many connections.
    TooMany,
    /// The server carries no more connections.
    Full,
}

/// Who this tab is on the canvas, from the first `connected` on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    /// Which user.
    pub user_id: UserId,
    /// Unique name.
    pub username: String,
    /// Name to show.
    pub display_name: String,
    /// What they may do here.
    pub role: Role,
}

/// Whether a chat row is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// In the server's database.
    Stored,
    /// On its way, or waiting for the connection: draw it faint.
    Pending,
    /// Refused: offer `Session::retry_chat` and `Session::discard_chat`.
    Failed(ErrorCode),
}

/// One row of the chat, oldest first in [`Store::chat`]; pending and failed
/// ones stand at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatRow {
    /// Stable while the row lives: a key for `<For>`.
    pub key: ChatKey,
    /// Its place in the canvas's order, once stored.
    pub seq: Option<i64>,
    /// Who said it.
    pub sender_id: UserId,
    /// Their unique name.
    pub sender_username: String,
    /// Their name to show.
    pub sender_display_name: String,
    /// What they said.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// Whether it is stored.
    pub delivery: DeliveryStatus,
}

/// Tells chat rows apart. A row of one's own keeps its op id when it becomes
/// stored, so that it does not flicker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChatKey {
    /// Somebody else's, or from history.
    Message(MessageId),
    /// One's own, said in this tab.
    Own(OpId),
}

/// What is known of rows older than those there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Older {
    /// There may be more to fetch.
    #[default]
    Maybe,
    /// Being fetched.
    Loading,
    /// The oldest row is the first ever.
    None,
}

/// One line of the activity list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Its place in the canvas's order; a key for `<For>`.
    pub seq: i64,
    /// Who did it; [`Store::name_of`] knows the name.
    pub actor: UserId,
    /// What.
    pub kind: ActivityKind,
    /// Where, if it was a tile.
    pub at: Option<Coord>,
    /// When the newest of them happened: strokes of one person in one tile
    /// are drawn together into one line.
    pub time: Timestamp,
}

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivityKind {
    /// Started a tile.
    Created,
    /// Painted in it.
    Painted,
    /// Gave it a title.
    Titled,
    /// Likes it.
    Liked,
    /// Likes it no longer.
    Unliked,
    /// Emptied the cell.
    Deleted,
    /// Changed the canvas's settings.
    Settings,
}

/// Somebody's pointer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cursor {
    /// Board pixels from the left.
    pub x: f64,
    /// Board pixels from the top.
    pub y: f64,
    /// When it moved last, see [`crate::browser::now_ms`].
    pub moved_at: i64,
}

/// A tile that somebody points at; drawn until it is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Highlight {
    /// Who; none for a link or a search of one's own.
    pub by: Option<(UserId, String)>,
    /// Where.
    pub at: Coord,
    /// Or empty.
    pub message: String,
    /// See [`crate::browser::now_ms`].
    pub started_at: i64,
    /// See [`crate::browser::now_ms`].
    pub ends_at: i64,
}

/// Why this user may not draw in a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayNot {
    /// Nothing that is done here can be stored any more.
    Over,
    /// Nobody is signed in.
    SignedOut,
    /// Viewers draw nowhere.
    Viewer,
    /// It belongs to somebody else (policy `own`).
    Theirs(UserId),
    /// Somebody else holds its lock (policy `exclusive`).
    Locked(UserId),
}

impl MayNot {
    /// Whose the tile is, or who holds it.
    pub fn whose(self) -> Option<UserId> {
        match self {
            Self::Over | Self::SignedOut | Self::Viewer => None,
            Self::Theirs(user) | Self::Locked(user) => Some(user),
        }
    }
}

/// Something to tell once, as a toast.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// A key for `<For>`.
    pub id: u64,
    /// What to say.
    pub kind: NoticeKind,
}

/// What a toast says.
#[derive(Clone, Debug, PartialEq)]
pub enum NoticeKind {
    /// A change of one's own was refused and taken back.
    Refused {
        /// Why.
        code: ErrorCode,
        /// The server's sentence.
        message: String,
        /// The tile, if it was one.
        at: Option<Coord>,
    },
    /// Too much waits for the connection: this change was not taken.
    QueueFull,
    /// What this user may do here is not what it was.
    Role(Role),
    /// The browser has no room left: what waits would not survive a reload.
    NotKept,
    /// Drawing is not for this user here.
    MayNotDraw {
        /// Why.
        why: MayNot,
        /// The name to show of [`MayNot::whose`], or empty.
        name: String,
    },
    /// The server's host says something.
    Announcement(String),
    /// Somebody pointed at a tile: offer to fly there.
    Mentioned {
        /// Who: the name to show.
        username: String,
        /// Where.
        at: Coord,
        /// Or empty.
        message: String,
    },
    /// Something went well; from a component of its own, already in words.
    Done(String),
    /// Something went wrong; from a component of its own, already in words.
    Problem(String),
}

/// Where the view is to go. Set through `Session::fly_to`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CameraCommand {
    /// To the middle of this tile, close enough to see it; keeps the zoom if
    /// it is close already.
    Tile(Coord),
    /// So that this tile fills the view.
    Fill(Coord),
    /// To this view.
    Camera(Camera),
    /// The whole board.
    Fit,
    /// Closer or farther by this factor, about the middle.
    Zoom(f64),
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

/// Rows kept in [`Store::activity`].
pub const ACTIVITY_ROWS: usize = 2_000;

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
