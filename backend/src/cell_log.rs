//! Reads the tile events of a cell, from its segments and the log, and replays them. Cells
//! whose authors were asked for a short time ago are kept, so that only newer events are
//! read. Knows nothing of HTTP.

use crate::{
    cell_history::{CellHistory, Rules, Step},
    cell_number::cell_number,
    db::{self, DbError, Pool, rewrites},
    low_priority::{self, LowPriorityError},
    past::tiles,
};
use parking_lot::Mutex;
use shared::{
    canvas::Coord,
    ids::{CanvasId, Epoch, RewriteId, UserId},
};
use sqlx::PgExecutor;
use std::{
    any::Any,
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

/// Segments whose events are read at a time. They are replayed before the next ones are read,
/// so that few of them are in memory.
const SEGMENTS: i64 = 16;
/// A cell that takes more memory is not kept.
const MAX_CELL_BYTES: usize = 4 * 1024 * 1024;
/// The memory of all cells that are kept.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// A cell that nobody asks for is kept for so long.
const UNUSED: Duration = Duration::from_mins(1);

/// The cell after the event `until`. See [`fold`] for `permit`.
///
/// # Errors
/// Those of the database.
pub(crate) async fn replay(
    pool: &Pool,
    canvas: CanvasId,
    cell: Coord,
    until: i64,
    tile_size: i32,
    permit: &HeldPermit,
) -> db::Result<CellHistory> {
    let history = CellHistory::new(tile_size);
    let apply = |history: &mut CellHistory, step: &Step, rules: &Rules| history.apply(step, rules);
    fold(pool, canvas, cell, 0..until, history, permit, apply).await
}

/// The permit of a replay, of any kind. Its thread holds it to its end: the request that asked
/// for the replay may be gone before.
pub(crate) type HeldPermit = Arc<dyn Any + Send + Sync>;

/// Has `apply` take in the events after the start of the range up to its end. This may take
/// long, and is done on threads of low priority, which hold `permit` as well.
///
/// # Errors
/// Those of the database.
pub(crate) async fn fold<T: Send + 'static>(
    pool: &Pool,
    canvas: CanvasId,
    cell: Coord,
    range: Range<i64>,
    start: T,
    permit: &HeldPermit,
    apply: impl Fn(&mut T, &Step, &Rules) + Copy + Send + 'static,
) -> db::Result<T> {
    let mut state = (start, Rules::new());
    let mut known = vec![(cell_number(cell), range.start)];
    while !known.is_empty() {
        let next = tiles::steps_after(pool, canvas, &known, range.end, SEGMENTS).await?;
        known = next.unfinished;
        if next.steps.is_empty() {
            continue;
        }
        let steps = next.steps.iter().map(|(_, step)| step);
        add_rules(pool, canvas, steps, &mut state.1).await?;
        let (mut value, rules) = state;
        let permit = permit.clone();
        let replay = move || {
            for (_, step) in &next.steps {
                apply(&mut value, step, &rules);
            }
            drop(permit);
            (value, rules)
        };
        state = low_priority::run("replay", replay).await.map_err(failed)?;
    }
    Ok(state.0)
}

/// The error of a replay that cannot be made.
pub(crate) fn failed(error: LowPriorityError) -> DbError {
    DbError::from(sqlx::Error::Decode(error.into()))
}

/// Reads the rules of the rewrites that these events name, unless they are known.
///
/// # Errors
/// Those of the database.
pub(crate) async fn add_rules<'a>(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    steps: impl Iterator<Item = &'a Step>,
    rules: &mut Rules,
) -> db::Result<()> {
    let causes = steps.filter_map(|step| step.cause);
    let mut unknown: Vec<RewriteId> = causes.map(|cause| cause.rewrite_id).collect();
    unknown.retain(|id| !rules.contains_key(id));
    unknown.sort_unstable();
    unknown.dedup();
    rules.extend(rewrites::rules(executor, canvas, &unknown).await?);
    Ok(())
}

/// Cells that are kept.
#[derive(Debug, Default)]
pub(crate) struct CellCache(Mutex<Vec<Kept>>);

/// A cell of one history of a canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CellKey {
    pub(crate) canvas: CanvasId,
    pub(crate) epoch: Epoch,
    pub(crate) cell: Coord,
    pub(crate) tile_size: i32,
}

#[derive(Debug)]
struct Kept {
    key: CellKey,
    /// The last event of the canvas that is applied.
    seq: i64,
    history: CellHistory,
    bytes: usize,
    used: Instant,
}

impl CellCache {
    /// Whose each pixel is after the canvas's newest event, `head`. See [`fold`] for `permit`.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn authors(
        &self,
        pool: &Pool,
        key: CellKey,
        head: i64,
        permit: &HeldPermit,
    ) -> db::Result<Vec<Option<UserId>>> {
        let (after, history) = self
            .take(key, head)
            .unwrap_or_else(|| (0, CellHistory::new(key.tile_size)));
        let apply = |history: &mut CellHistory, step: &Step, rules: &Rules| {
            history.apply(step, rules);
        };
        let range = after..head;
        let history = fold(pool, key.canvas, key.cell, range, history, permit, apply).await?;
        let authors = history.authors();
        self.keep(key, head, history, Instant::now());
        Ok(authors)
    }

    /// Removes the cell, unless what is kept is newer than the event `head`. Whoever asks
    /// for the same cell meanwhile replays it from the start.
    fn take(&self, key: CellKey, head: i64) -> Option<(i64, CellHistory)> {
        let mut kept = self.0.lock();
        let position = kept.iter().position(|it| it.key == key && it.seq <= head)?;
        let found = kept.swap_remove(position);
        Some((found.seq, found.history))
    }

    fn keep(&self, key: CellKey, seq: i64, history: CellHistory, now: Instant) {
        let bytes = history.bytes();
        if bytes > MAX_CELL_BYTES {
            return;
        }
        let mut kept = self.0.lock();
        kept.retain(|it| it.key != key);
        kept.push(Kept {
            key,
            seq,
            history,
            bytes,
            used: now,
        });
        let mut all: usize = kept.iter().map(|it| it.bytes).sum();
        while all > MAX_BYTES {
            let oldest = (0..kept.len()).min_by_key(|position| kept[*position].used);
            let Some(oldest) = oldest else { break };
            all -= kept.swap_remove(oldest).bytes;
        }
    }

    /// Forgets cells that nobody asked for recently.
    pub(crate) fn evict_idle(&self) {
        self.0.lock().retain(|it| it.used.elapsed() < UNUSED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn key(x: i32, epoch: u128) -> CellKey {
        CellKey {
            canvas: CanvasId(1),
            epoch: Epoch(Uuid::from_u128(epoch)),
            cell: Coord { x, y: 0 },
            tile_size: 64,
        }
    }

    #[test]
    fn a_cell_is_found_by_its_key_up_to_the_head() {
        let cache = CellCache::default();
        let now = Instant::now();
        cache.keep(key(0, 1), 7, CellHistory::new(64), now);
        assert!(cache.take(key(1, 1), 9).is_none());
        assert!(cache.take(key(0, 2), 9).is_none());
        assert!(cache.take(key(0, 1), 6).is_none());
        assert!(cache.take(key(0, 1), 7).is_some_and(|(seq, _)| seq == 7));
        assert!(cache.take(key(0, 1), 7).is_none());
    }

    #[test]
    fn the_memory_is_bounded_and_the_oldest_go_first() {
        let cache = CellCache::default();
        let now = Instant::now();
        let each = CellHistory::new(64).bytes();
        assert!(each < MAX_CELL_BYTES);
        let count = i32::try_from(MAX_BYTES / each).unwrap() + 3;
        for (x, age) in (0..count).zip((0..1_000_u64).rev()) {
            let used = now.checked_sub(Duration::from_millis(age)).unwrap();
            cache.keep(key(x, 1), 1, CellHistory::new(64), used);
        }
        let all: usize = cache.0.lock().iter().map(|kept| kept.bytes).sum();
        assert!(all <= MAX_BYTES);
        assert!(cache.take(key(0, 1), 1).is_none());
        assert!(cache.take(key(count - 1, 1), 1).is_some());
    }
}
