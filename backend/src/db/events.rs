//! Reading the log.

use shared::ids::CanvasId;
use sqlx::{Error, PgExecutor};

/// Events after `after_seq`, in order: their `seq` and their bytes as sent.
pub(crate) async fn after(
    executor: impl PgExecutor<'_>,
    canvas_id: CanvasId,
    after_seq: i64,
    limit: i64,
) -> Result<Vec<(i64, String)>, Error> {
    sqlx::query_as(
        "SELECT seq, body FROM canvas_events
         WHERE canvas_id = $1 AND seq > $2
         ORDER BY seq
         LIMIT $3",
    )
    .bind(canvas_id.0)
    .bind(after_seq)
    .bind(limit)
    .fetch_all(executor)
    .await
}
