//! A private PostgreSQL for the server that has no `DATABASE_URL`.
//!
//! [`EmbeddedPostgres::start`] finds the installed binaries, makes a cluster in the data folder
//! when there is none, takes over one that a killed server left, and runs it until
//! [`EmbeddedPostgres::stop`]. It listens on a Unix socket in a folder that only this user can
//! enter, never on the network. The module knows nothing of the rest of the server: it hands out
//! a connect URL and no more.
//!
//! One thread, the *keeper*, spawns Postgres and lives as long as it does. That matters: the
//! kernel sends Postgres a SIGINT ("fast shutdown") when the **thread** that spawned it ends
//! (`PR_SET_PDEATHSIG`, set by util-linux's `setpriv`), so even `kill -9` of the server leaves no
//! Postgres behind. Postgres has a process group of its own, so that Ctrl+C in a terminal reaches
//! only the server, which can still finish its last writes. Where `setpriv` is absent (macOS) a
//! killed server does leave one, and the next start stops it first.

mod cluster;
mod installation;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::oneshot;

use cluster::Cluster;

/// How often the keeper looks whether Postgres still runs. A request to stop needs no look.
const WATCH_INTERVAL: Duration = Duration::from_millis(500);
/// How often it looks while something is about to happen: a start or a stop.
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// Recovery after a power loss replays at most a few gigabytes of log.
const START_LIMIT: Duration = Duration::from_mins(5);
/// A fast shutdown writes one checkpoint.
const FAST_STOP_LIMIT: Duration = Duration::from_secs(8);
/// An immediate shutdown writes nothing and recovers at the next start.
const IMMEDIATE_STOP_LIMIT: Duration = Duration::from_secs(3);
/// How long workers of a killed postmaster may still hold its shared memory.
const ORPHANS_LIMIT: Duration = Duration::from_secs(20);
/// Between attempts to start again after Postgres died.
const RESTART_PAUSE: Duration = Duration::from_secs(1);

/// Why the private Postgres does not run. Each message is one sentence for the person who
/// started the server.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedPostgresError {
    /// No `postgres` and `initdb` on `PATH` or in the usual folders.
    #[error(
        "PostgreSQL is not installed: type `sudo apt-get install postgresql`, or set DATABASE_URL to a running server"
    )]
    NotInstalled,
    /// The cluster was made by another major version than the installed ones.
    #[error(
        "the database in {} was made by PostgreSQL {made_by}, which is not installed: type `sudo apt-get install postgresql-{made_by}`",
        folder.display()
    )]
    OtherVersion {
        /// The cluster.
        folder: PathBuf,
        /// Its major version.
        made_by: u32,
    },
    /// Another living server holds the data folder.
    #[error("another server is already using the data folder {}", folder.display())]
    InUse {
        /// The data folder.
        folder: PathBuf,
    },
    /// The cluster belongs to a user whom this process cannot become.
    #[error(
        "the database in {} belongs to another user: start the server as that user or as root, or set STELLAR_DATA to another folder",
        folder.display()
    )]
    OtherOwner {
        /// The folder of the database.
        folder: PathBuf,
    },
    /// Postgres refuses to run as root, and `/etc/passwd` names neither `postgres` nor `nobody`.
    #[error(
        "PostgreSQL does not run as root, and there is no user `postgres` or `nobody`: type `useradd --system postgres`"
    )]
    NoOrdinaryUser,
    /// A file or folder could not be made, read or given away.
    #[error("cannot use {} for the database: {source}", path.display())]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// No folder is private and short enough for a Unix socket (107 bytes).
    #[error("found no private folder with a short enough path for the database's socket")]
    NoSocketFolder,
    /// A program could not be started.
    #[error("cannot start {}: {source}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The cluster could not be made.
    #[error("cannot make the database: {output}")]
    Create {
        /// The end of what the program printed.
        output: String,
    },
    /// A Postgres that a killed server left does not end.
    #[error("a PostgreSQL left by a killed server does not end: type `kill -QUIT {pid}`")]
    LeftBehind {
        /// Its process id.
        pid: i32,
    },
    /// Postgres ended, or did not become ready, while starting.
    #[error("PostgreSQL does not start, see {}: {output}", log.display())]
    Start {
        /// Its log file.
        log: PathBuf,
        /// The log's end.
        output: String,
    },
    /// The start was given up before it was done.
    #[error("the start of PostgreSQL was given up")]
    GivenUp,
}

/// A running private Postgres.
///
/// Dropping it begins a fast shutdown without waiting for it; [`stop`](Self::stop) waits.
#[derive(Debug)]
#[must_use = "dropping it stops PostgreSQL"]
pub struct EmbeddedPostgres {
    url: String,
    /// Only ever dropped: the keeper sees that and stops.
    alive: mpsc::Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl EmbeddedPostgres {
    /// Starts the cluster of `data_dir`, making folder and cluster where they are missing, and
    /// returns once it accepts connections.
    ///
    /// The files are in `data_dir/postgres`, the log in `data_dir/postgres.log`. When root starts
    /// it in a place that no ordinary user can reach (`/root/…`, or a temporary folder of mode
    /// 0700), `data_dir/postgres` becomes a link to a folder in `/var/lib/stellar-canvas`, which
    /// stays when `data_dir` is removed. Giving up this future stops what it began.
    ///
    /// # Errors
    /// See [`EmbeddedPostgresError`].
    pub async fn start(data_dir: &Path) -> Result<Self, EmbeddedPostgresError> {
        let (alive, stop) = mpsc::channel();
        let (ready, started) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let data_dir = data_dir.to_owned();
        thread::Builder::new()
            .name("postgres-keeper".to_owned())
            .spawn(move || {
                keep(&data_dir, ready, &stop);
                // Nobody listens after a drop.
                let _ = end.send(());
            })
            .map_err(|source| EmbeddedPostgresError::Spawn {
                program: "postgres-keeper".into(),
                source,
            })?;
        match started.await {
            Ok(Ok(url)) => Ok(Self { url, alive, ended }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(EmbeddedPostgresError::GivenUp),
        }
    }

    /// The URL to connect to, as its superuser. It stays the same when Postgres is restarted.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops Postgres ("fast": open transactions are rolled back) and waits for its end.
    pub async fn stop(self) {
        drop(self.alive);
        // An error says that the keeper is gone already.
        let _ = self.ended.await;
    }
}

/// The keeper: runs Postgres until `stop` is disconnected, starting it again when it dies.
fn keep(
    data_dir: &Path,
    ready: oneshot::Sender<Result<String, EmbeddedPostgresError>>,
    stop: &mpsc::Receiver<()>,
) {
    let (cluster, mut child) = match prepare(data_dir, stop) {
        Ok(running) => running,
        Err(error) => {
            // The starter may have given up; then nobody wants to know.
            let _ = ready.send(Err(error));
            return;
        }
    };
    // A starter that gave up also dropped the other end of `stop`, which is seen below.
    let _ = ready.send(Ok(cluster.url()));
    loop {
        match stop.recv_timeout(WATCH_INTERVAL) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                shut_down(&mut child);
                cluster.tidy();
                return;
            }
        }
        let Ok(Some(status)) = child.try_wait() else {
            continue;
        };
        match start_again(&cluster, status, stop) {
            Some(restarted) => child = restarted,
            None => return,
        }
    }
}

fn prepare(
    data_dir: &Path,
    stop: &mpsc::Receiver<()>,
) -> Result<(Cluster, Child), EmbeddedPostgresError> {
    let cluster = Cluster::open(data_dir)?;
    cluster.stop_left_behind()?;
    let child = launch(&cluster, stop)?;
    Ok((cluster, child))
}

/// Starts Postgres after it died by itself, as often as it takes. `None` when asked to stop.
fn start_again(cluster: &Cluster, status: ExitStatus, stop: &mpsc::Receiver<()>) -> Option<Child> {
    tracing::error!(%status, log = %cluster.log().display(), "PostgreSQL ended by itself, starting it again");
    loop {
        match cluster
            .stop_left_behind()
            .and_then(|()| launch(cluster, stop))
        {
            Ok(child) => return Some(child),
            Err(EmbeddedPostgresError::GivenUp) => return None,
            Err(error) => tracing::error!(%error, "PostgreSQL cannot be started again, will retry"),
        }
        if is_stopping(stop, RESTART_PAUSE) {
            return None;
        }
    }
}

/// Spawns Postgres and waits until it accepts connections.
fn launch(cluster: &Cluster, stop: &mpsc::Receiver<()>) -> Result<Child, EmbeddedPostgresError> {
    let begun = Instant::now();
    'attempt: loop {
        let log = cluster.open_log()?;
        let written_before = log.metadata().map_or(0, |metadata| metadata.len());
        let errors = log
            .try_clone()
            .map_err(|source| EmbeddedPostgresError::Folder {
                path: cluster.log().to_owned(),
                source,
            })?;
        let mut command = cluster.postgres_command();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(|source| EmbeddedPostgresError::Spawn {
                program: command.get_program().into(),
                source,
            })?;
        while !cluster.is_ready(child.id()) {
            if is_stopping(stop, POLL_INTERVAL) {
                shut_down(&mut child);
                return Err(EmbeddedPostgresError::GivenUp);
            }
            let has_ended = matches!(child.try_wait(), Ok(Some(_)));
            if !has_ended && begun.elapsed() < START_LIMIT {
                continue;
            }
            if !has_ended {
                shut_down(&mut child);
            }
            let output = new_output(cluster.log(), written_before);
            // Workers of a killed postmaster end by themselves, but not always before we start.
            let has_orphans = output.contains("pre-existing shared memory block");
            if has_orphans && begun.elapsed() < ORPHANS_LIMIT {
                thread::sleep(POLL_INTERVAL * 10);
                continue 'attempt;
            }
            return Err(EmbeddedPostgresError::Start {
                log: cluster.log().to_owned(),
                output,
            });
        }
        return Ok(child);
    }
}

/// Waits for `pause`, or less when asked to stop, and says whether it was.
fn is_stopping(stop: &mpsc::Receiver<()>, pause: Duration) -> bool {
    stop.recv_timeout(pause) != Err(RecvTimeoutError::Timeout)
}

/// Ends Postgres: fast, then immediate, then by force.
fn shut_down(child: &mut Child) {
    for (signal, limit) in [
        (Signal::INT, FAST_STOP_LIMIT),
        (Signal::QUIT, IMMEDIATE_STOP_LIMIT),
    ] {
        // Not reaped yet, so the id is still the child's. An error says that it has ended.
        let _ = kill_process(Pid::from_child(child), signal);
        let begun = Instant::now();
        while begun.elapsed() < limit {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(POLL_INTERVAL);
        }
        tracing::warn!(?signal, "PostgreSQL does not end");
    }
    // Its processes end with it, but not those that are stopped in their tracks:
    // they would keep its memory, and so the next start, for ever.
    let all = processes_of(child);
    let _ = child.kill();
    for process in all {
        let _ = kill_process(process, Signal::KILL);
    }
    let _ = child.wait();
}

/// The processes that Postgres started, where the system has `/proc`.
fn processes_of(child: &Child) -> Vec<Pid> {
    let parent = child.id().to_string();
    let started_by = |process: &str| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The program's name in brackets, the state, the parent.
        let (_, after) = stat.rsplit_once(')')?;
        after.split_whitespace().nth(1).map(str::to_owned)
    };
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|process| started_by(process).as_ref() == Some(&parent))
        .filter_map(|process| Pid::from_raw(process.parse().ok()?))
        .collect()
}

/// What was written to the log after its first `skip` bytes, the last lines only.
fn new_output(log: &Path, skip: u64) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let new = usize::try_from(skip)
        .ok()
        .and_then(|skip| bytes.get(skip..))
        .unwrap_or_default();
    last_lines(&String::from_utf8_lossy(new))
}

/// The last eight lines, joined: enough to see the cause, short enough for one message.
fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(8)..].join(" / ")
}

#[cfg(test)]
mod tests;
