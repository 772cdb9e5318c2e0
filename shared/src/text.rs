//! Checks for text that people enter. The server runs them where text comes in;
//! the client runs them before it sends.

use crate::limits;
use serde::Serialize;
use std::ops::RangeInclusive;
use thiserror::Error;

/// Why a text was refused. The messages are shown to people, after the name of
/// the field.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// Empty or white space only, where at least one character is required.
    #[error("must not be empty")]
    Empty,
    /// Fewer characters than this minimum.
    #[error("must have at least {0} characters")]
    TooShort(usize),
    /// More characters than this maximum.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// A control character other than newline and tab.
    #[error("must not contain control characters")]
    Control,
    /// A character that is not in this set.
    #[error("may only contain {0}")]
    Alphabet(&'static str),
}

/// Removes white space at both ends, turns line ends into `\n`, refuses control
/// characters other than newline and tab, then checks the length in Unicode
/// scalar values.
///
/// # Errors
/// [`TextError::Control`] before [`TextError::TooLong`], [`TextError::TooShort`]
/// or, where at least one character is required, [`TextError::Empty`].
pub fn clean(text: &str, length: &RangeInclusive<usize>) -> Result<String, TextError> {
    let text = text.trim();
    let text = if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text.to_owned()
    };
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\t'))
    {
        return Err(TextError::Control);
    }
    let count = text.chars().count();
    if count > *length.end() {
        Err(TextError::TooLong(*length.end()))
    } else if count >= *length.start() {
        Ok(text)
    } else if count == 0 {
        Err(TextError::Empty)
    } else {
        Err(TextError::TooShort(*length.start()))
    }
}

/// Cleans and checks a user name: 3–32 characters of `A-Za-z0-9_-`.
///
/// # Errors
/// As [`clean`], and [`TextError::Alphabet`].
pub fn username(text: &str) -> Result<String, TextError> {
    let text = clean(text, &limits::USERNAME)?;
    if text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    {
        Ok(text)
    } else {
        Err(TextError::Alphabet("letters, digits, _ and -"))
    }
}

/// Cleans and checks the highlight type of a mention: 1–32 characters of `a-z_`.
///
/// # Errors
/// As [`clean`], and [`TextError::Alphabet`].
pub fn highlight_type(text: &str) -> Result<String, TextError> {
    let text = clean(text, &limits::HIGHLIGHT_TYPE)?;
    if text.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
        Ok(text)
    } else {
        Err(TextError::Alphabet("a-z and _"))
    }
}

/// The text of a chat message: 1–2000 characters, cleaned by [`clean`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ChatText(String);

impl ChatText {
    /// Cleans and checks `text`.
    ///
    /// # Errors
    /// [`TextError::Empty`], [`TextError::TooLong`] or [`TextError::Control`].
    pub fn parse(text: &str) -> Result<Self, TextError> {
        clean(text, &limits::CHAT_TEXT).map(Self)
    }

    /// The cleaned text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_line_ends_are_unified() {
        assert_eq!(
            ChatText::parse("  a\r\nb\rc \n").unwrap().as_str(),
            "a\nb\nc"
        );
    }

    #[test]
    fn length_counts_characters_after_trimming() {
        let longest = "🌟".repeat(2000);
        assert!(ChatText::parse(&format!(" {longest} ")).is_ok());
        assert_eq!(
            ChatText::parse(&format!("{longest}!")),
            Err(TextError::TooLong(2000))
        );
        assert_eq!(ChatText::parse(" \n\t "), Err(TextError::Empty));
    }

    #[test]
    fn control_characters_are_refused() {
        assert_eq!(ChatText::parse("a\u{0}b"), Err(TextError::Control));
        assert_eq!(ChatText::parse("a\u{1b}[2J"), Err(TextError::Control));
        assert!(ChatText::parse("a\n\tb").is_ok());
    }

    #[test]
    fn usernames_have_their_alphabet() {
        assert!(username("Ann_-9").is_ok());
        assert_eq!(username("an"), Err(TextError::TooShort(3)));
        assert!(matches!(username("ann!"), Err(TextError::Alphabet(_))));
        assert!(matches!(username("änn"), Err(TextError::Alphabet(_))));
    }
}
