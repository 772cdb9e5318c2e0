//! The order in which a room tells durable events: one after the other,
//! whatever order they come in, and each once. Pure: it is told the time, and
//! says when a gap should be filled from the log.

use super::ring::Event;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// How long a gap may stay open: what other nodes told may overtake each other
/// for a moment, or be lost.
pub(crate) const GAP_TIMEOUT: Duration = Duration::from_millis(50);
/// Events kept that are ahead of their turn.
const MAX_OUT_OF_ORDER: usize = 512;
/// Their bytes: their turn comes for all of them at once, and they have to fit
/// into an outbox then.
const MAX_OUT_OF_ORDER_BYTES: usize = 128 * 1024;

/// See the module.
#[derive(Debug)]
pub(crate) struct Sequencer {
    /// The newest event that was let through.
    head: i64,
    /// The head that the log is known to have.
    known_head: i64,
    out_of_order: BTreeMap<i64, Event>,
    out_of_order_bytes: usize,
    /// Since when an event waits for those before it.
    gap_since: Option<Instant>,
}

impl Sequencer {
    /// Lets through what comes after `head`.
    pub(crate) fn new(head: i64) -> Self {
        Self {
            head,
            known_head: head,
            out_of_order: BTreeMap::new(),
            out_of_order_bytes: 0,
            gap_since: None,
        }
    }

    /// The newest event that was let through.
    pub(crate) fn head(&self) -> i64 {
        self.head
    }

    /// Whether the event with this `seq` is the next; if so, it is through.
    pub(crate) fn accept_next(&mut self, seq: i64) -> bool {
        let is_next = seq == self.head + 1;
        if is_next {
            self.head = seq;
        }
        is_next
    }

    /// Keeps an event for when its turn comes; [`Sequencer::pop_ready`] has it then.
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
            // It is in the log all the same.
            self.known_head = self.known_head.max(seq);
        }
        self.gap_since.get_or_insert(now);
    }

    /// Lets the next event through if it is here already.
    pub(crate) fn pop_ready(&mut self, now: Instant) -> Option<Event> {
        while let Some(first) = self.out_of_order.first_entry() {
            let seq = *first.key();
            if seq > self.head + 1 {
                return None;
            }
            let event = first.remove();
            self.out_of_order_bytes -= event.body.len();
            // A gap behind this one is another gap.
            self.gap_since = (!self.out_of_order.is_empty()).then_some(now);
            if self.accept_next(seq) {
                return Some(event);
            }
        }
        self.gap_since = None;
        None
    }

    /// The log has this head.
    pub(crate) fn observe_head(&mut self, head: i64) {
        self.known_head = self.known_head.max(head);
    }

    /// When a gap is to be filled from the log, if there is one.
    pub(crate) fn gap_deadline(&self) -> Option<Instant> {
        self.gap_since.map(|since| since + GAP_TIMEOUT)
    }

    /// Takes a gap that is open for too long for something the log has.
    pub(crate) fn on_timer(&mut self, now: Instant) {
        if self.gap_deadline().is_some_and(|at| at <= now)
            && let Some((seq, _)) = self.out_of_order.last_key_value()
        {
            self.known_head = self.known_head.max(*seq);
        }
    }

    /// Up to where the log should be read, if it should be.
    pub(crate) fn gap_until(&self) -> Option<i64> {
        (self.known_head > self.head).then_some(self.known_head)
    }

    /// The log was read up to `until`: what was not found is not there.
    pub(crate) fn mark_read(&mut self, until: i64) {
        if self.known_head <= until {
            self.known_head = self.head;
        }
    }
}

#[cfg(test)]
mod properties;
