//! A data loader: lookups that arrive while a statement is running are sent
//! together in the next one. A single lookup does not wait.
//!
//! Why not a crate: `dataloader` cannot return the database's error, and
//! `ultra-batch` waits for a timer and caches without expiry.

use super::{ConnectionCache, DbError, Result};
use futures_util::future::BoxFuture;
use sqlx::PgConnection;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Maximum number of keys in one statement.
const MAX_BATCH: usize = 256;
/// Statements that run at the same time, so that one slow statement does not
/// stop all lookups.
const CONCURRENCY: usize = 2;
/// Capacity of the queue; when it is full, callers of [`Batcher::load`] wait.
const QUEUE: usize = 4096;

type Reply<V> = oneshot::Sender<Result<V>>;

/// Looks up all keys; returns one value per key, in their order.
type Lookup<K, V> =
    dyn for<'a> Fn(&'a mut PgConnection, &'a [K]) -> BoxFuture<'a, Result<Vec<V>>> + Send + Sync;

/// See the module. Its task ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Batcher<K, V> {
    queue: mpsc::Sender<(K, Reply<V>)>,
}

impl<K: Send + Sync + 'static, V: Send + 'static> Batcher<K, V> {
    /// Spawns the task that runs `lookup` on batches of keys.
    pub(crate) fn new(connection_cache: ConnectionCache, lookup: Arc<Lookup<K, V>>) -> Self {
        let (queue, mut queued) = mpsc::channel(QUEUE);
        let permits = Arc::new(Semaphore::new(CONCURRENCY));
        tokio::spawn(async move {
            // The semaphore is never closed.
            while let Ok(permit) = permits.clone().acquire_owned().await {
                let mut batch = Vec::new();
                if queued.recv_many(&mut batch, MAX_BATCH).await == 0 {
                    return;
                }
                let (connection_cache, lookup) = (connection_cache.clone(), lookup.clone());
                tokio::spawn(async move {
                    let (keys, replies): (Vec<K>, Vec<Reply<V>>) = batch.into_iter().unzip();
                    reply(run(&connection_cache, &*lookup, &keys).await, replies);
                    drop(permit);
                });
            }
        });
        Self { queue }
    }

    /// The value of one key.
    ///
    /// # Errors
    /// The error of the statement that this key was part of.
    pub(crate) async fn load(&self, key: K) -> Result<V> {
        let (reply, value) = oneshot::channel();
        let queued = self.queue.send((key, reply)).await;
        queued.map_err(|_| sqlx::Error::WorkerCrashed)?;
        value
            .await
            .unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed.into()))
    }
}

/// Looks up on a cached connection. Where there is none, or where it turns out
/// to be broken, on one that the pool has tested.
async fn run<K, V>(
    connection_cache: &ConnectionCache,
    lookup: &Lookup<K, V>,
    keys: &[K],
) -> Result<Vec<V>> {
    if let Some(mut connection) = connection_cache.get() {
        match lookup(&mut connection, keys).await {
            Err(DbError::Unavailable(_)) => {
                connection.close_on_drop();
                connection_cache.invalidate();
            }
            values => {
                connection_cache.put(connection);
                return values;
            }
        }
    }
    let mut connection = connection_cache.acquire_from_pool().await?;
    let values = lookup(&mut connection, keys).await?;
    connection_cache.put(connection);
    Ok(values)
}

/// Sends each caller its value, or all of them the error. A caller that does
/// not wait any more is ignored.
fn reply<V>(values: Result<Vec<V>>, replies: Vec<Reply<V>>) {
    match values {
        Ok(values) => {
            for (value, reply) in values.into_iter().zip(replies) {
                let _ = reply.send(Ok(value));
            }
        }
        Err(error) => {
            for reply in replies {
                let _ = reply.send(Err(error.clone()));
            }
        }
    }
}
