//! Runs the session's state machine in the page: owns the socket, the timers
//! and the window's listeners, passes on what happens with the time at which
//! it does, and carries out the [`Effect`]s. What anything means is decided in
//! [`super::state`].

use super::{
    effect::{Effect, MeAnswer},
    http_errors::{fetch_error, network, refusal_cause},
    living_pages::{self, PageLock},
    state::SessionState,
};
use crate::{
    account, api,
    browser::{self, Listener, uptime_ms},
    inbox::{Carrier, Inbox},
    lazy::{Chunks, LazyTask},
    socket::{self, Socket, SocketEvent},
    storage::LocalStorageOfPage,
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
pub struct SessionRuntime {
    canvas_id: CanvasId,
    chunks: Chunks,
    account: Account,
    inbox: Inbox,
    /// While the socket is to be open, it carries what concerns the inbox too.
    carrier: RefCell<Option<Carrier>>,
    socket: Socket,
    state: RefCell<SessionState<Signals>>,
    /// Messages that wait to be applied together, and the timer that does it.
    received: RefCell<Vec<ServerMessage>>,
    received_timer: RefCell<Option<Timeout>>,
    /// When they were applied last.
    applied_at: Cell<i64>,
    flush_timer: RefCell<Option<Timeout>>,
    snapshot_timer: RefCell<Option<Timeout>>,
    /// Requests over HTTP are cancelled when it is disposed of.
    owner: Option<WeakOwner>,
    /// Shows other pages that this one is open.
    page_lock: RefCell<Option<PageLock>>,
    /// Asks before the page is left, while something would be lost.
    leave_guard: RefCell<Option<Listener>>,
    _ticker: Interval,
    _listeners: Vec<Listener>,
}

impl SessionRuntime {
    pub(super) fn new(store: Store, account: Account, inbox: Inbox) -> Rc<Self> {
        Rc::new_cyclic(|this: &Weak<Self>| {
            let window = browser::window();
            let on =
                |target: &web_sys::EventTarget, event, handler: fn(&Rc<Self>, web_sys::Event)| {
                    let this = this.clone();
                    Listener::new(target, event, move |event| {
                        with(&this, |runtime| handler(runtime, event));
                    })
                };
            // Not when it is hidden: that follows `pagehide`.
            let wake: fn(&Rc<Self>, web_sys::Event) = |runtime, _| {
                if browser::is_visible() {
                    runtime.input(SessionState::heartbeat);
                }
            };
            let mut listeners = vec![
                on(&window, "pagehide", |runtime, _| {
                    runtime.input(|state, _| state.leave());
                    // With a lock the browser could not keep the page for Back.
                    runtime.page_lock.replace(None);
                }),
                on(&window, "pageshow", |runtime, _| {
                    runtime.input(SessionState::come_back);
                }),
                on(&window, "online", |runtime, _| {
                    runtime.input(|state, _| state.network_back());
                }),
            ];
            if let Some(document) = window.document() {
                for event in ["visibilitychange", "resume"] {
                    listeners.push(on(&document, event, wake));
                }
            }
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
                uptime_ms(),
            );
            Self {
                canvas_id: store.canvas_id,
                chunks: expect_context(),
                account,
                inbox,
                carrier: RefCell::default(),
                socket: Socket::new(address, sink),
                state: RefCell::new(state),
                received: RefCell::default(),
                received_timer: RefCell::default(),
                applied_at: Cell::new(0),
                flush_timer: RefCell::default(),
                snapshot_timer: RefCell::default(),
                owner: Owner::current().map(|owner| owner.downgrade()),
                page_lock: RefCell::default(),
                leave_guard: RefCell::default(),
                _ticker: Interval::new(1_000, move || {
                    with(&tick, |runtime| {
                        runtime.input(SessionState::tick);
                    });
                }),
                _listeners: listeners,
            }
        })
    }

    /// Has the browser ask whether to leave while something would be lost. Not
    /// longer: some browsers keep no page for Back that listens to this.
    fn guard(&self) {
        let is_needed = self.state.borrow().would_lose();
        if is_needed != self.leave_guard.borrow().is_some() {
            let guard = is_needed.then(|| {
                Listener::new(&browser::window(), "beforeunload", |event| {
                    event.prevent_default();
                })
            });
            self.leave_guard.replace(guard);
        }
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
            (input(&mut state, uptime_ms()), state.take_effects())
        };
        for effect in effects {
            self.perform(effect);
        }
        self.guard();
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
            Effect::SendHello => self.send(socket::hello()),
            Effect::Flush => self.flush(),
            Effect::FlushSoon => self.flush_soon(),
            Effect::OpenSocket => {
                self.carry();
                self.socket.open();
            }
            Effect::CloseSocket => {
                self.carrier.replace(None);
                self.socket.close();
            }
            Effect::Reconnect => self.fetch(std::future::ready(()), |runtime, ()| {
                runtime.socket.reconnect();
            }),
            Effect::ReconnectLater => self.fetch(std::future::ready(()), |runtime, ()| {
                runtime.socket.reconnect_later();
            }),
            Effect::PostponeConnect { retry_after_ms } => self.socket.postpone(retry_after_ms),
            Effect::HoldPage(page) => {
                self.page_lock.replace(Some(PageLock::hold(page)));
            }
            Effect::FindLivingPages => self.fetch(living_pages::find(), |runtime, living| {
                runtime.input(|state, now| state.recover_orphaned(living.as_deref(), now));
            }),
            Effect::FetchSnapshot => self.fetch(api::snapshot(id), |runtime, answer| {
                let network = network(answer.as_ref().err());
                let answer = answer.map_err(|error| fetch_error(&error));
                runtime.input(|state, now| state.snapshot_received(answer, network, now));
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
                let answer = match answer {
                    Ok(user) => MeAnswer::User(user),
                    Err(error) if error.is_signed_out() => MeAnswer::SignedOut,
                    Err(_) => MeAnswer::Unknown,
                };
                runtime.input(|state, _| state.me_received(answer));
            }),
            Effect::ProbeRefusal => self.fetch(api::probe_refusal(id), |runtime, answer| {
                let error = answer.err();
                let cause = refusal_cause(error.as_ref());
                let retry_after_ms = error.and_then(|error| error.retry_after_ms());
                runtime.input(|state, _| state.refusal_received(cause, retry_after_ms));
            }),
            Effect::RefreshToken => self.fetch(api::refresh(), |runtime, answer| {
                if let Ok(auth) = answer {
                    runtime.input(|state, now| state.token_received(auth, now));
                }
            }),
            effect @ (Effect::FetchActivity { .. }
            | Effect::FetchComments { .. }
            | Effect::FetchSanctions
            | Effect::FetchMembers) => {
                self.chunks
                    .run(LazyTask::Session(Rc::downgrade(self), effect));
            }
            Effect::SignedOut => account::signed_out(self.account),
            Effect::SignedIn(user) => account::learned(self.account, user),
            Effect::Answered { knows_user } => account::heard(self.account, knows_user),
        }
    }

    /// Carries out an effect that is not needed for the first picture.
    pub(crate) fn carry_out(self: &Rc<Self>, effect: Effect) {
        let id = self.canvas_id;
        match effect {
            Effect::FetchActivity { after } => {
                self.fetch(api::events(id, after), move |runtime, answer| {
                    let events = answer.as_ref().ok().map(|page| page.items.as_slice());
                    runtime.input(|state, _| state.activity_received(after, events));
                });
            }
            Effect::FetchComments { at, cursor } => {
                let page = async move { api::comments::of_cell(id, at, cursor.as_deref()).await };
                self.fetch(page, move |runtime, answer| {
                    runtime.input(|state, _| state.comments_received(at, answer.ok()));
                });
            }
            Effect::FetchSanctions => self.fetch(api::order::my_sanctions(), |runtime, answer| {
                let sanctions = answer.ok().map(|page| page.items);
                runtime.input(|state, now| state.sanctions_received(sanctions, now));
            }),
            Effect::FetchMembers => self.fetch(api::members(id), |runtime, answer| {
                if let Ok(members) = answer {
                    runtime.input(|state, _| state.members_received(&members.items));
                }
            }),
            effect => self.perform(effect),
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
                if let Some(carrier) = &*self.carrier.borrow() {
                    if carrier.takes(&message) {
                        return;
                    }
                    if matches!(*message, ServerMessage::Connected(_)) {
                        carrier.connected();
                    }
                }
                self.received.borrow_mut().push(*message);
                let elapsed = uptime_ms() - self.applied_at.get();
                // The timers of a hidden page are slow.
                if elapsed >= i64::from(BATCH_MS) || !browser::is_visible() {
                    self.apply_received();
                } else if self.received_timer.borrow().is_none() {
                    let this = Rc::downgrade(self);
                    let timer = Timeout::new(BATCH_MS, move || with(&this, Self::apply_received));
                    self.received_timer.replace(Some(timer));
                }
            }
            // Of connections without a canvas.
            SocketEvent::Greeting(_) => {}
            SocketEvent::Connecting => {
                self.told_disconnected();
                self.apply_received();
                self.input(|state, _| state.connecting());
            }
            SocketEvent::Waiting { retry_at, refused } => {
                self.told_disconnected();
                self.apply_received();
                let online = browser::is_online();
                self.input(|state, _| state.waiting(retry_at, refused, online));
            }
            SocketEvent::Ended { reason } => {
                self.carrier.replace(None);
                self.apply_received();
                self.input(|state, _| state.ended(&reason));
            }
        }
    }

    /// From now on this canvas's connection carries what concerns the inbox, as
    /// soon as there is one.
    pub(super) fn carry(self: &Rc<Self>) {
        if self.carrier.borrow().is_none() {
            let this = Rc::downgrade(self);
            let carrier = self.inbox.carry(move |message| {
                with(&this, |runtime| runtime.send(message));
            });
            self.carrier.replace(Some(carrier));
        }
    }

    fn told_disconnected(&self) {
        if let Some(carrier) = &*self.carrier.borrow() {
            carrier.disconnected();
        }
    }

    /// Applies the messages that came, in their order.
    fn apply_received(self: &Rc<Self>) {
        self.received_timer.replace(None);
        for message in self.received.take() {
            if self.input(|state, now| state.message_received(message, now)) {
                break;
            }
        }
        self.applied_at.set(uptime_ms());
    }

    /// The URL of an attempt to connect: resumes where this client is.
    fn address(&self) -> String {
        let id = self.canvas_id;
        let resume = self.read(SessionState::resume_query);
        socket::url(&format!("/ws/canvas/{id}"), &resume)
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
        while let Some(request) = state.next_request(uptime_ms()) {
            if !self.socket.send(&request) {
                break;
            }
        }
        drop(state);
        self.guard();
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

pub(super) fn with(runtime: &Weak<SessionRuntime>, act: impl FnOnce(&Rc<SessionRuntime>)) {
    if let Some(runtime) = runtime.upgrade() {
        act(&runtime);
    }
}
