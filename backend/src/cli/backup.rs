//! `stellar-canvas backup FILE`: the whole database in one file, as it was at one moment,
//! while the server runs or not.

use super::{
    CommandError,
    database::{CommandDatabase, cannot_use},
    pg_programs::{self, PgPrograms},
};
use crate::config::Config;
use clap::Args;
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process,
};
use tokio::signal::unix::{SignalKind, signal};

/// The arguments of `backup`.
#[derive(Args)]
pub struct BackupCommand {
    /// The file to write; it is replaced when the backup is complete
    file: PathBuf,
}

impl BackupCommand {
    pub(super) async fn run(self, config: &Config) -> Result<(), CommandError> {
        let unfinished = Unfinished::create(&self.file)?;
        let database = CommandDatabase::open_existing(config).await?;
        let written = tokio::select! {
            written = write(&database, &unfinished.path) => written,
            () = interrupted() => Err(CommandError::new("the backup was interrupted")),
        };
        database.close().await;
        written?;
        unfinished.publish(&self.file)?;
        println!("wrote {}", self.file.display());
        Ok(())
    }
}

/// Writes the database to the file with `pg_dump`, which reads it in one transaction.
async fn write(database: &CommandDatabase, file: &Path) -> Result<(), CommandError> {
    let mut connection = database.connect_unchanged().await?;
    let version = pg_programs::server_version(&mut connection).await?;
    let has_schema: bool = sqlx::query_scalar("SELECT to_regclass('canvases') IS NOT NULL")
        .fetch_one(&mut connection)
        .await
        .map_err(cannot_use)?;
    if !has_schema {
        return Err(CommandError::new(
            "there is nothing to back up: no server has used this database yet",
        ));
    }
    drop(connection);
    let mut dump = PgPrograms::new(database.url(), version)?.command("pg_dump");
    // Exports are copies of what is in the other tables, and are kept for a day.
    dump.args([
        "--exclude-table-data=exports",
        "--exclude-table-data=export_chunks",
    ]);
    dump.args(["--format=custom", "--no-owner", "--no-privileges", "--file"])
        .arg(file);
    pg_programs::run("pg_dump", dump).await.map(drop)
}

/// Completes on SIGINT or SIGTERM.
pub(super) async fn interrupted() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// A file beside the final one, removed unless it is complete.
struct Unfinished {
    path: PathBuf,
}

impl Unfinished {
    /// Creates the file, which only this user can read: it holds password hashes.
    fn create(file: &Path) -> Result<Self, CommandError> {
        let Some(name) = file.file_name() else {
            return Err(CommandError::new("FILE must be the name of a file"));
        };
        let name = format!(".{}.{}", name.to_string_lossy(), process::id());
        let path = file.with_file_name(name);
        let created = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        created.map_err(|error| cannot_write(file, &error))?;
        Ok(Self { path })
    }

    /// Gives the file its name, once what it holds is on the disk.
    fn publish(&self, file: &Path) -> Result<(), CommandError> {
        let publish = || -> io::Result<()> {
            File::open(&self.path)?.sync_all()?;
            fs::rename(&self.path, file)?;
            let folder = match file.parent() {
                Some(folder) if folder != Path::new("") => folder,
                _ => Path::new("."),
            };
            File::open(folder)?.sync_all()
        };
        publish().map_err(|error| cannot_write(file, &error))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Gone where it was published.
        let _ = fs::remove_file(&self.path);
    }
}

fn cannot_write(file: &Path, error: &io::Error) -> CommandError {
    CommandError::new(format!("cannot write {}: {error}", file.display()))
}
