//! Delivery latency: each message carries the time at which it was sent.

use crate::client_pool::find;
use anyhow::Result;
use hdrhistogram::Histogram;
use std::time::{Duration, Instant};

/// What comes before the time in a message.
const KEY: &[u8] = b"sent=";
/// Digits of the time: nanoseconds since the clock's start.
const DIGITS: usize = 16;
/// Longer latencies are recorded as this one.
const MAX_NANOS: u64 = 60_000_000_000;
/// Decimal digits to which a latency is kept.
const SIGNIFICANT_DIGITS: u8 = 3;

/// A clock that sender and receiver share: both are this process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MessageClock(Instant);

impl MessageClock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The text to put into a message that is sent now.
    pub(crate) fn timestamp(self) -> String {
        format!("sent={:0DIGITS$}", self.0.elapsed().as_nanos())
    }

    /// Time since a message was sent; `None` where it has no timestamp.
    pub(crate) fn age(self, payload: &[u8]) -> Option<Duration> {
        let begin = find(payload, KEY)? + KEY.len();
        let digits = payload.get(begin..begin + DIGITS)?;
        let sent = std::str::from_utf8(digits).ok()?.parse().ok()?;
        Some(self.0.elapsed().saturating_sub(Duration::from_nanos(sent)))
    }
}

/// The latencies of many messages.
#[derive(Clone, Debug)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(Histogram::new_with_max(
            MAX_NANOS,
            SIGNIFICANT_DIGITS,
        )?))
    }

    /// Records what [`MessageClock::age`] returned; ignores `None`.
    pub(crate) fn record(&mut self, age: Option<Duration>) {
        if let Some(age) = age {
            self.0.saturating_record(age.as_nanos() as u64);
        }
    }

    /// Adds those of another measurement.
    pub(crate) fn add(&mut self, other: &Self) -> Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len() as usize
    }

    /// Milliseconds that this share of the latencies does not exceed; `quantile` from 0 to 1.
    pub(crate) fn millis(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_tells_its_age() {
        let clock = MessageClock::start();
        let message = format!("{{\"text\":\"{}\"}}", clock.timestamp());
        let age = clock.age(message.as_bytes()).unwrap();
        assert!(age <= clock.0.elapsed());
        assert_eq!(clock.age(b"no timestamp"), None);
    }

    #[test]
    fn quantiles_of_a_hundred() {
        let mut latencies = Latencies::new().unwrap();
        for millis in (1..=100).rev() {
            latencies.record(Some(Duration::from_millis(millis)));
        }
        latencies.record(None);
        assert_eq!(latencies.count(), 100);
        for (quantile, expected) in [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0)] {
            let millis = latencies.millis(quantile);
            assert!((millis - expected).abs() <= expected / 1000.0, "{millis}");
        }
    }
}
