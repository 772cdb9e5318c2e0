//! A room's way from request to event: one transaction at a time, then what
//! is durable to everybody, in order.

use super::{Answer, PAGE, QUEUE, Room};
use crate::{
    db,
    realtime::{
        frame::Frame,
        ring::Event,
        write::{Done, Operation, WriteError},
        writer::{self, Applied, BATCH, Committed, Request},
    },
};
use bytes::Bytes;
use shared::{
    ids::{CanvasId, ConnectionId},
    protocol::{Ack, ErrorCode, ErrorMessage, ServerMessage},
};
use sqlx::PgPool;
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

/// A transaction that ended, and what had to be read to be able to tell of it.
pub(super) struct Finished {
    requests: Vec<Request>,
    answers: Vec<Answer>,
    committed: Committed,
    /// When the commit was confirmed.
    at: Instant,
    missed: Vec<Event>,
}

impl Room {
    /// Puts a request behind those that wait already.
    pub(super) fn enqueue(&mut self, request: Request, answer: Answer) {
        if self.queue.len() >= QUEUE {
            return self.answer(&request, answer, Err(WriteError::Busy));
        }
        self.queue.push_back((request, answer));
    }

    /// Starts the next transaction, or a look at the log if that is ahead.
    pub(super) fn start_write(&mut self) {
        if self.in_flight.is_some() || (self.queue.is_empty() && self.known_head <= self.head) {
            return;
        }
        let count = self.queue.len().min(BATCH);
        let (requests, answers): (Vec<Request>, Vec<Answer>) = self.queue.drain(..count).unzip();
        let (pool, canvas, head) = (self.pool.clone(), self.canvas_id, self.head);
        let known_head = self.known_head;
        self.in_flight = Some(tokio::spawn(async move {
            let started = Instant::now();
            let committed = if requests.is_empty() {
                Committed::default()
            } else {
                let committed = writer::commit(&pool, canvas, &requests).await;
                metrics::histogram!("stellar_commit_seconds").record(started.elapsed());
                metrics::histogram!("stellar_commit_batch_size").record(size(&requests));
                committed
            };
            let at = Instant::now();
            let missed = missed(
                &pool,
                canvas,
                head,
                committed.base.max(known_head),
                &committed,
            )
            .await;
            Finished {
                requests,
                answers,
                committed,
                at,
                missed,
            }
        }));
    }

    /// Tells of what is durable now.
    pub(super) fn finish(&mut self, finished: Finished) {
        let Finished {
            requests,
            answers,
            committed,
            at,
            missed,
        } = finished;
        self.deliver(missed.into_iter().map(|event| (event, None)), None);
        let mut own: Vec<Option<(ConnectionId, bool, Frame)>> = Vec::new();
        own.resize_with(committed.events.len(), || None);
        let mut rest = Vec::new();
        for ((request, answer), result) in requests.into_iter().zip(answers).zip(committed.results)
        {
            let event = result.as_ref().ok().and_then(|applied| applied.event);
            match (event.and_then(|event| own.get_mut(event)), answer) {
                (Some(own), Answer::Socket(connection, kind, _place)) => {
                    if let Ok(applied) = result {
                        let replaces = matches!(request.write.operation, Operation::Tile { .. });
                        let ack = ack(&request, kind, applied.done);
                        *own = Some((connection, replaces, ack));
                    }
                }
                (_, answer) => rest.push((request, answer, result)),
            }
        }
        self.deliver(committed.events.into_iter().zip(own), Some(at));
        // Whatever is still ahead is heard of with the next look at the heads.
        self.known_head = self.head;
        self.lock_changes(committed.locks);
        for (request, answer, result) in rest {
            self.answer(
                &request,
                answer,
                result.map(|applied: Applied| applied.done),
            );
        }
    }

    /// Passes on events, each if it is the next. The connection that asked for
    /// one gets its answer behind it, or in its place. `at` is when they were
    /// committed, if that was just now.
    fn deliver(
        &mut self,
        events: impl Iterator<Item = (Event, Option<(ConnectionId, bool, Frame)>)>,
        at: Option<Instant>,
    ) {
        let mut batch = Vec::new();
        let mut actors = HashSet::new();
        for (event, own) in events {
            if let Some((connection, ..)) = &own {
                actors.insert(*connection);
            }
            let frame = (event.seq == self.head + 1).then(|| {
                self.head = event.seq;
                Frame::event(event.seq, event.body.clone()).committed(at)
            });
            if frame.is_some() {
                self.ring.push(event);
            }
            batch.push((frame, own));
        }
        if batch.is_empty() {
            return;
        }
        metrics::counter!("stellar_deliveries_total")
            .increment((batch.len() * self.members.len()) as u64);
        for (id, member) in &self.members {
            if actors.contains(id) {
                let frames = batch.iter().flat_map(|(frame, own)| match own {
                    Some((connection, replaces, ack)) if connection == id => {
                        let event = frame.clone().filter(|_| !replaces);
                        [event, Some(ack.clone())]
                    }
                    _ => [frame.clone(), None],
                });
                member.outbox.extend(frames.flatten());
            } else {
                let frames = batch.iter().filter_map(|(frame, _)| frame.clone());
                member.outbox.extend(frames);
            }
        }
    }

    fn answer(&self, request: &Request, answer: Answer, result: Result<Done, WriteError>) {
        match answer {
            Answer::Nobody => {}
            Answer::Http(reply) => {
                // Nobody waits for the answer any more: nothing to tell.
                let _ = reply.send(result);
            }
            Answer::Socket(connection, kind, _place) => {
                let Some(member) = self.members.get(&connection) else {
                    return;
                };
                member.outbox.push(match result {
                    Ok(done) => ack(request, kind, done),
                    Err(error) => refusal(request, &error),
                });
            }
        }
    }
}

/// Reads what was committed elsewhere before this node's newest transaction,
/// or was committed here although the answer never arrived. Tries until it
/// succeeds: without it nothing later may be told.
async fn missed(
    pool: &PgPool,
    canvas: CanvasId,
    head: i64,
    until: i64,
    committed: &Committed,
) -> Vec<Event> {
    let until = if committed.events.is_empty() {
        until
    } else {
        committed.base
    };
    let mut events = Vec::new();
    let mut after = head;
    while after < until {
        match db::log::after(pool, canvas, after, until, PAGE).await {
            Ok(rows) if rows.is_empty() => break,
            Ok(rows) => events.extend(rows.into_iter().map(|(seq, body)| {
                after = seq;
                Event {
                    seq,
                    body: Bytes::from(body),
                }
            })),
            Err(error) => {
                tracing::warn!(%canvas, %error, "the log could not be read; trying again");
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        }
    }
    events
}

/// As the recorder wants it; a batch is small.
fn size(requests: &[Request]) -> u32 {
    u32::try_from(requests.len()).unwrap_or(u32::MAX)
}

fn ack(request: &Request, kind: &str, done: Done) -> Frame {
    Frame::reply(&ServerMessage::Ack(Ack {
        op_id: request.write.op_id,
        seq: done.seq,
        request: kind.to_owned(),
        version: done.version,
        tile_id: done.tile_id,
        like_count: done.like_count,
    }))
}

fn refusal(request: &Request, error: &WriteError) -> Frame {
    let (code, retry_after_ms) = match error {
        WriteError::Refused(refusal) => (refusal.code(), None),
        WriteError::Busy => (ErrorCode::RateLimited, Some(1000)),
        WriteError::Unavailable | WriteError::CanvasNotFound => {
            (ErrorCode::Unavailable, Some(1000))
        }
        WriteError::Internal => (ErrorCode::Internal, None),
    };
    Frame::reply(&ServerMessage::Error(ErrorMessage {
        code,
        message: error.to_string(),
        op_id: request.write.op_id,
        retry_after_ms,
    }))
}

#[cfg(test)]
mod properties;
