//! A PostgreSQL for one run: empty, and gone afterwards. For tests fast and without any
//! durability, for measurements with all of it. The server's own private database is `backend/src/embedded_postgres.rs`; it is
//! kept apart because a tool that builds the server cannot be part of it.

use std::env;
use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::geteuid;

use crate::error::{Error, Result};
use crate::process::{ChildGuard, ask, check_interrupted, succeed};
use crate::setup::find_on_path;

const START_LIMIT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Test programs run one after the other, but each test has a pool of its own.
const SETTINGS: [&str; 5] = [
    "listen_addresses=",
    "max_connections=400",
    "shared_buffers=64MB",
    "log_min_messages=log",
    "log_checkpoints=off",
];
const FORGETFUL: [&str; 3] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
];

/// Its write-ahead log stays as large as [`SEGMENTS`] make it.
const LASTING: [&str; 1] = ["min_wal_size=1GB"];
/// Segments of 16 MB that the write-ahead log has from the beginning. A new cluster has one, and
/// whoever commits when it is full waits for 16 MB of zeros; one that has run for a while
/// uses its old ones again.
const SEGMENTS: usize = 48;

/// What a power cut would leave of what was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Nothing: for tests.
    None,
    /// All, as in production: for measurements.
    Full,
}

/// A running throwaway cluster.
#[derive(Debug)]
pub(crate) struct ThrowawayPostgres {
    server: ChildGuard,
    folder: PathBuf,
}

impl ThrowawayPostgres {
    pub(crate) fn start(durability: Durability) -> Result<Self> {
        let programs =
            programs().ok_or_else(|| Error::new("PostgreSQL's programs are not found"))?;
        let account = account()?;
        let folder = env::temp_dir().join(format!("stellar-tests-{}", process::id()));
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .map_err(Error::file("make", &folder))?;
        if let Some((uid, gid)) = account {
            chown(&folder, Some(uid), Some(gid)).map_err(Error::file("give away", &folder))?;
        }
        let cluster = folder.join("cluster");
        let mut initdb = command(&programs.join("initdb"), account, &folder)?;
        initdb
            .args(["--no-sync", "--auth=trust", "--username=postgres"])
            .args(["--locale=C", "--encoding=UTF8", "-D"])
            .arg(&cluster);
        let made = ChildGuard::spawn(initdb)?.wait()?;
        check_interrupted()?;
        if !made.success() {
            return Err(Error::new(format!("initdb failed ({made})")));
        }
        let mut postgres = command(&programs.join("postgres"), account, &folder)?;
        postgres.arg("-D").arg(&cluster).arg("-k").arg(&folder);
        let more = match durability {
            Durability::None => FORGETFUL.as_slice(),
            Durability::Full => LASTING.as_slice(),
        };
        for setting in SETTINGS.iter().chain(more) {
            postgres.args(["-c", setting]);
        }
        let mut started = Self {
            server: ChildGuard::spawn(postgres)?,
            folder,
        };
        started.wait_until_ready(&cluster)?;
        if durability == Durability::Full {
            let psql = find_on_path("psql").unwrap_or_else(|| programs.join("psql"));
            let mut psql = command(&psql, account, &started.folder)?;
            psql.args(["--username=postgres", "--quiet", "--no-psqlrc", "--host"])
                .arg(&started.folder)
                .arg("--command")
                .arg(format!(
                    "SELECT pg_logical_emit_message(false, '', ''), pg_switch_wal()
                     FROM generate_series(1, {SEGMENTS})"
                ))
                .args(["--command", "CHECKPOINT"]);
            succeed(psql)?;
        }
        Ok(started)
    }

    /// For `DATABASE_URL`, as superuser.
    pub(crate) fn url(&self) -> String {
        let host = self.folder.to_string_lossy().replace('/', "%2F");
        format!("postgres://postgres@localhost:5432/postgres?host={host}&sslmode=disable")
    }

    fn wait_until_ready(&mut self, cluster: &Path) -> Result<()> {
        let begun = Instant::now();
        let pid = self.server.id().to_string();
        loop {
            let status = fs::read_to_string(cluster.join("postmaster.pid")).unwrap_or_default();
            let mut lines = status.lines().map(str::trim);
            if lines.next() == Some(&pid) && lines.nth(6) == Some("ready") {
                return Ok(());
            }
            check_interrupted()?;
            if self.server.has_ended()? || begun.elapsed() > START_LIMIT {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                return Err(Error::new(format!("PostgreSQL does not start:\n{log}")));
            }
            thread::sleep(POLL_INTERVAL);
        }
    }
}

impl Drop for ThrowawayPostgres {
    fn drop(&mut self) {
        // Best effort: what stays is a folder of temporary files.
        let _ = self.server.stop();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The folder of `initdb` and `postgres`: on `PATH`, else the newest of the usual ones.
pub(crate) fn programs() -> Option<PathBuf> {
    let on_path = find_on_path("initdb").and_then(|path| Some(path.parent()?.to_owned()));
    let has_both = |bin: &PathBuf| bin.join("initdb").is_file() && bin.join("postgres").is_file();
    on_path.filter(has_both).or_else(|| {
        [
            "/usr/lib/postgresql",
            "/usr",
            "/opt/homebrew/opt",
            "/usr/local/opt",
        ]
        .into_iter()
        .filter_map(|parent| fs::read_dir(parent).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(has_both)
        .max()
    })
}

/// Postgres refuses to run as root: the user and group to become, `None` where we are ordinary.
fn account() -> Result<Option<(u32, u32)>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        let number = |flag| {
            let mut question = Command::new("id");
            question.args([flag, name]);
            ask(question)?.parse().ok()
        };
        if let (Some(uid), Some(gid)) = (number("-u"), number("-g")) {
            return Ok(Some((uid, gid)));
        }
    }
    Err(Error::new(
        "PostgreSQL does not run as root, and there is no user `postgres` or `nobody`",
    ))
}

/// A command as that account, with its output in a log, that ends with this process where
/// util-linux's `setpriv` is there to arrange it.
fn command(program: &Path, account: Option<(u32, u32)>, folder: &Path) -> Result<Command> {
    let path = folder.join("log");
    let log = File::options().create(true).append(true).open(&path);
    let log = log.map_err(Error::file("write", &path))?;
    let errors = log.try_clone().map_err(Error::file("write", &path))?;
    let mut probe = Command::new("setpriv");
    probe.args(["--pdeathsig", "INT", "--", "true"]);
    let mut command = if ask(probe).is_some() {
        let mut setpriv = Command::new("setpriv");
        setpriv.args(["--pdeathsig", "INT", "--"]).arg(program);
        setpriv
    } else {
        Command::new(program)
    };
    command
        .current_dir("/")
        .env("LC_ALL", "C")
        .stdout(Stdio::from(log))
        .stderr(Stdio::from(errors));
    if let Some((uid, gid)) = account {
        command.uid(uid).gid(gid);
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_and_leaves_nothing() {
        let postgres = ThrowawayPostgres::start(Durability::None).unwrap();
        let folder = postgres.folder.clone();
        assert!(folder.join(".s.PGSQL.5432").exists());
        drop(postgres);
        assert!(!folder.exists());
    }
}
