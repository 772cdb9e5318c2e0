//! What the server tells a canvas about messages that were changed.

use crate::{
    ids::{CanvasId, MessageId, OpId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// `chat_edited`: the sender of a chat message replaced its words. From then on the new ones
/// stand wherever the message is read, in earlier events of this type too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatEdited {
    /// Place in the canvas's order of events.
    pub seq: i64,
    /// The canvas.
    pub canvas_id: CanvasId,
    /// The message.
    pub message_id: MessageId,
    /// The message's `seq`.
    pub target_seq: i64,
    /// The message's words: 1–2000 characters; empty once it was removed.
    pub message_text: String,
    /// When it was edited.
    pub edited_at: Timestamp,
    /// The request's, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op_id: Option<OpId>,
}
