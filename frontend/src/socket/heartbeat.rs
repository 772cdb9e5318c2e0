//! Whether the other side still lives. Pure.
//!
//! A browser hides WebSocket pings from scripts, so the client asks for a
//! `pong` itself when nothing was heard for a while. Silence alone proves
//! nothing, since a hidden tab's timers are slowed down: only a question that
//! was not answered in time does. In doubt only the answer itself calms, since
//! what was under way when the line broke still arrives.

use shared::protocol::Heartbeat;

/// Milliseconds for an answer when there is reason to doubt the line.
const DOUBT_MS: i64 = 3_000;

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeartbeatAction {
    /// All is well.
    Wait,
    /// Ask for a `pong`.
    Ping,
    /// Nobody answered: reconnect.
    Reconnect,
}

/// Watches one connection. All times in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct HeartbeatMonitor {
    heard_at: i64,
    answer_by: Option<i64>,
    /// When the question was asked whose answer alone counts.
    doubt: Option<i64>,
    interval: i64,
    timeout: i64,
}

impl HeartbeatMonitor {
    /// The connection was opened.
    pub fn new(now: i64) -> Self {
        Self {
            heard_at: now,
            answer_by: None,
            doubt: None,
            interval: 10_000,
            timeout: 20_000,
        }
    }

    /// The server said how often it pings and how long it waits.
    pub fn set(&mut self, heartbeat: Heartbeat) {
        self.interval = i64::try_from(heartbeat.interval_ms).unwrap_or(i64::MAX);
        self.timeout = i64::try_from(heartbeat.timeout_ms).unwrap_or(i64::MAX);
    }

    /// Something came.
    pub fn heard(&mut self, now: i64) {
        self.heard_at = now;
        // A slow line that brings much brings the answer later.
        self.answer_by = self.doubt.map(|_| now + DOUBT_MS);
    }

    /// The question of that moment was answered.
    pub fn answered(&mut self, now: i64, asked_at: i64) {
        if self.doubt.is_some_and(|doubt| asked_at >= doubt) {
            self.doubt = None;
        }
        self.heard(now);
    }

    /// To be called about once a second.
    pub fn tick(&mut self, now: i64) -> HeartbeatAction {
        if let Some(by) = self.answer_by {
            return if now >= by {
                HeartbeatAction::Reconnect
            } else {
                HeartbeatAction::Wait
            };
        }
        if now - self.heard_at < self.interval {
            return HeartbeatAction::Wait;
        }
        let patience = self.timeout.saturating_sub(self.interval);
        self.answer_by = Some(now.saturating_add(patience.max(DOUBT_MS)));
        HeartbeatAction::Ping
    }

    /// There is reason to doubt the line (the computer woke up, the network
    /// changed): ask at once, and wait only briefly.
    pub fn doubt(&mut self, now: i64) -> HeartbeatAction {
        if self.doubt.is_some() {
            return HeartbeatAction::Wait;
        }
        let by = now + DOUBT_MS;
        self.doubt = Some(now);
        self.answer_by = Some(self.answer_by.map_or(by, |earlier| earlier.min(by)));
        HeartbeatAction::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn silence_is_questioned_and_an_answer_calms() {
        let mut heartbeat = HeartbeatMonitor::new(0);
        assert_eq!(heartbeat.tick(9_999), HeartbeatAction::Wait);
        assert_eq!(heartbeat.tick(10_000), HeartbeatAction::Ping);
        assert_eq!(heartbeat.tick(15_000), HeartbeatAction::Wait);
        heartbeat.heard(15_001);
        assert_eq!(heartbeat.tick(25_000), HeartbeatAction::Wait);
        assert_eq!(heartbeat.tick(25_001), HeartbeatAction::Ping);
        assert_eq!(heartbeat.tick(35_001), HeartbeatAction::Reconnect);
    }

    #[test]
    fn a_timer_that_slept_does_not_kill_the_line() {
        let mut heartbeat = HeartbeatMonitor::new(0);
        assert_eq!(heartbeat.tick(60_000), HeartbeatAction::Ping);
        heartbeat.heard(60_010);
        assert_eq!(heartbeat.tick(120_000), HeartbeatAction::Ping);
    }

    #[test]
    fn doubt_waits_only_briefly() {
        let mut heartbeat = HeartbeatMonitor::new(0);
        assert_eq!(heartbeat.doubt(100), HeartbeatAction::Ping);
        assert_eq!(heartbeat.doubt(200), HeartbeatAction::Wait);
        assert_eq!(heartbeat.tick(3_100), HeartbeatAction::Reconnect);
    }

    #[test]
    fn what_was_under_way_does_not_calm_a_doubt() {
        let mut heartbeat = HeartbeatMonitor::new(0);
        assert_eq!(heartbeat.doubt(100), HeartbeatAction::Ping);
        heartbeat.heard(150);
        heartbeat.answered(160, 50);
        assert_eq!(heartbeat.tick(3_159), HeartbeatAction::Wait);
        assert_eq!(heartbeat.tick(3_160), HeartbeatAction::Reconnect);
    }

    #[test]
    fn the_answer_calms_a_doubt() {
        let mut heartbeat = HeartbeatMonitor::new(0);
        assert_eq!(heartbeat.doubt(100), HeartbeatAction::Ping);
        heartbeat.answered(150, 100);
        assert_eq!(heartbeat.tick(10_149), HeartbeatAction::Wait);
        assert_eq!(heartbeat.tick(10_150), HeartbeatAction::Ping);
        assert_eq!(heartbeat.doubt(10_160), HeartbeatAction::Ping);
    }
}
