//! The history of a canvas (messages and events), and its active users.

use super::{
    bulk,
    canvases::readable,
    client_addr::ClientAddr,
    error::ApiError,
    extract::{CanvasPath, OptionalUser, Query},
    openapi::{QueryOnly, ReadsCanvas},
    pagination::{cursor, page, page_size},
};
use crate::{
    db::{log, messages},
    state::AppState,
};
use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use serde_json::Value;
use shared::{
    api::{ChatMessage, Page},
    presence::ActiveUser,
};
use std::sync::Arc;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Events and messages read at a time: an event has 12 KB at most.
const AT_ONCE: i64 = 16;

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(messages))
        .routes(routes!(events))
        .routes(routes!(users))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MessagesQuery {
    /// Those before this one
    before_seq: Option<i64>,
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// What was said, newest first
#[utoipa::path(get, path = "/canvases/{canvas_id}/messages", tag = "history", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path), MessagesQuery),
    responses((status = 200, body = Page<ChatMessage>, description = "A page"), ReadsCanvas, QueryOnly))]
async fn messages(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
    client: ClientAddr,
    Query(query): Query<MessagesQuery>,
) -> Result<Response, ApiError> {
    let limit = page_size(query.limit)?;
    let before = cursor(query.cursor.as_deref())?
        .unwrap_or(i64::MAX)
        .min(query.before_seq.unwrap_or(i64::MAX));
    readable(&state.pools.reads, id, user.user_id()).await?;
    let place = bulk::place(&state, id, client).await?;
    let read: bulk::ReadItems<i64> = Arc::new(move |before, count| {
        let reads = state.pools.reads.clone();
        Box::pin(async move {
            let messages = messages::before(&reads, id, before, count).await?;
            let items = messages
                .iter()
                .map(|message| bulk::item(message.seq, message));
            items.collect()
        })
    });
    let cursor = |seq: i64| seq.to_string();
    bulk::page(place, before, limit, AT_ONCE, cursor, read).await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// Those after this one
    after_seq: Option<i64>,
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// Durable events, exactly as sent on the socket, in the order of `seq`
#[utoipa::path(get, path = "/canvases/{canvas_id}/events", tag = "history", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path), EventsQuery),
    responses((status = 200, body = Page<Value>, description = "A page"), ReadsCanvas, QueryOnly))]
async fn events(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
    client: ClientAddr,
    Query(query): Query<EventsQuery>,
) -> Result<Response, ApiError> {
    let limit = page_size(query.limit)?;
    let after = cursor(query.cursor.as_deref())?
        .unwrap_or(0)
        .max(query.after_seq.unwrap_or(0));
    readable(&state.pools.reads, id, user.user_id()).await?;
    let place = bulk::place(&state, id, client).await?;
    let read: bulk::ReadItems<i64> = Arc::new(move |after, count| {
        let reads = state.pools.reads.clone();
        Box::pin(async move { Ok(log::after(&reads, id, after, i64::MAX, count).await?) })
    });
    let cursor = |seq: i64| seq.to_string();
    bulk::page(place, after, limit, AT_ONCE, cursor, read).await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UsersQuery {
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// Who is on a canvas now
#[utoipa::path(get, path = "/canvases/{canvas_id}/users", tag = "history", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path), UsersQuery),
    responses((status = 200, body = Page<ActiveUser>, description = "A page"), ReadsCanvas, QueryOnly))]
async fn users(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
    Query(query): Query<UsersQuery>,
) -> Result<Json<Page<ActiveUser>>, ApiError> {
    let limit = page_size(query.limit)?;
    let after = cursor(query.cursor.as_deref())?.unwrap_or(0);
    readable(&state.pools.reads, id, user.user_id()).await?;
    let mut users = state.hub.active_users(id).await;
    users.retain(|user| user.user_id.0 > after);
    users.sort_by_key(|user| user.user_id);
    Ok(Json(page(users, limit, |last| last.user_id.to_string())))
}
