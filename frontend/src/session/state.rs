//! The session's state machine: what this tab knows of its canvas, and what
//! it does when something happens. Synchronous and pure: it gets the time of
//! the page's monotonic clock in milliseconds with each input, writes to a [`CanvasStore`] and to a key-value storage,
//! and leaves [`Effect`]s for the runtime. It knows no clock, no browser and
//! no signal, so that its tests run without a browser.
//!
//! Inputs: operations of the user (`dispatch`, `drawing`), messages of the
//! server (`receive`), the connection, sign-ins and answers over HTTP
//! (`connection`, `requests`), and a tick every second.

mod chat;
mod comments;
mod connection;
mod dispatch;
mod drawing;
mod frame;
mod hidden;
mod order;
mod receive;
mod requests;

use super::{
    effect::Effect,
    pending_storage::{KeyValueStorage, PendingStorage, STALE_MS},
    queue::Queue,
    seq_tracker::{ResumePoint, SeqTracker},
};
use crate::{
    browser,
    model::{
        connection::SignIn,
        notice::{MayNot, Notice, NoticeKind},
        people::Me,
        tile_store::Author,
    },
    socket::backoff::Backoff,
    store::{
        CanvasStore,
        backend::{Backend, Var},
    },
    tools::undo::History,
};
use shared::{
    api::User,
    canvas::{Coord, EditPolicy, Refusal, Role},
    ids::{OpId, UserId},
    presence::Editing,
    protocol::{ClientMessage, ClientRequest, PresenceChange},
    time::Timestamp,
};
use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};
use uuid::Uuid;

/// Toasts shown at most; older ones are removed.
const MAX_NOTICES: usize = 5;
/// Milliseconds after which somebody's pointer is not shown any more.
const CURSOR_LIFETIME_MS: i64 = 15_000;
/// Milliseconds between two renewals of the session's token.
const REFRESH_MS: i64 = 15 * 60_000;
/// Milliseconds from one renewal of the session's token that failed to the next.
const REFRESH_RETRY_MS: i64 = 60_000;
/// Milliseconds between two renewals of a tile's lock and of this page's
/// heartbeat.
const HEARTBEAT_MS: i64 = 5_000;
/// After so many milliseconds without a heartbeat the page has slept.
const SLEPT_MS: i64 = 3 * HEARTBEAT_MS;

/// Makes ids: those of operations carry the time, so that they sort by it.
pub type NewId = Box<dyn FnMut() -> Uuid>;

/// See the module's description.
#[expect(clippy::struct_excessive_bools, reason = "they change independently")]
pub struct SessionState<B: Backend> {
    /// What components read.
    pub store: CanvasStore<B>,
    /// Who is signed in, as the application knows it. The runtime keeps it up
    /// to date before every input.
    pub account: SignIn,
    /// The user whose session this is; none while nobody has signed in.
    user: Option<User>,
    /// Between `connected` and the end of the connection.
    live: bool,
    seq: SeqTracker,
    queue: Queue,
    local_storage: Rc<dyn KeyValueStorage>,
    /// Where the queue is kept for a reload; none while `user` is none.
    storage: Option<PendingStorage>,
    /// What other users of this tab left unsent and the storage had no room
    /// for. It is sent when they are back.
    parked: Vec<(UserId, Vec<ClientRequest>)>,
    history: HashMap<Coord, History>,
    /// The number of the last group of strokes that are undone together.
    last_group: u32,
    usernames: HashMap<UserId, String>,
    /// Until when people count as typing, unless they are heard of again.
    typing_until: HashMap<UserId, i64>,
    /// The status that the user chose; none if they chose none.
    status: Option<PresenceChange>,
    /// When `typing` was sent last; none if this user does not type.
    typing_sent_at: Option<i64>,
    cursor_sent_at: Option<i64>,
    /// When the token is to be renewed.
    refresh_at: i64,
    heartbeat_at: i64,
    /// Queued requests that the storage has not, or in an older form.
    unsaved: HashSet<OpId>,
    /// Those of them that the storage had no room for.
    unkept: HashSet<OpId>,
    /// The storage had no room for a request, and the user was told.
    storage_full: bool,
    next_notice: u64,
    /// The storage has the canvas's settings.
    frame_kept: bool,
    /// The last snapshot that was asked for did not come.
    is_unreachable: bool,
    /// A snapshot is being fetched, asked for by this user.
    fetching: Option<SignIn>,
    snapshot_backoff: Backoff,
    /// Connections that were refused although HTTP was not, since the last one
    /// that opened.
    blocked_upgrades: u32,
    /// Connections as somebody else, since the last one as this user.
    foreign_connections: u32,
    /// The activity list is complete after this `seq`.
    activity_from: i64,
    /// The members' names were asked for already.
    asked_members: bool,
    /// The sanction because of which this user's sanctions were asked for last.
    asked_sanction: Option<i64>,
    effects: Vec<Effect>,
    new_id: NewId,
}

impl<B: Backend> SessionState<B> {
    /// The state of a canvas that is being opened.
    pub fn new(
        store: CanvasStore<B>,
        local_storage: Rc<dyn KeyValueStorage>,
        new_id: NewId,
        now: i64,
    ) -> Self {
        // Until the server says what time it is.
        store.clock_offset.set(local_storage.clock() - now);
        Self {
            store,
            account: SignIn::default(),
            user: None,
            live: false,
            seq: SeqTracker::default(),
            queue: Queue::default(),
            local_storage,
            storage: None,
            parked: Vec::new(),
            history: HashMap::new(),
            last_group: 0,
            usernames: HashMap::new(),
            typing_until: HashMap::new(),
            status: None,
            typing_sent_at: None,
            cursor_sent_at: None,
            refresh_at: now + REFRESH_MS,
            heartbeat_at: now,
            unsaved: HashSet::new(),
            unkept: HashSet::new(),
            storage_full: false,
            next_notice: 0,
            frame_kept: false,
            is_unreachable: false,
            fetching: None,
            snapshot_backoff: Backoff::default(),
            blocked_upgrades: 0,
            foreign_connections: 0,
            activity_from: 0,
            asked_members: false,
            asked_sanction: None,
            effects: Vec::new(),
            new_id,
        }
    }

    /// The server's time at `now`.
    fn server_time(&self, now: i64) -> Timestamp {
        let millis = now.saturating_add(self.store.clock_offset.get());
        chrono::DateTime::from_timestamp_millis(millis)
            .unwrap_or_default()
            .into()
    }

    /// Takes what is to be done since the last call.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The last `seq` that is part of what is shown; 0 before the snapshot.
    pub fn head(&self) -> i64 {
        self.seq.resume_point().map_or(0, |point| point.seq)
    }

    /// The query parameters with which the next connection resumes; empty for
    /// a fresh one.
    pub fn resume_query(&self) -> String {
        match self.seq.resume_point() {
            Some(ResumePoint {
                epoch,
                seq,
                timestamp,
            }) => {
                let mut query = format!("&last_seq={seq}&epoch={epoch}");
                if let Some(timestamp) = timestamp {
                    query.push_str("&last_timestamp=");
                    query.push_str(&browser::iso_time(timestamp));
                }
                query
            }
            None => String::new(),
        }
    }

    /// The next request that may be sent; counts as sent from here on.
    pub fn next_request(&mut self, now: i64) -> Option<ClientRequest> {
        if !self.live {
            return None;
        }
        self.queue.next(now)
    }

    /// Whether something waits that a reload would lose.
    pub fn would_lose(&self) -> bool {
        !self.unkept.is_empty() || !self.parked.is_empty()
    }

    /// To be called every second: removes what has expired, and renews what
    /// would expire.
    pub fn tick(&mut self, now: i64) {
        let expired = |ends_at: i64| ends_at <= now;
        let highlights = &self.store.highlights;
        if highlights.with(|all| all.iter().any(|one| expired(one.ends_at))) {
            highlights.update(|all| all.retain(|one| !expired(one.ends_at)));
        }
        let is_old = |moved_at: i64| now - moved_at > CURSOR_LIFETIME_MS;
        let cursors = &self.store.cursors;
        if cursors.with(|all| all.values().any(|cursor| is_old(cursor.moved_at))) {
            cursors.update(|all| all.retain(|_, cursor| !is_old(cursor.moved_at)));
        }
        self.expire_typing(now);
        self.expire_order(now);
        if self.live && now >= self.refresh_at {
            self.refresh_at = now + REFRESH_RETRY_MS;
            self.effects.push(Effect::RefreshToken);
        }
        // By elapsed time: a hidden page gets a tick a minute.
        if now - self.heartbeat_at >= HEARTBEAT_MS {
            self.heartbeat(now);
            if let (true, Some(at)) = (self.is_exclusive(), self.store.editing.get()) {
                self.send(ClientMessage::TileLock { x: at.x, y: at.y });
            }
        }
        self.effects.push(Effect::Flush);
    }

    /// Says that this page is alive, and takes over what closed pages left.
    pub fn heartbeat(&mut self, now: i64) {
        // One that slept so long that others may have taken its requests over
        // changes them no more. Both clocks count: one may have been set, the
        // other may have stood still.
        let slept = now - self.heartbeat_at >= STALE_MS;
        self.heartbeat_at = now;
        let Some(storage) = &self.storage else {
            return;
        };
        if !storage.heartbeat() || slept {
            self.queue.freeze();
        }
        // There may be room now.
        self.unsaved.extend(self.unkept.drain());
        self.save();
        self.effects.push(Effect::FindLivingPages);
    }

    /// To be called before the queue is changed: a page that wakes up may not
    /// have had a tick yet.
    fn wake(&mut self, now: i64) {
        let is_late = self
            .storage
            .as_ref()
            .is_some_and(|storage| storage.is_late(SLEPT_MS));
        if is_late || now - self.heartbeat_at >= SLEPT_MS {
            self.heartbeat(now);
        }
    }

    /// The page is shown again, perhaps after [`Self::leave`].
    pub fn come_back(&mut self, now: i64) {
        if let Some(storage) = &self.storage {
            self.effects.push(Effect::HoldPage(storage.page()));
        }
        self.heartbeat(now);
    }

    /// The page ends, perhaps for good: other pages may take over what waits.
    pub fn leave(&mut self) {
        self.save();
        self.queue.freeze();
        if let Some(storage) = &self.storage {
            storage.leave();
        }
    }

    /// Sends an ephemeral message, if there is a connection.
    pub fn send(&mut self, message: ClientMessage) {
        if self.live {
            self.effects.push(Effect::Send(message));
        }
    }

    /// Shows a toast, unless the last one says the same.
    pub fn notify(&mut self, kind: NoticeKind) {
        self.next_notice += 1;
        let id = self.next_notice;
        let notices = &self.store.notices;
        if notices.with(|all| all.last().is_some_and(|last| last.kind == kind)) {
            return;
        }
        notices.update(|all| {
            all.push(Notice { id, kind });
            if all.len() > MAX_NOTICES {
                all.remove(0);
            }
        });
    }

    /// Shows why this user may not draw.
    pub fn notify_may_not(&mut self, why: MayNot) {
        self.notify(self.may_not_notice(why));
    }

    fn may_not_notice(&self, why: MayNot) -> NoticeKind {
        let name = why.whose().and_then(|user| self.store.names.peek(user));
        NoticeKind::MayNotDraw {
            why,
            name: name.unwrap_or_default(),
        }
    }

    fn notify_refusal(&mut self, refusal: &Refusal, at: Coord) {
        self.notify(NoticeKind::Refused {
            code: refusal.code(),
            at: Some(at),
        });
    }

    /// Whether somebody is, or was last, signed in: what they do is queued.
    pub fn has_user(&self) -> bool {
        self.user.is_some()
    }

    /// The author of this tab's operations; none while nobody is signed in.
    fn author(&self) -> Option<Author> {
        self.user.as_ref().map(|user| Author {
            user_id: user.id,
            username: user.username.clone(),
        })
    }

    fn is_me(&self, user: UserId) -> bool {
        self.user.as_ref().is_some_and(|me| me.id == user)
    }

    /// Assumes who this tab is until the server says so, so that one may draw
    /// before there is a connection.
    fn predict_me(&self) {
        let (Some(user), Some(canvas)) = (&self.user, self.store.canvas.get()) else {
            return;
        };
        let known = self
            .store
            .me
            .with(|me| me.as_ref().is_some_and(|me| me.user_id == user.id));
        if !known {
            self.store.me.set(Some(Me {
                user_id: user.id,
                username: user.username.clone(),
                display_name: user.display_name.clone(),
                role: canvas.role.unwrap_or(Role::Editor),
            }));
        }
    }

    fn is_exclusive(&self) -> bool {
        self.store.canvas.with(|canvas| {
            canvas
                .as_ref()
                .is_some_and(|canvas| canvas.edit_policy == EditPolicy::Exclusive)
        })
    }

    /// Shows the others who draws where; in an exclusive canvas takes or
    /// gives back the tile's lock, too.
    pub fn announce_editing(&mut self, at: Coord, is_editing: bool) {
        let editing = is_editing.then_some(Editing {
            tile_x: at.x,
            tile_y: at.y,
        });
        if let Some(me) = self.store.me.get() {
            self.store.people.edit(me.user_id, editing);
        }
        self.send(ClientMessage::UserPresence(PresenceChange::EditingTile {
            tile_x: at.x,
            tile_y: at.y,
            is_editing,
        }));
        if self.is_exclusive() {
            self.send(if is_editing {
                ClientMessage::TileLock { x: at.x, y: at.y }
            } else {
                ClientMessage::TileUnlock { x: at.x, y: at.y }
            });
        }
    }
}
