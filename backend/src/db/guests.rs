//! Deletes guests that left nothing: without a session, canvas, role, event, like, lock,
//! private message.

use super::{DbError, Result};
use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, query, query_scalar};

/// Where a pass over all guests, the oldest first, has come to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    created_at: DateTime<Utc>,
    id: i64,
}

/// What became of one batch.
#[derive(Debug)]
pub(crate) struct Purged {
    /// How many guests were deleted.
    pub(crate) deleted: i64,
    /// Where the next batch begins; none if there are no further guests.
    pub(crate) next: Option<Position>,
}

/// Whether deleting a user finds their events without reading the whole log; see
/// `migrations/README.md`.
pub(crate) async fn can_purge(executor: impl PgExecutor<'_>) -> Result<bool> {
    query_scalar!(
        r#"SELECT EXISTS (
             SELECT FROM pg_index i
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
             WHERE i.indrelid = 'canvas_events'::regclass AND i.indisvalid
               AND i.indpred IS NULL AND a.attname = 'actor_id'
         ) AS "can_purge!""#
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// Looks at the `limit` guests after a position that were created before `created_before`,
/// and deletes those that left nothing and have no session at `now`.
pub(crate) async fn purge(
    executor: impl PgExecutor<'_>,
    after: Option<Position>,
    created_before: DateTime<Utc>,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Purged> {
    let row = query!(
        r#"WITH asked AS (
             SELECT id, created_at FROM users
             WHERE password_hash IS NULL AND created_at < $1
               AND ($2::TIMESTAMPTZ IS NULL OR (created_at, id) > ($2, $3::BIGINT))
             ORDER BY created_at, id
             LIMIT $4
         ), deleted AS (
             DELETE FROM users u USING asked
             WHERE u.id = asked.id AND u.password_hash IS NULL AND NOT u.is_admin AND NOT u.is_named_admin
               AND NOT EXISTS (SELECT FROM sessions s
                   WHERE s.user_id = u.id AND s.revoked_at IS NULL AND s.expires_at > $5)
               AND NOT EXISTS (SELECT FROM canvases c WHERE c.owner_id = u.id)
               AND NOT EXISTS (SELECT FROM canvas_members m WHERE m.user_id = u.id)
               AND NOT EXISTS (SELECT FROM canvas_events e WHERE e.actor_id = u.id)
               AND NOT EXISTS (SELECT FROM archived_actors h WHERE h.actor_id = u.id)
               AND NOT EXISTS (SELECT FROM canvas_idle_ops o WHERE o.actor_id = u.id)
               AND NOT EXISTS (SELECT FROM tiles t WHERE t.creator_id = u.id)
               AND NOT EXISTS (SELECT FROM tile_likes l WHERE l.user_id = u.id)
               AND NOT EXISTS (SELECT FROM tile_locks l WHERE l.user_id = u.id)
               AND NOT EXISTS (SELECT FROM conversations c
                   WHERE (c.low_id = u.id OR c.high_id = u.id) AND c.last_seq > 0)
               AND NOT EXISTS (SELECT FROM reports r WHERE r.reporter_id = u.id)
               AND NOT EXISTS (SELECT FROM sanctions s
                   WHERE s.user_id = u.id OR s.issued_by = u.id OR s.lifted_by = u.id)
             RETURNING u.id
         ), last AS (
             SELECT id, created_at FROM asked ORDER BY created_at DESC, id DESC LIMIT 1
         )
         SELECT (SELECT count(*) FROM deleted) AS "deleted!",
                (SELECT count(*) FROM asked) AS "asked!",
                (SELECT id FROM last) AS id, (SELECT created_at FROM last) AS created_at"#,
        created_before,
        after.map(|position| position.created_at),
        after.map(|position| position.id),
        limit,
        now,
    )
    .fetch_one(executor)
    .await?;
    let last = row.created_at.zip(row.id);
    let last = last.map(|(created_at, id)| Position { created_at, id });
    Ok(Purged {
        deleted: row.deleted,
        next: last.filter(|_| row.asked == limit),
    })
}
