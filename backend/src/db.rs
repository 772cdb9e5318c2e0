//! Every SQL statement of the server: free functions over an executor, a module
//! for each subject. They know nothing of HTTP, sockets or rooms.
//!
//! Statements are checked at compile time against the schema (`sqlx::query!`),
//! from the descriptions in `.sqlx`. After a change of a statement or of the
//! schema, `cargo xtask sqlx` renews these.

pub(crate) mod access;
pub(crate) mod audit;
mod batcher;
pub(crate) mod canvases;
pub(crate) mod cells;
mod connection_cache;
pub(crate) mod locks;
pub(crate) mod log;
pub(crate) mod members;
pub(crate) mod messages;
mod pool;
pub(crate) mod sessions;
pub(crate) mod tiles;
pub(crate) mod users;

pub(crate) use batcher::Batcher;
pub(crate) use connection_cache::ConnectionCache;
pub(crate) use pool::pool;

use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sqlx::{
    Connection, Error, PgConnection, PgPool, Postgres, Transaction, migrate::Migrator,
    postgres::PgConnectOptions,
};
use std::{io, str::FromStr, time::Duration};

/// Applied at every start; see `migrations/README.md`.
static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// The limit of [`with_timeout`].
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Connects once, to find out at the start whether that works.
pub(crate) async fn reach(url: &str) -> Result<(), Error> {
    let connection = PgConnection::connect(url).await?;
    connection.close().await
}

/// Applies the migrations, however long they take.
pub(crate) async fn migrate(url: &str) -> Result<(), Error> {
    let options = PgConnectOptions::from_str(url)?.application_name("stellar-canvas");
    let mut connection = PgConnection::connect_with(&options).await?;
    MIGRATIONS.run(&mut connection).await?;
    connection.close().await
}

/// Begins a transaction that sees everything as it was at one moment.
pub(crate) async fn begin_snapshot(pool: &PgPool) -> Result<Transaction<'static, Postgres>, Error> {
    pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
}

/// Runs a statement that does nothing, to find out whether the database answers.
pub(crate) async fn ping(pool: &PgPool) -> Result<(), Error> {
    sqlx::query!(r#"SELECT 1 AS "one!""#)
        .fetch_one(pool)
        .await
        .map(drop)
}

/// The database's time.
pub(crate) async fn now(pool: &PgPool) -> Result<DateTime<Utc>, Error> {
    let now = sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#).fetch_one(pool);
    with_timeout(now).await
}

/// Awaits a query for at most [`ANSWER_TIMEOUT`]: a database that is cut off never
/// answers. Used by tasks that others wait for.
///
/// # Errors
/// Those of the query; [`Error::Io`] after the timeout.
pub(crate) async fn with_timeout<T>(
    query: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::time::timeout(ANSWER_TIMEOUT, query)
        .await
        .unwrap_or_else(|_| Err(Error::Io(io::ErrorKind::TimedOut.into())))
}

/// Whether the database is unreachable or refuses for a while, so that the same
/// request may succeed later. Every other error is a fault of the server.
pub(crate) fn is_away(error: &Error) -> bool {
    match error {
        Error::Io(_)
        | Error::Tls(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::BeginFailed => true,
        // PostgreSQL's appendix A. By class: connection exceptions (08),
        // insufficient resources such as a full disk (53), operator
        // intervention such as a shutdown (57), system errors (58). Then
        // read-only transaction, idle timeout, lock timeout, serialization
        // failure, deadlock, refused logins (28…), missing database, and a
        // database that allows no connections.
        Error::Database(error) => error.code().is_some_and(|code| {
            code.starts_with("08")
                || code.starts_with("53")
                || code.starts_with("57")
                || code.starts_with("58")
                || matches!(
                    &*code,
                    "25006"
                        | "25P03"
                        | "55P03"
                        | "40001"
                        | "40P01"
                        | "28000"
                        | "28P01"
                        | "3D000"
                        | "55000"
                )
        }),
        _ => false,
    }
}

/// Whether the error is a violation of this constraint or unique index.
pub(crate) fn violates(error: &Error, constraint: &str) -> bool {
    matches!(error, Error::Database(error) if error.constraint() == Some(constraint))
}

/// How a value of an enum is stored: by its name on the wire.
pub(crate) fn name_of<T: Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => name,
        // Only enums without data are stored, and those are strings.
        Ok(_) | Err(_) => String::new(),
    }
}

/// The value of an enum from its stored name.
///
/// # Errors
/// [`Error::Decode`] if there is no such value.
pub(crate) fn named<T: DeserializeOwned>(name: String) -> Result<T, Error> {
    serde_json::from_value(Value::String(name)).map_err(|error| Error::Decode(error.into()))
}
