//! What components ask the session for about comments on tiles.

use super::Session;
use shared::{
    canvas::Coord,
    ids::{CommentId, OpId},
    protocol::ClientMessage,
};

impl Session {
    /// Reads the comments of a cell, unless they are there or being read; see
    /// [`crate::model::comments::Comments::load_of`].
    pub fn read_comments(self, at: Coord) {
        self.input(|state, _| state.read_comments(at));
    }

    /// Comments on a cell, or answers a comment there; it appears at once. The
    /// text has 1–1000 characters. False, and a toast, if it was not taken.
    pub fn comment(self, at: Coord, parent_id: Option<CommentId>, text: String) -> bool {
        let message = ClientMessage::CommentCreate {
            x: at.x,
            y: at.y,
            text,
            parent_id,
        };
        self.dispatch(message).is_some()
    }

    /// Replaces the text of one's own comment (1–1000 characters). False, and a
    /// toast, if it was not taken.
    pub fn edit_comment(self, comment_id: CommentId, text: String) -> bool {
        let message = ClientMessage::CommentUpdate {
            comment_id,
            text: Some(text),
            resolved: None,
        };
        self.dispatch(message).is_some()
    }

    /// Resolves a thread, or opens it again.
    pub fn resolve_comment(self, comment_id: CommentId, resolved: bool) {
        self.dispatch(ClientMessage::CommentUpdate {
            comment_id,
            text: None,
            resolved: Some(resolved),
        });
    }

    /// Removes a comment: one's own, or as a moderator.
    pub fn remove_comment(self, comment_id: CommentId) {
        self.dispatch(ClientMessage::CommentRemove { comment_id });
    }

    /// Sends a refused comment once more.
    pub fn retry_comment(self, id: OpId) {
        self.input(|state, now| state.retry_comment(id, now));
    }

    /// Removes a refused comment.
    pub fn discard_comment(self, id: OpId) {
        self.input(|state, _| state.discard_comment(id));
    }
}
