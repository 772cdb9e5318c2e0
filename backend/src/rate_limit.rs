//! How often strangers and users may try: token buckets by address, by name
//! and by user.

use shared::ids::UserId;
use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Buckets kept before those that are full again are thrown away.
const TIDY_FROM: usize = 10_000;
/// Buckets kept at most; more senders than that at once are no class of pupils.
const MOST: usize = 200_000;

/// Token buckets, one per key.
pub(crate) struct Buckets<K> {
    burst: f64,
    per_second: f64,
    /// Tokens left at a moment.
    levels: Mutex<HashMap<K, (f64, Instant)>>,
}

impl<K: Eq + Hash> Buckets<K> {
    /// Up to `burst` at once, and `per_second` in the long run.
    pub(crate) fn new(burst: f64, per_second: f64) -> Self {
        Self {
            burst,
            per_second,
            levels: Mutex::default(),
        }
    }

    /// Takes one token, or says how long until there is one.
    pub(crate) fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        if levels.len() >= TIDY_FROM && !levels.contains_key(&key) {
            levels.retain(|_, level| self.filled(*level, now) < self.burst);
            if levels.len() >= MOST {
                levels.clear();
            }
        }
        let level = levels.entry(key).or_insert((self.burst, now));
        let tokens = self.filled(*level, now);
        if tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - tokens) / self.per_second));
        }
        *level = (tokens - 1.0, now);
        Ok(())
    }

    /// Gives back a token that was taken for what turned out well.
    pub(crate) fn give_back(&self, key: &K) {
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((tokens, _)) = levels.get_mut(key) {
            *tokens = (*tokens + 1.0).min(self.burst);
        }
    }

    fn filled(&self, (tokens, at): (f64, Instant), now: Instant) -> f64 {
        let since = now.saturating_duration_since(at).as_secs_f64();
        (tokens + since * self.per_second).min(self.burst)
    }
}

/// The limits of signing in. A whole class behind one address gets through;
/// guessing passwords does not.
pub(crate) struct SignInLimits {
    on: bool,
    guests: Buckets<IpAddr>,
    registrations: Buckets<IpAddr>,
    logins: Buckets<IpAddr>,
    failures: Buckets<(String, IpAddr)>,
    failures_anywhere: Buckets<String>,
}

impl SignInLimits {
    /// Switched on, or letting everybody through.
    pub(crate) fn new(on: bool) -> Self {
        Self {
            on,
            guests: Buckets::new(500.0, 10.0),
            registrations: Buckets::new(300.0, 5.0),
            logins: Buckets::new(300.0, 5.0),
            failures: Buckets::new(10.0, 0.1),
            failures_anywhere: Buckets::new(100.0, 0.1),
        }
    }

    /// One more guest from this address.
    pub(crate) fn guest(&self, ip: IpAddr) -> Result<(), Duration> {
        self.check(|now| self.guests.take(network(ip), now))
    }

    /// One more registration from this address.
    pub(crate) fn register(&self, ip: IpAddr) -> Result<(), Duration> {
        self.check(|now| self.registrations.take(network(ip), now))
    }

    /// One more attempt to sign in as `username`; it counts as failed until
    /// [`Self::logged_in`] is called.
    pub(crate) fn log_in(&self, ip: IpAddr, username: &str) -> Result<(), Duration> {
        let username = username.to_lowercase();
        self.check(|now| {
            self.logins.take(network(ip), now)?;
            self.failures.take((username.clone(), network(ip)), now)?;
            self.failures_anywhere.take(username, now)
        })
    }

    /// The attempt succeeded.
    pub(crate) fn logged_in(&self, ip: IpAddr, username: &str) {
        let username = username.to_lowercase();
        self.failures_anywhere.give_back(&username);
        self.failures.give_back(&(username, network(ip)));
    }

    fn check(&self, take: impl FnOnce(Instant) -> Result<(), Duration>) -> Result<(), Duration> {
        if self.on {
            take(Instant::now())
        } else {
            Ok(())
        }
    }
}

/// The limits of what a user may make over HTTP, and of joining. A person, even
/// a hasty one, never meets them; nor does a crowd behind one address that comes
/// back after a restart.
pub(crate) struct UserLimits {
    on: bool,
    canvases: Buckets<UserId>,
    tickets: Buckets<UserId>,
    joins: Buckets<UserId>,
    joins_from: Buckets<IpAddr>,
}

impl UserLimits {
    /// Switched on, or letting everybody through.
    pub(crate) fn new(on: bool) -> Self {
        Self {
            on,
            canvases: Buckets::new(60.0, 1.0),
            tickets: Buckets::new(100.0, 5.0),
            joins: Buckets::new(300.0, 5.0),
            joins_from: Buckets::new(3000.0, 100.0),
        }
    }

    /// One more canvas of this user.
    pub(crate) fn canvas(&self, user: UserId) -> Result<(), Duration> {
        self.check(|now| self.canvases.take(user, now))
    }

    /// One more ticket of this user.
    pub(crate) fn ticket(&self, user: UserId) -> Result<(), Duration> {
        self.check(|now| self.tickets.take(user, now))
    }

    /// One more WebSocket of this user from this address.
    pub(crate) fn join(&self, user: UserId, ip: IpAddr) -> Result<(), Duration> {
        self.check(|now| {
            self.joins.take(user, now)?;
            self.joins_from.take(network(ip), now)
        })
    }

    fn check(&self, take: impl FnOnce(Instant) -> Result<(), Duration>) -> Result<(), Duration> {
        if self.on {
            take(Instant::now())
        } else {
            Ok(())
        }
    }
}

/// Whom an address stands for: an IPv6 host owns the /64 it is in.
pub(crate) fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let buckets = Buckets::new(2.0, 0.5);
        let start = Instant::now();
        assert_eq!(buckets.take("a", start), Ok(()));
        assert_eq!(buckets.take("a", start), Ok(()));
        assert_eq!(buckets.take("a", start), Err(Duration::from_secs(2)));
        assert_eq!(buckets.take("b", start), Ok(()));
        let later = start + Duration::from_secs(2);
        assert_eq!(buckets.take("a", later), Ok(()));
        assert!(buckets.take("a", later).is_err());
        buckets.give_back(&"a");
        assert_eq!(buckets.take("a", later), Ok(()));
    }

    #[test]
    fn failures_count_by_name_whatever_its_case() {
        let limits = SignInLimits::new(true);
        let ip = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..10 {
            assert!(limits.log_in(ip, "Ann").is_ok());
        }
        assert!(limits.log_in(ip, "ann").is_err());
        assert!(limits.log_in(ip, "bob").is_ok());
        assert!(limits.log_in(IpAddr::from([192, 0, 2, 2]), "ann").is_ok());
        for _ in 0..100 {
            limits.log_in(ip, "carl").unwrap();
            limits.logged_in(ip, "carl");
        }
        assert!(SignInLimits::new(false).log_in(ip, "ann").is_ok());
    }

    #[test]
    fn users_make_so_much_at_once() {
        let limits = UserLimits::new(true);
        let made = (0..200).take_while(|_| limits.canvas(UserId(1)).is_ok());
        assert_eq!(made.count(), 60);
        assert!(limits.canvas(UserId(2)).is_ok());
        assert!(limits.ticket(UserId(1)).is_ok());
        let (here, there) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let joined = (0..1000).take_while(|_| limits.join(UserId(1), here).is_ok());
        assert!((300..400).contains(&joined.count()));
        assert!(limits.join(UserId(1), there).is_err());
        let joined = (2..20_000).take_while(|id| limits.join(UserId(*id), here).is_ok());
        assert!((2_600..4_000).contains(&joined.count()));
        assert!(limits.join(UserId(30_000), here).is_err());
        assert!(limits.join(UserId(30_000), there).is_ok());
        let off = UserLimits::new(false);
        assert!((0..200).all(|_| off.ticket(UserId(1)).is_ok()));
    }

    #[test]
    fn an_ipv6_network_counts_as_one() {
        let a: IpAddr = "2001:db8:1:2::1".parse().unwrap();
        let b: IpAddr = "2001:db8:1:2:ffff::9".parse().unwrap();
        assert_eq!(network(a), network(b));
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(network(mapped), IpAddr::from([192, 0, 2, 1]));
    }
}
