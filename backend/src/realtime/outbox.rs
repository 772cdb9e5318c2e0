//! A connection's one bounded outbound queue. Replies and events share it, so
//! that what a connection sees has one order. The room never waits for it.

use super::frame::{Class, Frame};
use shared::protocol::CloseReason;
use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// Bytes that may wait for one connection.
pub(crate) const OUTBOX_BYTES: usize = 256 * 1024;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    ready: Notify,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Frame>,
    bytes: usize,
    closed: Option<CloseReason>,
}

/// Everything that waited.
#[derive(Debug)]
pub(crate) struct Taken {
    /// In order.
    pub(crate) frames: VecDeque<Frame>,
    /// Set if the connection ends after them.
    pub(crate) close: Option<CloseReason>,
}

impl Outbox {
    /// Queues one frame; see [`Outbox::extend`].
    pub(crate) fn push(&self, frame: Frame) {
        self.extend(std::iter::once(frame));
    }

    /// Queues frames in order. When they do not fit, ephemeral ones give way,
    /// of which the newest per sender and kind stay as long as they can; when
    /// durable ones still do not fit, the connection is closed as too slow.
    pub(crate) fn extend(&self, frames: impl IntoIterator<Item = Frame>) {
        let mut state = self.lock();
        for frame in frames {
            state.push(frame);
        }
        drop(state);
        self.ready.notify_one();
    }

    /// Ends the connection after what is queued; the first reason stays.
    pub(crate) fn close(&self, reason: CloseReason) {
        self.lock().closed.get_or_insert(reason);
        self.ready.notify_one();
    }

    /// Whether most of it is free, or it ends anyway.
    pub(crate) fn is_calm(&self) -> bool {
        let state = self.lock();
        state.bytes <= OUTBOX_BYTES / 4 || state.closed.is_some()
    }

    /// Waits until there is something, and takes all of it. Cancel-safe.
    pub(crate) async fn take(&self) -> Taken {
        loop {
            if let Some(taken) = self.try_take() {
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
    pub(crate) fn try_take(&self) -> Option<Taken> {
        let mut state = self.lock();
        if state.queue.is_empty() && state.closed.is_none() {
            return None;
        }
        state.bytes = 0;
        Some(Taken {
            frames: std::mem::take(&mut state.queue),
            close: state.closed,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, frame: Frame) {
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
        let mut kept: VecDeque<Frame> = VecDeque::with_capacity(self.queue.len());
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
        self.bytes = self.queue.iter().map(Frame::cost).sum();
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

    fn durable(seq: i64, size: usize) -> Frame {
        Frame::event(seq, vec![b'x'; size].into())
    }

    fn cursor(user: i64, mark: u8) -> Frame {
        Frame {
            seq: None,
            class: Class::Ephemeral(UserId(user), "cursor"),
            ..Frame::event(0, vec![mark; 1000].into())
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
        let frames = outbox.try_take().unwrap().frames;
        let marks: Vec<u8> = frames
            .iter()
            .filter(|frame| frame.seq.is_none())
            .map(|frame| frame.text[0])
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
        let taken = outbox.try_take().unwrap();
        assert_eq!(taken.close, Some(CloseReason::SlowConsumer));
        assert!(taken.frames.is_empty());
    }

    #[test]
    fn the_queue_is_bounded_whatever_comes() {
        let outbox = Outbox::default();
        for user in 0..10_000 {
            outbox.push(cursor(user, 1));
        }
        let taken = outbox.try_take().unwrap();
        assert_eq!(taken.close, None);
        assert!(taken.frames.iter().map(Frame::cost).sum::<usize>() <= OUTBOX_BYTES);
    }

    #[test]
    fn the_first_reason_to_close_stays() {
        let outbox = Outbox::default();
        outbox.push(durable(1, 10));
        outbox.close(CloseReason::Kicked);
        outbox.close(CloseReason::Done);
        outbox.push(durable(2, 10));
        let taken = outbox.try_take().unwrap();
        assert_eq!(taken.close, Some(CloseReason::Kicked));
        assert_eq!(taken.frames.len(), 1);
    }
}
