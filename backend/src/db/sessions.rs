//! Sessions, and the one-use tickets that stand in for their tokens.

use super::{DbError, Pool, Result};
use chrono::{DateTime, Utc};
use shared::{
    api::sanctions::{SanctionBrief, SanctionKind},
    ids::{SessionId, UserId},
};
use sqlx::{PgExecutor, query, query_as, query_scalar};
use std::{collections::HashMap, fmt, str::FromStr, sync::Arc};
use uuid::Uuid;

/// Rows that one statement of [`purge`] deletes at most.
const PURGE_BATCH: i64 = 1_000;

/// A session that is neither revoked nor expired, with its user.
#[derive(Clone)]
pub(crate) struct ActiveSession {
    pub(crate) user_id: i64,
    pub(crate) username: String,
    pub(crate) display_name: String,
    /// How often `display_name` was changed.
    pub(crate) name_version: i64,
    /// Whether the database has the user as an admin.
    pub(crate) is_admin: bool,
    /// Whether the user has no password.
    pub(crate) is_guest: bool,
    /// The ban from the whole server that was in force when this was read.
    pub(crate) server_ban: Option<Arc<SanctionBrief>>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Begins a session.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    id: SessionId,
    user_id: UserId,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    query!(
        "INSERT INTO sessions (id, user_id, expires_at) VALUES ($1, $2, $3)",
        id.0,
        user_id.0,
        expires_at,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Which of these sessions are active at `now`: one value per id, in their
/// order.
pub(crate) async fn active(
    executor: impl PgExecutor<'_>,
    ids: &[SessionId],
    now: DateTime<Utc>,
) -> Result<Vec<Option<ActiveSession>>> {
    let uuids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = query!(
        r#"SELECT s.id, s.user_id, u.username, u.display_name, u.renames AS name_version,
                (u.is_admin OR u.is_named_admin) AS "is_admin!",
                u.password_hash IS NULL AS "is_guest!", s.expires_at,
                b.id AS "ban_id?", b.reason AS "ban_reason?", b.expires_at AS "ban_expires_at?"
         FROM sessions s JOIN users u ON u.id = s.user_id
         LEFT JOIN LATERAL (
             SELECT * FROM sanctions
             WHERE user_id = u.id AND lifted_at IS NULL AND kind = 'ban' AND canvas_id IS NULL
               AND coalesce(expires_at > clock_timestamp(), true)
             LIMIT 1
         ) AS b ON true
         WHERE s.id = ANY($1) AND s.revoked_at IS NULL AND s.expires_at > $2"#,
        &uuids,
        now,
    )
    .fetch_all(executor)
    .await?
    .into_iter();
    let active: HashMap<Uuid, ActiveSession> = rows
        .map(|row| {
            let ban = row.ban_id.zip(row.ban_reason).map(|(id, reason)| {
                Arc::new(SanctionBrief {
                    id,
                    kind: SanctionKind::Ban,
                    reason,
                    expires_at: row.ban_expires_at.map(Into::into),
                })
            });
            let session = ActiveSession {
                user_id: row.user_id,
                username: row.username,
                display_name: row.display_name,
                name_version: row.name_version,
                is_admin: row.is_admin,
                is_guest: row.is_guest,
                server_ban: ban,
                expires_at: row.expires_at,
            };
            (row.id, session)
        })
        .collect();
    Ok(ids.iter().map(|id| active.get(&id.0).cloned()).collect())
}

/// Moves the end of a session to `expires_at`, never back; false if the session
/// was revoked or does not exist.
pub(crate) async fn extend(
    executor: impl PgExecutor<'_>,
    id: SessionId,
    expires_at: DateTime<Utc>,
) -> Result<bool> {
    query!(
        "UPDATE sessions SET expires_at = greatest(expires_at, $2)
         WHERE id = $1 AND revoked_at IS NULL",
        id.0,
        expires_at,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(|done| done.rows_affected() > 0)
}

/// Ends a session.
pub(crate) async fn revoke(
    executor: impl PgExecutor<'_>,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<()> {
    query!(
        "UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        id.0,
        now,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Ends one of the user's sessions; false if they have no such session.
pub(crate) async fn revoke_of(
    executor: impl PgExecutor<'_>,
    user: UserId,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<bool> {
    query!(
        "UPDATE sessions SET revoked_at = $3
         WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3",
        id.0,
        user.0,
        now,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(|done| done.rows_affected() > 0)
}

/// Ends all sessions of the user but `kept`, and returns those that it ended.
pub(crate) async fn revoke_others(
    executor: impl PgExecutor<'_>,
    user: UserId,
    kept: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<Vec<SessionId>> {
    let ended = query_scalar!(
        "UPDATE sessions SET revoked_at = $3
         WHERE user_id = $1 AND id IS DISTINCT FROM $2 AND revoked_at IS NULL AND expires_at > $3
         RETURNING id",
        user.0,
        kept.map(|id| id.0),
        now,
    )
    .fetch_all(executor)
    .await?;
    Ok(ended.into_iter().map(SessionId).collect())
}

/// Where a session stands in the list: newest first. Written as `microseconds.id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListPosition {
    created_at: DateTime<Utc>,
    id: Uuid,
}

impl fmt::Display for ListPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.created_at.timestamp_micros(), self.id)
    }
}

impl FromStr for ListPosition {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        let (micros, id) = text.split_once('.').ok_or(())?;
        let micros = micros.parse().map_err(drop)?;
        Ok(Self {
            created_at: DateTime::from_timestamp_micros(micros).ok_or(())?,
            id: id.parse().map_err(drop)?,
        })
    }
}

/// A session in the list of its user.
pub(crate) struct ListedSession {
    pub(crate) id: SessionId,
    pub(crate) created_at: DateTime<Utc>,
    /// To within some minutes.
    pub(crate) last_seen_at: DateTime<Utc>,
}

impl ListedSession {
    pub(crate) fn position(&self) -> ListPosition {
        ListPosition {
            created_at: self.created_at,
            id: self.id.0,
        }
    }
}

/// The user's sessions that are active at `now`, newest first, those after a position.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    user: UserId,
    now: DateTime<Utc>,
    after: Option<ListPosition>,
    limit: i64,
) -> Result<Vec<ListedSession>> {
    query!(
        r#"SELECT id, created_at, greatest(created_at, last_seen_at) AS "last_seen_at!"
           FROM sessions
           WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
             AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
           ORDER BY created_at DESC, id DESC LIMIT $5"#,
        user.0,
        now,
        after.map(|position| position.created_at),
        after.map(|position| position.id),
        limit,
    )
    .map(|row| ListedSession {
        id: SessionId(row.id),
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
    })
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// Notes that these sessions are used, those for which it was not noted since `noted_since`.
/// Rows that another transaction has locked are skipped: two nodes never wait for each other.
pub(crate) async fn seen(
    executor: impl PgExecutor<'_>,
    ids: &[SessionId],
    now: DateTime<Utc>,
    noted_since: DateTime<Utc>,
) -> Result<()> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    query!(
        "UPDATE sessions SET last_seen_at = $2 WHERE id IN (
             SELECT id FROM sessions
             WHERE id = ANY($1) AND (last_seen_at IS NULL OR last_seen_at < $3)
             FOR NO KEY UPDATE SKIP LOCKED)",
        &ids,
        now,
        noted_since,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Stores a ticket, by the digest of its text.
pub(crate) async fn insert_ticket(
    executor: impl PgExecutor<'_>,
    digest: &[u8],
    session_id: SessionId,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    query!(
        "INSERT INTO tickets (digest, session_id, expires_at) VALUES ($1, $2, $3)",
        digest,
        session_id.0,
        expires_at,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Deletes a ticket, so that it works once, and returns its session. None if
/// there is no such ticket or it has expired at `now`.
pub(crate) async fn redeem_ticket(
    executor: impl PgExecutor<'_>,
    digest: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<SessionId>> {
    query_scalar!(
        "WITH taken AS (DELETE FROM tickets WHERE digest = $1 RETURNING session_id, expires_at)
         SELECT session_id FROM taken WHERE expires_at > $2",
        digest,
        now,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
    .map(|id| id.map(SessionId))
}

/// Deletes expired tickets and sessions, each kind in batches: one statement for all of a
/// crowd would take longer than it may, and never succeed. Called periodically.
pub(crate) async fn purge(pool: &Pool, now: DateTime<Utc>) -> Result<()> {
    loop {
        let deleted = query!(
            "DELETE FROM tickets WHERE digest IN (
                 SELECT digest FROM tickets WHERE expires_at <= $1
                 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
            now,
            PURGE_BATCH,
        )
        .execute(pool)
        .await?;
        if deleted.rows_affected() < PURGE_BATCH.unsigned_abs() {
            break;
        }
    }
    loop {
        let deleted = query!(
            "DELETE FROM sessions WHERE id IN (
                 SELECT id FROM sessions WHERE expires_at <= $1
                 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
            now,
            PURGE_BATCH,
        )
        .execute(pool)
        .await?;
        if deleted.rows_affected() < PURGE_BATCH.unsigned_abs() {
            return Ok(());
        }
    }
}

/// A session that is not active any more.
pub(crate) struct EndedSession {
    pub(crate) id: Uuid,
    /// True if its time was over, false if it was revoked or deleted.
    pub(crate) expired: bool,
}

/// Which of these sessions are not active at `now`.
pub(crate) async fn ended(
    executor: impl PgExecutor<'_>,
    ids: &[SessionId],
    now: DateTime<Utc>,
) -> Result<Vec<EndedSession>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    query_as!(
        EndedSession,
        r#"SELECT asked.id AS "id!",
                coalesce(s.revoked_at IS NULL AND s.expires_at < $2, false) AS "expired!"
         FROM unnest($1::uuid[]) AS asked (id) LEFT JOIN sessions s ON s.id = asked.id
         WHERE s.id IS NULL OR s.revoked_at IS NOT NULL OR s.expires_at < $2"#,
        &ids,
        now,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}
