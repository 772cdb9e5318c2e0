//! A connection's one bounded way out. Replies and events share it, so that what a
//! connection gets has one order. While nothing waits, a message is written to the
//! socket at once, by whoever sends it: the write never blocks. What the socket does
//! not take is queued, and written by the connection's task.
//!
//! Everything happens under the outbox's lock. While it is paused only the
//! connection's task writes to the socket.

mod queue;

use super::{
    metrics::{BatchStats, MessageRates},
    outbound::OutboundMessage,
};
use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use queue::Queue;
use shared::protocol::CloseReason;
use std::{collections::VecDeque, sync::Arc};
use tokio::{net::TcpStream, sync::Notify};

/// Bytes that may wait for one connection, without the unwritten part of a message
/// that is written in part.
pub(crate) const OUTBOX_BYTES: usize = 256 * 1024;

/// Messages for many connections, joined so that each gets them with one write.
#[derive(Debug)]
pub(crate) struct SharedBatch {
    messages: Vec<OutboundMessage>,
    wire: Bytes,
    /// The newest `seq` among them.
    seq: Option<i64>,
    stats: BatchStats,
}

impl SharedBatch {
    /// These messages, in order.
    pub(crate) fn new(messages: Vec<OutboundMessage>) -> Self {
        let wire = match &*messages {
            [only] => only.frame.wire().clone(),
            many => {
                let mut wire = BytesMut::new();
                for message in many {
                    wire.extend_from_slice(message.frame.wire());
                }
                wire.freeze()
            }
        };
        let mut stats = BatchStats::default();
        for message in &messages {
            stats.add(message.message_type, message.committed_at);
        }
        Self {
            seq: messages.iter().filter_map(|message| message.seq).max(),
            messages,
            wire,
            stats,
        }
    }

    /// What writing it once adds to the metrics.
    pub(crate) fn stats(&self) -> &BatchStats {
        &self.stats
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// Wakes the connection's task when there is something for it to do.
    ready: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// `None` once the connection is detached.
    sink: Option<Sink>,
    /// Only the connection's task writes.
    is_paused: bool,
    /// The unwritten part of a message that is written in part.
    partial: Bytes,
    queue: Queue,
    closed: Option<CloseReason>,
    /// The newest `seq` that is written, at least in part.
    seq: i64,
    /// Messages written.
    written: u64,
}

/// Where messages are written, and where they are counted.
#[derive(Debug)]
struct Sink {
    stream: Arc<TcpStream>,
    message_rates: Arc<MessageRates>,
}

/// Everything that waited. The outbox is paused: whoever drained it writes these, and
/// then calls [`Outbox::resume`].
#[derive(Debug)]
pub(crate) struct Drained {
    /// Written first: the rest of a message that is written in part.
    pub(crate) partial: Bytes,
    /// In order.
    pub(crate) messages: VecDeque<OutboundMessage>,
    /// Set if the connection has to be closed after them.
    pub(crate) close: Option<CloseReason>,
}

impl Outbox {
    /// An outbox that writes to this socket. It is paused.
    pub(crate) fn new(stream: Arc<TcpStream>, message_rates: Arc<MessageRates>) -> Self {
        let state = State {
            sink: Some(Sink {
                stream,
                message_rates,
            }),
            is_paused: true,
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
            ready: Notify::new(),
        }
    }

    /// Sends one message; see [`Outbox::extend`].
    pub(crate) fn push(&self, message: OutboundMessage) {
        self.extend(vec![message]);
    }

    /// Sends messages in order. When they have to wait and do not fit, ephemeral
    /// ones are dropped, at first all but the newest of each sender and kind; when
    /// durable ones still do not fit, the connection is closed as too slow.
    pub(crate) fn extend(&self, messages: Vec<OutboundMessage>) {
        let batch = SharedBatch::new(messages);
        if self.push_shared(&batch) {
            self.state.lock().record(&batch.stats);
        }
    }

    /// Sends what many connections get. True if the socket took all of it; the
    /// caller then records it in the metrics.
    pub(crate) fn push_shared(&self, batch: &SharedBatch) -> bool {
        let mut state = self.state.lock();
        let taken = state.try_write(&batch.wire);
        if taken == batch.wire.len() {
            state.mark_written(batch.seq, batch.stats.total());
            return true;
        }
        state.queue_from(batch, taken);
        drop(state);
        self.ready.notify_one();
        false
    }

    /// Closes the connection after what is queued. The first reason stays.
    pub(crate) fn close(&self, reason: CloseReason) {
        self.state.lock().closed.get_or_insert(reason);
        self.ready.notify_one();
    }

    /// Whether three quarters of it are free, or it is closed anyway.
    pub(crate) fn has_headroom(&self) -> bool {
        let state = self.state.lock();
        state.queue.bytes() <= OUTBOX_BYTES / 4 || state.closed.is_some()
    }

    /// Waits until something has to be written, and takes all of it. Cancel-safe.
    pub(crate) async fn drain(&self) -> Drained {
        loop {
            if let Some(drained) = self.try_drain() {
                return drained;
            }
            self.ready.notified().await;
        }
    }

    /// The newest `seq` that is written, at least in part.
    pub(crate) fn written_seq(&self) -> i64 {
        self.state.lock().seq
    }

    /// Why the connection has to be closed; `None` while it may stay.
    pub(crate) fn close_reason(&self) -> Option<CloseReason> {
        self.state.lock().closed
    }

    /// Waits until the connection has to be closed, and returns the reason; the
    /// queue stays as it is. Must not be used while a task waits in
    /// [`Outbox::drain`].
    pub(crate) async fn closed(&self) -> CloseReason {
        loop {
            // A notification about messages is used up here, but `drain` looks at the
            // queue before it waits.
            if let Some(reason) = self.state.lock().closed {
                return reason;
            }
            self.ready.notified().await;
        }
    }

    /// Takes all that waits; `None` if nothing does.
    pub(crate) fn try_drain(&self) -> Option<Drained> {
        let mut state = self.state.lock();
        if state.partial.is_empty() && state.queue.is_empty() && state.closed.is_none() {
            return None;
        }
        state.is_paused = true;
        Some(Drained {
            partial: std::mem::take(&mut state.partial),
            messages: state.queue.take(),
            close: state.closed,
        })
    }

    /// Lets everything wait until [`Outbox::resume`]. Returns the rest of a message
    /// that is written in part, which has to be written first, and the newest `seq`
    /// that is written then.
    pub(crate) fn pause(&self) -> (Bytes, i64) {
        let mut state = self.state.lock();
        state.is_paused = true;
        (std::mem::take(&mut state.partial), state.seq)
    }

    /// Notes what the connection's task has written.
    pub(crate) fn mark_written(&self, seq: Option<i64>, written: &BatchStats) {
        let mut state = self.state.lock();
        state.mark_written(seq, written.total());
        state.record(written);
    }

    /// Lets senders write to the socket again, once nothing waits.
    pub(crate) fn resume(&self) {
        self.state.lock().is_paused = false;
    }

    /// Ends all writing to the socket. Returns the number of messages written.
    pub(crate) fn detach(&self) -> u64 {
        let mut state = self.state.lock();
        state.sink = None;
        state.written
    }
}

impl State {
    /// Writes without blocking, if nothing waits. Returns how many bytes the socket
    /// took; 0 also if the socket is broken, which the connection's task finds out.
    fn try_write(&self, wire: &[u8]) -> usize {
        let is_free = !self.is_paused
            && self.partial.is_empty()
            && self.queue.is_empty()
            && self.closed.is_none();
        match &self.sink {
            Some(sink) if is_free => sink.stream.try_write(wire).unwrap_or(0),
            _ => 0,
        }
    }

    fn mark_written(&mut self, seq: Option<i64>, messages: u64) {
        self.seq = seq.map_or(self.seq, |seq| seq.max(self.seq));
        self.written += messages;
    }

    /// Records messages as written to one socket.
    fn record(&self, stats: &BatchStats) {
        stats.record_written(1);
        if let Some(sink) = &self.sink {
            sink.message_rates.count_out(stats.total());
        }
    }

    /// Queues what comes after the first `taken` bytes of the batch.
    fn queue_from(&mut self, batch: &SharedBatch, mut taken: usize) {
        let mut begun = BatchStats::default();
        let mut seq = None;
        for message in &batch.messages {
            if taken == 0 {
                self.queue(message.clone());
                continue;
            }
            let wire = message.frame.wire();
            self.partial = wire.slice(taken.min(wire.len())..);
            taken = taken.saturating_sub(wire.len());
            begun.add(message.message_type, message.committed_at);
            seq = message.seq.or(seq);
        }
        self.mark_written(seq, begun.total());
        self.record(&begun);
    }

    /// Queues a message. A durable one that does not fit closes the connection.
    fn queue(&mut self, message: OutboundMessage) {
        if self.closed.is_none() && !self.queue.push(message) {
            metrics::counter!("stellar_slow_consumers_total").increment(1);
            self.closed = Some(CloseReason::SlowConsumer);
            self.queue.take();
        }
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realtime::outbound::Class;
    use shared::ids::UserId;

    fn durable(seq: i64, size: usize) -> OutboundMessage {
        OutboundMessage::event(seq, vec![b'x'; size].into())
    }

    fn cursor(user: i64, mark: u8) -> OutboundMessage {
        OutboundMessage {
            seq: None,
            class: Class::Ephemeral(UserId(user), "cursor"),
            ..OutboundMessage::event(0, vec![mark; 1000].into())
        }
    }

    #[test]
    fn the_newest_ephemeral_of_each_sender_outlives_the_older_ones() {
        let outbox = Outbox::default();
        for mark in 0..100 {
            outbox.push(cursor(1, mark));
            outbox.push(cursor(2, mark));
        }
        outbox.push(durable(1, 100 * 1024));
        let messages = outbox.try_drain().unwrap().messages;
        let marks: Vec<u8> = messages
            .iter()
            .filter(|message| message.seq.is_none())
            .map(|message| message.frame.json()[0])
            .collect();
        assert_eq!(marks, [99, 99]);
        assert_eq!(messages.back().unwrap().seq, Some(1));
    }

    #[test]
    fn durable_messages_are_never_dropped_silently() {
        let outbox = Outbox::default();
        for seq in 1..=4 {
            outbox.push(durable(seq, 60 * 1024));
        }
        outbox.push(durable(5, 60 * 1024));
        let drained = outbox.try_drain().unwrap();
        assert_eq!(drained.close, Some(CloseReason::SlowConsumer));
        assert!(drained.messages.is_empty());
    }

    #[test]
    fn the_queue_is_bounded_whatever_comes() {
        let outbox = Outbox::default();
        for user in 0..10_000 {
            outbox.push(cursor(user, 1));
        }
        let drained = outbox.try_drain().unwrap();
        assert_eq!(drained.close, None);
        let cost: usize = drained.messages.iter().map(OutboundMessage::cost).sum();
        assert!(cost <= OUTBOX_BYTES);
    }

    #[test]
    fn the_first_reason_to_close_stays() {
        let outbox = Outbox::default();
        outbox.push(durable(1, 10));
        outbox.close(CloseReason::Kicked);
        outbox.close(CloseReason::Done);
        outbox.push(durable(2, 10));
        let drained = outbox.try_drain().unwrap();
        assert_eq!(drained.close, Some(CloseReason::Kicked));
        assert_eq!(drained.messages.len(), 1);
    }
}
