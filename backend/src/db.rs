//! Queries, grouped by what they are about: free functions over an executor.
//! Nothing here knows of HTTP, sockets or rooms.

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

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sqlx::{
    Connection, Error, PgConnection, PgPool, Postgres, Transaction, migrate::Migrator,
    postgres::PgConnectOptions,
};
use std::{io, str::FromStr, time::Duration};

/// Applied at every start; see `migrations/README.md`.
static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// How long those wait for whom others wait.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Connects once, to say at once if that does not work.
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

/// A transaction in which everything is as it was at one moment.
pub(crate) async fn begin_snapshot(pool: &PgPool) -> Result<Transaction<'static, Postgres>, Error> {
    pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
}

/// Waits for an answer, but not for ever: a database that is cut off says nothing.
///
/// # Errors
/// Those of the question; [`Error::Io`] after [`ANSWER_TIMEOUT`].
pub(crate) async fn with_timeout<T>(
    question: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::time::timeout(ANSWER_TIMEOUT, question)
        .await
        .unwrap_or_else(|_| Err(Error::Io(io::ErrorKind::TimedOut.into())))
}

/// Whether the database is away or refuses for a while, so that the same
/// request may succeed later; everything else is the server's fault.
pub(crate) fn is_away(error: &Error) -> bool {
    match error {
        Error::Io(_)
        | Error::Tls(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::BeginFailed => true,
        // PostgreSQL's appendix A: connections, resources (full disk), going
        // down; read-only, timeouts, conflicts; and not being let in.
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

/// Whether the error says that a row with this unique key is already there.
pub(crate) fn violates(error: &Error, constraint: &str) -> bool {
    matches!(error, Error::Database(error) if error.constraint() == Some(constraint))
}

/// A value of an enum as it is stored: its name on the wire.
pub(crate) fn name_of<T: Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => name,
        // Only enums without data are stored, and those are strings.
        Ok(_) | Err(_) => String::new(),
    }
}

/// The value with this stored name.
pub(crate) fn named<T: DeserializeOwned>(name: String) -> Result<T, Error> {
    serde_json::from_value(Value::String(name)).map_err(|error| Error::Decode(error.into()))
}
