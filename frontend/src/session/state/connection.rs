//! Signing in and out, the socket's events, and why there is no connection.

use super::{SessionState, receive::FollowUp};
use crate::{
    model::connection::{
        ConnectionProblem, ConnectionStatus, EndReason, LoadFailure, LoadState, SignIn,
    },
    session::effect::{Effect, FetchError, MeAnswer, RefusalCause},
    store::backend::{Backend, Var},
};
use shared::protocol::{ClientMessage, ServerMessage};
use std::collections::HashMap;

/// Refused connections in a row, while HTTP is not refused, after which
/// something on the way must block WebSockets.
const BLOCKED_UPGRADES: u32 = 3;
/// Connections as somebody else in a row, after which the tab gives up.
const MAX_FOREIGN_CONNECTIONS: u32 = 5;

impl<B: Backend> SessionState<B> {
    /// Somebody signed in or out.
    pub fn signed(&mut self, sign_in: SignIn, now: i64) {
        match sign_in {
            SignIn::Unknown => {}
            SignIn::SignedOut => {
                self.effects.push(Effect::CloseSocket);
                self.disconnected();
                self.store.connection_problem.set(None);
                self.store.connection.set(ConnectionStatus::SignedOut);
                if self.store.load.get() == LoadState::Loading {
                    self.fetch_snapshot();
                }
            }
            SignIn::SignedIn(user) => {
                let before = self.user.as_ref().map(|user| user.id);
                let other = before != Some(user.id);
                let renamed = self
                    .user
                    .as_ref()
                    .is_some_and(|old| old.display_name != user.display_name);
                self.sign_in(user, now);
                if other && before.is_some() {
                    // The connection is the former user's.
                    self.effects.push(Effect::CloseSocket);
                    self.disconnected();
                }
                if !other && self.live {
                    if renamed {
                        // Others learn a name when its bearer connects.
                        self.effects.push(Effect::Reconnect);
                    }
                    return;
                }
                // Only who is signed in has a role: the snapshot may have been
                // read as this user before the page knew who that is.
                let is_theirs = before.is_none() && self.has_role();
                if other && !is_theirs {
                    // The snapshot is as somebody else may see it.
                    self.seq.reset();
                }
                self.store.connection.set(ConnectionStatus::Connecting);
                if self.seq.resume_point().is_some() {
                    self.effects.push(Effect::OpenSocket);
                } else {
                    self.fetch_snapshot();
                }
            }
        }
    }

    /// Whether the canvas was read by somebody with a role.
    fn has_role(&self) -> bool {
        self.store
            .canvas
            .with(|canvas| canvas.as_ref().is_some_and(|canvas| canvas.role.is_some()))
    }

    /// A message came. True if the connection ends with it, so that the
    /// messages after it are of no use: the next connection brings them.
    pub fn message_received(&mut self, message: ServerMessage, now: i64) -> bool {
        let open = self.store.editing.get();
        let greeting = matches!(message, ServerMessage::Connected(_));
        let next = self.receive(message, now);
        if next == FollowUp::Identify {
            self.identify();
            return true;
        }
        if let (Some(at), None) = (open, self.store.editing.get()) {
            // The tile was taken from this tab; others need not wait for it.
            self.announce_editing(at, false);
        }
        if greeting {
            self.greet();
        }
        self.follow(next);
        next == FollowUp::Reconnect
    }

    /// The server takes this tab for somebody else: asks who is signed in, and
    /// sends nothing before that is known.
    pub(super) fn identify(&mut self) {
        self.effects.push(Effect::CloseSocket);
        self.disconnected();
        self.foreign_connections += 1;
        self.store.connection.set(ConnectionStatus::Connecting);
        self.effects.push(Effect::FetchMe);
    }

    /// The first messages on a new connection.
    fn greet(&mut self) {
        self.effects.push(Effect::SendHello);
        if let Some(status) = self.status.clone() {
            self.send(ClientMessage::UserPresence(status));
        }
        if let Some(at) = self.store.editing.get() {
            if self.store.permits_drawing() {
                self.announce_editing(at, true);
            } else {
                // The role was taken away while there was no connection.
                self.store.editing.set(None);
            }
        }
    }

    /// An attempt to connect begins.
    pub fn connecting(&mut self) {
        self.disconnected();
        self.store.connection.set(ConnectionStatus::Connecting);
    }

    /// There is no connection; the next attempt starts at `retry_at`. It was
    /// `refused` if the last attempt never opened.
    pub fn waiting(&mut self, retry_at: i64, refused: bool, online: bool) {
        self.disconnected();
        self.wait(retry_at, online);
        if refused {
            self.effects.push(Effect::ProbeRefusal);
        }
    }

    pub(super) fn wait(&mut self, retry_at: i64, online: bool) {
        if !online {
            self.store
                .connection_problem
                .set(Some(ConnectionProblem::Offline));
        }
        self.store.connection.set(ConnectionStatus::Waiting {
            retry_at,
            offline: !online,
        });
    }

    /// There is no connection any more: what was sent is sent again later.
    fn disconnected(&mut self) {
        self.live = false;
        self.queue.disconnected();
        self.save();
    }

    /// HTTP told why the server refuses to connect, and for how long.
    pub fn refusal_received(&mut self, cause: RefusalCause, retry_after_ms: Option<u32>) {
        if self.live {
            return;
        }
        if let Some(retry_after_ms) = retry_after_ms {
            self.effects
                .push(Effect::PostponeConnect { retry_after_ms });
        }
        let problem = match cause {
            RefusalCause::None => {
                // A server that comes back refuses once, and then no more.
                self.blocked_upgrades += 1;
                let is_blocked = self.blocked_upgrades >= BLOCKED_UPGRADES;
                is_blocked.then_some(ConnectionProblem::Blocked)
            }
            RefusalCause::Blocked => Some(ConnectionProblem::Blocked),
            RefusalCause::WrongAddress => Some(ConnectionProblem::WrongAddress),
            RefusalCause::RateLimited => None,
            RefusalCause::SignedOut => {
                self.effects.push(Effect::FetchMe);
                None
            }
            RefusalCause::NoAccess(error) => {
                if let Some(failure) = load_failure(error) {
                    self.fail(failure);
                }
                None
            }
            RefusalCause::Banned => {
                self.banned();
                None
            }
            RefusalCause::NoGuests { must_register } => {
                self.effects.push(Effect::CloseSocket);
                self.end(if must_register {
                    EndReason::MustRegister
                } else {
                    EndReason::NoGuests
                });
                None
            }
            RefusalCause::TooManyConnections => Some(ConnectionProblem::TooMany),
            RefusalCause::Overloaded => Some(ConnectionProblem::Full),
            RefusalCause::Unreachable { online: true } => Some(ConnectionProblem::Away),
            RefusalCause::Unreachable { online: false } => Some(ConnectionProblem::Offline),
        };
        self.store.connection_problem.set(problem);
    }

    /// The canvas cannot be shown, or, where it is shown already, not kept up
    /// to date any more.
    pub(super) fn fail(&mut self, failure: LoadFailure) {
        self.effects.push(Effect::CloseSocket);
        if self.store.load.get() != LoadState::Ready {
            self.store.load.set(LoadState::Failed(failure));
            return;
        }
        self.end(match failure {
            LoadFailure::Forbidden => EndReason::NoAccess,
            LoadFailure::NotFound => EndReason::CanvasDeleted,
        });
    }

    /// The server closed the connection with a reason after which the socket
    /// does not reconnect by itself.
    pub fn ended(&mut self, reason: &str) {
        self.end(match reason {
            "token_expired" | "revoked" => {
                self.disconnected();
                self.store.connection.set(ConnectionStatus::Connecting);
                self.effects.push(Effect::FetchMe);
                return;
            }
            "kicked" => EndReason::Kicked,
            "banned" => return self.banned(),
            "canvas_deleted" => EndReason::CanvasDeleted,
            "rate_limited" => EndReason::RateLimited,
            _ => EndReason::Other,
        });
    }

    /// Nothing comes from the server any more; the board stays as it is.
    pub(super) fn end(&mut self, reason: EndReason) {
        self.disconnected();
        self.store.connection_problem.set(None);
        let status = ConnectionStatus::Ended(reason);
        self.store.connection.set(status);
        if status.is_over() {
            // What is drawn now would never be stored, and nobody moves here.
            self.store.editing.set(None);
            self.store.cursors.update(HashMap::clear);
        }
    }

    /// Who is signed in, asked for when that was in doubt.
    pub fn me_received(&mut self, answer: MeAnswer) {
        match answer {
            MeAnswer::User(user) if !self.is_me(user.id) => {
                self.foreign_connections = 0;
                self.effects.push(Effect::SignedIn(user));
            }
            MeAnswer::SignedOut => self.effects.push(Effect::SignedOut),
            // Something on the way mixes up who is who.
            MeAnswer::User(_) if self.foreign_connections > MAX_FOREIGN_CONNECTIONS => {
                self.end(EndReason::Other);
            }
            // Whose connection the next one is, it will say itself.
            MeAnswer::User(_) | MeAnswer::Unknown => self.effects.push(Effect::OpenSocket),
        }
    }
}

/// Whether an error means that the canvas cannot be shown at all.
pub(super) fn load_failure(error: FetchError) -> Option<LoadFailure> {
    match error {
        FetchError::Forbidden => Some(LoadFailure::Forbidden),
        FetchError::NotFound => Some(LoadFailure::NotFound),
        FetchError::Unavailable | FetchError::Blocked => None,
    }
}
