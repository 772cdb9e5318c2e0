//! Makes the segments of cells in the background: of cells with many new events, and of all
//! cells up to an event before which events leave the log. The canvas's own lock is not taken,
//! only one on `tile_keyframe_progress`, so that nodes do not do the same.

use super::{
    read::{self, KnownCell},
    segment::{InvalidSegment, Segment},
};
use crate::{
    cell_history::Step as TileStep,
    cell_number::cell_number,
    db::{
        self, Lease, Pool,
        tile_keyframes::{self, Progress, StoredSegment},
    },
    past::{Step, log::Log},
};
use metrics::{counter, gauge};
use shared::{ids::CanvasId, pixels::PixelEdit};
use std::{collections::BTreeMap, mem};

/// A cell gets a segment, or its segment grows, when it has so many new events.
const PENDING: i64 = 32;
/// Events of a canvas in which cells with new events are looked for at a time.
const SCAN: i64 = 10_000;
/// Fewer new events are not looked at.
const MIN_SCAN: i64 = 1_000;
/// With more new events all cells get segments, which is less work.
const MAX_UNCOVERED: i64 = 50_000;
/// Events that are read at a time.
const EVENTS_AT_ONCE: i64 = 1_000;
/// The memory of the events that are put into segments at a time, in bytes.
const MAX_WEIGHT: usize = 32 * 1024 * 1024;
/// The memory of an event without its pixels and title, in bytes.
const EVENT_WEIGHT: usize = size_of::<TileStep>();
/// Cells whose segments are written by one transaction.
const CELLS: usize = 128;
/// Cells whose events are read by one statement.
const CELLS_READ: usize = 32;

/// The tile events of cells, in the order of `seq`.
type Steps = BTreeMap<i32, Vec<TileStep>>;

/// Makes the segments of all cells of the canvas complete up to the event `until`. Where they
/// are not, it goes on up to `ahead`, since many events at once are less work.
///
/// # Errors
/// Those of the database.
pub(crate) async fn cover(
    pool: &Pool,
    log: &Log,
    canvas: CanvasId,
    until: i64,
    ahead: i64,
) -> db::Result<()> {
    let progress = tile_keyframes::progress(pool, canvas).await?;
    if progress.covered_seq < until {
        let until = ahead.max(until);
        while cover_some(pool, log, canvas, until).await? == Step::Done {}
    }
    Ok(())
}

/// Does some work on a canvas with many events that no segment has.
///
/// # Errors
/// Those of the database.
pub(crate) async fn step(pool: &Pool, log: &Log) -> db::Result<Step> {
    let backlog = tile_keyframes::largest_backlog(pool, MIN_SCAN).await?;
    let missing = backlog.map_or(0, |backlog| backlog.missing);
    let missing = u32::try_from(missing).unwrap_or(u32::MAX);
    gauge!("stellar_tile_keyframes_missing_events").set(missing);
    let Some(backlog) = backlog else {
        return Ok(Step::Idle);
    };
    let Progress {
        covered_seq: covered,
        scanned_seq: scanned,
    } = backlog.progress;
    if covered < backlog.archived_seq {
        // The segments were deleted, such as by a migration.
        return cover_some(pool, log, backlog.canvas, backlog.archived_seq).await;
    }
    let missing = backlog.last_seq - scanned;
    // What was looked through since the last time has to be read again for it.
    if missing > MAX_UNCOVERED && scanned - covered < missing {
        return cover_some(pool, log, backlog.canvas, backlog.last_seq - SCAN).await;
    }
    scan(pool, backlog.canvas, scanned, backlog.last_seq).await
}

/// Puts the next events up to `until` into segments, as many as fit into memory.
async fn cover_some(pool: &Pool, log: &Log, canvas: CanvasId, until: i64) -> db::Result<Step> {
    let before = tile_keyframes::progress(pool, canvas).await?;
    if before.covered_seq >= until {
        return Ok(Step::Idle);
    }
    if until - before.covered_seq > SCAN && before.scanned_seq >= until {
        return cover_rest(pool, canvas, until).await;
    }
    // What happened does not change, so it is read without a lock.
    let (steps, covered_seq) = read_some(pool, log, canvas, before.covered_seq, until).await?;
    let mut steps = steps.into_iter();
    loop {
        let some: Steps = steps.by_ref().take(CELLS).collect();
        let mut lease = pool.begin().await?;
        let Some(now) = tile_keyframes::lock(&mut lease, canvas, true).await? else {
            lease.commit().await?;
            return Ok(Step::Idle);
        };
        if now.covered_seq != before.covered_seq {
            // Another node does the same.
            lease.commit().await?;
            return Ok(Step::Done);
        }
        if some.is_empty() {
            let scanned_seq = now.scanned_seq.max(covered_seq);
            let progress = Progress {
                covered_seq,
                scanned_seq,
            };
            tile_keyframes::save_progress(&mut lease, canvas, progress).await?;
            lease.commit().await?;
            return Ok(Step::Done);
        }
        extend(&mut lease, canvas, some).await?;
        lease.commit().await?;
    }
}

/// The same up to `until` at once, where [`scan`] has left few events of each cell.
async fn cover_rest(pool: &Pool, canvas: CanvasId, until: i64) -> db::Result<Step> {
    let limit = i64::try_from(CELLS_READ).unwrap_or(i64::MAX);
    let mut from = 0;
    loop {
        let cells = tile_keyframes::cells_used(pool, canvas, from, i32::MAX, limit).await?;
        let Some(last) = cells.last() else { break };
        from = last.saturating_add(1);
        let known = tile_keyframes::ends(pool, canvas, &cells).await?;
        if !extend_cells(pool, canvas, known, until, true).await? {
            return Ok(Step::Idle);
        }
    }
    let mut lease = pool.begin().await?;
    if let Some(now) = tile_keyframes::lock(&mut lease, canvas, true).await? {
        let progress = Progress {
            covered_seq: now.covered_seq.max(until),
            ..now
        };
        tile_keyframes::save_progress(&mut lease, canvas, progress).await?;
    }
    lease.commit().await?;
    Ok(Step::Done)
}

/// Puts the events of cells from where their segments end up to `until` into segments. False if
/// the canvas is gone, or another node makes segments of it and `waits` is false.
async fn extend_cells(
    pool: &Pool,
    canvas: CanvasId,
    mut known: Vec<KnownCell>,
    until: i64,
    waits: bool,
) -> db::Result<bool> {
    while !known.is_empty() {
        let next = read::steps_after(pool, canvas, &known, until, 1).await?;
        known = next.unfinished;
        let mut steps = Steps::new();
        for (cell, step) in next.steps {
            steps.entry(cell).or_default().push(step);
        }
        if steps.is_empty() {
            continue;
        }
        let mut lease = pool.begin().await?;
        let locked = tile_keyframes::lock(&mut lease, canvas, waits).await?;
        if locked.is_some() {
            extend(&mut lease, canvas, steps).await?;
        }
        lease.commit().await?;
        if locked.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The tile events after `after`, and the last event up to which they are complete.
async fn read_some(
    pool: &Pool,
    log: &Log,
    canvas: CanvasId,
    mut after: i64,
    until: i64,
) -> db::Result<(Steps, i64)> {
    let mut steps = Steps::new();
    let mut weight = 0;
    while after < until && weight < MAX_WEIGHT {
        let events = log
            .range(pool, canvas, after..until, EVENTS_AT_ONCE)
            .await?;
        let last = events.last().map(|(seq, _)| *seq);
        let is_cut = i64::try_from(events.len()).is_ok_and(|count| count == EVENTS_AT_ONCE);
        let mut all = mem::take(&mut steps);
        let parse = move || {
            let mut added = 0;
            for (_, body) in &events {
                if let Some((at, step)) = TileStep::parse_with_cell(body) {
                    added += weigh(&step);
                    all.entry(cell_number(at)).or_default().push(step);
                }
            }
            Ok((all, added))
        };
        let (all, added) = read::blocking(parse).await?;
        steps = all;
        weight += added;
        after = last.filter(|_| is_cut).unwrap_or(until);
    }
    Ok((steps, after))
}

/// About how much memory an event takes, in bytes.
fn weigh(step: &TileStep) -> usize {
    use crate::cell_history::StepAction::{Created, Deleted, Liked, Updated};
    EVENT_WEIGHT
        + match &step.action {
            Created { title, pixels, .. } => title.len() + pixels.as_bytes().len(),
            Updated {
                title,
                delta,
                pixels,
                ..
            } => {
                title.as_ref().map_or(0, String::len)
                    + size_of::<PixelEdit>() * delta.len()
                    + pixels.as_ref().map_or(0, |pixels| pixels.as_bytes().len())
            }
            Liked { .. } | Deleted { .. } => 0,
        }
}

/// Looks for cells with many new events among the next ones up to `head`, and puts these into
/// segments. Does nothing while another node does it.
async fn scan(pool: &Pool, canvas: CanvasId, from: i64, head: i64) -> db::Result<Step> {
    let until = head.min(from + SCAN);
    let busy = tile_keyframes::busy_cells(pool, canvas, from, until, PENDING).await?;
    for cells in busy.chunks(CELLS_READ) {
        if !extend_cells(pool, canvas, cells.to_vec(), until, false).await? {
            return Ok(Step::Idle);
        }
    }
    let mut lease = pool.begin().await?;
    if let Some(now) = tile_keyframes::lock(&mut lease, canvas, true).await? {
        let progress = Progress {
            scanned_seq: now.scanned_seq.max(until),
            ..now
        };
        tile_keyframes::save_progress(&mut lease, canvas, progress).await?;
    }
    lease.commit().await?;
    Ok(Step::Done)
}

/// Appends the next events of cells to their segments. Those that they have already are passed
/// over.
async fn extend(lease: &mut Lease, canvas: CanvasId, steps: Steps) -> db::Result<()> {
    let cells: Vec<i32> = steps.keys().copied().collect();
    let last = tile_keyframes::last_segments(&mut *lease, canvas, &cells).await?;
    let segments = read::blocking(move || appended(last, &steps)).await?;
    tile_keyframes::save(&mut *lease, canvas, &segments).await?;
    counter!("stellar_tile_keyframes_total").increment(segments.len() as u64);
    Ok(())
}

/// The segments that are new, or have grown.
pub(super) fn appended(
    last: Vec<StoredSegment>,
    steps: &Steps,
) -> Result<Vec<StoredSegment>, InvalidSegment> {
    let mut last: BTreeMap<i32, StoredSegment> = last
        .into_iter()
        .map(|stored| (stored.tile, stored))
        .collect();
    let mut segments = Vec::new();
    for (cell, steps) in steps {
        let stored = last.remove(cell);
        let known = stored.as_ref().map_or(0, |stored| stored.last_seq);
        let mut steps = steps.iter().filter(|step| step.seq > known).peekable();
        if steps.peek().is_none() {
            continue;
        }
        let mut open = match stored {
            Some(stored) => Segment::decode(&stored.data)?,
            None => Segment::new(None),
        };
        let mut has_new = false;
        for step in steps {
            if open.is_full() {
                let next = Segment::new(open.tile().cloned());
                let full = mem::replace(&mut open, next);
                if mem::take(&mut has_new) {
                    segments.push(stored_segment(*cell, &full)?);
                }
            }
            open.push(step);
            has_new = true;
        }
        segments.push(stored_segment(*cell, &open)?);
    }
    Ok(segments)
}

fn stored_segment(cell: i32, segment: &Segment) -> Result<StoredSegment, InvalidSegment> {
    Ok(StoredSegment {
        tile: cell,
        first_seq: segment.first_seq(),
        last_seq: segment.last_seq(),
        events: i32::try_from(segment.events()).unwrap_or(i32::MAX),
        data: segment.encode().map_err(|_| InvalidSegment)?,
    })
}
