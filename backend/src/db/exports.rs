//! Exports and their files. Each node makes some of them. One that a node does not finish, since
//! it died, is started again by another.

use super::{DbError, Result, name_of, named};
use chrono::{DateTime, Utc};
use shared::{
    api::{
        exports::{Export, ExportKind, ExportState},
        rewrites::Area,
    },
    ids::{CanvasId, ExportId, UserId},
};
use sqlx::{PgExecutor, query, query_scalar};

/// How long an export is kept, from when it was asked for.
const KEPT_HOURS: i32 = 24;
/// An export whose node sent no heartbeat for so long is started again, in milliseconds.
const MAX_SILENCE_MS: i32 = 6_000;
/// After so many nodes died while they made an export, it failed.
const MAX_LOSSES: i32 = 3;
/// Exports of one user that are kept at most.
const MAX_OF_USER: i64 = 100;
/// Exports of all users that wait or are made.
const MAX_UNFINISHED: i64 = 1_000;
/// Chunks that [`purge`] deletes at a time, of up to 256 KiB each.
const PURGED_CHUNKS: i64 = 32;

/// What an export is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExportSpec {
    pub(crate) canvas: CanvasId,
    pub(crate) kind: ExportKind,
    /// None for the whole board.
    pub(crate) area: Option<Area>,
    /// The events after this one.
    pub(crate) from: i64,
    /// The events up to this one.
    pub(crate) to: i64,
    /// The seconds up to the last frame of a film.
    pub(crate) seconds: u32,
    pub(crate) scale: u32,
    /// The user whose acts alone are wanted.
    pub(crate) actor: Option<UserId>,
}

/// The outcome of [`insert`].
#[derive(Debug)]
pub(crate) enum InsertOutcome {
    Stored(Export),
    /// The user has one that is not finished.
    Unfinished,
    /// The user has as many, or as large ones, as may be, until this time.
    UserFull(DateTime<Utc>),
    /// As many wait as may be.
    Busy,
    /// All files together are as large as may be.
    Full,
}

/// An export that this node makes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job {
    pub(crate) id: ExportId,
    pub(crate) user: UserId,
    /// The number of the attempt: once a node has started one, those before it end.
    pub(crate) run: i32,
    pub(crate) spec: ExportSpec,
}

/// Whether a job goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobState {
    /// It goes on.
    Running,
    /// It was removed, or another node does it.
    Lost,
    /// There is no room for more of its file.
    Full,
}

fn url(id: ExportId) -> String {
    format!("/api/v1/exports/{id}/file")
}

/// Stores an export that is to be made, unless the user has one that is not finished, or the
/// files have `max_bytes` or the user's a quarter of it.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    user: UserId,
    spec: &ExportSpec,
    max_bytes: i64,
) -> Result<InsertOutcome> {
    let (x0, y0, x1, y1) = area_columns(spec.area);
    let row = query!(
        r#"WITH kept AS (
             SELECT coalesce(sum(bytes)::bigint, 0) AS bytes,
                    coalesce(sum(bytes) FILTER (WHERE user_id = $2)::bigint, 0) AS own_bytes,
                    count(*) FILTER (WHERE user_id = $2 AND state <> 'removed') AS own_count,
                    min(expires_at) FILTER (WHERE user_id = $2) AS own_end,
                    count(*) FILTER (WHERE state IN ('waiting', 'running')) AS unfinished
             FROM exports
         ), stored AS (
             INSERT INTO exports (canvas_id, user_id, kind, x0, y0, x1, y1, from_seq, to_seq,
                                  seconds, scale, actor_id, created_at, expires_at)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, statement_timestamp(),
                    statement_timestamp() + make_interval(hours => $13)
             FROM kept
             WHERE kept.bytes < $14 AND kept.own_bytes < $14 / 4 AND kept.own_count < $15
               AND kept.unfinished < $16
             ON CONFLICT (user_id) WHERE state IN ('waiting', 'running') DO NOTHING
             RETURNING id, created_at, expires_at
         )
         SELECT s.id AS "id?", s.created_at AS "created_at?", s.expires_at AS "expires_at?",
                kept.bytes >= $14 AS "is_full!",
                kept.own_bytes >= $14 / 4 OR kept.own_count >= $15 AS "is_user_full!",
                kept.unfinished >= $16 AS "is_busy!",
                kept.own_end
         FROM kept LEFT JOIN stored s ON true"#,
        spec.canvas.0,
        user.0,
        name_of(spec.kind),
        x0,
        y0,
        x1,
        y1,
        spec.from,
        spec.to,
        i32::try_from(spec.seconds).unwrap_or_default(),
        i32::try_from(spec.scale).unwrap_or_default(),
        spec.actor.map(|actor| actor.0),
        KEPT_HOURS,
        max_bytes,
        MAX_OF_USER,
        MAX_UNFINISHED,
    )
    .fetch_one(executor)
    .await?;
    let stored = row.id.zip(row.created_at).zip(row.expires_at);
    Ok(match (stored, row.own_end) {
        (Some(((id, created_at), expires_at)), _) => InsertOutcome::Stored(Export {
            id: ExportId(id),
            canvas_id: spec.canvas,
            kind: spec.kind,
            state: ExportState::Waiting,
            progress: 0.0,
            bytes: 0,
            url: None,
            created_at: created_at.into(),
            expires_at: expires_at.into(),
        }),
        (None, Some(end)) if row.is_user_full => InsertOutcome::UserFull(end),
        (None, _) if row.is_full => InsertOutcome::Full,
        (None, _) if row.is_busy => InsertOutcome::Busy,
        (None, _) => InsertOutcome::Unfinished,
    })
}

/// The columns `x0`, `y0`, `x1` and `y1`; all null for the whole board.
type AreaColumns = (Option<i32>, Option<i32>, Option<i32>, Option<i32>);

fn area_columns(area: Option<Area>) -> AreaColumns {
    area.map_or((None, None, None, None), |area| {
        (Some(area.x0), Some(area.y0), Some(area.x1), Some(area.y1))
    })
}

fn area((x0, y0, x1, y1): AreaColumns) -> Option<Area> {
    let (((x0, y0), x1), y1) = x0.zip(y0).zip(x1).zip(y1)?;
    Some(Area { x0, y0, x1, y1 })
}

/// An export of the user; none if there is no such export, or not any more.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    id: ExportId,
    user: UserId,
) -> Result<Option<Export>> {
    query!(
        "SELECT canvas_id, kind, state, progress, bytes, created_at, expires_at FROM exports
         WHERE id = $1 AND user_id = $2 AND state <> 'removed' AND expires_at > clock_timestamp()",
        id.0,
        user.0,
    )
    .try_map(|row| {
        let state = named(row.state)?;
        let is_done = state == ExportState::Done;
        Ok(Export {
            id,
            canvas_id: CanvasId(row.canvas_id),
            kind: named(row.kind)?,
            state,
            progress: row.progress,
            bytes: if is_done { row.bytes } else { 0 },
            url: is_done.then(|| url(id)),
            created_at: row.created_at.into(),
            expires_at: row.expires_at.into(),
        })
    })
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// Removes an export of the user; its file is deleted in the background. False if there is no
/// such export.
pub(crate) async fn remove(
    executor: impl PgExecutor<'_>,
    id: ExportId,
    user: UserId,
) -> Result<bool> {
    query!(
        "UPDATE exports SET state = 'removed'
         WHERE id = $1 AND user_id = $2 AND state <> 'removed' AND expires_at > clock_timestamp()",
        id.0,
        user.0,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(|done| done.rows_affected() > 0)
}

/// Removes all exports of a user whose account is deleted. Called in its transaction.
pub(crate) async fn remove_all(executor: impl PgExecutor<'_>, user: UserId) -> Result<()> {
    query!(
        "UPDATE exports SET state = 'removed' WHERE user_id = $1",
        user.0
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Puts exports whose node died back into the queue, or marks them as failed after
/// [`MAX_LOSSES`].
pub(crate) async fn revive_orphans(executor: impl PgExecutor<'_>) -> Result<()> {
    query!(
        "UPDATE exports SET losses = losses + 1,
             state = CASE WHEN losses + 1 < $2 THEN 'waiting' ELSE 'failed' END,
             bytes = 0, progress = 0
         WHERE state = 'running'
           AND beat_at < clock_timestamp() - make_interval(secs => $1::int / 1000.0)",
        MAX_SILENCE_MS,
        MAX_LOSSES,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Begins the export that waits for longest, if there is one.
pub(crate) async fn begin(executor: impl PgExecutor<'_>) -> Result<Option<Job>> {
    query!(
        "UPDATE exports
         SET state = 'running', run = run + 1, progress = 0, bytes = 0,
             beat_at = clock_timestamp()
         WHERE id = (SELECT id FROM exports WHERE state = 'waiting' ORDER BY id LIMIT 1
                     FOR UPDATE SKIP LOCKED)
         RETURNING id, canvas_id, user_id, kind, run, x0, y0, x1, y1, from_seq, to_seq, seconds,
                   scale, actor_id",
    )
    .try_map(|row| {
        Ok(Job {
            id: ExportId(row.id),
            user: UserId(row.user_id),
            run: row.run,
            spec: ExportSpec {
                canvas: CanvasId(row.canvas_id),
                kind: named(row.kind)?,
                area: area((row.x0, row.y0, row.x1, row.y1)),
                from: row.from_seq,
                to: row.to_seq,
                seconds: u32::try_from(row.seconds).unwrap_or_default(),
                scale: u32::try_from(row.scale).unwrap_or_default(),
                actor: row.actor_id.map(UserId),
            },
        })
    })
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// Tells how far a job is, and that its node is alive.
pub(crate) async fn heartbeat(
    executor: impl PgExecutor<'_>,
    job: &Job,
    progress: f64,
) -> Result<JobState> {
    let done = query!(
        "UPDATE exports SET progress = $3, beat_at = clock_timestamp()
         WHERE id = $1 AND run = $2 AND state = 'running' AND expires_at > clock_timestamp()",
        job.id.0,
        job.run,
        progress,
    )
    .execute(executor)
    .await?;
    Ok(if done.rows_affected() > 0 {
        JobState::Running
    } else {
        JobState::Lost
    })
}

/// Stores the next chunk of a job's file, if all files together stay below `max_bytes`, and
/// this one below a quarter of it.
pub(crate) async fn add_chunk(
    executor: impl PgExecutor<'_>,
    job: &Job,
    number: i32,
    content: &[u8],
    max_bytes: i64,
) -> Result<JobState> {
    let row = query!(
        r#"WITH kept AS (
             SELECT coalesce(sum(bytes)::bigint, 0) + $5 <= $6
                    AND coalesce(sum(bytes) FILTER (WHERE id = $1)::bigint, 0) + $5 <= $6 / 4 AS has_room
             FROM exports
         ), running AS (
             UPDATE exports SET bytes = bytes + $5, beat_at = clock_timestamp()
             WHERE id = $1 AND run = $2 AND state = 'running' AND (SELECT has_room FROM kept)
             RETURNING id
         ), stored AS (
             INSERT INTO export_chunks (export_id, run, number, content)
             SELECT id, $2, $3, $4 FROM running
         )
         SELECT EXISTS (SELECT FROM running) AS "is_stored!",
                (SELECT has_room FROM kept) AS "has_room!""#,
        job.id.0,
        job.run,
        number,
        content,
        i64::try_from(content.len()).unwrap_or(i64::MAX),
        max_bytes,
    )
    .fetch_one(executor)
    .await?;
    Ok(match (row.is_stored, row.has_room) {
        (true, _) => JobState::Running,
        (false, true) => JobState::Lost,
        (false, false) => JobState::Full,
    })
}

/// Ends a job whose file is complete. False if it was removed meanwhile.
pub(crate) async fn finish(executor: impl PgExecutor<'_>, job: &Job) -> Result<bool> {
    query!(
        "UPDATE exports SET state = 'done', progress = 1
         WHERE id = $1 AND run = $2 AND state = 'running'",
        job.id.0,
        job.run,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(|done| done.rows_affected() > 0)
}

/// Ends a job whose file cannot be made.
pub(crate) async fn fail(executor: impl PgExecutor<'_>, job: &Job) -> Result<()> {
    query!(
        "UPDATE exports SET state = 'failed', bytes = 0
         WHERE id = $1 AND run = $2 AND state = 'running'",
        job.id.0,
        job.run,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Puts a job back into the queue: any node starts it again.
pub(crate) async fn give_back(executor: impl PgExecutor<'_>, job: &Job) -> Result<()> {
    query!(
        "UPDATE exports SET state = 'waiting', bytes = 0, progress = 0
         WHERE id = $1 AND run = $2 AND state = 'running'",
        job.id.0,
        job.run,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// A chunk of the file of an export that is done; none after the last one.
pub(crate) async fn chunk(
    executor: impl PgExecutor<'_>,
    id: ExportId,
    number: i32,
) -> Result<Option<Vec<u8>>> {
    query_scalar!(
        "SELECT c.content FROM exports e
         JOIN export_chunks c ON c.export_id = e.id AND c.run = e.run AND c.number = $2
         WHERE e.id = $1 AND e.state = 'done'",
        id.0,
        number,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// Removes exports whose time is over or whose canvas is gone, and deletes some chunks that are
/// not needed any more. False if there is nothing left to do.
pub(crate) async fn purge(executor: impl PgExecutor<'_>) -> Result<bool> {
    query_scalar!(
        r#"WITH over AS (
             UPDATE exports e SET state = 'removed'
             WHERE state <> 'removed'
               AND (expires_at <= clock_timestamp()
                    OR NOT EXISTS (SELECT FROM canvases c WHERE c.id = e.canvas_id))
             RETURNING 1
         ), useless AS (
             SELECT c.export_id, c.run, c.number FROM exports e
             JOIN export_chunks c ON c.export_id = e.id
             WHERE e.state IN ('removed', 'failed') OR c.run < e.run
             LIMIT $1
         ), deleted AS (
             DELETE FROM export_chunks c USING useless u
             WHERE c.export_id = u.export_id AND c.run = u.run AND c.number = u.number
             RETURNING 1
         ), gone AS (
             DELETE FROM exports e
             WHERE state = 'removed'
               AND NOT EXISTS (SELECT FROM export_chunks c WHERE c.export_id = e.id)
             RETURNING 1
         )
         SELECT (SELECT count(*) FROM over) + (SELECT count(*) FROM deleted)
              + (SELECT count(*) FROM gone) > 0 AS "has_more!""#,
        PURGED_CHUNKS,
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}
