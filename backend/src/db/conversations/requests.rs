//! Requests: who may write to whom, and accepting the first message of somebody else.

use crate::db::{DbError, Result, named};
use shared::{
    api::notifications::DirectMessages,
    ids::{ConversationId, UserId},
};
use sqlx::{PgConnection, PgExecutor, query, query_scalar};

/// From whom the user `to` takes private messages; `None` if one of the two blocks the other, or
/// if the account of `to` was deleted.
pub(crate) async fn preference_towards(
    executor: impl PgExecutor<'_>,
    from: UserId,
    to: UserId,
) -> Result<Option<DirectMessages>> {
    let found = query!(
        r#"SELECT coalesce(p.direct_messages, 'everybody') AS "direct_messages!"
           FROM users u LEFT JOIN preferences p ON p.user_id = u.id
           WHERE u.id = $2 AND u.deleted_at IS NULL
             AND NOT EXISTS (SELECT FROM user_blocks b
                 WHERE (b.user_id = $1 AND b.blocked_id = $2)
                    OR (b.user_id = $2 AND b.blocked_id = $1))"#,
        from.0,
        to.0,
    )
    .try_map(|row| named(row.direct_messages))
    .fetch_optional(executor)
    .await?;
    Ok(found)
}

/// Whether two users share a canvas: each has a role given by name there, or has been on it.
pub(crate) async fn share_a_canvas(
    executor: impl PgExecutor<'_>,
    one: UserId,
    other: UserId,
) -> Result<bool> {
    query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM (
                   SELECT canvas_id FROM canvas_visits WHERE user_id = $1
                   UNION ALL SELECT canvas_id FROM canvas_members WHERE user_id = $1
                   UNION ALL SELECT id FROM canvases WHERE owner_id = $1
               ) AS own
               JOIN LATERAL (
                   SELECT id, owner_id FROM canvases WHERE id = own.canvas_id LIMIT 1
               ) AS c ON true
               WHERE c.owner_id = $2
                  OR EXISTS (SELECT FROM canvas_visits v
                             WHERE v.user_id = $2 AND v.canvas_id = c.id)
                  OR EXISTS (SELECT FROM canvas_members m
                             WHERE m.canvas_id = c.id AND m.user_id = $2)
           ) AS "share!""#,
        one.0,
        other.0,
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// How many requests wait for a user, not counted beyond `limit`.
pub(crate) async fn waiting_requests(
    executor: impl PgExecutor<'_>,
    user: UserId,
    limit: i64,
) -> Result<i64> {
    query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
               SELECT FROM conversations
               WHERE asked_by IS NOT NULL AND last_seq > 0
                 AND CASE WHEN asked_by = low_id THEN high_id ELSE low_id END = $1
               LIMIT $2) AS waiting"#,
        user.0,
        limit,
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// Accepts a request that the other user made. Does nothing where there is none, or where the
/// user made it. The user's preference is then `consent` at least.
pub(crate) async fn accept(
    connection: &mut PgConnection,
    user: UserId,
    conversation: ConversationId,
) -> Result<Accepted> {
    let asked_by = query_scalar!(
        "SELECT asked_by FROM conversations
         WHERE id = $1 AND $2 IN (low_id, high_id) FOR NO KEY UPDATE",
        conversation.0,
        user.0,
    )
    .fetch_optional(&mut *connection)
    .await?;
    match asked_by {
        None => return Ok(Accepted::NotFound),
        Some(Some(asked_by)) if asked_by == user.0 => return Ok(Accepted::Own),
        Some(_) => {}
    }
    query!(
        "WITH accepted AS (UPDATE conversations SET asked_by = NULL WHERE id = $1)
         UPDATE conversation_members SET consent = greatest(consent, coalesce((
             SELECT CASE direct_messages WHEN 'nobody' THEN 2 WHEN 'shared_canvas' THEN 1 ELSE 0 END
             FROM preferences WHERE user_id = $2), 0))
         WHERE conversation_id = $1 AND user_id = $2",
        conversation.0,
        user.0,
    )
    .execute(connection)
    .await?;
    Ok(Accepted::Done)
}

/// What came of [`accept`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// It is open now, or was before.
    Done,
    /// The user asked for it, and the other one has to accept.
    Own,
    /// The user takes no part in such a conversation.
    NotFound,
}
