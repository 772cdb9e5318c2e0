//! Bodies of the HTTP interface under `/api/v1`.

use crate::{
    canvas::{EditPolicy, Role, Visibility},
    ids::{CanvasId, ConnectionId, Epoch, MessageId, TileId, UserId},
    pixels::Pixels,
    presence::ActiveUser,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// Which.
    pub id: UserId,
    /// Unique without regard to case.
    pub username: String,
    /// Name to show.
    pub display_name: String,
    /// Came without a password.
    pub is_guest: bool,
    /// As set by the user, or empty.
    pub status_message: String,
    /// When they came first.
    pub created_at: Timestamp,
}

/// The answer to every way of signing in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Auth {
    /// A JSON Web Token (RFC 7519).
    pub token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// When the token ends.
    pub expires_at: Timestamp,
    /// Who signed in.
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
    /// 1–64 characters; the username where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// `POST /auth/login`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Login {
    /// In any case.
    pub username: String,
    /// The password.
    pub password: String,
}

/// `POST /auth/guest`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Guest {
    /// 1–64 characters; one is made up where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// `PATCH /users/me`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateMe {
    /// 1–64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
}

/// The answer to `POST /ws/ticket`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ticket {
    /// Stands in for a token in one WebSocket request.
    pub ticket: String,
    /// 30 s from now.
    pub expires_at: Timestamp,
}

/// A canvas, as the one who asks sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Canvas {
    /// Which.
    pub id: CanvasId,
    /// 1–80 characters.
    pub name: String,
    /// Or empty.
    pub description: String,
    /// Tiles in a row.
    pub width: i32,
    /// Rows.
    pub height: i32,
    /// Pixels along one side of a tile.
    pub tile_size: i32,
    /// Colours as `#rrggbb`; a pixel is an index into them.
    pub palette: Vec<String>,
    /// Who finds it.
    pub visibility: Visibility,
    /// Who paints which tile.
    pub edit_policy: EditPolicy,
    /// Who made it.
    pub owner_id: UserId,
    /// What the one who asks may do; null for those not signed in.
    pub role: Option<Role>,
    /// Tiles started so far.
    pub tile_count: i64,
    /// Users on it now.
    pub active_users: usize,
    /// See [`Epoch`].
    pub epoch: Epoch,
    /// `seq` of the newest durable event.
    pub last_seq: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// `POST /canvases`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateCanvas {
    /// 1–80 characters.
    pub name: String,
    /// At most 2000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// 1–256 tiles.
    pub width: i32,
    /// 1–256 tiles.
    pub height: i32,
    /// 8–64 pixels, 32 where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tile_size: Option<i32>,
    /// 2–64 colours `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub palette: Option<Vec<String>>,
    /// Public where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// Open where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit_policy: Option<EditPolicy>,
}

/// `PATCH /canvases/{id}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateCanvas {
    /// 1–80 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// At most 2000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who finds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// Who paints which tile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit_policy: Option<EditPolicy>,
}

/// Somebody with a role of their own on a canvas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    /// Who.
    pub user_id: UserId,
    /// Unique name.
    pub username: String,
    /// Name to show.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
}

/// `PUT /canvases/{id}/members/{username}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetMember {
    /// Any but owner.
    pub role: Role,
}

/// A tile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tile {
    /// Which.
    pub id: TileId,
    /// Where it belongs.
    pub canvas_id: CanvasId,
    /// Column.
    pub x: i32,
    /// Row.
    pub y: i32,
    /// Who started it.
    pub creator_id: UserId,
    /// Their unique name.
    pub creator_username: String,
    /// Or empty.
    pub title: String,
    /// What is drawn.
    pub pixels: Pixels,
    /// 1 when created, one more with every change of title or pixels.
    pub version: i64,
    /// How many like it.
    pub like_count: i64,
    /// Whether the one who asks does.
    pub liked_by_me: bool,
    /// When it was started.
    pub created_at: Timestamp,
    /// When title or pixels changed last.
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
    /// At most 80 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// All transparent where none are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<Pixels>,
}

/// `PATCH /tiles/{id}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateTile {
    /// At most 80 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The whole tile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<Pixels>,
    /// Refuse if the tile has another version by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_version: Option<i64>,
}

/// The answer to liking a tile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Liked {
    /// Which tile.
    pub tile_id: TileId,
    /// How many like it now.
    pub like_count: i64,
    /// Whether the one who asks does.
    pub liked: bool,
}

/// A chat message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChatMessage {
    /// Which.
    pub message_id: MessageId,
    /// Where it was said.
    pub canvas_id: CanvasId,
    /// Its place in the canvas's order.
    pub seq: i64,
    /// Who said it.
    pub sender_id: UserId,
    /// Their unique name.
    pub sender_username: String,
    /// Their name to show, as it was then.
    pub sender_display_name: String,
    /// What they said.
    pub message_text: String,
    /// When.
    pub created_at: Timestamp,
}

/// One consistent picture of a canvas.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Snapshot {
    /// See [`Epoch`].
    pub epoch: Epoch,
    /// Everything up to this `seq` is in it, nothing later is.
    pub seq: i64,
    /// The canvas.
    pub canvas: Canvas,
    /// Every tile.
    pub tiles: Vec<Tile>,
    /// The newest 50, oldest first.
    pub messages: Vec<ChatMessage>,
    /// Who is there.
    pub active_users: Vec<ActiveUser>,
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// In the order of the list.
    pub items: Vec<T>,
    /// What to give as `cursor` for the next page; null after the last.
    pub next_cursor: Option<String>,
}

/// A connection in the registry.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Client {
    /// Which.
    pub connection_id: ConnectionId,
    /// Whose.
    pub user_id: UserId,
    /// Their unique name.
    pub username: String,
    /// Where it is connected.
    pub canvas_id: CanvasId,
    /// `browser` or `agent`.
    pub client_type: String,
    /// As the client said, or empty.
    pub platform: String,
    /// As the client said in `hello`, or empty.
    pub client_name: String,
    /// As the client said in `hello`, or an empty object.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub device: serde_json::Map<String, serde_json::Value>,
    /// The server's node.
    pub node: String,
    /// Since when.
    pub connected_at: Timestamp,
    /// When it sent something last.
    pub last_seen_at: Timestamp,
}

/// An error, as RFC 9457 `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `about:blank`: the code says what kind it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What kind of error, for programs.
    pub code: String,
    /// What happened, for people.
    pub detail: String,
    /// Which fields are wrong, with `validation_failed`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// A field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// Its name.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}
