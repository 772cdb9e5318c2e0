//! What users do with their accounts: guests become registered, passwords change, and
//! accounts are deleted. The row of a deleted account stays, without its names.

use super::{DbError, Result, exports};
use chrono::{DateTime, Utc};
use shared::ids::UserId;
use sqlx::{PgConnection, PgExecutor, query, query_scalar};

/// How the user names of deleted accounts begin; a number follows.
const DELETED: &str = "deleted-";
/// The display name of every deleted account.
const DELETED_DISPLAY_NAME: &str = "Deleted account";

/// The user name of a deleted account.
pub(crate) fn deleted_name(number: u64) -> String {
    format!("{DELETED}{number}")
}

/// Whether only a deleted account has such a user name.
pub(crate) fn is_deleted_name(username: &str) -> bool {
    let start = username.get(..DELETED.len());
    let number = username.get(DELETED.len()..).unwrap_or_default();
    start.is_some_and(|start| start.eq_ignore_ascii_case(DELETED))
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The user's password hash, none for a guest. `None` if there is no such account any more.
pub(crate) async fn password_hash(
    executor: impl PgExecutor<'_>,
    user: UserId,
) -> Result<Option<Option<String>>> {
    query_scalar!(
        "SELECT password_hash FROM users WHERE id = $1 AND deleted_at IS NULL",
        user.0,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// Gives a guest a user name and a password. False if the user has a password already.
///
/// # Errors
/// [`DbError::UsernameTaken`].
pub(crate) async fn register_guest(
    executor: impl PgExecutor<'_>,
    user: UserId,
    username: &str,
    password_hash: &str,
) -> Result<bool> {
    query!(
        "UPDATE users SET username = $2, password_hash = $3, renamed_at = clock_timestamp()
         WHERE id = $1 AND password_hash IS NULL AND deleted_at IS NULL",
        user.0,
        username,
        password_hash,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(|done| done.rows_affected() > 0)
}

/// Replaces a password hash by another one. False if the user has a different one by now.
pub(crate) async fn set_password(
    executor: impl PgExecutor<'_>,
    user: UserId,
    before: &str,
    after: &str,
) -> Result<bool> {
    query!(
        "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
        user.0,
        before,
        after,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(|done| done.rows_affected() > 0)
}

/// Removes the names, the password and everything that belongs to the user alone. What is
/// stored with the names elsewhere is left to [`super::name_removals`]. False if the password
/// hash is not `password_hash` any more, or the account is deleted already. Called in a
/// transaction.
///
/// # Errors
/// [`DbError::UsernameTaken`] if somebody has the name `username`.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    user: UserId,
    password_hash: Option<&str>,
    username: &str,
    deletes_canvases: bool,
    now: DateTime<Utc>,
) -> Result<bool> {
    let deleted = query!(
        "UPDATE users
         SET username = $3, display_name = $4, password_hash = NULL, status_message = '',
             is_admin = false, is_named_admin = false, deleted_at = $5,
             renamed_at = clock_timestamp()
         WHERE id = $1 AND password_hash IS NOT DISTINCT FROM $2 AND deleted_at IS NULL",
        user.0,
        password_hash,
        username,
        DELETED_DISPLAY_NAME,
        now,
    )
    .execute(&mut *connection)
    .await?;
    if deleted.rows_affected() == 0 {
        return Ok(false);
    }
    query!("DELETE FROM sign_in_networks WHERE user_id = $1", user.0)
        .execute(&mut *connection)
        .await?;
    query!("DELETE FROM user_blocks WHERE user_id = $1", user.0)
        .execute(&mut *connection)
        .await?;
    query!("DELETE FROM preferences WHERE user_id = $1", user.0)
        .execute(&mut *connection)
        .await?;
    query!("DELETE FROM notifications WHERE user_id = $1", user.0)
        .execute(&mut *connection)
        .await?;
    exports::remove_all(&mut *connection, user).await?;
    query!(
        "INSERT INTO name_removals (user_id, deletes_canvases, due_at) VALUES ($1, $2, $3)",
        user.0,
        deletes_canvases,
        now,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(|_| true)
}

/// A user whose names changed otherwise than by themselves: see `users.renamed_at`.
pub(crate) struct Renamed {
    pub(crate) id: i64,
    pub(crate) username: String,
    pub(crate) display_name: String,
    pub(crate) name_version: i64,
    pub(crate) is_deleted: bool,
    /// When it happened.
    pub(crate) at: DateTime<Utc>,
}

/// The users who were renamed after `since`, the earliest first, at most `limit`.
pub(crate) async fn renamed_since(
    executor: impl PgExecutor<'_>,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Renamed>> {
    sqlx::query_as!(
        Renamed,
        r#"SELECT id, username, display_name, renames AS name_version,
                  deleted_at IS NOT NULL AS "is_deleted!", renamed_at AS "at!"
           FROM users WHERE renamed_at > $1 ORDER BY renamed_at LIMIT $2"#,
        since,
        limit,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_deleted_accounts_are_known() {
        for name in ["deleted-7", "Deleted-0", &deleted_name(u64::MAX)] {
            assert!(is_deleted_name(name), "{name}");
        }
        for name in [
            "deleted-",
            "deleted",
            "deleted-7a",
            "undeleted-7",
            "deletéd-7",
        ] {
            assert!(!is_deleted_name(name), "{name}");
        }
    }
}
