//! Reads request bodies, which are JSON: limits of size and time, and errors that name
//! the invalid field.

use super::{error::ApiError, invalid_field::invalid_field};
use crate::{
    large_bodies::{BodyMemory, LargeBodies},
    state::AppState,
};
use axum::{
    body::{Body, BodyDataStream},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use futures_util::StreamExt;
use serde::de::{DeserializeOwned, IgnoredAny};
use shared::limits;
use std::time::Duration;
use tokio::time;

/// How long receiving a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of a body under [`SIGN_IN`].
const SIGN_IN_BYTES: usize = 4 * 1024;
/// Routes that need no credential; their bodies are short.
const SIGN_IN: &str = "/api/v1/auth/";
/// Bytes of a body that is too large which are read and dropped, so that the client
/// finishes sending and sees the answer.
const DRAIN_BYTES: usize = 16 * limits::BODY_BYTES;
/// When it is worth sending a large body again while others take all memory.
const BUSY_PAUSE: Duration = Duration::from_secs(2);

/// A JSON body; 422 for an invalid one.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let json = is_json(request.headers());
        let body = read_body(request, &state.large_bodies).await?;
        if !json {
            return Err(ApiError::invalid(
                "body",
                "must be sent as application/json",
            ));
        }
        parse(&body.bytes).map(Self)
    }
}

/// A JSON body of optional fields. The body itself is optional too.
pub(crate) struct OptionalJson<T>(pub(crate) T);

impl<T: DeserializeOwned + Default> FromRequest<AppState> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let untyped = !request.headers().contains_key(header::CONTENT_TYPE);
        let json = is_json(request.headers());
        let body = read_body(request, &state.large_bodies).await?;
        if body.bytes.is_empty() && (json || untyped) {
            return Ok(Self(T::default()));
        }
        if !json {
            return Err(ApiError::invalid(
                "body",
                "must be sent as application/json",
            ));
        }
        parse(&body.bytes).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return false;
    };
    let essence = value
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // serde would accept a list for a struct, field by field.
    let object = body.trim_ascii_start().first() == Some(&b'{');
    let is_json = || serde_json::from_slice::<IgnoredAny>(body).is_ok();
    if !object && is_json() {
        return Err(ApiError::invalid("body", "must be a JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        if error.inner().is_data() {
            invalid_field(error.path(), &error.inner().to_string(), "body")
        } else if is_json() {
            // A number in place of an enum's name: serde_json calls it a syntax error.
            invalid_field(error.path(), "invalid type, expected a name", "body")
        } else {
            not_json()
        }
    })?;
    reader.end().map_err(|_| not_json())?;
    Ok(value)
}

fn not_json() -> ApiError {
    ApiError::invalid("body", "is not valid JSON")
}

/// The largest body that a route takes, if it is not [`limits::BODY_BYTES`].
#[derive(Clone, Copy)]
struct MaxBytes(usize);

fn max_bytes(request: &Request) -> usize {
    let own = request.extensions().get::<MaxBytes>();
    own.map_or(limits::BODY_BYTES, |max| max.0)
}

/// A body, with its part of the memory of large ones.
#[derive(Default)]
struct Received<'a> {
    bytes: Vec<u8>,
    memory: BodyMemory<'a>,
}

/// Reads a body of at most [`max_bytes`].
///
/// # Errors
/// `BodyTooSlow`, `BodyTooLarge`, `Overloaded` while others take all memory of large bodies, or
/// `Validation` if the connection broke.
async fn read_body(request: Request, all: &LargeBodies) -> Result<Received<'_>, ApiError> {
    let max_bytes = max_bytes(&request);
    time::timeout(BODY_TIMEOUT, collect(request.into_body(), max_bytes, all))
        .await
        .map_err(|_| ApiError::BodyTooSlow)?
}

async fn collect(
    body: Body,
    max_bytes: usize,
    all: &LargeBodies,
) -> Result<Received<'_>, ApiError> {
    let mut chunks = body.into_data_stream();
    let mut received = Received::default();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| ApiError::invalid("body", error))?;
        let total = received.bytes.len() + chunk.len();
        let refused = if total > max_bytes {
            ApiError::BodyTooLarge
        } else if received.memory.reserve(total, all) {
            received.bytes.extend_from_slice(&chunk);
            continue;
        } else {
            ApiError::Overloaded(BUSY_PAUSE)
        };
        drop(received);
        drain(chunks, total).await;
        return Err(refused);
    }
    Ok(received)
}

/// Reads and drops the rest of a body of which `read` bytes were received.
async fn drain(mut chunks: BodyDataStream, mut read: usize) {
    while let Some(Ok(chunk)) = chunks.next().await
        && read <= DRAIN_BYTES
    {
        read += chunk.len();
    }
}

/// Sets the largest body of the route, and refuses one whose `Content-Length` is larger. Unless
/// the client waits for `100 Continue`, its body is received first, up to [`DRAIN_BYTES`], and
/// dropped.
///
/// # Errors
/// `BodyTooLarge`.
pub(super) async fn refuse_large_bodies(mut request: Request) -> Result<Request, ApiError> {
    if request.uri().path().starts_with(SIGN_IN) {
        request.extensions_mut().insert(MaxBytes(SIGN_IN_BYTES));
    }
    let length = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let max_bytes = max_bytes(&request);
    if length.is_none_or(|length| length <= max_bytes) {
        return Ok(request);
    }
    if !request.headers().contains_key(header::EXPECT) {
        let rest = request.into_body().into_data_stream();
        // The answer is the same whether it comes in time or not.
        let _ = time::timeout(BODY_TIMEOUT, drain(rest, 0)).await;
    }
    Err(ApiError::BodyTooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::api::{CreateCanvas, Login};

    fn refusal<T: DeserializeOwned>(body: &str) -> (String, String) {
        match parse::<T>(body.as_bytes()) {
            Err(ApiError::Validation(errors)) => {
                (errors[0].field.clone(), errors[0].message.clone())
            }
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it was taken: {body}"),
        }
    }

    #[test]
    fn refusals_name_the_field_in_plain_words() {
        for (body, field, message) in [
            (r#"["ann", "password"]"#, "body", "must be a JSON object"),
            ("7", "body", "must be a JSON object"),
            ("{", "body", "is not valid JSON"),
            ("", "body", "is not valid JSON"),
            (
                r#"{"username": "ann", "password": "p"} x"#,
                "body",
                "is not valid JSON",
            ),
            (r#"{"password": "p"}"#, "username", "is required"),
            (r#"{"username": 7}"#, "username", "must be a string"),
            (r#"{"username": null}"#, "username", "must be a string"),
            (
                r#"{"username": "a", "username": "b"}"#,
                "username",
                "must be given once",
            ),
        ] {
            let expected = (field.to_owned(), message.to_owned());
            assert_eq!(refusal::<Login>(body), expected, "{body}");
        }
        let number = "must be a whole number in its range";
        for (more, field, message) in [
            (r#""width": "4""#, "width", number),
            (r#""width": 0.5"#, "width", number),
            (r#""width": 9999999999"#, "width", number),
            (r#""palette": 1"#, "palette", "must be a list"),
            (r#""palette": [1]"#, "palette", "must be a string"),
            (
                r#""visibility": "x""#,
                "visibility",
                "must be one of public, unlisted, private",
            ),
            (r#""visibility": 1"#, "visibility", "has the wrong type"),
        ] {
            let body = format!(r#"{{"name": "x", {more}}}"#);
            let expected = (field.to_owned(), message.to_owned());
            assert_eq!(refusal::<CreateCanvas>(&body), expected, "{body}");
        }
    }
}
