//! The JSON bodies of the HTTP API under `/api/v1`.

pub mod sanctions;

use crate::{
    canvas::{EditPolicy, Guests, Newcomers, Role, Visibility},
    ids::{CanvasId, ConnectionId, Epoch, MessageId, TileId, UserId},
    limits,
    pixels::Pixels,
    presence::ActiveUser,
    time::Timestamp,
};
use sanctions::SanctionBrief;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

pub mod accounts;
pub mod appeals;
pub mod comments;
pub mod conversations;
pub mod exports;
pub mod moderation;
pub mod notifications;
pub mod past;
pub mod reports;
pub mod rewrites;
pub mod storage;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// Unique; upper and lower case are the same.
    pub username: String,
    /// The name to show.
    pub display_name: String,
    /// True for a user without a password.
    pub is_guest: bool,
    /// True for an admin of the server.
    #[serde(default)]
    pub is_admin: bool,
    /// The status message that the user set, may be empty.
    pub status_message: String,
    /// When the account was created.
    pub created_at: Timestamp,
}

/// The answer to all requests that sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Auth {
    /// A JSON Web Token (RFC 7519).
    pub token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// When the token expires.
    pub expires_at: Timestamp,
    /// The user who signed in.
    pub user: User,
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// `POST /auth/register`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Register {
    /// 3–32 of `A-Za-z0-9_-`.
    pub username: String,
    /// 8–128 characters.
    pub password: String,
    /// 1–64 characters; the username if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// `POST /auth/login`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Login {
    /// In upper or lower case.
    pub username: String,
    /// The password.
    pub password: String,
}

/// `POST /auth/guest`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Guest {
    /// 1–64 characters; generated if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// `PATCH /users/me`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateMe {
    /// 1–64 characters; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// At most 200 characters; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
}

/// The answer to `POST /ws/ticket`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ticket {
    /// Can be used once, in place of a token, in a WebSocket request.
    pub ticket: String,
    /// When the ticket expires: 30 seconds after the request.
    pub expires_at: Timestamp,
}

/// A canvas, as the requesting user sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Canvas {
    /// The canvas's id.
    pub id: CanvasId,
    /// 1–80 characters.
    pub name: String,
    /// At most 2000 characters, may be empty.
    pub description: String,
    /// Number of columns.
    pub width: i32,
    /// Number of rows.
    pub height: i32,
    /// Width and height of a tile, in pixels.
    pub tile_size: i32,
    /// Colours as `#rrggbb`; a pixel is an index into them.
    pub palette: Vec<String>,
    /// Who can find and read it.
    pub visibility: Visibility,
    /// Who can draw in which tile.
    pub edit_policy: EditPolicy,
    /// What guests may do.
    #[serde(default)]
    pub guests: Guests,
    /// What newcomers may do.
    #[serde(default = "free")]
    pub newcomers: Newcomers,
    /// Seconds between two messages of one person below moderator; 0 if that is off.
    #[serde(default)]
    pub slow_mode_s: i32,
    /// Until when only moderators and people with a role given by name write; null if
    /// everybody may.
    #[serde(default)]
    pub lockdown_until: Option<Timestamp>,
    /// The user who created it.
    pub owner_id: UserId,
    /// The role of the requesting user; null if not signed in.
    pub role: Option<Role>,
    /// Number of tiles.
    pub tile_count: i64,
    /// Number of users who are on it.
    pub active_users: usize,
    /// The version of its log: `last_seq` is only comparable within one epoch.
    pub epoch: Epoch,
    /// `seq` of its newest event; 0 if there is none.
    pub last_seq: i64,
    /// When it was created.
    pub created_at: Timestamp,
}

/// `POST /canvases`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateCanvas {
    /// 1–80 characters.
    pub name: String,
    /// At most 2000 characters; empty if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Number of columns: 1–256.
    pub width: i32,
    /// Number of rows: 1–256.
    pub height: i32,
    /// Width and height of a tile: 8–64 pixels; 32 if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tile_size: Option<i32>,
    /// 2–64 colours `#rrggbb`; a default palette if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub palette: Option<Vec<String>>,
    /// Public if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// Open if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit_policy: Option<EditPolicy>,
}

/// `PATCH /canvases/{id}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateCanvas {
    /// 1–80 characters; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// At most 2000 characters; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who can find and read it; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// Who can draw in which tile; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit_policy: Option<EditPolicy>,
    /// What guests may do; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guests: Option<Guests>,
    /// What newcomers may do; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newcomers: Option<Newcomers>,
    /// 0–3600; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_mode_s: Option<i32>,
    /// A time to come, or null to end the lockdown; unchanged if not given.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "given"
    )]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Timestamp>))]
    pub lockdown_until: Option<Option<Timestamp>>,
}

/// Canvases that older servers described.
fn free() -> Newcomers {
    Newcomers::Free
}

/// Tells a field that is null from one that is not there.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A user who was given a role on a canvas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    /// The user.
    pub user_id: UserId,
    /// The user's unique name.
    pub username: String,
    /// The user's name to show.
    pub display_name: String,
    /// The role.
    pub role: Role,
}

/// `PUT /canvases/{id}/members/{username}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetMember {
    /// Any role but owner.
    pub role: Role,
}

/// A tile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tile {
    /// The tile's id.
    pub id: TileId,
    /// The canvas it is on.
    pub canvas_id: CanvasId,
    /// Column.
    pub x: i32,
    /// Row.
    pub y: i32,
    /// The user who created it.
    pub creator_id: UserId,
    /// That user's unique name.
    pub creator_username: String,
    /// At most 80 characters, may be empty.
    pub title: String,
    /// All pixels.
    pub pixels: Pixels,
    /// 1 when created; every change of title or pixels adds 1.
    pub version: i64,
    /// Number of users who like it.
    pub like_count: i64,
    /// Whether the requesting user likes it.
    pub liked_by_me: bool,
    /// Threads of comments on its cell that are neither resolved nor removed.
    #[serde(default)]
    pub open_comments: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its title or pixels changed last.
    pub updated_at: Timestamp,
}

/// `POST /canvases/{id}/tiles`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateTile {
    /// Column.
    pub x: i64,
    /// Row.
    pub y: i64,
    /// At most 80 characters; empty if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// All transparent if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<Pixels>,
}

/// `PATCH /tiles/{id}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateTile {
    /// At most 80 characters; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// All pixels; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<Pixels>,
    /// If given, refuse unless the tile has this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_version: Option<i64>,
}

/// The answer to liking a tile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Liked {
    /// The tile's id.
    pub tile_id: TileId,
    /// Number of users who like it afterwards.
    pub like_count: i64,
    /// Whether the requesting user likes it afterwards.
    pub liked: bool,
}

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

/// A consistent snapshot of a canvas.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Snapshot {
    /// The version of the log that `seq` belongs to.
    pub epoch: Epoch,
    /// The snapshot contains exactly the events up to this `seq`.
    pub seq: i64,
    /// The canvas.
    pub canvas: Canvas,
    /// How many users are on the canvas; 0 in the past.
    #[serde(default)]
    pub active_count: usize,
    /// All tiles, or those of the area that was asked for.
    pub tiles: Vec<Tile>,
    /// The newest 50 chat messages, oldest first.
    pub messages: Vec<ChatMessage>,
    /// The users who are on the canvas; none in the past.
    pub active_users: Vec<ActiveUser>,
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// The `cursor` of the request for the next page; null on the last page.
    pub next_cursor: Option<String>,
}

/// A WebSocket connection, for administrators.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Client {
    /// The connection's id.
    pub connection_id: ConnectionId,
    /// The user.
    pub user_id: UserId,
    /// The user's unique name.
    pub username: String,
    /// The canvas that it joined; null for a connection without one.
    pub canvas_id: Option<CanvasId>,
    /// `browser` or `agent`.
    pub client_type: String,
    /// The `platform` that the client gave in the request, may be empty.
    pub platform: String,
    /// The `client_name` of `hello`, may be empty.
    pub client_name: String,
    /// The `device` of `hello`, may be empty.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub device: serde_json::Map<String, serde_json::Value>,
    /// Id of the server node.
    pub node: String,
    /// When the connection began.
    pub connected_at: Timestamp,
    /// When the client sent its last message.
    pub last_seen_at: Timestamp,
}

/// An error, as RFC 9457 `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Always `about:blank`; `code` tells the kind of error.
    #[serde(rename = "type")]
    pub kind: String,
    /// The reason phrase of the HTTP status.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The kind of error, for programs.
    pub code: String,
    /// What went wrong, for people, in English.
    pub detail: String,
    /// The fields that are wrong, if `code` is `validation_failed`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The sanction that forbids it, if `code` is `sanctioned`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sanction: Option<SanctionBrief>,
    /// Milliseconds to wait before the request is sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// A field of a request that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's name.
    pub field: String,
    /// What is wrong with it, as in "is missing".
    pub message: String,
}
