//! The messages that the server sends.

use super::{
    cases::{CaseOpened, CaseUpdated},
    chat::ChatEdited,
    comments::{CommentCreated, CommentUpdated},
    connection::{Ack, Connected, ErrorMessage, Pong},
    conversations::{DirectMessageSent, DirectMessagesRead, DirectTyping},
    events::{
        Announcement, CanvasDeleted, CanvasUpdated, ChatEvent, ChatRemoved, Lock, SanctionLifted,
        Sanctioned, TileCreated, TileDeleted, TileLiked, TileUnlocked, TileUpdated,
    },
    notifications::{NotificationsRead, Notified},
    people::{PresenceUpdate, TileMentioned, UserCount, UserCursor, UserTyping},
};
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, Error, value::MapDeserializer},
};
use serde_json::{Value, from_value};
use strum::{IntoStaticStr, VariantNames};

/// A message from the server. Its `type` is the variant's name in `snake_case`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", rename_all = "snake_case", try_from = "Value")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is documented at its struct")]
pub enum ServerMessage {
    Connected(Box<Connected>),
    UserJoined(UserCount),
    UserLeft(UserCount),
    CanvasChatMessage(ChatEvent),
    UserTyping(UserTyping),
    UserPresenceUpdate(PresenceUpdate),
    UserCursor(UserCursor),
    TileMention(TileMentioned),
    TileCreated(TileCreated),
    TileUpdated(TileUpdated),
    TileLiked(TileLiked),
    TileDeleted(TileDeleted),
    TileLocked(Lock),
    TileUnlocked(TileUnlocked),
    CanvasDeleted(CanvasDeleted),
    Announcement(Announcement),
    Sanction(Box<Sanctioned>),
    SanctionLifted(SanctionLifted),
    CanvasUpdated(Box<CanvasUpdated>),
    ChatRemoved(ChatRemoved),
    ChatEdited(ChatEdited),
    CommentCreated(CommentCreated),
    CommentUpdated(CommentUpdated),
    CaseOpened(CaseOpened),
    CaseUpdated(CaseUpdated),
    Notification(Box<Notified>),
    NotificationsRead(NotificationsRead),
    DirectMessage(DirectMessageSent),
    DirectMessageRead(DirectMessagesRead),
    DirectTyping(DirectTyping),
    Ack(Ack),
    Error(ErrorMessage),
    Pong(Pong),
}

impl ServerMessage {
    /// All values that `type` can have, in the order of the variants.
    pub const MESSAGE_TYPES: &'static [&'static str] = Self::VARIANTS;

    /// The value of `type` on the wire.
    pub fn message_type(&self) -> &'static str {
        self.into()
    }
}

/// Reads a message by its `type`. The derive for an enum with a tag would
/// compile every struct once more, for its buffer: a large part of the
/// browser's download.
impl TryFrom<Value> for ServerMessage {
    type Error = serde_json::Error;

    fn try_from(message: Value) -> serde_json::Result<Self> {
        if Self::is_rare(&message) {
            Self::read_rare(message)
        } else {
            Self::read_frequent(message)
        }
    }
}

/// Reading in two parts, for a client that loads the code for one of them later.
impl ServerMessage {
    /// Whether this is a message for [`ServerMessage::read_rare`]: about moderation, notifications
    /// or private messages.
    pub fn is_rare(message: &Value) -> bool {
        message_type(message).is_ok_and(|kind| RARE.contains(&kind))
    }

    /// Reads a message for which [`ServerMessage::is_rare`] is false.
    ///
    /// # Errors
    /// If it is not valid, or is for [`ServerMessage::read_rare`].
    pub fn read_frequent(message: Value) -> serde_json::Result<Self> {
        Ok(match message_type(&message)? {
            "connected" => Self::Connected(from_object(message)?),
            "user_joined" => Self::UserJoined(from_object(message)?),
            "user_left" => Self::UserLeft(from_object(message)?),
            "canvas_chat_message" => Self::CanvasChatMessage(message.try_into()?),
            "user_typing" => Self::UserTyping(from_object(message)?),
            "user_presence_update" => Self::UserPresenceUpdate(from_object(message)?),
            "user_cursor" => Self::UserCursor(from_object(message)?),
            "tile_mention" => Self::TileMention(from_object(message)?),
            "tile_created" => Self::TileCreated(from_object(message)?),
            "tile_updated" => Self::TileUpdated(from_object(message)?),
            "tile_liked" => Self::TileLiked(from_object(message)?),
            "tile_deleted" => Self::TileDeleted(from_object(message)?),
            "tile_locked" => Self::TileLocked(from_value(message)?),
            "tile_unlocked" => Self::TileUnlocked(from_object(message)?),
            "canvas_deleted" => Self::CanvasDeleted(from_object(message)?),
            "announcement" => Self::Announcement(from_object(message)?),
            "canvas_updated" => Self::CanvasUpdated(from_object(message)?),
            "chat_removed" => Self::ChatRemoved(from_object(message)?),
            "chat_edited" => Self::ChatEdited(from_object(message)?),
            "comment_created" => Self::CommentCreated(from_object(message)?),
            "comment_updated" => Self::CommentUpdated(from_object(message)?),
            "ack" => Self::Ack(from_object(message)?),
            "error" => Self::Error(from_object(message)?),
            "pong" => Self::Pong(from_object(message)?),
            _ => return Err(unknown_type()),
        })
    }

    /// Reads a message for which [`ServerMessage::is_rare`] is true.
    ///
    /// # Errors
    /// If it is not valid, or is for [`ServerMessage::read_frequent`].
    pub fn read_rare(message: Value) -> serde_json::Result<Self> {
        Ok(match message_type(&message)? {
            "sanction" => Self::Sanction(from_object(message)?),
            "sanction_lifted" => Self::SanctionLifted(from_object(message)?),
            "case_opened" => Self::CaseOpened(from_object(message)?),
            "case_updated" => Self::CaseUpdated(from_object(message)?),
            "notification" => Self::Notification(from_object(message)?),
            "notifications_read" => Self::NotificationsRead(from_object(message)?),
            "direct_message" => Self::DirectMessage(from_object(message)?),
            "direct_message_read" => Self::DirectMessageRead(from_object(message)?),
            "direct_typing" => Self::DirectTyping(from_object(message)?),
            _ => return Err(unknown_type()),
        })
    }
}

/// The types that [`ServerMessage::read_rare`] reads.
const RARE: [&str; 9] = [
    "sanction",
    "sanction_lifted",
    "case_opened",
    "case_updated",
    "notification",
    "notifications_read",
    "direct_message",
    "direct_message_read",
    "direct_typing",
];

/// Reads a message whose `type` was found. Unlike [`serde_json::from_value`] it reads objects
/// only: without the code that reads a struct from an array, the browser's download is smaller.
pub(super) fn from_object<T: DeserializeOwned>(message: Value) -> serde_json::Result<T> {
    match message {
        Value::Object(fields) => T::deserialize(MapDeserializer::new(fields.into_iter())),
        _ => Err(Error::custom("not an object")),
    }
}

/// The `type` of a message.
pub(super) fn message_type(message: &Value) -> serde_json::Result<&str> {
    let found = message.get("type").and_then(Value::as_str);
    found.ok_or_else(|| Error::missing_field("type"))
}

/// The error for a `type` that the enum does not have.
pub(super) fn unknown_type() -> serde_json::Error {
    Error::custom("unknown type")
}
