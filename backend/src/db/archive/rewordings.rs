//! Words of archived events that were edited or removed later. They replace those of the pieces
//! for all readers, until they are in the pieces themselves.

use crate::db::{DbError, Result};
use shared::ids::CanvasId;
use sqlx::{PgConnection, PgExecutor, query};
use std::collections::HashMap;

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
