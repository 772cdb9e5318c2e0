//! The evidence of cells: what is seen in them, and who changed whose pixels.

use super::{
    CaseEvidence,
    stored::{StoredEvidence, StoredOverpainted, StoredTile},
};
use crate::{
    cell_history::{CellHistory, Rules, Step},
    cell_log::{self, HeldPermit},
    db::{self, Pool},
};
use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    api::Canvas,
    canvas::Coord,
    ids::UserId,
    pixels::{Pixels, TRANSPARENT},
    time::Timestamp,
};
use std::collections::{BTreeSet, HashMap};

/// How far back it is told who changed whose pixels.
const OVERPAINTED: TimeDelta = TimeDelta::hours(24);
/// Pairs of people of whom it is told how many pixels of whom they changed; those of the most.
const MAX_PAIRS: usize = 500;
/// Pairs that are counted; pixels of others are left out.
const MAX_COUNTED_PAIRS: usize = 4_000;
/// Authors of one tile that are told apart.
const MAX_AUTHORS: usize = 254;
/// The index of a pixel that is nobody's.
const NOBODY: u8 = 255;
/// The index of a pixel of an author beyond [`MAX_AUTHORS`].
const SOMEBODY: u8 = 254;

/// The evidence of these cells. See [`cell_log::fold`] for `permit`.
pub(super) async fn of_cells(
    reads: &Pool,
    canvas: &Canvas,
    cells: &[Coord],
    now: DateTime<Utc>,
    permit: &HeldPermit,
) -> db::Result<CaseEvidence> {
    let mut overpainted = OverpaintedPixels::since(now - OVERPAINTED);
    let mut tiles = Vec::new();
    let mut painters = BTreeSet::new();
    let mut creators = BTreeSet::new();
    for at in cells {
        let cell;
        (cell, overpainted) = replay(reads, canvas, *at, overpainted, permit).await?;
        let tile = frozen(&cell, canvas.tile_size, *at);
        creators.extend(cell.tile().map(|tile| tile.creator));
        painters.extend(visible_authors(&tile));
        tiles.push(tile);
    }
    // Who started a tile in which nobody has painted can only be reported for its title.
    let reported = if painters.is_empty() {
        creators
    } else {
        painters
    };
    Ok(CaseEvidence {
        evidence: StoredEvidence {
            seq: Some(canvas.last_seq),
            tiles: Some(tiles),
            overpainted: Some(overpainted.into_list()),
            palette: Some(canvas.palette.clone()),
            ..StoredEvidence::default()
        },
        reported: reported.into_iter().collect(),
    })
}

/// Replays the events of one cell up to the canvas's `last_seq`.
async fn replay(
    reads: &Pool,
    canvas: &Canvas,
    at: Coord,
    overpainted: OverpaintedPixels,
    permit: &HeldPermit,
) -> db::Result<(CellHistory, OverpaintedPixels)> {
    type Replayed = (CellHistory, OverpaintedPixels);
    let start = (CellHistory::new(canvas.tile_size), overpainted);
    let apply = move |(cell, overpainted): &mut Replayed, step: &Step, rules: &Rules| {
        cell.apply_watched(step, rules, |pixel, of, by| {
            overpainted.note(at, pixel, of, by, step.at);
        });
    };
    let range = 0..canvas.last_seq;
    cell_log::fold(reads, canvas.id, at, range, start, permit, apply).await
}

/// A cell as it is kept.
fn frozen(cell: &CellHistory, tile_size: i32, at: Coord) -> StoredTile {
    let mut authors: Vec<UserId> = Vec::new();
    let mut indices: HashMap<UserId, u8> = HashMap::new();
    let of_pixel = |author: Option<UserId>| {
        let Some(author) = author else {
            return NOBODY;
        };
        *indices
            .entry(author)
            .or_insert_with(|| match u8::try_from(authors.len()) {
                Ok(index) if authors.len() < MAX_AUTHORS => {
                    authors.push(author);
                    index
                }
                Ok(_) | Err(_) => SOMEBODY,
            })
    };
    let author_pixels = cell.authors().into_iter().map(of_pixel).collect();
    let tile = cell.tile();
    StoredTile {
        x: at.x,
        y: at.y,
        pixels: tile.map_or_else(|| Pixels::blank(tile_size), |tile| tile.pixels),
        authors,
        author_pixels: Pixels::from_bytes(author_pixels),
    }
}

/// Whose pixels can be seen.
fn visible_authors(tile: &StoredTile) -> BTreeSet<UserId> {
    let pixels = tile.pixels.as_bytes().iter();
    let pixels = pixels.zip(tile.author_pixels.as_bytes());
    let visible = pixels.filter(|(colour, _)| **colour != TRANSPARENT);
    let indices: BTreeSet<u8> = visible.map(|(_, index)| *index).collect();
    let authors = indices.into_iter();
    authors
        .filter_map(|index| tile.authors.get(usize::from(index)).copied())
        .collect()
}

/// Who changed whose pixels.
struct OverpaintedPixels {
    since: DateTime<Utc>,
    /// By who changed them and whose they were.
    pairs: HashMap<(UserId, UserId), Pair>,
}

#[derive(Default)]
struct Pair {
    /// Of each cell which pixels were changed, a bit each: each counts once, however often it
    /// was changed.
    cells: HashMap<Coord, Vec<u64>>,
    last_at: Option<Timestamp>,
}

impl Pair {
    fn note(&mut self, at: Coord, pixel: usize) {
        let words = self.cells.entry(at).or_default();
        let (word, bit) = (pixel / 64, pixel % 64);
        if words.len() <= word {
            words.resize(word + 1, 0);
        }
        if let Some(word) = words.get_mut(word) {
            *word |= 1 << bit;
        }
    }

    fn pixels(&self) -> i64 {
        let words = self.cells.values().flatten();
        words.map(|word| i64::from(word.count_ones())).sum()
    }
}

impl OverpaintedPixels {
    fn since(since: DateTime<Utc>) -> Self {
        Self {
            since,
            pairs: HashMap::new(),
        }
    }

    /// Notes that `by` changed a pixel of `of`.
    fn note(&mut self, at: Coord, pixel: usize, of: UserId, by: UserId, time: Timestamp) {
        if DateTime::from(time) < self.since {
            return;
        }
        if self.pairs.len() >= MAX_COUNTED_PAIRS && !self.pairs.contains_key(&(by, of)) {
            return;
        }
        let pair = self.pairs.entry((by, of)).or_default();
        pair.note(at, pixel);
        pair.last_at = pair.last_at.max(Some(time));
    }

    /// Those who changed most first.
    fn into_list(self) -> Vec<StoredOverpainted> {
        let pairs = self.pairs.into_iter();
        let mut list: Vec<StoredOverpainted> = pairs
            .filter_map(|((by, of), pair)| {
                Some(StoredOverpainted {
                    by,
                    of,
                    pixels: pair.pixels(),
                    last_at: pair.last_at?,
                })
            })
            .collect();
        list.sort_by_key(|pair| (-pair.pixels, pair.by, pair.of));
        list.truncate(MAX_PAIRS);
        list
    }
}
