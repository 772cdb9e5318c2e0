//! The canvas on other nodes: what they tell, and what they are told of those
//! who are here. Who is there is told change by change; when one is missing,
//! all is read from the snapshot that the nodes keep in Redis.

use super::{Command, Room, timers::Timer};
use crate::realtime::{
    bus::Channel,
    cluster_message::{EphemeralKind, Message, PresenceDelta, PresenceEntry, PresenceField},
    frame::OutboundMessage,
    node_id::NodeId,
    presence::TYPING,
    presence_store::{self, PresenceSnapshot},
    write::Identity,
};
use bytes::Bytes;
use shared::{
    ids::{ConnectionId, UserId},
    protocol::ServerMessage,
};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// Time after which another node's word that somebody types counts as lost.
const TYPING_ELSEWHERE: Duration = TYPING.saturating_add(Duration::from_secs(2));
/// Looks at which a node may be missing in the snapshot: after Redis lost it,
/// each node writes its part anew.
const MISSING: u32 = 3;

/// How far this room heard the other nodes, and how far they can have heard it.
#[derive(Debug)]
pub(super) struct RemotePresence {
    /// The room's, for what it has read on the side.
    pub(super) commands: mpsc::WeakSender<Command>,
    /// Gives out versions, for all rooms of this node.
    versions: Arc<AtomicU64>,
    /// Of this room's last change.
    version: u64,
    /// Of the last change heard of each node.
    heard: HashMap<NodeId, u64>,
    /// The versions in the snapshot at the last look.
    looked: HashMap<NodeId, u64>,
    /// At how many looks nodes with somebody here were not in the snapshot.
    missing: HashMap<NodeId, u32>,
    is_reading: bool,
    /// Something was missed since the reading began.
    read_again: bool,
    /// Our own part is to be written anew.
    write: bool,
}

impl RemotePresence {
    pub(super) fn new(commands: mpsc::WeakSender<Command>, versions: Arc<AtomicU64>) -> Self {
        Self {
            commands,
            versions,
            version: 0,
            heard: HashMap::new(),
            looked: HashMap::new(),
            missing: HashMap::new(),
            is_reading: false,
            read_again: false,
            write: false,
        }
    }

    /// Another change of this room: the version of the one before it, and its own.
    fn next_version(&mut self) -> (u64, u64) {
        let before = self.version;
        self.version = self.versions.fetch_add(1, Ordering::Relaxed) + 1;
        (before, self.version)
    }
}

impl Room {
    /// Takes what another node told.
    pub(super) fn receive(&mut self, node: NodeId, message: Message, lines: Vec<Bytes>) {
        match message {
            Message::Events { first } => self.events_received(first, lines),
            Message::Presence {
                previous,
                version,
                delta,
            } => self.presence_received(node, previous, version, delta),
            Message::Ephemeral {
                connection,
                user,
                kind,
            } => {
                for line in lines {
                    let frame = OutboundMessage::passed_on(user, kind.name(), &line);
                    self.fanout.to_others(connection, frame);
                }
            }
            Message::Locks(changes) => self.apply_locks(changes),
            Message::Role { user, role } => self.role_changed(user, role),
            Message::Deleted => self.delete(),
            // Not told to rooms.
            Message::Announcement(_)
            | Message::SessionEnded(_)
            | Message::Kick
            | Message::Alive { .. }
            | Message::Leaving
            | Message::Query { .. }
            | Message::Reply { .. }
            | Message::SelfPing => {}
        }
    }

    /// Tells other nodes of a connection of this one.
    pub(super) fn share(&mut self, user: UserId, connection: ConnectionId, about: PresenceField) {
        if !self.bus.is_shared() {
            return;
        }
        let Some(entry) = self.presence.entry(user, connection) else {
            return;
        };
        let (previous, version) = self.remote.next_version();
        presence_store::put(
            &self.bus,
            self.canvas_id,
            std::slice::from_ref(&entry),
            version,
        );
        if about == PresenceField::All {
            presence_store::refresh_ttl(&self.bus, self.canvas_id);
        }
        self.publish_delta(previous, version, PresenceDelta::Updated(entry, about));
    }

    /// Tells other nodes that a connection of this one is gone.
    pub(super) fn share_gone(&mut self, user: UserId, connection: ConnectionId) {
        if !self.bus.is_shared() {
            return;
        }
        let (previous, version) = self.remote.next_version();
        presence_store::remove(&self.bus, self.canvas_id, self.bus.node(), &[connection]);
        presence_store::put_version(&self.bus, self.canvas_id, version);
        self.publish_delta(
            previous,
            version,
            PresenceDelta::Removed { user, connection },
        );
    }

    fn publish_delta(&self, previous: u64, version: u64, delta: PresenceDelta) {
        let message = Message::Presence {
            previous,
            version,
            delta,
        };
        self.bus.publish(Channel::Room(self.canvas_id), &message);
    }

    /// Passes on something ephemeral, here and elsewhere.
    pub(super) fn say(
        &mut self,
        connection: ConnectionId,
        from: &Identity,
        kind: EphemeralKind,
        message: &ServerMessage,
    ) {
        let user = from.user_id;
        let frame = OutboundMessage::ephemeral(user, kind.name(), message);
        let json = frame.text.json();
        self.fanout.to_others(connection, frame);
        if self.bus.is_shared() {
            let said = Message::Ephemeral {
                connection,
                user,
                kind,
            };
            let room = Channel::Room(self.canvas_id);
            self.bus.publish_with(room, &said, &[json]);
        }
    }

    /// Takes over who is there already, when the room opens.
    pub(super) fn start_from(&mut self, snapshot: PresenceSnapshot) {
        let until = Instant::now() + TYPING_ELSEWHERE;
        for (node, entry) in snapshot.entries {
            self.presence.arrive(node, &entry);
            self.presence.note(&entry, until);
            if entry.typing {
                let timer = Timer::Typing(entry.user_id, entry.connection);
                self.timers.at(until, timer);
            }
        }
        self.remote.heard = snapshot.versions;
        self.count_users();
    }

    /// What was told may be lost, here and elsewhere: both are made good.
    pub(super) fn catch_up(&mut self) {
        self.remote.write = true;
        self.read_snapshot();
        self.read_leases();
    }

    /// Forgets this node, since nobody is here any more.
    pub(super) fn retire(&self) {
        if self.remote.version > 0 {
            presence_store::remove_version(&self.bus, self.canvas_id, self.bus.node());
        }
    }

    fn read_snapshot(&mut self) {
        if self.remote.is_reading {
            self.remote.read_again = true;
            return;
        }
        self.remote.is_reading = true;
        let (bus, canvas) = (self.bus.clone(), self.canvas_id);
        let nodes = self.nodes.clone();
        let commands = self.remote.commands.clone();
        tokio::spawn(async move {
            let read = presence_store::read(&bus, &[canvas]).await;
            let snapshot = read.and_then(|mut all| all.pop()).map(|mut snapshot| {
                snapshot.retain_nodes(|node| nodes.is_live(node));
                snapshot
            });
            if let Some(commands) = commands.upgrade() {
                // A room that closes meanwhile has nobody to tell.
                let _ = commands
                    .send(Command::PresenceSnapshot(snapshot.map(Box::new)))
                    .await;
            }
        });
    }

    /// Takes what was read; `None` while Redis is away.
    pub(super) fn snapshot_read(&mut self, snapshot: Option<PresenceSnapshot>) {
        self.remote.is_reading = false;
        if let Some(snapshot) = snapshot {
            if std::mem::take(&mut self.remote.write) {
                self.write_own_part(&snapshot);
            }
            self.compare(snapshot);
        }
        if std::mem::take(&mut self.remote.read_again) {
            self.read_snapshot();
        }
    }

    fn write_own_part(&mut self, snapshot: &PresenceSnapshot) {
        let own = self.bus.node();
        let entries = self.presence.entries_here(None);
        if entries.is_empty() && !snapshot.versions.contains_key(&own) {
            return;
        }
        let here: HashSet<ConnectionId> = entries.iter().map(|entry| entry.connection).collect();
        let gone: Vec<ConnectionId> = snapshot
            .entries
            .iter()
            .filter(|(node, entry)| *node == own && !here.contains(&entry.connection))
            .map(|(_, entry)| entry.connection)
            .collect();
        let (previous, version) = self.remote.next_version();
        presence_store::remove(&self.bus, self.canvas_id, own, &gone);
        presence_store::put(&self.bus, self.canvas_id, &entries, version);
        presence_store::refresh_ttl(&self.bus, self.canvas_id);
        self.publish_delta(previous, version, PresenceDelta::Resync);
    }

    /// Makes of each other node what the snapshot says, unless more was heard of
    /// it already.
    fn compare(&mut self, snapshot: PresenceSnapshot) {
        let own = self.bus.node();
        let is_news = |(node, version): &(&NodeId, &u64)| {
            let heard = self.remote.heard.get(node).copied().unwrap_or(0);
            **node != own && **version >= heard
        };
        let fresh: HashMap<NodeId, u64> = snapshot
            .versions
            .iter()
            .filter(is_news)
            .map(|(node, version)| (*node, *version))
            .collect();
        let mut there: HashMap<NodeId, HashSet<ConnectionId>> = HashMap::new();
        let entries = snapshot.entries.into_iter();
        let entries: Vec<(NodeId, PresenceEntry)> = entries
            .filter(|(node, _)| fresh.contains_key(node))
            .collect();
        for (node, entry) in &entries {
            there.entry(*node).or_default().insert(entry.connection);
        }
        // Those who moved from one node to another come before they go.
        for (node, entry) in entries {
            self.entry_received(node, &entry, None);
        }
        for (node, version) in fresh {
            let stays = there.remove(&node).unwrap_or_default();
            for (user, connection) in self.presence.of(node) {
                if !stays.contains(&connection) {
                    self.depart(user, connection);
                }
            }
            self.remote.heard.insert(node, version);
        }
    }

    fn presence_received(
        &mut self,
        node: NodeId,
        previous: u64,
        version: u64,
        delta: PresenceDelta,
    ) {
        let heard = self.remote.heard.get(&node).copied().unwrap_or(0);
        if version <= heard {
            return;
        }
        if previous != heard {
            return self.read_snapshot();
        }
        match delta {
            PresenceDelta::Updated(entry, about) => self.entry_received(node, &entry, Some(about)),
            PresenceDelta::Removed { user, connection } => self.depart(user, connection),
            PresenceDelta::Resync => return self.read_snapshot(),
        }
        self.remote.heard.insert(node, version);
    }

    /// A connection of another node is there, and is so. Without `about` it
    /// was found in the snapshot, and only what differs is told.
    fn entry_received(
        &mut self,
        node: NodeId,
        entry: &PresenceEntry,
        about: Option<PresenceField>,
    ) {
        let (user, connection) = (entry.user_id, entry.connection);
        let identity = entry.identity();
        let arrival = self.presence.arrive(node, entry);
        self.tell_arrival(connection, &identity, arrival);
        let before = self.presence.entry(user, connection);
        let Some(before) = before else { return };
        if before.typing != entry.typing || (entry.typing && about == Some(PresenceField::Typing)) {
            let until = Instant::now() + TYPING_ELSEWHERE;
            if entry.typing {
                self.timers.at(until, Timer::Typing(user, connection));
            }
            let until = entry.typing.then_some(until);
            if self.presence.typing(user, connection, until) {
                self.tell_typing(connection, &identity, entry.typing);
            }
        }
        if before.editing != entry.editing {
            self.presence.editing(user, connection, entry.editing);
            let opened = entry.editing.map(|tile| (tile, true));
            let shown = opened.or(before.editing.map(|tile| (tile, false)));
            self.tell_presence(connection, &identity, shown);
        }
        let says = (entry.status, entry.status_message.as_str());
        let is_about_it = matches!(about, None | Some(PresenceField::Status));
        if is_about_it && self.presence.status_of(user) != Some(says) {
            let message = Some(entry.status_message.as_str());
            self.presence.status(user, entry.status, message);
            self.tell_presence(connection, &identity, None);
            self.republish(user);
        }
    }

    /// Writes anew what this node keeps of a user's connections, whose names or
    /// status are others now.
    pub(super) fn republish(&self, user: UserId) {
        let own = self.presence.entries_here(Some(user));
        if self.bus.is_shared() && !own.is_empty() {
            presence_store::put(&self.bus, self.canvas_id, &own, self.remote.version);
        }
    }

    /// The versions in the snapshot, which everybody looks at now and then: what
    /// was lost on the way is noticed here.
    pub(super) fn versions_seen(&mut self, versions: HashMap<NodeId, u64>) {
        let own = self.bus.node();
        if !versions.contains_key(&own) && !self.members.is_empty() {
            return self.catch_up();
        }
        // What was written by the last look was told long ago.
        let before = std::mem::replace(&mut self.remote.looked, versions);
        let heard = &self.remote.heard;
        let is_missed = |(node, version): (&NodeId, &u64)| {
            *node != own && heard.get(node).is_none_or(|heard| heard < version)
        };
        if before.iter().any(is_missed) {
            self.read_snapshot();
        }
        for node in self.presence.remote_nodes() {
            if self.remote.looked.contains_key(&node) {
                self.remote.missing.remove(&node);
                continue;
            }
            let missing = self.remote.missing.entry(node).or_insert(0);
            *missing += 1;
            if *missing >= MISSING {
                self.node_gone(node);
            }
        }
    }

    /// A node is gone, and with it its connections.
    pub(super) fn node_gone(&mut self, node: NodeId) {
        let there = self.presence.of(node);
        let connections: Vec<ConnectionId> = there.iter().map(|(_, id)| *id).collect();
        presence_store::remove(&self.bus, self.canvas_id, node, &connections);
        presence_store::remove_version(&self.bus, self.canvas_id, node);
        for (user, connection) in there {
            self.depart(user, connection);
        }
        self.remote.heard.remove(&node);
        self.remote.looked.remove(&node);
        self.remote.missing.remove(&node);
    }
}
