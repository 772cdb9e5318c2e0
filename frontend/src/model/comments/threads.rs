//! The threads of a cell as they are shown: stored comments with this tab's
//! pending changes. Pure.

use super::{CommentChange, Comments, PendingComment};
use crate::model::chat::DeliveryStatus;
use shared::{
    api::{comments::Comment, moderation::UserRef},
    canvas::Coord,
    ids::{CommentId, OpId},
    time::Timestamp,
};
use std::collections::BTreeMap;

/// Identifies a comment that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommentKey {
    /// One that is stored.
    Stored(CommentId),
    /// One of this tab that is not.
    Own(OpId),
}

/// A comment as it is shown: with this tab's pending changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentRow {
    /// A key for `<For>`.
    pub key: CommentKey,
    /// Its author.
    pub author: UserRef,
    /// Its text; empty if it was removed.
    pub text: String,
    /// The head when it was written; none until it is stored.
    pub at_seq: Option<i64>,
    /// Whether its thread is resolved.
    pub resolved: bool,
    /// Whether it was removed.
    pub removed: bool,
    /// When it was written.
    pub created_at: Timestamp,
    /// Whether its text was changed.
    pub edited: bool,
    /// Whether it, and every change of it, is stored.
    pub delivery: DeliveryStatus,
}

impl CommentRow {
    /// Its id; none until it is stored.
    pub fn id(&self) -> Option<CommentId> {
        match self.key {
            CommentKey::Stored(id) => Some(id),
            CommentKey::Own(_) => None,
        }
    }
}

/// A first comment with its answers, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// The first comment.
    pub first: CommentRow,
    /// The answers that were not removed.
    pub answers: Vec<CommentRow>,
}

impl Comments {
    /// The threads of a cell as they are shown, oldest first; removed ones only
    /// where answers remain. `me` is the author of this tab's comments.
    pub fn threads(&self, at: Coord, me: Option<&UserRef>) -> Vec<Thread> {
        let comments = self.cell(at).map(|cell| &cell.comments);
        let mut stored: Vec<&Comment> = comments.into_iter().flat_map(BTreeMap::values).collect();
        stored.sort_by_key(|comment| comment.seq);
        let mut threads: Vec<Thread> = stored
            .iter()
            .filter(|comment| comment.parent_id.is_none())
            .map(|comment| Thread {
                first: self.row(comment),
                answers: Vec::new(),
            })
            .collect();
        let answers = stored.iter().filter_map(|comment| {
            let parent = comment.parent_id?;
            Some((CommentKey::Stored(parent), self.row(comment)))
        });
        let answers: Vec<_> = answers.filter(|(_, row)| !row.removed).collect();
        let own = self.pending.iter().filter_map(|pending| {
            let (own_at, parent, row) = own_row(pending, me?)?;
            (own_at == at).then_some((parent, row))
        });
        let mut add = |parent: CommentKey, row: CommentRow| {
            let thread = threads.iter_mut().find(|thread| thread.first.key == parent);
            if let Some(thread) = thread {
                thread.answers.push(row);
            }
        };
        let mut new = Vec::new();
        for (parent, row) in answers {
            add(parent, row);
        }
        for (parent, row) in own {
            match parent {
                Some(parent) => add(CommentKey::Stored(parent), row),
                None => new.push(Thread {
                    first: row,
                    answers: Vec::new(),
                }),
            }
        }
        threads.extend(new);
        threads.retain(|thread| !thread.first.removed || !thread.answers.is_empty());
        threads
    }

    /// A stored comment with this tab's pending changes.
    pub(super) fn row(&self, comment: &Comment) -> CommentRow {
        let mut row = CommentRow {
            key: CommentKey::Stored(comment.id),
            author: comment.author.clone(),
            text: comment.text.clone(),
            at_seq: Some(comment.at_seq),
            resolved: comment.resolved,
            removed: comment.removed,
            created_at: comment.created_at,
            edited: comment.edited_at.is_some(),
            delivery: DeliveryStatus::Stored,
        };
        for pending in &self.pending {
            match &pending.change {
                CommentChange::Update { id, text, resolved } if *id == comment.id => {
                    if let Some(text) = text {
                        row.text.clone_from(text);
                        row.edited = true;
                    }
                    row.resolved = resolved.unwrap_or(row.resolved);
                    row.delivery = pending.delivery;
                }
                CommentChange::Remove(id) if *id == comment.id => {
                    row.removed = true;
                    row.text.clear();
                    row.delivery = pending.delivery;
                }
                CommentChange::Create { .. }
                | CommentChange::Update { .. }
                | CommentChange::Remove(_) => {}
            }
        }
        row
    }
}

/// A comment of this tab that is not stored: its cell, what it answers, and how
/// it is shown.
fn own_row(
    pending: &PendingComment,
    me: &UserRef,
) -> Option<(Coord, Option<CommentId>, CommentRow)> {
    let CommentChange::Create { at, parent, text } = &pending.change else {
        return None;
    };
    let row = CommentRow {
        key: CommentKey::Own(pending.op_id),
        author: me.clone(),
        text: text.clone(),
        at_seq: None,
        resolved: false,
        removed: false,
        created_at: pending.made_at,
        edited: false,
        delivery: pending.delivery,
    };
    Some((*at, *parent, row))
}
