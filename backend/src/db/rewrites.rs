//! Rewrites, and what they need of deleted tiles.

use super::{DbError, Result, name_of, named};
use crate::cell_history::{Rule, Rules};
use shared::{
    api::{
        moderation::UserRef,
        rewrites::{Area, Rewrite, RewriteKind, RewriteState},
    },
    ids::{CanvasId, RewriteId, TileId, UserId},
};
use sqlx::{PgConnection, PgExecutor, query, query_scalar, types::Json};
use std::collections::HashMap;

/// A new rewrite.
#[derive(Clone, Debug)]
pub(crate) struct New<'a> {
    pub(crate) canvas: CanvasId,
    pub(crate) kind: RewriteKind,
    pub(crate) state: RewriteState,
    pub(crate) by: UserId,
    pub(crate) reason: &'a str,
    pub(crate) rule: &'a Rule,
    /// Whether it is the user's own work that it takes back.
    pub(crate) is_own: bool,
    pub(crate) skipped_pixels: i64,
}

/// What a batch of a rewrite did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    pub(crate) rewrite: RewriteId,
    pub(crate) tiles: i64,
    pub(crate) pixels: i64,
    pub(crate) skipped_pixels: i64,
    /// The first and the last `seq` of its events, if there are any.
    pub(crate) seqs: Option<(i64, i64)>,
}

/// Stores a new rewrite; `None` if one is running on the canvas.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    new: &New<'_>,
) -> Result<Option<RewriteId>> {
    query_scalar!(
        "INSERT INTO rewrites (canvas_id, kind, state, by_id, reason, rule, skipped_pixels, is_own)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (canvas_id) WHERE state = 'running' DO NOTHING
         RETURNING id",
        new.canvas.0,
        name_of(new.kind),
        name_of(new.state),
        new.by.0,
        new.reason,
        Json(new.rule) as _,
        new.skipped_pixels,
        new.is_own,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
    .map(|id| id.map(RewriteId))
}

/// Notes that a rewrite is undone by another one. False if it was already, unless that undo
/// was stopped.
pub(crate) async fn mark_undone(
    executor: impl PgExecutor<'_>,
    rewrite: RewriteId,
    by: RewriteId,
) -> Result<bool> {
    let result = query!(
        "UPDATE rewrites r SET undone_by = $2
         WHERE id = $1 AND (undone_by IS NULL OR EXISTS (
             SELECT FROM rewrites u WHERE u.id = r.undone_by AND u.state = 'stopped'
         ))",
        rewrite.0,
        by.0,
    )
    .execute(executor)
    .await?;
    Ok(result.rows_affected() > 0)
}

/// Whether it took back only its user's own work.
pub(crate) async fn is_own(executor: impl PgExecutor<'_>, id: RewriteId) -> Result<bool> {
    query_scalar!("SELECT is_own FROM rewrites WHERE id = $1", id.0)
        .fetch_optional(executor)
        .await
        .map_err(DbError::from)
        .map(Option::unwrap_or_default)
}

/// Whether a rewrite is running on the canvas.
pub(crate) async fn is_running(executor: impl PgExecutor<'_>, canvas: CanvasId) -> Result<bool> {
    query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM rewrites WHERE canvas_id = $1 AND state = 'running'
           ) AS "is_running!""#,
        canvas.0,
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// A rewrite; `None` if there is none with this id.
pub(crate) async fn find(executor: impl PgExecutor<'_>, id: RewriteId) -> Result<Option<Rewrite>> {
    query!(
        r#"SELECT r.canvas_id, r.kind, r.state, r.by_id, r.reason, r.rule AS "rule: Json<Rule>",
                r.tiles, r.pixels, r.skipped_pixels, r.first_seq, r.last_seq, r.undone_by,
                r.created_at, u.username, u.display_name
         FROM rewrites r JOIN users u ON u.id = r.by_id
         WHERE r.id = $1"#,
        id.0,
    )
    .try_map(|row| {
        Ok(Rewrite {
            id,
            canvas_id: CanvasId(row.canvas_id),
            kind: named(row.kind)?,
            state: named(row.state)?,
            by: UserRef {
                user_id: UserId(row.by_id),
                username: row.username,
                display_name: row.display_name,
            },
            reason: row.reason,
            tiles: row.tiles,
            pixels: row.pixels,
            skipped_pixels: row.skipped_pixels,
            first_seq: row.first_seq,
            last_seq: row.last_seq,
            undone_by: row.undone_by.map(RewriteId),
            created_at: row.created_at.into(),
        })
    })
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// The rules of these rewrites of a canvas.
pub(crate) async fn rules(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    ids: &[RewriteId],
) -> Result<Rules> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    if ids.is_empty() {
        return Ok(Rules::new());
    }
    query!(
        r#"SELECT id, rule AS "rule: Json<Rule>" FROM rewrites
           WHERE canvas_id = $1 AND id = ANY($2)"#,
        canvas.0,
        &ids,
    )
    .map(|row| (RewriteId(row.id), row.rule.0))
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
    .map(|rules| rules.into_iter().collect())
}

/// Whether the rewrite is still running; it stays so to the end of the transaction.
pub(crate) async fn lock_running(connection: &mut PgConnection, id: RewriteId) -> Result<bool> {
    query_scalar!(
        r#"SELECT true AS "is_running!" FROM rewrites
           WHERE id = $1 AND state = 'running' FOR NO KEY UPDATE"#,
        id.0,
    )
    .fetch_optional(connection)
    .await
    .map_err(DbError::from)
    .map(|found| found.is_some())
}

/// Adds what a batch did, in its transaction.
pub(crate) async fn add_progress(connection: &mut PgConnection, progress: &Progress) -> Result<()> {
    query!(
        "UPDATE rewrites SET tiles = tiles + $2, pixels = pixels + $3,
                skipped_pixels = skipped_pixels + $4, first_seq = coalesce(first_seq, $5),
                last_seq = coalesce($6, last_seq), beat_at = clock_timestamp()
         WHERE id = $1",
        progress.rewrite.0,
        progress.tiles,
        progress.pixels,
        progress.skipped_pixels,
        progress.seqs.map(|(first, _)| first),
        progress.seqs.map(|(_, last)| last),
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Ends a rewrite that is running.
pub(crate) async fn end(
    executor: impl PgExecutor<'_>,
    id: RewriteId,
    state: RewriteState,
) -> Result<()> {
    query!(
        "UPDATE rewrites SET state = $2 WHERE id = $1 AND state = 'running'",
        id.0,
        name_of(state),
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Tells that the node which carries out the rewrite is alive.
pub(crate) async fn heartbeat(executor: impl PgExecutor<'_>, id: RewriteId) -> Result<()> {
    query!(
        "UPDATE rewrites SET beat_at = clock_timestamp() WHERE id = $1 AND state = 'running'",
        id.0,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Stops the canvas's rewrite if its node has died: it has not told for `silence_ms` that it
/// is alive.
pub(crate) async fn stop_orphans(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    silence_ms: i32,
) -> Result<()> {
    query!(
        "UPDATE rewrites SET state = 'stopped'
         WHERE canvas_id = $1 AND state = 'running'
           AND beat_at < clock_timestamp() - make_interval(secs => $2::int / 1000.0)",
        canvas.0,
        silence_ms,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// The newest `seq` of a canvas.
pub(crate) async fn head(executor: impl PgExecutor<'_>, canvas: CanvasId) -> Result<Option<i64>> {
    query_scalar!("SELECT last_seq FROM canvases WHERE id = $1", canvas.0)
        .fetch_optional(executor)
        .await
        .map_err(DbError::from)
}

/// Who created the tiles that are in these cells.
pub(crate) async fn creators(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    area: Area,
) -> Result<Vec<UserId>> {
    query_scalar!(
        "SELECT DISTINCT creator_id FROM tiles
         WHERE canvas_id = $1 AND x BETWEEN $2 AND $3 AND y BETWEEN $4 AND $5",
        canvas.0,
        area.x0,
        area.x1,
        area.y0,
        area.y1,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
    .map(|users| users.into_iter().map(UserId).collect())
}

/// The like counts of those of these tiles that were deleted.
pub(crate) async fn deleted_likes(
    connection: &mut PgConnection,
    tiles: &[TileId],
) -> Result<HashMap<TileId, i64>> {
    if tiles.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<i64> = tiles.iter().map(|tile| tile.0).collect();
    query!(
        "SELECT id, like_count FROM deleted_tiles WHERE id = ANY($1)",
        &ids
    )
    .map(|row| (TileId(row.id), row.like_count))
    .fetch_all(connection)
    .await
    .map_err(DbError::from)
    .map(|rows| rows.into_iter().collect())
}

/// Brings deleted tiles back, with their likes. Those of which nothing was kept stay away.
pub(crate) async fn revive(connection: &mut PgConnection, tiles: &[TileId]) -> Result<()> {
    if tiles.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = tiles.iter().map(|tile| tile.0).collect();
    query!(
        "INSERT INTO tiles (id, canvas_id, x, y, creator_id, title, pixels, version, like_count,
                            created_at, updated_at)
         SELECT id, canvas_id, x, y, creator_id, title, pixels, version, like_count, created_at,
                updated_at
         FROM deleted_tiles WHERE id = ANY($1)",
        &ids,
    )
    .execute(&mut *connection)
    .await?;
    query!(
        "WITH revived AS (DELETE FROM deleted_tiles WHERE id = ANY($1) RETURNING id, liked_by)
         INSERT INTO tile_likes (tile_id, user_id)
         SELECT r.id, u.id FROM revived r JOIN users u ON u.id = ANY(r.liked_by)
         ON CONFLICT DO NOTHING",
        &ids,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}
