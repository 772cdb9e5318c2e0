//! The texts about the past of a canvas.

pub use super::texts::time_texts;

use super::{coordinates, past_moment};
use crate::store::past::{Moment, PastProblem};
use shared::time::Timestamp;

/// When a moment was, as in "12 May, 20:14".
pub fn when(moment: &Moment) -> String {
    moment
        .time_ms
        .filter(|_| moment.seq > 0)
        .and_then(time)
        .map_or_else(|| time_texts().before_all().to_owned(), past_moment)
}

/// The same, in milliseconds since 1970; empty where there is none.
pub fn at_ms(millis: i64) -> String {
    time(millis).map(past_moment).unwrap_or_default()
}

/// A moment for screen readers, with who made its last change, by name.
pub fn described(moment: &Moment, name: Option<&str>) -> String {
    let when = when(moment);
    match (moment.change, name) {
        (Some(change), Some(name)) => {
            let place = coordinates(change.at.x, change.at.y);
            time_texts().moment_by(&when, name, &place)
        }
        _ => when,
    }
}

/// Why the past cannot be shown.
pub fn problem(problem: PastProblem) -> &'static str {
    let texts = time_texts();
    match problem {
        PastProblem::Away => texts.away(),
        PastProblem::Busy => texts.busy(),
        PastProblem::NoSuchMoment => texts.no_such_moment(),
        PastProblem::TooFar => texts.too_far(),
    }
}

fn time(millis: i64) -> Option<Timestamp> {
    Some(chrono::DateTime::from_timestamp_millis(millis)?.into())
}
