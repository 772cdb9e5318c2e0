//! A chunk of the event index: time, actor, cell and type of consecutive events. Pure.

mod matcher;
mod stored;
#[cfg(test)]
mod tests;

pub(crate) use matcher::{Filter, Matcher};

use crate::db::event_index::Entry;
use std::ops::Range;

/// Events of a chunk at most.
pub(crate) const MAX_EVENTS: usize = 10_000;
/// In place of a cell: the event is about none.
const NO_CELL: i32 = -1;
/// In place of the type of an event that the log does not have.
const MISSING: &str = "";

/// Consecutive events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// The `seq` of the first one.
    pub(crate) first_seq: i64,
    /// When each was stored, in milliseconds since 1970.
    millis: Vec<i64>,
    /// The positions of the actors in `actor_ids`.
    actors: Vec<u16>,
    /// The positions of the types in `kind_names`.
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

    /// The time of the event at this position.
    pub(crate) fn millis(&self, position: usize) -> i64 {
        self.millis[position]
    }

    /// The position in [`Chunk::actor_ids`] of who made the event at this position.
    pub(crate) fn actor(&self, position: usize) -> usize {
        self.actors[position].into()
    }

    /// The cell of the event at this position, as `canvas_events.tile` names it.
    pub(crate) fn cell(&self, position: usize) -> Option<i32> {
        Some(self.cells[position]).filter(|cell| *cell != NO_CELL)
    }

    /// The `seq` of the event at this position.
    pub(crate) fn seq(&self, position: usize) -> i64 {
        self.first_seq + i64::try_from(position).unwrap_or(i64::MAX)
    }

    /// The positions of the events in this range of `seq`, its start left out and its end included.
    pub(crate) fn positions(&self, range: &Range<i64>) -> Range<usize> {
        let position = |seq: i64| {
            let position = (seq + 1).saturating_sub(self.first_seq).max(0);
            usize::try_from(position).map_or(self.len(), |position| position.min(self.len()))
        };
        let start = position(range.start);
        start..position(range.end.min(i64::MAX - 1)).max(start)
    }

    /// The `seq` of the last event up to this time.
    pub(crate) fn last_until(&self, millis: i64) -> Option<i64> {
        let position = self.millis.iter().rposition(|at| *at <= millis)?;
        Some(self.seq(position))
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

    /// Bytes in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        self.len() * (8 + 2 + 1 + 4) + self.actor_ids.len() * 8 + 256
    }
}
