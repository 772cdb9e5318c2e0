//! Decisions about comments, and the events that they make.

use super::{Planner, not_json, nothing};
use crate::{
    db::{
        comments::{CellComments, StoredComment},
        words::Rewording,
    },
    realtime::{
        write::{CommentOp, WriteError},
        writer::{Applied, Request, comments::cell, plan::LogLine},
    },
    words::TextRevision,
};
use serde_json::json;
use shared::{
    api::{comments::Comment, moderation::ModerationAction, moderation::UserRef},
    canvas::{Coord, Refusal, Role},
    ids::{CommentId, UserId},
    limits,
    protocol::{CommentCreated, CommentUpdated, DurableEvent, RemovedBy},
};

impl Planner {
    /// Carries out an operation on a comment.
    pub(super) fn comment(
        &mut self,
        request: &Request,
        role: Role,
        op: &CommentOp,
    ) -> Result<Applied, WriteError> {
        match op {
            CommentOp::Create { at, text, parent } => {
                self.create_comment(request, *at, text, *parent)
            }
            CommentOp::Update { id, text, resolved } => {
                self.update_comment(request, role, *id, text.as_deref(), *resolved)
            }
            CommentOp::Remove(id) => self.remove_comment(request, *id),
        }
    }

    fn create_comment(
        &mut self,
        request: &Request,
        at: Coord,
        text: &str,
        parent: Option<CommentId>,
    ) -> Result<Applied, WriteError> {
        if !self.grid.contains(at) {
            return Err(Refusal::OutOfBounds.into());
        }
        let parent = parent.map(|id| self.parent(id, at)).transpose()?;
        let mut count = self.comments.cells.get(&at).copied().unwrap_or_default();
        if count.all >= limits::CELL_COMMENTS {
            return Err(WriteError::TooManyComments);
        }
        let id = self.comments.new_ids.pop().ok_or(WriteError::Internal)?;
        let identity = &request.write.identity;
        let comment = Comment {
            id,
            canvas_id: self.canvas,
            x: at.x,
            y: at.y,
            seq: self.seq + 1,
            at_seq: self.seq,
            parent_id: parent.as_ref().map(|parent| parent.id),
            author: UserRef {
                user_id: identity.user_id,
                username: identity.username.to_string(),
                display_name: identity.display_name.to_string(),
            },
            text: text.to_owned(),
            resolved: false,
            replies: 0,
            removed: false,
            created_at: self.now.into(),
            edited_at: None,
        };
        let event = DurableEvent::CommentCreated(CommentCreated {
            seq: comment.seq,
            comment: comment.clone(),
            timestamp: self.now.into(),
        });
        let applied = self.append(request, &event)?;
        self.notify_of_comment(request, &comment, parent.as_ref());
        count.all += 1;
        match parent {
            Some(mut parent) => {
                parent.replies += 1;
                self.save_comment(parent, None);
            }
            None => count.open += 1,
        }
        self.save_comment(comment, None);
        self.save_count(at, count);
        Ok(applied)
    }

    /// The comment with this id, to which a comment on the cell is an answer.
    fn parent(&self, id: CommentId, at: Coord) -> Result<Comment, WriteError> {
        let parent = self.comments.comments.get(&id);
        let parent = parent.filter(|parent| cell(parent) == at);
        let parent = parent.ok_or(WriteError::CommentNotFound)?;
        if parent.parent_id.is_some() {
            return Err(WriteError::InvalidField(
                "parent_id",
                "must not be an answer itself",
            ));
        }
        Ok(parent.clone())
    }

    /// Changes the words of a comment, settles its thread, or both. Where all is as it was
    /// nothing changes.
    fn update_comment(
        &mut self,
        request: &Request,
        role: Role,
        id: CommentId,
        text: Option<&str>,
        resolved: Option<bool>,
    ) -> Result<Applied, WriteError> {
        let mut comment = self.stored_comment(id)?;
        if comment.removed {
            return Err(WriteError::CommentNotFound);
        }
        if resolved.is_some() && comment.parent_id.is_some() {
            return Err(WriteError::InvalidField(
                "resolved",
                "is only for comments that begin a thread",
            ));
        }
        let user = request.write.identity.user_id;
        let is_author = comment.author.user_id == user;
        let may_settle =
            is_author || role >= Role::Moderator || self.creator(cell(&comment)) == Some(user);
        if (text.is_some() && !is_author) || (resolved.is_some() && !may_settle) {
            return Err(Refusal::Forbidden.into());
        }
        let new_text = text.filter(|text| *text != comment.text);
        let new_state = resolved.filter(|resolved| *resolved != comment.resolved);
        if new_text.is_none() && new_state.is_none() {
            return Ok(no_change(id));
        }
        if let Some(text) = new_text {
            text.clone_into(&mut comment.text);
            comment.edited_at = Some(self.now.into());
        }
        if let Some(resolved) = new_state {
            comment.resolved = resolved;
            self.count_open(&comment, if resolved { -1 } else { 1 });
        }
        let applied = self.append_update(request, &comment)?;
        if new_text.is_some() {
            self.reword_comment(&comment)?;
        }
        self.save_comment(comment, None);
        Ok(applied)
    }

    /// Removes a comment; its place stays. Of one that was removed already nothing changes.
    fn remove_comment(&mut self, request: &Request, id: CommentId) -> Result<Applied, WriteError> {
        let mut comment = self.stored_comment(id)?;
        let author = comment.author.user_id;
        let by = self.removes_as(request, author)?;
        if comment.removed {
            return Ok(no_change(id));
        }
        let words = std::mem::take(&mut comment.text);
        comment.removed = true;
        if comment.parent_id.is_none() && !comment.resolved {
            self.count_open(&comment, -1);
        }
        let applied = self.append_update(request, &comment)?;
        self.reword_comment(&comment)?;
        let remover = request.write.identity.user_id;
        if by == RemovedBy::Moderator {
            self.plan.log_lines.push(LogLine {
                action: ModerationAction::MessageRemoved,
                actor: remover,
                target: Some(author),
                reason: String::new(),
                detail: json!({
                    "comment_id": id,
                    "x": comment.x,
                    "y": comment.y,
                    "target_seq": comment.seq,
                }),
            });
        }
        self.save_comment(comment, Some((remover, words)));
        Ok(applied)
    }

    /// A comment of the canvas, with the names that its author had when it was written, as in
    /// all of its events.
    fn stored_comment(&self, id: CommentId) -> Result<Comment, WriteError> {
        let comment = self.comments.comments.get(&id);
        let mut comment = comment.ok_or(WriteError::CommentNotFound)?.clone();
        if let Some(created) = self.comments.created.get(&id) {
            comment.author.clone_from(&created.comment.author);
        }
        Ok(comment)
    }

    /// Who started the tile in the cell, if there is one.
    pub(super) fn creator(&self, at: Coord) -> Option<UserId> {
        self.plan.cells.get(&at).map(|tile| tile.creator_id)
    }

    /// Appends the event of a comment that changed.
    fn append_update(
        &mut self,
        request: &Request,
        comment: &Comment,
    ) -> Result<Applied, WriteError> {
        let event = DurableEvent::CommentUpdated(CommentUpdated {
            seq: self.seq + 1,
            comment: comment.clone(),
            timestamp: self.now.into(),
        });
        self.append_repeating(request, &event, Some(comment.seq))
    }

    /// Stores other words of a comment. The newest event tells of it.
    fn reword_comment(&mut self, comment: &Comment) -> Result<(), WriteError> {
        let created = self.comments.created.get_mut(&comment.id);
        let created = created.ok_or(WriteError::Internal)?;
        let said = &mut created.comment;
        said.text.clone_from(&comment.text);
        (said.removed, said.edited_at) = (comment.removed, comment.edited_at);
        let event = DurableEvent::CommentCreated(created.clone());
        let rewording = Rewording {
            body: serde_json::to_string(&event).map_err(|error| not_json(&error))?,
            revision: TextRevision::of_comment(comment),
        };
        let rewordings = &mut self.plan.rewordings;
        rewordings.of.insert(comment.seq, rewording);
        rewordings.last_seq = self.seq;
        Ok(())
    }

    fn count_open(&mut self, comment: &Comment, more: i64) {
        let at = cell(comment);
        let mut count = self.comments.cells.get(&at).copied().unwrap_or_default();
        count.open += more;
        self.save_count(at, count);
    }

    fn save_count(&mut self, at: Coord, count: CellComments) {
        self.comments.cells.insert(at, count);
        self.plan.commented_cells.insert(at, count);
    }

    fn save_comment(&mut self, comment: Comment, removal: Option<(UserId, String)>) {
        self.comments.comments.insert(comment.id, comment.clone());
        let saved = self.plan.comments.entry(comment.id);
        let saved = saved.or_insert_with(|| StoredComment {
            comment: comment.clone(),
            removal: None,
        });
        saved.comment = comment;
        saved.removal = removal.or(saved.removal.take());
    }
}

/// The result of a request that changes nothing of this comment.
fn no_change(id: CommentId) -> Applied {
    let mut applied = nothing();
    applied.done.comment_id = Some(id);
    applied
}
