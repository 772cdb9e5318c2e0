//! The time bar's scale: which place on the bar, from 0 to 1, stands for which
//! event, and how much was changed there. Pure.

use shared::time::Timestamp;

/// How the width of the bar is divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Division {
    /// Every part has as many changes as the next, so that idle time has no
    /// width.
    #[default]
    Changes,
    /// Every part is as long as the next.
    Time,
}

/// How finely times on the bar are told, so that those of its parts differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Day, hour, minute and second.
    Seconds,
    /// Day, hour and minute.
    #[default]
    Minutes,
    /// Day alone.
    Days,
}

impl Precision {
    /// That of a single moment, of which the hour is told too.
    #[must_use]
    pub fn of_moment(self) -> Self {
        match self {
            Self::Seconds => Self::Seconds,
            Self::Minutes | Self::Days => Self::Minutes,
        }
    }
}

/// One part of the bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The first event.
    pub from_seq: i64,
    /// The last event; one below `from_seq` if there is none.
    pub to_seq: i64,
    /// When it begins.
    pub from_at: Timestamp,
    /// When it ends.
    pub to_at: Timestamp,
    /// Changes of tiles.
    pub events: i64,
    /// People who made them.
    pub people: i64,
}

impl Part {
    fn len(&self) -> i64 {
        (self.to_seq - self.from_seq + 1).max(0)
    }
}

/// A long history has so many parts.
const MAX_PARTS: i64 = 200;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// How many times as many changes stand for the whole height, at least: small
/// differences are not made large.
const MIN_RANGE: f64 = 50.0;

/// The scale; see the description of the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeScale {
    division: Division,
    /// All changes of tiles.
    pub events: i64,
    parts: Vec<Part>,
}

impl TimeScale {
    /// A scale of these parts, which follow one another without a gap; without
    /// parts nothing was ever changed.
    pub fn new(division: Division, events: i64, parts: Vec<Part>) -> Self {
        Self {
            division,
            events,
            parts,
        }
    }

    /// How the bar is divided.
    pub fn division(&self) -> Division {
        self.division
    }

    /// The parts, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The first event that changed a tile; none if there is none.
    pub fn first_seq(&self) -> Option<i64> {
        self.parts.first().map(|part| part.from_seq)
    }

    /// The last event that changed a tile; none if there is none.
    pub fn last_seq(&self) -> Option<i64> {
        self.parts.last().map(|part| part.to_seq)
    }

    /// How finely times are told.
    pub fn precision(&self) -> Precision {
        let (Some(first), Some(last)) = (self.parts.first(), self.parts.last()) else {
            return Precision::default();
        };
        match (last.to_at.millis() - first.from_at.millis()) / MAX_PARTS {
            ..MINUTE_MS => Precision::Seconds,
            MINUTE_MS..DAY_MS => Precision::Minutes,
            DAY_MS.. => Precision::Days,
        }
    }

    /// The event after which the board is shown for a place on the bar. At 0
    /// that is the one before the first change.
    pub fn seq_at(&self, place: f64) -> i64 {
        let Some((part, share)) = self.part_at(place) else {
            return 0;
        };
        let events = (to_f64(part.len()) * share).round();
        part.from_seq - 1 + to_i64(events)
    }

    /// About when it was at a place on the bar; none without changes.
    pub fn time_at(&self, place: f64) -> Option<i64> {
        let (part, share) = self.part_at(place)?;
        let (from, to) = (part.from_at.millis(), part.to_at.millis());
        Some(from + to_i64(to_f64(to - from) * share))
    }

    /// The place on the bar of the board after an event.
    pub fn place_of(&self, seq: i64) -> f64 {
        let count = to_f64_len(self.parts.len());
        let is_before = |part: &Part| part.to_seq < seq;
        let index = self.parts.partition_point(is_before);
        let Some(part) = self.parts.get(index) else {
            return 1.0;
        };
        let share = if part.len() == 0 {
            0.0
        } else {
            to_f64(seq - part.from_seq + 1) / to_f64(part.len())
        };
        ((to_f64_len(index) + share.clamp(0.0, 1.0)) / count).clamp(0.0, 1.0)
    }

    /// The part at a place, and how far into it that is, from 0 to 1.
    pub fn part_at(&self, place: f64) -> Option<(&Part, f64)> {
        let count = self.parts.len();
        let along = place.clamp(0.0, 1.0) * to_f64_len(count);
        let index = usize::try_from(to_i64(along.floor())).ok()?;
        let index = index.min(count.checked_sub(1)?);
        Some((self.parts.get(index)?, along - to_f64_len(index)))
    }

    /// How high each part is drawn, from 0 to 1: how many changes there were in
    /// a time, so that bursts stand out from a slow day.
    pub fn heights(&self) -> Vec<f64> {
        let ends = self
            .parts
            .iter()
            .skip(1)
            .map(|next| next.from_at.millis())
            .chain(self.parts.last().map(|last| last.to_at.millis()));
        let rates: Vec<f64> = self
            .parts
            .iter()
            .zip(ends)
            .map(|(part, end)| {
                let seconds = to_f64((end - part.from_at.millis()).max(1_000)) / 1_000.0;
                match self.division {
                    Division::Changes => to_f64(part.events) / seconds,
                    Division::Time => to_f64(part.events),
                }
            })
            .collect();
        let least = rates.iter().copied().filter(|rate| *rate > 0.0);
        let most = rates.iter().copied().fold(0.0, f64::max);
        let range = (most / least.fold(most, f64::min)).max(MIN_RANGE).ln();
        let level = |rate: f64| 1.0 - (most / rate).ln() / range;
        rates
            .iter()
            .map(|rate| if *rate > 0.0 { level(*rate) } else { 0.0 })
            .collect()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of events and milliseconds, far below 2^52"
)]
fn to_f64(n: i64) -> f64 {
    n as f64
}

#[expect(clippy::cast_precision_loss, reason = "at most some hundred")]
fn to_f64_len(n: usize) -> f64 {
    n as f64
}

#[expect(clippy::cast_possible_truncation, reason = "rounded before; saturates")]
fn to_i64(x: f64) -> i64 {
    x as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn time(seconds: i64) -> Timestamp {
        chrono::DateTime::from_timestamp_millis(seconds * 1_000)
            .unwrap()
            .into()
    }

    fn part(from_seq: i64, to_seq: i64, from: i64, to: i64, events: i64) -> Part {
        Part {
            from_seq,
            to_seq,
            from_at: time(from),
            to_at: time(to),
            events,
            people: 1,
        }
    }

    /// Ten changes in ten seconds; an hour later ten in a hundred.
    fn scale() -> TimeScale {
        let parts = vec![part(3, 12, 0, 10, 10), part(13, 24, 3_600, 3_700, 10)];
        TimeScale::new(Division::Changes, 20, parts)
    }

    #[test]
    fn the_bar_goes_from_before_the_first_change_to_the_last() {
        let scale = scale();
        assert_eq!(scale.seq_at(0.0), 2);
        assert_eq!(scale.seq_at(0.25), 7);
        assert_eq!(scale.seq_at(0.5), 12);
        assert_eq!(scale.seq_at(1.0), 24);
        assert_eq!((scale.seq_at(-1.0), scale.seq_at(7.0)), (2, 24));
        assert_eq!(scale.time_at(0.25), Some(5_000));
        assert_eq!(scale.time_at(0.75), Some(3_650_000));
    }

    #[test]
    fn every_event_has_a_place_that_leads_back_to_it() {
        let scale = scale();
        for seq in 2..=24 {
            assert_eq!(scale.seq_at(scale.place_of(seq)), seq, "{seq}");
        }
        assert!(scale.place_of(0).abs() < f64::EPSILON);
        assert!((scale.place_of(99) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn parts_without_changes_have_a_width_by_time() {
        let parts = vec![
            part(1, 4, 0, 10, 4),
            part(5, 4, 10, 20, 0),
            part(5, 6, 20, 30, 2),
        ];
        let scale = TimeScale::new(Division::Time, 6, parts);
        assert_eq!(scale.seq_at(0.5), 4);
        assert_eq!(scale.time_at(0.5), Some(15_000));
        let heights = scale.heights();
        assert!(heights[0] > heights[2] && heights[2] > 0.0);
        assert!(heights[1].abs() < f64::EPSILON);
    }

    #[test]
    fn a_burst_is_higher_than_slow_work() {
        let mut parts = vec![part(1, 10, 0, 5, 10), part(11, 20, 6, 1_000, 10)];
        parts.push(part(21, 30, 1_000, 1_010, 10));
        let heights = TimeScale::new(Division::Changes, 30, parts).heights();
        assert!(heights[0] > heights[1], "{heights:?}");
        assert!(heights.iter().all(|height| (0.0..=1.0).contains(height)));
    }

    #[test]
    fn times_are_told_as_finely_as_the_parts_are_long() {
        let lasting = |seconds| {
            let parts = vec![part(1, 4, 0, 10, 4), part(5, 6, 10, seconds, 2)];
            TimeScale::new(Division::Changes, 6, parts).precision()
        };
        for (seconds, precision) in [
            (11, Precision::Seconds),
            (3 * 3_600, Precision::Seconds),
            (4 * 3_600, Precision::Minutes),
            (199 * 86_400, Precision::Minutes),
            (200 * 86_400, Precision::Days),
        ] {
            assert_eq!(lasting(seconds), precision, "{seconds}");
        }
        assert_eq!(TimeScale::default().precision(), Precision::Minutes);
        assert_eq!(Precision::Days.of_moment(), Precision::Minutes);
        assert_eq!(Precision::Seconds.of_moment(), Precision::Seconds);
    }

    #[test]
    fn a_canvas_without_changes_has_no_places() {
        let scale = TimeScale::default();
        assert_eq!(scale.seq_at(0.5), 0);
        assert_eq!(scale.time_at(0.5), None);
        assert_eq!(scale.heights(), Vec::<f64>::new());
        assert!((scale.place_of(3) - 1.0).abs() < f64::EPSILON);
    }
}
