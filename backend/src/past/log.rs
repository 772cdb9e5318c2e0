//! Reads the events of a canvas, however old: the newest from the hot table, older ones from
//! the pieces of the archive. Everything that needs what an event says reads it here.

use crate::db::{self, Pool};
use shared::ids::CanvasId;
use std::ops::Range;

/// The whole log of every canvas. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log;

impl Log {
    /// `seq` and wire form, as a replay sends it now, of the events after the start of the range
    /// up to its end, in order, at most `limit`.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn range(
        &self,
        pool: &Pool,
        canvas: CanvasId,
        range: Range<i64>,
        limit: i64,
    ) -> db::Result<Vec<(i64, String)>> {
        db::log::after_in(pool, canvas, range, limit, None).await
    }

    /// The same for the events with these `seq`s; those that do not exist are missing.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn at(
        &self,
        pool: &Pool,
        canvas: CanvasId,
        seqs: &[i64],
    ) -> db::Result<Vec<(i64, String)>> {
        db::log::at(pool, canvas, seqs).await
    }
}
