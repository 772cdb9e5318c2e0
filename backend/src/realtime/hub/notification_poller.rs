//! Finds the notifications that other nodes make while Redis is away. Nothing is polled while
//! it is there.

use super::Inner;
use crate::db::{self, notifications};
use shared::ids::UserId;
use std::{sync::Weak, time::Duration};
use tokio::time::{self, Instant, MissedTickBehavior};

/// Time between two polls.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Users whose notifications are read with one statement.
const MAX_USERS: usize = 1_000;

/// Polls while Redis is away, and once when it is back. Ends with the hub, or at once where
/// there is no Redis.
pub(super) async fn run(inner: Weak<Inner>) {
    // Not at once: the hub, which is being made, cannot be reached yet.
    let mut interval = time::interval_at(Instant::now() + POLL_INTERVAL, POLL_INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut was_down = false;
    loop {
        interval.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        if !inner.bus.is_shared() {
            return;
        }
        let is_down = inner.bus.is_down();
        if (is_down || was_down)
            && let Err(error) = inner.poll_notifications().await
        {
            tracing::debug!(%error, "the notifications of other nodes could not be read");
            continue;
        }
        if was_down && !is_down {
            inner.registry.reset_polled();
        }
        was_down = is_down;
    }
}

impl Inner {
    async fn poll_notifications(&self) -> db::Result<()> {
        let users = self.registry.polled_users();
        for users in users.chunks(MAX_USERS) {
            let new = users.iter().filter(|(_, polled)| polled.is_none());
            let new: Vec<UserId> = new.map(|(user, _)| *user).collect();
            let mut known: Vec<(UserId, i64)> = users
                .iter()
                .filter_map(|(user, polled)| Some((*user, (*polled)?)))
                .collect();
            if !new.is_empty() {
                known.extend(notifications::versions_before(&self.pool, &new).await?);
            }
            for (user, version) in &known {
                self.registry.set_polled(*user, *version);
            }
            let changes = notifications::changes(&self.pool, &known).await?;
            for change in &changes {
                self.registry.set_polled(change.user, change.unread.version);
            }
            self.notifier.catch_up(changes);
        }
        Ok(())
    }
}
