//! Canvases, and who may do what on them.

use super::{name_of, named, users::JoiningUser, with_timeout};
use chrono::{DateTime, Utc};
use shared::{
    api::{Canvas, UpdateCanvas},
    canvas::{EditPolicy, Role, Visibility},
    ids::{CanvasId, Epoch, UserId},
};
use sqlx::{Error, FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

/// What somebody may do on a canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// Their role; none for those not signed in, and on private canvases for
    /// those who are no members.
    pub(crate) role: Option<Role>,
    /// Who finds the canvas.
    pub(crate) visibility: Visibility,
    /// Who made it.
    pub(crate) owner_id: UserId,
    /// How often it changed who may do what here.
    pub(crate) acl_version: i64,
}

impl Access {
    /// Whether they may read the canvas.
    pub(crate) fn reads(&self) -> bool {
        self.role.is_some() || self.visibility != Visibility::Private
    }
}

/// What the role of `viewer` is, given the row that names it, if there is one.
fn role_of(
    owner_id: UserId,
    visibility: Visibility,
    viewer: Option<UserId>,
    given: Option<String>,
) -> Result<Option<Role>, Error> {
    let Some(viewer) = viewer else {
        return Ok(None);
    };
    if viewer == owner_id {
        return Ok(Some(Role::Owner));
    }
    if let Some(role) = given {
        return named(role).map(Some);
    }
    Ok((visibility != Visibility::Private).then_some(Role::Editor))
}

/// What `viewer` may do on the canvas; none where there is no such canvas.
pub(crate) async fn access(
    executor: impl PgExecutor<'_>,
    id: CanvasId,
    viewer: Option<UserId>,
) -> Result<Option<Access>, Error> {
    let row = sqlx::query_as::<_, (i64, String, Option<String>, i64)>(
        "SELECT c.owner_id, c.visibility, m.role, c.access_changes AS acl_version
         FROM canvases c
         LEFT JOIN canvas_members m ON m.canvas_id = c.id AND m.user_id = $2
         WHERE c.id = $1",
    )
    .bind(id.0)
    .bind(viewer.map(|user| user.0))
    .fetch_optional(executor)
    .await?;
    row.map(|(owner_id, visibility, given, acl_version)| {
        let owner_id = UserId(owner_id);
        let visibility = named(visibility)?;
        Ok(Access {
            role: role_of(owner_id, visibility, viewer, given)?,
            visibility,
            owner_id,
            acl_version,
        })
    })
    .transpose()
}

/// What is known of somebody who wants to join a canvas.
#[derive(Clone, Debug)]
pub(crate) struct JoinLookup {
    /// What they may do there; none where there is no such canvas.
    pub(crate) access: Option<Access>,
    /// Who they are; none where there is no such user.
    pub(crate) user: Option<JoiningUser>,
}

#[derive(FromRow)]
struct JoinRow {
    owner_id: Option<i64>,
    visibility: Option<String>,
    acl_version: Option<i64>,
    role: Option<String>,
    username: Option<String>,
    display_name: Option<String>,
    name_version: Option<i64>,
    status_message: Option<String>,
}

impl JoinRow {
    fn user(&mut self) -> Option<JoiningUser> {
        Some(JoiningUser {
            username: self.username.take()?,
            display_name: self.display_name.take()?,
            name_version: self.name_version?,
            status_message: self.status_message.take()?,
        })
    }
}

/// What a join needs to know, one value per pair, in their order. Each is looked up by
/// itself, as in [`super::log::prior_results`].
pub(crate) async fn join_lookups(
    executor: impl PgExecutor<'_>,
    asked: &[(CanvasId, UserId)],
) -> Result<Vec<JoinLookup>, Error> {
    let canvases: Vec<i64> = asked.iter().map(|(canvas, _)| canvas.0).collect();
    let users: Vec<i64> = asked.iter().map(|(_, user)| user.0).collect();
    let rows = sqlx::query_as::<_, JoinRow>(
        "SELECT c.owner_id, c.visibility, c.access_changes AS acl_version, m.role,
                u.username, u.display_name, u.renames AS name_version, u.status_message
         FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS asked (canvas_id, user_id, place)
         LEFT JOIN LATERAL (
             SELECT * FROM canvases WHERE id = asked.canvas_id LIMIT 1
         ) AS c ON true
         LEFT JOIN LATERAL (
             SELECT * FROM canvas_members
             WHERE canvas_id = asked.canvas_id AND user_id = asked.user_id LIMIT 1
         ) AS m ON true
         LEFT JOIN LATERAL (
             SELECT * FROM users WHERE id = asked.user_id LIMIT 1
         ) AS u ON true
         ORDER BY place",
    )
    .bind(canvases)
    .bind(users)
    .fetch_all(executor);
    let rows = with_timeout(rows).await?.into_iter();
    rows.zip(asked)
        .map(|(mut row, (_, viewer))| {
            let user = row.user();
            let canvas = row.owner_id.zip(row.visibility).zip(row.acl_version);
            let access = canvas.map(|((owner_id, visibility), acl_version)| {
                let owner_id = UserId(owner_id);
                let visibility = named(visibility)?;
                Ok::<_, Error>(Access {
                    role: role_of(owner_id, visibility, Some(*viewer), row.role)?,
                    visibility,
                    owner_id,
                    acl_version,
                })
            });
            Ok(JoinLookup {
                access: access.transpose()?,
                user,
            })
        })
        .collect()
}

/// The roles of these users on a canvas; nothing where it is gone.
pub(crate) async fn roles(
    executor: impl PgExecutor<'_>,
    id: CanvasId,
    users: &[UserId],
) -> Result<Vec<(UserId, Option<Role>)>, Error> {
    let users: Vec<i64> = users.iter().map(|user| user.0).collect();
    let rows = sqlx::query_as::<_, (i64, i64, String, Option<String>)>(
        "SELECT u.id, c.owner_id, c.visibility, m.role
         FROM canvases c
         CROSS JOIN unnest($2::bigint[]) AS u (id)
         LEFT JOIN canvas_members m ON m.canvas_id = c.id AND m.user_id = u.id
         WHERE c.id = $1",
    )
    .bind(id.0)
    .bind(users)
    .fetch_all(executor);
    let rows = with_timeout(rows).await?.into_iter();
    rows.map(|(user, owner, visibility, given)| {
        let user = UserId(user);
        let role = role_of(UserId(owner), named(visibility)?, Some(user), given)?;
        Ok((user, role))
    })
    .collect()
}

/// A canvas as it is stored, with the viewer's role if one was given by name.
#[derive(FromRow)]
struct CanvasRow {
    id: i64,
    name: String,
    description: String,
    width: i32,
    height: i32,
    tile_size: i32,
    palette: Vec<String>,
    visibility: String,
    edit_policy: String,
    owner_id: i64,
    tile_count: i64,
    epoch: Uuid,
    last_seq: i64,
    created_at: DateTime<Utc>,
    member_role: Option<String>,
}

impl CanvasRow {
    fn into_canvas(self, viewer: Option<UserId>) -> Result<Canvas, Error> {
        let owner_id = UserId(self.owner_id);
        let visibility = named(self.visibility)?;
        Ok(Canvas {
            id: CanvasId(self.id),
            name: self.name,
            description: self.description,
            width: self.width,
            height: self.height,
            tile_size: self.tile_size,
            palette: self.palette,
            visibility,
            edit_policy: named(self.edit_policy)?,
            owner_id,
            role: role_of(owner_id, visibility, viewer, self.member_role)?,
            tile_count: self.tile_count,
            active_users: 0,
            epoch: Epoch(self.epoch),
            last_seq: self.last_seq,
            created_at: self.created_at.into(),
        })
    }
}

/// A canvas as `viewer` sees it; who is there now is for the caller to add.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    id: CanvasId,
    viewer: Option<UserId>,
) -> Result<Option<Canvas>, Error> {
    sqlx::query_as::<_, CanvasRow>(
        "SELECT c.id, c.name, c.description, c.width, c.height, c.tile_size, c.palette,
                c.visibility, c.edit_policy, c.owner_id, c.tile_count, c.epoch, c.last_seq,
                c.created_at, m.role AS member_role
         FROM canvases c
         LEFT JOIN canvas_members m ON m.canvas_id = c.id AND m.user_id = $2
         WHERE c.id = $1",
    )
    .bind(id.0)
    .bind(viewer.map(|user| user.0))
    .fetch_optional(executor)
    .await?
    .map(|row| row.into_canvas(viewer))
    .transpose()
}

/// Which canvases are listed.
pub(crate) struct Filter<'a> {
    /// In the name or the description, without regard to case; or empty.
    pub(crate) text: &'a str,
    /// Those that the viewer made or has a role on, instead of the public ones.
    pub(crate) mine: bool,
    /// Those made before this one.
    pub(crate) before: Option<CanvasId>,
    /// How many.
    pub(crate) limit: i64,
}

/// Canvases, newest first.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    viewer: Option<UserId>,
    filter: &Filter<'_>,
) -> Result<Vec<Canvas>, Error> {
    sqlx::query_as::<_, CanvasRow>(
        "SELECT c.id, c.name, c.description, c.width, c.height, c.tile_size, c.palette,
                c.visibility, c.edit_policy, c.owner_id, c.tile_count, c.epoch, c.last_seq,
                c.created_at, m.role AS member_role
         FROM canvases c
         LEFT JOIN canvas_members m ON m.canvas_id = c.id AND m.user_id = $1
         WHERE CASE WHEN $2 THEN c.owner_id = $1 OR m.role IS NOT NULL
                    ELSE c.visibility = 'public' END
           AND ($3 = '' OR strpos(lower(c.name), lower($3)) > 0
                        OR strpos(lower(c.description), lower($3)) > 0)
           AND ($4::BIGINT IS NULL OR c.id < $4)
         ORDER BY c.id DESC
         LIMIT $5",
    )
    .bind(viewer.map(|user| user.0))
    .bind(filter.mine)
    .bind(filter.text)
    .bind(filter.before.map(|id| id.0))
    .bind(filter.limit)
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| row.into_canvas(viewer))
    .collect()
}

/// A canvas to be made; checked values.
pub(crate) struct New {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) tile_size: i32,
    pub(crate) palette: Vec<String>,
    pub(crate) visibility: Visibility,
    pub(crate) edit_policy: EditPolicy,
}

/// Makes a canvas.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    owner: UserId,
    new: New,
) -> Result<CanvasId, Error> {
    sqlx::query_scalar(
        "INSERT INTO canvases (name, description, width, height, tile_size, palette,
                               visibility, edit_policy, owner_id, epoch)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         RETURNING id",
    )
    .bind(new.name)
    .bind(new.description)
    .bind(new.width)
    .bind(new.height)
    .bind(new.tile_size)
    .bind(new.palette)
    .bind(name_of(new.visibility))
    .bind(name_of(new.edit_policy))
    .bind(owner.0)
    .bind(Uuid::new_v4())
    .fetch_one(executor)
    .await
    .map(CanvasId)
}

/// Changes settings and returns the canvas as it is then, as nobody in
/// particular sees it. Only inside a write transaction.
pub(crate) async fn update(
    connection: &mut PgConnection,
    id: CanvasId,
    change: &UpdateCanvas,
) -> Result<Canvas, Error> {
    sqlx::query(
        "UPDATE canvases
         SET name = COALESCE($2, name), description = COALESCE($3, description),
             visibility = COALESCE($4, visibility), edit_policy = COALESCE($5, edit_policy)
         WHERE id = $1",
    )
    .bind(id.0)
    .bind(&change.name)
    .bind(&change.description)
    .bind(change.visibility.map(name_of))
    .bind(change.edit_policy.map(name_of))
    .execute(&mut *connection)
    .await?;
    find(connection, id, None).await?.ok_or(Error::RowNotFound)
}

/// Whether there is any canvas.
pub(crate) async fn any(executor: impl PgExecutor<'_>) -> Result<bool, Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM canvases)")
        .fetch_one(executor)
        .await
}

/// Removes a canvas with all that is on it; false where there is none.
pub(crate) async fn delete(pool: &sqlx::PgPool, id: CanvasId) -> Result<bool, Error> {
    let mut transaction = pool.begin().await?;
    // A log of millions of events takes its time.
    sqlx::query("SET LOCAL statement_timeout = '2min'")
        .execute(&mut *transaction)
        .await?;
    let done = sqlx::query("DELETE FROM canvases WHERE id = $1")
        .bind(id.0)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(done.rows_affected() > 0)
}
