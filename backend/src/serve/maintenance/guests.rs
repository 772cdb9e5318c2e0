//! Deletes guests of long ago that left nothing.

use crate::db::{
    Pool, Result,
    guests::{self, Position},
};
use chrono::{DateTime, TimeDelta, Utc};

/// How old a guest must be.
const MIN_AGE: TimeDelta = TimeDelta::days(30);
/// Guests that one statement looks at.
const BATCH: i64 = 500;
/// Statements of one run at most. The next run goes on where it ended.
const MAX_BATCHES: usize = 20;

/// Passes over all guests again and again, a part in each run.
#[derive(Default)]
pub(super) struct GuestPurge {
    position: Option<Position>,
    is_told: bool,
}

impl GuestPurge {
    /// Looks at the next guests and deletes those that left nothing.
    ///
    /// # Errors
    /// Those of the database; the next run tries the same guests.
    pub(super) async fn run(&mut self, pool: &Pool, now: DateTime<Utc>) -> Result<()> {
        if !guests::can_purge(pool).await? {
            if !self.is_told {
                self.is_told = true;
                tracing::warn!(
                    "guests are not deleted: an index is missing, see migrations/README.md"
                );
            }
            return Ok(());
        }
        let mut deleted = 0;
        for _ in 0..MAX_BATCHES {
            let purged = guests::purge(pool, self.position, now - MIN_AGE, now, BATCH).await?;
            deleted += purged.deleted;
            self.position = purged.next;
            if self.position.is_none() {
                break;
            }
        }
        if deleted > 0 {
            tracing::info!(deleted, "deleted guests that left nothing");
        }
        Ok(())
    }
}
