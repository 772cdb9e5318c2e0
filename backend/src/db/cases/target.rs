//! What a case is about.

use serde::{Deserialize, Serialize};
use shared::{
    canvas::Coord,
    ids::{CommentId, MessageId, UserId},
};

/// What is reported, as it is stored: a person by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum CaseTarget {
    Tile {
        x: i32,
        y: i32,
    },
    Area {
        x0: i32,
        y0: i32,
        x1: i32,
        y1: i32,
    },
    Message {
        message_id: MessageId,
    },
    Comment {
        comment_id: CommentId,
    },
    /// Of the conversation of these two.
    DirectMessage {
        message_id: MessageId,
        users: [UserId; 2],
    },
    User {
        user_id: UserId,
    },
    Canvas,
}

impl CaseTarget {
    /// The same text for the same thing.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Tile { x, y } => format!("tile {x},{y}"),
            Self::Area { x0, y0, x1, y1 } => format!("area {x0},{y0},{x1},{y1}"),
            Self::Message { message_id } => format!("message {message_id}"),
            Self::Comment { comment_id } => format!("comment {comment_id}"),
            Self::DirectMessage { message_id, .. } => format!("direct message {message_id}"),
            Self::User { user_id } => format!("user {user_id}"),
            Self::Canvas => "canvas".to_owned(),
        }
    }

    /// Its `kind` on the wire.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Tile { .. } => "tile",
            Self::Area { .. } => "area",
            Self::Message { .. } => "message",
            Self::Comment { .. } => "comment",
            Self::DirectMessage { .. } => "direct_message",
            Self::User { .. } => "user",
            Self::Canvas => "canvas",
        }
    }

    /// The cells of a tile or an area, row by row.
    pub(crate) fn cells(&self) -> Vec<Coord> {
        match *self {
            Self::Tile { x, y } => vec![Coord { x, y }],
            Self::Area { x0, y0, x1, y1 } => {
                let row = |y| (x0..=x1).map(move |x| Coord { x, y });
                (y0..=y1).flat_map(row).collect()
            }
            Self::Message { .. }
            | Self::Comment { .. }
            | Self::DirectMessage { .. }
            | Self::User { .. }
            | Self::Canvas => Vec::new(),
        }
    }
}
