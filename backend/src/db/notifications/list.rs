//! Lists notifications, for their user and for what delivers them.

use super::{
    OutgoingNotification, Unread,
    stored::{Stored, actor, stored},
};
use crate::db::{DbError, Result};
use shared::{api::notifications::Notification, ids::UserId};
use sqlx::{PgExecutor, query};

/// A user's notifications before the id `before`, newest first, at most `limit`.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    user: UserId,
    only_unread: bool,
    before: i64,
    limit: i64,
) -> Result<Vec<Notification>> {
    query!(
        r#"SELECT n.id, n.kind, n.canvas_id, coalesce(c.name, '') AS "canvas_name!",
                u.id AS "actor_id?", u.username AS "actor_username?",
                u.display_name AS "actor_display_name?", n.count, n.x, n.y, n.message_id,
                n.comment_id, n.conversation_id, n.subject, n.text, n.created_at,
                n.read_at IS NOT NULL AS "read!"
         FROM notifications n
         LEFT JOIN users u ON u.id = n.actor_id
         LEFT JOIN canvases c ON c.id = n.canvas_id
         WHERE n.user_id = $1 AND n.id < $2 AND NOT ($3 AND n.read_at IS NOT NULL)
           AND NOT EXISTS (SELECT FROM deleted_canvases d WHERE d.id = n.canvas_id)
         ORDER BY n.id DESC LIMIT $4"#,
        user.0,
        before,
        only_unread,
        limit,
    )
    .try_map(|row| stored!(row).into_notification())
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// A notification of a user as it is now; none if it was read or deleted.
pub(crate) async fn unread(
    executor: impl PgExecutor<'_>,
    user: UserId,
    id: i64,
) -> Result<Option<OutgoingNotification>> {
    query!(
        r#"SELECT b.version AS box_version, unread_notifications($1) AS "unread_count!",
                n.id, n.kind, n.canvas_id, coalesce(c.name, '') AS "canvas_name!",
                u.id AS "actor_id?", u.username AS "actor_username?",
                u.display_name AS "actor_display_name?", n.count, n.x, n.y, n.message_id,
                n.comment_id, n.conversation_id, n.subject, n.text, n.created_at,
                n.read_at IS NOT NULL AS "read!"
         FROM notifications n
         JOIN notification_boxes b ON b.user_id = n.user_id
         LEFT JOIN users u ON u.id = n.actor_id
         LEFT JOIN canvases c ON c.id = n.canvas_id
         WHERE n.id = $2 AND n.user_id = $1 AND n.read_at IS NULL"#,
        user.0,
        id,
    )
    .try_map(|row| {
        Ok(OutgoingNotification {
            user,
            unread: Unread {
                version: row.box_version,
                count: row.unread_count,
            },
            notification: stored!(row).into_notification()?,
        })
    })
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// The version of each of these users' boxes of a few seconds ago: what was made since is
/// newer. 0 for users without notifications.
pub(crate) async fn versions_before(
    executor: impl PgExecutor<'_>,
    users: &[UserId],
) -> Result<Vec<(UserId, i64)>> {
    let users: Vec<i64> = users.iter().map(|user| user.0).collect();
    query!(
        r#"SELECT asked.user_id AS "user_id!", coalesce((
                SELECT min(n.version) - 1 FROM notifications n
                WHERE n.user_id = asked.user_id
                  AND n.created_at > clock_timestamp() - interval '5 seconds'
           ), b.version, 0) AS "version!"
         FROM unnest($1::bigint[]) AS asked (user_id)
         LEFT JOIN notification_boxes b ON b.user_id = asked.user_id"#,
        &users,
    )
    .map(|row| (UserId(row.user_id), row.version))
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// A change of a user's notifications.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) user: UserId,
    pub(crate) unread: Unread,
    /// That of the change.
    pub(crate) version: i64,
    /// What is new or grew; none where some were read.
    pub(crate) notification: Option<Notification>,
}

/// What changed in the notifications of these users after a version of each, oldest first.
pub(crate) async fn changes(
    executor: impl PgExecutor<'_>,
    known: &[(UserId, i64)],
) -> Result<Vec<Change>> {
    let users: Vec<i64> = known.iter().map(|(user, _)| user.0).collect();
    let versions: Vec<i64> = known.iter().map(|(_, version)| *version).collect();
    query!(
        r#"SELECT b.user_id, b.version AS box_version,
                unread_notifications(b.user_id) AS "unread_count!", n.version AS "version?",
                n.id AS "id?", n.kind AS "kind?", n.canvas_id AS "canvas_id?",
                coalesce(c.name, '') AS "canvas_name!", u.id AS "actor_id?",
                u.username AS "actor_username?", u.display_name AS "actor_display_name?",
                n.count AS "count?", n.x AS "x?", n.y AS "y?", n.message_id AS "message_id?",
                n.comment_id AS "comment_id?", n.conversation_id AS "conversation_id?",
                n.subject AS "subject?",
                n.text AS "text?", n.created_at AS "created_at?",
                n.read_at IS NOT NULL AS "read!"
         FROM unnest($1::bigint[], $2::bigint[]) AS asked (user_id, version)
         JOIN notification_boxes b ON b.user_id = asked.user_id AND b.version > asked.version
         -- Those that are unread, or were read when they were made.
         LEFT JOIN notifications n ON n.user_id = b.user_id AND n.version > asked.version
             AND coalesce(n.read_at - n.created_at < interval '100 ms', true)
         LEFT JOIN users u ON u.id = n.actor_id
         LEFT JOIN canvases c ON c.id = n.canvas_id
         ORDER BY n.version"#,
        &users,
        &versions,
    )
    .try_map(|row| {
        let fields = row.id.zip(row.kind).zip(row.count).zip(row.text);
        let notification =
            fields
                .zip(row.created_at)
                .map(|((((id, kind), count), text), created_at)| {
                    Stored {
                        id,
                        kind,
                        canvas_id: row.canvas_id,
                        canvas_name: row.canvas_name,
                        actor: actor(row.actor_id, row.actor_username, row.actor_display_name),
                        count,
                        x: row.x,
                        y: row.y,
                        message_id: row.message_id,
                        comment_id: row.comment_id,
                        conversation_id: row.conversation_id,
                        subject: row.subject,
                        text,
                        created_at,
                        read: row.read,
                    }
                    .into_notification()
                });
        Ok(Change {
            user: UserId(row.user_id),
            unread: Unread {
                version: row.box_version,
                count: row.unread_count,
            },
            version: row.version.unwrap_or(row.box_version),
            notification: notification.transpose()?,
        })
    })
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}
