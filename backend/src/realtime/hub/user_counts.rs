//! How many users are on canvases that other nodes have open. Redis has whole rosters,
//! so that a count is kept for a moment, and read once for all who ask meanwhile.

use super::Hub;
use moka::sync::Cache;
use shared::ids::CanvasId;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a count is used.
const TTL: Duration = Duration::from_secs(1);
/// Counts that are kept at most.
const CAPACITY: u64 = 10_000;

/// The counts that were read last.
pub(super) struct UserCounts {
    known: Cache<CanvasId, usize>,
    /// Held while counts are read.
    reading: Mutex<()>,
}

impl UserCounts {
    pub(super) fn new() -> Self {
        Self {
            known: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(TTL)
                .build(),
            reading: Mutex::default(),
        }
    }

    fn missing(&self, canvases: &[CanvasId]) -> Vec<CanvasId> {
        let is_missing = |canvas: &CanvasId| self.known.get(canvas).is_none();
        canvases.iter().copied().filter(is_missing).collect()
    }
}

impl Hub {
    /// How many users are on each of these canvases, which have no room here; 0 while
    /// Redis is away.
    pub(super) async fn counts_on_other_nodes(&self, canvases: &[CanvasId]) -> Vec<usize> {
        if !self.inner.bus.is_shared() {
            return vec![0; canvases.len()];
        }
        let counts = &self.inner.user_counts;
        if !counts.missing(canvases).is_empty() {
            let _reading = counts.reading.lock().await;
            let missing = counts.missing(canvases);
            let users = self.active_on_other_nodes(&missing).await;
            for (canvas, users) in missing.into_iter().zip(users) {
                counts.known.insert(canvas, users.len());
            }
        }
        let known = |canvas: &CanvasId| counts.known.get(canvas).unwrap_or(0);
        canvases.iter().map(known).collect()
    }
}
