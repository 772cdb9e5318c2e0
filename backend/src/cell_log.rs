//! Reads the tile events of a cell from the log and replays them. Knows nothing of HTTP.

use crate::{
    cell_history::{CellHistory, Rules, Step},
    db::{self, Pool, events, rewrites},
};
use shared::{
    canvas::Coord,
    ids::{CanvasId, RewriteId},
};

/// Events that are read at a time. They are replayed before the next ones are read, so
/// that few of them are in memory.
const AT_ONCE: i64 = 1_000;

/// The cell after the event `until`.
///
/// # Errors
/// Those of the database.
pub(crate) async fn replay(
    pool: &Pool,
    canvas: CanvasId,
    cell: Coord,
    until: i64,
    tile_size: i32,
) -> db::Result<CellHistory> {
    let mut history = CellHistory::new(tile_size);
    let mut rules = Rules::new();
    let mut after = 0;
    loop {
        let read = events::of_cell(pool, canvas, cell, after..until, AT_ONCE).await?;
        // The log has likes too.
        let steps: Vec<Step> = read.iter().filter_map(|(_, b)| Step::parse(b)).collect();
        let causes = steps.iter().filter_map(|step| step.cause);
        let mut unknown: Vec<RewriteId> = causes.map(|cause| cause.rewrite_id).collect();
        unknown.retain(|id| !rules.contains_key(id));
        rules.extend(rewrites::rules(pool, canvas, &unknown).await?);
        for step in &steps {
            history.apply(step, &rules);
        }
        let is_last = i64::try_from(read.len()).is_ok_and(|count| count < AT_ONCE);
        match read.last() {
            Some((seq, _)) if !is_last => after = *seq,
            _ => return Ok(history),
        }
    }
}
