//! The API of the signed-in user.

use super::{
    auth::display_name,
    error::ApiError,
    extract::AuthUser,
    json_body::Json,
    openapi::{Body, ChangesOwn, ReadsOwn},
    validator::Validator,
};
use crate::{db::users, state::AppState};
use axum::{Json as JsonBody, extract::State};
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
    AuthUser(session): AuthUser,
) -> Result<JsonBody<User>, ApiError> {
    let user = users::find(&state.pool, session.user_id()).await?;
    user.map(JsonBody).ok_or(ApiError::Unauthenticated)
}

/// Changes one's names and status
#[utoipa::path(patch, path = "/users/me", tag = "users", request_body = UpdateMe,
    responses((status = 200, body = User, description = "Changed"), ChangesOwn, Body))]
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
    let user = users::update(
        &state.pool,
        session.user_id(),
        name.as_deref(),
        status.as_deref(),
    )
    .await?
    .ok_or(ApiError::Unauthenticated)?;
    state.auth.invalidate_user(user.id).await;
    Ok(JsonBody(user))
}
