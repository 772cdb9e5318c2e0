//! Leases on tiles as the members see them. Whether one is held is decided in
//! the database; here it is told, by whatever node it was taken.

use super::{Answer, Command, Room, timers::Timer};
use crate::{
    clock::Clock,
    db::{self, locks::TileLock},
    realtime::{
        bus::Channel,
        cluster_message::{LockChange, Message},
        frame::OutboundMessage,
        write::{Identity, Operation, Write},
        writer::Request,
    },
};
use shared::{
    canvas::{Coord, Role},
    ids::ConnectionId,
    limits,
    protocol::{Lock, ServerMessage, TileUnlocked},
};
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

/// How long a lease lasts that was just taken.
const WHOLE: Duration = Duration::from_millis(limits::LOCK_MS);

impl Room {
    /// Tells of leases that this room's transaction took or gave back.
    pub(super) fn lock_changes(&mut self, changes: Vec<LockChange>) {
        if changes.is_empty() {
            return;
        }
        if self.bus.is_shared() {
            let room = Channel::Room(self.canvas_id);
            self.bus.publish(room, &Message::Locks(changes.clone()));
        }
        let holders: HashSet<ConnectionId> = changes
            .iter()
            .filter_map(|change| match change {
                LockChange::Held { lease, .. } => Some(lease.connection_id),
                LockChange::Released(_) => None,
            })
            .collect();
        self.apply_locks(changes);
        for holder in holders {
            // It went away while the lock was on its way, unless it is another
            // node's: a user can prolong what their other tab holds.
            if !self.members.contains_key(&holder) && !self.presence.is_elsewhere(holder) {
                self.free_locks(holder);
            }
        }
    }

    /// Takes over how leases are, whoever changed them.
    pub(super) fn apply_locks(&mut self, changes: Vec<LockChange>) {
        for change in changes {
            match change {
                LockChange::Held { lease, announce } => self.hold(lease, WHOLE, announce),
                LockChange::Released(lease) => {
                    self.locks.remove(&lease.at);
                    self.tell_unlocked(&lease);
                }
            }
        }
    }

    fn hold(&mut self, lease: TileLock, left: Duration, announce: bool) {
        if announce {
            let locked = ServerMessage::TileLocked(lock(&lease));
            self.tell_about_lock(lease.connection_id, &locked);
        }
        let ends = Instant::now() + left;
        self.timers.at(ends, Timer::Lock(lease.at));
        self.locks.insert(lease.at, (lease, ends));
    }

    /// A lease may have run out.
    pub(super) fn lock_due(&mut self, at: Coord, now: Instant) {
        if self.locks.get(&at).is_some_and(|(_, ends)| *ends <= now)
            && let Some((lease, _)) = self.locks.remove(&at)
        {
            self.tell_unlocked(&lease);
        }
    }

    /// Has the leases read, since what other nodes told of them may be lost.
    pub(super) fn read_leases(&self) {
        let (pool, canvas) = (self.pool.clone(), self.canvas_id);
        let commands = self.remote.commands.clone();
        tokio::spawn(async move {
            match db::locks::held(&pool, canvas).await {
                Ok(leases) => {
                    if let Some(commands) = commands.upgrade() {
                        // A room that closes meanwhile has nobody to tell.
                        let _ = commands.send(Command::Leases(leases)).await;
                    }
                }
                Err(error) => tracing::debug!(%error, "the leases could not be read"),
            }
        });
    }

    /// Takes over the leases as they were read: what differs is told.
    pub(super) fn leases_read(&mut self, leases: Vec<TileLock>) {
        let held: HashSet<_> = leases.iter().map(|lease| lease.at).collect();
        let over: Vec<TileLock> = self
            .locks
            .values()
            .filter(|(lease, _)| !held.contains(&lease.at))
            // One that was taken here while the others were read.
            .filter(|(lease, _)| !self.members.contains_key(&lease.connection_id))
            .map(|(lease, _)| lease.clone())
            .collect();
        self.apply_locks(over.into_iter().map(LockChange::Released).collect());
        for lease in leases {
            let known = self.locks.get(&lease.at).map(|(known, _)| known);
            if known.is_some_and(|known| known.expires_at >= lease.expires_at) {
                continue;
            }
            let is_news = known.is_none_or(|known| known.connection_id != lease.connection_id);
            let left = left(&lease, &self.clock);
            self.hold(lease, left, is_news);
        }
    }

    /// Frees what a connection that ended still held, in the same order as
    /// everything else that is written: others hear of it when they can paint.
    pub(super) fn free_locks(&mut self, connection: ConnectionId) {
        let held: Vec<TileLock> = self
            .locks
            .values()
            .filter(|(lease, _)| lease.connection_id == connection)
            .map(|(lease, _)| lease.clone())
            .collect();
        for lease in held {
            let write = Write {
                identity: Identity {
                    user_id: lease.user_id,
                    username: lease.username.into(),
                    display_name: "".into(),
                    name_version: 0,
                },
                role: Role::Editor,
                op_id: None,
                operation: Operation::Unlock { at: lease.at },
            };
            let request = Request {
                write,
                connection: None,
            };
            self.enqueue(request, Answer::Nobody);
        }
    }

    fn tell_unlocked(&mut self, lease: &TileLock) {
        let unlocked = ServerMessage::TileUnlocked(TileUnlocked {
            tile_x: lease.at.x,
            tile_y: lease.at.y,
            user_id: lease.user_id,
            username: lease.username.clone(),
        });
        self.tell_about_lock(lease.connection_id, &unlocked);
    }

    /// Locks of different tiles must not displace each other in a full queue.
    fn tell_about_lock(&mut self, holder: ConnectionId, message: &ServerMessage) {
        self.fanout
            .to_others(holder, OutboundMessage::reply(message));
    }
}

/// How long a lease of the database lasts from now on.
pub(super) fn left(lease: &TileLock, clock: &Clock) -> Duration {
    let left = lease.expires_at - clock.now();
    left.to_std().unwrap_or_default().min(WHOLE)
}

/// A lease as clients see it.
pub(super) fn lock(lease: &TileLock) -> Lock {
    Lock {
        tile_x: lease.at.x,
        tile_y: lease.at.y,
        user_id: lease.user_id,
        username: lease.username.clone(),
        expires_at: lease.expires_at.into(),
    }
}
