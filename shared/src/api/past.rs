//! The past of a canvas.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The answer to `GET /canvases/{id}/timeline`: when how much was changed on the board.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Timeline {
    /// The first tile event; null without any.
    pub first_seq: Option<i64>,
    /// The last tile event.
    pub last_seq: Option<i64>,
    /// When the first one was stored.
    pub first_at: Option<Timestamp>,
    /// When the last one was stored.
    pub last_at: Option<Timestamp>,
    /// How many tile events there are.
    pub events: i64,
    /// As many as there are tile events, at most [`crate::limits::TIMELINE_BUCKETS`], in order
    /// and without a gap.
    pub buckets: Vec<TimelineBucket>,
}

/// A part of a [`Timeline`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimelineBucket {
    /// Its first event: the one after the bucket before.
    pub from_seq: i64,
    /// Its last tile event; of an empty bucket `from_seq` − 1.
    pub to_seq: i64,
    /// When it begins.
    pub from_at: Timestamp,
    /// When it ends.
    pub to_at: Timestamp,
    /// How many tile events it has.
    pub events: i64,
    /// By how many people.
    pub people: i64,
}
