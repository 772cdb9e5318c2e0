//! The move of old events from the hot table, `canvas_events`, into pieces.

use crate::db::{DbError, Result};
use chrono::{DateTime, Utc};
use shared::ids::CanvasId;
use sqlx::{PgConnection, PgExecutor, query, query_scalar};
use std::{collections::HashMap, ops::Range};
use uuid::Uuid;

/// A canvas with events that can be archived, read without its lock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArchiveCandidate {
    pub(crate) canvas: CanvasId,
    pub(crate) archived_seq: i64,
    pub(crate) last_seq: i64,
    /// Changes with every rewording.
    pub(crate) last_removal: i64,
}

/// Which events are old enough for the archive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArchivePolicy {
    /// Events of this time and later stay. None: events of any time may be archived.
    pub(crate) before: Option<DateTime<Utc>>,
    /// So many events of a canvas stay, its newest.
    pub(crate) keep: i64,
}

/// The next canvas after `after` of which more than `at_least` events can be archived, or any
/// where the oldest was due an hour before the others.
pub(crate) async fn next_candidate(
    executor: impl PgExecutor<'_>,
    after: Option<CanvasId>,
    policy: ArchivePolicy,
    at_least: i64,
) -> Result<Option<ArchiveCandidate>> {
    query!(
        "SELECT c.id, c.archived_seq, c.last_seq, c.last_removal FROM canvases c
         WHERE c.id > $1 AND c.last_seq - c.archived_seq > $2
           AND ($3::timestamptz IS NULL OR EXISTS (
               SELECT FROM canvas_events e
               WHERE e.canvas_id = c.id AND e.seq = c.archived_seq + 1
                 AND e.created_at < $3 - interval '1 hour'
           ) OR EXISTS (
               SELECT FROM canvas_events e
               WHERE e.canvas_id = c.id AND e.seq = c.archived_seq + $4
                 AND e.seq <= c.last_seq - $2 AND e.created_at < $3
           ))
         ORDER BY c.id LIMIT 1",
        after.map_or(i64::MIN, |canvas| canvas.0),
        policy.keep,
        policy.before,
        at_least,
    )
    .map(|row| ArchiveCandidate {
        canvas: CanvasId(row.id),
        archived_seq: row.archived_seq,
        last_seq: row.last_seq,
        last_removal: row.last_removal,
    })
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// An event of the hot table.
#[derive(Clone, Debug)]
pub(crate) struct HotEvent {
    pub(crate) seq: i64,
    pub(crate) kind: String,
    pub(crate) actor_id: i64,
    pub(crate) op_id: Option<Uuid>,
    pub(crate) tile: Option<i32>,
    pub(crate) words_of: Option<i64>,
    pub(crate) body: String,
    pub(crate) created_at: DateTime<Utc>,
    /// The transaction that wrote the row as it is.
    pub(crate) version: i64,
}

/// The events after `after`, in order, at most `limit`.
pub(crate) async fn hot_events(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    after: i64,
    limit: i64,
) -> Result<Vec<HotEvent>> {
    sqlx::query_as!(
        HotEvent,
        r#"SELECT seq, kind, actor_id, op_id, tile, words_of, body, created_at,
                  xmin::text::bigint AS "version!"
           FROM canvas_events WHERE canvas_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"#,
        canvas.0,
        after,
        limit,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// The sum of [`HotEvent::version`] over the events after the start of the range up to its end:
/// another one if one of them was changed.
pub(crate) async fn hot_version(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    range: Range<i64>,
) -> Result<i64> {
    query_scalar!(
        r#"SELECT coalesce(sum(xmin::text::bigint), 0)::bigint AS "version!" FROM canvas_events
           WHERE canvas_id = $1 AND seq > $2 AND seq <= $3"#,
        canvas.0,
        range.start,
        range.end,
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// How many events are not archived and are not among the `keep` newest of their canvas.
pub(crate) async fn count_unarchived(executor: impl PgExecutor<'_>, keep: i64) -> Result<i64> {
    query_scalar!(
        r#"SELECT coalesce(sum(last_seq - archived_seq - $1), 0)::bigint AS "waiting!"
           FROM canvases WHERE last_seq - archived_seq > $1"#,
        keep,
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// A new piece.
#[derive(Debug)]
pub(crate) struct NewPiece {
    pub(crate) first_seq: i64,
    pub(crate) last_seq: i64,
    pub(crate) first_at: DateTime<Utc>,
    pub(crate) last_at: DateTime<Utc>,
    pub(crate) messages: i32,
    pub(crate) tiles: Vec<u8>,
    pub(crate) tiles_digest: Vec<u8>,
    pub(crate) others: Vec<u8>,
    pub(crate) others_digest: Vec<u8>,
    pub(crate) filter: Vec<u8>,
}

/// Stores a piece in place of those whose events it has.
pub(crate) async fn put_piece(
    connection: &mut PgConnection,
    canvas: CanvasId,
    piece: &NewPiece,
) -> Result<()> {
    query!(
        "DELETE FROM archive_pieces WHERE canvas_id = $1 AND first_seq BETWEEN $2 AND $3",
        canvas.0,
        piece.first_seq,
        piece.last_seq,
    )
    .execute(&mut *connection)
    .await?;
    query!(
        "INSERT INTO archive_pieces (canvas_id, first_seq, last_seq, first_at, last_at, messages,
                                     tiles, tiles_digest, others, others_digest, filter)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        canvas.0,
        piece.first_seq,
        piece.last_seq,
        piece.first_at,
        piece.last_at,
        piece.messages,
        &piece.tiles,
        &piece.tiles_digest,
        &piece.others,
        &piece.others_digest,
        &piece.filter,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes who has events in the archive, and since when.
pub(crate) async fn note_actors(
    connection: &mut PgConnection,
    canvas: CanvasId,
    actors: &HashMap<i64, DateTime<Utc>>,
) -> Result<()> {
    // In the order of their ids, so that transactions of several canvases do not wait for each
    // other in a circle.
    let mut pairs: Vec<_> = actors.iter().collect();
    pairs.sort_unstable();
    let ids: Vec<i64> = pairs.iter().map(|(id, _)| **id).collect();
    let times: Vec<DateTime<Utc>> = pairs.iter().map(|(_, at)| **at).collect();
    query!(
        "INSERT INTO archived_actors (actor_id, canvas_id, first_at)
         SELECT actor_id, $1, first_at
         FROM unnest($2::bigint[], $3::timestamptz[]) AS new (actor_id, first_at)
         ON CONFLICT DO NOTHING",
        canvas.0,
        &ids,
        &times,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Declares the events up to `until` archived, if the log was archived up to
/// `candidate.archived_seq` and no words were changed since `candidate` was read. From here on the
/// canvas is locked.
pub(crate) async fn advance(
    connection: &mut PgConnection,
    candidate: &ArchiveCandidate,
    until: i64,
) -> Result<bool> {
    let result = query!(
        "UPDATE canvases SET archived_seq = $3
         WHERE id = $1 AND archived_seq = $2 AND last_removal = $4 AND last_seq > $3",
        candidate.canvas.0,
        candidate.archived_seq,
        until,
        candidate.last_removal,
    )
    .execute(connection)
    .await?;
    Ok(result.rows_affected() > 0)
}

/// Removes archived events after `after` from the hot table, at most `limit`, the oldest first.
/// Returns the last of them; none if there were none. What is before need not be looked at again,
/// where removed rows take time until PostgreSQL cleans up.
pub(crate) async fn delete_hot(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    after: i64,
    limit: i64,
) -> Result<Option<i64>> {
    query_scalar!(
        "WITH deleted AS (
             DELETE FROM canvas_events WHERE canvas_id = $1 AND seq = ANY (ARRAY (
                 SELECT e.seq FROM canvas_events e
                 WHERE e.canvas_id = $1 AND e.seq > $2
                   AND e.seq <= (SELECT archived_seq FROM canvases WHERE id = $1)
                 ORDER BY e.seq LIMIT $3))
             RETURNING seq
         )
         SELECT max(seq) FROM deleted",
        canvas.0,
        after,
        limit,
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// The next canvas after `after` that has archived events left in the hot table, since a node
/// stopped in between.
pub(crate) async fn next_with_rest(
    executor: impl PgExecutor<'_>,
    after: Option<CanvasId>,
) -> Result<Option<CanvasId>> {
    query_scalar!(
        "SELECT c.id FROM canvases c
         WHERE c.id > $1 AND c.archived_seq > 0 AND EXISTS (
             SELECT FROM canvas_events e
             WHERE e.canvas_id = c.id AND e.seq <= c.archived_seq)
         ORDER BY c.id LIMIT 1",
        after.map_or(i64::MIN, |canvas| canvas.0),
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
    .map(|found| found.map(CanvasId))
}
