//! Durable requests, and their results. Plain types, which HTTP handlers, connections
//! and the writer share.

use crate::{
    cell_history::{CellHistory, Change, Rule, Rules},
    db::{access::Standing, sanctions::Sanctions},
};
use shared::{
    api::{
        UpdateCanvas,
        rewrites::RewriteKind,
        sanctions::{Activity, SanctionBrief},
    },
    canvas::{Coord, Refusal, Role, TileOp},
    ids::{CommentId, MessageId, OpId, RewriteId, TileId, UserId},
    mentions::mentioned,
    text::ChatText,
    time::Timestamp,
};
use std::{sync::Arc, time::Duration};
use thiserror::Error;

/// An access version that differs from every one in the database, so that roles are
/// read again.
pub(crate) const UNKNOWN_ACL: i64 = -1;
/// Bytes of `[1023,255],`.
const EDIT_BYTES: usize = 11;
/// Bytes of a `chat_removed`.
const REMOVED_BYTES: usize = 320;

/// Bytes of the text of a comment, about.
const COMMENT_BYTES: usize = 2_000;

/// A user's id and names. Cheap to clone; clones share the names.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) user_id: UserId,
    pub(crate) username: Arc<str>,
    pub(crate) display_name: Arc<str>,
    /// How often it had been changed: of two names, the one with the higher version is newer.
    pub(crate) name_version: i64,
}

/// What a durable request does.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// Appends a chat message.
    Chat {
        text: ChatText,
        /// The message that it answers.
        reply_to: Option<MessageId>,
    },
    /// Replaces the words of a chat message.
    EditMessage { id: MessageId, text: ChatText },
    /// Removes a chat message.
    RemoveMessage(MessageId),
    /// Removes those of these messages that are of this user.
    PurgeMessages {
        sender: UserId,
        /// The messages' `seq`s, oldest first.
        seqs: Vec<i64>,
        /// For the moderation log.
        reason: String,
    },
    /// Writes, changes or removes a comment.
    Comment(CommentOp),
    /// Changes a tile.
    Tile {
        at: Coord,
        /// Refuse with `tile_not_found` if the cell has another tile by now.
        expected: Option<TileId>,
        op: TileOp,
        /// The operation of the same user that a stroke takes back.
        undo_of: Option<OpId>,
    },
    /// Changes the canvas's settings, whose values are validated already.
    Settings(UpdateCanvas),
    /// Changes the tiles of some cells as a rewrite says.
    Rewrite(Arc<RewriteBatch>),
    /// Takes or renews a tile's lock. Makes no event.
    Lock { at: Coord },
    /// Releases a tile's lock. Makes no event.
    Unlock { at: Coord },
}

impl Operation {
    /// What a sanction has to forbid so that the operation is refused.
    pub(crate) fn activity(&self) -> Activity {
        match self {
            Self::Chat { .. } | Self::EditMessage { .. } => Activity::Speaking,
            Self::Tile {
                op: TileOp::Like { .. },
                ..
            } => Activity::Liking,
            Self::Tile { .. } | Self::Rewrite(_) | Self::Lock { .. } | Self::Unlock { .. } => {
                Activity::Painting
            }
            Self::Comment(CommentOp::Create { .. } | CommentOp::Update { .. }) => {
                Activity::Speaking
            }
            Self::RemoveMessage(_)
            | Self::PurgeMessages { .. }
            | Self::Comment(CommentOp::Remove(_))
            | Self::Settings(_) => Activity::Other,
        }
    }

    /// The usernames that the words of the operation may mention, in lower case.
    pub(crate) fn mentions(&self) -> Vec<String> {
        match self {
            Self::Chat { text, .. } => mentioned(text.as_str()),
            Self::Comment(CommentOp::Create { text, .. }) => mentioned(text),
            Self::EditMessage { .. }
            | Self::RemoveMessage(_)
            | Self::PurgeMessages { .. }
            | Self::Comment(CommentOp::Update { .. } | CommentOp::Remove(_))
            | Self::Tile { .. }
            | Self::Settings(_)
            | Self::Rewrite(_)
            | Self::Lock { .. }
            | Self::Unlock { .. } => Vec::new(),
        }
    }

    /// Whether it is told differently to those who are on the canvas.
    pub(crate) fn concerns_present(&self) -> bool {
        let is_answer = matches!(
            self,
            Self::Chat {
                reply_to: Some(_),
                ..
            }
        );
        is_answer || !self.mentions().is_empty()
    }

    /// An upper bound of the size of its event in bytes, without names and numbers, where
    /// a tile has `area` pixels.
    pub(crate) fn size(&self, area: usize) -> usize {
        // In base64.
        let whole = area.div_ceil(3) * 4;
        match self {
            Self::Chat { text, .. } | Self::EditMessage { text, .. } => text.as_str().len(),
            Self::Tile { op, .. } => match op {
                TileOp::Create { title, .. } => title.len() + whole,
                // In an empty cell the event has the whole tile.
                TileOp::Paint { edits } => whole.max(edits.len() * EDIT_BYTES),
                TileOp::Update { title, pixels, .. } => {
                    let whole = pixels.as_ref().map_or(0, |_| whole);
                    title.as_ref().map_or(0, String::len) + whole
                }
                TileOp::Like { .. } | TileOp::Delete => 0,
            },
            // One tile may go, and another come.
            Self::Rewrite(batch) => batch.cells.len() * whole * 2,
            Self::PurgeMessages { seqs, .. } => seqs.len() * REMOVED_BYTES,
            Self::Comment(CommentOp::Create { text, .. }) => text.len(),
            Self::Comment(CommentOp::Update { .. } | CommentOp::Remove(_)) => COMMENT_BYTES,
            Self::RemoveMessage(_)
            | Self::Settings(_)
            | Self::Lock { .. }
            | Self::Unlock { .. } => 0,
        }
    }
}

/// What a request does with a comment. Texts and coordinates are checked already, apart from
/// whether the cell is on the canvas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CommentOp {
    /// Writes one on a cell.
    Create {
        at: Coord,
        text: String,
        /// The comment that it answers.
        parent: Option<CommentId>,
    },
    /// Changes its text, or whether its thread is settled.
    Update {
        id: CommentId,
        text: Option<String>,
        resolved: Option<bool>,
    },
    /// Removes it.
    Remove(CommentId),
}

/// Some cells of a rewrite.
#[derive(Debug)]
pub(crate) struct RewriteBatch {
    pub(crate) rewrite: RewriteId,
    pub(crate) kind: RewriteKind,
    pub(crate) rule: Rule,
    /// Those of the rewrites in the cells' histories.
    pub(crate) rules: Rules,
    /// Whether it needs the role of a moderator.
    pub(crate) needs_moderator: bool,
    /// The `seq` up to which the cells were read.
    pub(crate) head: i64,
    pub(crate) cells: Vec<RewrittenCell>,
}

/// A cell that a rewrite changes.
#[derive(Clone, Debug)]
pub(crate) struct RewrittenCell {
    pub(crate) at: Coord,
    pub(crate) history: CellHistory,
    /// What the rewrite changes in it, if nothing else does before.
    pub(crate) change: Change,
}

/// A durable request.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) identity: Identity,
    /// The user's role on the canvas.
    pub(crate) role: Role,
    /// The canvas's access version when the role was read, or [`UNKNOWN_ACL`]. If it is
    /// another one when the request is carried out, the role is read again.
    pub(crate) acl_version: i64,
    /// The user's sanctions, read together with the role; none if they had none.
    pub(crate) sanctions: Option<Sanctions>,
    /// What else is known of the user, read together with the role.
    pub(crate) standing: Standing,
    /// A request with the `op_id` of an earlier one of the same user is not carried out
    /// again: it gets the earlier result.
    pub(crate) op_id: Option<OpId>,
    pub(crate) operation: Operation,
}

/// The result of a request that was carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// The event's `seq`; `None` where nothing changed.
    pub(crate) seq: Option<i64>,
    /// The event's time.
    pub(crate) timestamp: Option<Timestamp>,
    /// For operations on tiles.
    pub(crate) tile_id: Option<TileId>,
    /// The tile's version afterwards.
    pub(crate) version: Option<i64>,
    /// The tile's likes afterwards.
    pub(crate) like_count: Option<i64>,
    /// For requests about comments.
    pub(crate) comment_id: Option<CommentId>,
    /// Whether it was carried out before.
    pub(crate) is_repeat: bool,
    /// How many messages a purge removed.
    pub(crate) removed: Option<i64>,
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum WriteError {
    /// The rules forbid it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A sanction of the user forbids it.
    #[error("a sanction forbids this: {}", .0.reason)]
    Sanctioned(Box<SanctionBrief>),
    /// The user is a newcomer, and did as much as newcomers may. Worth a retry after this
    /// time.
    #[error("this is more than newcomers may do")]
    Newcomer(Duration),
    /// The canvas takes one message of each user in a time. Worth a retry after this time.
    #[error("the canvas is in slow mode")]
    SlowMode(Duration),
    /// Only moderators and people with a given role may write, for this time.
    #[error("the canvas is locked down")]
    LockedDown(Duration),
    /// The canvas does not exist, or was deleted.
    #[error("there is no such canvas")]
    CanvasNotFound,
    /// The canvas has no such message.
    #[error("there is no such message")]
    MessageNotFound,
    /// The canvas has no such comment, or it was removed.
    #[error("there is no such comment")]
    CommentNotFound,
    /// A field is wrong, in view of what is stored; with the problem.
    #[error("{0} {1}")]
    InvalidField(&'static str, &'static str),
    /// The cell has as many comments as it may have.
    #[error("there are 1000 comments on this cell already")]
    TooManyComments,
    /// The rewrite was stopped.
    #[error("the rewrite was stopped")]
    RewriteStopped,
    /// Too many requests of the user wait already.
    #[error("too much is waiting to be written")]
    Busy,
    /// The database is unreachable. The request may have been carried out.
    #[error("the database is away")]
    Unavailable,
    /// A fault of the server, logged where it happened.
    #[error("internal error")]
    Internal,
}
