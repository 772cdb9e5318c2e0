//! People whom this user hides: their pointers, typing and mentions are not
//! shown; the chat leaves out their messages itself, so that they are there
//! again when they are shown again.

use super::SessionState;
use crate::store::backend::{Backend, Var};
use shared::ids::UserId;
use std::collections::HashSet;

impl<B: Backend> SessionState<B> {
    /// Hides a person in this tab, or shows them again.
    pub fn hide(&mut self, user: UserId, hidden: bool) {
        let mut all = self.store.hidden.get();
        let is_new = if hidden {
            all.insert(user)
        } else {
            all.remove(&user)
        };
        if is_new {
            self.set_hidden(all);
        }
    }

    /// Hides these people and nobody else.
    pub(super) fn set_hidden(&mut self, hidden: HashSet<UserId>) {
        self.store.hidden.set_if_changed(hidden);
        self.store.hidden.with(|hidden| {
            let is_hidden = |user: UserId| hidden.contains(&user);
            let cursors = &self.store.cursors;
            if cursors.with(|all| all.keys().any(|user| is_hidden(*user))) {
                cursors.update(|all| all.retain(|user, _| !is_hidden(*user)));
            }
            let points = |by: &Option<(UserId, String)>| {
                by.as_ref().is_some_and(|(user, _)| is_hidden(*user))
            };
            let highlights = &self.store.highlights;
            if highlights.with(|all| all.iter().any(|one| points(&one.by))) {
                highlights.update(|all| all.retain(|one| !points(&one.by)));
            }
            for user in hidden {
                self.store.people.typing(*user, false);
            }
        });
    }

    /// Whether this user hides somebody.
    pub(super) fn is_hidden(&self, user: UserId) -> bool {
        self.store.hidden.with(|hidden| hidden.contains(&user))
    }
}
