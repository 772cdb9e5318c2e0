//! Group commit: one transaction carries out a batch of durable requests.
//! Nobody hears of them before it is committed.

mod chat;
mod decide;
mod plan;

use super::{
    cluster_message::LockChange,
    ring::Event,
    write::{Done, Operation, Write, WriteError},
};
use crate::db::{self, ConnectionCache};
use chrono::{DateTime, Utc};
use plan::{Loaded, Plan};
use shared::{
    canvas::{Coord, TileOp},
    ids::{CanvasId, ConnectionId, OpId, UserId},
};
use sqlx::{Connection, PgConnection};
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};
use tokio::time::timeout_at;

/// Requests in one transaction at most.
pub(crate) const BATCH: usize = 64;
/// Bytes of the requests in one transaction, without the last one.
pub(crate) const BATCH_BYTES: usize = 96 * 1024;
/// After this long without an answer the database counts as away.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(5);

/// A durable request and the connection it came by, if it came by one.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) write: Write,
    pub(crate) connection: Option<ConnectionId>,
}

/// What became of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    /// For its answer.
    pub(crate) done: Done,
    /// Its event in [`Committed::events`], if this request made one.
    pub(crate) event: Option<usize>,
}

/// A transaction that is durable.
#[derive(Debug, Default)]
pub(crate) struct Committed {
    /// The head before it: everything up to here was committed earlier.
    pub(crate) base: i64,
    /// The new events, which follow `base` without a gap.
    pub(crate) events: Vec<Event>,
    /// One for each request, in order.
    pub(crate) results: Vec<Result<Applied, WriteError>>,
    /// Locks taken and given back.
    pub(crate) locks: Vec<LockChange>,
}

/// Why a transaction was not carried out; nothing of it can be relied on.
#[derive(Debug)]
enum Failure {
    /// The database is away, or did not answer in time.
    Away,
    /// The database refused it.
    Broken,
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        if db::is_away(&error) {
            tracing::warn!(%error, "a write found the database away");
            Self::Away
        } else {
            tracing::error!(%error, "a write was refused by the database");
            Self::Broken
        }
    }
}

/// Carries out a batch. Requests that fail their checks fail alone; if the
/// database refuses the batch, its requests are tried one by one.
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
    /// Adds a later transaction of the same batch.
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
        // The next one starts with a connection that may be better.
        connection.close_on_drop();
        connection_cache.invalidate();
    }
    Err(failure)
}

async fn transact(
    connection: &mut PgConnection,
    canvas: CanvasId,
    requests: &[Request],
) -> sqlx::Result<Committed> {
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
) -> sqlx::Result<Option<Plan>> {
    let Some(locked) = db::log::lock_canvas(connection, canvas).await? else {
        return Ok(None);
    };
    let (now, tile_count) = (locked.now, locked.tile_count);
    let loaded = load(connection, canvas, requests, locked).await?;
    let plan = decide::decide(canvas, requests, loaded);
    save(connection, canvas, &plan, now, tile_count).await?;
    Ok(Some(plan))
}

/// Reads all that the batch's checks depend on.
async fn load(
    connection: &mut PgConnection,
    canvas: CanvasId,
    requests: &[Request],
    locked: db::log::LockedCanvas,
) -> sqlx::Result<Loaded> {
    let mut loaded = Loaded::new(locked);
    let ops: Vec<(usize, UserId, OpId)> = requests
        .iter()
        .enumerate()
        .filter_map(|(place, r)| Some((place, r.write.identity.user_id, r.write.op_id?)))
        .collect();
    if !ops.is_empty() {
        let asked: Vec<(UserId, OpId)> = ops.iter().map(|&(_, user, op)| (user, op)).collect();
        for prior in db::log::prior_results(connection, canvas, &asked).await? {
            let place = usize::try_from(prior.place - 1).unwrap_or_default();
            if let Some(&(request, ..)) = ops.get(place) {
                loaded.note_prior_result(request, prior.body.as_deref());
            }
        }
    }
    let cells: Vec<Coord> = requests
        .iter()
        .filter_map(|request| match &request.write.operation {
            Operation::Tile { at, .. } if loaded.grid().contains(*at) => Some(*at),
            _ => None,
        })
        .collect::<HashSet<_>>()
        .into_iter()
        .collect();
    loaded.cells = db::cells::load(connection, canvas, &cells)
        .await?
        .into_iter()
        .collect();
    let likes = requests
        .iter()
        .filter_map(|request| match &request.write.operation {
            Operation::Tile {
                at,
                op: TileOp::Like { .. },
                ..
            } => Some((loaded.cells.get(at)?.id, request.write.identity.user_id)),
            _ => None,
        })
        .collect::<Vec<_>>();
    loaded.note_likes(db::cells::likes(connection, &likes).await?);
    let starts = requests
        .iter()
        .filter(|request| {
            matches!(
                &request.write.operation,
                Operation::Tile {
                    op: TileOp::Create { .. } | TileOp::Paint { .. },
                    at,
                    ..
                } if !loaded.cells.contains_key(at)
            )
        })
        .count();
    let deletes = requests.iter().any(|request| {
        matches!(
            &request.write.operation,
            Operation::Tile {
                op: TileOp::Delete,
                ..
            }
        )
    });
    // A delete in the batch can make room for any later start in it.
    let wanted = if deletes { requests.len() } else { starts };
    loaded.new_ids = db::cells::new_ids(connection, wanted).await?;
    let settings = requests
        .iter()
        .filter_map(|request| match &request.write.operation {
            Operation::Settings(change) => Some(change),
            _ => None,
        });
    let mut changes_policy = false;
    for change in settings {
        changes_policy |= change.edit_policy.is_some();
        let canvas = db::canvases::update(connection, canvas, change).await?;
        loaded.settings.push_back(canvas);
    }
    if loaded.needs_locks() || changes_policy {
        loaded.note_locks(db::locks::held(connection, canvas).await?);
    }
    Ok(loaded)
}

/// Writes what the plan says, in an order that keeps every constraint.
async fn save(
    connection: &mut PgConnection,
    canvas: CanvasId,
    plan: &Plan,
    now: DateTime<Utc>,
    tile_count: i64,
) -> sqlx::Result<()> {
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
