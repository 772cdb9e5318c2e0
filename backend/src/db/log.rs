//! The event log: locking a canvas for writing, appending, reading on.

use super::{named, with_timeout};
use chrono::{DateTime, Utc};
use shared::{
    canvas::{EditPolicy, Grid},
    ids::{CanvasId, Epoch, OpId, UserId},
};
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

/// What a write needs to know of its canvas, read under the canvas's lock.
#[derive(Clone, Debug)]
pub(crate) struct LockedCanvas {
    pub(crate) grid: Grid,
    pub(crate) policy: EditPolicy,
    pub(crate) last_seq: i64,
    pub(crate) tile_count: i64,
    /// The database's clock: one clock for all nodes.
    pub(crate) now: DateTime<Utc>,
}

/// A new event.
#[derive(Clone, Debug)]
pub(crate) struct NewEvent {
    pub(crate) seq: i64,
    pub(crate) kind: &'static str,
    pub(crate) actor_id: UserId,
    pub(crate) op_id: Option<OpId>,
    pub(crate) body: String,
}

/// A chat message whose place and time the database will know: its JSON around
/// them.
#[derive(Clone, Debug)]
pub(crate) struct NewChat {
    pub(crate) actor_id: UserId,
    pub(crate) op_id: Option<OpId>,
    /// Up to the `seq`.
    pub(crate) before: String,
    /// Up to the time.
    pub(crate) between: String,
    /// The rest.
    pub(crate) after: String,
}

/// An operation that was carried out before.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct PriorResult {
    /// Its place in the list that was asked for, from 1.
    pub(crate) place: i64,
    /// Its event, or none where it changed nothing.
    pub(crate) body: Option<String>,
}

#[derive(FromRow)]
struct LockedCanvasRow {
    width: i32,
    height: i32,
    tile_size: i32,
    palette: i32,
    edit_policy: String,
    last_seq: i64,
    tile_count: i64,
    now: DateTime<Utc>,
}

/// Locks the canvas to the end of the transaction: from here on nobody else,
/// on any node, writes to its log. `None` if there is no such canvas.
pub(crate) async fn lock_canvas(
    connection: &mut PgConnection,
    canvas: CanvasId,
) -> sqlx::Result<Option<LockedCanvas>> {
    let row: Option<LockedCanvasRow> = sqlx::query_as(
        "SELECT width, height, tile_size, cardinality(palette) AS palette, edit_policy,
                last_seq, tile_count, clock_timestamp() AS now
         FROM canvases WHERE id = $1 FOR NO KEY UPDATE",
    )
    .bind(canvas.0)
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(LockedCanvas {
            grid: Grid {
                width: row.width,
                height: row.height,
                tile_size: row.tile_size,
                palette: usize::try_from(row.palette).unwrap_or_default(),
            },
            policy: named(row.edit_policy)?,
            last_seq: row.last_seq,
            tile_count: row.tile_count,
            now: row.now,
        })
    })
    .transpose()
}

/// What a room needs to know to open.
#[derive(Clone, Debug)]
pub(crate) struct RoomCanvas {
    pub(crate) grid: Grid,
    pub(crate) epoch: Epoch,
    pub(crate) last_seq: i64,
    /// How often it changed who may do what.
    pub(crate) acl_version: i64,
}

/// See [`RoomCanvas`]. `None` if there is no such canvas.
pub(crate) async fn room(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
) -> sqlx::Result<Option<RoomCanvas>> {
    let row = sqlx::query_as(
        "SELECT width, height, tile_size, cardinality(palette), epoch, last_seq, access_changes
         FROM canvases WHERE id = $1",
    )
    .bind(canvas.0)
    .fetch_optional(executor);
    let row: Option<(i32, i32, i32, i32, Uuid, i64, i64)> = with_timeout(row).await?;
    Ok(row.map(
        |(width, height, tile_size, palette, epoch, last_seq, acl_version)| RoomCanvas {
            grid: Grid {
                width,
                height,
                tile_size,
                palette: usize::try_from(palette).unwrap_or_default(),
            },
            epoch: Epoch(epoch),
            last_seq,
            acl_version,
        },
    ))
}

/// Which of these operations were carried out before. Ask under the lock.
///
/// Each is looked up by itself, in the index: `LATERAL` with a limit leaves the
/// planner no other way, such as to read all of the canvas's events, which looks
/// good to it as long as they are few, and which it then does when they are many.
pub(crate) async fn prior_results(
    connection: &mut PgConnection,
    canvas: CanvasId,
    ops: &[(UserId, OpId)],
) -> sqlx::Result<Vec<PriorResult>> {
    let actors: Vec<i64> = ops.iter().map(|(actor, _)| actor.0).collect();
    let ids: Vec<Uuid> = ops.iter().map(|(_, op)| op.uuid()).collect();
    sqlx::query_as(
        "SELECT asked.place, known.body
         FROM unnest($2::bigint[], $3::uuid[]) WITH ORDINALITY AS asked (actor_id, op_id, place),
         LATERAL (
             SELECT e.body FROM canvas_events e
             WHERE e.canvas_id = $1 AND e.actor_id = asked.actor_id
               AND e.op_id = asked.op_id AND e.op_id IS NOT NULL
             UNION ALL
             SELECT NULL FROM canvas_idle_ops i
             WHERE i.canvas_id = $1 AND i.actor_id = asked.actor_id AND i.op_id = asked.op_id
             LIMIT 1
         ) AS known",
    )
    .bind(canvas.0)
    .bind(actors)
    .bind(ids)
    .fetch_all(connection)
    .await
}

/// Appends events and moves the canvas's head. Only under the lock.
pub(crate) async fn append(
    connection: &mut PgConnection,
    canvas: CanvasId,
    events: &[NewEvent],
    tile_count: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let Some(head) = events.last().map(|event| event.seq) else {
        return Ok(());
    };
    let seqs: Vec<i64> = events.iter().map(|e| e.seq).collect();
    let kinds: Vec<&str> = events.iter().map(|e| e.kind).collect();
    let actors: Vec<i64> = events.iter().map(|e| e.actor_id.0).collect();
    let ops: Vec<Option<Uuid>> = events.iter().map(|e| e.op_id.map(OpId::uuid)).collect();
    let bodies: Vec<&str> = events.iter().map(|e| e.body.as_str()).collect();
    sqlx::query(
        "WITH appended AS (
             INSERT INTO canvas_events (canvas_id, seq, kind, actor_id, op_id, body, created_at)
             SELECT $1, *, $7 FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::uuid[], $6::text[])
         )
         UPDATE canvases SET last_seq = $8, tile_count = $9 WHERE id = $1",
    )
    .bind(canvas.0)
    .bind(seqs)
    .bind(kinds)
    .bind(actors)
    .bind(ops)
    .bind(bodies)
    .bind(now)
    .bind(head)
    .bind(tile_count)
    .execute(connection)
    .await?;
    Ok(())
}

/// Appends chat and moves the canvas's head, in one statement that is its own
/// transaction: the places and the events, in order. None where the canvas is
/// gone or one of the operations is known already; an operation that another
/// node is carrying out at this moment violates `canvas_events_op_id_key`. They
/// are looked up as in [`prior_results`].
pub(crate) async fn append_chat(
    connection: &mut PgConnection,
    canvas: CanvasId,
    messages: &[NewChat],
) -> sqlx::Result<Vec<(i64, String)>> {
    let count = i64::try_from(messages.len()).unwrap_or(i64::MAX);
    let actors: Vec<i64> = messages.iter().map(|chat| chat.actor_id.0).collect();
    let ops: Vec<Option<Uuid>> = messages.iter().map(|c| c.op_id.map(OpId::uuid)).collect();
    let befores: Vec<&str> = messages.iter().map(|chat| chat.before.as_str()).collect();
    let betweens: Vec<&str> = messages.iter().map(|chat| chat.between.as_str()).collect();
    let afters: Vec<&str> = messages.iter().map(|chat| chat.after.as_str()).collect();
    let mut appended: Vec<(i64, String)> = sqlx::query_as(
        r#"WITH head AS (
             UPDATE canvases SET last_seq = last_seq + $2
             WHERE id = $1 AND NOT EXISTS (
                 SELECT FROM unnest($3::bigint[], $4::uuid[]) AS asked (actor_id, op_id),
                 LATERAL (
                     SELECT FROM canvas_events e
                     WHERE e.canvas_id = $1 AND e.actor_id = asked.actor_id
                       AND e.op_id = asked.op_id AND e.op_id IS NOT NULL
                     UNION ALL
                     SELECT FROM canvas_idle_ops i
                     WHERE i.canvas_id = $1 AND i.actor_id = asked.actor_id
                       AND i.op_id = asked.op_id
                     LIMIT 1
                 ) AS known
             )
             RETURNING last_seq - $2 AS base, clock_timestamp() AS now
         )
         INSERT INTO canvas_events (canvas_id, seq, kind, actor_id, op_id, body, created_at)
         SELECT $1, base + place, 'canvas_chat_message', actor_id, op_id,
                text_before || (base + place) || text_between
                    || to_char(now AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                    || text_after,
                now
         FROM head, unnest($3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[])
             WITH ORDINALITY AS said (actor_id, op_id, text_before, text_between, text_after, place)
         RETURNING seq, body"#,
    )
    .bind(canvas.0)
    .bind(count)
    .bind(actors)
    .bind(ops)
    .bind(befores)
    .bind(betweens)
    .bind(afters)
    .fetch_all(connection)
    .await?;
    appended.sort_unstable_by_key(|(seq, _)| *seq);
    Ok(appended)
}

/// Remembers operations that were carried out and changed nothing.
pub(crate) async fn remember_no_ops(
    connection: &mut PgConnection,
    canvas: CanvasId,
    ops: &[(UserId, OpId)],
) -> sqlx::Result<()> {
    if ops.is_empty() {
        return Ok(());
    }
    let actors: Vec<i64> = ops.iter().map(|(actor, _)| actor.0).collect();
    let ids: Vec<Uuid> = ops.iter().map(|(_, op)| op.uuid()).collect();
    sqlx::query(
        "INSERT INTO canvas_idle_ops (canvas_id, actor_id, op_id)
         SELECT $1, * FROM unnest($2::bigint[], $3::uuid[])
         ON CONFLICT DO NOTHING",
    )
    .bind(canvas.0)
    .bind(actors)
    .bind(ids)
    .execute(connection)
    .await?;
    Ok(())
}

/// The wire form of the events after `after` up to `head`, at most `limit`, in order.
pub(crate) async fn after(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    after: i64,
    head: i64,
    limit: i64,
) -> sqlx::Result<Vec<(i64, String)>> {
    let events = sqlx::query_as(
        "SELECT seq, body FROM canvas_events
         WHERE canvas_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4",
    )
    .bind(canvas.0)
    .bind(after)
    .bind(head)
    .bind(limit)
    .fetch_all(executor);
    with_timeout(events).await
}

/// The newest `seq` of each of these canvases, and how often it changed who may
/// do what; those that are gone are missing.
pub(crate) async fn heads(
    executor: impl PgExecutor<'_>,
    canvases: &[CanvasId],
) -> sqlx::Result<Vec<(i64, i64, i64)>> {
    let ids: Vec<i64> = canvases.iter().map(|id| id.0).collect();
    let heads =
        sqlx::query_as("SELECT id, last_seq, access_changes FROM canvases WHERE id = ANY($1)")
            .bind(ids)
            .fetch_all(executor);
    with_timeout(heads).await
}
