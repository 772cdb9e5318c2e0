//! Writing to the socket from the connection's task: what waits in the outbox,
//! and missed events from the log. Only here may this task write, and only while
//! the outbox is paused, so that two tasks never write at the same time.

use super::{CLOSE_TIMEOUT, Connection, Disconnect, MAX_IN_FLIGHT};
use crate::realtime::{
    metrics::BatchStats,
    outbound::OutboundMessage,
    outbox::{Drained, Outbox},
    room::PAGE,
};
use shared::protocol::CloseReason;
use std::{io, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A peer that does not read for so long is disconnected.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(10);

/// How much a replay writes at once, in bytes: then it looks whether the connection has
/// to end.
const REPLAY_BYTES: usize = 64 * 1024;

/// Why a replay stopped before its end.
pub(super) enum ReplayError {
    /// The log could not be read; this is logged already.
    Unavailable,
    /// The events could not be written.
    Disconnected(Disconnect),
}

impl From<Disconnect> for ReplayError {
    fn from(disconnect: Disconnect) -> Self {
        Self::Disconnected(disconnect)
    }
}

impl Connection {
    /// Writes what waited in the outbox and lets it write to the socket again.
    /// An error also where the outbox was told to close after these messages.
    pub(super) async fn flush(&mut self, drained: Drained) -> Result<(), Disconnect> {
        self.socket.queue(drained.partial);
        self.write(drained.messages).await?;
        self.outbox.resume();
        match drained.close {
            Some(reason) => Err(Disconnect::Close(reason)),
            None => Ok(()),
        }
    }

    /// Writes messages in order, all with as few system calls as possible. Only
    /// while the outbox is paused.
    pub(super) async fn write(
        &mut self,
        messages: impl IntoIterator<Item = OutboundMessage>,
    ) -> Result<(), Disconnect> {
        let mut stats = BatchStats::default();
        let mut seq = None;
        for message in messages {
            stats.add(message.message_type, message.committed_at);
            seq = seq.max(message.seq);
            self.socket.queue(message.frame.into_wire());
        }
        let left = self.time_left();
        with_flush_timeout(&self.outbox, left, self.socket.flush()).await?;
        self.outbox.mark_written(seq, &stats);
        Ok(())
    }

    /// Fails if the connection was told to close, or its token expired.
    fn check_open(&self) -> Result<(), Disconnect> {
        if let Some(reason) = self.outbox.close_reason() {
            return Err(Disconnect::Close(reason));
        }
        if self.time_left().is_zero() {
            return Err(Disconnect::Close(CloseReason::TokenExpired));
        }
        Ok(())
    }

    /// Reads the durable events after `after` up to `until` from the log, page by
    /// page, and writes them in pieces of [`REPLAY_BYTES`]. It ends between two pieces
    /// when the connection is told to close or its token expires. The hub limits how
    /// many connections read at once.
    pub(super) async fn replay(&mut self, mut after: i64, until: i64) -> Result<(), ReplayError> {
        let Some(canvas_id) = self.canvas_id else {
            return Err(ReplayError::Unavailable);
        };
        after = after.max(0);
        while after < until {
            self.check_open()?;
            let page = {
                let hub = &self.membership.hub;
                // The semaphore is never closed.
                let _permit = hub.replay_permits().acquire().await.ok();
                let range = after..until;
                hub.log().range(hub.pool(), canvas_id, range, PAGE).await
            };
            let page = page.map_err(|error| {
                self.log.failure(&error, "missed events could not be read");
                ReplayError::Unavailable
            })?;
            if page.first().is_none_or(|(first, _)| *first != after + 1) {
                self.check_open()?;
                // Not the log any more that the room delivers. The client resumes.
                return Err(Disconnect::Close(CloseReason::Internal).into());
            }
            let mut events = page.into_iter().peekable();
            while events.peek().is_some() {
                self.check_open()?;
                let mut piece = Vec::new();
                let mut size = 0;
                while size < REPLAY_BYTES
                    && let Some((seq, body)) = events.next()
                {
                    after = seq;
                    size += body.len();
                    piece.push(OutboundMessage::event(seq, body.into()));
                }
                self.write(piece).await?;
            }
        }
        Ok(())
    }

    /// Waits until another durable request may be sent to the room. Meanwhile it
    /// drains the outbox, since the answers that free a permit come that way. An error
    /// where the token expires meanwhile.
    pub(super) async fn acquire_in_flight(&mut self) -> Result<OwnedSemaphorePermit, Disconnect> {
        loop {
            let new = || Arc::new(Semaphore::new(MAX_IN_FLIGHT));
            let in_flight = self.in_flight.get_or_insert_with(new).clone();
            let left = self.time_left();
            tokio::select! {
                biased;
                // The semaphore is never closed.
                permit = in_flight.acquire_owned() => return permit.map_err(|_| Disconnect::Lost),
                drained = self.outbox.drain() => self.flush(drained).await?,
                () = tokio::time::sleep(left) => {
                    return Err(Disconnect::Close(CloseReason::TokenExpired));
                }
            }
        }
    }
}

/// Limits how long a peer may take to accept what is written: to `FLUSH_TIMEOUT`, to
/// the time that is `left` until the token expires, or to `CLOSE_TIMEOUT` from the
/// moment at which the connection is told to close.
async fn with_flush_timeout(
    outbox: &Outbox,
    left: Duration,
    flush: impl Future<Output = io::Result<()>>,
) -> Result<(), Disconnect> {
    let closing = async {
        let reason = outbox.closed().await;
        tokio::time::sleep(CLOSE_TIMEOUT).await;
        reason
    };
    tokio::select! {
        biased;
        flushed = flush => flushed.map_err(|_| Disconnect::Lost),
        () = tokio::time::sleep(left.min(FLUSH_TIMEOUT)) => Err(if left < FLUSH_TIMEOUT {
            Disconnect::Close(CloseReason::TokenExpired)
        } else {
            Disconnect::WriteTimeout
        }),
        reason = closing => Err(Disconnect::Close(reason)),
    }
}
