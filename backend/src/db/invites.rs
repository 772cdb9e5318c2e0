//! Invites to canvases. Whoever has the code of one gets its role.

use super::{DbError, Result, name_of, named};
use chrono::{DateTime, Utc};
use shared::{
    api::{accounts::Invite, moderation::UserRef},
    canvas::Role,
    ids::{CanvasId, InviteId, UserId},
};
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};

/// Rows that [`purge`] deletes with one statement.
const PURGE_BATCH: i64 = 1_000;

/// The columns of [`Invite`], as they are stored.
struct InviteRow {
    id: i64,
    code: String,
    role: String,
    uses: i32,
    max_uses: Option<i32>,
    expires_at: DateTime<Utc>,
    note: String,
    user_id: i64,
    username: String,
    display_name: String,
}

impl InviteRow {
    fn into_invite(self) -> sqlx::Result<Invite> {
        Ok(Invite {
            id: InviteId(self.id),
            code: self.code,
            role: named(self.role)?,
            uses: self.uses,
            max_uses: self.max_uses,
            expires_at: self.expires_at.into(),
            note: self.note,
            created_by: UserRef {
                user_id: UserId(self.user_id),
                username: self.username,
                display_name: self.display_name,
            },
        })
    }
}

/// A new invite, whose values are validated.
pub(crate) struct New {
    pub(crate) canvas: CanvasId,
    pub(crate) code: String,
    pub(crate) role: Role,
    pub(crate) max_uses: Option<i32>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) note: String,
    pub(crate) created_by: UserId,
}

/// Makes an invite, unless the canvas has `max` of them or does not exist. Called in a
/// transaction, which locks the canvas.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    new: &New,
    max: i64,
) -> Result<Option<Invite>> {
    let locked = query_scalar!(
        "SELECT id FROM canvases WHERE id = $1 FOR NO KEY UPDATE",
        new.canvas.0,
    )
    .fetch_optional(&mut *connection)
    .await?;
    if locked.is_none() {
        return Ok(None);
    }
    let made = query_as!(
        InviteRow,
        "WITH made AS (
             INSERT INTO invites (canvas_id, code, role, max_uses, expires_at, note, created_by)
             SELECT $1, $2, $3, $4, $5, $6, $7
             WHERE (SELECT count(*) FROM invites WHERE canvas_id = $1) < $8
             RETURNING *
         )
         SELECT made.id, code, role, uses, max_uses, expires_at, note,
                u.id AS user_id, u.username, u.display_name
         FROM made JOIN users u ON u.id = made.created_by",
        new.canvas.0,
        new.code,
        name_of(new.role),
        new.max_uses,
        new.expires_at,
        new.note,
        new.created_by.0,
        max,
    )
    .fetch_optional(connection)
    .await?;
    made.map(InviteRow::into_invite)
        .transpose()
        .map_err(DbError::from)
}

/// The invites of a canvas, newest first, those with an id below `before`. Those of
/// moderators are only listed `with_moderators`.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    with_moderators: bool,
    before: i64,
    limit: i64,
) -> Result<Vec<Invite>> {
    query_as!(
        InviteRow,
        "SELECT i.id, i.code, i.role, i.uses, i.max_uses, i.expires_at, i.note,
                u.id AS user_id, u.username, u.display_name
         FROM invites i JOIN users u ON u.id = i.created_by
         WHERE i.canvas_id = $1 AND i.id < $2 AND ($3 OR i.role <> 'moderator')
         ORDER BY i.id DESC LIMIT $4",
        canvas.0,
        before,
        with_moderators,
        limit,
    )
    .try_map(InviteRow::into_invite)
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// The canvas of an invite, and the role that it gives.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    id: InviteId,
) -> Result<Option<(CanvasId, Role)>> {
    query!("SELECT canvas_id, role FROM invites WHERE id = $1", id.0)
        .try_map(|row| Ok((CanvasId(row.canvas_id), named(row.role)?)))
        .fetch_optional(executor)
        .await
        .map_err(DbError::from)
}

/// Revokes an invite; false if there is none.
pub(crate) async fn delete(executor: impl PgExecutor<'_>, id: InviteId) -> Result<bool> {
    query!("DELETE FROM invites WHERE id = $1", id.0)
        .execute(executor)
        .await
        .map_err(DbError::from)
        .map(|done| done.rows_affected() > 0)
}

/// The canvas to which an invite with this code leads.
pub(crate) async fn canvas_of(
    executor: impl PgExecutor<'_>,
    code: &str,
) -> Result<Option<CanvasId>> {
    query_scalar!("SELECT canvas_id FROM invites WHERE code = $1", code)
        .fetch_optional(executor)
        .await
        .map_err(DbError::from)
        .map(|id| id.map(CanvasId))
}

/// An invite that can be accepted.
pub(crate) struct Acceptable {
    pub(crate) id: InviteId,
    pub(crate) role: Role,
    pub(crate) created_by: UserId,
    pub(crate) note: String,
    /// The role that the accepting user was given by name.
    pub(crate) given: Option<Role>,
}

/// The invite with this code, unless it is over or used up at `now`. Called under the
/// canvas's lock, so that the uses of several people at once are counted exactly.
pub(crate) async fn acceptable(
    connection: &mut PgConnection,
    code: &str,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Option<Acceptable>> {
    query!(
        r#"SELECT i.id, i.role, i.created_by, i.note, m.role AS "given?"
           FROM invites i
           LEFT JOIN canvas_members m ON m.canvas_id = i.canvas_id AND m.user_id = $2
           WHERE i.code = $1 AND i.expires_at > $3 AND (i.max_uses IS NULL OR i.uses < i.max_uses)
           FOR NO KEY UPDATE OF i"#,
        code,
        user.0,
        now,
    )
    .try_map(|row| {
        Ok(Acceptable {
            id: InviteId(row.id),
            role: named(row.role)?,
            created_by: UserId(row.created_by),
            note: row.note,
            given: row.given.map(named).transpose()?,
        })
    })
    .fetch_optional(connection)
    .await
    .map_err(DbError::from)
}

/// Counts a use of the invite.
pub(crate) async fn count_use(executor: impl PgExecutor<'_>, id: InviteId) -> Result<()> {
    query!("UPDATE invites SET uses = uses + 1 WHERE id = $1", id.0)
        .execute(executor)
        .await
        .map_err(DbError::from)
        .map(drop)
}

/// Deletes invites that ended before `oldest`. Called periodically.
pub(crate) async fn purge(executor: impl PgExecutor<'_>, oldest: DateTime<Utc>) -> Result<()> {
    query!(
        "DELETE FROM invites WHERE id IN (
             SELECT id FROM invites WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        oldest,
        PURGE_BATCH,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}
