//! Frames as JSON, numbers of any size included: what is too large for a
//! floating-point number is still JSON, and is taken for the largest. The
//! browser, which reads only what it wrote itself, does without this.

use serde_json::{Value, value::RawValue};

/// Reads a frame; `None` where it is no JSON.
pub(super) fn parse(frame: &str) -> Option<Value> {
    serde_json::from_str(frame)
        .or_else(|_| serde_json::from_str(&bounded(frame)))
        .ok()
}

/// The same text with the largest number in place of those that are out of range.
fn bounded(frame: &str) -> String {
    let mut text = String::with_capacity(frame.len());
    let mut rest = frame;
    while let Some(at) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        let is_string = from.starts_with('"');
        let (token, after) = from.split_at(if is_string {
            string(from)
        } else {
            number(from)
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

/// The length of the string at the beginning, its quotes included.
fn string(text: &str) -> usize {
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

/// The length of the number at the beginning, or of what looks like one.
fn number(text: &str) -> usize {
    text.find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_out_of_range_are_numbers() {
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
    fn what_is_no_json_stays_so() {
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
