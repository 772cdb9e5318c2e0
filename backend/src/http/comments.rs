//! The API of comments on tiles. They are read from the database and changed through the hub,
//! which writes the event log and publishes the events.

use super::{
    bulk,
    canvases::{readable, role},
    client_addr::ClientAddr,
    error::{ApiError, Resource},
    extract::{AuthUser, CanvasPath, CommentPath, OptionalUser, Query},
    history::cell,
    json_body::Json,
    openapi::{Body, ChangesComment, Limited, MakesComment, QueryOnly, ReadsCanvas, ReadsComment},
    pagination::{cursor, page_size},
    tiles::coordinate,
};
use crate::{
    auth::Session,
    db::{
        access::Standing,
        comments::{self, Filter},
    },
    realtime::{CommentOp, Done, Operation, RateCost, UNKNOWN_ACL, Write},
    state::AppState,
};
use axum::{Json as JsonBody, extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use shared::{
    api::{
        Page,
        comments::{Comment, NewComment, UpdateComment},
    },
    canvas::Coord,
    ids::{CanvasId, CommentId, OpId},
    limits, text,
};
use std::sync::Arc;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Comments read at a time: one has 6 KB at most.
const AT_ONCE: i64 = 32;

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, remove))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Those on the cell of this column, together with `y`
    x: Option<i64>,
    /// Those on the cell of this row, together with `x`
    y: Option<i64>,
    /// Those that are resolved, or those that are not; answers never are
    resolved: Option<bool>,
    /// Those whose `seq` is higher
    after_seq: Option<i64>,
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// Comments, oldest first
#[utoipa::path(get, path = "/canvases/{canvas_id}/comments", tag = "comments", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path), ListQuery),
    responses((status = 200, body = Page<Comment>, description = "A page"), ReadsCanvas, QueryOnly))]
async fn list(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
    client: ClientAddr,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    let limit = page_size(query.limit)?;
    let after = cursor(query.cursor.as_deref())?
        .unwrap_or(0)
        .max(query.after_seq.unwrap_or(0));
    let filter = Filter {
        cell: cell(query.x, query.y)?,
        resolved: query.resolved,
    };
    readable(&state.pools.reads, id, user.user_id()).await?;
    let permit = bulk::permit(&state, id, client).await?;
    let read: bulk::ReadItems<i64> = Arc::new(move |after, count| {
        let reads = state.pools.reads.clone();
        Box::pin(async move {
            let found = comments::list(&reads, id, filter, after, count).await?;
            let items = found.iter().map(|comment| bulk::item(comment.seq, comment));
            items.collect()
        })
    });
    let cursor = |seq: i64| seq.to_string();
    bulk::page(permit, after, limit, AT_ONCE, cursor, read).await
}

/// The body of a [`NewComment`] whose coordinates may have any size: those that are too large are
/// answered as out of bounds, not as invalid.
#[derive(Deserialize)]
struct NewCommentBody {
    #[serde(deserialize_with = "coordinate")]
    x: i32,
    #[serde(deserialize_with = "coordinate")]
    y: i32,
    text: String,
    parent_id: Option<CommentId>,
    op_id: Option<OpId>,
}

/// Comments on a cell, or answers a comment
#[utoipa::path(post, path = "/canvases/{canvas_id}/comments", tag = "comments", request_body = NewComment,
    params(("canvas_id" = i64, Path)),
    responses((status = 201, body = Comment, description = "Written"),
        (status = 200, body = Comment, description = "Written before, with the same `op_id`"),
        MakesComment, Limited))]
async fn create(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(canvas): CanvasPath,
    Json(body): Json<NewCommentBody>,
) -> Result<(StatusCode, JsonBody<Comment>), ApiError> {
    let op = CommentOp::Create {
        at: Coord {
            x: body.x,
            y: body.y,
        },
        text: checked(&body.text)?,
        parent: body.parent_id,
    };
    let done = write(&state, &session, canvas, body.op_id, op).await?;
    let comment = read(&state, done.comment_id).await?;
    let status = if done.is_repeat {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok((status, JsonBody(comment)))
}

fn checked(text: &str) -> Result<String, ApiError> {
    text::clean(text, &limits::COMMENT_TEXT).map_err(|error| ApiError::invalid("text", error))
}

/// Writes one operation through the hub.
async fn write(
    state: &AppState,
    session: &Session,
    canvas: CanvasId,
    op_id: Option<OpId>,
    op: CommentOp,
) -> Result<Done, ApiError> {
    state
        .hub
        .check_rate(session.user_id(), RateCost::Chat)
        .map_err(ApiError::RateLimited)?;
    let role = role(&state.pool, canvas, session.user_id()).await?;
    let write = Write {
        identity: session.identity.clone(),
        role,
        acl_version: UNKNOWN_ACL,
        sanctions: None,
        standing: Standing::default(),
        op_id,
        operation: Operation::Comment(op),
    };
    Ok(state.hub.write(canvas, write).await?)
}

/// The same for a comment that is there already.
async fn change(
    state: &AppState,
    session: &Session,
    id: CommentId,
    op: CommentOp,
) -> Result<Done, ApiError> {
    let canvas = comments::canvas(&state.pool, id)
        .await?
        .ok_or(ApiError::NotFound(Resource::Comment))?;
    write(state, session, canvas, None, op)
        .await
        .map_err(|error| match error {
            // The canvas was deleted after the comment was found.
            ApiError::NotFound(Resource::Canvas) => ApiError::NotFound(Resource::Comment),
            other => other,
        })
}

/// The comment as it is now.
async fn read(state: &AppState, id: Option<CommentId>) -> Result<Comment, ApiError> {
    let id = id.ok_or(ApiError::NotFound(Resource::Comment))?;
    comments::find(&state.pool, id)
        .await?
        .ok_or(ApiError::NotFound(Resource::Comment))
}

/// A comment
#[utoipa::path(get, path = "/comments/{comment_id}", tag = "comments", security((), ("bearer" = []), ("cookie" = [])),
    params(("comment_id" = i64, Path)),
    responses((status = 200, body = Comment, description = "The comment"), ReadsComment))]
async fn get(
    State(state): State<AppState>,
    user: OptionalUser,
    CommentPath(id): CommentPath,
) -> Result<JsonBody<Comment>, ApiError> {
    let reads = &state.pools.reads;
    let comment = comments::find(reads, id)
        .await?
        .ok_or(ApiError::NotFound(Resource::Comment))?;
    match readable(reads, comment.canvas_id, user.user_id()).await {
        Ok(_) => Ok(JsonBody(comment)),
        // The canvas was deleted after the comment was found.
        Err(ApiError::NotFound(Resource::Canvas)) => Err(ApiError::NotFound(Resource::Comment)),
        Err(error) => Err(error),
    }
}

/// Edits a comment, or settles its thread
#[utoipa::path(patch, path = "/comments/{comment_id}", tag = "comments", request_body = UpdateComment,
    params(("comment_id" = i64, Path)),
    responses((status = 200, body = Comment, description = "Changed"), ChangesComment, Body, Limited))]
async fn update(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CommentPath(id): CommentPath,
    Json(body): Json<UpdateComment>,
) -> Result<JsonBody<Comment>, ApiError> {
    let op = CommentOp::Update {
        id,
        text: body.text.as_deref().map(checked).transpose()?,
        resolved: body.resolved,
    };
    change(&state, &session, id, op).await?;
    read(&state, Some(id)).await.map(JsonBody)
}

/// Removes a comment: one's own, or as a moderator
#[utoipa::path(delete, path = "/comments/{comment_id}", tag = "comments",
    params(("comment_id" = i64, Path)),
    responses((status = 204, description = "Removed"), ChangesComment, Limited))]
async fn remove(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CommentPath(id): CommentPath,
) -> Result<StatusCode, ApiError> {
    change(&state, &session, id, CommentOp::Remove(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
