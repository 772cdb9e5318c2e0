//! Removes what is left of deleted canvases, in pieces.

use super::{Pool, Result};
use sqlx::query;

/// Rows of one table that are removed at a time.
const ROWS: i64 = 2_000;
/// The same for tiles, which have up to 4 KiB.
const TILES: i64 = 200;
/// The same for pieces of the archive, which have about half a megabyte.
const PIECES: i64 = 10;

/// What came of one piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removed {
    /// No canvas is left to clean up, or other nodes are doing it.
    Nothing,
    /// Some rows; there may be more.
    Some,
}

/// Removes some rows of one deleted canvas. Nodes that do this at the same time take
/// different canvases. Whatever is interrupted is done later.
#[expect(clippy::too_many_lines, reason = "one statement for all tables")]
pub(crate) async fn remove_some(pool: &Pool) -> Result<Removed> {
    // Tiles go after their likes, of which one tile may have any number.
    let removed = query!(
        r#"WITH gone AS (
             SELECT id FROM deleted_canvases ORDER BY deleted_at, id LIMIT 1
             FOR UPDATE SKIP LOCKED
         ), events AS (
             DELETE FROM canvas_events WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM canvas_events
                 WHERE canvas_id = (SELECT id FROM gone) LIMIT $1
             )) RETURNING 1
         ), no_ops AS (
             DELETE FROM canvas_idle_ops WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM canvas_idle_ops
                 WHERE canvas_id = (SELECT id FROM gone) LIMIT $1
             )) RETURNING 1
         ), words AS (
             DELETE FROM removed_messages WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM removed_messages
                 WHERE canvas_id = (SELECT id FROM gone) LIMIT $1
             )) RETURNING 1
         ), said AS (
             DELETE FROM comments WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM comments
                 WHERE canvas_id = (SELECT id FROM gone) LIMIT $1
             )) RETURNING 1
         ), commented AS (
             DELETE FROM commented_cells WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM commented_cells
                 WHERE canvas_id = (SELECT id FROM gone) LIMIT $1
             )) RETURNING 1
         ), chunks AS (
             DELETE FROM event_index WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM event_index
                 WHERE canvas_id = (SELECT id FROM gone) LIMIT $2
             )) RETURNING 1
         ), visits AS (
             DELETE FROM canvas_visits WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM canvas_visits
                 WHERE canvas_id = (SELECT id FROM gone) LIMIT $1
             )) RETURNING 1
         ), notified AS (
             DELETE FROM notifications WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM notifications
                 WHERE canvas_id = (SELECT id FROM gone) LIMIT $1
             )) RETURNING 1
         ), keyframes AS (
             DELETE FROM tile_keyframes WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM tile_keyframes
                 WHERE canvas_id = (SELECT id FROM gone) LIMIT $2
             )) RETURNING 1
         ), pieces AS (
             DELETE FROM archive_pieces WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM archive_pieces
                 WHERE canvas_id = (SELECT id FROM gone) LIMIT $3
             )) RETURNING 1
         ), rewordings AS (
             DELETE FROM archive_rewordings WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM archive_rewordings
                 WHERE canvas_id = (SELECT id FROM gone) LIMIT $1
             )) RETURNING 1
         ), actors AS (
             DELETE FROM archived_actors WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM archived_actors
                 WHERE canvas_id = (SELECT id FROM gone) LIMIT $1
             )) RETURNING 1
         ), likes AS (
             DELETE FROM tile_likes WHERE ctid = ANY (ARRAY (
                 SELECT l.ctid FROM tiles t JOIN tile_likes l ON l.tile_id = t.id
                 WHERE t.canvas_id = (SELECT id FROM gone) LIMIT $1
             )) RETURNING 1
         ), unliked AS (
             DELETE FROM tiles WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM tiles
                 WHERE canvas_id = (SELECT id FROM gone)
                   AND NOT EXISTS (SELECT FROM likes) LIMIT $2
             )) RETURNING 1
         ), deleted AS (
             DELETE FROM deleted_tiles WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM deleted_tiles
                 WHERE canvas_id = (SELECT id FROM gone) LIMIT $2
             )) RETURNING 1
         )
         SELECT id, (SELECT count(*) FROM events) + (SELECT count(*) FROM no_ops)
                  + (SELECT count(*) FROM pieces) + (SELECT count(*) FROM rewordings)
                  + (SELECT count(*) FROM actors)
                  + (SELECT count(*) FROM words) + (SELECT count(*) FROM said)
                  + (SELECT count(*) FROM commented) + (SELECT count(*) FROM chunks)
                  + (SELECT count(*) FROM visits) + (SELECT count(*) FROM notified)
                  + (SELECT count(*) FROM likes) + (SELECT count(*) FROM unliked)
                  + (SELECT count(*) FROM deleted) + (SELECT count(*) FROM keyframes) AS "rows!"
         FROM gone"#,
        ROWS,
        TILES,
        PIECES,
    )
    .fetch_optional(pool)
    .await?;
    let Some(removed) = removed else {
        return Ok(Removed::Nothing);
    };
    if removed.rows == 0 {
        query!("DELETE FROM deleted_canvases WHERE id = $1", removed.id)
            .execute(pool)
            .await?;
    }
    Ok(Removed::Some)
}
