//! All texts of the client, and the format of numbers, times and lists.
//!
//! The texts are in `locales`, a folder a language with a Fluent file an area; the crate
//! `message-catalog` describes how they reach the page. Each English message is a function here:
//! `t().close()` for `close` in `common.ftl`, `order_texts().by(name)` for `by` in `order.ftl`.
//! Of the client this module uses [`crate::model`], [`crate::browser`] and the errors of
//! [`crate::api`] only.

pub mod board;
mod catalog;
pub mod comments;
pub mod export;
mod format;
pub mod inbox;
pub mod language;
pub mod order;
mod problems;
pub mod rewrites;
pub mod shortcuts;
#[cfg(test)]
pub mod testing;
pub mod texts;
pub mod time;

pub use catalog::{Number, WrongCatalog, install, is_right_to_left};
pub use format::{ago, clock, day, exact_clock, list, moment, number, past_moment};
pub use problems::{api_problem, field_problem, refusal, text_problem};
pub use shortcuts::key_name;
pub use texts::{account_texts, chat_texts, export_texts, inbox_texts};

use std::borrow::Cow;

/// The texts that have no file of their own.
pub fn t() -> texts::CommonTexts {
    texts::common_texts()
}

/// A text to be put into another one on the same line. If it may have another direction, it gets
/// the characters FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE around it: with right-to-left
/// letters, and on a right-to-left page everything but a plain number. In HTML, `<bdi>` and
/// `dir="auto"` do the same for elements.
pub fn isolate(text: &str) -> Cow<'_, str> {
    let is_other =
        |c: char| is_from_right(c) || (catalog::is_right_to_left() && !c.is_ascii_digit());
    if text.chars().any(is_other) {
        format!("\u{2068}{text}\u{2069}").into()
    } else {
        text.into()
    }
}

/// Whether a character belongs to a right-to-left script or changes the direction: the blocks from
/// Hebrew to Arabic Extended-A, the presentation forms, the right-to-left planes, and the
/// characters that only direct.
fn is_from_right(c: char) -> bool {
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
    t().with_note(label, note)
}

/// The text about the `all` people who are typing, of whom the first two are
/// named; empty for nobody.
pub fn typing_line(names: &[String], all: usize) -> String {
    match names {
        [] => String::new(),
        [one] => t().typing_one(one),
        [one, two] if all == 2 => t().typing_two(one, two),
        [one, ..] => t().typing_many(one, all.saturating_sub(1)),
    }
}

/// The text for the coordinates of a cell or pixel.
pub fn coordinates(x: impl Into<i64>, y: impl Into<i64>) -> String {
    t().place(&x.into().to_string(), &y.into().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn right_to_left_values_are_isolated() {
        testing::use_english();
        assert_eq!(t().at_name("שלום"), "@\u{2068}שלום\u{2069}");
        assert_eq!(t().at_name("Zoë ☆"), "@Zoë ☆");
    }

    #[test]
    fn the_typing_line_names_at_most_two() {
        testing::use_english();
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
