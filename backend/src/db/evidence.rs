//! What the evidence of a case needs of the log, besides the events of a cell.

use super::{DbError, Result, log::tile_number};
use shared::{
    api::ChatMessage,
    canvas::Coord,
    ids::{CanvasId, MessageId, UserId},
};
use sqlx::{PgExecutor, query, query_scalar};
use std::collections::HashMap;

/// Columns of the largest canvas, by which a cell has its number.
const COLUMNS: i32 = 256;

/// A chat message; none if the canvas has none with this id.
pub(crate) async fn message(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    id: MessageId,
) -> Result<Option<ChatMessage>> {
    // The id stands in a fixed place of the wire form, which has an index.
    let body = query_scalar!(
        "SELECT body FROM canvas_events
         WHERE canvas_id = $1 AND kind = 'canvas_chat_message' AND substr(body, 45, 36) = $2",
        canvas.0,
        id.to_string(),
    )
    .fetch_optional(executor)
    .await?;
    body.map(|body| parse(&body)).transpose()
}

/// The messages after `seq` up to `head`, oldest first.
pub(crate) async fn messages_after(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    seq: i64,
    head: i64,
    limit: i64,
) -> Result<Vec<ChatMessage>> {
    query_scalar!(
        "SELECT body FROM canvas_events
         WHERE canvas_id = $1 AND kind = 'canvas_chat_message' AND seq > $2 AND seq <= $3
         ORDER BY seq LIMIT $4",
        canvas.0,
        seq,
        head,
        limit,
    )
    .fetch_all(executor)
    .await?
    .iter()
    .map(|body| parse(body))
    .collect()
}

/// The newest messages of a user up to `head`, newest first.
pub(crate) async fn newest_messages_of(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    user: UserId,
    head: i64,
    limit: i64,
) -> Result<Vec<ChatMessage>> {
    // MATERIALIZED, or the planner may read all messages of the canvas in their order.
    query_scalar!(
        r#"WITH theirs AS MATERIALIZED (
               SELECT seq FROM canvas_events
               WHERE actor_id = $2 AND canvas_id = $1 AND kind = 'canvas_chat_message'
                 AND seq <= $3
           ), newest AS (
               SELECT seq FROM theirs ORDER BY seq DESC LIMIT $4
           )
           SELECT e.body FROM newest n
           JOIN canvas_events e ON e.canvas_id = $1 AND e.seq = n.seq
           ORDER BY e.seq DESC"#,
        canvas.0,
        user.0,
        head,
        limit,
    )
    .fetch_all(executor)
    .await?
    .iter()
    .map(|body| parse(body))
    .collect()
}

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

/// The cells in which a user painted last up to `head`, newest first.
pub(crate) async fn newest_cells_of(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    user: UserId,
    head: i64,
    limit: i64,
) -> Result<Vec<Coord>> {
    query!(
        r#"WITH theirs AS MATERIALIZED (
               SELECT seq, tile FROM canvas_events
               WHERE actor_id = $2 AND canvas_id = $1 AND tile >= 0 AND seq <= $3
                 AND kind IN ('tile_created', 'tile_updated', 'tile_deleted')
           )
           SELECT tile AS "tile!" FROM theirs
           GROUP BY tile ORDER BY max(seq) DESC LIMIT $4"#,
        canvas.0,
        user.0,
        head,
        limit,
    )
    .map(|row| Coord {
        x: row.tile % COLUMNS,
        y: row.tile / COLUMNS,
    })
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// Whether there is or was a tile in the cell.
pub(crate) async fn has_cell(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    at: Coord,
) -> Result<bool> {
    query_scalar!(
        r#"SELECT EXISTS (SELECT FROM tiles WHERE canvas_id = $1 AND x = $2 AND y = $3)
               OR EXISTS (SELECT FROM canvas_events WHERE canvas_id = $1 AND tile = $4)
               AS "exists!""#,
        canvas.0,
        at.x,
        at.y,
        tile_number(at),
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

fn parse(body: &str) -> Result<ChatMessage> {
    let message = serde_json::from_str(body);
    message.map_err(|error| sqlx::Error::Decode(error.into()).into())
}
