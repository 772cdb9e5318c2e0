//! Setting up a connection: from an accepted upgrade to a member of the room.

use super::{
    Connection, ConnectionLog, ControlFrames, Disconnect, InvalidMessages, MAX_IN_FLIGHT,
    writing::ReplayError,
};
use crate::{
    db::{access::Standing, sanctions::Sanctions},
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
    protocol::CloseReason,
    time::Timestamp,
};
use std::{
    sync::{Arc, atomic::AtomicI64},
    time::Instant,
};
use tokio::sync::{Semaphore, oneshot};
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
    /// The user's status message as stored.
    pub(crate) status_message: String,
    /// Whom the user blocks.
    pub(crate) blocked: Vec<UserId>,
    pub(crate) session_id: SessionId,
    /// When the token expires.
    pub(crate) expires_at: DateTime<Utc>,
    /// The user's role on the canvas.
    pub(crate) role: Role,
    /// The canvas's access version when the role was read.
    pub(crate) acl_version: i64,
    /// The user's sanctions; none if they had none.
    pub(crate) sanctions: Option<Sanctions>,
    /// What else is known of the user.
    pub(crate) standing: Standing,
    pub(crate) canvas_id: CanvasId,
    pub(crate) client_type: ClientType,
    /// As the client sent it, or empty.
    pub(crate) platform: String,
    /// The newest `seq` that the client has; `None` for a fresh client.
    pub(crate) last_seq: Option<i64>,
    /// The epoch to which `last_seq` belongs.
    pub(crate) epoch: Option<Epoch>,
    /// The time of the event `last_seq`, if the client told it.
    pub(crate) last_timestamp: Option<Timestamp>,
    /// The `seq` of the newest event that replaced or removed words on the canvas, when the
    /// upgrade was checked.
    pub(crate) last_rewording: i64,
    /// Held until the connection ends.
    pub(crate) permit: ConnectionPermit,
    pub(crate) verify_token: VerifyToken,
}

impl Hub {
    /// Serves one connection to its end. The returned future is small while the
    /// connection is idle: joining and closing are boxed.
    pub(crate) fn serve(
        self,
        socket: Socket,
        accepted: AcceptedConnection,
    ) -> impl Future<Output = ()> {
        let (mut connection, join, joined) = self.set_up(socket, accepted);
        async move {
            let disconnect = match Box::pin(connection.join(join, joined)).await {
                Ok(()) => connection.run().await,
                Err(disconnect) => disconnect,
            };
            Box::pin(connection.close_handshake(disconnect)).await;
        }
    }

    /// Registers the connection and prepares its join. From here on it counts as
    /// open: it can be kicked, and dropping it leaves the room.
    fn set_up(
        self,
        socket: Socket,
        accepted: AcceptedConnection,
    ) -> (Connection, Box<Join>, oneshot::Receiver<Joined>) {
        let connection_id = ConnectionId(Uuid::now_v7());
        let room = self.lease_room(accepted.canvas_id);
        let message_rates = self.registry().message_rates().clone();
        let outbox = Arc::new(Outbox::new(socket.stream().clone(), message_rates));
        let connected_at = self.clock().now();
        let handle = Arc::new(ConnectionHandle {
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
        self.register(&handle);
        let now = Instant::now();
        let mut connection = Connection {
            socket,
            log: ConnectionLog::start(&handle),
            membership: RoomMembership {
                hub: self,
                connection_id,
                room: Some(room),
            },
            outbox: outbox.clone(),
            handle,
            user_id: accepted.identity.user_id,
            canvas_id: accepted.canvas_id,
            expires_at: accepted.expires_at,
            verify_token: accepted.verify_token,
            last_received: now,
            ping_at: now,
            invalid: InvalidMessages::default(),
            control: ControlFrames::new(now),
            in_flight: Arc::new(Semaphore::new(MAX_IN_FLIGHT)),
            direct: None,
            rates: None,
            _permit: accepted.permit,
        };
        connection.schedule_ping();
        let (reply, joined) = oneshot::channel();
        let join = Join {
            connection_id,
            identity: accepted.identity,
            status_message: accepted.status_message,
            blocked: accepted.blocked,
            role: accepted.role,
            acl_version: accepted.acl_version,
            sanctions: accepted.sanctions,
            standing: accepted.standing,
            last_seq: accepted.last_seq,
            epoch: accepted.epoch,
            last_timestamp: accepted.last_timestamp,
            last_rewording: accepted.last_rewording,
            is_compared: false,
            heartbeat: connection.heartbeat(),
            outbox,
            reply,
        };
        (connection, Box::new(join), joined)
    }
}

/// Scope guard of a connection's place in its room and in the registry: leaves
/// both when dropped.
pub(super) struct RoomMembership {
    pub(super) hub: Hub,
    pub(super) connection_id: ConnectionId,
    /// `Some` until it is dropped.
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
    /// Joins the room, writes `connected` and the events that the client missed,
    /// and lets the outbox write to the socket from then on.
    pub(super) async fn join(
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
        self.outbox.resume();
        // The socket was not read meanwhile, so the timeout starts now.
        self.last_received = Instant::now();
        Ok(())
    }
}
