//! Notes from where users come. What was noted a moment ago is not written again, and
//! concurrent notes share a statement. Below `http`: it knows neither cookies nor addresses.

use crate::db::{
    self, Batcher, Pool,
    origins::{self, Origin},
};
use moka::sync::Cache;
use parking_lot::Mutex;
use shared::ids::UserId;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How long the same is not written again.
const REMEMBERED_FOR: Duration = Duration::from_mins(10);
/// How long it is remembered whether anybody is banned.
const BANS_TTL: Duration = Duration::from_secs(1);
/// Notes that are remembered at most, some 150 bytes each.
const CAPACITY: u64 = 16_384;

/// See the module.
pub(crate) struct OriginNotes {
    recent: Cache<(UserId, Origin), ()>,
    writes: Batcher<(UserId, Origin), ()>,
    pool: Pool,
    /// Whether there are bans, and when that was read.
    bans: Mutex<Option<(Instant, bool)>>,
}

impl OriginNotes {
    pub(crate) fn new(pool: Pool) -> Self {
        Self {
            recent: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(REMEMBERED_FOR)
                .build(),
            bans: Mutex::default(),
            pool: pool.clone(),
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

    /// Whether a ban of anybody was not lifted. One that was issued on another node is
    /// noticed [`BANS_TTL`] late.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn any_bans(&self) -> db::Result<bool> {
        let known = *self.bans.lock();
        if let Some((read_at, any)) = known
            && read_at.elapsed() < BANS_TTL
        {
            return Ok(any);
        }
        let read_at = Instant::now();
        let any = origins::any_bans(&self.pool).await?;
        *self.bans.lock() = Some((read_at, any));
        Ok(any)
    }

    /// Notes that somebody is banned.
    pub(crate) fn banned(&self) {
        *self.bans.lock() = Some((Instant::now(), true));
    }

    /// Frees what is remembered no longer; called by the maintenance loop.
    pub(crate) fn evict(&self) {
        self.recent.run_pending_tasks();
    }
}
