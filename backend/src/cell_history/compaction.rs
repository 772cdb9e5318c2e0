//! Forgets what is old in a cell whose history is large, so that no cell takes more than some
//! megabytes, whatever was done in it. When that happens depends on the events alone: every
//! replay forgets the same.
//!
//! What is seen, and whose it is, stays. What lies below stays as far as it is told apart by
//! who wrote it: a revert of everything that somebody wrote still shows what was there before.
//! Strokes and rewrites from before cannot be undone one by one any more.

use super::{
    CellHistory, at, number,
    slot::{NOTHING, Slot},
};
use std::collections::HashMap;

/// Records of a cell, of about 16 bytes each, with which it is compacted.
pub(super) const MAX_RECORDS: usize = 1 << 20;
/// What an event takes besides its writes, in records.
pub(super) const EVENT: usize = 4;
/// What a title takes at most.
pub(super) const TITLE: usize = 24;
/// What a tile takes.
pub(super) const TILE: usize = 4;

/// Writes of a pixel that stay at most, and changes of which tile is there: half of them are
/// the oldest ones, half the newest.
pub(super) const MAX_KEPT: usize = 64;

impl CellHistory {
    /// Compacts the cell if its history is large.
    pub(super) fn bound(&mut self) {
        if self.records > MAX_RECORDS {
            self.compact();
        }
    }

    /// Counts all records anew.
    pub(super) fn count_records(&mut self) {
        let slots: usize = self.slots().map(Slot::records).sum();
        let others = EVENT * self.events.len()
            + TITLE * self.titles.len()
            + TILE * self.tiles.len()
            + self.present.len();
        self.records = slots + others;
    }

    /// See the module.
    pub(super) fn compact(&mut self) {
        let Self {
            pixels,
            title,
            tile,
            events,
            ..
        } = self;
        let user = |event: u32| events.get(at(event)).map(|event| event.user);
        for slot in pixels.iter_mut().chain([title, tile]) {
            slot.compact(MAX_KEPT, user);
        }
        if self.present.len() > MAX_KEPT {
            let half = MAX_KEPT / 2;
            self.present.drain(half..self.present.len() - half);
        }
        self.forget_events();
        self.forget_titles();
        self.forget_tiles();
        self.count_records();
    }

    fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.pixels.iter().chain([&self.title, &self.tile])
    }

    /// Keeps the events that something names, and the newest one.
    fn forget_events(&mut self) {
        let mut is_kept = vec![false; self.events.len()];
        let mut keep = |event: u32| {
            if let Some(kept) = is_kept.get_mut(at(event)) {
                *kept = true;
            }
        };
        self.slots().flat_map(Slot::events).for_each(&mut keep);
        self.present.iter().for_each(|(event, _)| keep(*event));
        for traces in self.rewrites.values() {
            keep(traces.first_event);
            keep(traces.last_event);
        }
        keep(number(self.events.len()).saturating_sub(1));
        let positions = positions(&is_kept);
        let moved = |event: &mut u32| {
            if let Some(position) = positions.get(at(*event)) {
                *event = *position;
            }
        };
        let slots = self.pixels.iter_mut();
        for slot in slots.chain([&mut self.title, &mut self.tile]) {
            slot.events_mut().for_each(moved);
        }
        self.present.iter_mut().for_each(|(event, _)| moved(event));
        for traces in self.rewrites.values_mut() {
            moved(&mut traces.first_event);
            moved(&mut traces.last_event);
        }
        retain(&mut self.events, &is_kept);
    }

    /// Keeps the titles that are written somewhere.
    fn forget_titles(&mut self) {
        let mut is_kept = vec![false; self.titles.len()];
        for value in self.title.values() {
            if let Some(kept) = is_kept.get_mut(at(value)) {
                *kept = true;
            }
        }
        let positions = positions(&is_kept);
        for value in self.title.values_mut() {
            if let Some(position) = positions.get(at(*value)) {
                *value = *position;
            }
        }
        retain(&mut self.titles, &is_kept);
    }

    /// Keeps the tiles that something names.
    fn forget_tiles(&mut self) {
        let mut is_kept = vec![false; self.tiles.len()];
        let named = self
            .tile
            .values()
            .chain(self.events.iter().map(|it| it.tile));
        for tile in named.chain(self.present.iter().map(|(_, tile)| *tile)) {
            if let Some(kept) = is_kept.get_mut(at(tile)) {
                *kept = true;
            }
        }
        let positions = positions(&is_kept);
        let moved = |tile: &mut u32| {
            if let Some(position) = positions.get(at(*tile)) {
                *tile = *position;
            }
        };
        self.tile.values_mut().for_each(moved);
        self.events
            .iter_mut()
            .for_each(|event| moved(&mut event.tile));
        self.present.iter_mut().for_each(|(_, tile)| moved(tile));
        retain(&mut self.tiles, &is_kept);
        let ids = self.tiles.iter().map(|tile| tile.id);
        self.tile_indices = ids.zip(0..).collect::<HashMap<_, _>>();
    }
}

/// Where each item is once only those are left that are kept; [`NOTHING`] for the others.
fn positions(is_kept: &[bool]) -> Vec<u32> {
    let mut next = 0;
    let position = |kept: &bool| {
        if !*kept {
            return NOTHING;
        }
        next += 1;
        next - 1
    };
    is_kept.iter().map(position).collect()
}

fn retain<T>(items: &mut Vec<T>, is_kept: &[bool]) {
    let mut kept = is_kept.iter();
    items.retain(|_| kept.next() == Some(&true));
    items.shrink_to_fit();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell_history::{Rule, Rules, Step, StepAction};
    use chrono::DateTime;
    use shared::{
        ids::{TileId, UserId},
        pixels::Pixels,
    };

    /// A tile of the largest size.
    const SIZE: i32 = 64;
    const AREA: usize = 64 * 64;
    const MAX_BYTES: usize = 64 << 20;
    const ANN: UserId = UserId(1);
    const BOB: UserId = UserId(2);
    const EVE: UserId = UserId(3);

    struct World {
        cell: CellHistory,
        seq: i64,
    }

    impl World {
        fn new() -> Self {
            Self {
                cell: CellHistory::new(SIZE),
                seq: 0,
            }
        }

        fn apply(&mut self, action: StepAction) {
            self.seq += 1;
            let step = Step {
                seq: self.seq,
                at: DateTime::UNIX_EPOCH.into(),
                cause: None,
                action,
            };
            self.cell.apply(&step, &Rules::new());
        }

        fn create(&mut self, tile: i64, creator: UserId, colour: u8) {
            self.apply(StepAction::Created {
                tile: TileId(tile),
                creator,
                title: "A title that is not short at all".to_owned(),
                pixels: Pixels::from_bytes(vec![colour; AREA]),
                version: 1,
                like_count: 0,
            });
        }

        fn fill(&mut self, updater: UserId, colour: u8) {
            self.apply(StepAction::Updated {
                updater,
                title: Some(format!("Title {}", self.seq)),
                delta: Vec::new(),
                pixels: Some(Pixels::from_bytes(vec![colour; AREA])),
                undo_of: None,
                version: self.seq,
                like_count: 0,
            });
        }
    }

    #[test]
    fn a_cell_takes_some_megabytes_whatever_is_done_in_it() {
        let mut world = World::new();
        for tile in 0..1_000 {
            world.create(tile, ANN, 1);
            world.apply(StepAction::Deleted { deleter: BOB });
        }
        assert!(world.cell.bytes() < MAX_BYTES, "{}", world.cell.bytes());
        assert!(world.cell.tile().is_none());
        world.create(1_000, EVE, 2);
        world.fill(BOB, 3);
        let tile = world.cell.tile().unwrap();
        assert_eq!((tile.id, tile.creator), (TileId(1_000), EVE));
        assert_eq!(tile.pixels.as_bytes(), vec![3; AREA]);
        assert_eq!(world.cell.authors(), vec![Some(BOB); AREA]);
    }

    #[test]
    fn what_was_there_before_many_writes_comes_back() {
        let mut world = World::new();
        world.create(1, ANN, 7);
        for _ in 0..250 {
            for colour in 1..3 {
                world.fill(BOB, colour);
                world.fill(EVE, colour + 2);
            }
        }
        assert!(world.cell.bytes() < MAX_BYTES, "{}", world.cell.bytes());
        let rule = Rule::Revert {
            users: [BOB, EVE].into(),
            from_seq: 0,
            to_seq: i64::MAX,
        };
        let after = world.cell.preview(&rule).after.unwrap();
        assert_eq!(after.pixels.as_bytes(), vec![7; AREA]);
        assert_eq!(after.title, "A title that is not short at all");
        assert_eq!(world.cell.authors(), vec![Some(ANN); AREA]);
    }
}
