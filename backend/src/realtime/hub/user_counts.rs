//! How many users are on canvases that other nodes have open. Redis has whole rosters,
//! so that the count of a large one is kept for a moment.

use super::Hub;
use moka::sync::Cache;
use shared::ids::CanvasId;
use std::time::Duration;

/// How long a count is used.
const TTL: Duration = Duration::from_secs(1);
/// Rosters of fewer users are read each time.
const LARGE: usize = 20;
/// Counts that are kept at most.
const CAPACITY: u64 = 10_000;

/// The counts of large rosters that were read last.
pub(super) struct UserCounts(Cache<CanvasId, usize>);

impl UserCounts {
    pub(super) fn new() -> Self {
        Self(
            Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(TTL)
                .build(),
        )
    }
}

impl Hub {
    /// How many users are on each of these canvases, which have no room here; 0 while
    /// Redis is away.
    pub(super) async fn counts_on_other_nodes(&self, canvases: &[CanvasId]) -> Vec<usize> {
        if !self.inner.bus.is_shared() {
            return vec![0; canvases.len()];
        }
        let UserCounts(known) = &self.inner.user_counts;
        let counts: Vec<Option<usize>> = canvases.iter().map(|id| known.get(id)).collect();
        let missing: Vec<CanvasId> = canvases
            .iter()
            .zip(&counts)
            .filter(|(_, count)| count.is_none())
            .map(|(canvas, _)| *canvas)
            .collect();
        let mut rosters = self.active_on_other_nodes(&missing).await.into_iter();
        canvases
            .iter()
            .zip(counts)
            .map(|(canvas, count)| {
                count.unwrap_or_else(|| {
                    let users = rosters.next().map_or(0, |users| users.len());
                    if users >= LARGE {
                        known.insert(*canvas, users);
                    }
                    users
                })
            })
            .collect()
    }
}
