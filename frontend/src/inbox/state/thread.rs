//! The open conversation: its messages in their order, those that are not
//! stored yet, and what was read.

use super::InboxState;
use crate::{
    inbox::effect::{InboxEffect, Part},
    model::{
        chat::{DeliveryStatus, OlderPages},
        inbox::{Thread, ThreadRow, ThreadRowKey, ThreadState},
    },
    store::backend::{Backend, Var},
};
use shared::{
    api::conversations::DirectMessage,
    ids::{ConversationId, MessageId},
    protocol::ClientMessage,
};
use std::sync::Arc;

/// Messages of a conversation, as the server answered.
pub struct MessagePage {
    /// The messages, in any order.
    pub items: Vec<DirectMessage>,
    /// Whether there are more in the direction of the question.
    pub has_more: bool,
}

/// Why messages could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The user takes part in no such conversation.
    Missing,
    /// The server did not answer.
    Unavailable,
}

impl<B: Backend> InboxState<B> {
    /// Opens a conversation, or closes the open one.
    pub fn open(&mut self, id: Option<ConversationId>) {
        if self.open_id() == id {
            return;
        }
        self.messages.clear();
        self.wanted = None;
        let thread = id.map(|id| Thread {
            id,
            rows: Vec::new(),
            older: OlderPages::Loading,
            state: ThreadState::Loading,
        });
        self.store.thread.set(thread);
        if let Some(id) = id {
            self.show_rows();
            if self.user.is_some() {
                self.fetch(id, Part::Newest);
                self.look_for(id);
            }
        }
    }

    /// Reads the open conversation again: another user signed in.
    pub(super) fn reopen(&mut self) {
        let id = self.open_id();
        self.open(None);
        self.open(id);
    }

    pub(super) fn close_if_open(&mut self, id: ConversationId) {
        if self.is_open(id) {
            self.open(None);
        }
    }

    /// The open conversation.
    pub(super) fn open_id(&self) -> Option<ConversationId> {
        let thread = &self.store.thread;
        thread.with(|thread| thread.as_ref().map(|thread| thread.id))
    }

    fn is_open(&self, id: ConversationId) -> bool {
        self.open_id() == Some(id)
    }

    /// Reads what may have been missed in the open conversation.
    pub(super) fn refetch_thread(&mut self) {
        let open = self.store.thread.with(|thread| {
            let thread = thread.as_ref()?;
            (thread.state != ThreadState::Missing).then_some(thread.id)
        });
        if let Some(id) = open {
            let newest = self.messages.last().map(|last| last.seq);
            self.fetch(id, Part::Newest);
            if let Some(newest) = newest {
                // What was removed meanwhile is in the newest page; what is
                // between it and what is known follows in order.
                self.fetch(id, Part::After(newest));
            }
        }
    }

    /// Tries again after the server did not answer.
    pub fn retry_thread(&mut self) {
        if let Some(id) = self.open_id() {
            self.set_thread_state(id, ThreadState::Loading);
            self.fetch(id, Part::Newest);
            self.look_for(id);
        }
    }

    fn fetch(&mut self, conversation: ConversationId, part: Part) {
        self.effects
            .push(InboxEffect::FetchMessages { conversation, part });
    }

    /// Reads the messages before the first one that is shown.
    pub fn load_older(&mut self) {
        let oldest = self.messages.first().map(|first| first.seq);
        let id = self.store.thread.with(|thread| {
            let thread = thread.as_ref()?;
            (thread.older == OlderPages::Maybe).then_some(thread.id)
        });
        if let (Some(id), Some(oldest)) = (id, oldest) {
            self.set_older(OlderPages::Loading);
            self.fetch(id, Part::Before(oldest));
        }
    }

    /// Messages came, or not.
    pub fn messages_received(
        &mut self,
        id: ConversationId,
        part: Part,
        answer: Result<MessagePage, ReadError>,
    ) {
        if !self.is_open(id) {
            return;
        }
        let page = match answer {
            Ok(page) => page,
            Err(ReadError::Missing) => {
                self.wanted = None;
                self.set_thread_state(id, ThreadState::Missing);
                return;
            }
            Err(ReadError::Unavailable) => {
                self.set_older(OlderPages::Maybe);
                let is_loading = self.store.thread.with(|thread| {
                    let state = thread.as_ref().map(|thread| thread.state);
                    state == Some(ThreadState::Loading)
                });
                if is_loading {
                    self.set_thread_state(id, ThreadState::Failed);
                }
                return;
            }
        };
        match part {
            Part::Newest => {
                // Rows that do not join on to it are read again by scrolling up.
                let first = page.items.iter().map(|one| one.seq).min();
                let last = self.messages.last().map(|last| last.seq);
                let joins = match (first, last) {
                    (Some(first), Some(last)) => first <= last + 1,
                    (None, _) | (_, None) => false,
                };
                if !joins {
                    self.messages.clear();
                    let older = if page.has_more {
                        OlderPages::Maybe
                    } else {
                        OlderPages::None
                    };
                    self.set_older(older);
                }
            }
            Part::Before(_) => {
                self.set_older(if page.has_more {
                    OlderPages::Maybe
                } else {
                    OlderPages::None
                });
            }
            Part::After(_) => {
                let newest = page.items.iter().map(|one| one.seq).max();
                if let (true, Some(newest)) = (page.has_more, newest) {
                    self.fetch(id, Part::After(newest));
                }
            }
        }
        for message in page.items {
            self.list_message_if_known(&message);
            self.put(message);
        }
        self.set_thread_state(id, ThreadState::Ready);
        self.show_rows();
        self.tell_seen();
    }

    /// A message in the list may be older than one that was just read.
    fn list_message_if_known(&mut self, message: &DirectMessage) {
        let last = self.store.conversation(message.conversation_id);
        let last = last.and_then(|one| one.last_message).map(|last| last.seq);
        if last.is_some_and(|last| message.seq >= last) {
            self.list_message(message);
        }
    }

    /// A message came on a connection, or as the answer to its request.
    pub(super) fn message_came(&mut self, message: DirectMessage, now: i64) {
        let id = message.conversation_id;
        let is_mine = Some(message.sender_id) == self.me();
        if is_mine {
            if let Some(op_id) = message.op_id {
                self.finish(op_id);
            }
        } else {
            self.typing_came(id, false, now);
        }
        self.list_message(&message);
        if self.is_open(id) {
            let last = self.messages.last().map(|last| last.seq);
            if last.is_some_and(|last| message.seq > last + 1) {
                // One is missing: all that follow are read in order.
                self.fetch(id, Part::After(last.unwrap_or_default()));
            } else {
                self.put(message);
            }
            self.show_rows();
        }
        self.tell_seen();
    }

    /// Puts a stored message in its place, or in place of an older form of it.
    fn put(&mut self, message: DirectMessage) {
        let at = self.messages.partition_point(|one| one.seq < message.seq);
        match self.messages.get_mut(at) {
            // A message that was removed does not come back, whatever arrives
            // late.
            Some(known) if known.seq == message.seq => {
                if !known.removed {
                    let op_id = known.op_id;
                    *known = message;
                    known.op_id = known.op_id.or(op_id);
                }
            }
            _ => self.messages.insert(at, message),
        }
    }

    /// The user took a message of their own back.
    pub fn removed(&mut self, message_id: MessageId) {
        let found = self
            .messages
            .iter_mut()
            .find(|one| one.message_id == message_id);
        let Some(message) = found else { return };
        message.removed = true;
        message.text.clear();
        let message = message.clone();
        self.list_message(&message);
        self.show_rows();
    }

    /// Shows the stored messages of the open conversation, then those that are
    /// not stored.
    pub(super) fn show_rows(&mut self) {
        let me = self.me();
        let own = &self.own;
        let stored = self.messages.iter().map(|message| ThreadRow {
            key: match message.op_id.filter(|op_id| own.contains(op_id)) {
                Some(op_id) => ThreadRowKey::Own(op_id),
                None => ThreadRowKey::Message(message.message_id),
            },
            seq: Some(message.seq),
            message_id: Some(message.message_id),
            is_mine: Some(message.sender_id) == me,
            text: message.text.clone(),
            removed: message.removed,
            at: message.created_at,
            delivery: DeliveryStatus::Stored,
        });
        let mut rows: Vec<ThreadRow> = stored.collect();
        if let (Some(id), Some(outbox)) = (self.open_id(), &self.outbox) {
            rows.extend(outbox.of(id).map(|item| {
                ThreadRow {
                    key: ThreadRowKey::Own(item.op_id),
                    seq: None,
                    message_id: None,
                    is_mine: true,
                    text: item.text.clone(),
                    removed: false,
                    at: item.at,
                    delivery: item
                        .refused
                        .map_or(DeliveryStatus::Pending, DeliveryStatus::Failed),
                }
            }));
            for item in outbox.of(id) {
                self.own.insert(item.op_id);
            }
        }
        self.store.thread.update(|thread| {
            let Some(thread) = thread else { return };
            // What did not change stays the same, for whoever shows it.
            let before = std::mem::take(&mut thread.rows);
            let mut before = before.into_iter().peekable();
            thread.rows = rows
                .into_iter()
                .map(|row| {
                    while before
                        .next_if(|old| old.key != row.key && old.seq < row.seq)
                        .is_some()
                    {}
                    match before.next_if(|old| old.key == row.key) {
                        Some(old) if *old == row => old,
                        _ => Arc::new(row),
                    }
                })
                .collect();
        });
    }

    pub(super) fn set_thread_state(&mut self, id: ConversationId, state: ThreadState) {
        self.store.thread.update(|thread| {
            if let Some(thread) = thread.as_mut().filter(|thread| thread.id == id) {
                thread.state = state;
            }
        });
    }

    fn set_older(&mut self, older: OlderPages) {
        self.store.thread.update(|thread| {
            if let Some(thread) = thread {
                thread.older = older;
            }
        });
    }

    /// The user looks at this conversation, at its end; none if at none.
    pub fn sees(&mut self, id: Option<ConversationId>) {
        self.seen = id;
        self.tell_seen();
    }

    /// Tells the server up to where the conversation is read that the user looks
    /// at.
    pub(super) fn tell_seen(&mut self) {
        let Some(id) = self.seen.filter(|id| self.is_open(*id)) else {
            return;
        };
        let Some(newest) = self.messages.last().map(|last| last.seq) else {
            return;
        };
        let told = self.told_read.get(&id).copied().unwrap_or_default();
        let is_live = self.store.is_live.get();
        let unread = self
            .store
            .conversation(id)
            .map_or(0, |one| one.unread_count);
        let is_news = newest > told || unread > 0;
        // The first one on a connection tells that it is open there, so that
        // what comes next is read at once.
        let is_open_there = self.open_there == Some(id);
        if is_live && (is_news || !is_open_there) {
            self.open_there = Some(id);
            self.send(ClientMessage::DirectMessageRead {
                conversation_id: id,
                seq: newest,
            });
        } else if !is_live && is_news {
            self.effects.push(InboxEffect::PostRead {
                conversation: id,
                seq: newest,
            });
        }
        if is_news {
            self.conversation_read(id, newest);
        }
    }
}
