//! One WebSocket connection. It decodes what comes, answers what needs no room,
//! asks the room for the rest, and writes what the socket did not take at once:
//! everything that waits in the outbox, with as few writes as there can be.

mod disconnect;
mod requests;

use super::{
    connection_limiter::ConnectionPermit,
    frame::OutboundMessage,
    hub::{Hub, RoomLease},
    metrics::BatchStats,
    outbox::{Drained, Outbox},
    rate_limit::RateLimits,
    registry::{ClientType, ConnectionHandle},
    room::{Command, Join, Joined, PAGE, Replay},
    write::Identity,
};
use crate::db;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use disconnect::{Disconnect, Log, label, read_error};
use futures_util::{FutureExt, future::BoxFuture};
use requests::InvalidMessages;
use shared::{
    canvas::Role,
    ids::{CanvasId, ConnectionId, Epoch, SessionId, UserId},
    protocol::{CloseReason, Heartbeat},
};
use std::{
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, atomic::AtomicI64},
    time::{Duration, Instant},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::Sleep,
};
use tungstenite::Message;
use uuid::Uuid;
use websocket::{Incoming, Socket};

/// A ping without payload (RFC 6455, section 5.5.2).
const PING: Bytes = Bytes::from_static(&[0x89, 0]);
/// A flush that takes longer ends the connection.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(10);
/// Durable requests of one connection that may wait for their answer; with
/// more the connection is not read on.
const MAX_IN_FLIGHT: usize = 128;
/// A wait that is longer than any ping lets it be.
const MAX_SLEEP: Duration = Duration::from_hours(1);
/// How long a peer may take to answer a close, and to take in what is being
/// written when its connection is to end.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Checks a token given in `auth_refresh`; `None` if it is worth nothing.
pub(crate) type Refresh =
    Arc<dyn Fn(String) -> BoxFuture<'static, Option<Refreshed>> + Send + Sync>;

/// What a newer token says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refreshed {
    /// Whose it is.
    pub(crate) user_id: UserId,
    /// Its session.
    pub(crate) session_id: SessionId,
    /// Until when it is valid.
    pub(crate) expires_at: DateTime<Utc>,
}

/// Somebody who was let in and whose connection was upgraded.
pub(crate) struct AcceptedConnection {
    /// Who.
    pub(crate) identity: Identity,
    /// Their status message so far.
    pub(crate) status_message: String,
    /// Their session.
    pub(crate) session_id: SessionId,
    /// Until when their token is valid.
    pub(crate) expires_at: DateTime<Utc>,
    /// What they may do here.
    pub(crate) role: Role,
    /// The canvas's access version when the role was read.
    pub(crate) acl_version: i64,
    /// Where they go.
    pub(crate) canvas_id: CanvasId,
    /// `browser` or `agent`.
    pub(crate) client_type: ClientType,
    /// As the client said, or empty.
    pub(crate) platform: String,
    /// The newest `seq` they have.
    pub(crate) last_seq: Option<i64>,
    /// The epoch it belongs to.
    pub(crate) epoch: Option<Epoch>,
    /// Their place among the connections.
    pub(crate) permit: ConnectionPermit,
    /// How a newer token is checked.
    pub(crate) refresh: Refresh,
}

impl Hub {
    /// Serves one connection to its end. What a connection seldom does has a
    /// place of its own while it lasts, so that one that does nothing is small.
    pub(crate) fn serve(
        self,
        socket: Socket,
        accepted: AcceptedConnection,
    ) -> impl Future<Output = ()> {
        let connection_id = ConnectionId(Uuid::now_v7());
        let room = self.lease_room(accepted.canvas_id);
        let message_rates = self.registry().message_rates().clone();
        let outbox = Arc::new(Outbox::new(socket.stream().clone(), message_rates));
        let connected_at = self.clock().now();
        let registered = Arc::new(ConnectionHandle {
            connection_id,
            identity: accepted.identity.clone(),
            session_id: Mutex::new(accepted.session_id),
            canvas_id: accepted.canvas_id,
            client_type: accepted.client_type,
            platform: accepted.platform,
            hello: Mutex::default(),
            connected_at,
            last_seen: AtomicI64::new(connected_at.timestamp_millis()),
            outbox: outbox.clone(),
        });
        self.register(&registered);
        let limited = self.settings().rate_limits;
        let limits = limited.then(|| Box::new(RateLimits::new()));
        let now = Instant::now();
        let log = Log::start(&registered);
        let mut connection = Connection {
            socket,
            log,
            membership: RoomMembership {
                hub: self,
                connection_id,
                room: Some(room),
            },
            outbox,
            registered,
            user_id: accepted.identity.user_id,
            canvas_id: accepted.canvas_id,
            expires_at: accepted.expires_at,
            refresh: accepted.refresh.clone(),
            last_received: now,
            ping_at: now,
            invalid: InvalidMessages::default(),
            in_flight: Arc::new(Semaphore::new(MAX_IN_FLIGHT)),
            limits,
            _permit: accepted.permit,
        };
        connection.schedule_ping();
        let join = |outbox, reply| Join {
            connection_id,
            identity: accepted.identity,
            status_message: accepted.status_message,
            role: accepted.role,
            acl_version: accepted.acl_version,
            last_seq: accepted.last_seq,
            epoch: accepted.epoch,
            heartbeat: connection.heartbeat(),
            outbox,
            reply,
        };
        let (reply, joined) = oneshot::channel();
        let join = Box::new(join(connection.outbox.clone(), reply));
        async move {
            let end = match Box::pin(connection.join(join, joined)).await {
                Ok(()) => connection.run().await,
                Err(end) => end,
            };
            Box::pin(connection.close_handshake(end)).await;
        }
    }
}

/// A connection's place in its room and in the registry; given up when dropped.
struct RoomMembership {
    hub: Hub,
    connection_id: ConnectionId,
    room: Option<RoomLease>,
}

impl Drop for RoomMembership {
    fn drop(&mut self) {
        self.hub.unregister(self.connection_id);
        if let Some(room) = self.room.take() {
            let leave = Command::Leave(self.connection_id);
            if let Err(error) = room.commands.try_send(leave) {
                tokio::spawn(async move {
                    // A room that is closed has forgotten us already.
                    let _ = room.commands.send(error.into_inner()).await;
                });
            }
        }
    }
}

struct Connection {
    socket: Socket,
    log: Log,
    membership: RoomMembership,
    outbox: Arc<Outbox>,
    registered: Arc<ConnectionHandle>,
    user_id: UserId,
    canvas_id: CanvasId,
    expires_at: DateTime<Utc>,
    refresh: Refresh,
    last_received: Instant,
    ping_at: Instant,
    invalid: InvalidMessages,
    /// Places for durable requests that wait for their answer.
    in_flight: Arc<Semaphore>,
    /// None where requests are not limited in rate.
    limits: Option<Box<RateLimits>>,
    _permit: ConnectionPermit,
}

impl Connection {
    async fn run(&mut self) -> Disconnect {
        let mut timer = pin!(tokio::time::sleep_until(self.next_deadline().into()));
        loop {
            if let Err(end) = self.step(timer.as_mut()).await {
                return end;
            }
            let due = self.next_deadline().into();
            // What is due later than before is noticed when it rings.
            if due < timer.deadline() || timer.is_elapsed() {
                timer.as_mut().reset(due);
            }
        }
    }

    /// When it is to be pinged or ended next.
    fn next_deadline(&self) -> Instant {
        let hub = &self.membership.hub;
        let left = self.expires_at - hub.clock().now();
        // A time that is over is a wait of nothing.
        let expires = Instant::now() + left.to_std().unwrap_or_default().min(MAX_SLEEP);
        let silent = self.last_received + hub.settings().timeout;
        self.ping_at.min(silent).min(expires)
    }

    async fn join(
        &mut self,
        join: Box<Join>,
        joined: oneshot::Receiver<Joined>,
    ) -> Result<(), Disconnect> {
        self.ask_room(Command::Join(join)).await?;
        let joined = tokio::select! {
            biased;
            joined = joined => joined.map_err(|_| Disconnect::Close(CloseReason::Internal))?,
            // The room may be waiting for the database.
            reason = self.outbox.closed() => return Err(Disconnect::Close(reason)),
        };
        match joined.replay {
            Replay::Nothing => self.write(joined.connected).await?,
            Replay::Events(events) => {
                let events = events
                    .into_iter()
                    .map(|e| OutboundMessage::event(e.seq, e.body));
                self.write(joined.connected.into_iter().chain(events))
                    .await?;
            }
            Replay::Log(after) => {
                self.write(joined.connected).await?;
                let replayed = self.replay(after, joined.head).await?;
                replayed.map_err(|()| Disconnect::Close(CloseReason::Internal))?;
            }
        }
        self.outbox
            .mark_written(Some(joined.head), &BatchStats::default());
        self.outbox.resume();
        // It was not listened to meanwhile: its silence begins now.
        self.last_received = Instant::now();
        Ok(())
    }

    /// One turn of the connection's life.
    async fn step(&mut self, timer: Pin<&mut Sleep>) -> Result<(), Disconnect> {
        tokio::select! {
            heard = self.socket.recv() => self.received(heard).await,
            taken = self.outbox.drain() => Box::pin(self.flush(taken)).await,
            () = timer => self.on_timer().await,
        }
    }

    async fn on_timer(&mut self) -> Result<(), Disconnect> {
        let now = Instant::now();
        if self.expires_at <= self.membership.hub.clock().now() {
            return Err(Disconnect::Close(CloseReason::TokenExpired));
        }
        if self.last_received + self.membership.hub.settings().timeout <= now {
            // It may have spoken while we were busy writing to it.
            return match self.socket.recv().now_or_never() {
                Some(heard) => self.received(heard).await,
                None => Err(Disconnect::Lost),
            };
        }
        if self.ping_at <= now {
            self.schedule_ping();
            self.outbox.push(OutboundMessage::control(PING));
        }
        Ok(())
    }

    async fn received(
        &mut self,
        heard: Result<Incoming, tungstenite::Error>,
    ) -> Result<(), Disconnect> {
        let message = match heard.map_err(|error| read_error(&error))? {
            Incoming::Message(message) => message,
            Incoming::Reply(wire) => {
                self.outbox.push(OutboundMessage::control(wire));
                return Ok(());
            }
        };
        self.last_received = Instant::now();
        self.registered.touch(self.membership.hub.clock().now());
        match message {
            Message::Text(text) => Box::pin(self.text(&text)).await,
            Message::Binary(_) => Err(Disconnect::Close(CloseReason::Binary)),
            // Only what is written has this form.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
            Message::Close(_) => Err(Disconnect::ClosedByPeer),
        }
    }

    async fn ask_room(&mut self, command: Command) -> Result<(), Disconnect> {
        let Some(room) = &self.membership.room else {
            return Err(Disconnect::Lost);
        };
        let sent = room.commands.send(command).await;
        sent.map_err(|_| Disconnect::Close(CloseReason::Internal))
    }

    /// Waits until another durable request may be asked, and goes on writing
    /// meanwhile.
    async fn acquire_in_flight(&mut self) -> Result<OwnedSemaphorePermit, Disconnect> {
        loop {
            let in_flight = self.in_flight.clone();
            tokio::select! {
                biased;
                // The semaphore is never closed.
                place = in_flight.acquire_owned() => return place.map_err(|_| Disconnect::Lost),
                taken = self.outbox.drain() => self.flush(taken).await?,
            }
        }
    }

    async fn flush(&mut self, taken: Drained) -> Result<(), Disconnect> {
        self.socket.queue(taken.rest);
        self.write(taken.frames).await?;
        self.outbox.resume();
        match taken.close {
            Some(reason) => Err(Disconnect::Close(reason)),
            None => Ok(()),
        }
    }

    /// Writes frames in order. Only while the outbox is held.
    async fn write(
        &mut self,
        frames: impl IntoIterator<Item = OutboundMessage>,
    ) -> Result<(), Disconnect> {
        let mut stats = BatchStats::default();
        let mut seq = None;
        for frame in frames {
            stats.add(&frame);
            seq = seq.max(frame.seq);
            self.socket.queue(frame.text.into_wire());
        }
        with_flush_timeout(&self.outbox, self.socket.flush()).await?;
        self.outbox.mark_written(seq, &stats);
        Ok(())
    }

    /// Writes the durable events after `after` up to `until` from the log. The
    /// inner error means that the log could not be read.
    async fn replay(&mut self, mut after: i64, until: i64) -> Result<Result<(), ()>, Disconnect> {
        while after < until {
            let page = {
                let hub = &self.membership.hub;
                // The semaphore is never closed.
                let _permit = hub.replay_permits().acquire().await.ok();
                db::log::after(hub.pool(), self.canvas_id, after, until, PAGE).await
            };
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    self.log.failure(&error, "missed events could not be read");
                    return Ok(Err(()));
                }
            };
            let Some((last, _)) = page.last() else {
                break;
            };
            after = *last;
            let events = page
                .into_iter()
                .map(|(seq, body)| OutboundMessage::event(seq, body.into()));
            self.write(events).await?;
        }
        Ok(Ok(()))
    }

    fn heartbeat(&self) -> Heartbeat {
        let settings = self.membership.hub.settings();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Heartbeat {
            interval_ms: millis(settings.ping_interval),
            timeout_ms: millis(settings.timeout),
        }
    }

    fn schedule_ping(&mut self) {
        let interval = self.membership.hub.settings().ping_interval;
        self.ping_at = Instant::now() + interval.mul_f64(rand::random_range(0.8..=1.2));
    }

    /// Tells the peer why, and waits a moment for its answer.
    async fn close_handshake(mut self, end: Disconnect) {
        let (close, reason) = match end {
            Disconnect::Close(reason) => (Some((reason.code(), reason.to_string())), label(reason)),
            Disconnect::ProtocolError(code, reason) => (Some((code, reason.to_owned())), reason),
            Disconnect::ClosedByPeer => (None, "client"),
            Disconnect::Lost => (None, "gone"),
            Disconnect::WriteTimeout => (None, "stuck"),
        };
        metrics::counter!("stellar_closes_total", "reason" => reason).increment(1);
        let (rest, _) = self.outbox.pause();
        self.socket.queue(rest);
        self.log.closed(reason, self.outbox.detach());
        if matches!(end, Disconnect::Lost | Disconnect::WriteTimeout) {
            return;
        }
        let Self {
            mut socket,
            membership,
            ..
        } = self;
        // Others need not wait for this peer's answer to see it leave.
        drop(membership);
        let handshake = async {
            if let Some((code, reason)) = close {
                socket.queue_close(code, &reason);
                if socket.flush().await.is_err() {
                    return;
                }
            }
            // The peer may still talk, and says when it has read the end.
            while let Ok(heard) = socket.recv().await {
                if let Incoming::Reply(wire) = heard {
                    socket.queue(wire);
                    if socket.flush().await.is_err() {
                        return;
                    }
                }
            }
        };
        // A peer that does not answer is left without an answer.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, handshake).await;
    }
}

/// Waits for a peer to take in what is written; less when the connection is to
/// end anyway.
async fn with_flush_timeout(
    outbox: &Outbox,
    writing: impl Future<Output = io::Result<()>>,
) -> Result<(), Disconnect> {
    let ending = async {
        let reason = outbox.closed().await;
        tokio::time::sleep(CLOSE_TIMEOUT).await;
        reason
    };
    tokio::select! {
        biased;
        written = writing => written.map_err(|_| Disconnect::Lost),
        () = tokio::time::sleep(FLUSH_TIMEOUT) => Err(Disconnect::WriteTimeout),
        reason = ending => Err(Disconnect::Close(reason)),
    }
}
