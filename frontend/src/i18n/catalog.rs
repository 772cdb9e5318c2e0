//! The catalog of the page's language, and how a message is filled with its arguments.
//!
//! `page.js` fetches the catalog while the client is loaded. The patterns in it are described in
//! the crate `message-catalog`, which writes them and says why Fluent's own runtime is not used.

use super::{format, isolate, language, texts::FINGERPRINT};
use std::sync::OnceLock;
use thiserror::Error;

static CATALOG: OnceLock<Catalog> = OnceLock::new();

/// The texts of the page.
struct Catalog {
    /// The first element is the fingerprint, so the indices of messages begin with 1.
    patterns: Vec<String>,
    is_right_to_left: bool,
}

/// The catalog belongs to another build of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the catalog of texts belongs to another version of the client")]
pub struct WrongCatalog;

/// Takes the catalog of the page's language. Called once, before any text is needed; a later call
/// has no effect.
///
/// # Errors
/// If it is the catalog of another version, whose messages have other places.
pub fn install(patterns: Vec<String>) -> Result<(), WrongCatalog> {
    if patterns.first().is_none_or(|first| first != FINGERPRINT) {
        return Err(WrongCatalog);
    }
    let _ = CATALOG.set(Catalog {
        patterns,
        is_right_to_left: language::is_right_to_left(),
    });
    Ok(())
}

/// Whether the texts are written from right to left.
pub fn is_right_to_left() -> bool {
    CATALOG
        .get()
        .is_some_and(|catalog| catalog.is_right_to_left)
}

/// A value for a message.
#[derive(Clone, Copy, Debug)]
pub(super) enum Argument<'a> {
    /// Text.
    Text(&'a str),
    /// A number, in the format of the language.
    Number(f64),
}

/// A whole number that a message takes.
pub trait Number {
    /// The number. From 2⁵³ on it is rounded.
    fn to_f64(self) -> f64;
}

macro_rules! numbers {
    ($($type:ty)*) => {
        $(impl Number for $type {
            #[allow(clippy::cast_precision_loss, clippy::cast_lossless, reason = "see the trait")]
            fn to_f64(self) -> f64 {
                self as f64
            }
        })*
    };
}

numbers!(u8 u16 u32 u64 usize i32 i64 f64);

/// A message without variables.
pub(super) fn plain(index: usize) -> &'static str {
    let pattern = CATALOG
        .get()
        .and_then(|catalog| catalog.patterns.get(index));
    pattern.map_or("", String::as_str)
}

/// A message with its variables.
pub(super) fn filled(index: usize, arguments: &[Argument<'_>]) -> String {
    let mut text = String::with_capacity(64);
    write(plain(index), arguments, &mut text);
    text
}

fn write(mut pattern: &str, arguments: &[Argument<'_>], text: &mut String) {
    while let Some(at) = pattern.find(['{', '\\']) {
        text.push_str(&pattern[..at]);
        let (special, after) = pattern[at..].split_at(1);
        if special == "\\" {
            let length = after.chars().next().map_or(0, char::len_utf8);
            text.push_str(&after[..length]);
            pattern = &after[length..];
            continue;
        }
        let (inside, after) = split_braces(after);
        pattern = after;
        let (index, variants) = inside
            .split_once('?')
            .map_or((inside, None), |(index, variants)| (index, Some(variants)));
        let argument = index.parse().ok().and_then(|at: usize| arguments.get(at));
        match (argument, variants) {
            (Some(Argument::Number(number)), Some(variants)) => {
                write(variant(variants, *number), arguments, text);
            }
            (Some(Argument::Number(number)), None) => text.push_str(&format::number(*number)),
            (Some(Argument::Text(value)), _) => text.push_str(&isolate(value)),
            (None, _) => {}
        }
    }
    text.push_str(pattern);
}

/// The pattern for a number: the first whose key is the number or its plural category, else the
/// last.
fn variant(mut variants: &str, number: f64) -> &str {
    let category = format::plural_category(number);
    while let Some((key, after)) = variants.split_once('{') {
        let (pattern, others) = split_braces(after);
        let is_meant = match key.strip_prefix('=') {
            Some(exact) => exact.parse() == Ok(number),
            None => key == category,
        };
        if is_meant || others.is_empty() {
            return pattern;
        }
        variants = others;
    }
    ""
}

/// Splits after an opening brace: what is inside, and what comes after the closing one.
fn split_braces(text: &str) -> (&str, &str) {
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' if depth == 0 => return (&text[..at], &text[at + 1..]),
            '}' => depth -= 1,
            _ => {}
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn written(pattern: &str, arguments: &[Argument<'_>]) -> String {
        let mut text = String::new();
        write(pattern, arguments, &mut text);
        text
    }

    #[test]
    fn values_are_inserted_as_they_are() {
        let values = [Argument::Text("{1}"), Argument::Text(r"a\b {0?one{x}}")];
        assert_eq!(
            written(r"{0}: {1} \{ \\ \} {7}", &values),
            r"{1}: a\b {0?one{x}} { \ } "
        );
    }

    #[test]
    fn the_plural_form_is_that_of_the_number() {
        let pattern = "{0?=0{none}one{{0} tile of {1}}other{{0} tiles of {1}}}.";
        let text = |n: f64| written(pattern, &[Argument::Number(n), Argument::Text("Ann")]);
        assert_eq!(text(0.0), "none.");
        assert_eq!(text(1.0), "1 tile of Ann.");
        assert_eq!(text(1234.0), "1,234 tiles of Ann.");
        // The last form is for all that have none of their own.
        assert_eq!(
            written("{0?few{few}many{many}}", &[Argument::Number(1.0)]),
            "many"
        );
    }

    #[test]
    fn braces_inside_of_forms_belong_to_them() {
        assert_eq!(split_braces(r"a{b}\}c}d"), (r"a{b}\}c", "d"));
        assert_eq!(split_braces("open"), ("open", ""));
    }

    #[test]
    fn the_catalog_of_another_version_is_refused() {
        let other = vec!["0123".to_owned(), "Close".to_owned()];
        assert_eq!(install(other), Err(WrongCatalog));
        assert_eq!(install(Vec::new()), Err(WrongCatalog));
    }
}
