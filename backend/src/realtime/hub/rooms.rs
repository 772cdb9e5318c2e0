//! The open rooms of this node: starting, finding and closing them, and what
//! HTTP handlers ask of a room.

use super::Hub;
use crate::realtime::{
    bus::Channel,
    room::{self, Command, Setup},
    write::{Done, Write, WriteError},
};
use parking_lot::MutexGuard;
use shared::{ids::CanvasId, presence::ActiveUser};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::{Notify, mpsc, oneshot};

/// Commands that may wait for a room. A sender waits while the queue is full;
/// messages of other nodes are dropped.
const MAX_COMMANDS: usize = 1024;

/// The rooms by their canvas.
pub(super) type Rooms = HashMap<CanvasId, RoomHandle>;

/// How the hub reaches a room's task.
pub(super) struct RoomHandle {
    pub(super) commands: mpsc::Sender<Command>,
    /// Notified when a lease is dropped.
    released: Arc<Notify>,
    /// Leases that exist. Changed only under the lock of the rooms, or downwards.
    leases: Arc<AtomicUsize>,
    /// Users on the canvas, kept up to date by the room.
    user_count: Arc<AtomicUsize>,
}

/// Keeps a room open until it is dropped.
pub(crate) struct RoomLease {
    pub(crate) commands: mpsc::Sender<Command>,
    released: Arc<Notify>,
    leases: Arc<AtomicUsize>,
}

impl Drop for RoomLease {
    fn drop(&mut self) {
        self.leases.fetch_sub(1, Ordering::AcqRel);
        self.released.notify_one();
    }
}

impl Hub {
    /// Carries out one durable request of an HTTP client. Its event goes to every
    /// connection of the canvas.
    ///
    /// # Errors
    /// [`WriteError`]. Nothing was changed then, except with `Unavailable`, where
    /// the outcome is unknown.
    pub(crate) async fn write(
        &self,
        canvas_id: CanvasId,
        write: Write,
    ) -> Result<Done, WriteError> {
        let room = self.lease_room(canvas_id);
        let (reply, answer) = oneshot::channel();
        let sent = room
            .commands
            .send(Command::Write(Box::new(write), reply))
            .await;
        sent.map_err(|_| WriteError::Unavailable)?;
        answer.await.unwrap_or(Err(WriteError::Unavailable))
    }

    /// The users on the canvas, on all nodes.
    pub(crate) async fn active_users(&self, canvas_id: CanvasId) -> Vec<ActiveUser> {
        if let Some(commands) = self.room_commands(canvas_id) {
            let (reply, answer) = oneshot::channel();
            // Both fail when the room closes meanwhile, which has no members then.
            if commands.send(Command::ActiveUsers(reply)).await.is_ok()
                && let Ok(users) = answer.await
            {
                return users;
            }
        }
        let mut snapshots = self.active_on_other_nodes(&[canvas_id]).await;
        snapshots.pop().unwrap_or_default()
    }

    /// How many users are on each of these canvases, on all nodes.
    pub(crate) async fn active_counts(&self, canvases: &[CanvasId]) -> Vec<usize> {
        let open: Vec<Option<usize>> = {
            let rooms = self.rooms();
            canvases
                .iter()
                .map(|canvas| rooms.get(canvas))
                .map(|room| room.map(|room| room.user_count.load(Ordering::Relaxed)))
                .collect()
        };
        let closed: Vec<CanvasId> = canvases
            .iter()
            .zip(&open)
            .filter(|(_, count)| count.is_none())
            .map(|(canvas, _)| *canvas)
            .collect();
        let mut elsewhere = self.counts_on_other_nodes(&closed).await.into_iter();
        open.into_iter()
            .map(|count| count.unwrap_or_else(|| elsewhere.next().unwrap_or(0)))
            .collect()
    }

    /// Finds the canvas's room, or starts it, and keeps it open until the lease is
    /// dropped.
    pub(crate) fn lease_room(&self, canvas_id: CanvasId) -> RoomLease {
        let mut rooms = self.rooms();
        let room = rooms
            .entry(canvas_id)
            .or_insert_with(|| self.spawn_room(canvas_id));
        room.leases.fetch_add(1, Ordering::AcqRel);
        RoomLease {
            commands: room.commands.clone(),
            released: room.released.clone(),
            leases: room.leases.clone(),
        }
    }

    /// Starts a room's task. The caller holds the lock of the rooms.
    fn spawn_room(&self, canvas_id: CanvasId) -> RoomHandle {
        let (sender, commands) = mpsc::channel(MAX_COMMANDS);
        let room = RoomHandle {
            commands: sender.clone(),
            released: Arc::new(Notify::new()),
            leases: Arc::new(AtomicUsize::new(0)),
            user_count: Arc::new(AtomicUsize::new(0)),
        };
        let setup = Setup {
            canvas_id,
            services: room::Services {
                pool: self.inner.pool.clone(),
                log: self.inner.log.clone(),
                clock: self.inner.clock.clone(),
                bus: self.inner.bus.clone(),
                notifier: self.inner.notifier.clone(),
                nodes: self.inner.nodes.clone(),
                versions: self.inner.versions.clone(),
                rate_limits: self.inner.settings.rate_limits,
                message_rates: self.inner.registry.message_rates().clone(),
            },
            sender: sender.downgrade(),
            commands,
            released: room.released.clone(),
            user_count: room.user_count.clone(),
        };
        let hub = self.clone();
        let leases = room.leases.clone();
        metrics::gauge!("stellar_rooms").increment(1.0);
        tokio::spawn(async move {
            let close = || hub.close_unleased(canvas_id, &leases);
            room::run(setup, close).await;
            // Still listed where the room could not be loaded, or its task ended
            // for another reason than `close`.
            let mut rooms = hub.rooms();
            if rooms
                .get(&canvas_id)
                .is_some_and(|room| room.commands.same_channel(&sender))
            {
                rooms.remove(&canvas_id);
                hub.inner.bus.unsubscribe(Channel::Room(canvas_id));
            }
            drop(rooms);
            metrics::gauge!("stellar_rooms").decrement(1.0);
            hub.inner.ended.notify_waiters();
        });
        room
    }

    /// Removes a room that has no lease, and says whether it did. Taking a lease
    /// needs the same lock, so none can be taken meanwhile.
    fn close_unleased(&self, canvas_id: CanvasId, leases: &AtomicUsize) -> bool {
        let mut rooms = self.rooms();
        let is_unleased = leases.load(Ordering::Acquire) == 0;
        if is_unleased {
            rooms.remove(&canvas_id);
            self.inner.bus.unsubscribe(Channel::Room(canvas_id));
        }
        is_unleased
    }

    fn room_commands(&self, canvas_id: CanvasId) -> Option<mpsc::Sender<Command>> {
        Some(self.rooms().get(&canvas_id)?.commands.clone())
    }

    /// Sends a command to the canvas's room if it is open, from a task of its own:
    /// the room's queue may be full.
    pub(super) fn send_to_room(&self, canvas_id: CanvasId, command: Command) {
        if let Some(commands) = self.room_commands(canvas_id) {
            tokio::spawn(async move {
                // Fails when the room has closed, and has no members then.
                let _ = commands.send(command).await;
            });
        }
    }

    /// Whether some room may still be writing. Rooms stay open for a while after
    /// the last lease, for users who reload, but do not write then.
    pub(super) fn has_leased_rooms(&self) -> bool {
        let rooms = self.rooms();
        rooms
            .values()
            .any(|room| room.leases.load(Ordering::Acquire) > 0)
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.inner.rooms.lock()
    }
}
