//! The parts of a text that people wrote: plain text, tiles such as `@12,7` and
//! `@12,7~4711`, users such as `@ann`, and addresses such as
//! `https://example.org/a`. Pure.

use shared::mentions::TileMention;
pub use shared::mentions::is_name_char;

/// What addresses begin with that become links. Others are not safe to follow.
const HTTPS: &str = "https://";
/// Characters that end a sentence rather than an address before them.
const SENTENCE_ENDS: [char; 10] = ['.', ',', ';', ':', '!', '?', '\'', '"', '*', '_'];
/// Brackets that an address may stand in.
const BRACKETS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Plain text.
    Plain(String),
    /// A tile: `@12,7`, or as it was after an event: `@12,7~4711`.
    Tile(TileMention),
    /// A user: the name after `@`, as it was written.
    Person(String),
    /// Something that looks like an address and begins with `https://`.
    Link(String),
}

/// Splits a text. `is_person` recognizes user names, ignoring case; `@` before
/// anything else is plain text, as is `@` after a letter or digit, such as in a
/// mail address or in a link.
pub fn parts(text: &str, is_person: impl Fn(&str) -> bool) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = 0;
    let mut from = 0;
    while let Some(found) = text[from..].find(['@', 'h', 'H']) {
        let at = from + found;
        let rest = &text[at..];
        // What was found is one byte long.
        from = at + 1;
        if text[..at].ends_with(char::is_alphanumeric) {
            continue;
        }
        let found = match rest.strip_prefix('@') {
            Some(named) => mention(named, &is_person).map(|(part, length)| (part, length + 1)),
            None => link(rest).map(|link| (Part::Link(link.to_owned()), link.len())),
        };
        let Some((part, length)) = found else {
            continue;
        };
        if plain < at {
            parts.push(Part::Plain(text[plain..at].to_owned()));
        }
        parts.push(part);
        from = at + length;
        plain = from;
    }
    if plain < text.len() {
        parts.push(Part::Plain(text[plain..].to_owned()));
    }
    parts
}

/// What the text after an `@` names, and its length in bytes.
fn mention(rest: &str, is_person: impl Fn(&str) -> bool) -> Option<(Part, usize)> {
    if let Some((tile, length)) = TileMention::parse(rest) {
        return Some((Part::Tile(tile), length));
    }
    let name = name(rest);
    (!name.is_empty() && is_person(name)).then(|| (Part::Person(name.to_owned()), name.len()))
}

/// The address at the start of `text`, without what ends the sentence around it.
fn link(text: &str) -> Option<&str> {
    let scheme = text.get(..HTTPS.len())?;
    if !scheme.eq_ignore_ascii_case(HTTPS) {
        return None;
    }
    let end = text
        .find(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '`' | '\\'))
        .unwrap_or(text.len());
    let mut link = &text[..end];
    while let Some(last) = link.chars().next_back() {
        let closes = BRACKETS.iter().find(|(_, close)| *close == last);
        // A bracket that was opened within the address belongs to it.
        let is_outside = closes.is_some_and(|(open, close)| {
            link.matches(*close).count() > link.matches(*open).count()
        });
        if !is_outside && !SENTENCE_ENDS.contains(&last) {
            break;
        }
        link = &link[..link.len() - last.len_utf8()];
    }
    (link.len() > HTTPS.len()).then_some(link)
}

/// The text without the control characters that programs put into the clipboard, and that no
/// message may have. Those that break a line (vertical tab in Word, form feed, NEL, and the line and
/// paragraph separators) become line breaks.
pub fn without_controls(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .filter_map(|c| match c {
            '\n' | '\t' => Some(c),
            '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
            _ => (!c.is_control()).then_some(c),
        })
        .collect()
}

/// The longest user name at the start of `text`.
fn name(text: &str) -> &str {
    let end = text.find(|c: char| !is_name_char(c)).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::canvas::Coord;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(text: &str) -> Vec<Part> {
        parts(text, |name| name.eq_ignore_ascii_case("ann"))
    }

    fn plain(text: &str) -> Part {
        Part::Plain(text.to_owned())
    }

    fn at(x: i32, y: i32) -> Part {
        tile(x, y, None)
    }

    fn tile(x: i32, y: i32, seq: Option<i64>) -> Part {
        Part::Tile(TileMention {
            at: Coord { x, y },
            seq,
        })
    }

    #[test]
    fn tiles_are_found_within_a_text() {
        assert_eq!(
            read("see @12,7, and (@0,255)!"),
            [
                plain("see "),
                at(12, 7),
                plain(", and ("),
                at(0, 255),
                plain(")!")
            ]
        );
    }

    #[test]
    fn people_are_found_in_any_case() {
        assert_eq!(
            read("@Ann: look, @bob"),
            [Part::Person("Ann".to_owned()), plain(": look, @bob")]
        );
    }

    #[test]
    fn what_only_looks_alike_stays_plain() {
        for text in [
            "mail ann@12,7",
            "@12",
            "@12,",
            "@,7",
            "@1234,5",
            "@1,2345",
            "@1,2x",
            "@",
            "@ann2",
            "12,7",
            "@-1,2",
        ] {
            assert_eq!(read(text), [plain(text)], "{text}");
        }
    }

    #[test]
    fn control_characters_are_left_out_or_become_line_breaks() {
        assert_eq!(without_controls("a\u{b}b\u{c}c\u{85}d"), "a\nb\nc\nd");
        assert_eq!(without_controls("a\u{7}b\u{0}\u{9f}c\u{7f}"), "abc");
        assert_eq!(without_controls("a\r\nb\rc\td\u{2028}e"), "a\nb\nc\td\ne");
        assert_eq!(without_controls("☆ é\u{200d}"), "☆ é\u{200d}");
    }

    #[test]
    fn other_scripts_do_no_harm() {
        assert_eq!(
            read("☆@3,4☆@ann, é@ann"),
            [
                plain("☆"),
                at(3, 4),
                plain("☆"),
                Part::Person("ann".to_owned()),
                plain(", é@ann"),
            ]
        );
        assert_eq!(read(""), []);
    }

    fn link(address: &str) -> Part {
        Part::Link(address.to_owned())
    }

    #[test]
    fn addresses_are_found_without_the_sentence_around_them() {
        assert_eq!(
            read("See https://example.org/a?b=c#d, or (HTTPS://x.org/y_(z))."),
            [
                plain("See "),
                link("https://example.org/a?b=c#d"),
                plain(", or ("),
                link("HTTPS://x.org/y_(z)"),
                plain(")."),
            ]
        );
        assert_eq!(
            read("https://example.org/@ann @ann"),
            [
                link("https://example.org/@ann"),
                plain(" "),
                Part::Person("ann".to_owned()),
            ]
        );
    }

    #[test]
    fn only_https_becomes_a_link() {
        for text in [
            "http://example.org",
            "javascript:alert(1)",
            "https://",
            "https://...",
            "https:example.org",
            "xhttps://example.org",
            "example.org",
        ] {
            assert_eq!(read(text), [plain(text)], "{text}");
        }
    }

    #[test]
    fn tiles_are_found_as_they_were() {
        assert_eq!(
            read("once @12,7~4711, now @12,7~"),
            [
                plain("once "),
                tile(12, 7, Some(4_711)),
                plain(", now "),
                at(12, 7),
                plain("~"),
            ]
        );
    }
}
