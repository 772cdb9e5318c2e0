//! The past of a canvas: its timeline, and what all requests about the past have in common.

use super::{
    bulk,
    canvases::readable_canvas,
    client_addr::ClientAddr,
    error::{ApiError, Resource},
    etag,
    extract::{CanvasPath, OptionalUser, Query},
    openapi::{QueryOnly, ReadsPast},
};
use crate::{
    db::users,
    past::{
        area::{self, Area},
        index::Filter,
        moment::{self, MomentError, ParsedMoment},
        timeline::{self, Bucketing},
    },
    state::AppState,
};
use axum::{Json, extract::State, http::HeaderMap, response::Response};
use serde::Deserialize;
use shared::{
    api::{Canvas, past::Timeline},
    ids::{CanvasId, UserId},
    text,
};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(timeline))
}

/// The moment that a field of a query names.
///
/// # Errors
/// `Validation`.
pub(super) fn at(field: &str, text: Option<&str>) -> Result<Option<ParsedMoment>, ApiError> {
    let at = text.map(str::parse).transpose();
    at.map_err(|error| ApiError::invalid(field, error))
}

/// The last event of the moment that a field names.
///
/// # Errors
/// `Validation` for a `seq` beyond the head; those of the database.
pub(super) async fn resolve(
    state: &AppState,
    canvas: CanvasId,
    field: &str,
    at: ParsedMoment,
) -> Result<i64, ApiError> {
    let resolved = moment::resolve(&state.pools.reads, canvas, at).await;
    resolved.map_err(|error| match error {
        MomentError::BeyondHead(_) => ApiError::invalid(field, error),
        MomentError::Database(error) => error.into(),
    })
}

/// The last events of the moments `from` and `to`. Where they are not given, these are the
/// beginning and `head`.
///
/// # Errors
/// As [`resolve`]; `Validation` if `from` is after `to`.
pub(super) async fn range(
    state: &AppState,
    canvas: CanvasId,
    from: Option<ParsedMoment>,
    to: Option<ParsedMoment>,
    head: i64,
) -> Result<(i64, i64), ApiError> {
    let from_seq = match from {
        Some(from) => resolve(state, canvas, "from", from).await?,
        None => 0,
    };
    let to_seq = match to {
        Some(to) => resolve(state, canvas, "to", to).await?,
        None => head.max(from_seq),
    };
    let is_backwards = match (from, to) {
        (Some(ParsedMoment::Time(from)), Some(ParsedMoment::Time(to))) => from > to,
        _ => false,
    };
    if is_backwards || from_seq > to_seq {
        return Err(ApiError::invalid("from", "must not be after to"));
    }
    Ok((from_seq, to_seq))
}

/// The area with these corners, in the order `x0`, `y0`, `x1`, `y1`; none where none is given.
///
/// # Errors
/// `Validation` unless all four are given and inside the board.
pub(super) fn area(corners: [Option<i64>; 4], canvas: &Canvas) -> Result<Option<Area>, ApiError> {
    let area = area::area(corners, canvas.width, canvas.height);
    area.map_err(|(field, problem)| ApiError::invalid(field, problem))
}

/// The user with this name, if one is given.
///
/// # Errors
/// `NotFound` if nobody has it; those of the database.
pub(super) async fn actor(
    state: &AppState,
    name: Option<&str>,
) -> Result<Option<UserId>, ApiError> {
    let Some(name) = name else {
        return Ok(None);
    };
    let nobody = || ApiError::NotFound(Resource::User);
    // Nobody has an invalid name.
    let name = text::username(name).map_err(|_| nobody())?;
    let user = users::by_name(&state.pools.reads, &name).await?;
    Ok(Some(user.ok_or_else(nobody)?.id))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TimelineQuery {
    /// What buckets have in common: `change`, the number of their events, or `time`, their
    /// length; `change` by default
    by: Option<String>,
    /// First column of an area
    x0: Option<i64>,
    /// First row
    y0: Option<i64>,
    /// Last column
    x1: Option<i64>,
    /// Last row
    y1: Option<i64>,
    /// Only what the user with this name did
    actor: Option<String>,
}

/// When how much was changed on the board
#[utoipa::path(get, path = "/canvases/{canvas_id}/timeline", tag = "past", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path), TimelineQuery),
    responses((status = 200, body = Timeline, description = "The timeline"),
        (status = 304, description = "As it was when the ETag was given"), ReadsPast, QueryOnly))]
async fn timeline(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
    client: ClientAddr,
    Query(query): Query<TimelineQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let by = match query.by.as_deref() {
        None | Some("change") => Bucketing::Change,
        Some("time") => Bucketing::Time,
        Some(_) => return Err(ApiError::invalid("by", "must be change or time")),
    };
    let reads = &state.pools.reads;
    let viewer = user.user_id();
    let canvas = readable_canvas(reads, id, viewer).await?;
    let filter = Filter {
        area: area([query.x0, query.y0, query.x1, query.y1], &canvas)?,
        actor: actor(&state, query.actor.as_deref()).await?,
        kind: None,
        only_tiles: true,
    };
    let is_by_time = by == Bucketing::Time;
    let current = etag::weak(&(
        canvas.epoch,
        canvas.last_seq,
        is_by_time,
        filter.area,
        filter.actor,
    ))?;
    if etag::matches(&headers, &current) {
        return Ok(etag::not_modified(current));
    }
    let permit = bulk::permit(&state, id, client).await?;
    let timeline = timeline::timeline(&state.event_index, id, &filter, by, canvas.last_seq).await?;
    Ok(etag::tagged(
        current,
        bulk::attach_permit(permit, Json(timeline)),
    ))
}
