//! The values of one open canvas that the session writes, and the rules of
//! who may draw, read from them.

use super::{
    backend::{Backend, Signals, Var},
    names::Names,
    past::PastStore,
    people::People,
    tiles::Tiles,
};
use crate::model::{
    activity::Activity,
    chat::{ChatRow, OlderPages},
    comments::Comments,
    connection::{ConnectionProblem, ConnectionStatus, LoadState},
    notice::{MayNot, Notice},
    order,
    people::{Cursor, Highlight, Me},
    tools::Tools,
};
use shared::{
    api::{
        Canvas,
        sanctions::{self, Sanction},
    },
    canvas::{self, Actor, Coord, Refusal, Role, TileOp},
    ids::{CanvasId, UserId},
    protocol::Lock,
    time::Timestamp,
};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

/// What the session knows of the open canvas and writes; components read it.
/// In the page all values are signals, and this is `Copy`.
pub struct CanvasStore<B: Backend> {
    /// The open canvas.
    pub canvas_id: CanvasId,
    /// How far the canvas is loaded.
    pub load: B::Var<LoadState>,
    /// Name, size, palette, edit policy and so on.
    pub canvas: B::Var<Option<Canvas>>,
    /// This tab's user on the canvas.
    pub me: B::Var<Option<Me>>,
    /// The state of the connection.
    pub connection: B::Var<ConnectionStatus>,
    /// Why there is no connection; none while there is one.
    pub connection_problem: B::Var<Option<ConnectionProblem>>,
    /// Milliseconds from the page's monotonic clock to the server's clock.
    pub clock_offset: B::Var<i64>,
    /// How many durable requests the server has not stored yet.
    pub waiting: B::Var<usize>,
    /// The tiles, with pending operations applied.
    pub tiles: Tiles<B>,
    /// The past, as far as it is looked at.
    pub past: PastStore<B>,
    /// Chat rows, oldest first; pending and failed ones at the end.
    pub chat: B::Var<Vec<Arc<ChatRow>>>,
    /// Whether older chat rows can be fetched.
    pub older: B::Var<OlderPages>,
    /// The comments on tiles, with pending changes apart.
    pub comments: B::Var<Comments>,
    /// Who is on the canvas, this user included.
    pub people: People<B>,
    /// The display names of everybody met so far.
    pub names: Names<B>,
    /// Activity lines, newest first.
    pub activity: B::Var<VecDeque<Activity>>,
    /// Whether older activity lines can be fetched.
    pub older_activity: B::Var<OlderPages>,
    /// Locks held now (canvases with the policy `exclusive`).
    pub locks: B::Var<Vec<Lock>>,
    /// Other people's pointers.
    pub cursors: B::Var<HashMap<UserId, Cursor>>,
    /// Tiles that somebody points at now.
    pub highlights: B::Var<Vec<Highlight>>,
    /// Toasts, oldest first.
    pub notices: B::Var<Vec<Notice>>,
    /// The tile open for drawing.
    pub editing: B::Var<Option<Coord>>,
    /// The selected cell: the keyboard focus of the board.
    pub selected: B::Var<Option<Coord>>,
    /// The pixel of the open tile that the keyboard paints, once it was used.
    pub pen: B::Var<Option<(i32, i32)>>,
    /// The person that the camera follows. Components may set it.
    pub following: B::Var<Option<UserId>>,
    /// Whom this user hides: their messages, pointers, typing and mentions.
    pub hidden: B::Var<HashSet<UserId>>,
    /// Tool, colours and mirror. Components may set it.
    pub tools: B::Var<Tools>,
    /// Whether there is something to undo and to redo in the open tile.
    pub undoable: B::Var<(bool, bool)>,
    /// The sanctions in force against this user here, as far as they are known.
    pub sanctions: B::Var<Vec<Sanction>>,
    /// Until when this user counts as new here, by the server's clock; none if
    /// they do not.
    pub newcomer_until: B::Var<Option<Timestamp>>,
    /// Until when the server takes no chat message of this user (slow mode), by
    /// `browser::uptime_ms`.
    pub chat_held_until: B::Var<i64>,
    /// Until when a lockdown keeps this user from changing anything, by the
    /// server's clock; none if it does not, as far as it is known.
    pub locked_out_until: B::Var<Option<Timestamp>>,
    /// How many refused requests of this user are kept as a draft.
    pub drafts: B::Var<usize>,
    /// Changes with every report, case and appeal that the server tells of.
    pub case_changes: B::Var<u32>,
}

#[expect(
    clippy::expl_impl_clone_on_copy,
    reason = "derive would ask for `B: Clone`"
)]
impl Clone for CanvasStore<Signals> {
    fn clone(&self) -> Self {
        *self
    }
}

impl Copy for CanvasStore<Signals> {}

impl<B: Backend> CanvasStore<B> {
    /// An empty store for a canvas that is being opened.
    pub fn new(canvas_id: CanvasId) -> Self {
        Self {
            canvas_id,
            load: B::var(LoadState::default()),
            canvas: B::var(None),
            me: B::var(None),
            connection: B::var(ConnectionStatus::default()),
            connection_problem: B::var(None),
            clock_offset: B::var(0),
            waiting: B::var(0),
            tiles: Tiles::default(),
            past: PastStore::default(),
            chat: B::var(Vec::new()),
            older: B::var(OlderPages::default()),
            comments: B::var(Comments::default()),
            people: People::default(),
            names: Names::default(),
            activity: B::var(VecDeque::new()),
            older_activity: B::var(OlderPages::default()),
            locks: B::var(Vec::new()),
            cursors: B::var(HashMap::new()),
            highlights: B::var(Vec::new()),
            notices: B::var(Vec::new()),
            editing: B::var(None),
            selected: B::var(None),
            pen: B::var(None),
            following: B::var(None),
            hidden: B::var(HashSet::new()),
            tools: B::var(Tools::default()),
            undoable: B::var((false, false)),
            sanctions: B::var(Vec::new()),
            newcomer_until: B::var(None),
            chat_held_until: B::var(0),
            locked_out_until: B::var(None),
            drafts: B::var(0),
            case_changes: B::var(0),
        }
    }

    /// Whether this user may do this, as far as this client can tell. Not
    /// reactive.
    ///
    /// # Errors
    /// Why they may not: the shared rules' reason.
    pub fn permit(&self, at: Coord, op: &TileOp) -> Result<(), Refusal> {
        // Called for every pixel that is painted or pointed at: clones nothing.
        let who = self
            .me
            .with(|me| me.as_ref().map(|me| (me.user_id, me.role)));
        let policy = self
            .canvas
            .with(|canvas| canvas.as_ref().map(|canvas| canvas.edit_policy));
        let (Some((user_id, role)), Some(policy), false) =
            (who, policy, self.connection.get().is_over())
        else {
            return Err(Refusal::Forbidden);
        };
        let activity = if matches!(op, TileOp::Like { .. }) {
            sanctions::Activity::Liking
        } else {
            sanctions::Activity::Painting
        };
        if self.kept_from(activity).is_some() || self.locked_out_until.with(Option::is_some) {
            return Err(Refusal::Forbidden);
        }
        let locked_by_other = self.lock_of(at).is_some_and(|holder| holder != user_id);
        self.tiles.peek(|tiles| {
            let grid = tiles.grid().ok_or(Refusal::OutOfBounds)?;
            canvas::check(&grid, at, op)?;
            let tile = tiles.shown(at);
            let actor = Actor {
                user_id,
                role,
                likes: tile.is_some_and(|tile| tile.liked),
                locked_by_other,
            };
            canvas::permit(policy, tile.map(|tile| &tile.state), op, &actor)
        })
    }

    /// Why this user may not draw in a cell; none if they may. Not reactive,
    /// see [`super::Store::may_not`].
    pub fn draw_refusal(&self, at: Coord) -> Option<MayNot> {
        if self.past.is_shown.get() {
            return Some(MayNot::Past);
        }
        // The rules look at who and where only, so any stroke stands for all.
        let stroke = TileOp::Paint { edits: Vec::new() };
        let Err(refusal) = self.permit(at, &stroke) else {
            return None;
        };
        if self.connection.get().is_over() {
            return Some(MayNot::Over);
        }
        if let Some(until) = self.kept_from(sanctions::Activity::Painting) {
            return Some(MayNot::Sanctioned { until });
        }
        if let Some(until) = self.locked_out_until.get() {
            return Some(MayNot::LockedDown { until });
        }
        let role = self.me.with(|me| me.as_ref().map(|me| me.role));
        let creator = self
            .tiles
            .peek(|tiles| tiles.shown(at).map(|tile| tile.state.creator_id));
        Some(match (role, refusal, self.lock_of(at), creator) {
            (None, ..) => MayNot::SignedOut,
            (Some(role), ..) if role < Role::Editor => MayNot::Viewer,
            (_, Refusal::TileLocked, Some(user), _) => MayNot::Locked(user),
            (_, _, _, Some(user)) => MayNot::Theirs(user),
            (_, _, _, None) => MayNot::Viewer,
        })
    }

    /// Whether this user draws here at all (a viewer does not). Not reactive.
    pub fn permits_drawing(&self) -> bool {
        let role = self.me.with(|me| me.as_ref().map(|me| me.role));
        role >= Some(Role::Editor) && !self.connection.get().is_over()
    }

    /// Whether a sanction keeps this user from something: the end of the one
    /// that lasts longest, itself none for an open end. Not reactive.
    pub fn kept_from(&self, activity: sanctions::Activity) -> Option<Option<Timestamp>> {
        self.sanctions.with(|all| order::kept_from(all, activity))
    }

    /// The user who holds the lock of a tile.
    fn lock_of(&self, at: Coord) -> Option<UserId> {
        self.locks.with(|locks| {
            let held = |lock: &&Lock| (lock.tile_x, lock.tile_y) == (at.x, at.y);
            locks.iter().find(held).map(|lock| lock.user_id)
        })
    }
}
