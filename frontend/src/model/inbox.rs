//! The inbox: lists that are read in pages, the open conversation, and short
//! notices.

use super::chat::{DeliveryStatus, OlderPages};
use shared::{
    api::{
        conversations::{Conversation, ConversationState},
        notifications::Notification,
        sanctions::SanctionKind,
    },
    canvas::Coord,
    ids::{ConversationId, MessageId, OpId, UserId},
    time::Timestamp,
};
use std::sync::Arc;

/// A list that is read in pages.
#[derive(Clone, Debug, PartialEq)]
pub struct PagedList<T> {
    /// What was read so far, newest first.
    pub items: Vec<T>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// How far it is read.
    pub state: PagedListState,
}

impl<T> Default for PagedList<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            next: None,
            state: PagedListState::default(),
        }
    }
}

/// How far a list is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PagedListState {
    /// Nothing came yet.
    #[default]
    Loading,
    /// The first page is there.
    Ready,
    /// The next page is being read.
    LoadingMore,
    /// The server did not answer the last question.
    Failed,
}

/// A message of the open conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadRow {
    /// Stable for the life of the row: a key for `<For>`.
    pub key: ThreadRowKey,
    /// Its number in the conversation; none until it is stored.
    pub seq: Option<i64>,
    /// The message's id; none until it is stored.
    pub message_id: Option<MessageId>,
    /// Whether this user wrote it.
    pub is_mine: bool,
    /// The text; empty if it was removed.
    pub text: String,
    /// Whether its author took it back.
    pub removed: bool,
    /// When it was stored; for a pending row, when it was written here.
    pub at: Timestamp,
    /// Whether it is stored.
    pub delivery: DeliveryStatus,
}

/// Identifies a row. A message that was written here keeps its operation id when
/// it becomes stored, so that its row is not removed and added again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ThreadRowKey {
    /// Written by the other, in another tab, or read from history.
    Message(MessageId),
    /// Written in this page.
    Own(OpId),
}

/// The open conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Thread {
    /// Which one.
    pub id: ConversationId,
    /// Its messages in order, oldest first; what is not stored at the end.
    pub rows: Vec<Arc<ThreadRow>>,
    /// Whether older messages can be read.
    pub older: OlderPages,
    /// How far it is read.
    pub state: ThreadState,
}

/// How far the open conversation is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadState {
    /// Its messages have not come yet.
    Loading,
    /// The newest messages are there.
    Ready,
    /// The server did not answer.
    Failed,
    /// The user takes part in no such conversation.
    Missing,
}

/// What the user may do in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversationAccess {
    /// Both may write.
    Open,
    /// The other sent a request: the first answer accepts it.
    RequestReceived,
    /// This user sent a request, which is not answered yet.
    RequestSent,
    /// Nobody wrote yet: this user's first message is a request.
    NoRequest,
    /// This user blocks the other.
    Blocked,
}

/// What `me` may do in a conversation.
pub fn conversation_access(conversation: &Conversation, me: UserId) -> ConversationAccess {
    match (conversation.state, &conversation.last_message) {
        (ConversationState::Blocked, _) => ConversationAccess::Blocked,
        (ConversationState::Open, _) => ConversationAccess::Open,
        (ConversationState::Request, None) => ConversationAccess::NoRequest,
        (ConversationState::Request, Some(first)) if first.sender_id == me => {
            ConversationAccess::RequestSent
        }
        (ConversationState::Request, Some(_)) => ConversationAccess::RequestReceived,
    }
}

/// A short notice on any page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// A key for `<For>`.
    pub id: u64,
    /// What it says.
    pub kind: NoteKind,
}

/// What a notice says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// A text of a component, or an announcement of the server's administrator.
    Text(String),
    /// Something failed; the text comes from a component.
    Problem(String),
    /// The user was sanctioned on the whole server.
    Sanctioned(SanctionKind),
}

/// The path of what a notification is about, with its query.
pub fn target_path(notification: &Notification) -> String {
    if let Some(id) = notification.conversation_id {
        return format!("/messages/{id}");
    }
    let Some(canvas) = notification.canvas_id else {
        return "/inbox".to_owned();
    };
    let mut query = Vec::new();
    if let Some(at) = target_tile(notification) {
        query.push(format!("tile={},{}", at.x, at.y));
    }
    if let Some(export) = notification.export_id {
        query.push(format!("export={export}"));
    }
    if let Some(comment) = notification.comment_id {
        query.push(format!("comment={comment}"));
    } else if let Some(message) = notification.message_id {
        query.push(format!("message={message}"));
    }
    let mark = if query.is_empty() { "" } else { "?" };
    format!("/canvas/{canvas}{mark}{}", query.join("&"))
}

/// The tile that a notification is about.
pub fn target_tile(notification: &Notification) -> Option<Coord> {
    Some(Coord {
        x: notification.x?,
        y: notification.y?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_notification_of_a_file_leads_to_it() {
        let notification = json!({
            "id": 1, "kind": "export_ready", "canvas_id": 7, "canvas_name": "Nebula",
            "actor": null, "count": 1, "export_id": 5, "text": "gif",
            "created_at": "2026-01-02T03:04:05.000Z", "read": false,
        });
        let notification: Notification = serde_json::from_value(notification).unwrap();
        assert_eq!(target_path(&notification), "/canvas/7?export=5");
    }
}
