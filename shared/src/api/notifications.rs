//! What users are told of acts of others that concern them, and what they want to be told.

use super::moderation::UserRef;
use crate::{
    ids::{CanvasId, ExportId, MessageId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// What a notification tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum NotificationKind {
    /// Somebody likes one's tile. While it is unread, `count` is how many people.
    TileLiked,
    /// Somebody painted in a tile that one started. While it is unread, `count` is how many
    /// strokes.
    TilePainted,
    /// Somebody commented on one's tile, or answered in one's thread.
    Comment,
    /// Somebody replied to one's chat message.
    Reply,
    /// Somebody wrote `@username` in chat or in a comment.
    Mention,
    /// Private messages of one conversation. While it is unread, `count` is how many.
    DirectMessage,
    /// One was given a role on a canvas. `text` is the role.
    RoleSet,
    /// One was sanctioned. `text` is the reason; there is no `actor`.
    Sanction,
    /// What one reported was decided. `text` is the outcome; there is no `actor`.
    CaseDecided,
    /// One's appeal was decided. `text` is the outcome; there is no `actor`.
    AppealDecided,
    /// Somebody got a role by one's invite. `text` is the invite's note.
    InviteUsed,
    /// An export that one asked for is ready. `text` is its kind; there is no `actor`.
    ExportReady,
    /// A kind that this version does not know.
    #[serde(other)]
    Other,
}

/// One notification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notification {
    /// The notification's id; newer ones have higher ids. It stays the same when `count` grows.
    pub id: i64,
    /// What it tells.
    pub kind: NotificationKind,
    /// The canvas, if it is about one.
    pub canvas_id: Option<CanvasId>,
    /// The canvas's name; empty without one.
    pub canvas_name: String,
    /// Who did it; of several, the last. Moderators who sanction or decide are not named.
    pub actor: Option<UserRef>,
    /// How many acts, or people, it tells of.
    pub count: i64,
    /// The tile's column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<i32>,
    /// The tile's row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<i32>,
    /// The chat message, or the last private one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// The comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment_id: Option<i64>,
    /// The conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<i64>,
    /// The export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export_id: Option<ExportId>,
    /// At most 200 characters: the beginning of what was written, as it is now; the title of a
    /// tile; otherwise as [`NotificationKind`] says.
    pub text: String,
    /// When the first of what it tells was done.
    pub created_at: Timestamp,
    /// Whether it was read, or its user saw it happen.
    pub read: bool,
}

/// The answer to `GET /users/me/notifications`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NotificationPage {
    /// The notifications, newest first.
    pub items: Vec<Notification>,
    /// For the next page; null on the last one.
    pub next_cursor: Option<String>,
    /// How many are unread, on all pages.
    pub unread_count: i64,
}

/// `POST /users/me/notifications/read`: either of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReadNotifications {
    /// All up to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to_id: Option<i64>,
    /// These, at most 1000. Those of others are passed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<i64>>,
}

/// The kinds of notifications that can be switched off.
#[expect(clippy::struct_excessive_bools, reason = "one switch for each kind")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NotifySwitches {
    /// See [`NotificationKind::TileLiked`].
    pub tile_liked: bool,
    /// See [`NotificationKind::TilePainted`].
    pub tile_painted: bool,
    /// See [`NotificationKind::Comment`].
    pub comment: bool,
    /// See [`NotificationKind::Reply`].
    pub reply: bool,
    /// See [`NotificationKind::Mention`].
    pub mention: bool,
    /// See [`NotificationKind::DirectMessage`].
    pub direct_message: bool,
}

impl Default for NotifySwitches {
    /// All are on.
    fn default() -> Self {
        Self {
            tile_liked: true,
            tile_painted: true,
            comment: true,
            reply: true,
            mention: true,
            direct_message: true,
        }
    }
}

/// From whom a user accepts private messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DirectMessages {
    /// From everybody.
    #[default]
    Everybody,
    /// From people with whom they share a canvas.
    SharedCanvas,
    /// From nobody.
    Nobody,
}

/// What a user wants to be told, and by whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preferences {
    /// The kinds of notifications.
    pub notify: NotifySwitches,
    /// Who may write to the user.
    pub direct_messages: DirectMessages,
}

/// Changes of [`NotifySwitches`]; what is not given stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateSwitches {
    /// See [`NotificationKind::TileLiked`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tile_liked: Option<bool>,
    /// See [`NotificationKind::TilePainted`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tile_painted: Option<bool>,
    /// See [`NotificationKind::Comment`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<bool>,
    /// See [`NotificationKind::Reply`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<bool>,
    /// See [`NotificationKind::Mention`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mention: Option<bool>,
    /// See [`NotificationKind::DirectMessage`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct_message: Option<bool>,
}

/// `PATCH /users/me/preferences`; what is not given stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdatePreferences {
    /// The kinds of notifications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<UpdateSwitches>,
    /// Who may write to the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct_messages: Option<DirectMessages>,
}
