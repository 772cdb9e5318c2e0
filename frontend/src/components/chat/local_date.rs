//! The date in the browser's time zone.

use crate::browser::now_ms;
use js_sys::Date;
use leptos::prelude::*;
use leptos_use_document_visibility::use_document_visibility;
use leptos_use_interval_fn::use_interval_fn;
use shared::time::Timestamp;
use wasm_bindgen::JsValue;

/// Milliseconds between two looks at the date.
const DATE_MS: u64 = 10_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// The local day of a time, as a number of days.
pub(super) fn day_of(at: Timestamp) -> i64 {
    local_day(at.millis())
}

/// The day of a time, in milliseconds since 1970, in the browser's time zone, as a number of days.
fn local_day(ms: i64) -> i64 {
    (ms - minutes_behind_utc(ms) * MINUTE_MS).div_euclid(DAY_MS)
}

/// How far the browser's time zone is behind UTC at a time in milliseconds since 1970.
fn minutes_behind_utc(ms: i64) -> i64 {
    // An f64 holds the milliseconds of any date exactly, and the offset is whole minutes.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "see above"
    )]
    let offset = Date::new(&JsValue::from_f64(ms as f64)).get_timezone_offset() as i64;
    offset
}

/// The date of this computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LocalDate {
    pub(super) day: i64,
    /// Minutes by which the time zone is behind UTC.
    pub(super) offset_minutes: i64,
}

fn now() -> LocalDate {
    let ms = now_ms();
    LocalDate {
        day: local_day(ms),
        offset_minutes: minutes_behind_utc(ms),
    }
}

/// The date of this computer, which changes at midnight, with the clock and with the time zone.
pub(super) fn local_date() -> RwSignal<LocalDate> {
    let date = RwSignal::new(now());
    let look = move || {
        let now = now();
        if date.get_untracked() != now {
            date.set(now);
        }
    };
    let _ = use_interval_fn(look, DATE_MS);
    // The timers of a page stand still while the computer sleeps.
    let visibility = use_document_visibility();
    Effect::new(move || {
        visibility.track();
        look();
    });
    date
}
