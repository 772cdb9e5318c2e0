//! Reads segments.

use super::{
    DeltaBase, FORMAT, InvalidSegment, MAX_DECODED,
    flags::{
        CREATED, HAS_CAUSE, HAS_DELTA, HAS_PIXELS, HAS_TITLE, HAS_UNDO, IS_LIKE, KIND, LIKED,
        UPDATED,
    },
};
use crate::{
    cell_history::{Step, StepAction},
    past::tiles::tile::CellTile,
    varint,
};
use chrono::DateTime;
use shared::{
    api::rewrites::{Cause, RewriteKind},
    ids::{RewriteId, TileId, UserId},
    pixels::{PixelEdit, Pixels},
    time::Timestamp,
};

/// Reads a stored segment from its start, event by event.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(super) input: varint::Reader,
    pub(super) base: DeltaBase,
    /// What was in the cell before the first event.
    pub(crate) tile: Option<CellTile>,
}

impl Reader {
    /// Reads the start.
    ///
    /// # Errors
    /// [`InvalidSegment`].
    pub(crate) fn open(stored: &[u8]) -> Result<Self, InvalidSegment> {
        let bytes = zstd::bulk::decompress(stored, MAX_DECODED).map_err(|_| InvalidSegment)?;
        let mut reader = Self {
            input: varint::Reader::new(bytes),
            base: DeltaBase::default(),
            tile: None,
        };
        if reader.input.byte()? != FORMAT {
            return Err(InvalidSegment);
        }
        reader.tile = reader.start()?;
        reader.base = DeltaBase::of(reader.tile.as_ref());
        Ok(reader)
    }

    /// The next event; none after the last one.
    ///
    /// # Errors
    /// [`InvalidSegment`].
    pub(crate) fn next_step(&mut self) -> Result<Option<Step>, InvalidSegment> {
        if self.input.left() == 0 {
            return Ok(None);
        }
        let flags = self.input.byte()?;
        let seq = self.base.seq.wrapping_add(self.input.signed()?);
        let millis = self.base.millis.wrapping_add(self.input.signed()?);
        self.base.seq = seq;
        self.base.millis = millis;
        let user = self.base.user.wrapping_add(self.input.signed()?);
        self.base.user = user;
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
                tile: TileId(self.input.signed()?),
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
                    Some(seq.wrapping_sub(self.input.signed()?))
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

    fn start(&mut self) -> Result<Option<CellTile>, InvalidSegment> {
        if self.input.byte()? == 0 {
            return Ok(None);
        }
        Ok(Some(CellTile {
            id: TileId(self.input.signed()?),
            creator: UserId(self.input.signed()?),
            title: self.text()?,
            pixels: self.pixels()?,
            version: self.input.signed()?,
            like_count: self.input.signed()?,
            created_at: if self.input.byte()? == 0 {
                None
            } else {
                Some(timestamp(self.input.signed()?)?)
            },
            updated_at: timestamp(self.input.signed()?)?,
        }))
    }

    fn cause(&mut self) -> Result<Cause, InvalidSegment> {
        let kind = match self.input.byte()? {
            0 => RewriteKind::Revert,
            1 => RewriteKind::Restore,
            2 => RewriteKind::Undo,
            3 => RewriteKind::Palette,
            _ => return Err(InvalidSegment),
        };
        Ok(Cause {
            kind,
            rewrite_id: RewriteId(self.input.signed()?),
            by: UserId(self.input.signed()?),
        })
    }

    fn version(&mut self) -> Result<i64, InvalidSegment> {
        self.base.version = self.base.version.wrapping_add(self.input.signed()?);
        Ok(self.base.version)
    }

    fn likes(&mut self) -> Result<i64, InvalidSegment> {
        self.base.likes = self.base.likes.wrapping_add(self.input.signed()?);
        Ok(self.base.likes)
    }

    fn delta(&mut self) -> Result<Vec<PixelEdit>, InvalidSegment> {
        let length = self.input.length()?;
        let (count, has_one_colour) = (length >> 1, length & 1 != 0);
        let one_colour = if has_one_colour {
            Some(self.input.byte()?)
        } else {
            None
        };
        // Each has a byte at least.
        let mut delta = Vec::with_capacity(count.min(self.input.left()));
        let mut index = 0;
        for _ in 0..count {
            index = self.input.signed()?.wrapping_add(index);
            let colour = match one_colour {
                Some(colour) => colour,
                None => self.input.byte()?,
            };
            delta.push(PixelEdit(
                u16::try_from(index).map_err(|_| InvalidSegment)?,
                colour,
            ));
        }
        Ok(delta)
    }

    fn text(&mut self) -> Result<String, InvalidSegment> {
        let bytes = self.input.slice()?.to_vec();
        String::from_utf8(bytes).map_err(|_| InvalidSegment)
    }

    fn pixels(&mut self) -> Result<Pixels, InvalidSegment> {
        let bytes = self.input.slice()?.to_vec();
        Ok(Pixels::from_bytes(bytes))
    }
}

fn timestamp(millis: i64) -> Result<Timestamp, InvalidSegment> {
    DateTime::from_timestamp_millis(millis)
        .map(Timestamp::from)
        .ok_or(InvalidSegment)
}
