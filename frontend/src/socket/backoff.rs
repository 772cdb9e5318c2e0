//! The delay before the next connection attempt. Pure: random numbers are
//! passed in.

/// Upper bound of the first delay, in milliseconds.
const BASE_MS: f64 = 500.0;
/// Upper bound of every delay, in milliseconds.
const MAX_MS: f64 = 30_000.0;
/// The longest `Retry-After` that is kept to, in milliseconds.
const MAX_RETRY_AFTER_MS: u32 = 300_000;
/// Lower bound of every delay, in milliseconds.
const MIN_MS: f64 = 100.0;

/// Exponential backoff with full jitter: each delay is a random share of a
/// bound that doubles with every attempt, so that many clients do not reconnect
/// at the same moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// The next delay in milliseconds. `random` is from 0 to 1.
    pub fn next_delay(&mut self, random: f64) -> u32 {
        let exponent = i32::try_from(self.attempts.min(16)).unwrap_or(16);
        self.attempts = self.attempts.saturating_add(1);
        let bound = (BASE_MS * 2f64.powi(exponent)).min(MAX_MS);
        jitter(bound, random)
    }

    /// Starts from the beginning. Called after a connection was stable.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }
}

/// The delay that a close reason `retry_after_ms=N` requests, with jitter; none
/// for other reasons.
pub fn requested_delay(reason: &str, random: f64) -> Option<u32> {
    let requested: u32 = reason
        .strip_prefix("retry_after_ms=")?
        .trim()
        .parse()
        .ok()?;
    Some(jitter(f64::from(requested).min(MAX_MS), random))
}

/// The delay that a `Retry-After` of so many milliseconds requests: no less, and up to half as much
/// more, so that those who were told the same do not come back together.
pub fn at_least(requested_ms: u32, random: f64) -> u32 {
    let requested = requested_ms.min(MAX_RETRY_AFTER_MS);
    requested + jitter(f64::from(requested) / 2.0, random)
}

/// A random share of `bound`, at least [`MIN_MS`].
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between MIN_MS and MAX_MS"
)]
fn jitter(bound: f64, random: f64) -> u32 {
    (bound * random.clamp(0.0, 1.0)).max(MIN_MS.min(bound)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_bound_doubles_up_to_the_maximum_and_is_reset() {
        let mut backoff = Backoff::default();
        let bounds: Vec<u32> = (0..8).map(|_| backoff.next_delay(1.0)).collect();
        assert_eq!(
            bounds,
            [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]
        );
        for _ in 0..100 {
            assert!(backoff.next_delay(1.0) <= 30_000);
        }
        backoff.reset();
        assert_eq!(backoff.next_delay(1.0), 500);
    }

    #[test]
    fn every_delay_is_a_share_of_its_bound() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.next_delay(0.0), 100);
        assert_eq!(backoff.next_delay(0.5), 500);
    }

    #[test]
    fn a_retry_after_is_never_cut_short() {
        assert_eq!(at_least(4_000, 0.0), 4_100);
        assert_eq!(at_least(4_000, 1.0), 6_000);
        assert_eq!(at_least(u32::MAX, 1.0), 450_000);
        assert_eq!(at_least(0, 1.0), 0);
    }

    #[test]
    fn the_delay_requested_by_the_server_is_used() {
        assert_eq!(requested_delay("retry_after_ms=4000", 0.5), Some(2_000));
        assert_eq!(
            requested_delay("retry_after_ms=99999999", 1.0),
            Some(30_000)
        );
        assert_eq!(requested_delay("slow_consumer", 0.5), None);
        assert_eq!(requested_delay("retry_after_ms=soon", 0.5), None);
    }
}
