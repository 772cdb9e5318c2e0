//! Reports of people and of what they make, the cases that moderators decide, and the
//! evidence that is frozen when the first report of a case comes.

use super::{ChatMessage, comments::Comment, conversations::DirectMessage, moderation::UserRef};
use crate::{
    ids::{CanvasId, CommentId, MessageId},
    pixels::Pixels,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, from_value};
use std::collections::BTreeMap;

/// What is reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ReportTarget {
    /// What is painted in a cell.
    Tile {
        /// Column.
        x: i64,
        /// Row.
        y: i64,
    },
    /// What is painted in a box of cells, at most [`crate::limits::REPORT_AREA`].
    Area {
        /// First column.
        x0: i64,
        /// First row.
        y0: i64,
        /// Last column.
        x1: i64,
        /// Last row.
        y1: i64,
    },
    /// A chat message.
    Message {
        /// The message's id.
        message_id: MessageId,
    },
    /// A comment on a tile.
    Comment {
        /// The comment's id.
        comment_id: CommentId,
    },
    /// A private message.
    DirectMessage {
        /// The message's id.
        message_id: MessageId,
    },
    /// A person.
    User {
        /// In upper or lower case.
        username: String,
    },
    /// The canvas itself.
    Canvas,
}

/// Which rule was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ReportRule {
    /// Somebody is insulted, threatened or followed.
    Harassment,
    /// Hatred against a group of people.
    Hate,
    /// Sexual content.
    Sexual,
    /// Against the law.
    Illegal,
    /// What others made is destroyed.
    Griefing,
    /// Advertisements and repetitions.
    Spam,
    /// Something else, which the comment says.
    Other,
}

/// `POST /canvases/{id}/reports`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewReport {
    /// What is reported.
    pub target: ReportTarget,
    /// Which rule was broken.
    pub rule: ReportRule,
    /// At most 500 characters; required with the rule `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ReportState {
    /// Its case is not decided.
    Open,
    /// Its case was decided.
    Decided,
    /// Its author withdrew it.
    Withdrawn,
}

/// How a case was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Outcome {
    /// No rule was broken.
    NoViolation,
    /// Somebody was warned.
    Warned,
    /// What was reported was removed.
    Removed,
    /// Somebody was sanctioned.
    Sanctioned,
    /// The report was an abuse of reports.
    ReportAbuse,
}

/// A report, as its author sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Report {
    /// The report's id.
    pub id: i64,
    /// The case, which it shares with others' reports of the same thing.
    pub case_id: i64,
    /// What became of it.
    pub state: ReportState,
    /// How its case was decided; null before, and for one that was withdrawn.
    pub outcome: Option<Outcome>,
    /// Which rule was broken.
    pub rule: ReportRule,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CaseState {
    /// Nobody deals with it.
    Open,
    /// A moderator deals with it, until `claimed_until`.
    Claimed,
    /// It was decided.
    Decided,
}

/// All open reports of one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Case {
    /// The case's id.
    pub id: i64,
    /// The canvas; null for a private message.
    pub canvas_id: Option<CanvasId>,
    /// What is reported.
    pub target: ReportTarget,
    /// How many reports name which rule.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub rules: BTreeMap<ReportRule, i64>,
    /// How many people report it.
    pub reporters: i64,
    /// Where it stands.
    pub state: CaseState,
    /// Who deals with it.
    pub claimed_by: Option<UserRef>,
    /// Until when they do.
    pub claimed_until: Option<Timestamp>,
    /// How it was decided.
    pub outcome: Option<Outcome>,
    /// What the moderator noted with the decision, may be empty.
    pub outcome_note: String,
    /// What was there when the first report came; null once it was deleted.
    pub evidence: Option<Evidence>,
    /// When the first report came.
    pub created_at: Timestamp,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// Who takes part in the conversation of a private message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<Vec<UserRef>>,
    /// What the reports say, oldest first; only where one case is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comments: Option<Vec<ReportComment>>,
}

/// What a report says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportComment {
    /// The comment of the report.
    pub text: String,
    /// The rule that it names.
    pub rule: ReportRule,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it; for admins alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporter: Option<UserRef>,
}

/// What was there when the first report of a case came. Which fields there are depends on
/// the target: `tiles` and `overpainted` for tiles and areas; `message`, `before` and
/// `after` for a message or a comment; `messages` and `tiles` for a person; none for a canvas;
/// `messages` alone for a private message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evidence {
    /// The head of the canvas's log at that moment; none for a private message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// The reported cells; of a person those that they painted in last, newest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tiles: Option<Vec<EvidenceTile>>,
    /// Who changed whose pixels in the 24 hours before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overpainted: Option<Vec<Overpainted>>,
    /// The message or the comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<EvidenceMessage>,
    /// At most ten messages before it, oldest first; of a comment those on its cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Vec<EvidenceMessage>>,
    /// The same after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Vec<EvidenceMessage>>,
    /// The person's newest messages, at most 20, newest first; or a private message and at most
    /// 19 before it, oldest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<Vec<EvidenceMessage>>,
    /// The canvas's colours at that moment, `#rrggbb`, which the pixels of `tiles` are indices
    /// of; with `tiles`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub palette: Option<Vec<String>>,
}

/// Words as they were when they were reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged, try_from = "Value")]
pub enum EvidenceMessage {
    /// A chat message.
    Chat(ChatMessage),
    /// A comment.
    Comment(Comment),
    /// A private message.
    Direct(DirectMessage),
}

/// Tells them apart by a field. The derive for an enum without a tag would compile both
/// structs once more, for its buffer.
impl TryFrom<Value> for EvidenceMessage {
    type Error = serde_json::Error;

    fn try_from(message: Value) -> serde_json::Result<Self> {
        if message.get("conversation_id").is_some() {
            from_value(message).map(Self::Direct)
        } else if message.get("message_id").is_some() {
            from_value(message).map(Self::Chat)
        } else {
            from_value(message).map(Self::Comment)
        }
    }
}

/// A cell as it was, and who had painted it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EvidenceTile {
    /// Column.
    pub x: i32,
    /// Row.
    pub y: i32,
    /// All pixels; all transparent where there was no tile.
    pub pixels: Pixels,
    /// Whose pixels these are.
    pub authors: Vec<UserRef>,
    /// For each pixel an index into `authors`; 255 is nobody's, 254 somebody's beyond the
    /// 254th.
    pub author_pixels: Pixels,
}

/// Somebody changed somebody else's pixels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overpainted {
    /// Who changed them.
    pub by: UserRef,
    /// Whose they were.
    pub of: UserRef,
    /// How many.
    pub pixels: i64,
    /// When the last of them was changed.
    pub last_at: Timestamp,
}

/// `POST /cases/{id}/decide`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecideCase {
    /// How it is decided.
    pub outcome: Outcome,
    /// At most 1,000 characters, for moderators; empty if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
