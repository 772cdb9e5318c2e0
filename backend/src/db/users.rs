//! Users, registered and guests.

use chrono::{DateTime, Utc};
use shared::{api::User, ids::UserId};
use sqlx::{Error, FromRow, PgExecutor};

/// The key that makes names unique without regard to case.
pub(crate) const USERNAME_KEY: &str = "users_username_key";

#[derive(FromRow)]
struct UserRow {
    id: i64,
    username: String,
    display_name: String,
    is_guest: bool,
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
            status_message: row.status_message,
            created_at: row.created_at.into(),
        }
    }
}

/// What signing in needs to know.
#[derive(FromRow)]
pub(crate) struct Credentials {
    pub(crate) id: i64,
    pub(crate) password_hash: Option<String>,
}

/// Somebody as they come to a canvas.
#[derive(Clone, Debug)]
pub(crate) struct JoiningUser {
    pub(crate) username: String,
    pub(crate) display_name: String,
    pub(crate) name_version: i64,
    pub(crate) status_message: String,
}

/// Adds a user; without a password hash, a guest.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    username: &str,
    display_name: &str,
    password_hash: Option<&str>,
) -> Result<User, Error> {
    sqlx::query_as::<_, UserRow>(
        "INSERT INTO users (username, display_name, password_hash) VALUES ($1, $2, $3)
         RETURNING id, username, display_name, password_hash IS NULL AS is_guest,
                   status_message, created_at",
    )
    .bind(username)
    .bind(display_name)
    .bind(password_hash)
    .fetch_one(executor)
    .await
    .map(User::from)
}

/// What signing in as the user of this name, in whatever case, needs to know.
pub(crate) async fn credentials(
    executor: impl PgExecutor<'_>,
    username: &str,
) -> Result<Option<Credentials>, Error> {
    sqlx::query_as("SELECT id, password_hash FROM users WHERE lower(username) = lower($1)")
        .bind(username)
        .fetch_optional(executor)
        .await
}

/// A user by id.
pub(crate) async fn find(executor: impl PgExecutor<'_>, id: UserId) -> Result<Option<User>, Error> {
    sqlx::query_as::<_, UserRow>(
        "SELECT id, username, display_name, password_hash IS NULL AS is_guest,
                status_message, created_at
         FROM users WHERE id = $1",
    )
    .bind(id.0)
    .fetch_optional(executor)
    .await
    .map(|row| row.map(User::from))
}

/// The user of this name, in whatever case.
pub(crate) async fn by_name(
    executor: impl PgExecutor<'_>,
    username: &str,
) -> Result<Option<User>, Error> {
    sqlx::query_as::<_, UserRow>(
        "SELECT id, username, display_name, password_hash IS NULL AS is_guest,
                status_message, created_at
         FROM users WHERE lower(username) = lower($1)",
    )
    .bind(username)
    .fetch_optional(executor)
    .await
    .map(|row| row.map(User::from))
}

/// Changes what is given, and keeps the rest.
pub(crate) async fn update(
    executor: impl PgExecutor<'_>,
    id: UserId,
    display_name: Option<&str>,
    status_message: Option<&str>,
) -> Result<Option<User>, Error> {
    sqlx::query_as::<_, UserRow>(
        "UPDATE users SET display_name = coalesce($2, display_name),
                          status_message = coalesce($3, status_message)
         WHERE id = $1
         RETURNING id, username, display_name, password_hash IS NULL AS is_guest,
                   status_message, created_at",
    )
    .bind(id.0)
    .bind(display_name)
    .bind(status_message)
    .fetch_optional(executor)
    .await
    .map(|row| row.map(User::from))
}

/// Notes that users were here until now. Who is being noted elsewhere is left
/// out: so nobody waits for another, in whatever order they come.
pub(crate) async fn seen(executor: impl PgExecutor<'_>, ids: &[UserId]) -> Result<(), Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    sqlx::query(
        "UPDATE users SET last_seen_at = now() WHERE id IN (
             SELECT id FROM users WHERE id = ANY($1) FOR NO KEY UPDATE SKIP LOCKED)",
    )
    .bind(ids)
    .execute(executor)
    .await
    .map(drop)
}
