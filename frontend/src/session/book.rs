//! The tiles of the open canvas: what the server confirmed, and what it shows
//! with one's own pending operations laid over it. Pure.

use shared::{
    canvas::{Coord, Grid, TileState},
    time::Timestamp,
};
use std::collections::{HashMap, HashSet};

/// A tile as this client knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Id, creator, title, pixels, version and likes.
    pub state: TileState,
    /// The creator's unique name, or empty where nobody told yet.
    pub creator: String,
    /// Whether this user likes it.
    pub liked: bool,
    /// When it was started.
    pub created_at: Timestamp,
    /// When title or pixels changed last.
    pub updated_at: Timestamp,
}

/// The tiles of a canvas. See the module's description.
#[derive(Debug, Default)]
pub struct Book {
    grid: Option<Grid>,
    confirmed: HashMap<Coord, Tile>,
    dirty: HashSet<Coord>,
}

impl Book {
    /// The canvas's measures, once known.
    pub fn grid(&self) -> Option<Grid> {
        self.grid
    }

    /// The tile of a cell with one's own pending changes, if there is one.
    pub fn shown(&self, at: Coord) -> Option<&Tile> {
        self.confirmed.get(&at)
    }
}
