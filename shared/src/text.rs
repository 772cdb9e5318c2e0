//! Checks for text that people enter. The server runs them where text comes in; the
//! client runs those without Unicode tables before it sends. What is stored already is
//! not checked: older rules may have let it in.

use crate::limits;
use serde::Serialize;
use std::ops::RangeInclusive;
use thiserror::Error;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// Combining marks that may follow each other in a name. More pile up over the lines around.
const MARKS_IN_A_ROW: usize = 4;

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
    /// A line break or tab in a name.
    #[error("must be one line without tabs")]
    Line,
    /// A name without any character that can be seen.
    #[error("must have a character that can be seen")]
    Blank,
    /// An invisible or direction-changing character in a name.
    #[error("must not contain invisible characters")]
    Invisible,
    /// More combining marks in a row than a name may have.
    #[error("must have at most {0} combining marks in a row")]
    Marks(usize),
}

/// The characters of a user name, in words.
const USERNAME_ALPHABET: &str = "letters, digits, _ and -";
/// The characters of a mention's highlight type, in words.
const HIGHLIGHT_ALPHABET: &str = "a-z and _";

impl TextError {
    /// The error that has this message, which is all that the problem of an HTTP answer says
    /// of it.
    pub fn from_message(message: &str) -> Option<Self> {
        let mut words = message.split(' ');
        let count = words.find_map(|word| word.parse().ok()).unwrap_or_default();
        [
            Self::Empty,
            Self::TooShort(count),
            Self::TooLong(count),
            Self::Control,
            Self::Alphabet(USERNAME_ALPHABET),
            Self::Alphabet(HIGHLIGHT_ALPHABET),
            Self::Line,
            Self::Blank,
            Self::Invisible,
            Self::Marks(count),
        ]
        .into_iter()
        .find(|error| error.to_string() == message)
    }
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

/// Cleans and checks a name that others see: a display name, a canvas's name, a tile's
/// title or a status message. It may be empty where `length` begins with 0.
///
/// # Errors
/// As [`clean`], then [`TextError::Line`], [`TextError::Invisible`], [`TextError::Marks`],
/// and [`TextError::Blank`] for one that is not empty and shows nothing.
pub fn name(text: &str, length: &RangeInclusive<usize>) -> Result<String, TextError> {
    let text = clean(text, length)?;
    let mut previous = None;
    let mut marks = 0;
    let mut shows = text.is_empty();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if matches!(c, '\n' | '\t') {
            return Err(TextError::Line);
        }
        if is_joiner(c) {
            // Marks before and after it count together.
            let joins = |c: Option<char>| c.is_some_and(|c| !is_joiner(c));
            if !joins(previous) || !joins(rest.clone().next()) {
                return Err(TextError::Invisible);
            }
        } else if is_invisible(c) {
            return Err(TextError::Invisible);
        } else if c.general_category_group() == GeneralCategoryGroup::Mark {
            marks += 1;
            if marks > MARKS_IN_A_ROW {
                return Err(TextError::Marks(MARKS_IN_A_ROW));
            }
        } else {
            marks = 0;
            shows |= is_visible(c);
        }
        previous = Some(c);
    }
    if shows {
        Ok(text)
    } else {
        Err(TextError::Blank)
    }
}

/// U+200C and U+200D, which some scripts and emoji need between two characters.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

/// The characters that a name must not contain, as the wire contract lists them.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}'
            | '\u{061C}'
            | '\u{115F}'
            | '\u{1160}'
            | '\u{180E}'
            | '\u{200B}'
            | '\u{200E}'
            | '\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{2060}'..='\u{206F}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{E0000}'..='\u{E007F}'
    )
}

/// Whether the character, which is none of [`is_invisible`], has a shape of its own. What
/// Unicode's tables here do not know yet may be a new letter or emoji.
fn is_visible(c: char) -> bool {
    match c.general_category_group() {
        GeneralCategoryGroup::Letter
        | GeneralCategoryGroup::Number
        | GeneralCategoryGroup::Punctuation
        | GeneralCategoryGroup::Symbol => true,
        GeneralCategoryGroup::Mark | GeneralCategoryGroup::Separator => false,
        GeneralCategoryGroup::Other => match c.general_category() {
            GeneralCategory::PrivateUse => true,
            // Reserved for invisible characters, and those that are none (U+…FFFE, U+…FFFF).
            GeneralCategory::Unassigned => {
                !matches!(
                    c,
                    '\u{FDD0}'..='\u{FDEF}' | '\u{FFF0}'..='\u{FFF8}' | '\u{E0080}'..='\u{E0FFF}'
                ) && u32::from(c) & 0xFFFE != 0xFFFE
            }
            _ => false,
        },
    }
}

/// Checks a new password: 8–128 characters. It is not trimmed: every character is part of it.
///
/// # Errors
/// [`TextError::Control`], [`TextError::TooShort`] or [`TextError::TooLong`].
pub fn password(password: String) -> Result<String, TextError> {
    let count = password.chars().count();
    if password.chars().any(char::is_control) {
        Err(TextError::Control)
    } else if count < *limits::PASSWORD.start() {
        Err(TextError::TooShort(*limits::PASSWORD.start()))
    } else if count > *limits::PASSWORD.end() {
        Err(TextError::TooLong(*limits::PASSWORD.end()))
    } else {
        Ok(password)
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
        Err(TextError::Alphabet(USERNAME_ALPHABET))
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
        Err(TextError::Alphabet(HIGHLIGHT_ALPHABET))
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

    fn display_name(text: &str) -> Result<String, TextError> {
        name(text, &limits::DISPLAY_NAME)
    }

    #[test]
    fn names_can_be_seen() {
        for good in [
            "Ann",
            "  Ann ",
            "Zoë\u{308}",
            "👩\u{200D}🎨",
            "👩🏽\u{200D}❤\u{FE0F}\u{200D}💋\u{200D}👨🏿",
            "می\u{200C}خواهم",
            "क\u{94D}\u{200D}ष",
            "1\u{FE0F}\u{20E3}",
            "a\u{301}\u{301}\u{301}\u{301}b\u{301}",
            "\u{E000}",
            "한글",
            "?",
            "🏳\u{FE0F}\u{200D}🌈",
        ] {
            assert_eq!(display_name(good).as_deref(), Ok(good.trim()), "{good:?}");
        }
        for (bad, why) in [
            ("a\nb", TextError::Line),
            ("a\rb", TextError::Line),
            ("a\tb", TextError::Line),
            ("a\u{85}b", TextError::Control),
            ("a\u{2028}b", TextError::Invisible),
            ("Ann\u{202E}", TextError::Invisible),
            ("\u{200B}", TextError::Invisible),
            ("\u{3164}", TextError::Invisible),
            ("\u{2800}", TextError::Invisible),
            ("A\u{E0041}", TextError::Invisible),
            ("\u{200D}a", TextError::Invisible),
            ("a\u{200D}", TextError::Invisible),
            ("a\u{200C}\u{200D}b", TextError::Invisible),
            ("\u{200D}", TextError::Invisible),
            ("\u{301}", TextError::Blank),
            ("\u{FE0F}\u{34F}", TextError::Blank),
            ("\u{FFF9}\u{FFFB}", TextError::Blank),
            ("\u{E0100}", TextError::Blank),
            ("\u{FFFF}", TextError::Blank),
            ("\u{301} \u{301}", TextError::Blank),
            ("a\u{301}\u{301}\u{301}\u{301}\u{301}", TextError::Marks(4)),
            (
                "a\u{301}\u{301}\u{301}\u{200D}\u{301}\u{301}",
                TextError::Marks(4),
            ),
            ("\u{A0}\u{3000}", TextError::Empty),
        ] {
            assert_eq!(display_name(bad), Err(why), "{bad:?}");
        }
        assert_eq!(name("  ", &limits::TILE_TITLE).as_deref(), Ok(""));
        assert_eq!(name("\u{301}", &limits::TILE_TITLE), Err(TextError::Blank));
    }

    #[test]
    fn errors_are_known_by_their_messages() {
        for error in [
            TextError::Empty,
            TextError::TooShort(8),
            TextError::TooLong(2000),
            TextError::Control,
            username("änn").unwrap_err(),
            highlight_type("A").unwrap_err(),
            TextError::Line,
            TextError::Blank,
            TextError::Invisible,
            TextError::Marks(MARKS_IN_A_ROW),
        ] {
            assert_eq!(TextError::from_message(&error.to_string()), Some(error));
        }
        for other in ["", "8", "must be one of 2 things"] {
            assert_eq!(TextError::from_message(other), None, "{other}");
        }
    }

    #[test]
    fn passwords_count_characters_and_keep_their_spaces() {
        assert!(password("  12345 ".into()).is_ok());
        assert_eq!(password("1234567".into()), Err(TextError::TooShort(8)));
        assert!(password("ü".repeat(128)).is_ok());
        assert_eq!(password("ü".repeat(129)), Err(TextError::TooLong(128)));
    }

    #[test]
    fn usernames_have_their_alphabet() {
        assert!(username("Ann_-9").is_ok());
        assert_eq!(username("an"), Err(TextError::TooShort(3)));
        assert!(matches!(username("ann!"), Err(TextError::Alphabet(_))));
        assert!(matches!(username("änn"), Err(TextError::Alphabet(_))));
    }
}
