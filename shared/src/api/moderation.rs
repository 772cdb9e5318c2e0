//! How order is kept on a canvas: who acted on whom.

use crate::{ids::UserId, time::Timestamp};
use serde::{Deserialize, Serialize};

/// A user, as others name them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserRef {
    /// The user's id.
    pub user_id: UserId,
    /// Unique; upper and lower case are the same.
    pub username: String,
    /// The name to show.
    pub display_name: String,
}

/// What a line of the moderation log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ModerationAction {
    /// Somebody was sanctioned.
    Sanctioned,
    /// A sanction was lifted.
    SanctionLifted,
    /// Somebody's message was removed.
    MessageRemoved,
    /// All of somebody's messages since a time were removed.
    MessagesPurged,
    /// What others painted was taken back, or an area restored.
    Rewrite,
    /// A rewrite was undone.
    RewriteUndone,
    /// Somebody else's tile was deleted.
    TileDeleted,
    /// Somebody got a role.
    RoleSet,
    /// Somebody's role was removed.
    MemberRemoved,
    /// Lockdown, slow mode, or what guests or newcomers may do was changed.
    SettingsChanged,
    /// A case of reports was decided.
    CaseDecided,
    /// An appeal was decided.
    AppealDecided,
    /// A connection was closed by an administrator.
    Kicked,
}

/// A line of the moderation log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogLine {
    /// The line's id; newer ones have higher ids.
    pub id: i64,
    /// When it was done.
    pub at: Timestamp,
    /// What was done.
    pub action: ModerationAction,
    /// Who did it; null for whoever is not a moderator or above.
    pub actor: Option<UserRef>,
    /// To whom, if it was one person.
    pub target: Option<UserRef>,
    /// The reason that was given, may be empty.
    pub reason: String,
    /// More about it, depending on the action.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub detail: serde_json::Value,
}
