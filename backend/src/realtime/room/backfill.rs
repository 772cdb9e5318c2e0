//! Backfill: events that were committed elsewhere and did not arrive over the bus
//! are read from the log and delivered in chunks, each when the members' outboxes
//! have room for it. So members that keep up are not closed as slow, however much
//! the node missed. Knows nothing of requests or of the room.

use crate::{
    db::{self, Pool},
    past::log::Log,
    realtime::{outbox::Outbox, ring::Event},
};
use shared::ids::CanvasId;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// Events read from the log with one query.
pub(crate) const PAGE: i64 = 300;
/// The size of a chunk of more than one event, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;
/// A chunk of up to this many bytes is delivered without waiting for the outboxes.
const NO_WAIT_BYTES: usize = 16 * 1024;
/// How long to wait for members of whom none takes anything.
const HEADROOM_TIMEOUT: Duration = Duration::from_millis(250);
/// Between two checks of the outboxes.
const HEADROOM_POLL: Duration = Duration::from_millis(2);
/// Between two attempts to read the log where the events are needed.
const RETRY_DELAY: Duration = Duration::from_millis(250);

/// Events to deliver next.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// In order.
    pub(super) events: Vec<Event>,
    /// What was read with them, for the next chunks.
    pub(super) remainder: Vec<Event>,
    /// Up to this `seq` the log is delivered once these events are.
    pub(super) read_until: i64,
}

/// Reads a part of a canvas's log.
#[derive(Debug)]
pub(super) struct LogReader {
    pub(super) pool: Pool,
    pub(super) log: Log,
    pub(super) canvas: CanvasId,
    /// Which log: of another one nothing is read. See
    /// [`crate::db::log::LockedCanvas::instance`].
    pub(super) instance: i64,
    /// The newest delivered event.
    pub(super) head: i64,
    /// The last event to read.
    pub(super) until: i64,
    /// The remainder of the previous chunk.
    pub(super) already_read: Vec<Event>,
    /// The members' outboxes.
    pub(super) outboxes: Vec<Arc<Outbox>>,
}

impl LogReader {
    /// [`LogReader::next_chunk`], repeated until the database answers. A plain
    /// loop: it has no last attempt, which retry libraries ask for.
    pub(super) async fn next_chunk_retrying(&self) -> Chunk {
        loop {
            match self.next_chunk().await {
                Ok(chunk) => return chunk,
                Err(error) => {
                    let canvas = self.canvas;
                    tracing::warn!(%canvas, %error, "the log could not be read; trying again");
                    sleep(RETRY_DELAY).await;
                }
            }
        }
    }

    /// Reads the next chunk, and waits until the outboxes have room for it.
    pub(super) async fn next_chunk(&self) -> db::Result<Chunk> {
        let (head, until) = (self.head, self.until);
        // Some may have been delivered meanwhile.
        let read = self.already_read.iter().filter(|event| event.seq > head);
        let mut events: Vec<Event> = read.cloned().collect();
        let mut read_until = events.last().map_or(until, |event| event.seq);
        if events.is_empty() && head < until {
            let range = head..until;
            let rows = self
                .log
                .range_of(&self.pool, self.canvas, range, PAGE, Some(self.instance))
                .await?;
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
            wait_for_drain(self.outboxes.clone()).await;
        }
        Ok(Chunk {
            events,
            remainder,
            read_until,
        })
    }
}

/// How many of these events make a chunk, and their size in bytes.
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

/// Waits until all outboxes have headroom, or until none of those without has
/// gained any for [`HEADROOM_TIMEOUT`].
async fn wait_for_drain(mut outboxes: Vec<Arc<Outbox>>) {
    let mut since = Instant::now();
    loop {
        let before = outboxes.len();
        outboxes.retain(|outbox| !outbox.has_headroom());
        if outboxes.len() < before {
            since = Instant::now();
        }
        if outboxes.is_empty() || since.elapsed() > HEADROOM_TIMEOUT {
            return;
        }
        sleep(HEADROOM_POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realtime::{outbound::OutboundMessage, outbox::OUTBOX_BYTES};

    fn event(seq: i64, size: usize) -> Event {
        Event {
            seq,
            body: vec![b'x'; size].into(),
        }
    }

    #[test]
    fn a_chunk_is_as_much_as_fits_and_one_event_at_least() {
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
        // Ends although nothing is taken.
        wait_for_drain(vec![slow]).await;
    }
}
