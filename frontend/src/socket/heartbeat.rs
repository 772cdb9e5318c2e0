//! Detects a connection whose server no longer answers. Pure: times are passed
//! in.
//!
//! Scripts cannot see WebSocket pings, so the client sends a `heartbeat`
//! message when nothing arrived for some time, and expects a `pong`. Silence
//! alone is no proof, because browsers slow down the timers of hidden tabs:
//! only a ping that was not answered in time is. After a probe only its own
//! `pong` counts, because messages that were in transit before the connection
//! broke can still arrive.

use shared::protocol::Heartbeat;

/// Milliseconds that the server has to answer a probe.
const PROBE_TIMEOUT_MS: i64 = 3_000;

/// What the socket has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeartbeatAction {
    /// Nothing.
    Wait,
    /// Send a `heartbeat` message.
    Ping,
    /// Drop the connection and connect again.
    Reconnect,
}

/// The state of one connection. All times are in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct HeartbeatMonitor {
    received_at: i64,
    deadline: Option<i64>,
    /// When the probe was sent; none if no probe is unanswered.
    probe_sent_at: Option<i64>,
    interval: i64,
    timeout: i64,
}

impl HeartbeatMonitor {
    /// Starts with a new connection.
    pub fn new(now: i64) -> Self {
        Self {
            received_at: now,
            deadline: None,
            probe_sent_at: None,
            interval: 10_000,
            timeout: 20_000,
        }
    }

    /// Takes the interval and the timeout that the server announced.
    pub fn configure(&mut self, heartbeat: Heartbeat) {
        self.interval = i64::try_from(heartbeat.interval_ms).unwrap_or(i64::MAX);
        self.timeout = i64::try_from(heartbeat.timeout_ms).unwrap_or(i64::MAX);
    }

    /// Records that a message arrived.
    pub fn on_received(&mut self, now: i64) {
        self.received_at = now;
        // On a slow connection with much traffic the pong arrives later.
        self.deadline = self.probe_sent_at.map(|_| now + PROBE_TIMEOUT_MS);
    }

    /// Records a `pong`. `sent_at` is the timestamp of the `heartbeat` message
    /// that it answers.
    pub fn on_pong(&mut self, now: i64, sent_at: i64) {
        if self.probe_sent_at.is_some_and(|probe| sent_at >= probe) {
            self.probe_sent_at = None;
        }
        self.on_received(now);
    }

    /// Called once a second; may be late in hidden tabs.
    pub fn tick(&mut self, now: i64) -> HeartbeatAction {
        if let Some(by) = self.deadline {
            return if now >= by {
                HeartbeatAction::Reconnect
            } else {
                HeartbeatAction::Wait
            };
        }
        if now - self.received_at < self.interval {
            return HeartbeatAction::Wait;
        }
        let timeout = self.timeout.saturating_sub(self.interval);
        self.deadline = Some(now.saturating_add(timeout.max(PROBE_TIMEOUT_MS)));
        HeartbeatAction::Ping
    }

    /// Called when the connection may be broken (the network changed, the
    /// computer woke up): pings at once, and waits for [`PROBE_TIMEOUT_MS`]
    /// only.
    pub fn probe(&mut self, now: i64) -> HeartbeatAction {
        if self.probe_sent_at.is_some() {
            return HeartbeatAction::Wait;
        }
        let by = now + PROBE_TIMEOUT_MS;
        self.probe_sent_at = Some(now);
        self.deadline = Some(self.deadline.map_or(by, |earlier| earlier.min(by)));
        HeartbeatAction::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn silence_causes_a_ping_and_a_message_ends_it() {
        let mut heartbeat = HeartbeatMonitor::new(0);
        assert_eq!(heartbeat.tick(9_999), HeartbeatAction::Wait);
        assert_eq!(heartbeat.tick(10_000), HeartbeatAction::Ping);
        assert_eq!(heartbeat.tick(15_000), HeartbeatAction::Wait);
        heartbeat.on_received(15_001);
        assert_eq!(heartbeat.tick(25_000), HeartbeatAction::Wait);
        assert_eq!(heartbeat.tick(25_001), HeartbeatAction::Ping);
        assert_eq!(heartbeat.tick(35_001), HeartbeatAction::Reconnect);
    }

    #[test]
    fn a_delayed_timer_does_not_drop_the_connection() {
        let mut heartbeat = HeartbeatMonitor::new(0);
        assert_eq!(heartbeat.tick(60_000), HeartbeatAction::Ping);
        heartbeat.on_received(60_010);
        assert_eq!(heartbeat.tick(120_000), HeartbeatAction::Ping);
    }

    #[test]
    fn a_probe_times_out_early() {
        let mut heartbeat = HeartbeatMonitor::new(0);
        assert_eq!(heartbeat.probe(100), HeartbeatAction::Ping);
        assert_eq!(heartbeat.probe(200), HeartbeatAction::Wait);
        assert_eq!(heartbeat.tick(3_100), HeartbeatAction::Reconnect);
    }

    #[test]
    fn other_messages_do_not_answer_a_probe() {
        let mut heartbeat = HeartbeatMonitor::new(0);
        assert_eq!(heartbeat.probe(100), HeartbeatAction::Ping);
        heartbeat.on_received(150);
        heartbeat.on_pong(160, 50);
        assert_eq!(heartbeat.tick(3_159), HeartbeatAction::Wait);
        assert_eq!(heartbeat.tick(3_160), HeartbeatAction::Reconnect);
    }

    #[test]
    fn the_pong_answers_a_probe() {
        let mut heartbeat = HeartbeatMonitor::new(0);
        assert_eq!(heartbeat.probe(100), HeartbeatAction::Ping);
        heartbeat.on_pong(150, 100);
        assert_eq!(heartbeat.tick(10_149), HeartbeatAction::Wait);
        assert_eq!(heartbeat.tick(10_150), HeartbeatAction::Ping);
        assert_eq!(heartbeat.probe(10_160), HeartbeatAction::Ping);
    }
}
