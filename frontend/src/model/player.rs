//! The time bar's player: its commands, and its clock, which says how many changes
//! are due. Pure.

/// Which way through time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To earlier changes.
    Back,
    /// To later changes.
    Forward,
}

/// What a key does while the time bar is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeCommand {
    /// Opens the time bar, or closes it and shows now.
    Toggle,
    /// Steps by one change, or to the next change by somebody else.
    Step {
        /// Which way.
        direction: Direction,
        /// Whether to somebody else.
        by_person: bool,
    },
    /// Plays, or plays faster.
    Play(Direction),
    /// Stops playing.
    Pause,
    /// Shows the canvas before anything was drawn.
    First,
    /// Shows now.
    Now,
}

/// How many times as fast as it was.
pub const SPEEDS: [u32; 7] = [1, 3, 10, 30, 100, 300, 1_000];

/// The longest pause between two changes, in milliseconds of playing. Idle time
/// is cut to it.
const MAX_PAUSE_MS: f64 = 600.0;
/// Most milliseconds that one step of the clock counts, so that a page that was
/// hidden goes on where it was.
const MAX_STEP_MS: f64 = 250.0;

/// A player that is playing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Player {
    /// Which way it plays.
    pub direction: Direction,
    /// Milliseconds of playing that passed since the last change.
    passed: f64,
}

impl Player {
    /// Begins to play. The first change is due at once.
    pub fn new(direction: Direction) -> Self {
        Self {
            direction,
            passed: MAX_PAUSE_MS,
        }
    }

    /// Time passes, in milliseconds.
    pub fn elapse(&mut self, ms: f64) {
        self.passed += ms.clamp(0.0, MAX_STEP_MS);
    }

    /// Whether a change is due that came `gap_ms` after the one before it; if
    /// so, it counts as shown.
    pub fn is_due(&mut self, gap_ms: i64, speed: u32) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of an age")]
        let pause = (gap_ms.max(0) as f64 / f64::from(speed.max(1))).min(MAX_PAUSE_MS);
        let is_due = self.passed >= pause;
        if is_due {
            self.passed -= pause;
        }
        is_due
    }

    /// There is nothing to show yet: time that passes meanwhile is lost.
    pub fn stall(&mut self) {
        self.passed = 0.0;
    }
}

/// The next faster speed; the fastest stays.
pub fn faster(speed: u32) -> u32 {
    let next = SPEEDS.iter().copied().find(|other| *other > speed);
    next.unwrap_or(speed)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// How many of the gaps are over after each frame.
    fn play(gaps: &[i64], speed: u32, frames: usize, frame_ms: f64) -> Vec<usize> {
        let mut player = Player::new(Direction::Forward);
        player.stall();
        let mut shown = 0;
        let mut all = Vec::new();
        for _ in 0..frames {
            player.elapse(frame_ms);
            while shown < gaps.len() && player.is_due(gaps[shown], speed) {
                shown += 1;
            }
            all.push(shown);
        }
        all
    }

    #[test]
    fn changes_come_as_they_came_then() {
        assert_eq!(play(&[100, 100, 200], 1, 4, 100.0), [1, 2, 2, 3]);
        assert_eq!(play(&[1_000, 1_000, 2_000], 10, 4, 100.0), [1, 2, 2, 3]);
    }

    #[test]
    fn idle_time_is_cut() {
        let day = 86_400_000;
        assert_eq!(play(&[day, day], 1, 13, 100.0).last(), Some(&2));
        assert_eq!(play(&[day], 1, 5, 100.0).last(), Some(&0));
    }

    #[test]
    fn many_changes_come_in_one_frame() {
        assert_eq!(play(&[10; 300], 1_000, 1, 16.0), [300]);
    }

    #[test]
    fn a_page_that_was_hidden_goes_on_where_it_was() {
        let gaps = [100; 100];
        assert_eq!(play(&gaps, 1, 1, 60_000.0), [2]);
    }

    #[test]
    fn the_first_change_is_due_at_once() {
        assert!(Player::new(Direction::Back).is_due(86_400_000, 1));
    }

    #[test]
    fn speeds_end_at_a_thousand() {
        assert_eq!(faster(1), 3);
        assert_eq!(faster(300), 1_000);
        assert_eq!(faster(1_000), 1_000);
    }
}
