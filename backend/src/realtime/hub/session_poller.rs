//! Ends the sockets of sessions that ended elsewhere: another node, or whoever
//! works on the database, need tell nobody.

use super::Inner;
use crate::db;
use chrono::TimeDelta;
use shared::{ids::SessionId, protocol::CloseReason};
use std::{sync::Weak, time::Duration};
use tokio::time::{self, MissedTickBehavior};

/// Between two looks. The contract lets sockets live on for 5 s.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// How long a session may have been over: its sockets' own timers come first.
const GRACE: TimeDelta = TimeDelta::seconds(1);

/// Looks at the sessions of the open sockets, all with one query, and at the
/// clock by which they end.
pub(super) async fn run(inner: Weak<Inner>) {
    let mut every = time::interval(POLL_INTERVAL);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        inner.clock.set(&inner.pool).await;
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
