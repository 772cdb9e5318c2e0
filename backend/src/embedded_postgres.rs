//! Starts and stops the private PostgreSQL of a server that has no
//! `DATABASE_URL`: the blocking calls of `private_postgres`, off the runtime's
//! threads.

use private_postgres::{Error, PrivatePostgres};
use std::{path::Path, time::Duration};
use tokio::{
    task::spawn_blocking,
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;

/// How long a server waits for a data folder that another process uses: a subcommand may have
/// started the database for the moment, or the server before is still stopping.
const IN_USE_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two attempts meanwhile.
const IN_USE_PAUSE: Duration = Duration::from_millis(100);

/// As [`start`], and waits a while for a data folder that is in use.
///
/// # Errors
/// Those of [`PrivatePostgres::start`].
pub(crate) async fn start_when_free(data_dir: &Path) -> Result<PrivatePostgres, Error> {
    let started = Instant::now();
    loop {
        match start(data_dir).await {
            Err(Error::InUse { .. }) if started.elapsed() < IN_USE_TIMEOUT => {
                time::sleep(IN_USE_PAUSE).await;
            }
            done => return done,
        }
    }
}

/// Starts the server of `data_dir`. Dropping the future cancels the start.
///
/// # Errors
/// Those of [`PrivatePostgres::start`].
pub(crate) async fn start(data_dir: &Path) -> Result<PrivatePostgres, Error> {
    let cancelled = CancellationToken::new();
    let guard = cancelled.clone().drop_guard();
    let data_dir = data_dir.to_owned();
    let start = move || PrivatePostgres::start(&data_dir, || cancelled.is_cancelled());
    let started = spawn_blocking(start).await;
    guard.disarm();
    // It only fails to run while the runtime shuts down.
    started.unwrap_or(Err(Error::Cancelled))
}

/// Stops it; returns whether it has ended within `timeout`.
pub(crate) async fn stop(postgres: PrivatePostgres, timeout: Duration) -> bool {
    let stopped = spawn_blocking(move || postgres.stop(timeout)).await;
    stopped.unwrap_or(false)
}
