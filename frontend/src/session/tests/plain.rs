//! Values in plain cells, and a storage in memory.

use crate::{
    session::pending_storage::KeyValueStorage,
    store::backend::{Backend, Var},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    sync::{Arc, RwLock},
};

/// Values without subscribers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain;

pub(crate) struct Value<T>(Arc<RwLock<T>>);

impl<T> Clone for Value<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Var<T> for Value<T> {
    fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.0.try_read().unwrap())
    }

    fn update(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.0.try_write().unwrap());
    }

    fn update_quietly(&self, change: impl FnOnce(&mut T)) {
        self.update(change);
    }

    fn set(&self, value: T) {
        self.update(|old| *old = value);
    }
}

impl Backend for Plain {
    type Var<T: Send + Sync + 'static> = Value<T>;
    type Entry<T: Send + Sync + 'static> = Value<T>;

    fn var<T: Send + Sync + 'static>(value: T) -> Value<T> {
        Value(Arc::new(RwLock::new(value)))
    }

    fn entry<T: Send + Sync + 'static>(value: T) -> Value<T> {
        Self::var(value)
    }
}

/// The local storage of one browser.
#[derive(Debug, Default)]
pub(crate) struct MemoryStorage {
    entries: RefCell<BTreeMap<String, String>>,
    /// No new entry fits.
    pub(crate) full: Cell<bool>,
    /// The browser's clock, which the simulation sets before each input.
    pub(crate) now: Cell<i64>,
    /// By how much somebody has set the clock, in milliseconds.
    pub(crate) clock_step: Cell<i64>,
}

impl MemoryStorage {
    /// How many requests are kept.
    pub(crate) fn requests(&self) -> usize {
        self.keys("stellar.op.").len()
    }
}

impl KeyValueStorage for MemoryStorage {
    fn load(&self, key: &str) -> Option<String> {
        self.entries.borrow().get(key).cloned()
    }

    fn save(&self, key: &str, value: &str) -> bool {
        if self.full.get() && !self.entries.borrow().contains_key(key) {
            return false;
        }
        self.entries
            .borrow_mut()
            .insert(key.to_owned(), value.to_owned());
        true
    }

    fn remove(&self, key: &str) {
        self.entries.borrow_mut().remove(key);
    }

    fn keys(&self, prefix: &str) -> Vec<String> {
        let entries = self.entries.borrow();
        let keys = entries.keys().filter(|key| key.starts_with(prefix));
        keys.cloned().collect()
    }

    fn clock(&self) -> i64 {
        self.now.get() + self.clock_step.get()
    }
}
