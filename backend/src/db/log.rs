//! The event log: locking a canvas for writing, appending events, reading them.
//!
//! The canvas's row lock, held to the commit, gives all nodes one gapless order.

mod append;
mod heads;
mod prior_ops;
mod read;

pub(crate) use append::{NewChat, NewEvent, PriorOps, Repeats, append, append_chat};
pub(crate) use heads::{Head, RoomCanvas, heads, room};
pub(crate) use prior_ops::{prior_results, remember_no_ops};
pub(crate) use read::{LogRow, rows, rows_at};

use super::{DbError, Result, named, order::OrderSettings};
use chrono::{DateTime, Utc};
use shared::{
    canvas::{EditPolicy, Grid},
    ids::{CanvasId, Epoch},
};
use sqlx::{PgConnection, query};

/// What a write needs of its canvas, read under the canvas's lock.
#[derive(Clone, Debug)]
pub(crate) struct LockedCanvas {
    pub(crate) grid: Grid,
    pub(crate) policy: EditPolicy,
    pub(crate) last_seq: i64,
    /// Up to this event the log is in the archive.
    pub(crate) archived_seq: i64,
    pub(crate) tile_count: i64,
    pub(crate) epoch: Epoch,
    /// How often roles or the visibility were changed.
    pub(crate) acl_version: i64,
    /// Differs after everything that can take events away, such as a restart of the
    /// database; see the migration `0006_history.sql`.
    pub(crate) instance: i64,
    /// The database's clock, which is the same for all nodes.
    pub(crate) now: DateTime<Utc>,
    /// What the canvas asks of its users.
    pub(crate) order: OrderSettings,
}

/// Locks the canvas to the end of the transaction: until then nobody else, on
/// any node, writes to its log. `None` if there is no such canvas.
pub(crate) async fn lock_canvas(
    connection: &mut PgConnection,
    canvas: CanvasId,
) -> Result<Option<LockedCanvas>> {
    query!(
        // The subquery waits for the lock, and the access version is read after that.
        r#"SELECT width, height, tile_size, palette AS "palette!", edit_policy, last_seq,
                archived_seq, tile_count, epoch, access_version(access_changes) AS "acl_version!", instance AS "instance!",
                now AS "now!", visibility, guests, newcomers, slow_mode_s, lockdown_until
         FROM (
             SELECT width, height, tile_size, cardinality(palette) AS palette, edit_policy,
                    last_seq, archived_seq, tile_count, epoch, access_changes,
                    history_instance() AS instance, clock_timestamp() AS now, visibility, guests, newcomers, slow_mode_s,
                    lockdown_until
             FROM canvases WHERE id = $1 FOR NO KEY UPDATE
         ) AS locked"#,
        canvas.0,
    )
    .try_map(|row| {
        Ok(LockedCanvas {
            grid: Grid {
                width: row.width,
                height: row.height,
                tile_size: row.tile_size,
                palette: usize::try_from(row.palette).unwrap_or_default(),
            },
            policy: named(row.edit_policy)?,
            last_seq: row.last_seq,
            archived_seq: row.archived_seq,
            tile_count: row.tile_count,
            epoch: Epoch(row.epoch),
            acl_version: row.acl_version,
            instance: row.instance,
            now: row.now,
            order: OrderSettings::new(
                &row.visibility,
                row.guests,
                row.newcomers,
                row.slow_mode_s,
                row.lockdown_until,
            )?,
        })
    })
    .fetch_optional(connection)
    .await
    .map_err(DbError::from)
}
