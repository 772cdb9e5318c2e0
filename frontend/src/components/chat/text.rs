//! The parts of a chat text: plain text, tiles such as `@12,7`, and users such as
//! `@ann`. Pure.

use shared::canvas::Coord;

/// A part of a chat text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Plain text.
    Plain(String),
    /// A tile: `@12,7`.
    Tile(Coord),
    /// A user: the name after `@`, as it was written.
    Person(String),
}

/// Splits a text. `is_person` recognizes user names, ignoring case; `@` before
/// anything else is plain text, as is `@` inside a word, such as in a mail
/// address.
pub fn parts(text: &str, is_person: impl Fn(&str) -> bool) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = 0;
    let mut from = 0;
    while let Some(found) = text[from..].find('@') {
        let at = from + found;
        let rest = &text[at + 1..];
        from = at + 1;
        if text[..at].ends_with(is_name_char) {
            continue;
        }
        let (part, length) = if let Some((coord, length)) = coordinates(rest) {
            (Part::Tile(coord), length)
        } else {
            let name = name(rest);
            if name.is_empty() || !is_person(name) {
                continue;
            }
            (Part::Person(name.to_owned()), name.len())
        };
        if plain < at {
            parts.push(Part::Plain(text[plain..at].to_owned()));
        }
        parts.push(part);
        from = at + 1 + length;
        plain = from;
    }
    if plain < text.len() {
        parts.push(Part::Plain(text[plain..].to_owned()));
    }
    parts
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

/// The notation of a tile in a chat text.
pub fn tile(at: Coord) -> String {
    format!("@{},{}", at.x, at.y)
}

/// `12,7` at the start of `text`, and its length.
fn coordinates(text: &str) -> Option<(Coord, usize)> {
    let (x, after) = digits(text)?;
    let (y, rest) = digits(after.strip_prefix(',')?)?;
    if rest.starts_with(is_name_char) {
        return None;
    }
    Some((Coord { x, y }, text.len() - rest.len()))
}

/// One to three digits at the start of `text`, and what follows them.
fn digits(text: &str) -> Option<(i32, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    if !(1..=3).contains(&end) {
        return None;
    }
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// The longest user name at the start of `text`.
fn name(text: &str) -> &str {
    let end = text.find(|c: char| !is_name_char(c)).unwrap_or(text.len());
    &text[..end]
}

/// Whether a user name can contain this character.
pub fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(text: &str) -> Vec<Part> {
        parts(text, |name| name.eq_ignore_ascii_case("ann"))
    }

    fn plain(text: &str) -> Part {
        Part::Plain(text.to_owned())
    }

    fn at(x: i32, y: i32) -> Part {
        Part::Tile(Coord { x, y })
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
            read("☆@3,4☆é@ann"),
            [
                plain("☆"),
                at(3, 4),
                plain("☆é"),
                Part::Person("ann".to_owned())
            ]
        );
        assert_eq!(read(""), []);
    }

    #[test]
    fn a_tile_reads_back_as_it_was_written() {
        let coord = Coord { x: 40, y: 2 };
        assert_eq!(read(&tile(coord)), [Part::Tile(coord)]);
    }
}
