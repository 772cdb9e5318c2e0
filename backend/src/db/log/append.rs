//! Appends events.

use super::prior_ops::op_lookup_query;
use crate::{
    cell_number::cell_number,
    db::{DbError, Result, history::SeenLog},
    stored_op,
};
use chrono::{DateTime, Utc};
use shared::{
    canvas::Coord,
    ids::{CanvasId, OpId, UserId},
};
use sqlx::{PgConnection, query, query_as};
use uuid::Uuid;

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

/// What is known of the operations of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PriorOps {
    /// Those that were carried out before were looked up.
    LookedUp,
    /// Nothing. All of them come to events, and appending these fails if one of the operations
    /// was carried out before.
    Unknown,
}

/// Appends events and sets the canvas's head. Called under the lock.
///
/// # Errors
/// [`DbError::DuplicateOperation`] if one of the operations was carried out before, and not
/// looked up: the transaction has to be rolled back.
pub(crate) async fn append(
    connection: &mut PgConnection,
    canvas: CanvasId,
    events: &[NewEvent],
    tile_count: i64,
    now: DateTime<Utc>,
    prior_ops: PriorOps,
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
    let tiles: Vec<Option<i32>> = events.iter().map(|e| e.cell.map(cell_number)).collect();
    // The unique index finds the operations that have an event.
    let appended = query!(
        "WITH head AS (
             UPDATE canvases SET last_seq = $8, tile_count = $9
             WHERE id = $1 AND NOT ($12 AND EXISTS (
                 SELECT FROM unnest($4::bigint[], $5::uuid[]) AS asked (actor_id, op_id),
                 LATERAL (
                     SELECT FROM canvas_idle_ops i
                     WHERE i.canvas_id = $1 AND i.actor_id = asked.actor_id
                       AND i.op_id = asked.op_id
                     LIMIT 1
                 ) AS known
             ))
             RETURNING id
         )
         INSERT INTO canvas_events (canvas_id, seq, kind, actor_id, op_id, body, tile, words_of,
                                    created_at)
         SELECT head.id, seq, kind, actor_id, op_id, body, tile, words_of, $7
         FROM head, unnest($2::bigint[], $3::text[], $4::bigint[], $5::uuid[], $6::text[],
                           $10::int[], $11::bigint[])
             AS new (seq, kind, actor_id, op_id, body, tile, words_of)",
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
        prior_ops == PriorOps::Unknown,
    )
    .execute(connection)
    .await?;
    if appended.rows_affected() == 0 {
        return Err(DbError::DuplicateOperation);
    }
    Ok(())
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
