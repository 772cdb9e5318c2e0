//! Comments on tiles: one's own requests, what the server tells of others', and
//! the comments of a cell that are read over HTTP when somebody looks at them.

use super::{SessionState, receive::FollowUp};
use crate::{
    model::{
        chat::DeliveryStatus,
        comments::{CommentChange, PendingComment},
        notice::NoticeKind,
    },
    session::{activity, effect::Effect, queue::Op, seq_tracker::SeqPosition},
    store::backend::{Backend, Var},
};
use shared::{
    api::{Page, comments::Comment, moderation::UserRef},
    canvas::Coord,
    ids::OpId,
    pixels::Pixels,
    protocol::{Ack, ClientMessage, CommentCreated, ErrorCode},
};

impl<B: Backend> SessionState<B> {
    /// Reads the comments of a cell, unless they are there or being read.
    pub fn read_comments(&mut self, at: Coord) {
        let mut is_new = false;
        self.store
            .comments
            .update(|comments| is_new = comments.begin(at));
        if is_new {
            self.effects
                .push(Effect::FetchComments { at, cursor: None });
        }
    }

    /// A page of a cell's comments came; none if it could not be had.
    pub fn comments_received(&mut self, at: Coord, page: Option<Page<Comment>>) {
        let Some(page) = page else {
            self.store.comments.update(|comments| comments.failed(at));
            return;
        };
        let is_last = page.next_cursor.is_none();
        let mut is_wanted = false;
        self.store
            .comments
            .update(|comments| is_wanted = comments.add(at, page.items, is_last));
        if is_wanted && !is_last {
            self.effects.push(Effect::FetchComments {
                at,
                cursor: page.next_cursor,
            });
        }
    }

    /// What a request changes in the comments, until it is stored or refused; none
    /// for a request about something else.
    pub(super) fn pending_comment(
        &self,
        op_id: OpId,
        message: &ClientMessage,
        now: i64,
    ) -> Option<PendingComment> {
        Some(PendingComment {
            op_id,
            change: change(message)?,
            made_at: self.server_time(now),
            delivery: DeliveryStatus::Pending,
        })
    }

    /// The server refused a request about a comment. A new one stays, so that
    /// it can be sent again; what else was shown is taken back.
    pub(super) fn refuse_comment(&mut self, op: &Op, code: ErrorCode, is_shelved: bool) {
        self.store
            .comments
            .update(|comments| comments.refuse(op.id, code));
        if is_shelved {
            self.notify(NoticeKind::Shelved);
        } else if !matches!(op.message, ClientMessage::CommentCreate { .. }) {
            self.notify(NoticeKind::Refused { code, at: None });
        }
    }

    /// Sends a refused comment once more. False if it was not taken: then it
    /// stays as it is.
    pub fn retry_comment(&mut self, id: OpId, now: i64) -> bool {
        let mut refused = None;
        self.store
            .comments
            .update(|comments| refused = comments.take_refused(id));
        let Some(refused) = refused else {
            return false;
        };
        let CommentChange::Create { at, parent, text } = &refused.change else {
            return false;
        };
        let message = ClientMessage::CommentCreate {
            x: at.x,
            y: at.y,
            text: text.clone(),
            parent_id: *parent,
        };
        let is_taken = self.dispatch(message, now).is_some();
        if !is_taken {
            self.store
                .comments
                .update(|comments| comments.push(refused));
        }
        is_taken
    }

    /// Removes a refused comment.
    pub fn discard_comment(&self, id: OpId) {
        self.store
            .comments
            .update(|comments| drop(comments.take_refused(id)));
    }

    /// Somebody wrote a comment.
    pub(super) fn comment_created(&self, event: CommentCreated) {
        let comment = event.comment;
        let picture = self.picture_of(&comment);
        self.store
            .comments
            .update(|comments| comments.created(comment, picture));
    }

    /// What the tile looked like when a comment was written, where nothing came
    /// between: none within for an empty cell.
    #[expect(clippy::option_option, reason = "an empty cell is known, too")]
    fn picture_of(&self, comment: &Comment) -> Option<Option<Pixels>> {
        let at = Coord {
            x: comment.x,
            y: comment.y,
        };
        (comment.at_seq + 1 == comment.seq).then(|| {
            self.store.tiles.peek(|tiles| {
                let tile = tiles.confirmed(at)?;
                Some(tile.state.pixels.clone())
            })
        })
    }

    /// The server stored one of this tab's requests about a comment. The event
    /// does not come to this connection.
    pub(super) fn comment_ack(&mut self, ack: &Ack, op: &Op, position: SeqPosition) -> FollowUp {
        self.finish(op.id);
        if let (SeqPosition::Next, Some(seq)) = (position, ack.seq) {
            self.seq.advance(seq, ack.timestamp);
            self.confirm_comment(ack, op, seq);
        }
        self.store
            .comments
            .update(|comments| comments.settle(op.id));
        FollowUp::Flush
    }

    fn confirm_comment(&self, ack: &Ack, op: &Op, seq: i64) {
        let (Some(change), Some(author)) = (change(&op.message), self.comment_author()) else {
            return;
        };
        let timestamp = ack
            .timestamp
            .unwrap_or_else(|| self.server_time(op.queued_at));
        let comments = &self.store.comments;
        match change {
            CommentChange::Create { at, parent, text } => {
                let Some(id) = ack.comment_id else { return };
                let line = activity::commented(seq, author.user_id, at, timestamp);
                self.store
                    .activity
                    .update(|lines| activity::add(lines, line));
                let comment = Comment {
                    id,
                    canvas_id: self.store.canvas_id,
                    x: at.x,
                    y: at.y,
                    seq,
                    at_seq: seq - 1,
                    parent_id: parent,
                    author,
                    text,
                    resolved: false,
                    replies: 0,
                    removed: false,
                    created_at: timestamp,
                    edited_at: None,
                };
                let picture = self.picture_of(&comment);
                comments.update(|comments| comments.created(comment, picture));
            }
            CommentChange::Update { id, text, resolved } => {
                comments.update(|comments| {
                    comments.change(id, |comment| {
                        if let Some(text) = text.filter(|text| *text != comment.text) {
                            comment.text = text;
                            comment.edited_at = Some(timestamp);
                        }
                        comment.resolved = resolved.unwrap_or(comment.resolved);
                    });
                });
            }
            CommentChange::Remove(id) => comments.update(|comments| {
                comments.change(id, |comment| {
                    comment.removed = true;
                    comment.text.clear();
                });
            }),
        }
    }

    /// This user, as the author of comments; none while nobody is signed in.
    pub(super) fn comment_author(&self) -> Option<UserRef> {
        let user = self.user.as_ref()?;
        Some(UserRef {
            user_id: user.id,
            username: user.username.clone(),
            display_name: user.display_name.clone(),
        })
    }
}

/// What a request does to the comments; none if it is about something else.
fn change(message: &ClientMessage) -> Option<CommentChange> {
    Some(match message {
        ClientMessage::CommentCreate {
            x,
            y,
            text,
            parent_id,
        } => CommentChange::Create {
            at: Coord { x: *x, y: *y },
            parent: *parent_id,
            text: text.clone(),
        },
        ClientMessage::CommentUpdate {
            comment_id,
            text,
            resolved,
        } => CommentChange::Update {
            id: *comment_id,
            text: text.clone(),
            resolved: *resolved,
        },
        ClientMessage::CommentRemove { comment_id } => CommentChange::Remove(*comment_id),
        _ => return None,
    })
}
