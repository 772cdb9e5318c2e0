//! When the frames of a film are taken, and for how long each is shown.

/// The most frames of a film.
const MAX_FRAMES: u32 = 600;
/// The shortest time of a frame, in hundredths of a second: 20 ms.
const MIN_DELAY: u32 = 2;
/// How long the last frame is shown, in hundredths of a second.
const LAST_DELAY: u16 = 200;

/// See the module. The first frame shows the beginning; each further one shows what is there
/// after its part of the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// The `seq` of the last event of each part, in order.
    ends: Vec<i64>,
    seconds: u32,
}

impl Schedule {
    /// Into how many parts the events of a film are divided at most, if its last frame is to
    /// come after so many seconds.
    pub(crate) fn max_parts(seconds: u32) -> usize {
        let parts = (seconds * 100 / MIN_DELAY).min(MAX_FRAMES - 1);
        usize::try_from(parts).unwrap_or_default()
    }

    /// For parts that end with these events, at most [`Schedule::max_parts`].
    pub(crate) fn new(ends: Vec<i64>, seconds: u32) -> Self {
        Self { ends, seconds }
    }

    /// How many frames there are, at least one.
    pub(super) fn frames(&self) -> usize {
        self.ends.len() + 1
    }

    /// Whether a frame, counted from 0, is taken before the event `seq` is applied. The last
    /// one shows the end.
    pub(super) fn is_before(&self, frame: usize, seq: i64) -> bool {
        match frame.checked_sub(1) {
            None => true,
            Some(part) => frame < self.ends.len() && self.ends[part] < seq,
        }
    }

    /// How long a frame is shown, in hundredths of a second.
    pub(super) fn delay(&self, frame: usize) -> u16 {
        let parts = self.ends.len();
        if frame >= parts {
            return LAST_DELAY;
        }
        let all = usize::try_from(self.seconds).unwrap_or_default() * 100;
        let delay = all * (frame + 1) / parts - all * frame / parts;
        u16::try_from(delay).unwrap_or(u16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_fill_the_time_and_are_long_enough() {
        for seconds in 1..=60 {
            let most = Schedule::max_parts(seconds);
            assert!(most < usize::try_from(MAX_FRAMES).unwrap());
            for parts in 1..=most {
                let schedule = Schedule::new(vec![0; parts], seconds);
                let delays = (0..parts).map(|frame| u32::from(schedule.delay(frame)));
                assert!(delays.clone().all(|delay| delay >= MIN_DELAY));
                assert_eq!(delays.sum::<u32>(), seconds * 100);
                assert_eq!(schedule.delay(parts), LAST_DELAY);
            }
        }
        assert_eq!(Schedule::new(Vec::new(), 10).delay(0), LAST_DELAY);
    }

    #[test]
    fn a_frame_is_taken_once_its_part_is_over() {
        let schedule = Schedule::new(vec![3, 7], 1);
        assert_eq!(schedule.frames(), 3);
        assert!(schedule.is_before(0, 1));
        assert!(!schedule.is_before(1, 3));
        assert!(schedule.is_before(1, 4));
        assert!(!schedule.is_before(2, 7));
        assert!(!schedule.is_before(2, 8));
        assert!(!schedule.is_before(3, 9));
    }
}
