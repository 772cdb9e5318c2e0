//! Whether the database still holds the history that nodes and clients have seen.
//! A restore, or a failover to a standby that was behind, takes events away and
//! gives their `seq` to others. Then the epochs of the canvases concerned are
//! renewed, always under the canvas's lock or the lock of the one row of `history`,
//! so that of several nodes one does it and the others find it done.

use super::{DbError, Pool, Result, log::RoomCanvas};
use serde::Deserialize;
use shared::{
    ids::{CanvasId, Epoch},
    time::Timestamp,
};
use sqlx::{Connection, PgConnection, query, query_scalar};
use uuid::Uuid;

/// What a node knows of a canvas's log.
#[derive(Clone, Debug)]
pub(crate) struct SeenLog {
    pub(crate) epoch: Epoch,
    /// [`super::log::LockedCanvas::instance`] when the log was compared last.
    pub(crate) instance: i64,
    /// The `seq` of the newest event that was delivered.
    pub(crate) head: i64,
    /// The wire form of that event.
    pub(crate) last_event: Option<bytes::Bytes>,
}

/// The result of [`crate::past::log::Log::check`].
#[derive(Debug)]
pub(crate) struct CheckedLog {
    /// The canvas as it is now.
    pub(crate) canvas: RoomCanvas,
    /// Whether the log contains what the node has seen.
    pub(crate) is_continued: bool,
}

/// Renews the epoch of every canvas and the database's identity: clients that
/// resume get `resync`, and nodes that run compare what they have delivered. To be
/// called after the database was restored.
///
/// # Errors
/// Those of the database; nothing is changed then.
pub(crate) async fn renew_all_epochs(connection: &mut PgConnection) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    // It changes every canvas. Not a checked query, since it touches no table.
    sqlx::query("SET LOCAL statement_timeout = '5min'")
        .execute(&mut *transaction)
        .await?;
    query!("UPDATE history SET database_id = gen_random_uuid(), origin = history_origin()")
        .execute(&mut *transaction)
        .await?;
    query!("UPDATE canvases SET epoch = gen_random_uuid()")
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

/// Renews all epochs if the database is another one than when a server last looked:
/// a copy of it, or one on another timeline. Called for each new connection before
/// its first use, so that nothing is written before.
///
/// # Errors
/// Those of the database. A database without the schema, a role that may not ask and
/// a read-only session are none.
pub(crate) async fn check_origin(connection: &mut PgConnection) -> sqlx::Result<()> {
    match renew_if_moved(connection).await {
        Err(sqlx::Error::Database(error))
            if matches!(
                error.code().as_deref(),
                // Undefined table or function, no privilege, read-only.
                Some("42P01" | "42883" | "42501" | "25006")
            ) =>
        {
            tracing::debug!(%error, "the database's origin cannot be compared");
            Ok(())
        }
        done => done,
    }
}

async fn renew_if_moved(connection: &mut PgConnection) -> sqlx::Result<()> {
    let is_same = query_scalar!(
        r#"SELECT pg_is_in_recovery() OR origin IS NOT DISTINCT FROM history_origin() AS "is_same!"
           FROM history"#
    )
    .fetch_optional(&mut *connection)
    .await?;
    if is_same != Some(false) {
        return Ok(());
    }
    let mut transaction = connection.begin().await?;
    // Another node may be doing the same.
    let origin = query!(
        r#"SELECT origin, origin IS NOT DISTINCT FROM history_origin() AS "is_same!"
           FROM history FOR UPDATE"#
    )
    .fetch_one(&mut *transaction)
    .await?;
    if origin.origin.is_none() {
        query!("UPDATE history SET origin = history_origin()")
            .execute(&mut *transaction)
            .await?;
    } else if !origin.is_same {
        tracing::warn!("the database is a copy or was promoted: all epochs are renewed");
        renew_all_epochs(&mut transaction).await?;
    }
    transaction.commit().await
}

/// The database's identity, for names on Redis.
pub(crate) async fn database_id(pool: &Pool) -> Result<Uuid> {
    query_scalar!("SELECT database_id FROM history")
        .fetch_one(pool)
        .await
        .map_err(DbError::from)
}

/// Settings of PostgreSQL with which a crash may lose what was acknowledged.
pub(crate) async fn unsafe_settings(pool: &Pool) -> Result<Vec<String>> {
    query_scalar!(
        r#"SELECT name AS "name!" FROM pg_settings
           WHERE name IN ('fsync', 'full_page_writes') AND setting <> 'on' ORDER BY name"#
    )
    .fetch_all(pool)
    .await
    .map_err(DbError::from)
}

/// Renews the epoch of a canvas, which is locked.
pub(crate) async fn renew_epoch(connection: &mut PgConnection, canvas: CanvasId) -> Result<()> {
    query!(
        "UPDATE canvases SET epoch = gen_random_uuid() WHERE id = $1",
        canvas.0,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// The same because a client told of newer events than there are: at most once a minute.
pub(crate) async fn renew_claimed_epoch(
    connection: &mut PgConnection,
    canvas: CanvasId,
) -> Result<()> {
    query!(
        "UPDATE canvases SET epoch = gen_random_uuid(), epoch_renewed_at = now()
         WHERE id = $1 AND (epoch_renewed_at IS NULL
                            OR epoch_renewed_at < now() - interval '1 minute')",
        canvas.0,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// The time in an event's wire form.
pub(crate) fn event_time(body: &[u8]) -> Option<Timestamp> {
    /// Chat has `created_at`, an edit `edited_at`, every other event `timestamp`.
    #[derive(Deserialize)]
    struct Times {
        timestamp: Option<Timestamp>,
        created_at: Option<Timestamp>,
        edited_at: Option<Timestamp>,
    }
    let times: Times = serde_json::from_slice(body).ok()?;
    times.timestamp.or(times.created_at).or(times.edited_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chat_and_other_events_have_a_time() {
        let time = "2026-01-02T03:04:05.678Z";
        for body in [
            format!(
                r#"{{"type":"canvas_chat_message","created_at":"{time}","edited_at":"2030-01-01T00:00:00.000Z"}}"#
            ),
            format!(r#"{{"type":"chat_edited","seq":1,"edited_at":"{time}"}}"#),
            format!(r#"{{"type":"tile_liked","timestamp":"{time}","seq":1}}"#),
            format!(
                r#"{{"type":"canvas_updated","canvas":{{"created_at":"2020-01-01T00:00:00.000Z"}},"timestamp":"{time}"}}"#
            ),
        ] {
            let found = event_time(body.as_bytes()).unwrap();
            assert_eq!(serde_json::to_value(found).unwrap(), time);
        }
        assert_eq!(event_time(b"{}"), None);
        assert_eq!(event_time(b"no JSON"), None);
    }
}
