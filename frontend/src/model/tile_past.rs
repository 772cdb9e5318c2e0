//! The past of one cell as its panel shows it: all its steps in order, of which
//! only the part that is looked at is read. Pure.

use super::past::PastTile;
use shared::{
    api::{past::Timeline, rewrites::Cause},
    ids::UserId,
    pixels::Pixels,
    protocol::DurableEvent,
    time::Timestamp,
};

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

/// One change of the cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its place in the canvas's order of events.
    pub seq: i64,
    /// When it was stored.
    pub time: Timestamp,
    /// Who did it; for a rewrite, who asked for it.
    pub actor: UserId,
    /// What was done.
    pub kind: StepKind,
    event: DurableEvent,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// The tile was started.
    Created,
    /// Some pixels or all of them were painted.
    Painted,
    /// The title changed.
    Titled,
    /// A stroke was taken back by its author.
    Undone,
    /// The tile was deleted.
    Deleted,
    /// A rewrite changed it: something was taken back or restored.
    Rewritten,
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

impl Step {
    /// None for what is no change of a tile.
    fn new(event: DurableEvent) -> Option<Self> {
        let by_cause =
            |cause: &Option<Cause>, actor: UserId| cause.as_ref().map_or(actor, |cause| cause.by);
        let (actor, kind) = match &event {
            DurableEvent::TileCreated(event) => {
                let kind = match event.cause {
                    Some(_) => StepKind::Rewritten,
                    None => StepKind::Created,
                };
                (by_cause(&event.cause, event.creator_id), kind)
            }
            DurableEvent::TileUpdated(event) => {
                let is_title = event.delta.is_none() && event.pixels.is_none();
                let kind = if event.cause.is_some() {
                    StepKind::Rewritten
                } else if event.undo_of.is_some() {
                    StepKind::Undone
                } else if is_title {
                    StepKind::Titled
                } else {
                    StepKind::Painted
                };
                (by_cause(&event.cause, event.updater_id), kind)
            }
            DurableEvent::TileDeleted(event) => {
                let kind = match event.cause {
                    Some(_) => StepKind::Rewritten,
                    None => StepKind::Deleted,
                };
                (by_cause(&event.cause, event.deleter_id), kind)
            }
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
            actor,
            kind,
            event,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn event(seq: i64, kind: &str, fields: &Value) -> DurableEvent {
        let mut event = json!({
            "type": kind, "seq": seq, "tile_id": 1, "canvas_id": 1, "creator_id": 1,
            "updater_id": 2, "deleter_id": 3, "liker_id": 4, "liked": true, "x": 0, "y": 0,
            "version": 1, "like_count": 0, "timestamp": "2026-01-02T03:04:05.000Z",
        });
        if kind == "tile_created" {
            event["title"] = "t".into();
        }
        for (name, value) in fields.as_object().unwrap() {
            event[name] = value.clone();
        }
        serde_json::from_value(event).unwrap()
    }

    fn created(seq: i64) -> DurableEvent {
        let pixels = Pixels::from_bytes(vec![0; 4]).encode();
        event(seq, "tile_created", &json!({"pixels": pixels}))
    }

    fn stroke(seq: i64, updater: i64, color: u8) -> DurableEvent {
        let fields = json!({"updater_id": updater, "delta": [[0, color]]});
        event(seq, "tile_updated", &fields)
    }

    #[expect(clippy::option_option, reason = "an empty cell is known, too")]
    fn first_pixel(past: &TilePast, position: usize) -> Option<Option<u8>> {
        let picture = past.picture(position)?;
        Some(picture.map(|pixels| pixels.as_bytes()[0]))
    }

    #[test]
    fn steps_are_shown_one_after_the_other() {
        let mut past = TilePast::new([(10, 12, 2), (13, 13, 1), (20, 20, 1)].into_iter());
        assert_eq!((past.len(), past.seq_before()), (4, Some(9)));
        assert_eq!(first_pixel(&past, 0), Some(None));
        assert_eq!(first_pixel(&past, 1), None);
        let span = past.missing(1).unwrap();
        assert_eq!((span.from_seq, span.to_seq), (10, 20));
        let events = vec![
            created(10),
            event(11, "tile_liked", &json!({})),
            stroke(12, 2, 7),
            event(13, "tile_updated", &json!({"title": "new"})),
            event(20, "tile_deleted", &json!({})),
        ];
        past.load(span, None, events);
        assert_eq!(past.missing(4), None);
        let shown: Vec<_> = (0..=4).map(|at| first_pixel(&past, at).unwrap()).collect();
        assert_eq!(shown, [None, Some(0), Some(7), Some(7), None]);
        let kinds: Vec<_> = (1..=4)
            .map(|at| past.step(at).unwrap())
            .map(|step| (step.seq, step.actor.0, step.kind))
            .collect();
        let expected = [
            (10, 1, StepKind::Created),
            (12, 2, StepKind::Painted),
            (13, 2, StepKind::Titled),
            (20, 3, StepKind::Deleted),
        ];
        assert_eq!(kinds, expected);
        assert_eq!(past.step(0), None);
    }

    #[test]
    fn what_a_rewrite_did_is_by_who_asked_for_it() {
        let cause = json!({"kind": "revert", "rewrite_id": 5, "by": 9});
        let steps = [
            event(
                2,
                "tile_updated",
                &json!({"delta": [[0, 1]], "cause": cause}),
            ),
            event(3, "tile_deleted", &json!({"cause": cause})),
            event(4, "tile_updated", &json!({"delta": [[0, 1]], "undo_of": 1})),
        ];
        let steps: Vec<_> = steps
            .into_iter()
            .map(|event| Step::new(event).unwrap())
            .map(|step| (step.actor.0, step.kind))
            .collect();
        let rewritten = (9, StepKind::Rewritten);
        assert_eq!(steps, [rewritten, rewritten, (2, StepKind::Undone)]);
    }

    #[test]
    fn a_long_past_is_read_in_parts() {
        // As many steps as a busy tile has: 5 in each of 200 buckets.
        let buckets = (0..200).map(|n| (n * 10 + 1, n * 10 + 10, 5));
        let mut past = TilePast::new(buckets);
        assert_eq!(past.len(), 1_000);
        let span = past.missing(1_000).unwrap();
        assert_eq!((span.chunk, span.from_seq, span.to_seq), (4, 1_601, 2_000));
        let start = Pixels::from_bytes(vec![3; 4]);
        let events = (0..200).map(|n| stroke(1_601 + 2 * n, 2, 9)).collect();
        past.load(span, Some(start), events);
        assert_eq!(first_pixel(&past, 801), Some(Some(9)));
        assert_eq!(past.step(801).unwrap().seq, 1_601);
        assert_eq!(past.step(1_000).unwrap().seq, 1_999);
        assert_eq!(past.missing(800).unwrap().chunk, 3);
        assert_eq!(past.step(800), None);
    }

    #[test]
    fn only_what_is_near_is_kept() {
        let mut past = TilePast::new((1..=20).map(|n| (n, n, CHUNK_STEPS)));
        for chunk in 0..20 {
            let span = past.missing(chunk * CHUNK_STEPS + 1).unwrap();
            past.load(span, None, Vec::new());
        }
        let kept: Vec<_> = past.loaded().collect();
        assert_eq!(kept, (20 - MAX_LOADED..20).collect::<Vec<_>>());
    }

    #[test]
    fn what_was_read_stays_when_the_cell_grows() {
        let mut past = TilePast::new((1..=2).map(|n| (n, n, CHUNK_STEPS)));
        let old = past.missing(1).unwrap();
        past.load(old, None, vec![created(1)]);
        let mut grown = TilePast::new((1..=3).map(|n| (n, n, CHUNK_STEPS)));
        grown.take_loaded(past);
        assert_eq!(grown.missing(1), None);
        assert!(grown.missing(CHUNK_STEPS + 1).is_some());
        // An answer to a question about an older state.
        assert_eq!(grown.spans().len(), 3);
        let late = Span { to_seq: 9, ..old };
        grown.load(Span { chunk: 1, ..late }, None, vec![created(1)]);
        assert!(grown.missing(CHUNK_STEPS + 1).is_some());
    }

    #[test]
    fn one_can_go_from_person_to_person() {
        let mut past = TilePast::new([(1, 6, 6)].into_iter());
        let span = past.missing(1).unwrap();
        let by = [1, 2, 2, 2, 3];
        let strokes = (2..).zip(by).map(|(seq, by)| stroke(seq, by, 1));
        past.load(
            span,
            None,
            std::iter::once(created(1)).chain(strokes).collect(),
        );
        // By 1, 1, 2, 2, 2, 3.
        assert_eq!(past.next_person(1, true), 3);
        assert_eq!(past.next_person(3, true), 6);
        assert_eq!(past.next_person(6, true), 6);
        assert_eq!(past.next_person(6, false), 5);
        assert_eq!(past.next_person(5, false), 2);
        assert_eq!(past.next_person(2, false), 0);
        assert_eq!(past.next_person(0, true), 1);
    }
}
