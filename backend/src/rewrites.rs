//! Carries out rewrites: looks at what they would change, and has the room of the canvas
//! change a few cells at a time, so that everybody else's requests take their turns. Knows no
//! HTTP.

mod run;

pub(crate) use run::{Job, MAX_SILENCE_MS, run};

use crate::{
    cell_history::{CellHistory, Rule, Rules, Step},
    cell_log,
    db::{self, DbError, Pool, locks::TileLock},
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
use tokio::task::spawn_blocking;

/// Cells that are read, and changed, at once.
const MAX_CELLS: usize = 16;
/// Segments of a cell that are read at once.
const SEGMENTS: i64 = 4;
/// The most bytes of the events of one batch.
const MAX_BYTES: usize = 64 * 1024;
/// Bytes of an event without its pixels.
const EVENT_BYTES: usize = 400;

/// A rewrite that is to be carried out, and for whom.
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

/// What a rewrite would change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Survey {
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

/// Why there is no survey.
#[derive(Debug)]
pub(crate) enum SurveyError {
    /// More than [`REWRITTEN_TILES`] cells would change.
    TooLarge,
    Database(DbError),
}

impl From<DbError> for SurveyError {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

/// Looks at these cells as they are after the event `head`.
pub(crate) async fn survey(
    pool: &Pool,
    task: &Task,
    cells: &[i32],
    head: i64,
) -> Result<Survey, SurveyError> {
    let mut survey = Survey::default();
    let mut rules = Rules::new();
    let locks = locks(pool, task).await?;
    for cells in cells.chunks(MAX_CELLS) {
        for cell in read_cells(pool, task, cells, head, &mut rules).await? {
            let change = cell.change;
            let holder = locks.get(&cell.at).map(|lock| lock.user_id);
            survey.skipped_pixels += change.skipped;
            let is_kept = change.is_kept_from(task.policy, task.user, task.role, holder);
            if change.is_nothing() || is_kept {
                survey.skipped_elsewhere += change.skipped;
                if !change.is_nothing() {
                    survey.skipped_pixels += change.pixels();
                    survey.skipped_elsewhere += change.pixels();
                }
                continue;
            }
            let tiles = [&change.before, &change.after].into_iter().flatten();
            survey.creators.extend(tiles.map(|tile| tile.creator));
            survey.pixels += change.pixels();
            if survey.marked.len() < REWRITE_MARKED_TILES {
                survey.marked.push(RewriteTile {
                    x: cell.at.x,
                    y: cell.at.y,
                    marks: Pixels::from_bytes(change.marks()),
                });
            }
            survey.cells.push(tiles::number(cell.at));
            if survey.cells.len() > REWRITTEN_TILES {
                return Err(SurveyError::TooLarge);
            }
        }
    }
    Ok(survey)
}

async fn locks(pool: &Pool, task: &Task) -> db::Result<HashMap<Coord, TileLock>> {
    if task.policy != EditPolicy::Exclusive || task.role >= Role::Moderator {
        return Ok(HashMap::new());
    }
    let locks = db::locks::held(pool, task.canvas).await?;
    Ok(locks.into_iter().map(|lock| (lock.at, lock)).collect())
}

/// Cells that may be changed in one transaction: their events are delivered together.
fn batch_size(tile_size: i32) -> usize {
    let area = usize::try_from(tile_size).unwrap_or_default().pow(2);
    // One tile may go, and another come, in base64.
    let bytes = 2 * (area.div_ceil(3) * 4 + EVENT_BYTES);
    (MAX_BYTES / bytes).clamp(1, MAX_CELLS)
}

/// The cells as they are after the event `head`, and what the task would change in each. Adds
/// the rules of the rewrites that their events name to `rules`.
async fn read_cells(
    pool: &Pool,
    task: &Task,
    cells: &[i32],
    head: i64,
    rules: &mut Rules,
) -> db::Result<Vec<RewrittenCell>> {
    let mut steps: BTreeMap<i32, Vec<Step>> = BTreeMap::new();
    let mut known: Vec<KnownCell> = cells.iter().map(|cell| (*cell, 0)).collect();
    while !known.is_empty() {
        let next = tiles::steps_after(pool, task.canvas, &known, head, SEGMENTS).await?;
        let found = next.steps.iter().map(|(_, step)| step);
        cell_log::add_rules(pool, task.canvas, found, rules).await?;
        for (cell, step) in next.steps {
            steps.entry(cell).or_default().push(step);
        }
        known = next.unfinished;
    }
    let (rules, rule, tile_size) = (rules.clone(), task.rule.clone(), task.tile_size);
    let replay = move || {
        let cells = steps.iter().map(|(cell, steps)| {
            let history = CellHistory::replay(tile_size, steps, &rules);
            RewrittenCell {
                at: tiles::coord(*cell),
                change: history.clone().preview(&rule),
                history,
            }
        });
        cells.collect()
    };
    spawn_blocking(replay).await.map_err(broken)
}

/// The error of a computation that panicked or was cancelled.
fn broken(error: tokio::task::JoinError) -> DbError {
    DbError::from(sqlx::Error::Decode(error.into()))
}

/// Whether a cell is in an area.
pub(crate) fn is_in(cell: i32, area: Area) -> bool {
    let Coord { x, y } = tiles::coord(cell);
    (area.x0..=area.x1).contains(&x) && (area.y0..=area.y1).contains(&y)
}
