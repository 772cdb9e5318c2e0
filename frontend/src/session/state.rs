//! The session's state machine: what this tab knows of its canvas, and what
//! it does when something happens. Synchronous and pure: it gets the time
//! with each input, writes to a [`CanvasStore`] and to a key-value storage,
//! and leaves [`Effect`]s for the runtime. It knows no clock, no browser and
//! no signal, so that its tests run without a browser.
//!
//! Inputs: operations of the user (`dispatch`, `drawing`), messages of the
//! server (`receive`), the connection, sign-ins and answers over HTTP
//! (`connection`, `requests`), and a tick every second.

mod connection;
mod dispatch;
mod drawing;
mod receive;
mod requests;

use super::{
    effect::Effect,
    pending_storage::{KeyValueStorage, PendingStorage},
    queue::Queue,
    seq_tracker::SeqTracker,
};
use crate::{
    model::{
        connection::SignIn,
        notice::{MayNot, Notice, NoticeKind},
        people::Me,
        tile_store::Author,
    },
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
/// Ticks (seconds) between two renewals of a tile's lock and of this page's
/// heartbeat.
const HEARTBEAT_TICKS: u32 = 5;

/// Makes ids: those of operations carry the time, so that they sort by it.
pub type NewId = Box<dyn FnMut() -> Uuid>;

/// See the module's description.
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
    history: HashMap<Coord, History>,
    /// The number of the last group of strokes that are undone together.
    last_group: u32,
    usernames: HashMap<UserId, String>,
    /// Until when people count as typing, unless they are heard of again.
    typing_until: HashMap<UserId, i64>,
    /// When `typing` was sent last; 0 if this user does not type.
    typing_sent_at: i64,
    cursor_sent_at: i64,
    refreshed_at: i64,
    /// Queued requests that the storage has not, or in an older form.
    unsaved: HashSet<OpId>,
    /// The storage had no room for a request, and the user was told.
    storage_full: bool,
    next_notice: u64,
    /// A snapshot is being fetched, asked for by this user.
    fetching: Option<SignIn>,
    /// The activity list is complete after this `seq`.
    activity_from: i64,
    /// The members' names were asked for already.
    asked_members: bool,
    ticks: u32,
    effects: Vec<Effect>,
    new_id: NewId,
}

/// A moment as it is written on the wire; `now` in milliseconds since 1970.
fn timestamp(now: i64) -> Timestamp {
    chrono::DateTime::from_timestamp_millis(now)
        .unwrap_or_default()
        .into()
}

impl<B: Backend> SessionState<B> {
    /// The state of a canvas that is being opened.
    pub fn new(
        store: CanvasStore<B>,
        local_storage: Rc<dyn KeyValueStorage>,
        new_id: NewId,
        now: i64,
    ) -> Self {
        Self {
            store,
            account: SignIn::default(),
            user: None,
            live: false,
            seq: SeqTracker::default(),
            queue: Queue::default(),
            local_storage,
            storage: None,
            history: HashMap::new(),
            last_group: 0,
            usernames: HashMap::new(),
            typing_until: HashMap::new(),
            typing_sent_at: 0,
            cursor_sent_at: 0,
            refreshed_at: now,
            unsaved: HashSet::new(),
            storage_full: false,
            next_notice: 0,
            fetching: None,
            activity_from: 0,
            asked_members: false,
            ticks: 0,
            effects: Vec::new(),
            new_id,
        }
    }

    /// Takes what is to be done since the last call.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The last `seq` that is part of what is shown; 0 before the snapshot.
    pub fn head(&self) -> i64 {
        self.seq.resume_point().map_or(0, |(_, seq)| seq)
    }

    /// The query parameters with which the next connection resumes; empty for
    /// a fresh one.
    pub fn resume_query(&self) -> String {
        match self.seq.resume_point() {
            Some((epoch, seq)) => format!("&last_seq={seq}&epoch={epoch}"),
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
        self.storage_full && !self.queue.is_empty()
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
        if self.live && now - self.refreshed_at >= REFRESH_MS {
            self.refreshed_at = now;
            self.effects.push(Effect::RefreshToken);
        }
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks.is_multiple_of(HEARTBEAT_TICKS) {
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
        // changes them no more.
        if self
            .storage
            .as_ref()
            .is_some_and(|storage| !storage.heartbeat(now))
        {
            self.queue.freeze();
        }
        self.recover_orphaned(now);
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
            message: refusal.to_string(),
            at: Some(at),
        });
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
