//! The storage that all pages of one browser share, behind a trait, so that
//! what is kept in it is tested without a browser.

use crate::browser;

/// A key-value storage.
pub trait KeyValueStorage {
    /// The value of a key.
    fn load(&self, key: &str) -> Option<String>;
    /// Sets a value; false if there is no room.
    fn save(&self, key: &str, value: &str) -> bool;
    /// Removes a key.
    fn remove(&self, key: &str);
    /// The keys that begin with `prefix`.
    fn keys(&self, prefix: &str) -> Vec<String>;
    /// The clock that all its pages share, in milliseconds since 1970. It may
    /// be set at any moment.
    fn clock(&self) -> i64;
}

/// The browser's local storage.
pub struct LocalStorageOfPage;

impl KeyValueStorage for LocalStorageOfPage {
    fn load(&self, key: &str) -> Option<String> {
        browser::load(key)
    }

    fn save(&self, key: &str, value: &str) -> bool {
        browser::save(key, value)
    }

    fn remove(&self, key: &str) {
        browser::remove(key);
    }

    fn keys(&self, prefix: &str) -> Vec<String> {
        browser::keys(prefix)
    }

    fn clock(&self) -> i64 {
        browser::now_ms()
    }
}
