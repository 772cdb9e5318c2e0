//! All texts of the client, and the format of numbers, times and lists.
//!
//! Components take all texts from here. A translation is one more constant beside
//! [`english`], chosen in [`t`]. Of the client it uses [`crate::model`] and the errors of
//! [`crate::api`] only.

/// Declares a struct of texts and its English values together, so that both
/// have the same fields.
macro_rules! texts {
    (
        $(#[$about:meta])* $texts:ident;
        $($name:ident: $text:literal,)* ; $($counted:ident: $one:literal | $other:literal,)*
    ) => {
        $(#[$about])*
        pub struct $texts {
            $(#[doc = $text] pub $name: &'static str,)*
            $(#[doc = $other] pub $counted: super::Counted,)*
        }

        /// In English.
        pub(super) static TEXTS: $texts = $texts {
            $($name: $text,)*
            $($counted: super::Counted { one: $one, other: $other },)*
        };
    };
}

pub mod accounts;
pub mod board;
mod english;
mod format;
pub mod order;
mod problems;
pub mod rewrites;
pub mod shortcuts;

pub use english::Texts;
pub use format::{ago, clock, day, moment, number};
pub use problems::{api_problem, field_problem, refusal, text_problem};

use std::fmt::Display;

/// The texts in the user's language.
pub fn t() -> &'static Texts {
    &english::TEXTS
}

/// A text that depends on a number, which replaces `{n}`.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// For exactly one.
    pub one: &'static str,
    /// For every other number.
    pub other: &'static str,
}

impl Counted {
    /// The text for `n`, with the number in the locale's format.
    pub fn of(self, n: usize) -> String {
        let text = if n == 1 { self.one } else { self.other };
        interpolate(text, &[("n", &number(n))])
    }
}

/// Inserts values into a text: `interpolate("Tile {x}", &[("x", &12)])`. A value is inserted as it
/// is, also if it looks like a name in braces. One with right-to-left letters is isolated, so that
/// it does not reorder the text around it.
pub fn interpolate(text: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut filled = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let found = after.split_once('}').and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((value.to_string(), after))
        });
        if let Some((value, after)) = found {
            filled.push_str(&isolate(value));
            rest = after;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled + rest
}

/// A text to be put into another one on the same line. With right-to-left letters it gets the
/// characters FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE around it. In HTML, `<bdi>` and
/// `dir="auto"` do the same for elements.
pub fn isolate(text: String) -> String {
    if text.chars().any(is_right_to_left) {
        format!("\u{2068}{text}\u{2069}")
    } else {
        text
    }
}

/// Whether a character belongs to a right-to-left script or changes the direction: the blocks from
/// Hebrew to Arabic Extended-A, the presentation forms, the right-to-left planes, and the
/// characters that only direct.
fn is_right_to_left(c: char) -> bool {
    matches!(c,
        '\u{590}'..='\u{8ff}'
        | '\u{200f}'
        | '\u{202b}'
        | '\u{202e}'
        | '\u{2067}'
        | '\u{fb1d}'..='\u{fdff}'
        | '\u{fe70}'..='\u{fefe}'
        | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}')
}

/// A label with a note after it, such as a key: `Undo (Ctrl+Z)`.
pub fn with_note(label: &str, note: &str) -> String {
    interpolate(t().with_note, &[("label", &label), ("note", &note)])
}

/// The text about the `all` people who are typing, of whom the first two are
/// named; empty for nobody.
pub fn typing_line(names: &[String], all: usize) -> String {
    match names {
        [] => String::new(),
        [one] => interpolate(t().typing_one, &[("name", one)]),
        [one, two] if all == 2 => interpolate(t().typing_two, &[("name", one), ("other", two)]),
        [one, ..] => interpolate(
            t().typing_many,
            &[("name", one), ("n", &all.saturating_sub(1))],
        ),
    }
}

/// The text for the coordinates of a cell or pixel.
pub fn coordinates(x: i32, y: i32) -> String {
    interpolate(t().place, &[("x", &x), ("y", &y)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn values_are_inserted_as_they_are() {
        let values: [(&str, &dyn Display); 2] = [("name", &"{text}"), ("text", &"{name} {x}")];
        assert_eq!(
            interpolate("{name}: {text} {other} {", &values),
            "{text}: {name} {x} {other} {"
        );
    }

    #[test]
    fn right_to_left_values_are_isolated() {
        assert_eq!(
            interpolate("{name}, 3", &[("name", &"שלום")]),
            "\u{2068}שלום\u{2069}, 3"
        );
        assert_eq!(interpolate("{name}, 3", &[("name", &"Zoë ☆")]), "Zoë ☆, 3");
    }

    #[test]
    fn the_typing_line_names_at_most_two() {
        assert_eq!(typing_line(&[], 0), "");
        assert_eq!(typing_line(&names(&["Ann"]), 1), "Ann is typing");
        assert_eq!(
            typing_line(&names(&["Ann", "Bo"]), 2),
            "Ann and Bo are typing"
        );
        assert_eq!(
            typing_line(&names(&["Ann", "Bo"]), 3),
            "Ann and 2 others are typing"
        );
    }
}
