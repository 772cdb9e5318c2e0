//! This tab's requests about comments that are not stored yet. Pure.

use super::{Comments, cell_of, is_open};
use crate::model::chat::DeliveryStatus;
use shared::{
    canvas::Coord,
    ids::{CommentId, OpId},
    protocol::ErrorCode,
    time::Timestamp,
};
use std::collections::{HashMap, HashSet};

/// What a request of this tab does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommentChange {
    /// Adds a comment.
    Create {
        /// The cell.
        at: Coord,
        /// The comment that it answers.
        parent: Option<CommentId>,
        /// Its text.
        text: String,
    },
    /// Changes a comment.
    Update {
        /// The comment.
        id: CommentId,
        /// Its new text; unchanged if none.
        text: Option<String>,
        /// Whether its thread is resolved; unchanged if none.
        resolved: Option<bool>,
    },
    /// Removes a comment.
    Remove(CommentId),
}

/// A request of this tab that is not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingComment {
    /// The request.
    pub op_id: OpId,
    /// What it does.
    pub change: CommentChange,
    /// When it was made here.
    pub made_at: Timestamp,
    /// Whether the server refused it; only requests that add a comment stay then.
    pub delivery: DeliveryStatus,
}

impl Comments {
    /// This tab made a request.
    pub fn push(&mut self, pending: PendingComment) {
        self.pending.push(pending);
    }

    /// A request of this tab ended: it was stored, or taken back.
    pub fn settle(&mut self, id: OpId) {
        self.pending.retain(|pending| pending.op_id != id);
    }

    /// The server refused a request of this tab. A comment stays, so that it can
    /// be sent again; any other change is taken back.
    pub fn refuse(&mut self, id: OpId, code: ErrorCode) {
        self.pending.retain_mut(|pending| {
            let is_new = matches!(pending.change, CommentChange::Create { .. });
            if pending.op_id == id {
                pending.delivery = DeliveryStatus::Failed(code);
            }
            pending.op_id != id || is_new
        });
    }

    /// Removes a refused comment; returns it.
    pub fn take_refused(&mut self, id: OpId) -> Option<PendingComment> {
        let refused = |pending: &PendingComment| {
            pending.op_id == id && matches!(pending.delivery, DeliveryStatus::Failed(_))
        };
        let index = self.pending.iter().position(refused)?;
        Some(self.pending.remove(index))
    }

    /// Another user signed in: their requests are their own.
    pub fn clear_pending(&mut self) {
        self.pending.clear();
    }

    /// By how many the pending requests change the numbers of open threads.
    pub(super) fn pending_open(&self) -> HashMap<Coord, i64> {
        let mut changes: HashMap<Coord, i64> = HashMap::new();
        let mut changed = HashSet::new();
        for pending in &self.pending {
            match &pending.change {
                CommentChange::Create {
                    at, parent: None, ..
                } if pending.delivery == DeliveryStatus::Pending => {
                    *changes.entry(*at).or_default() += 1;
                }
                CommentChange::Create { .. } => {}
                CommentChange::Update { id, .. } | CommentChange::Remove(id) => {
                    changed.insert(*id);
                }
            }
        }
        for comment in changed.into_iter().filter_map(|id| self.get(id)) {
            let row = self.row(comment);
            let now = comment.parent_id.is_none() && !row.resolved && !row.removed;
            let change = i64::from(now) - i64::from(is_open(comment));
            if change != 0 {
                *changes.entry(cell_of(comment)).or_default() += change;
            }
        }
        changes
    }
}
