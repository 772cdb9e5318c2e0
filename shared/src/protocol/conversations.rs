//! What the server tells about private messages, on every connection of the users concerned.

use crate::{api::conversations::DirectMessage, ids::ConversationId};
use serde::{Deserialize, Serialize};

/// `direct_message`: a message was stored, or, with `removed`, its sender removed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectMessageSent {
    /// The message.
    pub message: DirectMessage,
}

/// `direct_message_read`: the user read a conversation on another connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectMessagesRead {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Everything up to this message was read.
    pub seq: i64,
}

/// `direct_typing`: the other user of a conversation started or stopped typing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectTyping {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Whether the user types now.
    pub is_typing: bool,
}
