//! The files of one private cluster: where they are, whose they are, how they are made, and
//! whether a Postgres is already running on them. It starts no server; the keeper does.
//!
//! ```text
//! <data>/postgres.log
//! <data>/postgres/             0700, the account's; or a link into /var/lib/stellar-canvas
//!        postgres/server.lock  held by the living server, freed by the kernel with it
//!        postgres/cluster/     made under another name, renamed when complete
//!        postgres/socket/      or elsewhere, where this path is too long for a socket
//! ```

use std::env;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{self, Command, Output, Stdio};
use std::thread;
use std::time::{Instant, SystemTime};

use rustix::process::{Pid, Signal, geteuid, kill_process, test_kill_process};

use super::installation::{Account, Installation, can_enter, tied_to_thread};
use super::{
    EmbeddedPostgresError, FAST_STOP_LIMIT, IMMEDIATE_STOP_LIMIT, POLL_INTERVAL, last_lines,
};

/// Both the superuser and the database.
const NAME: &str = "stellar_canvas";
/// Names the socket file; nothing listens on a port of this number.
const PORT: &str = "5432";
/// `sun_path` of Linux holds 108 bytes, the last one 0.
const SOCKET_PATH_LIMIT: usize = 107;
/// Where root's cluster goes when the data folder is out of every ordinary user's reach.
const SYSTEM_FOLDER: &str = "/var/lib/stellar-canvas";
/// The log begins anew at a start when it is larger than this many bytes.
const LOG_LIMIT: u64 = 4 * 1024 * 1024;

/// Always in force, whatever `postgresql.conf` says.
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
    // To the inherited log file, and only what concerns Postgres itself: a refused statement is
    // the server's to report, and must not fill the disk.
    "log_destination=stderr",
    "logging_collector=off",
    "log_min_messages=log",
    "log_min_error_statement=panic",
    "log_checkpoints=off",
    "log_connections=off",
    "cluster_name=stellar-canvas",
];

/// A complete cluster that this process alone may use.
#[derive(Debug)]
pub(super) struct Cluster {
    installation: Installation,
    /// `None` where this process is an ordinary user itself.
    account: Option<Account>,
    home: PathBuf,
    socket: PathBuf,
    log: PathBuf,
    /// Locked; the kernel frees it when this process ends, however it ends.
    _lock: File,
}

impl Cluster {
    /// Opens the cluster of `data_dir`, and makes it where there is none.
    pub(super) fn open(data_dir: &Path) -> Result<Self, EmbeddedPostgresError> {
        let installations = Installation::all();
        if installations.is_empty() {
            return Err(EmbeddedPostgresError::NotInstalled);
        }
        fs::create_dir_all(data_dir).map_err(at(data_dir))?;
        let data_dir = data_dir.canonicalize().map_err(at(data_dir))?;
        let (home, account) = home(&data_dir)?;
        let lock = lock(&home, &data_dir)?;
        let installation = matching(installations, &home.join("cluster"))?;
        let cluster = Self {
            socket: socket_folder(&home, account)?,
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

    /// Where sqlx connects.
    pub(super) fn url(&self) -> String {
        let mut host = String::new();
        for byte in self.socket.as_os_str().as_bytes() {
            // Writing to a string cannot fail.
            let _ = match byte {
                b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => write!(host, "{}", char::from(*byte)),
                _ => write!(host, "%{byte:02X}"),
            };
        }
        // All is given, so that no PG… variable of the environment has a say.
        format!("postgres://{NAME}@localhost:{PORT}/{NAME}?host={host}&sslmode=disable")
    }

    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    pub(super) fn open_log(&self) -> Result<File, EmbeddedPostgresError> {
        let is_long = fs::metadata(&self.log).is_ok_and(|metadata| metadata.len() > LOG_LIMIT);
        if is_long {
            fs::remove_file(&self.log).map_err(at(&self.log))?;
        }
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .map_err(at(&self.log))
    }

    /// The command that runs Postgres, tied to the thread that spawns it.
    pub(super) fn postgres_command(&self) -> Command {
        let program = self.installation.program("postgres");
        let mut command = tied_to_thread(&program, self.account);
        command
            .arg("-D")
            .arg(self.folder())
            .arg("-k")
            .arg(&self.socket);
        command.args(["-p", PORT]);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command
    }

    /// Whether the postmaster with this id accepts connections, by its own word in
    /// `postmaster.pid` (as `pg_ctl` asks it).
    pub(super) fn is_ready(&self, pid: u32) -> bool {
        let Ok(status) = fs::read_to_string(self.pid_file()) else {
            return false;
        };
        let mut lines = status.lines().map(str::trim);
        lines.next() == Some(pid.to_string().as_str()) && lines.nth(6) == Some("ready")
    }

    /// Ends a Postgres that a killed server left on these files. As we hold the lock, no living
    /// server uses it.
    pub(super) fn stop_left_behind(&self) -> Result<(), EmbeddedPostgresError> {
        let Some(pid) = self.recorded_pid() else {
            return Ok(());
        };
        for (signal, limit) in [
            (Signal::INT, FAST_STOP_LIMIT),
            (Signal::QUIT, IMMEDIATE_STOP_LIMIT),
        ] {
            if !self.is_ours(pid) {
                break;
            }
            tracing::info!(
                pid = pid.as_raw_nonzero(),
                ?signal,
                "stopping a PostgreSQL that a killed server left"
            );
            // An error says that it has just ended.
            let _ = kill_process(pid, signal);
            let begun = Instant::now();
            while self.is_ours(pid) && begun.elapsed() < limit {
                thread::sleep(POLL_INTERVAL);
            }
        }
        if self.is_ours(pid) {
            return Err(EmbeddedPostgresError::LeftBehind {
                pid: pid.as_raw_nonzero().get(),
            });
        }
        // Postgres removes a file that names a dead process, but takes a stranger that got the
        // same id (after a restart of the machine or container) for a postmaster.
        if test_kill_process(pid).is_ok() {
            match fs::remove_file(self.pid_file()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(at(&self.pid_file())(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes what is outside the data folder and needed only while Postgres runs.
    pub(super) fn tidy(&self) {
        if !self.socket.starts_with(&self.home) {
            // Harmless when it stays.
            let _ = fs::remove_dir(&self.socket);
        }
    }

    fn folder(&self) -> PathBuf {
        self.home.join("cluster")
    }

    fn pid_file(&self) -> PathBuf {
        self.folder().join("postmaster.pid")
    }

    fn recorded_pid(&self) -> Option<Pid> {
        let status = fs::read_to_string(self.pid_file()).ok()?;
        Pid::from_raw(status.lines().next()?.trim().parse().ok()?)
    }

    /// Whether the process is a postmaster on our files. Its command line says so: unlike its
    /// working folder, that may be read of another user's process without any capability.
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

    /// Makes the cluster with its database. What is there under its final name is complete.
    fn create(&self) -> Result<(), EmbeddedPostgresError> {
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
        run(command, "")?;
        let postgres = self.installation.program("postgres");
        let mut command = tied_to_thread(&postgres, self.account);
        command
            .args(["--single", "-j", "-D"])
            .arg(&unfinished)
            .arg("template1");
        run(command, &format!("CREATE DATABASE {NAME};\n\n"))?;
        let folder = self.folder();
        fs::rename(&unfinished, &folder).map_err(at(&folder))
    }

    /// Clears away what a start that was killed while making the cluster has left.
    fn remove_unfinished(&self) {
        let Ok(entries) = fs::read_dir(&self.home) else {
            return;
        };
        for entry in entries.flatten() {
            if entry.file_name().as_bytes().starts_with(b"unfinished-") {
                // What cannot be removed only takes room.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// Runs to the end with `input`, and fails with what it printed.
fn run(mut command: Command, input: &str) -> Result<(), EmbeddedPostgresError> {
    let program = PathBuf::from(command.get_program());
    let spawned = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let output = spawned.and_then(|mut child| -> io::Result<Output> {
        if let Some(mut stdin) = child.stdin.take() {
            // A program that ended early tells why in its output.
            let _ = stdin.write_all(input.as_bytes());
        }
        child.wait_with_output()
    });
    let output = output.map_err(|source| EmbeddedPostgresError::Spawn { program, source })?;
    // `postgres --single` ends with 0 even when its statement failed.
    let errors = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || errors.contains("ERROR:") {
        return Err(EmbeddedPostgresError::Create {
            output: last_lines(&errors),
        });
    }
    Ok(())
}

/// The folder of the database and the account that owns it.
fn home(data_dir: &Path) -> Result<(PathBuf, Option<Account>), EmbeddedPostgresError> {
    let link = data_dir.join("postgres");
    let is_new = fs::symlink_metadata(&link).is_err();
    if is_new {
        create_private(&link).map_err(at(&link))?;
    }
    let home = link.canonicalize().map_err(at(&link))?;
    let owner = fs::metadata(&home).map_err(at(&home))?;
    if !geteuid().is_root() {
        if owner.uid() != geteuid().as_raw() {
            return Err(EmbeddedPostgresError::OtherOwner { folder: home });
        }
        return Ok((home, None));
    }
    if owner.uid() != 0 {
        let (uid, gid) = (owner.uid(), owner.gid());
        return Ok((home, Some(Account { uid, gid })));
    }
    let account = Account::ordinary()?;
    give(&home, Some(account))?;
    if can_enter(&home, account)? {
        return Ok((home, Some(account)));
    }
    // Not reached from a link: its target was chosen because it can be entered.
    let elsewhere = system_folder(&home, account)?;
    fs::remove_dir(&link).map_err(at(&link))?;
    symlink(&elsewhere, &link).map_err(at(&link))?;
    tracing::info!(
        folder = %elsewhere.display(),
        "the data folder is out of reach for PostgreSQL's user, the database is kept elsewhere"
    );
    Ok((elsewhere, Some(account)))
}

/// A new folder in [`SYSTEM_FOLDER`]. Its name is never used twice, so that who deletes the data
/// folder does start with an empty database.
fn system_folder(home: &Path, account: Account) -> Result<PathBuf, EmbeddedPostgresError> {
    let name = short_name(&(home, SystemTime::now(), process::id()));
    let folder = Path::new(SYSTEM_FOLDER).join(name);
    let parents = DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(SYSTEM_FOLDER);
    parents.map_err(at(Path::new(SYSTEM_FOLDER)))?;
    create_private(&folder).map_err(at(&folder))?;
    give(&folder, Some(account))?;
    if can_enter(&folder, account)? {
        return Ok(folder);
    }
    Err(at(&folder)(io::ErrorKind::PermissionDenied.into()))
}

/// Takes the lock of a living server.
fn lock(home: &Path, data_dir: &Path) -> Result<File, EmbeddedPostgresError> {
    let path = home.join("server.lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path);
    let file = file.map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(EmbeddedPostgresError::InUse {
            folder: data_dir.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(at(&path)(error)),
    }
}

/// The installation of the version that made the cluster; the first one where there is none.
fn matching(
    installations: Vec<Installation>,
    cluster: &Path,
) -> Result<Installation, EmbeddedPostgresError> {
    let made_by = fs::read_to_string(cluster.join("PG_VERSION"))
        .ok()
        .and_then(|text| text.trim().parse::<u32>().ok());
    let found = installations
        .into_iter()
        .find(|installation| made_by.is_none_or(|version| installation.version == version));
    found.ok_or_else(|| EmbeddedPostgresError::OtherVersion {
        folder: cluster.to_owned(),
        made_by: made_by.unwrap_or_default(),
    })
}

/// The first folder that is private and has a short enough path.
fn socket_folder(home: &Path, account: Option<Account>) -> Result<PathBuf, EmbeddedPostgresError> {
    let name = format!("stellar-canvas-{}", short_name(&home));
    let runtime_folder = match account {
        Some(_) => Some(PathBuf::from("/run")),
        None => env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from),
    };
    [
        Some(home.join("socket")),
        runtime_folder.map(|parent| parent.join(&name)),
        Some(env::temp_dir().join(&name)),
        Some(Path::new("/tmp").join(&name)),
    ]
    .into_iter()
    .flatten()
    .find(|folder| fits_socket(folder) && is_made_private(folder, account))
    .ok_or(EmbeddedPostgresError::NoSocketFolder)
}

fn fits_socket(folder: &Path) -> bool {
    let path = folder.join(format!(".s.PGSQL.{PORT}"));
    path.as_os_str().len() <= SOCKET_PATH_LIMIT
}

/// Makes the folder if need be. In `/tmp` somebody else may have made it first: then it is theirs
/// and not used.
fn is_made_private(folder: &Path, account: Option<Account>) -> bool {
    if create_private(folder).is_ok() && give(folder, account).is_err() {
        return false;
    }
    let owner = account.map_or_else(|| geteuid().as_raw(), |account| account.uid);
    let is_private = |metadata: Metadata| {
        metadata.is_dir()
            && metadata.uid() == owner
            && metadata.permissions().mode() & 0o777 == 0o700
    };
    fs::symlink_metadata(folder).is_ok_and(is_private)
        && account.is_none_or(|account| can_enter(folder, account).unwrap_or(false))
}

fn create_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(folder)
}

fn give(path: &Path, account: Option<Account>) -> Result<(), EmbeddedPostgresError> {
    match account {
        Some(Account { uid, gid }) => chown(path, Some(uid), Some(gid)).map_err(at(path)),
        None => Ok(()),
    }
}

fn short_name(of: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn at(path: &Path) -> impl Fn(io::Error) -> EmbeddedPostgresError {
    move |source| EmbeddedPostgresError::Folder {
        path: path.to_owned(),
        source,
    }
}
