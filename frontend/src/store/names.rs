//! The display names of everybody met, also of those who left: one value per
//! user, so that a new name notifies only the readers of that name.

use super::backend::{Backend, Signals, Var};
use leptos::prelude::Get;
use shared::ids::UserId;
use std::collections::HashMap;

/// The display names of everybody met, by user.
pub struct Names<B: Backend>(B::Var<HashMap<UserId, B::Entry<Option<String>>>>);

#[expect(
    clippy::expl_impl_clone_on_copy,
    reason = "derive would ask for `B: Clone`"
)]
impl Clone for Names<Signals> {
    fn clone(&self) -> Self {
        *self
    }
}

impl Copy for Names<Signals> {}

impl<B: Backend> Default for Names<B> {
    fn default() -> Self {
        Self(B::var(HashMap::new()))
    }
}

impl<B: Backend> Names<B> {
    /// The entry of a user; made if there is none, so that whoever asks for
    /// an unknown name is notified when it becomes known.
    fn entry(&self, user: UserId) -> B::Entry<Option<String>> {
        if let Some(entry) = self.0.with(|names| names.get(&user).cloned()) {
            return entry;
        }
        let entry = B::entry(None);
        let new = entry.clone();
        self.0.update_quietly(|names| {
            names.insert(user, new);
        });
        entry
    }

    /// Sets a user's name.
    pub fn set(&self, user: UserId, name: &str) {
        let entry = self.entry(user);
        if entry.with(|old| old.as_deref() != Some(name)) {
            entry.set(Some(name.to_owned()));
        }
    }

    /// Sets a user's name, unless one is known already.
    pub fn set_if_unknown(&self, user: UserId, name: &str) {
        let entry = self.entry(user);
        if entry.with(Option::is_none) {
            entry.set(Some(name.to_owned()));
        }
    }

    /// A user's name, if known. Not reactive.
    pub fn peek(&self, user: UserId) -> Option<String> {
        let entry = self.0.with(|names| names.get(&user).cloned());
        entry.and_then(|entry| entry.get())
    }
}

impl Names<Signals> {
    /// A user's name, if known. Reactive: changes with this name.
    pub fn get(self, user: UserId) -> Option<String> {
        Get::get(&self.entry(user))
    }
}
