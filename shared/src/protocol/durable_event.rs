//! The messages that are stored.

use super::{
    chat::ChatEdited,
    comments::{CommentCreated, CommentUpdated},
    events::{
        CanvasUpdated, ChatEvent, ChatRemoved, TileCreated, TileDeleted, TileLiked, TileUpdated,
    },
    server::{from_object, message_type, unknown_type},
};
use crate::{canvas::Coord, time::Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::{IntoStaticStr, VariantNames};

/// An event of a canvas's log. These are exactly the server messages that have
/// a `seq`; type and fields are the same as in [`super::ServerMessage`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", rename_all = "snake_case", try_from = "Value")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is documented at its struct")]
pub enum DurableEvent {
    CanvasChatMessage(ChatEvent),
    TileCreated(TileCreated),
    TileUpdated(TileUpdated),
    TileLiked(TileLiked),
    TileDeleted(TileDeleted),
    CanvasUpdated(Box<CanvasUpdated>),
    ChatRemoved(ChatRemoved),
    ChatEdited(ChatEdited),
    CommentCreated(CommentCreated),
    CommentUpdated(CommentUpdated),
}

impl DurableEvent {
    /// All values that `type` can have, in the order of the variants.
    pub const MESSAGE_TYPES: &'static [&'static str] = Self::VARIANTS;

    /// Its place in the canvas's order of events, counted from 1.
    pub fn seq(&self) -> i64 {
        match self {
            Self::CanvasChatMessage(event) => event.message.seq,
            Self::TileCreated(event) => event.seq,
            Self::TileUpdated(event) => event.seq,
            Self::TileLiked(event) => event.seq,
            Self::TileDeleted(event) => event.seq,
            Self::CanvasUpdated(event) => event.seq,
            Self::ChatRemoved(event) => event.seq,
            Self::ChatEdited(event) => event.seq,
            Self::CommentCreated(event) => event.seq,
            Self::CommentUpdated(event) => event.seq,
        }
    }

    /// When it was stored, by the database's clock.
    pub fn timestamp(&self) -> Timestamp {
        match self {
            Self::CanvasChatMessage(event) => event.message.created_at,
            Self::TileCreated(event) => event.timestamp,
            Self::TileUpdated(event) => event.timestamp,
            Self::TileLiked(event) => event.timestamp,
            Self::TileDeleted(event) => event.timestamp,
            Self::CanvasUpdated(event) => event.timestamp,
            Self::ChatRemoved(event) => event.timestamp,
            Self::ChatEdited(event) => event.edited_at,
            Self::CommentCreated(event) => event.timestamp,
            Self::CommentUpdated(event) => event.timestamp,
        }
    }

    /// The cell that it is about; none if it is about none.
    pub fn cell(&self) -> Option<Coord> {
        let (x, y) = match self {
            Self::CanvasChatMessage(_)
            | Self::ChatRemoved(_)
            | Self::ChatEdited(_)
            | Self::CanvasUpdated(_) => return None,
            Self::TileCreated(event) => (event.x, event.y),
            Self::TileUpdated(event) => (event.x, event.y),
            Self::TileLiked(event) => (event.x, event.y),
            Self::TileDeleted(event) => (event.x, event.y),
            Self::CommentCreated(CommentCreated { comment, .. })
            | Self::CommentUpdated(CommentUpdated { comment, .. }) => (comment.x, comment.y),
        };
        Some(Coord { x, y })
    }

    /// The value of `type` on the wire.
    pub fn message_type(&self) -> &'static str {
        self.into()
    }
}

/// Reads an event by its `type`, for the same reason as
/// [`super::ServerMessage`].
impl TryFrom<Value> for DurableEvent {
    type Error = serde_json::Error;

    fn try_from(event: Value) -> serde_json::Result<Self> {
        Ok(match message_type(&event)? {
            "canvas_chat_message" => Self::CanvasChatMessage(event.try_into()?),
            "tile_created" => Self::TileCreated(from_object(event)?),
            "tile_updated" => Self::TileUpdated(from_object(event)?),
            "tile_liked" => Self::TileLiked(from_object(event)?),
            "tile_deleted" => Self::TileDeleted(from_object(event)?),
            "canvas_updated" => Self::CanvasUpdated(from_object(event)?),
            "chat_removed" => Self::ChatRemoved(from_object(event)?),
            "chat_edited" => Self::ChatEdited(from_object(event)?),
            "comment_created" => Self::CommentCreated(from_object(event)?),
            "comment_updated" => Self::CommentUpdated(from_object(event)?),
            _ => return Err(unknown_type()),
        })
    }
}
