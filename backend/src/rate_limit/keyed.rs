//! `governor`'s GCRA with one state per key, for a bounded number of keys.

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
use std::{convert::Infallible, hash::Hash, num::NonZeroU32, sync::Arc, time::Duration};

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
            self.evict_least_used();
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
    fn evict_least_used(&self) {
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
}
