//! The JSON bodies of the HTTP API under `/api/v1`. Those of most resources are in submodules;
//! here are pages, errors and connections.

mod auth;
mod canvases;
mod messages;
mod tiles;

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
pub mod sanctions;
pub mod storage;

pub use auth::{Auth, Guest, Login, Register, Ticket, UpdateMe, User};
pub use canvases::{Canvas, CreateCanvas, Member, SetMember, Snapshot, UpdateCanvas};
pub use messages::{ChatMessage, EditMessage, PurgeMessages, Purged, ReplyTo};
pub use tiles::{CreateTile, Liked, Tile, UpdateTile};

use crate::{
    ids::{CanvasId, ConnectionId, UserId},
    time::Timestamp,
};
use sanctions::SanctionBrief;
use serde::{Deserialize, Serialize};

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
