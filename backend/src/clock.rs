//! The time that all nodes agree on: the database's. Each node's own clock may
//! be wrong by minutes; what it differs by is measured now and then. Waits and
//! timeouts do not need it: those go by clocks that only grow.

use crate::db;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

/// A difference that is measured in a longer time says nothing.
const QUICK: Duration = Duration::from_secs(1);
/// A smaller difference, in milliseconds, may come from the measuring.
const SMALL: i64 = 500;

/// See the module. Cheap to clone; clones are one clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    /// Milliseconds that the database's clock is ahead of this machine's.
    ahead: Arc<AtomicI64>,
}

impl Clock {
    /// The database's time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        Utc::now() + TimeDelta::milliseconds(self.ahead.load(Ordering::Relaxed))
    }

    /// Measures the difference anew; without the database it stays.
    pub(crate) async fn set(&self, pool: &PgPool) {
        let asked = Instant::now();
        let before = Utc::now();
        let there = db::now(pool).await;
        let here = before + (Utc::now() - before) / 2;
        match there {
            Ok(there) if asked.elapsed() < QUICK => {
                let ahead = (there - here).num_milliseconds();
                let ahead = if ahead.abs() < SMALL { 0 } else { ahead };
                let before = self.ahead.swap(ahead, Ordering::Relaxed);
                if (before - ahead).abs() > SMALL {
                    tracing::warn!(
                        seconds = -ahead / 1000,
                        "this machine's clock is ahead of the database's; the database's counts"
                    );
                }
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "the database's clock could not be read"),
        }
    }
}
