//! Every SQL statement of the server: free functions over an executor, a module
//! for each subject. They know nothing of HTTP, sockets or rooms.
//!
//! Statements are checked at compile time against the schema (`sqlx::query!`),
//! from the descriptions in `.sqlx`. After a change of a statement or of the
//! schema, `cargo xtask sqlx` renews these.

pub(crate) mod access;
pub(crate) mod accounts;
pub(crate) mod admins;
pub(crate) mod appeals;
pub(crate) mod archive;
pub(crate) mod audit;
mod batcher;
pub(crate) mod blocks;
pub(crate) mod canvases;
pub(crate) mod cases;
pub(crate) mod cells;
pub(crate) mod comments;
mod connect;
pub(crate) mod conversations;
pub(crate) mod deleted_canvases;
pub(crate) mod direct_messages;
mod error;
pub(crate) mod event_backfill;
pub(crate) mod event_index;
pub(crate) mod evidence;
pub(crate) mod exports;
pub(crate) mod guests;
pub(crate) mod history;
pub(crate) mod invites;
pub(crate) mod locks;
pub(crate) mod log;
pub(crate) mod members;
pub(crate) mod messages;
mod migrate;
pub(crate) mod moderation_log;
pub(crate) mod name_removals;
pub(crate) mod notifications;
pub(crate) mod order;
pub(crate) mod origins;
mod pool;
mod pooler;
mod pools;
pub(crate) mod preferences;
mod readiness;
pub(crate) mod removed_messages;
pub(crate) mod reports;
pub(crate) mod rewrites;
pub(crate) mod sanctions;
pub(crate) mod sessions;
pub(crate) mod sign_ins;
pub(crate) mod storage;
pub(crate) mod tile_keyframes;
pub(crate) mod tiles;
pub(crate) mod users;
pub(crate) mod visits;
pub(crate) mod words;

pub(crate) use batcher::Batcher;
pub(crate) use connect::{certificate_files, connect_options};
pub(crate) use error::{DbError, Result};
pub(crate) use migrate::{SchemaError, migrate};
pub(crate) use pool::{Lease, Pool, Reads};
pub(crate) use pooler::keeps_sessions;
pub(crate) use pools::Pools;
pub(crate) use readiness::Readiness;

use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sqlx::{Connection, PgConnection, PgExecutor};

/// One connection besides the pool, for a subcommand.
pub(crate) async fn connect(url: &str) -> sqlx::Result<PgConnection> {
    PgConnection::connect_with(&connect_options(url)?).await
}

/// Runs a statement that does nothing, to find out whether the database answers.
pub(crate) async fn ping(executor: impl PgExecutor<'_>) -> Result<()> {
    sqlx::query!(r#"SELECT 1 AS "one!""#)
        .fetch_one(executor)
        .await
        .map_err(DbError::from)
        .map(drop)
}

/// The database's time.
pub(crate) async fn now(executor: impl PgExecutor<'_>) -> Result<DateTime<Utc>> {
    sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#)
        .fetch_one(executor)
        .await
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
