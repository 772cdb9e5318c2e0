//! The only writer of the store. Components say what they want here, and the
//! server's messages arrive here.
//!
//! Get it with `expect_context::<Session>()`; it is `Copy`. In short:
//! - say something: `session.say(&text)` (the row appears at once);
//! - anything else on the wire: `session.dispatch(ClientMessage::…)`;
//! - a like: `session.like(at, true)`; a title: `session.retitle(at, "…")`;
//! - typing in the chat: `session.typing(true)` on every key (it is throttled
//!   here), `session.typing(false)` when sent or emptied;
//! - status: `session.set_status(Status::Away, None)`;
//! - fly: `session.fly_to(Flight::Tile(at))`; point at a tile for all:
//!   `session.mention(at, "")`; highlight for oneself: `session.highlight(at)`;
//! - open a tile to draw: `session.open_tile(at)`, leave: `session.leave_tile()`;
//! - `session.undo()`, `session.redo()`;
//! - toasts: `session.notify(NoticeKind::Done(text))`, `session.dismiss(id)`.

pub mod book;
pub mod chat;
mod core;
pub mod keep;
pub mod order;
pub mod people;
pub mod queue;
mod receive;

use self::{core::Core, receive::Next};
use crate::{
    api::{self, ApiError},
    browser::{self, Listener, now_ms},
    socket::{Socket, SocketEvent},
    store::{
        Account, Connection, End, Failure, Flight, Load, Notice, NoticeKind, Older, Pulse, SignIn,
        Store,
    },
};
use gloo_timers::callback::{Interval, Timeout};
use leptos::{prelude::*, task::spawn_local};
use shared::{
    canvas::{Coord, EditPolicy, TileOp},
    ids::OpId,
    limits,
    pixels::Dot,
    presence::{Editing, Status},
    protocol::{ClientMessage, PresenceChange, Request},
    text::{ChatText, TextError},
};
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

/// Milliseconds for which strokes are collected before they are sent.
const STROKE_MS: u32 = 50;
/// Milliseconds between two messages that say that the user writes.
const TYPING_MS: i64 = 2_000;
/// Milliseconds between two positions of the pointer.
const CURSOR_MS: i64 = 50;
/// Milliseconds after which somebody's pointer is not shown any more.
const CURSOR_LIFE_MS: i64 = 15_000;
/// Milliseconds between two renewals of the session.
const REFRESH_MS: i64 = 15 * 60_000;
/// Seconds between two renewals of a tile's lock and of this page's stamp.
const RENEW_S: u32 = 5;
/// Milliseconds until a snapshot that could not be fetched is tried again.
const SNAPSHOT_RETRY_MS: u32 = 2_000;

/// A handle to the session of the open canvas.
#[derive(Clone, Copy)]
pub struct Session {
    store: Store,
    inner: StoredValue<Rc<Inner>, LocalStorage>,
}

struct Inner {
    store: Store,
    account: Account,
    socket: Socket,
    core: RefCell<Core>,
    /// A pump that is due soon.
    soon: RefCell<Option<Timeout>>,
    fetching: Cell<bool>,
    ticks: Cell<u32>,
    _ticker: Interval,
    _listeners: [Listener; 2],
}

impl Session {
    /// Opens a canvas: connects, and keeps the store up to date until the
    /// owner that this is called under is disposed of.
    pub fn open(store: Store) -> Self {
        let account = expect_context::<Account>();
        let inner = Inner::new(store, account);
        inner.fetch();
        let watched = Rc::downgrade(&inner);
        Effect::new(move |_| {
            let sign_in = account.sign_in.get();
            with(&watched, |inner| inner.signed(sign_in));
        });
        Self {
            store,
            inner: StoredValue::new_local(inner),
        }
    }

    fn core<T>(self, act: impl FnOnce(&mut Core) -> T) -> Option<T> {
        self.inner
            .try_with_value(|inner| act(&mut inner.core.borrow_mut()))
    }

    fn inner(self, act: impl FnOnce(&Rc<Inner>)) {
        self.inner.try_with_value(|inner| act(inner));
    }

    /// Sends a request. A durable one (chat, tiles) is applied to the store at
    /// once, queued, and kept until the server has stored or refused it;
    /// anything else is sent if there is a connection, and forgotten otherwise.
    /// Gives the id of a durable one; none if it was not taken (the queue is
    /// full, or it cannot be meant for this canvas).
    pub fn dispatch(self, message: ClientMessage) -> Option<OpId> {
        if queue::lane(&message).is_none() {
            self.inner(|inner| inner.send(message));
            return None;
        }
        let id = self.core(|core| core.take(message)).flatten();
        self.inner(Inner::pump);
        id
    }

    /// Says something in the chat.
    ///
    /// # Errors
    /// [`TextError`] where the text cannot be sent.
    pub fn say(self, text: &str) -> Result<(), TextError> {
        let text = ChatText::parse(text)?;
        self.core(|core| core.typed_at = 0);
        self.dispatch(ClientMessage::CanvasChat {
            text,
            canvas_id: None,
        });
        Ok(())
    }

    /// Sends a refused message once more.
    pub fn retry_chat(self, row: OpId) {
        let text = self.discard(row);
        if let Some(Ok(text)) = text.as_deref().map(ChatText::parse) {
            self.dispatch(ClientMessage::CanvasChat {
                text,
                canvas_id: None,
            });
        }
    }

    /// Forgets a refused message.
    pub fn discard_chat(self, row: OpId) {
        self.discard(row);
    }

    fn discard(self, row: OpId) -> Option<String> {
        let mut text = None;
        self.store
            .chat
            .update(|rows| text = chat::discard(rows, row));
        text
    }

    /// Fetches messages older than the first row, see [`Store::older`].
    pub fn load_older_chat(self) {
        let store = self.store;
        let oldest = store
            .chat
            .with_untracked(|rows| rows.iter().find_map(|row| row.seq));
        if store.older.get_untracked() != Older::Maybe {
            return;
        }
        let Some(oldest) = oldest else { return };
        store.older.set(Older::Loading);
        spawn_local(async move {
            let older = match api::messages(store.canvas_id, oldest).await {
                Ok(page) => {
                    let more = page.next_cursor.is_some();
                    store
                        .chat
                        .try_update(|rows| chat::prepend(rows, page.items));
                    if more { Older::Maybe } else { Older::None }
                }
                Err(_) => Older::Maybe,
            };
            store.older.try_set(older);
        });
    }

    /// Says that the user writes in the chat, or stopped. Call it for every
    /// key; what goes out is at most one message in two seconds.
    pub fn typing(self, is_typing: bool) {
        let due = self.core(|core| {
            let now = now_ms();
            let due = if is_typing {
                now - core.typed_at >= TYPING_MS
            } else {
                core.typed_at != 0
            };
            if due {
                core.typed_at = if is_typing { now } else { 0 };
            }
            due
        });
        if due == Some(true) {
            self.dispatch(ClientMessage::UserPresence(PresenceChange::Typing {
                is_typing,
            }));
        }
    }

    /// Sets the user's status; a message of none leaves it as it is.
    pub fn set_status(self, status: Status, status_message: Option<String>) {
        let me = self.store.me.get_untracked();
        self.store.people.update(|all| {
            let mine = me.and_then(|me| all.iter_mut().find(|user| user.user_id == me.user_id));
            if let Some(user) = mine {
                user.status = status;
                if let Some(message) = &status_message {
                    user.status_message.clone_from(message);
                }
            }
        });
        self.dispatch(ClientMessage::UserPresence(PresenceChange::Status {
            status,
            status_message,
        }));
    }

    /// Says where the pointer is, in board pixels; throttled here.
    pub fn point(self, x: f64, y: f64) {
        let due = self.core(|core| {
            let now = now_ms();
            let due = now - core.pointed_at >= CURSOR_MS;
            if due {
                core.pointed_at = now;
            }
            due
        });
        if due == Some(true) {
            self.dispatch(ClientMessage::UserPresence(PresenceChange::Cursor { x, y }));
        }
    }

    /// Likes a tile, or no longer.
    pub fn like(self, at: Coord, liked: bool) {
        self.dispatch(ClientMessage::TileLike {
            x: at.x,
            y: at.y,
            liked,
        });
    }

    /// Gives a tile a title (0–80 characters).
    pub fn retitle(self, at: Coord, title: &str) {
        self.dispatch(ClientMessage::TileUpdate {
            x: at.x,
            y: at.y,
            title: Some(title.to_owned()),
            pixels: None,
        });
    }

    /// Empties a cell.
    pub fn delete_tile(self, at: Coord) {
        self.dispatch(ClientMessage::TileDelete { x: at.x, y: at.y });
    }

    /// Opens a tile (or an empty cell) for drawing: the view flies there and
    /// others see it. Does nothing but tell why where this user may not draw.
    pub fn open_tile(self, at: Coord) {
        if self.store.editing.get_untracked() == Some(at) {
            return;
        }
        // Any stroke stands for all: the rules look at who and where only.
        let probe = TileOp::Paint { dots: Vec::new() };
        let allowed = self.core(|core| {
            let permit = core.permit(at, &probe);
            if let Err(refusal) = &permit {
                core.tell_refusal(refusal, at);
            }
            permit.is_ok()
        });
        if allowed != Some(true) {
            return;
        }
        self.leave_tile();
        self.store.editing.set(Some(at));
        self.store.selected.set(Some(at));
        self.core(|core| core.tell_undo(at));
        self.inner(|inner| inner.say_editing(at, true));
        self.fly_to(Flight::Fill(at));
    }

    /// Leaves the open tile.
    pub fn leave_tile(self) {
        if let Some(at) = self.store.editing.get_untracked() {
            self.store.editing.set(None);
            self.inner(|inner| inner.say_editing(at, false));
        }
    }

    /// A new stroke begins in a tile.
    pub fn begin_stroke(self, at: Coord) {
        self.core(|core| core.history.entry(at).or_default().begin());
    }

    /// Paints dots of a stroke; they are shown at once and sent soon, together
    /// with what follows. False if they were not taken.
    pub fn paint(self, at: Coord, dots: &[Dot]) -> bool {
        if dots.is_empty() {
            return true;
        }
        let taken = self.core(|core| core.paint(at, dots));
        self.inner(Inner::pump_soon);
        taken == Some(true)
    }

    /// Takes back this user's last stroke in the open tile, where nobody
    /// painted over it.
    pub fn undo(self) {
        self.step(true);
    }

    /// Draws what was taken back last once more.
    pub fn redo(self) {
        self.step(false);
    }

    fn step(self, back: bool) {
        if let Some(at) = self.store.editing.get_untracked() {
            self.core(|core| core.step(at, back));
            self.inner(Inner::pump);
        }
    }

    /// Selects a cell (none: selects none).
    pub fn select(self, at: Option<Coord>) {
        self.store.selected.set(at);
    }

    /// Moves the view.
    pub fn fly_to(self, flight: Flight) {
        self.store.flight.set(Some(flight));
    }

    /// Points at a tile for everybody: it pulses on their boards, and here.
    pub fn mention(self, at: Coord, message: &str) {
        self.dispatch(ClientMessage::TileMention {
            tile_x: at.x,
            tile_y: at.y,
            highlight_type: "mention".to_owned(),
            message: message.to_owned(),
            duration: limits::DEFAULT_MENTION_DURATION_MS,
        });
        self.highlight(at);
    }

    /// Lets a tile pulse on this board alone.
    pub fn highlight(self, at: Coord) {
        let now = now_ms();
        self.store.pulses.update(|pulses| {
            pulses.retain(|pulse| pulse.at != at);
            pulses.push(Pulse {
                by: None,
                at,
                message: String::new(),
                started_at: now,
                ends_at: now + limits::DEFAULT_MENTION_DURATION_MS,
            });
        });
    }

    /// Does not wait for the next attempt to connect.
    pub fn reconnect_now(self) {
        self.inner(|inner| inner.socket.reconnect());
    }

    /// Shows a toast.
    pub fn notify(self, kind: NoticeKind) {
        self.core(|core| core.notify(kind));
    }

    /// Takes a toast away.
    pub fn dismiss(self, id: u64) {
        self.store
            .notices
            .update(|notices: &mut Vec<Notice>| notices.retain(|notice| notice.id != id));
    }
}

impl Inner {
    fn new(store: Store, account: Account) -> Rc<Self> {
        Rc::new_cyclic(|this: &Weak<Self>| {
            let (at, heard, tick) = (this.clone(), this.clone(), this.clone());
            let address = move || {
                at.upgrade()
                    .map_or_else(String::new, |inner| inner.address())
            };
            let sink = move |event| with(&heard, |inner| inner.hear(event));
            let (leave, back) = (this.clone(), this.clone());
            let window = browser::window();
            let listeners = [
                Listener::new(&window, "pagehide", move |_| with(&leave, |i| i.leave())),
                Listener::new(&window, "pageshow", move |_| with(&back, |i| i.stamp())),
            ];
            Self {
                store,
                account,
                socket: Socket::new(address, sink),
                core: RefCell::new(Core::new(store)),
                soon: RefCell::default(),
                fetching: Cell::new(false),
                ticks: Cell::new(0),
                _ticker: Interval::new(1_000, move || with(&tick, |inner| inner.tick())),
                _listeners: listeners,
            }
        })
    }

    /// Somebody signed in or out.
    fn signed(self: &Rc<Self>, sign_in: SignIn) {
        match sign_in {
            SignIn::Unknown => {}
            SignIn::SignedOut => {
                self.socket.close();
                self.down();
                self.store.connection.set(Connection::SignedOut);
            }
            SignIn::SignedIn(user) => {
                let mut core = self.core.borrow_mut();
                let was = core.user.as_ref().map(|user| user.id);
                let other = was != Some(user.id);
                core.sign_in(user);
                if other {
                    // What was read is as somebody else sees it.
                    core.order.forget();
                }
                let ready = core.order.resume().is_some();
                drop(core);
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
    fn fetch(self: &Rc<Self>) {
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

    fn fetched(self: &Rc<Self>, answer: api::Answer<shared::api::Snapshot>) {
        let signed_in = matches!(self.account.sign_in.get_untracked(), SignIn::SignedIn(_));
        match answer {
            Ok(snapshot) => {
                let next = self.core.borrow_mut().start(snapshot);
                self.follow(next);
                if signed_in {
                    self.socket.open();
                    self.pump();
                }
            }
            Err(error) => match failure(&error) {
                Some(Failure::Forbidden) if !signed_in => {}
                Some(failure) => {
                    self.socket.close();
                    self.store.load.set(Load::Failed(failure));
                }
                None => {
                    let this = Rc::downgrade(self);
                    Timeout::new(SNAPSHOT_RETRY_MS, move || with(&this, Self::fetch)).forget();
                    let retry_at = now_ms() + i64::from(SNAPSHOT_RETRY_MS);
                    if !self.core.borrow().live {
                        self.wait(retry_at);
                    }
                }
            },
        }
    }

    /// What the socket says.
    fn hear(self: &Rc<Self>, event: SocketEvent) {
        match event {
            SocketEvent::Connecting => {
                self.down();
                self.store.connection.set(Connection::Connecting);
            }
            SocketEvent::Message(message) => {
                let greeting = matches!(*message, shared::protocol::ServerMessage::Connected(_));
                let next = self.core.borrow_mut().receive(*message);
                if greeting {
                    self.greet();
                }
                self.follow(next);
            }
            SocketEvent::Waiting { retry_at, refused } => {
                self.down();
                self.wait(retry_at);
                if refused {
                    self.ask_why();
                }
            }
            SocketEvent::Ended { reason } => self.ended(&reason),
        }
    }

    fn follow(self: &Rc<Self>, next: Next) {
        match next {
            Next::Pump => self.pump(),
            Next::Snapshot => self.fetch(),
            Next::Reconnect => {
                // Not from within the socket's own call.
                let socket = self.socket.clone();
                spawn_local(async move { socket.reconnect() });
            }
        }
    }

    fn wait(&self, retry_at: i64) {
        self.store.connection.set(Connection::Waiting {
            retry_at,
            offline: !browser::is_online(),
        });
    }

    /// There is no connection any more.
    fn down(&self) {
        let mut core = self.core.borrow_mut();
        core.live = false;
        core.queue.disconnected();
        core.save();
    }

    /// A connect failed, and browsers do not say why: ask over HTTP.
    fn ask_why(self: &Rc<Self>) {
        let this = Rc::downgrade(self);
        let id = self.store.canvas_id;
        spawn_local(async move {
            let me = api::me().await;
            let canvas = match &me {
                Ok(_) => Some(api::canvas(id).await),
                Err(_) => None,
            };
            with(&this, |inner| {
                if me.is_err_and(|error| error.status() == Some(401)) {
                    inner.account.sign_in.set(SignIn::SignedOut);
                } else if let Some(Err(error)) = canvas
                    && let Some(failure) = failure(&error)
                {
                    inner.socket.close();
                    inner.store.load.set(Load::Failed(failure));
                }
            });
        });
    }

    /// The server ended the connection for good.
    fn ended(self: &Rc<Self>, reason: &str) {
        self.down();
        let end = match reason {
            "token_expired" | "revoked" => {
                self.store.connection.set(Connection::Connecting);
                let this = Rc::downgrade(self);
                spawn_local(async move {
                    let me = api::me().await;
                    with(&this, |inner| match me {
                        Err(error) if error.status() == Some(401) => {
                            inner.account.sign_in.set(SignIn::SignedOut);
                        }
                        Ok(_) | Err(_) => inner.socket.open(),
                    });
                });
                return;
            }
            "kicked" => End::Kicked,
            "banned" => End::Banned,
            "canvas_deleted" => End::CanvasDeleted,
            "rate_limited" => End::RateLimited,
            _ => End::Other,
        };
        if end == End::CanvasDeleted {
            self.store.load.set(Load::Failed(Failure::Deleted));
        }
        self.store.connection.set(Connection::Ended(end));
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
        let mut address =
            format!("{scheme}://{host}/api/v1/ws/canvas/{id}?client_type=browser&platform=web");
        if let Some((epoch, seq)) = self.core.borrow().order.resume() {
            address.push_str(&format!("&last_seq={seq}&epoch={epoch}"));
        }
        address
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
            self.say_editing(at, true);
        }
    }

    /// Others see who draws where; an exclusive tile is locked, too.
    fn say_editing(&self, at: Coord, is_editing: bool) {
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

    fn is_exclusive(&self) -> bool {
        self.store.canvas.with_untracked(|canvas| {
            canvas
                .as_ref()
                .is_some_and(|canvas| canvas.edit_policy == EditPolicy::Exclusive)
        })
    }

    /// Sends something that is not kept.
    fn send(&self, message: ClientMessage) {
        if self.core.borrow().live {
            self.socket.send(&Request {
                op_id: None,
                message,
            });
        }
    }

    /// Sends what may be sent.
    fn pump(self: &Rc<Self>) {
        self.soon.replace(None);
        let mut core = self.core.borrow_mut();
        core.save();
        while let Some(request) = core.next() {
            if !self.socket.send(&request) {
                break;
            }
        }
    }

    fn pump_soon(self: &Rc<Self>) {
        let mut soon = self.soon.borrow_mut();
        if soon.is_none() {
            let this = Rc::downgrade(self);
            *soon = Some(Timeout::new(STROKE_MS, move || with(&this, Self::pump)));
        }
    }

    /// Once a second: what ends by itself, and what must be renewed.
    fn tick(self: &Rc<Self>) {
        let now = now_ms();
        let store = self.store;
        if store
            .pulses
            .with_untracked(|all| all.iter().any(|pulse| pulse.ends_at <= now))
        {
            store
                .pulses
                .update(|all| all.retain(|pulse| pulse.ends_at > now));
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
        let mut core = self.core.borrow_mut();
        core.hush(now);
        let live = core.live;
        let refresh = live && now - core.refreshed_at >= REFRESH_MS;
        if refresh {
            core.refreshed_at = now;
        }
        drop(core);
        if refresh {
            self.refresh();
        }
        let ticks = self.ticks.get().wrapping_add(1);
        self.ticks.set(ticks);
        if ticks % RENEW_S == 0 {
            self.stamp();
            if let (true, Some(at)) = (self.is_exclusive(), store.editing.get_untracked()) {
                self.send(ClientMessage::TileLock { x: at.x, y: at.y });
            }
        }
        self.pump();
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

    fn stamp(&self) {
        if let Some(keep) = &self.core.borrow().keep {
            keep.stamp();
        }
    }

    /// The page ends, perhaps for good: another may adopt what waits.
    fn leave(&self) {
        let mut core = self.core.borrow_mut();
        core.save();
        core.queue.freeze();
        if let Some(keep) = &core.keep {
            keep.leave();
        }
    }
}

fn with(inner: &Weak<Inner>, act: impl FnOnce(&Rc<Inner>)) {
    if let Some(inner) = inner.upgrade() {
        act(&inner);
    }
}

/// Whether an error means that the canvas cannot be shown at all.
fn failure(error: &ApiError) -> Option<Failure> {
    match error.status() {
        Some(401 | 403) => Some(Failure::Forbidden),
        Some(404) => Some(Failure::NotFound),
        _ => None,
    }
}
