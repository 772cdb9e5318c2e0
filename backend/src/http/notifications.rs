//! The notifications of the signed-in user, and which kinds they want.

use super::{
    canvases::check_rate,
    error::ApiError,
    extract::{AuthUser, Query, SessionUser},
    json_body::Json,
    openapi::{Body, ChangesOwn, Limited, QueryOnly, ReadsOwn, SignedIn},
    pagination::{cursor, page, page_size},
};
use crate::{
    db::{
        notifications::{self, ReadSelector},
        preferences,
    },
    state::AppState,
};
use axum::{Json as JsonBody, extract::State, http::StatusCode};
use serde::Deserialize;
use shared::{
    api::notifications::{NotificationPage, Preferences, ReadNotifications, UpdatePreferences},
    limits,
};
use sqlx::Connection;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(read))
        .routes(routes!(show_preferences, update_preferences))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// True for those alone that are unread
    unread: Option<bool>,
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// One's notifications, newest first
#[utoipa::path(get, path = "/users/me/notifications", tag = "notifications", params(ListQuery),
    responses((status = 200, body = NotificationPage, description = "A page"), ReadsOwn, QueryOnly))]
async fn list(
    State(state): State<AppState>,
    SessionUser(session): SessionUser,
    Query(query): Query<ListQuery>,
) -> Result<JsonBody<NotificationPage>, ApiError> {
    let limit = page_size(query.limit)?;
    let before = cursor(query.cursor.as_deref())?.unwrap_or(i64::MAX);
    let (reads, user) = (&state.pools.reads, session.user_id());
    let only_unread = query.unread.unwrap_or_default();
    let found = notifications::list(reads, user, only_unread, before, limit + 1).await?;
    let found = page(found, limit, |last| last.id.to_string());
    Ok(JsonBody(NotificationPage {
        items: found.items,
        next_cursor: found.next_cursor,
        unread_count: notifications::unread_count(reads, user).await?,
    }))
}

/// Marks notifications as read
#[utoipa::path(post, path = "/users/me/notifications/read", tag = "notifications",
    request_body = ReadNotifications,
    responses((status = 204, description = "Read"), SignedIn, Body, Limited))]
async fn read(
    State(state): State<AppState>,
    SessionUser(session): SessionUser,
    Json(body): Json<ReadNotifications>,
) -> Result<StatusCode, ApiError> {
    let selector = match (body.up_to_id, body.ids.as_deref()) {
        (Some(id), None) => ReadSelector::UpTo(id),
        (None, Some(ids)) if ids.len() <= limits::NOTIFICATIONS => ReadSelector::Ids(ids),
        (None, Some(_)) => {
            let message = format_args!("must be at most {}", limits::NOTIFICATIONS);
            return Err(ApiError::invalid("ids", message));
        }
        (None, None) => return Err(ApiError::invalid("up_to_id", "is required, or ids")),
        (Some(_), Some(_)) => return Err(ApiError::invalid("ids", "excludes up_to_id")),
    };
    let user = session.user_id();
    check_rate(&state, user)?;
    if let Some(unread) = notifications::mark_read(&state.pool, user, selector).await? {
        state.hub.notifier().notifications_read(user, unread);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What one wants to be told, and who may write to one
#[utoipa::path(get, path = "/users/me/preferences", tag = "notifications",
    responses((status = 200, body = Preferences, description = "The preferences"), ReadsOwn))]
async fn show_preferences(
    State(state): State<AppState>,
    SessionUser(session): SessionUser,
) -> Result<JsonBody<Preferences>, ApiError> {
    let found = preferences::find(&state.pools.reads, session.user_id()).await?;
    Ok(JsonBody(found))
}

/// Changes what one wants to be told, and who may write to one
#[utoipa::path(patch, path = "/users/me/preferences", tag = "notifications",
    request_body = UpdatePreferences,
    responses((status = 200, body = Preferences, description = "Changed"), ChangesOwn, Body, Limited))]
async fn update_preferences(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    Json(body): Json<UpdatePreferences>,
) -> Result<JsonBody<Preferences>, ApiError> {
    check_rate(&state, session.user_id())?;
    let mut lease = state.pool.acquire().await?;
    let mut transaction = lease.begin().await?;
    let changed = preferences::update(&mut transaction, session.user_id(), &body).await?;
    transaction.commit().await?;
    lease.done();
    Ok(JsonBody(changed))
}
