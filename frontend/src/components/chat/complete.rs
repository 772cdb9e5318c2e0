//! Completion of a user name after `@` in the chat's text field. Without state;
//! positions are in UTF-16 units, as in the browser.

use super::text::is_name_char;
use crate::browser;

/// A name that is being typed after an `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MentionQuery {
    /// The position of the `@`.
    pub start: usize,
    /// The position of the cursor.
    pub end: usize,
    /// The text between them.
    pub prefix: String,
}

/// The name that is being typed at the position `cursor`, if there is one.
pub fn mention_query(text: &str, cursor: usize) -> Option<MentionQuery> {
    let units: Vec<u16> = text.encode_utf16().take(cursor).collect();
    let before = String::from_utf16_lossy(&units);
    let at = before.rfind('@')?;
    let prefix = &before[at + 1..];
    let is_name = prefix.chars().all(is_name_char);
    let is_tile = prefix.starts_with(|c: char| c.is_ascii_digit());
    let in_word = before[..at].ends_with(char::is_alphanumeric);
    (is_name && !is_tile && !in_word).then(|| MentionQuery {
        start: before[..at].encode_utf16().count(),
        end: units.len(),
        prefix: prefix.to_owned(),
    })
}

/// Whether the user name or a word of the display name begins with `prefix`.
pub fn matches(prefix: &str, username: &str, display_name: &str) -> bool {
    let prefix = browser::lowercase(prefix);
    std::iter::once(username)
        .chain(display_name.split_whitespace())
        .any(|word| browser::lowercase(word).starts_with(&prefix))
}

/// The text with `@username ` inserted, and the cursor after it.
pub fn complete(text: &str, query: &MentionQuery, username: &str) -> (String, usize) {
    replace(text, query.start, query.end, &format!("@{username} "))
}

/// The text with `insert` in place of a range, and the cursor after it.
pub fn replace(text: &str, start: usize, end: usize, insert: &str) -> (String, usize) {
    let units: Vec<u16> = text.encode_utf16().collect();
    let end = end.min(units.len());
    let start = start.min(end);
    let before = String::from_utf16_lossy(&units[..start]);
    let after = String::from_utf16_lossy(&units[end..]);
    let cursor = start + insert.encode_utf16().count();
    (format!("{before}{insert}{after}"), cursor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn prefix(text: &str) -> Option<String> {
        mention_query(text, text.encode_utf16().count()).map(|query| query.prefix)
    }

    #[test]
    fn an_at_sign_begins_a_mention_query() {
        assert_eq!(prefix("hi @an").as_deref(), Some("an"));
        assert_eq!(prefix("@").as_deref(), Some(""));
        assert_eq!(prefix("hi @an ").as_deref(), None);
        assert_eq!(prefix("mail@an"), None);
        assert_eq!(prefix("@12"), None);
        assert_eq!(prefix("hi"), None);
    }

    #[test]
    fn names_match_by_their_beginnings() {
        assert!(matches("AN", "ann", "Ann Berg"));
        assert!(matches("ber", "ann", "Ann Berg"));
        assert!(matches("", "ann", "Ann"));
        assert!(!matches("nn", "ann", "Ann"));
    }

    #[test]
    fn the_name_takes_the_place_of_what_was_typed() {
        let text = "🌟 hi @an, look";
        let query = mention_query(text, 9).unwrap();
        assert_eq!(query.prefix, "an");
        let (text, cursor) = complete(text, &query, "ann");
        assert_eq!(text, "🌟 hi @ann , look");
        assert_eq!(cursor, 11);
    }

    #[test]
    fn positions_past_the_end_are_the_end() {
        assert_eq!(replace("ab", 9, 12, "c"), ("abc".to_owned(), 3));
    }
}
