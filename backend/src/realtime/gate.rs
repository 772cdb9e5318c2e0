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
pub(crate) const GAP: Duration = Duration::from_millis(50);
/// Events kept that are ahead of their turn.
const EARLY: usize = 512;
/// Their bytes: their turn comes for all of them at once, and they have to fit
/// into an outbox then.
const EARLY_BYTES: usize = 128 * 1024;

/// See the module.
#[derive(Debug)]
pub(crate) struct Gate {
    /// The newest event that was let through.
    head: i64,
    /// The head that the log is known to have.
    known: i64,
    early: BTreeMap<i64, Event>,
    early_bytes: usize,
    /// Since when an event waits for those before it.
    gap_since: Option<Instant>,
}

impl Gate {
    /// Lets through what comes after `head`.
    pub(crate) fn new(head: i64) -> Self {
        Self {
            head,
            known: head,
            early: BTreeMap::new(),
            early_bytes: 0,
            gap_since: None,
        }
    }

    /// The newest event that was let through.
    pub(crate) fn head(&self) -> i64 {
        self.head
    }

    /// Whether the event with this `seq` is the next; if so, it is through.
    pub(crate) fn admit(&mut self, seq: i64) -> bool {
        let is_next = seq == self.head + 1;
        if is_next {
            self.head = seq;
        }
        is_next
    }

    /// Keeps an event for when its turn comes; [`Gate::next`] has it then.
    pub(crate) fn offer(&mut self, event: Event, now: Instant) {
        if event.seq <= self.head || self.early.contains_key(&event.seq) {
            return;
        }
        self.early_bytes += event.body.len();
        self.early.insert(event.seq, event);
        while self.early.len() > EARLY || self.early_bytes > EARLY_BYTES {
            let Some((seq, last)) = self.early.pop_last() else {
                break;
            };
            self.early_bytes -= last.body.len();
            // It is in the log all the same.
            self.known = self.known.max(seq);
        }
        self.gap_since.get_or_insert(now);
    }

    /// Lets the next event through if it is here already.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Event> {
        while let Some(first) = self.early.first_entry() {
            let seq = *first.key();
            if seq > self.head + 1 {
                return None;
            }
            let event = first.remove();
            self.early_bytes -= event.body.len();
            // A gap behind this one is another gap.
            self.gap_since = (!self.early.is_empty()).then_some(now);
            if self.admit(seq) {
                return Some(event);
            }
        }
        self.gap_since = None;
        None
    }

    /// The log has this head.
    pub(crate) fn know(&mut self, head: i64) {
        self.known = self.known.max(head);
    }

    /// When a gap is to be filled from the log, if there is one.
    pub(crate) fn overdue_at(&self) -> Option<Instant> {
        self.gap_since.map(|since| since + GAP)
    }

    /// Takes a gap that is open for too long for something the log has.
    pub(crate) fn tick(&mut self, now: Instant) {
        if self.overdue_at().is_some_and(|at| at <= now)
            && let Some((seq, _)) = self.early.last_key_value()
        {
            self.known = self.known.max(*seq);
        }
    }

    /// Up to where the log should be read, if it should be.
    pub(crate) fn behind(&self) -> Option<i64> {
        (self.known > self.head).then_some(self.known)
    }

    /// The log was read up to `until`: what was not found is not there.
    pub(crate) fn looked(&mut self, until: i64) {
        if self.known <= until {
            self.known = self.head;
        }
    }
}

#[cfg(test)]
mod properties;
