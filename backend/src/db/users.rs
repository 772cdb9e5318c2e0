//! Users, registered and guests.

use super::{DbError, Result};
use chrono::{DateTime, Utc};
use shared::{
    api::{User, moderation::UserRef},
    ids::UserId,
};
use sqlx::{PgExecutor, query, query_as};
use std::collections::HashMap;

/// The columns of [`User`], as they are stored.
struct UserRow {
    id: i64,
    username: String,
    display_name: String,
    is_guest: bool,
    is_admin: bool,
    status_message: String,
    created_at: DateTime<Utc>,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: UserId(row.id),
            username: row.username,
            display_name: row.display_name,
            is_guest: row.is_guest,
            is_admin: row.is_admin,
            status_message: row.status_message,
            created_at: row.created_at.into(),
        }
    }
}

/// A checked query of [`UserRow`]s: the statement up to the columns and after
/// them.
macro_rules! user_query {
    ($before:tt, $after:tt, $($argument:expr),+ $(,)?) => {
        query_as!(
            UserRow,
            $before + r#" id, username, display_name, password_hash IS NULL AS "is_guest!",
                          (is_admin OR is_named_admin) AS "is_admin!", status_message, created_at "# + $after,
            $($argument),+
        )
    };
}

/// What signing in needs of a user.
pub(crate) struct Credentials {
    pub(crate) id: i64,
    /// None for a guest, who cannot sign in.
    pub(crate) password_hash: Option<String>,
}

/// What joining a canvas needs of a user.
#[derive(Clone, Debug)]
pub(crate) struct JoiningUser {
    pub(crate) username: String,
    pub(crate) display_name: String,
    /// How often `display_name` was changed.
    pub(crate) name_version: i64,
    pub(crate) status_message: String,
    /// True without a password.
    pub(crate) is_guest: bool,
}

/// What a connection without a canvas needs of its user.
#[derive(Clone, Debug)]
pub(crate) struct ListeningUser {
    pub(crate) username: String,
    pub(crate) display_name: String,
    /// How often `display_name` was changed.
    pub(crate) name_version: i64,
    pub(crate) is_admin: bool,
    /// Whom the user blocks.
    pub(crate) blocked: Vec<i64>,
    /// Whether the user has a sanction on the whole server that was not lifted.
    pub(crate) has_sanctions: bool,
    /// The server's part of the access version.
    pub(crate) access_version: i64,
}

/// See [`ListeningUser`]; none if there is no such user.
pub(crate) async fn listening(
    executor: impl PgExecutor<'_>,
    user: UserId,
) -> Result<Option<ListeningUser>> {
    query_as!(
        ListeningUser,
        r#"SELECT username, display_name, renames AS name_version,
                  (is_admin OR is_named_admin) AS "is_admin!",
                  ARRAY(SELECT blocked_id FROM user_blocks
                        WHERE user_id = $1 ORDER BY blocked_id) AS "blocked!",
                  EXISTS (SELECT FROM sanctions s WHERE s.user_id = $1 AND s.lifted_at IS NULL
                          AND s.canvas_id IS NULL) AS "has_sanctions!",
                  (SELECT changes FROM server_access) AS "access_version!"
           FROM users WHERE id = $1"#,
        user.0,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// Adds a user; without a password hash, a guest.
///
/// # Errors
/// [`DbError::UsernameTaken`].
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    username: &str,
    display_name: &str,
    password_hash: Option<&str>,
) -> Result<User> {
    user_query!(
        "INSERT INTO users (username, display_name, password_hash) VALUES ($1, $2, $3) RETURNING",
        "",
        username,
        display_name,
        password_hash,
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
    .map(User::from)
}

/// The credentials of the user with this name, compared without regard to case.
pub(crate) async fn credentials(
    executor: impl PgExecutor<'_>,
    username: &str,
) -> Result<Option<Credentials>> {
    query_as!(
        Credentials,
        "SELECT id, password_hash FROM users WHERE lower(username) = lower($1)",
        username,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// A user by id.
pub(crate) async fn find(executor: impl PgExecutor<'_>, id: UserId) -> Result<Option<User>> {
    user_query!("SELECT", "FROM users WHERE id = $1", id.0)
        .fetch_optional(executor)
        .await
        .map_err(DbError::from)
        .map(|row| row.map(User::from))
}

/// The user with this name, compared without regard to case.
pub(crate) async fn by_name(executor: impl PgExecutor<'_>, username: &str) -> Result<Option<User>> {
    user_query!(
        "SELECT",
        "FROM users WHERE lower(username) = lower($1)",
        username
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
    .map(|row| row.map(User::from))
}

/// How others name these users, in the order of the ids. Those that do not exist are
/// missing.
pub(crate) async fn refs(executor: impl PgExecutor<'_>, ids: &[UserId]) -> Result<Vec<UserRef>> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    query!(
        r#"SELECT u.id, u.username, u.display_name
           FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (id, place)
           JOIN users u ON u.id = asked.id
           ORDER BY asked.place"#,
        &ids,
    )
    .map(|row| UserRef {
        user_id: UserId(row.id),
        username: row.username,
        display_name: row.display_name,
    })
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// Changes the fields that are given and keeps the others. None if there is no
/// such user.
pub(crate) async fn update(
    executor: impl PgExecutor<'_>,
    id: UserId,
    display_name: Option<&str>,
    status_message: Option<&str>,
) -> Result<Option<User>> {
    user_query!(
        "UPDATE users SET display_name = coalesce($2, display_name),
                          status_message = coalesce($3, status_message)
         WHERE id = $1 AND deleted_at IS NULL
         RETURNING",
        "",
        id.0,
        display_name,
        status_message,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
    .map(|row| row.map(User::from))
}

/// Sets `last_seen_at` to now. Rows that another transaction has locked are
/// skipped, so that two nodes never wait for each other, in whatever order they
/// update.
pub(crate) async fn seen(executor: impl PgExecutor<'_>, ids: &[UserId]) -> Result<()> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    query!(
        "UPDATE users SET last_seen_at = now() WHERE id IN (
             SELECT id FROM users WHERE id = ANY($1) FOR NO KEY UPDATE SKIP LOCKED)",
        &ids,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Sets the status message of each of these users. Their rows are locked in the order
/// of the ids, so that two nodes never wait for each other.
pub(crate) async fn set_status_messages(
    executor: impl PgExecutor<'_>,
    ids: &[UserId],
    messages: &[String],
) -> Result<()> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    query!(
        "WITH new AS (SELECT * FROM unnest($1::bigint[], $2::text[]) AS new (id, message)),
              locked AS (SELECT u.id FROM users u JOIN new ON new.id = u.id
                         ORDER BY u.id FOR NO KEY UPDATE OF u)
         UPDATE users u SET status_message = new.message
         FROM new JOIN locked ON locked.id = new.id
         WHERE u.id = new.id AND u.deleted_at IS NULL",
        &ids,
        messages,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// The users with these names, which are in lower case, by their names.
pub(crate) async fn ids_by_name(
    executor: impl PgExecutor<'_>,
    names: &[String],
) -> Result<HashMap<String, UserId>> {
    query!(
        r#"SELECT id, lower(username) AS "name!" FROM users WHERE lower(username) = ANY ($1)"#,
        names,
    )
    .map(|row| (row.name, UserId(row.id)))
    .fetch_all(executor)
    .await
    .map(|found| found.into_iter().collect())
    .map_err(DbError::from)
}
