//! Films of a small area, made while they are sent.

use super::{
    bulk,
    canvases::readable_canvas,
    client_addr::ClientAddr,
    error::ApiError,
    etag,
    extract::{CanvasPath, OptionalUser, Query},
    openapi::{FilmQuery, ReadsPast},
    past::{actor, area, at, range},
};
use crate::{
    bulk_reads::BulkPermit,
    exports::board,
    low_priority,
    past::{
        film::{Format, Palette},
        filming::{self, FilmError, FilmSpec, Output, PastReader},
    },
    state::AppState,
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::Response,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use shared::{api::rewrites::Area, limits};
use std::{ops::RangeInclusive, sync::Arc};
use tokio::{runtime::Handle, sync::mpsc};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Pieces of a film that wait to be sent.
const MAX_WAITING: usize = 2;

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(timelapse))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TimelapseQuery {
    /// First column of the area; the whole board if none of the four is given
    x0: Option<i64>,
    /// First row
    y0: Option<i64>,
    /// Last column
    x1: Option<i64>,
    /// Last row
    y1: Option<i64>,
    /// Where it begins, a `seq` or a time (RFC 3339); before the first event by default
    from: Option<String>,
    /// Where it ends; now by default
    to: Option<String>,
    /// Seconds up to the last frame, 10 by default
    #[param(minimum = 1, maximum = 60)]
    seconds: Option<i64>,
    /// Pixels of the film per pixel of the board, in both directions; 1 by default
    #[param(minimum = 1, maximum = 8)]
    scale: Option<i64>,
    /// Only what the user with this name did, on an empty area
    actor: Option<String>,
}

/// What happened in a small area, as a GIF
#[utoipa::path(get, path = "/canvases/{canvas_id}/timelapse.gif", tag = "past", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path), TimelapseQuery),
    responses((status = 200, content_type = "image/gif", body = Vec<u8>, description = "The film"),
        (status = 304, description = "As it was when the ETag was given"), FilmQuery, ReadsPast))]
async fn timelapse(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
    client: ClientAddr,
    Query(query): Query<TimelapseQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (seconds, scale) = (seconds(query.seconds)?, scale(query.scale)?);
    let from = at("from", query.from.as_deref())?;
    let to = at("to", query.to.as_deref())?;
    let reads = &state.pools.reads;
    let viewer = user.user_id();
    let canvas = readable_canvas(reads, id, viewer).await?;
    let corners = [query.x0, query.y0, query.x1, query.y1];
    let area = area(corners, &canvas)?.unwrap_or_else(|| board(&canvas));
    let (width, height) = size(area);
    let pixels = pixels(area, canvas.tile_size, scale);
    if width * height > limits::TIMELAPSE_TILES || pixels > limits::TIMELAPSE_PIXELS {
        return Err(ApiError::FilmTooLarge);
    }
    let (from, to) = range(&state, id, from, to, canvas.last_seq).await?;
    let actor = actor(&state, query.actor.as_deref()).await?;
    let made_of = (from, to, seconds, scale, actor);
    let current = etag::weak(&(canvas.epoch, &canvas.palette, area, made_of))?;
    if etag::matches(&headers, &current) {
        return Ok(etag::not_modified(current));
    }
    let spec = FilmSpec {
        canvas: id,
        area,
        tile_size: canvas.tile_size,
        palette: Palette::new(&canvas.palette),
        from,
        to,
        seconds,
        scale: usize::try_from(scale).unwrap_or(1),
        actor,
    };
    let permit = Arc::new(bulk::compute_permit(&state, id, client).await?);
    let film = film(&state, spec, permit.clone()).await?;
    let answer = ([(header::CONTENT_TYPE, "image/gif")], film);
    Ok(etag::tagged(current, bulk::attach_permit(permit, answer)))
}

/// Makes the film on another thread, which holds the permit too, while it is sent. Returns once
/// its beginning is made, so that an error until then becomes the answer.
async fn film(state: &AppState, spec: FilmSpec, permit: Arc<BulkPermit>) -> Result<Body, ApiError> {
    let (made, mut pieces) = mpsc::channel(MAX_WAITING);
    let past = PastReader {
        pool: state.pools.reads.clone(),
        index: state.event_index.clone(),
        log: state.log.clone(),
    };
    let runtime = Handle::current();
    let work = move || {
        let mut output = Pieces(made);
        let film = filming::film(&past, &spec, Format::Gif, &mut output);
        if let Err(error) = runtime.block_on(film) {
            // The receiver is gone where the client is.
            let _ = output.0.blocking_send(Err(error));
        }
        drop(permit);
    };
    low_priority::spawn("film", work).map_err(ApiError::internal)?;
    let first = match pieces.recv().await {
        Some(Ok(first)) => first,
        Some(Err(FilmError::Database(error))) => return Err(error.into()),
        Some(Err(error)) => return Err(ApiError::internal(error)),
        // It panicked, which was logged.
        None => return Err(ApiError::Internal(None)),
    };
    let rest = stream::unfold(pieces, async |mut pieces| {
        let piece = pieces.recv().await?;
        if let Err(error) = &piece {
            tracing::warn!(%error, "a film broke off");
        }
        Some((piece, pieces))
    });
    let pieces = stream::iter([Ok(first)]).chain(rest);
    Ok(Body::from_stream(pieces))
}

/// Passes a film on to its answer.
struct Pieces(mpsc::Sender<Result<Bytes, FilmError>>);

impl Output for Pieces {
    async fn put(&mut self, piece: Vec<u8>, _: f64) -> Result<(), FilmError> {
        if self.0.is_closed() {
            return Err(FilmError::Unwanted);
        }
        if piece.is_empty() {
            return Ok(());
        }
        let sent = self.0.send(Ok(piece.into())).await;
        sent.map_err(|_| FilmError::Unwanted)
    }
}

/// The seconds up to a film's last frame.
///
/// # Errors
/// `Validation`.
pub(super) fn seconds(given: Option<i64>) -> Result<u32, ApiError> {
    let seconds = given.unwrap_or(limits::DEFAULT_FILM_SECONDS);
    within("seconds", seconds, limits::FILM_SECONDS)
}

/// How large each pixel of the board becomes.
///
/// # Errors
/// `Validation`.
pub(super) fn scale(given: Option<i64>) -> Result<u32, ApiError> {
    within("scale", given.unwrap_or(1), limits::SCALE)
}

fn within(field: &str, value: i64, range: RangeInclusive<i64>) -> Result<u32, ApiError> {
    let value = Some(value).filter(|value| range.contains(value));
    let value = value.and_then(|value| u32::try_from(value).ok());
    value.ok_or_else(|| {
        let (first, last) = (range.start(), range.end());
        ApiError::invalid(field, format_args!("must be from {first} to {last}"))
    })
}

/// The columns and rows of an area.
pub(super) fn size(area: Area) -> (i64, i64) {
    let cells = |from: i32, to: i32| i64::from(to) - i64::from(from) + 1;
    (cells(area.x0, area.x1), cells(area.y0, area.y1))
}

/// The pixels of a frame of an area.
pub(super) fn pixels(area: Area, tile_size: i32, scale: u32) -> i64 {
    let (width, height) = size(area);
    let side = i64::from(tile_size) * i64::from(scale);
    width * side * height * side
}
