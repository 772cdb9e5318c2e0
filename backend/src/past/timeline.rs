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

/// What the parts have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
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
    by: By,
    until: i64,
) -> db::Result<Timeline> {
    let mut extent = Extent::default();
    let mut scan = index.scan(canvas, 0..until).await?;
    while let Some((chunk, places)) = scan.next().await? {
        if let Some(matcher) = chunk.matcher(filter) {
            extent.add(&chunk, places, &matcher);
        }
    }
    let Some((first, last)) = extent.ends else {
        return Ok(Timeline::default());
    };
    let mut buckets = Buckets::new(by, extent.count, first, last);
    let mut scan = index.scan(canvas, first.seq - 1..last.seq).await?;
    while let Some((chunk, places)) = scan.next().await? {
        buckets.add(&chunk, places, chunk.matcher(filter).as_ref());
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

/// An event's place and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Moment {
    seq: i64,
    millis: i64,
}

/// The number of events, and the first and the last one.
#[derive(Debug, Default)]
struct Extent {
    count: usize,
    ends: Option<(Moment, Moment)>,
}

impl Extent {
    fn add(&mut self, chunk: &Chunk, places: Range<usize>, matcher: &Matcher<'_>) {
        for place in places.filter(|place| matcher.wants(*place)) {
            let moment = Moment {
                seq: chunk.seq(place),
                millis: chunk.millis(place),
            };
            self.count += 1;
            self.ends = Some((self.ends.map_or(moment, |(first, _)| first), moment));
        }
    }
}

/// The buckets while events are put into them.
#[derive(Debug)]
struct Buckets {
    by: By,
    /// The events of all buckets.
    count: usize,
    /// How many buckets there are.
    parts: usize,
    first: Moment,
    /// The time from the first event to the last one, in milliseconds.
    span: i64,
    done: Vec<TimelineBucket>,
    /// Events that are in buckets by now.
    passed: usize,
    /// The bucket that is being filled, if it has a beginning.
    begin: Option<Moment>,
    to: Moment,
    events: usize,
    people: usize,
    /// For each user, the last bucket that counted them.
    counted_in: HashMap<i64, usize>,
}

impl Buckets {
    fn new(by: By, count: usize, first: Moment, last: Moment) -> Self {
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
    fn add(&mut self, chunk: &Chunk, places: Range<usize>, matcher: Option<&Matcher<'_>>) {
        // The users of the chunk are looked up once.
        let users = chunk.actor_ids();
        let counted = users.iter().map(|user| self.counted_in.get(user).copied());
        let mut counted: Vec<Option<usize>> = counted.collect();
        for place in places {
            let moment = Moment {
                seq: chunk.seq(place),
                millis: chunk.millis(place),
            };
            // A bucket begins with the event after the one before, whatever that is.
            self.begin.get_or_insert(moment);
            if !matcher.is_some_and(|matcher| matcher.wants(place)) {
                continue;
            }
            if self.by == By::Time {
                let part = self.part_at(moment.millis);
                while self.done.len() < part {
                    self.close();
                }
            }
            self.events += 1;
            self.passed += 1;
            self.to = moment;
            let part = self.done.len();
            if counted[chunk.actor(place)].replace(part) != Some(part) {
                self.people += 1;
            }
            if self.by == By::Change && self.passed == part_end(self.count, self.parts, part) {
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
            By::Change => {
                let begin = self.begin.unwrap_or(self.to);
                (begin.millis, self.to.millis)
            }
            By::Time => (self.border(part), self.border(part + 1)),
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
