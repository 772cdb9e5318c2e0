//! Where the logs of open canvases end, and what rooms need of their canvases besides.

use super::read::LogRow;
use crate::db::{DbError, Result, order::OrderSettings};
use shared::{
    canvas::Grid,
    ids::{CanvasId, Epoch},
};
use sqlx::{PgExecutor, query};
use std::collections::HashMap;
use uuid::Uuid;

/// What a room needs of its canvas to open.
#[derive(Clone, Debug)]
pub(crate) struct RoomCanvas {
    pub(crate) grid: Grid,
    pub(crate) epoch: Epoch,
    pub(crate) last_seq: i64,
    /// The wire form of the event `last_seq`.
    pub(crate) last_event: Option<String>,
    /// How often roles or the visibility were changed.
    pub(crate) acl_version: i64,
    /// See [`super::LockedCanvas::instance`].
    pub(crate) instance: i64,
    /// What the canvas asks of its users.
    pub(crate) order: OrderSettings,
}

/// See [`RoomCanvas`], still without its last event, and that event. `None` if there is no such
/// canvas.
pub(crate) async fn room(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
) -> Result<Option<(RoomCanvas, Option<LogRow>)>> {
    query!(
        r#"SELECT width, height, tile_size, cardinality(palette) AS "palette!", epoch, last_seq,
                access_changes + (SELECT changes FROM server_access) AS "acl_version!",
                history_instance() AS "instance!", e.body AS "body?",
                e.words_of AS "words_of?", CASE WHEN e.words_of IS NOT NULL THEN (
                    SELECT s.body FROM canvas_events s
                    WHERE s.canvas_id = e.canvas_id AND s.seq = e.words_of) END AS "said_by?",
                visibility, guests, newcomers, slow_mode_s, lockdown_until
         FROM canvases c LEFT JOIN canvas_events e ON e.canvas_id = c.id AND e.seq = c.last_seq
         WHERE id = $1"#,
        canvas.0,
    )
    .try_map(|row| {
        let last_event = row.body.map(|body| LogRow {
            seq: row.last_seq,
            body,
            words_of: row.words_of,
            said_by: row.said_by,
        });
        let canvas = RoomCanvas {
            grid: Grid {
                width: row.width,
                height: row.height,
                tile_size: row.tile_size,
                palette: usize::try_from(row.palette).unwrap_or_default(),
            },
            epoch: Epoch(row.epoch),
            last_seq: row.last_seq,
            last_event: None,
            acl_version: row.acl_version,
            instance: row.instance,
            order: OrderSettings::new(
                &row.visibility,
                row.guests,
                row.newcomers,
                row.slow_mode_s,
                row.lockdown_until,
            )?,
        };
        Ok((canvas, last_event))
    })
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// What a poll finds of an open canvas.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    /// The newest `seq`.
    pub(crate) last_seq: i64,
    pub(crate) acl_version: i64,
    pub(crate) epoch: Epoch,
}

/// What a poll finds.
#[derive(Clone, Debug)]
pub(crate) struct Heads {
    /// See [`super::LockedCanvas::instance`].
    pub(crate) instance: i64,
    /// The identity of the database.
    pub(crate) database_id: Uuid,
    /// The canvases that exist.
    pub(crate) canvases: HashMap<CanvasId, Head>,
}

/// The heads of these canvases. `None` while the database is being loaded.
pub(crate) async fn heads(
    executor: impl PgExecutor<'_>,
    canvases: &[CanvasId],
) -> Result<Option<Heads>> {
    let ids: Vec<i64> = canvases.iter().map(|id| id.0).collect();
    let rows = query!(
        r#"SELECT h.database_id, i.instance AS "instance!", c.id AS "id?",
                c.last_seq AS "last_seq?", 
                c.access_changes + (SELECT changes FROM server_access) AS "acl_version?", c.epoch AS "epoch?"
         FROM history h
         CROSS JOIN (SELECT history_instance() AS instance) AS i
         LEFT JOIN canvases c ON c.id = ANY($1)"#,
        &ids,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.first().map(|first| Heads {
        instance: first.instance,
        database_id: first.database_id,
        canvases: rows
            .iter()
            .filter_map(|row| {
                let head = Head {
                    last_seq: row.last_seq?,
                    acl_version: row.acl_version?,
                    epoch: Epoch(row.epoch?),
                };
                Some((CanvasId(row.id?), head))
            })
            .collect(),
    }))
}
