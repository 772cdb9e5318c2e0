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
const CHUNK_BYTES: usize = 64 * 1024;
/// Bytes for which nobody is waited for.
const NO_WAIT_BYTES: usize = 16 * 1024;
/// How long members may take in nothing; then it goes on without them.
const HEADROOM_TIMEOUT: Duration = Duration::from_millis(250);
/// Between two looks at whether they did.
const HEADROOM_POLL: Duration = Duration::from_millis(2);
/// Between two attempts to read what must be read.
const RETRY_DELAY: Duration = Duration::from_millis(250);

/// What is told next.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// In order.
    pub(super) events: Vec<Event>,
    /// What was read with it, for the pieces after it.
    pub(super) remainder: Vec<Event>,
    /// Up to where the log is told with this piece.
    pub(super) read_until: i64,
}

/// A part of the log that is to be told.
struct LogReader {
    pool: PgPool,
    canvas: CanvasId,
    head: i64,
    until: i64,
    read: Vec<Event>,
    members: Vec<Arc<Outbox>>,
}

impl Room {
    /// Reads what the log has after the sequencer's head. Without the database it
    /// is left at that until the next look at the heads.
    pub(super) fn poll_log(&mut self) {
        let joins = std::mem::take(&mut self.joins_ahead);
        let claimed = joins.iter().filter_map(|join| join.last_seq).max();
        let head = self.sequencer.head();
        let reader = self.log_reader(self.sequencer.gap_until().max(claimed).unwrap_or(head));
        self.in_flight = Some(tokio::spawn(async move {
            let (canvas, until) = (reader.canvas, reader.until);
            match reader.next_chunk().await {
                Ok(chunk) => Finished {
                    is_all: chunk.read_until >= until,
                    chunk: Some(chunk),
                    joins,
                    ..Finished::nothing()
                },
                Err(error) => {
                    tracing::debug!(%canvas, %error, "the log could not be read");
                    // Those who wait are sent away, since nothing is known.
                    Finished {
                        chunk: Some(Chunk {
                            read_until: until,
                            ..Chunk::default()
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
    pub(super) fn backfill_before_commit(&mut self, finished: Finished) {
        // So that it shows who took in what was told before.
        self.flush_now();
        let reader = self.log_reader(finished.committed.base);
        self.in_flight = Some(tokio::spawn(async move {
            let chunk = loop {
                match reader.next_chunk().await {
                    Ok(chunk) => break chunk,
                    Err(error) => {
                        let canvas = reader.canvas;
                        tracing::warn!(%canvas, %error, "the log could not be read; trying again");
                        sleep(RETRY_DELAY).await;
                    }
                }
            };
            Finished {
                chunk: Some(chunk),
                ..finished
            }
        }));
    }

    fn log_reader(&mut self, until: i64) -> LogReader {
        LogReader {
            pool: self.pool.clone(),
            canvas: self.canvas_id,
            head: self.sequencer.head(),
            until,
            read: std::mem::take(&mut self.backfilled),
            members: self.members.values().map(|m| m.outbox.clone()).collect(),
        }
    }
}

impl LogReader {
    /// The next piece, once the members are ready for it.
    async fn next_chunk(&self) -> sqlx::Result<Chunk> {
        let (head, until) = (self.head, self.until);
        // Some may have come by another way meanwhile.
        let read = self.read.iter().filter(|event| event.seq > head);
        let mut events: Vec<Event> = read.cloned().collect();
        let mut read_until = events.last().map_or(until, |event| event.seq);
        if events.is_empty() && head < until {
            let rows = db::log::after(&self.pool, self.canvas, head, until, PAGE).await?;
            let is_full = i64::try_from(rows.len()) == Ok(PAGE);
            events.extend(rows.into_iter().map(|(seq, body)| Event {
                seq,
                body: body.into(),
            }));
            if let Some(last) = events.last().filter(|_| is_full) {
                read_until = last.seq;
            }
        }
        let (count, size) = fitting(&events);
        let remainder = events.split_off(count);
        if let Some(last) = events.last().filter(|_| !remainder.is_empty()) {
            read_until = last.seq;
        }
        if size > NO_WAIT_BYTES {
            wait_for_drain(self.members.clone()).await;
        }
        Ok(Chunk {
            events,
            remainder,
            read_until,
        })
    }
}

/// How many of these make a piece, and its size in bytes.
fn fitting(events: &[Event]) -> (usize, usize) {
    let mut size = 0;
    for (count, event) in events.iter().enumerate() {
        let more = size + event.body.len();
        if count > 0 && more > CHUNK_BYTES {
            return (count, size);
        }
        size = more;
    }
    (events.len(), size)
}

/// Waits until these have room for a piece, or until none of those who have
/// none has made any for a while: they are too slow, and nobody waits for them.
async fn wait_for_drain(mut members: Vec<Arc<Outbox>>) {
    let mut since = Instant::now();
    loop {
        let before = members.len();
        members.retain(|outbox| !outbox.has_headroom());
        if members.len() < before {
            since = Instant::now();
        }
        if members.is_empty() || since.elapsed() > HEADROOM_TIMEOUT {
            return;
        }
        sleep(HEADROOM_POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realtime::{frame::OutboundMessage, outbox::OUTBOX_BYTES};

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
        let large: Vec<Event> = (1..=3).map(|seq| event(seq, CHUNK_BYTES / 2)).collect();
        assert_eq!(fitting(&large), (2, CHUNK_BYTES));
        let huge = [event(1, 2 * CHUNK_BYTES), event(2, 1)];
        assert_eq!(fitting(&huge), (1, 2 * CHUNK_BYTES));
    }

    #[tokio::test]
    async fn those_who_take_nothing_in_are_not_waited_for_long() {
        let [calm, slow] = [0, 1].map(|_| Arc::new(Outbox::default()));
        let much = OutboundMessage::event(1, vec![b'x'; OUTBOX_BYTES / 2].into());
        slow.push(much.clone());
        let waiting = tokio::spawn(wait_for_drain(vec![calm, slow.clone()]));
        slow.try_drain().unwrap();
        waiting.await.unwrap();
        slow.push(much);
        // It ends though nobody takes it.
        wait_for_drain(vec![slow]).await;
    }
}
