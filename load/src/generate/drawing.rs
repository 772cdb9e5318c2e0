//! Simulates people who draw on a board, and the tiles that result.

use rand::{RngExt, rngs::SmallRng, seq::IteratorRandom};
use shared::{
    canvas::Coord,
    ids::{TileId, UserId},
    pixels::{DEFAULT_PALETTE, PixelEdit, Pixels, TRANSPARENT},
};
use std::collections::{BTreeMap, BTreeSet};

/// Pixels of a tile's side.
pub(super) const SIZE: i32 = 32;
/// Pixels of a stroke at most.
const MAX_STROKE: usize = 24;
/// After so many strokes, about, a person goes on in a tile beside.
const UNTIL_MOVE: u32 = 30;
/// The id of the first tile; the others follow.
const FIRST_TILE: i64 = 1_000_000;

/// A tile as it is now.
pub(super) struct Tile {
    pub(super) id: TileId,
    pub(super) creator: UserId,
    pub(super) title: String,
    pub(super) pixels: Pixels,
    pub(super) version: i64,
    pub(super) likes: BTreeSet<UserId>,
    /// Times, in milliseconds since 1970.
    pub(super) created: i64,
    pub(super) updated: i64,
}

/// An act on a tile.
pub(super) enum TileAction {
    Created(Vec<u8>),
    Painted(Vec<PixelEdit>),
    Titled(String),
    Liked(bool),
    Deleted,
}

/// An event of a tile: the act, and the tile's numbers after it.
pub(super) struct Change {
    pub(super) actor: UserId,
    pub(super) at: Coord,
    pub(super) tile: TileId,
    pub(super) creator: UserId,
    pub(super) version: i64,
    pub(super) likes: i64,
    pub(super) action: TileAction,
}

/// Somebody who draws.
struct Painter {
    user: UserId,
    at: Coord,
    /// Where the next stroke begins.
    pen: (i32, i32),
    colour: u8,
}

pub(super) struct Board {
    side: i32,
    painters: Vec<Painter>,
    tiles: BTreeMap<(i32, i32), Tile>,
    next_tile: i64,
}

impl Board {
    /// An empty board, with each painter at another cell.
    pub(super) fn new(side: i32, people: &[UserId]) -> Self {
        let painter = |(number, user): (i32, &UserId)| Painter {
            user: *user,
            at: Coord {
                x: number * 7 % side,
                y: number * 11 / 3 % side,
            },
            pen: (SIZE / 2, SIZE / 2),
            colour: 0,
        };
        Self {
            side,
            painters: (0..).zip(people).map(painter).collect(),
            tiles: BTreeMap::new(),
            next_tile: FIRST_TILE,
        }
    }

    /// The tiles that there are.
    pub(super) fn tiles(&self) -> impl Iterator<Item = (Coord, &Tile)> {
        let tiles = self.tiles.iter();
        tiles.map(|((x, y), tile)| (Coord { x: *x, y: *y }, tile))
    }

    pub(super) fn random_user(&self, random: &mut SmallRng) -> UserId {
        self.painters[random.random_range(0..self.painters.len())].user
    }

    /// Somebody draws a line of one colour that goes this way and that.
    pub(super) fn stroke(&mut self, random: &mut SmallRng, millis: i64) -> Change {
        let position = random.random_range(0..self.painters.len());
        let painter = &mut self.painters[position];
        if random.random_ratio(1, UNTIL_MOVE) {
            painter.wander(random, self.side);
        }
        if random.random_ratio(1, 6) {
            painter.colour = random.random_range(0..DEFAULT_PALETTE.len()).to_le_bytes()[0];
        }
        let key = (painter.at.x, painter.at.y);
        let blank = Pixels::blank(SIZE);
        let mut delta = Vec::new();
        while delta.is_empty() {
            let tile = self.tiles.get(&key);
            let pixels = tile.map_or(&blank, |tile| &tile.pixels).as_bytes();
            delta = painter.line(random, pixels);
        }
        let actor = painter.user;
        let set = |pixels: &mut Vec<u8>| {
            for PixelEdit(index, colour) in &delta {
                pixels[usize::from(*index)] = *colour;
            }
        };
        if let Some(tile) = self.tiles.get_mut(&key) {
            let mut pixels = std::mem::take(&mut tile.pixels).into_bytes();
            set(&mut pixels);
            tile.pixels = Pixels::from_bytes(pixels);
            tile.version += 1;
            tile.updated = millis;
            return tile.change(key, actor, TileAction::Painted(delta));
        }
        let mut pixels = blank.into_bytes();
        set(&mut pixels);
        let tile = Tile {
            id: TileId(self.next_tile),
            creator: actor,
            title: String::new(),
            pixels: Pixels::from_bytes(pixels.clone()),
            version: 1,
            likes: BTreeSet::new(),
            created: millis,
            updated: millis,
        };
        self.next_tile += 1;
        let change = tile.change(key, actor, TileAction::Created(pixels));
        self.tiles.insert(key, tile);
        change
    }

    /// Somebody likes a tile, or does not any more; none if there is no tile.
    pub(super) fn like(&mut self, random: &mut SmallRng) -> Option<Change> {
        let actor = self.random_user(random);
        let (key, tile) = self.tiles.iter_mut().choose(random)?;
        let liked = tile.likes.insert(actor);
        if !liked {
            tile.likes.remove(&actor);
        }
        Some(tile.change(*key, actor, TileAction::Liked(liked)))
    }

    /// Somebody gives a tile a title; none if there is no tile.
    pub(super) fn entitle(&mut self, random: &mut SmallRng, millis: i64) -> Option<Change> {
        let actor = self.random_user(random);
        let (key, tile) = self.tiles.iter_mut().choose(random)?;
        tile.title = format!("Tile {}", random.random_range(0..100_000));
        tile.version += 1;
        tile.updated = millis;
        let title = tile.title.clone();
        Some(tile.change(*key, actor, TileAction::Titled(title)))
    }

    /// Somebody deletes their tile; none if there is no tile.
    pub(super) fn delete(&mut self, random: &mut SmallRng) -> Option<Change> {
        let key = *self.tiles.keys().choose(random)?;
        let tile = self.tiles.remove(&key)?;
        Some(tile.change(key, tile.creator, TileAction::Deleted))
    }
}

impl Tile {
    fn change(&self, (x, y): (i32, i32), actor: UserId, action: TileAction) -> Change {
        Change {
            actor,
            at: Coord { x, y },
            tile: self.id,
            creator: self.creator,
            version: self.version,
            likes: i64::try_from(self.likes.len()).unwrap_or(i64::MAX),
            action,
        }
    }
}

impl Painter {
    /// Goes to a tile beside, or anywhere.
    fn wander(&mut self, random: &mut SmallRng, side: i32) {
        let mut to = |from: i32| (from + random.random_range(-1..=1)).rem_euclid(side);
        self.at = Coord {
            x: to(self.at.x),
            y: to(self.at.y),
        };
        if random.random_ratio(1, 20) {
            self.at = Coord {
                x: random.random_range(0..side),
                y: random.random_range(0..side),
            };
        }
    }

    /// The pixels that a line changes.
    fn line(&mut self, random: &mut SmallRng, pixels: &[u8]) -> Vec<PixelEdit> {
        let colour = if random.random_ratio(1, 40) {
            TRANSPARENT
        } else {
            self.colour
        };
        let step = |random: &mut SmallRng, from: i32| {
            (from + random.random_range(-1..=1)).clamp(0, SIZE - 1)
        };
        let mut line: Vec<PixelEdit> = Vec::new();
        for _ in 0..MAX_STROKE {
            self.pen = (step(random, self.pen.0), step(random, self.pen.1));
            let (x, y) = self.pen;
            let index = u16::try_from(y * SIZE + x).unwrap_or_default();
            let is_new = line.iter().all(|edit| edit.0 != index);
            if is_new && pixels[usize::from(index)] != colour {
                line.push(PixelEdit(index, colour));
            }
        }
        if line.is_empty() {
            // The whole line has the colour.
            self.pen = (random.random_range(0..SIZE), random.random_range(0..SIZE));
            self.colour = random.random_range(0..DEFAULT_PALETTE.len()).to_le_bytes()[0];
        }
        line
    }
}
