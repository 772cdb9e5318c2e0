//! Reads cells as they were after an event, and what happened in them since: from their
//! segments, and the events of the log behind these. Every statement is small, and sees the
//! segments and the log as of one moment; what it reads does not change later.

use super::{
    segment::{InvalidSegment, Reader},
    tile::{self, CellTile, PastTile},
};
use crate::{
    cell_history::Step,
    cell_number::cell_number,
    db::{
        self, DbError, Pool,
        tile_keyframes::{self, Content, Part, events_at_once},
    },
};
use shared::{
    canvas::Coord,
    ids::{CanvasId, TileId},
    time::Timestamp,
};
use sqlx::PgExecutor;
use std::collections::{BTreeMap, HashMap};
use tokio::task::spawn_blocking;

/// Cells that are read by one statement.
const CELLS: usize = 32;

/// A cell, as `canvas_events.tile` names it, and the `seq` up to which it is known.
pub(crate) type KnownCell = (i32, i64);

/// What is in these cells after the event `until`: those without a tile are left out.
///
/// # Errors
/// Those of the database.
pub(crate) async fn state(
    pool: &Pool,
    canvas: CanvasId,
    cells: &[Coord],
    until: i64,
) -> db::Result<Vec<PastTile>> {
    let mut tiles = Vec::new();
    for cells in cells.chunks(CELLS) {
        let numbers: Vec<i32> = cells.iter().copied().map(cell_number).collect();
        let parts = tile_keyframes::newest(pool, canvas, &numbers, until).await?;
        let most = events_at_once(numbers.len());
        let (mut found, mut unfinished) = blocking(move || newest(parts, until, most)).await?;
        while !unfinished.is_empty() {
            let next = steps_after(pool, canvas, &unfinished, until, 1).await?;
            for (cell, step) in &next.steps {
                tile::apply(found.entry(*cell).or_default(), step);
            }
            unfinished = next.unfinished;
        }
        for cell in cells {
            if let Some(tile) = found.remove(&cell_number(*cell)).flatten() {
                tiles.push((*cell, tile));
            }
        }
    }
    dated(pool, tiles).await
}

/// The tiles with the times at which they were started.
async fn dated(pool: &Pool, tiles: Vec<(Coord, CellTile)>) -> db::Result<Vec<PastTile>> {
    let undated = tiles.iter().filter(|(_, tile)| tile.created_at.is_none());
    let undated: Vec<TileId> = undated.map(|(_, tile)| tile.id).collect();
    let times: HashMap<TileId, Timestamp> = if undated.is_empty() {
        HashMap::new()
    } else {
        let times = tile_keyframes::creation_times(pool, &undated).await?;
        times.into_iter().map(|(id, at)| (id, at.into())).collect()
    };
    let tiles = tiles.into_iter().map(|(at, tile)| {
        let started = tile.created_at.or_else(|| times.get(&tile.id).copied());
        PastTile {
            at,
            id: tile.id,
            creator: tile.creator,
            title: tile.title,
            pixels: tile.pixels,
            version: tile.version,
            like_count: tile.like_count,
            // The row of a tile that came back is there, unless the canvas is being deleted.
            created_at: started.unwrap_or(tile.updated_at),
            updated_at: tile.updated_at,
        }
    });
    Ok(tiles.collect())
}

/// What was found of some cells.
pub(super) type Found = BTreeMap<i32, Option<CellTile>>;

/// Replays what [`tile_keyframes::newest`] read, of each cell `most_events` of the log at most;
/// with the cells that may have more.
pub(super) fn newest(
    parts: Vec<Part>,
    until: i64,
    most_events: i64,
) -> Result<(Found, Vec<KnownCell>), InvalidSegment> {
    let mut found = Found::new();
    let mut counts: BTreeMap<i32, (i64, i64)> = BTreeMap::new();
    for part in parts {
        let cell = found.entry(part.tile).or_default();
        match part.content {
            Content::Segment(stored) => {
                let mut reader = Reader::open(&stored)?;
                *cell = reader.tile.take();
                while let Some(step) = reader.next_step()? {
                    if step.seq > until {
                        break;
                    }
                    tile::apply(cell, &step);
                }
            }
            Content::Event(body) => {
                if let Some(step) = Step::parse(&body) {
                    tile::apply(cell, &step);
                }
                let (count, last) = counts.entry(part.tile).or_default();
                *count += 1;
                *last = part.last_seq;
            }
        }
    }
    let cut = counts
        .into_iter()
        .filter(|(_, (count, _))| *count >= most_events);
    let unfinished = cut.map(|(cell, (_, last))| (cell, last)).collect();
    Ok((found, unfinished))
}

/// The next events of some cells.
#[derive(Debug, Default)]
pub(crate) struct NextSteps {
    /// The cell of each, and the event; by cell, in the order of `seq`.
    pub(crate) steps: Vec<(i32, Step)>,
    /// The cells that may have more events, and up to where they are known now.
    pub(crate) unfinished: Vec<KnownCell>,
}

/// The next events of cells up to the event `until`: of each those of at most `segments`
/// segments, or some of the log.
///
/// # Errors
/// Those of the database.
pub(crate) async fn steps_after(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    cells: &[KnownCell],
    until: i64,
    segments: i64,
) -> db::Result<NextSteps> {
    let parts = tile_keyframes::next(executor, canvas, cells, until, segments).await?;
    let known: HashMap<i32, i64> = cells.iter().copied().collect();
    let most = events_at_once(cells.len());
    blocking(move || next(parts, &known, until, segments, most)).await
}

/// Replays what [`tile_keyframes::next`] read.
pub(super) fn next(
    parts: Vec<Part>,
    known: &HashMap<i32, i64>,
    until: i64,
    most_segments: i64,
    most_events: i64,
) -> Result<NextSteps, InvalidSegment> {
    #[derive(Default)]
    struct Seen {
        segments: i64,
        events: i64,
        last: i64,
    }
    let mut next = NextSteps::default();
    let mut seen: BTreeMap<i32, Seen> = BTreeMap::new();
    for part in parts {
        let after = known.get(&part.tile).copied().unwrap_or_default();
        let seen = seen.entry(part.tile).or_default();
        match part.content {
            Content::Segment(stored) => {
                let mut reader = Reader::open(&stored)?;
                while let Some(step) = reader.next_step()? {
                    if step.seq > until {
                        break;
                    }
                    if step.seq > after {
                        next.steps.push((part.tile, step));
                    }
                }
                seen.segments += 1;
            }
            // There may be segments before it that were not read.
            Content::Event(_) if seen.segments == most_segments => continue,
            Content::Event(body) => {
                let step = Step::parse(&body);
                next.steps.extend(step.map(|step| (part.tile, step)));
                seen.events += 1;
            }
        }
        seen.last = part.last_seq;
    }
    let unfinished = seen.into_iter().filter(|(_, seen)| {
        let is_cut = seen.segments == most_segments || seen.events == most_events;
        is_cut && seen.last < until
    });
    next.unfinished = unfinished.map(|(cell, seen)| (cell, seen.last)).collect();
    Ok(next)
}

/// The result of a computation on another thread.
pub(super) async fn blocking<T: Send + 'static>(
    compute: impl FnOnce() -> Result<T, InvalidSegment> + Send + 'static,
) -> db::Result<T> {
    let result = spawn_blocking(compute).await.map_err(broken)?;
    result.map_err(broken)
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> DbError {
    DbError::from(sqlx::Error::Decode(Box::new(error)))
}
