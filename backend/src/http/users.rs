//! The API of the signed-in user.

use super::{
    auth::display_name,
    client_addr::ClientAddr,
    error::ApiError,
    extract::{AuthUser, SessionUser},
    json_body::Json,
    openapi::{Body, ChangesOwn, Limited, ReadsOwn},
    origins::{self, Device},
    validator::Validator,
};
use crate::{db::users, realtime::RateCost, state::AppState};
use axum::{
    Json as JsonBody,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use shared::{
    api::{UpdateMe, User},
    limits, text,
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(me, update_me))
}

/// Who is signed in
#[utoipa::path(get, path = "/users/me", tag = "users",
    responses((status = 200, body = User, description = "Who is signed in"), ReadsOwn))]
async fn me(
    State(state): State<AppState>,
    SessionUser(session): SessionUser,
    addr: ClientAddr,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    // Asked before the read: what is stored meanwhile is found in the row.
    let waiting_status = state.hub.status_messages().get(session.user_id());
    let mut user = users::find(&state.pool, session.user_id())
        .await?
        .ok_or(ApiError::Unauthenticated)?;
    if let Some(status) = waiting_status {
        user.status_message = status;
    }
    let device = Device::of(&headers);
    let mut response = JsonBody(user).into_response();
    // Programs send no cookies and would leave a new device with each request.
    if headers.contains_key(header::COOKIE) {
        device.remember(&mut response, addr.https);
        origins::note(&state, session.user_id(), addr, Some(device.digest)).await;
    }
    Ok(response)
}

/// Changes one's names and status
#[utoipa::path(patch, path = "/users/me", tag = "users", request_body = UpdateMe,
    responses((status = 200, body = User, description = "Changed"), ChangesOwn, Body, Limited))]
async fn update_me(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    Json(body): Json<UpdateMe>,
) -> Result<JsonBody<User>, ApiError> {
    let mut validator = Validator::default();
    let name = validator.optional("display_name", body.display_name.map(display_name));
    let status = validator.optional(
        "status_message",
        body.status_message
            .map(|status| text::name(&status, &limits::STATUS_MESSAGE)),
    );
    validator.finish()?;
    let hub = &state.hub;
    hub.check_rate(session.user_id(), RateCost::Settings)
        .map_err(ApiError::RateLimited)?;
    let mut user = users::update(
        &state.pool,
        session.user_id(),
        name.as_deref(),
        status.as_deref(),
    )
    .await?
    .ok_or(ApiError::Unauthenticated)?;
    match &status {
        Some(status) => hub.status_messages().supersede(user.id, status),
        None => {
            if let Some(waiting) = hub.status_messages().get(user.id) {
                user.status_message = waiting;
            }
        }
    }
    state.auth.invalidate_user(user.id).await;
    Ok(JsonBody(user))
}
