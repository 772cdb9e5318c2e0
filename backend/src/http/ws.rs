//! The door to the WebSocket: who may come in, where to, and what they bring.
//! Everything is decided before the upgrade, so that a refusal is an ordinary
//! HTTP answer.

use super::{
    client_addr::ClientAddr,
    extract::{CanvasPath, Query},
    openapi::Upgrading,
};
use crate::{
    audit::{Action, AuditEntry},
    auth::{Credential, Session},
    error::{ApiError, Resource},
    realtime::{
        AcceptedConnection, ClientType, ConnectionLimitError, Identity, VerifiedToken, VerifyToken,
    },
    state::AppState,
};
use axum::{extract::State, http::request::Parts, response::Response};
use serde::Deserialize;
use shared::{
    ids::{CanvasId, Epoch, UserId},
    limits, text,
};
use std::{sync::Arc, time::Duration};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use websocket::UpgradeRequest;

/// When somebody who found no place may ask again.
const RETRY: Duration = Duration::from_secs(5);

/// The route of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(open))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Opening {
    /// A token or a ticket, where no other credential is sent
    #[serde(default)]
    token: String,
    /// The newest `seq` that the client has
    #[serde(default)]
    last_seq: String,
    /// The epoch it belongs to
    #[serde(default)]
    epoch: String,
    /// `browser` or `agent`
    #[serde(default)]
    client_type: String,
    /// What the client runs on
    #[serde(default)]
    platform: String,
}

/// Opens a WebSocket
#[utoipa::path(get, path = "/ws/canvas/{canvas_id}", tag = "ws", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path), Opening),
    responses((status = 101, description = "The WebSocket is open"), Upgrading))]
async fn open(
    State(state): State<AppState>,
    addr: ClientAddr,
    canvas: Result<CanvasPath, ApiError>,
    query: Result<Query<Opening>, ApiError>,
    parts: Parts,
) -> Result<Response, ApiError> {
    // Whoever it is; the database, which knows, may be away as well.
    if state.hub.is_draining() {
        return Err(ApiError::Draining);
    }
    let Query(opening) = query?;
    let mut entry = AuditEntry::new(Action::Connect, addr.ip);
    if let Ok(CanvasPath(canvas_id)) = canvas {
        entry = entry.on(canvas_id);
    }
    let session = match authenticate(&state, &parts, &opening).await {
        Ok(session) => session,
        Err(error) => return Err(refused(&state, entry, error)),
    };
    entry = entry.by(session.user_id());
    let CanvasPath(canvas_id) = canvas?;
    match accept(&state, addr, session, canvas_id, opening, parts).await {
        Ok(response) => Ok(response),
        Err(error) => Err(refused(&state, entry, error)),
    }
}

async fn authenticate(
    state: &AppState,
    parts: &Parts,
    opening: &Opening,
) -> Result<Session, ApiError> {
    let token = Some(opening.token.as_str());
    let credential = Credential::of_upgrade(parts, &state.config.allowed_origins, token)?
        .ok_or(ApiError::Unauthenticated)?;
    state.auth.authenticate(&credential).await
}

/// Keeps the refusals that say something about who knocks.
fn refused(state: &AppState, entry: AuditEntry, error: ApiError) -> ApiError {
    let matters = matches!(
        error,
        ApiError::Unauthenticated
            | ApiError::StaleCookie
            | ApiError::OriginNotAllowed
            | ApiError::Forbidden
            | ApiError::TooManyConnections(_)
    );
    if matters {
        state.audit.note(entry.refused(&error));
    }
    error
}

async fn accept(
    state: &AppState,
    addr: ClientAddr,
    session: Session,
    canvas_id: CanvasId,
    opening: Opening,
    mut parts: Parts,
) -> Result<Response, ApiError> {
    let user_id = session.user_id();
    state
        .user_limits
        .join(user_id, addr.ip)
        .map_err(ApiError::TooManyConnections)?;
    let lookup = state.join_lookups.load((canvas_id, user_id)).await?;
    let access = lookup.access.ok_or(ApiError::NotFound(Resource::Canvas))?;
    let role = access.role.ok_or(ApiError::Forbidden)?;
    let last_seq = last_seq(&opening.last_seq)?;
    let (client_type, platform) = client(&opening)?;
    let permit = state
        .hub
        .acquire_connection(user_id, addr.ip)
        .await
        .map_err(|error| match error {
            ConnectionLimitError::TooMany => ApiError::TooManyConnections(RETRY),
            ConnectionLimitError::Overloaded => ApiError::Overloaded(RETRY),
            ConnectionLimitError::Draining => ApiError::Draining,
        })?;
    let upgrade = UpgradeRequest::from_parts(&mut parts)
        .map_err(|error| ApiError::invalid("upgrade", error))?;
    // A session may have been looked up under an older name.
    let user = lookup.user.ok_or(ApiError::Unauthenticated)?;
    let accepted = Box::new(AcceptedConnection {
        identity: Identity {
            user_id,
            username: user.username.into(),
            display_name: user.display_name.into(),
            name_version: user.name_version,
        },
        status_message: user.status_message,
        session_id: session.session_id,
        expires_at: session.expires_at,
        role,
        acl_version: access.acl_version,
        canvas_id,
        client_type,
        platform,
        last_seq,
        // What is no epoch is another epoch: the client starts afresh.
        epoch: opening.epoch.parse().ok().map(Epoch),
        permit,
        verify_token: verify_token(state.clone(), addr, canvas_id, user_id),
    });
    Ok(upgrade.accept(accepted))
}

/// Empty is not given; a number too large for a `seq` is one from the future.
fn last_seq(text: &str) -> Result<Option<i64>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ApiError::invalid("last_seq", "must be a number from 0"));
    }
    Ok(Some(text.parse().unwrap_or(i64::MAX)))
}

fn client(opening: &Opening) -> Result<(ClientType, String), ApiError> {
    let client_type = match opening.client_type.as_str() {
        "" | "browser" => ClientType::Browser,
        "agent" => ClientType::Agent,
        _ => {
            let message = "must be browser or agent";
            return Err(ApiError::invalid("client_type", message));
        }
    };
    let platform = text::clean(&opening.platform, &limits::PLATFORM)
        .map_err(|error| ApiError::invalid("platform", error))?;
    Ok((client_type, platform))
}

fn verify_token(
    state: AppState,
    addr: ClientAddr,
    canvas_id: CanvasId,
    user_id: UserId,
) -> VerifyToken {
    Arc::new(move |token| {
        let state = state.clone();
        Box::pin(async move {
            let verified = state.auth.verify(&token).await;
            if matches!(verified, Err(ApiError::Unauthenticated)) {
                let entry = AuditEntry::new(Action::Refresh, addr.ip).by(user_id);
                state.audit.note(entry.on(canvas_id).ended(&verified));
            }
            let session = verified.ok()?;
            Some(VerifiedToken {
                user_id: session.user_id(),
                session_id: session.session_id,
                expires_at: session.expires_at,
            })
        })
    })
}
