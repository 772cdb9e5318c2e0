//! The write queue and the task in flight: at most one transaction of the room, or
//! one read of the log, runs at a time, and meanwhile the next batch collects.

use super::{
    backfill::{Chunk, LogReader},
    command::{Join, ReplyTo},
    fair_queue::FairQueue,
};
use crate::{
    db::{
        Pool,
        history::{CheckedLog, SeenLog},
    },
    past::log::Log,
    realtime::{
        ring::Event,
        write::Operation,
        writer::{self, BATCH, BATCH_BYTES, BatchContext, Committed, Outcome, Request},
    },
};
use shared::{
    canvas::Grid,
    ids::{CanvasId, UserId},
};
use std::{
    collections::{HashSet, VecDeque},
    time::{Duration, Instant},
};
use tokio::{task::JoinHandle, time::timeout};

/// How long a committed transaction waits for the events before it. Then its requests
/// are answered with `unavailable`, and its events are read from the log later.
const BACKFILL_TIMEOUT: Duration = Duration::from_secs(5);

/// For so long after an operation that had been carried out before, each is looked up first: a
/// transaction that finds another one only when it appends has done its work in vain, and
/// PostgreSQL logs an error.
const REPEATS_TIMEOUT: Duration = Duration::from_mins(1);

/// The result of the task in flight: a transaction, or a read of the log.
pub(super) struct InFlightResult {
    pub(super) requests: Vec<Request>,
    /// One for each request.
    pub(super) replies: Vec<ReplyTo>,
    /// What came of the transaction, if there was one.
    pub(super) outcome: Option<Outcome>,
    /// When the commit was confirmed.
    pub(super) at: Instant,
    /// What was read from the log, if it was read.
    pub(super) chunk: Option<Chunk>,
    /// The log before the transaction could not be read in time.
    pub(super) has_backfill_failed: bool,
    /// What a comparison of the log found, if there was one.
    pub(super) checked: Option<CheckedLog>,
    /// Connections that waited for the log to be read.
    pub(super) joins: Vec<Join>,
    /// Whether the log was read as far as these connections need it.
    pub(super) is_complete: bool,
}

impl InFlightResult {
    /// No requests and no events.
    pub(super) fn empty() -> Self {
        Self {
            requests: Vec::new(),
            replies: Vec::new(),
            outcome: None,
            at: Instant::now(),
            chunk: None,
            has_backfill_failed: false,
            checked: None,
            joins: Vec::new(),
            is_complete: true,
        }
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Writes {
    queue: FairQueue<(Request, ReplyTo)>,
    /// Requests that go before all others, into a transaction each.
    one_by_one: VecDeque<(Request, ReplyTo)>,
    pub(super) in_flight: Option<JoinHandle<InFlightResult>>,
    /// Read from the log, but not delivered yet.
    pub(super) backfilled: Vec<Event>,
    /// Whether the last transaction did not reach the database.
    pub(super) is_unreached: bool,
    /// Until then operations are expected that were carried out before.
    repeats_until: Option<Instant>,
}

impl Writes {
    /// Whether nothing is queued or in flight.
    pub(super) fn is_idle(&self) -> bool {
        !self.has_requests() && self.in_flight.is_none()
    }

    /// Whether a request is queued.
    pub(super) fn has_requests(&self) -> bool {
        !self.queue.is_empty() || !self.one_by_one.is_empty()
    }

    /// Whether the next transaction has as many requests as one may have.
    pub(super) fn has_full_batch(&self) -> bool {
        self.one_by_one.is_empty() && self.queue.len() >= BATCH
    }

    /// Whether no more requests of this user may be queued.
    pub(super) fn is_full_for(&self, user: UserId) -> bool {
        self.queue.is_full_for(user)
    }

    /// Queues a request.
    pub(super) fn push(&mut self, request: Request, reply_to: ReplyTo) {
        let user = request.write.identity.user_id;
        self.queue.push(user, (request, reply_to));
    }

    /// Queues the requests of a batch that the database refused again, in front of all
    /// others, so that each is tried by itself.
    pub(super) fn retry_one_by_one(&mut self, requests: Vec<Request>, replies: Vec<ReplyTo>) {
        for request in requests.into_iter().zip(replies).rev() {
            self.one_by_one.push_front(request);
        }
    }

    /// Takes every request that is queued.
    pub(super) fn take_queued(&mut self) -> VecDeque<(Request, ReplyTo)> {
        let mut all = std::mem::take(&mut self.one_by_one);
        all.extend(std::iter::from_fn(|| self.queue.pop()));
        all
    }

    /// Starts the transaction of the next batch. `present` is called where it matters who is on
    /// the canvas.
    #[expect(
        clippy::too_many_arguments,
        reason = "called once, with parts of the room"
    )]
    pub(super) fn commit_batch(
        &mut self,
        pool: Pool,
        log: Log,
        canvas: CanvasId,
        seen: SeenLog,
        grid: &Grid,
        rate_limits: bool,
        present: impl FnOnce() -> HashSet<UserId>,
    ) {
        let (requests, replies) = self.next_batch(grid);
        let mut operations = requests.iter().map(|request| &request.write.operation);
        let concerns_present = operations.any(Operation::concerns_present);
        let context = BatchContext {
            rate_limits,
            expects_repeats: self.repeats_until.is_some_and(|at| Instant::now() < at),
            log,
            present: if concerns_present {
                present()
            } else {
                HashSet::new()
            },
        };
        self.in_flight = Some(tokio::spawn(async move {
            let started = Instant::now();
            let outcome = writer::commit(&pool, canvas, &seen, &requests, &context).await;
            metrics::histogram!("stellar_commit_seconds").record(started.elapsed());
            metrics::histogram!("stellar_commit_batch_size").record(size(&requests));
            InFlightResult {
                requests,
                replies,
                outcome: Some(outcome),
                ..InFlightResult::empty()
            }
        }));
    }

    /// Takes note of operations that were carried out before: there may be more of them.
    pub(super) fn note_repeats(&mut self, committed: &Committed) {
        let mut applied = committed.results.iter().flatten();
        if applied.any(|applied| applied.done.is_repeat) {
            self.repeats_until = Some(Instant::now() + REPEATS_TIMEOUT);
        }
    }

    /// Starts reading the log for these joins, or for none. If the database is
    /// away the joins are dropped, which closes their connections, and the rest
    /// is left to the next poll.
    pub(super) fn poll_log(&mut self, reader: LogReader, joins: Vec<Join>) {
        self.in_flight = Some(tokio::spawn(async move {
            let (canvas, until) = (reader.canvas, reader.until);
            match reader.next_chunk().await {
                Ok(chunk) => InFlightResult {
                    is_complete: chunk.read_until >= until,
                    chunk: Some(chunk),
                    joins,
                    ..InFlightResult::empty()
                },
                Err(error) => {
                    tracing::debug!(%canvas, %error, "the log could not be read");
                    InFlightResult {
                        chunk: Some(Chunk {
                            read_until: until,
                            ..Chunk::default()
                        }),
                        ..InFlightResult::empty()
                    }
                }
            }
        }));
    }

    /// Starts reading what was committed elsewhere before a transaction of this
    /// room: nothing later may be delivered before. Repeated for [`BACKFILL_TIMEOUT`].
    pub(super) fn backfill_before_commit(&mut self, reader: LogReader, finished: InFlightResult) {
        self.in_flight = Some(tokio::spawn(async move {
            let chunk = timeout(BACKFILL_TIMEOUT, reader.next_chunk_retrying()).await;
            InFlightResult {
                has_backfill_failed: chunk.is_err(),
                chunk: chunk.ok(),
                ..finished
            }
        }));
    }

    /// Starts the comparison of the log with what was delivered. `claimed` is the
    /// newest `seq` that one of the joins told. If the database is away the joins are
    /// dropped, which closes their connections; the next transaction or poll compares
    /// again.
    pub(super) fn check_log(
        &mut self,
        pool: Pool,
        log: Log,
        canvas: CanvasId,
        seen: SeenLog,
        joins: Vec<Join>,
    ) {
        self.in_flight = Some(tokio::spawn(async move {
            let claimed = joins.iter().filter_map(|join| join.last_seq).max();
            match writer::check_log(&pool, &log, canvas, &seen, claimed).await {
                Ok(checked) => InFlightResult {
                    checked,
                    joins,
                    ..InFlightResult::empty()
                },
                Err(error) => {
                    tracing::warn!(%canvas, %error, "the log could not be compared");
                    InFlightResult::empty()
                }
            }
        }));
    }

    /// Takes the requests of the next transaction, one of each user in turn. Their
    /// events are delivered at once, and have to fit into an outbox that was empty a
    /// moment ago.
    fn next_batch(&mut self, grid: &Grid) -> (Vec<Request>, Vec<ReplyTo>) {
        if let Some((request, reply_to)) = self.one_by_one.pop_front() {
            return (vec![request], vec![reply_to]);
        }
        let area = usize::try_from(grid.tile_size).unwrap_or_default().pow(2);
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < BATCH
            && bytes < BATCH_BYTES
            && let Some((request, reply_to)) = self.queue.pop()
        {
            bytes += request.write.operation.size(area);
            batch.push((request, reply_to));
        }
        // A rewrite goes first: it depends on what is stored of its cells.
        batch.sort_by_key(|(request, _)| !matches!(request.write.operation, Operation::Rewrite(_)));
        batch.into_iter().unzip()
    }
}

/// The size of a batch, as the metrics recorder takes it.
fn size(requests: &[Request]) -> u32 {
    u32::try_from(requests.len()).unwrap_or(u32::MAX)
}
