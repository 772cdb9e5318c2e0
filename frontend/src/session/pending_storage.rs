//! Keeps queued requests in the browser's local storage, so that they survive
//! a reload and a crash. One entry for each request, so that a stroke does not
//! rewrite the whole queue.
//!
//! Every page writes under its own mark and renews a stamp while it lives. The
//! other pages of the same person on the same canvas, open or new, adopt the
//! requests of pages that live no more (no stamp, or an old one). Should two
//! pages adopt the same ones, or a page sleep so long that it was taken for
//! dead, nothing is lost and nothing done twice: the server applies an `op_id`
//! once, and [`Keep::stamp`] tells who slept not to change its requests.

use crate::browser;
use shared::{
    ids::{CanvasId, OpId, UserId},
    protocol::{ClientRequest, decode},
};
use std::cell::Cell;
use uuid::Uuid;

/// A page whose stamp is older than this is gone. Browsers wake a hidden
/// page's timers once a minute.
const STALE_MS: i64 = 75_000;
const PREFIX: &str = "stellar.";

/// Where this page keeps its requests.
#[derive(Debug)]
pub struct PendingStorage {
    ops: String,
    page: Uuid,
    heartbeat_at: Cell<i64>,
}

impl PendingStorage {
    /// For one user on one canvas.
    pub fn new(canvas: CanvasId, user: UserId) -> Self {
        let storage = Self {
            ops: format!("{PREFIX}op.{canvas}.{user}."),
            page: Uuid::new_v4(),
            heartbeat_at: Cell::new(browser::now_ms()),
        };
        storage.heartbeat();
        storage
    }

    /// Says that this page lives. To be called every few seconds; false if it
    /// was so long ago that others may have adopted its requests.
    pub fn heartbeat(&self) -> bool {
        let now = browser::now_ms();
        browser::save(&heartbeat_key(self.page), &now.to_string());
        now - self.heartbeat_at.replace(now) < STALE_MS
    }

    /// Says that this page ends: others may adopt its requests at once.
    pub fn leave(&self) {
        browser::forget(&heartbeat_key(self.page));
    }

    /// Keeps a request; false where the browser has no room, so that it is in
    /// memory only.
    pub fn put(&self, request: &ClientRequest) -> bool {
        let Some(id) = request.op_id else {
            return false;
        };
        serde_json::to_string(request).is_ok_and(|json| browser::save(&self.op_key(id), &json))
    }

    /// The request is stored or refused.
    pub fn remove(&self, id: OpId) {
        browser::forget(&self.op_key(id));
    }

    /// Takes over the requests of pages that live no more, oldest first.
    pub fn recover_orphaned(&self) -> Vec<ClientRequest> {
        let now = browser::now_ms();
        let mut requests = Vec::new();
        for key in browser::keys(PREFIX) {
            if let Some(page) = key.strip_prefix("stellar.page.") {
                let alive = page.parse().is_ok_and(|page| is_alive(page, now));
                if !alive {
                    browser::forget(&key);
                }
                continue;
            }
            let Some(rest) = key.strip_prefix(&self.ops) else {
                continue;
            };
            let page = rest.split('.').next().and_then(|page| page.parse().ok());
            if page.is_some_and(|page| page == self.page || is_alive(page, now)) {
                continue;
            }
            let frame = browser::load(&key).unwrap_or_default();
            browser::forget(&key);
            if let Ok(request) = decode(&frame) {
                self.put(&request);
                requests.push(request);
            }
        }
        // Ids carry the time of their making.
        requests.sort_by_key(|request| request.op_id);
        requests
    }

    fn op_key(&self, id: OpId) -> String {
        format!("{}{}.{id}", self.ops, self.page)
    }
}

impl Drop for PendingStorage {
    fn drop(&mut self) {
        self.leave();
    }
}

fn heartbeat_key(page: Uuid) -> String {
    format!("{PREFIX}page.{page}")
}

fn is_alive(page: Uuid, now: i64) -> bool {
    browser::load(&heartbeat_key(page))
        .and_then(|heartbeat| heartbeat.parse::<i64>().ok())
        .is_some_and(|heartbeat| (now - heartbeat).abs() < STALE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::protocol::ClientMessage;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// Each test has a canvas of its own, since they share the storage.
    fn storage(canvas: i64) -> PendingStorage {
        PendingStorage::new(CanvasId(canvas), UserId(1))
    }

    fn like(x: i32) -> ClientRequest {
        ClientRequest {
            op_id: Some(OpId::from(Uuid::now_v7())),
            message: ClientMessage::TileLike {
                x,
                y: 0,
                liked: true,
            },
        }
    }

    fn ids(requests: &[ClientRequest]) -> Vec<Option<OpId>> {
        requests.iter().map(|request| request.op_id).collect()
    }

    #[test]
    fn only_what_a_dead_page_left_is_adopted_and_once() {
        let (closed, living, heir) = (storage(901), storage(901), storage(901));
        let (first, second, other) = (like(1), like(2), like(3));
        assert!(closed.put(&second) && closed.put(&first) && living.put(&other));
        assert!(heir.recover_orphaned().is_empty());
        closed.leave();
        let recovered = heir.recover_orphaned();
        assert_eq!(ids(&recovered), [first.op_id, second.op_id]);
        assert!(heir.recover_orphaned().is_empty());
        // Should the heir close too, the next one has them.
        heir.leave();
        assert_eq!(living.recover_orphaned().len(), 2);
        for id in [first.op_id, second.op_id, other.op_id]
            .into_iter()
            .flatten()
        {
            living.remove(id);
        }
    }

    #[test]
    fn nobody_adopts_what_another_person_said_or_meant_for_another_canvas() {
        let closed = storage(902);
        let request = like(1);
        assert!(closed.put(&request));
        closed.leave();
        assert!(storage(903).recover_orphaned().is_empty());
        assert!(
            PendingStorage::new(CanvasId(902), UserId(2))
                .recover_orphaned()
                .is_empty()
        );
        let heir = storage(902);
        assert_eq!(heir.recover_orphaned().len(), 1);
        request.op_id.into_iter().for_each(|id| heir.remove(id));
    }

    #[test]
    fn a_page_that_slept_is_told_so() {
        let storage = storage(904);
        assert!(storage.heartbeat());
        storage.heartbeat_at.set(browser::now_ms() - STALE_MS);
        assert!(!storage.heartbeat());
        assert!(storage.heartbeat());
    }

    #[test]
    fn a_full_storage_is_noticed() {
        let storage = storage(905);
        // More than any browser gives one site.
        let most = "x".repeat(4 * 1024 * 1024);
        let mut full = 0;
        while full < 16 && browser::save(&format!("filler.{full}"), &most) {
            full += 1;
        }
        let rest = "x".repeat(256 * 1024);
        let mut more = full;
        while more < 128 && browser::save(&format!("filler.{more}"), &rest) {
            more += 1;
        }
        let last = "x".repeat(64);
        while browser::save(&format!("filler.{more}"), &last) && more < 100_000 {
            more += 1;
        }
        let kept = storage.put(&like(1));
        for index in 0..=more {
            browser::forget(&format!("filler.{index}"));
        }
        assert!(!kept);
    }
}
