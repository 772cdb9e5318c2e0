//! What tells, without reading a piece, whether an operation or a user's event is in the archive.

use crate::db::{DbError, Result};
use shared::ids::{CanvasId, Epoch, UserId};
use sqlx::{PgExecutor, query, query_scalar};

/// What a node has to know of a canvas's archive to recognize repeated operations.
#[derive(Debug)]
pub(crate) struct Filters {
    /// Up to this event the canvas is archived.
    pub(crate) archived_seq: i64,
    pub(crate) epoch: Epoch,
    /// See [`crate::db::log::LockedCanvas::instance`].
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
