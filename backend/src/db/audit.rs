//! The audit table: who did what, from where, and with which outcome.

use super::{DbError, Pool, Result};
use chrono::{DateTime, Utc};
use shared::ids::{CanvasId, UserId};
use sqlx::query;
use std::net::IpAddr;

/// Rows that one statement of [`purge`] deletes at most.
const PURGE_BATCH: i64 = 5_000;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuditRecord {
    pub(crate) at: DateTime<Utc>,
    /// What was done or tried: `login`, `role_set` …
    pub(crate) action: &'static str,
    /// `ok`, or the error code of the refusal.
    pub(crate) outcome: &'static str,
    /// Who acted, if known.
    pub(crate) user_id: Option<UserId>,
    /// The client's address, seen through trusted proxies.
    pub(crate) address: Option<IpAddr>,
    pub(crate) canvas_id: Option<CanvasId>,
    /// What it was done to, such as `user:7`.
    pub(crate) target: String,
}

/// Adds rows with one statement.
pub(crate) async fn insert(pool: &Pool, records: &[AuditRecord]) -> Result<()> {
    fn column<T>(records: &[AuditRecord], value: impl Fn(&AuditRecord) -> T) -> Vec<T> {
        records.iter().map(value).collect()
    }
    let addresses = column(records, |record| record.address.map(|ip| ip.to_string()));
    query!(
        "INSERT INTO audit (at, action, outcome, user_id, address, canvas_id, target)
         SELECT at, action, outcome, user_id, address::inet, canvas_id, target
         FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::bigint[], $5::text[],
                     $6::bigint[], $7::text[])
              AS new (at, action, outcome, user_id, address, canvas_id, target)",
        &column(records, |record| record.at),
        &column(records, |record| record.action) as &[&str],
        &column(records, |record| record.outcome) as &[&str],
        &column(records, |record| record.user_id.map(|id| id.0)) as &[Option<i64>],
        &addresses as &[Option<String>],
        &column(records, |record| record.canvas_id.map(|id| id.0)) as &[Option<i64>],
        &column(records, |record| record.target.clone()),
    )
    .execute(pool)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Deletes rows from before `oldest`, and the oldest ones above `max_rows`, in pieces that
/// take less than the time of a statement.
pub(crate) async fn purge(pool: &Pool, oldest: DateTime<Utc>, max_rows: i64) -> Result<()> {
    loop {
        let deleted = query!(
            "DELETE FROM audit WHERE id = ANY (ARRAY (
                 SELECT id FROM audit
                 WHERE at < $1 OR id <= (SELECT max(id) FROM audit) - $2
                 ORDER BY at LIMIT $3 FOR UPDATE SKIP LOCKED))",
            oldest,
            max_rows,
            PURGE_BATCH,
        )
        .execute(pool)
        .await?;
        if deleted.rows_affected() < PURGE_BATCH.unsigned_abs() {
            return Ok(());
        }
    }
}
