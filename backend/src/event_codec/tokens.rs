//! Splits a JSON text into a template and values, and puts them together again. Only what comes
//! back byte for byte is a value; everything else stays in the template.

use super::CodecError;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt::Write;
use uuid::Uuid;

/// Texts from this length on may be Base64, such as pixels.
const MIN_BASE64: usize = 64;
/// JSON has no control characters, so in a template they are the positions of values.
const FIRST_MARK: u8 = 1;
/// A field whose text says which other fields there are stays in the template.
const TYPE: &str = "type";

/// A value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// An integer.
    Int(i64),
    /// A time, in milliseconds since 1970.
    Time(i64),
    /// A UUID in lower case.
    Id(Uuid),
    /// A text, as it stands between the quotes.
    Text(&'a str),
    /// A long text that is Base64 of these bytes.
    Bytes(Vec<u8>),
    /// Pairs of a pixel and its colour.
    Edits(Vec<(i64, i64)>),
}

/// The kind of a value, as it is marked in a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// See [`Value`].
    Int,
    /// See [`Value`].
    Time,
    /// See [`Value`].
    Id,
    /// See [`Value`].
    Text,
    /// See [`Value`].
    Bytes,
    /// See [`Value`].
    Edits,
}

const KINDS: [Kind; 6] = [
    Kind::Int,
    Kind::Time,
    Kind::Id,
    Kind::Text,
    Kind::Bytes,
    Kind::Edits,
];

impl Value<'_> {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Int(_) => Kind::Int,
            Self::Time(_) => Kind::Time,
            Self::Id(_) => Kind::Id,
            Self::Text(_) => Kind::Text,
            Self::Bytes(_) => Kind::Bytes,
            Self::Edits(_) => Kind::Edits,
        }
    }
}

fn mark(kind: Kind) -> char {
    let position = KINDS.iter().position(|it| *it == kind).unwrap_or_default();
    char::from(FIRST_MARK + u8::try_from(position).unwrap_or_default())
}

fn marked(character: char) -> Option<Kind> {
    let position = u32::from(character).checked_sub(u32::from(FIRST_MARK))?;
    KINDS.get(usize::try_from(position).ok()?).copied()
}

/// Splits a text: the template is written to `template`, the values are returned in order.
///
/// None if the text contains control characters, which JSON does not.
pub(super) fn split<'a>(text: &'a str, template: &mut String) -> Option<Vec<Value<'a>>> {
    template.clear();
    if text.bytes().any(|byte| byte < 0x20) {
        return None;
    }
    let mut values = Vec::with_capacity(16);
    let bytes = text.as_bytes();
    let mut key = "";
    let mut at = 0;
    // What is copied to the template next.
    let mut copied = 0;
    while at < bytes.len() {
        let (value, end) = match bytes[at] {
            b'"' => {
                let end = string_end(bytes, at)?;
                let content = &text[at + 1..end - 1];
                if bytes.get(end) == Some(&b':') {
                    key = content;
                    at = end;
                    continue;
                }
                if key == TYPE {
                    at = end;
                    continue;
                }
                let value = of_string(content);
                // The quotes of a text belong to its value.
                (Some(value), end)
            }
            b'-' | b'0'..=b'9' => integer(text, at),
            b'[' => edits(text, at),
            _ => (None, at + 1),
        };
        if let Some(value) = value {
            template.push_str(&text[copied..at]);
            template.push(mark(value.kind()));
            values.push(value);
            copied = end;
        }
        at = end;
    }
    template.push_str(&text[copied..]);
    Some(values)
}

/// The fields of a template's values, in order, and their kinds.
pub(super) fn fields(template: &str) -> Vec<(Kind, &str)> {
    let mut fields = Vec::new();
    let mut key = "";
    let bytes = template.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte == b'"'
            && let Some(end) = string_end(bytes, at)
        {
            if bytes.get(end) == Some(&b':') {
                key = &template[at + 1..end - 1];
            }
            at = end;
            continue;
        }
        fields.extend(marked(char::from(byte)).map(|kind| (kind, key)));
        at += 1;
    }
    fields
}

/// Puts a template and its values together.
///
/// # Errors
/// [`CodecError::Inconsistent`] if there are fewer values than positions.
pub(super) fn join(template: &str, values: &[Value], out: &mut String) -> Result<(), CodecError> {
    let mut values = values.iter();
    let mut rest = template;
    while let Some(position) = rest.find(|c: char| c < ' ') {
        out.push_str(&rest[..position]);
        rest = &rest[position + 1..];
        // Writing to a string does not fail.
        match values.next().ok_or(CodecError::Inconsistent)? {
            Value::Int(number) => write!(out, "{number}").unwrap_or_default(),
            Value::Time(time) => {
                out.push('"');
                write_time(*time, out);
                out.push('"');
            }
            Value::Id(id) => write!(out, "\"{id}\"").unwrap_or_default(),
            Value::Text(text) => {
                out.push('"');
                out.push_str(text);
                out.push('"');
            }
            Value::Bytes(bytes) => {
                out.push('"');
                STANDARD.encode_string(bytes, out);
                out.push('"');
            }
            Value::Edits(edits) => {
                let mut before = '[';
                for (pixel, colour) in edits {
                    write!(out, "{before}[{pixel},{colour}]").unwrap_or_default();
                    before = ',';
                }
                out.push(']');
            }
        }
    }
    out.push_str(rest);
    Ok(())
}

/// The position after the string that begins at `at`.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn of_string(content: &str) -> Value<'_> {
    match content.len() {
        24 => time(content).map_or(Value::Text(content), Value::Time),
        36 => id(content).map_or(Value::Text(content), Value::Id),
        MIN_BASE64.. => base64(content).map_or(Value::Text(content), Value::Bytes),
        _ => Value::Text(content),
    }
}

fn id(content: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(content).ok()?;
    let is_lower = content.bytes().all(|byte| !byte.is_ascii_uppercase());
    // Hyphens may stand in other positions.
    let mut buffer = Uuid::encode_buffer();
    (is_lower && id.hyphenated().encode_lower(&mut buffer) == content).then_some(id)
}

fn base64(content: &str) -> Option<Vec<u8>> {
    // The decoder refuses forms that the encoder would not write.
    STANDARD.decode(content).ok()
}

/// The integer at a position and the position after it; no value where it is written in a form that
/// would not come back.
fn integer(text: &str, at: usize) -> (Option<Value<'static>>, usize) {
    let rest = &text.as_bytes()[at..];
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    let length = rest.iter().take_while(|byte| is_part(byte)).count();
    let digits = &text[at..at + length];
    (canonical(digits).map(Value::Int), at + length)
}

fn canonical(digits: &str) -> Option<i64> {
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    let is_canonical = match unsigned.as_bytes() {
        [b'0'] => digits == "0",
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if is_canonical {
        digits.parse().ok()
    } else {
        None
    }
}

/// The pairs at a position, and the position after them. Where there are none, the position after
/// the bracket.
fn edits(text: &str, at: usize) -> (Option<Value<'static>>, usize) {
    match pairs(text, at) {
        Some((pairs, end)) => (Some(Value::Edits(pairs)), end),
        None => (None, at + 1),
    }
}

fn pairs(text: &str, at: usize) -> Option<(Vec<(i64, i64)>, usize)> {
    let bytes = text.as_bytes();
    let mut pairs = Vec::new();
    let mut at = at + 1;
    loop {
        at = after(bytes, at, b'[')?;
        let (first, end) = small(bytes, at)?;
        at = after(bytes, end, b',')?;
        let (second, end) = small(bytes, at)?;
        at = after(bytes, end, b']')?;
        pairs.push((first, second));
        match bytes.get(at)? {
            b',' => at += 1,
            b']' => return Some((pairs, at + 1)),
            _ => return None,
        }
    }
}

fn after(bytes: &[u8], at: usize, expected: u8) -> Option<usize> {
    (*bytes.get(at)? == expected).then_some(at + 1)
}

/// A number of at most nine digits.
fn small(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    let digits = bytes[at..].iter().take(10);
    let digits = digits.take_while(|byte| byte.is_ascii_digit());
    let (mut number, mut length) = (0, 0);
    for digit in digits {
        number = number * 10 + i64::from(digit - b'0');
        length += 1;
    }
    let is_canonical = (1..=9).contains(&length) && (bytes[at] != b'0' || length == 1);
    is_canonical.then_some((number, at + length))
}

/// The time of an RFC 3339 text in UTC with milliseconds, `2025-08-29T21:45:19.000Z`, in
/// milliseconds since 1970.
fn time(content: &str) -> Option<i64> {
    let bytes: &[u8; 24] = content.as_bytes().try_into().ok()?;
    for (position, expected) in [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')] {
        if bytes[position] != expected {
            return None;
        }
    }
    if bytes[19] != b'.' || bytes[23] != b'Z' {
        return None;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to].iter().try_fold(0, |number: i64, digit| {
            digit
                .is_ascii_digit()
                .then(|| number * 10 + i64::from(digit - b'0'))
        })
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let days = days_from_civil(year, month, day);
    let time = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + number(20, 23)?;
    // Such as the 31st of February.
    let mut again = String::with_capacity(24);
    write_time(time, &mut again);
    (again == content).then_some(time)
}

fn write_time(time: i64, out: &mut String) {
    let (days, of_day) = (time.div_euclid(86_400_000), time.rem_euclid(86_400_000));
    let (year, month, day) = civil_from_days(days);
    let (seconds, ms) = (of_day / 1000, of_day % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    for (number, digits, end) in [
        (year, 4, '-'),
        (month, 2, '-'),
        (day, 2, 'T'),
        (hour, 2, ':'),
        (minute, 2, ':'),
        (second, 2, '.'),
        (ms, 3, 'Z'),
    ] {
        for position in (0..digits).rev() {
            let digit = number / 10_i64.pow(position) % 10;
            out.push(char::from(b'0' + u8::try_from(digit).unwrap_or_default()));
        }
        out.push(end);
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar
/// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day, see [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests;
