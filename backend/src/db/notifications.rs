//! Notifications: they are made in the transaction of what they tell of, which delivers them
//! after its commit. Whoever changes those of a user locks the user's box, those of several
//! users in the order of their ids, as the last locks of the transaction.

use super::{DbError, Result, name_of, named};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::{
    api::{
        moderation::UserRef,
        notifications::{Notification, NotificationKind},
    },
    canvas::Coord,
    ids::{CanvasId, ExportId, MessageId, UserId},
    limits,
};
use sqlx::{PgExecutor, query, query_scalar};
use uuid::Uuid;

/// Notifications that one statement of [`purge`] looks at.
const PURGED: i64 = 2_000;

/// Something that a user is to be told.
#[derive(Clone, Debug)]
pub(crate) struct NewNotification {
    /// Who is told.
    pub(crate) user: UserId,
    pub(crate) kind: NotificationKind,
    pub(crate) canvas: Option<CanvasId>,
    /// Who did it. Nobody is told of their own acts.
    pub(crate) by: Option<UserId>,
    /// What it is about.
    pub(crate) about: About,
    /// How often it was done.
    pub(crate) count: i64,
    /// At most [`limits::NOTIFICATION_TEXT`] characters are kept.
    pub(crate) text: String,
    /// Whether the user sees it happen.
    pub(crate) is_read: bool,
}

/// What a notification leads to; each part where it applies.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct About {
    pub(crate) cell: Option<Coord>,
    pub(crate) message: Option<MessageId>,
    pub(crate) comment: Option<i64>,
    pub(crate) conversation: Option<i64>,
    /// While a notification of the same kind about the same subject is unread, further ones
    /// are added to it: the id of the tile or of the conversation. Each export is a subject of
    /// its own.
    pub(crate) subject: Option<i64>,
}

/// A notification as the user is told it, and the order of what the user is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) user: UserId,
    pub(crate) unread: Unread,
    pub(crate) notification: Notification,
}

/// How many of a user's notifications are unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unread {
    /// Of two counts of one user the one with the higher version is newer.
    pub(crate) version: i64,
    pub(crate) count: i64,
}

/// `new_notification` of the migration `0020_notifications.sql`.
#[derive(Serialize)]
struct Row<'a> {
    user_id: i64,
    kind: String,
    canvas_id: Option<i64>,
    by_id: Option<i64>,
    names_actor: bool,
    count: i64,
    counts_people: bool,
    x: Option<i32>,
    y: Option<i32>,
    message_id: Option<MessageId>,
    comment_id: Option<i64>,
    conversation_id: Option<i64>,
    text: &'a str,
    subject: Option<i64>,
    is_read: bool,
    place: usize,
}

impl<'a> Row<'a> {
    fn new(place: usize, new: &'a NewNotification) -> Self {
        let names_actor = match new.kind {
            // Moderators act in the name of all of them.
            NotificationKind::Sanction
            | NotificationKind::CaseDecided
            | NotificationKind::AppealDecided => false,
            NotificationKind::TileLiked
            | NotificationKind::TilePainted
            | NotificationKind::Comment
            | NotificationKind::Reply
            | NotificationKind::Mention
            | NotificationKind::DirectMessage
            | NotificationKind::RoleSet
            | NotificationKind::InviteUsed
            | NotificationKind::ExportReady
            | NotificationKind::Other => true,
        };
        Self {
            user_id: new.user.0,
            kind: name_of(new.kind),
            canvas_id: new.canvas.map(|canvas| canvas.0),
            by_id: new.by.map(|by| by.0),
            names_actor,
            count: new.count,
            counts_people: new.kind == NotificationKind::TileLiked,
            x: new.about.cell.map(|cell| cell.x),
            y: new.about.cell.map(|cell| cell.y),
            message_id: new.about.message,
            comment_id: new.about.comment,
            conversation_id: new.about.conversation,
            text: excerpt(&new.text),
            subject: new.about.subject,
            is_read: new.is_read,
            place,
        }
    }
}

/// As much of a text as a notification has.
fn excerpt(text: &str) -> &str {
    let end = text.char_indices().nth(limits::NOTIFICATION_TEXT);
    end.map_or(text, |(end, _)| &text[..end])
}

/// What the statements below return of a notification, besides its user.
struct Stored {
    id: i64,
    kind: String,
    canvas_id: Option<i64>,
    canvas_name: String,
    actor: Option<UserRef>,
    count: i64,
    x: Option<i32>,
    y: Option<i32>,
    message_id: Option<uuid::Uuid>,
    comment_id: Option<i64>,
    conversation_id: Option<i64>,
    /// What it is about: see [`About::subject`].
    subject: Option<i64>,
    text: String,
    created_at: DateTime<Utc>,
    read: bool,
}

impl Stored {
    fn into_notification(self) -> sqlx::Result<Notification> {
        let kind = named(self.kind)?;
        let export_id = self.subject.map(ExportId);
        Ok(Notification {
            id: self.id,
            kind,
            canvas_id: self.canvas_id.map(CanvasId),
            canvas_name: self.canvas_name,
            actor: self.actor,
            count: self.count,
            x: self.x,
            y: self.y,
            message_id: self.message_id.map(MessageId),
            comment_id: self.comment_id,
            conversation_id: self.conversation_id,
            export_id: export_id.filter(|_| kind == NotificationKind::ExportReady),
            text: self.text,
            created_at: self.created_at.into(),
            read: self.read,
        })
    }
}

/// A user's names, if there is such a user.
fn actor(id: Option<i64>, username: Option<String>, name: Option<String>) -> Option<UserRef> {
    let ((id, username), display_name) = id.zip(username).zip(name)?;
    Some(UserRef {
        user_id: UserId(id),
        username,
        display_name,
    })
}

/// [`Stored`] of a row.
macro_rules! stored {
    ($row:expr) => {
        Stored {
            id: $row.id,
            kind: $row.kind,
            canvas_id: $row.canvas_id,
            canvas_name: $row.canvas_name,
            actor: actor($row.actor_id, $row.actor_username, $row.actor_display_name),
            count: $row.count,
            x: $row.x,
            y: $row.y,
            message_id: $row.message_id,
            comment_id: $row.comment_id,
            conversation_id: $row.conversation_id,
            subject: $row.subject,
            text: $row.text,
            created_at: $row.created_at,
            read: $row.read,
        }
    };
}

/// Makes notifications, except of one's own acts, of those whom the user blocks, and of kinds
/// that the user switched off. Returns what is to be told after the commit
/// (`realtime::Notifier`): those that are new, and those that grew. Called in a transaction,
/// after everything else that locks rows.
pub(crate) async fn add(
    executor: impl PgExecutor<'_>,
    new: &[NewNotification],
) -> Result<Vec<Told>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row<'_>> = (0..).zip(new).map(|(at, new)| Row::new(at, new)).collect();
    // Plain data always serializes.
    let rows = serde_json::to_value(rows).unwrap_or_default();
    // A user is told of one export at a time.
    let export = |told: &Notification, user: UserId| {
        let mut exports = new
            .iter()
            .filter(|new| new.kind == told.kind && new.user == user);
        let export = exports
            .next()
            .filter(|new| new.kind == NotificationKind::ExportReady);
        export.and_then(|new| new.about.subject).map(ExportId)
    };
    let told = query!(
        r#"SELECT user_id AS "user_id!", version AS "version!", unread_count AS "unread_count!",
                id AS "id!", kind AS "kind!", canvas_id, canvas_name AS "canvas_name!", actor_id,
                actor_username, actor_display_name, count AS "count!", x, y, message_id,
                comment_id, conversation_id, text AS "text!", created_at AS "created_at!",
                read AS "read!", NULL::bigint AS subject
         FROM add_notifications($1)"#,
        rows,
    )
    .try_map(|row| {
        let user = UserId(row.user_id);
        let notification = stored!(row).into_notification()?;
        Ok(Told {
            user,
            unread: Unread {
                version: row.version,
                count: row.unread_count,
            },
            notification: Notification {
                export_id: export(&notification, user),
                ..notification
            },
        })
    });
    told.fetch_all(executor).await.map_err(DbError::from)
}

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
) -> Result<Option<Told>> {
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
        Ok(Told {
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

/// How many of a user's notifications are unread.
pub(crate) async fn unread_count(executor: impl PgExecutor<'_>, user: UserId) -> Result<i64> {
    query_scalar!(r#"SELECT unread_notifications($1) AS "count!""#, user.0)
        .fetch_one(executor)
        .await
        .map_err(DbError::from)
}

/// Which notifications of a user were read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which<'a> {
    /// All up to this id.
    UpTo(i64),
    /// These, as far as they are the user's.
    These(&'a [i64]),
    /// That of this conversation.
    Conversation(i64),
}

/// Marks notifications as read. Returns how many are unread afterwards, which is to be told
/// after the commit; none where nothing changed. In a transaction it is called after everything
/// else that locks rows.
pub(crate) async fn mark_read(
    executor: impl PgExecutor<'_>,
    user: UserId,
    which: Which<'_>,
) -> Result<Option<Unread>> {
    let (up_to, these, conversation) = match which {
        Which::UpTo(id) => (Some(id), None, None),
        Which::These(ids) => (None, Some(ids), None),
        Which::Conversation(id) => (None, None, Some(id)),
    };
    query!(
        r#"SELECT version AS "version!", unread_count AS "unread_count!"
         FROM read_notifications($1, $2, $3, $4)"#,
        user.0,
        up_to,
        these,
        conversation,
    )
    .map(|row| Unread {
        version: row.version,
        count: row.unread_count,
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

/// What a notification quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Quoted {
    /// A chat message, or a private one.
    Message(MessageId),
    /// A comment.
    Comment(i64),
}

/// Replaces the words that notifications quote: by others, or by none where they were removed.
/// Called in the transaction of the change, as the last statement that locks anything but
/// [`add`].
pub(crate) async fn replace_words(
    executor: impl PgExecutor<'_>,
    quoted: Quoted,
    text: &str,
) -> Result<()> {
    replace_all_words(executor, &[(quoted, text)], &[]).await
}

/// The same for several words at once. `told` are the users whom the same transaction is going
/// to tell of something: their boxes are locked together with those of the users whose
/// notifications change.
pub(crate) async fn replace_all_words(
    executor: impl PgExecutor<'_>,
    words: &[(Quoted, &str)],
    told: &[UserId],
) -> Result<()> {
    if words.is_empty() {
        return Ok(());
    }
    let quoted = words.iter().map(|(quoted, _)| quoted);
    let (messages, comments): (Vec<Option<Uuid>>, Vec<Option<i64>>) = quoted
        .map(|quoted| match quoted {
            Quoted::Message(id) => (Some(id.0), None),
            Quoted::Comment(id) => (None, Some(*id)),
        })
        .unzip();
    let texts: Vec<&str> = words.iter().map(|(_, text)| excerpt(text)).collect();
    let told: Vec<i64> = told.iter().map(|user| user.0).collect();
    query!(
        "WITH quoting AS MATERIALIZED (
             SELECT n.id, n.user_id, q.text
             FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS q (message_id, comment_id, text)
             CROSS JOIN LATERAL (
                 SELECT id, user_id FROM notifications WHERE message_id = q.message_id
                 UNION ALL
                 SELECT id, user_id FROM notifications WHERE comment_id = q.comment_id
             ) AS n
         ), locked AS (
             INSERT INTO notification_boxes AS b (user_id)
             SELECT u.id
             FROM (SELECT user_id FROM quoting UNION SELECT unnest($4::bigint[])) AS concerned
             JOIN users u ON u.id = concerned.user_id
             WHERE EXISTS (SELECT FROM quoting)
             ORDER BY u.id
             ON CONFLICT (user_id) DO UPDATE SET version = b.version
             RETURNING user_id
         )
         UPDATE notifications n SET text = q.text FROM quoting q
         WHERE n.id = q.id AND n.user_id IN (SELECT user_id FROM locked)",
        &messages as &[Option<Uuid>],
        &comments as &[Option<i64>],
        &texts as &[&str],
        &told,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Deletes some of the notifications that were made before `oldest`. Returns how many; there
/// are no more once it is none.
pub(crate) async fn purge(executor: impl PgExecutor<'_>, oldest: DateTime<Utc>) -> Result<u64> {
    // Ids are given in the order of time.
    query!(
        "DELETE FROM notifications WHERE id IN (
             SELECT id FROM (
                 SELECT id, created_at FROM notifications ORDER BY id LIMIT $2
             ) AS first WHERE created_at < $1
         )",
        oldest,
        PURGED,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(|done| done.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let long = "ä".repeat(limits::NOTIFICATION_TEXT + 1);
        assert_eq!(excerpt(&long).chars().count(), limits::NOTIFICATION_TEXT);
        let short = "ä".repeat(limits::NOTIFICATION_TEXT);
        assert_eq!(excerpt(&short), short);
    }
}
