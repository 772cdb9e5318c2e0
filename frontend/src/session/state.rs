//! What the session keeps besides the store: the queue, the place in the
//! order, the strokes to undo. Everything that touches the store from here is
//! called by `session` and by `receive`.

use super::{
    pending_storage::PendingStorage,
    queue::{self, OrderingKey, Pushed, Queue},
    seq_tracker::SeqTracker,
};
use crate::{
    browser::now_ms,
    model::tile_store::{self, Painter},
    store::{ChatKey, ChatRow, DeliveryStatus, MayNot, Me, Notice, NoticeKind, Store},
    tools::undo::History,
};
use leptos::prelude::*;
use shared::{
    api::User,
    canvas::{self, Actor, Coord, Refusal, Role, TileOp},
    ids::{OpId, UserId},
    pixels::PixelEdit,
    protocol::{ClientMessage, ClientRequest, ErrorCode, Lock},
    time::Timestamp,
};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Toasts kept at most; nobody reads more.
const NOTICES: usize = 5;

/// See the module's description.
pub(super) struct SessionState {
    pub(super) store: Store,
    /// Who is signed in; none: only looking.
    pub(super) user: Option<User>,
    /// Between `connected` and the end of the connection.
    pub(super) live: bool,
    pub(super) seq: SeqTracker,
    pub(super) queue: Queue,
    pub(super) storage: Option<PendingStorage>,
    pub(super) history: HashMap<Coord, History>,
    /// Strokes over several tiles so far.
    groups: u32,
    pub(super) usernames: HashMap<UserId, String>,
    /// When people who write stop unless they are heard of again.
    pub(super) typing_until: HashMap<UserId, i64>,
    pub(super) typed_at: i64,
    pub(super) pointed_at: i64,
    pub(super) refreshed_at: i64,
    /// Requests whose kept form is older than they are.
    unsaved: HashSet<OpId>,
    /// The browser had no room for a request, and the person knows.
    told_of_room: bool,
    next_notice: u64,
}

/// The present moment as it is written on the wire.
pub(super) fn now() -> Timestamp {
    chrono::Utc::now().into()
}

impl SessionState {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            user: None,
            live: false,
            seq: SeqTracker::default(),
            queue: Queue::default(),
            storage: None,
            history: HashMap::new(),
            groups: 0,
            usernames: HashMap::new(),
            typing_until: HashMap::new(),
            typed_at: 0,
            pointed_at: 0,
            refreshed_at: now_ms(),
            unsaved: HashSet::new(),
            told_of_room: false,
            next_notice: 0,
        }
    }

    /// Who holds the pen; nobody where nobody is signed in.
    pub(super) fn painter(&self) -> Option<Painter> {
        self.user.as_ref().map(|user| Painter {
            user_id: user.id,
            username: user.username.clone(),
        })
    }

    /// Somebody signed in: their requests of earlier pages are taken over.
    pub(super) fn sign_in(&mut self, user: User) {
        if self.user.as_ref().is_some_and(|old| old.id == user.id) {
            self.user = Some(user);
            return;
        }
        self.queue = Queue::default();
        self.history.clear();
        self.unsaved.clear();
        self.storage = Some(PendingStorage::new(self.store.canvas_id, user.id));
        self.user = Some(user);
        self.store
            .chat
            .update(|chat| chat.retain(|row| row.seq.is_some()));
        self.recover_orphaned();
        self.predict_me();
    }

    /// Takes over the requests of pages that were closed.
    pub(super) fn recover_orphaned(&mut self) {
        let recovered = self
            .storage
            .as_ref()
            .map(PendingStorage::recover_orphaned)
            .unwrap_or_default();
        if recovered.is_empty() {
            return;
        }
        let mut rows = Vec::new();
        let mut cells = HashSet::new();
        for request in recovered {
            let (Some(id), Some(ordering_key)) =
                (request.op_id, queue::ordering_key(&request.message))
            else {
                continue;
            };
            let row = self.chat_row(id, &request.message);
            // Without room in the queue it stays in the storage for later.
            if !self
                .queue
                .push_recovered(id, ordering_key, request.message, now_ms())
            {
                continue;
            }
            rows.extend(row);
            if let OrderingKey::Tile(at) = ordering_key {
                cells.insert(at);
            }
        }
        self.store.chat.update(|chat| chat.extend(rows));
        for at in cells {
            self.rebase(at);
        }
        self.count();
    }

    /// Until the server has said who this tab is, what it will say: so one
    /// may draw while the connection is still being made.
    pub(super) fn predict_me(&self) {
        let canvas = self.store.canvas.get_untracked();
        let (Some(user), Some(canvas)) = (&self.user, canvas) else {
            return;
        };
        let known = self
            .store
            .me
            .with_untracked(|me| me.as_ref().is_some_and(|me| me.user_id == user.id));
        if !known {
            self.store.me.set(Some(Me {
                user_id: user.id,
                username: user.username.clone(),
                display_name: user.display_name.clone(),
                role: canvas.role.unwrap_or(Role::Editor),
            }));
        }
    }

    fn chat_row(&self, id: OpId, message: &ClientMessage) -> Option<ChatRow> {
        let ClientMessage::CanvasChat { text, .. } = message else {
            return None;
        };
        let user = self.user.as_ref()?;
        Some(ChatRow {
            key: ChatKey::Own(id),
            seq: None,
            sender_id: user.id,
            sender_username: user.username.clone(),
            sender_display_name: user.display_name.clone(),
            text: text.as_str().to_owned(),
            at: now(),
            delivery: DeliveryStatus::Pending,
        })
    }

    /// Takes a durable request: checks it by the shared rules, shows it,
    /// queues it. Sending is the session's.
    pub(super) fn take(&mut self, message: ClientMessage) -> Option<OpId> {
        let ordering_key = queue::ordering_key(&message)?;
        let tile = message.tile_op();
        if let Some((at, op)) = &tile
            && let Err(refusal) = self.permit(*at, op)
        {
            match self.may_not(*at) {
                Some(why) => self.tell_may_not(why),
                None => self.tell_refusal(&refusal, *at),
            }
            return None;
        }
        let painter = self.painter()?;
        let id = OpId::from(Uuid::now_v7());
        let row = self.chat_row(id, &message);
        let id = match self.queue.push(id, ordering_key, message, now_ms()) {
            Pushed::New => id,
            Pushed::Joined(id) => id,
            Pushed::Full => {
                self.notify(NoticeKind::QueueFull);
                return None;
            }
        };
        self.unsaved.insert(id);
        if let Some((at, op)) = tile {
            self.store
                .tiles
                .update(|tiles| tiles.apply(at, &op, &painter, now()));
        }
        if let Some(row) = row {
            self.store.chat.update(|chat| chat.push(row));
        }
        self.count();
        Some(id)
    }

    /// Whether this user may do this, as far as this client can tell.
    pub(super) fn permit(&self, at: Coord, op: &TileOp) -> Result<(), Refusal> {
        // Asked for every pixel that is painted or pointed at: nothing is cloned.
        let who = self
            .store
            .me
            .with_untracked(|me| me.as_ref().map(|me| (me.user_id, me.role)));
        let policy = self
            .store
            .canvas
            .with_untracked(|canvas| canvas.as_ref().map(|canvas| canvas.edit_policy));
        let (Some((user_id, role)), Some(policy), false) =
            (who, policy, untrack(|| self.store.is_over()))
        else {
            return Err(Refusal::Forbidden);
        };
        let locked_by_other = self.store.locks.with_untracked(|locks| {
            locks
                .iter()
                .any(|lock| lock.tile_x == at.x && lock.tile_y == at.y && lock.user_id != user_id)
        });
        self.store.tiles.with_untracked(|tiles| {
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

    /// Why this user may not draw in a cell.
    pub(super) fn may_not(&self, at: Coord) -> Option<MayNot> {
        // Any stroke stands for all: the rules look at who and where only.
        let stroke = TileOp::Paint { edits: Vec::new() };
        let Err(refusal) = self.permit(at, &stroke) else {
            return None;
        };
        if untrack(|| self.store.is_over()) {
            return Some(MayNot::Over);
        }
        let role = self
            .store
            .me
            .with_untracked(|me| me.as_ref().map(|me| me.role));
        let lock = self.store.locks.with_untracked(|locks| {
            let held = |lock: &&Lock| (lock.tile_x, lock.tile_y) == (at.x, at.y);
            locks.iter().find(held).map(|lock| lock.user_id)
        });
        let creator = self
            .store
            .tiles
            .with_untracked(|tiles| tiles.shown(at).map(|tile| tile.state.creator_id));
        Some(match (role, refusal, lock, creator) {
            (None, ..) => MayNot::SignedOut,
            (Some(role), ..) if role < Role::Editor => MayNot::Viewer,
            (_, Refusal::TileLocked, Some(user), _) => MayNot::Locked(user),
            (_, _, _, Some(user)) => MayNot::Theirs(user),
            (_, _, _, None) => MayNot::Viewer,
        })
    }

    pub(super) fn tell_refusal(&mut self, refusal: &Refusal, at: Coord) {
        self.notify(NoticeKind::Refused {
            code: refusal.code(),
            message: refusal.to_string(),
            at: Some(at),
        });
    }

    pub(super) fn tell_may_not(&mut self, why: MayNot) {
        self.notify(self.may_not_notice(why));
    }

    pub(super) fn may_not_notice(&self, why: MayNot) -> NoticeKind {
        let name = self.store.names.with_untracked(|names| {
            let name = why.whose().and_then(|user| names.get(&user));
            name.cloned().unwrap_or_default()
        });
        NoticeKind::MayNotDraw { why, name }
    }

    /// A request of one's own ended well (with the place it has in the order,
    /// if it changed something) or not at all: `confirm` is told the operation.
    pub(super) fn end(&mut self, id: OpId) -> Option<queue::Op> {
        let (op, gone) = self.queue.take(id)?;
        for id in gone.iter().chain([&id]) {
            self.unsaved.remove(id);
            if let Some(storage) = &self.storage {
                storage.remove(*id);
            }
        }
        self.count();
        Some(op)
    }

    /// Lays a cell anew over what is confirmed.
    pub(super) fn rebase(&self, at: Coord) {
        let Some(painter) = self.painter() else {
            self.store.tiles.update(|_| {});
            return;
        };
        let pending: Vec<TileOp> = self
            .queue
            .iter()
            .filter(|op| op.ordering_key == OrderingKey::Tile(at))
            .filter_map(|op| op.message.tile_op().map(|(_, op)| op))
            .collect();
        self.store
            .tiles
            .update(|tiles| tiles.rebase(at, pending.iter(), &painter, now()));
    }

    /// Lays every cell anew that has something pending.
    pub(super) fn rebase_all(&self) {
        let cells: HashSet<Coord> = self
            .queue
            .iter()
            .filter_map(|op| match op.ordering_key {
                OrderingKey::Tile(at) => Some(at),
                OrderingKey::Chat => None,
            })
            .collect();
        for at in cells {
            self.rebase(at);
        }
    }

    /// The next request that may be sent.
    pub(super) fn next(&mut self) -> Option<ClientRequest> {
        if !self.live {
            return None;
        }
        self.queue.next(now_ms())
    }

    /// Keeps what was not kept yet.
    pub(super) fn save(&mut self) {
        let Some(storage) = &self.storage else { return };
        let mut kept = true;
        for id in self.unsaved.drain() {
            if let Some(op) = self.queue.get(id) {
                kept &= storage.put(&ClientRequest {
                    op_id: Some(id),
                    message: op.message.clone(),
                });
            }
        }
        if !kept && !self.told_of_room {
            self.told_of_room = true;
            self.notify(NoticeKind::NotKept);
        }
    }

    /// Whether something waits that a reload would lose.
    pub(super) fn would_lose(&self) -> bool {
        self.told_of_room && !self.queue.is_empty()
    }

    /// This page lives. One that slept so long that its requests may have been
    /// adopted changes them no more.
    pub(super) fn heartbeat(&mut self) {
        if self
            .storage
            .as_ref()
            .is_some_and(|storage| !storage.heartbeat())
        {
            self.queue.freeze();
        }
    }

    /// A request was refused: it is taken back, and somebody is told why.
    pub(super) fn refuse(&mut self, id: OpId, code: ErrorCode, message: String) {
        let Some(op) = self.end(id) else { return };
        let at = match op.ordering_key {
            OrderingKey::Chat => {
                self.store
                    .chat
                    .update(|chat| super::chat::refuse(chat, id, code));
                return;
            }
            OrderingKey::Tile(at) => at,
        };
        if let ClientMessage::TilePaint { pixels, .. } = &op.message
            && let Some(history) = self.history.get_mut(&at)
        {
            history.forget(pixels);
            self.tell_undo(at);
        }
        self.rebase(at);
        self.notify(NoticeKind::Refused {
            code,
            message,
            at: Some(at),
        });
    }

    /// Shows a toast, unless the last one says the same.
    pub(super) fn notify(&mut self, kind: NoticeKind) {
        self.next_notice += 1;
        let id = self.next_notice;
        let same = self
            .store
            .notices
            .with_untracked(|notices| notices.last().is_some_and(|last| last.kind == kind));
        if same {
            return;
        }
        self.store.notices.update(|notices| {
            notices.push(Notice { id, kind });
            if notices.len() > NOTICES {
                notices.remove(0);
            }
        });
    }

    /// The edits of a stroke, painted into a tile and remembered for undo.
    pub(super) fn paint(&mut self, at: Coord, edits: &[PixelEdit]) -> bool {
        let (before, edits) = self.store.tiles.with_untracked(|tiles| {
            tile_store::changes(tiles.shown(at).map(|tile| &tile.state.pixels), edits)
        });
        if edits.is_empty() {
            return true;
        }
        let done = self.repaint(at, &edits);
        if done {
            self.history.entry(at).or_default().add(&before, &edits);
            self.tell_undo(at);
        }
        done
    }

    /// The current stroke was not meant.
    pub(super) fn cancel(&mut self, at: Coord) {
        let edits = self.with_history(at, |history, color| history.cancel(color));
        self.repaint(at, &edits);
        self.tell_undo(at);
    }

    /// Paints into several tiles what is then taken back as one.
    pub(super) fn paint_all(&mut self, parts: &[(Coord, Vec<PixelEdit>)]) {
        self.groups += 1;
        for (at, edits) in parts {
            self.history
                .entry(*at)
                .or_default()
                .begin(Some(self.groups));
            self.paint(*at, edits);
            self.history.entry(*at).or_default().begin(None);
        }
    }

    fn with_history<T>(
        &mut self,
        at: Coord,
        act: impl FnOnce(&mut History, &dyn Fn(u16) -> u8) -> T,
    ) -> T {
        let history = self.history.entry(at).or_default();
        self.store.tiles.with_untracked(|tiles| {
            let pixels = tiles.shown(at).map(|tile| &tile.state.pixels);
            act(history, &|index| tile_store::color(pixels, index))
        })
    }

    /// Paints without remembering.
    pub(super) fn repaint(&mut self, at: Coord, edits: &[PixelEdit]) -> bool {
        let most = *shared::limits::PAINT_PIXELS.end();
        edits.chunks(most).all(|chunk| {
            self.take(ClientMessage::TilePaint {
                x: at.x,
                y: at.y,
                pixels: chunk.to_vec(),
            })
            .is_some()
        })
    }

    /// Undo (or redo) in a tile.
    pub(super) fn step(&mut self, at: Coord, back: bool) {
        let (edits, group) = self.with_history(at, |history, color| {
            if back {
                history.undo(color)
            } else {
                history.redo(color)
            }
        });
        self.repaint(at, &edits);
        if let Some(group) = group {
            let others: Vec<Coord> = self.history.keys().copied().collect();
            for at in others {
                let edits = self.with_history(at, |history, color| {
                    if back {
                        history.undo_group(group, color)
                    } else {
                        history.redo_group(group, color)
                    }
                });
                self.repaint(at, &edits);
            }
        }
        self.tell_undo(at);
    }

    /// Tells whether there is something to undo, if the tile is the open one.
    pub(super) fn tell_undo(&self, at: Coord) {
        if self.store.editing.get_untracked() != Some(at) {
            return;
        }
        let available = self
            .history
            .get(&at)
            .map(History::available)
            .unwrap_or_default();
        if self.store.undoable.get_untracked() != available {
            self.store.undoable.set(available);
        }
    }

    /// People who were not heard of for a while do not write any more.
    pub(super) fn expire_typing(&mut self, now: i64) {
        let mut quiet = Vec::new();
        self.typing_until.retain(|user, until| {
            let over = *until <= now;
            if over {
                quiet.push(*user);
            }
            !over
        });
        if !quiet.is_empty() {
            self.store.people.update(|all| {
                for user in quiet {
                    super::people::typing(all, user, false);
                }
            });
        }
    }

    fn count(&self) {
        let waiting = self.queue.len();
        if self.store.waiting.get_untracked() != waiting {
            self.store.waiting.set(waiting);
        }
    }
}
