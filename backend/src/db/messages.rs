//! The chat's history, which is read from the log.

use super::Result;
use shared::{api::ChatMessage, ids::CanvasId};
use sqlx::{PgExecutor, query};

/// Messages before `before_seq`, newest first. Deleted accounts have no names in them, also
/// while the names are still being removed from the log.
pub(crate) async fn before(
    executor: impl PgExecutor<'_>,
    canvas_id: CanvasId,
    before_seq: i64,
    limit: i64,
) -> Result<Vec<ChatMessage>> {
    query!(
        r#"SELECT e.body, u.username AS "username?", u.display_name AS "display_name?"
         FROM canvas_events e
         LEFT JOIN users u ON u.id = e.actor_id AND u.deleted_at IS NOT NULL
         WHERE e.canvas_id = $1 AND e.kind = 'canvas_chat_message' AND e.seq < $2
         ORDER BY e.seq DESC
         LIMIT $3"#,
        canvas_id.0,
        before_seq,
        limit,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| {
        let mut message: ChatMessage =
            serde_json::from_str(&row.body).map_err(|error| sqlx::Error::Decode(error.into()))?;
        if let (Some(username), Some(display_name)) = (row.username, row.display_name) {
            message.sender_username = username;
            message.sender_display_name = display_name;
        }
        Ok(message)
    })
    .collect()
}
