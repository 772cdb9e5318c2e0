//! Reads the events of the log that are about one cell, by one user or of one kind.

use super::{DbError, Result, log::tile_number};
use crate::words;
use shared::{
    canvas::Coord,
    ids::{CanvasId, UserId},
};
use sqlx::{PgExecutor, query, query_scalar};
use std::ops::Range;

/// A user with at most this many events on a canvas has them looked up one by one.
const FEW: i32 = 1_000;

/// Which events are wanted. Everything that is given must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct EventFilter {
    /// Those about the tile of this cell.
    pub(crate) cell: Option<Coord>,
    /// Those that this user made.
    pub(crate) actor: Option<UserId>,
    /// Those of this type.
    pub(crate) kind: Option<&'static str>,
}

/// `seq` and wire form of the events of one cell after the start of the range up to its
/// end, in order, at most `limit`.
pub(crate) async fn of_cell(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    cell: Coord,
    range: Range<i64>,
    limit: i64,
) -> Result<Vec<(i64, String)>> {
    let filter = EventFilter::default();
    in_cell(executor, canvas, cell, &filter, range, limit).await
}

/// The same for the events that a filter wants. `is_rare` is the answer of
/// [`is_rare_actor`] for the filter's actor.
pub(crate) async fn filtered(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    filter: &EventFilter,
    is_rare: bool,
    range: Range<i64>,
    limit: i64,
) -> Result<Vec<(i64, String)>> {
    match (filter.cell, filter.actor) {
        (Some(cell), _) => in_cell(executor, canvas, cell, filter, range, limit).await,
        (None, Some(actor)) if is_rare => {
            by_rare_actor(executor, canvas, actor, filter.kind, range, limit).await
        }
        (None, _) => in_order(executor, canvas, filter, range, limit).await,
    }
}

/// Whether a user has so few events on the canvas that reading all of them is less work
/// than reading the log until enough were found.
pub(crate) async fn is_rare_actor(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    actor: UserId,
) -> Result<bool> {
    query_scalar!(
        r#"SELECT count(*) <= $3 AS "is_rare!"
           FROM (SELECT FROM canvas_events WHERE actor_id = $2 AND canvas_id = $1
                 LIMIT $3 + 1) AS theirs"#,
        canvas.0,
        actor.0,
        FEW,
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// The second part finds the events of servers of the version before that are not filled
/// in yet (`db::event_backfill`); mostly there are none. Both are read in the order of
/// their index, so that few rows are read for a short page.
async fn in_cell(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    cell: Coord,
    filter: &EventFilter,
    range: Range<i64>,
    limit: i64,
) -> Result<Vec<(i64, String)>> {
    // As the wire form of every tile event has it. In a text the quotes are escaped.
    let fields = format!(r#","x":{},"y":{},"#, cell.x, cell.y);
    query!(
        r#"SELECT e.seq AS "seq!", e.body AS "body!", CASE WHEN e.words_of IS NOT NULL THEN (
                    SELECT s.body FROM canvas_events s
                    WHERE s.canvas_id = e.canvas_id AND s.seq = e.words_of) END AS "said_by?"
           FROM (
               (SELECT canvas_id, seq, body, words_of FROM canvas_events
                WHERE canvas_id = $1 AND seq > $2 AND seq <= $3 AND tile = $5
                  AND ($7::bigint IS NULL OR actor_id = $7) AND ($8::text IS NULL OR kind = $8)
                ORDER BY seq LIMIT $4)
               UNION ALL
               (SELECT canvas_id, seq, body, words_of FROM canvas_events
                WHERE canvas_id = $1 AND seq > $2 AND seq <= $3 AND tile IS NULL
                  AND kind IN ('tile_created', 'tile_updated', 'tile_liked', 'tile_deleted')
                  AND strpos(body, $6) > 0
                  AND ($7::bigint IS NULL OR actor_id = $7) AND ($8::text IS NULL OR kind = $8)
                ORDER BY seq LIMIT $4)
           ) AS e
           ORDER BY 1 LIMIT $4"#,
        canvas.0,
        range.start,
        range.end,
        limit,
        tile_number(cell),
        fields,
        filter.actor.map(|actor| actor.0),
        filter.kind,
    )
    .map(|row| (row.seq, words::read(row.body, row.said_by.as_deref())))
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

async fn by_rare_actor(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    actor: UserId,
    kind: Option<&str>,
    range: Range<i64>,
    limit: i64,
) -> Result<Vec<(i64, String)>> {
    // MATERIALIZED, or the planner may read the log in the order of `seq`.
    query!(
        r#"WITH theirs AS MATERIALIZED (
               SELECT canvas_id, seq, kind, body, words_of FROM canvas_events
               WHERE actor_id = $5 AND canvas_id = $1
           )
           SELECT e.seq, e.body, CASE WHEN e.words_of IS NOT NULL THEN (
                    SELECT s.body FROM canvas_events s
                    WHERE s.canvas_id = e.canvas_id AND s.seq = e.words_of) END AS "said_by?"
           FROM theirs e
           WHERE e.seq > $2 AND e.seq <= $3 AND ($6::text IS NULL OR e.kind = $6)
           ORDER BY e.seq LIMIT $4"#,
        canvas.0,
        range.start,
        range.end,
        limit,
        actor.0,
        kind,
    )
    .map(|row| (row.seq, words::read(row.body, row.said_by.as_deref())))
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

async fn in_order(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    filter: &EventFilter,
    range: Range<i64>,
    limit: i64,
) -> Result<Vec<(i64, String)>> {
    query!(
        r#"SELECT e.seq, e.body, CASE WHEN e.words_of IS NOT NULL THEN (
                    SELECT s.body FROM canvas_events s
                    WHERE s.canvas_id = e.canvas_id AND s.seq = e.words_of) END AS "said_by?"
         FROM canvas_events e
         WHERE e.canvas_id = $1 AND e.seq > $2 AND e.seq <= $3
           AND ($5::bigint IS NULL OR e.actor_id = $5) AND ($6::text IS NULL OR e.kind = $6)
         ORDER BY e.seq LIMIT $4"#,
        canvas.0,
        range.start,
        range.end,
        limit,
        filter.actor.map(|actor| actor.0),
        filter.kind,
    )
    .map(|row| (row.seq, words::read(row.body, row.said_by.as_deref())))
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}
