//! Limits how often a connection's cursor position is sent: at most
//! [`limits::CURSORS_PER_SECOND`] times, and always the last one. Pure: it is given the
//! time.

use shared::limits;
use std::time::{Duration, Instant};

/// The shortest time between two positions of one connection.
const CURSOR_GAP: Duration = Duration::from_millis(1000 / limits::CURSORS_PER_SECOND);

/// What to do with a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CursorAction {
    /// Send it now.
    Send,
    /// It is held back: send it at this time, unless a newer one replaces it.
    SendAt(Instant),
    /// It replaces one that is held back already.
    Replace,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct CursorThrottle {
    /// When the next position may be sent.
    next_at: Option<Instant>,
    /// The last position that arrived before that time.
    held_back: Option<(f64, f64)>,
}

impl CursorThrottle {
    /// Takes a new position.
    pub(super) fn offer(&mut self, x: f64, y: f64, now: Instant) -> CursorAction {
        if let Some(next_at) = self.next_at.filter(|next| *next > now) {
            return match self.held_back.replace((x, y)) {
                None => CursorAction::SendAt(next_at),
                Some(_) => CursorAction::Replace,
            };
        }
        self.next_at = Some(now + CURSOR_GAP);
        self.held_back = None;
        CursorAction::Send
    }

    /// Takes the position that is held back.
    pub(super) fn take_held_back(&mut self) -> Option<(f64, f64)> {
        self.held_back.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_position_is_sent_when_the_time_is_over() {
        let now = Instant::now();
        let later = now + CURSOR_GAP;
        let mut cursor = CursorThrottle::default();
        assert_eq!(cursor.offer(1.0, 1.0, now), CursorAction::Send);
        assert_eq!(cursor.offer(2.0, 2.0, now), CursorAction::SendAt(later));
        assert_eq!(cursor.offer(3.0, 3.0, now), CursorAction::Replace);
        assert_eq!(cursor.take_held_back(), Some((3.0, 3.0)));
        assert_eq!(cursor.offer(3.0, 3.0, later), CursorAction::Send);
        assert_eq!(cursor.take_held_back(), None);
    }
}
