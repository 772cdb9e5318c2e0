//! The files of the browser client. Every address without a file extension is a page
//! of the client, which has its own router.

use super::error::{ApiError, Resource};
use axum::{
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::path::Path;
use tower::ServiceExt;
use tower_http::services::{ServeDir, ServeFile};

/// What pages may load: this server's own files, and nothing inline.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
     form-action 'self'; object-src 'none'",
);
/// What pages never use.
const PERMISSIONS_POLICY: HeaderValue =
    HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()");
/// Pages of others have no hold of a window that they open.
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
/// For files whose names contain a hash of their content.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// The client asks each time whether the file has changed.
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// Answers the requests that match no route.
///
/// # Errors
/// `NotFound` below `/api` and for missing files, `NoClient` without a client.
pub(super) async fn serve(folder: &Path, request: Request) -> Result<Response, ApiError> {
    let path = request.uri().path().to_owned();
    if path == "/api" || path.starts_with("/api/") {
        return Err(ApiError::NotFound(Resource::Address));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(ApiError::MethodNotAllowed);
    }
    let mut page = Request::new(axum::body::Body::empty());
    *page.method_mut() = request.method().clone();
    *page.headers_mut() = request.headers().clone();
    let files = ServeDir::new(folder)
        .precompressed_br()
        .precompressed_gzip();
    let found = files.oneshot(request).await.into_response();
    let mut response = if found.status() != StatusCode::NOT_FOUND {
        found
    } else if is_file_name(&path) {
        return Err(ApiError::NotFound(Resource::Address));
    } else {
        let index = ServeFile::new(folder.join("index.html"))
            .precompressed_br()
            .precompressed_gzip();
        index.oneshot(page).await.into_response()
    };
    if response.status() == StatusCode::NOT_FOUND {
        return Err(ApiError::NoClient);
    }
    let cache = if is_hashed(&path) { FOR_EVER } else { NO_CACHE };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, cache);
    let html = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if html {
        headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
        headers.insert("permissions-policy", PERMISSIONS_POLICY);
        headers.insert("cross-origin-opener-policy", SAME_ORIGIN);
    }
    Ok(response)
}

/// Whether the path's last segment has a file extension; pages have none.
fn is_file_name(path: &str) -> bool {
    path.rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'))
}

/// Whether the name contains a hash as the bundler adds it: `app-0123456789abcdef.js`.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    is_file_name(path)
        && name.split(['-', '_', '.']).any(|part| {
            part.len() >= 8
                && part.bytes().all(|byte| byte.is_ascii_hexdigit())
                && part.bytes().any(|byte| byte.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_names_are_recognized() {
        for hashed in [
            "/frontend-b2f1c0a94d0e7a11.js",
            "/frontend-b2f1c0a94d0e7a11_bg.wasm",
            "/style-0123abcd.css",
        ] {
            assert!(is_hashed(hashed), "{hashed}");
        }
        for plain in [
            "/",
            "/index.html",
            "/favicon.svg",
            "/c/1234567890",
            "/deadbeef.js",
        ] {
            assert!(!is_hashed(plain), "{plain}");
        }
    }
}
