//! Keeps queued requests in the browser's local storage, so that they survive
//! a reload and a crash. One entry for each request, so that a stroke does not
//! rewrite the whole queue.
//!
//! Every page writes under its own mark and renews a stamp while it lives. A
//! new page adopts the requests of pages that live no more (no stamp, or an
//! old one). Should two pages adopt the same ones, nothing is lost: the
//! server applies an `op_id` once.

use crate::browser;
use shared::{
    ids::{CanvasId, OpId, UserId},
    protocol::{Request, decode},
};
use uuid::Uuid;

/// A page whose stamp is older than this is gone. Browsers wake a hidden
/// page's timers once a minute.
const STALE_MS: i64 = 75_000;
const PREFIX: &str = "stellar.";

/// Where this page keeps its requests.
#[derive(Debug)]
pub struct Keep {
    ops: String,
    page: Uuid,
}

impl Keep {
    /// For one user on one canvas.
    pub fn new(canvas: CanvasId, user: UserId) -> Self {
        let keep = Self {
            ops: format!("{PREFIX}op.{canvas}.{user}."),
            page: Uuid::new_v4(),
        };
        keep.stamp();
        keep
    }

    /// Says that this page lives. To be called every few seconds.
    pub fn stamp(&self) {
        browser::save(&stamp_key(self.page), &browser::now_ms().to_string());
    }

    /// Says that this page ends: others may adopt its requests at once.
    pub fn leave(&self) {
        browser::forget(&stamp_key(self.page));
    }

    /// Keeps a request. Where the browser has no room it is kept in memory
    /// only, which is all that can be done.
    pub fn put(&self, request: &Request) {
        let Some(id) = request.op_id else { return };
        if let Ok(frame) = serde_json::to_string(request) {
            browser::save(&self.op_key(id), &frame);
        }
    }

    /// The request is stored or refused.
    pub fn remove(&self, id: OpId) {
        browser::forget(&self.op_key(id));
    }

    /// Takes over the requests of pages that live no more, oldest first.
    pub fn adopt(&self) -> Vec<Request> {
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
            if page.is_some_and(|page| page != self.page && is_alive(page, now)) {
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

impl Drop for Keep {
    fn drop(&mut self) {
        self.leave();
    }
}

fn stamp_key(page: Uuid) -> String {
    format!("{PREFIX}page.{page}")
}

fn is_alive(page: Uuid, now: i64) -> bool {
    browser::load(&stamp_key(page))
        .and_then(|stamp| stamp.parse::<i64>().ok())
        .is_some_and(|stamp| (now - stamp).abs() < STALE_MS)
}
