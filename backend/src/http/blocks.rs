//! Whom one does not want to see. The blocked are not told, and the server hides nothing: the
//! client gets the list with `connected`.

use super::{
    canvases::check_rate,
    error::{ApiError, Entry, Resource},
    extract::{AuthUser, Query, UsernamePath},
    openapi::{Blocks, ChangesOther, Limited, QueryOnly, ReadsOwn},
    pagination::{cursor, page, page_size},
};
use crate::{
    db::{blocks, users},
    state::AppState,
};
use axum::{Json as JsonBody, extract::State, http::StatusCode};
use serde::Deserialize;
use shared::{
    api::{Page, User, moderation::UserRef},
    limits,
};
use sqlx::Connection;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(add, remove))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// The people whom one blocks, the last added first
#[utoipa::path(get, path = "/users/me/blocks", tag = "users", params(ListQuery),
    responses((status = 200, body = Page<UserRef>, description = "A page"), ReadsOwn, QueryOnly))]
async fn list(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    Query(query): Query<ListQuery>,
) -> Result<JsonBody<Page<UserRef>>, ApiError> {
    let limit = page_size(query.limit)?;
    let before = cursor(query.cursor.as_deref())?.unwrap_or(i64::MAX);
    let found = blocks::list(&state.pools.reads, session.user_id(), before, limit + 1).await?;
    let found = page(found, limit, |(position, _)| position.to_string());
    Ok(JsonBody(Page {
        items: found.items.into_iter().map(|(_, user)| user).collect(),
        next_cursor: found.next_cursor,
    }))
}

/// Blocks somebody
#[utoipa::path(put, path = "/users/me/blocks/{username}", tag = "users",
    params(("username" = String, Path)),
    responses((status = 204, description = "Blocked"), ChangesOther, Blocks, Limited))]
async fn add(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    UsernamePath(username): UsernamePath,
) -> Result<StatusCode, ApiError> {
    let user = session.user_id();
    check_rate(&state, user)?;
    let blocked = named(&state, &username).await?;
    if blocked.id == user {
        return Err(ApiError::invalid("username", "must be somebody else's"));
    }
    let mut lease = state.pool.acquire().await?;
    let mut transaction = lease.begin().await?;
    let is_blocked = blocks::add(&mut transaction, user, blocked.id, limits::BLOCKS).await?;
    transaction.commit().await?;
    lease.done();
    if !is_blocked {
        return Err(ApiError::ListFull(Entry::Block));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a block
#[utoipa::path(delete, path = "/users/me/blocks/{username}", tag = "users",
    params(("username" = String, Path)),
    responses((status = 204, description = "Not blocked"), ChangesOther, Limited))]
async fn remove(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    UsernamePath(username): UsernamePath,
) -> Result<StatusCode, ApiError> {
    check_rate(&state, session.user_id())?;
    let blocked = named(&state, &username).await?;
    blocks::remove(&state.pool, session.user_id(), blocked.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn named(state: &AppState, username: &str) -> Result<User, ApiError> {
    users::by_name(&state.pool, username)
        .await?
        .ok_or(ApiError::NotFound(Resource::User))
}
