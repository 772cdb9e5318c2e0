//! The place of every durable message in the canvas's order: what comes next,
//! what is known already, and what must wait for the snapshot. Pure.

use shared::{ids::Epoch, protocol::ServerMessage};

/// Messages kept while a snapshot is fetched; more than that, and it is
/// fetched again.
const MAX_HELD: usize = 20_000;

/// How a durable message stands to what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeqPosition {
    /// The next one: apply it.
    Next,
    /// Known already: drop it.
    Known,
    /// Something before it is missing.
    Gap,
}

/// Where this client is in the order.
#[derive(Debug, Default)]
pub struct SeqTracker {
    known: Option<(Epoch, i64)>,
    held: Option<Vec<ServerMessage>>,
}

impl SeqTracker {
    /// The epoch and the last `seq` that is part of what is shown: what to
    /// resume from.
    pub fn resume_point(&self) -> Option<(Epoch, i64)> {
        self.known
    }

    /// Nothing that is known is of use any more.
    pub fn reset(&mut self) {
        self.known = None;
    }

    /// From now on messages wait for a snapshot.
    pub fn hold(&mut self) {
        self.held = Some(Vec::new());
    }

    /// Whether messages wait for a snapshot.
    pub fn is_holding(&self) -> bool {
        self.held.is_some()
    }

    /// Keeps a message until the snapshot is there; gives it back when there
    /// is nothing to wait for. False where too many wait: start again.
    ///
    /// # Errors
    /// The message itself, if nothing is held.
    pub fn hold_back(&mut self, message: ServerMessage) -> Result<bool, ServerMessage> {
        let Some(held) = &mut self.held else {
            return Err(message);
        };
        if held.len() >= MAX_HELD {
            return Ok(false);
        }
        held.push(message);
        Ok(true)
    }

    /// A snapshot came: everything up to `seq` is known. Gives what was held.
    pub fn restart(&mut self, epoch: Epoch, seq: i64) -> Vec<ServerMessage> {
        self.known = Some((epoch, seq));
        self.held.take().unwrap_or_default()
    }

    /// How a message with this `seq` stands to what is known.
    pub fn position(&self, seq: i64) -> SeqPosition {
        match self.known {
            Some((_, last)) if seq <= last => SeqPosition::Known,
            Some((_, last)) if seq == last + 1 => SeqPosition::Next,
            Some(_) | None => SeqPosition::Gap,
        }
    }

    /// As [`Order::place`]; the next one counts as known from here on.
    pub fn advance(&mut self, seq: i64) -> SeqPosition {
        let position = self.position(seq);
        if let (SeqPosition::Next, Some((_, last))) = (position, &mut self.known) {
            *last = seq;
        }
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use shared::protocol::Pong;
    use uuid::Uuid;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn pong() -> ServerMessage {
        ServerMessage::Pong(Pong {
            timestamp: Value::Null,
            server_time: chrono::DateTime::UNIX_EPOCH.into(),
            op_id: None,
        })
    }

    #[test]
    fn only_the_next_is_applied_and_once() {
        let epoch = Epoch(Uuid::nil());
        let mut tracker = SeqTracker::default();
        assert_eq!(tracker.advance(1), SeqPosition::Gap);
        tracker.restart(epoch, 4);
        assert_eq!(tracker.advance(4), SeqPosition::Known);
        assert_eq!(tracker.advance(5), SeqPosition::Next);
        assert_eq!(tracker.advance(5), SeqPosition::Known);
        assert_eq!(tracker.advance(7), SeqPosition::Gap);
        assert_eq!(tracker.resume_point(), Some((epoch, 5)));
    }

    #[test]
    fn messages_wait_for_the_snapshot() {
        let mut tracker = SeqTracker::default();
        assert!(tracker.hold_back(pong()).is_err());
        tracker.hold();
        assert_eq!(tracker.hold_back(pong()), Ok(true));
        assert_eq!(tracker.restart(Epoch(Uuid::nil()), 0), [pong()]);
        assert!(!tracker.is_holding());
    }
}
