//! The past of the open canvas, as far as it is looked at. Apart from the live
//! state, which goes on meanwhile. Written by [`crate::past`] only.

use super::backend::{Backend, Signals};
use crate::model::{
    player::Direction,
    replay::TileChange,
    tile_store::TileStore,
    timeline::{Division, TimeScale},
};
use std::sync::Arc;

/// What the board draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Display {
    /// The live tiles.
    #[default]
    Live,
    /// The tiles of [`PastStore::tiles`].
    Tiles,
    /// The picture of the board after this event.
    Picture(i64),
}

/// The moment that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The board is shown after this event.
    pub seq: i64,
    /// When it was, in milliseconds since 1970; about, while the events are not
    /// there.
    pub time_ms: Option<i64>,
    /// The last change up to there, once known.
    pub change: Option<TileChange>,
    /// Whether the board shows exactly this moment, and not one near it.
    pub is_exact: bool,
}

/// Why the past cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PastProblem {
    /// The server does not answer.
    Away,
    /// It has too much to do just now.
    Busy,
    /// There is no such moment.
    NoSuchMoment,
    /// Too much of the board is in view.
    TooFar,
}

impl PastProblem {
    /// Whether it may be over when the server is asked again.
    pub fn is_of_server(self) -> bool {
        matches!(self, Self::Away | Self::Busy)
    }
}

/// The values; in the page all are signals, and this is `Copy`.
pub struct PastStore<B: Backend> {
    /// Whether the time bar is open.
    pub is_open: B::Var<bool>,
    /// The moment that is looked at; none for now.
    pub moment: B::Var<Option<Moment>>,
    /// Whether the first of what dragging needs is there.
    pub is_ready: B::Var<bool>,
    /// Whether a moment is looked at.
    pub is_shown: B::Var<bool>,
    /// What the board draws.
    pub display: B::Var<Display>,
    /// The tiles of [`Display::Tiles`].
    pub tiles: B::Var<TileStore>,
    /// The scale of the time bar, once known.
    pub scale: B::Var<Option<Arc<TimeScale>>>,
    /// How the bar is divided.
    pub division: B::Var<Division>,
    /// Where the handle is, from 0 to 1.
    pub place: B::Var<f64>,
    /// Which way it plays; none if it does not.
    pub playing: B::Var<Option<Direction>>,
    /// How fast it plays.
    pub speed: B::Var<u32>,
    /// Why the moment or the bar is not shown.
    pub problem: B::Var<Option<PastProblem>>,
    /// How many changes came since the past was entered.
    pub meanwhile: B::Var<u64>,
}

#[expect(
    clippy::expl_impl_clone_on_copy,
    reason = "derive would ask for `B: Clone`"
)]
impl Clone for PastStore<Signals> {
    fn clone(&self) -> Self {
        *self
    }
}

impl Copy for PastStore<Signals> {}

impl<B: Backend> Default for PastStore<B> {
    fn default() -> Self {
        Self {
            is_open: B::var(false),
            moment: B::var(None),
            is_ready: B::var(false),
            is_shown: B::var(false),
            display: B::var(Display::default()),
            tiles: B::var(TileStore::default()),
            scale: B::var(None),
            division: B::var(Division::default()),
            place: B::var(1.0),
            playing: B::var(None),
            speed: B::var(DEFAULT_SPEED),
            problem: B::var(None),
            meanwhile: B::var(0),
        }
    }
}

/// How many times as fast as it was a player begins.
const DEFAULT_SPEED: u32 = 10;
