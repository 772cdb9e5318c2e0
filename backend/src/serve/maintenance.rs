//! Periodic work: memory of caches, metrics and rate limits, and old rows.

use crate::{db::sessions, state::AppState};
use std::time::Duration;
use tokio::{task::JoinHandle, time};

/// Between two runs of what frees memory.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);
/// Between two deletions of expired sessions, tickets and audit entries.
const PURGE_INTERVAL: Duration = Duration::from_mins(10);

/// Spawns the task; abort it to stop.
pub(super) fn maintenance_loop(state: AppState) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut upkeep = time::interval(UPKEEP_INTERVAL);
        let mut purge = time::interval(PURGE_INTERVAL);
        loop {
            tokio::select! {
                _ = upkeep.tick() => {
                    state.metrics.upkeep();
                    state.auth.evict_expired().await;
                    state.sign_in_limits.evict_idle();
                    state.user_limits.evict_idle();
                    state.audit.evict_idle_limits();
                }
                _ = purge.tick() => {
                    if let Err(error) = sessions::purge(&state.pool, state.hub.clock().now()).await {
                        tracing::warn!(%error, "cannot delete expired sessions");
                    }
                    if let Err(error) = state.audit.purge().await {
                        tracing::warn!(%error, "cannot delete old audit entries");
                    }
                }
            }
        }
    })
}
