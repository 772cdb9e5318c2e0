//! The moderation log of a canvas, for everybody who may read the canvas: what was done to
//! keep order. Who did it is told to moderators alone.

use super::{
    canvases::readable,
    error::ApiError,
    extract::{CanvasPath, OptionalUser, Query},
    openapi::{QueryOnly, ReadsCanvas},
    pagination::{cursor, page, page_size},
};
use crate::{db::moderation_log, state::AppState};
use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    api::{Page, moderation::LogLine},
    canvas::Role,
};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
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

/// What was done to keep order, newest first
#[utoipa::path(get, path = "/canvases/{canvas_id}/moderation_log", tag = "moderation_log",
    security((), ("bearer" = []), ("cookie" = [])), params(("canvas_id" = i64, Path), ListQuery),
    responses((status = 200, body = Page<LogLine>, description = "A page"), ReadsCanvas, QueryOnly))]
async fn list(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<LogLine>>, ApiError> {
    let limit = page_size(query.limit)?;
    let before = cursor(query.cursor.as_deref())?.unwrap_or(i64::MAX);
    let reads = &state.pools.reads;
    let access = readable(reads, id, user.user_id()).await?;
    let with_actors = access.role >= Some(Role::Moderator);
    let lines = moderation_log::list(reads, id, before, limit + 1, with_actors).await?;
    Ok(Json(page(lines, limit, |last| last.id.to_string())))
}
