//! Polls what no message may have told this node: new events in the logs of the
//! open canvases, changed access rights, deleted canvases.

use super::Inner;
use crate::{db, realtime::room::Command};
use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};
use tokio::{sync::Notify, time::timeout};

/// Time between two polls.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The same while Redis is away, when polling is the only way to notice other
/// nodes' events.
const POLL_INTERVAL_BUS_DOWN: Duration = Duration::from_millis(150);

/// Reads head, access version and epoch of all open canvases with one query and passes
/// them to the rooms. This finds events whose message was lost, and those of a
/// transaction whose commit was not confirmed. Ends with the hub. `poll_now`
/// makes it poll before the interval is over.
///
/// It also samples the message rates, which needs a tick about once a second.
pub(super) async fn run(inner: Weak<Inner>, poll_now: Arc<Notify>) {
    let mut sampled = Instant::now();
    loop {
        let is_bus_down = inner.upgrade().is_some_and(|inner| inner.bus.is_down());
        let interval = if is_bus_down {
            POLL_INTERVAL_BUS_DOWN
        } else {
            POLL_INTERVAL
        };
        // Both outcomes mean that it is time to poll.
        let _ = timeout(interval, poll_now.notified()).await;
        let Some(inner) = inner.upgrade() else { return };
        if sampled.elapsed() >= POLL_INTERVAL {
            sampled = Instant::now();
            inner.registry.message_rates().sample();
        }
        let open = inner.open_canvases();
        if open.is_empty() {
            continue;
        }
        match db::log::heads(&inner.pool, &open).await {
            Ok(Some(heads)) => {
                inner.bus.set_database(heads.database_id);
                let rooms = inner.rooms.lock();
                for canvas in open {
                    let Some(room) = rooms.get(&canvas) else {
                        continue;
                    };
                    let head = heads.canvases.get(&canvas).copied();
                    // A room whose queue is full gets the next poll's answer.
                    let _ = room
                        .commands
                        .try_send(Command::Polled(heads.instance, head));
                }
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "the heads could not be read"),
        }
    }
}
