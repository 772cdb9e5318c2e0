//! The canvas on other nodes: what they tell, and what they are told of those
//! who are here. Who is there is told change by change; when one is missing,
//! all is read from the roster that the nodes keep in Redis.

use super::{Command, Room, timers::Timer};
use crate::realtime::{
    bus::{About, Change, Channel, Message, NodeId, Spoken},
    frame::Frame,
    presence::{Entry, TYPING},
    roster::{self, Roster},
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
/// Looks at which a node may be missing in the roster: after Redis lost it,
/// each node writes its part anew.
const MISSING: u32 = 3;

/// How far this room heard the other nodes, and how far they can have heard it.
#[derive(Debug)]
pub(super) struct Neighbours {
    /// The room's, for what it has read on the side.
    pub(super) commands: mpsc::WeakSender<Command>,
    /// Gives out stamps, for all rooms of this node.
    stamps: Arc<AtomicU64>,
    /// Of this room's last change.
    stamp: u64,
    /// Of the last change heard of each node.
    heard: HashMap<NodeId, u64>,
    /// The stamps in the roster at the last look.
    looked: HashMap<NodeId, u64>,
    /// At how many looks nodes with somebody here were not in the roster.
    missing: HashMap<NodeId, u32>,
    is_reading: bool,
    /// Something was missed since the reading began.
    read_again: bool,
    /// Our own part is to be written anew.
    write: bool,
}

impl Neighbours {
    pub(super) fn new(commands: mpsc::WeakSender<Command>, stamps: Arc<AtomicU64>) -> Self {
        Self {
            commands,
            stamps,
            stamp: 0,
            heard: HashMap::new(),
            looked: HashMap::new(),
            missing: HashMap::new(),
            is_reading: false,
            read_again: false,
            write: false,
        }
    }

    /// Another change of this room: the stamp of the one before it, and its own.
    fn next_stamp(&mut self) -> (u64, u64) {
        let before = self.stamp;
        self.stamp = self.stamps.fetch_add(1, Ordering::Relaxed) + 1;
        (before, self.stamp)
    }
}

impl Room {
    /// Takes what another node told.
    pub(super) fn heard(&mut self, node: NodeId, message: Message, lines: Vec<Bytes>) {
        match message {
            Message::Events { first } => self.events_heard(first, lines),
            Message::Presence {
                before,
                stamp,
                change,
            } => self.presence_heard(node, before, stamp, change),
            Message::Said {
                connection,
                user,
                kind,
            } => {
                for line in lines {
                    let frame = Frame::passed_on(user, kind.name(), &line);
                    self.post.others(connection, frame);
                }
            }
            Message::Locks(changes) => self.apply_locks(changes),
            Message::Role { user, role } => self.role_changed(user, role),
            Message::Deleted => self.delete(),
            // Not told to rooms.
            Message::Announced(_)
            | Message::SessionEnded(_)
            | Message::Kick
            | Message::Alive { .. }
            | Message::Leaving
            | Message::Ask { .. }
            | Message::Answer { .. }
            | Message::Echo => {}
        }
    }

    /// Tells other nodes of a connection of this one.
    pub(super) fn share(&mut self, user: UserId, connection: ConnectionId, about: About) {
        if !self.bus.is_shared() {
            return;
        }
        let Some(entry) = self.presence.entry(user, connection) else {
            return;
        };
        let (before, stamp) = self.neighbours.next_stamp();
        roster::keep(
            &self.bus,
            self.canvas_id,
            std::slice::from_ref(&entry),
            stamp,
        );
        if about == About::Coming {
            roster::let_expire(&self.bus, self.canvas_id);
        }
        self.tell_change(before, stamp, Change::Is(entry, about));
    }

    /// Tells other nodes that a connection of this one is gone.
    pub(super) fn share_gone(&mut self, user: UserId, connection: ConnectionId) {
        if !self.bus.is_shared() {
            return;
        }
        let (before, stamp) = self.neighbours.next_stamp();
        roster::remove(&self.bus, self.canvas_id, self.bus.node(), &[connection]);
        roster::keep_stamp(&self.bus, self.canvas_id, stamp);
        self.tell_change(before, stamp, Change::Gone { user, connection });
    }

    fn tell_change(&self, before: u64, stamp: u64, change: Change) {
        let message = Message::Presence {
            before,
            stamp,
            change,
        };
        self.bus.tell(Channel::Room(self.canvas_id), &message);
    }

    /// Passes on something ephemeral, here and elsewhere.
    pub(super) fn say(
        &mut self,
        connection: ConnectionId,
        from: &Identity,
        kind: Spoken,
        message: &ServerMessage,
    ) {
        let user = from.user_id;
        let frame = Frame::ephemeral(user, kind.name(), message);
        let json = frame.text.json();
        self.post.others(connection, frame);
        if self.bus.is_shared() {
            let said = Message::Said {
                connection,
                user,
                kind,
            };
            let room = Channel::Room(self.canvas_id);
            self.bus.tell_with(room, &said, &[json]);
        }
    }

    /// Takes over who is there already, when the room opens.
    pub(super) fn start_from(&mut self, roster: Roster) {
        let until = Instant::now() + TYPING_ELSEWHERE;
        for (node, entry) in roster.entries {
            self.presence.arrive(node, &entry);
            self.presence.note(&entry, until);
            if entry.typing {
                let timer = Timer::Typing(entry.user_id, entry.connection);
                self.timers.at(until, timer);
            }
        }
        self.neighbours.heard = roster.stamps;
        self.count_users();
    }

    /// What was told may be lost, here and elsewhere: both are made good.
    pub(super) fn catch_up(&mut self) {
        self.neighbours.write = true;
        self.read_roster();
        self.read_leases();
    }

    /// Forgets this node, since nobody is here any more.
    pub(super) fn retire(&self) {
        if self.neighbours.stamp > 0 {
            roster::remove_stamp(&self.bus, self.canvas_id, self.bus.node());
        }
    }

    fn read_roster(&mut self) {
        if self.neighbours.is_reading {
            self.neighbours.read_again = true;
            return;
        }
        self.neighbours.is_reading = true;
        let (bus, canvas) = (self.bus.clone(), self.canvas_id);
        let nodes = self.nodes.clone();
        let commands = self.neighbours.commands.clone();
        tokio::spawn(async move {
            let read = roster::read(&bus, &[canvas]).await;
            let roster = read.and_then(|mut all| all.pop()).map(|mut roster| {
                roster.without(|node| !nodes.takes(node));
                roster
            });
            if let Some(commands) = commands.upgrade() {
                // A room that closes meanwhile has nobody to tell.
                let _ = commands.send(Command::Roster(roster.map(Box::new))).await;
            }
        });
    }

    /// Takes what was read; `None` while Redis is away.
    pub(super) fn roster_read(&mut self, roster: Option<Roster>) {
        self.neighbours.is_reading = false;
        if let Some(roster) = roster {
            if std::mem::take(&mut self.neighbours.write) {
                self.write_own_part(&roster);
            }
            self.compare(roster);
        }
        if std::mem::take(&mut self.neighbours.read_again) {
            self.read_roster();
        }
    }

    fn write_own_part(&mut self, roster: &Roster) {
        let own = self.bus.node();
        let entries = self.presence.entries_here(None);
        if entries.is_empty() && !roster.stamps.contains_key(&own) {
            return;
        }
        let here: HashSet<ConnectionId> = entries.iter().map(|entry| entry.connection).collect();
        let gone: Vec<ConnectionId> = roster
            .entries
            .iter()
            .filter(|(node, entry)| *node == own && !here.contains(&entry.connection))
            .map(|(_, entry)| entry.connection)
            .collect();
        let (before, stamp) = self.neighbours.next_stamp();
        roster::remove(&self.bus, self.canvas_id, own, &gone);
        roster::keep(&self.bus, self.canvas_id, &entries, stamp);
        roster::let_expire(&self.bus, self.canvas_id);
        self.tell_change(before, stamp, Change::Much);
    }

    /// Makes of each other node what the roster says, unless more was heard of
    /// it already.
    fn compare(&mut self, roster: Roster) {
        let own = self.bus.node();
        let is_news = |(node, stamp): &(&NodeId, &u64)| {
            let heard = self.neighbours.heard.get(node).copied().unwrap_or(0);
            **node != own && **stamp >= heard
        };
        let fresh: HashMap<NodeId, u64> = roster
            .stamps
            .iter()
            .filter(is_news)
            .map(|(node, stamp)| (*node, *stamp))
            .collect();
        let mut there: HashMap<NodeId, HashSet<ConnectionId>> = HashMap::new();
        let entries = roster.entries.into_iter();
        let entries: Vec<(NodeId, Entry)> = entries
            .filter(|(node, _)| fresh.contains_key(node))
            .collect();
        for (node, entry) in &entries {
            there.entry(*node).or_default().insert(entry.connection);
        }
        // Those who moved from one node to another come before they go.
        for (node, entry) in entries {
            self.entry_heard(node, &entry, None);
        }
        for (node, stamp) in fresh {
            let stays = there.remove(&node).unwrap_or_default();
            for (user, connection) in self.presence.of(node) {
                if !stays.contains(&connection) {
                    self.depart(user, connection);
                }
            }
            self.neighbours.heard.insert(node, stamp);
        }
    }

    fn presence_heard(&mut self, node: NodeId, before: u64, stamp: u64, change: Change) {
        let heard = self.neighbours.heard.get(&node).copied().unwrap_or(0);
        if stamp <= heard {
            return;
        }
        if before != heard {
            return self.read_roster();
        }
        match change {
            Change::Is(entry, about) => self.entry_heard(node, &entry, Some(about)),
            Change::Gone { user, connection } => self.depart(user, connection),
            Change::Much => return self.read_roster(),
        }
        self.neighbours.heard.insert(node, stamp);
    }

    /// A connection of another node is there, and is so. Without `about` it
    /// was found in the roster, and only what differs is told.
    fn entry_heard(&mut self, node: NodeId, entry: &Entry, about: Option<About>) {
        let (user, connection) = (entry.user_id, entry.connection);
        let identity = entry.identity();
        let arrival = self.presence.arrive(node, entry);
        self.tell_arrival(connection, &identity, arrival);
        let before = self.presence.entry(user, connection);
        let Some(before) = before else { return };
        if before.typing != entry.typing || (entry.typing && about == Some(About::Typing)) {
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
        let is_about_it = matches!(about, None | Some(About::Status));
        if is_about_it && self.presence.status_of(user) != Some(says) {
            let message = Some(entry.status_message.as_str());
            self.presence.status(user, entry.status, message);
            self.tell_presence(connection, &identity, None);
            self.keep_again(user);
        }
    }

    /// Writes anew what this node keeps of a user's connections, whose names or
    /// status are others now.
    pub(super) fn keep_again(&self, user: UserId) {
        let own = self.presence.entries_here(Some(user));
        if self.bus.is_shared() && !own.is_empty() {
            roster::keep(&self.bus, self.canvas_id, &own, self.neighbours.stamp);
        }
    }

    /// The stamps in the roster, which everybody looks at now and then: what
    /// was lost on the way is noticed here.
    pub(super) fn stamps_seen(&mut self, stamps: HashMap<NodeId, u64>) {
        let own = self.bus.node();
        if !stamps.contains_key(&own) && !self.members.is_empty() {
            return self.catch_up();
        }
        // What was written by the last look was told long ago.
        let before = std::mem::replace(&mut self.neighbours.looked, stamps);
        let heard = &self.neighbours.heard;
        let is_missed = |(node, stamp): (&NodeId, &u64)| {
            *node != own && heard.get(node).is_none_or(|heard| heard < stamp)
        };
        if before.iter().any(is_missed) {
            self.read_roster();
        }
        for node in self.presence.homes() {
            if self.neighbours.looked.contains_key(&node) {
                self.neighbours.missing.remove(&node);
                continue;
            }
            let missing = self.neighbours.missing.entry(node).or_insert(0);
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
        roster::remove(&self.bus, self.canvas_id, node, &connections);
        roster::remove_stamp(&self.bus, self.canvas_id, node);
        for (user, connection) in there {
            self.depart(user, connection);
        }
        self.neighbours.heard.remove(&node);
        self.neighbours.looked.remove(&node);
        self.neighbours.missing.remove(&node);
    }
}
