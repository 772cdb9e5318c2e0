//! The rate limits of one connection: a token bucket for each kind of request. They
//! are far above what a person does.

use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use shared::protocol::ClientMessage;
use std::{num::NonZeroU32, time::Duration};

/// Burst and tokens per second, for each kind of request.
const CHAT: (u32, u32) = (100, 20);
const DRAWING: (u32, u32) = (500, 200);
const PRESENCE: (u32, u32) = (200, 100);
const POINTING: (u32, u32) = (50, 10);
const ASKING: (u32, u32) = (100, 20);

/// The buckets of one connection.
pub(crate) struct RateLimits {
    chat: DefaultDirectRateLimiter,
    drawing: DefaultDirectRateLimiter,
    presence: DefaultDirectRateLimiter,
    pointing: DefaultDirectRateLimiter,
    asking: DefaultDirectRateLimiter,
}

impl RateLimits {
    /// Full buckets.
    pub(crate) fn new() -> Self {
        Self {
            chat: bucket(CHAT),
            drawing: bucket(DRAWING),
            presence: bucket(PRESENCE),
            pointing: bucket(POINTING),
            asking: bucket(ASKING),
        }
    }

    /// Takes a token for the message. The error is the time until there is one.
    pub(crate) fn check(&self, message: &ClientMessage) -> Result<(), Duration> {
        let bucket = match message {
            ClientMessage::CanvasChat { .. } => &self.chat,
            ClientMessage::TileCreate { .. }
            | ClientMessage::TilePaint { .. }
            | ClientMessage::TileUpdate { .. }
            | ClientMessage::TileLike { .. }
            | ClientMessage::TileDelete { .. }
            | ClientMessage::TileLock { .. }
            | ClientMessage::TileUnlock { .. } => &self.drawing,
            ClientMessage::UserPresence(_) => &self.presence,
            ClientMessage::TileMention { .. } => &self.pointing,
            ClientMessage::Hello { .. }
            | ClientMessage::RequestUpdate { .. }
            | ClientMessage::Ping { .. }
            | ClientMessage::Heartbeat { .. }
            | ClientMessage::AuthRefresh { .. } => &self.asking,
        };
        bucket
            .check()
            .map_err(|early| early.wait_time_from(DefaultClock::default().now()))
    }
}

fn bucket((burst, per_second): (u32, u32)) -> DefaultDirectRateLimiter {
    let positive = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    RateLimiter::direct(Quota::per_second(positive(per_second)).allow_burst(positive(burst)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn each_kind_has_a_bucket_of_its_own() {
        let limits = RateLimits::new();
        let ping = ClientMessage::Ping {
            timestamp: Value::Null,
        };
        let like = ClientMessage::TileLike {
            x: 0,
            y: 0,
            liked: true,
        };
        let wait = (0..200).find_map(|_| limits.check(&ping).err()).unwrap();
        assert!(wait > Duration::ZERO && wait <= Duration::from_millis(50));
        assert!(limits.check(&like).is_ok());
    }
}
