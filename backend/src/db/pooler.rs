//! Finds out whether what answers at the database's address keeps sessions. A pooler that
//! gives each transaction another connection (`PgBouncer` with `pool_mode=transaction`) does
//! not: prepared statements, settings and locks of a session end up elsewhere, and answers
//! of other statements come back.

use super::connect::connect_options;
use sqlx::{Connection, Executor, PgConnection, Row};

/// PostgreSQL's code for a violation of the protocol, which poolers use for what they do
/// not support.
const PROTOCOL_VIOLATION: &str = "08P01";
/// How often the two connections take turns: a pooler with several idle connections may
/// give the same one twice by chance.
const ROUNDS: usize = 4;

/// Whether a connection stays with one process of PostgreSQL while another one is in a
/// transaction. Connects, which also shows whether the database can be reached.
///
/// # Errors
/// Those of connecting and of the statements.
pub(crate) async fn keeps_sessions(url: &str) -> sqlx::Result<bool> {
    let options = connect_options(url)?;
    let mut first = PgConnection::connect_with(&options).await?;
    let mut second = PgConnection::connect_with(&options).await?;
    let kept = match has_own_process(&mut first, &mut second).await {
        Ok(kept) => kept,
        // `pool_mode=statement` allows no transactions.
        Err(sqlx::Error::Database(error))
            if error.code().as_deref() == Some(PROTOCOL_VIOLATION) =>
        {
            false
        }
        Err(error) => return Err(error),
    };
    first.close().await?;
    second.close().await?;
    Ok(kept)
}

async fn has_own_process(
    first: &mut PgConnection,
    second: &mut PgConnection,
) -> sqlx::Result<bool> {
    let own = process(first).await?;
    for _ in 0..ROUNDS {
        // While this transaction is open it keeps its process to itself, so a pooler has to
        // take another one for the first connection.
        second.execute(sqlx::raw_sql("BEGIN")).await?;
        let is_shared = process(second).await? == own || process(first).await? != own;
        second.execute(sqlx::raw_sql("COMMIT")).await?;
        if is_shared {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The process of PostgreSQL that serves the connection. Not prepared: poolers refuse or
/// mix up prepared statements.
async fn process(connection: &mut PgConnection) -> sqlx::Result<i32> {
    let row = connection
        .fetch_one(sqlx::raw_sql("SELECT pg_backend_pid()"))
        .await?;
    row.try_get(0)
}
