//! Group commit: one transaction carries out a batch of durable requests. Called by
//! the task that a room starts for each batch; nothing is delivered before the
//! commit. Knows nothing of rooms and members.

mod chat;
mod decide;
mod load;
mod plan;

use super::{
    cluster_message::LockChange,
    ring::Event,
    write::{Done, Write, WriteError},
};
use crate::db::{self, ConnectionCache, DbError};
use chrono::{DateTime, Utc};
use plan::Plan;
use shared::ids::{CanvasId, ConnectionId};
use sqlx::{Connection, PgConnection};
use std::time::{Duration, Instant};
use tokio::time::timeout_at;

/// The most requests in one transaction.
pub(crate) const BATCH: usize = 64;
/// A batch is complete once its requests have this many bytes.
pub(crate) const BATCH_BYTES: usize = 96 * 1024;
/// A transaction that takes longer counts as failed, and the database as away.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(5);

/// A durable request, and the connection that sent it unless it came over HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) write: Write,
    pub(crate) connection: Option<ConnectionId>,
}

/// The result of a request that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    /// For the reply.
    pub(crate) done: Done,
    /// The index of its event in [`Committed::events`]; `None` if it made none.
    pub(crate) event: Option<usize>,
}

/// A committed transaction.
#[derive(Debug, Default)]
pub(crate) struct Committed {
    /// The head of the log before it: all events up to here were committed earlier.
    pub(crate) base: i64,
    /// The new events, which follow `base` without a gap.
    pub(crate) events: Vec<Event>,
    /// The result of each request, in order.
    pub(crate) results: Vec<Result<Applied, WriteError>>,
    /// Tile locks that were taken, renewed or released.
    pub(crate) locks: Vec<LockChange>,
}

/// Why a transaction failed. It may have been committed all the same.
#[derive(Debug)]
enum Failure {
    /// The database is unreachable, or did not answer in time.
    Away,
    /// The database refused a statement.
    Broken,
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        if error.is_unavailable() {
            tracing::warn!(%error, "a write found the database away");
            Self::Away
        } else {
            tracing::error!(%error, "a write was refused by the database");
            Self::Broken
        }
    }
}

/// Carries out a batch. A request that fails its checks fails alone; if the database
/// refuses the batch, its requests are tried one by one.
pub(crate) async fn commit(
    connection_cache: &ConnectionCache,
    canvas: CanvasId,
    requests: &[Request],
) -> Committed {
    match attempt(connection_cache, canvas, requests).await {
        Ok(committed) => committed,
        Err(Failure::Away) => fail(requests, &WriteError::Unavailable),
        Err(Failure::Broken) if requests.len() == 1 => fail(requests, &WriteError::Internal),
        Err(Failure::Broken) => {
            let mut all = Committed::default();
            for (place, request) in requests.iter().enumerate() {
                let one = match attempt(connection_cache, canvas, std::slice::from_ref(request))
                    .await
                {
                    Ok(one) => one,
                    Err(Failure::Away) => fail(&requests[place..=place], &WriteError::Unavailable),
                    Err(Failure::Broken) => fail(&requests[place..=place], &WriteError::Internal),
                };
                all.append(one);
            }
            all
        }
    }
}

fn fail(requests: &[Request], error: &WriteError) -> Committed {
    Committed {
        results: vec![Err(error.clone()); requests.len()],
        ..Committed::default()
    }
}

impl Committed {
    /// Appends a later transaction of the same batch.
    fn append(&mut self, later: Self) {
        if self.events.is_empty() {
            self.base = later.base;
        }
        let shift = self.events.len();
        self.results.extend(later.results.into_iter().map(|result| {
            result.map(|applied| Applied {
                event: applied.event.map(|event| event + shift),
                ..applied
            })
        }));
        self.events.extend(later.events);
        self.locks.extend(later.locks);
    }
}

async fn attempt(
    connection_cache: &ConnectionCache,
    canvas: CanvasId,
    requests: &[Request],
) -> Result<Committed, Failure> {
    let deadline = Instant::now() + COMMIT_TIMEOUT;
    let mut connection = connection_cache.acquire().await?;
    let transaction = transact(&mut connection, canvas, requests);
    let outcome = timeout_at(deadline.into(), transaction).await;
    let failure = match outcome {
        Ok(Ok(committed)) => {
            connection_cache.put(connection);
            return Ok(committed);
        }
        Ok(Err(error)) => Failure::from(error),
        Err(_) => {
            tracing::warn!(%canvas, "the database did not answer a write in time");
            Failure::Away
        }
    };
    if matches!(failure, Failure::Away) {
        // The next transaction starts with another connection.
        connection.close_on_drop();
        connection_cache.invalidate();
    }
    Err(failure)
}

async fn transact(
    connection: &mut PgConnection,
    canvas: CanvasId,
    requests: &[Request],
) -> db::Result<Committed> {
    if let Some(messages) = chat::messages(canvas, requests)
        && let Some(committed) = chat::commit(connection, canvas, &messages).await?
    {
        return Ok(committed);
    }
    let mut transaction = connection.begin().await?;
    let Some(plan) = write(&mut transaction, canvas, requests).await? else {
        return Ok(fail(requests, &WriteError::CanvasNotFound));
    };
    transaction.commit().await?;
    Ok(plan.into_committed())
}

async fn write(
    connection: &mut PgConnection,
    canvas: CanvasId,
    requests: &[Request],
) -> db::Result<Option<Plan>> {
    let Some(locked) = db::log::lock_canvas(connection, canvas).await? else {
        return Ok(None);
    };
    let (now, tile_count) = (locked.now, locked.tile_count);
    let loaded = load::load(connection, canvas, requests, locked).await?;
    let plan = decide::decide(canvas, requests, loaded);
    save(connection, canvas, &plan, now, tile_count).await?;
    Ok(Some(plan))
}

/// Writes the plan, in an order that satisfies every constraint of the tables.
async fn save(
    connection: &mut PgConnection,
    canvas: CanvasId,
    plan: &Plan,
    now: DateTime<Utc>,
    tile_count: i64,
) -> db::Result<()> {
    db::cells::delete(connection, &plan.deleted).await?;
    let (drawn, liked) = plan.changed_tiles();
    db::cells::save(connection, canvas, &drawn, now).await?;
    db::cells::save_like_counts(connection, &liked).await?;
    let (added, removed) = plan.changed_likes();
    db::cells::save_likes(connection, &added, &removed).await?;
    let (held, released) = plan.changed_locks();
    db::locks::save(connection, canvas, &held).await?;
    db::locks::release(connection, canvas, &released).await?;
    db::log::remember_no_ops(connection, canvas, &plan.no_ops).await?;
    let tile_count = tile_count + plan.tile_delta;
    db::log::append(connection, canvas, &plan.events, tile_count, now).await
}
