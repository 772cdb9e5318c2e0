//! This node among the others: what they tell is passed to whom it concerns
//! here, and what happens here is told to those whom it concerns there.

use super::{Hub, Inner, lock};
use crate::realtime::{
    bus::{Channel, Subscriber},
    cluster_message::{ClientFilter, Message},
    frame::OutboundMessage,
    node_id::NodeId,
    presence_store,
    room::Command,
};
use bytes::Bytes;
use shared::{
    canvas::Role,
    ids::{CanvasId, ConnectionId, SessionId, UserId},
    presence::ActiveUser,
    protocol::{Announcement, CloseReason, ServerMessage},
};
use std::{
    collections::HashMap,
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};
use tokio::time::{self, MissedTickBehavior};

/// Between two looks at the other nodes.
const TICK_INTERVAL: Duration = Duration::from_secs(1);
/// Looks between saying that one is there.
const ALIVE_EVERY_TICKS: u64 = 5;
/// Looks between comparing who is there with what is kept in Redis.
const COMPARE_EVERY_TICKS: u64 = 10;

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
    /// Ends every connection of a session, on whatever node.
    pub(crate) fn session_revoked(&self, user: UserId, session: SessionId) {
        let reason = CloseReason::Revoked;
        self.inner.registry.end_session(session, reason);
        let ended = Message::SessionEnded(session);
        self.inner.bus.publish(Channel::User(user), &ended);
    }

    /// Makes a role that was given or taken count for open connections; none
    /// ends them.
    pub(crate) fn role_changed(&self, canvas: CanvasId, user: UserId, role: Option<Role>) {
        self.send_to_room(canvas, Command::Role(user, role));
        let message = Message::Role { user, role };
        self.inner.bus.publish(Channel::Room(canvas), &message);
    }

    /// Tells everybody on the canvas that it is gone, and ends their connections.
    pub(crate) fn canvas_deleted(&self, canvas: CanvasId) {
        self.send_to_room(canvas, Command::Deleted);
        self.inner
            .bus
            .publish(Channel::Room(canvas), &Message::Deleted);
    }

    /// Says something to everybody, to one canvas, or to one user.
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
        let words = OutboundMessage::reply(&ServerMessage::Announcement(announcement));
        self.inner.registry.announce(&filter, &words);
        let message = Message::Announcement(filter);
        self.inner
            .bus
            .publish_with(channel, &message, &[words.text.json()]);
    }

    /// Ends a connection, on whatever node.
    pub(crate) async fn kick(&self, connection: ConnectionId) -> KickOutcome {
        if self.inner.registry.kick(connection) {
            return KickOutcome::Kicked;
        }
        if !self.inner.bus.is_shared() {
            return KickOutcome::NotFound;
        }
        let channel = Channel::Connection(connection);
        match self
            .inner
            .bus
            .publish_counted(channel, &Message::Kick)
            .await
        {
            Some(0) => KickOutcome::NotFound,
            Some(_) => KickOutcome::Kicked,
            None => KickOutcome::Unknown,
        }
    }

    /// Who is on the canvas now, as it was told by other nodes where it is not
    /// open here.
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
        let active = snapshots.into_iter().map(|mut snapshot| {
            snapshot.retain_nodes(|node| self.inner.nodes.is_live(node));
            snapshot.active_users()
        });
        active.collect()
    }

    /// How many connections the user has on other nodes.
    pub(super) async fn connections_on_other_nodes(&self, user: UserId) -> usize {
        let Some(mut connection) = self.inner.bus.connection() else {
            return 0;
        };
        let nodes = self.inner.nodes.live();
        if nodes.is_empty() {
            return 0;
        }
        let mut pipeline = redis::pipe();
        for node in nodes {
            pipeline.hget(super::connections_key(node), user.0);
        }
        let counts: Result<Vec<Option<usize>>, _> = pipeline.query_async(&mut connection).await;
        match counts {
            Ok(counts) => counts.into_iter().flatten().sum(),
            Err(error) => {
                tracing::debug!(%error, "Redis did not say how many connections there are");
                0
            }
        }
    }
}

/// The hub's ear on the bus.
pub(super) struct BusSubscriber(Weak<Inner>);

impl BusSubscriber {
    pub(super) fn new(inner: &Arc<Inner>) -> Self {
        Self(Arc::downgrade(inner))
    }
}

impl Subscriber for BusSubscriber {
    fn channels(&self) -> Vec<Channel> {
        let Some(inner) = self.0.upgrade() else {
            return Vec::new();
        };
        let mut channels = vec![Channel::Broadcast, Channel::Node(inner.bus.node())];
        channels.extend(lock(&inner.rooms).keys().copied().map(Channel::Room));
        channels.extend(inner.limiter.users().into_iter().map(Channel::User));
        let connections = inner.registry.connection_ids().into_iter();
        channels.extend(connections.map(Channel::Connection));
        channels
    }

    fn connected(&self) {
        let Some(inner) = self.0.upgrade() else {
            return;
        };
        inner
            .bus
            .publish(Channel::Broadcast, &Message::Alive { asks: true });
        inner.catch_up();
        inner.poll_now.notify_one();
    }

    fn disconnected(&self) {
        // From now on looks follow each other faster.
        if let Some(inner) = self.0.upgrade() {
            inner.poll_now.notify_one();
        }
    }

    fn dropped(&self) {
        // Not at once: there is too much to tell already.
        if let Some(inner) = self.0.upgrade() {
            inner.publish_dropped.store(true, Ordering::Relaxed);
        }
    }

    fn received(&self, channel: Channel, node: NodeId, message: Message, lines: Vec<Bytes>) {
        if let Some(inner) = self.0.upgrade() {
            inner.nodes.mark_live(node);
            inner.received(channel, node, message, lines);
        }
    }
}

impl Inner {
    fn received(
        self: &Arc<Self>,
        channel: Channel,
        node: NodeId,
        message: Message,
        lines: Vec<Bytes>,
    ) {
        match message {
            Message::Announcement(filter) => {
                for words in lines.iter().map(OutboundMessage::words) {
                    self.registry.announce(&filter, &words);
                }
            }
            Message::SessionEnded(session) => {
                self.registry.end_session(session, CloseReason::Revoked);
            }
            Message::Kick => {
                if let Channel::Connection(connection) = channel {
                    self.registry.kick(connection);
                }
            }
            Message::Alive { asks: true } => {
                let answer = Message::Alive { asks: false };
                self.bus.publish(Channel::Broadcast, &answer);
            }
            Message::Alive { asks: false } | Message::SelfPing => {}
            Message::Leaving => {
                self.nodes.mark_left(node);
                self.node_gone(node);
            }
            Message::Query { id, query } => self.answer_query(node, id, query),
            Message::Reply { id } => self.take_reply(node, id, lines),
            Message::Events { .. }
            | Message::Presence { .. }
            | Message::Ephemeral { .. }
            | Message::Locks(_)
            | Message::Role { .. }
            | Message::Deleted => {
                if let Channel::Room(canvas) = channel {
                    self.try_send_to_room(
                        canvas,
                        Command::BusMessage(node, Box::new(message), lines),
                    );
                }
            }
        }
    }

    /// To the canvas's room, if it is open and not too busy: what it misses it
    /// finds elsewhere later.
    fn try_send_to_room(&self, canvas: CanvasId, command: Command) {
        let rooms = lock(&self.rooms);
        if let Some(room) = rooms.get(&canvas)
            && room.commands.try_send(command).is_err()
        {
            metrics::counter!("stellar_bus_dropped_total").increment(1);
        }
    }

    /// What was told before may be lost: here it is made good, and what others
    /// need of this node is written anew.
    fn catch_up(&self) {
        self.limiter.write_counts();
        let open: Vec<CanvasId> = lock(&self.rooms).keys().copied().collect();
        for canvas in open {
            self.try_send_to_room(canvas, Command::CatchUp);
        }
    }

    fn node_gone(&self, node: NodeId) {
        let open: Vec<CanvasId> = lock(&self.rooms).keys().copied().collect();
        for canvas in open {
            self.try_send_to_room(canvas, Command::NodeGone(node));
        }
    }

    async fn compare(&self) {
        self.limiter.refresh_ttl();
        let open: Vec<CanvasId> = lock(&self.rooms).keys().copied().collect();
        let Some(all) = presence_store::read_versions(&self.bus, &open).await else {
            return;
        };
        let all: HashMap<CanvasId, _> = open.into_iter().zip(all).collect();
        for (canvas, mut versions) in all {
            versions.retain(|node, _| self.nodes.is_live(*node));
            self.try_send_to_room(canvas, Command::PresenceVersions(versions));
        }
    }
}

/// Says that this node is there, notices those that are not, and keeps what is
/// kept in Redis alive and right.
pub(super) async fn run(inner: Weak<Inner>) {
    let mut every = time::interval(TICK_INTERVAL);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for tick in 1_u64.. {
        every.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        if !inner.bus.is_shared() {
            return;
        }
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
