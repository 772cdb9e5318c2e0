//! The API of tiles. They are read from the database and changed through the hub,
//! which writes the event log and publishes the events.

use super::{
    bulk,
    canvases::{read_canvas, readable, role},
    client_addr::ClientAddr,
    error::{ApiError, Resource},
    etag,
    extract::{AuthUser, CanvasPath, OptionalUser, Query, TilePath},
    json_body::Json,
    openapi::{
        Body, CellBody, ChangesTile, Draws, Limited, LimitedDrawing, Locked, QueryOnly,
        ReadsCanvas, ReadsTile, StartsTile,
    },
    pagination::page_size,
    snapshot::tiles_at_once,
    validator::Validator,
};
use crate::{
    auth::Session,
    db::{
        access::Standing,
        tiles::{self, Filter},
    },
    realtime::{Done, Operation, RateCost, UNKNOWN_ACL, Write},
    state::AppState,
};
use axum::{
    Json as JsonBody,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::{
    Deserialize, Deserializer,
    de::{self, Unexpected},
};
use serde_json::Number;
use shared::{
    api::{CreateTile, Liked, Page, Tile, UpdateTile},
    canvas::{Coord, TileOp},
    ids::{CanvasId, TileId},
    limits,
    pixels::Pixels,
    text,
};
use std::sync::Arc;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(like, unlike))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// First column
    x0: Option<i64>,
    /// First row
    y0: Option<i64>,
    /// Last column
    x1: Option<i64>,
    /// Last row
    y1: Option<i64>,
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// Tiles in a box of cells, column by column
#[utoipa::path(get, path = "/canvases/{canvas_id}/tiles", tag = "tiles", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path), ListQuery),
    responses((status = 200, body = Page<Tile>, description = "A page"),
        (status = 304, description = "As it was when the ETag was given"), ReadsCanvas, QueryOnly))]
async fn list(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
    client: ClientAddr,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let limit = page_size(query.limit)?;
    let everything = Filter::ALL;
    let filter = Filter {
        from: Coord {
            x: query.x0.map_or(everything.from.x, clamp),
            y: query.y0.map_or(everything.from.y, clamp),
        },
        to: Coord {
            x: query.x1.map_or(everything.to.x, clamp),
            y: query.y1.map_or(everything.to.y, clamp),
        },
        after: after(query.cursor.as_deref())?.unwrap_or(everything.after),
        limit: Some(limit),
    };
    let (viewer, reads) = (user.user_id(), state.pools.reads.clone());
    let viewer = readable(&reads, id, viewer).await?.reader(viewer);
    let canvas = read_canvas(&reads, id, viewer).await?;
    // Everything that a tile shows changes with an event.
    let current = etag::weak(&(viewer, canvas.epoch, canvas.last_seq, filter))?;
    if etag::matches(&headers, &current) {
        return Ok(etag::not_modified(current));
    }
    let permit = bulk::permit(&state, id, client).await?;
    let read: bulk::ReadItems<Coord> = Arc::new(move |after, count| {
        let reads = reads.clone();
        let filter = Filter {
            after,
            limit: Some(count),
            ..filter
        };
        Box::pin(async move {
            let tiles = tiles::list(&reads, id, viewer, filter).await?;
            let items = tiles.iter().map(|tile| {
                let at = Coord {
                    x: tile.x,
                    y: tile.y,
                };
                bulk::item(at, tile)
            });
            items.collect()
        })
    });
    let cursor = |at: Coord| format!("{}.{}", at.x, at.y);
    let at_once = tiles_at_once(&canvas);
    let page = bulk::page(permit, filter.after, limit, at_once, cursor, read).await?;
    Ok(etag::tagged(current, page))
}

/// The nearest `i32`; numbers outside of every canvas stay outside.
fn clamp(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(if value < 0 { i32::MIN } else { i32::MAX })
}

fn after(cursor: Option<&str>) -> Result<Option<Coord>, ApiError> {
    let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else {
        return Ok(None);
    };
    cursor
        .split_once('.')
        .and_then(|(x, y)| {
            Some(Coord {
                x: x.parse().ok()?,
                y: y.parse().ok()?,
            })
        })
        .map(Some)
        .ok_or_else(|| ApiError::invalid("cursor", "was not given out by this list"))
}

/// A [`CreateTile`] whose integers may have any size: those that are too large are
/// answered as out of bounds, not as invalid.
#[derive(Deserialize)]
struct NewTile {
    #[serde(deserialize_with = "coordinate")]
    x: i32,
    #[serde(deserialize_with = "coordinate")]
    y: i32,
    title: Option<String>,
    pixels: Option<Pixels>,
}

/// A column or row of any size; one that is too large becomes the nearest `i32`.
pub(super) fn coordinate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    let whole = || de::Error::invalid_type(Unexpected::Other("something else"), &"a whole number");
    let number = Number::deserialize(deserializer).map_err(|_: D::Error| whole())?;
    if let Some(value) = number.as_i64() {
        return Ok(clamp(value));
    }
    // Larger integers are parsed as floats, and floats of that size are integers.
    match number.as_f64() {
        Some(value) if value >= 9.2e18 => Ok(i32::MAX),
        Some(value) if value <= -9.2e18 => Ok(i32::MIN),
        _ => Err(whole()),
    }
}

/// Starts a tile in an empty cell
#[utoipa::path(post, path = "/canvases/{canvas_id}/tiles", tag = "tiles", request_body = CreateTile,
    params(("canvas_id" = i64, Path)),
    responses((status = 201, body = Tile, description = "Started"), StartsTile, CellBody, LimitedDrawing))]
async fn create(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(canvas_id): CanvasPath,
    Json(body): Json<NewTile>,
) -> Result<(StatusCode, JsonBody<Tile>), ApiError> {
    let named = title(body.title.as_deref().unwrap_or_default())?;
    let at = Coord {
        x: body.x,
        y: body.y,
    };
    let op = TileOp::Create {
        title: named,
        pixels: body.pixels,
    };
    check_rate(&state, &session, &op)?;
    let done = write(&state, &session, canvas_id, at, None, op).await?;
    let id = done.tile_id.ok_or(ApiError::NotFound(Resource::Tile))?;
    let tile = tiles::find(&state.pool, id, Some(session.user_id()))
        .await?
        .ok_or(ApiError::NotFound(Resource::Tile))?;
    Ok((StatusCode::CREATED, JsonBody(tile)))
}

fn title(title: &str) -> Result<String, ApiError> {
    let mut validator = Validator::default();
    let title = validator.value("title", text::name(title, &limits::TILE_TITLE));
    validator.finish()?;
    Ok(title)
}

/// Counts the operation among all that the user does, on WebSockets too.
fn check_rate(state: &AppState, session: &Session, op: &TileOp) -> Result<(), ApiError> {
    state
        .hub
        .check_rate(session.user_id(), RateCost::of_tile_op(op))
        .map_err(ApiError::RateLimited)
}

/// Writes one operation on a cell through the hub.
async fn write(
    state: &AppState,
    session: &Session,
    canvas_id: CanvasId,
    at: Coord,
    expected: Option<TileId>,
    op: TileOp,
) -> Result<Done, ApiError> {
    let role = role(&state.pool, canvas_id, session.user_id()).await?;
    let write = Write {
        identity: session.identity.clone(),
        role,
        acl_version: UNKNOWN_ACL,
        sanctions: None,
        standing: Standing::default(),
        op_id: None,
        operation: Operation::Tile {
            at,
            expected,
            op,
            undo_of: None,
        },
    };
    Ok(state.hub.write(canvas_id, write).await?)
}

/// The same for the cell of a tile, if the tile is still there.
async fn write_to(
    state: &AppState,
    session: &Session,
    id: TileId,
    op: TileOp,
) -> Result<Done, ApiError> {
    check_rate(state, session, &op)?;
    let (canvas_id, at) = tiles::location(&state.pool, id)
        .await?
        .ok_or(ApiError::NotFound(Resource::Tile))?;
    write(state, session, canvas_id, at, Some(id), op)
        .await
        .map_err(|error| match error {
            // The canvas was deleted after the tile was found.
            ApiError::NotFound(Resource::Canvas) => ApiError::NotFound(Resource::Tile),
            other => other,
        })
}

/// A tile
#[utoipa::path(get, path = "/tiles/{tile_id}", tag = "tiles", security((), ("bearer" = []), ("cookie" = [])),
    params(("tile_id" = i64, Path)),
    responses((status = 200, body = Tile, description = "The tile"), ReadsTile))]
async fn get(
    State(state): State<AppState>,
    user: OptionalUser,
    TilePath(id): TilePath,
) -> Result<JsonBody<Tile>, ApiError> {
    let viewer = user.user_id();
    let mut tile = tiles::find(&state.pools.reads, id, viewer)
        .await?
        .ok_or(ApiError::NotFound(Resource::Tile))?;
    let access = readable(&state.pools.reads, tile.canvas_id, viewer).await?;
    tile.liked_by_me &= access.reader(viewer).is_some();
    Ok(JsonBody(tile))
}

/// Replaces a tile's title, pixels or both
#[utoipa::path(patch, path = "/tiles/{tile_id}", tag = "tiles", request_body = UpdateTile,
    params(("tile_id" = i64, Path)),
    responses((status = 200, body = Tile, description = "Changed"), ChangesTile, Body, Draws, LimitedDrawing))]
async fn update(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    TilePath(id): TilePath,
    Json(body): Json<UpdateTile>,
) -> Result<JsonBody<Tile>, ApiError> {
    let op = TileOp::Update {
        title: body.title.as_deref().map(title).transpose()?,
        pixels: body.pixels,
        base_version: body.base_version,
    };
    write_to(&state, &session, id, op).await?;
    let tile = tiles::find(&state.pool, id, Some(session.user_id())).await?;
    tile.map(JsonBody).ok_or(ApiError::NotFound(Resource::Tile))
}

/// Empties a tile's cell
#[utoipa::path(delete, path = "/tiles/{tile_id}", tag = "tiles",
    params(("tile_id" = i64, Path)),
    responses((status = 204, description = "Deleted"), ChangesTile, Locked, LimitedDrawing))]
async fn delete(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    TilePath(id): TilePath,
) -> Result<StatusCode, ApiError> {
    write_to(&state, &session, id, TileOp::Delete).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Likes a tile
#[utoipa::path(put, path = "/tiles/{tile_id}/like", tag = "tiles",
    params(("tile_id" = i64, Path)),
    responses((status = 200, body = Liked, description = "Liked"), ChangesTile, Limited))]
async fn like(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    TilePath(id): TilePath,
) -> Result<JsonBody<Liked>, ApiError> {
    set_like(&state, &session, id, true).await
}

/// Likes a tile no longer
#[utoipa::path(delete, path = "/tiles/{tile_id}/like", tag = "tiles",
    params(("tile_id" = i64, Path)),
    responses((status = 200, body = Liked, description = "Not liked"), ChangesTile, Limited))]
async fn unlike(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    TilePath(id): TilePath,
) -> Result<JsonBody<Liked>, ApiError> {
    set_like(&state, &session, id, false).await
}

async fn set_like(
    state: &AppState,
    session: &Session,
    tile_id: TileId,
    liked: bool,
) -> Result<JsonBody<Liked>, ApiError> {
    let done = write_to(state, session, tile_id, TileOp::Like { liked }).await?;
    let like_count = match done.like_count {
        Some(count) => count,
        None => tiles::like_count(&state.pool, tile_id)
            .await?
            .ok_or(ApiError::NotFound(Resource::Tile))?,
    };
    Ok(JsonBody(Liked {
        tile_id,
        like_count,
        liked,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_too_large_for_a_cell_stay_outside() {
        assert_eq!(clamp(7), 7);
        assert_eq!(clamp(1 << 40), i32::MAX);
        assert_eq!(clamp(-1 << 40), i32::MIN);
    }

    #[test]
    fn cursors_are_cells() {
        assert_eq!(after(Some("3.4")).unwrap(), Some(Coord { x: 3, y: 4 }));
        assert_eq!(after(None).unwrap(), None);
        for wrong in ["3", "3.x", "a.4", "3.4.5"] {
            assert!(after(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
