//! Why a private PostgreSQL does not start. Written out instead of derived, since a derive macro
//! would make `xtask` wait for a parser of Rust.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why the private Postgres does not run. Each message is one sentence for the person who
/// started the program.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// No `postgres` and `initdb` on `PATH` or in the usual folders.
    NotInstalled,
    /// The cluster was made by another major version than the installed ones.
    OtherVersion {
        /// The folder of the cluster.
        folder: PathBuf,
        /// The major version that made it.
        made_by: u32,
    },
    /// Another living process uses the data folder.
    InUse {
        /// The data folder.
        folder: PathBuf,
    },
    /// The cluster belongs to a user whom this process cannot become.
    OtherOwner {
        /// The folder of the database.
        folder: PathBuf,
    },
    /// Postgres refuses to run as root, and `/etc/passwd` names neither `postgres` nor `nobody`.
    NoOrdinaryUser,
    /// A file or folder cannot be created, read or given to another user.
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// No folder is private and has a path short enough for a Unix socket (107 bytes).
    NoSocketFolder,
    /// A program cannot be started.
    Spawn {
        /// The program.
        program: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The cluster cannot be created.
    Create {
        /// The last lines that the program printed.
        output: String,
    },
    /// A Postgres that a killed process left running does not end.
    LeftBehind {
        /// Its process id.
        pid: i32,
    },
    /// Postgres ended, or did not become ready, while starting.
    Start {
        /// Its log file.
        log: PathBuf,
        /// The last lines of the log.
        output: String,
    },
    /// The start was cancelled.
    Cancelled,
}

impl Error {
    /// For `map_err`, where `path` cannot be used.
    pub(crate) fn at(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Folder {
            path: path.to_owned(),
            source,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled => f.write_str(
                "PostgreSQL is not installed: type `sudo apt-get install postgresql`, or set DATABASE_URL to a running server",
            ),
            Self::OtherVersion { folder, made_by } => write!(
                f,
                "the database in {} was made by PostgreSQL {made_by}, which is not installed: type `sudo apt-get install postgresql-{made_by}`",
                folder.display()
            ),
            Self::InUse { folder } => write!(
                f,
                "another server is already using the data folder {}",
                folder.display()
            ),
            Self::OtherOwner { folder } => write!(
                f,
                "the database in {} belongs to another user: start the server as that user or as root, or set STELLAR_DATA to another folder",
                folder.display()
            ),
            Self::NoOrdinaryUser => f.write_str(
                "PostgreSQL does not run as root, and there is no user `postgres` or `nobody`: type `useradd --system postgres`",
            ),
            Self::Folder { path, source } => {
                write!(f, "cannot use {} for the database: {source}", path.display())
            }
            Self::NoSocketFolder => f.write_str(
                "found no private folder with a short enough path for the database's socket",
            ),
            Self::Spawn { program, source } => {
                write!(f, "cannot start {}: {source}", program.display())
            }
            Self::Create { output } => write!(f, "cannot make the database: {output}"),
            Self::LeftBehind { pid } => write!(
                f,
                "a PostgreSQL left by a killed server does not end: type `kill -QUIT {pid}`"
            ),
            Self::Start { log, output } => write!(
                f,
                "PostgreSQL does not start, see {}: {output}",
                log.display()
            ),
            Self::Cancelled => f.write_str("the start of PostgreSQL was given up"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Folder { source, .. } | Self::Spawn { source, .. } => Some(source),
            _ => None,
        }
    }
}
