//! The timeline of a canvas: its tile events in at most [`TIMELINE_BUCKETS`] parts, each of as
//! many events as the next, or each as long as the next.

use super::index::{Chunk, EventIndex, Filter, Matcher, part_end};
use crate::db;
use chrono::DateTime;
use shared::{
    api::past::{Timeline, TimelineBucket},
    ids::CanvasId,
    limits::TIMELINE_BUCKETS,
    time::Timestamp,
};
use std::{collections::HashMap, ops::Range};

/// What the parts of a timeline have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bucketing {
    /// The number of their events.
    Change,
    /// Their length.
    Time,
}

/// The timeline of the events up to `until` that the filter wants.
///
/// # Errors
/// Those of the database.
pub(crate) async fn timeline(
    index: &EventIndex,
    canvas: CanvasId,
    filter: &Filter,
    by: Bucketing,
    until: i64,
) -> db::Result<Timeline> {
    let mut extent = Extent::default();
    let mut scan = index.scan(canvas, 0..until, filter.only_tiles).await?;
    while let Some((chunk, positions)) = scan.next().await? {
        if let Some(matcher) = chunk.matcher(filter) {
            extent.add(&chunk, positions, &matcher);
        }
    }
    let Some((first, last)) = extent.ends else {
        return Ok(Timeline::default());
    };
    let mut buckets = Buckets::new(by, extent.count, first, last);
    // A bucket may begin with an event of any type.
    let range = first.seq - 1..last.seq;
    let mut scan = index.scan(canvas, range, false).await?;
    while let Some((chunk, positions)) = scan.next().await? {
        buckets.add(&chunk, positions, chunk.matcher(filter).as_ref());
    }
    Ok(Timeline {
        first_seq: Some(first.seq),
        last_seq: Some(last.seq),
        first_at: Some(timestamp(first.millis)),
        last_at: Some(timestamp(last.millis)),
        events: number(extent.count),
        buckets: buckets.finish(),
    })
}

/// The `seq` and the time of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct EventTime {
    seq: i64,
    millis: i64,
}

/// The number of events, and the first and the last one.
#[derive(Debug, Default)]
struct Extent {
    count: usize,
    ends: Option<(EventTime, EventTime)>,
}

impl Extent {
    fn add(&mut self, chunk: &Chunk, positions: Range<usize>, matcher: &Matcher<'_>) {
        for position in positions.filter(|position| matcher.matches(*position)) {
            let moment = EventTime {
                seq: chunk.seq(position),
                millis: chunk.millis(position),
            };
            self.count += 1;
            self.ends = Some((self.ends.map_or(moment, |(first, _)| first), moment));
        }
    }
}

/// The buckets while events are put into them.
#[derive(Debug)]
struct Buckets {
    by: Bucketing,
    /// The events of all buckets.
    count: usize,
    /// How many buckets there are.
    parts: usize,
    first: EventTime,
    /// The time from the first event to the last one, in milliseconds.
    span: i64,
    done: Vec<TimelineBucket>,
    /// Events that are in buckets by now.
    passed: usize,
    /// The bucket that is being filled, if it has a beginning.
    begin: Option<EventTime>,
    to: EventTime,
    events: usize,
    people: usize,
    /// For each user, the last bucket that counted them.
    counted_in: HashMap<i64, usize>,
}

impl Buckets {
    fn new(by: Bucketing, count: usize, first: EventTime, last: EventTime) -> Self {
        Self {
            by,
            count,
            parts: count.min(TIMELINE_BUCKETS),
            first,
            span: (last.millis - first.millis).max(0),
            done: Vec::new(),
            passed: 0,
            begin: None,
            to: first,
            events: 0,
            people: 0,
            counted_in: HashMap::new(),
        }
    }

    /// Goes on with the next events.
    fn add(&mut self, chunk: &Chunk, positions: Range<usize>, matcher: Option<&Matcher<'_>>) {
        // The users of the chunk are looked up once.
        let users = chunk.actor_ids();
        let counted = users.iter().map(|user| self.counted_in.get(user).copied());
        let mut counted: Vec<Option<usize>> = counted.collect();
        for position in positions {
            let moment = EventTime {
                seq: chunk.seq(position),
                millis: chunk.millis(position),
            };
            // A bucket begins with the event after the one before, whatever that is.
            self.begin.get_or_insert(moment);
            if !matcher.is_some_and(|matcher| matcher.matches(position)) {
                continue;
            }
            if self.by == Bucketing::Time {
                let part = self.part_at(moment.millis);
                while self.done.len() < part {
                    self.close();
                }
            }
            self.events += 1;
            self.passed += 1;
            self.to = moment;
            let part = self.done.len();
            if counted[chunk.actor(position)].replace(part) != Some(part) {
                self.people += 1;
            }
            if self.by == Bucketing::Change && self.passed == part_end(self.count, self.parts, part)
            {
                self.close();
            }
        }
        let counted = users.iter().zip(counted);
        let counted = counted.filter_map(|(user, part)| Some((*user, part?)));
        self.counted_in.extend(counted);
    }

    /// Ends the bucket that is being filled.
    fn close(&mut self) {
        let part = self.done.len();
        let from_seq = self.done.last().map_or(self.first.seq, |it| it.to_seq + 1);
        let (from, to) = match self.by {
            Bucketing::Change => {
                let begin = self.begin.unwrap_or(self.to);
                (begin.millis, self.to.millis)
            }
            Bucketing::Time => (self.border(part), self.border(part + 1)),
        };
        self.done.push(TimelineBucket {
            from_seq,
            to_seq: if self.events == 0 {
                from_seq - 1
            } else {
                self.to.seq
            },
            from_at: timestamp(from),
            to_at: timestamp(to),
            events: number(self.events),
            people: number(self.people),
        });
        (self.events, self.people) = (0, 0);
        self.begin = None;
    }

    /// The bucket of a time. Times that go back stay in the bucket of now.
    fn part_at(&self, millis: i64) -> usize {
        let since = i128::from(millis - self.first.millis).max(0);
        let last = self.parts - 1;
        let span = i128::from(self.span).max(1);
        let part = since * i128::try_from(self.parts).unwrap_or(1) / span;
        usize::try_from(part).map_or(last, |part| part.min(last))
    }

    /// Where a bucket begins, in milliseconds since 1970.
    fn border(&self, part: usize) -> i64 {
        let parts = i128::try_from(self.parts).unwrap_or(1).max(1);
        let part = i128::try_from(part).unwrap_or(parts);
        let since = (i128::from(self.span) * part + parts - 1) / parts;
        self.first.millis + i64::try_from(since).unwrap_or(self.span)
    }

    fn finish(mut self) -> Vec<TimelineBucket> {
        while self.done.len() < self.parts {
            self.close();
        }
        self.done
    }
}

fn timestamp(millis: i64) -> Timestamp {
    DateTime::from_timestamp_millis(millis)
        .unwrap_or_default()
        .into()
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::event_index::Entry;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Milliseconds since the event before, user, whether it changes the board.
    type Raw = (i64, i64, bool);

    fn entries(raw: &[Raw]) -> Vec<Entry> {
        let mut millis = 1_700_000_000_000;
        let entry = |(seq, (later, actor, is_tile)): (i64, &Raw)| {
            millis += later;
            Entry {
                seq,
                millis,
                actor: *actor,
                cell: None,
                kind: if *is_tile {
                    "tile_updated"
                } else {
                    "tile_liked"
                }
                .to_owned(),
            }
        };
        (1..).zip(raw).map(entry).collect()
    }

    /// The buckets of all events that change the board, which come in chunks of seven.
    fn buckets(entries: &[Entry], by: Bucketing) -> Vec<TimelineBucket> {
        let filter = Filter {
            only_tiles: true,
            ..Filter::default()
        };
        let chunks = entries.chunks(7).map(|entries| {
            let mut chunk = Chunk::new(entries[0].seq);
            for entry in entries {
                chunk.push(entry);
            }
            chunk
        });
        let chunks: Vec<Chunk> = chunks.collect();
        let mut extent = Extent::default();
        for chunk in &chunks {
            if let Some(matcher) = chunk.matcher(&filter) {
                extent.add(chunk, 0..chunk.len(), &matcher);
            }
        }
        let Some((first, last)) = extent.ends else {
            return Vec::new();
        };
        let mut buckets = Buckets::new(by, extent.count, first, last);
        for chunk in &chunks {
            let positions = chunk.positions(&(first.seq - 1..last.seq));
            buckets.add(chunk, positions, chunk.matcher(&filter).as_ref());
        }
        buckets.finish()
    }

    proptest! {
        #[test]
        fn buckets_have_all_events_in_order_and_are_alike(
            raw in proptest::collection::vec((-3_i64..5_000, 1_i64..6, any::<bool>()), 0..500),
        ) {
            let entries = entries(&raw);
            let tiles: Vec<&Entry> = entries.iter().filter(|it| it.kind == "tile_updated").collect();
            for by in [Bucketing::Change, Bucketing::Time] {
                let buckets = buckets(&entries, by);
                prop_assert_eq!(buckets.len(), tiles.len().min(TIMELINE_BUCKETS));
                let (Some(first), Some(last)) = (tiles.first(), tiles.last()) else {
                    continue;
                };
                let mut next = first.seq;
                for bucket in &buckets {
                    prop_assert_eq!(bucket.from_seq, next);
                    next = bucket.to_seq + 1;
                    let inside = tiles.iter().filter(|it| (bucket.from_seq..next).contains(&it.seq));
                    prop_assert_eq!(bucket.events, number(inside.clone().count()));
                    let people: BTreeSet<i64> = inside.clone().map(|it| it.actor).collect();
                    prop_assert_eq!(bucket.people, number(people.len()));
                    let to = inside.map(|it| it.seq).max();
                    prop_assert_eq!(bucket.to_seq, to.unwrap_or(bucket.from_seq - 1));
                }
                prop_assert_eq!(next, last.seq + 1);
                let sizes = buckets.iter().map(|it| match by {
                    Bucketing::Change => it.events,
                    Bucketing::Time => it.to_at.millis() - it.from_at.millis(),
                });
                let (least, most) = (sizes.clone().min().unwrap(), sizes.max().unwrap());
                prop_assert!(most - least <= 1, "{by:?}: {least} to {most}");
            }
        }

        /// Where times never go back, a bucket has exactly the events of its time.
        #[test]
        fn a_bucket_of_time_has_the_events_of_its_time(
            raw in proptest::collection::vec((0_i64..900, 1_i64..3, any::<bool>()), 1..600),
        ) {
            let entries = entries(&raw);
            let tiles: Vec<&Entry> = entries.iter().filter(|it| it.kind == "tile_updated").collect();
            let buckets = buckets(&entries, Bucketing::Time);
            for (position, bucket) in buckets.iter().enumerate() {
                let is_last = position + 1 == buckets.len();
                let (from, to) = (bucket.from_at.millis(), bucket.to_at.millis());
                let inside = tiles.iter().filter(|it| {
                    from <= it.millis && (it.millis < to || is_last)
                });
                prop_assert_eq!(bucket.events, number(inside.count()));
            }
        }
    }

    #[test]
    fn all_in_one_moment_are_in_one_bucket_of_time() {
        let entries = entries(&[(0, 1, true); 5]);
        let events: Vec<i64> = buckets(&entries, Bucketing::Time)
            .iter()
            .map(|it| it.events)
            .collect();
        assert_eq!(events.iter().sum::<i64>(), 5);
        assert_eq!(events.len(), 5);
    }
}
