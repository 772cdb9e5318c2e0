//! A data loader: lookups that arrive while a statement is running are sent
//! together in the next one. A single lookup does not wait.
//!
//! Why not a crate: `dataloader` cannot return the database's error, and
//! `ultra-batch` waits for a timer and caches without expiry.

use super::{DbError, Pool, Result, pool::Lease};
use futures_util::future::BoxFuture;
use sqlx::PgConnection;
use std::sync::Arc;
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    time::timeout,
};

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
    pub(crate) fn new(pool: Pool, lookup: Arc<Lookup<K, V>>) -> Self {
        let (queue, mut queued) = mpsc::channel(QUEUE);
        let permits = Arc::new(Semaphore::new(CONCURRENCY));
        tokio::spawn(async move {
            // The semaphore is never closed.
            while let Ok(permit) = permits.clone().acquire_owned().await {
                let mut batch = Vec::new();
                if queued.recv_many(&mut batch, MAX_BATCH).await == 0 {
                    return;
                }
                let (pool, lookup) = (pool.clone(), lookup.clone());
                tokio::spawn(async move {
                    let (keys, replies): (Vec<K>, Vec<Reply<V>>) = batch.into_iter().unzip();
                    reply(run(&pool, &*lookup, &keys).await, replies);
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

/// Looks up; on a tested connection, where one that was not turns out to be broken.
async fn run<K, V>(pool: &Pool, lookup: &Lookup<K, V>, keys: &[K]) -> Result<Vec<V>> {
    match attempt(pool, pool.acquire().await?, lookup, keys).await {
        Err(error) if error.is_definite() => {
            attempt(pool, pool.acquire_tested().await?, lookup, keys).await
        }
        values => values,
    }
}

async fn attempt<K, V>(
    pool: &Pool,
    mut lease: Lease,
    lookup: &Lookup<K, V>,
    keys: &[K],
) -> Result<Vec<V>> {
    let Ok(values) = timeout(pool.deadline(), lookup(&mut lease, keys)).await else {
        lease.close();
        return Err(DbError::timed_out());
    };
    match &values {
        Err(error) => lease.failed(error),
        Ok(_) => lease.done(),
    }
    values
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
