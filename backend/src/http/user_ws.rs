//! The handshake of a WebSocket without a canvas, on which a user hears what concerns them
//! wherever they are. As that of a canvas, without what is the canvas's.

use super::{
    NO_STORE,
    client_addr::ClientAddr,
    error::ApiError,
    extract::Query,
    openapi::UpgradingUser,
    origins,
    ws::{authenticate, client, permit, refused, verify_token},
};
use crate::{
    audit::{Action, AuditEntry},
    auth::Session,
    db::{sanctions, users},
    realtime::{AcceptedConnection, AcceptedUser, Identity, Purpose},
    state::AppState,
};
use axum::{
    extract::State,
    http::{header, request::Parts},
    response::Response,
};
use serde::Deserialize;
use shared::{api::sanctions::Activity, ids::UserId};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use websocket::UpgradeRequest;

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
    /// `browser` or `agent`
    #[serde(default)]
    client_type: String,
    /// What the client runs on
    #[serde(default)]
    platform: String,
}

/// Opens a WebSocket without a canvas
#[utoipa::path(get, path = "/ws/user", tag = "ws", operation_id = "open_user", security((), ("bearer" = []), ("cookie" = [])),
    params(Handshake),
    responses((status = 101, description = "The WebSocket is open"), UpgradingUser))]
async fn open(
    State(state): State<AppState>,
    addr: ClientAddr,
    query: Result<Query<Handshake>, ApiError>,
    parts: Parts,
) -> Result<Response, ApiError> {
    // Before the credential is checked: the database may be down as well.
    if state.hub.is_draining() {
        return Err(ApiError::Draining);
    }
    let Query(handshake) = query?;
    let entry = AuditEntry::new(Action::Connect, addr.ip);
    let session = match authenticate(&state, &parts, &handshake.token).await {
        Ok(session) => session,
        Err(error) => return Err(refused(&state, entry, error)),
    };
    let entry = entry.by(session.user_id());
    accept(&state, addr, session, &handshake, parts)
        .await
        .map_err(|error| refused(&state, entry, error))
}

async fn accept(
    state: &AppState,
    addr: ClientAddr,
    session: Session,
    handshake: &Handshake,
    mut parts: Parts,
) -> Result<Response, ApiError> {
    let user_id = session.user_id();
    state
        .user_limits
        .join(user_id, addr.ip)
        .map_err(ApiError::TooManyConnections)?;
    let user = users::listening(&state.pool, user_id).await?;
    // A session may have been looked up before its user was deleted.
    let user = user.ok_or(ApiError::Unauthenticated)?;
    let sanctions = if user.has_sanctions {
        let found = sanctions::in_force_on_server(&state.pool, &[user_id]).await?;
        found.into_values().next()
    } else {
        None
    };
    if let Some(sanctions) = &sanctions
        && let Some(ban) =
            sanctions::forbidding(sanctions, Activity::Other, state.hub.clock().now())
    {
        return Err(ApiError::Sanctioned(ban));
    }
    origins::note(state, user_id, addr, origins::known(&parts.headers)).await;
    let (client_type, platform) = client(&handshake.client_type, &handshake.platform)?;
    let permit = permit(state, user_id, addr).await?;
    let upgrade = UpgradeRequest::from_parts(&mut parts)
        .map_err(|error| ApiError::invalid("upgrade", error))?;
    let accepted = Box::new(AcceptedConnection {
        identity: Identity {
            user_id,
            username: user.username.into(),
            display_name: user.display_name.into(),
            name_version: user.name_version,
        },
        blocked: user.blocked.into_iter().map(UserId).collect(),
        session_id: session.session_id,
        expires_at: session.expires_at,
        sanctions,
        client_type,
        platform,
        purpose: Purpose::User(AcceptedUser {
            is_admin: user.is_admin,
            access_version: user.access_version,
        }),
        permit,
        verify_token: verify_token(state.clone(), addr, None, user_id),
    });
    let mut response = upgrade.accept(accepted);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    Ok(response)
}
