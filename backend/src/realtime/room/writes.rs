//! The write queue and the task in flight: at most one transaction of the room, or
//! one read of the log, runs at a time, and meanwhile the next batch collects.

use super::{
    backfill::{Chunk, LogReader},
    command::{Join, ReplyTo},
};
use crate::{
    db::ConnectionCache,
    realtime::{
        ring::Event,
        writer::{self, BATCH, BATCH_BYTES, Committed, Request},
    },
};
use shared::{canvas::Grid, ids::CanvasId};
use std::{collections::VecDeque, time::Instant};
use tokio::task::JoinHandle;

/// Requests that may wait for the next transaction.
const MAX_QUEUED: usize = 4096;

/// What a transaction, or a read of the log, ended with.
pub(super) struct Finished {
    pub(super) requests: Vec<Request>,
    /// One for each request.
    pub(super) replies: Vec<ReplyTo>,
    pub(super) committed: Committed,
    /// When the commit was confirmed.
    pub(super) at: Instant,
    /// What was read from the log, if it was read.
    pub(super) chunk: Option<Chunk>,
    /// Connections that waited for the log to be read.
    pub(super) joins: Vec<Join>,
    /// Whether the log was read as far as these connections need it.
    pub(super) is_complete: bool,
}

impl Finished {
    /// Neither requests nor events.
    pub(super) fn nothing() -> Self {
        Self {
            requests: Vec::new(),
            replies: Vec::new(),
            committed: Committed::default(),
            at: Instant::now(),
            chunk: None,
            joins: Vec::new(),
            is_complete: true,
        }
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Writes {
    queue: VecDeque<(Request, ReplyTo)>,
    pub(super) in_flight: Option<JoinHandle<Finished>>,
    /// Read from the log, but not delivered yet.
    pub(super) backfilled: Vec<Event>,
}

impl Writes {
    /// Whether nothing is queued or in flight.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.in_flight.is_none()
    }

    /// Whether a request is queued.
    pub(super) fn has_requests(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Whether no more requests may be queued.
    pub(super) fn is_full(&self) -> bool {
        self.queue.len() >= MAX_QUEUED
    }

    /// Queues a request.
    pub(super) fn push(&mut self, request: Request, reply_to: ReplyTo) {
        self.queue.push_back((request, reply_to));
    }

    /// Starts the transaction of the next batch.
    pub(super) fn commit_batch(&mut self, cache: ConnectionCache, canvas: CanvasId, grid: &Grid) {
        let count = self.next_batch(grid);
        let (requests, replies): (Vec<Request>, Vec<ReplyTo>) = self.queue.drain(..count).unzip();
        self.in_flight = Some(tokio::spawn(async move {
            let started = Instant::now();
            let committed = writer::commit(&cache, canvas, &requests).await;
            metrics::histogram!("stellar_commit_seconds").record(started.elapsed());
            metrics::histogram!("stellar_commit_batch_size").record(size(&requests));
            Finished {
                requests,
                replies,
                committed,
                ..Finished::nothing()
            }
        }));
    }

    /// Starts reading the log for these joins, or for none. If the database is
    /// away the joins are dropped, which closes their connections, and the rest
    /// is left to the next poll.
    pub(super) fn poll_log(&mut self, reader: LogReader, joins: Vec<Join>) {
        self.in_flight = Some(tokio::spawn(async move {
            let (canvas, until) = (reader.canvas, reader.until);
            match reader.next_chunk().await {
                Ok(chunk) => Finished {
                    is_complete: chunk.read_until >= until,
                    chunk: Some(chunk),
                    joins,
                    ..Finished::nothing()
                },
                Err(error) => {
                    tracing::debug!(%canvas, %error, "the log could not be read");
                    Finished {
                        chunk: Some(Chunk {
                            read_until: until,
                            ..Chunk::default()
                        }),
                        ..Finished::nothing()
                    }
                }
            }
        }));
    }

    /// Starts reading what was committed elsewhere before a transaction of this
    /// room. Repeated until it succeeds: nothing later may be delivered before.
    pub(super) fn backfill_before_commit(&mut self, reader: LogReader, finished: Finished) {
        self.in_flight = Some(tokio::spawn(async move {
            let chunk = Some(reader.next_chunk_retrying().await);
            Finished { chunk, ..finished }
        }));
    }

    /// How many requests go into the next transaction. Their events are delivered
    /// at once, and have to fit into an outbox that was empty a moment ago.
    fn next_batch(&self, grid: &Grid) -> usize {
        let mut bytes = 0;
        let area = usize::try_from(grid.tile_size).unwrap_or_default().pow(2);
        let fits = self.queue.iter().take(BATCH).take_while(|(request, _)| {
            let has_room = bytes < BATCH_BYTES;
            bytes += request.write.operation.size(area);
            has_room
        });
        fits.count()
    }
}

/// The size of a batch, as the metrics recorder takes it.
fn size(requests: &[Request]) -> u32 {
    u32::try_from(requests.len()).unwrap_or(u32::MAX)
}
