//! Locks on tiles, which expire. Whether one is held is decided inside the write
//! transaction, by the database's clock.

use super::{DbError, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::{
    canvas::Coord,
    ids::{CanvasId, ConnectionId, UserId},
};
use sqlx::{PgConnection, PgExecutor, query};
use uuid::Uuid;

/// A lock that is held. Nodes send it to each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TileLock {
    pub(crate) at: Coord,
    pub(crate) user_id: UserId,
    pub(crate) username: String,
    pub(crate) connection_id: ConnectionId,
    pub(crate) expires_at: DateTime<Utc>,
}

/// All locks that are held on a canvas.
pub(crate) async fn held(executor: impl PgExecutor<'_>, canvas: CanvasId) -> Result<Vec<TileLock>> {
    query!(
        "SELECT l.x, l.y, l.user_id, u.username, l.connection_id, l.expires_at
         FROM tile_locks l JOIN users u ON u.id = l.user_id
         WHERE l.canvas_id = $1 AND l.expires_at > now()",
        canvas.0,
    )
    .map(|row| TileLock {
        at: Coord { x: row.x, y: row.y },
        user_id: UserId(row.user_id),
        username: row.username,
        connection_id: ConnectionId(row.connection_id),
        expires_at: row.expires_at,
    })
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// Stores locks, in place of those on the same tiles.
pub(crate) async fn save(
    connection: &mut PgConnection,
    canvas: CanvasId,
    locks: &[&TileLock],
) -> Result<()> {
    if locks.is_empty() {
        return Ok(());
    }
    let xs: Vec<i32> = locks.iter().map(|l| l.at.x).collect();
    let ys: Vec<i32> = locks.iter().map(|l| l.at.y).collect();
    let users: Vec<i64> = locks.iter().map(|l| l.user_id.0).collect();
    let connections: Vec<Uuid> = locks.iter().map(|l| l.connection_id.0).collect();
    let expiries: Vec<DateTime<Utc>> = locks.iter().map(|l| l.expires_at).collect();
    query!(
        "INSERT INTO tile_locks AS l (canvas_id, x, y, user_id, connection_id, expires_at)
         SELECT $1, * FROM unnest($2::int[], $3::int[], $4::bigint[], $5::uuid[], $6::timestamptz[])
         ON CONFLICT (canvas_id, x, y) DO UPDATE
         SET user_id = excluded.user_id, connection_id = excluded.connection_id,
             expires_at = excluded.expires_at",
        canvas.0,
        &xs,
        &ys,
        &users,
        &connections,
        &expiries,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Deletes the locks on these tiles.
pub(crate) async fn release(
    connection: &mut PgConnection,
    canvas: CanvasId,
    cells: &[Coord],
) -> Result<()> {
    if cells.is_empty() {
        return Ok(());
    }
    let (xs, ys): (Vec<i32>, Vec<i32>) = cells.iter().map(|cell| (cell.x, cell.y)).unzip();
    query!(
        "DELETE FROM tile_locks l USING unnest($2::int[], $3::int[]) AS c (x, y)
         WHERE l.canvas_id = $1 AND l.x = c.x AND l.y = c.y",
        canvas.0,
        &xs,
        &ys,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}
