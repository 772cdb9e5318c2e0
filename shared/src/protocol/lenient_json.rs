//! Parses JSON with numbers of any size: a number outside the range of `f64` is
//! valid JSON (RFC 8259 section 6) and becomes ±1e308. For the server only; the
//! browser reads nothing but its own messages. The feature
//! `arbitrary_precision` of `serde_json` is no substitute: it applies to the whole server and
//! makes every number a `String`, 2048 allocations for one full `tile_paint`.

use serde_json::{Value, value::RawValue};

/// Parses a frame; `None` if it is not JSON.
pub(super) fn parse(frame: &str) -> Option<Value> {
    serde_json::from_str(frame)
        .or_else(|_| serde_json::from_str(&clamp_numbers(frame)))
        .ok()
}

/// The text with ±1e308 in place of each number that is out of range. Texts
/// that are not JSON stay so.
fn clamp_numbers(frame: &str) -> String {
    let mut text = String::with_capacity(frame.len());
    let mut rest = frame;
    while let Some(at) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        let is_string = from.starts_with('"');
        let (token, after) = from.split_at(if is_string {
            string_length(from)
        } else {
            number_length(from)
        });
        let is_out_of_range = !is_string
            && serde_json::from_str::<&RawValue>(token).is_ok()
            && serde_json::from_str::<Value>(token).is_err();
        text.push_str(match token {
            _ if !is_out_of_range => token,
            negative if negative.starts_with('-') => "-1e308",
            _ => "1e308",
        });
        rest = after;
    }
    text + rest
}

/// The length in bytes of the string at the beginning, with its quotes.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length in bytes of the characters at the beginning that can be part of
/// a number.
fn number_length(text: &str) -> usize {
    text.find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_out_of_range_are_clamped() {
        let digits = "9".repeat(400);
        let text = format!(
            r#"{{"x": 1e400, "y": -1e400, "z": "1e400 \" 1e400", "l": [[-{digits}, 7], {{"d": 1E+999}}]}}"#
        );
        let value = parse(&text).unwrap();
        let most = 1e308;
        assert_eq!(
            value,
            json!({
                "x": most, "y": -most, "z": "1e400 \" 1e400", "l": [[-most, 7], { "d": most }],
            })
        );
    }

    #[test]
    fn invalid_json_is_refused() {
        let deep = format!(r#"{{"x": {}{}}}"#, "[".repeat(2000), "]".repeat(2000));
        for bad in [
            "",
            "{",
            r#"{"x": 01}"#,
            r#"{"x": 1e}"#,
            r#"{"x": 01e400}"#,
            r#"{"x": 1.e400}"#,
            r#"{"x": +1e400}"#,
            r#"{"x": 1e400 1e400}"#,
            r#"{"x": "1e400}"#,
            "[1e400, 1e400",
            &deep,
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
