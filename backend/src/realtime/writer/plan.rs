//! The input of the decisions about a batch ([`Loaded`]) and their result ([`Plan`]).

use super::{Applied, Committed, Request, comments::LoadedComments, decide::settings_permit};
use crate::{cell_history::Change, realtime::cluster_message::LockChange};
use crate::{
    db::{
        access::Standing,
        comments::{CellComments, StoredComment},
        locks::TileLock,
        log::{LockedCanvas, NewEvent},
        notifications::{NewNotification, OutgoingNotification},
        removed_messages::Removal,
        rewrites::Progress,
        sanctions::{Sanctions, forbidding},
        visits::{Recent, Visit},
        words::{LoggedMessage, Rewordings},
    },
    realtime::{
        ring::Event,
        write::{Done, Operation, WriteError},
    },
    words::Source,
};
use serde_json::Value;
use shared::{
    api::{Canvas, UpdateCanvas, moderation::ModerationAction, sanctions::Activity},
    canvas::{Coord, EditPolicy, Refusal, Role, TileOp, TileState},
    ids::{CommentId, Epoch, OpId, RewriteId, TileId, UserId},
    protocol::{ChatEvent, DurableEvent},
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

/// What was read under the canvas's lock, and the canvas itself.
pub(super) struct Loaded {
    pub(super) canvas: LockedCanvas,
    /// The results of requests, by their index, that were carried out earlier.
    pub(super) prior_results: HashMap<usize, Done>,
    pub(super) likes: HashSet<(TileId, UserId)>,
    pub(super) locks: HashMap<Coord, TileLock>,
    /// The tiles in the cells of the batch.
    pub(super) cells: HashMap<Coord, TileState>,
    /// Ids for new tiles.
    pub(super) new_ids: Vec<TileId>,
    /// The canvas after each change of its settings, `None` where nothing changed; or why it
    /// was refused.
    pub(super) settings: VecDeque<Result<Option<Canvas>, WriteError>>,
    /// The results of operations that are to be taken back, where they were carried out in
    /// earlier batches.
    pub(super) undoable: HashMap<(UserId, OpId), Done>,
    /// The users' roles, where those of the requests may be outdated.
    pub(super) roles: HashMap<UserId, Option<Role>>,
    /// What else was read of the same users.
    pub(super) standings: HashMap<UserId, Standing>,
    /// The sanctions of those of these users who have any.
    pub(super) sanctions: HashMap<UserId, Sanctions>,
    /// The chat messages that may be answered, edited or removed, by their `seq`.
    pub(super) messages: HashMap<i64, ChatEvent>,
    pub(super) comments: LoadedComments,
    /// The visits of users whose pace may be limited.
    pub(super) visits: HashMap<UserId, Visit>,
    pub(super) rewrites: HashMap<RewriteId, LoadedRewrite>,
    /// The users who are mentioned, by their names in lower case.
    pub(super) mentioned: HashMap<String, UserId>,
    /// Who is on the canvas.
    pub(super) present: HashSet<UserId>,
}

/// What a rewrite changes in the cells of its batch.
#[derive(Default)]
pub(super) struct LoadedRewrite {
    pub(super) is_running: bool,
    pub(super) changes: Vec<(Coord, Change)>,
    /// The likes of the deleted tiles that come back.
    pub(super) likes: HashMap<TileId, i64>,
}

/// A line for the moderation log, on the canvas of the batch.
pub(super) struct LogLine {
    pub(super) action: ModerationAction,
    pub(super) actor: UserId,
    pub(super) target: Option<UserId>,
    pub(super) reason: String,
    /// A JSON object.
    pub(super) detail: Value,
}

impl Loaded {
    pub(super) fn new(canvas: LockedCanvas) -> Self {
        Self {
            canvas,
            prior_results: HashMap::new(),
            likes: HashSet::new(),
            locks: HashMap::new(),
            cells: HashMap::new(),
            new_ids: Vec::new(),
            settings: VecDeque::new(),
            undoable: HashMap::new(),
            roles: HashMap::new(),
            standings: HashMap::new(),
            sanctions: HashMap::new(),
            messages: HashMap::new(),
            comments: LoadedComments::default(),
            rewrites: HashMap::new(),
            visits: HashMap::new(),
            mentioned: HashMap::new(),
            present: HashSet::new(),
        }
    }

    /// Whether the user may change the settings so.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn permits_settings(
        &self,
        user: UserId,
        change: &UpdateCanvas,
    ) -> Result<(), WriteError> {
        let now = self.canvas.now;
        let sanctions = self
            .sanctions
            .get(&user)
            .map(|all| &**all)
            .unwrap_or_default();
        if let Some(sanction) = forbidding(sanctions, Activity::Other, now) {
            return Err(WriteError::Sanctioned(sanction));
        }
        if settings_permit(self.roles.get(&user).copied().flatten(), change, now) {
            Ok(())
        } else {
            Err(Refusal::Forbidden.into())
        }
    }

    /// The users whose pace may be limited: newcomers, as far as that is known, and those who
    /// chat in slow mode.
    pub(super) fn paced_users(&self, requests: &[Request]) -> BTreeSet<UserId> {
        let LockedCanvas { order, now, .. } = &self.canvas;
        let paced = requests.iter().filter_map(|request| {
            let (write, user) = (&request.write, request.write.identity.user_id);
            let read = self.standings.get(&user);
            let standing = read.unwrap_or(&write.standing);
            let role = self.roles.get(&user).copied().unwrap_or(Some(write.role));
            if role >= Some(Role::Moderator) {
                return None;
            }
            let may_be_new =
                read.is_some() || standing.newcomer_until.is_some_and(|until| until > *now);
            let is_limited = order.limits_newcomers && !standing.has_given_role && may_be_new;
            let needs_visit = match &write.operation {
                Operation::Chat { .. } => is_limited || order.slow_mode_s > 0,
                Operation::EditMessage { .. } => order.slow_mode_s > 0,
                Operation::Tile { op, .. } => {
                    is_limited && !matches!(op, TileOp::Create { .. } | TileOp::Like { .. })
                }
                Operation::RemoveMessage(_)
                | Operation::PurgeMessages { .. }
                | Operation::Comment(_)
                | Operation::Settings(_)
                | Operation::Rewrite(_)
                | Operation::Lock { .. }
                | Operation::Unlock { .. } => false,
            };
            needs_visit.then_some(user)
        });
        paced.collect()
    }

    pub(super) fn note_messages(&mut self, messages: Vec<LoggedMessage>) {
        for LoggedMessage { seq, body } in messages {
            if let Ok(DurableEvent::CanvasChatMessage(event)) = serde_json::from_str(&body) {
                self.messages.insert(seq, event);
            }
        }
    }

    pub(super) fn needs_locks(&self) -> bool {
        self.canvas.policy == EditPolicy::Exclusive
    }

    /// Notes that a request was carried out earlier, with this event or with none.
    pub(super) fn note_prior_result(&mut self, request: usize, body: Option<&str>) {
        self.prior_results.insert(request, done_before(body));
    }

    /// The same for an operation that a request of this batch takes back.
    pub(super) fn note_undoable(&mut self, operation: (UserId, OpId), body: Option<&str>) {
        self.undoable.insert(operation, done_before(body));
    }

    pub(super) fn note_likes(&mut self, likes: Vec<(i64, i64)>) {
        self.likes = likes
            .into_iter()
            .map(|(tile, user)| (TileId(tile), UserId(user)))
            .collect();
    }

    pub(super) fn note_locks(&mut self, locks: Vec<TileLock>) {
        self.locks = locks.into_iter().map(|lock| (lock.at, lock)).collect();
    }
}

/// Tiles that are new, or whose title or pixels changed, and their cells.
type Drawn<'a> = Vec<(Coord, &'a TileState)>;
/// Pairs of a tile and the user who likes it.
type Likes = Vec<(TileId, UserId)>;

/// What has to be written, and what is delivered and answered after the commit.
pub(super) struct Plan {
    pub(super) base: i64,
    pub(super) epoch: Epoch,
    pub(super) instance: i64,
    pub(super) policy: EditPolicy,
    pub(super) results: Vec<Result<Applied, WriteError>>,
    pub(super) lock_changes: Vec<LockChange>,
    pub(super) cells: HashMap<Coord, TileState>,
    /// Cells whose tile has to be written; true if its title or pixels changed.
    pub(super) touched: BTreeMap<Coord, bool>,
    pub(super) likes: BTreeMap<(TileId, UserId), bool>,
    /// New events, in order.
    pub(super) events: Vec<NewEvent>,
    /// Tiles to delete.
    pub(super) deleted: Vec<TileId>,
    /// Those of them that the batch made or changed before, as they were when they were
    /// deleted.
    pub(super) changed_and_deleted: Vec<(Coord, TileState)>,
    /// Deleted tiles that come back.
    pub(super) revived: Vec<TileId>,
    /// What batches of rewrites did.
    pub(super) progress: Vec<Progress>,
    /// Operations without an event that must not be applied on a repeat.
    pub(super) no_ops: Vec<(UserId, OpId)>,
    /// Words that are replaced or removed.
    pub(super) rewordings: Rewordings,
    /// Chat messages that are removed.
    pub(super) removals: Vec<Removal>,
    /// Comments that are new or changed.
    pub(super) comments: BTreeMap<CommentId, StoredComment>,
    /// Cells whose number of comments changes.
    pub(super) commented_cells: BTreeMap<Coord, CellComments>,
    /// Lines for the moderation log.
    pub(super) log_lines: Vec<LogLine>,
    /// What users did lately whose pace is limited.
    pub(super) paced: BTreeMap<UserId, Recent>,
    /// The notifications to make.
    pub(super) notifications: Vec<NewNotification>,
    /// How much the number of tiles changes.
    pub(super) tile_delta: i64,
}

impl Plan {
    /// Tiles that are new or changed, and the like counts of those of which only
    /// the likes changed.
    pub(super) fn changed_tiles(&self) -> (Drawn<'_>, Vec<(TileId, i64)>) {
        let mut drawn = Vec::new();
        let mut liked = Vec::new();
        for (at, redrawn) in &self.touched {
            match self.cells.get(at) {
                Some(tile) if *redrawn => drawn.push((*at, tile)),
                Some(tile) => liked.push((tile.id, tile.like_count)),
                None => {}
            }
        }
        (drawn, liked)
    }

    /// The deleted tiles that come back, and stay to the end of the batch.
    pub(super) fn revived(&self) -> Vec<TileId> {
        let revived = self.revived.iter().copied();
        revived
            .filter(|tile| !self.deleted.contains(tile))
            .collect()
    }

    /// The likes to add and those to remove, of tiles that are not deleted.
    pub(super) fn changed_likes(&self) -> (Likes, Likes) {
        self.changed_likes_of(self.cells.values())
    }

    /// The same, of tiles that are deleted.
    pub(super) fn changed_likes_of_deleted(&self) -> (Likes, Likes) {
        self.changed_likes_of(self.changed_and_deleted.iter().map(|(_, tile)| tile))
    }

    fn changed_likes_of<'a>(&self, tiles: impl Iterator<Item = &'a TileState>) -> (Likes, Likes) {
        let tiles: HashSet<TileId> = tiles.map(|tile| tile.id).collect();
        let (added, removed): (Vec<_>, Vec<_>) = self
            .likes
            .iter()
            .filter(|((tile, _), _)| tiles.contains(tile))
            .partition(|(_, liked)| **liked);
        let keys = |likes: Vec<(&(TileId, UserId), &bool)>| {
            likes.into_iter().map(|(key, _)| *key).collect()
        };
        (keys(added), keys(removed))
    }

    /// The locks to write and the cells to unlock. The last change of a cell counts.
    pub(super) fn changed_locks(&self) -> (Vec<&TileLock>, Vec<Coord>) {
        let mut last: BTreeMap<Coord, &LockChange> = BTreeMap::new();
        for change in &self.lock_changes {
            let (LockChange::Held { lease, .. } | LockChange::Released(lease)) = change;
            last.insert(lease.at, change);
        }
        let mut held = Vec::new();
        let mut released = Vec::new();
        for (at, change) in last {
            match change {
                LockChange::Held { lease, .. } => held.push(lease),
                LockChange::Released(_) => released.push(at),
            }
        }
        (held, released)
    }

    /// Whether each operation of the batch that can be repeated comes to an event.
    pub(super) fn has_event_of_each_operation(&self, requests: &[Request]) -> bool {
        let mut results = requests.iter().zip(&self.results);
        results.all(|(request, result)| {
            request.write.op_id.is_none()
                || result.as_ref().is_ok_and(|applied| applied.event.is_some())
        })
    }

    /// Gives notifications the words as they are at the end of the batch.
    pub(super) fn reword_notifications(&mut self) {
        for rewording in self.rewordings.of.values() {
            let revision = &rewording.revision;
            for new in &mut self.notifications {
                let is_source = match revision.source {
                    Source::Message(id) => new.target.message == Some(id),
                    Source::Comment(id) => new.target.comment == Some(id.0),
                };
                if is_source {
                    new.text.clone_from(&revision.text);
                }
            }
        }
    }

    pub(super) fn into_committed(self, notifications: Vec<OutgoingNotification>) -> Committed {
        Committed {
            base: self.base,
            epoch: self.epoch,
            instance: self.instance,
            events: self
                .events
                .into_iter()
                .map(|event| Event {
                    seq: event.seq,
                    body: event.body.into(),
                })
                .collect(),
            results: self.results,
            locks: self.lock_changes,
            notifications,
        }
    }
}

/// The result of an operation that was carried out earlier, with this event or with none.
fn done_before(body: Option<&str>) -> Done {
    let event = body.and_then(|body| serde_json::from_str::<DurableEvent>(body).ok());
    event.map(|event| done(&event)).unwrap_or_default()
}

/// The result of the request that made this event.
pub(super) fn done(event: &DurableEvent) -> Done {
    let (tile_id, version, like_count) = match event {
        DurableEvent::CommentCreated(_)
        | DurableEvent::CommentUpdated(_)
        | DurableEvent::CanvasChatMessage(_)
        | DurableEvent::ChatRemoved(_)
        | DurableEvent::ChatEdited(_)
        | DurableEvent::CanvasUpdated(_) => (None, None, None),
        DurableEvent::TileCreated(tile) => (
            Some(tile.tile_id),
            Some(tile.version),
            Some(tile.like_count),
        ),
        DurableEvent::TileUpdated(tile) => (
            Some(tile.tile_id),
            Some(tile.version),
            Some(tile.like_count),
        ),
        DurableEvent::TileLiked(tile) => (Some(tile.tile_id), None, Some(tile.like_count)),
        DurableEvent::TileDeleted(tile) => (Some(tile.tile_id), None, None),
    };
    let comment_id = match event {
        DurableEvent::CommentCreated(event) => Some(event.comment.id),
        DurableEvent::CommentUpdated(event) => Some(event.comment.id),
        _ => None,
    };
    Done {
        seq: Some(event.seq()),
        timestamp: Some(event.timestamp()),
        tile_id,
        version,
        like_count,
        comment_id,
        is_repeat: false,
        removed: None,
    }
}
