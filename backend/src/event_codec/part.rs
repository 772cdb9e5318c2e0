//! A part in memory.

use super::StoredEvent;
use std::ops::Range;
use uuid::Uuid;

/// Events that were decompressed, in the order of `seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(super) events: Vec<Entry>,
    /// The ids of those who acted.
    pub(super) actors: Vec<i64>,
    /// The texts of all events.
    pub(super) text: String,
}

/// What a [`Part`] stores of an event besides its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) seq: i64,
    pub(super) words_of: Option<i64>,
    pub(super) op_id: Option<Uuid>,
    /// The place of its actor in [`Part::actors`].
    pub(super) actor: u32,
    /// Where its text ends.
    pub(super) end: u32,
}

/// An event of a [`Part`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartEvent<'a> {
    pub(crate) seq: i64,
    pub(crate) actor_id: i64,
    pub(crate) op_id: Option<Uuid>,
    /// See [`StoredEvent::words_of`].
    pub(crate) words_of: Option<i64>,
    /// See [`StoredEvent::body`].
    pub(crate) body: &'a str,
}

impl From<PartEvent<'_>> for StoredEvent {
    fn from(event: PartEvent<'_>) -> Self {
        Self {
            seq: event.seq,
            actor_id: event.actor_id,
            op_id: event.op_id,
            words_of: event.words_of,
            body: event.body.to_owned(),
        }
    }
}

impl Part {
    /// How many events it has.
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// All events.
    pub(crate) fn events(&self) -> impl DoubleEndedIterator<Item = PartEvent<'_>> {
        self.from(0..self.events.len())
    }

    /// The events after the start of the range up to its end.
    pub(crate) fn between(
        &self,
        range: &Range<i64>,
    ) -> impl DoubleEndedIterator<Item = PartEvent<'_>> {
        let after = |seq: i64| self.events.partition_point(|event| event.seq <= seq);
        let (start, end) = (after(range.start), after(range.end));
        self.from(start..end.max(start))
    }

    /// The memory that it takes, in bytes.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.text.capacity() + self.events.capacity() * size_of::<Entry>()
    }

    fn from(&self, positions: Range<usize>) -> impl DoubleEndedIterator<Item = PartEvent<'_>> {
        positions.map(|position| self.event(position))
    }

    fn event(&self, position: usize) -> PartEvent<'_> {
        let entry = &self.events[position];
        let before = position
            .checked_sub(1)
            .map_or(0, |before| self.events[before].end);
        PartEvent {
            seq: entry.seq,
            actor_id: self.actors[entry.actor as usize],
            op_id: entry.op_id,
            words_of: entry.words_of,
            body: &self.text[before as usize..entry.end as usize],
        }
    }
}
