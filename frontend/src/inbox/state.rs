//! The inbox's state machine: what this page knows of the user's notifications
//! and private messages, and what it does when something happens. Synchronous
//! and pure, as the session's: it gets the time of the page's monotonic clock in
//! milliseconds, writes to an [`InboxStore`] and leaves [`InboxEffect`]s.
//!
//! What is new comes on one connection: that of the open canvas, or, on pages
//! without one, `/ws/user`. Each time one begins, the newest pages of the lists
//! and of the open conversation are read: they have what was missed.

mod conversations;
mod notifications;
pub mod sending;
pub mod thread;
mod typing;

use super::{effect::InboxEffect, outbox::Outbox};
use crate::{
    model::{
        connection::SignIn,
        inbox::{Note, NoteKind, PagedList},
    },
    socket::backoff::Backoff,
    storage::KeyValueStorage,
    store::{
        InboxStore,
        backend::{Backend, Var},
    },
};
use shared::{
    api::{Auth, User, conversations::DirectMessage},
    ids::{ConversationId, OpId, UserId},
    protocol::{ClientMessage, ServerMessage},
    time::Timestamp,
};
use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};
use uuid::Uuid;

/// Notices shown at most; older ones are removed.
const MAX_NOTES: usize = 4;
/// Milliseconds between two renewals of the session's token.
const REFRESH_MS: i64 = 15 * 60_000;
/// Milliseconds from one renewal of the token that failed to the next.
const REFRESH_RETRY_MS: i64 = 60_000;
/// Milliseconds after which the lists are read without a connection.
const UNCONNECTED_MS: i64 = 3_000;

/// See the module's description.
pub struct InboxState<B: Backend> {
    /// What components read.
    pub store: InboxStore<B>,
    user: Option<User>,
    /// Whether the connection of a canvas tells what is new, in place of
    /// `/ws/user`.
    is_carried: bool,
    storage: Rc<dyn KeyValueStorage>,
    /// What this user wrote and is not stored; none while nobody is signed in.
    outbox: Option<Outbox>,
    /// The stored messages of the open conversation, oldest first.
    messages: Vec<DirectMessage>,
    /// The operations of messages that were written in this page.
    own: HashSet<OpId>,
    /// The conversation that the user looks at: open, visible and at its end.
    seen: Option<ConversationId>,
    /// Up to where the server was told that conversations were read.
    told_read: HashMap<ConversationId, i64>,
    /// The conversation that this connection has open, as the server knows.
    open_there: Option<ConversationId>,
    /// A conversation that is looked for in the list, and the pages left to look
    /// at.
    wanted: Option<(ConversationId, usize)>,
    typing_until: HashMap<ConversationId, i64>,
    /// Where and when `is_typing` was sent last.
    typing_sent: Option<(ConversationId, i64)>,
    backoff: Backoff,
    refresh_at: i64,
    /// When the lists are read although there is no connection; none once they
    /// were.
    catch_up_at: Option<i64>,
    next_note: u64,
    effects: Vec<InboxEffect>,
    new_id: Box<dyn FnMut() -> Uuid>,
}

impl<B: Backend> InboxState<B> {
    /// The state of a page that was just opened.
    pub fn new(
        store: InboxStore<B>,
        storage: Rc<dyn KeyValueStorage>,
        new_id: Box<dyn FnMut() -> Uuid>,
        now: i64,
    ) -> Self {
        Self {
            store,
            user: None,
            is_carried: false,
            storage,
            outbox: None,
            messages: Vec::new(),
            own: HashSet::new(),
            seen: None,
            told_read: HashMap::new(),
            open_there: None,
            wanted: None,
            typing_until: HashMap::new(),
            typing_sent: None,
            backoff: Backoff::default(),
            refresh_at: now + REFRESH_MS,
            catch_up_at: None,
            next_note: 0,
            effects: Vec::new(),
            new_id,
        }
    }

    /// Takes what is to be done since the last call.
    pub fn take_effects(&mut self) -> Vec<InboxEffect> {
        std::mem::take(&mut self.effects)
    }

    /// The user; none while nobody is signed in.
    pub fn me(&self) -> Option<UserId> {
        self.user.as_ref().map(|user| user.id)
    }

    /// Somebody signed in or out.
    pub fn signed(&mut self, sign_in: &SignIn, now: i64) {
        let user = match sign_in {
            // What is shown is the last user's until another one is known.
            SignIn::Unknown => return,
            SignIn::SignedOut => None,
            SignIn::SignedIn(user) => Some(user.clone()),
        };
        let is_same = user.as_ref().map(|user| user.id) == self.me();
        self.user = user;
        if is_same {
            return;
        }
        self.store.unread.set_if_changed(0);
        self.store.unread_messages.set_if_changed(0);
        self.store.notifications.set(PagedList::default());
        self.store.conversations.set(PagedList::default());
        self.store.typing.set_if_changed(Vec::new());
        self.store.is_live.set_if_changed(false);
        self.typing_until.clear();
        self.told_read.clear();
        self.open_there = None;
        self.own.clear();
        let storage = Rc::clone(&self.storage);
        self.outbox = self.me().map(|user| Outbox::open(storage, user));
        self.reopen();
        self.choose_connection();
        self.catch_up_at = self.user.is_some().then_some(now + UNCONNECTED_MS);
    }

    /// A canvas's connection tells what is new from now on, or does so no more.
    pub fn carried(&mut self, is_carried: bool) {
        if self.is_carried != is_carried {
            self.is_carried = is_carried;
            self.disconnected();
            self.choose_connection();
        }
    }

    fn choose_connection(&mut self) {
        self.effects
            .push(if self.user.is_some() && !self.is_carried {
                InboxEffect::OpenSocket
            } else {
                InboxEffect::CloseSocket
            });
    }

    /// A connection begins: what was missed is read.
    pub fn connected(&mut self, now: i64) {
        let was_fresh = !self.store.is_live.get();
        self.store.is_live.set_if_changed(true);
        self.open_there = None;
        self.refresh_at = now + REFRESH_MS;
        self.catch_up_at = None;
        if was_fresh && self.user.is_some() {
            self.catch_up();
            self.backoff.reset();
            if let Some(outbox) = &mut self.outbox {
                outbox.release();
            }
            self.send_due(now);
            self.tell_seen();
        }
    }

    /// The connection ended.
    pub fn disconnected(&mut self) {
        self.store.is_live.set_if_changed(false);
        self.open_there = None;
        self.typing_sent = None;
        self.typing_until.clear();
        self.store.typing.set_if_changed(Vec::new());
    }

    /// Reads what may have been missed.
    fn catch_up(&mut self) {
        self.effects
            .push(InboxEffect::FetchNotifications { cursor: None });
        self.effects
            .push(InboxEffect::FetchConversations { cursor: None });
        self.refetch_thread();
    }

    /// A message came that concerns the user on all canvases. Others are passed
    /// over.
    pub fn message_received(&mut self, message: ServerMessage, now: i64) {
        if self.user.is_none() {
            return;
        }
        match message {
            ServerMessage::Notification(event) => {
                self.notified(event.notification, event.unread_count);
            }
            ServerMessage::NotificationsRead(event) => self.read_elsewhere(event.unread_count),
            ServerMessage::DirectMessage(event) => self.message_came(event.message, now),
            ServerMessage::DirectMessageRead(event) => {
                self.conversation_read(event.conversation_id, event.seq);
            }
            ServerMessage::DirectTyping(event) => {
                self.typing_came(event.conversation_id, event.is_typing, now);
            }
            ServerMessage::Announcement(event) => self.note(NoteKind::Text(event.message)),
            // On a canvas its session tells of these.
            ServerMessage::Sanction(event) if !self.is_carried => {
                self.note(NoteKind::Sanctioned(event.sanction.kind));
            }
            _ => {}
        }
    }

    /// To be called every second.
    pub fn tick(&mut self, now: i64) {
        self.expire_typing(now);
        self.send_due(now);
        if self.catch_up_at.is_some_and(|at| now >= at) {
            self.catch_up_at = None;
            self.catch_up();
        }
        if self.store.is_live.get() && !self.is_carried && now >= self.refresh_at {
            self.refresh_at = now + REFRESH_RETRY_MS;
            self.effects.push(InboxEffect::RefreshToken);
        }
    }

    /// The session's token was renewed: the connection lives as long as it.
    pub fn token_received(&mut self, auth: Auth, now: i64) {
        self.refresh_at = now + REFRESH_MS;
        if !self.is_carried && self.me() == Some(auth.user.id) {
            self.send(ClientMessage::AuthRefresh { token: auth.token });
        }
    }

    /// Shows a short notice.
    pub fn note(&mut self, kind: NoteKind) {
        self.next_note += 1;
        let note = Note {
            id: self.next_note,
            kind,
        };
        self.store.notes.update(|notes| {
            notes.retain(|other| other.kind != note.kind);
            notes.push(note);
            if notes.len() > MAX_NOTES {
                notes.remove(0);
            }
        });
    }

    /// Removes a notice.
    pub fn dismiss(&mut self, id: u64) {
        self.store
            .notes
            .update(|notes| notes.retain(|note| note.id != id));
    }

    /// Sends a message, if there is a connection.
    fn send(&mut self, message: ClientMessage) {
        if self.store.is_live.get() {
            self.effects.push(InboxEffect::Send(message));
        }
    }

    fn clock(&self) -> Timestamp {
        chrono::DateTime::from_timestamp_millis(self.storage.clock())
            .unwrap_or_default()
            .into()
    }
}
