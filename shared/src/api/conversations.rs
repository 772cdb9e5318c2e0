//! The bodies of private messages and of the conversations that they belong to.

use super::moderation::UserRef;
use crate::{
    ids::{ConversationId, MessageId, OpId, UserId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Where a conversation stands for the one who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ConversationState {
    /// Both may write.
    Open,
    /// One message is taken, until the one who was asked accepts or answers.
    Request,
    /// The reader blocks the other.
    Blocked,
}

/// The private messages of two users, as one of them sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Conversation {
    /// The conversation's id.
    pub id: ConversationId,
    /// The other user.
    pub with: UserRef,
    /// Where it stands.
    pub state: ConversationState,
    /// The newest message; null before the first.
    pub last_message: Option<DirectMessage>,
    /// Messages of the other that were not read, without the removed ones.
    pub unread_count: i64,
    /// When it was begun.
    pub created_at: Timestamp,
}

/// A private message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DirectMessage {
    /// The message's id.
    pub message_id: MessageId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Its place in the conversation: 1, 2, 3 …
    pub seq: i64,
    /// Who wrote it.
    pub sender_id: UserId,
    /// 1–2000 characters; empty once it was removed.
    pub text: String,
    /// Whether its sender removed it.
    pub removed: bool,
    /// When it was stored.
    pub created_at: Timestamp,
    /// The request's, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub op_id: Option<OpId>,
}

/// `GET /conversations`: a page, the newest message first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Conversations {
    /// The conversations.
    pub items: Vec<Conversation>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
    /// Messages that were not read, in all conversations that are not hidden.
    pub unread_count: i64,
}

/// `POST /conversations`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewConversation {
    /// The other user's name, in upper or lower case.
    pub username: String,
}

/// `POST /conversations/{id}/messages`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewDirectMessage {
    /// 1–2000 characters.
    pub text: String,
    /// A message is stored once for each sender, conversation and `op_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub op_id: Option<OpId>,
}

/// `POST /conversations/{id}/read`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReadConversation {
    /// Everything up to this message was read.
    pub seq: i64,
}
