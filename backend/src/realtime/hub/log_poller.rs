//! What nobody told: the heads of the open canvases' logs, who may do what
//! there, and whether they are still there.

use super::{Inner, lock};
use crate::{db, realtime::room::Command};
use shared::ids::CanvasId;
use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Time between two looks at the heads of the open canvases' logs.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The same while other nodes cannot tell us of their events.
const POLL_INTERVAL_BUS_DOWN: Duration = Duration::from_millis(150);

/// Looks at the heads of the open canvases' logs, and tells the rooms: events
/// that other nodes could not tell us of, or whose commit was never confirmed,
/// are found here.
pub(super) async fn run(inner: Weak<Inner>, poll_now: Arc<Notify>) {
    let mut sampled = Instant::now();
    loop {
        let is_bus_down = inner.upgrade().is_some_and(|inner| inner.bus.is_down());
        let interval = if is_bus_down {
            POLL_INTERVAL_BUS_DOWN
        } else {
            POLL_INTERVAL
        };
        // Woken or not: it is time to look.
        let _ = tokio::time::timeout(interval, poll_now.notified()).await;
        let Some(inner) = inner.upgrade() else { return };
        if sampled.elapsed() >= POLL_INTERVAL {
            sampled = Instant::now();
            inner.registry.message_rates().sample();
        }
        inner.connection_cache.evict();
        let open: Vec<CanvasId> = lock(&inner.rooms).keys().copied().collect();
        if open.is_empty() {
            continue;
        }
        match db::log::heads(&inner.pool, &open).await {
            Ok(heads) => {
                let heads: HashMap<i64, (i64, i64)> = heads
                    .into_iter()
                    .map(|(canvas, head, acl_version)| (canvas, (head, acl_version)))
                    .collect();
                let rooms = lock(&inner.rooms);
                for canvas in open {
                    let Some(room) = rooms.get(&canvas) else {
                        continue;
                    };
                    let command = match heads.get(&canvas.0) {
                        Some((head, acl_version)) => Command::Head(*head, *acl_version),
                        None => Command::Deleted,
                    };
                    // A room too busy to listen is told next time.
                    let _ = room.commands.try_send(command);
                }
            }
            Err(error) => tracing::debug!(%error, "the heads could not be read"),
        }
    }
}
