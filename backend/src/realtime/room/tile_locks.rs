//! The tile locks as the members of this room see them. Whether a lock is held is
//! decided in the database; these are copies, which end by this node's monotonic
//! clock unless a renewal arrives.

use crate::{clock::DatabaseClock, db::locks::TileLock};
use shared::{canvas::Coord, ids::ConnectionId, limits, protocol::Lock};
use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

/// How long a lock lasts that was just taken or renewed.
pub(super) const LOCK_DURATION: Duration = Duration::from_millis(limits::LOCK_MS);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct TileLocks(HashMap<Coord, (TileLock, Instant)>);

impl TileLocks {
    /// Takes over a lock that ends at `deadline` unless it is renewed.
    pub(super) fn insert(&mut self, lock: TileLock, deadline: Instant) {
        self.0.insert(lock.at, (lock, deadline));
    }

    pub(super) fn remove(&mut self, at: Coord) {
        self.0.remove(&at);
    }

    /// Removes the lock of a tile if its time is over, and returns it.
    pub(super) fn expire(&mut self, at: Coord, now: Instant) -> Option<TileLock> {
        let (_, deadline) = self.0.get(&at)?;
        if *deadline > now {
            return None;
        }
        self.0.remove(&at).map(|(lock, _)| lock)
    }

    pub(super) fn get(&self, at: Coord) -> Option<&TileLock> {
        self.0.get(&at).map(|(lock, _)| lock)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &TileLock> {
        self.0.values().map(|(lock, _)| lock)
    }

    /// The locks that this connection holds.
    pub(super) fn held_by(&self, connection: ConnectionId) -> Vec<TileLock> {
        let held = self.iter().filter(|lock| lock.connection_id == connection);
        held.cloned().collect()
    }

    /// The locks that are not among those of the database any more.
    pub(super) fn missing_in(&self, read: &[TileLock]) -> Vec<TileLock> {
        let read: HashSet<Coord> = read.iter().map(|lock| lock.at).collect();
        let missing = self.iter().filter(|lock| !read.contains(&lock.at));
        missing.cloned().collect()
    }
}

/// How long a lock that was read from the database lasts from now on.
pub(super) fn remaining(lock: &TileLock, clock: &DatabaseClock) -> Duration {
    let left = lock.expires_at - clock.now();
    left.to_std().unwrap_or_default().min(LOCK_DURATION)
}

/// A lock as it is sent to clients.
pub(super) fn to_wire(lock: &TileLock) -> Lock {
    Lock {
        tile_x: lock.at.x,
        tile_y: lock.at.y,
        user_id: lock.user_id,
        username: lock.username.clone(),
        expires_at: lock.expires_at.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use shared::ids::UserId;
    use uuid::Uuid;

    fn lock(x: i32, connection: u128) -> TileLock {
        TileLock {
            at: Coord { x, y: 0 },
            user_id: UserId(1),
            username: "ann".to_owned(),
            connection_id: ConnectionId(Uuid::from_u128(connection)),
            expires_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_lock_ends_at_the_deadline_of_its_last_renewal() {
        let now = Instant::now();
        let later = now + LOCK_DURATION;
        let mut locks = TileLocks::default();
        locks.insert(lock(3, 1), now);
        locks.insert(lock(3, 1), later);
        assert_eq!(locks.expire(Coord { x: 3, y: 0 }, now), None);
        assert_eq!(locks.expire(Coord { x: 3, y: 0 }, later), Some(lock(3, 1)));
        assert_eq!(locks.expire(Coord { x: 3, y: 0 }, later), None);
    }

    #[test]
    fn what_the_database_does_not_have_is_missing() {
        let now = Instant::now();
        let mut locks = TileLocks::default();
        locks.insert(lock(1, 1), now);
        locks.insert(lock(2, 2), now);
        assert_eq!(locks.missing_in(&[lock(2, 9)]), [lock(1, 1)]);
        let second = ConnectionId(Uuid::from_u128(2));
        assert_eq!(locks.held_by(second), [lock(2, 2)]);
    }
}
