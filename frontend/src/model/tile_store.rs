//! The tiles of the open canvas: what the server confirmed, and what it shows
//! with one's own pending operations laid over it. Pure.
//!
//! The two are kept apart, so that what others paint goes under one's own
//! pending strokes, and a refused stroke leaves no trace: the cell is laid
//! anew from what is confirmed and what is still pending.

use shared::{
    api,
    canvas::{self, Actor, Coord, Grid, Role, TileOp, TileState},
    ids::{TileId, UserId},
    pixels::{PixelEdit, Pixels},
    protocol::{Ack, TileCreated, TileDeleted, TileLiked, TileUpdated},
    time::Timestamp,
};
use std::collections::{BTreeMap, HashMap, HashSet};

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

/// What must be drawn anew.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Dirty {
    /// Everything: another canvas, size or palette.
    All,
    /// These cells; often none.
    Cells(HashSet<Coord>),
    /// Nothing.
    #[default]
    Nothing,
}

/// Who holds the pen in this tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Which user.
    pub user_id: UserId,
    /// Their unique name.
    pub username: String,
}

/// The tiles of a canvas. See the module's description.
#[derive(Debug, Default)]
pub struct TileStore {
    grid: Option<Grid>,
    confirmed: HashMap<Coord, Tile>,
    /// Cells with something pending, as they would be.
    optimistic: HashMap<Coord, Option<Tile>>,
    dirty: HashSet<Coord>,
    all_dirty: bool,
}

impl TileStore {
    /// The canvas's measures, once known.
    pub fn grid(&self) -> Option<Grid> {
        self.grid
    }

    /// The tile of a cell with one's own pending changes, if there is one.
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

    /// Whether something of this cell is not stored yet.
    pub fn is_pending(&self, at: Coord) -> bool {
        self.optimistic.contains_key(&at)
    }

    /// How many tiles there are, as shown.
    pub fn len(&self) -> usize {
        let gone = |(at, tile): &(&Coord, &Option<Tile>)| {
            tile.is_none() && self.confirmed.contains_key(at)
        };
        let new = |(at, tile): &(&Coord, &Option<Tile>)| {
            tile.is_some() && !self.confirmed.contains_key(at)
        };
        self.confirmed.len() + self.optimistic.iter().filter(new).count()
            - self.optimistic.iter().filter(gone).count()
    }

    /// Whether the board is empty, as shown.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What changed since the last call.
    pub fn take_dirty(&mut self) -> Dirty {
        if std::mem::take(&mut self.all_dirty) {
            self.dirty.clear();
            return Dirty::All;
        }
        if self.dirty.is_empty() {
            return Dirty::Nothing;
        }
        Dirty::Cells(std::mem::take(&mut self.dirty))
    }

    /// Starts from a snapshot. Pending operations must be laid anew with
    /// [`TileStore::rebase`].
    pub fn load(&mut self, grid: Grid, tiles: Vec<api::Tile>) {
        self.grid = Some(grid);
        self.confirmed = tiles.into_iter().map(of_snapshot).collect();
        self.optimistic.clear();
        self.all_dirty = true;
    }

    /// Lays one more pending operation over a cell.
    pub fn apply(&mut self, at: Coord, op: &TileOp, author: &Author, now: Timestamp) {
        let Some(grid) = self.grid else { return };
        let mut cell = self.shown(at).cloned();
        apply(&grid, &mut cell, op, author, now);
        self.optimistic.insert(at, cell);
        self.dirty.insert(at);
    }

    /// Lays a cell anew: what is confirmed, and these pending operations over it.
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

    /// One's own operation has its place in the order: makes it part of what
    /// is confirmed. The cell must be laid anew afterwards.
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

    /// Somebody started a tile.
    pub fn created(&mut self, event: TileCreated, creator: String) -> Coord {
        let at = coord(event.x, event.y);
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

    /// Somebody changed a tile. Gives the pixels that were painted, for undo.
    pub fn updated(&mut self, event: TileUpdated) -> RemoteEdits {
        let at = coord(event.x, event.y);
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

    /// Somebody likes a tile, or no longer; `mine` where it was this user in
    /// another tab.
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

    /// Somebody emptied a cell.
    pub fn deleted(&mut self, event: &TileDeleted) -> Coord {
        let at = coord(event.x, event.y);
        self.confirmed.remove(&at);
        self.dirty.insert(at);
        at
    }
}

/// Pixels that somebody else painted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteEdits {
    /// In which tile.
    pub at: Coord,
    /// Which, and what they are now.
    pub edits: Vec<PixelEdit>,
}

fn coord(x: i32, y: i32) -> Coord {
    Coord { x, y }
}

fn of_snapshot(tile: api::Tile) -> (Coord, Tile) {
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

/// Applies an operation by the shared rules; one that is refused (its tile is
/// gone by now, say) changes nothing.
fn apply(grid: &Grid, cell: &mut Option<Tile>, op: &TileOp, author: &Author, now: Timestamp) {
    let before = cell.take();
    let actor = Actor {
        user_id: author.user_id,
        // The rules of roles were checked when it was dispatched.
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

/// The pixels of a tile that would change if `edits` were painted: what they
/// are now, and what they would be.
pub fn changes(pixels: Option<&Pixels>, edits: &[PixelEdit]) -> (Vec<PixelEdit>, Vec<PixelEdit>) {
    // The last one of a pixel counts.
    let after: BTreeMap<u16, u8> = edits.iter().map(|edit| (edit.0, edit.1)).collect();
    after
        .into_iter()
        .map(|(index, after)| {
            let before = PixelEdit(index, color(pixels, index));
            (before, PixelEdit(index, after))
        })
        .filter(|(before, after)| before != after)
        .unzip()
}

/// The colour of a pixel; transparent where there is no tile.
pub fn color(pixels: Option<&Pixels>, index: u16) -> u8 {
    pixels
        .and_then(|pixels| pixels.as_bytes().get(usize::from(index)).copied())
        .unwrap_or(shared::pixels::TRANSPARENT)
}

#[cfg(test)]
mod tests;
