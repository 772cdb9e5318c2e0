//! The tasks that make exports and delete their files.

use crate::{
    db::exports::purge,
    exports::{self, Exporter},
    past::filming::PastReader,
    state::AppState,
};
use std::time::Duration;
use tokio::{task::JoinHandle, time};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Between two polls for files that are not needed any more.
const PURGE_INTERVAL: Duration = Duration::from_mins(1);
/// The pause after some of them were deleted, for requests.
const PURGE_PAUSE: Duration = Duration::from_millis(50);

/// The tasks that make exports.
pub(in crate::serve) struct ExportTasks {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl ExportTasks {
    pub(in crate::serve) fn start(state: &AppState) -> Self {
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        for _ in 0..exports::concurrency() {
            let exporter = Exporter {
                past: PastReader {
                    pool: state.pools.bulk.clone(),
                    index: state.event_index.clone(),
                    log: state.log.clone(),
                },
                writes: state.pool.clone(),
                hub: state.hub.clone(),
                max_bytes: state.config.exports_max_bytes,
            };
            let (state, stop) = (state.clone(), stop.clone());
            tasks.spawn(async move {
                exports::run(exporter, &state.export_asked, stop).await;
            });
        }
        tasks.close();
        Self { stop, tasks }
    }

    /// Stops them: what is being made is left to other nodes.
    pub(in crate::serve) async fn shut_down(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

/// Spawns the task that deletes files; abort it to stop.
pub(in crate::serve) fn export_purge_loop(state: AppState) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            match purge(&state.pool).await {
                Ok(true) => time::sleep(PURGE_PAUSE).await,
                Ok(false) => time::sleep(PURGE_INTERVAL).await,
                Err(error) => {
                    tracing::warn!(%error, "cannot delete the files of exports");
                    time::sleep(PURGE_INTERVAL).await;
                }
            }
        }
    })
}
