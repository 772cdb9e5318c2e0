//! Reads the events of a canvas, however old: the newest from the hot table, older ones from
//! the pieces of the archive. Everything that needs what an event says reads it here.
//!
//! The hot table may still have events that are archived already. They say the same, since
//! changes of words are made in both. So readers take what they find in the hot table, and the
//! rest from the pieces: an event that is not in the one any more is in the other.

mod history;
mod known_ops;
mod messages;

pub(crate) use known_ops::{ArchivedOps, KnownOps};

use crate::{
    db::{
        self, Pool, Reads,
        archive::{self, Piece, PieceHalf},
        log::LogRow,
    },
    event_codec::{self, CodecError, Part, PartEvent, StoredEvent},
    words,
};
use metrics::counter;
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use shared::ids::CanvasId;
use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::Arc,
    time::Duration,
};
use thiserror::Error;
use tokio::task;

/// The memory of all decompressed parts, in bytes.
const PARTS_BYTES: u64 = 32 * 1024 * 1024;
/// The memory of all filters of operations, in bytes.
const FILTERS_BYTES: u64 = 128 * 1024 * 1024;
/// Cached values that nothing reads are removed after this time.
const UNUSED: Duration = Duration::from_mins(10);
/// Canvases of which is kept how far they are archived.
const HINTS: u64 = 100_000;
/// How often a piece is looked for that another task replaces again and again.
const ATTEMPTS: usize = 20;

/// The SHA-256 of compressed bytes.
type ContentDigest = [u8; 32];

/// A piece cannot be read.
#[derive(Debug, Error)]
enum DamagedPiece {
    /// Its bytes are not those that were written.
    #[error(
        "a part of the piece of canvas {canvas} from event {first_seq} is damaged: its SHA-256 is another one"
    )]
    Digest { canvas: CanvasId, first_seq: i64 },
    /// Its filter is not the one that was written.
    #[error(
        "the filter of the piece of canvas {canvas} from event {first_seq} is damaged: its SHA-256 is another one"
    )]
    Filter { canvas: CanvasId, first_seq: i64 },
    /// Its bytes are not a part.
    #[error(
        "a part of the piece of canvas {canvas} from event {first_seq} cannot be read: {cause}"
    )]
    Codec {
        canvas: CanvasId,
        first_seq: i64,
        cause: CodecError,
    },
    /// It was replaced each time it was about to be read.
    #[error("a piece of canvas {canvas} was replaced again and again")]
    Replaced { canvas: CanvasId },
}

impl From<DamagedPiece> for db::DbError {
    fn from(damage: DamagedPiece) -> Self {
        counter!("stellar_archive_damaged_total").increment(1);
        tracing::error!(%damage, "old events cannot be read");
        sqlx::Error::Decode(Box::new(damage)).into()
    }
}

/// The whole log of every canvas. Cheap to clone; clones share what is kept in memory.
#[derive(Clone, Debug)]
pub(crate) struct Log(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Decompressed parts by the digest of their bytes, so that no part is ever outdated.
    parts: Cache<ContentDigest, Arc<Part>>,
    /// See [`KnownOps`].
    known_ops: Cache<CanvasId, Arc<KnownOps>>,
    /// How far canvases are archived, as far as this node knows: at least so far, unless history
    /// went back. Only for choosing where to look first.
    hints: Cache<CanvasId, i64>,
}

impl Default for Log {
    fn default() -> Self {
        let size = |part: &Arc<Part>| u32::try_from(part.size()).unwrap_or(u32::MAX);
        let filters = |known: &Arc<KnownOps>| u32::try_from(known.size()).unwrap_or(u32::MAX);
        Self(Arc::new(Inner {
            parts: Cache::builder()
                .max_capacity(PARTS_BYTES)
                .weigher(move |_, part| size(part))
                .time_to_idle(UNUSED)
                .build(),
            known_ops: Cache::builder()
                .max_capacity(FILTERS_BYTES)
                .weigher(move |_, known| filters(known))
                .time_to_idle(UNUSED)
                .build(),
            hints: Cache::new(HINTS),
        }))
    }
}

/// The events of a piece that were asked for, as they are stored now, by `seq`.
type Rows = BTreeMap<i64, LogRow>;

/// An event of a piece, with the words of now.
fn row(piece: &Piece, event: &PartEvent<'_>) -> LogRow {
    let reworded = piece.rewordings.get(&event.seq);
    LogRow {
        seq: event.seq,
        body: reworded.map_or(event.body, String::as_str).to_owned(),
        words_of: event.words_of,
        said_by: None,
    }
}

impl Log {
    /// `seq` and wire form, as a replay sends it now, of the events after the start of the range
    /// up to its end, in order, at most `limit`.
    ///
    /// # Errors
    /// Those of the database, and a piece that is damaged.
    pub(crate) async fn range(
        &self,
        pool: &Pool,
        canvas: CanvasId,
        range: Range<i64>,
        limit: i64,
    ) -> db::Result<Vec<(i64, String)>> {
        self.range_of(pool, canvas, range, limit, None).await
    }

    /// The same. None if `instance` is given and is not the database's, see
    /// [`db::log::LockedCanvas::instance`].
    ///
    /// # Errors
    /// The same.
    pub(crate) async fn range_of(
        &self,
        pool: &Pool,
        canvas: CanvasId,
        range: Range<i64>,
        limit: i64,
        instance: Option<i64>,
    ) -> db::Result<Vec<(i64, String)>> {
        let reads = &mut Reads::Pool(pool);
        let limit = usize::try_from(limit).unwrap_or_default();
        let mut rows: Vec<LogRow> = Vec::new();
        let mut after = range.start.max(0);
        let mut looks_archived = self.0.hints.get(&canvas).is_some_and(|until| until > after);
        // What the hot table has, where that is not the event that is needed next.
        let mut not_next: Option<Vec<LogRow>> = None;
        while rows.len() < limit && after < range.end {
            if looks_archived {
                let piece = archive::piece_of(&mut *reads, canvas, after + 1, instance).await?;
                if let Some(piece) = piece {
                    let until = range.end.min(piece.last_seq);
                    let found = self.piece_rows(reads, canvas, &piece, after..until).await?;
                    // None where it was replaced meanwhile.
                    if let Some(found) = found {
                        self.0.hints.insert(canvas, piece.last_seq);
                        let left = limit - rows.len();
                        rows.extend(found.into_values().take(left));
                        after = until;
                    }
                    not_next = None;
                    continue;
                }
                if let Some(hot) = not_next {
                    // The events that are missing do not exist.
                    rows.extend(hot);
                    break;
                }
            }
            let left = i64::try_from(limit - rows.len()).unwrap_or(i64::MAX);
            let hot = db::log::rows(&mut *reads, canvas, after..range.end, left, instance).await?;
            if hot.first().is_some_and(|first| first.seq == after + 1) {
                rows.extend(hot);
                break;
            }
            // The log has no gaps: the next event is in a piece by now, or does not exist.
            not_next = Some(hot);
            looks_archived = true;
        }
        self.read_words(reads, canvas, rows).await
    }

    /// `seq` and wire form, as a replay sends it now, of the events with these `seq`s, in order;
    /// those that do not exist are missing.
    ///
    /// # Errors
    /// Those of the database, and a piece that is damaged.
    pub(crate) async fn at(
        &self,
        pool: &Pool,
        canvas: CanvasId,
        seqs: &[i64],
    ) -> db::Result<Vec<(i64, String)>> {
        let reads = &mut Reads::Pool(pool);
        let rows = self.rows_at(reads, canvas, seqs).await?;
        self.read_words(reads, canvas, rows.into_values().collect())
            .await
    }

    /// What is stored of the events with these `seq`s. Those that repeat words have none; see
    /// [`crate::words`].
    ///
    /// # Errors
    /// Those of the database, and a piece that is damaged.
    pub(crate) async fn stored(
        &self,
        reads: &mut Reads<'_>,
        canvas: CanvasId,
        seqs: &[i64],
    ) -> db::Result<HashMap<i64, String>> {
        let rows = self.rows_at(reads, canvas, seqs).await?;
        Ok(rows.into_iter().map(|(seq, row)| (seq, row.body)).collect())
    }

    /// The wire form of events that were read, with the words that they repeat.
    async fn read_words(
        &self,
        reads: &mut Reads<'_>,
        canvas: CanvasId,
        rows: Vec<LogRow>,
    ) -> db::Result<Vec<(i64, String)>> {
        let unsaid = rows.iter().filter(|row| row.said_by.is_none());
        let elsewhere: Vec<i64> = unsaid.filter_map(|row| row.words_of).collect();
        let said = if elsewhere.is_empty() {
            HashMap::new()
        } else {
            Box::pin(self.stored(reads, canvas, &elsewhere)).await?
        };
        let read = rows.into_iter().map(|row| {
            let said_by = row.said_by.as_ref();
            let said_by = said_by.or_else(|| said.get(&row.words_of?));
            let said_by = said_by.map(String::as_str);
            (row.seq, words::read(row.body, said_by))
        });
        Ok(read.collect())
    }

    /// Events with these `seq`s from wherever they are.
    async fn rows_at(
        &self,
        reads: &mut Reads<'_>,
        canvas: CanvasId,
        seqs: &[i64],
    ) -> db::Result<Rows> {
        let hot = db::log::rows_at(&mut *reads, canvas, seqs).await?;
        let mut rows: Rows = hot.into_iter().map(|row| (row.seq, row)).collect();
        for _ in 0..ATTEMPTS {
            let missing = seqs.iter().filter(|seq| !rows.contains_key(*seq));
            let missing: Vec<i64> = missing.copied().collect();
            if missing.is_empty() {
                return Ok(rows);
            }
            let mut is_complete = true;
            for piece in archive::pieces_of(&mut *reads, canvas, &missing).await? {
                let is_in = |seq: &&i64| (piece.first_seq..=piece.last_seq).contains(*seq);
                for seq in missing.iter().filter(is_in) {
                    match self
                        .piece_rows(reads, canvas, &piece, seq - 1..*seq)
                        .await?
                    {
                        Some(found) => rows.extend(found),
                        None => is_complete = false,
                    }
                }
            }
            if is_complete {
                return Ok(rows);
            }
        }
        Err(DamagedPiece::Replaced { canvas }.into())
    }

    /// The events of a piece after the start of the range up to its end. None if the piece was
    /// replaced meanwhile.
    async fn piece_rows(
        &self,
        reads: &mut Reads<'_>,
        canvas: CanvasId,
        piece: &Piece,
        range: Range<i64>,
    ) -> db::Result<Option<Rows>> {
        let mut rows = Rows::new();
        for half in [PieceHalf::Others, PieceHalf::Tiles] {
            // The smaller half first: an event that is asked for by itself may be in it.
            if range.end - range.start == 1 && !rows.is_empty() {
                break;
            }
            let Some(part) = self.part(reads, canvas, piece, half).await? else {
                return Ok(None);
            };
            for event in part.between(&range) {
                rows.insert(event.seq, row(piece, &event));
            }
        }
        Ok(Some(rows))
    }

    /// Archived events after the start of the range up to its end, in order, as far as one piece
    /// has them; none if no piece has the first of them. Words that were changed later may be
    /// those of before.
    ///
    /// # Errors
    /// Those of the database, and a piece that is damaged.
    pub(super) async fn archived(
        &self,
        reads: &mut Reads<'_>,
        canvas: CanvasId,
        range: Range<i64>,
    ) -> db::Result<Vec<StoredEvent>> {
        'again: for _ in 0..ATTEMPTS {
            let piece = archive::piece_of(&mut *reads, canvas, range.start + 1, None).await?;
            let Some(piece) = piece else {
                return Ok(Vec::new());
            };
            let mut events: Vec<StoredEvent> = Vec::new();
            for half in [PieceHalf::Tiles, PieceHalf::Others] {
                let Some(part) = self.part(reads, canvas, &piece, half).await? else {
                    continue 'again;
                };
                events.extend(part.between(&range).map(StoredEvent::from));
            }
            events.sort_unstable_by_key(|event| event.seq);
            return Ok(events);
        }
        Err(DamagedPiece::Replaced { canvas }.into())
    }

    /// A half of a piece. None if the piece was replaced meanwhile.
    ///
    /// # Errors
    /// Those of the database, and a piece that is damaged.
    pub(super) async fn part(
        &self,
        reads: &mut Reads<'_>,
        canvas: CanvasId,
        piece: &Piece,
        half: PieceHalf,
    ) -> db::Result<Option<Arc<Part>>> {
        let first_seq = piece.first_seq;
        let Ok(digest) = ContentDigest::try_from(piece.digest(half)) else {
            return Err(DamagedPiece::Digest { canvas, first_seq }.into());
        };
        if let Some(part) = self.0.parts.get(&digest) {
            return Ok(Some(part));
        }
        let content = archive::content(&mut *reads, canvas, first_seq, half).await?;
        let Some(content) = content else {
            return Ok(None);
        };
        counter!("stellar_archive_reads_total").increment(1);
        let opened = task::spawn_blocking(move || {
            let is_same = Sha256::digest(&content).as_slice() == digest;
            is_same.then(|| event_codec::decode(&content))
        });
        match opened.await {
            Ok(Some(Ok(part))) => {
                let part = Arc::new(part);
                self.0.parts.insert(digest, part.clone());
                Ok(Some(part))
            }
            Ok(Some(Err(cause))) => Err(DamagedPiece::Codec {
                canvas,
                first_seq,
                cause,
            }
            .into()),
            Ok(None) => {
                let now = archive::piece_of(&mut *reads, canvas, first_seq, None).await?;
                if now.is_some_and(|now| now.digest(half) == digest) {
                    return Err(DamagedPiece::Digest { canvas, first_seq }.into());
                }
                Ok(None)
            }
            // The server stops, or the decoder panicked, which is a fault of it.
            Err(error) => Err(sqlx::Error::Decode(Box::new(error)).into()),
        }
    }
}
