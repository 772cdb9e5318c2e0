//! Runs the inbox's state machine in the page: owns the socket for pages without
//! a canvas and the timer, asks over HTTP, and carries out the
//! [`InboxEffect`]s. What anything means is decided in [`super::state`].

use super::{
    desktop,
    effect::{InboxEffect, Part},
    is_personal,
    state::{
        InboxState,
        sending::Posted,
        thread::{MessagePage, ReadError},
    },
};
use crate::{
    account,
    api::{self, ApiError},
    browser::{self, uptime_ms},
    lazy::{Chunks, LazyTask},
    socket::{self, Socket, SocketEvent},
    storage::LocalStorageOfPage,
    store::{Account, InboxStore, backend::Signals},
    tasks::Tasks,
};
use gloo_timers::callback::Interval;
use leptos::prelude::RwSignal;
use shared::{
    ids::{ConversationId, OpId, UserId},
    protocol::{ClientMessage, ClientRequest, ErrorCode, ServerMessage},
};
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};
use uuid::Uuid;

type Send = Rc<dyn Fn(ClientMessage)>;

/// The running inbox, as long as the application.
pub struct InboxRuntime {
    account: Account,
    tasks: Tasks,
    chunks: Chunks,
    /// See [`super::Inbox::go_to`].
    go_to: RwSignal<Option<String>>,
    socket: Socket,
    state: RefCell<InboxState<Signals>>,
    /// Sends on the connection of the open canvas, with the carrier's number.
    canvas: RefCell<Option<(u64, Send)>>,
    next_carrier: Cell<u64>,
    _ticker: Interval,
}

impl InboxRuntime {
    pub(super) fn new(
        store: InboxStore<Signals>,
        account: Account,
        tasks: Tasks,
        go_to: RwSignal<Option<String>>,
        chunks: Chunks,
    ) -> Rc<Self> {
        Rc::new_cyclic(|this: &Weak<Self>| {
            let (heard, tick) = (this.clone(), this.clone());
            let sink = move |event| with(&heard, |runtime| runtime.socket_event(event));
            let state = InboxState::new(
                store,
                Rc::new(LocalStorageOfPage),
                Box::new(Uuid::now_v7),
                uptime_ms(),
            );
            Self {
                account,
                tasks,
                chunks,
                go_to,
                socket: Socket::new(address, sink),
                state: RefCell::new(state),
                canvas: RefCell::default(),
                next_carrier: Cell::new(0),
                _ticker: Interval::new(1_000, move || {
                    with(&tick, |runtime| runtime.input(InboxState::tick));
                }),
            }
        })
    }

    pub(super) fn me(&self) -> Option<UserId> {
        self.state.borrow().me()
    }

    /// Passes an input to the state machine, with the time, and carries out what
    /// it asks for.
    pub(super) fn input<T>(
        self: &Rc<Self>,
        input: impl FnOnce(&mut InboxState<Signals>, i64) -> T,
    ) -> T {
        let (result, effects) = {
            let mut state = self.state.borrow_mut();
            (input(&mut state, uptime_ms()), state.take_effects())
        };
        for effect in effects {
            self.perform(effect);
        }
        result
    }

    fn perform(self: &Rc<Self>, effect: InboxEffect) {
        match effect {
            InboxEffect::OpenSocket => self.socket.open(),
            InboxEffect::CloseSocket => self.socket.close(),
            InboxEffect::Send(message) => self.send(message),
            effect => self.chunks.run(LazyTask::Inbox(Rc::clone(self), effect)),
        }
    }

    /// Carries out an effect that needs nothing at once.
    pub(crate) fn carry_out(self: &Rc<Self>, effect: InboxEffect) {
        match effect {
            InboxEffect::OpenSocket | InboxEffect::CloseSocket | InboxEffect::Send(_) => {}
            InboxEffect::FetchNotifications { cursor } => {
                let is_first = cursor.is_none();
                let request = async move { api::inbox::notifications(cursor.as_deref()).await };
                self.fetch(request, move |runtime, answer| {
                    let page = runtime.heard(answer).ok();
                    runtime.input(|state, _| state.notifications_received(page, is_first));
                });
            }
            InboxEffect::MarkRead(which) => {
                let request = async move { api::inbox::mark_read(&which).await };
                self.fetch(request, |runtime, answer| {
                    if runtime.heard(answer).is_err() {
                        runtime.input(|state, _| state.not_marked());
                    }
                });
            }
            InboxEffect::FetchConversations { cursor } => {
                let is_first = cursor.is_none();
                let request = async move { api::inbox::conversations(cursor.as_deref()).await };
                self.fetch(request, move |runtime, answer| {
                    let page = runtime.heard(answer).ok();
                    runtime.input(|state, _| state.conversations_received(page, is_first));
                });
            }
            InboxEffect::FetchMessages { conversation, part } => {
                self.fetch_messages(conversation, part);
            }
            InboxEffect::Post {
                conversation,
                op_id,
                text,
            } => self.post(conversation, op_id, text),
            InboxEffect::PostRead { conversation, seq } => {
                // Told again with the next message that is read.
                self.fetch(api::inbox::read_conversation(conversation, seq), |_, _| {});
            }
            InboxEffect::ProbeRefusal => self.fetch(api::probe_user_socket(), |runtime, answer| {
                if let Some(retry_after_ms) =
                    answer.as_ref().err().and_then(ApiError::retry_after_ms)
                {
                    runtime.socket.postpone(retry_after_ms);
                }
                if let Err(error) = &answer
                    && error.code() == "sanctioned"
                {
                    // Banned from the server; the next page tries again.
                    runtime.socket.close();
                }
                // Who is signed out is asked to sign in.
                drop(runtime.heard(answer));
            }),
            InboxEffect::RefreshToken => self.fetch(api::refresh(), |runtime, answer| {
                if let Ok(auth) = runtime.heard(answer) {
                    runtime.input(|state, now| state.token_received(auth, now));
                }
            }),
            InboxEffect::Alert(notification) => {
                desktop::alert(self.tasks, self.go_to, *notification);
            }
        }
    }

    /// Looks at an answer: it may tell that nobody is signed in any more.
    fn heard<T>(&self, answer: Result<T, ApiError>) -> Result<T, ApiError> {
        if let Err(error) = &answer
            && error.is_signed_out()
        {
            account::signed_out(self.account);
        }
        answer
    }

    fn fetch_messages(self: &Rc<Self>, id: ConversationId, part: Part) {
        let (before, after) = match part {
            Part::Newest => (None, None),
            Part::Before(seq) => (Some(seq), None),
            Part::After(seq) => (None, Some(seq)),
        };
        self.fetch(
            api::inbox::messages(id, before, after),
            move |runtime, answer| {
                let answer = match runtime.heard(answer) {
                    Ok(page) => Ok(MessagePage {
                        items: page.items,
                        has_more: page.next_cursor.is_some(),
                    }),
                    Err(error) if error.code() == "conversation_not_found" => {
                        Err(ReadError::Missing)
                    }
                    Err(_) => Err(ReadError::Unavailable),
                };
                runtime.input(|state, _| state.messages_received(id, part, answer));
            },
        );
    }

    fn post(self: &Rc<Self>, id: ConversationId, op_id: OpId, text: String) {
        let request = async move { api::inbox::post_message(id, op_id, &text).await };
        self.fetch(request, move |runtime, answer| {
            let outcome = match runtime.heard(answer) {
                Ok(message) => Posted::Stored(message),
                Err(error) => outcome_of(&error),
            };
            runtime.input(|state, now| state.posted(op_id, outcome, now));
        });
    }

    /// Awaits something, and goes on with the result.
    fn fetch<T: 'static>(
        self: &Rc<Self>,
        answer: impl Future<Output = T> + 'static,
        then: impl FnOnce(&Rc<Self>, T) + 'static,
    ) {
        let this = Rc::downgrade(self);
        self.tasks.spawn(async move {
            let answer = answer.await;
            with(&this, |runtime| then(runtime, answer));
        });
    }

    fn socket_event(self: &Rc<Self>, event: SocketEvent) {
        match event {
            SocketEvent::Connecting => self.input(|state, _| state.disconnected()),
            SocketEvent::Greeting(user) => self.greeted(user),
            SocketEvent::Message(message) => {
                self.input(|state, now| state.message_received(*message, now));
            }
            SocketEvent::Waiting { refused, .. } => {
                self.input(|state, _| state.disconnected());
                if refused {
                    self.perform(InboxEffect::ProbeRefusal);
                }
            }
            SocketEvent::Ended { reason } => {
                self.input(|state, _| state.disconnected());
                if matches!(&*reason, "token_expired" | "revoked") {
                    // Whether there is a session left, the server knows.
                    self.fetch(api::me(), |runtime, answer| {
                        if runtime.heard(answer).is_ok() {
                            runtime.socket.open();
                        }
                    });
                }
            }
        }
    }

    /// The socket without a canvas is connected, as this user.
    fn greeted(self: &Rc<Self>, user: UserId) {
        if self.me() == Some(user) {
            self.send(socket::hello());
            self.input(InboxState::connected);
            return;
        }
        // The cookie is another user's, whom the account learns of.
        self.socket.close();
        self.fetch(api::me(), |runtime, answer| {
            if let Ok(user) = runtime.heard(answer) {
                account::learned(runtime.account, user);
            }
        });
    }

    fn send(&self, message: ClientMessage) {
        let canvas = self
            .canvas
            .borrow()
            .as_ref()
            .map(|(_, send)| Rc::clone(send));
        if let Some(send) = canvas {
            send(message);
        } else {
            self.socket.send(&ClientRequest {
                op_id: None,
                message,
            });
        }
    }

    pub(super) fn carry(self: &Rc<Self>, send: Send) -> Carrier {
        let number = self.next_carrier.get();
        self.next_carrier.set(number + 1);
        self.canvas.replace(Some((number, send)));
        self.input(|state, _| {
            state.carried(true);
            // The former canvas's connection may have been live.
            state.disconnected();
        });
        Carrier {
            number,
            runtime: Rc::downgrade(self),
        }
    }
}

/// The connection of a canvas that carries the inbox's messages, until it is
/// dropped.
pub struct Carrier {
    number: u64,
    runtime: Weak<InboxRuntime>,
}

impl Carrier {
    /// The connection begins.
    pub fn connected(&self) {
        self.with(|runtime| runtime.input(InboxState::connected));
    }

    /// The connection ended; another one may follow.
    pub fn disconnected(&self) {
        self.with(|runtime| runtime.input(|state, _| state.disconnected()));
    }

    /// A message came on it. True if it concerns the inbox alone.
    pub fn takes(&self, message: &ServerMessage) -> bool {
        let is_personal = is_personal(message);
        if is_personal {
            let message = message.clone();
            self.with(|runtime| runtime.input(|state, now| state.message_received(message, now)));
        }
        is_personal
    }

    /// Calls `act` unless another canvas took its place.
    fn with(&self, act: impl FnOnce(&Rc<InboxRuntime>)) {
        with(&self.runtime, |runtime| {
            let is_current = runtime
                .canvas
                .borrow()
                .as_ref()
                .is_some_and(|(number, _)| *number == self.number);
            if is_current {
                act(runtime);
            }
        });
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.with(|runtime| {
            runtime.canvas.replace(None);
            runtime.input(|state, _| state.carried(false));
        });
    }
}

/// What an error says about a message that was sent.
fn outcome_of(error: &ApiError) -> Posted {
    let is_final =
        matches!(error.status(), Some(400..=499)) && !matches!(error.status(), Some(401 | 429));
    if is_final {
        let code = serde_json::from_value(error.code().into());
        return Posted::Refused(code.unwrap_or(ErrorCode::Other));
    }
    Posted::Postponed {
        retry_after_ms: error.retry_after_ms(),
        random: browser::random(),
    }
}

/// The URL of the socket without a canvas.
fn address() -> String {
    socket::url(api::USER_SOCKET, "")
}

fn with(runtime: &Weak<InboxRuntime>, act: impl FnOnce(&Rc<InboxRuntime>)) {
    if let Some(runtime) = runtime.upgrade() {
        act(&runtime);
    }
}
