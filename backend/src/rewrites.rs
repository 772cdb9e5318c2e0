//! Runs rewrites: plans what they would change, and has the room of the canvas change a few
//! cells at a time, so that everybody else's requests take their turns. Knows no HTTP.

mod run;

pub(crate) use run::{Job, MAX_SILENCE_MS, run};

use crate::{
    cell_history::{CellHistory, Rule, Rules, Step},
    cell_log::{self, HeldPermit},
    cell_number::{cell_at, cell_number},
    db::{self, DbError, Pool, locks::TileLock},
    low_priority,
    past::tiles::{self, KnownCell},
    realtime::RewrittenCell,
};
use shared::{
    api::rewrites::{Area, RewriteTile},
    canvas::{Coord, EditPolicy, Role},
    ids::{CanvasId, UserId},
    limits::{REWRITE_MARKED_TILES, REWRITTEN_TILES},
    pixels::Pixels,
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Cells that are read, and changed, at once.
const MAX_CELLS: usize = 16;
/// The pixels of cells that are read at once.
const MAX_PIXELS: usize = 16 * 32 * 32;
/// Segments of a cell that are read at once.
const SEGMENTS: i64 = 1;
/// The memory of the histories of cells that are read at once, if it is not one alone.
const MAX_HISTORY_BYTES: usize = 32 << 20;
/// The most bytes of the events of one batch.
const MAX_BYTES: usize = 64 * 1024;
/// Bytes of an event without its pixels.
const EVENT_BYTES: usize = 400;

/// A rewrite that is to be run, and for whom.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) canvas: CanvasId,
    /// In pixels.
    pub(crate) tile_size: i32,
    pub(crate) rule: Rule,
    pub(crate) user: UserId,
    pub(crate) role: Role,
    pub(crate) policy: EditPolicy,
}

/// The changes that a rewrite would make now.
#[derive(Clone, Debug, Default)]
pub(crate) struct RewritePlan {
    /// The cells, as `canvas_events.tile` names them.
    pub(crate) cells: Vec<i32>,
    /// The pixels of the first [`REWRITE_MARKED_TILES`] of them.
    pub(crate) marked: Vec<RewriteTile>,
    pub(crate) pixels: usize,
    /// Those in all cells.
    pub(crate) skipped_pixels: usize,
    /// Those in cells that stay as they are.
    pub(crate) skipped_elsewhere: usize,
    /// Who created the tiles that would change, go or come back.
    pub(crate) creators: HashSet<UserId>,
}

/// Why a rewrite cannot be planned.
#[derive(Debug)]
pub(crate) enum PlanError {
    /// More than [`REWRITTEN_TILES`] cells would change.
    TooLarge,
    Database(DbError),
}

impl From<DbError> for PlanError {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

/// Plans the changes of these cells as they are after the event `head`. See [`cell_log::fold`] for
/// `permit`.
pub(crate) async fn plan(
    pool: &Pool,
    task: &Task,
    cells: &[i32],
    head: i64,
    permit: &HeldPermit,
) -> Result<RewritePlan, PlanError> {
    let mut plan = RewritePlan::default();
    let mut rules = Rules::new();
    let locks = locks(pool, task).await?;
    let mut rest = cells;
    while !rest.is_empty() {
        let cells = &rest[..cells_at_once(task.tile_size).min(rest.len())];
        let read = read_cells(pool, task, cells, head, &mut rules, permit).await?;
        rest = &rest[read.count..];
        for cell in read.cells {
            let change = cell.change;
            let holder = locks.get(&cell.at).map(|lock| lock.user_id);
            plan.skipped_pixels += change.skipped;
            let is_kept = change.is_kept_from(task.policy, task.user, task.role, holder);
            if change.is_nothing() || is_kept {
                plan.skipped_elsewhere += change.skipped;
                if !change.is_nothing() {
                    plan.skipped_pixels += change.pixels();
                    plan.skipped_elsewhere += change.pixels();
                }
                continue;
            }
            let tiles = [&change.before, &change.after].into_iter().flatten();
            plan.creators.extend(tiles.map(|tile| tile.creator));
            plan.pixels += change.pixels();
            if plan.marked.len() < REWRITE_MARKED_TILES {
                plan.marked.push(RewriteTile {
                    x: cell.at.x,
                    y: cell.at.y,
                    marks: Pixels::from_bytes(change.marks()),
                });
            }
            plan.cells.push(cell_number(cell.at));
            if plan.cells.len() > REWRITTEN_TILES {
                return Err(PlanError::TooLarge);
            }
        }
    }
    Ok(plan)
}

async fn locks(pool: &Pool, task: &Task) -> db::Result<HashMap<Coord, TileLock>> {
    if task.policy != EditPolicy::Exclusive || task.role >= Role::Moderator {
        return Ok(HashMap::new());
    }
    let locks = db::locks::held(pool, task.canvas).await?;
    Ok(locks.into_iter().map(|lock| (lock.at, lock)).collect())
}

/// Cells that are read at once.
fn cells_at_once(tile_size: i32) -> usize {
    let pixels = usize::try_from(tile_size).unwrap_or_default().pow(2);
    (MAX_PIXELS / pixels.max(1)).clamp(1, MAX_CELLS)
}

/// Cells that may be changed in one transaction: their events are delivered together.
fn batch_size(tile_size: i32) -> usize {
    let area = usize::try_from(tile_size).unwrap_or_default().pow(2);
    // One tile may go, and another come, in base64.
    let bytes = 2 * (area.div_ceil(3) * 4 + EVENT_BYTES);
    (MAX_BYTES / bytes).clamp(1, MAX_CELLS)
}

/// What [`read_cells`] read.
#[derive(Debug)]
struct ReadCells {
    cells: Vec<RewrittenCell>,
    /// How many of the wanted cells it is about: the first ones.
    count: usize,
}

/// The first of these cells, at least one, as they are after the event `head`, and what the
/// task would change in each. Adds the rules of the rewrites that their events name to `rules`.
/// Cells with long histories are read a few at a time.
async fn read_cells(
    pool: &Pool,
    task: &Task,
    cells: &[i32],
    head: i64,
    rules: &mut Rules,
    permit: &HeldPermit,
) -> db::Result<ReadCells> {
    let mut count = cells.len();
    let mut histories: BTreeMap<i32, CellHistory> = BTreeMap::new();
    let mut known: Vec<KnownCell> = cells.iter().map(|cell| (*cell, 0)).collect();
    while !known.is_empty() {
        let next = tiles::steps_after(pool, task.canvas, &known, head, SEGMENTS).await?;
        known = next.unfinished;
        let found = next.steps.iter().map(|(_, step)| step);
        cell_log::add_rules(pool, task.canvas, found, rules).await?;
        let size = task.tile_size;
        histories = replay(size, histories, next.steps, rules.clone(), permit.clone()).await?;
        let bytes: usize = histories.values().map(CellHistory::bytes).sum();
        if bytes > MAX_HISTORY_BYTES && count > 1 {
            count /= 2;
            let is_left = |cell: &i32| cells[..count].contains(cell);
            histories.retain(|cell, _| is_left(cell));
            known.retain(|(cell, _)| is_left(cell));
        }
    }
    let (rule, permit) = (task.rule.clone(), permit.clone());
    let preview = move || {
        let cells = histories.into_iter().map(|(cell, history)| RewrittenCell {
            at: cell_at(cell),
            change: history.clone().preview(&rule),
            history,
        });
        let cells: Vec<RewrittenCell> = cells.collect();
        drop(permit);
        cells
    };
    let cells = low_priority::run("rewrite", preview).await;
    Ok(ReadCells {
        cells: cells.map_err(cell_log::failed)?,
        count,
    })
}

/// Applies the next events of cells.
async fn replay(
    tile_size: i32,
    mut histories: BTreeMap<i32, CellHistory>,
    steps: Vec<(i32, Step)>,
    rules: Rules,
    permit: HeldPermit,
) -> db::Result<BTreeMap<i32, CellHistory>> {
    let replay = move || {
        for (cell, step) in &steps {
            let history = histories.entry(*cell);
            let history = history.or_insert_with(|| CellHistory::new(tile_size));
            history.apply(step, &rules);
        }
        drop(permit);
        histories
    };
    let replayed = low_priority::run("rewrite", replay).await;
    replayed.map_err(cell_log::failed)
}

/// Whether a cell is in an area.
pub(crate) fn is_in(cell: i32, area: Area) -> bool {
    let Coord { x, y } = cell_at(cell);
    (area.x0..=area.x1).contains(&x) && (area.y0..=area.y1).contains(&y)
}
