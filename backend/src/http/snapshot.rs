//! The snapshot of a canvas, from one consistent read, that a client starts from.

mod past;

use super::{
    bulk,
    canvases::{read_canvas, readable},
    client_addr::ClientAddr,
    error::ApiError,
    etag,
    extract::{CanvasPath, OptionalUser, Query},
    openapi::{QueryOnly, ReadsCanvas},
    past as moments,
};
use crate::{
    bulk_reads::BulkPermit,
    db::{
        Lease, Reads,
        tiles::{self, Filter},
    },
    past::{area::Area, log::Log},
    state::AppState,
};
use axum::{extract::State, http::HeaderMap, response::Response};
use axum_extra::headers::ETag;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use shared::{
    api::{Canvas, ChatMessage, Snapshot, Tile},
    canvas::Coord,
    ids::{CanvasId, Epoch, UserId},
    limits,
    presence::ActiveUser,
};
use std::{
    collections::VecDeque,
    mem,
    time::{Duration, Instant},
};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How long an answer may keep its transaction open, since PostgreSQL cannot remove old
/// rows meanwhile.
const MAX_TRANSACTION: Duration = Duration::from_mins(10);

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(snapshot))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SnapshotQuery {
    /// As it was after the event with this `seq`, or at this time (RFC 3339); now if not given
    at: Option<String>,
    /// First column of an area; only its tiles are in the answer
    x0: Option<i64>,
    /// First row
    y0: Option<i64>,
    /// Last column
    x1: Option<i64>,
    /// Last row
    y1: Option<i64>,
}

/// Everything that is, or was, on a canvas, from one consistent read
#[utoipa::path(get, path = "/canvases/{canvas_id}/snapshot", tag = "canvases", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path), SnapshotQuery),
    responses((status = 200, body = Snapshot, description = "All up to `seq`, nothing later"),
        (status = 304, description = "As it was when the ETag was given"), ReadsCanvas, QueryOnly))]
async fn snapshot(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
    client: ClientAddr,
    Query(query): Query<SnapshotQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let at = moments::at("at", query.at.as_deref())?;
    let user = user.user_id();
    let reads = &state.pools.reads;
    let access = readable(reads, id, user).await?;
    let viewer = access.reader(user);
    let mut canvas = read_canvas(reads, id, viewer).await?;
    let area = moments::area([query.x0, query.y0, query.x1, query.y1], &canvas)?;
    let active_users = state.hub.active_users(id).await;
    canvas.active_users = active_users.len();
    if let Some(at) = at {
        let seq = moments::resolve(&state, id, "at", at).await?;
        let current = etag::weak(&(viewer, access.acl_version, &canvas, area, seq))?;
        if etag::matches(&headers, &current) {
            return Ok(etag::not_modified(current));
        }
        let permit = bulk::permit(&state, id, client).await?;
        let answer = past::stream(&state, permit, viewer, &canvas, area, seq).await?;
        return Ok(etag::tagged(current, answer));
    }
    let current = tag(viewer, access.acl_version, &canvas, area, &active_users)?;
    if etag::matches(&headers, &current) {
        return Ok(etag::not_modified(current));
    }
    // Those who may not read it, or have it already, need none.
    let permit = bulk::permit(&state, id, client).await?;
    let mut lease = bulk::lease(&state).await?;
    lease.begin_snapshot().await?;
    let access = readable(&mut lease, id, user).await?;
    let viewer = access.reader(user);
    let mut canvas = read_canvas(&mut lease, id, viewer).await?;
    canvas.active_users = active_users.len();
    let current = tag(viewer, access.acl_version, &canvas, area, &active_users)?;
    let log = state.log.clone();
    let answer = stream(permit, lease, log, viewer, canvas, area, active_users).await?;
    Ok(etag::tagged(current, answer))
}

/// The canvas has `epoch` and `last_seq`, on which tiles, messages and likes depend, and
/// the viewer's role. `acl_version` changes when the names of a deleted account disappear.
fn tag(
    viewer: Option<UserId>,
    acl_version: i64,
    canvas: &Canvas,
    area: Option<Area>,
    active_users: &[ActiveUser],
) -> Result<ETag, ApiError> {
    etag::weak(&(viewer, acl_version, canvas, area, active_users))
}

async fn stream(
    permit: BulkPermit,
    lease: Lease,
    log: Log,
    viewer: Option<UserId>,
    canvas: Canvas,
    area: Option<Area>,
    active_users: Vec<ActiveUser>,
) -> Result<Response, ApiError> {
    let head = bulk::open_object(&Head {
        epoch: canvas.epoch,
        seq: canvas.last_seq,
        canvas: &canvas,
        active_count: active_users.len(),
    })?;
    let limit = Some(tiles_at_once(&canvas));
    let filter = area.map_or(Filter::ALL, |area| Filter {
        from: Coord {
            x: area.x0,
            y: area.y0,
        },
        to: Coord {
            x: area.x1,
            y: area.y1,
        },
        ..Filter::ALL
    });
    let remaining = RemainingSnapshot {
        id: canvas.id,
        log,
        viewer,
        began: Instant::now(),
        head,
        reading: Some((lease, Filter { limit, ..filter })),
        has_tiles: false,
        messages: VecDeque::new(),
        has_messages: false,
        active_users: active_users.into(),
        has_users: false,
    };
    bulk::pieces(permit, remaining, |remaining| Box::pin(remaining.piece())).await
}

/// How many tiles of the canvas are read at a time.
pub(super) fn tiles_at_once(canvas: &Canvas) -> i64 {
    let side = i64::from(canvas.tile_size);
    let piece = i64::try_from(bulk::PIECE_BYTES).unwrap_or(i64::MAX);
    // A tile's other fields have about 300 bytes.
    (2 * piece / (side * side + 300)).max(1)
}

/// The fields of [`Snapshot`] up to the tiles.
#[derive(Serialize)]
struct Head<'a> {
    epoch: Epoch,
    seq: i64,
    canvas: &'a Canvas,
    active_count: usize,
}

/// What is still to be sent of a [`Snapshot`].
struct RemainingSnapshot {
    id: CanvasId,
    log: Log,
    viewer: Option<UserId>,
    began: Instant,
    /// What comes before the tiles; empty once it was sent.
    head: Vec<u8>,
    /// The transaction, and the tiles to read next; none once all is read.
    reading: Option<(Lease, Filter)>,
    has_tiles: bool,
    messages: VecDeque<ChatMessage>,
    has_messages: bool,
    active_users: VecDeque<ActiveUser>,
    has_users: bool,
}

impl RemainingSnapshot {
    /// The next piece, and what is left.
    async fn piece(mut self) -> Result<(Bytes, Option<Self>), ApiError> {
        let mut json = mem::take(&mut self.head);
        if !json.is_empty() {
            json.extend_from_slice(br#","tiles":["#);
        }
        if let Some((mut lease, filter)) = self.reading.take() {
            if self.began.elapsed() > MAX_TRANSACTION {
                return Err(ApiError::Unavailable);
            }
            let tiles = tiles::list(&mut lease, self.id, self.viewer, filter).await?;
            append(&mut json, &tiles, &mut self.has_tiles)?;
            if i64::try_from(tiles.len()).ok() == filter.limit
                && let Some(Tile { x, y, .. }) = tiles.last()
            {
                let after = Coord { x: *x, y: *y };
                self.reading = Some((lease, Filter { after, ..filter }));
                return Ok((json.into(), Some(self)));
            }
            let newest = limits::SNAPSHOT_MESSAGES;
            let reads = &mut Reads::Lease(&mut lease);
            let before = i64::MAX;
            let mut messages = self
                .log
                .messages_before(reads, self.id, before, newest)
                .await?;
            messages.reverse();
            self.messages = messages.into();
            lease.end_snapshot().await?;
            json.extend_from_slice(br#"],"messages":["#);
        }
        while let Some(message) = self.messages.pop_front() {
            append(&mut json, &[message], &mut self.has_messages)?;
            if json.len() > bulk::PIECE_BYTES {
                return Ok((json.into(), Some(self)));
            }
        }
        if !self.has_users {
            json.extend_from_slice(br#"],"active_users":["#);
        }
        while let Some(user) = self.active_users.pop_front() {
            append(&mut json, &[user], &mut self.has_users)?;
            if json.len() > bulk::PIECE_BYTES {
                return Ok((json.into(), Some(self)));
            }
        }
        json.extend_from_slice(b"]}");
        Ok((json.into(), None))
    }
}

/// Appends the items of a list, with a comma before each that is not its first.
fn append<T: Serialize>(
    json: &mut Vec<u8>,
    items: &[T],
    has_items: &mut bool,
) -> Result<(), ApiError> {
    for item in items {
        if mem::replace(has_items, true) {
            json.push(b',');
        }
        serde_json::to_writer(&mut *json, item).map_err(ApiError::internal)?;
    }
    Ok(())
}
