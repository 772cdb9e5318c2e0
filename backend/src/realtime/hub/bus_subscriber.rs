//! What this node does with the messages of other nodes: each goes to the room,
//! the connections or the query that it concerns.

use super::Inner;
use crate::db;
use crate::realtime::{
    bus::{Channel, Subscriber},
    cluster_message::Message,
    node_id::NodeId,
    outbound::OutboundMessage,
    room::Command,
};
use bytes::Bytes;
use shared::{
    ids::{CanvasId, SessionId},
    protocol::CloseReason,
};
use std::sync::{Arc, Weak, atomic::Ordering};

/// The hub as a subscriber of the bus. Weak, since the hub owns the bus.
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
        channels.extend(inner.rooms.lock().keys().copied().map(Channel::Room));
        channels.extend(inner.limiter.users().into_iter().map(Channel::User));
        let connections = inner.registry.connection_ids().into_iter();
        channels.extend(connections.map(Channel::Connection));
        channels
    }

    fn connected(&self) {
        let Some(inner) = self.0.upgrade() else {
            return;
        };
        let alive = Message::Alive { asks: true };
        inner.bus.publish(Channel::Broadcast, &alive);
        inner.catch_up();
        inner.poll_now.notify_one();
    }

    fn disconnected(&self) {
        // The log poller polls at its shorter interval from now on.
        if let Some(inner) = self.0.upgrade() {
            inner.poll_now.notify_one();
        }
    }

    fn dropped(&self) {
        // Made up for at the next comparison, not now: the queue is full already.
        if let Some(inner) = self.0.upgrade() {
            inner.publish_dropped.store(true, Ordering::Relaxed);
        }
    }

    fn received(&self, channel: Channel, node: NodeId, message: Message, lines: Vec<Bytes>) {
        if let Some(inner) = self.0.upgrade() {
            inner.nodes.mark_live(node);
            inner.handle(channel, node, message, lines);
        }
    }
}

impl Inner {
    /// Handles a message of another node. Runs on the bus's task and never waits.
    fn handle(
        self: &Arc<Self>,
        channel: Channel,
        node: NodeId,
        message: Message,
        lines: Vec<Bytes>,
    ) {
        match message {
            Message::Announcement(filter) => {
                for announcement in lines.iter().map(OutboundMessage::relayed_reply) {
                    self.registry.announce(&filter, &announcement);
                }
            }
            Message::ToUser { .. } | Message::Notified(_) => {
                if let Channel::User(user) = channel {
                    self.notifier.receive(user, &message, &lines);
                }
            }
            Message::Direct(_) | Message::DirectTyping { .. } => {
                if let Channel::User(user) = channel {
                    self.conversations.receive(user, &message, &lines);
                }
            }
            Message::SessionEnded(session) => self.check_session(session),
            // The poll finds the canvas missing.
            Message::Deleted => self.poll_now.notify_one(),
            Message::Kick => {
                if let Channel::Connection(connection) = channel {
                    self.registry.kick(connection);
                }
            }
            Message::Alive { asks: true } => {
                let alive = Message::Alive { asks: false };
                self.bus.publish(Channel::Broadcast, &alive);
            }
            Message::Alive { asks: false } | Message::SelfPing => {}
            Message::Leaving => {
                self.nodes.mark_left(node);
                self.node_gone(node);
            }
            Message::Query { id, query } => self.answer_query(node, id, query),
            Message::Reply { id } => self.take_reply(node, id, lines),
            Message::AccessChanged if channel == Channel::Broadcast => {
                self.server_access_changed();
            }
            Message::Events { .. }
            | Message::Presence { .. }
            | Message::Ephemeral { .. }
            | Message::Locks(_)
            | Message::ToModerators
            | Message::AccessChanged => {
                if let Channel::Room(canvas) = channel {
                    let command = Command::BusMessage(node, Box::new(message), lines);
                    self.try_send_to_room(canvas, command);
                }
            }
        }
    }

    /// Ends a session's connections if the database says that it ended. If the database
    /// is away, the session poller asks it later.
    fn check_session(self: &Arc<Self>, session: SessionId) {
        let inner = self.clone();
        tokio::spawn(async move {
            let now = inner.clock.now();
            match db::sessions::ended(&inner.pool, &[session], now).await {
                Ok(ended) if ended.is_empty() => {}
                Ok(_) => inner.registry.end_session(session, CloseReason::Revoked),
                Err(error) => tracing::debug!(%error, "a session could not be read"),
            }
        });
    }

    /// Sends a command to the canvas's room if it is open. Dropped and counted when
    /// the room's queue is full: the room finds what it missed later, in the log
    /// and in Redis.
    pub(super) fn try_send_to_room(&self, canvas: CanvasId, command: Command) {
        let rooms = self.rooms.lock();
        if let Some(room) = rooms.get(&canvas)
            && room.commands.try_send(command).is_err()
        {
            metrics::counter!("stellar_bus_dropped_total").increment(1);
        }
    }

    /// Makes up for messages that may have been lost in both directions: writes
    /// this node's part in Redis again, and has each room read what others wrote.
    pub(super) fn catch_up(&self) {
        self.limiter.write_counts();
        self.conversations.write_open();
        self.conversations.note_loss();
        for canvas in self.open_canvases() {
            self.try_send_to_room(canvas, Command::CatchUp);
        }
    }

    /// Tells every room that a node has left or failed.
    pub(super) fn node_gone(&self, node: NodeId) {
        for canvas in self.open_canvases() {
            self.try_send_to_room(canvas, Command::NodeGone(node));
        }
    }

    /// Has every room read the roles and sanctions of its members again, and those of the
    /// connections without a canvas. A room whose queue is full does it at the next poll of the
    /// heads.
    pub(super) fn server_access_changed(&self) {
        self.server_access_changes.fetch_add(1, Ordering::SeqCst);
        self.user_connections.check.notify_one();
        let rooms = self.rooms.lock();
        for room in rooms.values() {
            let _ = room.commands.try_send(Command::AccessChanged);
        }
    }

    /// The canvases that have a room on this node.
    pub(super) fn open_canvases(&self) -> Vec<CanvasId> {
        self.rooms.lock().keys().copied().collect()
    }
}
