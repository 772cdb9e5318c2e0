//! Compares the log with what a node has seen of it.

use super::Log;
use crate::db::{
    self, Pool, Reads,
    history::{self, CheckedLog, SeenLog, event_time},
    log::{self, LockedCanvas, RoomCanvas},
};
use shared::{ids::CanvasId, time::Timestamp};
use sqlx::{Connection, PgConnection};
use std::collections::HashMap;

impl Log {
    /// What a room needs of its canvas to open. None if there is no such canvas.
    ///
    /// # Errors
    /// Those of the database, and a piece that is damaged.
    pub(crate) async fn room(
        &self,
        reads: &mut Reads<'_>,
        canvas: CanvasId,
    ) -> db::Result<Option<RoomCanvas>> {
        let Some((mut room, last)) = log::room(&mut *reads, canvas).await? else {
            return Ok(None);
        };
        let last = last.into_iter().collect();
        let last = self.read_words(reads, canvas, last).await?.pop();
        room.last_event = last.map(|(_, body)| body);
        Ok(Some(room))
    }

    /// The times, as in the wire form, of these events; those that do not exist are missing.
    ///
    /// # Errors
    /// Those of the database, and a piece that is damaged.
    pub(crate) async fn event_times(
        &self,
        pool: &Pool,
        canvas: CanvasId,
        seqs: &[i64],
    ) -> db::Result<HashMap<i64, Timestamp>> {
        let stored = self.stored(&mut Reads::Pool(pool), canvas, seqs).await?;
        let times = stored.into_iter();
        let times = times.filter_map(|(seq, body)| Some((seq, event_time(body.as_bytes())?)));
        Ok(times.collect())
    }

    /// Whether the log, whose canvas is locked, contains what a node has seen of it. Only
    /// where something differs does it read the log.
    ///
    /// # Errors
    /// Those of the database, and a piece that is damaged.
    pub(crate) async fn contains(
        &self,
        connection: &mut PgConnection,
        canvas: CanvasId,
        locked: &LockedCanvas,
        seen: &SeenLog,
    ) -> db::Result<bool> {
        if locked.last_seq < seen.head {
            return Ok(false);
        }
        if locked.epoch == seen.epoch && locked.instance == seen.instance {
            return Ok(true);
        }
        let Some(last_event) = &seen.last_event else {
            // It has seen no event.
            return Ok(seen.head == 0);
        };
        let reads = &mut Reads::Connection(connection);
        let stored = self.stored(reads, canvas, &[seen.head]).await?;
        let stored = stored.get(&seen.head);
        Ok(stored.is_some_and(|stored| event_time(stored.as_bytes()) == event_time(last_event)))
    }

    /// Compares the log with what a node has seen of it, and renews the epoch if it went
    /// back. `claimed` is the newest `seq` of that epoch of which a client told: if the
    /// log ends before it, the epoch is renewed too, at most once a minute. `None` if there
    /// is no such canvas.
    ///
    /// # Errors
    /// Those of the database, and a piece that is damaged.
    pub(crate) async fn check(
        &self,
        connection: &mut PgConnection,
        canvas: CanvasId,
        seen: &SeenLog,
        claimed: Option<i64>,
    ) -> db::Result<Option<CheckedLog>> {
        let mut transaction = connection.begin().await?;
        let Some(locked) = log::lock_canvas(&mut transaction, canvas).await? else {
            return Ok(None);
        };
        let is_continued = self
            .contains(&mut transaction, canvas, &locked, seen)
            .await?;
        if locked.epoch == seen.epoch {
            if !is_continued {
                history::renew_epoch(&mut transaction, canvas).await?;
            } else if claimed.is_some_and(|claimed| claimed > locked.last_seq) {
                history::renew_claimed_epoch(&mut transaction, canvas).await?;
            }
        }
        let reads = &mut Reads::Connection(&mut transaction);
        let current = self.room(reads, canvas).await?;
        transaction.commit().await?;
        Ok(current.map(|canvas| CheckedLog {
            canvas,
            is_continued,
        }))
    }
}
