//! Private messages. `send` stores and removes them, in the order of their conversation;
//! `delivery` brings them to the connections of both users, on all nodes, in that order;
//! `poller` finds what other nodes stored while Redis was away; `open` knows which connections
//! show a conversation; `typing` tells who types. What a node misses is in the database, where
//! clients read it.

mod delivery;
mod open;
mod poller;
mod send;
mod typing;

pub(crate) use send::{DirectError, NewMessage, Sender, Sent, ack};

use super::{
    bus::Bus, cluster_message::Message, failure_detector::FailureDetector, notifier::Notifier,
    registry::Registry,
};
use crate::{
    clock::DatabaseClock,
    db::{Pool, conversations, notifications},
};
use bytes::Bytes;
use delivery::Deliveries;
use open::OpenConversations;
use parking_lot::Mutex;
use poller::Poller;
use shared::{
    ids::{ConnectionId, ConversationId, UserId},
    protocol::{DirectMessagesRead, ServerMessage},
};
use std::{collections::HashMap, sync::Arc};
use typing::TypingState;

/// See the module. Cheap to clone; clones share their state.
#[derive(Clone)]
pub(crate) struct Conversations {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool,
    clock: DatabaseClock,
    bus: Bus,
    nodes: Arc<FailureDetector>,
    registry: Arc<Registry>,
    notifier: Notifier,
    deliveries: Deliveries,
    poller: Poller,
    open: OpenConversations,
    /// Who types, in which conversation.
    typing: Mutex<HashMap<(ConversationId, UserId), TypingState>>,
}

impl Conversations {
    pub(crate) fn new(
        pool: Pool,
        clock: DatabaseClock,
        bus: Bus,
        nodes: Arc<FailureDetector>,
        registry: Arc<Registry>,
        notifier: Notifier,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                pool,
                clock,
                bus,
                nodes,
                registry,
                notifier,
                deliveries: Deliveries::default(),
                poller: Poller::default(),
                open: OpenConversations::default(),
                typing: Mutex::default(),
            }),
        }
    }

    /// Marks a conversation as read up to `seq`, and tells the reader's other connections. Its
    /// notification is read as well.
    ///
    /// # Errors
    /// [`DirectError::ConversationNotFound`], and those of the database.
    pub(crate) async fn read(
        &self,
        reader: UserId,
        conversation: ConversationId,
        seq: i64,
        connection: Option<ConnectionId>,
    ) -> Result<(), DirectError> {
        let mut transaction = self.inner.pool.begin().await?;
        let read = conversations::mark_read(&mut transaction, reader, conversation, seq).await?;
        let (seq, is_news) = read.ok_or(DirectError::ConversationNotFound)?;
        let selector = notifications::ReadSelector::Conversation(conversation.0);
        let unread = notifications::mark_read(&mut transaction, reader, selector).await?;
        transaction.commit().await?;
        if is_news {
            let message = ServerMessage::DirectMessageRead(DirectMessagesRead {
                conversation_id: conversation,
                seq,
            });
            self.inner.notifier.send(reader, &message, connection);
        }
        if let Some(unread) = unread {
            self.inner.notifier.notifications_read(reader, unread);
        }
        if let Some(connection) = connection {
            self.open(connection, reader, conversation).await;
        }
        Ok(())
    }

    /// Takes a message of another node to this user's connections.
    pub(super) fn receive(&self, user: UserId, message: &Message, lines: &[Bytes]) {
        match message {
            Message::Direct(sent) => {
                for line in lines {
                    self.deliver(delivery::Item::relayed(user, sent, line));
                }
            }
            Message::DirectTyping { sender } => {
                for line in lines {
                    self.show_typing(user, *sender, line);
                }
            }
            _ => {}
        }
    }

    /// Frees what nobody used for a while; called by the maintenance loop.
    pub(crate) fn evict_idle(&self) {
        self.inner.deliveries.evict_idle();
    }
}
