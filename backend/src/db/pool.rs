//! The pool of connections, and which of them are still trusted.
//!
//! A database that was away may leave connections behind that are open and of
//! no use: to a server that became a standby, or that is cut off and never
//! answers. One such connection is enough to tell: all that are as old are
//! replaced when they are needed next, instead of failing one request each.

use sqlx::{
    Connection, Error, PgConnection, PgPool,
    pool::PoolConnectionMetadata,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::time;

/// How long a request waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long an idle connection may take to show that it works.
const ANSWER: Duration = Duration::from_secs(2);
/// Idle for this long, a connection is asked whether it may write.
const IDLE: Duration = Duration::from_millis(500);
/// Where none is ever idle, every so many-th use asks as well.
const SAMPLE: u32 = 16;
/// A read-only connection is kept this long: while the database is so, a new
/// one is no better.
const READ_ONLY: Duration = Duration::from_secs(1);

/// A pool whose connections give up on statements, locks and transactions that
/// take too long, so that nothing waits for ever. It connects when first used.
pub(crate) fn pool(url: &str, max_connections: u32) -> Result<PgPool, Error> {
    let options = PgConnectOptions::from_str(url)?
        .application_name("stellar-canvas")
        .options([
            ("statement_timeout", "10s"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "15s"),
        ]);
    let trust = Arc::new(Trust::default());
    Ok(PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // Its own look has no limit in time.
        .test_before_acquire(false)
        .before_acquire(move |connection, meta| {
            let trust = trust.clone();
            Box::pin(async move { Ok(trust.keeps(connection, &meta).await) })
        })
        .connect_lazy_with(options))
}

/// Since when connections are trusted.
#[derive(Debug, Default)]
struct Trust(Mutex<Option<Instant>>);

impl Trust {
    /// Whether a connection that was idle may be used.
    async fn keeps(&self, connection: &mut PgConnection, meta: &PoolConnectionMetadata) -> bool {
        let now = Instant::now();
        if now.checked_sub(meta.age) < self.since() {
            return false;
        }
        let thorough = meta.idle_for >= IDLE || rand::random_ratio(1, SAMPLE);
        let look = async {
            if thorough {
                writes(connection).await
            } else {
                connection.ping().await.map(|()| true)
            }
        };
        let kept = match time::timeout(ANSWER, look).await {
            Ok(Ok(writes)) => writes || meta.age < READ_ONLY,
            Ok(Err(_)) | Err(_) => false,
        };
        if !kept {
            tracing::info!("a connection to the database is of no use any more");
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        }
        kept
    }

    fn since(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// False on a standby, and where the session was made read-only.
async fn writes(connection: &mut PgConnection) -> Result<bool, Error> {
    let read_only: String = sqlx::query_scalar("SHOW transaction_read_only")
        .fetch_one(connection)
        .await?;
    Ok(read_only != "on")
}
