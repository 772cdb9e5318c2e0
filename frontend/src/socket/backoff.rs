//! When to try again. Pure: time and chance are handed in.

/// Milliseconds of the first wait at most.
const FIRST_MS: f64 = 500.0;
/// Milliseconds of every wait at most.
const LONGEST_MS: f64 = 30_000.0;
/// Even with all luck a lost connection is not tried again sooner.
const LEAST_MS: f64 = 100.0;

/// Exponential backoff with full jitter: each wait is any part of a bound
/// that doubles, so that many clients do not come back at the same moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// Milliseconds to wait; `chance` is from 0 to 1.
    pub fn wait(&mut self, chance: f64) -> u32 {
        let exponent = i32::try_from(self.attempts.min(16)).unwrap_or(16);
        self.attempts = self.attempts.saturating_add(1);
        let bound = (FIRST_MS * 2f64.powi(exponent)).min(LONGEST_MS);
        part(bound, chance)
    }

    /// The connection held: start from the beginning next time.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }
}

/// Any part of the `retry_after_ms=N` in a close reason, if it has one.
pub fn requested_wait(reason: &str, chance: f64) -> Option<u32> {
    let asked: u32 = reason
        .strip_prefix("retry_after_ms=")?
        .trim()
        .parse()
        .ok()?;
    Some(part(f64::from(asked).min(LONGEST_MS), chance))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between LEAST_MS and LONGEST_MS"
)]
fn part(bound: f64, chance: f64) -> u32 {
    (bound * chance.clamp(0.0, 1.0)).max(LEAST_MS.min(bound)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_bound_doubles_up_to_half_a_minute_and_starts_anew() {
        let mut backoff = Backoff::default();
        let bounds: Vec<u32> = (0..8).map(|_| backoff.wait(1.0)).collect();
        assert_eq!(
            bounds,
            [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]
        );
        for _ in 0..100 {
            assert!(backoff.wait(1.0) <= 30_000);
        }
        backoff.reset();
        assert_eq!(backoff.wait(1.0), 500);
    }

    #[test]
    fn every_wait_is_a_part_of_its_bound() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.wait(0.0), 100);
        assert_eq!(backoff.wait(0.5), 500);
    }

    #[test]
    fn the_servers_wish_is_honoured() {
        assert_eq!(requested_wait("retry_after_ms=4000", 0.5), Some(2_000));
        assert_eq!(requested_wait("retry_after_ms=99999999", 1.0), Some(30_000));
        assert_eq!(requested_wait("slow_consumer", 0.5), None);
        assert_eq!(requested_wait("retry_after_ms=soon", 0.5), None);
    }
}
