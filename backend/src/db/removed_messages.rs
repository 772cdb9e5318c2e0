//! Finds chat messages and removes their words from the log. The words are kept in a table
//! of their own, for the evidence of cases.

use super::{DbError, Result};
use chrono::{DateTime, Utc};
use shared::ids::{CanvasId, MessageId, UserId};
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};
use uuid::Uuid;

/// A chat message of the log.
#[derive(Clone, Debug)]
pub(crate) struct LoggedMessage {
    pub(crate) seq: i64,
    /// Its wire form.
    pub(crate) body: String,
}

/// A message to remove.
#[derive(Clone, Debug)]
pub(crate) struct Removal {
    /// The message's `seq`.
    pub(crate) seq: i64,
    pub(crate) message_id: MessageId,
    pub(crate) sender_id: UserId,
    /// Its words.
    pub(crate) text: String,
    /// Its wire form without them.
    pub(crate) body: String,
    pub(crate) remover_id: UserId,
    /// The `seq` of the `chat_removed`.
    pub(crate) removed_by_seq: i64,
}

/// The messages with these ids, or at these `seq`s; those that do not exist are missing.
///
/// Each is looked up by itself, for the reason given at [`super::log::prior_results`].
pub(crate) async fn find(
    connection: &mut PgConnection,
    canvas: CanvasId,
    ids: &[MessageId],
    seqs: &[i64],
) -> Result<Vec<LoggedMessage>> {
    let ids: Vec<String> = ids.iter().map(MessageId::to_string).collect();
    query_as!(
        LoggedMessage,
        r#"SELECT found.seq AS "seq!", found.body AS "body!"
           FROM unnest($2::text[]) AS asked (id),
           LATERAL (
               SELECT seq, body FROM canvas_events
               WHERE canvas_id = $1 AND kind = 'canvas_chat_message'
                 AND substr(body, 45, 36) = asked.id
               LIMIT 1
           ) AS found
           UNION ALL
           SELECT seq, body FROM canvas_events
           WHERE canvas_id = $1 AND seq = ANY($3) AND kind = 'canvas_chat_message'"#,
        canvas.0,
        &ids,
        seqs,
    )
    .fetch_all(connection)
    .await
    .map_err(DbError::from)
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

/// Takes the words out of the log and keeps them apart. Called under the canvas's lock, in
/// the transaction of the events that tell it.
pub(crate) async fn save(
    connection: &mut PgConnection,
    canvas: CanvasId,
    removals: &[Removal],
    now: DateTime<Utc>,
) -> Result<()> {
    let Some(newest) = removals.iter().map(|removal| removal.removed_by_seq).max() else {
        return Ok(());
    };
    let seqs: Vec<i64> = removals.iter().map(|r| r.seq).collect();
    let ids: Vec<Uuid> = removals.iter().map(|r| r.message_id.0).collect();
    let senders: Vec<i64> = removals.iter().map(|r| r.sender_id.0).collect();
    let texts: Vec<&str> = removals.iter().map(|r| r.text.as_str()).collect();
    let bodies: Vec<&str> = removals.iter().map(|r| r.body.as_str()).collect();
    let removers: Vec<i64> = removals.iter().map(|r| r.remover_id.0).collect();
    query!(
        "WITH removed AS (
             SELECT * FROM unnest($2::bigint[], $3::uuid[], $4::bigint[], $5::text[], $6::text[],
                                  $7::bigint[])
                 AS removed (seq, message_id, sender_id, text, body, remover_id)
         ), kept AS (
             INSERT INTO removed_messages
                 (canvas_id, seq, message_id, sender_id, text, remover_id, removed_at)
             SELECT $1, seq, message_id, sender_id, text, remover_id, $8 FROM removed
         ), blanked AS (
             UPDATE canvas_events e SET body = removed.body FROM removed
             WHERE e.canvas_id = $1 AND e.seq = removed.seq
         )
         UPDATE canvases SET last_removal = $9 WHERE id = $1",
        canvas.0,
        &seqs,
        &ids,
        &senders,
        &texts as &[&str],
        &bodies as &[&str],
        &removers,
        now,
        newest,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}
