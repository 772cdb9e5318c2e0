//! Operations that were carried out before: each has an event, or was a no-op.

use crate::{
    db::{DbError, Result},
    stored_op,
};
use shared::ids::{CanvasId, OpId, UserId};
use sqlx::{PgConnection, query, query_as};
use uuid::Uuid;

/// The result of an operation that was carried out before.
#[derive(Clone, Debug)]
pub(crate) struct PriorResult {
    /// The operation's place in the list that was asked for, from 1.
    pub(crate) place: i64,
    /// The wire form of its event; none if it was a no-op.
    pub(crate) body: Option<String>,
}

/// A checked query that looks up operations which were carried out before. In
/// it `asked (actor_id, op_id)` are the operations, `$1` is the canvas, and
/// `known` has a row for each that is in the log or was a no-op. The two `tt`
/// in the middle are the columns of `known`.
///
/// Each operation is looked up by itself, in the index: `LATERAL` with a limit
/// leaves the planner no other way, such as to read all of the canvas's events,
/// which it prefers while they are few, and keeps doing when they are many. Where a whole table
/// has few rows, the settings of sessions that write keep it from reading that.
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

pub(super) use op_lookup_query;

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
