//! Group commit: one transaction carries out a batch of durable requests. Called by
//! the task that a room starts for each batch; nothing is delivered before the
//! commit. Knows nothing of rooms and members.

mod chat;
mod comments;
mod decide;
mod load;
mod plan;

pub(crate) use decide::settings_permit;

use super::{
    cluster_message::LockChange,
    ring::Event,
    write::{Done, Write, WriteError},
};
use crate::db::{
    self, DbError, Pool,
    history::{CheckedLog, SeenLog},
    log::{LockedCanvas, PriorOps},
    moderation_log::NewLine,
    notifications::OutgoingNotification,
};
use crate::past::log::{ArchivedOps, Log};
use chrono::{DateTime, Utc};
use plan::Plan;
use shared::ids::{CanvasId, ConnectionId, Epoch, UserId};
use sqlx::{Connection, PgConnection};
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout, timeout_at};

/// The most requests in one transaction.
pub(crate) const BATCH: usize = 64;
/// A batch is complete once its requests have this many bytes.
pub(crate) const BATCH_BYTES: usize = 96 * 1024;
/// A transaction that takes longer counts as failed, and the database as away.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a transaction is begun again whose session the database ended: PostgreSQL was
/// told to stop, and is soon started again.
const RETRY_TIMEOUT: Duration = Duration::from_secs(2);
/// The pause before each time.
const RETRY_PAUSE: Duration = Duration::from_millis(20);

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
#[derive(Debug)]
pub(crate) struct Committed {
    /// The head of the log before it: all events up to here were committed earlier.
    pub(crate) base: i64,
    /// The canvas's epoch.
    pub(crate) epoch: Epoch,
    /// See [`db::log::LockedCanvas::instance`].
    pub(crate) instance: i64,
    /// The new events, which follow `base` without a gap.
    pub(crate) events: Vec<Event>,
    /// The result of each request, in order.
    pub(crate) results: Vec<Result<Applied, WriteError>>,
    /// Tile locks that were taken, renewed or released.
    pub(crate) locks: Vec<LockChange>,
    /// The notifications to deliver.
    pub(crate) notifications: Vec<OutgoingNotification>,
}

/// What the room knows for a batch.
#[derive(Debug)]
pub(crate) struct BatchContext {
    /// Whether newcomers are limited where the canvas asks for it.
    pub(crate) rate_limits: bool,
    /// Whether operations that were carried out before are sent again at present.
    pub(crate) expects_repeats: bool,
    /// The whole log, of which the archive knows older operations and messages.
    pub(crate) log: Log,
    /// Who is on the canvas, on any node; empty where no request of the batch has words for
    /// somebody.
    pub(crate) present: HashSet<UserId>,
}

/// What came of a batch.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It was carried out.
    Committed(Committed),
    /// Nothing is known to be carried out: the result of each request is this error.
    Failed(WriteError),
    /// The database refused it, and nothing was carried out. Its requests have to be
    /// tried one by one, each in a transaction of its own.
    Refused,
    /// The log does not contain what the room has delivered. Nothing was carried out.
    OtherHistory,
}

/// Why a transaction failed. It may have been committed all the same.
#[derive(Debug)]
enum Failure {
    /// The database is unreachable, or did not answer in time.
    Away,
    /// The database ended the session first. Nothing was carried out.
    SessionEnded,
    /// The database refused a statement.
    Broken,
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        if error.is_session_end() {
            tracing::info!(%error, "the database ended the session of a write");
            Self::SessionEnded
        } else if error.is_unavailable() {
            // The room logs the first of them.
            tracing::debug!(%error, "a write found the database away");
            Self::Away
        } else {
            tracing::error!(%error, "a write was refused by the database");
            Self::Broken
        }
    }
}

/// Carries out a batch for a room that has seen this much of the log. A request that
/// fails its checks fails alone.
pub(crate) async fn commit(
    pool: &Pool,
    canvas: CanvasId,
    seen: &SeenLog,
    requests: &[Request],
    context: &BatchContext,
) -> Outcome {
    let retry_until = Instant::now() + RETRY_TIMEOUT;
    loop {
        return match attempt(pool, canvas, seen, requests, context).await {
            Ok(outcome) => outcome,
            Err(Failure::SessionEnded) if Instant::now() < retry_until => {
                sleep(RETRY_PAUSE).await;
                continue;
            }
            Err(Failure::Away | Failure::SessionEnded) => Outcome::Failed(WriteError::Unavailable),
            Err(Failure::Broken) if requests.len() == 1 => Outcome::Failed(WriteError::Internal),
            Err(Failure::Broken) => Outcome::Refused,
        };
    }
}

/// Compares the log with what the room has seen of it, see [`Log::check`].
pub(crate) async fn check_log(
    pool: &Pool,
    log: &Log,
    canvas: CanvasId,
    seen: &SeenLog,
    claimed: Option<i64>,
) -> db::Result<Option<CheckedLog>> {
    let mut lease = pool.acquire().await?;
    let check = log.check(&mut lease, canvas, seen, claimed);
    match timeout(COMMIT_TIMEOUT, check).await {
        Ok(Ok(Some(checked))) => {
            lease.done();
            Ok(Some(checked))
        }
        // The transaction is rolled back when the lease is dropped.
        Ok(Ok(None)) => Ok(None),
        Ok(Err(error)) => {
            lease.failed(&error);
            Err(error)
        }
        Err(_) => {
            lease.close();
            Err(DbError::timed_out())
        }
    }
}

/// What one transaction came to.
enum Attempted {
    Ended(Outcome),
    /// The canvas is archived up to this event, further than was looked for the batch's
    /// operations. Nothing was carried out.
    Archived(i64),
    /// One of the batch's operations was carried out before, and they have to be looked up.
    /// Nothing was carried out.
    Repeated,
}

async fn attempt(
    pool: &Pool,
    canvas: CanvasId,
    seen: &SeenLog,
    requests: &[Request],
    context: &BatchContext,
) -> Result<Outcome, Failure> {
    let deadline = Instant::now() + COMMIT_TIMEOUT;
    let ops = load::operations(requests);
    let mut prior_ops = if !context.expects_repeats && load::may_skip_look_up(requests) {
        PriorOps::Unknown
    } else {
        PriorOps::LookedUp
    };
    let mut archived_seq = 0;
    loop {
        // Before the canvas is locked. Without a query, once the archive's operations are known.
        let search = context
            .log
            .archived_ops(pool, canvas, seen, archived_seq, &ops);
        let archived = match timeout_at(deadline.into(), search).await {
            Ok(archived) => archived?,
            Err(_) => return Err(Failure::Away),
        };
        if !archived.found.is_empty() {
            prior_ops = PriorOps::LookedUp;
        }
        let transaction = Transaction {
            canvas,
            seen,
            requests,
            context,
            archived: &archived,
            prior_ops,
        };
        match transaction.attempt(pool, deadline).await? {
            Attempted::Ended(outcome) => return Ok(outcome),
            Attempted::Archived(seq) => archived_seq = seq,
            Attempted::Repeated => prior_ops = PriorOps::LookedUp,
        }
    }
}

/// What one transaction is to carry out.
struct Transaction<'a> {
    canvas: CanvasId,
    /// What the room has seen of the log.
    seen: &'a SeenLog,
    requests: &'a [Request],
    context: &'a BatchContext,
    archived: &'a ArchivedOps,
    prior_ops: PriorOps,
}

impl Transaction<'_> {
    async fn attempt(&self, pool: &Pool, deadline: Instant) -> Result<Attempted, Failure> {
        let mut lease = pool.acquire().await.map_err(DbError::from)?;
        match timeout_at(deadline.into(), self.run(&mut lease)).await {
            Ok(Ok(attempted)) => {
                // Otherwise the transaction is rolled back when the lease is dropped.
                if matches!(attempted, Attempted::Ended(Outcome::Committed(_))) {
                    lease.done();
                }
                Ok(attempted)
            }
            Ok(Err(error)) => {
                lease.failed(&error);
                Err(Failure::from(error))
            }
            Err(_) => {
                let canvas = self.canvas;
                tracing::debug!(%canvas, "the database did not answer a write in time");
                lease.close();
                Err(Failure::Away)
            }
        }
    }

    async fn run(&self, connection: &mut PgConnection) -> db::Result<Attempted> {
        let (canvas, seen, archived) = (self.canvas, self.seen, self.archived);
        if archived.found.is_empty()
            && let Some((acl_version, messages)) = chat::messages(canvas, self.requests)
            && let Some(committed) = chat::commit(
                connection,
                canvas,
                seen,
                acl_version,
                archived.until,
                &messages,
            )
            .await?
        {
            return Ok(Attempted::Ended(Outcome::Committed(committed)));
        }
        let mut transaction = connection.begin().await?;
        let Some(locked) = db::log::lock_canvas(&mut transaction, canvas).await? else {
            return Ok(Attempted::Ended(Outcome::Failed(
                WriteError::CanvasNotFound,
            )));
        };
        let log = &self.context.log;
        let contains = log.contains(&mut transaction, canvas, &locked, seen);
        if !contains.await? {
            return Ok(Attempted::Ended(Outcome::OtherHistory));
        }
        if locked.archived_seq > archived.until {
            return Ok(Attempted::Archived(locked.archived_seq));
        }
        let (plan, outgoing) = match self.write(&mut transaction, locked).await {
            Err(DbError::DuplicateOperation) if self.prior_ops == PriorOps::Unknown => {
                return Ok(Attempted::Repeated);
            }
            written => written?,
        };
        transaction.commit().await?;
        let committed = plan.into_committed(outgoing);
        Ok(Attempted::Ended(Outcome::Committed(committed)))
    }

    /// Decides the requests and writes what comes of them.
    async fn write(
        &self,
        connection: &mut PgConnection,
        locked: LockedCanvas,
    ) -> db::Result<(Plan, Vec<OutgoingNotification>)> {
        let (now, tile_count) = (locked.now, locked.tile_count);
        let mut prior_ops = self.prior_ops;
        let mut plan = self.decide(connection, locked.clone(), prior_ops).await?;
        if prior_ops == PriorOps::Unknown && !plan.has_event_of_each_operation(self.requests) {
            // What comes to no event now may have been carried out before, which the append
            // would not notice.
            prior_ops = PriorOps::LookedUp;
            plan = self.decide(connection, locked, prior_ops).await?;
        }
        save(connection, self.canvas, &plan, now, tile_count, prior_ops).await?;
        // Last: they lock what other canvases' transactions lock, too.
        let users: Vec<UserId> = plan.notifications.iter().map(|it| it.user).collect();
        db::words::save_quoted(connection, &plan.rewordings, &users).await?;
        let outgoing = db::notifications::add(connection, &plan.notifications).await?;
        Ok((plan, outgoing))
    }

    async fn decide(
        &self,
        connection: &mut PgConnection,
        locked: LockedCanvas,
        prior_ops: PriorOps,
    ) -> db::Result<Plan> {
        let (canvas, requests, context) = (self.canvas, self.requests, self.context);
        let archived = self.archived;
        let loaded = load::load(
            connection, canvas, requests, locked, context, archived, prior_ops,
        );
        let mut loaded = loaded.await?;
        loaded.present.clone_from(&context.present);
        Ok(decide::decide(canvas, requests, loaded))
    }
}

/// Writes the plan, in an order that satisfies every constraint of the tables.
async fn save(
    connection: &mut PgConnection,
    canvas: CanvasId,
    plan: &Plan,
    now: DateTime<Utc>,
    tile_count: i64,
    prior_ops: PriorOps,
) -> db::Result<()> {
    db::cells::delete(connection, &plan.deleted).await?;
    let changed = &plan.changed_and_deleted;
    let (added, removed) = plan.changed_likes_of_deleted();
    db::cells::save_deleted(connection, canvas, changed, &added, &removed, now).await?;
    db::rewrites::revive(connection, &plan.revived()).await?;
    let (drawn, liked) = plan.changed_tiles();
    db::cells::save(connection, canvas, &drawn, now).await?;
    db::cells::save_like_counts(connection, &liked).await?;
    let (added, removed) = plan.changed_likes();
    db::cells::save_likes(connection, &added, &removed).await?;
    let (held, released) = plan.changed_locks();
    db::locks::save(connection, canvas, &held).await?;
    db::locks::release(connection, canvas, &released).await?;
    db::words::save(connection, canvas, &plan.rewordings).await?;
    db::removed_messages::keep(connection, canvas, &plan.removals, now).await?;
    let comments: Vec<_> = plan.comments.values().collect();
    let counts: Vec<_> = plan.commented_cells.iter().collect();
    db::comments::save(connection, canvas, &comments, &counts, now).await?;
    let paced: Vec<_> = plan
        .paced
        .iter()
        .map(|(user, recent)| (*user, recent))
        .collect();
    db::visits::save(&mut *connection, canvas, &paced).await?;
    for line in &plan.log_lines {
        let line = NewLine {
            canvas: Some(canvas),
            action: line.action,
            actor: line.actor,
            target: line.target,
            reason: &line.reason,
            detail: line.detail.clone(),
        };
        db::moderation_log::append(&mut *connection, &line).await?;
    }
    for progress in &plan.progress {
        db::rewrites::add_progress(connection, progress).await?;
    }
    db::log::remember_no_ops(connection, canvas, &plan.no_ops).await?;
    let tile_count = tile_count + plan.tile_delta;
    db::log::append(connection, canvas, &plan.events, tile_count, now, prior_ops).await
}
