//! Leases on tiles. Whether one is held is asked inside the write
//! transaction, by the database's clock.

use super::with_timeout;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::{
    canvas::Coord,
    ids::{CanvasId, ConnectionId, UserId},
};
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

/// A lease that is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TileLock {
    pub(crate) at: Coord,
    pub(crate) user_id: UserId,
    pub(crate) username: String,
    pub(crate) connection_id: ConnectionId,
    pub(crate) expires_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct TileLockRow {
    x: i32,
    y: i32,
    user_id: i64,
    username: String,
    connection_id: Uuid,
    expires_at: DateTime<Utc>,
}

impl From<TileLockRow> for TileLock {
    fn from(row: TileLockRow) -> Self {
        Self {
            at: Coord { x: row.x, y: row.y },
            user_id: UserId(row.user_id),
            username: row.username,
            connection_id: ConnectionId(row.connection_id),
            expires_at: row.expires_at,
        }
    }
}

/// All leases held on a canvas.
pub(crate) async fn held(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
) -> sqlx::Result<Vec<TileLock>> {
    let rows = sqlx::query_as(
        "SELECT l.x, l.y, l.user_id, u.username, l.connection_id, l.expires_at
         FROM tile_locks l JOIN users u ON u.id = l.user_id
         WHERE l.canvas_id = $1 AND l.expires_at > now()",
    )
    .bind(canvas.0)
    .fetch_all(executor);
    let rows: Vec<TileLockRow> = with_timeout(rows).await?;
    Ok(rows.into_iter().map(TileLock::from).collect())
}

/// Takes leases or prolongs them; a new holder gets a new fence.
pub(crate) async fn save(
    connection: &mut PgConnection,
    canvas: CanvasId,
    leases: &[&TileLock],
) -> sqlx::Result<()> {
    if leases.is_empty() {
        return Ok(());
    }
    let xs: Vec<i32> = leases.iter().map(|l| l.at.x).collect();
    let ys: Vec<i32> = leases.iter().map(|l| l.at.y).collect();
    let users: Vec<i64> = leases.iter().map(|l| l.user_id.0).collect();
    let connections: Vec<Uuid> = leases.iter().map(|l| l.connection_id.0).collect();
    let expiries: Vec<DateTime<Utc>> = leases.iter().map(|l| l.expires_at).collect();
    sqlx::query(
        "INSERT INTO tile_locks AS l (canvas_id, x, y, user_id, connection_id, expires_at)
         SELECT $1, * FROM unnest($2::int[], $3::int[], $4::bigint[], $5::uuid[], $6::timestamptz[])
         ON CONFLICT (canvas_id, x, y) DO UPDATE
         SET user_id = excluded.user_id, connection_id = excluded.connection_id,
             expires_at = excluded.expires_at, fence = DEFAULT",
    )
    .bind(canvas.0)
    .bind(xs)
    .bind(ys)
    .bind(users)
    .bind(connections)
    .bind(expiries)
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives leases back.
pub(crate) async fn release(
    connection: &mut PgConnection,
    canvas: CanvasId,
    cells: &[Coord],
) -> sqlx::Result<()> {
    if cells.is_empty() {
        return Ok(());
    }
    let (xs, ys): (Vec<i32>, Vec<i32>) = cells.iter().map(|cell| (cell.x, cell.y)).unzip();
    sqlx::query(
        "DELETE FROM tile_locks l USING unnest($2::int[], $3::int[]) AS c (x, y)
         WHERE l.canvas_id = $1 AND l.x = c.x AND l.y = c.y",
    )
    .bind(canvas.0)
    .bind(xs)
    .bind(ys)
    .execute(connection)
    .await?;
    Ok(())
}
