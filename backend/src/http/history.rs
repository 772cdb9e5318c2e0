//! The history of a canvas (messages and events), and its active users.

use super::{
    bulk,
    canvases::readable,
    client_addr::ClientAddr,
    error::ApiError,
    extract::{CanvasPath, OptionalUser, Query},
    openapi::{QueryOnly, ReadsCanvas, ReadsPast},
    pagination::{cursor, page, page_size},
    past,
};
use crate::{
    db::Reads,
    past::{area::Area, index::Filter},
    state::AppState,
};
use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use serde_json::Value;
use shared::{
    api::{ChatMessage, Page},
    canvas::Coord,
    limits,
    presence::ActiveUser,
    protocol::DurableEvent,
};
use std::{ops::Range, sync::Arc};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Events and messages read at a time: an event has 12 KB at most.
const AT_ONCE: i64 = 16;

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(messages))
        .routes(routes!(events))
        .routes(routes!(users))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MessagesQuery {
    /// Those before this one
    before_seq: Option<i64>,
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// What was said, newest first
#[utoipa::path(get, path = "/canvases/{canvas_id}/messages", tag = "history", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path), MessagesQuery),
    responses((status = 200, body = Page<ChatMessage>, description = "A page"), ReadsCanvas, QueryOnly))]
async fn messages(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
    client: ClientAddr,
    Query(query): Query<MessagesQuery>,
) -> Result<Response, ApiError> {
    let limit = page_size(query.limit)?;
    let before = cursor(query.cursor.as_deref())?
        .unwrap_or(i64::MAX)
        .min(query.before_seq.unwrap_or(i64::MAX));
    readable(&state.pools.reads, id, user.user_id()).await?;
    let permit = bulk::permit(&state, id, client).await?;
    let read: bulk::ReadItems<i64> = Arc::new(move |before, count| {
        let (reads, log) = (state.pools.reads.clone(), state.log.clone());
        Box::pin(async move {
            let reads = &mut Reads::Pool(&reads);
            let messages = log.messages_before(reads, id, before, count).await?;
            let items = messages
                .iter()
                .map(|message| bulk::item(message.seq, message));
            items.collect()
        })
    });
    let cursor = |seq: i64| seq.to_string();
    bulk::page(permit, before, limit, AT_ONCE, cursor, read).await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// Those after this one
    after_seq: Option<i64>,
    /// Those up to this one, which is included
    until_seq: Option<i64>,
    /// Those about the cell of this column, together with `y`
    x: Option<i64>,
    /// Those about the cell of this row, together with `x`
    y: Option<i64>,
    /// Those that the user with this name made
    actor: Option<String>,
    /// Those of this `type`
    kind: Option<String>,
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// Columns and rows that the largest canvas has.
const SIDE: Range<i32> = 0..*limits::CANVAS_SIDE.end();
/// A cell on no canvas.
const NOWHERE: (i32, i32) = (-1, -1);

/// The cell that is asked for.
///
/// # Errors
/// `Validation` where only one of both is given.
pub(super) fn cell(x: Option<i64>, y: Option<i64>) -> Result<Option<Coord>, ApiError> {
    match (x, y) {
        (None, None) => Ok(None),
        (Some(x), Some(y)) => {
            let on_a_board = |side: i64| i32::try_from(side).ok().filter(|n| SIDE.contains(n));
            let cell = on_a_board(x).zip(on_a_board(y));
            let (x, y) = cell.unwrap_or(NOWHERE);
            Ok(Some(Coord { x, y }))
        }
        (Some(_), None) => Err(ApiError::invalid("y", "must be given together with x")),
        (None, Some(_)) => Err(ApiError::invalid("x", "must be given together with y")),
    }
}

impl EventsQuery {
    /// The type that is asked for.
    fn kind(&self) -> Result<Option<&'static str>, ApiError> {
        let Some(kind) = self.kind.as_deref() else {
            return Ok(None);
        };
        let kinds = DurableEvent::MESSAGE_TYPES;
        let known = kinds.iter().copied().find(|known| *known == kind);
        known.map(Some).ok_or_else(|| {
            ApiError::invalid("kind", format_args!("must be one of {}", kinds.join(", ")))
        })
    }
}

/// Durable events, exactly as sent on the socket, in the order of `seq`
#[utoipa::path(get, path = "/canvases/{canvas_id}/events", tag = "history", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path), EventsQuery),
    responses((status = 200, body = Page<Value>, description = "A page"), ReadsPast, QueryOnly))]
async fn events(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
    client: ClientAddr,
    Query(query): Query<EventsQuery>,
) -> Result<Response, ApiError> {
    let limit = page_size(query.limit)?;
    let after = cursor(query.cursor.as_deref())?
        .unwrap_or(0)
        .max(query.after_seq.unwrap_or(0));
    let until = query.until_seq.unwrap_or(i64::MAX);
    let (cell, kind) = (cell(query.x, query.y)?, query.kind()?);
    readable(&state.pools.reads, id, user.user_id()).await?;
    let filter = Filter {
        area: cell.map(|Coord { x, y }| Area {
            x0: x,
            y0: y,
            x1: x,
            y1: y,
        }),
        actor: past::actor(&state, query.actor.as_deref()).await?,
        kind,
        only_tiles: false,
    };
    let permit = bulk::permit(&state, id, client).await?;
    let cursor = |seq: i64| seq.to_string();
    let read: bulk::ReadItems<i64> = if filter == Filter::default() {
        Arc::new(move |after, count| {
            let state = state.clone();
            Box::pin(async move {
                let range = after..until;
                let (log, reads) = (&state.log, &state.pools.reads);
                Ok(log.range(reads, id, range, count).await?)
            })
        })
    } else {
        let limit = usize::try_from(limit).unwrap_or_default();
        let range = after..until;
        // One more shows whether there is another page.
        let found = state
            .event_index
            .find(id, &filter, range, limit + 1)
            .await?;
        let found: Arc<[i64]> = found.into();
        Arc::new(move |after, count| {
            let (state, found) = (state.clone(), found.clone());
            Box::pin(async move {
                let from = found.partition_point(|seq| *seq <= after);
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                let to = from.saturating_add(count).min(found.len());
                let (log, reads) = (&state.log, &state.pools.reads);
                Ok(log.at(reads, id, &found[from..to]).await?)
            })
        })
    };
    bulk::page(permit, after, limit, AT_ONCE, cursor, read).await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UsersQuery {
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// Who is on a canvas now
#[utoipa::path(get, path = "/canvases/{canvas_id}/users", tag = "history", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path), UsersQuery),
    responses((status = 200, body = Page<ActiveUser>, description = "A page"), ReadsCanvas, QueryOnly))]
async fn users(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
    Query(query): Query<UsersQuery>,
) -> Result<Json<Page<ActiveUser>>, ApiError> {
    let limit = page_size(query.limit)?;
    let after = cursor(query.cursor.as_deref())?.unwrap_or(0);
    readable(&state.pools.reads, id, user.user_id()).await?;
    let mut users = state.hub.active_users(id).await;
    users.retain(|user| user.user_id.0 > after);
    users.sort_by_key(|user| user.user_id);
    Ok(Json(page(users, limit, |last| last.user_id.to_string())))
}
