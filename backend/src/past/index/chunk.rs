//! A chunk of the event index: time, actor, cell and type of consecutive events, and how it is
//! stored. Knows no database.
//!
//! Stored: a byte with the version of the format, the length of what follows before it was
//! compressed (4 bytes, little endian), and, compressed with zstd, numbers as LEB128 and texts
//! with their length before them: the first `seq`, the number of events, the types and the
//! actors that occur, each once, and then for all events the differences of their times
//! (zigzag), the places of their actors, those of their types, and the cells. A cell is 0 if it
//! is that of the actor's event before, 1 for none, else its number plus 2.

use crate::past::area::{self, Area};
use shared::{canvas::Coord, ids::UserId};
use std::{collections::HashMap, ops::Range};

/// Events of a chunk at most.
pub(crate) const MAX_EVENTS: usize = 10_000;
/// The version of the format.
const VERSION: u8 = 1;
/// Bytes before what is compressed.
const HEADER: usize = 5;
/// More than the largest chunk has before it is compressed.
const MAX_BYTES: usize = 4 << 20;
/// How much time the compression takes.
const LEVEL: i32 = 6;
/// In place of a cell: the event is about none.
const NO_CELL: i32 = -1;
/// The events that change what is on the board.
const TILE_KINDS: [&str; 3] = ["tile_created", "tile_updated", "tile_deleted"];
/// In place of the type of an event that the log does not have.
const MISSING: &str = "";

/// What the index has of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) seq: i64,
    /// When it was stored, in milliseconds since 1970.
    pub(crate) millis: i64,
    /// The user who acted.
    pub(crate) actor: i64,
    /// The cell it is about, as `canvas_events.tile` names it.
    pub(crate) cell: Option<i32>,
    /// Its type.
    pub(crate) kind: String,
}

/// Which events are wanted. Everything that is given must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Those about a cell of this area.
    pub(crate) area: Option<Area>,
    /// Those that this user made.
    pub(crate) actor: Option<UserId>,
    /// Those of this type.
    pub(crate) kind: Option<&'static str>,
    /// Those that change what is on the board.
    pub(crate) only_tiles: bool,
}

/// Consecutive events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// The `seq` of the first one.
    pub(crate) first_seq: i64,
    /// When each was stored, in milliseconds since 1970.
    millis: Vec<i64>,
    /// The places of the actors in `actor_ids`.
    actors: Vec<u16>,
    /// The places of the types in `kind_names`.
    kinds: Vec<u8>,
    /// The cells, or [`NO_CELL`].
    cells: Vec<i32>,
    actor_ids: Vec<i64>,
    kind_names: Vec<String>,
}

impl Chunk {
    /// One without events; the first that is added has this `seq`.
    pub(crate) fn new(first_seq: i64) -> Self {
        Self {
            first_seq,
            ..Self::default()
        }
    }

    /// How many events it has.
    pub(crate) fn len(&self) -> usize {
        self.millis.len()
    }

    /// The `seq` after its last event.
    pub(crate) fn end(&self) -> i64 {
        self.first_seq + i64::try_from(self.len()).unwrap_or(i64::MAX)
    }

    /// The earliest time of an event.
    pub(crate) fn min_millis(&self) -> Option<i64> {
        self.millis.iter().copied().min()
    }

    /// The users who acted.
    pub(crate) fn actor_ids(&self) -> &[i64] {
        &self.actor_ids
    }

    /// The time of the event at this place.
    pub(crate) fn millis(&self, place: usize) -> i64 {
        self.millis[place]
    }

    /// The place in [`Chunk::actor_ids`] of who made the event at this place.
    pub(crate) fn actor(&self, place: usize) -> usize {
        self.actors[place].into()
    }

    /// The cell of the event at this place, as `canvas_events.tile` names it.
    pub(crate) fn cell(&self, place: usize) -> Option<i32> {
        Some(self.cells[place]).filter(|cell| *cell != NO_CELL)
    }

    /// The `seq` of the event at this place.
    pub(crate) fn seq(&self, place: usize) -> i64 {
        self.first_seq + i64::try_from(place).unwrap_or(i64::MAX)
    }

    /// The places of the events in this range of `seq`, its start left out and its end included.
    pub(crate) fn places(&self, range: &Range<i64>) -> Range<usize> {
        let place = |seq: i64| {
            let place = (seq + 1).saturating_sub(self.first_seq).max(0);
            usize::try_from(place).map_or(self.len(), |place| place.min(self.len()))
        };
        let start = place(range.start);
        start..place(range.end.min(i64::MAX - 1)).max(start)
    }

    /// The `seq` of the last event up to this time.
    pub(crate) fn last_until(&self, millis: i64) -> Option<i64> {
        let place = self.millis.iter().rposition(|at| *at <= millis)?;
        Some(self.seq(place))
    }

    /// Adds the event, which is the next one or comes after it; those between are missing.
    pub(crate) fn push(&mut self, entry: &Entry) {
        while self.end() < entry.seq {
            self.append(entry.millis, 0, NO_CELL, MISSING);
        }
        let cell = entry.cell.filter(|cell| *cell >= 0).unwrap_or(NO_CELL);
        self.append(entry.millis, entry.actor, cell, &entry.kind);
    }

    fn append(&mut self, millis: i64, actor: i64, cell: i32, kind: &str) {
        // Actors come again soon, so that the search is short.
        let known = self.actor_ids.iter().rposition(|known| *known == actor);
        let actor = known.unwrap_or_else(|| {
            self.actor_ids.push(actor);
            self.actor_ids.len() - 1
        });
        let known = self.kind_names.iter().position(|known| known == kind);
        let kind = known.unwrap_or_else(|| {
            self.kind_names.push(kind.to_owned());
            self.kind_names.len() - 1
        });
        self.millis.push(millis);
        self.actors.push(u16::try_from(actor).unwrap_or(u16::MAX));
        self.kinds.push(u8::try_from(kind).unwrap_or(u8::MAX));
        self.cells.push(cell);
    }

    /// Finds the events that a filter wants; none where no event of the chunk can be one.
    pub(crate) fn matcher(&self, filter: &Filter) -> Option<Matcher<'_>> {
        let actor = match filter.actor {
            None => None,
            Some(UserId(wanted)) => {
                let place = self.actor_ids.iter().position(|actor| *actor == wanted)?;
                Some(u16::try_from(place).ok()?)
            }
        };
        let mut kinds = [false; 256];
        for (wanted, name) in kinds.iter_mut().zip(&self.kind_names) {
            *wanted = filter.kind.map_or(name != MISSING, |kind| kind == name)
                && (!filter.only_tiles || TILE_KINDS.contains(&name.as_str()));
        }
        kinds.contains(&true).then_some(Matcher {
            chunk: self,
            actor,
            kinds,
            area: filter.area,
        })
    }

    /// How many events change what is on the board.
    pub(crate) fn tile_events(&self) -> usize {
        let filter = Filter {
            only_tiles: true,
            ..Filter::default()
        };
        let matcher = self.matcher(&filter);
        matcher.map_or(0, |it| (0..self.len()).filter(|at| it.wants(*at)).count())
    }

    /// Bytes in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        self.len() * (8 + 2 + 1 + 4) + self.actor_ids.len() * 8 + 256
    }

    /// How it is stored.
    ///
    /// # Errors
    /// None that is expected: those of the compression.
    pub(crate) fn encode(&self) -> std::io::Result<Vec<u8>> {
        let mut plain = Vec::with_capacity(self.len() * 6 + 1024);
        put(&mut plain, self.first_seq.unsigned_abs());
        put_len(&mut plain, self.len());
        put_len(&mut plain, self.kind_names.len());
        for name in &self.kind_names {
            put_len(&mut plain, name.len());
            plain.extend_from_slice(name.as_bytes());
        }
        put_len(&mut plain, self.actor_ids.len());
        for actor in &self.actor_ids {
            put(&mut plain, zigzag(*actor));
        }
        let mut before = 0;
        for millis in &self.millis {
            put(&mut plain, zigzag(millis.wrapping_sub(before)));
            before = *millis;
        }
        for actor in &self.actors {
            put(&mut plain, u64::from(*actor));
        }
        plain.extend_from_slice(&self.kinds);
        let mut cells: HashMap<u16, i32> = HashMap::new();
        for (cell, actor) in self.cells.iter().zip(&self.actors) {
            let code = if cells.insert(*actor, *cell) == Some(*cell) {
                0
            } else {
                u64::try_from(i64::from(*cell) + 2).unwrap_or(1)
            };
            put(&mut plain, code);
        }
        let mut stored = vec![VERSION];
        let len = u32::try_from(plain.len()).unwrap_or(u32::MAX);
        stored.extend_from_slice(&len.to_le_bytes());
        stored.extend(zstd::bulk::compress(&plain, LEVEL)?);
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
        let mut from = Reader(&plain);
        let first_seq = i64::try_from(from.number()?).ok()?;
        let count = from.len()?.min(MAX_BYTES);
        let kinds = from.len()?;
        let kind_names: Vec<String> = (0..kinds)
            .map(|_| {
                let len = from.len()?;
                String::from_utf8(from.bytes(len)?.to_vec()).ok()
            })
            .collect::<Option<_>>()?;
        let actors = from.len()?;
        let actor_ids: Vec<i64> = (0..actors)
            .map(|_| from.number().map(unzigzag))
            .collect::<Option<_>>()?;
        let mut before = 0_i64;
        let millis: Vec<i64> = (0..count)
            .map(|_| {
                before = before.wrapping_add(unzigzag(from.number()?));
                Some(before)
            })
            .collect::<Option<_>>()?;
        let actors: Vec<u16> = (0..count)
            .map(|_| {
                let place = u16::try_from(from.number()?).ok()?;
                (usize::from(place) < actor_ids.len()).then_some(place)
            })
            .collect::<Option<_>>()?;
        let kinds = from.bytes(count)?.to_vec();
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
                match from.number()? {
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

/// Tells which events of a chunk a filter wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matcher<'a> {
    chunk: &'a Chunk,
    actor: Option<u16>,
    kinds: [bool; 256],
    area: Option<Area>,
}

impl Matcher<'_> {
    /// Whether the event at this place is wanted.
    pub(crate) fn wants(&self, place: usize) -> bool {
        self.kinds[usize::from(self.chunk.kinds[place])]
            && self
                .actor
                .is_none_or(|actor| self.chunk.actors[place] == actor)
            && self.area.is_none_or(|area| {
                let cell = self.chunk.cells[place];
                cell != NO_CELL && area::contains(area, coord(cell))
            })
    }
}

/// The cell that `canvas_events.tile` names so.
fn coord(cell: i32) -> Coord {
    Coord {
        x: cell % 256,
        y: cell / 256,
    }
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

fn put_len(to: &mut Vec<u8>, len: usize) {
    put(to, u64::try_from(len).unwrap_or(u64::MAX));
}

/// Appends a number as LEB128.
fn put(to: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            to.push(low);
            return;
        }
        to.push(low | 0x80);
    }
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn len(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn bytes(&mut self, len: usize) -> Option<&[u8]> {
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry() -> impl Strategy<Value = (i64, i64, Option<i32>, usize)> {
        (
            -2_000_i64..100_000,
            1_i64..9,
            proptest::option::of(0..65_536_i32),
            0..4_usize,
        )
    }

    const KINDS: [&str; 4] = [
        "tile_updated",
        "canvas_chat_message",
        "tile_liked",
        "tile_deleted",
    ];

    fn entries(from: &[(i64, i64, Option<i32>, usize)]) -> Vec<Entry> {
        let mut millis = 1_700_000_000_000;
        let numbered = (100..).zip(from);
        numbered
            .map(|(seq, (later, actor, cell, kind))| {
                millis += later;
                Entry {
                    seq,
                    millis,
                    actor: *actor,
                    cell: *cell,
                    kind: KINDS[*kind].to_owned(),
                }
            })
            .collect()
    }

    fn chunk(entries: &[Entry]) -> Chunk {
        let mut chunk = Chunk::new(100);
        for entry in entries {
            chunk.push(entry);
        }
        chunk
    }

    /// What a filter wants, by its definition.
    fn wanted(entries: &[Entry], filter: &Filter) -> Vec<i64> {
        let wants = |entry: &&Entry| {
            filter.actor.is_none_or(|actor| actor.0 == entry.actor)
                && filter.kind.is_none_or(|kind| kind == entry.kind)
                && (!filter.only_tiles || entry.kind != KINDS[1] && entry.kind != KINDS[2])
                && filter.area.is_none_or(|area| {
                    entry.cell.is_some_and(|cell| {
                        let (x, y) = (cell % 256, cell / 256);
                        area.x0 <= x && x <= area.x1 && area.y0 <= y && y <= area.y1
                    })
                })
        };
        let wanted = entries.iter().filter(wants);
        wanted.map(|entry| entry.seq).collect()
    }

    proptest! {
        #[test]
        fn a_chunk_is_stored_and_searched(
            raw in proptest::collection::vec(entry(), 0..200),
            actor in proptest::option::of(1_i64..11),
            kind in proptest::option::of(0..KINDS.len()),
            side in proptest::option::of(0..256),
            only_tiles: bool,
            time in -1_000_i64..10_000_000,
        ) {
            let entries = entries(&raw);
            let chunk = chunk(&entries);
            prop_assert_eq!(chunk.len(), entries.len());
            let stored = chunk.encode().unwrap();
            prop_assert_eq!(Chunk::decode(&stored), Some(chunk.clone()));
            let filter = Filter {
                area: side.map(|side| Area { x0: 0, y0: side / 2, x1: side, y1: 255 }),
                actor: actor.map(UserId),
                kind: kind.map(|kind| KINDS[kind]),
                only_tiles,
            };
            let found: Vec<i64> = match chunk.matcher(&filter) {
                None => Vec::new(),
                Some(it) => (0..chunk.len()).filter(|at| it.wants(*at)).map(|at| chunk.seq(at)).collect(),
            };
            prop_assert_eq!(found, wanted(&entries, &filter));
            let until = 1_700_000_000_000 + time;
            let last = entries.iter().rev().find(|entry| entry.millis <= until);
            prop_assert_eq!(chunk.last_until(until), last.map(|entry| entry.seq));
            prop_assert_eq!(chunk.min_millis(), entries.iter().map(|entry| entry.millis).min());
        }

        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Chunk::decode(&bytes);
            let mut stored = vec![VERSION];
            stored.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
            stored.extend(zstd::bulk::compress(&bytes, LEVEL).unwrap());
            let _ = Chunk::decode(&stored);
        }
    }

    #[test]
    fn events_that_are_missing_are_nobodys() {
        let all = entries(&[(1, 1, Some(3), 0), (1, 1, Some(3), 0), (1, 2, None, 1)]);
        let mut chunk = Chunk::new(98);
        chunk.push(&all[0]);
        chunk.push(&all[2]);
        assert_eq!((chunk.len(), chunk.end()), (5, 103));
        let matcher = chunk.matcher(&Filter::default()).unwrap();
        let seqs: Vec<i64> = (0..5)
            .filter(|at| matcher.wants(*at))
            .map(|at| chunk.seq(at))
            .collect();
        assert_eq!(seqs, [100, 102]);
        assert_eq!(chunk.tile_events(), 1);
    }

    #[test]
    fn a_range_of_events_has_places() {
        let chunk = chunk(&entries(&[(1, 1, None, 0); 10]));
        assert_eq!(chunk.places(&(0..i64::MAX)), 0..10);
        assert_eq!(chunk.places(&(99..100)), 0..1);
        assert_eq!(chunk.places(&(100..105)), 1..6);
        assert_eq!(chunk.places(&(0..99)), 0..0);
        assert_eq!(chunk.places(&(200..300)), 10..10);
        let reversed = std::ops::Range {
            start: 105,
            end: 102,
        };
        assert_eq!(chunk.places(&reversed), 6..6);
    }

    #[test]
    fn an_event_takes_a_few_bytes() {
        // 200 people who draw a while each in one tile.
        let mut random = 1_u64;
        let mut next = move |below: u64| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (random >> 33) % below
        };
        let mut cells: Vec<i32> = (0..200).collect();
        let raw: Vec<_> = (0..MAX_EVENTS)
            .map(|_| {
                let actor = usize::try_from(next(200)).unwrap();
                if next(30) == 0 {
                    cells[actor] = i32::try_from(next(4096)).unwrap();
                }
                let kind = usize::from(next(10) == 0);
                let later = i64::try_from(next(400)).unwrap();
                (
                    later,
                    i64::try_from(actor).unwrap() + 7,
                    Some(cells[actor]),
                    kind,
                )
            })
            .collect();
        let stored = chunk(&entries(&raw)).encode().unwrap();
        assert!(stored.len() < 5 * MAX_EVENTS, "{}", stored.len());
    }
}
