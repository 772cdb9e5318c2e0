//! Every SQL statement of the server: free functions over an executor, a module
//! for each subject. They know nothing of HTTP, sockets or rooms.
//!
//! Statements are checked at compile time against the schema (`sqlx::query!`),
//! from the descriptions in `.sqlx`. After a change of a statement or of the
//! schema, `cargo xtask sqlx` renews these.

pub(crate) mod access;
pub(crate) mod admins;
pub(crate) mod audit;
mod batcher;
pub(crate) mod canvases;
pub(crate) mod cells;
mod connect;
mod connection_cache;
mod error;
pub(crate) mod guests;
pub(crate) mod history;
pub(crate) mod locks;
pub(crate) mod log;
pub(crate) mod members;
pub(crate) mod messages;
mod migrate;
mod pool;
mod pooler;
pub(crate) mod sessions;
pub(crate) mod sign_ins;
pub(crate) mod tiles;
pub(crate) mod users;

pub(crate) use batcher::Batcher;
pub(crate) use connect::{certificate_files, connect_options};
pub(crate) use connection_cache::ConnectionCache;
pub(crate) use error::{DbError, Result};
pub(crate) use migrate::{SchemaError, migrate};
pub(crate) use pool::pool;
pub(crate) use pooler::keeps_sessions;

use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction};
use std::{io, time::Duration};

/// The limit of [`with_timeout`].
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// One connection besides the pool, for a subcommand.
pub(crate) async fn connect(url: &str) -> sqlx::Result<PgConnection> {
    PgConnection::connect_with(&connect_options(url)?).await
}

/// Begins a transaction that sees everything as it was at one moment.
pub(crate) async fn begin_snapshot(pool: &PgPool) -> Result<Transaction<'static, Postgres>> {
    pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
        .map_err(DbError::from)
}

/// Runs a statement that does nothing, to find out whether the database answers.
pub(crate) async fn ping(pool: &PgPool) -> Result<()> {
    sqlx::query!(r#"SELECT 1 AS "one!""#)
        .fetch_one(pool)
        .await
        .map_err(DbError::from)
        .map(drop)
}

/// The database's time.
pub(crate) async fn now(pool: &PgPool) -> Result<DateTime<Utc>> {
    let now = sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#).fetch_one(pool);
    with_timeout(now).await
}

/// Awaits a query for at most [`ANSWER_TIMEOUT`]: a database that is cut off never
/// answers. Used by tasks that others wait for.
///
/// # Errors
/// Those of the query; [`DbError::Unavailable`] after the timeout.
async fn with_timeout<T>(query: impl Future<Output = sqlx::Result<T>>) -> Result<T> {
    tokio::time::timeout(ANSWER_TIMEOUT, query)
        .await
        .unwrap_or_else(|_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())))
        .map_err(DbError::from)
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
/// [`sqlx::Error::Decode`] if there is no such value.
fn named<T: DeserializeOwned>(name: String) -> sqlx::Result<T> {
    serde_json::from_value(Value::String(name)).map_err(|error| sqlx::Error::Decode(error.into()))
}
