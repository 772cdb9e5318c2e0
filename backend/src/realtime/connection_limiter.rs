//! How many connections there are, and may be.

use super::{
    bus::{Bus, Channel},
    node_id::NodeId,
};
use shared::ids::UserId;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use thiserror::Error;

/// Why a connection was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum ConnectionLimitError {
    /// The user or the address has too many already.
    #[error("too many connections")]
    TooMany,
    /// The server has too many already.
    #[error("the server carries no more connections")]
    Overloaded,
    /// The server is going down.
    #[error("the server is going down")]
    Draining,
}

/// The caps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    pub(crate) total: usize,
    pub(crate) per_user: usize,
    pub(crate) per_ip: usize,
}

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    users: HashMap<UserId, usize>,
    addresses: HashMap<IpAddr, usize>,
}

/// Seconds after which the counts of a node that is gone are forgotten.
const TTL: i64 = 30;
/// Users written at once.
const FIELDS: usize = 256;

/// Counts connections, and keeps the users' counts where other nodes find them.
#[derive(Clone)]
pub(crate) struct ConnectionLimiter {
    counts: Arc<Mutex<Counts>>,
    bus: Bus,
}

/// Where a node keeps how many connections its users have.
pub(crate) fn connections_key(node: NodeId) -> String {
    format!("connections:{node}")
}

/// One connection's place; given back when dropped.
pub(crate) struct ConnectionPermit {
    counts: ConnectionLimiter,
    user: UserId,
    address: IpAddr,
    /// Connections of the user on this node, with this one.
    pub(crate) of_user: usize,
}

impl ConnectionLimiter {
    pub(crate) fn new(bus: Bus) -> Self {
        Self {
            counts: Arc::default(),
            bus,
        }
    }

    /// Takes a place.
    pub(crate) fn acquire(
        &self,
        caps: Caps,
        user: UserId,
        address: IpAddr,
    ) -> Result<ConnectionPermit, ConnectionLimitError> {
        let mut counts = self.lock();
        if counts.total >= caps.total {
            return Err(ConnectionLimitError::Overloaded);
        }
        let of_user = counts.users.get(&user).copied().unwrap_or_default();
        let of_address = counts.addresses.get(&address).copied().unwrap_or_default();
        if of_user >= caps.per_user || of_address >= caps.per_ip {
            return Err(ConnectionLimitError::TooMany);
        }
        counts.total += 1;
        counts.users.insert(user, of_user + 1);
        self.publish_count(user, of_user, of_user + 1);
        *counts.addresses.entry(address).or_default() += 1;
        metrics::gauge!("stellar_connections").increment(1.0);
        Ok(ConnectionPermit {
            counts: self.clone(),
            user,
            address,
            of_user: of_user + 1,
        })
    }

    /// Lets others know, in the order of the changes.
    fn publish_count(&self, user: UserId, before: usize, now: usize) {
        if !self.bus.is_shared() {
            return;
        }
        match (before, now) {
            (0, _) => self.bus.subscribe(Channel::User(user)),
            (_, 0) => self.bus.unsubscribe(Channel::User(user)),
            _ => {}
        }
        let key = connections_key(self.bus.node());
        self.bus.enqueue(if now == 0 {
            redis::Cmd::hdel(key, user.0)
        } else {
            redis::Cmd::hset(key, user.0, now)
        });
    }

    /// The users with connections.
    pub(crate) fn users(&self) -> Vec<UserId> {
        self.lock().users.keys().copied().collect()
    }

    /// Writes all counts anew.
    pub(crate) fn write_counts(&self) {
        let key = connections_key(self.bus.node());
        // Held, so that no change comes in between.
        let counts = self.lock();
        self.bus.enqueue(redis::Cmd::del(&key));
        let all: Vec<(i64, usize)> = counts.users.iter().map(|(u, n)| (u.0, *n)).collect();
        for some in all.chunks(FIELDS) {
            self.bus.enqueue(redis::Cmd::hset_multiple(&key, some));
        }
        drop(counts);
        self.refresh_ttl();
    }

    /// Keeps the counts from being forgotten.
    pub(crate) fn refresh_ttl(&self) {
        let key = connections_key(self.bus.node());
        self.bus.enqueue(redis::Cmd::expire(key, TTL));
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut counts = self.counts.lock();
        counts.total -= 1;
        if let Some(count) = counts.users.get_mut(&self.user) {
            *count -= 1;
            let now = *count;
            if now == 0 {
                counts.users.remove(&self.user);
            }
            self.counts.publish_count(self.user, now + 1, now);
        }
        if let Some(count) = counts.addresses.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.addresses.remove(&self.address);
            }
        }
        metrics::gauge!("stellar_connections").decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn places_are_limited_and_given_back() {
        let caps = Caps {
            total: 3,
            per_user: 2,
            per_ip: 3,
        };
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let limiter = ConnectionLimiter::new(Bus::local());
        let first = limiter.acquire(caps, UserId(1), here).ok().unwrap();
        let _second = limiter.acquire(caps, UserId(1), here).ok().unwrap();
        let refused = limiter.acquire(caps, UserId(1), here).err();
        assert_eq!(refused, Some(ConnectionLimitError::TooMany));
        let _third = limiter.acquire(caps, UserId(2), here).ok().unwrap();
        let refused = limiter.acquire(caps, UserId(3), here).err();
        assert_eq!(refused, Some(ConnectionLimitError::Overloaded));
        drop(first);
        assert!(limiter.acquire(caps, UserId(1), here).is_ok());
        assert_eq!(limiter.lock().total, 2);
    }
}
