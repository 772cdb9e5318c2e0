//! A connection's one bounded way out. Replies and events share it, so that
//! what a connection sees has one order. While nothing waits, what comes goes
//! straight to the socket, which takes it or does not: whoever sends, the room
//! above all, never waits. What the socket does not take becomes a queue, and
//! the affair of the connection's own task.

use super::{
    frame::{Class, OutboundMessage},
    metrics::{BatchStats, MessageRates},
};
use bytes::{Bytes, BytesMut};
use shared::protocol::CloseReason;
use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{net::TcpStream, sync::Notify};

/// Bytes that may wait for one connection, without the rest of a frame whose
/// beginning is written.
pub(crate) const OUTBOX_BYTES: usize = 256 * 1024;

/// Frames for many, in one piece: one write for each of them.
#[derive(Debug)]
pub(crate) struct SharedBatch {
    frames: Vec<OutboundMessage>,
    wire: Bytes,
    /// The newest that counts as delivered with it.
    seq: Option<i64>,
    stats: BatchStats,
}

impl SharedBatch {
    /// These, in order.
    pub(crate) fn new(frames: Vec<OutboundMessage>) -> Self {
        let wire = match &*frames {
            [only] => only.text.wire().clone(),
            many => {
                let mut wire = BytesMut::new();
                for frame in many {
                    wire.extend_from_slice(frame.text.wire());
                }
                wire.freeze()
            }
        };
        let mut stats = BatchStats::default();
        for frame in &frames {
            stats.add(frame);
        }
        Self {
            seq: frames.iter().filter_map(|frame| frame.seq).max(),
            frames,
            wire,
            stats,
        }
    }

    /// For the figures.
    pub(crate) fn stats(&self) -> &BatchStats {
        &self.stats
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    ready: Notify,
}

#[derive(Debug, Default)]
struct State {
    wire: Option<Sink>,
    /// Nobody but the connection's task writes.
    is_paused: bool,
    /// Of a frame whose beginning is written.
    rest: Bytes,
    queue: VecDeque<OutboundMessage>,
    bytes: usize,
    closed: Option<CloseReason>,
    /// The newest that is written, or begun.
    seq: i64,
    /// Messages written.
    written: u64,
}

/// Where frames go, and where they are counted.
#[derive(Debug)]
struct Sink {
    stream: Arc<TcpStream>,
    message_rates: Arc<MessageRates>,
}

/// Everything that waited. Whoever takes it writes it, and nobody else writes
/// before [`Outbox::resume`].
#[derive(Debug)]
pub(crate) struct Drained {
    /// Of a frame whose beginning is written.
    pub(crate) rest: Bytes,
    /// In order.
    pub(crate) frames: VecDeque<OutboundMessage>,
    /// Set if the connection ends after them.
    pub(crate) close: Option<CloseReason>,
}

impl Outbox {
    /// The way to this socket, held.
    pub(crate) fn new(stream: Arc<TcpStream>, message_rates: Arc<MessageRates>) -> Self {
        let state = State {
            wire: Some(Sink {
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

    /// Sends one frame; see [`Outbox::extend`].
    pub(crate) fn push(&self, frame: OutboundMessage) {
        self.extend(vec![frame]);
    }

    /// Sends frames in order. When they have to wait and do not fit, ephemeral
    /// ones give way, of which the newest per sender and kind stay as long as
    /// they can; when durable ones still do not fit, the connection is closed
    /// as too slow.
    pub(crate) fn extend(&self, frames: Vec<OutboundMessage>) {
        let batch = SharedBatch::new(frames);
        if self.push_shared(&batch) {
            self.lock().count(&batch.stats);
        }
    }

    /// The same with what many get. True if the socket took all of it, which
    /// is the caller's to count then.
    pub(crate) fn push_shared(&self, batch: &SharedBatch) -> bool {
        let mut state = self.lock();
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

    /// Ends the connection after what is queued; the first reason stays.
    pub(crate) fn close(&self, reason: CloseReason) {
        self.lock().closed.get_or_insert(reason);
        self.ready.notify_one();
    }

    /// Whether most of it is free, or it ends anyway.
    pub(crate) fn has_headroom(&self) -> bool {
        let state = self.lock();
        state.bytes <= OUTBOX_BYTES / 4 || state.closed.is_some()
    }

    /// Waits until something has to be written, and takes all of it. Cancel-safe.
    pub(crate) async fn drain(&self) -> Drained {
        loop {
            if let Some(taken) = self.try_drain() {
                return taken;
            }
            self.ready.notified().await;
        }
    }

    /// Waits until the connection is to end, and says why; what is queued stays
    /// so. Not while somebody waits in [`Outbox::take`].
    pub(crate) async fn closed(&self) -> CloseReason {
        loop {
            // What wakes us here finds its frames in the queue later.
            if let Some(reason) = self.lock().closed {
                return reason;
            }
            self.ready.notified().await;
        }
    }

    /// Takes all that waits, if anything does.
    pub(crate) fn try_drain(&self) -> Option<Drained> {
        let mut state = self.lock();
        if state.rest.is_empty() && state.queue.is_empty() && state.closed.is_none() {
            return None;
        }
        state.is_paused = true;
        state.bytes = 0;
        Some(Drained {
            rest: std::mem::take(&mut state.rest),
            frames: std::mem::take(&mut state.queue),
            close: state.closed,
        })
    }

    /// Has everything wait until [`Outbox::resume`]: the rest of what is begun,
    /// which must be written first, and the newest `seq` that is then written.
    pub(crate) fn pause(&self) -> (Bytes, i64) {
        let mut state = self.lock();
        state.is_paused = true;
        (std::mem::take(&mut state.rest), state.seq)
    }

    /// The connection's task has written these.
    pub(crate) fn mark_written(&self, seq: Option<i64>, stats: &BatchStats) {
        let mut state = self.lock();
        state.mark_written(seq, stats.total());
        state.count(stats);
    }

    /// What comes from now on may go straight to the socket, once nothing waits
    /// before it.
    pub(crate) fn resume(&self) {
        self.lock().is_paused = false;
    }

    /// The socket is no longer written to by anybody: how many messages were.
    pub(crate) fn detach(&self) -> u64 {
        let mut state = self.lock();
        state.wire = None;
        state.written
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How many bytes the socket took at once; none while others wait. Whether
    /// it is broken is for the connection's task to find out.
    fn try_write(&self, wire: &[u8]) -> usize {
        let is_free = !self.is_paused
            && self.rest.is_empty()
            && self.queue.is_empty()
            && self.closed.is_none();
        match &self.wire {
            Some(to) if is_free => to.stream.try_write(wire).unwrap_or(0),
            _ => 0,
        }
    }

    fn mark_written(&mut self, seq: Option<i64>, messages: u64) {
        self.seq = seq.map_or(self.seq, |seq| seq.max(self.seq));
        self.written += messages;
    }

    fn count(&self, stats: &BatchStats) {
        stats.record_written(1);
        if let Some(wire) = &self.wire {
            wire.message_rates.count_out(stats.total());
        }
    }

    /// Queues what comes after so many bytes.
    fn queue_from(&mut self, batch: &SharedBatch, mut taken: usize) {
        let mut begun = BatchStats::default();
        let mut seq = None;
        for frame in &batch.frames {
            if taken == 0 {
                self.push(frame.clone());
                continue;
            }
            let wire = frame.text.wire();
            self.rest = wire.slice(taken.min(wire.len())..);
            taken = taken.saturating_sub(wire.len());
            begun.add(frame);
            seq = frame.seq.or(seq);
        }
        self.mark_written(seq, begun.total());
        self.count(&begun);
    }

    fn push(&mut self, frame: OutboundMessage) {
        if self.closed.is_some() {
            return;
        }
        let cost = frame.cost();
        if self.bytes + cost > OUTBOX_BYTES {
            metrics::counter!("stellar_outbox_overflows_total").increment(1);
            self.keep_newest_ephemeral();
        }
        if self.bytes + cost > OUTBOX_BYTES {
            self.drop_ephemeral();
        }
        if self.bytes + cost <= OUTBOX_BYTES {
            self.bytes += cost;
            self.queue.push_back(frame);
        } else if frame.class != Class::Durable {
            dropped(1);
        } else {
            metrics::counter!("stellar_slow_consumers_total").increment(1);
            self.closed = Some(CloseReason::SlowConsumer);
            self.queue = VecDeque::new();
            self.bytes = 0;
        }
    }

    fn keep_newest_ephemeral(&mut self) {
        let before = self.queue.len();
        let mut seen = HashSet::new();
        let mut kept: VecDeque<OutboundMessage> = VecDeque::with_capacity(self.queue.len());
        while let Some(frame) = self.queue.pop_back() {
            let keep = match frame.class {
                Class::Durable => true,
                Class::Ephemeral(sender, kind) => seen.insert((sender, kind)),
            };
            if keep {
                kept.push_front(frame);
            } else {
                self.bytes -= frame.cost();
            }
        }
        self.queue = kept;
        dropped(before - self.queue.len());
    }

    fn drop_ephemeral(&mut self) {
        let before = self.queue.len();
        self.queue.retain(|frame| frame.class == Class::Durable);
        dropped(before - self.queue.len());
        self.bytes = self.queue.iter().map(OutboundMessage::cost).sum();
    }
}

/// Counts ephemeral messages that gave way.
fn dropped(count: usize) {
    metrics::counter!("stellar_ephemeral_dropped_total").increment(count as u64);
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;
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
        let frames = outbox.try_drain().unwrap().frames;
        let marks: Vec<u8> = frames
            .iter()
            .filter(|frame| frame.seq.is_none())
            .map(|frame| frame.text.json()[0])
            .collect();
        assert_eq!(marks, [99, 99]);
        assert_eq!(frames.back().unwrap().seq, Some(1));
    }

    #[test]
    fn durable_frames_are_never_dropped_silently() {
        let outbox = Outbox::default();
        for seq in 1..=4 {
            outbox.push(durable(seq, 60 * 1024));
        }
        outbox.push(durable(5, 60 * 1024));
        let taken = outbox.try_drain().unwrap();
        assert_eq!(taken.close, Some(CloseReason::SlowConsumer));
        assert!(taken.frames.is_empty());
    }

    #[test]
    fn the_queue_is_bounded_whatever_comes() {
        let outbox = Outbox::default();
        for user in 0..10_000 {
            outbox.push(cursor(user, 1));
        }
        let taken = outbox.try_drain().unwrap();
        assert_eq!(taken.close, None);
        assert!(
            taken
                .frames
                .iter()
                .map(OutboundMessage::cost)
                .sum::<usize>()
                <= OUTBOX_BYTES
        );
    }

    #[test]
    fn the_first_reason_to_close_stays() {
        let outbox = Outbox::default();
        outbox.push(durable(1, 10));
        outbox.close(CloseReason::Kicked);
        outbox.close(CloseReason::Done);
        outbox.push(durable(2, 10));
        let taken = outbox.try_drain().unwrap();
        assert_eq!(taken.close, Some(CloseReason::Kicked));
        assert_eq!(taken.frames.len(), 1);
    }
}
