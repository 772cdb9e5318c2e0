//! The reactive state of the client: what components read.
//!
//! Two contexts: [`Account`] for the whole application, and [`Store`] while a
//! canvas is open. Components read their signals; what the session decides is
//! written by [`crate::session`] only. The signals that a component may set
//! itself say so. The types of the values are in [`crate::model`], the texts in
//! [`crate::i18n`].

pub mod backend;
pub mod canvas;
pub mod inbox;
pub mod names;
pub mod overviews;
pub mod past;
pub mod people;
pub mod tiles;

use self::{backend::Signals, overviews::Overviews};
pub use self::{canvas::CanvasStore, inbox::InboxStore};
use crate::{
    browser,
    model::{
        camera::{self, CameraCommand, Viewport},
        chat::ComposeCommand,
        comments::CommentGoal,
        connection::SignIn,
        export::ExportGoal,
        ghost::Ghost,
        notice::MayNot,
        painters::PainterOverlay,
        rewrite::{AreaChoice, MarkedTile, RewriteGoal},
        tile_store::Tile,
    },
    store::past::Display,
    tasks::{Task, Tasks},
};
use leptos::prelude::*;
use shared::{
    api::{User, sanctions::Activity},
    canvas::{Coord, Role},
    ids::{CanvasId, MessageId, UserId},
    mentions::TileMention,
    presence::Status,
    time::Timestamp,
};
use std::{ops::Deref, sync::Arc};

/// The signed-in user, for the whole application. Changed by
/// [`crate::account`] only.
#[derive(Clone, Copy)]
pub struct Account {
    /// Who is signed in; asked for when the application starts.
    pub sign_in: RwSignal<SignIn>,
    /// The user signed out, and the server could not be told yet.
    pub sign_out_waits: RwSignal<bool>,
    /// A request for who is signed in.
    pub(crate) asking: StoredValue<Task>,
    /// The request that ends the session.
    pub(crate) ending: StoredValue<Task>,
    /// Somebody signed out, and the session is to be ended.
    pub(crate) signing_out: StoredValue<bool>,
    pub(crate) tasks: Tasks,
}

impl Account {
    /// Of the application, which lives as long as the page.
    pub fn new() -> Self {
        Self {
            sign_in: RwSignal::default(),
            sign_out_waits: RwSignal::default(),
            asking: StoredValue::default(),
            ending: StoredValue::default(),
            signing_out: StoredValue::default(),
            tasks: Tasks::new(),
        }
    }

    /// The user, if somebody is signed in. Reactive.
    pub fn user(self) -> Option<User> {
        match self.sign_in.get() {
            SignIn::SignedIn(user) => Some(user),
            SignIn::Unknown | SignIn::SignedOut => None,
        }
    }
}

impl Default for Account {
    fn default() -> Self {
        Self::new()
    }
}

/// Everything about one open canvas: the session's [`CanvasStore`], which this
/// dereferences to, and what the board and its components share besides.
#[derive(Clone, Copy)]
pub struct Store {
    values: CanvasStore<Signals>,
    /// Whether all tiles in view were drawn once.
    pub is_drawn: RwSignal<bool>,
    /// The board pixel under the pointer.
    pub pointer: RwSignal<Option<(i32, i32)>>,
    /// The camera and the size of the board on screen; the board sets it.
    pub viewport: RwSignal<Viewport>,
    /// A request to move the camera; the board takes it.
    pub camera_command: RwSignal<Option<CameraCommand>>,
    /// A tile to be named in the chat's text field as `@x,y` (Shift-click on
    /// the board), or as it was: `@x,y~seq`. The chat panel takes it and sets none.
    /// Components may set it.
    pub chat_insert: RwSignal<Option<TileMention>>,
    /// A message to answer or to edit; the chat's text field takes it. Components
    /// may set it.
    pub compose: RwSignal<Option<ComposeCommand>>,
    /// A message to show in the chat, loaded or not; the chat panel takes it.
    /// Components may set it.
    pub wanted_message: RwSignal<Option<MessageId>>,
    /// Whether yesterday's tile is to be shown while drawing. Components may set it.
    pub shows_ghost: RwSignal<bool>,
    /// What the open tile was yesterday, while it is shown; set by
    /// [`crate::components::ghost`].
    pub ghost: RwSignal<Option<Ghost>>,
    /// A file of the canvas's past is chosen; opens the panel for it. Components may
    /// set it.
    pub export: RwSignal<Option<ExportGoal>>,
    /// Comments to be shown in the panel of the tile, which takes it; the dock
    /// shows that panel. Components may set it.
    pub comment_goal: RwSignal<Option<CommentGoal>>,
    /// A picture to paint from this cell on; the import dialog takes it.
    /// Components may set it.
    pub import: RwSignal<Option<(Coord, web_sys::File)>, LocalStorage>,
    /// The tile over which the board shows who painted what. Components may set
    /// it.
    pub painters: RwSignal<Option<PainterOverlay>>,
    /// What is to be taken back or restored; opens the panel for it. Components
    /// may set it.
    pub rewrite: RwSignal<Option<RewriteGoal>>,
    /// The area that is chosen for it; set by the panel and the board.
    pub area: RwSignal<AreaChoice>,
    /// The pixels that it would change; the board highlights them.
    pub marked: RwSignal<Arc<Vec<MarkedTile>>>,
    /// Pictures of the past; [`crate::past`] fetches them, the board draws them.
    pub overviews: RwSignal<Overviews, LocalStorage>,
}

impl Deref for Store {
    type Target = CanvasStore<Signals>;

    fn deref(&self) -> &Self::Target {
        &self.values
    }
}

impl Store {
    /// An empty store for a canvas that is being opened.
    pub fn new(canvas_id: CanvasId) -> Self {
        Self {
            values: CanvasStore::new(canvas_id),
            is_drawn: RwSignal::new(false),
            pointer: RwSignal::default(),
            viewport: RwSignal::default(),
            camera_command: RwSignal::default(),
            chat_insert: RwSignal::default(),
            compose: RwSignal::default(),
            wanted_message: RwSignal::default(),
            shows_ghost: RwSignal::default(),
            ghost: RwSignal::default(),
            export: RwSignal::default(),
            comment_goal: RwSignal::default(),
            import: RwSignal::new_local(None),
            painters: RwSignal::default(),
            rewrite: RwSignal::default(),
            area: RwSignal::default(),
            marked: RwSignal::default(),
            overviews: RwSignal::new_local(Overviews::new()),
        }
    }

    /// The part that the session writes.
    pub fn canvas_store(self) -> CanvasStore<Signals> {
        self.values
    }

    /// The server's time now, in milliseconds since 1970: this computer's clock
    /// may be wrong. Not reactive.
    pub fn server_now_ms(self) -> i64 {
        browser::uptime_ms() + self.clock_offset.get_untracked()
    }

    /// A user's display name, if they were met. Reactive.
    pub fn name_of(self, user: UserId) -> Option<String> {
        self.names.get(user)
    }

    /// The cell under the pointer. Reactive.
    pub fn hovered(self) -> Option<Coord> {
        let (x, y) = self.pointer.get()?;
        let grid = self.tiles.grid()?;
        camera::cell_of(&grid, x, y)
    }

    /// As [`Store::hovered`], for handlers of events.
    pub fn hovered_untracked(self) -> Option<Coord> {
        untrack(|| self.hovered())
    }

    /// What this user may do here; none while that is not known, and where
    /// nothing can be stored any more. Reactive.
    pub fn role(self) -> Option<Role> {
        let role = self.me.with(|me| me.as_ref().map(|me| me.role));
        role.filter(|_| !self.is_over())
    }

    /// Whether nothing that is done here can be stored any more. Reactive.
    pub fn is_over(self) -> bool {
        self.connection.get().is_over()
    }

    /// A person's status; online if they are not here. Reactive.
    pub fn status_of(self, user: UserId) -> Status {
        self.people
            .get(user)
            .map_or(Status::Online, |person| person.status)
    }

    /// Whether this user draws here at all (a viewer does not). Reactive.
    pub fn may_draw(self) -> bool {
        self.role() >= Some(Role::Editor)
    }

    /// Whether this user keeps order here: a moderator, the owner or an admin.
    /// Reactive.
    pub fn may_moderate(self) -> bool {
        self.role() >= Some(Role::Moderator)
    }

    /// As [`CanvasStore::kept_from`]. Reactive.
    pub fn sanctioned(self, activity: Activity) -> Option<Option<Timestamp>> {
        self.sanctions.track();
        self.kept_from(activity)
    }

    /// The event after which the board is shown; none while it is shown as it is.
    /// Reactive.
    pub fn past_seq(self) -> Option<i64> {
        self.past.moment.get().map(|moment| moment.seq)
    }

    /// Reads the tile of a cell as the board shows it: as it is now, or as it was
    /// in the past that is looked at; none for an empty cell. Reactive.
    pub fn with_seen_tile<R>(self, at: Coord, read: impl FnOnce(Option<&Tile>) -> R) -> R {
        if self.past.display.get() == Display::Live {
            return self.tiles.with_tile(at, read);
        }
        self.past.tiles.with(|tiles| {
            // A picture has no tiles.
            let is_known = self.past.display.get_untracked() == Display::Tiles;
            read(tiles.shown(at).filter(|_| is_known))
        })
    }

    /// Why this user may not draw in a cell, as far as this client can tell;
    /// none if they may. Reactive.
    pub fn may_not(self, at: Coord) -> Option<MayNot> {
        self.canvas.track();
        self.me.track();
        self.connection.track();
        self.tiles.grid();
        self.tiles.track_tile(at);
        self.locks.track();
        self.sanctions.track();
        self.locked_out_until.track();
        self.past.is_shown.track();
        self.draw_refusal(at)
    }
}
