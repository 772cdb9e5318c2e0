//! What the events of the canvases take in the database.

use crate::ids::CanvasId;
use serde::{Deserialize, Serialize};

/// The answer to `GET /admin/storage`. Bytes of hot events are estimated from the newest ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Storage {
    /// Events that are rows of their own.
    pub hot_events: i64,
    /// What these take, with their entries in indexes.
    pub hot_bytes: i64,
    /// Events in compressed pieces.
    pub archived_events: i64,
    /// What the pieces take.
    pub archived_bytes: i64,
    /// The 50 canvases that take the most, the largest first.
    pub canvases: Vec<CanvasStorage>,
}

/// What the events of one canvas take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CanvasStorage {
    /// The canvas.
    pub canvas_id: CanvasId,
    /// Its name.
    pub name: String,
    /// As in [`Storage`].
    pub hot_events: i64,
    /// As in [`Storage`].
    pub hot_bytes: i64,
    /// As in [`Storage`].
    pub archived_events: i64,
    /// As in [`Storage`].
    pub archived_bytes: i64,
}
