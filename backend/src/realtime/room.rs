//! One open canvas on this node: a task that owns the members, their presence,
//! the delivery of events and the write queue. It knows nothing of sockets: it
//! pushes messages into outboxes, and it waits for nothing but the database.
//!
//! [`Room`] runs the task's loop and connects its parts. Each part keeps its own
//! state and knows nothing of the others: [`delivery`], [`writes`], [`members`],
//! [`joins`], [`throttle`], [`tile_locks`], [`remote`] and [`timers`]. The other files here are
//! methods of [`Room`] by subject.

mod access;
mod backfill;
mod cluster;
mod command;
mod delivery;
mod ephemeral;
mod fair_queue;
mod fanout;
mod history;
mod joins;
mod lock_changes;
mod members;
mod membership;
mod order;
mod remote;
mod renames;
mod replies;
mod requests;
mod sanctions;
mod throttle;
mod tile_locks;
mod timers;
mod writes;
mod writing;

pub(crate) use backfill::PAGE;
pub(crate) use command::{Command, Join, Joined, RenamedUser, Replay};

use super::{
    bus::{Bus, Channel},
    failure_detector::FailureDetector,
    metrics::MessageRates,
    notifier::Notifier,
    presence::Presence,
    presence_store,
};
use crate::past::log::Log;
use crate::{
    clock::DatabaseClock,
    db::{
        self, Pool, Reads, log::RoomCanvas, notifications::OutgoingNotification,
        order::OrderSettings,
    },
};
use command::ReplyTo;
use delivery::Delivery;
use futures_util::future::OptionFuture;
use history::LogIdentity;
use joins::Joins;
use members::Members;
use remote::RemotePresence;
use shared::{
    canvas::Grid,
    ids::{CanvasId, UserId},
    protocol::CloseReason,
};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize},
    },
    time::Instant,
};
use throttle::EphemeralThrottle;
use tile_locks::TileLocks;
use timers::{Timer, Timers};
use tokio::sync::{Notify, mpsc};
use writes::Writes;

/// Commands handled before the fan-out is flushed.
const COMMANDS_PER_STEP: usize = 512;
/// How often the room yields between a transaction and the next: during one
/// yield the runtime finds the sockets that are readable, during the other their
/// connections read them.
const YIELDS_BEFORE_WRITE: usize = 2;

/// What every room of the node uses.
#[derive(Clone)]
pub(crate) struct Services {
    /// For write transactions, and for what the room reads.
    pub(crate) pool: Pool,
    /// The whole log of the canvas.
    pub(crate) log: Log,
    pub(crate) clock: DatabaseClock,
    pub(crate) bus: Bus,
    /// Tells users what concerns them.
    pub(crate) notifier: Notifier,
    /// Which other nodes are live.
    pub(crate) nodes: Arc<FailureDetector>,
    /// The source of the versions of this node's presence changes.
    pub(crate) versions: Arc<AtomicU64>,
    /// Whether newcomers are limited where a canvas asks for it.
    pub(crate) rate_limits: bool,
    /// Counts messages sent per second.
    pub(crate) message_rates: Arc<MessageRates>,
}

/// What the hub hands to the task of a room.
pub(crate) struct Setup {
    pub(crate) canvas_id: CanvasId,
    pub(crate) services: Services,
    pub(crate) commands: mpsc::Receiver<Command>,
    /// The other end of `commands`, for tasks that the room starts.
    pub(crate) sender: mpsc::WeakSender<Command>,
    /// Notified when a lease on the room is dropped.
    pub(crate) released: Arc<Notify>,
    /// The number of users on the canvas, written here and read by the hub.
    pub(crate) user_count: Arc<AtomicUsize>,
}

/// The state of one open canvas; see the module.
pub(crate) struct Room {
    canvas_id: CanvasId,
    grid: Grid,
    /// What the canvas asks of its users, as it was read with the roles last.
    order: OrderSettings,
    log: LogIdentity,
    services: Services,
    /// Where tasks that the room starts send what they have read.
    commands: mpsc::WeakSender<Command>,
    user_count: Arc<AtomicUsize>,
    delivery: Delivery,
    writes: Writes,
    /// The notifications of transactions whose events are being delivered.
    notifications: Vec<OutgoingNotification>,
    members: Members,
    joins: Joins,
    presence: Presence,
    throttle: EphemeralThrottle,
    remote: RemotePresence,
    locks: TileLocks,
    timers: Timers,
    /// When the first sanction of a member may be over.
    sanction_timers: HashMap<UserId, Instant>,
    is_deleted: bool,
}

/// Runs a room until it is unused. `close` is called when the room is idle; the
/// room ends if it returns true. The room ends at once where the canvas does not
/// exist or the database is away.
pub(crate) async fn run(setup: Setup, close: impl Fn() -> bool) {
    let Setup {
        canvas_id,
        services,
        mut commands,
        sender,
        released,
        user_count,
    } = setup;
    // Subscribe before reading: messages that arrive during the read wait among
    // the commands, what happened before is in the database and in Redis.
    services.bus.subscribed(Channel::Room(canvas_id)).await;
    let loaded = Room::load(canvas_id, services, sender, user_count);
    let mut room = match Box::pin(loaded).await {
        Ok(Some(room)) => room,
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(%canvas_id, %error, "a canvas could not be opened");
            return;
        }
    };
    loop {
        let timer = room.timers.next_deadline();
        let was_writing = room.writes.in_flight.is_some();
        tokio::select! {
            command = commands.recv() => match command {
                Some(command) => room.handle(command),
                None => return,
            },
            Some(finished) = OptionFuture::from(room.writes.in_flight.as_mut()) => {
                room.writes.in_flight = None;
                match finished {
                    Ok(finished) => {
                        room.finish(finished);
                        // While the events are sent. It would not wait for requests.
                        room.start_full_batch();
                    }
                    Err(error) => {
                        // The task panicked, and the replies to its requests are lost.
                        tracing::error!(%canvas_id, %error, "a write task failed");
                        room.members.close_all(CloseReason::Internal);
                    }
                }
            }
            () = tokio::time::sleep_until(timer.into()) => room.on_timer(Instant::now()),
            () = released.notified() => {}
        }
        room.handle_queued(&mut commands);
        room.delivery.flush(&room.members).await;
        // After the events that they tell of.
        let notifications = std::mem::take(&mut room.notifications);
        room.services.notifier.notify(notifications);
        if was_writing && room.writes.in_flight.is_none() {
            // Clients that have just received an event may answer at once. Their
            // requests go into the next transaction, not into the one after it.
            for _ in 0..YIELDS_BEFORE_WRITE {
                tokio::task::yield_now().await;
            }
            room.handle_queued(&mut commands);
        }
        room.start_write();
        room.delivery.flush(&room.members).await;
        if room.is_idle() && close() {
            room.retire();
            return;
        }
    }
}

impl Room {
    /// Reads what the room needs to open; `None` if there is no such canvas.
    async fn load(
        canvas_id: CanvasId,
        services: Services,
        commands: mpsc::WeakSender<Command>,
        user_count: Arc<AtomicUsize>,
    ) -> db::Result<Option<Self>> {
        let reads = &mut Reads::Pool(&services.pool);
        let read = services.log.room(reads, canvas_id);
        let Some(canvas) = read.await? else {
            return Ok(None);
        };
        let locks = db::locks::held(&services.pool, canvas_id).await?;
        let snapshot = presence_store::read(&services.bus, &[canvas_id]).await;
        let mut room = Self::new(canvas_id, &canvas, services, commands, user_count);
        for lock in locks {
            let left = tile_locks::remaining(&lock, &room.services.clock);
            room.keep_lock(lock, left);
        }
        if let Some(mut snapshot) = snapshot.and_then(|mut all| all.pop()) {
            let nodes = &room.services.nodes;
            snapshot.retain_nodes(|node| nodes.is_live(node));
            room.start_from(snapshot);
        }
        Ok(Some(room))
    }

    /// A room without members, whose log is at the canvas's head.
    fn new(
        canvas_id: CanvasId,
        canvas: &RoomCanvas,
        services: Services,
        commands: mpsc::WeakSender<Command>,
        user_count: Arc<AtomicUsize>,
    ) -> Self {
        Self {
            canvas_id,
            grid: canvas.grid,
            order: canvas.order,
            log: LogIdentity::new(canvas),
            commands,
            user_count,
            delivery: Delivery::new(
                canvas.last_seq,
                canvas.last_event.clone(),
                services.message_rates.clone(),
            ),
            writes: Writes::default(),
            notifications: Vec::new(),
            members: Members::new(canvas.acl_version),
            joins: Joins::default(),
            presence: Presence::default(),
            throttle: EphemeralThrottle::default(),
            remote: RemotePresence::new(services.bus.node(), services.versions.clone()),
            locks: TileLocks::default(),
            timers: Timers::default(),
            sanction_timers: HashMap::new(),
            is_deleted: false,
            services,
        }
    }

    /// Handles the commands that are queued, up to [`COMMANDS_PER_STEP`].
    fn handle_queued(&mut self, commands: &mut mpsc::Receiver<Command>) {
        for _ in 0..COMMANDS_PER_STEP {
            let Ok(command) = commands.try_recv() else {
                break;
            };
            self.handle(command);
        }
        self.compare_joins();
        self.admit_waiting();
    }

    fn handle(&mut self, command: Command) {
        // Consecutive joins are admitted together, before any other command.
        if !matches!(command, Command::Join(_)) {
            self.admit_waiting();
        }
        match command {
            Command::Join(join) => self.queue_join(*join),
            Command::Leave(connection) => self.leave(connection),
            Command::Request(connection, request, permit) => {
                self.on_request(connection, *request, permit);
            }
            Command::Write(write, reply) => self.enqueue(*write, None, ReplyTo::Http(reply)),
            Command::ActiveUsers(reply) => {
                // The receiver may have given up.
                let _ = reply.send(self.presence.list());
            }
            Command::AccessChanged => self.read_roles(),
            Command::Renamed(user) => self.on_renamed(&user),
            Command::Polled(instance, head) => self.on_polled(instance, head),
            Command::Compared(joins) => {
                for join in joins {
                    self.queue_join(join);
                }
            }
            Command::BusMessage(node, message, lines) => self.receive(node, *message, lines),
            Command::CatchUp => self.catch_up(),
            Command::PresenceSnapshot(snapshot) => {
                self.on_snapshot(snapshot.map(|snapshot| *snapshot));
            }
            Command::PresenceVersions(versions) => self.on_versions(versions),
            Command::Leases(locks) => self.on_locks_read(locks),
            Command::NodeGone(node) => self.on_node_gone(node),
            Command::Roles(roles) => self.on_roles(roles),
            Command::ToModerators(message) => self.send_to_moderators(&message),
            Command::Deleted => self.delete(),
        }
    }

    /// Handles every timer that is due.
    fn on_timer(&mut self, now: Instant) {
        let mut left_here = Vec::new();
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Typing(user, connection) => self.end_typing(user, connection, now),
                Timer::Leave(user) => {
                    if self.expire_user(user, now) {
                        left_here.push(user);
                    }
                }
                Timer::Cursor(user) => self.release_cursor(user, now),
                Timer::Change(user, kind) => self.release_change(user, kind, now),
                Timer::Gap => self.delivery.on_timer(now),
                Timer::Lock(at) => self.expire_lock(at, now),
                Timer::Sanction(user) => self.expire_sanctions(user),
            }
        }
        if !left_here.is_empty() {
            self.store_last_seen(left_here);
        }
    }

    /// Whether the room has nothing to do and nobody to wait for.
    fn is_idle(&self) -> bool {
        self.members.is_empty()
            && self.joins.is_empty()
            && self.writes.is_idle()
            && !self.presence.has_recent_leavers()
    }
}
