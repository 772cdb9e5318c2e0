//! The canvas on other nodes: what this room publishes of its own connections, and
//! what it applies of theirs. Presence is published change by change; when a
//! change is missing, everything is read from the snapshot in Redis.

use super::{
    Room,
    command::Command,
    remote::Delta,
    throttle::{Change, ChangeKind},
    timers::Timer,
};
use crate::realtime::{
    bus::Channel,
    cluster_message::{EphemeralKind, Message, PresenceDelta, PresenceEntry, PresenceField},
    node_id::NodeId,
    outbound::OutboundMessage,
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
    time::{Duration, Instant},
};

/// How long a user of another node is shown as typing without a renewal. Longer
/// than for users of this node, since the message that ends it may be late.
const REMOTE_TYPING: Duration = TYPING.saturating_add(Duration::from_secs(2));

impl Room {
    /// Handles a message that another node published to this room's channel.
    pub(super) fn receive(&mut self, node: NodeId, message: Message, lines: Vec<Bytes>) {
        match message {
            Message::Events {
                first,
                epoch,
                instance,
            } => self.on_remote_events(first, epoch, instance, lines),
            Message::Presence {
                previous,
                version,
                delta,
            } => self.on_presence_delta(node, previous, version, delta),
            Message::Ephemeral {
                connection,
                user,
                kind,
            } => {
                for line in lines {
                    let message = OutboundMessage::relayed(user, kind.name(), &line);
                    self.delivery.broadcast_except(connection, message);
                }
            }
            Message::Locks(changes) => self.apply_lock_changes(changes),
            Message::AccessChanged => self.read_roles(),
            Message::ToModerators => {
                for message in lines.iter().map(OutboundMessage::relayed_reply) {
                    self.send_to_moderators(&message);
                }
            }
            // The hub handles these.
            Message::Deleted
            | Message::Announcement(_)
            | Message::SessionEnded(_)
            | Message::ToUser { .. }
            | Message::Notified(_)
            | Message::Kick
            | Message::Alive { .. }
            | Message::Leaving
            | Message::Query { .. }
            | Message::Reply { .. }
            | Message::Direct(_)
            | Message::DirectTyping { .. }
            | Message::SelfPing => {}
        }
    }

    /// Publishes the presence of a connection of this node, because `field`
    /// changed.
    pub(super) fn publish_presence(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        field: PresenceField,
    ) {
        let bus = &self.services.bus;
        if !bus.is_shared() {
            return;
        }
        let Some(entry) = self.presence.entry(user, connection) else {
            return;
        };
        let (previous, version) = self.remote.next_version();
        let entries = std::slice::from_ref(&entry);
        presence_store::put(bus, self.canvas_id, entries, version);
        if field == PresenceField::All {
            presence_store::refresh_ttl(bus, self.canvas_id);
        }
        self.publish_delta(previous, version, PresenceDelta::Updated(entry, field));
    }

    /// Publishes that a connection of this node ended.
    pub(super) fn publish_departure(&mut self, user: UserId, connection: ConnectionId) {
        let bus = &self.services.bus;
        if !bus.is_shared() {
            return;
        }
        let (previous, version) = self.remote.next_version();
        presence_store::remove(bus, self.canvas_id, bus.node(), &[connection]);
        presence_store::put_version(bus, self.canvas_id, version);
        let removed = PresenceDelta::Removed { user, connection };
        self.publish_delta(previous, version, removed);
    }

    fn publish_delta(&self, previous: u64, version: u64, delta: PresenceDelta) {
        let message = Message::Presence {
            previous,
            version,
            delta,
        };
        let room = Channel::Room(self.canvas_id);
        self.services.bus.publish(room, &message);
    }

    /// Sends an ephemeral message to the other members, and publishes it to the
    /// other nodes.
    pub(super) fn broadcast_ephemeral(
        &mut self,
        connection: ConnectionId,
        from: &Identity,
        kind: EphemeralKind,
        message: &ServerMessage,
    ) {
        let user = from.user_id;
        let message = OutboundMessage::ephemeral(user, kind.name(), message);
        let json = message.frame.json();
        self.delivery.broadcast_except(connection, message);
        let bus = &self.services.bus;
        if bus.is_shared() {
            let ephemeral = Message::Ephemeral {
                connection,
                user,
                kind,
            };
            let room = Channel::Room(self.canvas_id);
            bus.publish_with(room, &ephemeral, &[json]);
        }
    }

    /// Takes over the presence of the other nodes when the room opens. There are
    /// no members yet that have to be notified.
    pub(super) fn start_from(&mut self, snapshot: PresenceSnapshot) {
        let until = Instant::now() + REMOTE_TYPING;
        for (node, entry) in snapshot.entries {
            self.presence.arrive(node, &entry);
            self.presence.note(&entry, until);
            if entry.typing {
                let timer = Timer::Typing(entry.user_id, entry.connection);
                self.timers.at(until, timer);
            }
        }
        self.remote.start_from(snapshot.versions);
        self.store_user_count();
    }

    /// Messages may be lost in both directions: this room's part of the snapshot
    /// is written again, and everybody else's is read.
    pub(super) fn catch_up(&mut self) {
        self.remote.request_rewrite();
        self.read_snapshot();
        self.read_locks();
    }

    /// Removes this node from the canvas's snapshot, when the room closes.
    pub(super) fn retire(&self) {
        if self.remote.version() > 0 {
            let bus = &self.services.bus;
            presence_store::remove_version(bus, self.canvas_id, bus.node());
        }
    }

    fn read_snapshot(&mut self) {
        if !self.remote.begin_read() {
            return;
        }
        let (bus, nodes) = (self.services.bus.clone(), self.services.nodes.clone());
        let (canvas, commands) = (self.canvas_id, self.commands.clone());
        tokio::spawn(async move {
            let read = presence_store::read(&bus, &[canvas]).await;
            let snapshot = read.and_then(|mut all| all.pop()).map(|mut snapshot| {
                snapshot.retain_nodes(|node| nodes.is_live(node));
                Box::new(snapshot)
            });
            if let Some(commands) = commands.upgrade() {
                // Fails only if the room ended.
                let _ = commands.send(Command::PresenceSnapshot(snapshot)).await;
            }
        });
    }

    /// Takes the snapshot that was read; `None` while Redis is away.
    pub(super) fn on_snapshot(&mut self, snapshot: Option<PresenceSnapshot>) {
        let read_again = self.remote.end_read();
        if let Some(snapshot) = snapshot {
            if self.remote.take_rewrite() {
                self.rewrite_own_part(&snapshot);
            }
            self.apply_snapshot(snapshot);
        }
        if read_again {
            self.read_snapshot();
        }
    }

    fn rewrite_own_part(&mut self, snapshot: &PresenceSnapshot) {
        let bus = &self.services.bus;
        let own = bus.node();
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
        presence_store::remove(bus, self.canvas_id, own, &gone);
        presence_store::put(bus, self.canvas_id, &entries, version);
        presence_store::refresh_ttl(bus, self.canvas_id);
        self.publish_delta(previous, version, PresenceDelta::Resync);
    }

    /// Makes the presence of each other node what the snapshot says, unless newer
    /// changes of that node are applied already.
    fn apply_snapshot(&mut self, snapshot: PresenceSnapshot) {
        let fresh = self.remote.fresh_nodes(&snapshot);
        let mut there: HashMap<NodeId, HashSet<ConnectionId>> = HashMap::new();
        let mut entries = snapshot.entries;
        entries.retain(|(node, _)| fresh.contains_key(node));
        for (node, entry) in &entries {
            there.entry(*node).or_default().insert(entry.connection);
        }
        // Additions come first: a user who moved from one node to another must
        // not seem to have left.
        for (node, entry) in entries {
            self.apply_entry(node, &entry, None);
        }
        for (node, version) in fresh {
            let stays = there.remove(&node).unwrap_or_default();
            for (user, connection) in self.presence.of(node) {
                if !stays.contains(&connection) {
                    self.depart(user, connection);
                }
            }
            self.remote.mark_applied(node, version);
        }
    }

    fn on_presence_delta(
        &mut self,
        node: NodeId,
        previous: u64,
        version: u64,
        delta: PresenceDelta,
    ) {
        match self.remote.check(node, previous, version) {
            Delta::Stale => return,
            Delta::Gap => return self.read_snapshot(),
            Delta::Next => {}
        }
        match delta {
            PresenceDelta::Updated(entry, field) => self.apply_entry(node, &entry, Some(field)),
            PresenceDelta::Removed { user, connection } => self.depart(user, connection),
            PresenceDelta::Resync => return self.read_snapshot(),
        }
        self.remote.mark_applied(node, version);
    }

    /// Applies the state of another node's connection, and notifies the members
    /// of what differs. `field` is what changed; `None` means that the entry comes from a
    /// snapshot.
    fn apply_entry(&mut self, node: NodeId, entry: &PresenceEntry, field: Option<PresenceField>) {
        let (user, connection) = (entry.user_id, entry.connection);
        let identity = entry.identity();
        let arrival = self.presence.arrive(node, entry);
        self.send_arrival(connection, &identity, arrival);
        let Some(before) = self.presence.entry(user, connection) else {
            return;
        };
        let is_renewal = entry.typing && field == Some(PresenceField::Typing);
        if before.typing != entry.typing || is_renewal {
            let until = Instant::now() + REMOTE_TYPING;
            if entry.typing {
                self.timers.at(until, Timer::Typing(user, connection));
            }
            let until = entry.typing.then_some(until);
            if self.presence.typing(user, connection, until) {
                let change = Change::Typing(entry.typing);
                self.pass_on(user, connection, ChangeKind::Typing, Some(change), false);
            }
        }
        if before.editing != entry.editing {
            self.presence.editing(user, connection, entry.editing);
            let opened = entry.editing.map(|tile| Change::Editing(tile, true));
            let change = opened.or(before.editing.map(|tile| Change::Editing(tile, false)));
            self.pass_on(user, connection, ChangeKind::Editing, change, false);
        }
        let status = (entry.status, entry.status_message.as_str());
        let may_have_status = matches!(field, None | Some(PresenceField::Status));
        if may_have_status && self.presence.status_of(user) != Some(status) {
            let message = Some(entry.status_message.as_str());
            self.presence.status(user, entry.status, message);
            let change = Some(Change::Status);
            self.pass_on(user, connection, ChangeKind::Status, change, false);
            self.rewrite_presence(user);
        }
    }

    /// Writes to Redis what this node has of a user whose name or status changed
    /// on another node. Not a change of its own: nothing is published.
    pub(super) fn rewrite_presence(&self, user: UserId) {
        let own = self.presence.entries_here(Some(user));
        let bus = &self.services.bus;
        if bus.is_shared() && !own.is_empty() {
            presence_store::put(bus, self.canvas_id, &own, self.remote.version());
        }
    }

    /// Takes the versions in Redis, which every node polls: changes that were lost
    /// on the way are noticed here.
    pub(super) fn on_versions(&mut self, versions: HashMap<NodeId, u64>) {
        let own = self.services.bus.node();
        if !versions.contains_key(&own) && !self.members.is_empty() {
            return self.catch_up();
        }
        if self.remote.observe_versions(versions) {
            self.read_snapshot();
        }
        for node in self.remote.count_missing(self.presence.remote_nodes()) {
            self.on_node_gone(node);
        }
    }

    /// Removes the connections of a node that is gone, here and in Redis.
    pub(super) fn on_node_gone(&mut self, node: NodeId) {
        let there = self.presence.of(node);
        let connections: Vec<ConnectionId> = there.iter().map(|(_, id)| *id).collect();
        let bus = &self.services.bus;
        presence_store::remove(bus, self.canvas_id, node, &connections);
        presence_store::remove_version(bus, self.canvas_id, node);
        for (user, connection) in there {
            self.depart(user, connection);
        }
        self.remote.remove_node(node);
    }
}
