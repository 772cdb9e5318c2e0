//! `stellar-canvas restore FILE`: puts a backup into the database, in one transaction.

use super::{
    CommandError,
    backup::interrupted,
    database::{CommandDatabase, cannot_use},
    pg_programs::{self, PgPrograms},
};
use crate::config::Config;
use clap::Args;
use sqlx::PgConnection;
use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
};
use tokio::{
    io::{self, AsyncWriteExt},
    process::ChildStdin,
};

/// Empties the database: every schema of its own, and what is in `public` apart from the
/// parts of extensions.
const EMPTY: &str = include_str!("empty.sql");

/// Whether a connection of a server is open. Its other data would be hidden from an ordinary
/// role; the name is not.
const HAS_SERVER: &str = "SELECT EXISTS (
    SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'stellar-canvas%'
        AND pid <> pg_backend_pid()
)";

/// Whether the database has a table outside of PostgreSQL's own schemas.
const HAS_TABLES: &str = "SELECT EXISTS (
    SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
)";

/// What `db::history::renew_all_epochs` does, in the same transaction: clients that know
/// events which the backup does not have must load everything again. Backups of older
/// versions have no table `history`; the migration that makes it comes later.
const RENEW_EPOCHS: &str = "
UPDATE public.canvases SET epoch = gen_random_uuid();
DO $$
BEGIN
    IF to_regclass('public.history') IS NOT NULL THEN
        UPDATE public.history
        SET database_id = gen_random_uuid(), origin = public.history_origin();
    END IF;
END
$$;
";

/// A restore may take long, and what it drops is many lines of notices.
const SESSION: &str = "SET statement_timeout = 0; SET client_min_messages = warning";

/// The arguments of `restore`.
#[derive(Args)]
pub struct RestoreCommand {
    /// A file that `backup` wrote
    file: PathBuf,
    /// Replace the database that is there
    #[arg(long)]
    overwrite: bool,
}

impl RestoreCommand {
    pub(super) async fn run(self, config: &Config) -> Result<(), CommandError> {
        let database = CommandDatabase::open(config).await?;
        let restored = tokio::select! {
            restored = self.restore(&database) => restored,
            () = interrupted() => Err(CommandError::new(
                "the restore was interrupted, nothing has changed",
            )),
        };
        database.close().await;
        restored?;
        println!("restored {}", self.file.display());
        Ok(())
    }

    async fn restore(&self, database: &CommandDatabase) -> Result<(), CommandError> {
        let mut connection = database.connect_unchanged().await?;
        let version = pg_programs::server_version(&mut connection).await?;
        let programs = PgPrograms::new(database.url(), version)?;
        check_file(&programs, &self.file).await?;
        if ask(&mut connection, HAS_SERVER).await? {
            return Err(CommandError::new(
                "a server uses the database: stop all servers first",
            ));
        }
        if !self.overwrite && ask(&mut connection, HAS_TABLES).await? {
            return Err(CommandError::new(
                "the database is not empty: `restore --overwrite` replaces everything in it",
            ));
        }
        drop(connection);
        load(&programs, &self.file).await
    }
}

/// The answer to a question. Not checked at compile time, since it is about PostgreSQL's own
/// tables.
async fn ask(connection: &mut PgConnection, question: &'static str) -> Result<bool, CommandError> {
    sqlx::query_scalar(question)
        .fetch_one(connection)
        .await
        .map_err(cannot_use)
}

/// Refuses a file that is not a backup of this application.
async fn check_file(programs: &PgPrograms, file: &Path) -> Result<(), CommandError> {
    let mut list = programs.command("pg_restore");
    list.arg("--list").arg(file);
    let list = pg_programs::run("pg_restore", list).await?;
    let list = String::from_utf8_lossy(&list);
    let has = |table: &str| {
        let entry = [" TABLE DATA public ", table, " "].concat();
        list.lines().any(|line| line.contains(&entry))
    };
    if has("canvases") && has("canvas_events") && has("_sqlx_migrations") {
        return Ok(());
    }
    Err(CommandError::new(format!(
        "{} is not a backup of Stellar Canvas",
        file.display()
    )))
}

/// `pg_restore` writes the file's statements, which `psql` runs with ours in one
/// transaction: after a failure the database is as it was.
async fn load(programs: &PgPrograms, file: &Path) -> Result<(), CommandError> {
    let mut psql = programs
        .command("psql")
        .args(["--no-psqlrc", "--quiet", "--single-transaction"])
        .args(["--set=ON_ERROR_STOP=1", "--output=/dev/null"])
        .args(["--command", SESSION, "--command", EMPTY, "--file=-"])
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| pg_programs::not_started("psql", &error))?;
    let Some(mut input) = psql.stdin.take() else {
        return Err(CommandError::new("psql has no input"));
    };
    let mut ended = Box::pin(psql.wait_with_output());
    let sent = tokio::select! {
        sent = send(programs, file, &mut input) => sent,
        // It stopped at a statement that failed.
        output = &mut ended => return Err(early_end(output)),
    };
    match sent {
        Ok(Sent::All) => {}
        Ok(Sent::Part) => return Err(early_end(ended.await)),
        Err(error) => {
            // Killed before its input ends: then it would commit what it has.
            drop(ended);
            return Err(error);
        }
    }
    drop(input);
    let output = ended
        .await
        .map_err(|error| pg_programs::not_started("psql", &error))?;
    pg_programs::succeeded("psql", output).map(drop)
}

/// How much `psql` took.
enum Sent {
    All,
    Part,
}

/// Sends the statements of the file, and ours after them.
async fn send(
    programs: &PgPrograms,
    file: &Path,
    input: &mut ChildStdin,
) -> Result<Sent, CommandError> {
    let not_started = |error| pg_programs::not_started("pg_restore", &error);
    let mut script = programs
        .command("pg_restore")
        .args(["--no-owner", "--no-privileges", "--no-comments", "--file=-"])
        .arg(file)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(not_started)?;
    let statements = script.stdout.take();
    let copy = async {
        match statements {
            Some(mut statements) => io::copy(&mut statements, input).await,
            None => Ok(0),
        }
    };
    let (copied, script) = tokio::join!(copy, script.wait_with_output());
    if copied.is_err() {
        return Ok(Sent::Part);
    }
    pg_programs::succeeded("pg_restore", script.map_err(not_started)?)?;
    match input.write_all(RENEW_EPOCHS.as_bytes()).await {
        Ok(()) => Ok(Sent::All),
        Err(_) => Ok(Sent::Part),
    }
}

fn early_end(output: io::Result<Output>) -> CommandError {
    let ended = output
        .map_err(|error| pg_programs::not_started("psql", &error))
        .and_then(|output| pg_programs::succeeded("psql", output));
    match ended {
        Ok(_) => CommandError::new("psql ended too early"),
        Err(error) => error,
    }
}
