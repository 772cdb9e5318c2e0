//! Connections that join and are not members yet.

use super::command::Join;
use shared::ids::Epoch;

/// See the module.
#[derive(Default)]
pub(super) struct Joins {
    /// Admitted together at the end of the step, so that the list of users is serialized
    /// once for all of them.
    waiting: Vec<Join>,
    /// Connections that have seen newer events than this room, on another node. The log
    /// is read before they are admitted.
    ahead: Vec<Join>,
}

impl Joins {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.ahead.is_empty()
    }

    /// Queues a join on a canvas of this `epoch`, whose newest delivered event is `head`.
    pub(super) fn push(&mut self, join: Join, head: i64, epoch: Epoch) {
        let is_ahead = join.last_seq.is_some_and(|seq| seq > head);
        if is_ahead && join.epoch == Some(epoch) {
            self.ahead.push(join);
        } else {
            self.waiting.push(join);
        }
    }

    /// Queues a join for which the log was read.
    pub(super) fn push_checked(&mut self, join: Join) {
        self.waiting.push(join);
    }

    /// Takes those that can be admitted.
    pub(super) fn take_waiting(&mut self) -> Vec<Join> {
        std::mem::take(&mut self.waiting)
    }

    /// Whether some need the log to be read.
    pub(super) fn has_ahead(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// Takes those that need the log to be read.
    pub(super) fn take_ahead(&mut self) -> Vec<Join> {
        std::mem::take(&mut self.ahead)
    }
}
