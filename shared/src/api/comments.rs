//! The bodies of comments on tiles.

use super::moderation::UserRef;
use crate::{
    ids::{CanvasId, CommentId, OpId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A comment on a cell of a canvas, or an answer to one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Comment {
    /// The comment's id.
    pub id: CommentId,
    /// The canvas.
    pub canvas_id: CanvasId,
    /// Column of its cell.
    pub x: i32,
    /// Row of its cell.
    pub y: i32,
    /// Place of its `comment_created` in the canvas's order of events.
    pub seq: i64,
    /// `seq` of the newest event when it was written: the picture that it speaks of.
    pub at_seq: i64,
    /// The comment that it answers, which has no parent itself; null if it begins a thread.
    pub parent_id: Option<CommentId>,
    /// Who wrote it.
    pub author: UserRef,
    /// 1–1000 characters; empty once it was removed.
    pub text: String,
    /// Whether its thread is settled; always false for answers.
    pub resolved: bool,
    /// How many answers it has, removed ones included.
    pub replies: i64,
    /// Whether it was removed.
    pub removed: bool,
    /// When it was written.
    pub created_at: Timestamp,
    /// When its text was changed last; null if it never was.
    pub edited_at: Option<Timestamp>,
}

/// `POST /canvases/{id}/comments`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewComment {
    /// Column.
    pub x: i64,
    /// Row.
    pub y: i64,
    /// 1–1000 characters.
    pub text: String,
    /// The comment to answer: on the same cell, and without a parent itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<CommentId>,
    /// The same of the same user again is answered with the first comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub op_id: Option<OpId>,
}

/// `PATCH /comments/{id}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateComment {
    /// 1–1000 characters; for the author. Unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// For the author, the tile's creator and moderators; not of an answer. Unchanged if not
    /// given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<bool>,
}
