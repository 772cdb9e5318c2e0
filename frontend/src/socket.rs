//! A typed WebSocket that reconnects. It passes everything that happens to one
//! callback, and knows nothing of canvases or the session.
//!
//! It reconnects after every loss except a close code that forbids it. It waits
//! with full jitter ([`backoff`]), but connects at once when the network
//! returns or the tab becomes visible, unless the server asked for a pause. It
//! also reconnects when the server stops answering ([`heartbeat`]). All times
//! are of the page's monotonic clock, so that a clock that is set has no
//! effect.

pub mod backoff;
mod greeting;
pub mod heartbeat;

pub use greeting::{hello, url};

use crate::{
    browser::{self, Listener, uptime_ms},
    lazy::{Chunks, LazyTask},
};
use backoff::{Backoff, requested_delay};
use gloo_timers::callback::{Interval, Timeout};
use greeting::user_greeting;
use heartbeat::{HeartbeatAction, HeartbeatMonitor};
use leptos::prelude::expect_context;
use serde_json::Value;
use shared::{
    ids::UserId,
    protocol::{ClientMessage, ClientRequest, CloseReason, Pong, ServerMessage},
};
use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};
use wasm_bindgen::JsCast;
use web_sys::{CloseEvent, MessageEvent, WebSocket};

/// Milliseconds that a connection must have been open for the backoff to start
/// from the beginning.
const STABLE_MS: i64 = 5_000;

/// What the callback of a socket is called with.
#[derive(Debug)]
pub enum SocketEvent {
    /// A connection attempt begins.
    Connecting,
    /// A message of the server.
    Message(Box<ServerMessage>),
    /// The first message on a connection without a canvas, which is this user's.
    Greeting(UserId),
    /// Not connected; the next attempt follows at `retry_at`.
    Waiting {
        /// Time of the next attempt, by `browser::uptime_ms`.
        retry_at: i64,
        /// Whether the connection never opened: the server refused it or is
        /// unreachable. Browsers do not say which, so the session asks over
        /// HTTP.
        refused: bool,
    },
    /// The server closed the connection with a code that forbids reconnecting.
    Ended {
        /// The reason in the close frame.
        reason: String,
    },
}

/// A handle of the socket; dropping the last clone closes the connection.
#[derive(Clone)]
pub struct Socket(Rc<Inner>);

struct Inner {
    /// Gives the URL of each attempt. It changes, because it contains the `seq`
    /// to resume after.
    address: Box<dyn Fn() -> String>,
    sink: Rc<dyn Fn(SocketEvent)>,
    chunks: Chunks,
    state: RefCell<SocketState>,
}

#[derive(Default)]
struct SocketState {
    /// Whether to stay connected: true from `open` to `close`.
    wanted: bool,
    /// Number of the current attempt; events of earlier attempts are ignored.
    attempt: u64,
    connection: Option<ActiveConnection>,
    backoff: Backoff,
    /// No attempt before this time, except one that the user asks for.
    not_before: i64,
    reconnect_timer: Option<Timeout>,
    heartbeat_timer: Option<Interval>,
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
        // The listeners are removed, so the result does not matter.
        let _ = self.socket.close();
    }
}

impl Socket {
    /// Creates a socket without opening it. `address` gives the URL of each
    /// attempt, `sink` is called for each event. Both are called synchronously
    /// and must not call back into the socket, except for `send`.
    pub fn new(
        address: impl Fn() -> String + 'static,
        sink: impl Fn(SocketEvent) + 'static,
    ) -> Self {
        let inner = Rc::new(Inner {
            address: Box::new(address),
            sink: Rc::new(sink),
            chunks: expect_context(),
            state: RefCell::default(),
        });
        inner.listen();
        Self(inner)
    }

    /// Connects, and reconnects until `close` is called or the server forbids
    /// it.
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

    /// Disconnects and stays disconnected.
    pub fn close(&self) {
        let mut state = self.0.state.borrow_mut();
        state.wanted = false;
        state.attempt += 1;
        state.connection = None;
        state.reconnect_timer = None;
    }

    /// Closes the connection, if there is one, and connects at once.
    pub fn reconnect(&self) {
        if self.0.state.borrow().wanted {
            self.0.connect();
        } else {
            self.open();
        }
    }

    /// As [`Socket::reconnect`], but after a delay that grows if it is called
    /// again and again.
    pub fn reconnect_later(&self) {
        if self.0.state.borrow().wanted {
            self.0.schedule_reconnect("");
        }
    }

    /// The server asks for a pause of so many milliseconds (`Retry-After`):
    /// puts the next attempt off, if one is scheduled.
    pub fn postpone(&self, retry_after_ms: u32) {
        let delay = backoff::at_least(retry_after_ms, browser::random());
        let retry_at = uptime_ms() + i64::from(delay);
        let mut state = self.0.state.borrow_mut();
        state.not_before = retry_at;
        if state.reconnect_timer.is_none() {
            return;
        }
        state.reconnect_timer = Some(self.0.timer(delay));
        drop(state);
        (self.0.sink)(SocketEvent::Waiting {
            retry_at,
            refused: false,
        });
    }

    /// Sends a message; false if there is no open connection.
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

    /// Carries out what the heartbeat monitor decided; false if the connection
    /// is dead.
    fn perform(&self, action: HeartbeatAction, now: i64) -> bool {
        match action {
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
    /// Adds the timer of the heartbeat and the listeners for network and
    /// visibility. Called once, by `new`.
    fn listen(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        let this = Rc::downgrade(self);
        state.heartbeat_timer = Some(Interval::new(1_000, move || {
            with_inner(&this, |inner| inner.run_heartbeat(HeartbeatMonitor::tick));
        }));
        let window = browser::window();
        let mut on = |event, handler: fn(&Rc<Self>)| {
            let this = Rc::downgrade(self);
            let listener = Listener::new(&window, event, move |_| with_inner(&this, handler));
            state.listeners.push(listener);
        };
        on("online", Self::check_connection);
        on("offline", Self::give_up_connection);
        if let Some(document) = window.document() {
            let this = Rc::downgrade(self);
            let listener = Listener::new(&document, "visibilitychange", move |_| {
                if browser::is_visible() {
                    with_inner(&this, Self::check_connection);
                }
            });
            state.listeners.push(listener);
        }
    }

    /// Called when the network or the visibility has changed: connects at once
    /// if an attempt was scheduled, else checks whether the server still
    /// answers.
    fn check_connection(self: &Rc<Self>) {
        let state = self.state.borrow();
        if !state.wanted {
            return;
        }
        let is_scheduled = state.reconnect_timer.is_some();
        let is_paused = state.not_before > uptime_ms();
        drop(state);
        if !is_scheduled || !browser::is_online() {
            self.run_heartbeat(HeartbeatMonitor::probe);
        } else if !is_paused {
            self.connect();
        }
    }

    /// Called when the browser loses the network: what is sent on the
    /// connection would wait for a timeout.
    fn give_up_connection(self: &Rc<Self>) {
        let is_connected = self.state.borrow().connection.is_some();
        if is_connected {
            self.schedule_reconnect("");
        }
    }

    /// Calls a function of the heartbeat monitor and carries out the result.
    fn run_heartbeat(
        self: &Rc<Self>,
        step: impl Fn(&mut HeartbeatMonitor, i64) -> HeartbeatAction,
    ) {
        let mut state = self.state.borrow_mut();
        let Some(connection) = &mut state.connection else {
            return;
        };
        let now = uptime_ms();
        let action = step(&mut connection.heartbeat, now);
        let alive = connection.opened_at.is_none() && action == HeartbeatAction::Ping
            || connection.perform(action, now);
        drop(state);
        if !alive {
            self.schedule_reconnect("");
        }
    }

    /// Starts a connection attempt and abandons the current connection.
    fn connect(self: &Rc<Self>) {
        let address = (self.address)();
        (self.sink)(SocketEvent::Connecting);
        let mut state = self.state.borrow_mut();
        state.attempt += 1;
        state.reconnect_timer = None;
        state.connection = None;
        let attempt = state.attempt;
        let Ok(socket) = WebSocket::new(&address) else {
            drop(state);
            self.schedule_reconnect("");
            return;
        };
        let on = |event, handler: fn(&Rc<Self>, web_sys::Event)| {
            let this = Rc::downgrade(self);
            Listener::new(&socket, event, move |event| {
                with_inner(&this, |inner| {
                    if inner.state.borrow().attempt == attempt {
                        handler(inner, event);
                    }
                });
            })
        };
        let listeners = [
            on("open", |inner, _| inner.on_open()),
            on("message", Self::on_message),
            on("close", Self::on_close),
        ];
        state.connection = Some(ActiveConnection {
            socket: socket.clone(),
            _listeners: listeners,
            opened_at: None,
            heartbeat: HeartbeatMonitor::new(uptime_ms()),
        });
    }

    fn on_open(self: &Rc<Self>) {
        if let Some(connection) = &mut self.state.borrow_mut().connection {
            let now = uptime_ms();
            connection.opened_at = Some(now);
            connection.heartbeat.on_received(now);
        }
    }

    fn on_message(self: &Rc<Self>, event: web_sys::Event) {
        let text = event
            .dyn_into::<MessageEvent>()
            .ok()
            .and_then(|event| event.data().as_string());
        // Messages of types that only later versions of the server know are
        // ignored.
        let value: Option<Value> = text.and_then(|text| serde_json::from_str(&text).ok());
        if let Some(greeting) = value.as_ref().and_then(user_greeting) {
            if let Some(connection) = &mut self.state.borrow_mut().connection {
                connection.heartbeat.on_received(uptime_ms());
                connection.heartbeat.configure(greeting.heartbeat);
            }
            (self.sink)(SocketEvent::Greeting(greeting.user_id));
            return;
        }
        let (rare, frequent) = match value {
            Some(value) if ServerMessage::is_rare(&value) => (Some(value), None),
            value => (None, value),
        };
        let message = frequent.and_then(|value| ServerMessage::read_frequent(value).ok());
        if let Some(connection) = &mut self.state.borrow_mut().connection {
            let now = uptime_ms();
            connection.heartbeat.on_received(now);
            match &message {
                Some(ServerMessage::Connected(connected)) => {
                    connection.heartbeat.configure(connected.heartbeat);
                }
                Some(ServerMessage::Pong(Pong { timestamp, .. })) => {
                    if let Some(sent_at) = timestamp.as_i64() {
                        connection.heartbeat.on_pong(now, sent_at);
                    }
                }
                _ => {}
            }
        }
        if let Some(message) = message {
            (self.sink)(SocketEvent::Message(Box::new(message)));
        }
        if let Some(message) = rare {
            let sink = Rc::clone(&self.sink);
            self.chunks.run(LazyTask::Read(message, sink));
        }
    }

    fn on_close(self: &Rc<Self>, event: web_sys::Event) {
        let Ok(event) = event.dyn_into::<CloseEvent>() else {
            return;
        };
        if CloseReason::may_reconnect(event.code()) {
            self.schedule_reconnect(&event.reason());
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

    /// Drops the connection, if there is one, and schedules the next attempt.
    /// `reason` is that of the close frame, which may request a delay.
    fn schedule_reconnect(self: &Rc<Self>, reason: &str) {
        let mut state = self.state.borrow_mut();
        state.attempt += 1;
        let opened_at = state
            .connection
            .take()
            .and_then(|connection| connection.opened_at);
        let now = uptime_ms();
        if opened_at.is_some_and(|at| now - at >= STABLE_MS) {
            state.backoff.reset();
        }
        let random = browser::random();
        let delay =
            requested_delay(reason, random).unwrap_or_else(|| state.backoff.next_delay(random));
        let pause = u32::try_from(state.not_before - now).unwrap_or_default();
        let delay = delay.max(pause);
        state.reconnect_timer = Some(self.timer(delay));
        drop(state);
        (self.sink)(SocketEvent::Waiting {
            retry_at: now + i64::from(delay),
            refused: opened_at.is_none(),
        });
    }

    /// A timer that connects.
    fn timer(self: &Rc<Self>, delay: u32) -> Timeout {
        let this = Rc::downgrade(self);
        Timeout::new(delay, move || with_inner(&this, Self::connect))
    }
}

/// Calls `action` unless the socket was dropped.
fn with_inner(inner: &Weak<Inner>, action: impl FnOnce(&Rc<Inner>)) {
    if let Some(inner) = inner.upgrade() {
        action(&inner);
    }
}
