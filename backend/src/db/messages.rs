//! Chat messages of the hot table. Whoever reads messages uses `past::log`, which knows older
//! ones.

use super::{DbError, Result, log::LogRow};
use crate::message_id;
use shared::ids::{CanvasId, MessageId, UserId};
use sqlx::{PgExecutor, query, query_as};
use std::collections::HashMap;

/// The names of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) username: String,
    pub(crate) display_name: String,
}

/// Chat messages of the hot table.
#[derive(Clone, Debug)]
pub(crate) struct HotMessages {
    /// Whether older events of the canvas may be elsewhere.
    pub(crate) has_archive: bool,
    pub(crate) rows: Vec<LogRow>,
    /// The names, by `seq`, of senders whose accounts were deleted. The log may still have
    /// others.
    pub(crate) deleted: HashMap<i64, Names>,
}

/// Messages before `before_seq`, newest first. None if there is no such canvas.
pub(crate) async fn before(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    before_seq: i64,
    limit: i64,
) -> Result<HotMessages> {
    let rows = query!(
        r#"SELECT c.archived_seq, e.seq AS "seq?", e.body AS "body?", e.words_of AS "words_of?",
                CASE WHEN e.words_of IS NOT NULL THEN (
                    SELECT s.body FROM canvas_events s
                    WHERE s.canvas_id = e.canvas_id AND s.seq = e.words_of) END AS "said_by?",
                u.username AS "username?", u.display_name AS "display_name?"
         FROM canvases c
         LEFT JOIN LATERAL (
             SELECT * FROM canvas_events
             WHERE canvas_id = c.id AND kind = 'canvas_chat_message' AND seq < $2
               AND seq > c.archived_seq
             ORDER BY seq DESC LIMIT $3
         ) AS e ON true
         LEFT JOIN users u ON u.id = e.actor_id AND u.deleted_at IS NOT NULL
         WHERE c.id = $1
         ORDER BY e.seq DESC"#,
        canvas.0,
        before_seq,
        limit,
    )
    .fetch_all(executor)
    .await?;
    let mut messages = HotMessages {
        has_archive: rows.first().is_some_and(|row| row.archived_seq > 0),
        rows: Vec::with_capacity(rows.len()),
        deleted: HashMap::new(),
    };
    for row in rows {
        let (Some(seq), Some(body)) = (row.seq, row.body) else {
            continue;
        };
        if let (Some(username), Some(display_name)) = (row.username, row.display_name) {
            let names = Names {
                username,
                display_name,
            };
            messages.deleted.insert(seq, names);
        }
        messages.rows.push(LogRow {
            seq,
            body,
            words_of: row.words_of,
            said_by: row.said_by,
        });
    }
    Ok(messages)
}

/// The names of those of these users whose accounts were deleted.
pub(crate) async fn deleted_names(
    executor: impl PgExecutor<'_>,
    users: &[UserId],
) -> Result<HashMap<UserId, Names>> {
    let ids: Vec<i64> = users.iter().map(|user| user.0).collect();
    query!(
        "SELECT id, username, display_name FROM users
         WHERE id = ANY($1) AND deleted_at IS NOT NULL",
        &ids,
    )
    .map(|row| {
        let names = Names {
            username: row.username,
            display_name: row.display_name,
        };
        (UserId(row.id), names)
    })
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
    .map(|rows| rows.into_iter().collect())
}

/// A chat message; none if the hot table has none with this id.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    id: MessageId,
) -> Result<Option<LogRow>> {
    // The id stands in a fixed place of the wire form. Ids of version 7 have an index, others
    // name the place.
    query_as!(
        LogRow,
        r#"SELECT e.seq AS "seq!", e.body AS "body!", e.words_of,
                  CASE WHEN e.words_of IS NOT NULL THEN (
                    SELECT s.body FROM canvas_events s
                    WHERE s.canvas_id = e.canvas_id AND s.seq = e.words_of) END AS "said_by?"
           FROM (
               SELECT canvas_id, seq, body, words_of FROM canvas_events
               WHERE canvas_id = $1 AND seq = $3 AND kind = 'canvas_chat_message'
                 AND substr(body, 45, 36) = $2
               UNION ALL
               SELECT canvas_id, seq, body, words_of FROM canvas_events
               WHERE $3::bigint IS NULL AND canvas_id = $1 AND kind = 'canvas_chat_message'
                 AND substr(body, 45, 36) = $2 AND substr(body, 59, 1) = '7'
                 AND to_regclass('canvas_events_old_message_id_idx') IS NOT NULL
           ) AS e"#,
        canvas.0,
        id.to_string(),
        message_id::seq(id),
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// The messages after `seq` up to `head`, oldest first.
pub(crate) async fn after(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    seq: i64,
    head: i64,
    limit: i64,
) -> Result<Vec<LogRow>> {
    query_as!(
        LogRow,
        r#"SELECT e.seq, e.body, e.words_of, CASE WHEN e.words_of IS NOT NULL THEN (
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
    .await
    .map_err(DbError::from)
}

/// The newest messages of a user up to `head`, newest first.
pub(crate) async fn newest_of(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    user: UserId,
    head: i64,
    limit: i64,
) -> Result<Vec<LogRow>> {
    // MATERIALIZED, or the planner may read all messages of the canvas in their order.
    query_as!(
        LogRow,
        r#"WITH theirs AS MATERIALIZED (
               SELECT seq FROM canvas_events
               WHERE actor_id = $2 AND canvas_id = $1 AND kind = 'canvas_chat_message'
                 AND seq <= $3
           ), newest AS (
               SELECT seq FROM theirs ORDER BY seq DESC LIMIT $4
           )
           SELECT e.seq, e.body, e.words_of, CASE WHEN e.words_of IS NOT NULL THEN (
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
    .await
    .map_err(DbError::from)
}
