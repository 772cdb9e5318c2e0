//! What users may do on canvases.

use super::{
    DbError, Result, named, order::OrderSettings, sanctions::Sanctions, users::JoiningUser,
};
use chrono::{DateTime, Utc};
use shared::{
    api::sanctions::{SanctionBrief, SanctionKind},
    canvas::{Rank, Role, Visibility},
    ids::{CanvasId, UserId},
};
use sqlx::{PgExecutor, query};
use std::collections::HashMap;

/// What a user may do on a canvas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// The user's role; none for visitors who are not signed in, on private
    /// canvases for users who are not members, and during a ban.
    pub(crate) role: Option<Role>,
    /// The role that they have when no ban is in force.
    pub(crate) lasting_role: Option<Role>,
    /// Whether the user is an admin of the server.
    pub(crate) is_admin: bool,
    /// The ban that is in force, of this canvas or of the whole server.
    pub(crate) ban: Option<Box<SanctionBrief>>,
    pub(crate) visibility: Visibility,
    pub(crate) owner_id: UserId,
    /// How often roles, sanctions or the visibility of the canvas were changed.
    pub(crate) acl_version: i64,
}

impl Access {
    /// Whether the user may read the canvas.
    pub(crate) fn reads(&self) -> bool {
        self.role.is_some() || self.visibility != Visibility::Private
    }

    /// The rank of the user as somebody who is acted on: a ban takes no rank.
    pub(crate) fn rank(&self) -> Rank {
        Rank::of(self.is_admin, self.lasting_role)
    }

    /// As whom the user reads: during a ban as somebody who is not signed in.
    pub(crate) fn reader(&self, viewer: Option<UserId>) -> Option<UserId> {
        viewer.filter(|_| self.ban.is_none())
    }
}

/// What is stored of a user's access to a canvas.
struct AccessRow {
    owner_id: i64,
    visibility: String,
    acl_version: i64,
    /// In `canvas_members`.
    member_role: Option<String>,
    is_admin: bool,
    ban: Option<BanRow>,
}

/// What is stored of a ban that is in force.
struct BanRow {
    id: i64,
    reason: String,
    expires_at: Option<DateTime<Utc>>,
}

impl AccessRow {
    fn into_access(self, viewer: Option<UserId>) -> sqlx::Result<Access> {
        let owner_id = UserId(self.owner_id);
        let visibility = named(self.visibility)?;
        let role = role(
            owner_id,
            visibility,
            viewer,
            self.member_role,
            self.is_admin,
        )?;
        let ban = self.ban.map(|ban| {
            Box::new(SanctionBrief {
                id: ban.id,
                kind: SanctionKind::Ban,
                reason: ban.reason,
                expires_at: ban.expires_at.map(Into::into),
            })
        });
        Ok(Access {
            role: role.filter(|_| ban.is_none()),
            lasting_role: role,
            is_admin: self.is_admin,
            ban,
            visibility,
            owner_id,
            acl_version: self.acl_version,
        })
    }
}

/// The role of `viewer`: owner, which admins are everywhere; or the one given by name; or,
/// unless the canvas is private, editor. This rule stands nowhere else.
pub(super) fn role(
    owner_id: UserId,
    visibility: Visibility,
    viewer: Option<UserId>,
    member_role: Option<String>,
    is_admin: bool,
) -> sqlx::Result<Option<Role>> {
    let Some(viewer) = viewer else {
        return Ok(None);
    };
    if viewer == owner_id || is_admin {
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
        r#"SELECT c.owner_id, c.visibility,
                c.access_changes + (SELECT changes FROM server_access) AS "acl_version!",
                m.role AS "role?", coalesce(u.is_admin OR u.is_named_admin, false) AS "is_admin!",
                b.id AS "ban_id?", b.reason AS "ban_reason?", b.expires_at AS "ban_expires_at?"
         FROM canvases c
         LEFT JOIN canvas_members m ON m.canvas_id = c.id AND m.user_id = $2
         LEFT JOIN users u ON u.id = $2
         LEFT JOIN LATERAL (
             SELECT * FROM sanctions s
             WHERE s.user_id = $2 AND s.lifted_at IS NULL AND s.kind = 'ban'
               AND (s.canvas_id = c.id OR s.canvas_id IS NULL)
               AND coalesce(s.expires_at > clock_timestamp(), true)
             ORDER BY s.canvas_id NULLS LAST LIMIT 1
         ) AS b ON true
         WHERE c.id = $1"#,
        id.0,
        viewer.map(|user| user.0),
    )
    .try_map(|row| {
        let ban = row.ban_id.zip(row.ban_reason);
        let access = AccessRow {
            owner_id: row.owner_id,
            visibility: row.visibility,
            acl_version: row.acl_version,
            member_role: row.role,
            is_admin: row.is_admin,
            ban: ban.map(|(id, reason)| BanRow {
                id,
                reason,
                expires_at: row.ban_expires_at,
            }),
        };
        access.into_access(viewer)
    })
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// What there is to know of a user on a canvas besides the role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) is_admin: bool,
    /// Whether the user has no password.
    pub(crate) is_guest: bool,
    /// Whether the user owns the canvas, is an admin, or was given a role by name.
    pub(crate) has_given_role: bool,
    /// Until when the user is a newcomer, as far as that is known. It is not read together
    /// with the role.
    pub(crate) newcomer_until: Option<DateTime<Utc>>,
}

impl Standing {
    /// Whether the user counts as a guest on the canvas.
    pub(crate) fn counts_as_guest(&self) -> bool {
        self.is_guest && !self.has_given_role
    }
}

/// The roles of some users on a canvas.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "there are sanctions besides")]
pub(crate) struct Roles {
    /// The canvas's access version when they were read.
    pub(crate) acl_version: i64,
    /// `None` for users who may not read the canvas.
    pub(crate) roles: HashMap<UserId, Option<Role>>,
    pub(crate) standings: HashMap<UserId, Standing>,
    /// What the canvas asks of its users.
    pub(crate) order: OrderSettings,
    /// Those of the users who have sanctions that were not lifted.
    pub(crate) sanctioned: Vec<UserId>,
    /// The sanctions in force, once they were read ([`super::sanctions::in_force`]) for the
    /// `sanctioned`. They may be newer than the access version.
    pub(crate) sanctions: HashMap<UserId, Sanctions>,
}

/// The roles of these users on a canvas, and who of them is sanctioned; `None` if there is
/// no such canvas, or no user.
pub(crate) async fn roles(
    executor: impl PgExecutor<'_>,
    id: CanvasId,
    users: &[UserId],
) -> Result<Option<Roles>> {
    let ids: Vec<i64> = users.iter().map(|user| user.0).collect();
    let rows = query!(
        r#"SELECT asked.id AS "user_id!", c.owner_id AS "owner_id!", c.visibility AS "visibility!",
                c.access_changes + (SELECT changes FROM server_access) AS "acl_version!",
                m.role AS "role?", coalesce(u.is_admin OR u.is_named_admin, false) AS "is_admin!",
                coalesce(u.password_hash IS NULL, false) AS "is_guest!",
                EXISTS (
                    SELECT FROM sanctions s WHERE s.user_id = asked.id AND s.lifted_at IS NULL
                      AND (s.canvas_id = c.id OR s.canvas_id IS NULL)
                ) AS "has_sanctions!",
                c.guests, c.newcomers, c.slow_mode_s, c.lockdown_until
         FROM canvases c
         CROSS JOIN unnest($2::bigint[]) AS asked (id)
         LEFT JOIN canvas_members m ON m.canvas_id = c.id AND m.user_id = asked.id
         LEFT JOIN users u ON u.id = asked.id
         WHERE c.id = $1"#,
        id.0,
        &ids,
    )
    .try_map(|row| {
        let user = UserId(row.user_id);
        let order = OrderSettings::new(
            &row.visibility,
            row.guests,
            row.newcomers,
            row.slow_mode_s,
            row.lockdown_until,
        )?;
        let visibility = named(row.visibility)?;
        let owner_id = UserId(row.owner_id);
        let standing = Standing {
            is_admin: row.is_admin,
            is_guest: row.is_guest,
            has_given_role: row.is_admin || user == owner_id || row.role.is_some(),
            newcomer_until: None,
        };
        let role = role(owner_id, visibility, Some(user), row.role, row.is_admin)?;
        Ok((
            (row.acl_version, order),
            user,
            role,
            standing,
            row.has_sanctions,
        ))
    })
    .fetch_all(executor)
    .await?;
    let sanctioned = rows.iter().filter(|(.., has_sanctions)| *has_sanctions);
    let sanctioned: Vec<UserId> = sanctioned.map(|(_, user, ..)| *user).collect();
    Ok(rows.first().map(|((acl_version, order), ..)| Roles {
        acl_version: *acl_version,
        order: *order,
        roles: rows
            .iter()
            .map(|(_, user, role, ..)| (*user, *role))
            .collect(),
        standings: rows
            .iter()
            .map(|(_, user, _, standing, _)| (*user, *standing))
            .collect(),
        sanctioned,
        sanctions: HashMap::new(),
    }))
}

/// What must be known of a user who wants to join a canvas.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an answer of its own"
)]
#[derive(Clone, Debug)]
pub(crate) struct JoinLookup {
    /// What the user may do; none if there is no such canvas.
    pub(crate) access: Option<Access>,
    /// None if there is no such user.
    pub(crate) user: Option<JoiningUser>,
    /// Whether the user has a sanction that was not lifted, on any canvas or the whole server.
    pub(crate) has_sanctions: bool,
    /// Whether a ban of anybody was not lifted, here or on the whole server.
    pub(crate) has_bans: bool,
    /// Whether the user owns the canvas, is an admin, or was given a role by name.
    pub(crate) has_given_role: bool,
    /// Whether the user is an admin.
    pub(crate) is_admin: bool,
    /// What the canvas asks of its users.
    pub(crate) order: OrderSettings,
    /// When the user was on the canvas for the first time, if they were.
    pub(crate) first_visit: Option<DateTime<Utc>>,
    /// The `seq` of the newest event that replaced or removed words; 0 if there is none.
    pub(crate) last_rewording: i64,
    /// Whom the user blocks.
    pub(crate) blocked: Vec<UserId>,
}

/// One value per pair of canvas and user, in their order. Each is looked up by
/// itself (`LATERAL … LIMIT 1`), for the reason given at
/// [`super::log::prior_results`]. Few users have sanctions or block somebody: who does is
/// looked up once for all of them.
pub(crate) async fn join_lookups(
    executor: impl PgExecutor<'_>,
    pairs: &[(CanvasId, UserId)],
) -> Result<Vec<JoinLookup>> {
    let canvases: Vec<i64> = pairs.iter().map(|(canvas, _)| canvas.0).collect();
    let users: Vec<i64> = pairs.iter().map(|(_, user)| user.0).collect();
    query!(
        r#"SELECT asked.user_id AS "user_id!", c.owner_id AS "owner_id?",
                c.visibility AS "visibility?",
                c.access_changes + (SELECT changes FROM server_access) AS "acl_version?",
                c.last_removal AS "last_rewording?", c.guests AS "guests?", c.newcomers AS "newcomers?",
                c.slow_mode_s AS "slow_mode_s?", c.lockdown_until AS "lockdown_until?",
                v.first_at AS "first_visit?",
                m.role AS "role?", u.username AS "username?", u.display_name AS "display_name?",
                u.renames AS "name_version?", u.status_message AS "status_message?",
                u.password_hash IS NULL AS "is_guest!",
                coalesce(u.is_admin OR u.is_named_admin, false) AS "is_admin!",
                asked.user_id IN (
                    SELECT user_id FROM sanctions WHERE user_id = ANY($2) AND lifted_at IS NULL
                ) AS "has_sanctions!",
                EXISTS (
                    SELECT FROM sanctions s
                    WHERE s.canvas_id = asked.canvas_id AND s.lifted_at IS NULL AND s.kind = 'ban'
                ) OR EXISTS (
                    SELECT FROM sanctions s
                    WHERE s.canvas_id IS NULL AND s.lifted_at IS NULL AND s.kind = 'ban'
                ) AS "has_bans!",
                CASE WHEN asked.user_id IN (
                    SELECT user_id FROM user_blocks WHERE user_id = ANY($2)
                ) THEN ARRAY(
                    SELECT blocked_id FROM user_blocks
                    WHERE user_id = asked.user_id ORDER BY blocked_id
                ) END AS "blocked?"
         FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS asked (canvas_id, user_id, place)
         LEFT JOIN LATERAL (
             SELECT * FROM canvases WHERE id = asked.canvas_id LIMIT 1
         ) AS c ON true
         LEFT JOIN LATERAL (
             SELECT * FROM canvas_members
             WHERE canvas_id = asked.canvas_id AND user_id = asked.user_id LIMIT 1
         ) AS m ON true
         LEFT JOIN LATERAL (
             SELECT * FROM canvas_visits
             WHERE user_id = asked.user_id AND canvas_id = asked.canvas_id LIMIT 1
         ) AS v ON true
         LEFT JOIN LATERAL (
             SELECT * FROM users WHERE id = asked.user_id LIMIT 1
         ) AS u ON true
         ORDER BY place"#,
        &canvases,
        &users,
    )
    .try_map(|row| {
        let viewer = Some(UserId(row.user_id));
        let has_given_role =
            row.is_admin || row.owner_id == Some(row.user_id) || row.role.is_some();
        let order = row.visibility.as_deref().zip(row.guests).zip(row.slow_mode_s);
        let order = order.map(|((visibility, guests), slow_mode_s)| {
            let (newcomers, lockdown_until) = (row.newcomers, row.lockdown_until);
            OrderSettings::new(visibility, guests, newcomers, slow_mode_s, lockdown_until)
        });
        let order = order.transpose()?.unwrap_or_default();
        let canvas = row.owner_id.zip(row.visibility).zip(row.acl_version);
        let access = canvas.map(|((owner_id, visibility), acl_version)| {
            let access = AccessRow {
                owner_id,
                visibility,
                acl_version,
                member_role: row.role,
                is_admin: row.is_admin,
                // The sanctions are read for those who have any.
                ban: None,
            };
            access.into_access(viewer)
        });
        let user = row.username.zip(row.display_name);
        let user = user.zip(row.name_version.zip(row.status_message));
        Ok(JoinLookup {
            last_rewording: row.last_rewording.unwrap_or_default(),
            access: access.transpose()?,
            user: user.map(
                |((username, display_name), (name_version, status_message))| JoiningUser {
                    username,
                    display_name,
                    name_version,
                    status_message,
                    is_guest: row.is_guest,
                },
            ),
            has_sanctions: row.has_sanctions,
            has_bans: row.has_bans,
            has_given_role,
            blocked: row.blocked.unwrap_or_default().into_iter().map(UserId).collect(),
            is_admin: row.is_admin,
            order,
            first_visit: row.first_visit,
        })
    })
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}
