//! Fills in older events of the log, slowly, so that nobody notices.

use crate::db::{
    Pool, Result,
    event_backfill::{Indexes, create_indexes, fill_some, vacuum},
};
use std::time::{Duration, Instant};
use tokio::{
    task::JoinHandle,
    time::{self, MissedTickBehavior},
};

/// Between two polls for events that a server of the version before wrote.
const INTERVAL: Duration = Duration::from_mins(1);
/// After this many events the table is cleaned up.
const VACUUM_AFTER: i64 = 10_000;
/// The shortest pause after a batch.
const MIN_PAUSE: Duration = Duration::from_millis(5);

/// Spawns the task; abort it to stop.
pub(in crate::serve) fn backfill_loop(pool: Pool) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut interval = time::interval(INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            match backfill(&pool).await {
                Ok(()) => {}
                Err(error) if error.is_unavailable() => {
                    tracing::debug!(%error, "the log's events are filled in later");
                }
                Err(error) => tracing::warn!(%error, "cannot fill in the log's events"),
            }
        }
    })
}

/// Fills in all events that are incomplete now. After each batch everybody else has the
/// database for twice as long as the batch took.
async fn backfill(pool: &Pool) -> Result<()> {
    if create_indexes(pool).await? == Indexes::Busy {
        return Ok(());
    }
    let mut position = None;
    let mut filled = 0;
    loop {
        let begun = Instant::now();
        position = fill_some(pool, position).await?;
        let Some(reached) = position else { break };
        filled = reached.filled;
        time::sleep((begun.elapsed() * 2).max(MIN_PAUSE)).await;
    }
    if filled > 0 {
        tracing::info!(filled, "filled in older events of the log");
    }
    if filled >= VACUUM_AFTER {
        vacuum(pool).await?;
    }
    Ok(())
}
