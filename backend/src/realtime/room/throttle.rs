//! Limits how often the ephemeral changes of a user are passed on, over all of the user's
//! connections: cursors, typing, the open tile and the status. A change that comes too early is
//! held back, replaced by newer ones, and sent when its time has come, so that the newest
//! state always arrives. Pure: it is given the time.

use crate::realtime::cluster_message::PresenceField;
use shared::{
    ids::{ConnectionId, UserId},
    limits,
    presence::Editing,
};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// How often one kind of change is passed on.
#[derive(Clone, Copy, Debug)]
struct ThrottleRate {
    /// The average time between two changes.
    interval: Duration,
    /// How much earlier than that a change may be passed on.
    burst: Duration,
}

/// Positions of a user's cursor.
const CURSORS: ThrottleRate = ThrottleRate {
    interval: Duration::from_millis(1000 / limits::CURSORS_PER_SECOND),
    burst: Duration::ZERO,
};
/// Two at once, so that opening and closing a tile is not delayed, and then a little
/// less often than the limit: no second has more than
/// [`limits::PRESENCE_CHANGES_PER_SECOND`].
const CHANGES: ThrottleRate = {
    let interval = Duration::from_millis(1000 / (limits::PRESENCE_CHANGES_PER_SECOND - 1) + 1);
    ThrottleRate {
        interval,
        burst: interval,
    }
};

/// The kinds of changes that are limited each for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ChangeKind {
    Typing,
    Editing,
    Status,
}

impl ChangeKind {
    /// The same for other nodes.
    pub(super) fn field(self) -> PresenceField {
        match self {
            Self::Typing => PresenceField::Typing,
            Self::Editing => PresenceField::Editing,
            Self::Status => PresenceField::Status,
        }
    }
}

/// A change that members are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Whether the user types.
    Typing(bool),
    /// The tile that was opened (true) or left (false).
    Editing(Editing, bool),
    /// The status as it is.
    Status,
}

/// Changes of one kind that are passed on together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Changes {
    /// The newest, with the connection that made it, which is not sent it. `None` where
    /// the members see no difference.
    pub(super) newest: Option<(ConnectionId, Change)>,
    /// Connections of this node whose state other nodes have to know, the one that
    /// changed last at the end: what they show is the change that comes last.
    pub(super) to_publish: Vec<ConnectionId>,
}

impl Changes {
    fn merge(&mut self, newer: Self) {
        self.newest = newer.newest.or(self.newest);
        for connection in newer.to_publish {
            self.to_publish.retain(|known| *known != connection);
            self.to_publish.push(connection);
        }
    }
}

/// What to do with something new.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Offer<T> {
    /// Send it now.
    Send(T),
    /// It is held back: look again at this time.
    HeldUntil(Instant),
    /// It is held back, and the time to look again is known already.
    Held,
}

#[derive(Debug)]
struct Throttle<T> {
    /// When everything that was sent is earned.
    earned_at: Option<Instant>,
    held: Option<T>,
}

impl<T> Default for Throttle<T> {
    fn default() -> Self {
        Self {
            earned_at: None,
            held: None,
        }
    }
}

impl<T> Throttle<T> {
    fn offer(
        &mut self,
        new: T,
        rate: ThrottleRate,
        now: Instant,
        merge: fn(&mut T, T),
    ) -> Offer<T> {
        if let Some(held) = &mut self.held {
            merge(held, new);
            return Offer::Held;
        }
        let earned_at = self.earned_at.map_or(now, |at| at.max(now));
        if earned_at > now + rate.burst {
            self.held = Some(new);
            return Offer::HeldUntil(earned_at.checked_sub(rate.burst).unwrap_or(now));
        }
        self.earned_at = Some(earned_at + rate.interval);
        Offer::Send(new)
    }

    /// Takes what is held back, to be sent now.
    fn release(&mut self, rate: ThrottleRate, now: Instant) -> Option<T> {
        let held = self.held.take()?;
        self.earned_at = Some(self.earned_at.map_or(now, |at| at.max(now)) + rate.interval);
        Some(held)
    }
}

/// What is limited of one user.
#[derive(Debug, Default)]
struct UserThrottles {
    cursor: Throttle<(ConnectionId, f64, f64)>,
    typing: Throttle<Changes>,
    editing: Throttle<Changes>,
    status: Throttle<Changes>,
}

impl UserThrottles {
    fn of(&mut self, kind: ChangeKind) -> &mut Throttle<Changes> {
        match kind {
            ChangeKind::Typing => &mut self.typing,
            ChangeKind::Editing => &mut self.editing,
            ChangeKind::Status => &mut self.status,
        }
    }
}

/// The throttles of the users of the canvas who moved a cursor or changed something, until they
/// leave.
#[derive(Debug, Default)]
pub(super) struct EphemeralThrottle(HashMap<UserId, Box<UserThrottles>>);

impl EphemeralThrottle {
    /// Takes a position of a user's cursor.
    pub(super) fn offer_cursor(
        &mut self,
        user: UserId,
        by: ConnectionId,
        (x, y): (f64, f64),
        now: Instant,
    ) -> Offer<(ConnectionId, f64, f64)> {
        let cursor = &mut self.0.entry(user).or_default().cursor;
        cursor.offer((by, x, y), CURSORS, now, |held, newer| *held = newer)
    }

    /// Takes the position that is held back, to be sent now.
    pub(super) fn release_cursor(
        &mut self,
        user: UserId,
        now: Instant,
    ) -> Option<(ConnectionId, f64, f64)> {
        self.0.get_mut(&user)?.cursor.release(CURSORS, now)
    }

    /// Takes a change.
    pub(super) fn offer(
        &mut self,
        user: UserId,
        kind: ChangeKind,
        changes: Changes,
        now: Instant,
    ) -> Offer<Changes> {
        let throttle = self.0.entry(user).or_default().of(kind);
        throttle.offer(changes, CHANGES, now, Changes::merge)
    }

    /// Takes the changes that are held back, to be sent now.
    pub(super) fn release(
        &mut self,
        user: UserId,
        kind: ChangeKind,
        now: Instant,
    ) -> Option<Changes> {
        self.0.get_mut(&user)?.of(kind).release(CHANGES, now)
    }

    /// The user left the canvas.
    pub(super) fn remove(&mut self, user: UserId) {
        self.0.remove(&user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const ANN: UserId = UserId(1);

    fn tab(n: u128) -> ConnectionId {
        ConnectionId(Uuid::from_u128(n))
    }

    fn typing(by: u128, is_typing: bool) -> Changes {
        Changes {
            newest: Some((tab(by), Change::Typing(is_typing))),
            to_publish: vec![tab(by)],
        }
    }

    #[test]
    fn the_last_cursor_position_is_sent_when_its_time_has_come() {
        let now = Instant::now();
        let later = now + CURSORS.interval;
        let mut throttle = EphemeralThrottle::default();
        let mut offer = |tab, x, now| throttle.offer_cursor(ANN, tab, (x, 0.0), now);
        let sent = Offer::Send((tab(1), 1.0, 0.0));
        assert_eq!(offer(tab(1), 1.0, now), sent);
        assert_eq!(offer(tab(1), 2.0, now), Offer::HeldUntil(later));
        assert_eq!(offer(tab(2), 3.0, now), Offer::Held);
        let released = throttle.release_cursor(ANN, later);
        assert_eq!(released, Some((tab(2), 3.0, 0.0)));
        assert_eq!(throttle.release_cursor(ANN, later), None);
        let next = throttle.offer_cursor(ANN, tab(1), (4.0, 0.0), later);
        assert_eq!(next, Offer::HeldUntil(later + CURSORS.interval));
    }

    #[test]
    fn no_second_has_more_changes_than_the_limit_and_the_newest_is_sent() {
        let start = Instant::now();
        let mut throttle = EphemeralThrottle::default();
        let mut sent: Vec<(Instant, Changes)> = Vec::new();
        let mut release_at = None;
        // Fifty tabs toggle for five seconds.
        for n in 0..5_000_u64 {
            let now = start + Duration::from_millis(n);
            if release_at.is_some_and(|at| at <= now) {
                release_at = None;
                let changes = throttle.release(ANN, ChangeKind::Typing, now).unwrap();
                sent.push((now, changes));
            }
            let change = typing(u128::from(n % 50), n.is_multiple_of(3));
            match throttle.offer(ANN, ChangeKind::Typing, change, now) {
                Offer::Send(changes) => sent.push((now, changes)),
                Offer::HeldUntil(at) => release_at = Some(at),
                Offer::Held => {}
            }
        }
        let now = release_at.unwrap();
        let changes = throttle.release(ANN, ChangeKind::Typing, now).unwrap();
        assert_eq!(changes.newest, typing(4_999 % 50, false).newest);
        assert_eq!(changes.to_publish.len(), 50);
        sent.push((now, changes));
        let second = Duration::from_secs(1);
        for (begin, _) in &sent {
            let within = sent
                .iter()
                .filter(|(at, _)| begin <= at && *at < *begin + second);
            let limit = usize::try_from(limits::PRESENCE_CHANGES_PER_SECOND).unwrap();
            assert!(within.count() <= limit);
        }
        assert!(sent.len() >= 14, "{}", sent.len());
    }

    #[test]
    fn each_kind_and_each_user_is_limited_alone() {
        let now = Instant::now();
        let mut throttle = EphemeralThrottle::default();
        for user in [ANN, UserId(2)] {
            for kind in [ChangeKind::Typing, ChangeKind::Editing, ChangeKind::Status] {
                for _ in 0..2 {
                    let offer = throttle.offer(user, kind, typing(1, true), now);
                    assert!(matches!(offer, Offer::Send(_)));
                }
                let offer = throttle.offer(user, kind, typing(1, true), now);
                assert!(matches!(offer, Offer::HeldUntil(_)));
            }
        }
        throttle.remove(ANN);
        assert_eq!(throttle.release(ANN, ChangeKind::Typing, now), None);
        let offer = throttle.offer(ANN, ChangeKind::Typing, typing(1, true), now);
        assert!(matches!(offer, Offer::Send(_)));
    }

    #[test]
    fn the_connection_that_changed_last_is_published_last() {
        let now = Instant::now();
        let mut throttle = EphemeralThrottle::default();
        for by in [1, 1, 1, 2, 1] {
            throttle.offer(ANN, ChangeKind::Editing, typing(by, true), now);
        }
        let released = throttle.release(ANN, ChangeKind::Editing, now).unwrap();
        assert_eq!(released.to_publish, [tab(2), tab(1)]);
    }

    #[test]
    fn what_nobody_sees_does_not_hide_a_change_that_is_held_back() {
        let now = Instant::now();
        let mut throttle = EphemeralThrottle::default();
        for _ in 0..3 {
            throttle.offer(ANN, ChangeKind::Typing, typing(1, true), now);
        }
        let unseen = Changes {
            newest: None,
            to_publish: vec![tab(2)],
        };
        throttle.offer(ANN, ChangeKind::Typing, unseen, now);
        let released = throttle.release(ANN, ChangeKind::Typing, now).unwrap();
        assert_eq!(released.newest, typing(1, true).newest);
        assert_eq!(released.to_publish, [tab(1), tab(2)]);
    }
}
