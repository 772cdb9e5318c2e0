//! The pieces of the archive, read.

use crate::db::{DbError, Result};
use chrono::{DateTime, Utc};
use shared::ids::CanvasId;
use sqlx::{PgExecutor, query, query_scalar};
use std::collections::HashMap;

/// One of the two parts of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PieceHalf {
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
    pub(crate) fn digest(&self, half: PieceHalf) -> &[u8] {
        match half {
            PieceHalf::Tiles => &self.tiles_digest,
            PieceHalf::Others => &self.others_digest,
        }
    }
}

/// A checked query of [`Piece`]s: the statement after `FROM archive_pieces p`, and the
/// arguments, of which the first is the canvas. Words and pieces are read in one statement, since
/// words move from one to the other.
macro_rules! piece_query {
    ($after:tt, $($argument:expr),+ $(,)?) => {
        query!(
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
        .map(|row| Piece {
            first_seq: row.first_seq,
            last_seq: row.last_seq,
            first_at: row.first_at,
            tiles_digest: row.tiles_digest,
            others_digest: row.others_digest,
            rewordings: row.reworded.into_iter().zip(row.bodies).collect(),
        })
    };
}

/// The piece with this event. None if it is in none, or if `instance` is given and is not the
/// database's, see [`crate::db::log::LockedCanvas::instance`].
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
    Ok(found.filter(|piece| piece.last_seq >= seq))
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
}

/// The compressed bytes of a half of a piece. None if there is no piece with this beginning.
pub(crate) async fn content(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    first_seq: i64,
    half: PieceHalf,
) -> Result<Option<Vec<u8>>> {
    query_scalar!(
        r#"SELECT CASE WHEN $3 THEN tiles ELSE others END AS "content!" FROM archive_pieces
           WHERE canvas_id = $1 AND first_seq = $2"#,
        canvas.0,
        first_seq,
        half == PieceHalf::Tiles,
    )
    .fetch_optional(executor)
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
