//! Reads cells: their segments, and the events of the log behind these.

use crate::db::{DbError, Result};
use shared::ids::CanvasId;
use sqlx::{PgExecutor, query_as};
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
/// [`DbError::Unavailable`] if the canvas has archived events whose segments were deleted: they
/// are being made again.
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

/// A checked query of [`Part`]s: of the segments of `cells`, which the given beginning names
/// and reads, and of the first events of the log after the event `behind` of each cell; by
/// cell, in the order of `seq`. The arguments begin with the canvas, the cells, the event up to
/// which is read, and [`events_at_once`].
macro_rules! parts_query {
    ($segments:tt, $($argument:expr),+ $(,)?) => {
        // The second part of the log is of servers of a version before, not filled in yet
        // (`db::event_backfill`); mostly it is empty.
        query_as!(
            PartRow,
            $segments + r#"
           UNION ALL
           SELECT c.tile, e.seq, NULL, e.body
           FROM cells c, LATERAL (
               (SELECT seq, body FROM canvas_events
                WHERE canvas_id = $1 AND tile = c.tile AND seq > c.behind AND seq <= $3
                  AND kind IN ('tile_created', 'tile_updated', 'tile_liked', 'tile_deleted')
                ORDER BY seq LIMIT $4)
               UNION ALL
               (SELECT seq, body FROM canvas_events
                WHERE canvas_id = $1 AND tile IS NULL AND seq > c.behind AND seq <= $3
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
            $($argument),+
        )
    };
}

/// For each cell the newest segment that begins up to the event `until`, and the first
/// [`events_at_once`] of the log behind it, up to `until`; by cell, in the order of `seq`.
pub(crate) async fn newest(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    tiles: &[i32],
    until: i64,
) -> Result<Vec<Part>> {
    parts_query!(
        r#"WITH cells AS MATERIALIZED (
               SELECT c.tile, coalesce(k.last_seq, 0) AS behind, k.data
               FROM unnest($2::int[]) AS c (tile)
               LEFT JOIN LATERAL (
                   SELECT last_seq, data FROM tile_keyframes
                   WHERE canvas_id = $1 AND tile = c.tile AND first_seq <= $3
                   ORDER BY first_seq DESC LIMIT 1
               ) AS k ON true
           )
           SELECT tile AS "tile!", behind AS "last_seq!", data AS "data?", NULL AS "body?"
           FROM cells WHERE data IS NOT NULL"#,
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
    parts_query!(
        r#"WITH cells AS MATERIALIZED (
               SELECT c.tile, c.after, greatest(c.after, k.last_seq) AS behind
               FROM unnest($2::int[], $5::bigint[]) AS c (tile, after)
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
                  AND first_seq <= $3
                ORDER BY first_seq LIMIT $6)
               ORDER BY first_seq LIMIT $6
           ) AS k"#,
        canvas.0,
        &tiles,
        until,
        events_at_once(cells.len()),
        &after,
        segments,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
    .and_then(parts)
}
