//! Frames as JSON, numbers of any size included: what is too large for a
//! floating-point number is still JSON, and is taken for the largest.

use serde_json::{Map, Number, Value, value::RawValue};
use std::collections::BTreeMap;

/// Reads a frame; `None` where it is no JSON.
pub(super) fn parse(frame: &str) -> Option<Value> {
    serde_json::from_str(frame).ok().or_else(|| fields(frame))
}

/// The fields of an object, of which a number may be out of range.
fn fields(frame: &str) -> Option<Value> {
    let fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(frame).ok()?;
    let mut map = Map::new();
    for (name, value) in fields {
        map.insert(name, field(value.get())?);
    }
    Some(Value::Object(map))
}

fn field(json: &str) -> Option<Value> {
    if let Ok(value) = serde_json::from_str(json) {
        return Some(value);
    }
    let largest = match json.as_bytes().first()? {
        b'0'..=b'9' => f64::MAX,
        b'-' => f64::MIN,
        _ => return None,
    };
    Number::from_f64(largest).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_numbers() {
        let value = parse(r#"{"x": 1e400, "y": -1e400, "z": "1"}"#).unwrap();
        assert_eq!(value["x"], f64::MAX);
        assert_eq!(value["y"], f64::MIN);
        assert_eq!(value["z"], "1");
    }

    #[test]
    fn what_is_no_json_stays_so() {
        let deep = format!(r#"{{"x": {}{}}}"#, "[".repeat(2000), "]".repeat(2000));
        for bad in ["", "{", r#"{"x": 01}"#, r#"{"x": 1e}"#, &deep] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
