//! The task of one WebSocket connection, of a canvas or of a user alone. It decodes messages, answers those that
//! need no room, passes the others to the room, and writes what the socket did
//! not accept at once. It does not know how the room handles a message.
//!
//! `accept` sets a connection up and joins the room, `requests` handles messages,
//! `writing` drains the outbox and replays events, `disconnect` closes.

mod accept;
mod direct;
mod disconnect;
mod requests;
mod writing;

pub(crate) use accept::{
    AcceptedCanvas, AcceptedConnection, AcceptedUser, Purpose, VerifiedToken, VerifyToken,
};

use super::{
    connection_limiter::ConnectionPermit, outbound::OutboundMessage, outbox::Outbox,
    rate_limit::UserRates, registry::ConnectionHandle, room::Command,
};
use accept::RoomMembership;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use direct::DirectQueue;
use disconnect::{ConnectionLog, Disconnect};
use futures_util::FutureExt;
use requests::{ControlFrames, InvalidMessages};
use shared::{
    ids::{CanvasId, UserId},
    protocol::{CloseReason, Heartbeat},
};
use std::{
    pin::{Pin, pin},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::Semaphore, time::Sleep};
use tungstenite::Message;
use websocket::{Incoming, Socket};

/// A ping without payload (RFC 6455, section 5.5.2).
const PING: Bytes = Bytes::from_static(&[0x89, 0]);
/// Durable requests of one connection that may wait for their answer. With more,
/// the connection is not read until one is answered.
const MAX_IN_FLIGHT: usize = 128;
/// The longest sleep until the token's expiry is looked at again.
const MAX_SLEEP: Duration = Duration::from_hours(1);
/// How long a peer may take to answer a close frame. Also how long a write may go on
/// after the connection was told to close. Both, and the time until another node
/// notices the end of a session, are within the 5 s that the contract allows.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The state of the connection's task. Nothing else refers to it; other tasks
/// reach the connection through its [`Outbox`] and [`ConnectionHandle`].
struct Connection {
    socket: Socket,
    log: ConnectionLog,
    membership: RoomMembership,
    outbox: Arc<Outbox>,
    handle: Arc<ConnectionHandle>,
    user_id: UserId,
    /// None for a connection without a canvas, which has no room either.
    canvas_id: Option<CanvasId>,
    /// When the token expires, by the database's clock.
    expires_at: DateTime<Utc>,
    verify_token: VerifyToken,
    /// When the peer last sent a message, a ping or a pong.
    last_received: Instant,
    /// When the next ping is due.
    ping_at: Instant,
    invalid: InvalidMessages,
    control: ControlFrames,
    /// One permit for each durable request that waits for its answer, from the first one on.
    in_flight: Option<Arc<Semaphore>>,
    /// Requests about private messages, from the first one on.
    direct: Option<DirectQueue>,
    /// The user's buckets, from the first message on. `None` where `RATE_LIMITS` is
    /// off.
    rates: Option<Arc<UserRates>>,
    _permit: ConnectionPermit,
}

impl Connection {
    /// Serves the connection from the join to its end, and says why it ended.
    async fn run(&mut self) -> Disconnect {
        let mut timer = pin!(tokio::time::sleep_until(self.next_deadline().into()));
        loop {
            if let Err(disconnect) = self.step(timer.as_mut()).await {
                return disconnect;
            }
            let deadline = self.next_deadline().into();
            // A deadline that moved back is noticed when the timer fires, so
            // that a message does not cost a change of the timer.
            if deadline < timer.deadline() || timer.is_elapsed() {
                timer.as_mut().reset(deadline);
            }
        }
    }

    /// Waits for one thing to happen and handles it. Rare work is boxed, so that
    /// the future of an idle connection stays small.
    async fn step(&mut self, timer: Pin<&mut Sleep>) -> Result<(), Disconnect> {
        tokio::select! {
            incoming = self.socket.recv() => self.on_incoming(incoming).await,
            drained = self.outbox.drain() => Box::pin(self.flush(drained)).await,
            () = timer => self.on_timer().await,
        }
    }

    async fn on_incoming(
        &mut self,
        incoming: Result<Incoming, tungstenite::Error>,
    ) -> Result<(), Disconnect> {
        let message = match incoming.map_err(|error| Disconnect::from_read(&error))? {
            Incoming::Message(message) => message,
            Incoming::Reply(frames) => {
                self.outbox.push(OutboundMessage::control(frames));
                return Ok(());
            }
        };
        self.last_received = Instant::now();
        self.handle.touch(self.membership.hub.clock().now());
        match message {
            Message::Text(text) => Box::pin(self.on_text(&text)).await,
            Message::Binary(_) => Err(Disconnect::Close(CloseReason::Binary)),
            // tungstenite answers pings itself, and never returns `Frame`.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {
                if self.control.note(self.last_received) {
                    return Err(Disconnect::Close(CloseReason::RateLimited));
                }
                Ok(())
            }
            Message::Close(_) => Err(Disconnect::ClosedByPeer),
        }
    }

    async fn on_timer(&mut self) -> Result<(), Disconnect> {
        let now = Instant::now();
        if self.expires_at <= self.membership.hub.clock().now() {
            return Err(Disconnect::Close(CloseReason::TokenExpired));
        }
        if self.last_received + self.membership.hub.settings().timeout <= now {
            // A message may have arrived while this task was writing.
            return match self.socket.recv().now_or_never() {
                Some(incoming) => Box::pin(self.on_incoming(incoming)).await,
                None => Err(Disconnect::Lost),
            };
        }
        if self.ping_at <= now {
            self.schedule_ping();
            self.outbox.push(OutboundMessage::control(PING));
        }
        Ok(())
    }

    /// When the next ping, the timeout of a silent peer or the token's expiry is
    /// due, whichever comes first.
    fn next_deadline(&self) -> Instant {
        let expiry = Instant::now() + self.time_left().min(MAX_SLEEP);
        let timeout = self.last_received + self.membership.hub.settings().timeout;
        self.ping_at.min(timeout).min(expiry)
    }

    /// Time until the token expires; none if it has expired.
    fn time_left(&self) -> Duration {
        let left = self.expires_at - self.membership.hub.clock().now();
        left.to_std().unwrap_or_default()
    }

    /// ± 20 %, so that connections opened together are not pinged together.
    fn schedule_ping(&mut self) {
        let interval = self.membership.hub.settings().ping_interval;
        self.ping_at = Instant::now() + interval.mul_f64(rand::random_range(0.8..=1.2));
    }

    /// What the client is told about pings and timeouts when it joins.
    fn heartbeat(&self) -> Heartbeat {
        let settings = self.membership.hub.settings();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Heartbeat {
            interval_ms: millis(settings.ping_interval),
            timeout_ms: millis(settings.timeout),
        }
    }

    /// Passes a command to the room; waits while the room's queue is full.
    async fn send_to_room(&mut self, command: Command) -> Result<(), Disconnect> {
        let Some(room) = &self.membership.room else {
            return Err(Disconnect::Lost);
        };
        let sent = room.commands.send(command).await;
        sent.map_err(|_| Disconnect::Close(CloseReason::Internal))
    }
}
