//! A canvas as a picture. Encoding is cached by what was drawn, so that the
//! thumbnails of a start page cost little.

use super::{
    canvases::readable,
    etag::has,
    extract::{CanvasPath, OptionalUser, Query},
    openapi::{PictureQuery, ReadsCanvas},
};
use crate::{
    db::{self, canvases, tiles},
    error::{ApiError, Resource},
    picture::{self, Board},
    state::AppState,
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::Deserialize;
use shared::{
    api::Canvas,
    canvas::Visibility,
    ids::{CanvasId, Epoch},
    limits,
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tokio::task;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Bytes of encoded pictures kept.
const KEPT: usize = 32 * 1024 * 1024;
/// The largest picture kept.
const LARGEST_KEPT: usize = 4 * 1024 * 1024;

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(image))
}

/// Which picture: of what, how large, and after which event.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Version {
    epoch: Epoch,
    seq: i64,
}

/// Encoded pictures of the newest state that was asked for.
#[derive(Default)]
pub(crate) struct ImageCache {
    kept: Mutex<HashMap<(CanvasId, usize), (Version, Bytes)>>,
}

impl ImageCache {
    fn get(&self, canvas: &Canvas, scale: usize) -> Option<Bytes> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&(canvas.id, scale))
            .filter(|(version, _)| *version == version_of(canvas))
            .map(|(_, png)| png.clone())
    }

    fn insert(&self, canvas: &Canvas, scale: usize, png: &Bytes) {
        if png.len() > LARGEST_KEPT {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = kept.values().map(|(_, png)| png.len()).sum();
        if total + png.len() > KEPT {
            kept.clear();
        }
        kept.insert((canvas.id, scale), (version_of(canvas), png.clone()));
    }
}

fn version_of(canvas: &Canvas) -> Version {
    Version {
        epoch: canvas.epoch,
        seq: canvas.last_seq,
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImageQuery {
    /// Pixels of the picture per pixel of the board, in both directions; 1 by default
    #[param(minimum = 1, maximum = 8)]
    scale: Option<usize>,
}

/// The board as a PNG
#[utoipa::path(get, path = "/canvases/{canvas_id}/image.png", tag = "canvases", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path), ImageQuery),
    responses((status = 200, content_type = "image/png", body = Vec<u8>, description = "The board"),
        (status = 304, description = "As it was when the ETag was given"),
        PictureQuery, ReadsCanvas))]
async fn image(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
    Query(query): Query<ImageQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let scale = query.scale.unwrap_or(1);
    if !(1..=8).contains(&scale) {
        return Err(ApiError::invalid("scale", "must be from 1 to 8"));
    }
    let viewer = user.user_id();
    readable(&state.pool, id, viewer).await?;
    let canvas = canvases::find(&state.pool, id, viewer)
        .await?
        .ok_or(ApiError::NotFound(Resource::Canvas))?;
    let board = board(&canvas, scale);
    let most = usize::try_from(limits::IMAGE_SIDE).unwrap_or_default();
    if board.width() > most || board.height() > most {
        return Err(ApiError::ImageTooLarge);
    }
    if has(&headers, &etag(&canvas, scale)) {
        return Ok((StatusCode::NOT_MODIFIED, answer_headers(&canvas, scale)).into_response());
    }
    let (canvas, png) = picture(&state, canvas, scale).await?;
    Ok((
        answer_headers(&canvas, scale),
        [(header::CONTENT_TYPE, "image/png")],
        png,
    )
        .into_response())
}

fn board(canvas: &Canvas, scale: usize) -> Board {
    let size = |length: i32| usize::try_from(length).unwrap_or_default();
    Board {
        columns: size(canvas.width),
        rows: size(canvas.height),
        tile_size: size(canvas.tile_size),
        scale,
    }
}

/// The picture and the state of the canvas that it shows.
async fn picture(
    state: &AppState,
    canvas: Canvas,
    scale: usize,
) -> Result<(Canvas, Bytes), ApiError> {
    if let Some(png) = state.image_cache.get(&canvas, scale) {
        return Ok((canvas, png));
    }
    let _permit = state
        .bulk_read_permits
        .acquire()
        .await
        .map_err(ApiError::internal)?;
    let mut transaction = db::begin_snapshot(&state.pool).await?;
    let canvas = canvases::find(&mut *transaction, canvas.id, None)
        .await?
        .ok_or(ApiError::NotFound(Resource::Canvas))?;
    // Somebody else may have drawn it while this waited.
    if let Some(png) = state.image_cache.get(&canvas, scale) {
        return Ok((canvas, png));
    }
    let tiles = tiles::pixels(&mut *transaction, canvas.id).await?;
    transaction.commit().await?;
    let board = board(&canvas, scale);
    let palette = canvas.palette.clone();
    let png = task::spawn_blocking(move || picture::encode(&board, &palette, tiles))
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)?;
    let png = Bytes::from(png);
    state.image_cache.insert(&canvas, scale, &png);
    Ok((canvas, png))
}

fn etag(canvas: &Canvas, scale: usize) -> String {
    format!("\"{}-{}-{scale}\"", canvas.epoch, canvas.last_seq)
}

fn answer_headers(canvas: &Canvas, scale: usize) -> [(header::HeaderName, String); 2] {
    let cache = if canvas.visibility == Visibility::Private {
        "private, no-cache"
    } else {
        "no-cache"
    };
    [
        (header::ETAG, etag(canvas, scale)),
        (header::CACHE_CONTROL, cache.to_owned()),
    ]
}
