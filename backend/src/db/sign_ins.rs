//! From which networks users signed in. See `migrations/0009_sign_in_networks.sql`.

use super::{DbError, Pool, Result};
use chrono::{DateTime, Utc};
use shared::ids::UserId;
use sqlx::{PgExecutor, query, query_scalar};
use std::net::IpAddr;

/// Networks kept for one user: the newest ones.
const MAX_NETWORKS: i64 = 100;
/// Rows deleted with one statement.
const PURGE_BATCH: i64 = 10_000;

/// Notes that the user signed in from this network. Within an hour the row is written
/// once.
pub(crate) async fn remember(
    executor: impl PgExecutor<'_>,
    user: UserId,
    network: IpAddr,
    now: DateTime<Utc>,
) -> Result<()> {
    query!(
        "WITH oldest AS (
             DELETE FROM sign_in_networks WHERE user_id = $1 AND network IN (
                 SELECT network FROM sign_in_networks
                 WHERE user_id = $1 AND network <> $2::text::inet
                 ORDER BY signed_in_at DESC OFFSET $4::bigint - 1))
         INSERT INTO sign_in_networks (user_id, network, signed_in_at)
         VALUES ($1, $2::text::inet, $3)
         ON CONFLICT (user_id, network) DO UPDATE SET signed_in_at = excluded.signed_in_at
             WHERE sign_in_networks.signed_in_at < excluded.signed_in_at - interval '1 hour'",
        user.0,
        network.to_string(),
        now,
        MAX_NETWORKS,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Whether the user signed in from this network since then.
pub(crate) async fn is_known(
    executor: impl PgExecutor<'_>,
    user: UserId,
    network: IpAddr,
    since: DateTime<Utc>,
) -> Result<bool> {
    query_scalar!(
        r#"SELECT EXISTS (SELECT FROM sign_in_networks
                          WHERE user_id = $1 AND network = $2::text::inet
                                AND signed_in_at >= $3) AS "known!""#,
        user.0,
        network.to_string(),
        since,
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// Deletes what is older than `oldest`, in pieces. Called periodically.
pub(crate) async fn purge(pool: &Pool, oldest: DateTime<Utc>) -> Result<()> {
    loop {
        let deleted = query!(
            "DELETE FROM sign_in_networks WHERE ctid IN (
                 SELECT ctid FROM sign_in_networks WHERE signed_in_at < $1 LIMIT $2)",
            oldest,
            PURGE_BATCH,
        )
        .execute(pool)
        .await?;
        if deleted.rows_affected() < PURGE_BATCH.unsigned_abs() {
            return Ok(());
        }
    }
}
