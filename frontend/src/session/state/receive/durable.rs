//! Durable events and acknowledgements: changes the confirmed state in the
//! order of `seq`, and rebases this tab's pending operations on it.

use super::FollowUp;
use crate::{
    model::{
        chat::OlderPages,
        tile_store::{RemoteEdits, TileStore},
    },
    session::{activity, chat, queue::OrderingKey, seq_tracker::SeqPosition, state::SessionState},
    store::backend::{Backend, Var},
};
use shared::{
    api::Canvas,
    canvas::Coord,
    pixels::{PixelEdit, TRANSPARENT},
    protocol::{Ack, DurableEvent},
};

impl<B: Backend> SessionState<B> {
    /// Applies a durable event if it is the next one in the sequence.
    pub(super) fn durable(&mut self, event: DurableEvent, now: i64) -> FollowUp {
        match self.seq.advance(event.seq(), Some(event.timestamp())) {
            SeqPosition::Applied => return FollowUp::Flush,
            // With the time of what it has, the server knows what this client
            // needs.
            SeqPosition::Gap | SeqPosition::Rewritten => return FollowUp::Reconnect,
            SeqPosition::Next => {}
        }
        if let Some(line) = activity::from_event(&event) {
            self.store
                .activity
                .update(|lines| activity::add(lines, line));
        }
        match event {
            DurableEvent::CanvasChatMessage(event) => {
                let message = &event.message;
                self.remember_names(
                    message.sender_id,
                    &message.sender_username,
                    &message.sender_display_name,
                );
                let own = event.op_id;
                let (sender, stored_at) = (message.sender_id, message.created_at.millis());
                let mut dropped = false;
                self.store
                    .chat
                    .update(|rows| dropped = chat::stored(rows, event));
                if dropped && self.store.older.get() == OlderPages::None {
                    self.store.older.set(OlderPages::Maybe);
                }
                self.store.people.typing(sender, false);
                if let Some(id) = own {
                    self.finish(id);
                }
                if self.is_me(sender) {
                    self.said(stored_at);
                }
            }
            DurableEvent::TileCreated(event) => {
                let creator = self.usernames.get(&event.creator_id).cloned();
                // A tile that a rewrite brought back was not drawn in this tab.
                let mine = self.is_me(event.creator_id) && event.cause.is_none();
                let drawn: Vec<PixelEdit> = (0..)
                    .zip(event.pixels.as_bytes())
                    .filter(|(_, color)| **color != TRANSPARENT)
                    .map(|(index, &color)| PixelEdit(index, color))
                    .collect();
                let at = self.confirm(now, |tiles| {
                    tiles.created(event, creator.unwrap_or_default())
                });
                if !mine {
                    self.overwritten_by_others(&RemoteEdits { at, edits: drawn });
                }
            }
            DurableEvent::TileUpdated(event) => {
                let mine = self.is_me(event.updater_id) && event.cause.is_none();
                let mut remote = None;
                self.confirm(now, |tiles| {
                    let painted = tiles.updated(event);
                    let at = painted.at;
                    remote = Some(painted);
                    at
                });
                if let Some(remote) = remote.filter(|_| !mine) {
                    self.overwritten_by_others(&remote);
                }
            }
            DurableEvent::TileLiked(event) => {
                let mine = self.is_me(event.liker_id);
                self.confirm(now, |tiles| tiles.liked(&event, mine));
            }
            DurableEvent::TileDeleted(event) => {
                let at = self.confirm(now, |tiles| tiles.deleted(&event));
                self.history.remove(&at);
                self.update_undoable(at);
            }
            DurableEvent::ChatRemoved(event) => {
                self.store
                    .chat
                    .update(|rows| chat::removed(rows, event.message_id));
                if let Some(id) = event.op_id {
                    self.finish(id);
                }
            }
            DurableEvent::ChatEdited(event) => self.chat_edited(&event),
            DurableEvent::CommentCreated(event) => self.comment_created(event),
            DurableEvent::CommentUpdated(event) => self
                .store
                .comments
                .update(|comments| comments.updated(event.comment, event.timestamp)),
            DurableEvent::CanvasUpdated(event) => self.update_canvas(event.canvas),
        }
        FollowUp::Flush
    }

    /// Changes the confirmed state of a cell and rebases the pending operations
    /// on it. `change` returns the cell.
    fn confirm(&self, now: i64, change: impl FnOnce(&mut TileStore) -> Coord) -> Coord {
        let mut at = Coord { x: 0, y: 0 };
        // Subscribers are notified once, by `rebase`.
        self.store.tiles.update_quietly(|tiles| at = change(tiles));
        self.rebase(at, now);
        at
    }

    /// Removes pixels that somebody else painted from the undo history of their
    /// tile.
    fn overwritten_by_others(&mut self, remote: &RemoteEdits) {
        if let Some(history) = self.history.get_mut(&remote.at) {
            let pending = self.queue.painted_pixels(remote.at);
            history.overwritten(&remote.edits, |index| pending.contains(&index));
            self.update_undoable(remote.at);
        }
    }

    /// Replaces the settings of the canvas.
    fn update_canvas(&mut self, mut canvas: Canvas) {
        // The event is the same for all users, so it does not contain this
        // user's role.
        canvas.role = self
            .store
            .canvas
            .with(|old| old.as_ref().and_then(|old| old.role));
        if canvas.slow_mode_s == 0 {
            self.store.chat_held_until.set_if_changed(0);
            self.queue.release();
        }
        if canvas.lockdown_until.is_none() {
            self.store.locked_out_until.set_if_changed(None);
        }
        self.store.canvas.set(Some(canvas));
    }

    /// The server stored one of this tab's requests.
    pub(super) fn ack(&mut self, ack: &Ack, now: i64) -> FollowUp {
        if matches!(&*ack.request, "canvas_chat" | "chat_edit" | "chat_remove") {
            self.chat_acknowledged(ack);
            return FollowUp::Flush;
        }
        let op = ack.op_id.and_then(|id| self.queue.get(id)).cloned();
        let position = ack
            .seq
            .map_or(SeqPosition::Applied, |seq| self.seq.position(seq));
        let op = match (position, op) {
            (SeqPosition::Applied, None) => return FollowUp::Flush,
            // The position of this operation in the sequence is unknown: the
            // event itself has to arrive.
            (SeqPosition::Gap | SeqPosition::Rewritten, _) | (SeqPosition::Next, None) => {
                return FollowUp::Reconnect;
            }
            (SeqPosition::Applied | SeqPosition::Next, Some(op)) => op,
        };
        if op.ordering_key == OrderingKey::Comments {
            return self.comment_ack(ack, &op, position);
        }
        self.finish(op.id);
        let Some((at, tile)) = op.message.tile_op() else {
            return FollowUp::Flush;
        };
        if let (SeqPosition::Next, Some(seq), Some(author)) = (position, ack.seq, self.author()) {
            self.seq.advance(seq, ack.timestamp);
            let stored_at = ack.timestamp.unwrap_or_else(|| self.server_time(now));
            let line = activity::from_ack(ack, &tile, at, author.user_id, stored_at);
            if let Some(line) = line {
                self.store
                    .activity
                    .update(|lines| activity::add(lines, line));
            }
            self.store
                .tiles
                .update_quietly(|tiles| tiles.confirm(at, &tile, ack, &author, stored_at));
        }
        self.rebase(at, now);
        FollowUp::Flush
    }
}
