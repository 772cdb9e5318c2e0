//! Connections to the database that are kept from one use to the next, for the
//! write path and for those who come. Going back to the pool costs a look at the
//! connection, and coming out of it another: two round trips more each time.

use sqlx::{Error, PgPool, Postgres, pool::PoolConnection};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Unused for this long, a connection is looked at before it is used again.
const FRESH: Duration = Duration::from_millis(250);

/// See the module. Cheap to clone; clones share what they keep.
#[derive(Clone, Debug)]
pub(crate) struct Warm {
    pool: PgPool,
    /// The one that was used last is at the end.
    kept: Arc<Mutex<Vec<Kept>>>,
    /// How many are kept; the rest of the pool is for those who read.
    most: usize,
}

#[derive(Debug)]
struct Kept {
    connection: PoolConnection<Postgres>,
    since: Instant,
}

impl Warm {
    /// With connections of this pool, at most a quarter of it.
    pub(crate) fn new(pool: PgPool) -> Self {
        let all = pool.options().get_max_connections() as usize;
        Self {
            pool,
            kept: Arc::default(),
            most: all.div_ceil(4),
        }
    }

    /// A connection, kept or of the pool.
    pub(crate) async fn take(&self) -> Result<PoolConnection<Postgres>, Error> {
        match self.kept() {
            Some(connection) => Ok(connection),
            None => self.of_pool().await,
        }
    }

    /// One that was used a moment ago, if there is one.
    pub(crate) fn kept(&self) -> Option<PoolConnection<Postgres>> {
        let newest = self.lock().pop()?;
        if newest.since.elapsed() < FRESH {
            return Some(newest.connection);
        }
        // Back to the pool with it, and with those that are older.
        self.distrust();
        None
    }

    /// One that the pool has looked at.
    pub(crate) async fn of_pool(&self) -> Result<PoolConnection<Postgres>, Error> {
        self.pool.acquire().await
    }

    /// Keeps a connection that worked a moment ago.
    pub(crate) fn keep(&self, connection: PoolConnection<Postgres>) {
        let mut kept = self.lock();
        if kept.len() < self.most {
            let since = Instant::now();
            kept.push(Kept { connection, since });
        }
    }

    /// Gives all back to the pool, which looks at them.
    pub(crate) fn distrust(&self) {
        self.lock().clear();
    }

    /// Gives back those that were not used lately.
    pub(crate) fn tidy(&self) {
        self.lock().retain(|kept| kept.since.elapsed() < FRESH);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
