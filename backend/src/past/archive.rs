//! Moves old events from the hot table into compressed pieces, a piece at a time.
//!
//! 1. What is derived from the log is made complete up to the last event that leaves.
//! 2. The events are read and packed, without any lock. Small pieces at the end of the archive
//!    are packed again with them, so that there are few.
//! 3. One transaction stores the piece and declares its events archived. It locks out the tasks
//!    that change stored events in the background, checks that none did since step 2, and only
//!    then locks the canvas, for as long as a commit takes.
//! 4. The rows, which nothing reads any more, are deleted without a lock, a few at a time.
//!
//! A node that stops in between leaves either nothing, or rows that a later pass deletes.

mod build;
mod reword;

pub(crate) use build::{MAX_BYTES, MAX_EVENTS};
pub(crate) use reword::{RenameStep, rename};

use super::{Step, index, log::Log, tiles};
use crate::{
    clock::DatabaseClock,
    config::{ArchiveAge, Config},
    db::{
        self, Pool, Reads,
        archive::{self, ArchiveCandidate, ArchivePolicy, HotEvent, Piece, PieceHalf},
    },
};
use build::Content;
use chrono::TimeDelta;
use metrics::{counter, gauge};
use shared::ids::CanvasId;
use sqlx::Connection;
use std::time::{Duration, Instant};
use tokio::{task, time};

/// Between two passes over all canvases.
const INTERVAL: Duration = Duration::from_secs(15);
/// Rows that an interrupted archiver left are looked for in the first of so many passes.
const REST_EVERY: u32 = 20;
/// A step ends after this time.
const STEP: Duration = Duration::from_secs(2);
/// Where events have to be of some age, so many are waited for, or an hour.
const MIN_EVENTS: i64 = 1_000;
/// How long a transaction may take.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(10);
/// Rows that one statement deletes.
const DELETE_BATCH: i64 = 2_000;

/// Does the work of this module. One task of a node has it.
#[derive(Debug)]
pub(crate) struct Archiver {
    pool: Pool,
    log: Log,
    clock: DatabaseClock,
    after: ArchiveAge,
    keep: i64,
    /// The last canvas that was looked at in this pass; none between passes.
    position: Option<CanvasId>,
    /// How many passes were begun.
    passes: u32,
    /// When the last pass ended.
    ended: Option<Instant>,
    /// Whether the database knows that servers of the version before must not start.
    is_required: bool,
}

/// What came of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It is stored.
    Stored,
    /// Nothing is due, or the events lack something that is filled in first.
    Nothing,
    /// Another task changed the events meanwhile, or holds the lock. To be tried again.
    Busy,
}

impl Archiver {
    /// An archiver as the settings say.
    pub(crate) fn new(config: &Config, pool: Pool, log: Log, clock: DatabaseClock) -> Self {
        for name in [
            "stellar_archived_events_total",
            "stellar_archive_pieces_total",
            "stellar_archive_reads_total",
            "stellar_archive_damaged_total",
        ] {
            counter!(name).increment(0);
        }
        gauge!("stellar_archive_waiting_events").set(0.0);
        Self {
            pool,
            log,
            clock,
            after: config.archive_after_days,
            keep: config.archive_keep_events,
            position: None,
            passes: 0,
            ended: None,
            is_required: false,
        }
    }

    /// Does some of what is to be done: new words of archived events, rows that were left
    /// behind, pieces. It makes its own pauses.
    ///
    /// # Errors
    /// Those of the database, and a piece that is damaged.
    pub(crate) async fn step(&mut self) -> db::Result<Step> {
        let folded = within(reword::fold(&self.pool, &self.log)).await;
        // Also where a piece is damaged into which words were to be moved.
        let archived = self.archive().await?;
        let is_idle = folded? == Step::Idle && archived == Step::Idle;
        Ok(if is_idle { Step::Idle } else { Step::Done })
    }

    /// Archives pieces of the next canvases, if a pass is due.
    async fn archive(&mut self) -> db::Result<Step> {
        if self.ended.is_some_and(|ended| ended.elapsed() < INTERVAL) {
            return Ok(Step::Idle);
        }
        if self.position.is_none() {
            self.begin_pass().await?;
        }
        let begun = Instant::now();
        let mut step = Step::Idle;
        while begun.elapsed() < STEP {
            let Some(candidate) = self.next().await? else {
                self.position = None;
                self.ended = Some(Instant::now());
                break;
            };
            step = Step::Done;
            // After an error the others have their turn.
            self.position = Some(candidate.canvas);
            if self.archive_piece(candidate).await? == Outcome::Stored {
                // The same canvas may have more.
                self.position = Some(CanvasId(candidate.canvas.0 - 1));
            }
        }
        Ok(step)
    }

    /// Does what comes before a pass over all canvases.
    async fn begin_pass(&mut self) -> db::Result<()> {
        self.ended = None;
        if self.passes.is_multiple_of(REST_EVERY) {
            self.delete_rest().await?;
        }
        self.passes = self.passes.wrapping_add(1);
        let waiting = archive::count_unarchived(&self.pool, self.keep).await?;
        #[expect(clippy::cast_precision_loss, reason = "a metric")]
        gauge!("stellar_archive_waiting_events").set(waiting as f64);
        Ok(())
    }

    /// The next canvas of this pass of which something is due.
    async fn next(&self) -> db::Result<Option<ArchiveCandidate>> {
        let Some(policy) = self.policy() else {
            return Ok(None);
        };
        let candidate =
            archive::next_candidate(&self.pool, self.position, policy, MIN_EVENTS).await?;
        if candidate.is_some() && !archive::all_servers_support_it(&self.pool).await? {
            tracing::debug!("nothing is archived beside a server of the version before");
            return Ok(None);
        }
        Ok(candidate)
    }

    /// What is old enough; none if nothing is to be archived.
    fn policy(&self) -> Option<ArchivePolicy> {
        let before = match self.after {
            ArchiveAge::Never => return None,
            ArchiveAge::Days(0) => None,
            ArchiveAge::Days(days) => Some(self.clock.now() - TimeDelta::days(days.into())),
        };
        let keep = self.keep;
        Some(ArchivePolicy { before, keep })
    }

    /// Packs and stores the canvas's next piece, and deletes its rows.
    async fn archive_piece(&mut self, candidate: ArchiveCandidate) -> db::Result<Outcome> {
        let begun = Instant::now();
        let canvas = candidate.canvas;
        let Some(policy) = self.policy() else {
            return Ok(Outcome::Nothing);
        };
        let available = candidate.last_seq - policy.keep - candidate.archived_seq;
        if available <= 0 {
            return Ok(Outcome::Nothing);
        }
        let before = self.pieces_to_grow(canvas, available).await?;
        let known = before
            .iter()
            .map(|piece| piece.last_seq - piece.first_seq + 1);
        let room = MAX_EVENTS - known.sum::<i64>();
        let limit = available.min(room);
        let rows = archive::hot_events(&self.pool, canvas, candidate.archived_seq, limit).await?;
        let rows = complete(rows, candidate.archived_seq, policy);
        let Some(last) = rows.last() else {
            return Ok(Outcome::Nothing);
        };
        let until = last.seq;
        index::cover(&self.pool, &self.log, canvas, until).await?;
        let ahead = candidate.archived_seq + available;
        tiles::cover(&self.pool, &self.log, canvas, until, ahead).await?;
        let version = rows.iter().map(|row| row.version).sum();
        let Some(contents) = self.contents(canvas, &before).await? else {
            return Ok(Outcome::Busy);
        };
        let first_at = before.first().map(|piece| piece.first_at);
        let packed = task::spawn_blocking(move || build::pack(&contents, first_at, rows)).await;
        let packed = match packed {
            Ok(Ok(packed)) => packed,
            Ok(Err(error)) => {
                tracing::error!(%canvas, %error, "events cannot be archived");
                return Ok(Outcome::Nothing);
            }
            // The server stops, or the encoder panicked, which is a fault of it.
            Err(error) => return Err(sqlx::Error::Encode(Box::new(error)).into()),
        };
        let events = until - candidate.archived_seq;
        let stored = self.store(candidate, until, version, &before, &packed);
        if !within(stored).await? {
            return Ok(Outcome::Busy);
        }
        counter!("stellar_archived_events_total").increment(events.cast_unsigned());
        counter!("stellar_archive_pieces_total").increment(1);
        // The others have the database for a part of the time.
        time::sleep(begun.elapsed() / 8).await;
        self.delete_rows(canvas, candidate.archived_seq).await?;
        Ok(Outcome::Stored)
    }

    /// The pieces at the end of the archive that are to become a part of the next one: each that
    /// is not much larger than what comes after it, so that an event is packed only a few times.
    async fn pieces_to_grow(&self, canvas: CanvasId, available: i64) -> db::Result<Vec<Piece>> {
        let mut small = archive::small_pieces(&self.pool, canvas, MAX_EVENTS - 1).await?;
        let mut sum = available.min(MAX_EVENTS);
        let mut kept = 0;
        let mut first = small.len();
        for (index, piece) in small.iter().enumerate().rev() {
            let events = piece.last_seq - piece.first_seq + 1;
            if events > 2 * sum || kept + events >= MAX_EVENTS {
                break;
            }
            sum += events;
            kept += events;
            first = index;
        }
        Ok(small.split_off(first))
    }

    /// What is in these pieces. None if one was replaced meanwhile.
    async fn contents(
        &self,
        canvas: CanvasId,
        pieces: &[Piece],
    ) -> db::Result<Option<Vec<Content>>> {
        let reads = &mut Reads::Pool(&self.pool);
        let mut contents = Vec::new();
        for piece in pieces {
            let mut halves = Vec::new();
            for half in [PieceHalf::Tiles, PieceHalf::Others] {
                let Some(part) = self.log.part(reads, canvas, piece, half).await? else {
                    return Ok(None);
                };
                halves.push(part);
            }
            contents.push(halves);
        }
        Ok(Some(contents))
    }

    /// Stores a piece and declares its events archived. False if another task changed
    /// them, or holds the lock.
    async fn store(
        &mut self,
        candidate: ArchiveCandidate,
        until: i64,
        version: i64,
        before: &[Piece],
        packed: &build::Packed,
    ) -> db::Result<bool> {
        let canvas = candidate.canvas;
        let mut lease = self.pool.acquire().await?;
        let mut transaction = lease.begin().await?;
        if !archive::try_lock(&mut transaction, canvas).await? {
            return Ok(false);
        }
        let range = candidate.archived_seq..until;
        let stored = archive::hot_version(&mut *transaction, canvas, range).await?;
        if stored != version || !archive::are_same(&mut *transaction, canvas, before).await? {
            return Ok(false);
        }
        if !self.is_required {
            archive::require_servers_to_support_it(&mut *transaction).await?;
        }
        archive::put_piece(&mut transaction, canvas, &packed.piece).await?;
        archive::note_actors(&mut transaction, canvas, &packed.actors).await?;
        if !archive::advance(&mut transaction, &candidate, until).await? {
            return Ok(false);
        }
        transaction.commit().await?;
        lease.done();
        self.is_required = true;
        Ok(true)
    }

    /// Deletes the rows of archived events after an event.
    async fn delete_rows(&self, canvas: CanvasId, after: i64) -> db::Result<()> {
        let mut after = after;
        loop {
            let begun = Instant::now();
            let deleted = archive::delete_hot(&self.pool, canvas, after, DELETE_BATCH).await?;
            let Some(last) = deleted else {
                return Ok(());
            };
            after = last;
            time::sleep(begun.elapsed() / 4).await;
        }
    }

    /// Deletes archived rows that a node which stopped in between left.
    async fn delete_rest(&self) -> db::Result<()> {
        let mut position = None;
        while let Some(canvas) = archive::next_with_rest(&self.pool, position).await? {
            self.delete_rows(canvas, 0).await?;
            position = Some(canvas);
        }
        Ok(())
    }
}

/// Limits the time of a transaction, which is rolled back when it is dropped.
async fn within<T>(transaction: impl Future<Output = db::Result<T>>) -> db::Result<T> {
    let outcome = time::timeout(TRANSACTION_TIMEOUT, transaction).await;
    outcome.unwrap_or_else(|_| Err(db::DbError::timed_out()))
}

/// The events up to the first one that is not old enough, or lacks something that is filled in
/// later (`db::event_backfill`), or would make the piece too large.
fn complete(rows: Vec<HotEvent>, after: i64, policy: ArchivePolicy) -> Vec<HotEvent> {
    let mut seq = after;
    let mut bytes = 0;
    let fits = |row: &HotEvent| {
        seq += 1;
        bytes += row.body.len();
        let is_complete =
            row.op_id.is_some() && (row.tile.is_some() || !build::is_of_tile(&row.kind));
        let is_old = policy.before.is_none_or(|before| row.created_at < before);
        row.seq == seq && is_complete && is_old && (bytes <= MAX_BYTES || seq == after + 1)
    };
    rows.into_iter().take_while(fits).collect()
}
