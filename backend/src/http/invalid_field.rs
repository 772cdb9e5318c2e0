//! Words for bodies and queries that serde refuses. The errors of `serde_json` and
//! `serde_urlencoded` have no structure to tell a missing field from a wrong type, so
//! their English is parsed; the tests of `json_body` notice if it changes.

use super::error::ApiError;
use serde_path_to_error::Segment;

/// The error for what serde refused at `path`; `whole` names the body or the query
/// where no single field is to blame.
pub(super) fn invalid_field(
    path: &serde_path_to_error::Path,
    error: &str,
    whole: &str,
) -> ApiError {
    let named = error
        .strip_prefix("missing field `")
        .or_else(|| error.strip_prefix("duplicate field `"));
    let field = match named.and_then(|rest| rest.split('`').next()) {
        Some(name) => name.to_owned(),
        None => match path.iter().next() {
            Some(Segment::Map { key }) => key.clone(),
            _ => whole.to_owned(),
        },
    };
    ApiError::invalid(field, message_of(error))
}

/// serde's message without the names of Rust's types.
fn message_of(error: &str) -> String {
    let error = error.split(" at line ").next().unwrap_or_default();
    if error.starts_with("missing field") {
        return "is required".to_owned();
    }
    if error.starts_with("duplicate field") {
        return "must be given once".to_owned();
    }
    let known = error.starts_with("unknown variant");
    if let (true, Some((_, names))) = (known, error.split_once("expected ")) {
        let names = names.trim_start_matches("one of ").replace('`', "");
        return format!("must be one of {names}");
    }
    let typed = error.starts_with("invalid type")
        || error.starts_with("invalid value")
        || error.starts_with("invalid length");
    let expected = error.rsplit_once("expected ").map(|(_, what)| what);
    match expected.filter(|_| typed) {
        Some("a string") => "must be a string",
        Some("a sequence") => "must be a list",
        Some("a boolean") => "must be true or false",
        Some(number) if is_integer(number) => "must be a whole number in its range",
        Some(_) => "has the wrong type",
        None if error.contains("`true` or `false`") => "must be true or false",
        None if error.contains("digit")
            || error.contains("target type")
            || error.contains("integer") =>
        {
            "must be a whole number in its range"
        }
        // The message of one of our own types.
        None => error,
    }
    .to_owned()
}

fn is_integer(kind: &str) -> bool {
    matches!(kind, "i32" | "i64" | "u64" | "usize" | "a whole number")
}
