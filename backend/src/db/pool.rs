//! The connection pool, and which of its idle connections may still be used.
//!
//! A database that was away may leave connections that are open but useless: to
//! a server that became a standby, or to one that is cut off and never answers.
//! One such connection condemns all that are as old: each is replaced when it
//! is acquired next, instead of failing one request each.

use super::{
    connect::{connect_options, set_up_session},
    history,
};
use sqlx::{
    Connection, Error, PgConnection, PgPool, pool::PoolConnectionMetadata, postgres::PgPoolOptions,
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::time;

/// How long a request waits for a connection of the pool.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long the test of an idle connection may take.
const TEST_TIMEOUT: Duration = Duration::from_secs(2);
/// A connection that was idle for this long is asked whether it is writable;
/// one that was used more recently is only pinged.
const IDLE: Duration = Duration::from_millis(500);
/// One in so many recently used connections is asked too, for pools in which
/// none is ever idle.
const SAMPLE: u32 = 16;
/// A read-only connection that is younger is used all the same: while the
/// database is read-only, a new one is no better.
const READ_ONLY_LIFETIME: Duration = Duration::from_secs(1);

/// A pool whose connections give up on statements, locks and transactions that
/// take too long. It connects when it is first used.
///
/// # Errors
/// When `url` is not a PostgreSQL URL.
pub(crate) fn pool(url: &str, max_connections: u32) -> Result<PgPool, Error> {
    let options = connect_options(url)?;
    let health = Arc::new(PoolHealth::default());
    Ok(PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(|connection, _| {
            Box::pin(async move {
                set_up_session(connection).await?;
                history::check_origin(connection).await
            })
        })
        // The pool's own test has no timeout.
        .test_before_acquire(false)
        .before_acquire(move |connection, meta| {
            let health = health.clone();
            Box::pin(async move { Ok(health.is_usable(connection, &meta).await) })
        })
        .connect_lazy_with(options))
}

/// When a connection last failed its test. Those opened before are replaced.
#[derive(Debug, Default)]
struct PoolHealth(Mutex<Option<Instant>>);

impl PoolHealth {
    /// Whether an idle connection may be used; called by the pool each time
    /// before it hands one out.
    async fn is_usable(
        &self,
        connection: &mut PgConnection,
        meta: &PoolConnectionMetadata,
    ) -> bool {
        let now = Instant::now();
        if now.checked_sub(meta.age) < self.last_failure() {
            return false;
        }
        let is_thorough = meta.idle_for >= IDLE || rand::random_ratio(1, SAMPLE);
        let test = async {
            if is_thorough {
                is_writable(connection).await
            } else {
                connection.ping().await.map(|()| true)
            }
        };
        let is_usable = match time::timeout(TEST_TIMEOUT, test).await {
            Ok(Ok(is_writable)) => is_writable || meta.age < READ_ONLY_LIFETIME,
            Ok(Err(_)) | Err(_) => false,
        };
        if !is_usable {
            tracing::info!("a database connection failed its test; older ones are replaced");
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        }
        is_usable
    }

    fn last_failure(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// False on a standby, and in a session that was made read-only.
async fn is_writable(connection: &mut PgConnection) -> Result<bool, Error> {
    let read_only =
        sqlx::query_scalar!(r#"SELECT current_setting('transaction_read_only') AS "read_only!""#)
            .fetch_one(connection)
            .await?;
    Ok(read_only != "on")
}
