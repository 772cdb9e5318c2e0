//! The past of one cell as its panel shows it: all its steps in order, of which
//! only the part that is looked at is read. Pure.

mod step;

use super::past::PastTile;
use shared::{api::past::Timeline, pixels::Pixels, protocol::DurableEvent};
pub use step::{Step, StepKind};

/// Most steps that are read at once: one page of events.
const CHUNK_STEPS: usize = 200;
/// Most chunks that are kept.
const MAX_LOADED: usize = 8;

/// Some consecutive steps of the cell.
#[derive(Clone, Debug, PartialEq)]
struct Chunk {
    /// The `seq` of its first step.
    from_seq: i64,
    /// The `seq` of its last step.
    to_seq: i64,
    /// How many steps come before it.
    before: usize,
    /// How many steps it has.
    count: usize,
    loaded: Option<Loaded>,
}

#[derive(Clone, Debug, PartialEq)]
struct Loaded {
    /// The cell before the first step.
    start: Option<Pixels>,
    steps: Vec<Step>,
}

/// The steps of a cell. A position is the number of steps that were done: 0 is
/// before the first, [`TilePast::len`] is now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TilePast {
    chunks: Vec<Chunk>,
}

/// The events that one chunk is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The chunk.
    pub chunk: usize,
    /// The first event.
    pub from_seq: i64,
    /// The last event.
    pub to_seq: i64,
}

impl Chunk {
    fn span((chunk, found): (usize, &Self)) -> Span {
        Span {
            chunk,
            from_seq: found.from_seq,
            to_seq: found.to_seq,
        }
    }
}

impl From<&Timeline> for TilePast {
    fn from(timeline: &Timeline) -> Self {
        Self::new(timeline.buckets.iter().map(|bucket| {
            let events = usize::try_from(bucket.events).unwrap_or_default();
            (bucket.from_seq, bucket.to_seq, events)
        }))
    }
}

impl TilePast {
    /// Takes the buckets of the cell's timeline: of each the first and the last
    /// `seq` and the number of steps, in order.
    pub fn new(buckets: impl Iterator<Item = (i64, i64, usize)>) -> Self {
        let mut chunks: Vec<Chunk> = Vec::new();
        let mut before = 0;
        for (from_seq, to_seq, count) in buckets.filter(|(_, _, count)| *count > 0) {
            match chunks.last_mut() {
                Some(chunk) if chunk.count + count <= CHUNK_STEPS => {
                    chunk.to_seq = to_seq;
                    chunk.count += count;
                }
                Some(_) | None => chunks.push(Chunk {
                    from_seq,
                    to_seq,
                    before,
                    count,
                    loaded: None,
                }),
            }
            before += count;
        }
        Self { chunks }
    }

    /// The parts in which it is read, oldest first.
    pub fn spans(&self) -> Vec<Span> {
        let mut spans: Vec<Span> = (0..).zip(&self.chunks).map(Chunk::span).collect();
        // Likes and comments between two changes belong to the part before them.
        for index in 1..spans.len() {
            spans[index - 1].to_seq = spans[index].from_seq - 1;
        }
        spans
    }

    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.chunks
            .last()
            .map_or(0, |chunk| chunk.before + chunk.count)
    }

    /// The event before the first step; none if nothing ever happened.
    pub fn seq_before(&self) -> Option<i64> {
        self.chunks.first().map(|chunk| chunk.from_seq - 1)
    }

    /// Whether nothing ever happened.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// What has to be read to know the step before this position; none if it is
    /// known, and for position 0.
    pub fn missing(&self, position: usize) -> Option<Span> {
        let chunk = self.chunk_of(position)?;
        let found = &self.chunks[chunk];
        found
            .loaded
            .is_none()
            .then_some(Chunk::span((chunk, found)))
    }

    /// Takes the events of a span, and the cell before the first of them. Those
    /// that are no steps are passed over.
    pub fn load(&mut self, span: Span, start: Option<Pixels>, events: Vec<DurableEvent>) {
        // The timeline was read anew meanwhile.
        let is_known =
            |chunk: &Chunk| (chunk.from_seq, chunk.to_seq) == (span.from_seq, span.to_seq);
        let Some(chunk) = self.chunks.get_mut(span.chunk).filter(|one| is_known(one)) else {
            return;
        };
        chunk.loaded = Some(Loaded {
            start,
            steps: events.into_iter().filter_map(Step::new).collect(),
        });
        while self.loaded().count() > MAX_LOADED {
            let farthest = self.loaded().max_by_key(|index| index.abs_diff(span.chunk));
            if let Some(index) = farthest {
                self.chunks[index].loaded = None;
            }
        }
    }

    /// Keeps what an older state of the same cell had read already.
    pub fn take_loaded(&mut self, older: Self) {
        for old in older.chunks {
            let same =
                |chunk: &&mut Chunk| (chunk.from_seq, chunk.to_seq) == (old.from_seq, old.to_seq);
            if let Some(chunk) = self.chunks.iter_mut().find(same) {
                chunk.loaded = old.loaded;
            }
        }
    }

    /// The step before a position; none if it is not known, and for position 0.
    pub fn step(&self, position: usize) -> Option<&Step> {
        let (loaded, done) = self.loaded_at(position)?;
        loaded.steps.get(done - 1)
    }

    /// The cell at a position; the outer none if it is not known.
    pub fn picture(&self, position: usize) -> Option<Option<Pixels>> {
        if position == 0 {
            return Some(None);
        }
        let (loaded, done) = self.loaded_at(position)?;
        let mut tile = PastTile::new(loaded.start.clone());
        for step in loaded.steps.iter().take(done) {
            tile.apply(&step.event);
        }
        Some(tile.into_pixels())
    }

    /// The position of the nearest step by somebody else than the one before
    /// this position, forwards or backwards, as far as what is read; at most the
    /// first or the last of these.
    pub fn next_person(&self, position: usize, forwards: bool) -> usize {
        let actor = self.step(position).map(|step| step.actor);
        let mut at = position;
        loop {
            let next = if forwards {
                at + 1
            } else {
                at.saturating_sub(1)
            };
            if next == at || next > self.len() {
                return at;
            }
            match self.step(next) {
                Some(step) if Some(step.actor) == actor => at = next,
                Some(_) => return next,
                None => return if next == 0 { 0 } else { at },
            }
        }
    }

    fn loaded(&self) -> impl Iterator<Item = usize> {
        let chunks = self.chunks.iter().enumerate();
        chunks.filter_map(|(index, chunk)| chunk.loaded.is_some().then_some(index))
    }

    fn chunk_of(&self, position: usize) -> Option<usize> {
        if position == 0 {
            return None;
        }
        let after = self
            .chunks
            .partition_point(|chunk| chunk.before + chunk.count < position);
        (after < self.chunks.len()).then_some(after)
    }

    /// The chunk of the step before a position, and how many of its steps were
    /// done there, at least one.
    fn loaded_at(&self, position: usize) -> Option<(&Loaded, usize)> {
        let chunk = &self.chunks[self.chunk_of(position)?];
        Some((chunk.loaded.as_ref()?, position - chunk.before))
    }
}

#[cfg(test)]
mod tests;
