//! The database's clock, which all nodes agree on. A node's own clock may be wrong
//! by minutes, so the difference is measured (at start and by the log poller) and
//! added. Timeouts and intervals do not use it: they use monotonic clocks.

use crate::db::{self, Pool};
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

/// A measurement that took longer than this is too inexact and is not used.
const MAX_ROUND_TRIP: Duration = Duration::from_secs(1);
/// Differences below this, in milliseconds, may come from the measurement and
/// count as none.
const MIN_OFFSET: i64 = 500;

/// The current time by the database's clock. Cheap to clone; clones share the
/// measured difference.
#[derive(Clone, Debug, Default)]
pub(crate) struct DatabaseClock {
    /// Milliseconds by which the database's clock is ahead of this machine's.
    offset: Arc<AtomicI64>,
}

impl DatabaseClock {
    /// The current time by the database's clock.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        Utc::now() + TimeDelta::milliseconds(self.offset.load(Ordering::Relaxed))
    }

    /// Measures the difference again. It stays as it was if the database does not
    /// answer.
    pub(crate) async fn synchronize(&self, pool: &Pool) {
        let started = Instant::now();
        let before = Utc::now();
        let theirs = db::now(pool).await;
        let ours = before + (Utc::now() - before) / 2;
        match theirs {
            Ok(theirs) if started.elapsed() < MAX_ROUND_TRIP => {
                let offset = (theirs - ours).num_milliseconds();
                let offset = if offset.abs() < MIN_OFFSET { 0 } else { offset };
                let before = self.offset.swap(offset, Ordering::Relaxed);
                if (before - offset).abs() > MIN_OFFSET {
                    tracing::warn!(
                        seconds = -offset / 1000,
                        "this machine's clock is ahead of the database's; the database's counts"
                    );
                }
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "the database's clock could not be read"),
        }
    }
}
