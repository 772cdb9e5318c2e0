//! Extractors: the user, ids in the path, and the query. Each refuses as the wire
//! contract says.

use super::{
    client_addr::ClientAddr,
    credential::Credential,
    error::{ApiError, Resource},
    invalid_field::invalid_field,
    origins,
};
use crate::{
    audit::{Action, AuditEntry},
    auth::Session,
    db::{comments, tiles},
    state::AppState,
};
use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use serde::de::DeserializeOwned;
use shared::ids::{CanvasId, CommentId, InviteId, MessageId, RewriteId, SessionId, TileId, UserId};
use std::str::FromStr;

/// The session of a signed-in user; 401 for everybody else. On a request that changes
/// something, 403 for users who are banned from the server, and for guests who have to
/// register before they may act on the canvas of the path.
pub(crate) struct AuthUser(pub(crate) Session);

/// The same for what users may do who are banned from the server.
pub(crate) struct SessionUser(pub(crate) Session);

/// The session of a user who may be signed in; 401 only for an invalid credential.
pub(crate) struct OptionalUser(pub(crate) Option<Session>);

impl OptionalUser {
    /// The user, if signed in.
    pub(crate) fn user_id(&self) -> Option<UserId> {
        self.0.as_ref().map(Session::user_id)
    }
}

impl FromRequestParts<AppState> for OptionalUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let found = Credential::of_request(parts, &state.origins);
        if matches!(found, Err(ApiError::OriginNotAllowed)) {
            let Ok(addr) = ClientAddr::from_request_parts(parts, state).await;
            let entry = AuditEntry::new(Action::Cookie, addr.ip).ended(&found);
            state.audit.record(entry);
        }
        match found? {
            Some(credential) => credential.authenticate(&state.auth).await.map(Some),
            None => Ok(None),
        }
        .map(Self)
    }
}

impl FromRequestParts<AppState> for AuthUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let SessionUser(session) = SessionUser::from_request_parts(parts, state).await?;
        if !parts.method.is_safe() {
            if let Some(ban) = session.server_ban(state.hub.clock().now()) {
                return Err(ApiError::Sanctioned(Box::new(ban.clone())));
            }
            if session.is_guest && state.origin_notes.any_bans().await? {
                refuse_guest(parts, state, &session).await?;
            }
        }
        Ok(Self(session))
    }
}

impl FromRequestParts<AppState> for SessionUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let OptionalUser(session) = OptionalUser::from_request_parts(parts, state).await?;
        session.map(Self).ok_or(ApiError::Unauthenticated)
    }
}

/// Refuses a guest who has to register before they may act on the canvas of the path.
async fn refuse_guest(
    parts: &mut Parts,
    state: &AppState,
    session: &Session,
) -> Result<(), ApiError> {
    let Some(canvas) = canvas_of_path(parts, state).await? else {
        return Ok(());
    };
    let Ok(addr) = ClientAddr::from_request_parts(parts, state).await;
    origins::check_guest(state, canvas, session.user_id(), addr).await
}

/// The canvas of the path, or that of its tile or comment; none if the path has none of these,
/// or they do not exist.
async fn canvas_of_path(parts: &mut Parts, state: &AppState) -> Result<Option<CanvasId>, ApiError> {
    if let Ok(CanvasPath(canvas)) = CanvasPath::from_request_parts(parts, state).await {
        return Ok(Some(canvas));
    }
    if let Ok(TilePath(tile)) = TilePath::from_request_parts(parts, state).await {
        let location = tiles::location(&state.pool, tile).await?;
        return Ok(location.map(|(canvas, _)| canvas));
    }
    if let Ok(CommentPath(comment)) = CommentPath::from_request_parts(parts, state).await {
        return Ok(comments::canvas(&state.pool, comment).await?);
    }
    Ok(None)
}

/// `{canvas_id}` of the path; 404 for anything but a number.
pub(crate) struct CanvasPath(pub(crate) CanvasId);

/// `{tile_id}` of the path; 404 for anything but a number.
pub(crate) struct TilePath(pub(crate) TileId);

/// `{comment_id}` of the path; 404 for anything but a number.
pub(crate) struct CommentPath(pub(crate) CommentId);

/// `{message_id}` of the path; 404 for anything but a UUID.
pub(crate) struct MessagePath(pub(crate) MessageId);

/// `{sanction_id}` of the path; 404 for anything but a number.
pub(crate) struct SanctionPath(pub(crate) i64);

/// `{username}` of the path; 404 for an invalid name.
pub(crate) struct UsernamePath(pub(crate) String);

/// `{session_id}` of the path; 404 for anything but a UUID.
pub(crate) struct SessionPath(pub(crate) SessionId);

/// `{invite_id}` of the path; 404 for anything but a number.
pub(crate) struct InvitePath(pub(crate) InviteId);

/// `{rewrite_id}` of the path; 404 for anything but a number.
pub(crate) struct RewritePath(pub(crate) RewriteId);

/// `{code}` of the path: what the user has of an invite.
pub(crate) struct InviteCodePath(pub(crate) String);

impl FromRequestParts<AppState> for RewritePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        segment(parts, state, "rewrite_id", Resource::Rewrite)
            .await
            .map(Self)
    }
}

impl FromRequestParts<AppState> for SessionPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        segment(parts, state, "session_id", Resource::Session)
            .await
            .map(Self)
    }
}

impl FromRequestParts<AppState> for InvitePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        segment(parts, state, "invite_id", Resource::Invite)
            .await
            .map(Self)
    }
}

impl FromRequestParts<AppState> for InviteCodePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        segment(parts, state, "code", Resource::Invite)
            .await
            .map(Self)
    }
}

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

impl FromRequestParts<AppState> for CommentPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        segment(parts, state, "comment_id", Resource::Comment)
            .await
            .map(Self)
    }
}

impl FromRequestParts<AppState> for MessagePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        segment(parts, state, "message_id", Resource::Message)
            .await
            .map(Self)
    }
}

impl FromRequestParts<AppState> for SanctionPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        segment(parts, state, "sanction_id", Resource::Sanction)
            .await
            .map(Self)
    }
}

impl FromRequestParts<AppState> for UsernamePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let name: String = segment(parts, state, "username", Resource::User).await?;
        // No user has an invalid name.
        shared::text::username(&name)
            .map(Self)
            .map_err(|_| ApiError::NotFound(Resource::User))
    }
}

/// An extractor for a number of the path, which is private to its module.
macro_rules! id_path {
    ($(#[$doc:meta])* $name:ident, $segment:literal, $resource:expr) => {
        $(#[$doc])*
        struct $name(i64);

        impl ::axum::extract::FromRequestParts<$crate::state::AppState> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(
                parts: &mut ::axum::http::request::Parts,
                state: &$crate::state::AppState,
            ) -> Result<Self, ApiError> {
                let id = super::extract::segment(parts, state, $segment, $resource);
                id.await.map(Self)
            }
        }
    };
}
pub(super) use id_path;

/// A segment of the path; `NotFound` for what cannot be parsed.
pub(super) async fn segment<T: FromStr>(
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

/// The query; 422 for an invalid one.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(reader)
            .map(Self)
            .map_err(|error| invalid_field(error.path(), &error.inner().to_string(), "query"))
    }
}
