//! The stored form of up to [`MAX_EVENTS`] consecutive tile events of one cell: what was in
//! the cell before the first of them, then each event, compressed by zstd. Pure.

mod flags;
mod reader;
mod write;

pub(crate) use reader::Reader;

use super::tile::{self, CellTile};
use crate::{
    cell_history::Step,
    varint::{ReadError, Writer},
};
use std::io;
use write::{put_start, put_step};

/// Events of a segment at most.
pub(crate) const MAX_EVENTS: usize = 256;
/// A segment with as many bytes before compression takes no more events.
const MAX_BYTES: usize = 64 * 1024;
/// The first byte: which form the rest has.
const FORMAT: u8 = 1;
/// Fast; the bytes are small and are read often.
const ZSTD_LEVEL: i32 = 3;
/// A segment has no more bytes than [`MAX_BYTES`], an event and what was in the cell before.
const MAX_DECODED: usize = 2 * MAX_BYTES;

/// The bytes cannot be decoded as a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a segment of a tile's events cannot be read")]
pub(crate) struct InvalidSegment;

impl From<ReadError> for InvalidSegment {
    fn from(_: ReadError) -> Self {
        Self
    }
}

/// A segment in memory, to which events can be appended.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    bytes: Writer,
    /// What is in the cell after the last event.
    tile: Option<CellTile>,
    base: DeltaBase,
    first_seq: i64,
    events: usize,
}

/// The numbers of the last event, to which those of the next are relative.
#[derive(Clone, Copy, Debug, Default)]
struct DeltaBase {
    seq: i64,
    millis: i64,
    user: i64,
    version: i64,
    likes: i64,
}

impl Segment {
    /// An empty segment after which the cell has this tile.
    pub(crate) fn new(tile: Option<CellTile>) -> Self {
        let mut bytes = Writer(vec![FORMAT]);
        put_start(&mut bytes, tile.as_ref());
        let base = DeltaBase::of(tile.as_ref());
        Self {
            bytes,
            tile,
            base,
            first_seq: 0,
            events: 0,
        }
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`InvalidSegment`].
    pub(crate) fn decode(stored: &[u8]) -> Result<Self, InvalidSegment> {
        let mut reader = Reader::open(stored)?;
        let mut tile = reader.tile.clone();
        let (mut first_seq, mut events) = (0, 0);
        while let Some(step) = reader.next_step()? {
            if events == 0 {
                first_seq = step.seq;
            }
            events += 1;
            tile::apply(&mut tile, &step);
        }
        Ok(Self {
            base: reader.base,
            bytes: Writer(reader.input.into_bytes()),
            tile,
            first_seq,
            events,
        })
    }

    /// The stored form.
    pub(crate) fn encode(&self) -> io::Result<Vec<u8>> {
        zstd::bulk::compress(&self.bytes.0, ZSTD_LEVEL)
    }

    /// Whether the next event belongs into a new segment.
    pub(crate) fn is_full(&self) -> bool {
        self.events >= MAX_EVENTS || self.bytes.0.len() >= MAX_BYTES
    }

    /// The `seq` of its first event; 0 if it has none.
    pub(crate) fn first_seq(&self) -> i64 {
        self.first_seq
    }

    /// The `seq` of its last event; 0 if it has none.
    pub(crate) fn last_seq(&self) -> i64 {
        if self.events == 0 { 0 } else { self.base.seq }
    }

    /// How many events it has.
    pub(crate) fn events(&self) -> usize {
        self.events
    }

    /// What is in the cell after its last event.
    pub(crate) fn tile(&self) -> Option<&CellTile> {
        self.tile.as_ref()
    }

    /// Appends the cell's next event.
    pub(crate) fn push(&mut self, step: &Step) {
        if self.events == 0 {
            self.first_seq = step.seq;
        }
        put_step(&mut self.bytes, &mut self.base, step);
        self.events += 1;
        tile::apply(&mut self.tile, step);
    }
}

impl DeltaBase {
    fn of(tile: Option<&CellTile>) -> Self {
        Self {
            seq: 0,
            user: 0,
            millis: tile.map_or(0, |tile| tile.updated_at.millis()),
            version: tile.map_or(0, |tile| tile.version),
            likes: tile.map_or(0, |tile| tile.like_count),
        }
    }
}
