//! Ends the connections of sessions that ended without a message to this node:
//! on another node while Redis was away, or by a change in the database.

use super::Inner;
use crate::db;
use chrono::TimeDelta;
use shared::{ids::SessionId, protocol::CloseReason};
use std::{sync::Weak, time::Duration};
use tokio::time::{self, Instant, MissedTickBehavior};

/// Time between two polls. The contract lets connections outlive their session by
/// 5 s at most.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// Sessions that expired within this time are left alone: the connections' own
/// timers end them, with their own close reason.
const GRACE: TimeDelta = TimeDelta::seconds(1);

/// Reads with one query which sessions of the open connections have ended, and
/// closes those connections. Also measures the database's clock, by which
/// sessions expire, and reads which users were renamed. Ends with the hub.
pub(super) async fn run(inner: Weak<Inner>) {
    // Not at once: the hub, which is being made, cannot be reached yet.
    let mut interval = time::interval_at(Instant::now() + POLL_INTERVAL, POLL_INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        inner.clock.synchronize(&inner.pool).await;
        inner.poll_renamed().await;
        let open: Vec<SessionId> = inner.registry.sessions();
        if open.is_empty() {
            continue;
        }
        match db::sessions::ended(&inner.pool, &open, inner.clock.now() - GRACE).await {
            Ok(ended) => {
                for session in ended {
                    let reason = if session.expired {
                        CloseReason::TokenExpired
                    } else {
                        CloseReason::Revoked
                    };
                    inner.registry.end_session(SessionId(session.id), reason);
                }
            }
            Err(error) => tracing::debug!(%error, "the open sockets' sessions could not be read"),
        }
    }
}
