//! Issues and lifts sanctions. A sanction is changed under the lock of its canvas's row, or of the
//! row of `server_access` where it concerns the whole server; triggers count the change in the
//! access version.

use crate::db::{DbError, Result, name_of};
use shared::{
    api::sanctions::SanctionKind,
    canvas::Rank,
    ids::{CanvasId, UserId},
};
use sqlx::{PgConnection, PgExecutor, query, query_scalar};

/// How a rank is stored.
fn stored_rank(rank: Rank) -> i16 {
    match rank {
        Rank::Other => 0,
        Rank::Moderator => 1,
        Rank::Owner => 2,
        Rank::Admin => 3,
    }
}

/// Locks the scope of a sanction to the end of the transaction: the canvas, or the server.
/// False if there is no such canvas.
pub(crate) async fn lock_scope(
    connection: &mut PgConnection,
    canvas: Option<CanvasId>,
) -> Result<bool> {
    let locked = match canvas {
        Some(canvas) => {
            query_scalar!(
                "SELECT id FROM canvases WHERE id = $1 FOR NO KEY UPDATE",
                canvas.0,
            )
            .fetch_optional(connection)
            .await?
        }
        None => {
            query_scalar!("SELECT changes FROM server_access FOR NO KEY UPDATE")
                .fetch_optional(connection)
                .await?
        }
    };
    Ok(locked.is_some())
}

/// A sanction to issue.
pub(crate) struct New<'a> {
    /// None for the whole server.
    pub(crate) canvas: Option<CanvasId>,
    pub(crate) user: UserId,
    pub(crate) kind: SanctionKind,
    pub(crate) reason: &'a str,
    pub(crate) note: &'a str,
    pub(crate) issued_by: UserId,
    pub(crate) issuer_rank: Rank,
    pub(crate) duration_s: Option<i64>,
    pub(crate) case_id: Option<i64>,
}

/// Adds a sanction and returns its id. Called under the lock of its scope.
pub(crate) async fn insert(connection: &mut PgConnection, new: &New<'_>) -> Result<i64> {
    query_scalar!(
        "INSERT INTO sanctions (canvas_id, user_id, kind, reason, note, issued_by, issuer_rank,
                                issued_at, expires_at, case_id)
         SELECT $1, $2, $3, $4, $5, $6, $7, now, now + $8::bigint * interval '1 second', $9
         FROM clock_timestamp() AS now
         RETURNING id",
        new.canvas.map(|canvas| canvas.0),
        new.user.0,
        name_of(new.kind),
        new.reason,
        new.note,
        new.issued_by.0,
        stored_rank(new.issuer_rank),
        new.duration_s,
        new.case_id,
    )
    .fetch_one(connection)
    .await
    .map_err(DbError::from)
}

/// Ends a sanction that was not lifted. `by` is none for a warning that its user confirmed.
/// Called under the lock of its scope.
pub(crate) async fn lift(
    connection: &mut PgConnection,
    id: i64,
    by: Option<UserId>,
    reason: &str,
) -> Result<()> {
    query!(
        "UPDATE sanctions SET lifted_at = clock_timestamp(), lifted_by = $2, lift_reason = $3
         WHERE id = $1 AND lifted_at IS NULL",
        id,
        by.map(|user| user.0),
        reason,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// The number of a transaction of its own, so that it is higher than those of all that have begun
/// writing.
pub(crate) async fn new_transaction_id(executor: impl PgExecutor<'_>) -> Result<String> {
    query_scalar!(r#"SELECT pg_current_xact_id()::text AS "id!""#)
        .fetch_one(executor)
        .await
        .map_err(DbError::from)
}

/// Whether every transaction has ended that began writing before this one did.
pub(crate) async fn have_earlier_ended(
    executor: impl PgExecutor<'_>,
    transaction_id: &str,
) -> Result<bool> {
    query_scalar!(
        r#"SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::text::xid8 AS "ended!""#,
        transaction_id,
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}
