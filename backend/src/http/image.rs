//! A canvas as a PNG. Encoded pictures are cached (`picture::ImageCache`), so that
//! the thumbnails of a start page cost little.

use super::{
    bulk,
    canvases::{read_canvas, readable_canvas},
    client_addr::ClientAddr,
    error::ApiError,
    etag,
    extract::{CanvasPath, OptionalUser, Query},
    openapi::{PictureQuery, ReadsCanvas},
    past as moments,
};
use crate::{
    db::tiles,
    low_priority,
    past::tiles as past,
    picture::{self, Board, Picture, View},
    state::AppState,
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use axum_extra::{TypedHeader, headers::ETag};
use serde::Deserialize;
use shared::{
    api::Canvas,
    canvas::{Coord, Visibility},
    ids::CanvasId,
    limits,
};
use std::sync::Arc;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(image))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImageQuery {
    /// Pixels of the picture per pixel of the board, in both directions; 1 by default
    #[param(minimum = 1, maximum = 8)]
    scale: Option<usize>,
    /// As it was after the event with this `seq`, or at this time (RFC 3339); now if not given
    at: Option<String>,
    /// First column of an area, instead of the whole board
    x0: Option<i64>,
    /// First row
    y0: Option<i64>,
    /// Last column
    x1: Option<i64>,
    /// Last row
    y1: Option<i64>,
}

/// The board, or an area of it, as a PNG
#[utoipa::path(get, path = "/canvases/{canvas_id}/image.png", tag = "canvases", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path), ImageQuery),
    responses((status = 200, content_type = "image/png", body = Vec<u8>, description = "The board"),
        (status = 304, description = "As it was when the ETag was given"),
        PictureQuery, ReadsCanvas))]
async fn image(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
    client: ClientAddr,
    Query(query): Query<ImageQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let scale = query.scale.unwrap_or(1);
    if !(1..=8).contains(&scale) {
        return Err(ApiError::invalid("scale", "must be from 1 to 8"));
    }
    let at = moments::at("at", query.at.as_deref())?;
    let viewer = user.user_id();
    let canvas = readable_canvas(&state.pools.reads, id, viewer).await?;
    let area = moments::area([query.x0, query.y0, query.x1, query.y1], &canvas)?;
    let at = match at {
        Some(at) => Some(moments::resolve(&state, id, "at", at).await?),
        None => None,
    };
    let view = View { area, at, scale };
    let board = board(&canvas, view);
    let most = usize::try_from(limits::IMAGE_SIDE).unwrap_or_default();
    if board.width() > most || board.height() > most {
        return Err(ApiError::ImageTooLarge);
    }
    let current = tag(&canvas, view)?;
    if etag::matches(&headers, &current) {
        let headers = (TypedHeader(current), caching(&canvas));
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let Picture { canvas, png } = picture(state.clone(), canvas, view, client).await?;
    // The answer has a permit of its own: the picture may have been made for others.
    let permit = bulk::permit(&state, id, client).await?;
    let answer = (
        TypedHeader(tag(&canvas, view)?),
        caching(&canvas),
        [(header::CONTENT_TYPE, "image/png")],
        png,
    );
    Ok(bulk::attach_permit(permit, answer))
}

/// The picture from the cache, or a new one. Made on a task of its own: if the client is
/// gone meanwhile, the work goes on, holds its permit, and serves those who wait as well.
async fn picture(
    state: AppState,
    canvas: Canvas,
    view: View,
    client: ClientAddr,
) -> Result<Picture, ApiError> {
    if let Some(picture) = state.image_cache.get(&canvas, view).await {
        return Ok(picture);
    }
    let made = tokio::spawn(async move {
        let encoding = encode(&state, canvas.id, view, client);
        let cached = state.image_cache.get_or_encode(&canvas, view, encoding);
        cached.await.map_err(ApiError::from_shared)
    });
    made.await.map_err(ApiError::internal)?
}

fn board(canvas: &Canvas, view: View) -> Board {
    let size = |length: i32| usize::try_from(length).unwrap_or_default();
    let area = view
        .area
        .unwrap_or(past::board(canvas.width, canvas.height));
    Board {
        first: Coord {
            x: area.x0,
            y: area.y0,
        },
        columns: size(area.x1 - area.x0 + 1),
        rows: size(area.y1 - area.y0 + 1),
        tile_size: size(canvas.tile_size),
        scale: view.scale,
    }
}

/// Reads the board and encodes it, with a permit that is held until the encoder ends.
async fn encode(
    state: &AppState,
    id: CanvasId,
    view: View,
    client: ClientAddr,
) -> Result<Picture, ApiError> {
    let permit = bulk::compute_permit(state, id, client).await?;
    let mut lease = bulk::lease(state).await?;
    lease.begin_snapshot().await?;
    let canvas = read_canvas(&mut lease, id, None).await?;
    let tiles = match view.at {
        None => {
            let area = view
                .area
                .unwrap_or(past::board(canvas.width, canvas.height));
            let tiles = tiles::pixels(&mut lease, id, area).await?;
            lease.end_snapshot().await?;
            tiles
        }
        Some(seq) => {
            // What happened does not change.
            lease.end_snapshot().await?;
            pixels_at(state, &canvas, view, seq).await?
        }
    };
    let board = board(&canvas, view);
    let palette = canvas.palette.clone();
    let encode = move || {
        let png = picture::encode(&board, &palette, tiles);
        drop(permit);
        png
    };
    let png = low_priority::run("picture", encode)
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)?;
    Ok(Picture {
        canvas: Arc::new(canvas),
        png: png.into(),
    })
}

/// Cell and pixels of the tiles of a view of the past.
async fn pixels_at(
    state: &AppState,
    canvas: &Canvas,
    view: View,
    seq: i64,
) -> Result<Vec<(Coord, Vec<u8>)>, ApiError> {
    let area = view
        .area
        .unwrap_or(past::board(canvas.width, canvas.height));
    let mut tiles = Vec::new();
    let mut next = Some(past::PageCursor::START);
    while let Some(after) = next {
        let page = past::page(&state.pools.reads, canvas.id, area, after, seq).await?;
        let pixels = page.tiles.into_iter();
        tiles.extend(pixels.map(|tile| (tile.at, tile.pixels.into_bytes())));
        next = page.next;
    }
    Ok(tiles)
}

fn tag(canvas: &Canvas, view: View) -> Result<ETag, ApiError> {
    let tag = format!("\"{}\"", view.tag(canvas));
    tag.parse().map_err(ApiError::internal)
}

fn caching(canvas: &Canvas) -> [(HeaderName, HeaderValue); 1] {
    let cache = if canvas.visibility == Visibility::Private {
        "private, no-cache"
    } else {
        "no-cache"
    };
    [(header::CACHE_CONTROL, HeaderValue::from_static(cache))]
}
