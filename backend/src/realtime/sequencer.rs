//! Puts durable events into the order of their `seq`, each once, in whatever order
//! they arrive: an event that is not the next waits for those before it. Pure: it is
//! given the time, and says up to where the log has to be read to fill a gap.

use super::ring::Event;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// How long a gap may stay open before the log is read: messages of different nodes
/// overtake each other for a moment, or are lost.
pub(crate) const GAP_TIMEOUT: Duration = Duration::from_millis(50);
/// The most events that wait.
const MAX_OUT_OF_ORDER: usize = 512;
/// The most bytes that wait: they become ready all at once, and have to fit into an
/// outbox then.
const MAX_OUT_OF_ORDER_BYTES: usize = 128 * 1024;

/// See the module.
#[derive(Debug)]
pub(crate) struct Sequencer {
    /// The `seq` of the last event that was released.
    head: i64,
    /// The `seq` up to which the log is known to reach.
    known_head: i64,
    /// Events that wait, by `seq`.
    out_of_order: BTreeMap<i64, Event>,
    out_of_order_bytes: usize,
    /// Since when the first of them waits.
    gap_since: Option<Instant>,
}

impl Sequencer {
    /// A sequencer whose next event is `head + 1`.
    pub(crate) fn new(head: i64) -> Self {
        Self {
            head,
            known_head: head,
            out_of_order: BTreeMap::new(),
            out_of_order_bytes: 0,
            gap_since: None,
        }
    }

    /// The `seq` of the last event that was released.
    pub(crate) fn head(&self) -> i64 {
        self.head
    }

    /// Releases the event with this `seq` if it is the next. False if it is not.
    pub(crate) fn accept_next(&mut self, seq: i64) -> bool {
        let is_next = seq == self.head + 1;
        if is_next {
            self.head = seq;
        }
        is_next
    }

    /// Keeps an event until it is the next; [`Sequencer::pop_ready`] returns it then. If
    /// too many wait, the last ones are dropped and later read from the log.
    pub(crate) fn insert(&mut self, event: Event, now: Instant) {
        if event.seq <= self.head || self.out_of_order.contains_key(&event.seq) {
            return;
        }
        self.out_of_order_bytes += event.body.len();
        self.out_of_order.insert(event.seq, event);
        while self.out_of_order.len() > MAX_OUT_OF_ORDER
            || self.out_of_order_bytes > MAX_OUT_OF_ORDER_BYTES
        {
            let Some((seq, last)) = self.out_of_order.pop_last() else {
                break;
            };
            self.out_of_order_bytes -= last.body.len();
            self.known_head = self.known_head.max(seq);
        }
        self.gap_since.get_or_insert(now);
    }

    /// Releases the next event if it waits already.
    pub(crate) fn pop_ready(&mut self, now: Instant) -> Option<Event> {
        while let Some(first) = self.out_of_order.first_entry() {
            let seq = *first.key();
            if seq > self.head + 1 {
                return None;
            }
            let event = first.remove();
            self.out_of_order_bytes -= event.body.len();
            // A gap behind this event is another gap.
            self.gap_since = (!self.out_of_order.is_empty()).then_some(now);
            if self.accept_next(seq) {
                return Some(event);
            }
        }
        self.gap_since = None;
        None
    }

    /// The log is known to reach up to `head`.
    pub(crate) fn observe_head(&mut self, head: i64) {
        self.known_head = self.known_head.max(head);
    }

    /// When the log has to be read because of a gap; `None` without one.
    pub(crate) fn gap_deadline(&self) -> Option<Instant> {
        self.gap_since.map(|since| since + GAP_TIMEOUT)
    }

    /// Counts a gap that has been open for too long as something to read from the log.
    pub(crate) fn on_timer(&mut self, now: Instant) {
        if self.gap_deadline().is_some_and(|at| at <= now)
            && let Some((seq, _)) = self.out_of_order.last_key_value()
        {
            self.known_head = self.known_head.max(*seq);
        }
    }

    /// Up to which `seq` the log should be read; `None` if nothing is missing.
    pub(crate) fn gap_until(&self) -> Option<i64> {
        (self.known_head > self.head).then_some(self.known_head)
    }

    /// The log was read up to `until`. What was not found there does not exist.
    pub(crate) fn mark_read(&mut self, until: i64) {
        if self.known_head <= until {
            self.known_head = self.head;
        }
    }
}

#[cfg(test)]
mod properties;
