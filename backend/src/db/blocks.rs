//! Whom users do not want to see. The server only keeps the list: clients hide what the
//! blocked people do, so that nothing is missing from the log.

use super::{DbError, Result};
use shared::{api::moderation::UserRef, ids::UserId};
use sqlx::{PgConnection, PgExecutor, query, query_scalar};

/// Blocks somebody. False if the user blocks `max` people already. Called in a transaction,
/// which locks the user, so that requests at the same time are counted one after the other.
pub(crate) async fn add(
    connection: &mut PgConnection,
    user: UserId,
    blocked: UserId,
    max: i64,
) -> Result<bool> {
    query!(
        "SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE",
        user.0
    )
    .fetch_optional(&mut *connection)
    .await?;
    query_scalar!(
        r#"WITH added AS (
             INSERT INTO user_blocks (user_id, blocked_id)
             SELECT $1, $2 WHERE (SELECT count(*) FROM user_blocks WHERE user_id = $1) < $3
             ON CONFLICT DO NOTHING
             RETURNING 1
         )
         SELECT EXISTS (SELECT FROM added) OR EXISTS (
             SELECT FROM user_blocks WHERE user_id = $1 AND blocked_id = $2) AS "is_blocked!""#,
        user.0,
        blocked.0,
        max,
    )
    .fetch_one(connection)
    .await
    .map_err(DbError::from)
}

/// Ends a block, if there is one.
pub(crate) async fn remove(
    executor: impl PgExecutor<'_>,
    user: UserId,
    blocked: UserId,
) -> Result<()> {
    query!(
        "DELETE FROM user_blocks WHERE user_id = $1 AND blocked_id = $2",
        user.0,
        blocked.0,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// The people whom the user blocks, each with its place in the list: the last added first,
/// those before the place `before`.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    user: UserId,
    before: i64,
    limit: i64,
) -> Result<Vec<(i64, UserRef)>> {
    query!(
        "SELECT b.id AS place, u.id, u.username, u.display_name
         FROM user_blocks b JOIN users u ON u.id = b.blocked_id
         WHERE b.user_id = $1 AND b.id < $2
         ORDER BY b.id DESC LIMIT $3",
        user.0,
        before,
        limit,
    )
    .map(|row| {
        let user = UserRef {
            user_id: UserId(row.id),
            username: row.username,
            display_name: row.display_name,
        };
        (row.place, user)
    })
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}
