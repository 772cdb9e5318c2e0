//! Finds the next change, or the next one by somebody else, in a log of any length. Parts of the
//! timeline in which one person did all are passed over by their last event.

use crate::model::{player::Direction, replay::TileChange, timeline::TimeScale};
use shared::{ids::UserId, protocol::DurableEvent};

/// Events that are fetched at a time.
const PAGE: i64 = 200;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// Changes up to this event are behind, those after it ahead.
    pub from: i64,
    /// Which way.
    pub direction: Direction,
    /// Changes by this user are passed over; none if every change is looked for.
    pub except: Option<UserId>,
    /// The last event of the canvas.
    pub head: i64,
}

/// Events that belong together: those after `after` up to `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    after: i64,
    until: i64,
    /// Whether one person made all changes in it, of which the last event is one.
    is_of_one: bool,
}

impl Search {
    /// Finds the change. `scale` is divided by changes; `fetch` gets the events after one up to
    /// another one, at most 200.
    ///
    /// # Errors
    /// Those of `fetch`.
    pub async fn run<E>(
        &self,
        scale: &TimeScale,
        fetch: impl AsyncFn(i64, i64) -> Result<Vec<DurableEvent>, E>,
    ) -> Result<Option<i64>, E> {
        for span in self.spans(scale) {
            if span.is_of_one && self.except.is_some() {
                let last = fetch(span.until - 1, span.until).await?;
                let by = last.iter().find_map(TileChange::of);
                if by.map(|change| change.actor) == self.except {
                    continue;
                }
            }
            let found = self.find(span, &fetch).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    async fn find<E>(
        &self,
        mut span: Span,
        fetch: &impl AsyncFn(i64, i64) -> Result<Vec<DurableEvent>, E>,
    ) -> Result<Option<i64>, E> {
        while span.after < span.until {
            let (after, until) = match self.direction {
                Direction::Forward => (span.after, span.until.min(span.after + PAGE)),
                Direction::Back => (span.after.max(span.until - PAGE), span.until),
            };
            let events = fetch(after, until).await?;
            let changes = events.iter().filter_map(TileChange::of);
            let mut changes = changes.filter(|change| Some(change.actor) != self.except);
            let found = match self.direction {
                Direction::Forward => changes.next(),
                Direction::Back => changes.next_back(),
            };
            if let Some(found) = found {
                return Ok(Some(found.seq));
            }
            match self.direction {
                Direction::Forward => span.after = until,
                Direction::Back => span.until = after,
            }
        }
        Ok(None)
    }

    /// All that is ahead, or behind, the nearest first.
    fn spans(&self, scale: &TimeScale) -> Vec<Span> {
        // What happened since the timeline was read.
        let last = scale.last_seq().unwrap_or_default();
        let newest = Span {
            after: last,
            until: self.head,
            is_of_one: false,
        };
        let parts = scale.parts().iter().map(|part| Span {
            after: part.from_seq - 1,
            until: part.to_seq,
            is_of_one: part.people == 1,
        });
        let all = parts.chain([newest]);
        let within = |span: Span| match self.direction {
            Direction::Forward => Span {
                after: span.after.max(self.from),
                ..span
            },
            Direction::Back => Span {
                until: span.until.min(self.from),
                ..span
            },
        };
        let mut spans: Vec<Span> = all
            .map(within)
            .filter(|span| span.after < span.until)
            .collect();
        if self.direction == Direction::Back {
            spans.reverse();
        }
        spans
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::{
        replay::tests::{painted, said},
        timeline::{Division, Part},
    };
    use std::{
        cell::Cell,
        pin::pin,
        task::{Context, Poll, Waker},
    };
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// The result of a future that waits for nothing.
    pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("it waits"),
        }
    }

    /// A scale of parts of ten events each.
    fn scale(log: &[DurableEvent]) -> TimeScale {
        let parts = log.chunks(10).map(|events| {
            let changes: Vec<TileChange> = events.iter().filter_map(TileChange::of).collect();
            let (first, last) = (&events[0], changes.last().unwrap());
            let mut people: Vec<UserId> = changes.iter().map(|change| change.actor).collect();
            people.dedup();
            Part {
                from_seq: first.seq(),
                to_seq: last.seq,
                from_at: first.timestamp(),
                to_at: last.time,
                events: i64::try_from(changes.len()).unwrap(),
                people: i64::try_from(people.len()).unwrap(),
            }
        });
        TimeScale::new(Division::Changes, 0, parts.collect())
    }

    #[test]
    fn somebody_else_is_found_without_reading_what_one_person_did() {
        let mut log: Vec<DurableEvent> = (1..=1_000).map(|seq| painted(seq, 0, 1, 1)).collect();
        log[304] = painted(305, 0, 2, 1);
        log[306] = said(307);
        let scale = scale(&log);
        // Two happened since.
        log.extend([painted(1_001, 0, 1, 1), painted(1_002, 0, 3, 1)]);
        let pages = Cell::new(0);
        let find = |from, direction, except: Option<i64>| {
            let search = Search {
                from,
                direction,
                except: except.map(UserId),
                head: 1_002,
            };
            let events = |after: i64, until: i64| {
                pages.set(pages.get() + 1);
                let place = |seq: i64| usize::try_from(seq).unwrap();
                Ok::<_, ()>(log[place(after)..place(until)].to_vec())
            };
            ready(search.run(&scale, async |after, until| events(after, until))).unwrap()
        };
        for (from, direction, except, found) in [
            (900, Direction::Back, Some(1), Some(305)),
            (305, Direction::Back, Some(1), Some(305)),
            (304, Direction::Back, Some(1), None),
            (305, Direction::Back, Some(2), Some(304)),
            (10, Direction::Forward, Some(1), Some(305)),
            (305, Direction::Forward, Some(2), Some(306)),
            (305, Direction::Forward, Some(1), Some(1_002)),
            (1_002, Direction::Forward, Some(1), None),
            (1_002, Direction::Back, Some(3), Some(1_001)),
            (307, Direction::Back, None, Some(306)),
            (306, Direction::Forward, None, Some(308)),
        ] {
            pages.set(0);
            assert_eq!(find(from, direction, except), found, "{from} {direction:?}");
            assert!(pages.get() < 75, "{}", pages.get());
        }
    }
}
