//! Roles given to users by name.

use super::{DbError, Result, name_of, named};
use shared::{
    api::Member,
    canvas::Role,
    ids::{CanvasId, UserId},
};
use sqlx::{PgExecutor, query};

/// The owner and everybody with a role given by name, or those of them with one role, by
/// ascending user id.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    canvas_id: CanvasId,
    role: Option<Role>,
    after: i64,
    limit: i64,
) -> Result<Vec<Member>> {
    query!(
        r#"SELECT u.id, u.username, u.display_name, r.role AS "role!"
         FROM (SELECT user_id, role FROM canvas_members WHERE canvas_id = $1
               UNION ALL
               SELECT owner_id, 'owner' FROM canvases WHERE id = $1) r
         JOIN users u ON u.id = r.user_id
         WHERE u.id > $2 AND ($4::text IS NULL OR r.role = $4)
         ORDER BY u.id
         LIMIT $3"#,
        canvas_id.0,
        after,
        limit,
        role.map(name_of),
    )
    .try_map(|row| {
        Ok(Member {
            user_id: UserId(row.id),
            username: row.username,
            display_name: row.display_name,
            role: named(row.role)?,
        })
    })
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// Gives the user a role, in place of the one they had; false if they had this one.
pub(crate) async fn set(
    executor: impl PgExecutor<'_>,
    canvas_id: CanvasId,
    user_id: UserId,
    role: Role,
) -> Result<bool> {
    query!(
        "INSERT INTO canvas_members AS m (canvas_id, user_id, role) VALUES ($1, $2, $3)
         ON CONFLICT (canvas_id, user_id) DO UPDATE SET role = excluded.role
         WHERE m.role <> excluded.role",
        canvas_id.0,
        user_id.0,
        name_of(role),
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(|done| done.rows_affected() > 0)
}

/// Removes the role that was given by name; false if there was none.
pub(crate) async fn remove(
    executor: impl PgExecutor<'_>,
    canvas_id: CanvasId,
    user_id: UserId,
) -> Result<bool> {
    query!(
        "DELETE FROM canvas_members WHERE canvas_id = $1 AND user_id = $2",
        canvas_id.0,
        user_id.0,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(|done| done.rows_affected() > 0)
}
