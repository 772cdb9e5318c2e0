//! What the events of the canvases take.

use super::{DbError, Result};
use shared::{
    api::storage::{CanvasStorage, Storage},
    ids::CanvasId,
};
use sqlx::{PgExecutor, query};

/// Canvases whose events are weighed; of these the largest are listed.
const WEIGHED: i64 = 200;
/// Events of a canvas that are weighed, the newest.
const SAMPLE: i64 = 200;
/// What a row takes besides its text and its `op_id`: header, other columns, and about a
/// hundred bytes in four indexes.
const ROW_BYTES: i64 = 190;
/// Canvases that are listed.
const LISTED: usize = 50;

/// See [`Storage`]. Events are numbered without a gap, so that counting them is subtracting; of
/// canvases that are not weighed a row counts as much as one of all others.
pub(crate) async fn storage(executor: impl PgExecutor<'_>) -> Result<Storage> {
    let rows = query!(
        r#"WITH archived AS (
               SELECT canvas_id, sum(octet_length(tiles) + octet_length(tiles_digest)
                     + octet_length(others) + octet_length(others_digest)
                     + octet_length(filter))::bigint AS bytes
               FROM archive_pieces GROUP BY canvas_id
           ), all_canvases AS (
               SELECT c.id, c.name, c.last_seq - c.archived_seq AS hot_events,
                      c.archived_seq AS archived_events, coalesce(a.bytes, 0) AS archived_bytes
               FROM canvases c LEFT JOIN archived a ON a.canvas_id = c.id
           ), totals AS (
               SELECT coalesce(sum(hot_events), 0)::bigint AS hot_events,
                      coalesce(sum(archived_events), 0)::bigint AS archived_events,
                      coalesce(sum(archived_bytes), 0)::bigint AS archived_bytes
               FROM all_canvases
           ), largest AS (
               SELECT * FROM all_canvases
               ORDER BY hot_events * ($3::bigint + 250) + archived_bytes DESC, id LIMIT $1
           )
           SELECT t.hot_events AS "all_hot_events!", t.archived_events AS "all_archived_events!",
                  t.archived_bytes AS "all_archived_bytes!", l.id AS "id?", l.name AS "name?",
                  l.hot_events AS "hot_events?", l.archived_events AS "archived_events?",
                  l.archived_bytes AS "archived_bytes?", s.row_bytes AS "row_bytes?"
           FROM totals t LEFT JOIN largest l ON true LEFT JOIN LATERAL (
               SELECT (coalesce(avg(bytes), 0) + $3::bigint)::bigint AS row_bytes FROM (
                   SELECT pg_column_size(body) AS bytes FROM canvas_events
                   WHERE canvas_id = l.id ORDER BY seq DESC LIMIT $2
               ) AS newest
           ) AS s ON true"#,
        WEIGHED,
        SAMPLE,
        ROW_BYTES,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)?;
    let Some(totals) = rows.first() else {
        return Ok(Storage::default());
    };
    let mut storage = Storage {
        hot_events: totals.all_hot_events,
        hot_bytes: 0,
        archived_events: totals.all_archived_events,
        archived_bytes: totals.all_archived_bytes,
        canvases: Vec::with_capacity(rows.len()),
    };
    let mut weighed = 0;
    for row in rows {
        let (Some(id), Some(name)) = (row.id, row.name) else {
            continue;
        };
        let hot_events = row.hot_events.unwrap_or_default();
        let hot_bytes = hot_events * row.row_bytes.unwrap_or(ROW_BYTES);
        weighed += hot_events;
        storage.hot_bytes += hot_bytes;
        storage.canvases.push(CanvasStorage {
            canvas_id: CanvasId(id),
            name,
            hot_events,
            hot_bytes,
            archived_events: row.archived_events.unwrap_or_default(),
            archived_bytes: row.archived_bytes.unwrap_or_default(),
        });
    }
    // A sum of all rows beyond those that were weighed, at the mean of these.
    let mean = storage.hot_bytes / weighed.max(1);
    storage.hot_bytes += (storage.hot_events - weighed).max(0) * mean;
    let order = |it: &CanvasStorage| (-(it.hot_bytes + it.archived_bytes), it.canvas_id);
    storage.canvases.sort_by_key(order);
    storage.canvases.truncate(LISTED);
    Ok(storage)
}
