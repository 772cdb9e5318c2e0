//! Notes from where users come. What was noted a moment ago is not written again, and
//! concurrent notes share a statement. Below `http`: it knows neither cookies nor addresses.

use crate::db::{
    self, Batcher, Pool,
    origins::{self, Origin},
};
use moka::sync::Cache;
use shared::ids::UserId;
use std::{sync::Arc, time::Duration};

/// How long the same is not written again.
const REMEMBERED_FOR: Duration = Duration::from_mins(10);
/// Notes that are remembered at most, some 150 bytes each.
const CAPACITY: u64 = 16_384;

/// See the module.
pub(crate) struct OriginNotes {
    recent: Cache<(UserId, Origin), ()>,
    writes: Batcher<(UserId, Origin), ()>,
}

impl OriginNotes {
    pub(crate) fn new(pool: Pool) -> Self {
        Self {
            recent: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(REMEMBERED_FOR)
                .build(),
            writes: Batcher::new(
                pool,
                Arc::new(|connection, uses| {
                    Box::pin(async move {
                        origins::note(connection, uses).await?;
                        Ok(vec![(); uses.len()])
                    })
                }),
            ),
        }
    }

    /// Notes that the user came from there.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn note(&self, user: UserId, origin: Origin) -> db::Result<()> {
        let key = (user, origin);
        if self.recent.contains_key(&key) {
            return Ok(());
        }
        self.writes.load(key.clone()).await?;
        self.recent.insert(key, ());
        Ok(())
    }

    /// Frees what is remembered no longer; called by the maintenance loop.
    pub(crate) fn evict(&self) {
        self.recent.run_pending_tasks();
    }
}
