//! Runs the session's state machine in the page: owns the socket, the timers
//! and the window's listeners, passes on what happens with the time at which
//! it does, and carries out the [`Effect`]s. What anything means is decided in
//! [`super::state`].

use super::{
    effect::{Effect, FetchError, RefusalCause},
    local_storage::LocalStorageOfPage,
    state::SessionState,
};
use crate::{
    account,
    api::{self, ApiError},
    browser::{self, Listener, now_ms},
    model::connection::SignIn,
    socket::{Socket, SocketEvent},
    store::{Account, Store, backend::Signals},
    tasks::spawn_scoped,
};
use gloo_timers::callback::{Interval, Timeout};
use leptos::{prelude::*, reactive::owner::WeakOwner};
use shared::{
    ids::CanvasId,
    protocol::{ClientMessage, ClientRequest, ServerMessage},
};
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};
use uuid::Uuid;

/// Milliseconds for which strokes are collected before they are sent.
const STROKE_MS: u32 = 50;
/// Messages that come within so many milliseconds (one frame) are applied
/// together, so that the page is drawn once for all of them.
const BATCH_MS: u32 = 16;

/// The running session of one open canvas. Dropping it disconnects.
pub(super) struct SessionRuntime {
    canvas_id: CanvasId,
    account: Account,
    socket: Socket,
    state: RefCell<SessionState<Signals>>,
    /// Messages that wait to be applied together, and the timer that does it.
    inbox: RefCell<Vec<ServerMessage>>,
    inbox_timer: RefCell<Option<Timeout>>,
    /// When the inbox was applied last.
    applied_at: Cell<i64>,
    flush_timer: RefCell<Option<Timeout>>,
    snapshot_timer: RefCell<Option<Timeout>>,
    /// Requests over HTTP are cancelled when it is disposed of.
    owner: Option<WeakOwner>,
    _ticker: Interval,
    _listeners: [Listener; 3],
}

impl SessionRuntime {
    pub(super) fn new(store: Store, account: Account) -> Rc<Self> {
        Rc::new_cyclic(|this: &Weak<Self>| {
            let on = |event, handler: fn(&Rc<Self>, web_sys::Event)| {
                let this = this.clone();
                Listener::new(&browser::window(), event, move |event| {
                    with(&this, |runtime| handler(runtime, event));
                })
            };
            let listeners = [
                on("pagehide", |runtime, _| {
                    runtime.input(|state, _| state.leave());
                }),
                on("pageshow", |runtime, _| {
                    runtime.input(SessionState::heartbeat);
                }),
                // The browser asks whether to leave.
                on("beforeunload", |runtime, event| {
                    if runtime.state.borrow().would_lose() {
                        event.prevent_default();
                    }
                }),
            ];
            let (at, heard, tick) = (this.clone(), this.clone(), this.clone());
            let address = move || {
                at.upgrade()
                    .map_or_else(String::new, |runtime| runtime.address())
            };
            let sink = move |event| with(&heard, |runtime| runtime.socket_event(event));
            let state = SessionState::new(
                store.canvas_store(),
                Rc::new(LocalStorageOfPage),
                Box::new(Uuid::now_v7),
                now_ms(),
            );
            Self {
                canvas_id: store.canvas_id,
                account,
                socket: Socket::new(address, sink),
                state: RefCell::new(state),
                inbox: RefCell::default(),
                inbox_timer: RefCell::default(),
                applied_at: Cell::new(0),
                flush_timer: RefCell::default(),
                snapshot_timer: RefCell::default(),
                owner: Owner::current().map(|owner| owner.downgrade()),
                _ticker: Interval::new(1_000, move || {
                    with(&tick, |runtime| {
                        runtime.input(SessionState::tick);
                    });
                }),
                _listeners: listeners,
            }
        })
    }

    /// Passes an input to the state machine, with the time, and carries out
    /// what it asks for.
    pub(super) fn input<T>(
        self: &Rc<Self>,
        input: impl FnOnce(&mut SessionState<Signals>, i64) -> T,
    ) -> T {
        let (result, effects) = {
            let mut state = self.state.borrow_mut();
            state.account = self.account.sign_in.get_untracked();
            (input(&mut state, now_ms()), state.take_effects())
        };
        for effect in effects {
            self.perform(effect);
        }
        result
    }

    /// Reads from the state machine.
    pub(super) fn read<T>(&self, read: impl FnOnce(&SessionState<Signals>) -> T) -> T {
        read(&self.state.borrow())
    }

    fn perform(self: &Rc<Self>, effect: Effect) {
        let id = self.canvas_id;
        match effect {
            Effect::Send(message) => self.send(message),
            Effect::SendHello => self.send(hello()),
            Effect::Flush => self.flush(),
            Effect::FlushSoon => self.flush_soon(),
            Effect::OpenSocket => self.socket.open(),
            Effect::CloseSocket => self.socket.close(),
            Effect::Reconnect => self.fetch(std::future::ready(()), |runtime, ()| {
                runtime.socket.reconnect();
            }),
            Effect::FetchSnapshot => self.fetch(api::snapshot(id), |runtime, answer| {
                let answer = answer.map_err(|error| fetch_error(&error));
                let online = browser::is_online();
                runtime.input(|state, now| state.snapshot_received(answer, online, now));
            }),
            Effect::RetrySnapshot { after_ms } => {
                let this = Rc::downgrade(self);
                let timer = Timeout::new(after_ms, move || {
                    with(&this, |runtime| {
                        runtime.input(|state, _| state.fetch_snapshot());
                    });
                });
                self.snapshot_timer.replace(Some(timer));
            }
            Effect::FetchRole => self.fetch(api::canvas(id), |runtime, answer| {
                if let Ok(Some(role)) = answer.map(|canvas| canvas.role) {
                    runtime.input(|state, _| state.role_received(role));
                }
            }),
            Effect::FetchMe => self.fetch(api::me(), |runtime, answer| {
                let signed_out = answer.is_err_and(|error| error.status() == Some(401));
                runtime.input(|state, _| state.me_received(signed_out));
            }),
            Effect::ProbeRefusal => self.fetch(api::probe_refusal(id), |runtime, answer| {
                let cause = refusal_cause(answer.as_ref().err());
                runtime.input(|state, _| state.refusal_received(cause));
            }),
            Effect::RefreshToken => self.fetch(api::refresh(), |runtime, answer| {
                if let Ok(auth) = answer {
                    runtime.input(|state, _| state.token_received(auth.token));
                }
            }),
            Effect::FetchActivity { after } => {
                self.fetch(api::events(id, after), move |runtime, answer| {
                    let events = answer.as_ref().ok().map(|page| page.items.as_slice());
                    runtime.input(|state, _| state.activity_received(after, events));
                });
            }
            Effect::FetchMembers => self.fetch(api::members(id), |runtime, answer| {
                if let Ok(members) = answer {
                    runtime.input(|state, _| state.members_received(&members.items));
                }
            }),
            Effect::SignedOut => self.account.sign_in.set(SignIn::SignedOut),
            Effect::Answered { knows_user } => account::heard(self.account, knows_user),
        }
    }

    /// Awaits something, and goes on with the result, unless the canvas was
    /// left meanwhile.
    pub(super) fn fetch<T: 'static>(
        self: &Rc<Self>,
        answer: impl Future<Output = T> + 'static,
        then: impl FnOnce(&Rc<Self>, T) + 'static,
    ) {
        let Some(owner) = self.owner.as_ref().and_then(WeakOwner::upgrade) else {
            return;
        };
        let this = Rc::downgrade(self);
        owner.with(|| {
            spawn_scoped(async move {
                let answer = answer.await;
                with(&this, |runtime| then(runtime, answer));
            });
        });
    }

    fn socket_event(self: &Rc<Self>, event: SocketEvent) {
        match event {
            SocketEvent::Message(message) => {
                self.inbox.borrow_mut().push(*message);
                let elapsed = now_ms() - self.applied_at.get();
                // The timers of a hidden page are slow.
                if elapsed >= i64::from(BATCH_MS) || !browser::is_visible() {
                    self.apply_inbox();
                } else if self.inbox_timer.borrow().is_none() {
                    let this = Rc::downgrade(self);
                    let timer = Timeout::new(BATCH_MS, move || with(&this, Self::apply_inbox));
                    self.inbox_timer.replace(Some(timer));
                }
            }
            SocketEvent::Connecting => {
                self.apply_inbox();
                self.input(|state, _| state.connecting());
            }
            SocketEvent::Waiting { retry_at, refused } => {
                self.apply_inbox();
                let online = browser::is_online();
                self.input(|state, _| state.waiting(retry_at, refused, online));
            }
            SocketEvent::Ended { reason } => {
                self.apply_inbox();
                self.input(|state, _| state.ended(&reason));
            }
        }
    }

    /// Applies the messages that came, in their order.
    fn apply_inbox(self: &Rc<Self>) {
        self.inbox_timer.replace(None);
        for message in self.inbox.take() {
            if self.input(|state, now| state.message_received(message, now)) {
                break;
            }
        }
        self.applied_at.set(now_ms());
    }

    /// The URL of an attempt to connect: resumes where this client is.
    fn address(&self) -> String {
        let location = browser::window().location();
        let secure = location
            .protocol()
            .is_ok_and(|protocol| protocol == "https:");
        let scheme = if secure { "wss" } else { "ws" };
        let host = location.host().unwrap_or_default();
        let id = self.canvas_id;
        let resume = self.read(SessionState::resume_query);
        format!("{scheme}://{host}/api/v1/ws/canvas/{id}?client_type=browser&platform=web{resume}")
    }

    fn send(&self, message: ClientMessage) {
        self.socket.send(&ClientRequest {
            op_id: None,
            message,
        });
    }

    /// Saves and sends what may be sent.
    fn flush(&self) {
        self.flush_timer.replace(None);
        let mut state = self.state.borrow_mut();
        state.save();
        while let Some(request) = state.next_request(now_ms()) {
            if !self.socket.send(&request) {
                break;
            }
        }
    }

    fn flush_soon(self: &Rc<Self>) {
        let mut timer = self.flush_timer.borrow_mut();
        if timer.is_none() {
            let this = Rc::downgrade(self);
            *timer = Some(Timeout::new(STROKE_MS, move || {
                with(&this, |runtime| runtime.flush());
            }));
        }
    }

    /// Does not wait for the next attempt to connect.
    pub(super) fn reconnect_now(&self) {
        self.socket.reconnect();
    }
}

/// Describes this browser to the server.
fn hello() -> ClientMessage {
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
    ClientMessage::Hello {
        client_name: concat!("Stellar Canvas ", env!("CARGO_PKG_VERSION")).to_owned(),
        device,
    }
}

fn fetch_error(error: &ApiError) -> FetchError {
    match error.status() {
        Some(401 | 403) => FetchError::Forbidden,
        Some(404) => FetchError::NotFound,
        _ => FetchError::Unavailable,
    }
}

/// Why a connection is refused, from the answer to the same request over HTTP.
fn refusal_cause(error: Option<&ApiError>) -> RefusalCause {
    let Some(error) = error else {
        return RefusalCause::None;
    };
    match (error.status(), error.code()) {
        (Some(401), _) => RefusalCause::SignedOut,
        (_, "forbidden" | "canvas_not_found") => RefusalCause::NoAccess(fetch_error(error)),
        (_, "too_many_connections") => RefusalCause::TooManyConnections,
        (_, "overloaded") => RefusalCause::Overloaded,
        (Some(429), _) => RefusalCause::RateLimited,
        _ => RefusalCause::Unreachable {
            online: browser::is_online(),
        },
    }
}

pub(super) fn with(runtime: &Weak<SessionRuntime>, act: impl FnOnce(&Rc<SessionRuntime>)) {
    if let Some(runtime) = runtime.upgrade() {
        act(&runtime);
    }
}
