//! Roles given by name.

use super::{name_of, named};
use shared::{
    api::Member,
    canvas::Role,
    ids::{CanvasId, UserId},
};
use sqlx::{Error, FromRow, PgExecutor};

#[derive(FromRow)]
struct MemberRow {
    user_id: i64,
    username: String,
    display_name: String,
    role: String,
}

impl MemberRow {
    fn into_member(self) -> Result<Member, Error> {
        Ok(Member {
            user_id: UserId(self.user_id),
            username: self.username,
            display_name: self.display_name,
            role: named(self.role)?,
        })
    }
}

/// The owner and everybody with a role given by name, in the order of user ids.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    canvas_id: CanvasId,
    after: i64,
    limit: i64,
) -> Result<Vec<Member>, Error> {
    sqlx::query_as::<_, MemberRow>(
        "SELECT u.id AS user_id, u.username, u.display_name, r.role
         FROM (SELECT user_id, role FROM canvas_members WHERE canvas_id = $1
               UNION ALL
               SELECT owner_id, 'owner' FROM canvases WHERE id = $1) r
         JOIN users u ON u.id = r.user_id
         WHERE u.id > $2
         ORDER BY u.id
         LIMIT $3",
    )
    .bind(canvas_id.0)
    .bind(after)
    .bind(limit)
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(MemberRow::into_member)
    .collect()
}

/// Gives the user a role.
pub(crate) async fn set(
    executor: impl PgExecutor<'_>,
    canvas_id: CanvasId,
    user_id: UserId,
    role: Role,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO canvas_members (canvas_id, user_id, role) VALUES ($1, $2, $3)
         ON CONFLICT (canvas_id, user_id) DO UPDATE SET role = excluded.role",
    )
    .bind(canvas_id.0)
    .bind(user_id.0)
    .bind(name_of(role))
    .execute(executor)
    .await
    .map(drop)
}

/// Takes the role that was given by name; false where there was none.
pub(crate) async fn remove(
    executor: impl PgExecutor<'_>,
    canvas_id: CanvasId,
    user_id: UserId,
) -> Result<bool, Error> {
    sqlx::query("DELETE FROM canvas_members WHERE canvas_id = $1 AND user_id = $2")
        .bind(canvas_id.0)
        .bind(user_id.0)
        .execute(executor)
        .await
        .map(|done| done.rows_affected() > 0)
}
