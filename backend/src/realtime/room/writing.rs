//! A room's way from request to event: one transaction at a time, then what
//! is durable to everybody, in order.

use super::{Answer, Join, MAX_QUEUED, Room, backfill::Chunk, timers::Timer};
use crate::realtime::{
    bus::Channel,
    cluster_message::Message,
    frame::OutboundMessage,
    ring::Event,
    sequencer::Sequencer,
    write::{Done, Operation, WriteError},
    writer::{self, Applied, BATCH, BATCH_BYTES, Committed, Request},
};
use bytes::Bytes;
use shared::{
    ids::ConnectionId,
    protocol::{Ack, ErrorCode, ErrorMessage, ServerMessage},
};
use std::time::Instant;

/// A transaction that ended, or a look at the log.
pub(super) struct Finished {
    pub(super) requests: Vec<Request>,
    pub(super) answers: Vec<Answer>,
    pub(super) committed: Committed,
    /// When the commit was confirmed.
    pub(super) at: Instant,
    /// What was read from the log, if it was.
    pub(super) chunk: Option<Chunk>,
    /// Those who waited for it.
    pub(super) joins: Vec<Join>,
    /// Whether it is all that they can have waited for.
    pub(super) is_all: bool,
}

impl Finished {
    pub(super) fn nothing() -> Self {
        Self {
            requests: Vec::new(),
            answers: Vec::new(),
            committed: Committed::default(),
            at: Instant::now(),
            chunk: None,
            joins: Vec::new(),
            is_all: true,
        }
    }
}

impl Room {
    /// Puts a request behind those that wait already.
    pub(super) fn enqueue(&mut self, request: Request, answer: Answer) {
        if self.queue.len() >= MAX_QUEUED {
            return self.answer(&request, answer, Err(WriteError::Busy));
        }
        self.queue.push_back((request, answer));
    }

    /// Starts the next transaction, or a look at the log if that is ahead.
    pub(super) fn start_write(&mut self) {
        if self.in_flight.is_some() {
            return;
        }
        if !self.joins_ahead.is_empty()
            || (self.queue.is_empty() && self.sequencer.gap_until().is_some())
        {
            return self.poll_log();
        }
        if self.queue.is_empty() {
            return;
        }
        let count = self.next_batch();
        let (requests, answers): (Vec<Request>, Vec<Answer>) = self.queue.drain(..count).unzip();
        let (connection_cache, canvas) = (self.connection_cache.clone(), self.canvas_id);
        self.in_flight = Some(tokio::spawn(async move {
            let started = Instant::now();
            let committed = writer::commit(&connection_cache, canvas, &requests).await;
            metrics::histogram!("stellar_commit_seconds").record(started.elapsed());
            metrics::histogram!("stellar_commit_batch_size").record(size(&requests));
            Finished {
                requests,
                answers,
                committed,
                ..Finished::nothing()
            }
        }));
    }

    /// How many requests go into the next transaction. What it makes is told at
    /// once, and has to fit into an outbox that was empty a moment ago.
    fn next_batch(&self) -> usize {
        let mut bytes = 0;
        let area = usize::try_from(self.grid.tile_size)
            .unwrap_or_default()
            .pow(2);
        let fits = self.queue.iter().take(BATCH).take_while(|(request, _)| {
            let room = bytes < BATCH_BYTES;
            bytes += request.write.operation.size(area);
            room
        });
        fits.count()
    }

    /// Tells of what is durable now.
    pub(super) fn finish(&mut self, mut finished: Finished) {
        let read_until = finished.chunk.take().map(|chunk| self.deliver_chunk(chunk));
        let base = finished.committed.base;
        if base > self.sequencer.head() && read_until.is_none_or(|read_until| read_until < base) {
            return self.backfill_before_commit(finished);
        }
        let Finished {
            requests,
            answers,
            committed,
            at,
            joins,
            is_all,
            chunk: _,
        } = finished;
        let mut own: Vec<Option<(ConnectionId, bool, OutboundMessage)>> = Vec::new();
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
        if self.bus.is_shared() {
            self.publish(&committed.events);
        }
        self.deliver(committed.events.into_iter().zip(own), Some(at));
        self.deliver_ready();
        if let Some(until) = read_until {
            self.sequencer.mark_read(until);
        }
        self.lock_changes(committed.locks);
        for (request, answer, result) in rest {
            self.answer(
                &request,
                answer,
                result.map(|applied: Applied| applied.done),
            );
        }
        for join in joins {
            if is_all {
                self.joining.push(join);
            } else {
                self.come(join);
            }
        }
    }

    /// Tells what was read from the log: up to where that is.
    fn deliver_chunk(&mut self, chunk: Chunk) -> i64 {
        let Chunk {
            events,
            remainder,
            read_until,
        } = chunk;
        self.backfilled = remainder;
        metrics::counter!("stellar_backfilled_events_total").increment(events.len() as u64);
        self.deliver(events.into_iter().map(|event| (event, None)), None);
        self.deliver_ready();
        read_until
    }

    /// Tells other nodes of this one's events, which follow each other.
    fn publish(&self, events: &[Event]) {
        let Some(first) = events.first().map(|event| event.seq) else {
            return;
        };
        let lines: Vec<Bytes> = events.iter().map(|event| event.body.json()).collect();
        let room = Channel::Room(self.canvas_id);
        self.bus
            .publish_with(room, &Message::Events { first }, &lines);
    }

    /// Takes events that another node told of; what is too early waits a moment.
    pub(super) fn events_received(&mut self, first: i64, lines: Vec<Bytes>) {
        let now = Instant::now();
        for (seq, body) in (first..).zip(lines) {
            let body = body.into();
            self.sequencer.insert(Event { seq, body }, now);
        }
        self.deliver_ready();
    }

    fn deliver_ready(&mut self) {
        let now = Instant::now();
        let next = |sequencer: &mut Sequencer| sequencer.pop_ready(now);
        let mut events = Vec::new();
        while let Some(event) = next(&mut self.sequencer) {
            events.push(event);
        }
        self.tell_events(events);
        if let Some(due) = self.sequencer.gap_deadline() {
            self.timers.at(due, Timer::Gap);
        }
    }

    /// Passes on events that the sequencer let through.
    fn tell_events(&mut self, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        metrics::counter!("stellar_deliveries_total")
            .increment((events.len() * self.members.len()) as u64);
        for event in events {
            self.fanout
                .to_all(OutboundMessage::event(event.seq, event.body.clone()));
            self.ring.push(event);
        }
    }

    /// Passes on events, each if it is the next. The connection that asked for
    /// one gets its answer behind it, or in its place. `at` is when they were
    /// committed, if that was just now.
    fn deliver(
        &mut self,
        events: impl Iterator<Item = (Event, Option<(ConnectionId, bool, OutboundMessage)>)>,
        at: Option<Instant>,
    ) {
        let mut count = 0;
        for (event, own) in events {
            count += 1;
            if self.sequencer.accept_next(event.seq) {
                let frame = OutboundMessage::event(event.seq, event.body.clone()).committed(at);
                match &own {
                    Some((connection, true, _)) => self.fanout.to_others(*connection, frame),
                    Some((_, false, _)) | None => self.fanout.to_all(frame),
                }
                self.ring.push(event);
            }
            if let Some((connection, _, ack)) = own {
                self.fanout.to_one(connection, ack);
            }
        }
        metrics::counter!("stellar_deliveries_total")
            .increment((count * self.members.len()) as u64);
    }

    fn answer(&mut self, request: &Request, answer: Answer, result: Result<Done, WriteError>) {
        match answer {
            Answer::Nobody => {}
            Answer::Http(reply) => {
                // Nobody waits for the answer any more: nothing to tell.
                let _ = reply.send(result);
            }
            Answer::Socket(connection, kind, _place) => {
                let answer = match result {
                    Ok(done) => ack(request, kind, done),
                    Err(error) => refusal(request, &error),
                };
                self.fanout.to_one(connection, answer);
            }
        }
    }
}

/// As the recorder wants it; a batch is small.
fn size(requests: &[Request]) -> u32 {
    u32::try_from(requests.len()).unwrap_or(u32::MAX)
}

fn ack(request: &Request, kind: &str, done: Done) -> OutboundMessage {
    OutboundMessage::reply(&ServerMessage::Ack(Ack {
        op_id: request.write.op_id,
        seq: done.seq,
        request: kind.to_owned(),
        version: done.version,
        tile_id: done.tile_id,
        like_count: done.like_count,
    }))
}

fn refusal(request: &Request, error: &WriteError) -> OutboundMessage {
    let (code, retry_after_ms) = match error {
        WriteError::Refused(refusal) => (refusal.code(), None),
        WriteError::Busy => (ErrorCode::RateLimited, Some(1000)),
        WriteError::Unavailable | WriteError::CanvasNotFound => {
            (ErrorCode::Unavailable, Some(1000))
        }
        WriteError::Internal => (ErrorCode::Internal, None),
    };
    OutboundMessage::reply(&ServerMessage::Error(ErrorMessage {
        code,
        message: error.to_string(),
        op_id: request.write.op_id,
        retry_after_ms,
    }))
}

#[cfg(test)]
mod properties;
