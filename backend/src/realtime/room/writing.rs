//! A room's way from request to event: the order in which a finished transaction,
//! or a read of the log, is delivered and answered.

use super::{
    Room,
    backfill::LogReader,
    command::{Join, ReplyTo},
    delivery::OwnReply,
    replies::{ack, refusal},
    timers::Timer,
    writes::InFlightResult,
};
use crate::realtime::{
    bus::Channel,
    cluster_message::Message,
    ring::Event,
    write::{Done, Operation, Write, WriteError},
    writer::{Applied, Committed, Outcome, Request},
};
use bytes::Bytes;
use shared::ids::{ConnectionId, Epoch, OpId};
use std::time::Instant;

impl Room {
    /// Queues a durable request. It is refused with `Busy` where too many of the user
    /// wait, unless the room made it.
    pub(super) fn enqueue(
        &mut self,
        write: Write,
        connection: Option<ConnectionId>,
        reply_to: ReplyTo,
    ) {
        let is_own = matches!(reply_to, ReplyTo::Nobody);
        if !is_own && self.writes.is_full_for(write.identity.user_id) {
            return self.reply(write.op_id, reply_to, Err(WriteError::Busy));
        }
        self.writes.push(Request { write, connection }, reply_to);
    }

    /// Starts the next transaction if as many requests are queued as it may have, and nothing
    /// else is to be done before it.
    pub(super) fn start_full_batch(&mut self) {
        if self.writes.has_full_batch()
            && !self.log.needs_check
            && !self.joins.has_from_the_future()
            && !self.joins.has_ahead()
        {
            self.start_write();
        }
    }

    /// Starts the next transaction, or a read of the log if that is ahead. Does
    /// nothing while one is in flight.
    pub(super) fn start_write(&mut self) {
        if self.writes.in_flight.is_some() {
            return;
        }
        let has_requests = self.writes.has_requests();
        let gap = self.delivery.gap_until();
        if self.log.needs_check || self.joins.has_from_the_future() {
            self.log.needs_check = false;
            let joins = self.joins.take_from_the_future();
            let (pool, seen) = (self.services.pool.clone(), self.seen_log());
            let log = self.services.log.clone();
            self.writes
                .check_log(pool, log, self.canvas_id, seen, joins);
        } else if self.joins.has_ahead() || (!has_requests && gap.is_some()) {
            let joins = self.joins.take_ahead();
            let claimed = joins.iter().filter_map(Join::needed_seq).max();
            let until = gap.max(claimed).unwrap_or(self.delivery.head());
            let reader = self.log_reader(until);
            self.writes.poll_log(reader, joins);
        } else if has_requests {
            let (pool, seen) = (self.services.pool.clone(), self.seen_log());
            let rate_limits = self.services.rate_limits;
            let log = self.services.log.clone();
            let (grid, presence) = (&self.grid, &self.presence);
            self.writes
                .commit_batch(pool, log, self.canvas_id, seen, grid, rate_limits, || {
                    presence.present()
                });
        }
    }

    /// Delivers and answers what is durable now.
    pub(super) fn finish(&mut self, mut finished: InFlightResult) {
        let receivers = self.members.len();
        let read_until = finished.chunk.take().map(|chunk| {
            let (read_until, remainder) = self.delivery.deliver_chunk(chunk, receivers);
            self.writes.backfilled = remainder;
            self.schedule_gap_check();
            read_until
        });
        if let Some(checked) = finished.checked.take() {
            self.on_log_checked(checked);
        }
        match finished.outcome.take() {
            Some(Outcome::Committed(committed)) => {
                if !finished.has_backfill_failed && self.lacks(committed.base, read_until) {
                    // The reader checks which members took what was sent before.
                    self.delivery.flush_now(&self.members);
                    let reader = self.log_reader(committed.base);
                    finished.outcome = Some(Outcome::Committed(committed));
                    return self.writes.backfill_before_commit(reader, finished);
                }
                self.finish_commit(finished.requests, finished.replies, committed, finished.at);
            }
            Some(Outcome::Failed(error)) => {
                self.note_database(error != WriteError::Unavailable);
                self.fail(finished.requests, finished.replies, &error);
            }
            Some(Outcome::Refused) => {
                self.writes
                    .retry_one_by_one(finished.requests, finished.replies);
            }
            Some(Outcome::OtherHistory) => {
                self.log.needs_check = true;
                self.fail(
                    finished.requests,
                    finished.replies,
                    &WriteError::Unavailable,
                );
            }
            None => {}
        }
        if let Some(until) = read_until {
            self.delivery.mark_read(until);
        }
        for join in finished.joins {
            if finished.is_complete && join.is_ahead(self.delivery.head(), self.log.epoch) {
                self.joins.push_from_the_future(join);
            } else {
                self.queue_join(join);
            }
        }
    }

    /// Logs once that writes do not reach the database, and once that they do again.
    fn note_database(&mut self, is_reached: bool) {
        let canvas = self.canvas_id;
        match (
            std::mem::replace(&mut self.writes.is_unreached, !is_reached),
            is_reached,
        ) {
            (false, false) => tracing::warn!(%canvas, "writes do not reach the database"),
            (true, true) => tracing::info!(%canvas, "writes reach the database again"),
            _ => {}
        }
    }

    /// Whether events up to `base` have to be read before later ones are delivered.
    /// `read_until` is up to where the log was read just now.
    fn lacks(&self, base: i64, read_until: Option<i64>) -> bool {
        base > self.delivery.head() && read_until.is_none_or(|until| until < base)
    }

    /// Delivers and answers a transaction. If events before it are missing, they could
    /// not be read: its own wait in the log until a poll finds them, and its requests
    /// may be sent again with their `op_id`.
    fn finish_commit(
        &mut self,
        requests: Vec<Request>,
        replies: Vec<ReplyTo>,
        committed: Committed,
        at: Instant,
    ) {
        let receivers = self.members.len();
        self.note_database(true);
        self.writes.note_repeats(&committed);
        self.adopt_log(committed.epoch, committed.instance);
        if self.services.bus.is_shared() {
            self.publish_events(&committed.events);
        }
        self.notifications.extend(committed.notifications);
        if committed.base > self.delivery.head() {
            let last = committed.events.last().map_or(committed.base, |e| e.seq);
            self.delivery.observe_head(last);
            self.commit_lock_changes(committed.locks);
            return self.fail(requests, replies, &WriteError::Unavailable);
        }
        let mut own: Vec<Option<OwnReply>> = Vec::new();
        own.resize_with(committed.events.len(), || None);
        // Requests without an event, or not of a connection: answered at the end.
        let mut others = Vec::new();
        for ((request, reply_to), result) in
            requests.into_iter().zip(replies).zip(committed.results)
        {
            let event = result.as_ref().ok().and_then(|applied| applied.event);
            match (event.and_then(|event| own.get_mut(event)), reply_to) {
                (Some(own), ReplyTo::Socket(connection, kind, _permit)) => {
                    if let Ok(applied) = result {
                        *own = Some(OwnReply {
                            connection,
                            replaces_event: matches!(
                                request.write.operation,
                                Operation::Tile { .. } | Operation::Comment(_)
                            ),
                            ack: ack(request.write.op_id, kind, applied.done),
                        });
                    }
                }
                (_, reply_to) => others.push((request.write.op_id, reply_to, result)),
            }
        }
        let events = committed.events.into_iter().zip(own);
        self.delivery.deliver_committed(events, at, receivers);
        self.schedule_gap_check();
        self.commit_lock_changes(committed.locks);
        for (op_id, reply_to, result) in others {
            self.reply(op_id, reply_to, result.map(|applied: Applied| applied.done));
        }
    }

    /// Answers all requests of a batch with this error.
    fn fail(&mut self, requests: Vec<Request>, replies: Vec<ReplyTo>, error: &WriteError) {
        for (request, reply_to) in requests.into_iter().zip(replies) {
            self.reply(request.write.op_id, reply_to, Err(error.clone()));
        }
    }

    /// Delivers events that another node published, as far as they are in order. Those
    /// of another log are left out, and the log is compared.
    pub(super) fn on_remote_events(
        &mut self,
        first: i64,
        epoch: Epoch,
        instance: i64,
        lines: Vec<Bytes>,
    ) {
        if !self.log.compare(epoch, instance) {
            return;
        }
        self.delivery
            .deliver_remote(first, lines, self.members.len());
        self.schedule_gap_check();
    }

    /// Has the log read if the gap before the events that wait stays open.
    fn schedule_gap_check(&mut self) {
        if let Some(deadline) = self.delivery.gap_deadline() {
            self.timers.at(deadline, Timer::Gap);
        }
    }

    /// Publishes this node's new events, which follow each other, to the others.
    fn publish_events(&self, events: &[Event]) {
        let Some(first) = events.first().map(|event| event.seq) else {
            return;
        };
        let lines: Vec<Bytes> = events.iter().map(|event| event.body.json()).collect();
        let room = Channel::Room(self.canvas_id);
        let message = Message::Events {
            first,
            epoch: self.log.epoch,
            instance: self.log.instance,
        };
        self.services.bus.publish_with(room, &message, &lines);
    }

    fn log_reader(&mut self, until: i64) -> LogReader {
        LogReader {
            pool: self.services.pool.clone(),
            log: self.services.log.clone(),
            canvas: self.canvas_id,
            instance: self.log.instance,
            head: self.delivery.head(),
            until,
            already_read: std::mem::take(&mut self.writes.backfilled),
            outboxes: self.members.outboxes(),
        }
    }

    pub(super) fn reply(
        &mut self,
        op_id: Option<OpId>,
        reply_to: ReplyTo,
        result: Result<Done, WriteError>,
    ) {
        match reply_to {
            ReplyTo::Nobody => {}
            ReplyTo::Http(reply) => {
                // Fails if the HTTP client is gone.
                let _ = reply.send(result);
            }
            ReplyTo::Socket(connection, kind, _permit) => {
                let message = match result {
                    Ok(done) => ack(op_id, kind, done),
                    Err(error) => refusal(op_id, &error),
                };
                self.delivery.send_to(connection, message);
            }
        }
    }
}

#[cfg(test)]
mod properties;
