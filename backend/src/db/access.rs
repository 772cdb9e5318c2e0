//! What users may do on canvases.

use super::{DbError, Result, named, users::JoiningUser};
use shared::{
    canvas::{Role, Visibility},
    ids::{CanvasId, UserId},
};
use sqlx::{PgExecutor, query};
use std::collections::HashMap;

/// What a user may do on a canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// The user's role; none for visitors who are not signed in, and on private
    /// canvases for users who are not members.
    pub(crate) role: Option<Role>,
    pub(crate) visibility: Visibility,
    pub(crate) owner_id: UserId,
    /// How often roles or the visibility of the canvas were changed.
    pub(crate) acl_version: i64,
}

impl Access {
    /// Whether the user may read the canvas.
    pub(crate) fn reads(&self) -> bool {
        self.role.is_some() || self.visibility != Visibility::Private
    }

    /// From the stored values. `member_role` is the viewer's in
    /// `canvas_members`.
    fn new(
        viewer: Option<UserId>,
        owner_id: i64,
        visibility: String,
        acl_version: i64,
        member_role: Option<String>,
    ) -> sqlx::Result<Self> {
        let owner_id = UserId(owner_id);
        let visibility = named(visibility)?;
        Ok(Self {
            role: role(owner_id, visibility, viewer, member_role)?,
            visibility,
            owner_id,
            acl_version,
        })
    }
}

/// The role of `viewer`: owner; or the one given by name; or, unless the canvas
/// is private, editor. This rule stands nowhere else.
pub(super) fn role(
    owner_id: UserId,
    visibility: Visibility,
    viewer: Option<UserId>,
    member_role: Option<String>,
) -> sqlx::Result<Option<Role>> {
    let Some(viewer) = viewer else {
        return Ok(None);
    };
    if viewer == owner_id {
        return Ok(Some(Role::Owner));
    }
    if let Some(role) = member_role {
        return named(role).map(Some);
    }
    Ok((visibility != Visibility::Private).then_some(Role::Editor))
}

/// What `viewer` may do on the canvas; none if there is no such canvas.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    id: CanvasId,
    viewer: Option<UserId>,
) -> Result<Option<Access>> {
    query!(
        r#"SELECT c.owner_id, c.visibility, c.access_changes AS acl_version, m.role AS "role?"
         FROM canvases c
         LEFT JOIN canvas_members m ON m.canvas_id = c.id AND m.user_id = $2
         WHERE c.id = $1"#,
        id.0,
        viewer.map(|user| user.0),
    )
    .try_map(|row| {
        Access::new(
            viewer,
            row.owner_id,
            row.visibility,
            row.acl_version,
            row.role,
        )
    })
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// The roles of some users on a canvas.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roles {
    /// The canvas's access version when they were read.
    pub(crate) acl_version: i64,
    /// `None` for users who may not read the canvas.
    pub(crate) roles: HashMap<UserId, Option<Role>>,
}

/// The roles of these users on a canvas; `None` if there is no such canvas, or no user.
pub(crate) async fn roles(
    executor: impl PgExecutor<'_>,
    id: CanvasId,
    users: &[UserId],
) -> Result<Option<Roles>> {
    let users: Vec<i64> = users.iter().map(|user| user.0).collect();
    let rows = query!(
        r#"SELECT u.id AS "user_id!", c.owner_id AS "owner_id!", c.visibility AS "visibility!",
                c.access_changes AS "acl_version!", m.role AS "role?"
         FROM canvases c
         CROSS JOIN unnest($2::bigint[]) AS u (id)
         LEFT JOIN canvas_members m ON m.canvas_id = c.id AND m.user_id = u.id
         WHERE c.id = $1"#,
        id.0,
        &users,
    )
    .try_map(|row| {
        let user = UserId(row.user_id);
        let visibility = named(row.visibility)?;
        let role = role(UserId(row.owner_id), visibility, Some(user), row.role)?;
        Ok((row.acl_version, user, role))
    })
    .fetch_all(executor)
    .await?;
    Ok(rows.first().map(|(acl_version, ..)| Roles {
        acl_version: *acl_version,
        roles: rows.iter().map(|(_, user, role)| (*user, *role)).collect(),
    }))
}

/// What must be known of a user who wants to join a canvas.
#[derive(Clone, Debug)]
pub(crate) struct JoinLookup {
    /// What the user may do; none if there is no such canvas.
    pub(crate) access: Option<Access>,
    /// None if there is no such user.
    pub(crate) user: Option<JoiningUser>,
}

/// One value per pair of canvas and user, in their order. Each is looked up by
/// itself (`LATERAL … LIMIT 1`), for the reason given at
/// [`super::log::prior_results`].
pub(crate) async fn join_lookups(
    executor: impl PgExecutor<'_>,
    pairs: &[(CanvasId, UserId)],
) -> Result<Vec<JoinLookup>> {
    let canvases: Vec<i64> = pairs.iter().map(|(canvas, _)| canvas.0).collect();
    let users: Vec<i64> = pairs.iter().map(|(_, user)| user.0).collect();
    query!(
        r#"SELECT asked.user_id AS "user_id!", c.owner_id AS "owner_id?",
                c.visibility AS "visibility?", c.access_changes AS "acl_version?",
                m.role AS "role?", u.username AS "username?", u.display_name AS "display_name?",
                u.renames AS "name_version?", u.status_message AS "status_message?"
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
         ORDER BY place"#,
        &canvases,
        &users,
    )
    .try_map(|row| {
        let viewer = Some(UserId(row.user_id));
        let canvas = row.owner_id.zip(row.visibility).zip(row.acl_version);
        let access = canvas.map(|((owner_id, visibility), acl_version)| {
            Access::new(viewer, owner_id, visibility, acl_version, row.role)
        });
        let user = row.username.zip(row.display_name);
        let user = user.zip(row.name_version.zip(row.status_message));
        Ok(JoinLookup {
            access: access.transpose()?,
            user: user.map(
                |((username, display_name), (name_version, status_message))| JoiningUser {
                    username,
                    display_name,
                    name_version,
                    status_message,
                },
            ),
        })
    })
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}
