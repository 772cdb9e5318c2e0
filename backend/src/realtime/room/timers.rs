//! What a room has to do later. A timer that fires is checked against the
//! room's state, so one that was overtaken does nothing.

use shared::{
    canvas::Coord,
    ids::{ConnectionId, UserId},
};
use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    time::{Duration, Instant},
};

/// How long a room sleeps when there is nothing to wait for.
const IDLE: Duration = Duration::from_hours(1);

/// What may have become due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// A connection's typing ends.
    Typing(UserId, ConnectionId),
    /// A user without a connection leaves.
    Leave(UserId),
    /// A held-back cursor position is passed on.
    Cursor(ConnectionId),
    /// A tile's lock runs out.
    Lock(Coord),
    /// A gap in the order of events is open for too long.
    Gap,
}

/// Timers by time.
#[derive(Debug, Default)]
pub(super) struct Timers(BinaryHeap<Reverse<(Instant, Timer)>>);

impl Timers {
    /// Fires `timer` at `time`.
    pub(super) fn at(&mut self, time: Instant, timer: Timer) {
        self.0.push(Reverse((time, timer)));
    }

    /// When to look again.
    pub(super) fn next(&self) -> Instant {
        self.0
            .peek()
            .map_or_else(|| Instant::now() + IDLE, |Reverse((time, _))| *time)
    }

    /// The next timer that is due.
    pub(super) fn due(&mut self, now: Instant) -> Option<Timer> {
        if self.0.peek()?.0.0 > now {
            return None;
        }
        self.0.pop().map(|Reverse((_, timer))| timer)
    }
}
