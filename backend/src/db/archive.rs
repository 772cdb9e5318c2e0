//! The archive: pieces of compressed events (see the migration `0025_archive.sql`). What is in a
//! piece is read by `past::log`, and written by `past::archive`.

use super::{DbError, Result};
use chrono::{DateTime, Utc};
use shared::ids::{CanvasId, Epoch, UserId};
use sqlx::{PgConnection, PgExecutor, query, query_scalar};
use std::{collections::HashMap, ops::Range};
use uuid::Uuid;

/// What servers must know that work beside an archive: this migration.
const MIGRATION: i64 = 25;

/// One of the two parts of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    /// The tile events.
    Tiles,
    /// All others.
    Others,
}

/// A piece without what is in it.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) first_seq: i64,
    pub(crate) last_seq: i64,
    /// The time of the first event.
    pub(crate) first_at: DateTime<Utc>,
    /// The SHA-256 of the compressed bytes.
    pub(crate) tiles_digest: Vec<u8>,
    /// The same of the other half.
    pub(crate) others_digest: Vec<u8>,
    /// What events say whose words were edited or removed later, by `seq`.
    pub(crate) rewordings: HashMap<i64, String>,
}

impl Piece {
    /// The SHA-256 of a half.
    pub(crate) fn digest(&self, half: Half) -> &[u8] {
        match half {
            Half::Tiles => &self.tiles_digest,
            Half::Others => &self.others_digest,
        }
    }
}

/// A row of a query of pieces.
struct PieceRow {
    first_seq: i64,
    last_seq: i64,
    first_at: DateTime<Utc>,
    tiles_digest: Vec<u8>,
    others_digest: Vec<u8>,
    reworded: Vec<i64>,
    bodies: Vec<String>,
}

impl From<PieceRow> for Piece {
    fn from(row: PieceRow) -> Self {
        Self {
            first_seq: row.first_seq,
            last_seq: row.last_seq,
            first_at: row.first_at,
            tiles_digest: row.tiles_digest,
            others_digest: row.others_digest,
            rewordings: row.reworded.into_iter().zip(row.bodies).collect(),
        }
    }
}

/// A checked query of [`PieceRow`]s: the statement after `FROM archive_pieces p`, and the
/// arguments, of which the first is the canvas. Words and pieces are read in one statement, since
/// words move from one to the other.
macro_rules! piece_query {
    ($after:tt, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            PieceRow,
            r#"SELECT p.first_seq, p.last_seq, p.first_at, p.tiles_digest, p.others_digest,
                      ARRAY (SELECT r.seq FROM archive_rewordings r
                             WHERE r.canvas_id = p.canvas_id
                               AND r.seq BETWEEN p.first_seq AND p.last_seq
                             ORDER BY r.seq) AS "reworded!",
                      ARRAY (SELECT r.body FROM archive_rewordings r
                             WHERE r.canvas_id = p.canvas_id
                               AND r.seq BETWEEN p.first_seq AND p.last_seq
                             ORDER BY r.seq) AS "bodies!"
               FROM archive_pieces p "# + $after,
            $($argument),+
        )
    };
}

/// The piece with this event. None if it is in none, or if `instance` is given and is not the
/// database's, see [`super::log::LockedCanvas::instance`].
pub(crate) async fn piece_of(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    seq: i64,
    instance: Option<i64>,
) -> Result<Option<Piece>> {
    let found = piece_query!(
        "WHERE p.canvas_id = $1 AND p.first_seq <= $2
           AND ($3::bigint IS NULL OR history_instance() = $3)
         ORDER BY p.first_seq DESC LIMIT 1",
        canvas.0,
        seq,
        instance,
    )
    .fetch_optional(executor)
    .await?;
    Ok(found.filter(|piece| piece.last_seq >= seq).map(Piece::from))
}

/// The pieces with these events, in order.
pub(crate) async fn pieces_of(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    seqs: &[i64],
) -> Result<Vec<Piece>> {
    piece_query!(
        "WHERE p.canvas_id = $1 AND p.first_seq = ANY (ARRAY (
             SELECT (SELECT q.first_seq FROM archive_pieces q
                     WHERE q.canvas_id = $1 AND q.first_seq <= asked.seq
                     ORDER BY q.first_seq DESC LIMIT 1)
             FROM unnest($2::bigint[]) AS asked (seq)))
         ORDER BY p.first_seq",
        canvas.0,
        seqs,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
    .map(|rows| rows.into_iter().map(Piece::from).collect())
}

/// The pieces with chat messages that begin before this event, newest first, at most `limit`.
pub(crate) async fn with_messages_before(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    seq: i64,
    limit: i64,
) -> Result<Vec<Piece>> {
    piece_query!(
        "WHERE p.canvas_id = $1 AND p.first_seq < $2 AND p.messages > 0
         ORDER BY p.first_seq DESC LIMIT $3",
        canvas.0,
        seq,
        limit,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
    .map(|rows| rows.into_iter().map(Piece::from).collect())
}

/// The pieces that begin before this event, newest first, at most `limit`.
pub(crate) async fn before(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    seq: i64,
    limit: i64,
) -> Result<Vec<Piece>> {
    piece_query!(
        "WHERE p.canvas_id = $1 AND p.first_seq < $2 ORDER BY p.first_seq DESC LIMIT $3",
        canvas.0,
        seq,
        limit,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
    .map(|rows| rows.into_iter().map(Piece::from).collect())
}

/// The pieces with chat messages that end after this event, oldest first, at most `limit`.
pub(crate) async fn with_messages_after(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    seq: i64,
    limit: i64,
) -> Result<Vec<Piece>> {
    piece_query!(
        "WHERE p.canvas_id = $1 AND p.last_seq > $2 AND p.messages > 0
         ORDER BY p.first_seq LIMIT $3",
        canvas.0,
        seq,
        limit,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
    .map(|rows| rows.into_iter().map(Piece::from).collect())
}

/// The compressed bytes of a half of a piece. None if there is no piece with this beginning.
pub(crate) async fn content(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    first_seq: i64,
    half: Half,
) -> Result<Option<Vec<u8>>> {
    query_scalar!(
        r#"SELECT CASE WHEN $3 THEN tiles ELSE others END AS "content!" FROM archive_pieces
           WHERE canvas_id = $1 AND first_seq = $2"#,
        canvas.0,
        first_seq,
        half == Half::Tiles,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// What a node has to know of a canvas's archive to recognize repeated operations.
#[derive(Debug)]
pub(crate) struct Filters {
    /// Up to this event the canvas is archived.
    pub(crate) archived_seq: i64,
    pub(crate) epoch: Epoch,
    /// See [`super::log::LockedCanvas::instance`].
    pub(crate) instance: i64,
    /// The first event of each piece and its filter, as it is stored, in order.
    pub(crate) pieces: Vec<(i64, Vec<u8>)>,
}

/// Reads the filters of the pieces that end after an event. None if there is no such canvas.
pub(crate) async fn filters(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    after: i64,
) -> Result<Option<Filters>> {
    let rows = query!(
        r#"SELECT c.archived_seq, c.epoch, history_instance() AS "instance!",
                  p.first_seq AS "first_seq?", p.filter AS "filter?"
           FROM canvases c
           LEFT JOIN archive_pieces p ON p.canvas_id = c.id AND p.last_seq > $2
           WHERE c.id = $1
           ORDER BY p.first_seq"#,
        canvas.0,
        after,
    )
    .fetch_all(executor)
    .await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    Ok(Some(Filters {
        archived_seq: first.archived_seq,
        epoch: Epoch(first.epoch),
        instance: first.instance,
        pieces: rows
            .into_iter()
            .filter_map(|row| row.first_seq.zip(row.filter))
            .collect(),
    }))
}

/// The filters of these pieces, as they are stored.
pub(crate) async fn filters_of(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    first_seqs: &[i64],
) -> Result<Vec<(i64, Vec<u8>)>> {
    query!(
        "SELECT first_seq, filter FROM archive_pieces
         WHERE canvas_id = $1 AND first_seq = ANY($2)",
        canvas.0,
        first_seqs,
    )
    .map(|row| (row.first_seq, row.filter))
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// The last event of the newest piece that ends before a time.
pub(crate) async fn before_time(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    time: DateTime<Utc>,
) -> Result<Option<i64>> {
    query_scalar!(
        "SELECT max(last_seq) FROM archive_pieces WHERE canvas_id = $1 AND last_at < $2",
        canvas.0,
        time,
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// A canvas that is to be archived further, read without its lock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    pub(crate) canvas: CanvasId,
    pub(crate) archived_seq: i64,
    pub(crate) last_seq: i64,
    /// Changes with every rewording.
    pub(crate) last_removal: i64,
}

/// What is old enough for the archive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Age {
    /// Events of this time and later stay. None: events of any time may be archived.
    pub(crate) before: Option<DateTime<Utc>>,
    /// So many events of a canvas stay, its newest.
    pub(crate) keep: i64,
}

/// The next canvas after `after` of which more than `at_least` events can be archived, or any
/// where the oldest was due an hour before the others.
pub(crate) async fn next_due(
    executor: impl PgExecutor<'_>,
    after: Option<CanvasId>,
    age: Age,
    at_least: i64,
) -> Result<Option<Due>> {
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
        age.keep,
        age.before,
        at_least,
    )
    .map(|row| Due {
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
pub(crate) async fn version(
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

/// Whether these pieces are still there as they were read.
pub(crate) async fn are_same(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    pieces: &[Piece],
) -> Result<bool> {
    let seqs: Vec<i64> = pieces.iter().map(|piece| piece.first_seq).collect();
    let tiles: Vec<&[u8]> = pieces.iter().map(|piece| &*piece.tiles_digest).collect();
    let others: Vec<&[u8]> = pieces.iter().map(|piece| &*piece.others_digest).collect();
    query_scalar!(
        r#"SELECT NOT EXISTS (
               SELECT FROM unnest($2::bigint[], $3::bytea[], $4::bytea[])
                   AS known (first_seq, tiles_digest, others_digest)
               WHERE NOT EXISTS (
                   SELECT FROM archive_pieces p
                   WHERE p.canvas_id = $1 AND p.first_seq = known.first_seq
                     AND p.tiles_digest = known.tiles_digest
                     AND p.others_digest = known.others_digest)
           ) AS "are_same!""#,
        canvas.0,
        &seqs,
        &tiles as &[&[u8]],
        &others as &[&[u8]],
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// How many events are not archived and are not among the `keep` newest of their canvas.
pub(crate) async fn waiting(executor: impl PgExecutor<'_>, keep: i64) -> Result<i64> {
    query_scalar!(
        r#"SELECT coalesce(sum(last_seq - archived_seq - $1), 0)::bigint AS "waiting!"
           FROM canvases WHERE last_seq - archived_seq > $1"#,
        keep,
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// Whether no server is connected to the database that cannot read an archive. Those of this
/// version call themselves by another name ([`super::connect`]).
pub(crate) async fn all_servers_know_it(executor: impl PgExecutor<'_>) -> Result<bool> {
    query_scalar!(
        r#"SELECT NOT EXISTS (
               SELECT FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'stellar-canvas'
           ) AS "all_know!""#
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// From now on only servers start that can read an archive.
pub(crate) async fn require_servers_to_know_it(executor: impl PgExecutor<'_>) -> Result<()> {
    query!(
        "UPDATE schema_compatibility SET oldest_server = $1 WHERE oldest_server < $1",
        MIGRATION,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// The place of this lock among all advisory locks. Any number that nothing else uses.
const LOCK: i32 = 0x0025_a2c1;

/// Tries to become the only one who changes what is stored of the canvas's old events, to the
/// end of the transaction. Canvases may share a lock.
pub(crate) async fn try_lock(connection: &mut PgConnection, canvas: CanvasId) -> Result<bool> {
    query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock($1, hashint8($2)) AS "is_mine!""#,
        LOCK,
        canvas.0,
    )
    .fetch_one(connection)
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

/// Declares the events up to `until` archived, if the log was archived up to `due.archived_seq`
/// and no words were changed since `due` was read. From here on the canvas is locked.
pub(crate) async fn advance(connection: &mut PgConnection, due: &Due, until: i64) -> Result<bool> {
    let result = query!(
        "UPDATE canvases SET archived_seq = $3
         WHERE id = $1 AND archived_seq = $2 AND last_removal = $4 AND last_seq > $3",
        due.canvas.0,
        due.archived_seq,
        until,
        due.last_removal,
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

/// The next canvas after `after` that has events in the hot table which are archived, since
/// somebody was interrupted.
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

/// Some rewordings of one canvas that are not in its pieces yet.
pub(crate) async fn rewordings(
    executor: impl PgExecutor<'_>,
    limit: i64,
) -> Result<Vec<(CanvasId, i64)>> {
    query!(
        "SELECT canvas_id, seq FROM archive_rewordings
         WHERE canvas_id = (SELECT canvas_id FROM archive_rewordings
                            ORDER BY random() LIMIT 1)
         ORDER BY seq LIMIT $1",
        limit,
    )
    .map(|row| (CanvasId(row.canvas_id), row.seq))
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// Replaces the half of a piece that is not about tiles, and removes the rewordings that it
/// contains by now.
pub(crate) async fn put_others(
    connection: &mut PgConnection,
    canvas: CanvasId,
    first_seq: i64,
    others: &[u8],
    digest: &[u8],
    folded: &HashMap<i64, String>,
) -> Result<()> {
    query!(
        "UPDATE archive_pieces SET others = $3, others_digest = $4
         WHERE canvas_id = $1 AND first_seq = $2",
        canvas.0,
        first_seq,
        others,
        digest,
    )
    .execute(&mut *connection)
    .await?;
    remove_rewordings(connection, canvas, folded).await
}

/// Removes the rewordings that a piece contains by now. Those that were changed meanwhile stay.
pub(crate) async fn remove_rewordings(
    connection: &mut PgConnection,
    canvas: CanvasId,
    folded: &HashMap<i64, String>,
) -> Result<()> {
    let (seqs, bodies): (Vec<i64>, Vec<&str>) = folded
        .iter()
        .map(|(seq, body)| (*seq, body.as_str()))
        .unzip();
    query!(
        "DELETE FROM archive_rewordings r
         USING unnest($2::bigint[], $3::text[]) AS folded (seq, body)
         WHERE r.canvas_id = $1 AND r.seq = folded.seq AND r.body = folded.body",
        canvas.0,
        &seqs,
        &bodies as &[&str],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The small pieces at the end of the archive: those after the last one that has more than
/// `events` or takes half a megabyte, in order.
pub(crate) async fn small_pieces(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    events: i64,
) -> Result<Vec<Piece>> {
    piece_query!(
        "WHERE p.canvas_id = $1 AND p.first_seq > coalesce((
             SELECT q.first_seq FROM archive_pieces q
             WHERE q.canvas_id = $1
               AND (q.last_seq - q.first_seq + 1 > $2
                    OR octet_length(q.tiles) + octet_length(q.others) > 524288)
             ORDER BY q.first_seq DESC LIMIT 1), 0)
         ORDER BY p.first_seq",
        canvas.0,
        events,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
    .map(|rows| rows.into_iter().map(Piece::from).collect())
}

/// Whether the user has events in the archive of the canvas.
pub(crate) async fn has_events_of(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    user: UserId,
) -> Result<bool> {
    query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM archived_actors WHERE actor_id = $1 AND canvas_id = $2
           ) AS "has!""#,
        user.0,
        canvas.0,
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}
