//! What happens when tile locks are taken, renewed, released or run out, on
//! whatever node.

use super::{
    Room,
    command::{Command, ReplyTo},
    tile_locks::{LOCK_DURATION, remaining, to_wire},
    timers::Timer,
};
use crate::{
    db::{self, access::Standing, locks::TileLock},
    realtime::{
        bus::Channel,
        cluster_message::{LockChange, Message},
        outbound::OutboundMessage,
        write::{Identity, Operation, UNKNOWN_ACL, Write},
    },
};
use shared::{
    canvas::{Coord, Role},
    ids::ConnectionId,
    protocol::{ServerMessage, TileUnlocked},
};
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

impl Room {
    /// Applies the changes that a transaction of this room made, and publishes
    /// them to the other nodes.
    pub(super) fn commit_lock_changes(&mut self, changes: Vec<LockChange>) {
        if changes.is_empty() {
            return;
        }
        let bus = &self.services.bus;
        if bus.is_shared() {
            let room = Channel::Room(self.canvas_id);
            bus.publish(room, &Message::Locks(changes.clone()));
        }
        let holders: HashSet<ConnectionId> = changes
            .iter()
            .filter_map(|change| match change {
                LockChange::Held { lease, .. } => Some(lease.connection_id),
                LockChange::Released(_) => None,
            })
            .collect();
        self.apply_lock_changes(changes);
        for holder in holders {
            // The holder left while its request was in the transaction. It may
            // also be on another node: a user renews what another tab holds.
            if !self.members.contains(holder) && !self.presence.is_elsewhere(holder) {
                self.release_locks(holder);
            }
        }
    }

    /// Applies changes that any node made, and notifies the members.
    pub(super) fn apply_lock_changes(&mut self, changes: Vec<LockChange>) {
        for change in changes {
            match change {
                LockChange::Held { lease, announce } => {
                    self.hold_lock(lease, LOCK_DURATION, announce);
                }
                LockChange::Released(lock) => {
                    self.locks.remove(lock.at);
                    self.send_unlocked(&lock);
                }
            }
        }
    }

    fn hold_lock(&mut self, lock: TileLock, left: Duration, announce: bool) {
        if announce {
            let locked = ServerMessage::TileLocked(to_wire(&lock));
            self.send_lock_message(lock.connection_id, &locked);
        }
        self.keep_lock(lock, left);
    }

    /// Keeps a lock that lasts for `left` from now on, without telling anybody.
    pub(super) fn keep_lock(&mut self, lock: TileLock, left: Duration) {
        let deadline = Instant::now() + left;
        self.timers.at(deadline, Timer::Lock(lock.at));
        self.locks.insert(lock, deadline);
    }

    /// Ends a lock whose time is over.
    pub(super) fn expire_lock(&mut self, at: Coord, now: Instant) {
        if let Some(lock) = self.locks.expire(at, now) {
            self.send_unlocked(&lock);
        }
    }

    /// Has the locks read from the database, since changes that other nodes
    /// published may be lost.
    pub(super) fn read_locks(&self) {
        let (pool, canvas) = (self.services.pool.clone(), self.canvas_id);
        let commands = self.commands.clone();
        tokio::spawn(async move {
            match db::locks::held(&pool, canvas).await {
                Ok(locks) => {
                    if let Some(commands) = commands.upgrade() {
                        // Fails only if the room ended.
                        let _ = commands.send(Command::Leases(locks)).await;
                    }
                }
                Err(error) => tracing::debug!(%error, "the leases could not be read"),
            }
        });
    }

    /// Takes the locks that [`Room::read_locks`] had read, and notifies the
    /// members of what differs.
    pub(super) fn on_locks_read(&mut self, read: Vec<TileLock>) {
        let mut released = self.locks.missing_in(&read);
        // A member may have taken a lock after the others were read.
        released.retain(|lock| !self.members.contains(lock.connection_id));
        self.apply_lock_changes(released.into_iter().map(LockChange::Released).collect());
        for lock in read {
            let known = self.locks.get(lock.at);
            if known.is_some_and(|known| known.expires_at >= lock.expires_at) {
                continue;
            }
            let is_new = known.is_none_or(|known| known.connection_id != lock.connection_id);
            let left = remaining(&lock, &self.services.clock);
            self.hold_lock(lock, left, is_new);
        }
    }

    /// Queues requests that release the locks of a connection that ended. They
    /// take the same way as every other write, so the others are notified when they
    /// can paint.
    pub(super) fn release_locks(&mut self, connection: ConnectionId) {
        for lock in self.locks.held_by(connection) {
            let write = Write {
                identity: Identity {
                    user_id: lock.user_id,
                    username: lock.username.into(),
                    display_name: "".into(),
                    name_version: 0,
                },
                role: Role::Editor,
                acl_version: UNKNOWN_ACL,
                sanctions: None,
                standing: Standing::default(),
                op_id: None,
                operation: Operation::Unlock { at: lock.at },
            };
            self.enqueue(write, None, ReplyTo::Nobody);
        }
    }

    fn send_unlocked(&mut self, lock: &TileLock) {
        let unlocked = ServerMessage::TileUnlocked(TileUnlocked {
            tile_x: lock.at.x,
            tile_y: lock.at.y,
            user_id: lock.user_id,
            username: lock.username.clone(),
        });
        self.send_lock_message(lock.connection_id, &unlocked);
    }

    /// Sent as a reply, which a full outbox never drops: messages about different
    /// tiles must not replace each other.
    fn send_lock_message(&mut self, holder: ConnectionId, message: &ServerMessage) {
        self.delivery
            .broadcast_except(holder, OutboundMessage::reply(message));
    }
}
