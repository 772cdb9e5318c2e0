//! Chunks are searched, stored and read.

use super::{
    stored::{LEVEL, VERSION},
    *,
};
use crate::{db::event_index::Entry, past::area::Area};
use proptest::prelude::*;
use shared::ids::UserId;

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
    let matches = |entry: &&Entry| {
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
    let wanted = entries.iter().filter(matches);
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
            Some(it) => (0..chunk.len()).filter(|at| it.matches(*at)).map(|at| chunk.seq(at)).collect(),
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
        .filter(|at| matcher.matches(*at))
        .map(|at| chunk.seq(at))
        .collect();
    assert_eq!(seqs, [100, 102]);
    assert_eq!(chunk.tile_events(), 1);
}

#[test]
fn a_range_of_events_has_positions() {
    let chunk = chunk(&entries(&[(1, 1, None, 0); 10]));
    assert_eq!(chunk.positions(&(0..i64::MAX)), 0..10);
    assert_eq!(chunk.positions(&(99..100)), 0..1);
    assert_eq!(chunk.positions(&(100..105)), 1..6);
    assert_eq!(chunk.positions(&(0..99)), 0..0);
    assert_eq!(chunk.positions(&(200..300)), 10..10);
    let reversed = std::ops::Range {
        start: 105,
        end: 102,
    };
    assert_eq!(chunk.positions(&reversed), 6..6);
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
