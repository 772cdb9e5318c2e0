//! Entity tags (RFC 9110, section 8.8): answers that the client has already are
//! answered with 304.

use super::error::ApiError;
use axum::{
    Json,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use axum_extra::{
    TypedHeader,
    headers::{ETag, HeaderMapExt, IfNoneMatch},
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The client may keep the answer for its user, but asks each time whether it still
/// holds.
const REVALIDATE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Whether the client has this version already (RFC 9110, section 13.1.2).
pub(super) fn matches(headers: &HeaderMap, etag: &ETag) -> bool {
    headers
        .typed_get::<IfNoneMatch>()
        .is_some_and(|tags| !tags.precondition_passes(etag))
}

/// A weak tag: the hash of everything that the answer depends on.
///
/// # Errors
/// `Internal` if `parts` cannot be serialized, which does not happen.
pub(super) fn weak(parts: &impl Serialize) -> Result<ETag, ApiError> {
    let json = serde_json::to_vec(parts).map_err(ApiError::internal)?;
    let mut etag = "W/\"".to_owned();
    for byte in &Sha256::digest(&json)[..16] {
        // Writing to a string never fails.
        let _ = write!(etag, "{byte:02x}");
    }
    etag.push('"');
    etag.parse().map_err(ApiError::internal)
}

/// The answer to a client that has this version.
pub(super) fn not_modified(etag: ETag) -> Response {
    (StatusCode::NOT_MODIFIED, headers(etag)).into_response()
}

/// The answer with its tag.
pub(super) fn tagged(etag: ETag, body: impl IntoResponse) -> Response {
    (headers(etag), body).into_response()
}

/// The body as JSON with the hash of it as the tag, or 304.
///
/// # Errors
/// As [`weak`].
pub(super) fn json(request: &HeaderMap, body: &impl Serialize) -> Result<Response, ApiError> {
    let etag = weak(body)?;
    if matches(request, &etag) {
        return Ok(not_modified(etag));
    }
    Ok(tagged(etag, Json(body)))
}

fn headers(etag: ETag) -> (TypedHeader<ETag>, [(HeaderName, HeaderValue); 1]) {
    (TypedHeader(etag), [(header::CACHE_CONTROL, REVALIDATE)])
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
        let text = |etag: &ETag| {
            let mut headers = HeaderMap::new();
            headers.typed_insert(etag.clone());
            headers[header::ETAG].to_str().unwrap().to_owned()
        };
        let etag = weak(&("a", 1)).unwrap();
        assert_eq!(etag, weak(&("a", 1)).unwrap());
        assert_ne!(etag, weak(&("a", 2)).unwrap());
        let text = text(&etag);
        assert!(matches(&asking(&format!("\"x\", {text}")), &etag));
        assert!(matches(&asking(text.strip_prefix("W/").unwrap()), &etag));
        assert!(matches(&asking("*"), &etag));
        assert!(!matches(&asking("\"x\""), &etag));
        assert!(!matches(&HeaderMap::new(), &etag));
    }
}
