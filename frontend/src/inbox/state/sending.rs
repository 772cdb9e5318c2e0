//! The messages that this user writes, until they are stored.

use super::InboxState;
use crate::{
    inbox::{effect::InboxEffect, outbox::Outgoing},
    store::backend::Backend,
};
use shared::{api::conversations::DirectMessage, ids::OpId, protocol::ErrorCode, text::ChatText};

/// What became of a message that was sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Posted {
    /// It is stored.
    Stored(DirectMessage),
    /// The server refused it.
    Refused(ErrorCode),
    /// The server could not be reached, or asks to wait.
    Postponed {
        /// Milliseconds that it asks to wait.
        retry_after_ms: Option<u32>,
        /// From 0 to 1, for the delay until the next attempt.
        random: f64,
    },
}

impl<B: Backend> InboxState<B> {
    /// Writes a message in the open conversation; its row appears at once. False
    /// if it was not taken: too many wait, or nobody is signed in.
    pub fn say(&mut self, text: &ChatText, now: i64) -> bool {
        let id = self.open_id();
        let at = self.clock();
        let op_id = OpId::from((self.new_id)());
        let (Some(id), Some(outbox)) = (id, &mut self.outbox) else {
            return false;
        };
        if !outbox.push(id, op_id, text.as_str().to_owned(), at) {
            return false;
        }
        self.own.insert(op_id);
        self.typing_sent = None;
        self.show_rows();
        self.send_due(now);
        true
    }

    /// Sends a refused message once more.
    pub fn retry(&mut self, op_id: OpId, now: i64) {
        let Some(outbox) = &mut self.outbox else {
            return;
        };
        let Some(Outgoing {
            conversation, text, ..
        }) = outbox.remove(op_id)
        else {
            return;
        };
        let at = self.clock();
        let new = OpId::from((self.new_id)());
        if let Some(outbox) = &mut self.outbox {
            outbox.push(conversation, new, text, at);
        }
        self.own.insert(new);
        self.show_rows();
        self.send_due(now);
    }

    /// Gives a refused message up.
    pub fn discard(&mut self, op_id: OpId) {
        self.finish(op_id);
        self.show_rows();
    }

    /// Forgets a message that is stored, or was given up.
    pub(super) fn finish(&mut self, op_id: OpId) {
        if let Some(outbox) = &mut self.outbox {
            outbox.remove(op_id);
        }
    }

    /// Sends what may be sent now.
    pub(super) fn send_due(&mut self, now: i64) {
        let Some(outbox) = &mut self.outbox else {
            return;
        };
        for Outgoing {
            conversation,
            op_id,
            text,
            ..
        } in outbox.due(now)
        {
            self.effects.push(InboxEffect::Post {
                conversation,
                op_id,
                text,
            });
        }
    }

    /// What became of a message that was sent.
    pub fn posted(&mut self, op_id: OpId, outcome: Posted, now: i64) {
        match outcome {
            Posted::Stored(mut message) => {
                self.backoff.reset();
                message.op_id = Some(op_id);
                self.finish(op_id);
                self.message_came(message, now);
            }
            Posted::Refused(code) => {
                if let Some(outbox) = &mut self.outbox {
                    outbox.refuse(op_id, code);
                }
                if code == ErrorCode::NotWanted {
                    // It was blocked, or not accepted yet.
                    self.refetch_conversations();
                }
                self.show_rows();
            }
            Posted::Postponed {
                retry_after_ms,
                random,
            } => {
                let delay = self.backoff.next_delay(random);
                let delay = delay.max(retry_after_ms.unwrap_or(0));
                if let Some(outbox) = &mut self.outbox {
                    outbox.postpone(op_id, now + i64::from(delay));
                }
            }
        }
        self.send_due(now);
    }
}
