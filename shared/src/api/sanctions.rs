//! The bodies of sanctions and of the appeals against them.

use super::moderation::UserRef;
use crate::{ids::CanvasId, time::Timestamp};
use serde::{Deserialize, Serialize};

/// What a sanction keeps from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SanctionKind {
    /// Nothing; the user has to confirm it.
    Warning,
    /// Chat, comments, mentions, and direct messages to people of the canvas.
    Mute,
    /// Everything that changes tiles, locks too.
    NoPaint,
    /// All of these, and likes.
    Timeout,
    /// Coming in at all.
    Ban,
}

/// Something that sanctions keep from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Chat, comments, mentions and direct messages, and edits of them.
    Speaking,
    /// Whatever changes tiles, and locks.
    Painting,
    /// Likes.
    Liking,
    /// Any other change of the canvas.
    Other,
}

impl SanctionKind {
    /// Whether a sanction of this kind forbids the activity.
    pub fn forbids(self, activity: Activity) -> bool {
        match self {
            Self::Warning => false,
            Self::Mute => activity == Activity::Speaking,
            Self::NoPaint => activity == Activity::Painting,
            Self::Timeout => activity != Activity::Other,
            Self::Ban => true,
        }
    }
}

/// A sanction of a user, on one canvas or on the whole server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sanction {
    /// The sanction's id.
    pub id: i64,
    /// The canvas; null for the whole server.
    pub canvas_id: Option<CanvasId>,
    /// Whom it concerns.
    pub user: UserRef,
    /// What it keeps from.
    pub kind: SanctionKind,
    /// 1–500 characters.
    pub reason: String,
    /// Who issued it; null for readers below moderator.
    pub issued_by: Option<UserRef>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends by itself; null for an open end.
    pub expires_at: Option<Timestamp>,
    /// When it was lifted, or, for a warning, confirmed; null if it was not.
    pub lifted_at: Option<Timestamp>,
    /// Why it was lifted, may be empty.
    pub lift_reason: String,
    /// The case that led to it.
    pub case_id: Option<i64>,
    /// The appeal against it.
    pub appeal: Option<Appeal>,
    /// At most 1000 characters; only for readers from moderator up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a refusal says of the sanction behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SanctionBrief {
    /// The sanction's id.
    pub id: i64,
    /// What it keeps from.
    pub kind: SanctionKind,
    /// Why it was issued.
    pub reason: String,
    /// When it ends by itself; null for an open end.
    pub expires_at: Option<Timestamp>,
}

/// `POST /canvases/{id}/sanctions` and `POST /admin/sanctions`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateSanction {
    /// Whom it concerns.
    pub username: String,
    /// What it keeps from.
    pub kind: SanctionKind,
    /// 1–500 characters.
    pub reason: String,
    /// Seconds, from 60 to 365 days; an open end if not given or null. A `timeout` needs it,
    /// up to 28 days; a `warning` has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<i64>,
    /// For moderators only: at most 1000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The case that led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_id: Option<i64>,
}

/// `POST /sanctions/{id}/lift`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiftSanction {
    /// At most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What was decided about an appeal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AppealState {
    /// Nothing yet.
    Waiting,
    /// The sanction stays.
    Kept,
    /// The sanction ends earlier.
    Shortened,
    /// The sanction was lifted.
    Lifted,
}

/// An appeal against a sanction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Appeal {
    /// The appeal's id.
    pub id: i64,
    /// The sanction.
    pub sanction_id: i64,
    /// What was decided.
    pub state: AppealState,
    /// What was said, oldest first.
    pub messages: Vec<AppealMessage>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was decided; null while it waits.
    pub decided_at: Option<Timestamp>,
    /// The sanction, without its appeal; in lists for those who decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub sanction: Option<Box<Sanction>>,
}

/// Something said in an appeal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealMessage {
    /// Who said it; null where a moderator's name is not shown.
    pub author: Option<UserRef>,
    /// 1–2000 characters.
    pub text: String,
    /// When.
    pub at: Timestamp,
}
