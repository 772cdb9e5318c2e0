//! Makes notifications.

use super::{
    OutgoingNotification, Unread, excerpt,
    stored::{Stored, actor, stored},
};
use crate::db::{DbError, Result, name_of};
use serde::Serialize;
use shared::{
    api::notifications::{Notification, NotificationKind},
    canvas::Coord,
    ids::{CanvasId, ExportId, MessageId, UserId},
};
use sqlx::{PgExecutor, query};

/// A notification to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewNotification {
    /// Who gets it.
    pub(crate) user: UserId,
    pub(crate) kind: NotificationKind,
    pub(crate) canvas: Option<CanvasId>,
    /// Who did it. Nobody is notified of their own acts.
    pub(crate) by: Option<UserId>,
    pub(crate) target: NotificationTarget,
    /// How often it was done.
    pub(crate) count: i64,
    /// At most [`shared::limits::NOTIFICATION_TEXT`] characters are kept.
    pub(crate) text: String,
    /// Whether the user sees it happen.
    pub(crate) is_read: bool,
}

/// What a notification leads to; each part where it applies.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NotificationTarget {
    pub(crate) cell: Option<Coord>,
    pub(crate) message: Option<MessageId>,
    pub(crate) comment: Option<i64>,
    pub(crate) conversation: Option<i64>,
    /// While a notification of the same kind about the same subject is unread, further ones
    /// are added to it: the id of the tile or of the conversation. Each export is a subject of
    /// its own.
    pub(crate) subject: Option<i64>,
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
            x: new.target.cell.map(|cell| cell.x),
            y: new.target.cell.map(|cell| cell.y),
            message_id: new.target.message,
            comment_id: new.target.comment,
            conversation_id: new.target.conversation,
            text: excerpt(&new.text),
            subject: new.target.subject,
            is_read: new.is_read,
            place,
        }
    }
}

/// Makes notifications, except of one's own acts, of those whom the user blocks, and of kinds
/// that the user switched off. Returns what is to be delivered after the
/// commit (`realtime::Notifier`): those that are new, and those that grew. Called in a transaction,
/// after everything else that locks rows.
pub(crate) async fn add(
    executor: impl PgExecutor<'_>,
    new: &[NewNotification],
) -> Result<Vec<OutgoingNotification>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row<'_>> = (0..).zip(new).map(|(at, new)| Row::new(at, new)).collect();
    // Plain data always serializes.
    let rows = serde_json::to_value(rows).unwrap_or_default();
    // A user is notified of one export at a time.
    let export = |notification: &Notification, user: UserId| {
        let mut exports = new
            .iter()
            .filter(|new| new.kind == notification.kind && new.user == user);
        let export = exports
            .next()
            .filter(|new| new.kind == NotificationKind::ExportReady);
        export.and_then(|new| new.target.subject).map(ExportId)
    };
    let outgoing = query!(
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
        Ok(OutgoingNotification {
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
    outgoing.fetch_all(executor).await.map_err(DbError::from)
}
