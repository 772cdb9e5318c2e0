//! Reads what a client sent. An error names the field that is wrong, by a
//! fixed code and text.

mod fields;
#[cfg(test)]
mod tests;

#[cfg(feature = "arbitrary_numbers")]
use super::lenient_json::parse;
use super::{
    ErrorCode,
    client::{ClientMessage, ClientRequest, PresenceChange},
};
use crate::{
    ids::{CanvasId, CommentId, OpId},
    limits,
    presence::Status,
    text,
};
use fields::{Fields, Invalid, invalid};
use serde_json::Value;
use thiserror::Error;

/// The types of requests that need no canvas.
const WITHOUT_CANVAS: [&str; 7] = [
    "hello",
    "ping",
    "heartbeat",
    "auth_refresh",
    "direct_message_send",
    "direct_message_read",
    "direct_typing",
];

/// Why a message was refused before it reached the canvas.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct DecodeError {
    /// The reason, for programs.
    pub code: ErrorCode,
    /// The reason, for people; begins with the field's name.
    pub message: String,
    /// The message's, if it had one that could be read.
    pub op_id: Option<OpId>,
}

/// Reads one text frame.
///
/// # Errors
/// [`DecodeError`] with `invalid_json`, `unknown_type`, `invalid_message`,
/// `text_empty` or `text_too_long`.
pub fn decode(frame: &str) -> Result<ClientRequest, DecodeError> {
    decode_if(frame, |_| true)
}

/// Reads one text frame of a connection without a canvas, on which the types of requests
/// about a canvas are unknown.
///
/// # Errors
/// As [`decode`].
pub fn decode_without_canvas(frame: &str) -> Result<ClientRequest, DecodeError> {
    decode_if(frame, |kind| WITHOUT_CANVAS.contains(&kind))
}

/// Reads one text frame whose `type` is known.
fn decode_if(frame: &str, is_known: impl Fn(&str) -> bool) -> Result<ClientRequest, DecodeError> {
    let value =
        parse(frame).ok_or_else(|| without_op_id(ErrorCode::InvalidJson, "this is not JSON"))?;
    let Value::Object(map) = value else {
        return Err(without_op_id(
            ErrorCode::UnknownType,
            "this is not a JSON object",
        ));
    };
    let fields = Fields::new(map);
    let op_id = fields.op_id();
    let known = op_id.as_ref().ok().copied().flatten();
    let with_op_id = |error: Invalid| DecodeError {
        code: error.code,
        message: error.message,
        op_id: known,
    };
    let message = message(&fields, is_known).map_err(with_op_id)?;
    let op_id = op_id.map_err(with_op_id)?;
    Ok(ClientRequest { op_id, message })
}

#[cfg(not(feature = "arbitrary_numbers"))]
fn parse(frame: &str) -> Option<Value> {
    serde_json::from_str(frame).ok()
}

fn without_op_id(code: ErrorCode, message: &str) -> DecodeError {
    DecodeError {
        code,
        message: message.to_owned(),
        op_id: None,
    }
}

/// Reads the fields that the message's `type` has.
fn message(fields: &Fields, is_known: impl Fn(&str) -> bool) -> Result<ClientMessage, Invalid> {
    let kind = fields.get("type").and_then(Value::as_str);
    let kind = kind.filter(|kind| is_known(kind));
    Ok(match kind.ok_or_else(unknown)? {
        "hello" => ClientMessage::Hello {
            client_name: fields
                .text("client_name", &limits::CLIENT_NAME)?
                .unwrap_or_default(),
            device: fields.device()?,
        },
        "canvas_chat" => ClientMessage::CanvasChat {
            text: fields.chat_text()?,
            canvas_id: fields.optional_integer("canvas_id")?.map(CanvasId),
            reply_to: fields.optional_message_id("reply_to")?,
        },
        "chat_edit" => ClientMessage::ChatEdit {
            message_id: fields.message_id()?,
            text: fields.chat_text()?,
        },
        "chat_remove" => ClientMessage::ChatRemove {
            message_id: fields.message_id()?,
        },
        "direct_message_send" => ClientMessage::DirectMessageSend {
            conversation_id: fields.conversation_id()?,
            text: fields.direct_text()?,
        },
        "direct_message_read" => ClientMessage::DirectMessageRead {
            conversation_id: fields.conversation_id()?,
            seq: fields.position("seq")?,
        },
        "direct_typing" => ClientMessage::DirectTyping {
            conversation_id: fields.conversation_id()?,
            is_typing: fields.boolean("is_typing")?,
        },
        "comment_create" => ClientMessage::CommentCreate {
            x: fields.coordinate("x")?,
            y: fields.coordinate("y")?,
            text: fields.needed_text("text", &limits::COMMENT_TEXT)?,
            parent_id: fields.optional_integer("parent_id")?.map(CommentId),
        },
        "comment_update" => ClientMessage::CommentUpdate {
            comment_id: fields.integer("comment_id").map(CommentId)?,
            text: fields.text("text", &limits::COMMENT_TEXT)?,
            resolved: fields.optional_boolean("resolved")?,
        },
        "comment_remove" => ClientMessage::CommentRemove {
            comment_id: fields.integer("comment_id").map(CommentId)?,
        },
        "user_presence" => ClientMessage::UserPresence(presence(fields)?),
        kind if kind.starts_with("tile_") => tile_message(kind, fields)?,
        "request_update" => ClientMessage::RequestUpdate {
            last_seq: fields.position("last_seq")?,
        },
        "ping" => ClientMessage::Ping {
            timestamp: fields.timestamp()?,
        },
        "heartbeat" => ClientMessage::Heartbeat {
            timestamp: fields.timestamp()?,
        },
        "auth_refresh" => ClientMessage::AuthRefresh {
            token: fields.string("token")?.to_owned(),
        },
        _ => return Err(unknown()),
    })
}

/// The same, of those about one tile.
fn tile_message(kind: &str, fields: &Fields) -> Result<ClientMessage, Invalid> {
    Ok(match kind {
        "tile_mention" => ClientMessage::TileMention {
            tile_x: fields.coordinate("tile_x")?,
            tile_y: fields.coordinate("tile_y")?,
            highlight_type: text::highlight_type(fields.string("highlight_type")?)
                .map_err(|error| invalid("highlight_type", &error.to_string()))?,
            message: fields
                .text("message", &limits::MENTION_MESSAGE)?
                .unwrap_or_default(),
            duration: fields.duration()?,
        },
        "tile_create" => ClientMessage::TileCreate {
            x: fields.coordinate("x")?,
            y: fields.coordinate("y")?,
            title: fields
                .name("title", &limits::TILE_TITLE)?
                .unwrap_or_default(),
            pixels: fields.pixels()?,
        },
        "tile_paint" => ClientMessage::TilePaint {
            x: fields.coordinate("x")?,
            y: fields.coordinate("y")?,
            pixels: fields.edits()?,
            undo_of: fields.uuid("undo_of")?,
        },
        "tile_update" => ClientMessage::TileUpdate {
            x: fields.coordinate("x")?,
            y: fields.coordinate("y")?,
            title: fields.name("title", &limits::TILE_TITLE)?,
            pixels: fields.pixels()?,
        },
        "tile_like" => ClientMessage::TileLike {
            x: fields.coordinate("x")?,
            y: fields.coordinate("y")?,
            liked: fields.boolean("liked")?,
        },
        "tile_delete" => ClientMessage::TileDelete {
            x: fields.coordinate("x")?,
            y: fields.coordinate("y")?,
        },
        "tile_lock" => ClientMessage::TileLock {
            x: fields.coordinate("x")?,
            y: fields.coordinate("y")?,
        },
        "tile_unlock" => ClientMessage::TileUnlock {
            x: fields.coordinate("x")?,
            y: fields.coordinate("y")?,
        },
        _ => return Err(unknown()),
    })
}

fn unknown() -> Invalid {
    Invalid {
        code: ErrorCode::UnknownType,
        message: "type is not one of this contract".to_owned(),
    }
}

fn presence(fields: &Fields) -> Result<PresenceChange, Invalid> {
    Ok(match fields.string("presence_type")? {
        "typing" => PresenceChange::Typing {
            is_typing: fields.boolean("is_typing")?,
        },
        "editing_tile" => PresenceChange::EditingTile {
            tile_x: fields.coordinate("tile_x")?,
            tile_y: fields.coordinate("tile_y")?,
            is_editing: fields.boolean("is_editing")?,
        },
        "status" => PresenceChange::Status {
            status: match fields.string("status")? {
                "online" => Status::Online,
                "away" => Status::Away,
                "busy" => Status::Busy,
                _ => return Err(invalid("status", "must be online, away or busy")),
            },
            status_message: fields.name("status_message", &limits::STATUS_MESSAGE)?,
        },
        "cursor" => PresenceChange::Cursor {
            x: fields.number("x")?,
            y: fields.number("y")?,
        },
        _ => {
            return Err(invalid(
                "presence_type",
                "must be typing, editing_tile, status or cursor",
            ));
        }
    })
}
