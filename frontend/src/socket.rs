//! A typed, reconnecting WebSocket. It knows messages and nothing of canvases:
//! it says what happens through one function, and whoever listens decides.
//!
//! It reconnects for ever after everything but a refusal, with full jitter
//! ([`backoff`]), at once when the network returns or somebody looks at the
//! tab, and when nobody answers any more ([`pulse`]).

pub mod backoff;
pub mod heartbeat;

use crate::browser::{self, Listener, now_ms};
use backoff::{Backoff, requested_wait};
use gloo_timers::callback::{Interval, Timeout};
use heartbeat::{HeartbeatAction, HeartbeatMonitor};
use shared::protocol::{ClientMessage, ClientRequest, CloseReason, Pong, ServerMessage};
use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};
use wasm_bindgen::JsCast;
use web_sys::{CloseEvent, MessageEvent, WebSocket};

/// A connection that held this long starts its backoff from the beginning.
const HELD_MS: i64 = 5_000;

/// What happens on the socket.
#[derive(Debug)]
pub enum SocketEvent {
    /// An attempt begins.
    Connecting,
    /// The server said something.
    Message(Box<ServerMessage>),
    /// Not connected; the next attempt is at this time.
    Waiting {
        /// Milliseconds since 1970.
        retry_at: i64,
        /// The attempt was refused or found nobody: browsers do not tell
        /// which, so ask over HTTP.
        refused: bool,
    },
    /// The server does not want this client back by itself.
    Ended {
        /// What it gave as the reason.
        reason: String,
    },
}

/// A handle; dropping the last one closes the connection.
#[derive(Clone)]
pub struct Socket(Rc<Inner>);

struct Inner {
    /// Called for every attempt, since what to resume from changes.
    address: Box<dyn Fn() -> String>,
    sink: Box<dyn Fn(SocketEvent)>,
    state: RefCell<SocketState>,
}

#[derive(Default)]
struct SocketState {
    /// Wanted: between `open` and `close`.
    wanted: bool,
    /// Tells the events of an abandoned connection from those of this one.
    attempt: u64,
    connection: Option<ActiveConnection>,
    backoff: Backoff,
    retry: Option<Timeout>,
    ticker: Option<Interval>,
    listeners: Vec<Listener>,
}

struct ActiveConnection {
    socket: WebSocket,
    _listeners: [Listener; 3],
    opened_at: Option<i64>,
    heartbeat: HeartbeatMonitor,
}

impl Drop for ActiveConnection {
    fn drop(&mut self) {
        // Its listeners are gone; nobody hears whether this succeeded.
        let _ = self.socket.close();
    }
}

impl Socket {
    /// A socket that is not open yet. `address` gives the URL of each attempt,
    /// `sink` hears what happens; neither may call back into the socket while
    /// it runs, except for `send`.
    pub fn new(
        address: impl Fn() -> String + 'static,
        sink: impl Fn(SocketEvent) + 'static,
    ) -> Self {
        let inner = Rc::new(Inner {
            address: Box::new(address),
            sink: Box::new(sink),
            state: RefCell::default(),
        });
        inner.watch();
        Self(inner)
    }

    /// Connects, and keeps connected.
    pub fn open(&self) {
        let mut state = self.0.state.borrow_mut();
        if state.wanted {
            return;
        }
        state.wanted = true;
        state.backoff.reset();
        drop(state);
        self.0.connect();
    }

    /// Disconnects, and stays so.
    pub fn close(&self) {
        let mut state = self.0.state.borrow_mut();
        state.wanted = false;
        state.attempt += 1;
        state.connection = None;
        state.retry = None;
    }

    /// Drops the connection, if there is one, and connects at once.
    pub fn reconnect(&self) {
        if self.0.state.borrow().wanted {
            self.0.connect();
        } else {
            self.open();
        }
    }

    /// Sends a message; false if there is no connection.
    pub fn send(&self, request: &ClientRequest) -> bool {
        let state = self.0.state.borrow();
        let Some(connection) = &state.connection else {
            return false;
        };
        connection.send(request)
    }
}

impl ActiveConnection {
    fn send(&self, request: &ClientRequest) -> bool {
        if self.socket.ready_state() != WebSocket::OPEN {
            return false;
        }
        serde_json::to_string(request).is_ok_and(|json| self.socket.send_with_str(&json).is_ok())
    }

    fn act(&self, beat: HeartbeatAction, now: i64) -> bool {
        match beat {
            HeartbeatAction::Wait => true,
            HeartbeatAction::Ping => {
                self.send(&ClientRequest {
                    op_id: None,
                    message: ClientMessage::Heartbeat {
                        timestamp: now.into(),
                    },
                });
                true
            }
            HeartbeatAction::Reconnect => false,
        }
    }
}

impl Inner {
    /// Listens for what bears on the connection: time, network, somebody looking.
    fn watch(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        let this = Rc::downgrade(self);
        state.ticker = Some(Interval::new(1_000, move || {
            with(&this, |inner| inner.beat(HeartbeatMonitor::tick));
        }));
        let window = browser::window();
        for event in ["online", "offline"] {
            let this = Rc::downgrade(self);
            let listener = Listener::new(&window, event, move |_| {
                with(&this, Self::look);
            });
            state.listeners.push(listener);
        }
        if let Some(document) = window.document() {
            let this = Rc::downgrade(self);
            let listener = Listener::new(&document, "visibilitychange", move |_| {
                if browser::is_visible() {
                    with(&this, Self::look);
                }
            });
            state.listeners.push(listener);
        }
    }

    /// Something changed: connect now, or make sure that the line holds.
    fn look(self: &Rc<Self>) {
        let state = self.state.borrow();
        if !state.wanted {
            return;
        }
        let waits = state.retry.is_some();
        drop(state);
        if waits && browser::is_online() {
            self.connect();
        } else {
            self.beat(HeartbeatMonitor::doubt);
        }
    }

    fn beat(self: &Rc<Self>, ask: impl Fn(&mut HeartbeatMonitor, i64) -> HeartbeatAction) {
        let mut state = self.state.borrow_mut();
        let Some(connection) = &mut state.connection else {
            return;
        };
        let now = now_ms();
        let beat = ask(&mut connection.heartbeat, now);
        let alive = connection.opened_at.is_none() && beat == HeartbeatAction::Ping
            || connection.act(beat, now);
        drop(state);
        if !alive {
            self.lost("");
        }
    }

    fn connect(self: &Rc<Self>) {
        let address = (self.address)();
        (self.sink)(SocketEvent::Connecting);
        let mut state = self.state.borrow_mut();
        state.attempt += 1;
        state.retry = None;
        state.connection = None;
        let attempt = state.attempt;
        let Ok(socket) = WebSocket::new(&address) else {
            drop(state);
            self.lost("");
            return;
        };
        let on = |event, handler: fn(&Rc<Self>, web_sys::Event)| {
            let this = Rc::downgrade(self);
            Listener::new(&socket, event, move |event| {
                with(&this, |inner| {
                    if inner.state.borrow().attempt == attempt {
                        handler(inner, event);
                    }
                });
            })
        };
        let listeners = [
            on("open", |inner, _| inner.opened()),
            on("message", Self::heard),
            on("close", Self::closed),
        ];
        state.connection = Some(ActiveConnection {
            socket: socket.clone(),
            _listeners: listeners,
            opened_at: None,
            heartbeat: HeartbeatMonitor::new(now_ms()),
        });
    }

    fn opened(self: &Rc<Self>) {
        if let Some(connection) = &mut self.state.borrow_mut().connection {
            let now = now_ms();
            connection.opened_at = Some(now);
            connection.heartbeat.heard(now);
        }
    }

    fn heard(self: &Rc<Self>, event: web_sys::Event) {
        let text = event
            .dyn_into::<MessageEvent>()
            .ok()
            .and_then(|event| event.data().as_string());
        // A later version's message is none of ours.
        let message = text.and_then(|text| serde_json::from_str::<ServerMessage>(&text).ok());
        if let Some(connection) = &mut self.state.borrow_mut().connection {
            let now = now_ms();
            connection.heartbeat.heard(now);
            match &message {
                Some(ServerMessage::Connected(hello)) => connection.heartbeat.set(hello.heartbeat),
                Some(ServerMessage::Pong(Pong { timestamp, .. })) => {
                    if let Some(asked_at) = timestamp.as_i64() {
                        connection.heartbeat.answered(now, asked_at);
                    }
                }
                _ => {}
            }
        }
        if let Some(message) = message {
            (self.sink)(SocketEvent::Message(Box::new(message)));
        }
    }

    fn closed(self: &Rc<Self>, event: web_sys::Event) {
        let Ok(event) = event.dyn_into::<CloseEvent>() else {
            return;
        };
        if CloseReason::may_reconnect(event.code()) {
            self.lost(&event.reason());
            return;
        }
        let mut state = self.state.borrow_mut();
        state.wanted = false;
        state.connection = None;
        drop(state);
        (self.sink)(SocketEvent::Ended {
            reason: event.reason(),
        });
    }

    /// The connection is gone, or never came to be: try again later.
    fn lost(self: &Rc<Self>, reason: &str) {
        let mut state = self.state.borrow_mut();
        state.attempt += 1;
        let opened_at = state
            .connection
            .take()
            .and_then(|connection| connection.opened_at);
        let now = now_ms();
        if opened_at.is_some_and(|at| now - at >= HELD_MS) {
            state.backoff.reset();
        }
        let chance = chance();
        let wait = requested_wait(reason, chance).unwrap_or_else(|| state.backoff.wait(chance));
        let this = Rc::downgrade(self);
        state.retry = Some(Timeout::new(wait, move || with(&this, Self::connect)));
        drop(state);
        (self.sink)(SocketEvent::Waiting {
            retry_at: now + i64::from(wait),
            refused: opened_at.is_none(),
        });
    }
}

fn with(inner: &Weak<Inner>, act: impl FnOnce(&Rc<Inner>)) {
    if let Some(inner) = inner.upgrade() {
        act(&inner);
    }
}

/// Any number from 0 to 1.
fn chance() -> f64 {
    f64::from(uuid::Uuid::new_v4().as_fields().0) / f64::from(u32::MAX)
}
