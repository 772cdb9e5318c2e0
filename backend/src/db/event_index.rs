//! The event index: its stored chunks, and the columns of the log that it is made of. The times
//! of events are those of `created_at`, cut to milliseconds as in their wire form.

use super::{DbError, Lease, Pool, Result};
use chrono::{DateTime, TimeDelta, Utc};
use shared::ids::{CanvasId, Epoch};
use sqlx::{PgExecutor, query, query_as, query_scalar};
use std::sync::Arc;

/// The first key of the advisory locks of canvases whose index is being extended; the second is
/// the low half of the canvas's id. Any number that nothing else uses.
const LOCK: i32 = 0x0023_1dec;

/// What the index has of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) seq: i64,
    /// When it was stored, in milliseconds since 1970.
    pub(crate) millis: i64,
    /// The user who acted.
    pub(crate) actor: i64,
    /// The cell it is about, as `canvas_events.tile` names it.
    pub(crate) cell: Option<i32>,
    /// Its type.
    pub(crate) kind: String,
}

/// A stored chunk.
#[derive(Clone, Debug)]
pub(crate) struct StoredChunk {
    pub(crate) last_seq: i64,
    pub(crate) data: Vec<u8>,
}

/// A chunk that is to be stored.
#[derive(Clone, Debug)]
pub(crate) struct NewChunk {
    pub(crate) first_seq: i64,
    pub(crate) last_seq: i64,
    /// The earliest time of an event, in milliseconds since 1970.
    pub(crate) min_millis: i64,
    /// How many events change what is on the board.
    pub(crate) tile_events: i32,
    pub(crate) data: Vec<u8>,
}

/// The span of a stored chunk, without its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkSpan {
    pub(crate) first_seq: i64,
    pub(crate) last_seq: i64,
    /// Whether any of its events changes what is on the board.
    pub(crate) has_tiles: bool,
}

/// The chunks of a canvas, and how far its log goes.
#[derive(Clone, Debug)]
pub(crate) struct Overview {
    pub(crate) epoch: Epoch,
    pub(crate) head: i64,
    /// In order.
    pub(crate) chunks: Vec<ChunkSpan>,
}

/// What is known of the last event up to a time.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastUntil {
    /// Its `seq`, if it is behind the last chunk.
    pub(crate) hot: Option<i64>,
    /// The chunk that has it otherwise; none if there is no such event.
    pub(crate) chunk: Option<Vec<u8>>,
}

/// The answer to a question about events that have left the log, and are not in the index.
fn is_being_rebuilt() -> DbError {
    let error = "the index of archived events was deleted, and is being made again";
    DbError::Unavailable(Arc::new(sqlx::Error::Decode(error.into())))
}

/// See [`LastUntil`], from one consistent read. The time is in milliseconds since 1970.
///
/// # Errors
/// [`DbError::Unavailable`] while the index is made again from the archive.
pub(crate) async fn last_until(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    millis: i64,
) -> Result<LastUntil> {
    let row = query!(
        r#"WITH covered AS (
               SELECT coalesce(max(last_seq), 0) AS seq FROM event_index WHERE canvas_id = $1
           ), hot AS (
               SELECT e.seq FROM canvas_events e
               WHERE e.canvas_id = $1 AND e.seq > (SELECT seq FROM covered) AND e.created_at < $3
               ORDER BY e.seq DESC LIMIT 1
           )
           SELECT (SELECT seq FROM hot) AS hot, (
               SELECT data FROM event_index
               WHERE canvas_id = $1 AND min_ms <= $2 AND NOT EXISTS (SELECT FROM hot)
               ORDER BY first_seq DESC LIMIT 1
           ) AS chunk, EXISTS (
               SELECT FROM canvases
               WHERE id = $1 AND archived_seq > (SELECT seq FROM covered)
           ) AS "is_behind_archive!""#,
        canvas.0,
        millis,
        after_millis(millis),
    )
    .fetch_one(executor)
    .await?;
    if row.is_behind_archive {
        return Err(is_being_rebuilt());
    }
    Ok(LastUntil {
        hot: row.hot,
        chunk: row.chunk,
    })
}

/// The first moment after a millisecond; the ends of what PostgreSQL can store beyond them.
fn after_millis(millis: i64) -> DateTime<Utc> {
    let time = DateTime::from_timestamp_millis(millis);
    let after = time.and_then(|time| time.checked_add_signed(TimeDelta::milliseconds(1)));
    after.unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The chunks of a canvas; `None` if there is no such canvas.
///
/// # Errors
/// [`DbError::Unavailable`] while the index is made again from the archive.
pub(crate) async fn overview(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
) -> Result<Option<Overview>> {
    let rows = query!(
        r#"SELECT c.epoch, c.last_seq AS head, c.archived_seq, i.first_seq AS "first_seq?",
                i.last_seq AS "last_seq?", i.tile_events > 0 AS has_tiles
           FROM canvases c LEFT JOIN event_index i ON i.canvas_id = c.id
           WHERE c.id = $1 ORDER BY i.first_seq"#,
        canvas.0,
    )
    .fetch_all(executor)
    .await?;
    let covered = rows.last().and_then(|row| row.last_seq).unwrap_or_default();
    if rows.first().is_some_and(|row| row.archived_seq > covered) {
        return Err(is_being_rebuilt());
    }
    Ok(rows.first().map(|first| Overview {
        epoch: Epoch(first.epoch),
        head: first.head,
        chunks: rows
            .iter()
            .filter_map(|row| {
                Some(ChunkSpan {
                    first_seq: row.first_seq?,
                    last_seq: row.last_seq?,
                    has_tiles: row.has_tiles?,
                })
            })
            .collect(),
    }))
}

/// The chunks that begin with these events, in order; those that are not there are missing.
pub(crate) async fn chunks(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    first_seqs: &[i64],
) -> Result<Vec<StoredChunk>> {
    query_as!(
        StoredChunk,
        "SELECT last_seq, data FROM event_index
         WHERE canvas_id = $1 AND first_seq = ANY($2) ORDER BY first_seq",
        canvas.0,
        first_seqs,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// What the index has of the log's events after `after` up to `until`, in order, at most
/// `limit`.
pub(crate) async fn entries(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    after: i64,
    until: i64,
    limit: i64,
) -> Result<Vec<Entry>> {
    // One row of arrays, of which thousands of values cost less than as many rows.
    let columns = query!(
        r#"SELECT array_agg(seq) AS "seqs?", array_agg(created_at) AS "times?",
                array_agg(actor_id) AS "actors?", array_agg(cell) AS "cells?: Vec<Option<i32>>",
                string_agg(kind, ',') AS "kinds?"
           FROM (
               SELECT seq, created_at, actor_id, kind,
                    CASE WHEN tile IS NULL
                          AND kind IN ('tile_created', 'tile_updated', 'tile_liked', 'tile_deleted')
                         THEN (body::json ->> 'y')::int * 256 + (body::json ->> 'x')::int
                         ELSE tile END AS cell
               FROM canvas_events WHERE canvas_id = $1 AND seq > $2 AND seq <= $3
               ORDER BY seq LIMIT $4
           ) AS events"#,
        canvas.0,
        after,
        until,
        limit,
    )
    .fetch_one(executor)
    .await?;
    let kinds = columns.kinds.unwrap_or_default();
    let entries = columns.seqs.unwrap_or_default().into_iter();
    let entries = entries
        .zip(columns.times.unwrap_or_default())
        .zip(columns.actors.unwrap_or_default())
        .zip(columns.cells.unwrap_or_default())
        .zip(kinds.split(','));
    let entries = entries.map(|((((seq, time), actor), cell), kind)| Entry {
        seq,
        millis: time.timestamp_millis(),
        actor,
        cell,
        kind: kind.to_owned(),
    });
    Ok(entries.collect())
}

/// A canvas whose log is longer than its index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IndexBacklog {
    pub(crate) canvas: CanvasId,
    pub(crate) head: i64,
    /// How many events the index lacks of all such canvases.
    pub(crate) missing: i64,
}

/// Of the canvases with at least `least` events that the index does not have, the one that
/// lacks the most; before them one whose index was deleted, and that has archived events.
pub(crate) async fn largest_backlog(
    executor: impl PgExecutor<'_>,
    least: i64,
) -> Result<Option<IndexBacklog>> {
    query!(
        r#"SELECT c.id, c.last_seq AS head,
                (sum(c.last_seq - i.last_seq) OVER ())::bigint AS "missing!"
           FROM canvases c, LATERAL (
               SELECT coalesce((
                   SELECT last_seq FROM event_index WHERE canvas_id = c.id
                   ORDER BY first_seq DESC LIMIT 1
               ), 0) AS last_seq
           ) AS i
           WHERE (c.last_seq >= $1 OR c.archived_seq > 0)
             AND (c.last_seq - i.last_seq >= $1 OR c.archived_seq > i.last_seq)
           ORDER BY c.archived_seq > i.last_seq DESC, c.last_seq - i.last_seq DESC LIMIT 1"#,
        least,
    )
    .map(|row| IndexBacklog {
        canvas: CanvasId(row.id),
        head: row.head,
        missing: row.missing,
    })
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// The last chunk of a canvas.
pub(crate) async fn last(lease: &mut Lease, canvas: CanvasId) -> Result<Option<StoredChunk>> {
    query_as!(
        StoredChunk,
        "SELECT last_seq, data FROM event_index
         WHERE canvas_id = $1 ORDER BY first_seq DESC LIMIT 1",
        canvas.0,
    )
    .fetch_optional(lease)
    .await
    .map_err(DbError::from)
}

/// Begins a transaction that extends a canvas's index. While others do, on any node, it waits
/// until they end, or returns `None` if it is not to wait.
pub(crate) async fn begin(pool: &Pool, canvas: CanvasId, waits: bool) -> Result<Option<Lease>> {
    let mut lease = pool.begin().await?;
    if waits {
        query_scalar!(
            r#"SELECT true AS "locked!"
               FROM pg_advisory_xact_lock($1, ($2::bigint & 2147483647)::int)"#,
            LOCK,
            canvas.0,
        )
        .fetch_one(&mut lease)
        .await?;
        return Ok(Some(lease));
    }
    let is_mine = query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock($1, ($2::bigint & 2147483647)::int) AS "is_mine!""#,
        LOCK,
        canvas.0,
    )
    .fetch_one(&mut lease)
    .await?;
    if is_mine {
        return Ok(Some(lease));
    }
    lease.commit().await?;
    Ok(None)
}

/// Stores a chunk, in place of a shorter one that begins with the same event. Nothing is stored
/// of a canvas that is not there any more.
pub(crate) async fn save(lease: &mut Lease, canvas: CanvasId, chunk: &NewChunk) -> Result<()> {
    query!(
        "INSERT INTO event_index (canvas_id, first_seq, last_seq, min_ms, tile_events, data)
         SELECT id, $2, $3, $4, $5, $6 FROM canvases WHERE id = $1 FOR KEY SHARE
         ON CONFLICT (canvas_id, first_seq) DO UPDATE
         SET last_seq = excluded.last_seq, min_ms = excluded.min_ms,
             tile_events = excluded.tile_events, data = excluded.data",
        canvas.0,
        chunk.first_seq,
        chunk.last_seq,
        chunk.min_millis,
        chunk.tile_events,
        &chunk.data,
    )
    .execute(lease)
    .await
    .map_err(DbError::from)
    .map(drop)
}
