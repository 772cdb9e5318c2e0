//! The session at work: the socket, the timers and what happens by itself.
//! Knows the browser; what messages mean is `receive`'s.

mod disconnects;
mod older_activity;

use self::disconnects::failure;
use super::{people, receive::Next, state::SessionState};
use crate::{
    account, api,
    browser::{self, Listener, now_ms},
    socket::{Socket, SocketEvent},
    store::{Account, Connection, Failure, Load, SignIn, Store, Trouble},
};
use gloo_timers::callback::{Interval, Timeout};
use leptos::{prelude::*, task::spawn_local};
use shared::{
    canvas::{Coord, EditPolicy},
    presence::Editing,
    protocol::{ClientMessage, ClientRequest, PresenceChange, ServerMessage},
};
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

/// Milliseconds for which strokes are collected before they are sent.
const STROKE_MS: u32 = 50;
/// Milliseconds in which messages that follow one another are taken together,
/// so that the page is drawn once for all of them: a frame.
const TOGETHER_MS: u32 = 16;
/// Milliseconds after which somebody's pointer is not shown any more.
const CURSOR_LIFE_MS: i64 = 15_000;
/// Milliseconds between two renewals of the session.
const REFRESH_MS: i64 = 15 * 60_000;
/// Seconds between two renewals of a tile's lock and of this page's stamp.
const RENEW_S: u32 = 5;
/// Milliseconds until a snapshot that could not be fetched is tried again.
const SNAPSHOT_RETRY_MS: u32 = 2_000;

/// The running session of one open canvas.
pub(super) struct SessionRuntime {
    store: Store,
    account: Account,
    pub(super) socket: Socket,
    pub(super) state: RefCell<SessionState>,
    /// Messages that wait to be taken together, and until when.
    inbox: RefCell<Vec<ServerMessage>>,
    inbox_due: RefCell<Option<Timeout>>,
    taken_at: Cell<i64>,
    /// A pump that is due soon.
    soon: RefCell<Option<Timeout>>,
    fetching: Cell<bool>,
    /// The activity list has everything after this `seq`.
    remembered: Cell<i64>,
    /// Whether members were asked for the names of those nobody has met.
    asked_names: Cell<bool>,
    ticks: Cell<u32>,
    _ticker: Interval,
    _listeners: [Listener; 3],
}

impl SessionRuntime {
    pub(super) fn new(store: Store, account: Account) -> Rc<Self> {
        Rc::new_cyclic(|this: &Weak<Self>| {
            let (at, heard, tick) = (this.clone(), this.clone(), this.clone());
            let address = move || {
                at.upgrade()
                    .map_or_else(String::new, |inner| inner.address())
            };
            let sink = move |event| with(&heard, |inner| inner.hear(event));
            let (leave, back, lost) = (this.clone(), this.clone(), this.clone());
            let window = browser::window();
            let listeners = [
                Listener::new(&window, "pagehide", move |_| with(&leave, |i| i.leave())),
                Listener::new(&window, "pageshow", move |_| with(&back, |i| i.heartbeat())),
                // The browser asks whether to leave.
                Listener::new(&window, "beforeunload", move |event| {
                    with(&lost, |inner| {
                        if inner.state.borrow().would_lose() {
                            event.prevent_default();
                        }
                    });
                }),
            ];
            Self {
                store,
                account,
                socket: Socket::new(address, sink),
                state: RefCell::new(SessionState::new(store)),
                inbox: RefCell::default(),
                inbox_due: RefCell::default(),
                taken_at: Cell::new(0),
                soon: RefCell::default(),
                fetching: Cell::new(false),
                remembered: Cell::new(0),
                asked_names: Cell::new(false),
                ticks: Cell::new(0),
                _ticker: Interval::new(1_000, move || with(&tick, Self::tick)),
                _listeners: listeners,
            }
        })
    }

    /// Somebody signed in or out.
    pub(super) fn signed(self: &Rc<Self>, sign_in: SignIn) {
        match sign_in {
            SignIn::Unknown => {}
            SignIn::SignedOut => {
                self.socket.close();
                self.down();
                self.store.trouble.set(None);
                self.store.connection.set(Connection::SignedOut);
                if self.store.load.get_untracked() == Load::Loading {
                    self.fetch();
                }
            }
            SignIn::SignedIn(user) => {
                let mut state = self.state.borrow_mut();
                let was = state.user.as_ref().map(|user| user.id);
                let other = was != Some(user.id);
                let renamed = state
                    .user
                    .as_ref()
                    .is_some_and(|old| old.display_name != user.display_name);
                state.sign_in(user);
                if !other && state.live {
                    drop(state);
                    if renamed {
                        // Others learn a name when its bearer comes in.
                        self.socket.reconnect();
                    }
                    return;
                }
                // Only who is signed in has a role: the page may have been read as
                // this user before it knew who that is.
                let is_theirs = was.is_none() && self.has_role();
                if other && !is_theirs {
                    // What was read is as somebody else sees it.
                    state.seq.reset();
                }
                let ready = state.seq.resume_point().is_some();
                drop(state);
                self.store.connection.set(Connection::Connecting);
                if ready {
                    self.socket.open();
                } else {
                    self.fetch();
                }
            }
        }
    }

    /// Fetches the snapshot, then connects where somebody is signed in.
    pub(super) fn fetch(self: &Rc<Self>) {
        if self.fetching.replace(true) {
            return;
        }
        let this = Rc::downgrade(self);
        let asker = self.account.sign_in.get_untracked();
        let id = self.store.canvas_id;
        spawn_local(async move {
            let answer = api::snapshot(id).await;
            with(&this, |inner| {
                inner.fetching.set(false);
                let now = inner.account.sign_in.get_untracked();
                if asker != SignIn::Unknown && asker != now && now != SignIn::SignedOut {
                    inner.fetch();
                    return;
                }
                inner.fetched(answer);
            });
        });
    }

    fn fetched(self: &Rc<Self>, answer: api::ApiResult<shared::api::Snapshot>) {
        let signed_in = matches!(self.account.sign_in.get_untracked(), SignIn::SignedIn(_));
        match answer {
            Ok(snapshot) => {
                account::heard(self.account, snapshot.canvas.role.is_some());
                self.store.trouble.set(None);
                if self.account.sign_in.get_untracked() == SignIn::SignedOut {
                    self.store.connection.set(Connection::SignedOut);
                }
                let seq = snapshot.seq;
                self.remembered.set(seq);
                let next = self.state.borrow_mut().start(snapshot);
                self.remember(seq);
                self.follow(next);
                if signed_in {
                    self.socket.open();
                    self.flush();
                }
            }
            Err(error) => match failure(&error) {
                // Who asks is not known yet, and will be.
                Some(Failure::Forbidden)
                    if self.account.sign_in.get_untracked() == SignIn::Unknown =>
                {
                    account::heard(self.account, true);
                }
                Some(failure) => {
                    account::heard(self.account, false);
                    self.fail(failure);
                }
                None => {
                    let this = Rc::downgrade(self);
                    Timeout::new(SNAPSHOT_RETRY_MS, move || with(&this, Self::fetch)).forget();
                    let retry_at = now_ms() + i64::from(SNAPSHOT_RETRY_MS);
                    if !self.state.borrow().live {
                        self.store.trouble.set(Some(Trouble::Away));
                        self.wait(retry_at);
                    }
                }
            },
        }
    }

    /// What the socket says.
    fn hear(self: &Rc<Self>, event: SocketEvent) {
        match event {
            SocketEvent::Message(message) => {
                self.inbox.borrow_mut().push(*message);
                let elapsed = now_ms() - self.taken_at.get();
                // The timers of a hidden page are slow.
                if elapsed >= i64::from(TOGETHER_MS) || !browser::is_visible() {
                    self.take_in();
                } else if self.inbox_due.borrow().is_none() {
                    let this = Rc::downgrade(self);
                    let due = Timeout::new(TOGETHER_MS, move || with(&this, Self::take_in));
                    *self.inbox_due.borrow_mut() = Some(due);
                }
            }
            SocketEvent::Connecting => {
                self.take_in();
                self.down();
                self.store.connection.set(Connection::Connecting);
            }
            SocketEvent::Waiting { retry_at, refused } => {
                self.take_in();
                self.down();
                self.wait(retry_at);
                if refused {
                    self.ask_why();
                }
            }
            SocketEvent::Ended { reason } => {
                self.take_in();
                self.ended(&reason);
            }
        }
    }

    /// Takes what came, in its order.
    fn take_in(self: &Rc<Self>) {
        *self.inbox_due.borrow_mut() = None;
        let messages = self.inbox.take();
        for message in messages {
            let open = self.store.editing.get_untracked();
            let greeting = matches!(message, ServerMessage::Connected(_));
            let next = self.state.borrow_mut().receive(message);
            if let (Some(at), None) = (open, self.store.editing.get_untracked()) {
                // It was taken from this tab; others need not wait for it.
                self.say_editing(at, false);
            }
            if greeting {
                self.greet();
            }
            let ends = matches!(next, Next::Reconnect);
            self.follow(next);
            if ends {
                // The new connection brings what follows.
                break;
            }
        }
        self.taken_at.set(now_ms());
    }

    fn follow(self: &Rc<Self>, next: Next) {
        match next {
            Next::Flush => self.flush(),
            Next::Snapshot => self.fetch(),
            Next::Role => {
                let this = Rc::downgrade(self);
                let id = self.store.canvas_id;
                spawn_local(async move {
                    if let Ok(canvas) = api::canvas(id).await
                        && let Some(role) = canvas.role
                    {
                        with(&this, |link| link.role(role));
                    }
                });
            }
            Next::Reconnect => {
                // Not from within the socket's own call.
                let socket = self.socket.clone();
                spawn_local(async move { socket.reconnect() });
            }
        }
    }

    fn wait(&self, retry_at: i64) {
        let offline = !browser::is_online();
        if offline {
            self.store.trouble.set(Some(Trouble::Offline));
        }
        self.store
            .connection
            .set(Connection::Waiting { retry_at, offline });
    }

    /// There is no connection any more.
    fn down(&self) {
        let mut state = self.state.borrow_mut();
        state.live = false;
        state.queue.disconnected();
        state.save();
    }

    /// The address of an attempt: resumes where this client is.
    fn address(&self) -> String {
        let location = browser::window().location();
        let secure = location
            .protocol()
            .is_ok_and(|protocol| protocol == "https:");
        let scheme = if secure { "wss" } else { "ws" };
        let host = location.host().unwrap_or_default();
        let id = self.store.canvas_id;
        let resume = match self.state.borrow().seq.resume_point() {
            Some((epoch, seq)) => format!("&last_seq={seq}&epoch={epoch}"),
            None => String::new(),
        };
        format!("{scheme}://{host}/api/v1/ws/canvas/{id}?client_type=browser&platform=web{resume}")
    }

    /// First things said on a new connection.
    fn greet(&self) {
        let mut device = serde_json::Map::new();
        let window = browser::window();
        for (name, value) in [
            ("width", window.inner_width()),
            ("height", window.inner_height()),
        ] {
            if let Some(value) = value.ok().and_then(|value| value.as_f64()) {
                device.insert(name.to_owned(), value.into());
            }
        }
        self.send(ClientMessage::Hello {
            client_name: concat!("Stellar Canvas ", env!("CARGO_PKG_VERSION")).to_owned(),
            device,
        });
        if let Some(at) = self.store.editing.get_untracked() {
            if untrack(|| self.store.may_draw()) {
                self.say_editing(at, true);
            } else {
                // A role was taken while there was no connection.
                self.store.editing.set(None);
            }
        }
    }

    /// Others see who draws where; an exclusive tile is locked, too.
    pub(super) fn say_editing(&self, at: Coord, is_editing: bool) {
        let editing = is_editing.then_some(Editing {
            tile_x: at.x,
            tile_y: at.y,
        });
        if let Some(me) = self.store.me.get_untracked() {
            self.store
                .people
                .update(|all| people::edit(all, me.user_id, editing));
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

    /// Whether the canvas was read by somebody with a role.
    fn has_role(&self) -> bool {
        self.store
            .canvas
            .with_untracked(|canvas| canvas.as_ref().is_some_and(|canvas| canvas.role.is_some()))
    }

    fn is_exclusive(&self) -> bool {
        self.store.canvas.with_untracked(|canvas| {
            canvas
                .as_ref()
                .is_some_and(|canvas| canvas.edit_policy == EditPolicy::Exclusive)
        })
    }

    /// Sends something that is not kept.
    pub(super) fn send(&self, message: ClientMessage) {
        if self.state.borrow().live {
            self.socket.send(&ClientRequest {
                op_id: None,
                message,
            });
        }
    }

    /// Sends what may be sent.
    pub(super) fn flush(self: &Rc<Self>) {
        self.soon.replace(None);
        let mut state = self.state.borrow_mut();
        state.save();
        while let Some(request) = state.next() {
            if !self.socket.send(&request) {
                break;
            }
        }
    }

    pub(super) fn flush_soon(self: &Rc<Self>) {
        let mut soon = self.soon.borrow_mut();
        if soon.is_none() {
            let this = Rc::downgrade(self);
            *soon = Some(Timeout::new(STROKE_MS, move || with(&this, Self::flush)));
        }
    }

    /// Once a second: what ends by itself, and what must be renewed.
    fn tick(self: &Rc<Self>) {
        let now = now_ms();
        let store = self.store;
        if store
            .highlights
            .with_untracked(|all| all.iter().any(|highlight| highlight.ends_at <= now))
        {
            store
                .highlights
                .update(|all| all.retain(|highlight| highlight.ends_at > now));
        }
        let is_old = |moved_at: i64| now - moved_at > CURSOR_LIFE_MS;
        if store
            .cursors
            .with_untracked(|all| all.values().any(|cursor| is_old(cursor.moved_at)))
        {
            store
                .cursors
                .update(|all| all.retain(|_, cursor| !is_old(cursor.moved_at)));
        }
        let mut state = self.state.borrow_mut();
        state.expire_typing(now);
        let live = state.live;
        let refresh = live && now - state.refreshed_at >= REFRESH_MS;
        if refresh {
            state.refreshed_at = now;
        }
        drop(state);
        if refresh {
            self.refresh();
        }
        let ticks = self.ticks.get().wrapping_add(1);
        self.ticks.set(ticks);
        if ticks.is_multiple_of(RENEW_S) {
            self.heartbeat();
            if let (true, Some(at)) = (self.is_exclusive(), store.editing.get_untracked()) {
                self.send(ClientMessage::TileLock { x: at.x, y: at.y });
            }
        }
        self.flush();
    }

    /// Prolongs the session, and the connection with it.
    fn refresh(self: &Rc<Self>) {
        let this = Rc::downgrade(self);
        spawn_local(async move {
            if let Ok(auth) = api::refresh().await {
                with(&this, |inner| {
                    inner.send(ClientMessage::AuthRefresh { token: auth.token });
                });
            }
        });
    }

    /// This page lives, and may do what closed ones left undone.
    fn heartbeat(&self) {
        let mut state = self.state.borrow_mut();
        state.heartbeat();
        state.recover_orphaned();
    }

    /// The page ends, perhaps for good: another may adopt what waits.
    fn leave(&self) {
        let mut state = self.state.borrow_mut();
        state.save();
        state.queue.freeze();
        if let Some(storage) = &state.storage {
            storage.leave();
        }
    }
}

pub(super) fn with(inner: &Weak<SessionRuntime>, act: impl FnOnce(&Rc<SessionRuntime>)) {
    if let Some(inner) = inner.upgrade() {
        act(&inner);
    }
}
