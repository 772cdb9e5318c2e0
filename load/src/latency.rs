//! How late messages are heard: each carries the time at which it was sent.

use crate::client_pool::find;
use std::time::{Duration, Instant};

/// What comes before the time in a message.
const MARK: &[u8] = b"sent=";
/// Digits of a time: nanoseconds since the clock's start.
const DIGITS: usize = 16;

/// A clock that sender and receiver share: both are this process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The text to put into a message that is sent now.
    pub(crate) fn mark(self) -> String {
        format!("sent={:0DIGITS$}", self.0.elapsed().as_nanos())
    }

    /// How old a marked message is; `None` where it has no mark.
    pub(crate) fn age(self, payload: &[u8]) -> Option<Duration> {
        let begin = find(payload, MARK)? + MARK.len();
        let digits = payload.get(begin..begin + DIGITS)?;
        let sent = std::str::from_utf8(digits).ok()?.parse().ok()?;
        Some(self.0.elapsed().saturating_sub(Duration::from_nanos(sent)))
    }
}

/// Many ages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn note(&mut self, age: Option<Duration>) {
        self.0.extend(age);
    }

    /// Takes over those of another measurement.
    pub(crate) fn append(&mut self, other: &mut Self) {
        self.0.append(&mut other.0);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The age that this share of them does not exceed, `share` from 0 to 1.
    pub(crate) fn percentile(&mut self, share: f64) -> Duration {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        let index = (last as f64 * share).round() as usize;
        self.0.get(index).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_tells_its_age() {
        let clock = Clock::start();
        let message = format!("{{\"text\":\"{}\"}}", clock.mark());
        let age = clock.age(message.as_bytes()).unwrap();
        assert!(age <= clock.0.elapsed());
        assert_eq!(clock.age(b"no mark"), None);
    }

    #[test]
    fn percentiles_of_a_hundred() {
        let mut latencies = Latencies((1..=100).map(Duration::from_millis).rev().collect());
        assert_eq!(latencies.percentile(0.5), Duration::from_millis(51));
        assert_eq!(latencies.percentile(0.99), Duration::from_millis(99));
        assert_eq!(latencies.percentile(1.0), Duration::from_millis(100));
    }
}
