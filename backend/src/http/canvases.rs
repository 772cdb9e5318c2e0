//! The API of canvases: create, list, read, update, delete.

mod settings;

use super::{
    client_addr::ClientAddr,
    error::{ApiError, Resource},
    etag,
    extract::{AuthUser, CanvasPath, OptionalUser, Query},
    json_body::Json,
    openapi::{Body, ChangesCanvas, ChangesOwn, Credentials, Limited, QueryOnly, ReadsCanvas},
    pagination::{cursor, page, page_size},
    validator::Validator,
};
use crate::{
    audit::{Action, AuditEntry},
    db::{
        Pool,
        access::{self, Access},
        canvases::{self, Filter},
    },
    realtime::RateCost,
    state::AppState,
};
use axum::{
    Json as JsonBody,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;
use shared::{
    api::{Canvas, CreateCanvas, Page, UpdateCanvas},
    canvas::Role,
    ids::{CanvasId, UserId},
    limits,
    pixels::DEFAULT_PALETTE,
    text,
};
use sqlx::PgExecutor;
use std::ops::RangeInclusive;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(get, update, delete))
}

/// What `viewer` may do on the canvas.
///
/// # Errors
/// `NotFound` without such a canvas, `Forbidden` or `Sanctioned` if they may not read it.
pub(super) async fn readable(
    executor: impl PgExecutor<'_>,
    id: CanvasId,
    viewer: Option<UserId>,
) -> Result<Access, ApiError> {
    let access = access::find(executor, id, viewer)
        .await?
        .ok_or(ApiError::NotFound(Resource::Canvas))?;
    if access.reads() {
        return Ok(access);
    }
    match access.ban {
        // A member whom the ban keeps out.
        Some(ban) if access.lasting_role.is_some() => Err(ApiError::Sanctioned(ban)),
        _ => Err(ApiError::Forbidden),
    }
}

/// A canvas, with what `viewer` has to do with it.
///
/// # Errors
/// `NotFound` without such a canvas; those of the database.
pub(super) async fn read_canvas(
    executor: impl PgExecutor<'_>,
    id: CanvasId,
    viewer: Option<UserId>,
) -> Result<Canvas, ApiError> {
    let canvas = canvases::find(executor, id, viewer).await?;
    canvas.ok_or(ApiError::NotFound(Resource::Canvas))
}

/// The same, of a canvas that `viewer` may read.
///
/// # Errors
/// As [`readable`].
pub(super) async fn readable_canvas(
    pool: &Pool,
    id: CanvasId,
    viewer: Option<UserId>,
) -> Result<Canvas, ApiError> {
    readable(pool, id, viewer).await?;
    read_canvas(pool, id, viewer).await
}

/// The role of a user on the canvas, for something that changes it.
///
/// # Errors
/// As [`readable`], `Sanctioned` during a ban, and `Forbidden` without a role.
pub(super) async fn role(
    executor: impl PgExecutor<'_>,
    id: CanvasId,
    user: UserId,
) -> Result<Role, ApiError> {
    let access = readable(executor, id, Some(user)).await?;
    match access.ban {
        Some(ban) => Err(ApiError::Sanctioned(ban)),
        None => access.role.ok_or(ApiError::Forbidden),
    }
}

/// Counts a change of settings or members among all that the user does.
pub(super) fn check_rate(state: &AppState, user: UserId) -> Result<(), ApiError> {
    state
        .hub
        .check_rate(user, RateCost::Settings)
        .map_err(ApiError::RateLimited)
}

/// The canvas as `viewer` sees it, with the number of users on it now.
pub(super) async fn canvas_for(
    state: &AppState,
    id: CanvasId,
    viewer: Option<UserId>,
) -> Result<Canvas, ApiError> {
    let mut canvas = read_canvas(&state.pool, id, viewer).await?;
    let counts = state.hub.active_counts(&[id]).await;
    canvas.active_users = counts.first().copied().unwrap_or(0);
    Ok(canvas)
}

/// Makes a canvas
#[utoipa::path(post, path = "/canvases", tag = "canvases", request_body = CreateCanvas,
    responses((status = 201, body = Canvas, description = "Made"), ChangesOwn, Body, Limited))]
async fn create(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    Json(body): Json<CreateCanvas>,
) -> Result<(StatusCode, JsonBody<Canvas>), ApiError> {
    let mut validator = Validator::default();
    let name = validator.value("name", text::name(&body.name, &limits::CANVAS_NAME));
    let description = body.description.unwrap_or_default();
    let description = text::clean(&description, &limits::CANVAS_DESCRIPTION);
    let new = canvases::New {
        name,
        description: validator.value("description", description),
        width: validator.value("width", within(body.width, limits::CANVAS_SIDE)),
        height: validator.value("height", within(body.height, limits::CANVAS_SIDE)),
        tile_size: validator.value(
            "tile_size",
            within(
                body.tile_size.unwrap_or(limits::DEFAULT_TILE_SIZE),
                limits::TILE_SIZE,
            ),
        ),
        palette: match body.palette {
            Some(colours) => validator.value("palette", palette(&colours)),
            None => DEFAULT_PALETTE.map(str::to_owned).to_vec(),
        },
        visibility: body.visibility.unwrap_or_default(),
        edit_policy: body.edit_policy.unwrap_or_default(),
    };
    validator.finish()?;
    state
        .user_limits
        .canvas(session.user_id())
        .map_err(ApiError::RateLimited)?;
    let id = canvases::insert(&state.pool, session.user_id(), &new).await?;
    let canvas = canvas_for(&state, id, Some(session.user_id())).await?;
    Ok((StatusCode::CREATED, JsonBody(canvas)))
}

fn within(value: i32, range: RangeInclusive<i32>) -> Result<i32, String> {
    if range.contains(&value) {
        Ok(value)
    } else {
        Err(format!("must be from {} to {}", range.start(), range.end()))
    }
}

fn palette(colours: &[String]) -> Result<Vec<String>, String> {
    if !limits::PALETTE.contains(&colours.len()) {
        return Err(format!(
            "must have from {} to {} colours",
            limits::PALETTE.start(),
            limits::PALETTE.end()
        ));
    }
    colours.iter().map(|colour| hex_colour(colour)).collect()
}

fn hex_colour(colour: &str) -> Result<String, String> {
    let digits = colour.strip_prefix('#').unwrap_or_default();
    if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(colour.to_ascii_lowercase())
    } else {
        Err("must be colours like #rrggbb".to_owned())
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Text in the name or the description
    q: Option<String>,
    /// Those that one made or has a role on, instead of the public ones
    mine: Option<bool>,
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// Finds canvases, newest first
#[utoipa::path(get, path = "/canvases", tag = "canvases", params(ListQuery), security((), ("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<Canvas>, description = "A page"),
        (status = 304, description = "As it was when the ETag was given"), Credentials, QueryOnly, Limited))]
async fn list(
    State(state): State<AppState>,
    user: OptionalUser,
    client: ClientAddr,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let limit = page_size(query.limit)?;
    let text = text::clean(query.q.as_deref().unwrap_or_default(), &(0..=200))
        .map_err(|error| ApiError::invalid("q", error))?;
    let mine = query.mine.unwrap_or_default();
    if mine && user.0.is_none() {
        return Err(ApiError::Unauthenticated);
    }
    state
        .list_limits
        .list(user.user_id(), client.ip)
        .map_err(ApiError::RateLimited)?;
    let after = cursor(query.cursor.as_deref())?;
    let search = if text.is_empty() {
        None
    } else {
        Some(state.list_limits.search().await?)
    };
    let (reads, user) = (state.pools.reads.clone(), user.user_id());
    let find = async move {
        let filter = Filter {
            text: &text,
            mine,
            after,
            limit: limit + 1,
        };
        let found = canvases::list(&reads, user, &filter).await;
        drop(search);
        found
    };
    // A search goes on, and holds its permit, if the client is gone.
    let found = tokio::spawn(find).await.map_err(ApiError::internal)??;
    let found = page(found, limit, |(_, position)| position.to_string());
    let mut canvases: Vec<Canvas> = found.items.into_iter().map(|(canvas, _)| canvas).collect();
    let ids: Vec<CanvasId> = canvases.iter().map(|canvas| canvas.id).collect();
    let counts = state.hub.active_counts(&ids).await;
    for (canvas, count) in canvases.iter_mut().zip(counts) {
        canvas.active_users = count;
    }
    let page = Page {
        items: canvases,
        next_cursor: found.next_cursor,
    };
    etag::json(&headers, &page)
}

/// A canvas
#[utoipa::path(get, path = "/canvases/{canvas_id}", tag = "canvases", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path)),
    responses((status = 200, body = Canvas, description = "The canvas"), ReadsCanvas))]
async fn get(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
) -> Result<JsonBody<Canvas>, ApiError> {
    let viewer = user.user_id();
    let access = readable(&state.pools.reads, id, viewer).await?;
    canvas_for(&state, id, access.reader(viewer))
        .await
        .map(JsonBody)
}

/// Changes a canvas's settings; for its owner, slow mode and lockdowns of a day for moderators
#[utoipa::path(patch, path = "/canvases/{canvas_id}", tag = "canvases", request_body = UpdateCanvas,
    params(("canvas_id" = i64, Path)),
    responses((status = 200, body = Canvas, description = "Changed"), ChangesCanvas, Body, Limited))]
async fn update(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    addr: ClientAddr,
    Json(body): Json<UpdateCanvas>,
) -> Result<JsonBody<Canvas>, ApiError> {
    let entry = AuditEntry::new(Action::CanvasChanged, addr.ip)
        .by(session.user_id())
        .on(id);
    let changed = settings::change(&state, session, id, body).await;
    state.audit.record(entry.ended(&changed));
    changed.map(JsonBody)
}

/// Deletes a canvas with all that is on it; for its owner
#[utoipa::path(delete, path = "/canvases/{canvas_id}", tag = "canvases",
    params(("canvas_id" = i64, Path)),
    responses((status = 204, description = "Deleted"), ChangesCanvas, Limited))]
async fn delete(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    addr: ClientAddr,
) -> Result<StatusCode, ApiError> {
    let removed = remove(&state, id, session.user_id()).await;
    let entry = AuditEntry::new(Action::CanvasDeleted, addr.ip)
        .by(session.user_id())
        .on(id);
    state.audit.record(entry.ended(&removed));
    removed.map(|()| StatusCode::NO_CONTENT)
}

async fn remove(state: &AppState, id: CanvasId, user: UserId) -> Result<(), ApiError> {
    check_rate(state, user)?;
    if role(&state.pool, id, user).await? != Role::Owner {
        return Err(ApiError::Forbidden);
    }
    if !canvases::delete(&state.pool, id).await? {
        return Err(ApiError::NotFound(Resource::Canvas));
    }
    state.hub.canvas_deleted(id);
    state.canvas_deleted.notify_one();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn palettes_are_colours() {
        let colours =
            |list: &[&str]| palette(&list.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(colours(&["#AABBCC", "#000000"]).unwrap()[0], "#aabbcc");
        assert!(colours(&["#000000"]).is_err());
        assert!(colours(&["#000000", "red"]).is_err());
        assert!(colours(&["#000000", "#00000ü"]).is_err());
        assert!(colours(&["#000000"; 65]).is_err());
        assert!(colours(&DEFAULT_PALETTE).is_ok());
    }
}
