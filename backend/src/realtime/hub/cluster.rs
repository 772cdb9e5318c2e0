//! What this node tells the other nodes, what it reads of them in Redis, and the
//! ticker that keeps both up to date.

use super::{Hub, Inner};
use crate::realtime::{
    bus::Channel,
    cluster_message::{ClientFilter, Message},
    outbound::OutboundMessage,
    presence_store,
    room::Command,
};
use shared::{
    ids::{CanvasId, ConnectionId, SessionId, UserId},
    presence::ActiveUser,
    protocol::{Announcement, CloseReason, ServerMessage},
};
use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::{self, Instant, MissedTickBehavior};

/// Time between two ticks of the failure detector.
const TICK_INTERVAL: Duration = Duration::from_secs(1);
/// Ticks between two [`Message::Alive`] of this node.
const ALIVE_EVERY_TICKS: u64 = 5;
/// Ticks between two comparisons of the rooms' presence with Redis.
const COMPARE_EVERY_TICKS: u64 = 10;

/// Sessions of which other nodes are told when many end together.
const MAX_ENDED_TOLD: usize = 100;

/// What came of [`Hub::kick`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KickOutcome {
    /// The connection was told to close, here or on another node.
    Kicked,
    /// No node has this connection.
    NotFound,
    /// It is not on this node, and Redis is away.
    Unknown,
}

impl Hub {
    /// Ends every connection of a session, on all nodes.
    pub(crate) fn session_revoked(&self, user: UserId, session: SessionId) {
        let reason = CloseReason::Revoked;
        self.inner.registry.end_session(session, reason);
        let message = Message::SessionEnded(session);
        self.inner.bus.publish(Channel::User(user), &message);
    }

    /// The same for several sessions of a user. Other nodes find those that they are not
    /// told of when they poll the sessions of their connections.
    pub(crate) fn sessions_revoked(&self, user: UserId, sessions: &[SessionId]) {
        self.inner
            .registry
            .end_sessions(sessions, CloseReason::Revoked);
        for session in sessions.iter().take(MAX_ENDED_TOLD) {
            let message = Message::SessionEnded(*session);
            self.inner.bus.publish(Channel::User(user), &message);
        }
    }

    /// Has every node read the roles of the canvas's open connections again, after
    /// roles or the visibility changed.
    pub(crate) fn access_changed(&self, canvas: CanvasId) {
        self.send_to_room(canvas, Command::AccessChanged);
        let room = Channel::Room(canvas);
        self.inner.bus.publish(room, &Message::AccessChanged);
    }

    /// The same for all canvases, after admins or sanctions on the whole server changed.
    pub(crate) fn server_access_changed(&self) {
        self.inner.server_access_changed();
        let message = Message::AccessChanged;
        self.inner.bus.publish(Channel::Broadcast, &message);
    }

    /// Grows whenever this node is told that admins or sanctions on the whole server changed.
    pub(crate) fn server_access_changes(&self) -> Arc<AtomicU64> {
        self.inner.server_access_changes.clone()
    }

    /// Ends every connection of a deleted canvas, on all nodes.
    pub(crate) fn canvas_deleted(&self, canvas: CanvasId) {
        self.send_to_room(canvas, Command::Deleted);
        let room = Channel::Room(canvas);
        self.inner.bus.publish(room, &Message::Deleted);
    }

    /// Sends an announcement to all connections, to those of its canvas, or to
    /// those of one user, on all nodes.
    pub(crate) fn announce(&self, announcement: Announcement, user: Option<UserId>) {
        let channel = match (announcement.canvas_id, user) {
            (Some(canvas), _) => Channel::Room(canvas),
            (None, Some(user)) => Channel::User(user),
            (None, None) => Channel::Broadcast,
        };
        let filter = ClientFilter {
            canvas_id: announcement.canvas_id,
            user_id: user,
            ..ClientFilter::default()
        };
        let announcement = OutboundMessage::reply(&ServerMessage::Announcement(announcement));
        self.inner.registry.announce(&filter, &announcement);
        let message = Message::Announcement(filter);
        let line = announcement.frame.json();
        self.inner.bus.publish_with(channel, &message, &[line]);
    }

    /// Sends a message to the connections of the canvas's moderators, on all nodes.
    pub(crate) fn send_to_moderators(&self, canvas: CanvasId, message: &ServerMessage) {
        let message = OutboundMessage::reply(message);
        let line = message.frame.json();
        self.send_to_room(canvas, Command::ToModerators(Box::new(message)));
        let room = Channel::Room(canvas);
        let bus = &self.inner.bus;
        bus.publish_with(room, &Message::ToModerators, &[line]);
    }

    /// Ends a connection, on whichever node it is.
    pub(crate) async fn kick(&self, connection: ConnectionId) -> KickOutcome {
        if self.inner.registry.kick(connection) {
            return KickOutcome::Kicked;
        }
        let bus = &self.inner.bus;
        if !bus.is_shared() {
            return KickOutcome::NotFound;
        }
        // Only the node that has the connection subscribes to its channel.
        let channel = Channel::Connection(connection);
        match bus.publish_counted(channel, &Message::Kick).await {
            Some(0) => KickOutcome::NotFound,
            Some(_) => KickOutcome::Kicked,
            None => KickOutcome::Unknown,
        }
    }

    /// The users on canvases that have no room here, as other nodes wrote them to
    /// Redis. One list for each canvas, empty while Redis is away.
    pub(super) async fn active_on_other_nodes(
        &self,
        canvases: &[CanvasId],
    ) -> Vec<Vec<ActiveUser>> {
        let bus = &self.inner.bus;
        if !bus.is_shared() || canvases.is_empty() {
            return vec![Vec::new(); canvases.len()];
        }
        let Some(snapshots) = presence_store::read(bus, canvases).await else {
            return vec![Vec::new(); canvases.len()];
        };
        snapshots
            .into_iter()
            .map(|mut snapshot| {
                snapshot.retain_nodes(|node| self.inner.nodes.is_live(node));
                snapshot.active_users()
            })
            .collect()
    }

    /// How many connections the user has on other nodes; 0 while Redis is away.
    pub(super) async fn connections_on_other_nodes(&self, user: UserId) -> usize {
        if !self.inner.bus.is_shared() {
            return 0;
        }
        let nodes = self.inner.nodes.live();
        self.inner.limiter.count_on(&nodes, user).await
    }
}

impl Inner {
    /// Has each room compare the versions of its presence with those in Redis, and
    /// renews the TTL of what this node keeps there.
    async fn compare(&self) {
        self.limiter.refresh_ttl();
        self.conversations.refresh_ttl();
        let open = self.open_canvases();
        let Some(all) = presence_store::read_versions(&self.bus, &open).await else {
            return;
        };
        for (canvas, mut versions) in open.into_iter().zip(all) {
            versions.retain(|node, _| self.nodes.is_live(*node));
            self.try_send_to_room(canvas, Command::PresenceVersions(versions));
        }
    }
}

/// The cluster's ticker: publishes that this node is alive, notices nodes that are
/// not, and has the rooms compare their presence with Redis. Ends with the hub, or
/// at once where there is no Redis.
pub(super) async fn run(inner: Weak<Inner>) {
    // Not at once: the hub, which is being made, cannot be reached yet.
    let mut interval = time::interval_at(Instant::now() + TICK_INTERVAL, TICK_INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for tick in 1_u64.. {
        interval.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        if !inner.bus.is_shared() {
            return;
        }
        inner.conversations.poll().await;
        // Without Redis no node can be heard, so the ticks do not count.
        if inner.bus.is_down() {
            continue;
        }
        if tick.is_multiple_of(ALIVE_EVERY_TICKS) {
            let alive = Message::Alive { asks: false };
            inner.bus.publish(Channel::Broadcast, &alive);
        }
        for node in inner.nodes.tick() {
            tracing::warn!(%node, "another node is gone");
            inner.node_gone(node);
        }
        if tick.is_multiple_of(COMPARE_EVERY_TICKS) {
            if inner.publish_dropped.swap(false, Ordering::Relaxed) {
                inner.catch_up();
            }
            inner.compare().await;
        }
    }
}
