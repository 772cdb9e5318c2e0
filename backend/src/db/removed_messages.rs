//! The words of removed chat messages, which are kept apart from the log for the evidence of
//! cases.

use super::{DbError, Result};
use chrono::{DateTime, Utc};
use shared::ids::{CanvasId, MessageId, UserId};
use sqlx::{PgConnection, PgExecutor, query, query_scalar};
use uuid::Uuid;

/// A message that is removed.
#[derive(Clone, Debug)]
pub(crate) struct Removal {
    /// The message's `seq`.
    pub(crate) seq: i64,
    pub(crate) message_id: MessageId,
    pub(crate) sender_id: UserId,
    /// Its words.
    pub(crate) text: String,
    pub(crate) remover_id: UserId,
}

/// The `seq`s of a user's messages since a time that are not removed, oldest first, at most
/// `limit`.
pub(crate) async fn since(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    sender: UserId,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<i64>> {
    // Materialized, so that the planner does not go through all messages of the canvas in
    // their order.
    query_scalar!(
        r#"WITH said AS MATERIALIZED (
               SELECT seq FROM canvas_events
               WHERE canvas_id = $1 AND actor_id = $2 AND kind = 'canvas_chat_message'
                 AND created_at >= $3
           )
           SELECT seq AS "seq!" FROM said
           WHERE NOT EXISTS (
               SELECT FROM removed_messages r WHERE r.canvas_id = $1 AND r.seq = said.seq)
           ORDER BY seq LIMIT $4"#,
        canvas.0,
        sender.0,
        since,
        limit,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// Keeps the words apart. Called under the canvas's lock, in the transaction in which they
/// leave the log.
pub(crate) async fn keep(
    connection: &mut PgConnection,
    canvas: CanvasId,
    removals: &[Removal],
    now: DateTime<Utc>,
) -> Result<()> {
    if removals.is_empty() {
        return Ok(());
    }
    let seqs: Vec<i64> = removals.iter().map(|r| r.seq).collect();
    let ids: Vec<Uuid> = removals.iter().map(|r| r.message_id.0).collect();
    let senders: Vec<i64> = removals.iter().map(|r| r.sender_id.0).collect();
    let texts: Vec<&str> = removals.iter().map(|r| r.text.as_str()).collect();
    let removers: Vec<i64> = removals.iter().map(|r| r.remover_id.0).collect();
    query!(
        "INSERT INTO removed_messages
             (canvas_id, seq, message_id, sender_id, text, remover_id, removed_at)
         SELECT $1, seq, message_id, sender_id, text, remover_id, $7
         FROM unnest($2::bigint[], $3::uuid[], $4::bigint[], $5::text[], $6::bigint[])
             AS removed (seq, message_id, sender_id, text, remover_id)",
        canvas.0,
        &seqs,
        &ids,
        &senders,
        &texts as &[&str],
        &removers,
        now,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}
