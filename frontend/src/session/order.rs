//! The place of every durable message in the canvas's order: what comes next,
//! what is known already, and what must wait for the snapshot. Pure.

use shared::{ids::Epoch, protocol::ServerMessage};

/// Messages kept while a snapshot is fetched; more than that, and it is
/// fetched again.
const HELD: usize = 20_000;

/// How a durable message stands to what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The next one: apply it.
    Next,
    /// Known already: drop it.
    Known,
    /// Something before it is missing.
    Gap,
}

/// Where this client is in the order.
#[derive(Debug, Default)]
pub struct Order {
    known: Option<(Epoch, i64)>,
    held: Option<Vec<ServerMessage>>,
}

impl Order {
    /// The epoch and the last `seq` that is part of what is shown: what to
    /// resume from.
    pub fn resume(&self) -> Option<(Epoch, i64)> {
        self.known
    }

    /// Nothing that is known is of use any more.
    pub fn forget(&mut self) {
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
    pub fn keep(&mut self, message: ServerMessage) -> Result<bool, ServerMessage> {
        let Some(held) = &mut self.held else {
            return Err(message);
        };
        if held.len() >= HELD {
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
    pub fn place(&self, seq: i64) -> Place {
        match self.known {
            Some((_, last)) if seq <= last => Place::Known,
            Some((_, last)) if seq == last + 1 => Place::Next,
            Some(_) | None => Place::Gap,
        }
    }

    /// As [`Order::place`]; the next one counts as known from here on.
    pub fn take(&mut self, seq: i64) -> Place {
        let place = self.place(seq);
        if let (Place::Next, Some((_, last))) = (place, &mut self.known) {
            *last = seq;
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use uuid::Uuid;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn pong() -> ServerMessage {
        ServerMessage::Pong {
            timestamp: Value::Null,
            server_time: chrono::DateTime::UNIX_EPOCH.into(),
            op_id: None,
        }
    }

    #[test]
    fn only_the_next_is_applied_and_once() {
        let epoch = Epoch(Uuid::nil());
        let mut order = Order::default();
        assert_eq!(order.take(1), Place::Gap);
        order.restart(epoch, 4);
        assert_eq!(order.take(4), Place::Known);
        assert_eq!(order.take(5), Place::Next);
        assert_eq!(order.take(5), Place::Known);
        assert_eq!(order.take(7), Place::Gap);
        assert_eq!(order.resume(), Some((epoch, 5)));
    }

    #[test]
    fn messages_wait_for_the_snapshot() {
        let mut order = Order::default();
        assert!(order.keep(pong()).is_err());
        order.hold();
        assert_eq!(order.keep(pong()), Ok(true));
        assert_eq!(order.restart(Epoch(Uuid::nil()), 0), [pong()]);
        assert!(!order.is_holding());
    }
}
