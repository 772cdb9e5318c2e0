//! The queue of an outbox: bounded in bytes, and what is dropped when it is full.

use super::OUTBOX_BYTES;
use crate::realtime::outbound::{Class, OutboundMessage};
use std::collections::{HashSet, VecDeque};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) messages: VecDeque<OutboundMessage>,
    /// Their cost, at most [`OUTBOX_BYTES`].
    bytes: usize,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Empties the queue, and gives its memory away.
    pub(super) fn take(&mut self) -> VecDeque<OutboundMessage> {
        self.bytes = 0;
        std::mem::take(&mut self.messages)
    }

    /// Adds a message. When it does not fit, ephemeral messages are dropped, this
    /// one too if need be. False if a durable message does not fit all the same.
    pub(super) fn push(&mut self, message: OutboundMessage) -> bool {
        let cost = message.cost();
        if self.bytes + cost > OUTBOX_BYTES {
            metrics::counter!("stellar_outbox_overflows_total").increment(1);
            self.keep_newest_ephemeral();
        }
        if self.bytes + cost > OUTBOX_BYTES {
            self.drop_ephemeral();
        }
        if self.bytes + cost <= OUTBOX_BYTES {
            self.bytes += cost;
            self.messages.push_back(message);
            return true;
        }
        if message.class == Class::Durable {
            return false;
        }
        count_dropped(1);
        true
    }

    fn keep_newest_ephemeral(&mut self) {
        let before = self.messages.len();
        let mut seen = HashSet::new();
        let mut kept: VecDeque<OutboundMessage> = VecDeque::with_capacity(before);
        while let Some(message) = self.messages.pop_back() {
            let keep = match message.class {
                Class::Durable => true,
                Class::Ephemeral(sender, kind) => seen.insert((sender, kind)),
            };
            if keep {
                kept.push_front(message);
            } else {
                self.bytes -= message.cost();
            }
        }
        self.messages = kept;
        count_dropped(before - self.messages.len());
    }

    fn drop_ephemeral(&mut self) {
        let before = self.messages.len();
        self.messages
            .retain(|message| message.class == Class::Durable);
        count_dropped(before - self.messages.len());
        self.bytes = self.messages.iter().map(OutboundMessage::cost).sum();
    }
}

fn count_dropped(count: usize) {
    metrics::counter!("stellar_ephemeral_dropped_total").increment(count as u64);
}
