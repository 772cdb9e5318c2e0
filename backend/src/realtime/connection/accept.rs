//! Setting up a connection: from an accepted upgrade to a member of the room, or to one that
//! listens for its user alone.

use super::{
    Connection, ConnectionLog, ControlFrames, Disconnect, InvalidMessages, writing::ReplayError,
};
use crate::{
    db::{access::Standing, notifications, sanctions::Sanctions},
    realtime::{
        connection_limiter::ConnectionPermit,
        hub::{Hub, RoomLease},
        metrics::BatchStats,
        outbound::OutboundMessage,
        outbox::Outbox,
        registry::{ClientType, ConnectionHandle},
        room::{Command, Join, Joined, Replay},
        write::Identity,
    },
};
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use shared::{
    canvas::Role,
    ids::{CanvasId, ConnectionId, Epoch, SessionId, UserId},
    protocol::{CloseReason, UserConnected},
    time::Timestamp,
};
use std::{
    sync::{Arc, atomic::AtomicI64},
    time::Instant,
};
use tokio::sync::oneshot;
use uuid::Uuid;
use websocket::Socket;

/// Verifies the token of an `auth_refresh`; `None` if it is not valid.
pub(crate) type VerifyToken =
    Arc<dyn Fn(String) -> BoxFuture<'static, Option<VerifiedToken>> + Send + Sync>;

/// A token that was verified.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VerifiedToken {
    pub(crate) user_id: UserId,
    pub(crate) session_id: SessionId,
    pub(crate) expires_at: DateTime<Utc>,
}

/// A connection whose upgrade was accepted: what was checked and read before.
pub(crate) struct AcceptedConnection {
    pub(crate) identity: Identity,
    /// Whom the user blocks.
    pub(crate) blocked: Vec<UserId>,
    pub(crate) session_id: SessionId,
    /// When the token expires.
    pub(crate) expires_at: DateTime<Utc>,
    /// The user's sanctions, on the canvas if there is one, and on the whole server; none if
    /// they had none.
    pub(crate) sanctions: Option<Sanctions>,
    pub(crate) client_type: ClientType,
    /// As the client sent it, or empty.
    pub(crate) platform: String,
    pub(crate) purpose: Purpose,
    /// Held until the connection ends.
    pub(crate) permit: ConnectionPermit,
    pub(crate) verify_token: VerifyToken,
}

/// What a connection is for.
pub(crate) enum Purpose {
    /// To be on a canvas.
    Canvas(AcceptedCanvas),
    /// To listen for its user, wherever something happens.
    User(AcceptedUser),
}

/// What was checked and read for a connection without a canvas.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AcceptedUser {
    pub(crate) is_admin: bool,
    /// The server's part of the access version when the sanctions were read.
    pub(crate) access_version: i64,
}

/// What was checked and read for a connection to a canvas.
pub(crate) struct AcceptedCanvas {
    pub(crate) canvas_id: CanvasId,
    /// The user's status message as stored.
    pub(crate) status_message: String,
    /// The user's role on the canvas.
    pub(crate) role: Role,
    /// The canvas's access version when the role was read.
    pub(crate) acl_version: i64,
    /// What else is known of the user.
    pub(crate) standing: Standing,
    /// The newest `seq` that the client has; `None` for a fresh client.
    pub(crate) last_seq: Option<i64>,
    /// The epoch to which `last_seq` belongs.
    pub(crate) epoch: Option<Epoch>,
    /// The time of the event `last_seq`, if the client told it.
    pub(crate) last_timestamp: Option<Timestamp>,
    /// The `seq` of the newest event that replaced or removed words on the canvas, when the
    /// upgrade was checked.
    pub(crate) last_rewording: i64,
}

/// What a connection does first once it is set up.
enum ConnectionStart {
    /// It joins its room.
    Join(Box<Join>, oneshot::Receiver<Joined>),
    /// It listens for its user.
    Listen(Box<Listener>),
}

/// A connection that begins to listen for its user.
struct Listener {
    user: AcceptedUser,
    sanctions: Option<Sanctions>,
    blocked: Vec<UserId>,
}

impl Hub {
    /// Serves one connection to its end. The returned future is small while the
    /// connection is idle: joining and closing are boxed.
    pub(crate) fn serve(
        self,
        socket: Socket,
        accepted: AcceptedConnection,
    ) -> impl Future<Output = ()> {
        let (mut connection, start) = self.set_up(socket, accepted);
        async move {
            let disconnect = match Box::pin(connection.start(start)).await {
                Ok(()) => connection.run().await,
                Err(disconnect) => disconnect,
            };
            Box::pin(connection.close_handshake(disconnect)).await;
        }
    }

    /// Registers the connection and prepares its join. From here on it counts as
    /// open: it can be kicked, and dropping it leaves the room.
    fn set_up(self, socket: Socket, accepted: AcceptedConnection) -> (Connection, ConnectionStart) {
        let connection_id = ConnectionId(Uuid::now_v7());
        let canvas_id = match &accepted.purpose {
            Purpose::Canvas(canvas) => Some(canvas.canvas_id),
            Purpose::User(_) => None,
        };
        let room = canvas_id.map(|canvas_id| self.lease_room(canvas_id));
        let message_rates = self.registry().message_rates().clone();
        let outbox = Arc::new(Outbox::new(socket.stream().clone(), message_rates));
        let connected_at = self.clock().now();
        let handle = Arc::new(ConnectionHandle {
            connection_id,
            identity: accepted.identity.clone(),
            session_id: Mutex::new(accepted.session_id),
            canvas_id,
            client_type: accepted.client_type,
            platform: accepted.platform,
            hello: Mutex::default(),
            connected_at,
            last_seen: AtomicI64::new(connected_at.timestamp_millis()),
            outbox: outbox.clone(),
        });
        self.register(&handle);
        let now = Instant::now();
        let mut connection = Connection {
            socket,
            log: ConnectionLog::start(handle.clone()),
            membership: RoomMembership {
                hub: self,
                connection_id,
                room,
            },
            outbox: outbox.clone(),
            handle,
            user_id: accepted.identity.user_id,
            canvas_id,
            expires_at: accepted.expires_at,
            verify_token: accepted.verify_token,
            last_received: now,
            ping_at: now,
            invalid: InvalidMessages::default(),
            control: ControlFrames::new(now),
            in_flight: None,
            direct: None,
            rates: None,
            _permit: accepted.permit,
        };
        connection.schedule_ping();
        let canvas = match accepted.purpose {
            Purpose::Canvas(canvas) => canvas,
            Purpose::User(user) => {
                let listener = Listener {
                    user,
                    sanctions: accepted.sanctions,
                    blocked: accepted.blocked,
                };
                return (connection, ConnectionStart::Listen(Box::new(listener)));
            }
        };
        let (reply, joined) = oneshot::channel();
        let join = Join {
            connection_id,
            identity: accepted.identity,
            status_message: canvas.status_message,
            blocked: accepted.blocked,
            role: canvas.role,
            acl_version: canvas.acl_version,
            sanctions: accepted.sanctions,
            standing: canvas.standing,
            last_seq: canvas.last_seq,
            epoch: canvas.epoch,
            last_timestamp: canvas.last_timestamp,
            last_rewording: canvas.last_rewording,
            is_compared: false,
            heartbeat: connection.heartbeat(),
            outbox,
            reply,
        };
        (connection, ConnectionStart::Join(Box::new(join), joined))
    }
}

/// Scope guard of a connection's membership in its room and in the registry: leaves
/// both when dropped.
pub(super) struct RoomMembership {
    pub(super) hub: Hub,
    pub(super) connection_id: ConnectionId,
    /// None for a connection without a canvas.
    pub(super) room: Option<RoomLease>,
}

impl Drop for RoomMembership {
    fn drop(&mut self) {
        self.hub.unregister(self.connection_id);
        if let Some(room) = self.room.take() {
            let leave = Command::Leave(self.connection_id);
            if let Err(error) = room.commands.try_send(leave) {
                tokio::spawn(async move {
                    // Fails when the room has closed, and its members with it.
                    let _ = room.commands.send(error.into_inner()).await;
                });
            }
        }
    }
}

impl Connection {
    /// Writes `connected`, and lets the outbox write to the socket from then on.
    async fn start(&mut self, start: ConnectionStart) -> Result<(), Disconnect> {
        match start {
            ConnectionStart::Join(join, joined) => self.join(join, joined).await?,
            ConnectionStart::Listen(listener) => self.listen(*listener).await?,
        }
        self.outbox.resume();
        // The socket was not read meanwhile, so the timeout starts now.
        self.last_received = Instant::now();
        Ok(())
    }

    /// Writes `connected` of a connection without a canvas. It is registered already: what
    /// happens meanwhile waits in the outbox.
    async fn listen(&mut self, listener: Listener) -> Result<(), Disconnect> {
        let Listener {
            user,
            sanctions,
            blocked,
        } = listener;
        let hub = &self.membership.hub;
        let unread_count = notifications::unread_count(hub.pool(), self.user_id).await;
        let unread_count = unread_count.map_err(|error| {
            self.log
                .failure(&error, "unread notifications could not be counted");
            Disconnect::Close(CloseReason::Internal)
        })?;
        let shown = sanctions.iter().flat_map(|all| all.iter());
        let shown = shown.map(|sanction| sanction.own(user.is_admin)).collect();
        let identity = &self.handle.identity;
        let connected = UserConnected {
            connection_id: self.membership.connection_id,
            user_id: self.user_id,
            username: identity.username.to_string(),
            display_name: identity.display_name.to_string(),
            unread_count,
            sanctions: shown,
            blocked,
            server_time: hub.clock().now().into(),
            heartbeat: self.heartbeat(),
        };
        hub.listen(&self.handle, user, sanctions);
        self.write([OutboundMessage::custom_reply(&connected)])
            .await
    }

    /// Joins the room, and writes `connected` and the events that the client missed.
    async fn join(
        &mut self,
        join: Box<Join>,
        joined: oneshot::Receiver<Joined>,
    ) -> Result<(), Disconnect> {
        self.send_to_room(Command::Join(join)).await?;
        let left = self.time_left();
        let joined = tokio::select! {
            biased;
            joined = joined => joined.map_err(|_| Disconnect::Close(CloseReason::Internal))?,
            // The room may be waiting for the database for a long time.
            reason = self.outbox.closed() => return Err(Disconnect::Close(reason)),
            () = tokio::time::sleep(left) => {
                return Err(Disconnect::Close(CloseReason::TokenExpired));
            }
        };
        match joined.replay {
            Replay::Nothing => self.write(joined.connected).await?,
            Replay::Events(events) => {
                let events = events
                    .into_iter()
                    .map(|event| OutboundMessage::event(event.seq, event.body));
                self.write(joined.connected.into_iter().chain(events))
                    .await?;
            }
            Replay::Log(after) => {
                self.write(joined.connected).await?;
                self.replay(after, joined.head)
                    .await
                    .map_err(|error| match error {
                        ReplayError::Unavailable => Disconnect::Close(CloseReason::Internal),
                        ReplayError::Disconnected(disconnect) => disconnect,
                    })?;
            }
        }
        self.outbox
            .mark_written(Some(joined.head), &BatchStats::default());
        Ok(())
    }
}
