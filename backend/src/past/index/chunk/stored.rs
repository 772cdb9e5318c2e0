//! How a chunk is stored.
//!
//! A byte with the version of the format, the length of what follows before it was compressed
//! (4 bytes, little endian), and, compressed with zstd ([`crate::varint`] for the numbers and
//! texts): the first `seq`, the number of events, the types and the actors that occur, each
//! once, and then for all events the differences of their times, the positions of their actors,
//! those of their types, and the cells. A cell is 0 if it is that of the actor's event before,
//! 1 for none, else its number plus 2.

use super::{Chunk, NO_CELL};
use crate::varint::{Reader, Writer};
use std::collections::HashMap;

/// The version of the format.
pub(super) const VERSION: u8 = 1;
/// Bytes before what is compressed.
const HEADER: usize = 5;
/// More than the largest chunk has before it is compressed.
const MAX_BYTES: usize = 4 << 20;
/// How much time the compression takes.
pub(super) const LEVEL: i32 = 6;

impl Chunk {
    /// How it is stored.
    ///
    /// # Errors
    /// None that is expected: those of the compression.
    pub(crate) fn encode(&self) -> std::io::Result<Vec<u8>> {
        let mut plain = Writer(Vec::with_capacity(self.len() * 6 + 1024));
        plain.unsigned(self.first_seq.unsigned_abs());
        plain.length(self.len());
        plain.length(self.kind_names.len());
        for name in &self.kind_names {
            plain.slice(name.as_bytes());
        }
        plain.length(self.actor_ids.len());
        for actor in &self.actor_ids {
            plain.signed(*actor);
        }
        let mut before = 0;
        for millis in &self.millis {
            plain.signed(millis.wrapping_sub(before));
            before = *millis;
        }
        for actor in &self.actors {
            plain.unsigned(u64::from(*actor));
        }
        plain.0.extend_from_slice(&self.kinds);
        let mut cells: HashMap<u16, i32> = HashMap::new();
        for (cell, actor) in self.cells.iter().zip(&self.actors) {
            let code = if cells.insert(*actor, *cell) == Some(*cell) {
                0
            } else {
                u64::try_from(i64::from(*cell) + 2).unwrap_or(1)
            };
            plain.unsigned(code);
        }
        let mut stored = vec![VERSION];
        let len = u32::try_from(plain.0.len()).unwrap_or(u32::MAX);
        stored.extend_from_slice(&len.to_le_bytes());
        stored.extend(zstd::bulk::compress(&plain.0, LEVEL)?);
        Ok(stored)
    }

    /// Reads what [`Chunk::encode`] made; none for anything else.
    pub(crate) fn decode(stored: &[u8]) -> Option<Self> {
        let (header, compressed) = stored.split_at_checked(HEADER)?;
        if header[0] != VERSION {
            return None;
        }
        let len = u32::from_le_bytes(header[1..].try_into().ok()?);
        let len = usize::try_from(len).ok().filter(|len| *len <= MAX_BYTES)?;
        let plain = zstd::bulk::decompress(compressed, len).ok()?;
        let mut from = Reader::new(plain);
        let first_seq = i64::try_from(from.unsigned().ok()?).ok()?;
        let count = from.length().ok()?.min(MAX_BYTES);
        let kinds = from.length().ok()?;
        let kind_names: Vec<String> = (0..kinds)
            .map(|_| {
                let name = from.slice().ok()?.to_vec();
                String::from_utf8(name).ok()
            })
            .collect::<Option<_>>()?;
        let actors = from.length().ok()?;
        let actor_ids: Vec<i64> = (0..actors)
            .map(|_| from.signed().ok())
            .collect::<Option<_>>()?;
        let mut before = 0_i64;
        let millis: Vec<i64> = (0..count)
            .map(|_| {
                before = before.wrapping_add(from.signed().ok()?);
                Some(before)
            })
            .collect::<Option<_>>()?;
        let actors: Vec<u16> = (0..count)
            .map(|_| {
                let position = u16::try_from(from.unsigned().ok()?).ok()?;
                (usize::from(position) < actor_ids.len()).then_some(position)
            })
            .collect::<Option<_>>()?;
        let kinds = from.take(count).ok()?.to_vec();
        if kinds
            .iter()
            .any(|kind| usize::from(*kind) >= kind_names.len())
        {
            return None;
        }
        let mut last = vec![NO_CELL; actor_ids.len()];
        let cells: Vec<i32> = actors
            .iter()
            .map(|actor| {
                let last = &mut last[usize::from(*actor)];
                match from.unsigned().ok()? {
                    0 => {}
                    code => *last = i32::try_from(code).ok()? - 2,
                }
                Some(*last)
            })
            .collect::<Option<_>>()?;
        Some(Self {
            first_seq,
            millis,
            actors,
            kinds,
            cells,
            actor_ids,
            kind_names,
        })
    }
}
