//! Rate limits of HTTP requests and joins, by address, user name and user: `governor`'s
//! GCRA with one state per key. It knows no HTTP; callers turn the wait into an answer.
//! The limits of messages on a WebSocket are `realtime::rate_limit`.

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock, Reference},
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{
        StateStore,
        keyed::{HashMapStateStore, ShrinkableKeyedStateStore},
    },
};
use shared::ids::{SessionId, UserId};
use std::{
    convert::Infallible, hash::Hash, net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration,
};

/// Keys of one limiter at most. With more, those that used least of their quota are
/// forgotten first: nobody is forgiven because others fill the table.
const MAX_KEYS: usize = 200_000;
/// Keys left when some were forgotten, so that this does not happen with every key.
const KEPT_KEYS: usize = MAX_KEYS / 4 * 3;

/// `burst` requests at once, and `per_minute` in the long run.
///
/// # Panics
/// At compile time, if one of them is 0.
pub(crate) const fn quota(per_minute: u32, burst: u32) -> Quota {
    match (NonZeroU32::new(per_minute), NonZeroU32::new(burst)) {
        (Some(per_minute), Some(burst)) => Quota::per_minute(per_minute).allow_burst(burst),
        _ => panic!("a quota of 0"),
    }
}

/// The states of a limiter, one per key; shared, since `governor` keeps what it is
/// given to itself.
struct States<K>(Arc<HashMapStateStore<K>>);

impl<K: Hash + Eq + Clone> StateStore for States<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.0.measure_and_replace(key, f)
    }
}

impl<K: Hash + Eq + Clone> ShrinkableKeyedStateStore<K> for States<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.0.retain_recent(drop_below);
    }

    fn shrink_to_fit(&self) {
        self.0.shrink_to_fit();
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A rate limiter with a state per key. `C` is the clock, another one in tests.
pub(crate) struct KeyedLimiter<K: Hash + Eq + Clone, C: Clock = DefaultClock> {
    states: Arc<HashMapStateStore<K>>,
    limiter: RateLimiter<K, States<K>, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    /// When the limiter was made, which is where the states count from.
    start: C::Instant,
    /// The time in which one request is earned.
    refill: Nanos,
    burst: u64,
}

impl<K: Hash + Eq + Clone> KeyedLimiter<K> {
    /// With this quota for each key.
    pub(crate) fn new(quota: Quota) -> Self {
        Self::with_clock(quota, DefaultClock::default())
    }
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> KeyedLimiter<K, C> {
    fn with_clock(quota: Quota, clock: C) -> Self {
        let states = Arc::new(HashMapStateStore::default());
        Self {
            start: clock.now(),
            limiter: RateLimiter::new(quota, States(states.clone()), clock.clone()),
            states,
            clock,
            refill: quota.replenish_interval().into(),
            burst: quota.burst_size().get().into(),
        }
    }

    /// Counts one request of the key.
    ///
    /// # Errors
    /// How long until the next one is allowed.
    pub(crate) fn check(&self, key: &K) -> Result<(), Duration> {
        if self.limiter.len() >= MAX_KEYS {
            self.forget_least_used();
            if self.limiter.len() >= MAX_KEYS && !self.states.lock().contains_key(key) {
                return Err(self.refill.into());
            }
        }
        self.limiter
            .check_key(key)
            .map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }

    /// Forgets keys until there is room, those with the most requests left first. Keys
    /// that are nearly used up stay; if there is nothing else, a new key has to wait.
    fn forget_least_used(&self) {
        let now = self.clock.now().duration_since(self.start);
        let mut used = 1;
        while used < self.burst && self.limiter.len() > KEPT_KEYS {
            // The state is the time at which the quota is full again.
            self.states.retain_recent(now + self.refill * used);
            used *= 2;
        }
    }

    /// Undoes one [`Self::check`] of the key.
    pub(crate) fn refund(&self, key: &K) {
        // The state is the time at which the quota is full again.
        let Ok(()) = self.states.measure_and_replace(key, |full_at| {
            let full_at = full_at.unwrap_or_default().saturating_sub(self.refill);
            Ok::<_, Infallible>(((), full_at))
        });
    }

    /// Frees the states of keys that have their whole quota.
    pub(crate) fn evict_idle(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

/// The limits of signing in. A whole class behind one address stays below them;
/// guessing passwords does not.
pub(crate) struct SignInLimits {
    on: bool,
    guests: KeyedLimiter<IpAddr>,
    registrations: KeyedLimiter<IpAddr>,
    logins: KeyedLimiter<IpAddr>,
    failures: KeyedLimiter<(String, IpAddr)>,
    failures_anywhere: KeyedLimiter<String>,
    confirmations: KeyedLimiter<SessionId>,
}

impl SignInLimits {
    /// In force, or allowing everything.
    pub(crate) fn new(on: bool) -> Self {
        Self {
            on,
            guests: KeyedLimiter::new(quota(600, 500)),
            registrations: KeyedLimiter::new(quota(300, 300)),
            logins: KeyedLimiter::new(quota(300, 300)),
            failures: KeyedLimiter::new(quota(6, 10)),
            failures_anywhere: KeyedLimiter::new(quota(6, 100)),
            confirmations: KeyedLimiter::new(quota(6, 10)),
        }
    }

    /// Counts a new guest from this address.
    ///
    /// # Errors
    /// How long to wait; so for all limits below.
    pub(crate) fn guest(&self, ip: IpAddr) -> Result<(), Duration> {
        if self.on {
            self.guests.check(&network(ip))?;
        }
        Ok(())
    }

    /// Counts a registration from this address.
    pub(crate) fn register(&self, ip: IpAddr) -> Result<(), Duration> {
        if self.on {
            self.registrations.check(&network(ip))?;
        }
        Ok(())
    }

    /// Counts an attempt to sign in as `username`. While it lasts it counts as failed,
    /// so that guesses cannot be made all at once.
    ///
    /// # Errors
    /// [`SignInRefusal`]; nothing is counted against the name then.
    pub(crate) fn log_in(
        &self,
        ip: IpAddr,
        username: &str,
    ) -> Result<SignInAttempt<'_>, SignInRefusal> {
        if !self.on {
            return Ok(SignInAttempt {
                limits: self,
                counted: None,
            });
        }
        let (username, network) = (username.to_lowercase(), network(ip));
        self.logins
            .check(&network)
            .map_err(SignInRefusal::Network)?;
        let key = (username, network);
        self.failures.check(&key).map_err(SignInRefusal::Name)?;
        if let Err(wait) = self.failures_anywhere.check(&key.0) {
            self.failures.refund(&key);
            return Err(SignInRefusal::Name(wait));
        }
        Ok(SignInAttempt {
            limits: self,
            counted: Some(Counted::Name(key.0, key.1)),
        })
    }

    /// Counts an attempt to confirm one's own password in a session. Failures count against
    /// the session alone: whoever stole one guesses no faster than by signing in, and keeps out
    /// neither the account's owner nor anybody in the same network.
    ///
    /// # Errors
    /// How long to wait.
    pub(crate) fn confirm(&self, session: SessionId) -> Result<SignInAttempt<'_>, Duration> {
        if self.on {
            self.confirmations.check(&session)?;
        }
        Ok(SignInAttempt {
            limits: self,
            counted: self.on.then_some(Counted::Session(session)),
        })
    }

    /// Frees what idle keys hold; called by the maintenance loop.
    pub(crate) fn evict_idle(&self) {
        self.guests.evict_idle();
        self.registrations.evict_idle();
        self.logins.evict_idle();
        self.failures.evict_idle();
        self.failures_anywhere.evict_idle();
        self.confirmations.evict_idle();
    }
}

/// Why an attempt to sign in is refused, and how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignInRefusal {
    /// Too many attempts from this network, whatever the name.
    Network(Duration),
    /// Too many failures with this name, from this network or from anywhere. They do
    /// not keep out the owner of the name: see `http::auth`.
    Name(Duration),
}

impl SignInRefusal {
    /// How long to wait.
    pub(crate) fn wait(self) -> Duration {
        match self {
            Self::Network(wait) | Self::Name(wait) => wait,
        }
    }
}

/// An attempt to sign in. It counts as failed until it is dropped, and for good after
/// [`SignInAttempt::failed`].
#[must_use = "it counts as failed while it lasts"]
pub(crate) struct SignInAttempt<'a> {
    limits: &'a SignInLimits,
    counted: Option<Counted>,
}

/// Against what an attempt counts.
#[derive(Debug)]
enum Counted {
    /// The name and the network.
    Name(String, IpAddr),
    /// The session in which a password is confirmed.
    Session(SessionId),
}

impl SignInAttempt<'_> {
    /// The password was wrong.
    pub(crate) fn failed(mut self) {
        self.counted = None;
    }
}

impl Drop for SignInAttempt<'_> {
    fn drop(&mut self) {
        match self.counted.take() {
            Some(Counted::Name(username, network)) => {
                self.limits.failures_anywhere.refund(&username);
                self.limits.failures.refund(&(username, network));
            }
            Some(Counted::Session(session)) => self.limits.confirmations.refund(&session),
            None => {}
        }
    }
}

/// The limits of what a user may create over HTTP, and of joins. Neither a hasty
/// person reaches them, nor a crowd behind one address that reconnects after a
/// restart.
pub(crate) struct UserLimits {
    on: bool,
    canvases: KeyedLimiter<UserId>,
    tickets: KeyedLimiter<UserId>,
    joins: KeyedLimiter<UserId>,
    joins_from: KeyedLimiter<IpAddr>,
    cases_from: KeyedLimiter<IpAddr>,
}

impl UserLimits {
    /// In force, or allowing everything.
    pub(crate) fn new(on: bool) -> Self {
        Self {
            on,
            canvases: KeyedLimiter::new(quota(60, 60)),
            tickets: KeyedLimiter::new(quota(300, 100)),
            joins: KeyedLimiter::new(quota(300, 300)),
            joins_from: KeyedLimiter::new(quota(6_000, 3_000)),
            cases_from: KeyedLimiter::new(quota(20, 100)),
        }
    }

    /// Counts a canvas created by this user.
    ///
    /// # Errors
    /// How long to wait; so for all limits below.
    pub(crate) fn canvas(&self, user: UserId) -> Result<(), Duration> {
        if self.on {
            self.canvases.check(&user)?;
        }
        Ok(())
    }

    /// Counts a ticket of this user.
    pub(crate) fn ticket(&self, user: UserId) -> Result<(), Duration> {
        if self.on {
            self.tickets.check(&user)?;
        }
        Ok(())
    }

    /// Counts a WebSocket of this user from this address.
    pub(crate) fn join(&self, user: UserId, ip: IpAddr) -> Result<(), Duration> {
        if self.on {
            self.joins.check(&user)?;
            self.joins_from.check(&network(ip))?;
        }
        Ok(())
    }

    /// Counts a case opened from this address: guests report little, but are many.
    pub(crate) fn case(&self, ip: IpAddr) -> Result<(), Duration> {
        if self.on {
            self.cases_from.check(&network(ip))?;
        }
        Ok(())
    }

    /// Frees what idle keys hold; called by the maintenance loop.
    pub(crate) fn evict_idle(&self) {
        self.cases_from.evict_idle();
        self.canvases.evict_idle();
        self.tickets.evict_idle();
        self.joins.evict_idle();
        self.joins_from.evict_idle();
    }
}

/// The address to count by: that of an IPv6 host is its /64 network, since one host
/// can use all of its addresses.
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
    use governor::clock::FakeRelativeClock;

    #[test]
    fn a_quota_is_used_up_and_refilled() {
        let clock = FakeRelativeClock::default();
        let limiter = KeyedLimiter::with_clock(quota(30, 2), clock.clone());
        assert_eq!(limiter.check(&"a"), Ok(()));
        assert_eq!(limiter.check(&"a"), Ok(()));
        assert_eq!(limiter.check(&"a"), Err(Duration::from_secs(2)));
        assert_eq!(limiter.check(&"b"), Ok(()));
        clock.advance(Duration::from_secs(2));
        assert_eq!(limiter.check(&"a"), Ok(()));
        assert!(limiter.check(&"a").is_err());
        limiter.refund(&"a");
        assert_eq!(limiter.check(&"a"), Ok(()));
        assert!(limiter.check(&"a").is_err());
        limiter.refund(&"c");
        assert_eq!(limiter.check(&"c"), Ok(()));
        assert_eq!(limiter.check(&"c"), Ok(()));
        assert!(limiter.check(&"c").is_err());
    }

    #[test]
    fn keys_are_bounded_and_idle_ones_are_freed() {
        let clock = FakeRelativeClock::default();
        let limiter = KeyedLimiter::with_clock(quota(30, 2), clock.clone());
        for key in 0..MAX_KEYS + 10 {
            assert_eq!(limiter.check(&key), Ok(()));
            assert!(limiter.limiter.len() <= MAX_KEYS);
        }
        clock.advance(Duration::from_mins(1));
        limiter.evict_idle();
        assert_eq!(limiter.limiter.len(), 0);
    }

    #[test]
    fn failures_count_by_name_whatever_its_case() {
        let limits = SignInLimits::new(true);
        let ip = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..10 {
            limits.log_in(ip, "Ann").unwrap().failed();
        }
        assert!(limits.log_in(ip, "ann").is_err());
        assert!(limits.log_in(ip, "bob").is_ok());
        assert!(limits.log_in(IpAddr::from([192, 0, 2, 2]), "ann").is_ok());
        for _ in 0..100 {
            drop(limits.log_in(ip, "carl").unwrap());
        }
        // Those that run count.
        let running: Vec<_> = (0..20)
            .map_while(|_| limits.log_in(ip, "dora").ok())
            .collect();
        assert_eq!(running.len(), 10);
        drop(running);
        assert!(limits.log_in(ip, "dora").is_ok());
        assert!(SignInLimits::new(false).log_in(ip, "ann").is_ok());
    }

    #[test]
    fn wrong_confirmations_count_against_their_session() {
        let limits = SignInLimits::new(true);
        let ip = IpAddr::from([192, 0, 2, 1]);
        let [stolen, own] = [1, 2].map(|n| SessionId(uuid::Uuid::from_u128(n)));
        for _ in 0..10 {
            limits.confirm(stolen).unwrap().failed();
        }
        assert!(limits.confirm(stolen).is_err());
        for _ in 0..20 {
            drop(limits.confirm(own).unwrap());
        }
        assert!(limits.log_in(ip, "ann").is_ok());
        assert!(SignInLimits::new(false).confirm(stolen).is_ok());
    }

    #[test]
    fn refusals_of_one_network_use_up_nothing_elsewhere() {
        let limits = SignInLimits::new(true);
        let there = |n: u8| IpAddr::from([198, 51, 100, n]);
        for _ in 0..200 {
            if let Ok(attempt) = limits.log_in(there(1), "ann") {
                attempt.failed();
            }
        }
        for n in 2..11 {
            for _ in 0..10 {
                limits.log_in(there(n), "ann").unwrap().failed();
            }
        }
        // Ten networks have used up what the name has anywhere.
        assert!(matches!(
            limits.log_in(there(11), "ann"),
            Err(SignInRefusal::Name(wait)) if wait <= Duration::from_secs(10)
        ));
        assert!(limits.log_in(there(11), "bob").is_ok());
    }

    #[test]
    fn filling_the_table_forgives_nobody_who_used_up_a_quota() {
        let clock = FakeRelativeClock::default();
        let limiter = KeyedLimiter::with_clock(quota(6, 10), clock.clone());
        while limiter.check(&0).is_ok() {}
        for key in 1..2 * MAX_KEYS {
            assert_eq!(limiter.check(&key), Ok(()));
            assert!(limiter.limiter.len() <= MAX_KEYS);
        }
        assert!(limiter.check(&0).is_err());
    }

    #[test]
    fn users_have_quotas() {
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
