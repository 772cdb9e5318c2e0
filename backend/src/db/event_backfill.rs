//! Fills in what the log's older events lack, see the migration `0012_tiles_in_the_log.sql`:
//! the cell of tile events, and the `op_id`. Servers of the version before write such events
//! while a cluster is updated.

use super::{DbError, Pool, Result};
use shared::ids::CanvasId;
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, PgExecutor, query, query_scalar, raw_sql,
};

/// Events of one statement.
const BATCH: i64 = 500;
/// Held by the node that creates the indexes. Any number that nothing else uses.
const LOCK: i64 = 0x0012_57e1_1a12;

/// An index that the migration leaves to the nodes where the log is large.
struct Index {
    name: &'static str,
    create: &'static str,
}

/// Needed only where the log has such ids.
const OLD_MESSAGE_IDS: &str = "canvas_events_old_message_id_idx";
/// An index that another one replaced. A server of the version before creates it again.
const REPLACED: &str = "canvas_events_incomplete_idx";

/// In the order in which they are created: with the first one, readers find what is not
/// filled in.
const INDEXES: [Index; 3] = [
    Index {
        name: "canvas_events_unfilled_idx",
        create: "CREATE INDEX CONCURRENTLY canvas_events_unfilled_idx
             ON canvas_events (canvas_id, seq)
             WHERE op_id IS NULL OR (tile IS NULL AND kind <> 'canvas_chat_message')",
    },
    Index {
        name: "canvas_events_tile_idx",
        create: "CREATE INDEX CONCURRENTLY canvas_events_tile_idx
             ON canvas_events (canvas_id, tile, seq) WHERE tile IS NOT NULL",
    },
    Index {
        name: OLD_MESSAGE_IDS,
        create: "CREATE INDEX CONCURRENTLY canvas_events_old_message_id_idx
             ON canvas_events (canvas_id, substr(body, 45, 36))
             WHERE kind = 'canvas_chat_message' AND substr(body, 59, 1) = '7'",
    },
];

/// What came of creating the indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Indexes {
    /// They are there.
    Complete,
    /// Another node is creating them.
    Busy,
}

/// The last event that was filled in, in the order of canvases and `seq`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    canvas: CanvasId,
    seq: i64,
    /// How many were filled in up to here.
    pub(crate) filled: i64,
}

/// Creates the indexes that are missing, which blocks nobody and may take minutes.
///
/// # Errors
/// Those of the database. What is left half done is created anew by the next call.
pub(crate) async fn create_indexes(pool: &Pool) -> Result<Indexes> {
    if missing(pool).await?.is_empty() && !has_replaced(pool).await? {
        return Ok(Indexes::Complete);
    }
    let mut connection = pool.connect().await?;
    let created = create_missing(&mut connection).await?;
    connection.close().await?;
    Ok(created)
}

/// The names of the indexes that are missing, or were left unfinished.
async fn missing(executor: impl PgExecutor<'_>) -> Result<Vec<String>> {
    let names = INDEXES.map(|index| index.name.to_owned());
    query_scalar!(
        r#"SELECT name AS "name!" FROM unnest($1::text[]) AS name
           WHERE NOT EXISTS (
               SELECT FROM pg_index WHERE indexrelid = to_regclass(name) AND indisvalid
           ) AND (name <> $2 OR (SELECT has_old_message_ids FROM schema_compatibility))"#,
        &names,
        OLD_MESSAGE_IDS,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

async fn has_replaced(executor: impl PgExecutor<'_>) -> Result<bool> {
    query_scalar!(
        r#"SELECT to_regclass($1) IS NOT NULL AS "has_it!""#,
        REPLACED
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

async fn create_missing(connection: &mut PgConnection) -> Result<Indexes> {
    connection
        .execute(raw_sql("SET statement_timeout = 0; SET lock_timeout = 0"))
        .await?;
    let is_mine = query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "is_mine!""#, LOCK)
        .fetch_one(&mut *connection)
        .await?;
    if !is_mine {
        return Ok(Indexes::Busy);
    }
    // The lock ends with the session.
    let missing = missing(&mut *connection).await?;
    for index in INDEXES {
        if missing.iter().any(|name| name == index.name) {
            tracing::info!(index = index.name, "creating an index of the log");
            drop_index(connection, index.name).await?;
            connection.execute(index.create).await?;
        }
    }
    drop_index(connection, REPLACED).await?;
    Ok(Indexes::Complete)
}

async fn drop_index(connection: &mut PgConnection, name: &'static str) -> Result<()> {
    let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {name}");
    connection.execute(AssertSqlSafe(drop)).await?;
    Ok(())
}

/// Removes what filling in many events left in the indexes, which slows down readers. It
/// blocks nobody and may take minutes.
///
/// # Errors
/// Those of the database.
pub(crate) async fn vacuum(pool: &Pool) -> Result<()> {
    let mut connection = pool.connect().await?;
    connection
        .execute(raw_sql("SET statement_timeout = 0; SET lock_timeout = 0"))
        .await?;
    connection
        .execute(raw_sql("VACUUM (ANALYZE) canvas_events"))
        .await?;
    connection.close().await?;
    Ok(())
}

/// Fills in the next events after a position. Nodes that do this at the same time take
/// different events. Those of deleted canvases are left out. None if no event is left.
pub(crate) async fn fill_some(
    executor: impl PgExecutor<'_>,
    after: Option<Position>,
) -> Result<Option<Position>> {
    let row = query!(
        r#"WITH incomplete AS (
               SELECT canvas_id, seq FROM canvas_events
               WHERE (op_id IS NULL OR (tile IS NULL
                     AND kind IN ('tile_created', 'tile_updated', 'tile_liked', 'tile_deleted')))
                 AND (canvas_id, seq) > ($1, $2)
                 AND EXISTS (SELECT FROM canvases WHERE id = canvas_id)
               ORDER BY canvas_id, seq LIMIT $3
               FOR NO KEY UPDATE SKIP LOCKED
           ), filled AS (
               UPDATE canvas_events e
               SET op_id = coalesce(op_id, gen_random_uuid()),
                   tile = CASE
                       WHEN kind IN ('tile_created', 'tile_updated', 'tile_liked', 'tile_deleted')
                       THEN coalesce((body::json ->> 'y')::int * 256 + (body::json ->> 'x')::int, -1)
                   END
               FROM incomplete i WHERE e.canvas_id = i.canvas_id AND e.seq = i.seq
           )
           SELECT canvas_id, seq, count(*) OVER () AS "filled!"
           FROM incomplete ORDER BY canvas_id DESC, seq DESC LIMIT 1"#,
        after.map_or(i64::MIN, |position| position.canvas.0),
        after.map_or(0, |position| position.seq),
        BATCH,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Position {
        canvas: CanvasId(row.canvas_id),
        seq: row.seq,
        filled: row.filled + after.map_or(0, |position| position.filled),
    }))
}
