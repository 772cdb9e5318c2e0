//! Tracks the sequence numbers of durable messages: which is the next one,
//! which were applied already, and which are buffered until the snapshot
//! arrives. Pure.

use shared::{ids::Epoch, protocol::ServerMessage, time::Timestamp};

/// Most messages buffered while a snapshot is fetched. If there are more, the
/// snapshot is fetched again.
const MAX_BUFFERED: usize = 20_000;

/// How the `seq` of a durable message relates to the last applied one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeqPosition {
    /// The next one: apply it.
    Next,
    /// Applied already: ignore it.
    Applied,
    /// Applied already, but as another event: history went back and grew again.
    Rewritten,
    /// A message before it is missing.
    Gap,
}

/// Where a connection resumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResumePoint {
    /// The version of the log.
    pub epoch: Epoch,
    /// The last applied event.
    pub seq: i64,
    /// When that event was stored; none after a snapshot.
    pub timestamp: Option<Timestamp>,
}

/// The position of this client in the sequence.
#[derive(Debug, Default)]
pub struct SeqTracker {
    last_applied: Option<ResumePoint>,
    buffered: Option<Vec<ServerMessage>>,
}

impl SeqTracker {
    /// Where to resume; none before the first snapshot.
    pub fn resume_point(&self) -> Option<ResumePoint> {
        self.last_applied
    }

    /// Forgets the position: only a snapshot can set it again.
    pub fn reset(&mut self) {
        self.last_applied = None;
    }

    /// Buffers messages from now on, until [`SeqTracker::restart`].
    pub fn start_buffering(&mut self) {
        self.buffered = Some(Vec::new());
    }

    /// Whether messages are buffered.
    pub fn is_buffering(&self) -> bool {
        self.buffered.is_some()
    }

    /// Buffers a message. Returns false if the buffer is full, so that the
    /// snapshot has to be fetched again.
    ///
    /// # Errors
    /// The message itself, if messages are not buffered and it has to be
    /// applied.
    #[expect(
        clippy::result_large_err,
        reason = "a message that is not kept goes on as it came"
    )]
    pub fn buffer(&mut self, message: ServerMessage) -> Result<bool, ServerMessage> {
        let Some(buffered) = &mut self.buffered else {
            return Err(message);
        };
        if buffered.len() >= MAX_BUFFERED {
            return Ok(false);
        }
        buffered.push(message);
        Ok(true)
    }

    /// Sets the position to that of a snapshot. Returns the buffered messages.
    pub fn restart(&mut self, epoch: Epoch, seq: i64) -> Vec<ServerMessage> {
        self.last_applied = Some(ResumePoint {
            epoch,
            seq,
            timestamp: None,
        });
        self.buffered.take().unwrap_or_default()
    }

    /// How `seq` relates to the last applied one.
    pub fn position(&self, seq: i64) -> SeqPosition {
        match self.last_applied {
            Some(last) if seq <= last.seq => SeqPosition::Applied,
            Some(last) if seq == last.seq + 1 => SeqPosition::Next,
            Some(_) | None => SeqPosition::Gap,
        }
    }

    /// As [`SeqTracker::position`], for an event with the time at which it was
    /// stored, if that is known; the next one counts as applied from here on.
    pub fn advance(&mut self, seq: i64, timestamp: Option<Timestamp>) -> SeqPosition {
        let position = self.position(seq);
        let Some(last) = &mut self.last_applied else {
            return position;
        };
        if position == SeqPosition::Next {
            last.seq = seq;
            last.timestamp = timestamp;
        } else if seq == last.seq {
            if last.timestamp.is_some() && timestamp.is_some() && last.timestamp != timestamp {
                return SeqPosition::Rewritten;
            }
            last.timestamp = last.timestamp.or(timestamp);
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
    fn only_the_next_message_is_applied_and_only_once() {
        let epoch = Epoch(Uuid::nil());
        let mut tracker = SeqTracker::default();
        assert_eq!(tracker.advance(1, None), SeqPosition::Gap);
        tracker.restart(epoch, 4);
        assert_eq!(tracker.advance(4, None), SeqPosition::Applied);
        assert_eq!(tracker.advance(5, None), SeqPosition::Next);
        assert_eq!(tracker.advance(5, None), SeqPosition::Applied);
        assert_eq!(tracker.advance(7, None), SeqPosition::Gap);
        let point = tracker.resume_point().unwrap();
        assert_eq!((point.epoch, point.seq), (epoch, 5));
    }

    #[test]
    fn another_event_in_the_place_of_the_last_one_is_noticed() {
        let time = |ms| {
            let time = chrono::DateTime::from_timestamp_millis(ms);
            Some(Timestamp::from(time.unwrap()))
        };
        let mut tracker = SeqTracker::default();
        tracker.restart(Epoch(Uuid::nil()), 4);
        assert_eq!(tracker.advance(5, time(1)), SeqPosition::Next);
        assert_eq!(tracker.advance(5, time(1)), SeqPosition::Applied);
        assert_eq!(tracker.advance(5, None), SeqPosition::Applied);
        assert_eq!(tracker.advance(5, time(2)), SeqPosition::Rewritten);
        assert_eq!(tracker.resume_point().unwrap().timestamp, time(1));
    }

    #[test]
    fn messages_are_buffered_until_the_snapshot() {
        let mut tracker = SeqTracker::default();
        assert!(tracker.buffer(pong()).is_err());
        tracker.start_buffering();
        assert_eq!(tracker.buffer(pong()), Ok(true));
        assert_eq!(tracker.restart(Epoch(Uuid::nil()), 0), [pong()]);
        assert!(!tracker.is_buffering());
    }
}
