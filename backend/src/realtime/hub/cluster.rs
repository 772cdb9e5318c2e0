//! This node among the others: what they tell is passed to whom it concerns
//! here, and what happens here is told to those whom it concerns there.

use super::{Hub, Inner, lock};
use crate::realtime::{
    bus::{Channel, Listener, Message, NodeId},
    frame::Frame,
    registry::ClientFilter,
    room::Command,
    roster,
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
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Looks between saying that one is there.
const ALIVE_EVERY: u64 = 5;
/// Looks between comparing who is there with what is kept in Redis.
const COMPARE_EVERY: u64 = 10;

/// Whether somebody was found whom a request meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// And it was done.
    Yes,
    /// On no node.
    No,
    /// Not here, and other nodes cannot be asked.
    Unknown,
}

impl Hub {
    /// Ends every connection of a session, on whatever node.
    pub fn session_revoked(&self, user: UserId, session: SessionId) {
        let reason = CloseReason::Revoked;
        self.inner.registry.end_session(session, reason);
        let ended = Message::SessionEnded(session);
        self.inner.bus.tell(Channel::User(user), &ended);
    }

    /// Makes a role that was given or taken count for open connections; none
    /// ends them.
    pub fn role_changed(&self, canvas: CanvasId, user: UserId, role: Option<Role>) {
        self.tell_room(canvas, Command::Role(user, role));
        let message = Message::Role { user, role };
        self.inner.bus.tell(Channel::Room(canvas), &message);
    }

    /// Tells everybody on the canvas that it is gone, and ends their connections.
    pub fn canvas_deleted(&self, canvas: CanvasId) {
        self.tell_room(canvas, Command::Deleted);
        self.inner
            .bus
            .tell(Channel::Room(canvas), &Message::Deleted);
    }

    /// Says something to everybody, to one canvas, or to one user.
    pub fn announce(&self, announcement: Announcement, user: Option<UserId>) {
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
        let words = Frame::reply(&ServerMessage::Announcement(announcement));
        self.inner.registry.announce(&filter, &words);
        let message = Message::Announced(filter);
        self.inner
            .bus
            .tell_with(channel, &message, &[words.text.json()]);
    }

    /// Ends a connection, on whatever node.
    pub async fn kick(&self, connection: ConnectionId) -> Found {
        if self.inner.registry.kick(connection) {
            return Found::Yes;
        }
        if !self.inner.bus.is_shared() {
            return Found::No;
        }
        let channel = Channel::Connection(connection);
        match self.inner.bus.deliver(channel, &Message::Kick).await {
            Some(0) => Found::No,
            Some(_) => Found::Yes,
            None => Found::Unknown,
        }
    }

    /// Who is on the canvas now, as it was told by other nodes where it is not
    /// open here.
    pub(super) async fn active_elsewhere(&self, canvases: &[CanvasId]) -> Vec<Vec<ActiveUser>> {
        let bus = &self.inner.bus;
        if !bus.is_shared() || canvases.is_empty() {
            return vec![Vec::new(); canvases.len()];
        }
        let Some(rosters) = roster::read(bus, canvases).await else {
            return vec![Vec::new(); canvases.len()];
        };
        let active = rosters.into_iter().map(|mut roster| {
            roster.without(|node| !self.inner.nodes.takes(node));
            roster.active_users()
        });
        active.collect()
    }

    /// How many connections the user has on other nodes.
    pub(super) async fn connections_elsewhere(&self, user: UserId) -> usize {
        let Some(mut connection) = self.inner.bus.connection() else {
            return 0;
        };
        let nodes = self.inner.nodes.all();
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
pub(super) struct Ear(Weak<Inner>);

impl Ear {
    pub(super) fn new(inner: &Arc<Inner>) -> Self {
        Self(Arc::downgrade(inner))
    }
}

impl Listener for Ear {
    fn channels(&self) -> Vec<Channel> {
        let Some(inner) = self.0.upgrade() else {
            return Vec::new();
        };
        let mut channels = vec![Channel::Broadcast, Channel::Node(inner.bus.node())];
        channels.extend(lock(&inner.rooms).keys().copied().map(Channel::Room));
        channels.extend(inner.admissions.users().into_iter().map(Channel::User));
        let connections = inner.registry.connection_ids().into_iter();
        channels.extend(connections.map(Channel::Connection));
        channels
    }

    fn up(&self) {
        let Some(inner) = self.0.upgrade() else {
            return;
        };
        inner
            .bus
            .tell(Channel::Broadcast, &Message::Alive { asks: true });
        inner.catch_up();
        inner.look.notify_one();
    }

    fn down(&self) {
        // From now on looks follow each other faster.
        if let Some(inner) = self.0.upgrade() {
            inner.look.notify_one();
        }
    }

    fn lost(&self) {
        // Not at once: there is too much to tell already.
        if let Some(inner) = self.0.upgrade() {
            inner.lost.store(true, Ordering::Relaxed);
        }
    }

    fn heard(&self, channel: Channel, node: NodeId, message: Message, lines: Vec<Bytes>) {
        if let Some(inner) = self.0.upgrade() {
            inner.nodes.heard(node);
            inner.heard(channel, node, message, lines);
        }
    }
}

impl Inner {
    fn heard(
        self: &Arc<Self>,
        channel: Channel,
        node: NodeId,
        message: Message,
        lines: Vec<Bytes>,
    ) {
        match message {
            Message::Announced(filter) => {
                for words in lines.iter().map(Frame::words) {
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
                self.bus.tell(Channel::Broadcast, &answer);
            }
            Message::Alive { asks: false } | Message::Echo => {}
            Message::Leaving => {
                self.nodes.leaves(node);
                self.node_gone(node);
            }
            Message::Ask { id, question } => self.asked(node, id, question),
            Message::Answer { id } => self.answered(node, id, lines),
            Message::Events { .. }
            | Message::Presence { .. }
            | Message::Said { .. }
            | Message::Locks(_)
            | Message::Role { .. }
            | Message::Deleted => {
                if let Channel::Room(canvas) = channel {
                    self.pass_on(canvas, Command::Heard(node, Box::new(message), lines));
                }
            }
        }
    }

    /// To the canvas's room, if it is open and not too busy: what it misses it
    /// finds elsewhere later.
    fn pass_on(&self, canvas: CanvasId, command: Command) {
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
        self.admissions.write_counts();
        let open: Vec<CanvasId> = lock(&self.rooms).keys().copied().collect();
        for canvas in open {
            self.pass_on(canvas, Command::CatchUp);
        }
    }

    fn node_gone(&self, node: NodeId) {
        let open: Vec<CanvasId> = lock(&self.rooms).keys().copied().collect();
        for canvas in open {
            self.pass_on(canvas, Command::NodeGone(node));
        }
    }

    async fn compare(&self) {
        self.admissions.keep_counts();
        let open: Vec<CanvasId> = lock(&self.rooms).keys().copied().collect();
        let Some(all) = roster::look(&self.bus, &open).await else {
            return;
        };
        let all: HashMap<CanvasId, _> = open.into_iter().zip(all).collect();
        for (canvas, mut stamps) in all {
            stamps.retain(|node, _| self.nodes.takes(*node));
            self.pass_on(canvas, Command::Stamps(stamps));
        }
    }
}

/// Says that this node is there, notices those that are not, and keeps what is
/// kept in Redis alive and right.
pub(super) async fn watch(inner: Weak<Inner>) {
    let mut every = time::interval(LOOK_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for look in 1_u64.. {
        every.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        if !inner.bus.is_shared() {
            return;
        }
        if inner.bus.is_down() {
            continue;
        }
        if look.is_multiple_of(ALIVE_EVERY) {
            let alive = Message::Alive { asks: false };
            inner.bus.tell(Channel::Broadcast, &alive);
        }
        for node in inner.nodes.look() {
            tracing::warn!(%node, "another node is gone");
            inner.node_gone(node);
        }
        if look.is_multiple_of(COMPARE_EVERY) {
            if inner.lost.swap(false, Ordering::Relaxed) {
                inner.catch_up();
            }
            inner.compare().await;
        }
    }
}
