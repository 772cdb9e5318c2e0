//! A row of a notification, as the statements of this folder return it.

use crate::db::named;
use chrono::{DateTime, Utc};
use shared::{
    api::{
        moderation::UserRef,
        notifications::{Notification, NotificationKind},
    },
    ids::{CanvasId, ExportId, MessageId, UserId},
};
use uuid::Uuid;

/// A notification without its user.
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) kind: String,
    pub(super) canvas_id: Option<i64>,
    pub(super) canvas_name: String,
    pub(super) actor: Option<UserRef>,
    pub(super) count: i64,
    pub(super) x: Option<i32>,
    pub(super) y: Option<i32>,
    pub(super) message_id: Option<Uuid>,
    pub(super) comment_id: Option<i64>,
    pub(super) conversation_id: Option<i64>,
    /// What it is about: see [`super::NotificationTarget::subject`].
    pub(super) subject: Option<i64>,
    pub(super) text: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) read: bool,
}

impl Stored {
    pub(super) fn into_notification(self) -> sqlx::Result<Notification> {
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
pub(super) fn actor(
    id: Option<i64>,
    username: Option<String>,
    name: Option<String>,
) -> Option<UserRef> {
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

pub(super) use stored;
