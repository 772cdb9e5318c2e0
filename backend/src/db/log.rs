//! The event log: locking a canvas for writing, appending events, reading them.
//!
//! The canvas's row lock, held to the commit, gives all nodes one gapless order.

use super::{DbError, Result, history::SeenLog, named, order::OrderSettings};
use crate::stored_op;
use chrono::{DateTime, Utc};
use shared::{
    canvas::{Coord, EditPolicy, Grid},
    ids::{CanvasId, Epoch, OpId, UserId},
};
use sqlx::{PgConnection, PgExecutor, query, query_as};
use std::{collections::HashMap, ops::Range};
use uuid::Uuid;

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

/// A new event.
#[derive(Clone, Debug)]
pub(crate) struct NewEvent {
    pub(crate) seq: i64,
    pub(crate) kind: &'static str,
    pub(crate) actor_id: UserId,
    /// The request's; one is made where there is none.
    pub(crate) op_id: Option<OpId>,
    /// The cell of a tile event.
    pub(crate) cell: Option<Coord>,
    /// Its wire form.
    pub(crate) body: String,
    /// Where it repeats the words of another event.
    pub(crate) repeats: Option<Repeats>,
}

/// What an event repeats.
#[derive(Clone, Debug)]
pub(crate) struct Repeats {
    /// The `seq` of the event whose words it repeats.
    pub(crate) words_of: i64,
    /// What is stored of it: its wire form without the words.
    pub(crate) stored: String,
}

/// A chat message whose `seq` and time the database decides: the parts of its
/// wire form around them.
#[derive(Clone, Debug)]
pub(crate) struct NewChat {
    pub(crate) actor_id: UserId,
    pub(crate) op_id: Option<OpId>,
    /// Up to the `seq` at the end of its id.
    pub(crate) before: String,
    /// Between the `seq` and the time.
    pub(crate) between: String,
    /// After the time.
    pub(crate) after: String,
    /// Whether the sender is a guest without a given role.
    pub(crate) by_guest: bool,
    /// Whether the sender is a newcomer, whose messages are counted where newcomers are limited.
    pub(crate) by_newcomer: bool,
}

impl NewChat {
    /// What stands between the `seq` in a message's id and its own `seq`.
    pub(crate) fn id_to_seq(canvas: CanvasId) -> String {
        format!(r#"","canvas_id":{canvas},"seq":"#)
    }
}

/// The result of an operation that was carried out before.
#[derive(Clone, Debug)]
pub(crate) struct PriorResult {
    /// The operation's place in the list that was asked for, from 1.
    pub(crate) place: i64,
    /// The wire form of its event; none if it was a no-op.
    pub(crate) body: Option<String>,
}

/// How `canvas_events.tile` names a cell.
pub(crate) fn tile_number(at: Coord) -> i32 {
    at.y * 256 + at.x
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
    /// See [`LockedCanvas::instance`].
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

/// A checked query that looks up operations which were carried out before. In
/// it `asked (actor_id, op_id)` are the operations, `$1` is the canvas, and
/// `known` has a row for each that is in the log or was a no-op. The two `tt`
/// in the middle are the columns of `known`.
///
/// Each operation is looked up by itself, in the index: `LATERAL` with a limit
/// leaves the planner no other way, such as to read all of the canvas's events,
/// which it prefers while they are few, and keeps doing when they are many.
macro_rules! op_lookup_query {
    ($record:ty, $before:tt, $event:tt, $no_op:tt, $after:tt, $($argument:expr),+ $(,)?) => {
        query_as!(
            $record,
            $before + "
             LATERAL (
                 SELECT " + $event + " FROM canvas_events e
                 WHERE e.canvas_id = $1 AND e.actor_id = asked.actor_id
                   AND e.op_id = asked.op_id AND e.op_id IS NOT NULL
                 UNION ALL
                 SELECT " + $no_op + " FROM canvas_idle_ops i
                 WHERE i.canvas_id = $1 AND i.actor_id = asked.actor_id
                   AND i.op_id = asked.op_id
                 LIMIT 1
             ) AS known " + $after,
            $($argument),+
        )
    };
}

/// Which of these operations were carried out before, apart from those of archived events.
/// Called under the lock.
pub(crate) async fn prior_results(
    connection: &mut PgConnection,
    canvas: CanvasId,
    ops: &[(UserId, OpId)],
) -> Result<Vec<PriorResult>> {
    let actors: Vec<i64> = ops.iter().map(|(actor, _)| actor.0).collect();
    let ids: Vec<Uuid> = ops
        .iter()
        .map(|(_, op)| stored_op::of_request(*op))
        .collect();
    op_lookup_query!(
        PriorResult,
        r#"SELECT asked.place AS "place!", known.body AS "body?"
           FROM unnest($2::bigint[], $3::uuid[]) WITH ORDINALITY AS asked (actor_id, op_id, place),"#,
        "e.body",
        "NULL",
        "",
        canvas.0,
        &actors,
        &ids,
    )
    .fetch_all(connection)
    .await
    .map_err(DbError::from)
}

/// Appends events and sets the canvas's head. Called under the lock.
pub(crate) async fn append(
    connection: &mut PgConnection,
    canvas: CanvasId,
    events: &[NewEvent],
    tile_count: i64,
    now: DateTime<Utc>,
) -> Result<()> {
    let Some(head) = events.last().map(|event| event.seq) else {
        return Ok(());
    };
    let seqs: Vec<i64> = events.iter().map(|e| e.seq).collect();
    let kinds: Vec<&str> = events.iter().map(|e| e.kind).collect();
    let actors: Vec<i64> = events.iter().map(|e| e.actor_id.0).collect();
    let ops: Vec<Uuid> = events.iter().map(|e| stored_op::of(e.op_id)).collect();
    let bodies: Vec<&str> = events
        .iter()
        .map(|event| event.repeats.as_ref().map_or(&*event.body, |it| &it.stored))
        .collect();
    let words_of: Vec<Option<i64>> = events
        .iter()
        .map(|event| event.repeats.as_ref().map(|it| it.words_of))
        .collect();
    let tiles: Vec<Option<i32>> = events.iter().map(|e| e.cell.map(tile_number)).collect();
    query!(
        "WITH appended AS (
             INSERT INTO canvas_events (canvas_id, seq, kind, actor_id, op_id, body, tile, words_of,
                                        created_at)
             SELECT $1, seq, kind, actor_id, op_id, body, tile, words_of, $7
             FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::uuid[], $6::text[], $10::int[],
                         $11::bigint[])
                 AS new (seq, kind, actor_id, op_id, body, tile, words_of)
         )
         UPDATE canvases SET last_seq = $8, tile_count = $9 WHERE id = $1",
        canvas.0,
        &seqs,
        &kinds as &[&str],
        &actors,
        &ops,
        &bodies as &[&str],
        now,
        head,
        tile_count,
        &tiles as &[Option<i32>],
        &words_of as &[Option<i64>],
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// A chat message that was appended.
#[derive(Clone, Debug)]
pub(crate) struct AppendedChat {
    pub(crate) seq: i64,
    /// Its wire form.
    pub(crate) body: String,
    pub(crate) created_at: DateTime<Utc>,
}

/// Appends chat and moves the canvas's head, in one statement that is its own
/// transaction. Returns the messages, in order, or nothing if the canvas is gone, if one
/// of the operations was carried out before, if the access version is another one, if the
/// canvas asks something of one of the senders, if the log may be another one than `seen`, or if
/// more of it is archived than up to `archived_until`.
///
/// # Errors
/// [`DbError::DuplicateOperation`] if another node is carrying out one of the
/// operations at this moment.
pub(crate) async fn append_chat(
    connection: &mut PgConnection,
    canvas: CanvasId,
    seen: &SeenLog,
    acl_version: i64,
    archived_until: i64,
    messages: &[NewChat],
) -> Result<Vec<AppendedChat>> {
    let count = i64::try_from(messages.len()).unwrap_or(i64::MAX);
    let actors: Vec<i64> = messages.iter().map(|chat| chat.actor_id.0).collect();
    let ops: Vec<Option<Uuid>> = messages
        .iter()
        .map(|c| c.op_id.map(stored_op::of_request))
        .collect();
    let stored_ops: Vec<Uuid> = messages.iter().map(|c| stored_op::of(c.op_id)).collect();
    let befores: Vec<&str> = messages.iter().map(|chat| chat.before.as_str()).collect();
    let betweens: Vec<&str> = messages.iter().map(|chat| chat.between.as_str()).collect();
    let afters: Vec<&str> = messages.iter().map(|chat| chat.after.as_str()).collect();
    let by_guest = messages.iter().any(|chat| chat.by_guest);
    let by_newcomer = messages.iter().any(|chat| chat.by_newcomer);
    let mut appended = op_lookup_query!(
        AppendedChat,
        "WITH head AS (
             UPDATE canvases SET last_seq = last_seq + $2
             WHERE id = $1 AND last_seq >= $8 AND epoch = $9 AND access_version(access_changes) = $10
               AND history_instance() = $11 AND archived_seq <= $16
               AND slow_mode_s = 0 AND coalesce(lockdown_until <= clock_timestamp(), true)
               AND (NOT $12 OR guests IN ('paint', 'chat'))
               AND (NOT $13 OR newcomers = 'free' OR (newcomers IS NULL AND visibility <> 'public'))
               AND NOT EXISTS (
                 SELECT FROM unnest($3::bigint[], $4::uuid[]) AS asked (actor_id, op_id),",
        "",
        "",
        r#")
             RETURNING last_seq - $2 AS base, clock_timestamp() AS now
         )
         INSERT INTO canvas_events (canvas_id, seq, kind, actor_id, op_id, body, created_at)
         SELECT $1, base + place, 'canvas_chat_message', actor_id, op_id,
                text_before || lpad(to_hex(base + place), 12, '0') || $15 || (base + place)
                    || text_between
                    || to_char(now AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                    || text_after,
                now
         FROM head, unnest($3::bigint[], $14::uuid[], $5::text[], $6::text[], $7::text[])
             WITH ORDINALITY AS said (actor_id, op_id, text_before, text_between, text_after, place)
         RETURNING seq, body, created_at"#,
        canvas.0,
        count,
        &actors,
        &ops as &[Option<Uuid>],
        &befores as &[&str],
        &betweens as &[&str],
        &afters as &[&str],
        seen.head,
        seen.epoch.0,
        acl_version,
        seen.instance,
        by_guest,
        by_newcomer,
        &stored_ops,
        NewChat::id_to_seq(canvas),
        archived_until,
    )
    .fetch_all(connection)
    .await?;
    appended.sort_unstable_by_key(|chat| chat.seq);
    Ok(appended)
}

/// Stores the ids of no-op operations, which have no event, so that a repeat is
/// recognized.
pub(crate) async fn remember_no_ops(
    connection: &mut PgConnection,
    canvas: CanvasId,
    ops: &[(UserId, OpId)],
) -> Result<()> {
    if ops.is_empty() {
        return Ok(());
    }
    let actors: Vec<i64> = ops.iter().map(|(actor, _)| actor.0).collect();
    let ids: Vec<Uuid> = ops
        .iter()
        .map(|(_, op)| stored_op::of_request(*op))
        .collect();
    query!(
        "INSERT INTO canvas_idle_ops (canvas_id, actor_id, op_id)
         SELECT $1, * FROM unnest($2::bigint[], $3::uuid[])
         ON CONFLICT DO NOTHING",
        canvas.0,
        &actors,
        &ids,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}

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
/// [`LockedCanvas::instance`].
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
    /// See [`LockedCanvas::instance`].
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
