//! The audit table: who did what, from where, and how it ended.

use chrono::{DateTime, Utc};
use shared::ids::{CanvasId, UserId};
use sqlx::{Error, PgPool};
use std::net::IpAddr;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuditRecord {
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// What was done or tried.
    pub(crate) action: &'static str,
    /// `ok`, or the code of the refusal.
    pub(crate) outcome: &'static str,
    /// Who, where that is known.
    pub(crate) user_id: Option<UserId>,
    /// From where.
    pub(crate) address: Option<IpAddr>,
    /// On which canvas, if on one.
    pub(crate) canvas_id: Option<CanvasId>,
    /// What it was done to.
    pub(crate) target: String,
}

/// Adds rows with one statement.
pub(crate) async fn insert(pool: &PgPool, rows: &[AuditRecord]) -> Result<(), Error> {
    fn column<T>(rows: &[AuditRecord], value: impl Fn(&AuditRecord) -> T) -> Vec<T> {
        rows.iter().map(value).collect()
    }
    sqlx::query(
        "INSERT INTO audit (at, action, outcome, user_id, address, canvas_id, target)
         SELECT at, action, outcome, user_id, address::inet, canvas_id, target
         FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::bigint[], $5::text[],
                     $6::bigint[], $7::text[])
              AS new (at, action, outcome, user_id, address, canvas_id, target)",
    )
    .bind(column(rows, |row| row.at))
    .bind(column(rows, |row| row.action))
    .bind(column(rows, |row| row.outcome))
    .bind(column(rows, |row| row.user_id.map(|id| id.0)))
    .bind(column(rows, |row| row.address.map(|ip| ip.to_string())))
    .bind(column(rows, |row| row.canvas_id.map(|id| id.0)))
    .bind(column(rows, |row| row.target.clone()))
    .execute(pool)
    .await
    .map(drop)
}

/// Throws away rows from before `oldest`, and the oldest of more than `most`.
pub(crate) async fn purge(pool: &PgPool, oldest: DateTime<Utc>, most: i64) -> Result<(), Error> {
    sqlx::query("DELETE FROM audit WHERE at < $1")
        .bind(oldest)
        .execute(pool)
        .await?;
    sqlx::query("DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - $1")
        .bind(most)
        .execute(pool)
        .await
        .map(drop)
}
