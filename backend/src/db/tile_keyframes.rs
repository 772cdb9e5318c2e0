//! The segments of `tile_keyframes`, and the tile events of the log behind them.
//!
//! A statement sees both as of one moment, so that an event which moves from the log to the
//! archive is in one of them: before events leave the log, segments have them.

use super::{DbError, Result};
use chrono::{DateTime, Utc};
use shared::ids::{CanvasId, TileId};
use sqlx::{PgConnection, PgExecutor, query, query_scalar};
use std::sync::Arc;

/// How many events of the log a statement reads of each of so many cells at most.
pub(crate) fn events_at_once(cells: usize) -> i64 {
    let cells = i64::try_from(cells).unwrap_or(i64::MAX);
    (4_096 / cells.max(1)).clamp(128, 1_000)
}

/// Something that a statement read of one cell.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The cell, as `canvas_events.tile` names it.
    pub(crate) tile: i32,
    /// The `seq` of its last event.
    pub(crate) last_seq: i64,
    pub(crate) content: Content,
}

/// What a [`Part`] is.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// A segment, as it is stored.
    Segment(Vec<u8>),
    /// The wire form of an event.
    Event(String),
}

struct PartRow {
    tile: i32,
    last_seq: i64,
    data: Option<Vec<u8>>,
    body: Option<String>,
}

/// # Errors
/// [`DbError::Unavailable`] if the canvas has archived events for which the segments were thrown
/// away: they are being made again.
fn parts(rows: Vec<PartRow>) -> Result<Vec<Part>> {
    let part = |row: PartRow| {
        let content = match (row.data, row.body) {
            (Some(data), _) => Content::Segment(data),
            (None, Some(body)) => Content::Event(body),
            (None, None) => {
                let reason = "the past of cells is being made again from the archive";
                let error = sqlx::Error::Decode(reason.into());
                return Err(DbError::Unavailable(Arc::new(error)));
            }
        };
        Ok(Part {
            tile: row.tile,
            last_seq: row.last_seq,
            content,
        })
    };
    rows.into_iter().map(part).collect()
}

/// For each cell the newest segment that begins up to the event `until`, and the first
/// [`events_at_once`] of the log behind it, up to `until`; by cell, in the order of `seq`.
pub(crate) async fn newest(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    tiles: &[i32],
    until: i64,
) -> Result<Vec<Part>> {
    // The second part of the log is of servers of a version before, not filled in yet
    // (`db::event_backfill`); mostly it is empty.
    sqlx::query_as!(
        PartRow,
        r#"WITH cells AS MATERIALIZED (
               SELECT c.tile, k.last_seq, k.data
               FROM unnest($2::int[]) AS c (tile)
               LEFT JOIN LATERAL (
                   SELECT last_seq, data FROM tile_keyframes
                   WHERE canvas_id = $1 AND tile = c.tile AND first_seq <= $3
                   ORDER BY first_seq DESC LIMIT 1
               ) AS k ON true
           )
           SELECT tile AS "tile!", last_seq AS "last_seq!", data AS "data?", NULL AS "body?"
           FROM cells WHERE data IS NOT NULL
           UNION ALL
           SELECT c.tile, e.seq, NULL, e.body
           FROM cells c, LATERAL (
               (SELECT seq, body FROM canvas_events
                WHERE canvas_id = $1 AND tile = c.tile AND seq > coalesce(c.last_seq, 0)
                  AND seq <= $3
                  AND kind IN ('tile_created', 'tile_updated', 'tile_liked', 'tile_deleted')
                ORDER BY seq LIMIT $4)
               UNION ALL
               (SELECT seq, body FROM canvas_events
                WHERE canvas_id = $1 AND tile IS NULL AND seq > coalesce(c.last_seq, 0)
                  AND seq <= $3
                  AND kind IN ('tile_created', 'tile_updated', 'tile_liked', 'tile_deleted')
                  AND (body::json ->> 'y')::int * 256 + (body::json ->> 'x')::int = c.tile
                ORDER BY seq LIMIT $4)
               ORDER BY seq LIMIT $4
           ) AS e
           UNION ALL
           SELECT -1, c.archived_seq, NULL, NULL
           FROM canvases c LEFT JOIN tile_keyframe_progress p ON p.canvas_id = c.id
           WHERE c.id = $1 AND c.archived_seq > coalesce(p.covered_seq, 0)
           ORDER BY 1, 2"#,
        canvas.0,
        tiles,
        until,
        events_at_once(tiles.len()),
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
    .and_then(parts)
}

/// For each cell, of which the events up to `after` are known, the segments with its next ones,
/// so many at most, and the first [`events_at_once`] of the log behind its last segment, up to
/// `until`; by cell, in the order of `seq`. The first segment may begin before. Where as many
/// segments were read as may be, there may be others between them and the events.
pub(crate) async fn next(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    cells: &[(i32, i64)],
    until: i64,
    segments: i64,
) -> Result<Vec<Part>> {
    let (tiles, after): (Vec<i32>, Vec<i64>) = cells.iter().copied().unzip();
    sqlx::query_as!(
        PartRow,
        r#"WITH cells AS MATERIALIZED (
               SELECT c.tile, c.after, greatest(c.after, k.last_seq) AS behind
               FROM unnest($2::int[], $3::bigint[]) AS c (tile, after)
               LEFT JOIN LATERAL (
                   SELECT last_seq FROM tile_keyframes
                   WHERE canvas_id = $1 AND tile = c.tile ORDER BY first_seq DESC LIMIT 1
               ) AS k ON true
           )
           SELECT c.tile AS "tile!", k.last_seq AS "last_seq!", k.data AS "data?",
                  NULL AS "body?"
           FROM cells c, LATERAL (
               SELECT first_seq, last_seq, data FROM (
                   SELECT first_seq, last_seq, data FROM tile_keyframes
                   WHERE canvas_id = $1 AND tile = c.tile AND first_seq <= c.after
                   ORDER BY first_seq DESC LIMIT 1
               ) AS begun WHERE last_seq > c.after
               UNION ALL
               (SELECT first_seq, last_seq, data FROM tile_keyframes
                WHERE canvas_id = $1 AND tile = c.tile AND first_seq > c.after
                  AND first_seq <= $4
                ORDER BY first_seq LIMIT $6)
               ORDER BY first_seq LIMIT $6
           ) AS k
           UNION ALL
           SELECT c.tile, e.seq, NULL, e.body
           FROM cells c, LATERAL (
               (SELECT seq, body FROM canvas_events
                WHERE canvas_id = $1 AND tile = c.tile AND seq > c.behind AND seq <= $4
                  AND kind IN ('tile_created', 'tile_updated', 'tile_liked', 'tile_deleted')
                ORDER BY seq LIMIT $5)
               UNION ALL
               (SELECT seq, body FROM canvas_events
                WHERE canvas_id = $1 AND tile IS NULL AND seq > c.behind AND seq <= $4
                  AND kind IN ('tile_created', 'tile_updated', 'tile_liked', 'tile_deleted')
                  AND (body::json ->> 'y')::int * 256 + (body::json ->> 'x')::int = c.tile
                ORDER BY seq LIMIT $5)
               ORDER BY seq LIMIT $5
           ) AS e
           UNION ALL
           SELECT -1, c.archived_seq, NULL, NULL
           FROM canvases c LEFT JOIN tile_keyframe_progress p ON p.canvas_id = c.id
           WHERE c.id = $1 AND c.archived_seq > coalesce(p.covered_seq, 0)
           ORDER BY 1, 2"#,
        canvas.0,
        &tiles,
        &after,
        until,
        events_at_once(cells.len()),
        segments,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
    .and_then(parts)
}

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
    query!(
        "SELECT covered_seq, scanned_seq FROM tile_keyframe_progress WHERE canvas_id = $1",
        canvas.0,
    )
    .map(|row| Progress {
        covered_seq: row.covered_seq,
        scanned_seq: row.scanned_seq,
    })
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
    query!(
        "SELECT p.covered_seq, p.scanned_seq
         FROM tile_keyframe_progress p JOIN canvases c ON c.id = p.canvas_id
         WHERE p.canvas_id = $1 FOR UPDATE OF p FOR KEY SHARE OF c",
        canvas.0,
    )
    .map(|row| Progress {
        covered_seq: row.covered_seq,
        scanned_seq: row.scanned_seq,
    })
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
    sqlx::query_as!(
        StoredSegment,
        "SELECT c.tile AS \"tile!\", k.first_seq, k.last_seq, k.events, k.data
         FROM unnest($2::int[]) AS c (tile), LATERAL (
             SELECT first_seq, last_seq, events, data FROM tile_keyframes
             WHERE canvas_id = $1 AND tile = c.tile ORDER BY first_seq DESC LIMIT 1
         ) AS k",
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
pub(crate) struct Behind {
    pub(crate) canvas: CanvasId,
    pub(crate) last_seq: i64,
    /// Events up to here are in the archive.
    pub(crate) archived_seq: i64,
    pub(crate) progress: Progress,
    /// How many such events all canvases have.
    pub(crate) missing: i64,
}

/// The canvas with the most such events, or one whose segments were thrown away and that has
/// archived events; none if no canvas has as many as `events`.
pub(crate) async fn most_behind(
    executor: impl PgExecutor<'_>,
    events: i64,
) -> Result<Option<Behind>> {
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
    .map(|row| Behind {
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
