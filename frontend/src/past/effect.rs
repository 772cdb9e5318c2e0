//! What the state machine of the past asks its runtime to do.

use super::search::Search;
use crate::model::timeline::Division;
use shared::{
    api::{Tile, rewrites::Area},
    protocol::DurableEvent,
};

/// One thing to do, in the order in which they were asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Fetch the timeline; answered with `timeline_received`.
    LoadTimeline(Division),
    /// Fetch a range of the log, in place of one that is under way; answered
    /// with `log_range_received`.
    LoadLogRange(LogRange),
    /// Give up the range that is under way.
    CancelLogRange,
    /// Fetch the events after `after` up to `until`; answered with
    /// `events_received`.
    LoadEvents {
        /// The last event that is there.
        after: i64,
        /// The last one to be fetched.
        until: i64,
    },
    /// Find a change that is far away; answered with `change_found`.
    Find(Search),
    /// Fetch a picture of some cells after an event; answered with
    /// `overview_received`.
    LoadOverview {
        /// The event.
        seq: i64,
        /// The cells.
        area: Area,
    },
    /// These pictures are not needed any more.
    DropOverviews(Vec<i64>),
    /// No picture is needed any more, and none that is under way.
    ClearOverviews,
    /// Write the moment to the page's address; none for now.
    WriteAddress {
        /// The event after which the board is shown.
        seq: Option<i64>,
        /// Whether the browser's Back leads to what was there before.
        push: bool,
    },
}

/// The events after `base` up to `until`, and the tiles of `area` after `base`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogRange {
    /// The event before the first one; 0 for the beginning.
    pub base: i64,
    /// The last event.
    pub until: i64,
    /// The cells; none where their tiles are not needed.
    pub area: Option<Area>,
}

/// What was fetched of a [`LogRange`].
#[derive(Clone, Debug)]
pub struct LogRangeContent {
    /// The tiles of the area.
    pub tiles: Vec<Tile>,
    /// The events, without a gap.
    pub events: Vec<DurableEvent>,
}
