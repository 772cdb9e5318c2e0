//! The admins that are kept in the database, besides those of `ADMIN_USERS`.

use super::{DbError, Pool, Result};
use sqlx::{PgExecutor, query, query_scalar};

/// Adds a registered user who is an admin, and an entry to the audit table.
///
/// # Errors
/// [`DbError::UsernameTaken`].
pub(crate) async fn create(
    executor: impl PgExecutor<'_>,
    username: &str,
    password_hash: &str,
) -> Result<()> {
    query!(
        "WITH made AS (
             INSERT INTO users (username, display_name, password_hash, is_admin)
             VALUES ($1, $1, $2, true) RETURNING id
         )
         INSERT INTO audit (at, action, outcome, target)
         SELECT clock_timestamp(), 'admin_created', 'ok', 'user:' || id FROM made",
        username,
        password_hash,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Sets whether the user with this name, compared without regard to case, is an admin, and
/// adds an entry to the audit table. Returns the name as it is kept; none if there is no
/// such user.
pub(crate) async fn set(
    executor: impl PgExecutor<'_>,
    username: &str,
    is_admin: bool,
) -> Result<Option<String>> {
    query_scalar!(
        "WITH changed AS (
             UPDATE users SET is_admin = $2
             WHERE lower(username) = lower($1) AND deleted_at IS NULL
             RETURNING id, username
         ), recorded AS (
             INSERT INTO audit (at, action, outcome, target)
             SELECT clock_timestamp(), CASE WHEN $2 THEN 'admin_granted' ELSE 'admin_revoked' END,
                    'ok', 'user:' || id FROM changed
         )
         SELECT username FROM changed",
        username,
        is_admin,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// Notes which users the setting `ADMIN_USERS` names, compared without regard to case.
/// Statements that read roles know them from there.
pub(crate) async fn set_named(pool: &Pool, usernames: &[String]) -> Result<()> {
    let usernames: Vec<String> = usernames.iter().map(|name| name.to_lowercase()).collect();
    query!(
        "UPDATE users SET is_named_admin = false
         WHERE is_named_admin AND lower(username) <> ALL ($1)",
        &usernames,
    )
    .execute(pool)
    .await?;
    query!(
        "UPDATE users SET is_named_admin = true
         WHERE lower(username) = ANY ($1) AND NOT is_named_admin",
        &usernames,
    )
    .execute(pool)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// The names of all admins, in the order of the alphabet.
pub(crate) async fn list(executor: impl PgExecutor<'_>) -> Result<Vec<String>> {
    query_scalar!("SELECT username FROM users WHERE is_admin ORDER BY lower(username)")
        .fetch_all(executor)
        .await
        .map_err(DbError::from)
}

/// Which of these names, compared without regard to case, no user has.
pub(crate) async fn missing(
    executor: impl PgExecutor<'_>,
    usernames: &[String],
) -> Result<Vec<String>> {
    query_scalar!(
        r#"SELECT asked.username AS "username!" FROM unnest($1::text[]) AS asked (username)
         WHERE NOT EXISTS (SELECT FROM users WHERE lower(username) = lower(asked.username))"#,
        usernames,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}
