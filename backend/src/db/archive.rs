//! The archive: pieces of compressed events (see the migration `0025_archive.sql`). What is in a
//! piece is read by `past::log`, and written by `past::archive`.

mod filters;
mod moving;
mod pieces;
mod rewordings;

use super::{DbError, Result};
use shared::ids::CanvasId;
use sqlx::{PgConnection, PgExecutor, query, query_scalar};

pub(crate) use filters::{filters, filters_of, has_events_of};
pub(crate) use moving::{
    ArchiveCandidate, ArchivePolicy, HotEvent, NewPiece, advance, count_unarchived, delete_hot,
    hot_events, hot_version, next_candidate, next_with_rest, note_actors, put_piece,
};
pub(crate) use pieces::{
    Piece, PieceHalf, are_same, before, before_time, content, piece_of, pieces_of, small_pieces,
    with_messages_after, with_messages_before,
};
pub(crate) use rewordings::{put_others, remove_rewordings, rewordings};

/// What servers must know that work beside an archive: this migration.
const MIGRATION: i64 = 25;

/// Whether no server is connected to the database that cannot read an archive. Those of this
/// version call themselves by another name ([`super::connect`]).
pub(crate) async fn all_servers_support_it(executor: impl PgExecutor<'_>) -> Result<bool> {
    query_scalar!(
        r#"SELECT NOT EXISTS (
               SELECT FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'stellar-canvas'
           ) AS "all_know!""#
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// From now on only servers start that can read an archive.
pub(crate) async fn require_servers_to_support_it(executor: impl PgExecutor<'_>) -> Result<()> {
    query!(
        "UPDATE schema_compatibility SET oldest_server = $1 WHERE oldest_server < $1",
        MIGRATION,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// The place of this lock among all advisory locks. Any number that nothing else uses.
const LOCK: i32 = 0x0025_a2c1;

/// Tries to become the only one who changes what is stored of the canvas's old events, to the
/// end of the transaction. Canvases may share a lock.
pub(crate) async fn try_lock(connection: &mut PgConnection, canvas: CanvasId) -> Result<bool> {
    query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock($1, hashint8($2)) AS "is_mine!""#,
        LOCK,
        canvas.0,
    )
    .fetch_one(connection)
    .await
    .map_err(DbError::from)
}
