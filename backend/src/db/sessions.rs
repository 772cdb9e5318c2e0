//! Sessions and the one-use tickets that stand in for their tokens.

use super::with_timeout;
use chrono::{DateTime, Utc};
use shared::ids::{SessionId, UserId};
use sqlx::{Error, FromRow, PgExecutor};
use std::collections::HashMap;
use uuid::Uuid;

/// A session that is neither revoked nor expired, with its user.
#[derive(Clone)]
pub(crate) struct ActiveSession {
    pub(crate) user_id: i64,
    pub(crate) username: String,
    pub(crate) display_name: String,
    pub(crate) name_version: i64,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Begins a session.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    id: SessionId,
    user_id: UserId,
    expires_at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO sessions (id, user_id, expires_at) VALUES ($1, $2, $3)")
        .bind(id.0)
        .bind(user_id.0)
        .bind(expires_at)
        .execute(executor)
        .await
        .map(drop)
}

/// Those of these sessions that live, each in its place.
pub(crate) async fn active(
    executor: impl PgExecutor<'_>,
    ids: &[SessionId],
    now: DateTime<Utc>,
) -> Result<Vec<Option<ActiveSession>>, Error> {
    let uuids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as::<_, (Uuid, i64, String, String, i64, DateTime<Utc>)>(
        "SELECT s.id, s.user_id, u.username, u.display_name, u.renames AS name_version, s.expires_at
         FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id = ANY($1) AND s.revoked_at IS NULL AND s.expires_at > $2",
    )
    .bind(uuids)
    .bind(now)
    .fetch_all(executor);
    let rows = with_timeout(rows).await?.into_iter();
    let live: HashMap<Uuid, ActiveSession> = rows
        .map(
            |(id, user_id, username, display_name, name_version, expires_at)| {
                let live = ActiveSession {
                    user_id,
                    username,
                    display_name,
                    name_version,
                    expires_at,
                };
                (id, live)
            },
        )
        .collect();
    Ok(ids.iter().map(|id| live.get(&id.0).cloned()).collect())
}

/// Lets a living session last longer; false where it does not live any more.
pub(crate) async fn extend(
    executor: impl PgExecutor<'_>,
    id: SessionId,
    expires_at: DateTime<Utc>,
) -> Result<bool, Error> {
    sqlx::query(
        "UPDATE sessions SET expires_at = greatest(expires_at, $2)
         WHERE id = $1 AND revoked_at IS NULL",
    )
    .bind(id.0)
    .bind(expires_at)
    .execute(executor)
    .await
    .map(|done| done.rows_affected() > 0)
}

/// Ends a session.
pub(crate) async fn revoke(
    executor: impl PgExecutor<'_>,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query("UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
        .bind(id.0)
        .bind(now)
        .execute(executor)
        .await
        .map(drop)
}

/// Keeps a ticket by its digest.
pub(crate) async fn insert_ticket(
    executor: impl PgExecutor<'_>,
    digest: &[u8],
    session_id: SessionId,
    expires_at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO tickets (digest, session_id, expires_at) VALUES ($1, $2, $3)")
        .bind(digest)
        .bind(session_id.0)
        .bind(expires_at)
        .execute(executor)
        .await
        .map(drop)
}

/// Takes a ticket out, so that it works once; its session if it is still good.
pub(crate) async fn redeem_ticket(
    executor: impl PgExecutor<'_>,
    digest: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<SessionId>, Error> {
    sqlx::query_scalar(
        "WITH taken AS (DELETE FROM tickets WHERE digest = $1 RETURNING session_id, expires_at)
         SELECT session_id FROM taken WHERE expires_at > $2",
    )
    .bind(digest)
    .bind(now)
    .fetch_optional(executor)
    .await
    .map(|id| id.map(SessionId))
}

/// Forgets tickets that ran out and sessions that ended, so that neither table
/// grows for ever.
pub(crate) async fn purge(pool: &sqlx::PgPool, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query("DELETE FROM tickets WHERE expires_at <= $1")
        .bind(now)
        .execute(pool)
        .await?;
    sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
        .bind(now)
        .execute(pool)
        .await
        .map(drop)
}

/// A session that does not live any more.
#[derive(FromRow)]
pub(crate) struct Ended {
    pub(crate) id: Uuid,
    /// It came to its end; otherwise it was ended.
    pub(crate) expired: bool,
}

/// Which of these sessions were ended, or were over at `now`.
pub(crate) async fn ended(
    executor: impl PgExecutor<'_>,
    ids: &[SessionId],
    now: DateTime<Utc>,
) -> Result<Vec<Ended>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let ended = sqlx::query_as(
        "SELECT asked.id, coalesce(s.revoked_at IS NULL AND s.expires_at < $2, false) AS expired
         FROM unnest($1::uuid[]) AS asked (id) LEFT JOIN sessions s ON s.id = asked.id
         WHERE s.id IS NULL OR s.revoked_at IS NOT NULL OR s.expires_at < $2",
    )
    .bind(ids)
    .bind(now)
    .fetch_all(executor);
    with_timeout(ended).await
}
