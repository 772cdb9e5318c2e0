//! The moderation log of a canvas, for everybody who may read the canvas: what was done to
//! keep order. Who did it is told to moderators alone.

use super::{
    canvases::readable,
    error::ApiError,
    extract::{CanvasPath, OptionalUser, Query},
    openapi::{QueryOnly, ReadsCanvas},
    pagination::{cursor, page, page_size},
};
use crate::{
    db::{Pool, moderation_log, users},
    state::AppState,
};
use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    api::{Page, moderation::LogLine},
    canvas::Role,
    ids::UserId,
};
use std::collections::{BTreeSet, HashMap};
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
    let mut lines = moderation_log::list(reads, id, before, limit + 1, with_actors).await?;
    refresh_names(reads, &mut lines).await?;
    Ok(Json(page(lines, limit, |last| last.id.to_string())))
}

/// Gives the people whom details name the names that they have now: accounts are renamed and
/// deleted.
async fn refresh_names(reads: &Pool, lines: &mut [LogLine]) -> Result<(), ApiError> {
    let named: BTreeSet<UserId> = lines.iter().flat_map(named_in).collect();
    if named.is_empty() {
        return Ok(());
    }
    let named: Vec<UserId> = named.into_iter().collect();
    let found = users::refs(reads, &named).await?.into_iter();
    let names: HashMap<UserId, String> = found.map(|user| (user.user_id, user.username)).collect();
    for line in lines {
        let named = named_in(line);
        if !named.is_empty() {
            let names: Vec<&String> = named.iter().filter_map(|user| names.get(user)).collect();
            line.detail["usernames"] = json!(names);
        }
    }
    Ok(())
}

/// The people whom the detail of a line names.
fn named_in(line: &LogLine) -> Vec<UserId> {
    let ids = line.detail.get("user_ids").and_then(Value::as_array);
    let ids = ids.into_iter().flatten().filter_map(Value::as_i64);
    ids.map(UserId).collect()
}
