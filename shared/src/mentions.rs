//! What a text mentions: people, by `@` and a username, and tiles, by `@` and their place.

use crate::{canvas::Coord, limits};
use std::fmt;

/// Most digits of the `seq` of a mention, so that every JSON reader has it exactly (below 2^53).
const MAX_SEQ_DIGITS: usize = 15;

/// A tile that a text mentions: `@12,7` as it is now, `@12,7~4711` as it was after event 4711.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileMention {
    /// The tile.
    pub at: Coord,
    /// The event after which it is meant; none for the tile as it is now.
    pub seq: Option<i64>,
}

impl TileMention {
    /// Reads the mention at the start of `text`, which is what follows an `@`. Also returns its
    /// length in bytes. None if no tile is named there.
    pub fn parse(text: &str) -> Option<(Self, usize)> {
        let (x, after) = digits(text, 3)?;
        let (y, rest) = digits(after.strip_prefix(',')?, 3)?;
        if rest.starts_with(is_name_char) {
            return None;
        }
        let at = Coord {
            x: x.parse().ok()?,
            y: y.parse().ok()?,
        };
        // A tilde that no number follows is text after the mention.
        let pinned = rest
            .strip_prefix('~')
            .and_then(|text| digits(text, MAX_SEQ_DIGITS))
            .filter(|(_, rest)| !rest.starts_with(is_name_char));
        let (seq, rest) = match pinned {
            Some((seq, rest)) => (Some(seq.parse().ok()?), rest),
            None => (None, rest),
        };
        Some((Self { at, seq }, text.len() - rest.len()))
    }
}

impl fmt::Display for TileMention {
    /// As it is written in a text, with the `@`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{},{}", self.at.x, self.at.y)?;
        match self.seq {
            Some(seq) => write!(f, "~{seq}"),
            None => Ok(()),
        }
    }
}

/// The digits at the start of `text`, one to `most` of them, and what follows.
fn digits(text: &str, most: usize) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    (1..=most).contains(&end).then(|| text.split_at(end))
}

/// The usernames that a text may mention, in lower case, each once and in the order of the
/// text, at most [`limits::MENTIONS`]. Whether they are somebody's is not known here.
///
/// A mention is an `@` that does not follow a letter or a digit, and then the longest run of
/// the characters of usernames.
pub fn mentioned(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let before = text[..at].chars().next_back();
        if before.is_some_and(char::is_alphanumeric) {
            continue;
        }
        let rest = &text[at + 1..];
        let end = rest.find(|c| !is_name_char(c)).unwrap_or(rest.len());
        let name = rest[..end].to_ascii_lowercase();
        if limits::USERNAME.contains(&name.len()) && !names.contains(&name) {
            names.push(name);
            if names.len() == limits::MENTIONS {
                break;
            }
        }
    }
    names
}

/// Whether a character may stand in a username.
pub fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_is_an_at_sign_and_the_longest_run_of_name_characters() {
        for (text, names) in [
            ("@ann", &["ann"][..]),
            ("hello @Ann, and (@bob_7)!", &["ann", "bob_7"]),
            ("@ann @ANN @ann", &["ann"]),
            // The longest run, whoever it is.
            ("@ann-", &["ann-"]),
            ("@ann.", &["ann"]),
            ("@annä", &["ann"]),
            // After a letter or a digit it is something else.
            ("me@ann", &[]),
            ("7@ann ä@ann", &[]),
            ("_@ann -@bob", &["ann", "bob"]),
            ("@@ann", &["ann"]),
            ("@ann@bob", &["ann"]),
            // No username is so short or so long.
            ("@ab @ @", &[]),
            ("@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &[]),
            ("😀@ann\n@bob", &["ann", "bob"]),
            ("no one", &[]),
            // A tile, now and as it was.
            ("@12,7 and @12,7~4711", &[]),
            ("@12,7~4711 @ann~4711", &["ann"]),
        ] {
            assert_eq!(mentioned(text), names, "{text}");
        }
        let many: Vec<String> = (0..100).map(|n| format!("@user{n}")).collect();
        assert_eq!(mentioned(&many.join(" ")).len(), limits::MENTIONS);
    }

    fn mention(text: &str) -> Option<(i32, i32, Option<i64>, usize)> {
        let (mention, length) = TileMention::parse(text)?;
        Some((mention.at.x, mention.at.y, mention.seq, length))
    }

    #[test]
    fn a_tile_is_mentioned_as_it_is_or_as_it_was() {
        for (text, found) in [
            ("12,7", Some((12, 7, None, 4))),
            ("12,7~4711", Some((12, 7, Some(4_711), 9))),
            ("12,7~4711, and", Some((12, 7, Some(4_711), 9))),
            ("0,255~0", Some((0, 255, Some(0), 7))),
            (
                "12,7~999999999999999",
                Some((12, 7, Some(999_999_999_999_999), 20)),
            ),
            // No number follows, or none that could be a `seq`.
            ("12,7~", Some((12, 7, None, 4))),
            ("12,7~x", Some((12, 7, None, 4))),
            ("12,7~-1", Some((12, 7, None, 4))),
            ("12,7~4711x", Some((12, 7, None, 4))),
            ("12,7~4711-a", Some((12, 7, None, 4))),
            ("12,7~1000000000000000", Some((12, 7, None, 4))),
            ("12,7 ~4711", Some((12, 7, None, 4))),
            // No tile.
            ("12,7x~4711", None),
            ("1234,7~4711", None),
            ("12,~4711", None),
            ("12~4711", None),
            ("", None),
        ] {
            assert_eq!(mention(text), found, "{text}");
        }
    }

    #[test]
    fn a_mention_of_a_tile_reads_back_as_it_was_written() {
        let at = Coord { x: 40, y: 2 };
        for seq in [None, Some(0), Some(123_456_789)] {
            let written = TileMention { at, seq }.to_string();
            let read = TileMention::parse(written.strip_prefix('@').unwrap());
            assert_eq!(read, Some((TileMention { at, seq }, written.len() - 1)));
        }
    }
}
