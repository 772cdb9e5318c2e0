//! A range of the canvas's log with the tiles as they were before it, so that
//! the board can be shown after any of its events. Pure.

use crate::model::{player::Direction, rewrite, tile_store::TileStore};
use shared::{
    api::{self, rewrites::Area},
    canvas::{Coord, Grid},
    ids::UserId,
    protocol::DurableEvent,
    time::Timestamp,
};
use std::collections::{HashSet, VecDeque};

/// Events that are kept at most; those before them become part of the tiles.
const MAX_EVENTS: usize = 8_000;

/// A change of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileChange {
    /// The event's number.
    pub seq: i64,
    /// When it was.
    pub time: Timestamp,
    /// Who did it; for a rewrite, who asked for it.
    pub actor: UserId,
    /// The cell.
    pub at: Coord,
}

impl TileChange {
    /// Reads an event; none for one that is no change of a tile.
    pub fn of(event: &DurableEvent) -> Option<Self> {
        let (actor, cause) = match event {
            DurableEvent::TileCreated(event) => (event.creator_id, event.cause),
            DurableEvent::TileUpdated(event) => (event.updater_id, event.cause),
            DurableEvent::TileDeleted(event) => (event.deleter_id, event.cause),
            DurableEvent::CanvasChatMessage(_)
            | DurableEvent::ChatEdited(_)
            | DurableEvent::ChatRemoved(_)
            | DurableEvent::CommentCreated(_)
            | DurableEvent::CommentUpdated(_)
            | DurableEvent::TileLiked(_)
            | DurableEvent::CanvasUpdated(_) => return None,
        };
        Some(Self {
            seq: event.seq(),
            time: event.timestamp(),
            actor: cause.map_or(actor, |cause| cause.by),
            at: event.cell()?,
        })
    }
}

/// Where a step leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the board after this event.
    To(i64),
    /// Further than the events that are here.
    Beyond,
}

/// The range; see the description of the module.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The cells that are known; none where only the events are.
    area: Option<Area>,
    /// The tiles before the first of the events.
    base: TileStore,
    base_seq: i64,
    events: VecDeque<DurableEvent>,
    /// The event after which the tiles are shown.
    shown: i64,
}

impl Replay {
    /// The events after `base_seq`, without a gap, and the tiles of `area` as
    /// they were then, which are shown first.
    pub fn new(
        grid: Grid,
        area: Option<Area>,
        base_seq: i64,
        tiles: Vec<api::Tile>,
        events: Vec<DurableEvent>,
        shown: &mut TileStore,
    ) -> Self {
        let mut base = TileStore::default();
        base.load(grid, tiles);
        *shown = base.clone();
        Self {
            area,
            base,
            base_seq,
            events: events.into(),
            shown: base_seq,
        }
    }

    /// Whether the board can be shown after this event.
    pub fn reaches(&self, seq: i64) -> bool {
        (self.base_seq..=self.end()).contains(&seq)
    }

    /// Whether any cells are known.
    pub fn has_tiles(&self) -> bool {
        self.area.is_some()
    }

    /// Whether all these cells are known.
    pub fn covers(&self, area: Area) -> bool {
        self.area.is_some_and(|known| contains(known, area))
    }

    /// The event before the first one.
    pub fn start(&self) -> i64 {
        self.base_seq
    }

    /// The last event.
    pub fn end(&self) -> i64 {
        self.base_seq + i64::try_from(self.events.len()).unwrap_or_default()
    }

    /// Adds events that follow the last one; others are left out.
    pub fn extend(&mut self, events: Vec<DurableEvent>) {
        for event in events {
            if event.seq() == self.end() + 1 {
                self.events.push_back(event);
            }
        }
        while self.events.len() > MAX_EVENTS && self.base_seq < self.shown {
            if let Some(event) = self.events.pop_front() {
                apply(&mut self.base, self.area, &event);
                self.base_seq += 1;
            }
        }
    }

    /// Makes `tiles` the board after an event that this reaches.
    pub fn seek(&mut self, seq: i64, tiles: &mut TileStore) {
        if !self.reaches(seq) {
            return;
        }
        if seq >= self.shown {
            for event in self.between(self.shown, seq) {
                apply(tiles, self.area, event);
            }
        } else {
            // The cells that changed since are made anew.
            let changed: HashSet<Coord> = self
                .between(seq, self.shown)
                .filter_map(DurableEvent::cell)
                .collect();
            for &at in &changed {
                tiles.copy_cell(at, &self.base);
            }
            for event in self.between(self.base_seq, seq) {
                if event.cell().is_some_and(|at| changed.contains(&at)) {
                    apply(tiles, self.area, event);
                }
            }
        }
        self.shown = seq;
    }

    /// The last change up to an event; none if it is not among the events here.
    pub fn last_change(&self, seq: i64) -> Option<TileChange> {
        let upto = self.between(self.base_seq, seq.min(self.end()));
        upto.rev().find_map(TileChange::of)
    }

    /// Where the next step from an event leads: by one change, or to the next
    /// change by somebody else.
    pub fn step(&self, seq: i64, direction: Direction, by_person: bool) -> Step {
        let here = self.last_change(seq);
        let is_other =
            |change: &TileChange| !by_person || here.is_none_or(|here| here.actor != change.actor);
        match direction {
            Direction::Forward => {
                let mut after = self.between(seq.max(self.base_seq), self.end());
                let found = after.by_ref().filter_map(TileChange::of).find(is_other);
                found.map_or(Step::Beyond, |change| Step::To(change.seq))
            }
            Direction::Back => {
                let Some(here) = here else {
                    return if self.base_seq == 0 {
                        Step::To(0)
                    } else {
                        Step::Beyond
                    };
                };
                let before = self.between(self.base_seq, here.seq - 1);
                let found = before.rev().filter_map(TileChange::of).find(is_other);
                match found {
                    Some(change) => Step::To(change.seq),
                    None if self.base_seq == 0 => Step::To(0),
                    None => Step::Beyond,
                }
            }
        }
    }

    /// The events after `after` up to `until`.
    fn between(&self, after: i64, until: i64) -> impl DoubleEndedIterator<Item = &DurableEvent> {
        let index = |seq: i64| {
            let index = usize::try_from(seq - self.base_seq).unwrap_or_default();
            index.min(self.events.len())
        };
        let (from, to) = (index(after), index(until));
        self.events.range(from.min(to)..to)
    }
}

/// Applies an event to the tiles; one elsewhere than in `area` changes nothing.
fn apply(tiles: &mut TileStore, area: Option<Area>, event: &DurableEvent) {
    let is_known =
        |at: Coord| area.is_some_and(|area| contains(area, rewrite::area_between(at, at)));
    if !event.cell().is_some_and(is_known) {
        return;
    }
    match event {
        DurableEvent::TileCreated(event) => {
            tiles.created(event.clone(), String::new());
        }
        DurableEvent::TileUpdated(event) => {
            tiles.updated(event.clone());
        }
        DurableEvent::TileLiked(event) => {
            tiles.liked(event, false);
        }
        DurableEvent::TileDeleted(event) => {
            tiles.deleted(event);
        }
        DurableEvent::CanvasChatMessage(_)
        | DurableEvent::ChatEdited(_)
        | DurableEvent::ChatRemoved(_)
        | DurableEvent::CommentCreated(_)
        | DurableEvent::CommentUpdated(_)
        | DurableEvent::CanvasUpdated(_) => {}
    }
}

/// Whether an area lies within another one.
pub fn contains(outer: Area, inner: Area) -> bool {
    outer.x0 <= inner.x0 && outer.y0 <= inner.y0 && outer.x1 >= inner.x1 && outer.y1 >= inner.y1
}

/// The number of cells in an area.
pub fn cells(area: Area) -> i64 {
    i64::from(area.x1 - area.x0 + 1) * i64::from(area.y1 - area.y0 + 1)
}

#[cfg(test)]
pub(crate) mod tests;
