//! Numbers and times in the user's locale, with the browser's `Intl`.

use super::{interpolate, t};
use js_sys::{Date, Object, Reflect};
use shared::time::Timestamp;
use wasm_bindgen::{JsCast, JsValue};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A number in the locale's format.
pub fn number(n: usize) -> String {
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    js_sys::Number::from(n).to_locale_string(&locale()).into()
}

/// The time of day, as in `14:05`.
pub fn clock(at: Timestamp) -> String {
    let options = options(&[("hour", "2-digit"), ("minute", "2-digit")]);
    date_time(at, &options)
}

/// Day and time, for tooltips.
pub fn moment(at: Timestamp) -> String {
    let options = options(&[("dateStyle", "medium"), ("timeStyle", "short")]);
    date_time(at, &options)
}

/// A day as a heading: today, yesterday, or the date. `days_ago` counts whole
/// local days.
pub fn day(at: Timestamp, days_ago: i64) -> String {
    match days_ago {
        0 => t().today.to_owned(),
        1 => t().yesterday.to_owned(),
        2..=6 => date_time(at, &options(&[("weekday", "long")])),
        _ => date_time(at, &options(&[("dateStyle", "long")])),
    }
}

/// How long ago, in the largest unit that fits.
pub fn ago(at: Timestamp, now: i64) -> String {
    let passed = (now - at.millis()).max(0);
    match passed {
        ..MINUTE => t().just_now.to_owned(),
        MINUTE..HOUR => interpolate(t().minutes_ago, &[("n", &(passed / MINUTE))]),
        HOUR..DAY => interpolate(t().hours_ago, &[("n", &(passed / HOUR))]),
        DAY.. => date_time(at, &options(&[("dateStyle", "medium")])),
    }
}

fn date_time(at: Timestamp, options: &Object) -> String {
    // An f64 holds the milliseconds of any date exactly.
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    let date = Date::new(&JsValue::from_f64(at.millis() as f64));
    date.to_locale_string(&locale(), options).into()
}

fn options(pairs: &[(&str, &str)]) -> Object {
    let options = Object::new();
    for (name, value) in pairs {
        // Setting a property of a plain object cannot fail.
        let _ = Reflect::set(&options, &(*name).into(), &(*value).into());
    }
    options
}

/// The user's locale: the first language of the browser that `Intl` accepts, else that of the
/// texts. Browsers that take their language from the system's may have one that is no language
/// tag, such as `C` or `en_US.UTF-8`, for which every function of `Intl` throws.
fn locale() -> String {
    thread_local! {
        static LOCALE: String = preferred_locale();
    }
    LOCALE.with(Clone::clone)
}

fn preferred_locale() -> String {
    let navigator = crate::browser::window().navigator();
    let first = navigator.language().into_iter();
    let others = navigator.languages();
    first
        .chain(others.iter().filter_map(|language| language.as_string()))
        .find_map(|language| valid_locale(&language))
        .unwrap_or_else(|| t().language.to_owned())
}

/// The language tag in `language`, which may be the name of a POSIX locale; none if there is none.
fn valid_locale(language: &str) -> Option<String> {
    let name = language.split(['.', '@']).next()?;
    let tag = name.replace('_', "-");
    let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let canonical: js_sys::Function = Reflect::get(&intl, &"getCanonicalLocales".into())
        .ok()?
        .dyn_into()
        .ok()?;
    // Throws for what is no language tag.
    let tags = canonical.call1(&intl, &tag.as_str().into()).ok()?;
    js_sys::Array::from(&tags).get(0).as_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn only_language_tags_are_locales() {
        for (language, locale) in [
            ("en-gb", Some("en-GB")),
            ("en_US.UTF-8", Some("en-US")),
            ("de_DE@euro", Some("de-DE")),
            ("C", None),
            ("", None),
            ("en--US", None),
            ("☆", None),
        ] {
            assert_eq!(valid_locale(language).as_deref(), locale, "{language}");
        }
    }
}
