//! The task that runs one rewrite.

use super::{Task, batch_size, read_cells};
use crate::{
    cell_history::Rules,
    cell_log::HeldPermit,
    db::{self, Pool, access::Standing},
    realtime::{Hub, Identity, Operation, RewriteBatch, UNKNOWN_ACL, Write, WriteError},
};
use shared::{
    api::rewrites::{RewriteKind, RewriteState},
    ids::RewriteId,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Semaphore,
    time::{Instant, interval, sleep},
};

/// Between two heartbeats.
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(500);
/// A rewrite whose node was silent for so long counts as stopped, in milliseconds.
pub(crate) const MAX_SILENCE_MS: i32 = 4_000;
/// How long a batch is tried again while the database is away or the queue is full.
const RETRY_TIMEOUT: Duration = Duration::from_secs(30);
/// The pause before each time.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// A rewrite that was stored as running.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) id: RewriteId,
    pub(crate) kind: RewriteKind,
    pub(crate) task: Task,
    pub(crate) needs_moderator: bool,
    pub(crate) identity: Identity,
    /// The cells to change, as `canvas_events.tile` names them.
    pub(crate) cells: Vec<i32>,
}

/// Runs a rewrite to its end, or until it is stopped or refused. Each batch waits for one of the
/// `permits`, which all rewrites share.
pub(crate) async fn run(hub: Hub, pool: Pool, permits: Arc<Semaphore>, job: Job) {
    let beats = async {
        let mut ticks = interval(HEARTBEAT_INTERVAL);
        loop {
            ticks.tick().await;
            if let Err(error) = db::rewrites::heartbeat(&pool, job.id).await {
                tracing::debug!(%error, "a rewrite cannot tell that it is running");
            }
        }
    };
    let changed = tokio::select! {
        changed = change_cells(&hub, &pool, &permits, &job) => changed,
        () = beats => Ok(()),
    };
    let state = match changed {
        Ok(()) => RewriteState::Done,
        Err(error) => {
            tracing::info!(rewrite = %job.id, %error, "a rewrite was stopped");
            RewriteState::Stopped
        }
    };
    let give_up = Instant::now() + RETRY_TIMEOUT;
    while let Err(error) = db::rewrites::end(&pool, job.id, state).await {
        if Instant::now() > give_up {
            tracing::warn!(rewrite = %job.id, %error, "a rewrite ended, but could not be told so");
            return;
        }
        sleep(RETRY_PAUSE).await;
    }
}

async fn change_cells(
    hub: &Hub,
    pool: &Pool,
    permits: &Arc<Semaphore>,
    job: &Job,
) -> Result<(), WriteError> {
    let mut rules = Rules::new();
    let batch_size = batch_size(job.task.tile_size);
    let mut rest = job.cells.as_slice();
    while !rest.is_empty() {
        let cells = &rest[..batch_size.min(rest.len())];
        let give_up = Instant::now() + RETRY_TIMEOUT;
        loop {
            // The histories of the cells are in memory until the batch is written.
            let Ok(permit) = permits.clone().acquire_owned().await else {
                return Err(WriteError::Unavailable);
            };
            let permit: HeldPermit = Arc::new(permit);
            let (batch, count) = match read_batch(pool, job, cells, &mut rules, &permit).await {
                Ok(read) => read,
                Err(error) if Instant::now() > give_up || !error.is_unavailable() => {
                    tracing::warn!(rewrite = %job.id, %error, "the cells of a rewrite cannot be read");
                    return Err(WriteError::Unavailable);
                }
                Err(_) => {
                    drop(permit);
                    sleep(RETRY_PAUSE).await;
                    continue;
                }
            };
            let write = Write {
                identity: job.identity.clone(),
                role: job.task.role,
                acl_version: UNKNOWN_ACL,
                sanctions: None,
                standing: Standing::default(),
                op_id: None,
                operation: Operation::Rewrite(Arc::new(batch)),
            };
            let written = hub.write(job.task.canvas, write).await;
            drop(permit);
            match written {
                Ok(_) => {
                    rest = &rest[count..];
                    break;
                }
                Err(WriteError::Busy | WriteError::Unavailable) if Instant::now() < give_up => {
                    // Cells that were changed all the same are left out the next time.
                    sleep(RETRY_PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// The first of these cells, and how many they are.
async fn read_batch(
    pool: &Pool,
    job: &Job,
    cells: &[i32],
    rules: &mut Rules,
    permit: &HeldPermit,
) -> db::Result<(RewriteBatch, usize)> {
    let head = db::rewrites::head(pool, job.task.canvas).await?;
    let head = head.unwrap_or_default();
    let mut read = read_cells(pool, &job.task, cells, head, rules, permit).await?;
    read.cells.retain(|cell| !cell.history.has_rewrite(job.id));
    let batch = RewriteBatch {
        rewrite: job.id,
        kind: job.kind,
        rule: job.task.rule.clone(),
        rules: rules.clone(),
        needs_moderator: job.needs_moderator,
        head,
        cells: read.cells,
    };
    Ok((batch, read.count))
}
