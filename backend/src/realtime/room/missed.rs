//! What was committed elsewhere and did not come here: it is read from the log
//! and told piece by piece, each when the members took in most of what was told
//! before. So however much a node missed, whoever keeps up stays.

use super::{PAGE, Room, writing::Finished};
use crate::{
    db,
    realtime::{outbox::Outbox, ring::Event},
};
use shared::ids::CanvasId;
use sqlx::PgPool;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// Bytes of the events told at once, if these are more than one.
const PIECE: usize = 64 * 1024;
/// Bytes for which nobody is waited for.
const LITTLE: usize = 16 * 1024;
/// How long members may take in nothing; then it goes on without them.
const PATIENCE: Duration = Duration::from_millis(250);
/// Between two looks at whether they did.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Between two attempts to read what must be read.
const RETRY: Duration = Duration::from_millis(250);

/// What is told next.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// In order.
    pub(super) events: Vec<Event>,
    /// What was read with it, for the pieces after it.
    pub(super) rest: Vec<Event>,
    /// Up to where the log is told with this piece.
    pub(super) looked: i64,
}

/// A part of the log that is to be told.
struct Reading {
    pool: PgPool,
    canvas: CanvasId,
    head: i64,
    until: i64,
    read: Vec<Event>,
    members: Vec<Arc<Outbox>>,
}

impl Room {
    /// Reads what the log has after the gate's head. Without the database it
    /// is left at that until the next look at the heads.
    pub(super) fn look(&mut self) {
        let joins = std::mem::take(&mut self.early_joins);
        let claimed = joins.iter().filter_map(|join| join.last_seq).max();
        let head = self.gate.head();
        let reading = self.reading(self.gate.behind().max(claimed).unwrap_or(head));
        self.in_flight = Some(tokio::spawn(async move {
            let (canvas, until) = (reading.canvas, reading.until);
            match reading.piece().await {
                Ok(missed) => Finished {
                    is_all: missed.looked >= until,
                    missed: Some(missed),
                    joins,
                    ..Finished::nothing()
                },
                Err(error) => {
                    tracing::debug!(%canvas, %error, "the log could not be read");
                    // Those who wait are sent away, since nothing is known.
                    Finished {
                        missed: Some(Piece {
                            looked: until,
                            ..Piece::default()
                        }),
                        ..Finished::nothing()
                    }
                }
            }
        }));
    }

    /// Reads what was committed elsewhere before a transaction of this room,
    /// and did not come here. Tries until it succeeds: without it nothing later
    /// may be told.
    pub(super) fn fill(&mut self, finished: Finished) {
        // So that it shows who took in what was told before.
        self.hand_out_now();
        let reading = self.reading(finished.committed.base);
        self.in_flight = Some(tokio::spawn(async move {
            let missed = loop {
                match reading.piece().await {
                    Ok(missed) => break missed,
                    Err(error) => {
                        let canvas = reading.canvas;
                        tracing::warn!(%canvas, %error, "the log could not be read; trying again");
                        sleep(RETRY).await;
                    }
                }
            };
            Finished {
                missed: Some(missed),
                ..finished
            }
        }));
    }

    fn reading(&mut self, until: i64) -> Reading {
        Reading {
            pool: self.pool.clone(),
            canvas: self.canvas_id,
            head: self.gate.head(),
            until,
            read: std::mem::take(&mut self.missed),
            members: self.members.values().map(|m| m.outbox.clone()).collect(),
        }
    }
}

impl Reading {
    /// The next piece, once the members are ready for it.
    async fn piece(&self) -> sqlx::Result<Piece> {
        let (head, until) = (self.head, self.until);
        // Some may have come by another way meanwhile.
        let read = self.read.iter().filter(|event| event.seq > head);
        let mut events: Vec<Event> = read.cloned().collect();
        let mut looked = events.last().map_or(until, |event| event.seq);
        if events.is_empty() && head < until {
            let rows = db::log::after(&self.pool, self.canvas, head, until, PAGE).await?;
            let is_full = i64::try_from(rows.len()) == Ok(PAGE);
            events.extend(rows.into_iter().map(|(seq, body)| Event {
                seq,
                body: body.into(),
            }));
            if let Some(last) = events.last().filter(|_| is_full) {
                looked = last.seq;
            }
        }
        let (count, size) = fitting(&events);
        let rest = events.split_off(count);
        if let Some(last) = events.last().filter(|_| !rest.is_empty()) {
            looked = last.seq;
        }
        if size > LITTLE {
            until_calm(self.members.clone()).await;
        }
        Ok(Piece {
            events,
            rest,
            looked,
        })
    }
}

/// How many of these make a piece, and its size in bytes.
fn fitting(events: &[Event]) -> (usize, usize) {
    let mut size = 0;
    for (count, event) in events.iter().enumerate() {
        let more = size + event.body.len();
        if count > 0 && more > PIECE {
            return (count, size);
        }
        size = more;
    }
    (events.len(), size)
}

/// Waits until these have room for a piece, or until none of those who have
/// none has made any for a while: they are too slow, and nobody waits for them.
async fn until_calm(mut members: Vec<Arc<Outbox>>) {
    let mut since = Instant::now();
    loop {
        let before = members.len();
        members.retain(|outbox| !outbox.is_calm());
        if members.len() < before {
            since = Instant::now();
        }
        if members.is_empty() || since.elapsed() > PATIENCE {
            return;
        }
        sleep(LOOK_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realtime::{frame::Frame, outbox::OUTBOX_BYTES};

    fn event(seq: i64, size: usize) -> Event {
        Event {
            seq,
            body: vec![b'x'; size].into(),
        }
    }

    #[test]
    fn a_piece_is_as_much_as_fits_and_one_event_at_least() {
        assert_eq!(fitting(&[]), (0, 0));
        let small: Vec<Event> = (1..=3).map(|seq| event(seq, 100)).collect();
        assert_eq!(fitting(&small), (3, 300));
        let large: Vec<Event> = (1..=3).map(|seq| event(seq, PIECE / 2)).collect();
        assert_eq!(fitting(&large), (2, PIECE));
        let huge = [event(1, 2 * PIECE), event(2, 1)];
        assert_eq!(fitting(&huge), (1, 2 * PIECE));
    }

    #[tokio::test]
    async fn those_who_take_nothing_in_are_not_waited_for_long() {
        let [calm, slow] = [0, 1].map(|_| Arc::new(Outbox::default()));
        let much = Frame::event(1, vec![b'x'; OUTBOX_BYTES / 2].into());
        slow.push(much.clone());
        let waiting = tokio::spawn(until_calm(vec![calm, slow.clone()]));
        slow.try_take().unwrap();
        waiting.await.unwrap();
        slow.push(much);
        // It ends though nobody takes it.
        until_calm(vec![slow]).await;
    }
}
