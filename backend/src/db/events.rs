//! Reads the events of the log that are about one cell.

use super::{DbError, Result, log::tile_number};
use crate::words;
use shared::{canvas::Coord, ids::CanvasId};
use sqlx::{PgExecutor, query};
use std::ops::Range;

/// `seq` and wire form of the events of one cell after the start of the range up to its
/// end, in order, at most `limit`.
///
/// The second part finds the events of servers of the version before that are not filled
/// in yet (`db::event_backfill`); mostly there are none. Both are read in the order of
/// their index, so that few rows are read for a short page.
pub(crate) async fn of_cell(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    cell: Coord,
    range: Range<i64>,
    limit: i64,
) -> Result<Vec<(i64, String)>> {
    // As the wire form of every tile event has it. In a text the quotes are escaped.
    let fields = format!(r#","x":{},"y":{},"#, cell.x, cell.y);
    query!(
        r#"SELECT e.seq AS "seq!", e.body AS "body!", CASE WHEN e.words_of IS NOT NULL THEN (
                    SELECT s.body FROM canvas_events s
                    WHERE s.canvas_id = e.canvas_id AND s.seq = e.words_of) END AS "said_by?"
           FROM (
               (SELECT canvas_id, seq, body, words_of FROM canvas_events
                WHERE canvas_id = $1 AND seq > $2 AND seq <= $3 AND tile = $5
                ORDER BY seq LIMIT $4)
               UNION ALL
               (SELECT canvas_id, seq, body, words_of FROM canvas_events
                WHERE canvas_id = $1 AND seq > $2 AND seq <= $3 AND tile IS NULL
                  AND kind IN ('tile_created', 'tile_updated', 'tile_liked', 'tile_deleted')
                  AND strpos(body, $6) > 0
                ORDER BY seq LIMIT $4)
           ) AS e
           ORDER BY 1 LIMIT $4"#,
        canvas.0,
        range.start,
        range.end,
        limit,
        tile_number(cell),
        fields,
    )
    .map(|row| (row.seq, words::read(row.body, row.said_by.as_deref())))
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}
