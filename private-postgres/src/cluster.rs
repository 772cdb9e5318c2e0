//! The files of one cluster: how they are created, how Postgres is run on them, and whether one
//! is running already. It spawns no server; the supervisor does.
//!
//! ```text
//! <data>/postgres.log
//! <data>/postgres/             mode 0700, owned by Postgres' user; or a link into /var/lib
//!        postgres/server.lock  locked by the living process, unlocked by the kernel with its end
//!        postgres/cluster/     created under another name, renamed when complete
//!        postgres/socket/      or elsewhere, where this path is too long for a socket
//! ```

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Output, Stdio};
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, kill_process, test_kill_process};

use crate::folders;
use crate::installation::{Account, Installation, tied_to_thread};
use crate::supervisor::{SHUTDOWN, last_lines};
use crate::{Config, Error, POLL_INTERVAL};

/// Both the superuser and the database.
const NAME: &str = "stellar_canvas";
/// Names the socket file; nothing listens on a port of this number.
pub(crate) const PORT: &str = "5432";
/// A log that is larger, in bytes, is deleted at the next start.
const LOG_LIMIT: u64 = 4 * 1024 * 1024;

/// Always in force, whatever `postgresql.conf` says; [`Config::settings`] override them.
const SETTINGS: [&str; 16] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=100",
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    // To the inherited log file, and only what concerns Postgres itself: the application reports
    // statements that fail, and they must not fill the disk.
    "log_destination=stderr",
    "logging_collector=off",
    "log_min_messages=log",
    "log_min_error_statement=panic",
    "log_checkpoints=off",
    "log_connections=off",
    "cluster_name=stellar-canvas",
];

/// A complete cluster that this process has locked.
#[derive(Debug)]
pub(crate) struct Cluster {
    config: Config,
    installation: Installation,
    /// The user to run Postgres as. `None` where this process is an ordinary user itself.
    account: Option<Account>,
    /// Where all its files are.
    home: PathBuf,
    socket: PathBuf,
    log: PathBuf,
    /// Unlocked by the kernel when this process ends, however it ends.
    _lock: File,
}

impl Cluster {
    /// Opens and locks the cluster of the configured folder, and creates it where there is none.
    pub(crate) fn open(config: &Config) -> Result<Self, Error> {
        let installations = Installation::all();
        if installations.is_empty() {
            return Err(Error::NotInstalled);
        }
        let data_dir = &config.data_dir;
        fs::create_dir_all(data_dir).map_err(Error::at(data_dir))?;
        let data_dir = data_dir.canonicalize().map_err(Error::at(data_dir))?;
        let (home, account) = folders::home(&data_dir)?;
        let lock = folders::lock(&home, &data_dir)?;
        let installation = matching(installations, &home.join("cluster"))?;
        let cluster = Self {
            config: config.clone(),
            socket: folders::socket(&home, account)?,
            installation,
            account,
            home,
            log: data_dir.join("postgres.log"),
            _lock: lock,
        };
        if !cluster.folder().exists() {
            cluster.create()?;
        }
        Ok(cluster)
    }

    /// The URL for clients such as sqlx and psql.
    pub(crate) fn url(&self) -> String {
        url(&self.socket)
    }

    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// The log file, opened for appending.
    pub(crate) fn open_log(&self) -> Result<File, Error> {
        let is_long = fs::metadata(&self.log).is_ok_and(|metadata| metadata.len() > LOG_LIMIT);
        if is_long {
            fs::remove_file(&self.log).map_err(Error::at(&self.log))?;
        }
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .map_err(Error::at(&self.log))
    }

    /// The command that runs Postgres, tied to the thread that spawns it.
    pub(crate) fn postgres_command(&self) -> Command {
        let program = self.installation.program("postgres");
        let mut command = tied_to_thread(&program, self.account);
        command
            .arg("-D")
            .arg(self.folder())
            .arg("-k")
            .arg(&self.socket);
        command.args(["-p", PORT]);
        for setting in SETTINGS.iter().chain(&self.config.settings) {
            command.args(["-c", setting]);
        }
        command
    }

    /// Whether the postmaster with this process id accepts connections, which it notes in
    /// `postmaster.pid` for `pg_ctl`.
    pub(crate) fn is_ready(&self, pid: u32) -> bool {
        self.has_status(pid, "ready")
    }

    /// Whether it was told to stop.
    pub(crate) fn is_stopping(&self, pid: u32) -> bool {
        self.has_status(pid, "stopping")
    }

    fn has_status(&self, pid: u32, expected: &str) -> bool {
        let Ok(status) = fs::read_to_string(self.pid_file()) else {
            return false;
        };
        let mut lines = status.lines().map(str::trim);
        lines.next() == Some(pid.to_string().as_str()) && lines.nth(6) == Some(expected)
    }

    /// Ends a Postgres that a killed process left running on these files. As we hold the lock, no
    /// living process uses it.
    pub(crate) fn stop_left_behind(&self) -> Result<(), Error> {
        let Some(pid) = self.recorded_pid() else {
            return Ok(());
        };
        for (signal, timeout) in SHUTDOWN {
            if !self.is_ours(pid) {
                break;
            }
            tracing::info!(
                pid = pid.as_raw_nonzero(),
                ?signal,
                "stopping a PostgreSQL that a killed server left"
            );
            // An error means that it has just ended.
            let _ = kill_process(pid, signal);
            let begun = Instant::now();
            while self.is_ours(pid) && begun.elapsed() < timeout {
                thread::sleep(POLL_INTERVAL);
            }
        }
        if self.is_ours(pid) {
            return Err(Error::LeftBehind {
                pid: pid.as_raw_nonzero().get(),
            });
        }
        // Postgres removes a file that names a dead process. A process that got the same id after
        // a restart of the machine or container it takes for a postmaster.
        if test_kill_process(pid).is_ok() {
            match fs::remove_file(self.pid_file()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::at(&self.pid_file())(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes the socket's folder where it is not in the data folder. Called after a shutdown.
    pub(crate) fn remove_outside_socket(&self) {
        if !self.socket.starts_with(&self.home) {
            // Harmless when it stays.
            let _ = fs::remove_dir(&self.socket);
        }
    }

    /// The folder that Postgres calls its data directory.
    fn folder(&self) -> PathBuf {
        self.home.join("cluster")
    }

    fn pid_file(&self) -> PathBuf {
        self.folder().join("postmaster.pid")
    }

    /// The process id in `postmaster.pid`, of a process that may be gone.
    fn recorded_pid(&self) -> Option<Pid> {
        let status = fs::read_to_string(self.pid_file()).ok()?;
        Pid::from_raw(status.lines().next()?.trim().parse().ok()?)
    }

    /// Whether the process is a postmaster on our files, by its command line: of another user's
    /// process this may be read without any capability, unlike its working folder.
    fn is_ours(&self, pid: Pid) -> bool {
        let pid = pid.as_raw_nonzero();
        let folder = self.folder();
        let folder = folder.as_os_str().as_bytes();
        if Path::new("/proc/self/cmdline").exists() {
            return fs::read(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|line| line.split(|byte| *byte == 0).any(|part| part == folder));
        }
        Command::new("ps")
            .args(["-o", "command=", "-p", &pid.to_string()])
            .output()
            .is_ok_and(|output| {
                output
                    .stdout
                    .windows(folder.len())
                    .any(|part| part == folder)
            })
    }

    /// Creates the cluster with its database. A folder of the final name is always complete.
    fn create(&self) -> Result<(), Error> {
        self.remove_unfinished();
        let unfinished = self.home.join(format!("unfinished-{}", process::id()));
        let initdb = self.installation.program("initdb");
        let mut command = tied_to_thread(&initdb, self.account);
        command.arg("-D").arg(&unfinished).args([
            "--username",
            NAME,
            "--auth=trust",
            "--locale=C",
            "--encoding=UTF8",
        ]);
        if !self.config.is_synced {
            command.arg("--no-sync");
        }
        run(command, "")?;
        let postgres = self.installation.program("postgres");
        let mut command = tied_to_thread(&postgres, self.account);
        command.args(["--single", "-j", "-D"]).arg(&unfinished);
        if !self.config.is_synced {
            command.arg("-F");
        }
        command.arg("template1");
        run(command, &format!("CREATE DATABASE {NAME};\n\n"))?;
        let folder = self.folder();
        fs::rename(&unfinished, &folder).map_err(Error::at(&folder))
    }

    /// Removes the files of a start that was killed while it created the cluster.
    fn remove_unfinished(&self) {
        let Ok(entries) = fs::read_dir(&self.home) else {
            return;
        };
        for entry in entries.flatten() {
            if entry.file_name().as_bytes().starts_with(b"unfinished-") {
                // Files that stay only take space.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// The URL of a server that listens in this folder.
fn url(socket: &Path) -> String {
    let mut host = String::new();
    for byte in socket.as_os_str().as_bytes() {
        // Writing to a string cannot fail.
        let _ = match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => write!(host, "{}", char::from(*byte)),
            _ => write!(host, "%{byte:02X}"),
        };
    }
    // Every part is given, so that no PG… variable of the environment counts.
    format!("postgres://{NAME}@localhost:{PORT}/{NAME}?host={host}&sslmode=disable")
}

/// See [`crate::running_url`]. Postgres notes its socket's folder in `postmaster.pid`.
pub(crate) fn running_url(data_dir: &Path) -> Option<String> {
    let home = data_dir.join("postgres").canonicalize().ok()?;
    let status = fs::read_to_string(home.join("cluster/postmaster.pid")).ok()?;
    let lines: Vec<&str> = status.lines().map(str::trim).collect();
    let is_ready = lines.get(7) == Some(&"ready");
    let socket = lines.get(4).filter(|_| is_ready)?;
    Some(url(Path::new(socket)))
}

/// Runs a program to its end with this standard input. The error holds what it printed.
fn run(mut command: Command, input: &str) -> Result<(), Error> {
    let program = PathBuf::from(command.get_program());
    let spawned = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let output = spawned.and_then(|mut child| -> io::Result<Output> {
        if let Some(mut stdin) = child.stdin.take() {
            // A program that ended early printed why.
            let _ = stdin.write_all(input.as_bytes());
        }
        child.wait_with_output()
    });
    let output = output.map_err(|source| Error::Spawn { program, source })?;
    // `postgres --single` ends with 0 even when its statement failed.
    let errors = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || errors.contains("ERROR:") {
        return Err(Error::Create {
            output: last_lines(&errors),
        });
    }
    Ok(())
}

/// The installation of the version that created the cluster; the first one where there is no
/// cluster.
fn matching(installations: Vec<Installation>, cluster: &Path) -> Result<Installation, Error> {
    let made_by = fs::read_to_string(cluster.join("PG_VERSION"))
        .ok()
        .and_then(|text| text.trim().parse::<u32>().ok());
    let found = installations
        .into_iter()
        .find(|installation| made_by.is_none_or(|version| installation.version == version));
    found.ok_or_else(|| Error::OtherVersion {
        folder: cluster.to_owned(),
        made_by: made_by.unwrap_or_default(),
    })
}
