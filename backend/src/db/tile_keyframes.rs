//! The segments of `tile_keyframes`, and the tile events of the log behind them.
//!
//! A statement sees both as of one moment, so that an event which moves from the log to the
//! archive is in one of them: before events leave the log, segments have them.

mod parts;

pub(crate) use parts::{Content, Part, events_at_once, newest, next};

use super::{DbError, Result};
use chrono::{DateTime, Utc};
use shared::ids::{CanvasId, TileId};
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};

/// When these tiles, deleted ones too, were started.
pub(crate) async fn creation_times(
    executor: impl PgExecutor<'_>,
    tiles: &[TileId],
) -> Result<Vec<(TileId, DateTime<Utc>)>> {
    let ids: Vec<i64> = tiles.iter().map(|tile| tile.0).collect();
    query!(
        r#"SELECT id AS "id!", created_at AS "created_at!" FROM tiles WHERE id = ANY($1)
           UNION ALL
           SELECT id, created_at FROM deleted_tiles WHERE id = ANY($1)"#,
        &ids,
    )
    .map(|row| (TileId(row.id), row.created_at))
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// How far the segments of a canvas are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// All tile events up to here are in segments.
    pub(crate) covered_seq: i64,
    /// Up to here cells with many new events were looked for.
    pub(crate) scanned_seq: i64,
}

/// See [`Progress`].
pub(crate) async fn progress(executor: impl PgExecutor<'_>, canvas: CanvasId) -> Result<Progress> {
    query_as!(
        Progress,
        "SELECT covered_seq, scanned_seq FROM tile_keyframe_progress WHERE canvas_id = $1",
        canvas.0,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
    .map(Option::unwrap_or_default)
}

/// Keeps other nodes from making segments of the canvas, and the canvas from being deleted, to
/// the end of the transaction. None if there is no such canvas, or another node makes segments
/// of it and `waits` is false.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    canvas: CanvasId,
    waits: bool,
) -> Result<Option<Progress>> {
    query!(
        "INSERT INTO tile_keyframe_progress (canvas_id)
         SELECT id FROM canvases WHERE id = $1 FOR KEY SHARE
         ON CONFLICT DO NOTHING",
        canvas.0,
    )
    .execute(&mut *connection)
    .await?;
    let is_free = query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM tile_keyframe_progress WHERE canvas_id = $1 FOR UPDATE SKIP LOCKED
           ) AS "is_free!""#,
        canvas.0,
    )
    .fetch_one(&mut *connection)
    .await?;
    if !is_free && !waits {
        return Ok(None);
    }
    query_as!(
        Progress,
        "SELECT p.covered_seq, p.scanned_seq
         FROM tile_keyframe_progress p JOIN canvases c ON c.id = p.canvas_id
         WHERE p.canvas_id = $1 FOR UPDATE OF p FOR KEY SHARE OF c",
        canvas.0,
    )
    .fetch_optional(connection)
    .await
    .map_err(DbError::from)
}

/// Notes how far the segments are made. Called under [`lock`].
pub(crate) async fn save_progress(
    connection: &mut PgConnection,
    canvas: CanvasId,
    progress: Progress,
) -> Result<()> {
    query!(
        "UPDATE tile_keyframe_progress SET covered_seq = $2, scanned_seq = $3
         WHERE canvas_id = $1",
        canvas.0,
        progress.covered_seq,
        progress.scanned_seq,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// A segment as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct StoredSegment {
    pub(crate) tile: i32,
    pub(crate) first_seq: i64,
    pub(crate) last_seq: i64,
    pub(crate) events: i32,
    pub(crate) data: Vec<u8>,
}

/// The last segments of these cells.
pub(crate) async fn last_segments(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    tiles: &[i32],
) -> Result<Vec<StoredSegment>> {
    query_as!(
        StoredSegment,
        r#"SELECT c.tile AS "tile!", k.first_seq, k.last_seq, k.events, k.data
         FROM unnest($2::int[]) AS c (tile), LATERAL (
             SELECT first_seq, last_seq, events, data FROM tile_keyframes
             WHERE canvas_id = $1 AND tile = c.tile ORDER BY first_seq DESC LIMIT 1
         ) AS k"#,
        canvas.0,
        tiles,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// The last event that is in a segment, of each of these cells; 0 where none is.
pub(crate) async fn ends(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    tiles: &[i32],
) -> Result<Vec<(i32, i64)>> {
    query!(
        r#"SELECT c.tile AS "tile!", coalesce(k.last_seq, 0) AS "last_seq!"
           FROM unnest($2::int[]) AS c (tile) LEFT JOIN LATERAL (
               SELECT last_seq FROM tile_keyframes
               WHERE canvas_id = $1 AND tile = c.tile ORDER BY first_seq DESC LIMIT 1
           ) AS k ON true"#,
        canvas.0,
        tiles,
    )
    .map(|row| (row.tile, row.last_seq))
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// Stores segments, in place of those with the same first event. Called under [`lock`].
pub(crate) async fn save(
    connection: &mut PgConnection,
    canvas: CanvasId,
    segments: &[StoredSegment],
) -> Result<()> {
    let tiles: Vec<i32> = segments.iter().map(|it| it.tile).collect();
    let firsts: Vec<i64> = segments.iter().map(|it| it.first_seq).collect();
    let lasts: Vec<i64> = segments.iter().map(|it| it.last_seq).collect();
    let events: Vec<i32> = segments.iter().map(|it| it.events).collect();
    let data: Vec<&[u8]> = segments.iter().map(|it| it.data.as_slice()).collect();
    query!(
        "INSERT INTO tile_keyframes (canvas_id, tile, first_seq, last_seq, events, data)
         SELECT $1, * FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::int[], $6::bytea[])
         ON CONFLICT (canvas_id, tile, first_seq) DO UPDATE
         SET last_seq = excluded.last_seq, events = excluded.events, data = excluded.data",
        canvas.0,
        &tiles,
        &firsts,
        &lasts,
        &events,
        &data as &[&[u8]],
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// The cells with at least `pending` tile events up to `until` that no segment has, among those
/// with one after `after`.
pub(crate) async fn busy_cells(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    after: i64,
    until: i64,
    pending: i64,
) -> Result<Vec<(i32, i64)>> {
    query!(
        r#"SELECT c.tile AS "tile!", coalesce(k.last_seq, 0) AS "last_seq!"
           FROM (
               SELECT DISTINCT tile FROM canvas_events
               WHERE canvas_id = $1 AND seq > $2 AND seq <= $3 AND tile >= 0
                 AND kind IN ('tile_created', 'tile_updated', 'tile_liked', 'tile_deleted')
           ) AS c
           LEFT JOIN LATERAL (
               SELECT last_seq FROM tile_keyframes
               WHERE canvas_id = $1 AND tile = c.tile ORDER BY first_seq DESC LIMIT 1
           ) AS k ON true,
           LATERAL (
               SELECT count(*) AS pending FROM (
                   SELECT FROM canvas_events
                   WHERE canvas_id = $1 AND tile = c.tile AND seq > coalesce(k.last_seq, 0)
                     AND seq <= $3
                     AND kind IN ('tile_created', 'tile_updated', 'tile_liked', 'tile_deleted')
                   LIMIT $4
               ) AS events
           ) AS n
           WHERE n.pending >= $4"#,
        canvas.0,
        after,
        until,
        pending,
    )
    .map(|row| (row.tile, row.last_seq))
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// The cells from `from` to `to` in which something happened, in order, at most `limit`.
pub(crate) async fn cells_used(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    from: i32,
    to: i32,
    limit: i64,
) -> Result<Vec<i32>> {
    // Each step looks for the next cell in the indexes, and does not read those of the events
    // between.
    query_scalar!(
        r#"WITH RECURSIVE found (tile) AS (
               SELECT $2::int - 1
               UNION ALL
               SELECT least(
                   (SELECT tile FROM canvas_events WHERE canvas_id = $1 AND tile > found.tile
                    ORDER BY tile LIMIT 1),
                   (SELECT tile FROM tile_keyframes WHERE canvas_id = $1 AND tile > found.tile
                    ORDER BY tile LIMIT 1),
                   (SELECT min((body::json ->> 'y')::int * 256 + (body::json ->> 'x')::int)
                    FROM canvas_events
                    WHERE canvas_id = $1 AND tile IS NULL
                      AND kind IN ('tile_created', 'tile_updated', 'tile_liked', 'tile_deleted')
                      AND (body::json ->> 'y')::int * 256 + (body::json ->> 'x')::int > found.tile)
               )
               FROM found WHERE found.tile IS NOT NULL
           )
           SELECT tile AS "tile!" FROM found WHERE tile BETWEEN $2 AND $3 LIMIT $4"#,
        canvas.0,
        from,
        to,
        limit,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// A canvas with events in which cells with many new ones were not looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SegmentBacklog {
    pub(crate) canvas: CanvasId,
    pub(crate) last_seq: i64,
    /// Events up to here are in the archive.
    pub(crate) archived_seq: i64,
    pub(crate) progress: Progress,
    /// How many such events all canvases have.
    pub(crate) missing: i64,
}

/// The canvas with the most such events, or one whose segments were deleted and that has
/// archived events; none if no canvas has as many as `events`.
pub(crate) async fn largest_backlog(
    executor: impl PgExecutor<'_>,
    events: i64,
) -> Result<Option<SegmentBacklog>> {
    query!(
        r#"SELECT c.id, c.last_seq, c.archived_seq,
                  coalesce(p.covered_seq, 0) AS "covered_seq!",
                  coalesce(p.scanned_seq, 0) AS "scanned_seq!",
                  (sum(c.last_seq - coalesce(p.scanned_seq, 0)) OVER ())::bigint AS "missing!"
           FROM canvases c LEFT JOIN tile_keyframe_progress p ON p.canvas_id = c.id
           WHERE c.last_seq - coalesce(p.scanned_seq, 0) >= $1
              OR c.archived_seq > coalesce(p.covered_seq, 0)
           ORDER BY c.archived_seq > coalesce(p.covered_seq, 0) DESC,
                    c.last_seq - coalesce(p.scanned_seq, 0) DESC
           LIMIT 1"#,
        events,
    )
    .map(|row| SegmentBacklog {
        canvas: CanvasId(row.id),
        last_seq: row.last_seq,
        archived_seq: row.archived_seq,
        progress: Progress {
            covered_seq: row.covered_seq,
            scanned_seq: row.scanned_seq,
        },
        missing: row.missing,
    })
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}
