//! The descriptions of the server's SQL statements in `.sqlx`, against which the statements are
//! checked at compile time. `cargo xtask sqlx` renews them; `cargo xtask test` compares them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};
use std::time::SystemTime;

use private_postgres::{Durability, TemporaryPostgres};

use crate::error::{Error, Result};
use crate::process::{is_interrupted, status, succeed};
use crate::setup;
use crate::step::{say, step};
use crate::workspace::Workspace;

/// The files of a folder by name, with their contents.
type Files = BTreeMap<OsString, Vec<u8>>;

/// `cargo xtask sqlx`. To be run, and its result committed, after a change of a statement or of
/// the schema.
pub(crate) fn sqlx(workspace: &Workspace) -> Result<ExitCode> {
    let describer = Describer::start(workspace)?;
    step(
        "Describing the statements",
        "about 1 min the first time",
        || {
            let mut cargo = workspace.cargo();
            cargo.args(["check", "--package", "backend", "--lib"]);
            if describer.run(cargo)?.success() {
                return Ok(());
            }
            Err(Error::new("the server does not compile"))
        },
    )?;
    describer.renew()?;
    Ok(ExitCode::SUCCESS)
}

/// A database with the schema, and the folder into which a build of the server describes its
/// statements.
#[derive(Debug)]
pub(crate) struct Describer {
    postgres: TemporaryPostgres,
    fresh: PathBuf,
    committed: PathBuf,
    source: PathBuf,
}

impl Describer {
    pub(crate) fn start(workspace: &Workspace) -> Result<Self> {
        setup::postgres()?;
        let fresh = workspace.target.join("sqlx");
        // Absent where there was no run before.
        let _ = fs::remove_dir_all(&fresh);
        fs::create_dir_all(&fresh).map_err(Error::file("make", &fresh))?;
        let postgres = TemporaryPostgres::start(Durability::None, is_interrupted)?;
        let mut psql = postgres.psql();
        psql.args(["--set", "ON_ERROR_STOP=1"]);
        let migrations = workspace.root.join("migrations");
        for name in read(&migrations, "sql")?.keys() {
            psql.arg("--file").arg(migrations.join(name));
        }
        succeed(psql)?;
        Ok(Self {
            postgres,
            fresh,
            committed: workspace.root.join(".sqlx"),
            source: workspace.root.join("backend/src/lib.rs"),
        })
    }

    /// Runs a cargo command that builds the server's library, which is built anew in any case.
    pub(crate) fn run(&self, mut cargo: Command) -> Result<ExitStatus> {
        cargo
            .env("DATABASE_URL", self.postgres.url())
            .env("SQLX_OFFLINE", "false")
            .env("SQLX_OFFLINE_DIR", &self.fresh);
        let set_modified = |time| {
            let file = File::options().append(true).open(&self.source);
            file.and_then(|file| file.set_modified(time))
                .map_err(Error::file("touch", &self.source))
        };
        let modified = fs::metadata(&self.source).and_then(|file| file.modified());
        let modified = modified.map_err(Error::file("read", &self.source))?;
        set_modified(SystemTime::now())?;
        let ended = status(cargo);
        // So that other builds are not made anew.
        set_modified(modified)?;
        ended
    }

    /// Whether the committed descriptions are those of the build; says what to do if not.
    pub(crate) fn is_current(&self) -> Result<bool> {
        let is_current = read(&self.fresh, "json")? == read(&self.committed, "json")?;
        if !is_current {
            say(
                "error: .sqlx is not up to date: type `cargo xtask sqlx` and commit what it changes",
            );
        }
        Ok(is_current)
    }

    /// Writes the descriptions that are new or changed, and removes those that are not needed.
    fn renew(&self) -> Result<()> {
        let folder = &self.committed;
        fs::create_dir_all(folder).map_err(Error::file("make", folder))?;
        let (new, old) = (read(&self.fresh, "json")?, read(folder, "json")?);
        let changed = new
            .iter()
            .filter(|(name, text)| old.get(*name) != Some(*text));
        let stale = old.keys().filter(|name| !new.contains_key(*name));
        let (mut written, mut removed) = (0, 0);
        for (name, text) in changed {
            let path = folder.join(name);
            fs::write(&path, text).map_err(Error::file("write", &path))?;
            written += 1;
        }
        for name in stale {
            let path = folder.join(name);
            fs::remove_file(&path).map_err(Error::file("remove", &path))?;
            removed += 1;
        }
        let all = new.len();
        say(&format!(
            "{all} statements: {written} descriptions written, {removed} removed"
        ));
        Ok(())
    }
}

/// The files of a folder with this extension, in the order of their names.
fn read(folder: &Path, extension: &str) -> Result<Files> {
    let entries = fs::read_dir(folder).map_err(Error::file("read", folder))?;
    let paths = entries.flatten().map(|entry| entry.path());
    paths
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .filter_map(|path| path.file_name().map(|name| (name.to_owned(), path.clone())))
        .map(|(name, path)| {
            let text = fs::read(&path).map_err(Error::file("read", &path))?;
            Ok((name, text))
        })
        .collect()
}
