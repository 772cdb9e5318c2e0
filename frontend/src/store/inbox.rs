//! What concerns the user on all canvases: notifications and private messages.
//! Written by [`crate::inbox`] only.

use super::backend::{Backend, Signals, Var};
use crate::model::inbox::{Note, PagedList, Thread};
use shared::{
    api::{
        conversations::Conversation,
        notifications::{Notification, NotificationKind},
    },
    ids::ConversationId,
};

/// What [`crate::inbox`] knows and writes; components read it. In the page all
/// values are signals, and this is `Copy`.
pub struct InboxStore<B: Backend> {
    /// How many notifications are unread, by the server's count.
    pub unread: B::Var<usize>,
    /// The notifications, newest first.
    pub notifications: B::Var<PagedList<Notification>>,
    /// How many private messages are unread, by the server's count.
    pub unread_messages: B::Var<usize>,
    /// The conversations, newest message first.
    pub conversations: B::Var<PagedList<Conversation>>,
    /// The open conversation.
    pub thread: B::Var<Option<Thread>>,
    /// The conversations in which the other is typing.
    pub typing: B::Var<Vec<ConversationId>>,
    /// Whether a connection tells what is new.
    pub is_live: B::Var<bool>,
    /// Short notices, oldest first.
    pub notes: B::Var<Vec<Note>>,
}

#[expect(
    clippy::expl_impl_clone_on_copy,
    reason = "derive would ask for `B: Clone`"
)]
impl Clone for InboxStore<Signals> {
    fn clone(&self) -> Self {
        *self
    }
}

impl Copy for InboxStore<Signals> {}

impl<B: Backend> Default for InboxStore<B> {
    fn default() -> Self {
        Self {
            unread: B::var(0),
            notifications: B::var(PagedList::default()),
            unread_messages: B::var(0),
            conversations: B::var(PagedList::default()),
            thread: B::var(None),
            typing: B::var(Vec::new()),
            is_live: B::var(false),
            notes: B::var(Vec::new()),
        }
    }
}

impl<B: Backend> InboxStore<B> {
    /// A conversation that was read. Not reactive.
    pub fn conversation(&self, id: ConversationId) -> Option<Conversation> {
        self.conversations
            .with(|list| list.items.iter().find(|one| one.id == id).cloned())
    }

    /// How many unread notifications tell of private messages, as far as they
    /// were read: those messages are counted twice otherwise. Not reactive.
    pub fn unread_about_messages(&self) -> usize {
        self.notifications.with(|list| {
            let counts =
                |one: &&Notification| !one.read && one.kind == NotificationKind::DirectMessage;
            list.items.iter().filter(counts).count()
        })
    }
}
