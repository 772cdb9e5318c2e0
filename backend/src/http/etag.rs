//! Answers that a client may have already: entity tags (RFC 9110 section 8.8).

use crate::error::ApiError;
use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// What one user sees may be kept by that user's client, which asks each time
/// whether it is still so.
const REVALIDATE: &str = "private, no-cache";

/// Whether the client has this already (RFC 9110 section 13.1.2).
pub(super) fn has(headers: &HeaderMap, etag: &str) -> bool {
    let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    let etag = opaque(etag);
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || opaque(tag) == etag)
}

/// A weak tag of all that an answer is made from.
///
/// # Errors
/// `Internal` for what cannot be written as JSON, which nothing of ours is.
pub(super) fn weak(parts: &impl Serialize) -> Result<String, ApiError> {
    let json = serde_json::to_vec(parts).map_err(ApiError::internal)?;
    Ok(weak_of(&json))
}

fn weak_of(bytes: &[u8]) -> String {
    let mut etag = "W/\"".to_owned();
    for byte in &Sha256::digest(bytes)[..16] {
        // Writing to a string never fails.
        let _ = write!(etag, "{byte:02x}");
    }
    etag.push('"');
    etag
}

/// The answer to a client that has it.
pub(super) fn not_modified(etag: String) -> Response {
    (StatusCode::NOT_MODIFIED, headers(etag)).into_response()
}

/// The answer with its tag.
pub(super) fn tagged(etag: String, body: impl IntoResponse) -> Response {
    (headers(etag), body).into_response()
}

/// The answer, tagged by what it says, or that the client has it.
///
/// # Errors
/// As [`weak`].
pub(super) fn json(request: &HeaderMap, body: &impl Serialize) -> Result<Response, ApiError> {
    let etag = weak(body)?;
    if has(request, &etag) {
        return Ok(not_modified(etag));
    }
    Ok(tagged(etag, Json(body)))
}

fn headers(etag: String) -> [(header::HeaderName, String); 2] {
    [
        (header::ETAG, etag),
        (header::CACHE_CONTROL, REVALIDATE.to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly() {
        let asking = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, value.parse().unwrap());
            headers
        };
        let etag = weak(&("a", 1)).unwrap();
        assert_eq!(etag, weak(&("a", 1)).unwrap());
        assert_ne!(etag, weak(&("a", 2)).unwrap());
        assert!(has(&asking(&format!("\"x\", {etag}")), &etag));
        assert!(has(&asking(etag.strip_prefix("W/").unwrap()), &etag));
        assert!(has(&asking("*"), &etag));
        assert!(!has(&asking("\"x\""), &etag));
        assert!(!has(&HeaderMap::new(), &etag));
    }
}
