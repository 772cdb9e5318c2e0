//! Chat messages of this user that wait or were refused, and new words for stored
//! ones.

use super::SessionState;
use crate::{
    model::{
        chat::{ChatKey, ChatRow, DeliveryStatus},
        notice::NoticeKind,
    },
    session::{chat, seq_tracker::SeqPosition},
    store::backend::{Backend, Var},
};
use shared::{
    ids::{MessageId, OpId},
    protocol::{Ack, ChatEdited, ClientMessage, ErrorCode},
};
use std::sync::Arc;

impl<B: Backend> SessionState<B> {
    /// The row of a message that is not stored yet; none for other requests.
    pub(super) fn chat_row(&self, id: OpId, message: &ClientMessage, now: i64) -> Option<ChatRow> {
        let ClientMessage::CanvasChat { text, reply_to, .. } = message else {
            return None;
        };
        let user = self.user.as_ref()?;
        let quote = |id| self.store.chat.with(|rows| chat::quote(rows, id));
        Some(ChatRow {
            key: ChatKey::Own(id),
            seq: None,
            sender_id: user.id,
            sender_username: user.username.clone(),
            sender_display_name: user.display_name.clone(),
            text: text.as_str().to_owned(),
            removed: false,
            at: self.server_time(now),
            message_id: None,
            delivery: DeliveryStatus::Pending,
            reply_to: reply_to.map(quote),
            edited_at: None,
            edit: None,
        })
    }

    /// Shows in the rows what waits in the queue: new words, and quotes of
    /// messages that are loaded by now. To be called after rows were loaded.
    pub fn show_waiting_chat(&self) {
        let edits: Vec<(OpId, MessageId, &str)> = self
            .queue
            .iter()
            .filter_map(|op| {
                let ClientMessage::ChatEdit { message_id, text } = &op.message else {
                    return None;
                };
                Some((op.id, *message_id, text.as_str()))
            })
            .collect();
        let is_complete = self.store.chat.with(|rows| chat::has_complete_quotes(rows));
        if edits.is_empty() && is_complete {
            return;
        }
        self.store.chat.update(|rows| {
            for (op, id, text) in edits {
                chat::edit_pending(rows, id, op, text);
            }
            chat::complete_quotes(rows);
        });
    }

    /// A message got new words.
    pub(super) fn chat_edited(&mut self, event: &ChatEdited) {
        self.store.chat.update(|rows| chat::edited(rows, event));
        if let Some(id) = event.op_id {
            self.finish(id);
        }
    }

    /// The server stored a request about the chat. Its event comes too, and brings
    /// what it changed, unless it was part of the snapshot.
    pub(super) fn chat_acknowledged(&mut self, ack: &Ack) {
        let Some(op) = ack.op_id.and_then(|id| self.queue.get(id)) else {
            return;
        };
        let id = op.id;
        let is_removal = matches!(op.message, ClientMessage::ChatRemove { .. });
        let has_event = ack
            .seq
            .is_none_or(|seq| self.seq.position(seq) == SeqPosition::Applied);
        if is_removal || has_event {
            self.finish(id);
            self.store.chat.update(|rows| {
                chat::settle(rows, id);
                chat::edit_ended(rows, id);
            });
        }
    }

    /// The server refused a request about the chat. Words stay in the chat, where
    /// they are shown.
    pub(super) fn refuse_chat(&mut self, id: OpId, code: ErrorCode) {
        let mut is_shown = false;
        self.store.chat.update(|rows| {
            is_shown = chat::refuse(rows, id, code) || chat::edit_refused(rows, id, code);
        });
        if !is_shown {
            self.notify(NoticeKind::Refused { code, at: None });
        }
    }

    /// Removes what waits of a former user from the chat.
    pub(super) fn take_off_chat(&self) {
        self.store.chat.update(|rows| {
            rows.retain(|row| row.seq.is_some());
            for row in rows.iter_mut().filter(|row| row.edit.is_some()) {
                Arc::make_mut(row).edit = None;
            }
        });
    }
}
