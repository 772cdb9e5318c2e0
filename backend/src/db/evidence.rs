//! What the evidence of a case needs of the log, besides the events of a cell.

use super::{DbError, Result};
use crate::cell_number::cell_number;
use shared::{canvas::Coord, ids::CanvasId};
use sqlx::{PgExecutor, query, query_scalar};
use std::collections::HashMap;

/// What removed messages said, by their `seq`.
pub(crate) async fn removed_words(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    seqs: &[i64],
) -> Result<HashMap<i64, String>> {
    let rows = query!(
        "SELECT seq, text FROM removed_messages WHERE canvas_id = $1 AND seq = ANY($2)",
        canvas.0,
        seqs,
    )
    .map(|row| (row.seq, row.text))
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().collect())
}

/// Whether there is or was a tile in the cell.
pub(crate) async fn has_cell(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    at: Coord,
) -> Result<bool> {
    query_scalar!(
        r#"SELECT EXISTS (SELECT FROM tiles WHERE canvas_id = $1 AND x = $2 AND y = $3)
               OR EXISTS (SELECT FROM tile_keyframes WHERE canvas_id = $1 AND tile = $4)
               OR EXISTS (SELECT FROM canvas_events WHERE canvas_id = $1 AND tile = $4
                    AND kind IN ('tile_created', 'tile_updated', 'tile_liked', 'tile_deleted'))
               AS "exists!""#,
        canvas.0,
        at.x,
        at.y,
        cell_number(at),
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}
