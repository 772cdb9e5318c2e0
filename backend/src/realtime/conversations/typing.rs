//! Who types in a conversation. The other user is told when it starts and when it ends, at most
//! four times a second; it ends by itself. One task for each user who types.

use super::{Conversations, DirectError};
use crate::{
    db::conversations,
    realtime::{bus::Channel, cluster_message::Message, outbound::OutboundMessage},
};
use bytes::Bytes;
use shared::{
    ids::{ConversationId, UserId},
    limits,
    protocol::{DirectTyping, ServerMessage},
};
use std::{collections::hash_map::Entry, sync::Arc, time::Duration};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout_at},
};

/// After the last message of somebody who types.
const LIFETIME: Duration = Duration::from_millis(limits::TYPING_MS);
/// Between two changes that the other is told.
const PAUSE: Duration = Duration::from_millis(1_000 / limits::PRESENCE_CHANGES_PER_SECOND);
/// What outboxes call it.
const KIND: &str = "direct_typing";

/// Somebody who types, or did a moment ago.
pub(super) struct TypingState {
    /// When it ends by itself; in the past once it was ended.
    until: Instant,
    changed: Arc<Notify>,
}

impl TypingState {
    fn set(&mut self, until: Instant) {
        self.until = until;
        self.changed.notify_one();
    }
}

impl Conversations {
    /// Notes that a user types in a conversation, or not any more.
    ///
    /// # Errors
    /// [`DirectError::ConversationNotFound`], and those of the database.
    pub(crate) async fn set_typing(
        &self,
        user: UserId,
        conversation: ConversationId,
        is_typing: bool,
    ) -> Result<(), DirectError> {
        let now = Instant::now();
        let until = if is_typing { now + LIFETIME } else { now };
        if let Some(state) = self.inner.typing.lock().get_mut(&(conversation, user)) {
            state.set(until);
            return Ok(());
        }
        let found = conversations::other(&self.inner.pool, user, conversation).await?;
        let (other, is_blocked) = found.ok_or(DirectError::ConversationNotFound)?;
        if !is_typing || is_blocked {
            return Ok(());
        }
        match self.inner.typing.lock().entry((conversation, user)) {
            // Another connection of the user was faster.
            Entry::Occupied(mut state) => state.get_mut().set(until),
            Entry::Vacant(place) => {
                let changed = Arc::new(Notify::new());
                place.insert(TypingState {
                    until,
                    changed: changed.clone(),
                });
                let typing = self
                    .clone()
                    .track_typing(user, conversation, other, changed);
                tokio::spawn(typing);
            }
        }
        Ok(())
    }

    /// Sends the other user when the typing starts and ends, until it has ended for good.
    async fn track_typing(
        self,
        user: UserId,
        conversation: ConversationId,
        other: UserId,
        changed: Arc<Notify>,
    ) {
        let key = (conversation, user);
        let until = || self.inner.typing.lock().get(&key).map(|state| state.until);
        loop {
            self.send_typing(user, other, conversation, true);
            let started = Instant::now();
            while let Some(until) = until()
                && until > Instant::now()
            {
                // Woken by a change, or at the end.
                let _ = timeout_at(until, changed.notified()).await;
                sleep(PAUSE.saturating_sub(started.elapsed())).await;
            }
            self.send_typing(user, other, conversation, false);
            sleep(PAUSE).await;
            {
                let mut typing = self.inner.typing.lock();
                let is_over = typing.get(&key).is_none_or(|it| it.until <= Instant::now());
                if is_over {
                    typing.remove(&key);
                    return;
                }
            }
            // It started again; the other may have blocked the user meanwhile.
            let found = conversations::other(&self.inner.pool, user, conversation).await;
            if !matches!(found, Ok(Some((_, false)))) {
                self.inner.typing.lock().remove(&key);
                return;
            }
        }
    }

    /// Sends a user's connections, on all nodes, whether the sender types.
    fn send_typing(
        &self,
        sender: UserId,
        user: UserId,
        conversation: ConversationId,
        is_typing: bool,
    ) {
        let message = ServerMessage::DirectTyping(DirectTyping {
            conversation_id: conversation,
            is_typing,
        });
        let message = OutboundMessage::ephemeral(sender, KIND, &message);
        let line = message.frame.json();
        self.inner.registry.send_to_user(user, &message, None);
        let typing = Message::DirectTyping { sender };
        self.inner
            .bus
            .publish_with(Channel::User(user), &typing, &[line]);
    }

    /// Shows what another node tells of a sender.
    pub(super) fn show_typing(&self, user: UserId, sender: UserId, line: &Bytes) {
        let message = OutboundMessage::relayed(sender, KIND, line);
        self.inner.registry.send_to_user(user, &message, None);
    }
}
