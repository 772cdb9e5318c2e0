//! The events of an area in the order of `seq`, read in pieces as they are asked for.

use super::{
    read::{self, KnownCell},
    tile::PastTile,
};
use crate::{
    cell_history::Step,
    cell_number::{cell_at, cell_number},
    db::{self, Pool},
    past::{
        area::{self, Area},
        log::Log,
    },
};
use shared::{canvas::Coord, ids::CanvasId};
use std::collections::VecDeque;

/// In an area of more cells the log is read as a whole, since most of it is about them.
const MAX_CELLS: usize = 256;
/// Cells that are read by one statement.
const CELLS_AT_ONCE: usize = 32;
/// Events that are read at a time where the log is read.
const EVENTS_AT_ONCE: i64 = 1_000;

/// A tile event of an area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CellStep {
    pub(crate) at: Coord,
    pub(crate) step: Step,
}

/// See the module. At most the events of a segment of each of [`MAX_CELLS`] cells are in memory.
pub(crate) struct Steps {
    pool: Pool,
    log: Log,
    canvas: CanvasId,
    until: i64,
    source: Source,
}

enum Source {
    Cells(Vec<CellQueue>),
    /// The log after this event.
    Log(Area, i64),
}

/// The next events of one cell.
struct CellQueue {
    cell: i32,
    /// The last event up to which all are in the queue, or were.
    known: i64,
    is_finished: bool,
    queue: VecDeque<Step>,
}

/// The tiles of an area as they were after the event `from`, and the events after it up to
/// `until`, likes too.
///
/// # Errors
/// Those of the database.
pub(crate) async fn steps(
    pool: &Pool,
    log: &Log,
    canvas: CanvasId,
    area: Area,
    from: i64,
    until: i64,
) -> db::Result<(Vec<PastTile>, Steps)> {
    let cells = super::cells(area);
    let start = read::state(pool, canvas, &cells, from).await?;
    let source = if cells.len() > MAX_CELLS {
        Source::Log(area, from)
    } else {
        let queues = cells.into_iter().map(|at| CellQueue {
            cell: cell_number(at),
            known: from,
            is_finished: from >= until,
            queue: VecDeque::new(),
        });
        Source::Cells(queues.collect())
    };
    let steps = Steps {
        pool: pool.clone(),
        log: log.clone(),
        canvas,
        until,
        source,
    };
    Ok((start, steps))
}

impl Steps {
    /// The next events, in the order of `seq`; none after the last one.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn next(&mut self) -> db::Result<Vec<CellStep>> {
        match &mut self.source {
            Source::Cells(queues) => merge(&self.pool, self.canvas, self.until, queues).await,
            Source::Log(area, after) => {
                let until = self.until;
                read_log(&self.pool, &self.log, self.canvas, until, *area, after).await
            }
        }
    }
}

async fn merge(
    pool: &Pool,
    canvas: CanvasId,
    until: i64,
    queues: &mut Vec<CellQueue>,
) -> db::Result<Vec<CellStep>> {
    loop {
        fill(pool, canvas, until, queues).await?;
        let unfinished = queues.iter().filter(|queue| !queue.is_finished);
        let known = unfinished.map(|queue| queue.known).min().unwrap_or(until);
        let mut steps = Vec::new();
        for queue in &mut *queues {
            while queue.queue.front().is_some_and(|step| step.seq <= known) {
                let at = cell_at(queue.cell);
                steps.extend(queue.queue.pop_front().map(|step| CellStep { at, step }));
            }
        }
        queues.retain(|queue| !queue.is_finished || !queue.queue.is_empty());
        if !steps.is_empty() || queues.is_empty() {
            steps.sort_unstable_by_key(|step| step.step.seq);
            return Ok(steps);
        }
    }
}

/// Reads the next events of the cells of which none is left.
async fn fill(
    pool: &Pool,
    canvas: CanvasId,
    until: i64,
    queues: &mut [CellQueue],
) -> db::Result<()> {
    let empty = |queue: &&mut CellQueue| !queue.is_finished && queue.queue.is_empty();
    let mut empty: Vec<&mut CellQueue> = queues.iter_mut().filter(empty).collect();
    for queues in empty.chunks_mut(CELLS_AT_ONCE) {
        let cells: Vec<KnownCell> = queues.iter().map(|q| (q.cell, q.known)).collect();
        let next = read::steps_after(pool, canvas, &cells, until, 1).await?;
        for queue in &mut *queues {
            let more = next.unfinished.iter().find(|(cell, _)| *cell == queue.cell);
            queue.is_finished = more.is_none();
            queue.known = more.map_or(until, |(_, known)| *known);
        }
        for (cell, step) in next.steps {
            if let Some(queue) = queues.iter_mut().find(|queue| queue.cell == cell) {
                queue.queue.push_back(step);
            }
        }
    }
    Ok(())
}

async fn read_log(
    pool: &Pool,
    log: &Log,
    canvas: CanvasId,
    until: i64,
    area: Area,
    after: &mut i64,
) -> db::Result<Vec<CellStep>> {
    while *after < until {
        let range = *after..until;
        let events = log.range(pool, canvas, range, EVENTS_AT_ONCE).await?;
        let is_cut = i64::try_from(events.len()).is_ok_and(|count| count == EVENTS_AT_ONCE);
        let last = events.last().map_or(until, |(seq, _)| *seq);
        *after = if is_cut { last } else { until };
        let parse = move || {
            let steps = events.iter().filter_map(|(_, body)| {
                let (at, step) = Step::parse_with_cell(body)?;
                area::contains(area, at).then_some(CellStep { at, step })
            });
            Ok(steps.collect::<Vec<_>>())
        };
        let steps = read::blocking(parse).await?;
        if !steps.is_empty() {
            return Ok(steps);
        }
    }
    Ok(Vec::new())
}
