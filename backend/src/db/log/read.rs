//! Reads the events of the hot table.

use crate::db::{DbError, Result};
use shared::ids::CanvasId;
use sqlx::{PgExecutor, query_as};
use std::ops::Range;

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogRow {
    pub(crate) seq: i64,
    pub(crate) body: String,
    /// The `seq` of the event whose words it repeats.
    pub(crate) words_of: Option<i64>,
    /// What is stored of that event; none if it repeats none, or one that is archived.
    pub(crate) said_by: Option<String>,
}

/// The events of the hot table after the start of the range up to its end, in order, at most
/// `limit`. None if `instance` is given and is not the database's, see
/// [`super::LockedCanvas::instance`].
pub(crate) async fn rows(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    range: Range<i64>,
    limit: i64,
    instance: Option<i64>,
) -> Result<Vec<LogRow>> {
    query_as!(
        LogRow,
        r#"SELECT e.seq, e.body, e.words_of, CASE WHEN e.words_of IS NOT NULL THEN (
                    SELECT s.body FROM canvas_events s
                    WHERE s.canvas_id = e.canvas_id AND s.seq = e.words_of) END AS "said_by?"
         FROM canvas_events e
         WHERE e.canvas_id = $1 AND e.seq > $2 AND e.seq <= $3
           AND ($5::bigint IS NULL OR history_instance() = $5)
         ORDER BY e.seq LIMIT $4"#,
        canvas.0,
        range.start,
        range.end,
        limit,
        instance,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// The events of the hot table with these `seq`s.
pub(crate) async fn rows_at(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    seqs: &[i64],
) -> Result<Vec<LogRow>> {
    query_as!(
        LogRow,
        r#"SELECT e.seq, e.body, e.words_of, CASE WHEN e.words_of IS NOT NULL THEN (
                    SELECT s.body FROM canvas_events s
                    WHERE s.canvas_id = e.canvas_id AND s.seq = e.words_of) END AS "said_by?"
         FROM canvas_events e
         WHERE e.canvas_id = $1 AND e.seq = ANY($2)"#,
        canvas.0,
        seqs,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}
