//! A small cache of checked-out database connections, for the write path and
//! for session and join lookups. Returning a connection to the pool costs a
//! round trip, and acquiring it again costs another; a cached one costs neither.

use super::{DbError, Result};
use sqlx::{PgPool, Postgres, pool::PoolConnection};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A connection that was unused for longer goes back to the pool, which tests
/// it before its next use.
const MAX_IDLE: Duration = Duration::from_millis(250);

/// See the module. Cheap to clone; clones share one cache.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionCache {
    pool: PgPool,
    /// A stack: the most recently used connection is last.
    cached: Arc<Mutex<Vec<Cached>>>,
    /// Maximum number of cached connections; the rest of the pool is for readers.
    capacity: usize,
}

#[derive(Debug)]
struct Cached {
    connection: PoolConnection<Postgres>,
    last_used: Instant,
}

impl ConnectionCache {
    /// An empty cache over this pool, for at most a quarter of its connections.
    pub(crate) fn new(pool: PgPool) -> Self {
        let max_connections = pool.options().get_max_connections() as usize;
        Self {
            pool,
            cached: Arc::default(),
            capacity: max_connections.div_ceil(4),
        }
    }

    /// A cached connection, else one of the pool.
    ///
    /// # Errors
    /// Those of [`PgPool::acquire`].
    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Postgres>> {
        match self.get() {
            Some(connection) => Ok(connection),
            None => self.acquire_from_pool().await,
        }
    }

    /// The most recently used connection, if it is younger than [`MAX_IDLE`].
    pub(crate) fn get(&self) -> Option<PoolConnection<Postgres>> {
        let newest = self.lock().pop()?;
        if newest.last_used.elapsed() < MAX_IDLE {
            return Some(newest.connection);
        }
        // All others are older still. Dropping them returns them to the pool.
        self.invalidate();
        None
    }

    /// A connection that the pool has tested.
    ///
    /// # Errors
    /// Those of [`PgPool::acquire`].
    pub(crate) async fn acquire_from_pool(&self) -> Result<PoolConnection<Postgres>> {
        self.pool.acquire().await.map_err(DbError::from)
    }

    /// Puts back a connection whose last statement succeeded. When the cache is
    /// full it goes to the pool.
    pub(crate) fn put(&self, connection: PoolConnection<Postgres>) {
        let mut cached = self.lock();
        if cached.len() < self.capacity {
            cached.push(Cached {
                connection,
                last_used: Instant::now(),
            });
        }
    }

    /// Returns all cached connections to the pool, which tests them. Called when
    /// one of them failed.
    pub(crate) fn invalidate(&self) {
        self.lock().clear();
    }

    /// Returns those to the pool that were unused for [`MAX_IDLE`]. Called
    /// periodically.
    pub(crate) fn evict(&self) {
        self.lock()
            .retain(|cached| cached.last_used.elapsed() < MAX_IDLE);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Cached>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
