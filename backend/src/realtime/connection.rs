//! One WebSocket connection: the only code that touches the socket. It decodes
//! what comes, answers what needs no room, asks the room for the rest, and
//! writes everything that waits in the outbox with one flush.

mod ending;
mod inbound;

use super::{
    admission::Admission,
    figures::Tally,
    frame::Frame,
    hub::{Hub, RoomLease},
    outbox::{Outbox, Taken},
    rate_limit::RateLimits,
    registry::{ClientType, Registered},
    room::{Command, Join, Joined, PAGE, Replay},
    write::Identity,
};
use crate::{clock::Clock, db};
use axum::{
    Error,
    extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket},
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use ending::{End, Log, broken, label};
use futures_util::{FutureExt, SinkExt, future::BoxFuture};
use inbound::Invalid;
use shared::{
    canvas::Role,
    ids::{CanvasId, ConnectionId, Epoch, SessionId, UserId},
    protocol::{CloseReason, Heartbeat},
};
use std::{
    sync::{Arc, Mutex, atomic::AtomicI64},
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use uuid::Uuid;

/// A flush that takes longer ends the connection.
const FLUSH: Duration = Duration::from_secs(10);
/// Durable requests of one connection that may wait for their answer; with
/// more the connection is not read on.
const UNANSWERED: usize = 128;
/// How long a peer may take to answer a close, and to take in what is being
/// written when its connection is to end.
const FAREWELL: Duration = Duration::from_secs(2);

/// Checks a token given in `auth_refresh`; `None` if it is worth nothing.
pub type Refresh = Arc<dyn Fn(String) -> BoxFuture<'static, Option<Refreshed>> + Send + Sync>;

/// What a newer token says.
#[derive(Clone, Copy, Debug)]
pub struct Refreshed {
    /// Whose it is.
    pub user_id: UserId,
    /// Its session.
    pub session_id: SessionId,
    /// Until when it is valid.
    pub expires_at: DateTime<Utc>,
}

/// Somebody who was let in and whose connection was upgraded.
pub struct Visitor {
    /// Who.
    pub identity: Identity,
    /// Their status message so far.
    pub status_message: String,
    /// Their session.
    pub session_id: SessionId,
    /// Until when their token is valid.
    pub expires_at: DateTime<Utc>,
    /// What they may do here.
    pub role: Role,
    /// How often it had changed who may do what when that was read.
    pub access: i64,
    /// Where they go.
    pub canvas_id: CanvasId,
    /// `browser` or `agent`.
    pub client_type: ClientType,
    /// As the client said, or empty.
    pub platform: String,
    /// The newest `seq` they have.
    pub last_seq: Option<i64>,
    /// The epoch it belongs to.
    pub epoch: Option<Epoch>,
    /// Their place among the connections.
    pub admission: Admission,
    /// How a newer token is checked.
    pub refresh: Refresh,
}

impl Hub {
    /// Serves one connection to its end.
    pub async fn serve(self, socket: WebSocket, visitor: Visitor) {
        let connection_id = ConnectionId(Uuid::now_v7());
        let room = self.enter(visitor.canvas_id);
        let outbox = Arc::new(Outbox::default());
        let connected_at = self.clock().now();
        let registered = Arc::new(Registered {
            connection_id,
            identity: visitor.identity.clone(),
            session_id: Mutex::new(visitor.session_id),
            canvas_id: visitor.canvas_id,
            client_type: visitor.client_type,
            platform: visitor.platform,
            hello: Mutex::default(),
            connected_at,
            last_seen: AtomicI64::new(connected_at.timestamp_millis()),
            outbox: outbox.clone(),
        });
        self.register(&registered);
        let limited = self.settings().rate_limits;
        let limits = limited.then(|| Box::new(RateLimits::new()));
        let now = Instant::now();
        let log = Log::open(&registered);
        let mut connection = Connection {
            socket,
            log,
            seat: Seat {
                hub: self,
                connection_id,
                room: Some(room),
            },
            outbox,
            registered,
            user_id: visitor.identity.user_id,
            canvas_id: visitor.canvas_id,
            expires_at: visitor.expires_at,
            refresh: visitor.refresh.clone(),
            sent: 0,
            heard: now,
            ping_at: now,
            invalid: Invalid::default(),
            places: Arc::new(Semaphore::new(UNANSWERED)),
            limits,
            _admission: visitor.admission,
        };
        connection.plan_ping();
        let join = |outbox, reply| Join {
            connection_id,
            identity: visitor.identity,
            status_message: visitor.status_message,
            role: visitor.role,
            access: visitor.access,
            last_seq: visitor.last_seq,
            epoch: visitor.epoch,
            heartbeat: connection.heartbeat(),
            outbox,
            reply,
        };
        let (reply, joined) = oneshot::channel();
        let join = Command::Join(Box::new(join(connection.outbox.clone(), reply)));
        let end = connection.live(join, joined).await;
        connection.farewell(end).await;
    }
}

/// A connection's place in its room and in the registry; given up when dropped.
struct Seat {
    hub: Hub,
    connection_id: ConnectionId,
    room: Option<RoomLease>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.forget(self.connection_id);
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
    socket: WebSocket,
    log: Log,
    seat: Seat,
    outbox: Arc<Outbox>,
    registered: Arc<Registered>,
    user_id: UserId,
    canvas_id: CanvasId,
    expires_at: DateTime<Utc>,
    refresh: Refresh,
    /// The newest `seq` that was written to the socket.
    sent: i64,
    heard: Instant,
    ping_at: Instant,
    invalid: Invalid,
    /// Places for durable requests that wait for their answer.
    places: Arc<Semaphore>,
    /// None where requests are not limited in rate.
    limits: Option<Box<RateLimits>>,
    _admission: Admission,
}

impl Connection {
    async fn live(&mut self, join: Command, joined: oneshot::Receiver<Joined>) -> End {
        match self.join(join, joined).await {
            Ok(()) => {}
            Err(end) => return end,
        }
        loop {
            if let Err(end) = self.turn().await {
                return end;
            }
        }
    }

    async fn join(&mut self, join: Command, joined: oneshot::Receiver<Joined>) -> Result<(), End> {
        self.ask_room(join).await?;
        let joined = tokio::select! {
            biased;
            joined = joined => joined.map_err(|_| End::Close(CloseReason::Internal))?,
            // The room may be waiting for the database.
            reason = self.outbox.closed() => return Err(End::Close(reason)),
        };
        self.sent = joined.head;
        match joined.replay {
            Replay::Nothing => self.write([joined.connected]).await,
            Replay::Events(events) => {
                let events = events.into_iter().map(|e| Frame::event(e.seq, e.body));
                self.write(std::iter::once(joined.connected).chain(events))
                    .await
            }
            Replay::Log(after) => {
                self.write([joined.connected]).await?;
                let replayed = self.replay(after, joined.head).await?;
                replayed.map_err(|()| End::Close(CloseReason::Internal))
            }
        }
    }

    /// One turn of the connection's life.
    async fn turn(&mut self) -> Result<(), End> {
        let settings = self.seat.hub.settings();
        let silent_at = self.heard + settings.timeout;
        tokio::select! {
            message = self.socket.recv() => self.received(message).await,
            taken = self.outbox.take() => self.flush(taken).await,
            () = tokio::time::sleep_until(self.ping_at.into()) => {
                self.plan_ping();
                self.send_one(Message::Ping(Bytes::new())).await
            }
            // It may have spoken while we were busy writing to it.
            () = tokio::time::sleep_until(silent_at.into()) => {
                match self.socket.recv().now_or_never() {
                    Some(message) => self.received(message).await,
                    None => Err(End::Gone),
                }
            }
            () = until(self.expires_at, self.seat.hub.clock()) => Err(End::Close(CloseReason::TokenExpired)),
        }
    }

    async fn received(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        let message = message.ok_or(End::Gone)?.map_err(|error| broken(&error))?;
        self.heard = Instant::now();
        self.registered.seen(self.seat.hub.clock().now());
        match message {
            Message::Text(text) => self.text(&text).await,
            Message::Binary(_) => Err(End::Close(CloseReason::Binary)),
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => Err(End::Closed),
        }
    }

    async fn ask_room(&mut self, command: Command) -> Result<(), End> {
        let Some(room) = &self.seat.room else {
            return Err(End::Gone);
        };
        let sent = room.commands.send(command).await;
        sent.map_err(|_| End::Close(CloseReason::Internal))
    }

    /// Waits until another durable request may be asked, and goes on writing
    /// meanwhile.
    async fn place(&mut self) -> Result<OwnedSemaphorePermit, End> {
        loop {
            let places = self.places.clone();
            tokio::select! {
                biased;
                // The semaphore is never closed.
                place = places.acquire_owned() => return place.map_err(|_| End::Gone),
                taken = self.outbox.take() => self.flush(taken).await?,
            }
        }
    }

    async fn flush(&mut self, taken: Taken) -> Result<(), End> {
        self.write(taken.frames).await?;
        match taken.close {
            Some(reason) => Err(End::Close(reason)),
            None => Ok(()),
        }
    }

    /// Writes frames in order with one flush.
    async fn write(&mut self, frames: impl IntoIterator<Item = Frame>) -> Result<(), End> {
        let socket = &mut self.socket;
        let sent = &mut self.sent;
        let mut tally = Tally::default();
        let writing = async {
            for frame in frames {
                tally.add(frame.kind, frame.committed);
                if let Some(seq) = frame.seq {
                    *sent = seq.max(*sent);
                }
                // All our messages are JSON, so this never fails.
                if let Ok(text) = Utf8Bytes::try_from(frame.text) {
                    socket.feed(Message::Text(text)).await?;
                }
            }
            socket.flush().await
        };
        timed(&self.outbox, writing).await?;
        let written = tally.finish();
        self.log.messages_out += written;
        self.seat.hub.registry().count_out(written);
        Ok(())
    }

    async fn send_one(&mut self, message: Message) -> Result<(), End> {
        timed(&self.outbox, self.socket.send(message)).await
    }

    /// Writes the durable events after `after` up to `until` from the log. The
    /// inner error means that the log could not be read.
    async fn replay(&mut self, mut after: i64, until: i64) -> Result<Result<(), ()>, End> {
        while after < until {
            let page = {
                let hub = &self.seat.hub;
                // The semaphore is never closed.
                let _permit = hub.replays().acquire().await.ok();
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
                .map(|(seq, body)| Frame::event(seq, body.into()));
            self.write(events).await?;
        }
        Ok(Ok(()))
    }

    fn heartbeat(&self) -> Heartbeat {
        let settings = self.seat.hub.settings();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Heartbeat {
            interval_ms: millis(settings.ping_interval),
            timeout_ms: millis(settings.timeout),
        }
    }

    fn plan_ping(&mut self) {
        let interval = self.seat.hub.settings().ping_interval;
        self.ping_at = Instant::now() + interval.mul_f64(rand::random_range(0.8..=1.2));
    }

    /// Tells the peer why, and waits a moment for its answer.
    async fn farewell(self, end: End) {
        let (close, reason) = match end {
            End::Close(reason) => (Some((reason.code(), reason.to_string())), label(reason)),
            End::Broken(code, reason) => (Some((code, reason.to_owned())), reason),
            End::Closed => (None, "client"),
            End::Gone => (None, "gone"),
            End::Stuck => (None, "stuck"),
        };
        metrics::counter!("stellar_closes_total", "reason" => reason).increment(1);
        self.log.closed(reason);
        if matches!(end, End::Gone | End::Stuck) {
            return;
        }
        let Self {
            mut socket, seat, ..
        } = self;
        // Others need not wait for this peer's answer to see it leave.
        drop(seat);
        let good_bye = async {
            if let Some((code, reason)) = close {
                let reason = reason.into();
                let frame = Message::Close(Some(CloseFrame { code, reason }));
                if socket.send(frame).await.is_err() {
                    return;
                }
            }
            // Reading on sends what is due and waits for the peer's end.
            while let Some(Ok(_)) = socket.recv().await {}
        };
        // A peer that does not answer is left without an answer.
        let _ = tokio::time::timeout(FAREWELL, good_bye).await;
    }
}

/// Waits for a peer to take in what is written; less when the connection is to
/// end anyway.
async fn timed(
    outbox: &Outbox,
    writing: impl Future<Output = Result<(), Error>>,
) -> Result<(), End> {
    let ending = async {
        let reason = outbox.closed().await;
        tokio::time::sleep(FAREWELL).await;
        reason
    };
    tokio::select! {
        biased;
        written = writing => written.map_err(|_| End::Gone),
        () = tokio::time::sleep(FLUSH) => Err(End::Stuck),
        reason = ending => Err(End::Close(reason)),
    }
}

async fn until(time: DateTime<Utc>, clock: &Clock) {
    // A time that is over is a wait of nothing.
    let wait = (time - clock.now()).to_std().unwrap_or_default();
    tokio::time::sleep(wait).await;
}
