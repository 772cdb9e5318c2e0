//! The caps on open connections: in total, per address, and per user over all
//! nodes. For the last, each node keeps its users' counts in the Redis hash
//! `connections:{node}`.

use super::{
    bus::{Bus, Channel},
    node_id::NodeId,
};
use crate::rate_limit::network;
use parking_lot::Mutex;
use shared::ids::UserId;
use std::{collections::HashMap, net::IpAddr, sync::Arc};
use thiserror::Error;

/// Why no connection could be acquired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum ConnectionLimitError {
    /// The user or the address has too many connections.
    #[error("too many connections")]
    TooMany,
    /// The node has too many connections.
    #[error("the server carries no more connections")]
    Overloaded,
    /// The node shuts down.
    #[error("the server is going down")]
    Draining,
}

/// The most connections in total, of one user and from one address.
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

/// Seconds after which Redis drops the counts of a node that no longer renews them.
const TTL: i64 = 30;
/// Users written with one command.
const MAX_FIELDS: usize = 256;

/// Counts this node's connections. Cheap to clone; clones share the counts.
#[derive(Clone)]
pub(crate) struct ConnectionLimiter {
    counts: Arc<Mutex<Counts>>,
    bus: Bus,
}

/// The Redis key of a node's counts.
fn connections_key(bus: &Bus, node: NodeId) -> String {
    bus.key(format_args!("connections:{node}"))
}

/// Counts one connection until it is dropped.
pub(crate) struct ConnectionPermit {
    limiter: ConnectionLimiter,
    user: UserId,
    address: IpAddr,
    /// Connections of the user on this node, including this one.
    pub(crate) of_user: usize,
}

impl ConnectionLimiter {
    pub(crate) fn new(bus: Bus) -> Self {
        Self {
            counts: Arc::default(),
            bus,
        }
    }

    /// Counts one more connection, unless a cap is reached. All addresses of an IPv6
    /// network (/64) count as one.
    pub(crate) fn acquire(
        &self,
        caps: Caps,
        user: UserId,
        address: IpAddr,
    ) -> Result<ConnectionPermit, ConnectionLimitError> {
        let address = network(address);
        let mut counts = self.counts.lock();
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
            limiter: self.clone(),
            user,
            address,
            of_user: of_user + 1,
        })
    }

    /// Writes a user's new count to Redis, and subscribes to the user's channel while
    /// there are connections. Called under the lock of the counts, so that changes
    /// are queued in their order.
    fn publish_count(&self, user: UserId, before: usize, now: usize) {
        if !self.bus.is_shared() {
            return;
        }
        match (before, now) {
            (0, _) => self.bus.subscribe(Channel::User(user)),
            (_, 0) => self.bus.unsubscribe(Channel::User(user)),
            _ => {}
        }
        let key = connections_key(&self.bus, self.bus.node());
        self.bus.enqueue(if now == 0 {
            redis::Cmd::hdel(key, user.0)
        } else {
            redis::Cmd::hset(key, user.0, now)
        });
    }

    /// How many connections the user has on these nodes together; 0 while Redis is
    /// away.
    pub(crate) async fn count_on(&self, nodes: &[NodeId], user: UserId) -> usize {
        let Some(mut connection) = self.bus.connection() else {
            return 0;
        };
        if nodes.is_empty() {
            return 0;
        }
        let mut pipeline = redis::pipe();
        for node in nodes {
            pipeline.hget(connections_key(&self.bus, *node), user.0);
        }
        let counts: Result<Vec<Option<usize>>, _> = pipeline.query_async(&mut connection).await;
        match counts {
            Ok(counts) => counts.into_iter().flatten().sum(),
            Err(error) => {
                tracing::debug!(%error, "Redis did not say how many connections there are");
                0
            }
        }
    }

    /// The users with connections on this node.
    pub(crate) fn users(&self) -> Vec<UserId> {
        self.counts.lock().users.keys().copied().collect()
    }

    /// Writes all counts to Redis again, which may have lost them.
    pub(crate) fn write_counts(&self) {
        let key = connections_key(&self.bus, self.bus.node());
        // Locked until all commands are queued, so that no change comes between.
        let counts = self.counts.lock();
        self.bus.enqueue(redis::Cmd::del(&key));
        let all: Vec<(i64, usize)> = counts.users.iter().map(|(u, n)| (u.0, *n)).collect();
        for chunk in all.chunks(MAX_FIELDS) {
            self.bus.enqueue(redis::Cmd::hset_multiple(&key, chunk));
        }
        drop(counts);
        self.refresh_ttl();
    }

    /// Renews the TTL of the counts in Redis.
    pub(crate) fn refresh_ttl(&self) {
        let key = connections_key(&self.bus, self.bus.node());
        self.bus.enqueue(redis::Cmd::expire(key, TTL));
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut counts = self.limiter.counts.lock();
        counts.total -= 1;
        if let Some(count) = counts.users.get_mut(&self.user) {
            *count -= 1;
            let now = *count;
            if now == 0 {
                counts.users.remove(&self.user);
            }
            self.limiter.publish_count(self.user, now + 1, now);
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
    fn an_ipv6_network_is_one_address() {
        let caps = Caps {
            total: 100,
            per_user: 100,
            per_ip: 2,
        };
        let limiter = ConnectionLimiter::new(Bus::local());
        let acquire = |address: &str| limiter.acquire(caps, UserId(1), address.parse().unwrap());
        let one = acquire("2001:db8:1:2::1").ok().unwrap();
        let two = acquire("2001:db8:1:2:3:4:5:6").ok().unwrap();
        let refused = acquire("2001:db8:1:2::2").err();
        assert_eq!(refused, Some(ConnectionLimitError::TooMany));
        let _other = acquire("2001:db8:1:3::1").ok().unwrap();
        drop((one, two));
        assert_eq!(limiter.counts.lock().addresses.len(), 1);
        // An IPv4 address is the same in both notations.
        let _mapped = acquire("::ffff:192.0.2.1").ok().unwrap();
        let _plain = acquire("192.0.2.1").ok().unwrap();
        assert!(acquire("::ffff:192.0.2.1").is_err());
    }

    #[test]
    fn connections_are_limited_and_released() {
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
        assert_eq!(limiter.counts.lock().total, 2);
    }
}
