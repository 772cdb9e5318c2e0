//! Brings the schema up to date, beside servers of the version before and after.
//!
//! The statements here are not checked at compile time: they run on a database of any
//! age.

use super::{connect::connect_options, error, pools::READ_SESSION};
use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection,
    error::DatabaseError,
    migrate::{MigrateError, Migrator},
};
use std::{collections::HashMap, sync::LazyLock};
use thiserror::Error;

/// See `migrations/README.md`. Migrations of a newer version may be in the database, too.
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrations = sqlx::migrate!("../migrations");
    migrations.set_ignore_missing(true);
    migrations
});

/// While a migration waits for a table's lock, everything else that needs the table waits
/// behind it. So it waits shortly, gives up, and is tried again. The lock between nodes
/// (sqlx takes it) has the same limit. Statements themselves may take long.
const SESSION: &str = "SET lock_timeout = '3s';
     SET statement_timeout = 0;
     SET idle_in_transaction_session_timeout = 0";

/// PostgreSQL's code for a lock that was not granted in time.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Why the database's schema cannot be used.
#[derive(Debug, Error)]
pub(crate) enum SchemaError {
    /// A statement failed.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// A migration failed.
    #[error("migration {1} failed: {0}")]
    Migration(#[source] sqlx::Error, i64),
    /// A migration without a transaction failed half way, earlier.
    #[error(
        "migration {0} failed half way: repair what it left, then delete its row in _sqlx_migrations"
    )]
    Dirty(i64),
    /// A migration was applied that has another text in this version.
    #[error("migration {0} was applied with another content than this version has")]
    Modified(i64),
    /// A newer version changed the schema so that this one cannot use it.
    #[error(
        "the database needs a server that knows migration {needed}, and this version knows only {known}: install the newer version"
    )]
    TooOld {
        /// `schema_compatibility.oldest_server`.
        needed: i64,
        /// The newest migration of this version.
        known: i64,
    },
}

impl SchemaError {
    /// Whether the same may succeed later, without anybody changing a setting.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Database(cause) | Self::Migration(cause, _) => error::is_unavailable(cause),
            Self::Dirty(_) | Self::Modified(_) | Self::TooOld { .. } => false,
        }
    }

    /// Whether another transaction, or another node that migrates, held a lock for too
    /// long.
    pub(crate) fn is_locked(&self) -> bool {
        let (Self::Database(error) | Self::Migration(error, _)) = self else {
            return false;
        };
        let code = error.as_database_error().and_then(DatabaseError::code);
        code.is_some_and(|code| code == LOCK_NOT_AVAILABLE)
    }
}

impl From<MigrateError> for SchemaError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) => Self::Database(error),
            MigrateError::ExecuteMigration(error, version) => Self::Migration(error, version),
            MigrateError::Dirty(version) => Self::Dirty(version),
            MigrateError::VersionMismatch(version) => Self::Modified(version),
            other => Self::Database(sqlx::Error::Migrate(Box::new(other))),
        }
    }
}

/// Applies the migrations that are missing, however long they take, and returns their
/// number. Does not lock anything where none is missing.
///
/// # Errors
/// [`SchemaError`]. What was applied before stays.
pub(crate) async fn migrate(url: &str) -> Result<usize, SchemaError> {
    // Migrations may take long, and their text is no news.
    let options = connect_options(url)?.disable_statement_logging();
    let mut connection = PgConnection::connect_with(&options).await?;
    // The pools' settings first: what a migration writes must be as durable.
    connection.execute(sqlx::raw_sql(READ_SESSION)).await?;
    connection.execute(sqlx::raw_sql(SESSION)).await?;
    let missing = missing(&mut connection).await?;
    if missing > 0 {
        tracing::info!(missing, "bringing the database up to date");
        // `run` takes a pool as well, for which the compiler finds this future not to be `Send`.
        MIGRATIONS.run_direct(None, &mut connection, false).await?;
    }
    check_compatibility(&mut connection).await?;
    connection.close().await?;
    Ok(missing)
}

/// How many of this version's migrations the database does not have.
async fn missing(connection: &mut PgConnection) -> Result<usize, SchemaError> {
    let has_any: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !has_any {
        return Ok(MIGRATIONS.iter().count());
    }
    let applied: Vec<(i64, Vec<u8>, bool)> =
        sqlx::query_as("SELECT version, checksum, success FROM _sqlx_migrations")
            .fetch_all(connection)
            .await?;
    if let Some((version, ..)) = applied.iter().find(|(_, _, success)| !success) {
        return Err(SchemaError::Dirty(*version));
    }
    let applied: HashMap<i64, Vec<u8>> = applied
        .into_iter()
        .map(|(version, checksum, _)| (version, checksum))
        .collect();
    let mut missing = 0;
    for migration in MIGRATIONS.iter() {
        match applied.get(&migration.version) {
            None => missing += 1,
            Some(checksum) if **checksum == *migration.checksum => {}
            Some(_) => return Err(SchemaError::Modified(migration.version)),
        }
    }
    Ok(missing)
}

/// Refuses a schema that a newer version made unusable for this one.
async fn check_compatibility(connection: &mut PgConnection) -> Result<(), SchemaError> {
    let needed: i64 = sqlx::query_scalar("SELECT oldest_server FROM schema_compatibility")
        .fetch_one(connection)
        .await?;
    let known = MIGRATIONS.iter().map(|it| it.version).max().unwrap_or(0);
    if needed > known {
        return Err(SchemaError::TooOld { needed, known });
    }
    Ok(())
}
