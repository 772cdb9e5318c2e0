//! The handshake of a canvas's WebSocket: authentication, access, limits and parameters. All checks
//! are made before the upgrade, so that a refusal is an ordinary HTTP answer.

use super::{
    NO_STORE,
    client_addr::ClientAddr,
    credential::Credential,
    error::{ApiError, Resource},
    extract::{CanvasPath, Query},
    openapi::Upgrading,
    origins,
};
use crate::{
    audit::{Action, AuditEntry},
    auth::{AuthError, Session},
    db::{access::Standing, sanctions, visits::newcomer_until},
    realtime::{
        AcceptedCanvas, AcceptedConnection, ClientType, ConnectionLimitError, ConnectionPermit,
        Identity, Purpose, VerifiedToken, VerifyToken,
    },
    state::AppState,
};
use axum::{
    extract::State,
    http::{header, request::Parts},
    response::Response,
};
use chrono::DateTime;
use serde::Deserialize;
use shared::{
    api::sanctions::Activity,
    canvas::Guests,
    ids::{CanvasId, Epoch, UserId},
    limits, text,
    time::Timestamp,
};
use std::{sync::Arc, time::Duration};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use websocket::UpgradeRequest;

/// When a client that was refused for too many connections may try again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The route of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(open))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Handshake {
    /// A token or a ticket, where no other credential is sent
    #[serde(default)]
    token: String,
    /// The newest `seq` that the client has
    #[serde(default)]
    last_seq: String,
    /// The epoch it belongs to
    #[serde(default)]
    epoch: String,
    /// The time of that event
    #[serde(default)]
    last_timestamp: String,
    /// `browser` or `agent`
    #[serde(default)]
    client_type: String,
    /// What the client runs on
    #[serde(default)]
    platform: String,
}

/// Opens a WebSocket
#[utoipa::path(get, path = "/ws/canvas/{canvas_id}", tag = "ws", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path), Handshake),
    responses((status = 101, description = "The WebSocket is open"), Upgrading))]
async fn open(
    State(state): State<AppState>,
    addr: ClientAddr,
    canvas: Result<CanvasPath, ApiError>,
    query: Result<Query<Handshake>, ApiError>,
    parts: Parts,
) -> Result<Response, ApiError> {
    // Before the credential is checked: the database may be down as well.
    if state.hub.is_draining() {
        return Err(ApiError::Draining);
    }
    let Query(handshake) = query?;
    let mut entry = AuditEntry::new(Action::Connect, addr.ip);
    if let Ok(CanvasPath(canvas_id)) = canvas {
        entry = entry.on(canvas_id);
    }
    let session = match authenticate(&state, &parts, &handshake.token).await {
        Ok(session) => session,
        Err(error) => return Err(refused(&state, entry, error)),
    };
    entry = entry.by(session.user_id());
    let CanvasPath(canvas_id) = canvas?;
    match accept(&state, addr, session, canvas_id, handshake, parts).await {
        Ok(response) => Ok(response),
        Err(error) => Err(refused(&state, entry, error)),
    }
}

/// The session of the request's credential; `token` is that of the query.
pub(super) async fn authenticate(
    state: &AppState,
    parts: &Parts,
    token: &str,
) -> Result<Session, ApiError> {
    let credential = Credential::of_upgrade(parts, &state.origins, Some(token))?
        .ok_or(ApiError::Unauthenticated)?;
    credential.authenticate(&state.auth).await
}

/// Records the refusals that matter for security in the audit log.
pub(super) fn refused(state: &AppState, entry: AuditEntry, error: ApiError) -> ApiError {
    let matters = matches!(
        error,
        ApiError::Unauthenticated
            | ApiError::StaleCookie
            | ApiError::OriginNotAllowed
            | ApiError::Forbidden
            | ApiError::Sanctioned(_)
            | ApiError::RegistrationRequired(_)
            | ApiError::TooManyConnections(_)
    );
    if matters {
        state.audit.record(entry.refused(&error));
    }
    error
}

async fn accept(
    state: &AppState,
    addr: ClientAddr,
    session: Session,
    canvas_id: CanvasId,
    handshake: Handshake,
    mut parts: Parts,
) -> Result<Response, ApiError> {
    let user_id = session.user_id();
    state
        .user_limits
        .join(user_id, addr.ip)
        .map_err(ApiError::TooManyConnections)?;
    let lookup = state.join_lookups.load((canvas_id, user_id)).await?;
    let access = lookup.access.ok_or(ApiError::NotFound(Resource::Canvas))?;
    let sanctions = if lookup.has_sanctions {
        let found = sanctions::in_force(&state.pool, canvas_id, &[user_id]).await?;
        found.into_values().next()
    } else {
        None
    };
    let now = state.hub.clock().now();
    if let Some(sanctions) = &sanctions
        && let Some(ban) = sanctions::forbidding(sanctions, Activity::Other, now)
    {
        return Err(ApiError::Sanctioned(ban));
    }
    let role = access.role.ok_or(ApiError::Forbidden)?;
    // A session may have been looked up under an older name.
    let user = lookup.user.ok_or(ApiError::Unauthenticated)?;
    let mut standing = Standing {
        is_admin: lookup.is_admin,
        is_guest: user.is_guest,
        has_given_role: lookup.has_given_role,
        newcomer_until: None,
    };
    if standing.counts_as_guest() {
        if lookup.order.guests == Guests::None {
            return Err(ApiError::GuestsNotAllowed);
        }
        if lookup.has_bans {
            origins::check_guest(state, canvas_id, user_id, addr).await?;
        }
    }
    origins::note(state, user_id, addr, origins::known(&parts.headers)).await;
    let last_seq = last_seq(&handshake.last_seq)?;
    let (epoch, last_timestamp) = history(&handshake);
    let (client_type, platform) = client(&handshake.client_type, &handshake.platform)?;
    let permit = permit(state, user_id, addr).await?;
    let upgrade = UpgradeRequest::from_parts(&mut parts)
        .map_err(|error| ApiError::invalid("upgrade", error))?;
    // Noted for everybody: people who were on one canvas may write to each other.
    let first_visit = match lookup.first_visit {
        Some(known) => known,
        None => state.visits.load((canvas_id, user_id)).await?,
    };
    if state.hub.settings().rate_limits && !standing.has_given_role {
        standing.newcomer_until = newcomer_until(first_visit).filter(|until| *until > now);
    }
    let waiting_status = state.hub.status_messages().get(user_id);
    let accepted = Box::new(AcceptedConnection {
        identity: Identity {
            user_id,
            username: user.username.into(),
            display_name: user.display_name.into(),
            name_version: user.name_version,
        },
        blocked: lookup.blocked,
        session_id: session.session_id,
        expires_at: session.expires_at,
        sanctions,
        client_type,
        platform,
        purpose: Purpose::Canvas(AcceptedCanvas {
            canvas_id,
            status_message: waiting_status.unwrap_or(user.status_message),
            role,
            acl_version: access.acl_version,
            standing,
            last_seq,
            epoch,
            last_timestamp,
            last_rewording: lookup.last_rewording,
        }),
        permit,
        verify_token: verify_token(state.clone(), addr, Some(canvas_id), user_id),
    });
    let mut response = upgrade.accept(accepted);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    Ok(response)
}

/// A permit for one more connection of the user.
pub(super) async fn permit(
    state: &AppState,
    user_id: UserId,
    addr: ClientAddr,
) -> Result<ConnectionPermit, ApiError> {
    let permit = state.hub.acquire_connection(user_id, addr.ip).await;
    permit.map_err(|error| match error {
        ConnectionLimitError::TooMany => ApiError::TooManyConnections(RETRY_AFTER),
        ConnectionLimitError::Overloaded => ApiError::Overloaded(RETRY_AFTER),
        ConnectionLimitError::Draining => ApiError::Draining,
    })
}

/// The `last_seq` of the query: none if empty, `i64::MAX` if too large.
fn last_seq(text: &str) -> Result<Option<i64>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ApiError::invalid("last_seq", "must be a number from 0"));
    }
    Ok(Some(text.parse().unwrap_or(i64::MAX)))
}

/// Epoch and time of the event `last_seq`. Where one of them is invalid, it counts as
/// another epoch, and the client starts afresh.
fn history(handshake: &Handshake) -> (Option<Epoch>, Option<Timestamp>) {
    let epoch = handshake.epoch.parse().ok().map(Epoch);
    if handshake.last_timestamp.is_empty() {
        return (epoch, None);
    }
    match DateTime::parse_from_rfc3339(&handshake.last_timestamp) {
        Ok(time) => (epoch, Some(time.to_utc().into())),
        Err(_) => (None, None),
    }
}

/// What kind of client it is, and what it runs on.
pub(super) fn client(client_type: &str, platform: &str) -> Result<(ClientType, String), ApiError> {
    let client_type = match client_type {
        "" | "browser" => ClientType::Browser,
        "agent" => ClientType::Agent,
        _ => {
            let message = "must be browser or agent";
            return Err(ApiError::invalid("client_type", message));
        }
    };
    let platform = text::clean(platform, &limits::PLATFORM)
        .map_err(|error| ApiError::invalid("platform", error))?;
    Ok((client_type, platform))
}

/// How the tokens of `auth_refresh` are verified.
pub(super) fn verify_token(
    state: AppState,
    addr: ClientAddr,
    canvas_id: Option<CanvasId>,
    user_id: UserId,
) -> VerifyToken {
    Arc::new(move |token| {
        let state = state.clone();
        Box::pin(async move {
            let verified = state.auth.verify_token(&token).await;
            if matches!(verified, Err(AuthError::InvalidCredential)) {
                let mut entry = AuditEntry::new(Action::Refresh, addr.ip).by(user_id);
                if let Some(canvas_id) = canvas_id {
                    entry = entry.on(canvas_id);
                }
                state
                    .audit
                    .record(entry.refused(&ApiError::Unauthenticated));
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
