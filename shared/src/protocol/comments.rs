//! What the server tells a canvas about comments on tiles.

use crate::{api::comments::Comment, time::Timestamp};
use serde::{Deserialize, Serialize};

/// `comment_created`: somebody commented on a cell, or answered a comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentCreated {
    /// Place in the canvas's order of events.
    pub seq: i64,
    /// The comment.
    pub comment: Comment,
    /// When it was stored.
    pub timestamp: Timestamp,
}

/// `comment_updated`: a comment was edited, resolved, opened again or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentUpdated {
    /// Place in the canvas's order of events.
    pub seq: i64,
    /// The comment after the change.
    pub comment: Comment,
    /// When it was stored.
    pub timestamp: Timestamp,
}
