//! What the simulated server does about comments.

use super::server::{CANVAS, Server, user_ref};
use shared::{
    api::{Page, User, comments::Comment},
    canvas::Coord,
    ids::CommentId,
    protocol::{Ack, ClientMessage, CommentCreated, CommentUpdated, DurableEvent, ErrorCode},
};

impl Server {
    /// How many comments of a cell begin a thread that is open.
    pub(super) fn open_comments(&self, at: Coord) -> i64 {
        let open = self.comments.iter().filter(|comment| {
            (comment.x, comment.y) == (at.x, at.y)
                && comment.parent_id.is_none()
                && !comment.resolved
                && !comment.removed
        });
        i64::try_from(open.count()).unwrap()
    }

    /// A page of the comments on a cell, two on each.
    pub(super) fn comments_on(&self, at: Coord, cursor: Option<&str>) -> Page<Comment> {
        let after: i64 = cursor.map_or(0, |cursor| cursor.parse().unwrap());
        let on_cell = self
            .comments
            .iter()
            .filter(|comment| (comment.x, comment.y) == (at.x, at.y) && comment.seq > after);
        let items: Vec<Comment> = on_cell.take(2).cloned().collect();
        let last = items.last().filter(|_| items.len() == 2);
        Page {
            next_cursor: last.map(|last| last.seq.to_string()),
            items,
        }
    }

    /// Carries out a request about a comment.
    pub(super) fn comment(
        &mut self,
        user: &User,
        message: &ClientMessage,
        ack: &mut Ack,
    ) -> Result<Option<DurableEvent>, ErrorCode> {
        let (seq, timestamp) = (self.head() + 1, self.time());
        if let ClientMessage::CommentCreate {
            x,
            y,
            text,
            parent_id,
        } = message
        {
            let comment = Comment {
                id: CommentId(seq + 100),
                canvas_id: CANVAS,
                x: *x,
                y: *y,
                seq,
                at_seq: seq - 1,
                parent_id: *parent_id,
                author: user_ref(user),
                text: text.clone(),
                resolved: false,
                replies: 0,
                removed: false,
                created_at: timestamp,
                edited_at: None,
            };
            ack.comment_id = Some(comment.id);
            self.comments.push(comment.clone());
            return Ok(Some(DurableEvent::CommentCreated(CommentCreated {
                seq,
                comment,
                timestamp,
            })));
        }
        let (ClientMessage::CommentUpdate { comment_id, .. }
        | ClientMessage::CommentRemove { comment_id }) = message
        else {
            panic!("{message:?}");
        };
        ack.comment_id = Some(*comment_id);
        let comments = self.comments.iter_mut();
        let comment = comments
            .filter(|comment| !comment.removed)
            .find(|comment| comment.id == *comment_id)
            .ok_or(ErrorCode::CommentNotFound)?;
        let before = comment.clone();
        if let ClientMessage::CommentUpdate { text, resolved, .. } = message {
            if text.is_some() && comment.author.user_id != user.id {
                return Err(ErrorCode::Forbidden);
            }
            if let Some(text) = text.as_ref().filter(|text| **text != comment.text) {
                comment.text.clone_from(text);
                comment.edited_at = Some(timestamp);
            }
            comment.resolved = resolved.unwrap_or(comment.resolved);
        } else {
            comment.removed = true;
            comment.text.clear();
        }
        let comment = comment.clone();
        Ok(
            (comment != before).then_some(DurableEvent::CommentUpdated(CommentUpdated {
                seq,
                comment,
                timestamp,
            })),
        )
    }
}
