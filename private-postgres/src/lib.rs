//! Runs a PostgreSQL server that belongs to this process, from the programs that are installed
//! on the machine.
//!
//! [`PrivatePostgres`] keeps its data in a folder and is the server's database where
//! `DATABASE_URL` is not set. [`TemporaryPostgres`] is empty, and removed afterwards: for tests
//! and benchmarks. Both listen on a Unix socket in a folder that only this user can enter, never
//! on the network. The crate knows nothing of SQL or of the application; it returns a URL.
//!
//! It is written for this project because the crates that exist do not fit: `postgresql_embedded`
//! cannot run as root and adds a minute to the build; `pgtemp` has temporary databases only,
//! listens on TCP, and its server outlives a parent that is killed.
//!
//! One thread, the *supervisor*, spawns Postgres and lives as long as it does. On Linux the
//! kernel sends Postgres a SIGINT ("fast shutdown") when the **thread** that spawned it ends
//! (`PR_SET_PDEATHSIG`, set by util-linux's `setpriv`), so even `kill -9` of this process leaves
//! no Postgres running. Postgres has a process group of its own, so that Ctrl+C in a terminal
//! reaches only this process, which can still finish its last writes. Where `setpriv` is absent
//! (macOS), a killed process does leave its Postgres running, and the next start stops it first.

mod cluster;
mod error;
mod folders;
mod installation;
mod supervisor;
mod temporary;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub use error::Error;
pub use installation::{is_installed, program_for};
pub use temporary::{Durability, TemporaryPostgres};

/// Time between two checks of something that is about to happen: a start or a stop.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The URL of the server that another process runs in `data_dir`, once it accepts connections.
/// `None` where none does, or where this user may not know.
pub fn running_url(data_dir: &Path) -> Option<String> {
    cluster::running_url(data_dir)
}

/// What a server is started with.
#[derive(Clone, Debug)]
struct Config {
    data_dir: PathBuf,
    /// In addition to [`cluster::SETTINGS`], which they override.
    settings: Vec<&'static str>,
    /// Whether a new cluster is flushed to disk before it is used.
    is_synced: bool,
}

/// A running PostgreSQL server whose data stays in a folder.
///
/// Dropping it begins a fast shutdown and does not wait; [`stop`](Self::stop) waits.
#[derive(Debug)]
#[must_use = "dropping it stops PostgreSQL"]
pub struct PrivatePostgres {
    url: String,
    /// Never used to send: the supervisor stops Postgres when it is dropped.
    alive: mpsc::Sender<()>,
    supervisor: JoinHandle<()>,
}

impl PrivatePostgres {
    /// Starts the server of `data_dir`, and makes folder and cluster where they are missing.
    /// Blocks until the server accepts connections, or until `is_cancelled` returns true, which
    /// is asked every 10 ms.
    ///
    /// The files are in `data_dir/postgres`, the log is `data_dir/postgres.log`. When root starts
    /// it in a place that no ordinary user can reach (`/root/…`, or a temporary folder of mode
    /// 0700), `data_dir/postgres` becomes a link to a folder in `/var/lib/stellar-canvas`, which
    /// stays when `data_dir` is removed.
    ///
    /// # Errors
    /// See [`Error`]; no Postgres stays running then.
    pub fn start(data_dir: &Path, is_cancelled: impl Fn() -> bool) -> Result<Self, Error> {
        let config = Config {
            data_dir: data_dir.to_owned(),
            settings: Vec::new(),
            is_synced: true,
        };
        Self::start_with(config, is_cancelled)
    }

    fn start_with(config: Config, is_cancelled: impl Fn() -> bool) -> Result<Self, Error> {
        let (alive, stop) = mpsc::channel();
        let (ready, started) = mpsc::channel();
        let supervisor = thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || supervisor::run(&config, &ready, &stop))
            .map_err(|source| Error::Spawn {
                program: "a thread".into(),
                source,
            })?;
        loop {
            match started.recv_timeout(POLL_INTERVAL) {
                Ok(Ok(url)) => {
                    return Ok(Self {
                        url,
                        alive,
                        supervisor,
                    });
                }
                Ok(Err(error)) => return Err(error),
                Err(RecvTimeoutError::Timeout) if !is_cancelled() => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    drop(alive);
                    // An error means that it has panicked; then Postgres ends with its thread.
                    let _ = supervisor.join();
                    return Err(Error::Cancelled);
                }
            }
        }
    }

    /// The URL to connect to, as superuser. It stays the same when Postgres is restarted.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops Postgres ("fast": open transactions are rolled back). Blocks until it has ended, at
    /// most for `timeout`; returns whether it has. After a timeout its shutdown goes on.
    pub fn stop(self, timeout: Duration) -> bool {
        let Self {
            alive, supervisor, ..
        } = self;
        drop(alive);
        let begun = Instant::now();
        while !supervisor.is_finished() {
            if begun.elapsed() > timeout {
                return false;
            }
            thread::sleep(POLL_INTERVAL);
        }
        true
    }
}
