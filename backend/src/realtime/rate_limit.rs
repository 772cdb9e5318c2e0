//! What one user may do in a time: a token bucket for each kind of request. All of a
//! user's connections on this node and the user's HTTP requests share the buckets, so
//! that neither another tab nor a new connection gives more. The rates are far above
//! what a person does.

use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use parking_lot::Mutex;
use shared::{canvas::TileOp, ids::UserId, pixels::Pixels, protocol::ClientMessage};
use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Burst and tokens per second, for each kind of request.
const CHAT: (u32, u32) = (100, 20);
const DIRECT: (u32, u32) = (100, 20);
const DRAWING: (u32, u32) = (500, 200);
const PRESENCE: (u32, u32) = (200, 100);
const POINTING: (u32, u32) = (50, 10);
const REPLAYS: (u32, u32) = (60, 10);
const UPKEEP: (u32, u32) = (200, 50);
const SETTINGS: (u32, u32) = (300, 5);

/// Pixels that cost one more token of the drawing bucket: a stroke is a row of the log
/// and a message to everybody on the canvas, both as large as the stroke.
const PIXELS_PER_TOKEN: usize = 256;
/// Buckets that were not used for so long are full again, and are dropped.
const IDLE: Duration = Duration::from_mins(1);
/// Users with buckets of their own at most. All above it share one set of buckets.
const MAX_USERS: usize = 100_000;

/// A kind of request, with how many tokens one takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RateCost {
    /// A chat message or a comment, or a change of one.
    Chat,
    /// A private message, its removal, typing one, or reading those of others: each is looked
    /// up in the database.
    Direct,
    /// A change of a tile.
    Drawing(NonZeroU32),
    /// A presence message.
    Presence,
    /// A mention of a tile.
    Pointing,
    /// A replay of events.
    Replay,
    /// A ping, a new token, or what a client says about itself.
    Upkeep,
    /// A change of one's profile, of a canvas's settings, or of its members.
    Settings,
}

impl RateCost {
    fn of(message: &ClientMessage) -> Self {
        match message {
            ClientMessage::CanvasChat { .. }
            | ClientMessage::ChatEdit { .. }
            | ClientMessage::ChatRemove { .. }
            | ClientMessage::CommentCreate { .. }
            | ClientMessage::CommentUpdate { .. }
            | ClientMessage::CommentRemove { .. } => Self::Chat,
            ClientMessage::DirectMessageSend { .. }
            | ClientMessage::DirectMessageRead { .. }
            | ClientMessage::DirectTyping { .. } => Self::Direct,
            ClientMessage::TilePaint { pixels, .. } => Self::drawing(pixels.len()),
            ClientMessage::TileCreate { pixels, .. } | ClientMessage::TileUpdate { pixels, .. } => {
                Self::drawing(pixels.as_ref().map_or(0, pixel_count))
            }
            ClientMessage::TileLike { .. }
            | ClientMessage::TileDelete { .. }
            | ClientMessage::TileLock { .. }
            | ClientMessage::TileUnlock { .. } => Self::drawing(0),
            ClientMessage::UserPresence(_) => Self::Presence,
            ClientMessage::TileMention { .. } => Self::Pointing,
            ClientMessage::RequestUpdate { .. } => Self::Replay,
            ClientMessage::Hello { .. }
            | ClientMessage::Ping { .. }
            | ClientMessage::Heartbeat { .. }
            | ClientMessage::AuthRefresh { .. } => Self::Upkeep,
        }
    }

    /// Of an operation on a tile.
    pub(crate) fn of_tile_op(op: &TileOp) -> Self {
        Self::drawing(match op {
            TileOp::Create { pixels, .. } | TileOp::Update { pixels, .. } => {
                pixels.as_ref().map_or(0, pixel_count)
            }
            TileOp::Paint { edits } => edits.len(),
            TileOp::Like { .. } | TileOp::Delete => 0,
        })
    }

    /// At most the burst: a larger one could never be paid.
    fn drawing(pixels: usize) -> Self {
        let more = u32::try_from(pixels / PIXELS_PER_TOKEN).unwrap_or(u32::MAX);
        let tokens = more.saturating_add(1).min(DRAWING.0);
        Self::Drawing(NonZeroU32::new(tokens).unwrap_or(NonZeroU32::MIN))
    }
}

/// The buckets of one user.
pub(crate) struct UserRates {
    chat: DefaultDirectRateLimiter,
    direct: DefaultDirectRateLimiter,
    drawing: DefaultDirectRateLimiter,
    presence: DefaultDirectRateLimiter,
    pointing: DefaultDirectRateLimiter,
    replays: DefaultDirectRateLimiter,
    upkeep: DefaultDirectRateLimiter,
    settings: DefaultDirectRateLimiter,
    /// When a token was last taken, in milliseconds since `start`.
    used: AtomicU64,
    start: Instant,
}

impl UserRates {
    /// Full buckets.
    fn new(start: Instant) -> Self {
        Self {
            chat: bucket(CHAT),
            direct: bucket(DIRECT),
            drawing: bucket(DRAWING),
            presence: bucket(PRESENCE),
            pointing: bucket(POINTING),
            replays: bucket(REPLAYS),
            upkeep: bucket(UPKEEP),
            settings: bucket(SETTINGS),
            used: AtomicU64::new(millis(start.elapsed())),
            start,
        }
    }

    /// Takes the tokens of a message.
    ///
    /// # Errors
    /// The time until there are enough.
    pub(crate) fn check_message(&self, message: &ClientMessage) -> Result<(), Duration> {
        self.check(RateCost::of(message))
    }

    /// Takes tokens.
    ///
    /// # Errors
    /// The time until there are enough.
    pub(crate) fn check(&self, cost: RateCost) -> Result<(), Duration> {
        self.used
            .store(millis(self.start.elapsed()), Ordering::Relaxed);
        let (bucket, tokens) = match cost {
            RateCost::Chat => (&self.chat, NonZeroU32::MIN),
            RateCost::Direct => (&self.direct, NonZeroU32::MIN),
            RateCost::Drawing(tokens) => (&self.drawing, tokens),
            RateCost::Presence => (&self.presence, NonZeroU32::MIN),
            RateCost::Pointing => (&self.pointing, NonZeroU32::MIN),
            RateCost::Replay => (&self.replays, NonZeroU32::MIN),
            RateCost::Upkeep => (&self.upkeep, NonZeroU32::MIN),
            RateCost::Settings => (&self.settings, NonZeroU32::MIN),
        };
        match bucket.check_n(tokens) {
            // The second error is that there are never so many tokens.
            Ok(Ok(())) | Err(_) => Ok(()),
            Ok(Err(early)) => Err(early.wait_time_from(DefaultClock::default().now())),
        }
    }

    fn is_idle(&self, now: Duration) -> bool {
        let used = Duration::from_millis(self.used.load(Ordering::Relaxed));
        now.saturating_sub(used) >= IDLE
    }
}

fn pixel_count(pixels: &Pixels) -> usize {
    pixels.as_bytes().len()
}

fn bucket((burst, per_second): (u32, u32)) -> DefaultDirectRateLimiter {
    let positive = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    RateLimiter::direct(Quota::per_second(positive(per_second)).allow_burst(positive(burst)))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The buckets of every user who did something within the last minute or has a
/// connection that did something.
pub(crate) struct RateLimits {
    users: Mutex<HashMap<UserId, Arc<UserRates>>>,
    /// Of those who find the map full.
    overflow: Arc<UserRates>,
    start: Instant,
}

impl RateLimits {
    pub(crate) fn new() -> Self {
        let start = Instant::now();
        Self {
            users: Mutex::default(),
            overflow: Arc::new(UserRates::new(start)),
            start,
        }
    }

    /// The buckets of a user. A connection keeps them, so that a message costs no
    /// lookup.
    pub(crate) fn of(&self, user: UserId) -> Arc<UserRates> {
        let mut users = self.users.lock();
        if let Some(rates) = users.get(&user) {
            return rates.clone();
        }
        if users.len() >= MAX_USERS {
            return self.overflow.clone();
        }
        let rates = Arc::new(UserRates::new(self.start));
        users.insert(user, rates.clone());
        rates
    }

    /// Drops buckets that nobody holds and that are full again; called every few
    /// seconds.
    pub(crate) fn evict_idle(&self) {
        let now = self.start.elapsed();
        let mut users = self.users.lock();
        users.retain(|_, rates| Arc::strong_count(rates) > 1 || !rates.is_idle(now));
        if users.capacity() > 4 * users.len() {
            users.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use shared::pixels::PixelEdit;

    const PING: ClientMessage = ClientMessage::Ping {
        timestamp: Value::Null,
    };

    fn paint(edits: usize) -> ClientMessage {
        ClientMessage::TilePaint {
            x: 0,
            y: 0,
            pixels: vec![PixelEdit(0, 0); edits],
            undo_of: None,
        }
    }

    #[test]
    fn each_kind_has_a_bucket_of_its_own() {
        let rates = RateLimits::new().of(UserId(1));
        let like = ClientMessage::TileLike {
            x: 0,
            y: 0,
            liked: true,
        };
        let mut waits = (0..400).filter_map(|_| rates.check_message(&PING).err());
        let wait = waits.next().unwrap();
        assert!(wait > Duration::ZERO && wait <= Duration::from_millis(50));
        assert!(rates.check_message(&like).is_ok());
    }

    #[test]
    fn all_connections_of_a_user_share_the_buckets_and_a_new_one_finds_them_used() {
        let limits = RateLimits::new();
        let tabs = [limits.of(UserId(1)), limits.of(UserId(1))];
        let sent = (0..400).take_while(|n| tabs[n % 2].check_message(&PING).is_ok());
        assert!((200..300).contains(&sent.count()));
        drop(tabs);
        limits.evict_idle();
        assert!(limits.of(UserId(1)).check_message(&PING).is_err());
        assert!(limits.of(UserId(2)).check_message(&PING).is_ok());
    }

    #[test]
    fn a_large_stroke_costs_more() {
        let limits = RateLimits::new();
        let count = |user, edits| {
            let rates = limits.of(UserId(user));
            let strokes = (0..1000).take_while(|_| rates.check_message(&paint(edits)).is_ok());
            strokes.count()
        };
        assert!((500..600).contains(&count(1, 1)));
        assert!((100..120).contains(&count(2, 1024)));
    }

    #[test]
    fn idle_buckets_are_dropped_unless_a_connection_holds_them() {
        let limits = RateLimits::new();
        let held = limits.of(UserId(1));
        let idle = millis(IDLE);
        for user in [1, 2] {
            limits.of(UserId(user)).used.store(0, Ordering::Relaxed);
        }
        limits.of(UserId(3)).used.store(idle, Ordering::Relaxed);
        let later = RateLimits {
            start: Instant::now().checked_sub(IDLE).unwrap(),
            ..limits
        };
        later.evict_idle();
        let mut known: Vec<UserId> = later.users.lock().keys().copied().collect();
        known.sort_unstable();
        assert_eq!(known, [UserId(1), UserId(3)]);
        drop(held);
        later.evict_idle();
        assert_eq!(later.users.lock().len(), 1);
    }
}
