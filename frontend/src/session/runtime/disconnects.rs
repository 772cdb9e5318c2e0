//! What keeps a connection from coming to be, ends it for good, or takes what
//! this user may do: found out, and told.

use super::{SessionRuntime, with};
use crate::{
    api::{self, ApiError},
    browser,
    store::{Connection, End, Failure, Load, SignIn, Trouble},
};
use leptos::{prelude::*, task::spawn_local};
use shared::canvas::Role;
use std::{collections::HashMap, rc::Rc};

impl SessionRuntime {
    /// A connect failed, and browsers do not say why: ask over HTTP.
    pub(super) fn ask_why(self: &Rc<Self>) {
        let this = Rc::downgrade(self);
        let id = self.store.canvas_id;
        spawn_local(async move {
            let answer = api::probe_refusal(id).await;
            with(&this, |inner| {
                if inner.state.borrow().live {
                    return;
                }
                let trouble = match &answer {
                    Ok(()) => None,
                    Err(error) => match (error.status(), error.code()) {
                        (Some(401), _) => {
                            inner.account.sign_in.set(SignIn::SignedOut);
                            None
                        }
                        (_, "forbidden" | "canvas_not_found") => {
                            if let Some(failure) = failure(error) {
                                inner.fail(failure);
                            }
                            None
                        }
                        (_, "too_many_connections") => Some(Trouble::TooMany),
                        (_, "overloaded") => Some(Trouble::Full),
                        (Some(429), _) => None,
                        _ if browser::is_online() => Some(Trouble::Away),
                        _ => Some(Trouble::Offline),
                    },
                };
                inner.store.trouble.set(trouble);
            });
        });
    }

    /// The canvas cannot be shown, or, where it is shown already, not kept up
    /// to date any more.
    pub(super) fn fail(self: &Rc<Self>, failure: Failure) {
        self.socket.close();
        if self.store.load.get_untracked() != Load::Ready {
            self.store.load.set(Load::Failed(failure));
            return;
        }
        self.end(match failure {
            Failure::Forbidden => End::NoAccess,
            Failure::NotFound => End::CanvasDeleted,
        });
    }

    /// Nothing comes from the server any more, and the board stays as it is.
    fn end(&self, end: End) {
        self.down();
        self.store.trouble.set(None);
        self.store.connection.set(Connection::Ended(end));
        if untrack(|| self.store.is_over()) {
            // What is drawn now would never be stored, and nobody moves here.
            self.store.editing.set(None);
            self.store.cursors.update(HashMap::clear);
        }
    }

    /// The server ended the connection for good.
    pub(super) fn ended(self: &Rc<Self>, reason: &str) {
        let end = match reason {
            "token_expired" | "revoked" => {
                self.down();
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
        self.end(end);
    }

    /// What this user may do here; one who may not draw lets go of the tile.
    pub(super) fn role(&self, role: Role) {
        self.state.borrow_mut().role(role);
        if role < Role::Editor
            && let Some(at) = self.store.editing.get_untracked()
        {
            self.store.editing.set(None);
            self.say_editing(at, false);
        }
    }
}

/// Whether an error means that the canvas cannot be shown at all.
pub(super) fn failure(error: &ApiError) -> Option<Failure> {
    match error.status() {
        Some(401 | 403) => Some(Failure::Forbidden),
        Some(404) => Some(Failure::NotFound),
        _ => None,
    }
}
