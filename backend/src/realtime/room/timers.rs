//! What a room has to do later. Timers are not cancelled: one that fires is
//! checked against the room's state, and one that was overtaken does nothing.
//!
//! A heap, not `tokio_util`'s `DelayQueue`: that one allocates a wheel of 6 KB for
//! each room, and rounds to milliseconds.

use super::throttle::ChangeKind;
use shared::{
    canvas::Coord,
    ids::{ConnectionId, UserId},
};
use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    time::{Duration, Instant},
};

/// How long a room sleeps when it has no timer.
const MAX_SLEEP: Duration = Duration::from_hours(1);

/// What may have become due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// A connection's typing ends.
    Typing(UserId, ConnectionId),
    /// A user without a connection has left.
    Leave(UserId),
    /// A cursor position that was held back is sent.
    Cursor(UserId),
    /// Changes of a user's presence that were held back are sent.
    Change(UserId, ChangeKind),
    /// A tile's lock runs out.
    Lock(Coord),
    /// A sanction of a user may be over.
    Sanction(UserId),
    /// A gap in the order of events is filled from the log.
    Gap,
}

/// Timers, ordered by their deadlines.
#[derive(Debug, Default)]
pub(super) struct Timers(BinaryHeap<Reverse<(Instant, Timer)>>);

impl Timers {
    /// Has `timer` fire at `deadline`.
    pub(super) fn at(&mut self, deadline: Instant, timer: Timer) {
        self.0.push(Reverse((deadline, timer)));
    }

    /// When the next timer fires, or [`MAX_SLEEP`] from now without one.
    pub(super) fn next_deadline(&self) -> Instant {
        self.0
            .peek()
            .map_or_else(|| Instant::now() + MAX_SLEEP, |Reverse((time, _))| *time)
    }

    /// Removes and returns the next timer if it is due.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        if self.0.peek()?.0.0 > now {
            return None;
        }
        self.0.pop().map(|Reverse((_, timer))| timer)
    }
}
