//! Messages per second of this node, for the administrators' overview.

use std::sync::atomic::{AtomicU64, Ordering};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct MessageRates {
    messages_in: RateMeter,
    messages_out: RateMeter,
}

impl MessageRates {
    /// Counts a message from a client.
    pub(crate) fn count_in(&self) {
        self.messages_in.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts messages to clients.
    pub(crate) fn count_out(&self, messages: u64) {
        self.messages_out
            .count
            .fetch_add(messages, Ordering::Relaxed);
    }

    /// Ends a second of counting; called once a second.
    pub(crate) fn sample(&self) {
        self.messages_in.sample();
        self.messages_out.sample();
    }

    /// Messages read and written in the last whole second.
    pub(crate) fn per_second(&self) -> (u64, u64) {
        let rate = |meter: &RateMeter| meter.rate.load(Ordering::Relaxed);
        (rate(&self.messages_in), rate(&self.messages_out))
    }
}

/// A count within the current second, and that of the last whole second.
#[derive(Debug, Default)]
struct RateMeter {
    count: AtomicU64,
    rate: AtomicU64,
}

impl RateMeter {
    fn sample(&self) {
        let count = self.count.swap(0, Ordering::Relaxed);
        self.rate.store(count, Ordering::Relaxed);
    }
}
