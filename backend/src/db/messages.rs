//! Chat messages, which are read from the log.

use super::Result;
use crate::{message_id, words};
use shared::{
    api::ChatMessage,
    ids::{CanvasId, MessageId, UserId},
};
use sqlx::{PgExecutor, query, query_as};

/// A chat message of the log.
struct MessageRow {
    body: String,
    /// The event whose words this one repeats.
    said_by: Option<String>,
}

impl MessageRow {
    fn into_message(self) -> Result<ChatMessage> {
        let body = words::read(self.body, self.said_by.as_deref());
        let message = serde_json::from_str(&body);
        message.map_err(|error| sqlx::Error::Decode(error.into()).into())
    }
}

/// Messages before `before_seq`, newest first. Deleted accounts have no names in them, also
/// while the names are still being removed from the log.
pub(crate) async fn before(
    executor: impl PgExecutor<'_>,
    canvas_id: CanvasId,
    before_seq: i64,
    limit: i64,
) -> Result<Vec<ChatMessage>> {
    query!(
        r#"SELECT e.body, CASE WHEN e.words_of IS NOT NULL THEN (
                    SELECT s.body FROM canvas_events s
                    WHERE s.canvas_id = e.canvas_id AND s.seq = e.words_of) END AS "said_by?",
                u.username AS "username?", u.display_name AS "display_name?"
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
        let (body, said_by) = (row.body, row.said_by);
        let mut message = MessageRow { body, said_by }.into_message()?;
        if let (Some(username), Some(display_name)) = (row.username, row.display_name) {
            message.sender_username = username;
            message.sender_display_name = display_name;
        }
        Ok(message)
    })
    .collect()
}

/// A chat message; none if the canvas has none with this id.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    id: MessageId,
) -> Result<Option<ChatMessage>> {
    // The id stands in a fixed place of the wire form. Ids of version 7 have an index, others
    // name the place.
    let found = query_as!(
        MessageRow,
        r#"SELECT e.body AS "body!", CASE WHEN e.words_of IS NOT NULL THEN (
                    SELECT s.body FROM canvas_events s
                    WHERE s.canvas_id = e.canvas_id AND s.seq = e.words_of) END AS "said_by?"
           FROM (
               SELECT canvas_id, body, words_of FROM canvas_events
               WHERE canvas_id = $1 AND seq = $3 AND kind = 'canvas_chat_message'
                 AND substr(body, 45, 36) = $2
               UNION ALL
               SELECT canvas_id, body, words_of FROM canvas_events
               WHERE $3::bigint IS NULL AND canvas_id = $1 AND kind = 'canvas_chat_message'
                 AND substr(body, 45, 36) = $2 AND substr(body, 59, 1) = '7'
           ) AS e"#,
        canvas.0,
        id.to_string(),
        message_id::seq(id),
    )
    .fetch_optional(executor)
    .await?;
    found.map(MessageRow::into_message).transpose()
}

/// The messages after `seq` up to `head`, oldest first.
pub(crate) async fn after(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    seq: i64,
    head: i64,
    limit: i64,
) -> Result<Vec<ChatMessage>> {
    query_as!(
        MessageRow,
        r#"SELECT e.body, CASE WHEN e.words_of IS NOT NULL THEN (
                    SELECT s.body FROM canvas_events s
                    WHERE s.canvas_id = e.canvas_id AND s.seq = e.words_of) END AS "said_by?"
           FROM canvas_events e
           WHERE e.canvas_id = $1 AND e.kind = 'canvas_chat_message' AND e.seq > $2 AND e.seq <= $3
           ORDER BY e.seq LIMIT $4"#,
        canvas.0,
        seq,
        head,
        limit,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(MessageRow::into_message)
    .collect()
}

/// The newest messages of a user up to `head`, newest first.
pub(crate) async fn newest_of(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    user: UserId,
    head: i64,
    limit: i64,
) -> Result<Vec<ChatMessage>> {
    // MATERIALIZED, or the planner may read all messages of the canvas in their order.
    query_as!(
        MessageRow,
        r#"WITH theirs AS MATERIALIZED (
               SELECT seq FROM canvas_events
               WHERE actor_id = $2 AND canvas_id = $1 AND kind = 'canvas_chat_message'
                 AND seq <= $3
           ), newest AS (
               SELECT seq FROM theirs ORDER BY seq DESC LIMIT $4
           )
           SELECT e.body, CASE WHEN e.words_of IS NOT NULL THEN (
                    SELECT s.body FROM canvas_events s
                    WHERE s.canvas_id = e.canvas_id AND s.seq = e.words_of) END AS "said_by?"
           FROM newest n
           JOIN canvas_events e ON e.canvas_id = $1 AND e.seq = n.seq
           ORDER BY e.seq DESC"#,
        canvas.0,
        user.0,
        head,
        limit,
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(MessageRow::into_message)
    .collect()
}
