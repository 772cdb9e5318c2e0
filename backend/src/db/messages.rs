//! The chat's history, which is read from the log.

use super::Result;
use shared::{api::ChatMessage, ids::CanvasId};
use sqlx::{PgExecutor, query_scalar};

/// Messages before `before_seq`, newest first.
pub(crate) async fn before(
    executor: impl PgExecutor<'_>,
    canvas_id: CanvasId,
    before_seq: i64,
    limit: i64,
) -> Result<Vec<ChatMessage>> {
    query_scalar!(
        "SELECT body FROM canvas_events
         WHERE canvas_id = $1 AND kind = 'canvas_chat_message' AND seq < $2
         ORDER BY seq DESC
         LIMIT $3",
        canvas_id.0,
        before_seq,
        limit,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|body| {
        let message = serde_json::from_str(&body);
        message.map_err(|error| sqlx::Error::Decode(error.into()).into())
    })
    .collect()
}
