//! The tiles of the open canvas: the confirmed state of the server, and the
//! optimistic state with this tab's pending operations applied to it. Pure.
//!
//! The two are kept apart. When a confirmed tile changes or an operation is
//! refused, the cell is rebased: the pending operations are applied again to
//! the confirmed tile. So a pending stroke stays on top of what others paint,
//! and nothing remains of a refused one.

use shared::{
    api,
    canvas::{self, Actor, Coord, Grid, Role, TileOp, TileState},
    ids::{TileId, UserId},
    pixels::{PixelEdit, Pixels},
    protocol::{Ack, TileCreated, TileDeleted, TileLiked, TileUpdated},
    time::Timestamp,
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A tile and what the client shows with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Id, creator, title, pixels, version and likes.
    pub state: TileState,
    /// The creator's unique name; empty while it is not known.
    pub creator: String,
    /// Whether this user likes it.
    pub liked: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its title or pixels last changed.
    pub updated_at: Timestamp,
}

/// The cells that changed since the renderer last asked.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum DirtyCells {
    /// All cells: another canvas or size.
    All,
    /// These cells; never empty.
    Some(HashSet<Coord>),
    /// No cell.
    #[default]
    None,
}

/// The user of this tab, as the author of its pending operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The user's id.
    pub user_id: UserId,
    /// The unique name.
    pub username: String,
}

/// The tiles of a canvas; see the description of the module.
#[derive(Clone, Debug, Default)]
pub struct TileStore {
    grid: Option<Grid>,
    confirmed: HashMap<Coord, Tile>,
    /// The optimistic state of the cells with pending operations.
    optimistic: HashMap<Coord, Option<Tile>>,
    dirty: HashSet<Coord>,
    all_dirty: bool,
    changes: u64,
}

impl TileStore {
    /// The dimensions of the canvas; none before the snapshot.
    pub fn grid(&self) -> Option<Grid> {
        self.grid
    }

    /// The tile of a cell in the optimistic state: with pending operations.
    pub fn shown(&self, at: Coord) -> Option<&Tile> {
        match self.optimistic.get(&at) {
            Some(tile) => tile.as_ref(),
            None => self.confirmed.get(&at),
        }
    }

    /// The tile of a cell as the server has it.
    pub fn confirmed(&self, at: Coord) -> Option<&Tile> {
        self.confirmed.get(&at)
    }

    /// Whether a cell has pending operations.
    pub fn is_pending(&self, at: Coord) -> bool {
        self.optimistic.contains_key(&at)
    }

    /// The number of tiles in the optimistic state.
    pub fn len(&self) -> usize {
        let removed = |(at, tile): &(&Coord, &Option<Tile>)| {
            tile.is_none() && self.confirmed.contains_key(at)
        };
        let added = |(at, tile): &(&Coord, &Option<Tile>)| {
            tile.is_some() && !self.confirmed.contains_key(at)
        };
        self.confirmed.len() + self.optimistic.iter().filter(added).count()
            - self.optimistic.iter().filter(removed).count()
    }

    /// How often a tile of the confirmed state was changed since this was made.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Whether there are no tiles in the optimistic state.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns what changed since the last call. Called by the renderer for
    /// each frame.
    pub fn take_dirty(&mut self) -> DirtyCells {
        if std::mem::take(&mut self.all_dirty) {
            self.dirty.clear();
            return DirtyCells::All;
        }
        if self.dirty.is_empty() {
            return DirtyCells::None;
        }
        DirtyCells::Some(std::mem::take(&mut self.dirty))
    }

    /// Replaces everything with a snapshot. Pending operations must be applied
    /// again with [`TileStore::rebase`].
    pub fn load(&mut self, grid: Grid, tiles: Vec<api::Tile>) {
        self.grid = Some(grid);
        self.confirmed = tiles.into_iter().map(from_snapshot).collect();
        self.optimistic.clear();
        self.all_dirty = true;
    }

    /// Makes the confirmed state of a cell what it is in another store.
    pub fn copy_cell(&mut self, at: Coord, from: &Self) {
        match from.confirmed.get(&at) {
            Some(tile) => self.confirmed.insert(at, tile.clone()),
            None => self.confirmed.remove(&at),
        };
        self.dirty.insert(at);
    }

    /// Applies a pending operation to the optimistic state of a cell.
    pub fn apply(&mut self, at: Coord, op: &TileOp, author: &Author, now: Timestamp) {
        let Some(grid) = self.grid else { return };
        let mut cell = self.shown(at).cloned();
        apply(&grid, &mut cell, op, author, now);
        self.optimistic.insert(at, cell);
        self.dirty.insert(at);
    }

    /// Rebases a cell: applies all its pending operations again to the
    /// confirmed tile.
    pub fn rebase<'a>(
        &mut self,
        at: Coord,
        pending: impl Iterator<Item = &'a TileOp>,
        author: &Author,
        now: Timestamp,
    ) {
        let Some(grid) = self.grid else { return };
        let mut pending = pending.peekable();
        self.dirty.insert(at);
        if pending.peek().is_none() {
            self.optimistic.remove(&at);
            return;
        }
        let mut cell = self.confirmed.get(&at).cloned();
        for op in pending {
            apply(&grid, &mut cell, op, author, now);
        }
        self.optimistic.insert(at, cell);
    }

    /// Applies this tab's own operation to the confirmed state, when it was
    /// acknowledged in sequence. The cell must be rebased afterwards.
    pub fn confirm(&mut self, at: Coord, op: &TileOp, ack: &Ack, author: &Author, now: Timestamp) {
        let Some(grid) = self.grid else { return };
        let mut cell = self.confirmed.remove(&at);
        apply(&grid, &mut cell, op, author, now);
        if let Some(mut tile) = cell {
            tile.state.id = ack.tile_id.unwrap_or(tile.state.id);
            tile.state.version = ack.version.unwrap_or(tile.state.version);
            tile.state.like_count = ack.like_count.unwrap_or(tile.state.like_count);
            self.confirmed.insert(at, tile);
        }
        self.dirty.insert(at);
    }

    /// Applies a `tile_created` event. Returns the cell.
    pub fn created(&mut self, event: TileCreated, creator: String) -> Coord {
        let at = coord(event.x, event.y);
        self.changes += 1;
        self.confirmed.insert(
            at,
            Tile {
                state: TileState {
                    id: event.tile_id,
                    creator_id: event.creator_id,
                    title: event.title,
                    pixels: event.pixels,
                    version: event.version,
                    like_count: event.like_count,
                },
                creator,
                liked: false,
                created_at: event.timestamp,
                updated_at: event.timestamp,
            },
        );
        self.dirty.insert(at);
        at
    }

    /// Applies a `tile_updated` event. Returns the cell and the painted pixels.
    pub fn updated(&mut self, event: TileUpdated) -> RemoteEdits {
        let at = coord(event.x, event.y);
        self.changes += 1;
        self.dirty.insert(at);
        let edits = match (&event.pixels, &event.delta) {
            (Some(pixels), _) => (0..)
                .zip(pixels.as_bytes())
                .map(|(index, &color)| PixelEdit(index, color))
                .collect(),
            (None, delta) => delta.clone().unwrap_or_default(),
        };
        if let Some(tile) = self.confirmed.get_mut(&at) {
            if let Some(title) = event.title {
                tile.state.title = title;
            }
            if let Some(delta) = &event.delta {
                tile.state.pixels.paint(delta);
            }
            if let Some(pixels) = event.pixels {
                tile.state.pixels = pixels;
            }
            tile.state.version = event.version;
            tile.state.like_count = event.like_count;
            tile.updated_at = event.timestamp;
        }
        RemoteEdits { at, edits }
    }

    /// Applies a `tile_liked` event. `mine` says that the like is by this user.
    /// Returns the cell.
    pub fn liked(&mut self, event: &TileLiked, mine: bool) -> Coord {
        let at = coord(event.x, event.y);
        if let Some(tile) = self.confirmed.get_mut(&at) {
            tile.state.like_count = event.like_count;
            if mine {
                tile.liked = event.liked;
            }
        }
        self.dirty.insert(at);
        at
    }

    /// Applies a `tile_deleted` event. Returns the cell.
    pub fn deleted(&mut self, event: &TileDeleted) -> Coord {
        let at = coord(event.x, event.y);
        self.changes += 1;
        self.confirmed.remove(&at);
        self.dirty.insert(at);
        at
    }
}

/// Pixels painted by somebody else; the undo history of the tile needs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteEdits {
    /// The cell.
    pub at: Coord,
    /// The pixels with their new colours.
    pub edits: Vec<PixelEdit>,
}

fn coord(x: i32, y: i32) -> Coord {
    Coord { x, y }
}

fn from_snapshot(tile: api::Tile) -> (Coord, Tile) {
    let at = coord(tile.x, tile.y);
    let tile = Tile {
        state: TileState {
            id: tile.id,
            creator_id: tile.creator_id,
            title: tile.title,
            pixels: tile.pixels,
            version: tile.version,
            like_count: tile.like_count,
        },
        creator: tile.creator_username,
        liked: tile.liked_by_me,
        created_at: tile.created_at,
        updated_at: tile.updated_at,
    };
    (at, tile)
}

/// Applies an operation by the rules shared with the server. One that these
/// refuse (for example, its tile was deleted) changes nothing.
fn apply(grid: &Grid, cell: &mut Option<Tile>, op: &TileOp, author: &Author, now: Timestamp) {
    let before = cell.take();
    let actor = Actor {
        user_id: author.user_id,
        // Permissions were checked when the operation was dispatched.
        role: Role::Owner,
        likes: before.as_ref().is_some_and(|tile| tile.liked),
        locked_by_other: false,
    };
    let (mut state, rest) = match before {
        Some(tile) => {
            let Tile {
                state,
                creator,
                liked,
                created_at,
                updated_at,
            } = tile;
            (Some(state), (creator, liked, created_at, updated_at))
        }
        None => (None, (author.username.clone(), false, now, now)),
    };
    let change = canvas::apply(grid, &mut state, op, &actor, TileId(0));
    let (creator, mut liked, created_at, mut updated_at) = rest;
    match change {
        Ok(canvas::TileChange::Liked(now_liked)) => liked = now_liked,
        Ok(canvas::TileChange::Created | canvas::TileChange::Updated { .. }) => updated_at = now,
        Ok(canvas::TileChange::Deleted | canvas::TileChange::Nothing) | Err(_) => {}
    }
    *cell = state.map(|state| Tile {
        state,
        creator,
        liked,
        created_at,
        updated_at,
    });
}

/// The pixels of a tile that `edits` would change: with their colours before
/// and after.
pub fn changes(pixels: Option<&Pixels>, edits: &[PixelEdit]) -> (Vec<PixelEdit>, Vec<PixelEdit>) {
    // The last edit of a pixel counts.
    let mut after = BTreeMap::new();
    after.extend(edits.iter().map(|edit| (edit.0, edit.1)));
    after
        .into_iter()
        .map(|(index, after)| {
            let before = PixelEdit(index, color(pixels, index));
            (before, PixelEdit(index, after))
        })
        .filter(|(before, after)| before != after)
        .unzip()
}

/// The colour of a pixel; transparent if there is no tile.
pub fn color(pixels: Option<&Pixels>, index: u16) -> u8 {
    pixels
        .and_then(|pixels| pixels.as_bytes().get(usize::from(index)).copied())
        .unwrap_or(shared::pixels::TRANSPARENT)
}

#[cfg(test)]
mod tests;
