//! The texts about the past of a canvas.

pub use super::texts::time_texts;

use super::{coordinates, exact_clock, past_moment};
use crate::{
    model::timeline::Precision,
    store::past::{Moment, PastProblem},
};
use shared::time::Timestamp;

/// When a moment was, as in "12 May, 20:14".
pub fn when(moment: &Moment, precision: Precision) -> String {
    let time = moment.time_ms.filter(|_| moment.seq > 0).and_then(time);
    time.map_or_else(
        || time_texts().before_all().to_owned(),
        |time| past_moment(time, precision.of_moment()),
    )
}

/// A time in milliseconds since 1970; empty where there is none.
pub fn at_ms(millis: i64, precision: Precision) -> String {
    let time = time(millis).map(|time| past_moment(time, precision));
    time.unwrap_or_default()
}

/// The end of a span that lasts until then and of which the beginning is told beside it. One that
/// is told by the second is too short for another day to be meant.
pub fn until_ms(millis: i64, precision: Precision) -> String {
    match time(millis) {
        Some(time) if precision == Precision::Seconds => exact_clock(time),
        Some(time) => past_moment(time, precision),
        None => String::new(),
    }
}

/// A moment for screen readers, with who made its last change, by name.
pub fn described(moment: &Moment, precision: Precision, name: Option<&str>) -> String {
    let when = when(moment, precision);
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
