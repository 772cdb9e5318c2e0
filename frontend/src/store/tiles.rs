//! The tiles of the open canvas, and who is notified of a change: readers of
//! one tile when that tile changes, readers of the whole board always. Knows
//! how a tile changes from [`TileStore`] only.

use super::backend::{Backend, Signals, Var};
use crate::model::tile_store::{DirtyCells, Tile, TileStore};
use leptos::prelude::{Get, Track};
use shared::{
    api,
    canvas::{Coord, Grid},
};
use std::collections::HashMap;

/// The tiles, with pending operations applied.
pub struct Tiles<B: Backend> {
    all: B::Var<TileStore>,
    /// The same as in `all`; its subscribers are not notified of strokes.
    grid: B::Var<Option<Grid>>,
    /// Whether there is no tile; its subscribers are not notified of strokes.
    is_empty: B::Var<bool>,
    /// One entry for each cell that was read since the last snapshot, painted
    /// or not. It has no value: it notifies those who read the cell.
    cells: B::Var<HashMap<Coord, B::Entry<()>>>,
}

#[expect(
    clippy::expl_impl_clone_on_copy,
    reason = "derive would ask for `B: Clone`"
)]
impl Clone for Tiles<Signals> {
    fn clone(&self) -> Self {
        *self
    }
}

impl Copy for Tiles<Signals> {}

impl<B: Backend> Default for Tiles<B> {
    fn default() -> Self {
        Self {
            all: B::var(TileStore::default()),
            grid: B::var(None),
            is_empty: B::var(true),
            cells: B::var(HashMap::new()),
        }
    }
}

impl<B: Backend> Tiles<B> {
    /// Replaces all tiles by those of a snapshot and notifies every reader.
    pub fn load(&self, grid: Grid, tiles: Vec<api::Tile>) {
        self.all.update(|all| all.load(grid, tiles));
        self.grid.set_if_changed(Some(grid));
        self.update_is_empty();
        // Whoever still reads a cell makes its entry again.
        let mut cells = HashMap::new();
        self.cells.update_quietly(|all| cells = std::mem::take(all));
        for cell in cells.into_values() {
            cell.update(|()| {});
        }
    }

    /// Changes a cell and notifies the readers of this cell and of the board.
    pub fn update(&self, at: Coord, change: impl FnOnce(&mut TileStore)) {
        self.all.update(change);
        self.update_is_empty();
        if let Some(cell) = self.cells.with(|cells| cells.get(&at).cloned()) {
            cell.update(|()| {});
        }
    }

    /// Changes a cell without notifying anybody: [`Tiles::update`] of the same
    /// cell has to follow.
    pub fn update_quietly(&self, change: impl FnOnce(&mut TileStore)) {
        self.all.update_quietly(change);
    }

    /// What must be drawn anew since the last call.
    pub fn take_dirty(&self) -> DirtyCells {
        let mut dirty = DirtyCells::None;
        self.all.update_quietly(|tiles| dirty = tiles.take_dirty());
        dirty
    }

    /// Reads the tiles. Not reactive.
    pub fn peek<R>(&self, read: impl FnOnce(&TileStore) -> R) -> R {
        self.all.with(read)
    }

    fn update_is_empty(&self) {
        self.is_empty
            .set_if_changed(self.all.with(TileStore::is_empty));
    }

    /// The entry of a cell; made if there is none.
    fn cell(&self, at: Coord) -> B::Entry<()> {
        if let Some(cell) = self.cells.with(|cells| cells.get(&at).cloned()) {
            return cell;
        }
        let cell = B::entry(());
        let new = cell.clone();
        self.cells.update_quietly(|cells| {
            cells.insert(at, new);
        });
        cell
    }
}

impl Tiles<Signals> {
    /// The canvas's dimensions, once known. Reactive: changes with a snapshot.
    pub fn grid(self) -> Option<Grid> {
        Get::get(&self.grid)
    }

    /// Whether there is no tile. Reactive.
    pub fn is_empty(self) -> bool {
        Get::get(&self.is_empty)
    }

    /// Reads the tile of a cell as shown; none for an empty cell. Reactive:
    /// changes with this cell.
    pub fn with_tile<R>(self, at: Coord, read: impl FnOnce(Option<&Tile>) -> R) -> R {
        self.track_tile(at);
        self.peek(|tiles| read(tiles.shown(at)))
    }

    /// A copy of the tile of a cell as shown; none for an empty cell. Reactive:
    /// changes with this cell.
    pub fn get(self, at: Coord) -> Option<Tile> {
        self.track_tile(at);
        self.peek(|tiles| tiles.shown(at).cloned())
    }

    /// Subscribes to one cell.
    pub fn track_tile(self, at: Coord) {
        self.cell(at).track();
    }

    /// Subscribes to every change of any tile.
    pub fn track(self) {
        self.all.track();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tile_store::Author;
    use leptos::prelude::{ArcMemo, GetUntracked};
    use shared::{canvas::TileOp, ids::UserId, pixels::PixelEdit, time::Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const GRID: Grid = Grid {
        width: 4,
        height: 4,
        tile_size: 8,
        palette: 8,
    };
    const AT: Coord = Coord { x: 1, y: 2 };
    const OTHER: Coord = Coord { x: 2, y: 2 };

    fn loaded() -> Tiles<Signals> {
        let tiles = Tiles::default();
        tiles.load(GRID, Vec::new());
        tiles
    }

    fn paint(tiles: Tiles<Signals>, at: Coord) {
        let author = Author {
            user_id: UserId(1),
            username: "ann".into(),
        };
        let op = TileOp::Paint {
            edits: vec![PixelEdit(0, 1)],
        };
        let now: Timestamp = chrono::DateTime::UNIX_EPOCH.into();
        tiles.update(at, |tiles| tiles.apply(at, &op, &author, now));
    }

    /// A reader of `read`; gives how often it has read, up to date.
    fn reader<T: Clone + PartialEq + Send + Sync + 'static>(
        read: impl Fn() -> T + Send + Sync + 'static,
    ) -> impl Fn() -> u32 {
        let reads = ArcMemo::new(move |before: Option<&(u32, T)>| {
            (before.map_or(0, |(reads, _)| *reads) + 1, read())
        });
        move || reads.get_untracked().0
    }

    #[test]
    fn a_reader_of_a_cell_is_notified_of_this_cell_alone() {
        let tiles = loaded();
        let reads = reader(move || tiles.with_tile(AT, |tile| tile.is_some()));
        assert_eq!(reads(), 1);
        paint(tiles, OTHER);
        assert_eq!(reads(), 1);
        paint(tiles, AT);
        assert_eq!(reads(), 2);
        assert!(tiles.peek(|tiles| tiles.shown(AT).is_some()));
    }

    #[test]
    fn a_snapshot_notifies_every_reader_also_more_than_once() {
        let tiles = loaded();
        let reads = reader(move || tiles.with_tile(AT, |tile| tile.is_some()));
        assert_eq!(reads(), 1);
        tiles.load(GRID, Vec::new());
        assert_eq!(reads(), 2);
        tiles.load(GRID, Vec::new());
        assert_eq!(reads(), 3);
        paint(tiles, AT);
        assert_eq!(reads(), 4);
    }

    #[test]
    fn readers_of_the_grid_are_not_notified_of_strokes_and_those_of_the_board_are() {
        let tiles = loaded();
        let grid = reader(move || tiles.grid());
        let is_empty = reader(move || tiles.is_empty());
        let board = reader(move || tiles.track());
        assert_eq!((grid(), is_empty(), board()), (1, 1, 1));
        paint(tiles, AT);
        assert_eq!((grid(), is_empty(), board()), (1, 2, 2));
        paint(tiles, AT);
        assert_eq!((grid(), is_empty(), board()), (1, 2, 3));
        tiles.load(GRID, Vec::new());
        assert_eq!((grid(), is_empty(), board()), (1, 3, 4));
    }

    #[test]
    fn a_quiet_change_is_read_after_the_update_that_follows() {
        let tiles = loaded();
        let reads = reader(move || tiles.with_tile(AT, |tile| tile.is_some()));
        assert_eq!(reads(), 1);
        tiles.update_quietly(|_| {});
        assert_eq!(reads(), 1);
        tiles.update(AT, |_| {});
        assert_eq!(reads(), 2);
    }
}
