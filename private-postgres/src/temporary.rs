//! A PostgreSQL server for one run of tests or of a benchmark.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::supervisor::last_lines;
use crate::{Config, Error, PrivatePostgres, installation};

/// Room for the pools of many tests that run at the same time.
const SETTINGS: [&str; 2] = ["max_connections=400", "shared_buffers=64MB"];
const NOT_DURABLE: [&str; 3] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
];
/// The write-ahead log stays as large as [`WAL_SEGMENTS`] make it.
const DURABLE: [&str; 1] = ["min_wal_size=1GB"];
/// Segments of 16 MB that are written at the beginning; about 35 of them stay. A new cluster has one, and
/// a commit that finds it full waits until 16 MB of zeros are written; a server that has run for
/// a while reuses old segments.
const WAL_SEGMENTS: usize = 48;
/// Longer than any shutdown takes.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// What of the committed data a power loss would leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing: for tests, which are faster so.
    None,
    /// Everything, as in production: for benchmarks.
    Full,
}

/// A running server with an empty database. Dropping it stops the server and removes its files.
#[derive(Debug)]
pub struct TemporaryPostgres {
    /// Present until it is dropped.
    server: Option<PrivatePostgres>,
    folder: PathBuf,
    url: String,
}

impl TemporaryPostgres {
    /// Starts a server in a new folder of the system's temporary folder. Blocks until it accepts
    /// connections, or until `is_cancelled` returns true.
    ///
    /// # Errors
    /// Those of [`PrivatePostgres::start`].
    pub fn start(durability: Durability, is_cancelled: impl Fn() -> bool) -> Result<Self, Error> {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let name = format!("stellar-postgres-{}-{number}", process::id());
        Self::start_in(env::temp_dir().join(name), durability, is_cancelled)
    }

    /// The same with this folder, which must not exist.
    ///
    /// # Errors
    /// Those of [`PrivatePostgres::start`].
    pub fn start_in(
        folder: PathBuf,
        durability: Durability,
        is_cancelled: impl Fn() -> bool,
    ) -> Result<Self, Error> {
        // Its mode lets Postgres' user through; what is in it is private.
        fs::create_dir(&folder).map_err(Error::at(&folder))?;
        let mut temporary = Self {
            server: None,
            folder,
            url: String::new(),
        };
        let more = match durability {
            Durability::None => NOT_DURABLE.as_slice(),
            Durability::Full => DURABLE.as_slice(),
        };
        let config = Config {
            data_dir: temporary.folder.clone(),
            settings: SETTINGS.iter().chain(more).copied().collect(),
            is_synced: false,
        };
        let server = PrivatePostgres::start_with(config, is_cancelled)?;
        server.url().clone_into(&mut temporary.url);
        temporary.server = Some(server);
        if durability == Durability::Full {
            temporary.fill_wal()?;
        }
        Ok(temporary)
    }

    /// The URL to connect to, as superuser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A command that runs `psql` on the database, without the user's settings.
    pub fn psql(&self) -> Command {
        let psql = installation::program("psql").unwrap_or_else(|| "psql".into());
        let mut command = Command::new(psql);
        command.args(["--quiet", "--no-psqlrc", "--dbname", &self.url]);
        command
    }

    /// Writes [`WAL_SEGMENTS`] of write-ahead log.
    fn fill_wal(&self) -> Result<(), Error> {
        let mut psql = self.psql();
        let output = psql
            .arg("--command")
            .arg(format!(
                "SELECT pg_logical_emit_message(false, '', ''), pg_switch_wal()
                 FROM generate_series(1, {WAL_SEGMENTS})"
            ))
            .args(["--command", "CHECKPOINT"])
            .stdin(Stdio::null())
            .output()
            .map_err(|source| Error::Spawn {
                program: psql.get_program().into(),
                source,
            })?;
        if output.status.success() {
            return Ok(());
        }
        Err(Error::Create {
            output: last_lines(&String::from_utf8_lossy(&output.stderr)),
        })
    }
}

impl Drop for TemporaryPostgres {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop(STOP_TIMEOUT);
        }
        // A link where `PrivatePostgres::start` says so. Only temporary files would stay.
        if let Ok(files) = self.folder.join("postgres").canonicalize() {
            let _ = fs::remove_dir_all(files);
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}
