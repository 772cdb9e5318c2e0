//! What handlers take from a request, each refused as the wire contract says:
//! who asks, path ids, query and body.

use super::client_addr::ClientAddr;
use crate::{
    audit::{Action, AuditEntry},
    auth::{Credential, Session},
    error::{ApiError, Resource},
    state::AppState,
};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    http::{HeaderMap, header, request::Parts},
};
use futures_util::StreamExt;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_path_to_error::Segment;
use shared::{
    ids::{CanvasId, TileId, UserId},
    limits,
};
use std::{str::FromStr, time::Duration};
use tokio::time;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of a body that is too large which are read all the same, so that the
/// client, still writing, gets to see the answer.
const DRAINED: usize = 16 * limits::BODY_BYTES;

/// Somebody who is signed in; 401 for everybody else.
pub(crate) struct AuthUser(pub(crate) Session);

/// Somebody, signed in or not; 401 only for a credential that is not valid.
pub(crate) struct OptionalUser(pub(crate) Option<Session>);

impl OptionalUser {
    /// Who, if signed in.
    pub(crate) fn user_id(&self) -> Option<UserId> {
        self.0.as_ref().map(Session::user_id)
    }
}

impl FromRequestParts<AppState> for OptionalUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let found = Credential::of_request(parts, &state.config.allowed_origins);
        if matches!(found, Err(ApiError::OriginNotAllowed)) {
            let Ok(addr) = ClientAddr::from_request_parts(parts, state).await;
            let entry = AuditEntry::new(Action::Cookie, addr.ip).ended(&found);
            state.audit.note(entry);
        }
        match found? {
            Some(credential) => state.auth.authenticate(&credential).await.map(Some),
            None => Ok(None),
        }
        .map(Self)
    }
}

impl FromRequestParts<AppState> for AuthUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let OptionalUser(session) = OptionalUser::from_request_parts(parts, state).await?;
        session.map(Self).ok_or(ApiError::Unauthenticated)
    }
}

/// `{canvas_id}` of the path; what is no number names no canvas.
pub(crate) struct CanvasPath(pub(crate) CanvasId);

/// `{tile_id}` of the path; what is no number names no tile.
pub(crate) struct TilePath(pub(crate) TileId);

/// `{username}` of the path.
pub(crate) struct UsernamePath(pub(crate) String);

impl FromRequestParts<AppState> for CanvasPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        segment(parts, state, "canvas_id", Resource::Canvas)
            .await
            .map(Self)
    }
}

impl FromRequestParts<AppState> for TilePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        segment(parts, state, "tile_id", Resource::Tile)
            .await
            .map(Self)
    }
}

impl FromRequestParts<AppState> for UsernamePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let name: String = segment(parts, state, "username", Resource::User).await?;
        // What cannot be a name, is nobody's.
        shared::text::username(&name)
            .map(Self)
            .map_err(|_| ApiError::NotFound(Resource::User))
    }
}

async fn segment<T: FromStr>(
    parts: &mut Parts,
    state: &AppState,
    name: &str,
    resource: Resource,
) -> Result<T, ApiError> {
    let params = RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| ApiError::NotFound(resource))?;
    params
        .iter()
        .find(|(key, _)| *key == name)
        .and_then(|(_, value)| value.parse().ok())
        .ok_or(ApiError::NotFound(resource))
}

/// The query.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(reader)
            .map(Self)
            .map_err(|error| wrong_field(error.path(), &error.inner().to_string(), "query"))
    }
}

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, ApiError> {
        let json = is_json(request.headers());
        let body = read(request).await?;
        if !json {
            return Err(ApiError::invalid(
                "body",
                "must be sent as application/json",
            ));
        }
        parse(&body).map(Self)
    }
}

/// A JSON body all of whose fields may be left out, and so may the body.
pub(crate) struct OptionalJson<T>(pub(crate) T);

impl<T: DeserializeOwned + Default> FromRequest<AppState> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, ApiError> {
        let untyped = !request.headers().contains_key(header::CONTENT_TYPE);
        let json = is_json(request.headers());
        let body = read(request).await?;
        if body.is_empty() && (json || untyped) {
            return Ok(Self(T::default()));
        }
        if !json {
            return Err(ApiError::invalid(
                "body",
                "must be sent as application/json",
            ));
        }
        parse(&body).map(Self)
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
    // A list would do for a struct otherwise, field by field.
    let object = body.trim_ascii_start().first() == Some(&b'{');
    let is_json = || serde_json::from_slice::<IgnoredAny>(body).is_ok();
    if !object && is_json() {
        return Err(ApiError::invalid("body", "must be a JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        if error.inner().is_data() {
            wrong_field(error.path(), &error.inner().to_string(), "body")
        } else if is_json() {
            // How a number is refused where an enum's name should be.
            wrong_field(error.path(), "invalid type, expected a name", "body")
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

/// Names the field that cannot be read, and says in plain words why.
fn wrong_field(path: &serde_path_to_error::Path, error: &str, whole: &str) -> ApiError {
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
    ApiError::invalid(field, in_plain_words(error))
}

/// The words of the readers, without their types.
fn in_plain_words(error: &str) -> String {
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
        // What our own types say.
        None => error,
    }
    .to_owned()
}

fn is_integer(kind: &str) -> bool {
    matches!(kind, "i32" | "i64" | "u64" | "usize" | "a whole number")
}

/// Reads a body of at most [`limits::BODY_BYTES`].
async fn read(request: Request) -> Result<Bytes, ApiError> {
    time::timeout(BODY_TIMEOUT, collect(request.into_body()))
        .await
        .map_err(|_| ApiError::BodyTooSlow)?
}

async fn collect(body: Body) -> Result<Bytes, ApiError> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut total = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| ApiError::invalid("body", error))?;
        total += chunk.len();
        if total <= limits::BODY_BYTES {
            bytes.extend_from_slice(&chunk);
        } else if total > DRAINED {
            break;
        }
    }
    if total > limits::BODY_BYTES {
        return Err(ApiError::BodyTooLarge);
    }
    Ok(bytes.into())
}

/// Refuses a body that says that it is too large, after letting its sender
/// finish if it does not wait for permission.
pub(crate) async fn refuse_large_bodies(request: Request) -> Result<Request, ApiError> {
    let length = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_none_or(|length| length <= limits::BODY_BYTES) {
        return Ok(request);
    }
    if !request.headers().contains_key(header::EXPECT) {
        // Whatever becomes of the rest, the answer is the same.
        let _ = read(request).await;
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
    fn refusals_are_in_plain_words() {
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
