//! The chat messages of a canvas.

use crate::{
    ids::{CanvasId, MessageId, UserId},
    limits,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A chat message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChatMessage {
    /// The message's id.
    pub message_id: MessageId,
    /// The canvas.
    pub canvas_id: CanvasId,
    /// Place in the canvas's order of events.
    pub seq: i64,
    /// The user who sent it.
    pub sender_id: UserId,
    /// That user's unique name.
    pub sender_username: String,
    /// That user's name to show, at the time of sending.
    pub sender_display_name: String,
    /// The text: 1–2000 characters; empty once it was removed.
    pub message_text: String,
    /// When it was stored.
    pub created_at: Timestamp,
    /// The message that it answers; null if it answers none.
    #[serde(default)]
    pub reply_to: Option<ReplyTo>,
    /// When its words were replaced last; null if they never were.
    #[serde(default)]
    pub edited_at: Option<Timestamp>,
    /// Whether it was removed.
    #[serde(default)]
    pub removed: bool,
}

/// The message that another one answers, as it is when it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReplyTo {
    /// The message's id.
    pub message_id: MessageId,
    /// The unique name of its sender.
    pub sender_username: String,
    /// The first 80 characters of its text; empty once it was removed.
    pub excerpt: String,
}

impl ReplyTo {
    /// What an answer shows of this message.
    pub fn of(message: &ChatMessage) -> Self {
        Self {
            message_id: message.message_id,
            sender_username: message.sender_username.clone(),
            excerpt: Self::excerpt(&message.message_text),
        }
    }

    /// The beginning of a message's text.
    pub fn excerpt(text: &str) -> String {
        text.chars().take(limits::EXCERPT).collect()
    }
}

/// `PATCH /canvases/{id}/messages/{message_id}`: replaces the words of one's own message.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EditMessage {
    /// The new words: 1–2000 characters.
    pub text: String,
}

/// `POST /canvases/{id}/messages/purge`: removes a person's messages.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PurgeMessages {
    /// Whose messages.
    pub username: String,
    /// The oldest time of a message that is removed.
    pub since: Timestamp,
    /// At most 500 characters, for the moderation log; empty if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The answer to a purge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Purged {
    /// How many messages were removed: at most 1,000. The next request removes the rest.
    pub removed: i64,
}
