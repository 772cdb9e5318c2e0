//! Whether the database answers, on a connection that nothing else uses.

use super::{Pool, ping};
use std::time::{Duration, Instant};
use tokio::{sync::Mutex, time::timeout};

/// How long the database may take to answer before the node counts as not ready.
const TIMEOUT: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug)]
pub(crate) struct Readiness {
    pool: Pool,
    /// What was found out last, and when.
    last: Mutex<Option<(Instant, bool)>>,
}

impl Readiness {
    /// Asks on a connection of this pool.
    pub(crate) fn new(pool: Pool) -> Self {
        Self {
            pool,
            last: Mutex::default(),
        }
    }

    /// Whether the database answers. Those who ask while it is asked share one
    /// answer, so that it is asked once at a time.
    pub(crate) async fn is_database_there(&self) -> bool {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        if let Some((at, is_there)) = *last
            && at > asked
        {
            return is_there;
        }
        let is_there = matches!(timeout(TIMEOUT, ping(&self.pool)).await, Ok(Ok(())));
        *last = Some((Instant::now(), is_there));
        is_there
    }
}
