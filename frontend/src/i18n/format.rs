//! Numbers, times, lists and plural forms in the page's language, with the browser's `Intl`.

use super::{catalog::Number, isolate, language, t};
use crate::model::timeline::Precision;
use js_sys::{
    Array, Date,
    Intl::{ListFormat, PluralRules, RelativeTimeFormat},
    Object, Reflect,
};
use shared::time::Timestamp;
use wasm_bindgen::{JsCast, JsValue};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A number in the locale's format.
pub fn number(n: impl Number) -> String {
    js_sys::Number::from(n.to_f64())
        .to_locale_string(&locale())
        .into()
}

/// The plural category of a number by CLDR: zero, one, two, few, many or other.
pub(super) fn plural_category(n: f64) -> String {
    thread_local! {
        static RULES: PluralRules = PluralRules::new(&locales(), &Object::new());
    }
    RULES.with(|rules| rules.select(n).into())
}

/// Several things, as in "A, B, C".
pub fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let items: Array = items
        .into_iter()
        .map(|item| JsValue::from(isolate(item).as_ref()))
        .collect();
    let options = options(&[("style", "narrow")]);
    ListFormat::new(&locales(), &options).format(&items).into()
}

/// The time of day, as in `14:05`.
pub fn clock(at: Timestamp) -> String {
    let options = options(&[("hour", "2-digit"), ("minute", "2-digit")]);
    date_time(at, &options)
}

/// The same with seconds, as in `14:05:09`.
pub fn exact_clock(at: Timestamp) -> String {
    let parts = [
        ("hour", "2-digit"),
        ("minute", "2-digit"),
        ("second", "2-digit"),
    ];
    date_time(at, &options(&parts))
}

/// Day and time, for tooltips.
pub fn moment(at: Timestamp) -> String {
    let options = options(&[("dateStyle", "medium"), ("timeStyle", "short")]);
    date_time(at, &options)
}

/// A moment of the past, as in `12 May, 20:14`; with the year, if it is not this one.
pub fn past_moment(at: Timestamp, precision: Precision) -> String {
    let mut parts = vec![("day", "numeric"), ("month", "short")];
    if precision != Precision::Days {
        parts.extend([("hour", "2-digit"), ("minute", "2-digit")]);
    }
    if precision == Precision::Seconds {
        parts.push(("second", "2-digit"));
    }
    let year = |millis: i64| {
        #[expect(clippy::cast_precision_loss, reason = "exact for any date")]
        Date::new(&JsValue::from_f64(millis as f64)).get_full_year()
    };
    if year(at.millis()) != year(crate::browser::now_ms()) {
        parts.push(("year", "numeric"));
    }
    date_time(at, &options(&parts))
}

/// A day as a heading: today, yesterday, or the date. `days_ago` counts whole
/// local days.
pub fn day(at: Timestamp, days_ago: i64) -> String {
    match days_ago {
        0 => t().today().to_owned(),
        1 => t().yesterday().to_owned(),
        2..=6 => date_time(at, &options(&[("weekday", "long")])),
        _ => date_time(at, &options(&[("dateStyle", "long")])),
    }
}

/// How long ago, in the largest unit that fits.
pub fn ago(at: Timestamp, now: i64) -> String {
    let passed = (now - at.millis()).max(0);
    match passed {
        ..MINUTE => relative(0, "second"),
        MINUTE..HOUR => relative(-passed / MINUTE, "minute"),
        HOUR..DAY => relative(-passed / HOUR, "hour"),
        DAY.. => date_time(at, &options(&[("dateStyle", "medium")])),
    }
}

/// As in "now" and "5 min ago".
fn relative(n: i64, unit: &str) -> String {
    let options = options(&[("numeric", "auto"), ("style", "short")]);
    #[expect(clippy::cast_precision_loss, reason = "a few hours or minutes")]
    let n = n as f64;
    RelativeTimeFormat::new(&locales(), &options)
        .format(n, unit)
        .into()
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

/// The user's locale: the first of the browser's languages that is the page's, with its region, as
/// in `de-AT`; else the page's language. Browsers that take their language from the system's may
/// have one that is no language tag, such as `C` or `en_US.UTF-8`, for which every function of
/// `Intl` throws.
fn locale() -> String {
    thread_local! {
        static LOCALE: String = preferred_locale(&language::shown());
    }
    LOCALE.with(Clone::clone)
}

fn locales() -> Array {
    Array::of1(&locale().into())
}

fn preferred_locale(shown: &str) -> String {
    let navigator = crate::browser::window().navigator();
    let first = navigator.language().into_iter();
    let others = navigator.languages();
    first
        .chain(others.iter().filter_map(|language| language.as_string()))
        .filter_map(|language| valid_locale(&language))
        .find(|locale| locale.split('-').next() == Some(shown))
        .or_else(|| valid_locale(shown))
        .unwrap_or_else(|| "en".to_owned())
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
    fn a_moment_of_the_past_is_told_as_finely_as_is_wanted() {
        let at = Timestamp::from(chrono::DateTime::UNIX_EPOCH);
        let told = |precision| past_moment(at, precision);
        let parts = |precision| {
            let text = told(precision);
            let numbers = text.split(|c: char| !c.is_numeric());
            numbers.filter(|part| !part.is_empty()).count()
        };
        // Day and year; hour and minute; second.
        assert_eq!(parts(Precision::Days), 2, "{}", told(Precision::Days));
        assert_eq!(parts(Precision::Minutes), 4, "{}", told(Precision::Minutes));
        assert_eq!(parts(Precision::Seconds), 5, "{}", told(Precision::Seconds));
    }

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
