//! What the inbox's state machine asks its runtime to do.

use shared::{
    api::notifications::{Notification, ReadNotifications},
    ids::{ConversationId, OpId},
    protocol::ClientMessage,
};

/// One thing to do, in the order in which they were asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum InboxEffect {
    /// Connect to the socket without a canvas, and keep connected.
    OpenSocket,
    /// Disconnect it, and stay disconnected.
    CloseSocket,
    /// Send a message on the connection that tells what is new.
    Send(ClientMessage),
    /// Read a page of notifications; answered with `notifications_received`.
    FetchNotifications {
        /// Of the next page; none for the first.
        cursor: Option<String>,
    },
    /// Tell the server which notifications were read.
    MarkRead(ReadNotifications),
    /// Read a page of conversations; answered with `conversations_received`.
    FetchConversations {
        /// Of the next page; none for the first.
        cursor: Option<String>,
    },
    /// Read messages of a conversation; answered with `messages_received`.
    FetchMessages {
        /// Which conversation.
        conversation: ConversationId,
        /// Which of its messages.
        part: Part,
    },
    /// Send a private message; answered with `posted`.
    Post {
        /// Where.
        conversation: ConversationId,
        /// Stays the same when it is sent again.
        op_id: OpId,
        /// The text.
        text: String,
    },
    /// Tell the server over HTTP up to where a conversation was read.
    PostRead {
        /// Which conversation.
        conversation: ConversationId,
        /// Up to this message.
        seq: i64,
    },
    /// Ask over HTTP why the server refuses to connect.
    ProbeRefusal,
    /// Renew the session's token; answered with `token_received`.
    RefreshToken,
    /// Show something on the desktop, if the page is hidden and that is wanted.
    Alert(Box<Notification>),
}

/// Which messages of a conversation are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The newest.
    Newest,
    /// Those before this `seq`.
    Before(i64),
    /// Those after this `seq`.
    After(i64),
}
