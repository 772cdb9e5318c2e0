//! How durable events and other messages reach the members: events pass the
//! sequencer, are kept in the ring for clients that resume, and are put into the
//! fan-out buffer together with everything else. Knows nothing of requests or of
//! the database.

use super::{backfill::Chunk, command::Replay, fanout::FanoutBuffer, members::Members};
use crate::{
    db::history::event_time,
    realtime::{
        cluster_message::event_seq,
        metrics::MessageRates,
        outbound::OutboundMessage,
        ring::{Event, Ring},
        sequencer::Sequencer,
        write::Identity,
    },
};
use bytes::Bytes;
use shared::{
    ids::{ConnectionId, Epoch},
    limits,
    protocol::Resume,
    time::Timestamp,
};
use std::{sync::Arc, time::Instant};

/// What the connection that requested an event gets.
pub(super) struct OwnReply {
    pub(super) connection: ConnectionId,
    /// Whether the `ack` is sent instead of the event, not after it.
    pub(super) replaces_event: bool,
    pub(super) ack: OutboundMessage,
}

/// See the module.
pub(super) struct Delivery {
    sequencer: Sequencer,
    ring: Ring,
    fanout: FanoutBuffer,
    message_rates: Arc<MessageRates>,
}

impl Delivery {
    /// Delivers the events after `head`, whose own wire form is `last_event`.
    pub(super) fn new(
        head: i64,
        last_event: Option<String>,
        message_rates: Arc<MessageRates>,
    ) -> Self {
        let mut delivery = Self {
            sequencer: Sequencer::new(head),
            ring: Ring::default(),
            fanout: FanoutBuffer::default(),
            message_rates,
        };
        delivery.restart(head, last_event);
        delivery
    }

    /// Forgets all events, and delivers those after `head` from now on.
    pub(super) fn restart(&mut self, head: i64, last_event: Option<String>) {
        self.sequencer = Sequencer::new(head);
        self.ring = Ring::default();
        if let Some(body) = last_event {
            self.ring.push(Event {
                seq: head,
                body: body.into(),
            });
        }
    }

    /// The wire form of the newest delivered event.
    pub(super) fn last_event(&self) -> Option<Bytes> {
        self.ring.event(self.head()).map(|event| event.body.json())
    }

    /// The time of an event; `None` if it is not in memory.
    pub(super) fn event_time(&self, seq: i64) -> Option<Timestamp> {
        event_time(self.ring.event(seq)?.body.as_json())
    }

    /// Replaces the names of a user in the messages in memory.
    pub(super) fn rename_sender(&mut self, sender: &Identity) {
        self.ring.rename_sender(sender);
    }

    /// The `seq` of the newest delivered event.
    pub(super) fn head(&self) -> i64 {
        self.sequencer.head()
    }

    /// The log is known to reach up to `head`.
    pub(super) fn observe_head(&mut self, head: i64) {
        self.sequencer.observe_head(head);
    }

    /// Up to which `seq` the log should be read, if events are missing.
    pub(super) fn gap_until(&self) -> Option<i64> {
        self.sequencer.gap_until()
    }

    /// When a gap has to be filled from the log, if there is one.
    pub(super) fn gap_deadline(&self) -> Option<Instant> {
        self.sequencer.gap_deadline()
    }

    /// The log was read up to `until`.
    pub(super) fn mark_read(&mut self, until: i64) {
        self.sequencer.mark_read(until);
    }

    /// Notices a gap that has been open for too long.
    pub(super) fn on_timer(&mut self, now: Instant) {
        self.sequencer.on_timer(now);
    }

    /// How a client that has the events up to `last_seq` of `epoch` resumes on a
    /// canvas whose epoch is `current`.
    pub(super) fn resume(
        &self,
        last_seq: Option<i64>,
        epoch: Option<Epoch>,
        current: Epoch,
    ) -> (Resume, Replay) {
        let Some(last_seq) = last_seq else {
            return (Resume::Fresh, Replay::Nothing);
        };
        let head = self.head();
        let missing = head.saturating_sub(last_seq);
        if epoch != Some(current) || !(0..=limits::RESUME_EVENTS).contains(&missing) {
            return (Resume::Resync, Replay::Nothing);
        }
        let replay = match self.ring.since(last_seq, head) {
            Some(events) => Replay::Events(events),
            None => Replay::Log(last_seq),
        };
        (Resume::Resumed, replay)
    }

    /// Delivers events of this node's own transaction, which follow each other.
    /// Each [`OwnReply`] goes out after its event or in its place. `committed_at`
    /// is when the commit was confirmed.
    pub(super) fn deliver_committed(
        &mut self,
        events: impl Iterator<Item = (Event, Option<OwnReply>)>,
        committed_at: Instant,
        receivers: usize,
    ) {
        self.deliver(events, Some(committed_at), receivers);
        self.deliver_ready(receivers);
    }

    /// Delivers events that were read from the log. Returns up to which `seq`
    /// the log is delivered with them, and the events left for the next chunk.
    pub(super) fn deliver_chunk(&mut self, chunk: Chunk, receivers: usize) -> (i64, Vec<Event>) {
        let Chunk {
            events,
            remainder,
            read_until,
        } = chunk;
        metrics::counter!("stellar_backfilled_events_total").increment(events.len() as u64);
        self.deliver(
            events.into_iter().map(|event| (event, None)),
            None,
            receivers,
        );
        self.deliver_ready(receivers);
        (read_until, remainder)
    }

    /// Takes events of another node, the first of which has the `seq` `first`.
    /// Those that are out of order wait in the sequencer. What comes after an event
    /// that has another `seq` than its place is left to the log.
    pub(super) fn deliver_remote(&mut self, first: i64, bodies: Vec<Bytes>, receivers: usize) {
        let now = Instant::now();
        for (seq, body) in (first..).zip(bodies) {
            if event_seq(&body) != Some(seq) {
                tracing::warn!(seq, "another node sent an event that is not the next one");
                self.sequencer.observe_head(seq);
                break;
            }
            let body = body.into();
            self.sequencer.insert(Event { seq, body }, now);
        }
        self.deliver_ready(receivers);
    }

    fn deliver(
        &mut self,
        events: impl Iterator<Item = (Event, Option<OwnReply>)>,
        committed_at: Option<Instant>,
        receivers: usize,
    ) {
        let mut count = 0;
        for (event, own) in events {
            count += 1;
            if self.sequencer.accept_next(event.seq) {
                let message =
                    OutboundMessage::event(event.seq, event.body.clone()).committed(committed_at);
                match &own {
                    Some(own) if own.replaces_event => {
                        self.fanout.broadcast_except(own.connection, message);
                    }
                    Some(_) | None => self.fanout.broadcast(message),
                }
                self.ring.push(event);
            }
            if let Some(own) = own {
                self.fanout.send_to(own.connection, own.ack);
            }
        }
        count_deliveries(count * receivers);
    }

    /// Delivers what waited in the sequencer and is next now.
    fn deliver_ready(&mut self, receivers: usize) {
        let now = Instant::now();
        let mut count = 0;
        while let Some(event) = self.sequencer.pop_ready(now) {
            count += 1;
            self.fanout
                .broadcast(OutboundMessage::event(event.seq, event.body.clone()));
            self.ring.push(event);
        }
        if count > 0 {
            count_deliveries(count * receivers);
        }
    }

    /// Sends a message to every member.
    pub(super) fn broadcast(&mut self, message: OutboundMessage) {
        self.fanout.broadcast(message);
    }

    /// Sends a message to every member but this one.
    pub(super) fn broadcast_except(&mut self, but: ConnectionId, message: OutboundMessage) {
        self.fanout.broadcast_except(but, message);
    }

    /// Sends a message to one member.
    pub(super) fn send_to(&mut self, connection: ConnectionId, message: OutboundMessage) {
        self.fanout.send_to(connection, message);
    }

    /// The number of messages sent so far. A member that joins now gets those
    /// after it.
    pub(super) fn position(&self) -> u64 {
        self.fanout.position()
    }

    /// Pushes what is buffered into the outboxes, yielding to other tasks now
    /// and then.
    pub(super) async fn flush(&mut self, members: &Members) {
        self.fanout.flush(members, &self.message_rates).await;
    }

    /// The same without yielding, where nothing may happen in between.
    pub(super) fn flush_now(&mut self, members: &Members) {
        self.fanout.flush_now(members, &self.message_rates);
    }
}

fn count_deliveries(count: usize) {
    metrics::counter!("stellar_deliveries_total").increment(count as u64);
}
