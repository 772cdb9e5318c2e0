//! Status messages on their way into the users' rows: the newest of each user is
//! written by one task, in batches, a few times a second. Nobody waits for the
//! database, and however often a message changes, it costs one row now and then.

use crate::db::{self, DbError, Pool};
use parking_lot::Mutex;
use shared::ids::UserId;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{sync::Notify, time};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Users whose message may wait; those of further users are not stored.
const MAX_WAITING: usize = 10_000;
/// Messages written with one statement.
const BATCH: usize = 256;
/// Time between two statements.
const WRITE_INTERVAL: Duration = Duration::from_millis(200);
/// The pause before the next attempt while the database is away.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// How long one statement may take.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long writing the last ones may take when the node shuts down.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(1500);

/// A message that waits, and how often it had been replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Waiting {
    message: String,
    version: u64,
}

#[derive(Debug, Default)]
struct Shared {
    /// Kept until the database has them.
    waiting: Mutex<HashMap<UserId, Waiting>>,
    changed: Notify,
    stopping: CancellationToken,
}

/// See the module. The task ends with [`StatusMessages::shut_down`].
#[derive(Debug)]
pub(crate) struct StatusMessages {
    shared: Arc<Shared>,
    task: TaskTracker,
}

impl StatusMessages {
    /// Spawns the task.
    pub(crate) fn start(pool: Pool) -> Self {
        let shared = Arc::<Shared>::default();
        let task = TaskTracker::new();
        task.spawn(run(pool, shared.clone()));
        Self { shared, task }
    }

    /// Has the user's message stored soon. Dropped if too many wait.
    pub(crate) fn set(&self, user: UserId, message: &str) {
        self.shared.set(user, message);
    }

    /// The message that waits to be stored; it is newer than the one in the database.
    pub(crate) fn get(&self, user: UserId) -> Option<String> {
        let waiting = self.shared.waiting.lock();
        waiting.get(&user).map(|waiting| waiting.message.clone())
    }

    /// A newer message was stored by somebody else: one that waits, or is being
    /// written, must not replace it.
    pub(crate) fn supersede(&self, user: UserId, message: &str) {
        if self.shared.waiting.lock().contains_key(&user) {
            self.shared.set(user, message);
        }
    }

    /// Writes what waits, and ends the task.
    pub(crate) async fn shut_down(&self) {
        self.shared.stopping.cancel();
        self.task.close();
        if time::timeout(FLUSH_TIMEOUT, self.task.wait())
            .await
            .is_err()
        {
            tracing::warn!("some status messages are lost");
        }
    }
}

impl Drop for StatusMessages {
    fn drop(&mut self) {
        self.shared.stopping.cancel();
    }
}

impl Shared {
    fn set(&self, user: UserId, message: &str) {
        let mut waiting = self.waiting.lock();
        if waiting.len() >= MAX_WAITING && !waiting.contains_key(&user) {
            tracing::debug!(user_id = %user, "a status message is not stored: too many wait");
            return;
        }
        let entry = waiting.entry(user).or_insert_with(|| Waiting {
            message: String::new(),
            version: 0,
        });
        message.clone_into(&mut entry.message);
        entry.version += 1;
        drop(waiting);
        self.changed.notify_one();
    }

    /// Some of those that wait.
    fn batch(&self) -> Vec<(UserId, Waiting)> {
        let waiting = self.waiting.lock();
        let some = waiting.iter().take(BATCH);
        some.map(|(user, waiting)| (*user, waiting.clone()))
            .collect()
    }

    /// Forgets those that were not replaced since.
    fn remove(&self, stored: Vec<(UserId, Waiting)>) {
        let mut waiting = self.waiting.lock();
        for (user, stored) in stored {
            if waiting.get(&user) == Some(&stored) {
                waiting.remove(&user);
            }
        }
        if waiting.is_empty() {
            *waiting = HashMap::new();
        }
    }
}

async fn run(pool: Pool, shared: Arc<Shared>) {
    loop {
        let batch = shared.batch();
        let is_stopping = shared.stopping.is_cancelled();
        if batch.is_empty() {
            if is_stopping {
                return;
            }
            tokio::select! {
                () = shared.changed.notified() => {}
                () = shared.stopping.cancelled() => {}
            }
            continue;
        }
        let pause = match time::timeout(WRITE_TIMEOUT, write(&pool, &batch)).await {
            Ok(Ok(())) => {
                shared.remove(batch);
                WRITE_INTERVAL
            }
            Err(_) | Ok(Err(DbError::Unavailable(_))) => {
                tracing::debug!("status messages cannot be stored: the database is away");
                if is_stopping {
                    return;
                }
                RETRY_DELAY
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "status messages could not be stored");
                shared.remove(batch);
                WRITE_INTERVAL
            }
        };
        tokio::select! {
            () = time::sleep(pause) => {}
            () = shared.stopping.cancelled() => {}
        }
    }
}

async fn write(pool: &Pool, batch: &[(UserId, Waiting)]) -> db::Result<()> {
    let users: Vec<UserId> = batch.iter().map(|(user, _)| *user).collect();
    let messages: Vec<String> = batch.iter().map(|(_, it)| it.message.clone()).collect();
    db::users::set_status_messages(pool, &users, &messages).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_message_stays_until_it_is_stored() {
        let shared = Shared::default();
        shared.set(UserId(1), "one");
        let first = shared.batch();
        // Replaced while the first is being written.
        shared.set(UserId(1), "two");
        shared.remove(first);
        let second = shared.batch();
        assert_eq!(second.len(), 1);
        assert_eq!(second[0].1.message, "two");
        shared.remove(second);
        assert!(shared.batch().is_empty());
    }

    #[test]
    fn those_who_wait_are_bounded() {
        let shared = Shared::default();
        for user in 0..20_000 {
            shared.set(UserId(user), "here");
        }
        assert_eq!(shared.waiting.lock().len(), MAX_WAITING);
        shared.set(UserId(0), "changed");
        assert_eq!(shared.waiting.lock()[&UserId(0)].message, "changed");
    }
}
