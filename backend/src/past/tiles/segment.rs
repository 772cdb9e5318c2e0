//! The stored form of up to [`MAX_EVENTS`] consecutive tile events of one cell: what was in
//! the cell before the first of them, then each event, as bytes compressed by zstd. Numbers are
//! LEB128 (DWARF 5, section 7.6), those that may be negative in zigzag form. Pure.

use super::tile::{self, CellTile};
use crate::cell_history::{Step, StepAction};
use chrono::DateTime;
use shared::{
    api::rewrites::{Cause, RewriteKind},
    ids::{RewriteId, TileId, UserId},
    pixels::{PixelEdit, Pixels},
    time::Timestamp,
};
use std::io;

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

/// The lowest two bits of an event's first byte.
const CREATED: u8 = 0;
const UPDATED: u8 = 1;
const LIKED: u8 = 2;
const DELETED: u8 = 3;
const KIND: u8 = 3;
/// Bits for what an event has besides.
const HAS_CAUSE: u8 = 1 << 2;
const HAS_TITLE: u8 = 1 << 3;
const HAS_DELTA: u8 = 1 << 4;
const HAS_PIXELS: u8 = 1 << 5;
const HAS_UNDO: u8 = 1 << 6;
const IS_LIKE: u8 = 1 << 7;

/// The bytes are no segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a segment of a tile's events cannot be read")]
pub(crate) struct Broken;

/// A segment in memory, to which events can be appended.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    bytes: Vec<u8>,
    /// What is in the cell after the last event.
    tile: Option<CellTile>,
    last: Last,
    first_seq: i64,
    events: usize,
}

/// What the next event's numbers are relative to.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    seq: i64,
    millis: i64,
    user: i64,
    version: i64,
    likes: i64,
}

impl Segment {
    /// An empty segment after which the cell has this tile.
    pub(crate) fn new(tile: Option<CellTile>) -> Self {
        let mut bytes = vec![FORMAT];
        put_start(&mut bytes, tile.as_ref());
        let last = Last::of(tile.as_ref());
        Self {
            bytes,
            tile,
            last,
            first_seq: 0,
            events: 0,
        }
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`Broken`].
    pub(crate) fn decode(stored: &[u8]) -> Result<Self, Broken> {
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
            last: reader.last,
            bytes: reader.bytes,
            tile,
            first_seq,
            events,
        })
    }

    /// The stored form.
    pub(crate) fn encode(&self) -> io::Result<Vec<u8>> {
        zstd::bulk::compress(&self.bytes, ZSTD_LEVEL)
    }

    /// Whether the next event belongs into a new segment.
    pub(crate) fn is_full(&self) -> bool {
        self.events >= MAX_EVENTS || self.bytes.len() >= MAX_BYTES
    }

    /// The `seq` of its first event; 0 if it has none.
    pub(crate) fn first_seq(&self) -> i64 {
        self.first_seq
    }

    /// The `seq` of its last event; 0 if it has none.
    pub(crate) fn last_seq(&self) -> i64 {
        if self.events == 0 { 0 } else { self.last.seq }
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
        put_step(&mut self.bytes, &mut self.last, step);
        self.events += 1;
        tile::apply(&mut self.tile, step);
    }
}

impl Last {
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

/// Reads a stored segment from its start, event by event.
#[derive(Debug)]
pub(crate) struct Reader {
    bytes: Vec<u8>,
    place: usize,
    last: Last,
    /// What was in the cell before the first event.
    pub(crate) tile: Option<CellTile>,
}

impl Reader {
    /// Reads the start.
    ///
    /// # Errors
    /// [`Broken`].
    pub(crate) fn open(stored: &[u8]) -> Result<Self, Broken> {
        let bytes = zstd::bulk::decompress(stored, MAX_DECODED).map_err(|_| Broken)?;
        let mut reader = Self {
            bytes,
            place: 0,
            last: Last::default(),
            tile: None,
        };
        if reader.byte()? != FORMAT {
            return Err(Broken);
        }
        reader.tile = reader.start()?;
        reader.last = Last::of(reader.tile.as_ref());
        Ok(reader)
    }

    /// The next event; none after the last one.
    ///
    /// # Errors
    /// [`Broken`].
    pub(crate) fn next_step(&mut self) -> Result<Option<Step>, Broken> {
        if self.place == self.bytes.len() {
            return Ok(None);
        }
        let flags = self.byte()?;
        let seq = self.last.seq.wrapping_add(self.signed()?);
        let millis = self.last.millis.wrapping_add(self.signed()?);
        self.last.seq = seq;
        self.last.millis = millis;
        let user = self.last.user.wrapping_add(self.signed()?);
        self.last.user = user;
        let user = UserId(user);
        let has = |flag: u8| flags & flag != 0;
        let cause = if has(HAS_CAUSE) {
            Some(self.cause()?)
        } else {
            None
        };
        let action = match flags & KIND {
            CREATED => StepAction::Created {
                creator: user,
                tile: TileId(self.signed()?),
                title: self.text()?,
                pixels: self.pixels()?,
                version: self.version()?,
                like_count: self.likes()?,
            },
            UPDATED => StepAction::Updated {
                updater: user,
                version: self.version()?,
                like_count: self.likes()?,
                title: if has(HAS_TITLE) {
                    Some(self.text()?)
                } else {
                    None
                },
                delta: if has(HAS_DELTA) {
                    self.delta()?
                } else {
                    Vec::new()
                },
                pixels: if has(HAS_PIXELS) {
                    Some(self.pixels()?)
                } else {
                    None
                },
                undo_of: if has(HAS_UNDO) {
                    Some(seq.wrapping_sub(self.signed()?))
                } else {
                    None
                },
            },
            LIKED => StepAction::Liked {
                liker: user,
                liked: has(IS_LIKE),
                like_count: self.likes()?,
            },
            _ => StepAction::Deleted { deleter: user },
        };
        Ok(Some(Step {
            seq,
            at: timestamp(millis)?,
            cause,
            action,
        }))
    }

    fn start(&mut self) -> Result<Option<CellTile>, Broken> {
        if self.byte()? == 0 {
            return Ok(None);
        }
        Ok(Some(CellTile {
            id: TileId(self.signed()?),
            creator: UserId(self.signed()?),
            title: self.text()?,
            pixels: self.pixels()?,
            version: self.signed()?,
            like_count: self.signed()?,
            created_at: if self.byte()? == 0 {
                None
            } else {
                Some(timestamp(self.signed()?)?)
            },
            updated_at: timestamp(self.signed()?)?,
        }))
    }

    fn cause(&mut self) -> Result<Cause, Broken> {
        let kind = match self.byte()? {
            0 => RewriteKind::Revert,
            1 => RewriteKind::Restore,
            2 => RewriteKind::Undo,
            3 => RewriteKind::Palette,
            _ => return Err(Broken),
        };
        Ok(Cause {
            kind,
            rewrite_id: RewriteId(self.signed()?),
            by: UserId(self.signed()?),
        })
    }

    fn version(&mut self) -> Result<i64, Broken> {
        self.last.version = self.last.version.wrapping_add(self.signed()?);
        Ok(self.last.version)
    }

    fn likes(&mut self) -> Result<i64, Broken> {
        self.last.likes = self.last.likes.wrapping_add(self.signed()?);
        Ok(self.last.likes)
    }

    fn delta(&mut self) -> Result<Vec<PixelEdit>, Broken> {
        let length = self.length()?;
        let (count, has_one_colour) = (length >> 1, length & 1 != 0);
        let one_colour = if has_one_colour {
            Some(self.byte()?)
        } else {
            None
        };
        // Each has a byte at least.
        let mut delta = Vec::with_capacity(count.min(self.bytes.len()));
        let mut index = 0;
        for _ in 0..count {
            index = self.signed()?.wrapping_add(index);
            let colour = match one_colour {
                Some(colour) => colour,
                None => self.byte()?,
            };
            delta.push(PixelEdit(u16::try_from(index).map_err(|_| Broken)?, colour));
        }
        Ok(delta)
    }

    fn text(&mut self) -> Result<String, Broken> {
        let bytes = self.slice()?.to_vec();
        String::from_utf8(bytes).map_err(|_| Broken)
    }

    fn pixels(&mut self) -> Result<Pixels, Broken> {
        self.slice().map(|bytes| Pixels::from_bytes(bytes.to_vec()))
    }

    fn slice(&mut self) -> Result<&[u8], Broken> {
        let length = self.length()?;
        let end = self.place.checked_add(length).ok_or(Broken)?;
        let slice = self.bytes.get(self.place..end).ok_or(Broken)?;
        self.place = end;
        Ok(slice)
    }

    fn length(&mut self) -> Result<usize, Broken> {
        usize::try_from(self.number()?).map_err(|_| Broken)
    }

    fn signed(&mut self) -> Result<i64, Broken> {
        let number = self.number()?;
        let half = (number >> 1).cast_signed();
        Ok(if number & 1 == 0 { half } else { !half })
    }

    fn number(&mut self) -> Result<u64, Broken> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Broken)
    }

    fn byte(&mut self) -> Result<u8, Broken> {
        let byte = *self.bytes.get(self.place).ok_or(Broken)?;
        self.place += 1;
        Ok(byte)
    }
}

fn timestamp(millis: i64) -> Result<Timestamp, Broken> {
    DateTime::from_timestamp_millis(millis)
        .map(Timestamp::from)
        .ok_or(Broken)
}

fn put_start(bytes: &mut Vec<u8>, tile: Option<&CellTile>) {
    let Some(tile) = tile else {
        bytes.push(0);
        return;
    };
    bytes.push(1);
    put_signed(bytes, tile.id.0);
    put_signed(bytes, tile.creator.0);
    put_slice(bytes, tile.title.as_bytes());
    put_slice(bytes, tile.pixels.as_bytes());
    put_signed(bytes, tile.version);
    put_signed(bytes, tile.like_count);
    match tile.created_at {
        None => bytes.push(0),
        Some(time) => {
            bytes.push(1);
            put_signed(bytes, time.millis());
        }
    }
    put_signed(bytes, tile.updated_at.millis());
}

fn put_step(bytes: &mut Vec<u8>, last: &mut Last, step: &Step) {
    let (mut flags, user) = match &step.action {
        StepAction::Created { creator, .. } => (CREATED, creator),
        StepAction::Updated {
            updater,
            title,
            delta,
            pixels,
            undo_of,
            ..
        } => {
            let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
            let flags = UPDATED
                | flag(title.is_some(), HAS_TITLE)
                | flag(!delta.is_empty(), HAS_DELTA)
                | flag(pixels.is_some(), HAS_PIXELS)
                | flag(undo_of.is_some(), HAS_UNDO);
            (flags, updater)
        }
        StepAction::Liked { liker, liked, .. } => {
            (if *liked { LIKED | IS_LIKE } else { LIKED }, liker)
        }
        StepAction::Deleted { deleter } => (DELETED, deleter),
    };
    if step.cause.is_some() {
        flags |= HAS_CAUSE;
    }
    bytes.push(flags);
    let millis = step.at.millis();
    put_signed(bytes, step.seq - last.seq);
    put_signed(bytes, millis - last.millis);
    last.seq = step.seq;
    last.millis = millis;
    put_signed(bytes, user.0 - last.user);
    last.user = user.0;
    if let Some(cause) = step.cause {
        bytes.push(match cause.kind {
            RewriteKind::Revert => 0,
            RewriteKind::Restore => 1,
            RewriteKind::Undo => 2,
            RewriteKind::Palette => 3,
        });
        put_signed(bytes, cause.rewrite_id.0);
        put_signed(bytes, cause.by.0);
    }
    match &step.action {
        StepAction::Created {
            tile,
            title,
            pixels,
            version,
            like_count,
            ..
        } => {
            put_signed(bytes, tile.0);
            put_slice(bytes, title.as_bytes());
            put_slice(bytes, pixels.as_bytes());
            put_counts(bytes, last, Some(*version), *like_count);
        }
        StepAction::Updated {
            title,
            delta,
            pixels,
            undo_of,
            version,
            like_count,
            ..
        } => {
            put_counts(bytes, last, Some(*version), *like_count);
            if let Some(title) = title {
                put_slice(bytes, title.as_bytes());
            }
            if !delta.is_empty() {
                put_delta(bytes, delta);
            }
            if let Some(pixels) = pixels {
                put_slice(bytes, pixels.as_bytes());
            }
            if let Some(undo_of) = undo_of {
                put_signed(bytes, step.seq - undo_of);
            }
        }
        StepAction::Liked { like_count, .. } => put_counts(bytes, last, None, *like_count),
        StepAction::Deleted { .. } => {}
    }
}

fn put_counts(bytes: &mut Vec<u8>, last: &mut Last, version: Option<i64>, likes: i64) {
    if let Some(version) = version {
        put_signed(bytes, version - last.version);
        last.version = version;
    }
    put_signed(bytes, likes - last.likes);
    last.likes = likes;
}

/// The number of edits doubled, one more where all have one colour, which comes next; then each
/// edit.
fn put_delta(bytes: &mut Vec<u8>, delta: &[PixelEdit]) {
    let first = delta.first().map(|edit| edit.1);
    let one_colour = first.filter(|colour| delta.iter().all(|edit| edit.1 == *colour));
    put_length(bytes, delta.len() << 1 | usize::from(one_colour.is_some()));
    bytes.extend(one_colour);
    let mut last = 0;
    for PixelEdit(index, colour) in delta {
        put_signed(bytes, i64::from(*index) - last);
        last = i64::from(*index);
        if one_colour.is_none() {
            bytes.push(*colour);
        }
    }
}

fn put_slice(bytes: &mut Vec<u8>, slice: &[u8]) {
    put_length(bytes, slice.len());
    bytes.extend_from_slice(slice);
}

fn put_length(bytes: &mut Vec<u8>, length: usize) {
    put_number(bytes, u64::try_from(length).unwrap_or(u64::MAX));
}

fn put_signed(bytes: &mut Vec<u8>, number: i64) {
    put_number(bytes, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        // The lowest seven bits.
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push((number & 0x7f) as u8);
}
