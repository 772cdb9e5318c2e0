//! The snapshot of a canvas, from one consistent read, that a client starts from.

use super::{
    canvases::readable,
    error::{ApiError, Resource},
    etag,
    extract::{CanvasPath, OptionalUser},
    openapi::ReadsCanvas,
};
use crate::{
    db::{
        self, canvases, messages,
        tiles::{self, Filter},
    },
    state::AppState,
};
use axum::{Json, extract::State, http::HeaderMap, response::Response};
use shared::{api::Snapshot, limits};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(snapshot))
}

/// Everything that is on a canvas, from one consistent read
#[utoipa::path(get, path = "/canvases/{canvas_id}/snapshot", tag = "canvases", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path)),
    responses((status = 200, body = Snapshot, description = "All up to `seq`, nothing later"),
        (status = 304, description = "As it was when the ETag was given"), ReadsCanvas))]
async fn snapshot(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let viewer = user.user_id();
    // A board can be tens of megabytes, so only a few are read at a time.
    let _permit = state
        .bulk_read_permits
        .acquire()
        .await
        .map_err(ApiError::internal)?;
    let active_users = state.hub.active_users(id).await;
    let mut transaction = db::begin_snapshot(&state.pool).await?;
    readable(&mut *transaction, id, viewer).await?;
    let mut canvas = canvases::find(&mut *transaction, id, viewer)
        .await?
        .ok_or(ApiError::NotFound(Resource::Canvas))?;
    canvas.active_users = active_users.len();
    // The canvas has `epoch` and `last_seq`, on which tiles, messages and likes
    // depend, and the viewer's role.
    let etag = etag::weak(&(viewer, &canvas, &active_users))?;
    if etag::matches(&headers, &etag) {
        return Ok(etag::not_modified(etag));
    }
    let tiles = tiles::list(&mut *transaction, id, viewer, Filter::ALL).await?;
    let newest = limits::SNAPSHOT_MESSAGES;
    let mut messages = messages::before(&mut *transaction, id, i64::MAX, newest).await?;
    transaction.commit().await?;
    messages.reverse();
    let snapshot = Snapshot {
        epoch: canvas.epoch,
        seq: canvas.last_seq,
        canvas,
        tiles,
        messages,
        active_users,
    };
    Ok(etag::tagged(etag, Json(snapshot)))
}
