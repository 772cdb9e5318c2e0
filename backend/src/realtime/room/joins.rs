//! Connections that join and are not members yet.

use super::command::Join;
use shared::ids::Epoch;

/// See the module.
#[derive(Default)]
pub(super) struct Joins {
    /// Admitted together at the end of the step, so that the list of users is serialized
    /// once for all of them.
    waiting: Vec<Join>,
    /// Connections that have seen newer events than this room, on another node, or newer
    /// removals of messages. The log is read before they are admitted.
    ahead: Vec<Join>,
    /// Connections that have seen newer events than the log has: it went back, or they
    /// are wrong. The log is compared before they are admitted.
    from_the_future: Vec<Join>,
    /// Connections whose `last_timestamp` is that of an event which is not in memory.
    uncompared: Vec<Join>,
}

impl Joins {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
            && self.ahead.is_empty()
            && self.from_the_future.is_empty()
            && self.uncompared.is_empty()
    }

    /// Queues a join on a canvas of this `epoch`, whose newest delivered event is `head`.
    pub(super) fn push(&mut self, join: Join, head: i64, epoch: Epoch) {
        if join.is_ahead(head, epoch) {
            self.ahead.push(join);
        } else {
            self.waiting.push(join);
        }
    }

    /// Queues a join that is ahead although the log was read.
    pub(super) fn push_from_the_future(&mut self, mut join: Join) {
        if std::mem::replace(&mut join.is_compared, true) {
            self.waiting.push(join);
        } else {
            self.from_the_future.push(join);
        }
    }

    /// Queues a join whose `last_timestamp` has to be compared with the log.
    pub(super) fn push_uncompared(&mut self, join: Join) {
        self.uncompared.push(join);
    }

    /// Takes those that can be admitted.
    pub(super) fn take_waiting(&mut self) -> Vec<Join> {
        std::mem::take(&mut self.waiting)
    }

    /// Takes those whose `last_timestamp` has to be compared.
    pub(super) fn take_uncompared(&mut self) -> Vec<Join> {
        std::mem::take(&mut self.uncompared)
    }

    /// Whether some need the log to be read.
    pub(super) fn has_ahead(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// Takes those that need the log to be read.
    pub(super) fn take_ahead(&mut self) -> Vec<Join> {
        std::mem::take(&mut self.ahead)
    }

    /// Whether some have seen events that the log does not have.
    pub(super) fn has_from_the_future(&self) -> bool {
        !self.from_the_future.is_empty()
    }

    /// Takes those that have seen events that the log does not have.
    pub(super) fn take_from_the_future(&mut self) -> Vec<Join> {
        std::mem::take(&mut self.from_the_future)
    }
}
