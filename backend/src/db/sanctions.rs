//! Sanctions: how they are read. They are changed in [`change`].

mod change;
mod record;

pub(crate) use change::{New, have_earlier_ended, insert, lift, lock_scope, new_transaction_id};
pub(crate) use record::{SanctionRecord, Sanctions, forbidding};

use super::{DbError, Result, appeals::StoredAppeal, name_of, named};
use chrono::{DateTime, Utc};
use shared::{
    api::{moderation::UserRef, sanctions::SanctionKind},
    canvas::Rank,
    ids::{CanvasId, UserId},
};
use sqlx::{PgConnection, PgExecutor, query_as, query_scalar};
use std::collections::{HashMap, HashSet};

struct Row {
    id: i64,
    canvas_id: Option<i64>,
    user_id: i64,
    username: String,
    display_name: String,
    kind: String,
    reason: String,
    note: String,
    issuer_id: i64,
    issuer_username: String,
    issuer_display_name: String,
    issuer_rank: i16,
    issued_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    lifted_at: Option<DateTime<Utc>>,
    lift_reason: String,
    case_id: Option<i64>,
    appeal: Option<serde_json::Value>,
}

impl Row {
    fn into_record(self) -> sqlx::Result<SanctionRecord> {
        Ok(SanctionRecord {
            id: self.id,
            canvas_id: self.canvas_id.map(CanvasId),
            user: UserRef {
                user_id: UserId(self.user_id),
                username: self.username,
                display_name: self.display_name,
            },
            kind: named(self.kind)?,
            reason: self.reason,
            note: self.note,
            issued_by: UserRef {
                user_id: UserId(self.issuer_id),
                username: self.issuer_username,
                display_name: self.issuer_display_name,
            },
            issuer_rank: match self.issuer_rank {
                1 => Rank::Moderator,
                2 => Rank::Owner,
                3 => Rank::Admin,
                _ => Rank::Other,
            },
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            lifted_at: self.lifted_at,
            lift_reason: self.lift_reason,
            case_id: self.case_id,
            appeal: self.appeal.map(StoredAppeal::parse).transpose()?,
        })
    }
}

/// A checked query of sanctions `s`: the statement after its joins, and the arguments.
macro_rules! sanction_query {
    ($after:tt, $($argument:expr),+ $(,)?) => {
        query_as!(
            Row,
            r#"SELECT s.id, s.canvas_id, s.user_id, u.username, u.display_name, s.kind, s.reason,
                      s.note, i.id AS issuer_id, i.username AS issuer_username,
                      i.display_name AS issuer_display_name, s.issuer_rank, s.issued_at,
                      s.expires_at, s.lifted_at, s.lift_reason, s.case_id,
                      (SELECT jsonb_build_object('id', a.id, 'sanction_id', a.sanction_id,
                              'state', a.state, 'created_at', a.created_at,
                              'decided_at', a.decided_at, 'messages', (
                                  SELECT coalesce(jsonb_agg(jsonb_build_object(
                                      'by_sanctioned', m.by_sanctioned, 'text', m.text,
                                      'at', m.at, 'author', (
                                          SELECT jsonb_build_object('user_id', w.id, 'username',
                                                 w.username, 'display_name', w.display_name)
                                          FROM users w WHERE w.id = m.author_id)
                                  ) ORDER BY m.id), '[]')
                                  FROM appeal_messages m WHERE m.appeal_id = a.id))
                       FROM appeals a WHERE a.sanction_id = s.id) AS "appeal?"
               FROM sanctions s
               JOIN users u ON u.id = s.user_id
               JOIN users i ON i.id = s.issued_by "# + $after,
            $($argument),+
        )
        .try_map(Row::into_record)
    };
}

/// The sanctions in force of these users on a canvas, those on the whole server included,
/// the oldest first. Asks nothing for no users.
pub(crate) async fn in_force(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    users: &[UserId],
) -> Result<HashMap<UserId, Sanctions>> {
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<i64> = users.iter().map(|user| user.0).collect();
    let records = sanction_query!(
        "WHERE s.user_id = ANY ($2) AND s.lifted_at IS NULL
           AND (s.canvas_id = $1 OR s.canvas_id IS NULL)
           AND coalesce(s.expires_at > clock_timestamp(), true)
         ORDER BY s.id",
        canvas.0,
        &ids,
    )
    .fetch_all(executor)
    .await?;
    Ok(by_user(records))
}

/// The same for those on the whole server alone.
pub(crate) async fn in_force_on_server(
    executor: impl PgExecutor<'_>,
    users: &[UserId],
) -> Result<HashMap<UserId, Sanctions>> {
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<i64> = users.iter().map(|user| user.0).collect();
    let records = sanction_query!(
        "WHERE s.user_id = ANY ($1) AND s.lifted_at IS NULL AND s.canvas_id IS NULL
           AND coalesce(s.expires_at > clock_timestamp(), true)
         ORDER BY s.id",
        &ids,
    )
    .fetch_all(executor)
    .await?;
    Ok(by_user(records))
}

fn by_user(records: Vec<SanctionRecord>) -> HashMap<UserId, Sanctions> {
    let mut found: HashMap<UserId, Vec<SanctionRecord>> = HashMap::new();
    for record in records {
        found.entry(record.user.user_id).or_default().push(record);
    }
    let found = found.into_iter();
    found.map(|(user, all)| (user, all.into())).collect()
}

/// The part of the access version that all canvases share: it grows with each change of a
/// sanction on the whole server, or of who is an admin.
pub(crate) async fn server_version(executor: impl PgExecutor<'_>) -> Result<i64> {
    query_scalar!("SELECT changes FROM server_access")
        .fetch_one(executor)
        .await
        .map_err(DbError::from)
}

/// The sanctions in force that concern what the user writes to another in private: those on the
/// whole server, and those on canvases where the other has a role given by name or has been.
pub(crate) async fn towards(
    executor: impl PgExecutor<'_>,
    user: UserId,
    other: UserId,
) -> Result<Vec<SanctionRecord>> {
    sanction_query!(
        "WHERE s.user_id = $1 AND s.lifted_at IS NULL
           AND coalesce(s.expires_at > clock_timestamp(), true)
           AND (s.canvas_id IS NULL OR EXISTS (
               SELECT FROM canvases c
               WHERE c.id = s.canvas_id AND (c.owner_id = $2
                   OR EXISTS (SELECT FROM canvas_members m
                              WHERE m.canvas_id = c.id AND m.user_id = $2)
                   OR EXISTS (SELECT FROM canvas_visits v
                              WHERE v.user_id = $2 AND v.canvas_id = c.id))))
         ORDER BY s.id",
        user.0,
        other.0,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// One sanction; none if there is none with this id.
pub(crate) async fn find(executor: impl PgExecutor<'_>, id: i64) -> Result<Option<SanctionRecord>> {
    sanction_query!("WHERE s.id = $1", id)
        .fetch_optional(executor)
        .await
        .map_err(DbError::from)
}

/// The sanctions with these ids, in no order; those that do not exist are missing.
pub(crate) async fn by_ids(
    executor: impl PgExecutor<'_>,
    ids: &[i64],
) -> Result<Vec<SanctionRecord>> {
    sanction_query!("WHERE s.id = ANY ($1)", ids)
        .fetch_all(executor)
        .await
        .map_err(DbError::from)
}

/// Which sanctions are listed, the newest first.
pub(crate) struct Filter<'a> {
    /// None for those on the whole server.
    pub(crate) canvas: Option<CanvasId>,
    /// Only those in force, or only those that are over.
    pub(crate) active: Option<bool>,
    /// Only those of the user with this name.
    pub(crate) username: Option<&'a str>,
    /// Only those with a lower id.
    pub(crate) before: i64,
    /// The maximum number.
    pub(crate) limit: i64,
}

/// A page of the sanctions of a canvas, or of those on the whole server.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    filter: &Filter<'_>,
) -> Result<Vec<SanctionRecord>> {
    sanction_query!(
        "WHERE s.canvas_id IS NOT DISTINCT FROM $1 AND s.id < $2
           AND ($3::boolean IS NULL OR $3 = (
               s.lifted_at IS NULL AND coalesce(s.expires_at > clock_timestamp(), true)))
           AND ($4::text IS NULL OR lower(u.username) = lower($4))
         ORDER BY s.id DESC LIMIT $5",
        filter.canvas.map(|canvas| canvas.0),
        filter.before,
        filter.active,
        filter.username,
        filter.limit,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// A page of a user's own sanctions everywhere, the newest first.
pub(crate) async fn of_user(
    executor: impl PgExecutor<'_>,
    user: UserId,
    before: i64,
    limit: i64,
) -> Result<Vec<SanctionRecord>> {
    sanction_query!(
        "WHERE s.user_id = $1 AND s.id < $2 ORDER BY s.id DESC LIMIT $3",
        user.0,
        before,
        limit,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// The user's sanction of this kind that is in force with exactly this scope.
pub(crate) async fn same_kind(
    connection: &mut PgConnection,
    canvas: Option<CanvasId>,
    user: UserId,
    kind: SanctionKind,
) -> Result<Option<SanctionRecord>> {
    sanction_query!(
        "WHERE s.user_id = $2 AND s.kind = $3 AND s.lifted_at IS NULL
           AND s.canvas_id IS NOT DISTINCT FROM $1
           AND coalesce(s.expires_at > clock_timestamp(), true)
         ORDER BY s.id DESC LIMIT 1",
        canvas.map(|canvas| canvas.0),
        user.0,
        name_of(kind),
    )
    .fetch_optional(connection)
    .await
    .map_err(DbError::from)
}

/// Which of these sanctions of the user have scopes in which the user moderates, and no ban
/// takes the role: there they see who issued them.
pub(crate) async fn moderated(
    executor: impl PgExecutor<'_>,
    user: UserId,
    sanctions: &[SanctionRecord],
    is_admin: bool,
) -> Result<HashSet<i64>> {
    if is_admin {
        return Ok(sanctions.iter().map(|sanction| sanction.id).collect());
    }
    let ids: Vec<i64> = sanctions.iter().map(|sanction| sanction.id).collect();
    let moderated = query_scalar!(
        "SELECT s.id FROM sanctions s
         JOIN canvases c ON c.id = s.canvas_id
         LEFT JOIN canvas_members m ON m.canvas_id = c.id AND m.user_id = $1
         WHERE s.id = ANY ($2) AND (c.owner_id = $1 OR m.role = 'moderator')
           AND NOT EXISTS (
               SELECT FROM sanctions b
               WHERE b.user_id = $1 AND b.kind = 'ban' AND b.lifted_at IS NULL
                 AND (b.canvas_id = c.id OR b.canvas_id IS NULL)
                 AND coalesce(b.expires_at > clock_timestamp(), true)
           )",
        user.0,
        &ids,
    )
    .fetch_all(executor)
    .await?;
    Ok(moderated.into_iter().collect())
}
