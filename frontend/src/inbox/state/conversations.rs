//! The list of conversations: their newest messages, and how many messages are
//! unread.

use super::{
    InboxState,
    notifications::{add_page, fail, take_next},
};
use crate::{
    inbox::effect::InboxEffect,
    model::inbox::{PagedList, PagedListState, ThreadState},
    store::backend::{Backend, Var},
};
use shared::{
    api::conversations::{Conversation, ConversationState, Conversations, DirectMessage},
    ids::{ConversationId, UserId},
    time::Timestamp,
};

/// Pages of the list in which a conversation is looked for.
const MAX_PAGES: usize = 20;

impl<B: Backend> InboxState<B> {
    /// A page came; none if it could not be read.
    pub fn conversations_received(&mut self, page: Option<Conversations>, is_first: bool) {
        let Some(page) = page else {
            self.wanted = None;
            self.store.conversations.update(fail);
            return;
        };
        self.set_unread_messages(page.unread_count);
        self.store.conversations.update(|list| {
            add_page(list, page.items, page.next_cursor, is_first, order);
        });
        self.look_for_wanted();
        self.tell_seen();
    }

    /// Reads the next page.
    pub fn more_conversations(&mut self) {
        if let Some(cursor) = take_next(&self.store.conversations) {
            self.effects.push(InboxEffect::FetchConversations {
                cursor: Some(cursor),
            });
        }
    }

    /// Reads the first page again, after the server did not answer.
    pub fn retry_conversations(&mut self) {
        self.store.conversations.set(PagedList::default());
        self.effects
            .push(InboxEffect::FetchConversations { cursor: None });
    }

    /// A conversation was opened or changed by a request over HTTP.
    pub fn conversation_known(&mut self, conversation: Conversation) {
        self.store.conversations.update(|list| {
            list.items.retain(|other| other.id != conversation.id);
            let key = order(&conversation);
            let at = list.items.partition_point(|other| order(other) > key);
            list.items.insert(at, conversation);
        });
    }

    /// A conversation was accepted, or its other person blocked or not any more.
    pub fn conversation_changed(&mut self, id: ConversationId, state: ConversationState) {
        self.change(id, |one| one.state = state);
    }

    /// The state of a conversation may be another: reads the list again.
    pub fn refetch_conversations(&mut self) {
        self.effects
            .push(InboxEffect::FetchConversations { cursor: None });
    }

    /// The user hid a conversation for themselves.
    pub fn conversation_hidden(&mut self, id: ConversationId) {
        self.clear_unread(id);
        self.store
            .conversations
            .update(|list| list.items.retain(|one| one.id != id));
        self.read_with_conversation(id);
        self.close_if_open(id);
    }

    /// A stored message came, in whatever conversation: the list shows the
    /// newest one. `is_new`: it was not there before, so that it may be unread.
    pub(super) fn list_message(&mut self, message: &DirectMessage) {
        let id = message.conversation_id;
        let me = self.me();
        let Some(known) = self.store.conversation(id) else {
            self.refetch_conversations();
            return;
        };
        let last = known.last_message.as_ref().map_or(0, |last| last.seq);
        if message.removed && Some(message.sender_id) != me && known.unread_count > 0 {
            // A message that was removed is not unread any more.
            self.refetch_conversations();
        }
        if message.seq < last {
            return;
        }
        let is_mine = Some(message.sender_id) == me;
        let is_new = message.seq > last;
        let answers = is_new
            && known.state == ConversationState::Request
            && known
                .last_message
                .as_ref()
                .is_some_and(|first| first.sender_id != message.sender_id);
        let counts = is_new && !is_mine && !message.removed;
        self.store.conversations.update(|list| {
            let Some(at) = list.items.iter().position(|one| one.id == id) else {
                return;
            };
            let mut one = list.items.remove(at);
            // The operation's id is the writer's own business.
            one.last_message = Some(message.clone());
            if answers {
                one.state = ConversationState::Open;
            }
            one.unread_count += i64::from(counts);
            let key = order(&one);
            let to = list.items.partition_point(|other| order(other) > key);
            list.items.insert(to, one);
        });
        if counts {
            self.store.unread_messages.update(|all| *all += 1);
        }
    }

    /// A conversation was read up to a message, on this connection or another.
    pub(super) fn conversation_read(&mut self, id: ConversationId, seq: i64) {
        let told = self.told_read.entry(id).or_default();
        *told = (*told).max(seq);
        let Some(known) = self.store.conversation(id) else {
            return;
        };
        let last = known.last_message.as_ref().map_or(0, |last| last.seq);
        if seq >= last {
            self.clear_unread(id);
            self.read_with_conversation(id);
        } else {
            self.refetch_conversations();
        }
    }

    fn clear_unread(&mut self, id: ConversationId) {
        let Some(known) = self.store.conversation(id) else {
            return;
        };
        if known.unread_count > 0 {
            self.change(id, |one| one.unread_count = 0);
            let count = usize::try_from(known.unread_count).unwrap_or_default();
            let left = self.store.unread_messages.get().saturating_sub(count);
            self.store.unread_messages.set_if_changed(left);
        }
    }

    fn change(&mut self, id: ConversationId, change: impl FnOnce(&mut Conversation)) {
        self.store.conversations.update(|list| {
            if let Some(one) = list.items.iter_mut().find(|one| one.id == id) {
                change(one);
            }
        });
    }

    fn set_unread_messages(&mut self, count: i64) {
        let count = usize::try_from(count).unwrap_or_default();
        self.store.unread_messages.set_if_changed(count);
    }

    /// Looks for the open conversation in the list, which has the other's name.
    pub(super) fn look_for(&mut self, id: ConversationId) {
        self.wanted = Some((id, MAX_PAGES));
        if self
            .store
            .conversations
            .with(|list| list.state != PagedListState::Loading)
        {
            self.look_for_wanted();
        }
    }

    fn look_for_wanted(&mut self) {
        let Some((id, pages)) = self.wanted else {
            return;
        };
        if self.store.conversation(id).is_some() {
            self.wanted = None;
            return;
        }
        let next = (pages > 0)
            .then(|| take_next(&self.store.conversations))
            .flatten();
        if let Some(cursor) = next {
            self.wanted = Some((id, pages - 1));
            self.effects.push(InboxEffect::FetchConversations {
                cursor: Some(cursor),
            });
        } else {
            self.wanted = None;
            self.set_thread_state(id, ThreadState::Missing);
        }
    }

    /// The other person of a conversation. Not reactive.
    pub fn other(&self, id: ConversationId) -> Option<UserId> {
        self.store.conversation(id).map(|one| one.with.user_id)
    }
}

/// Newest message first; conversations without one by when they began.
fn order(one: &Conversation) -> (Timestamp, ConversationId) {
    let at = one.last_message.as_ref().map(|last| last.created_at);
    (at.unwrap_or(one.created_at), one.id)
}
