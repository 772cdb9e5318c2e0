//! Who types in a conversation: the other, and this user.

use super::InboxState;
use crate::store::backend::{Backend, Var};
use shared::{api::conversations::ConversationState, ids::ConversationId, protocol::ClientMessage};

/// Milliseconds after which the other is not shown as typing any more.
const TYPING_LIFETIME_MS: i64 = 6_000;
/// Milliseconds between two messages that this user types.
const TYPING_MS: i64 = 2_000;

impl<B: Backend> InboxState<B> {
    /// The other types in a conversation, or stopped.
    pub(super) fn typing_came(&mut self, id: ConversationId, is_typing: bool, now: i64) {
        let is_change = if is_typing {
            self.typing_until
                .insert(id, now + TYPING_LIFETIME_MS)
                .is_none()
        } else {
            self.typing_until.remove(&id).is_some()
        };
        if is_change {
            self.show_typing();
        }
    }

    pub(super) fn expire_typing(&mut self, now: i64) {
        let before = self.typing_until.len();
        self.typing_until.retain(|_, until| *until > now);
        if self.typing_until.len() != before {
            self.show_typing();
        }
    }

    fn show_typing(&mut self) {
        let mut typing: Vec<_> = self.typing_until.keys().copied().collect();
        typing.sort_unstable();
        self.store.typing.set_if_changed(typing);
    }

    /// This user types in the open conversation, or stopped. To be called for
    /// every key; at most one message in two seconds is sent.
    pub fn types(&mut self, is_typing: bool, now: i64) {
        let Some(id) = self.open_id().filter(|id| self.may_type(*id)) else {
            return;
        };
        let sent = self
            .typing_sent
            .filter(|(conversation, _)| *conversation == id);
        let is_due = match (is_typing, sent) {
            (true, Some((_, at))) => now - at >= TYPING_MS,
            (true, None) => true,
            (false, sent) => sent.is_some(),
        };
        if is_due {
            self.typing_sent = is_typing.then_some((id, now));
            self.open_there = Some(id);
            self.send(ClientMessage::DirectTyping {
                conversation_id: id,
                is_typing,
            });
        }
    }

    /// Nobody sees typing in what is a request or blocked.
    fn may_type(&self, id: ConversationId) -> bool {
        self.store
            .conversation(id)
            .is_some_and(|one| one.state == ConversationState::Open)
    }
}
