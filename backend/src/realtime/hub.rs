//! The node's rooms and connections, and the door to them.

mod cluster;
mod cluster_query;
mod log_poller;
mod session_poller;

pub(crate) use cluster::KickOutcome;

use super::{
    bus::{Bus, Channel},
    cluster_message::Message,
    connection_limiter::{
        Caps, ConnectionLimitError, ConnectionLimiter, ConnectionPermit, connections_key,
    },
    failure_detector::FailureDetector,
    node_id::NodeId,
    registry::{ConnectionHandle, Registry},
    room::{self, Command, Setup},
    write::{Done, Write, WriteError},
};
use crate::{clock::Clock, db::ConnectionCache};
use bytes::Bytes;
use shared::{
    ids::{CanvasId, ConnectionId, UserId},
    presence::ActiveUser,
    protocol::CloseReason,
};
use sqlx::PgPool;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, Semaphore, mpsc, oneshot},
    task::JoinHandle,
};

/// Commands that may wait for a room; whoever sends more waits.
const MAX_COMMANDS: usize = 1024;
/// Connections that read their missed events from the log at the same time.
const MAX_REPLAYS: usize = 4;
/// Time over which clients come back after this node went down.
const RECONNECT_SPREAD: Duration = Duration::from_secs(2);
/// Time that open connections have to say good-bye.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(7);

/// What the realtime part is told about its limits.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Time between pings, ± 20 %.
    pub(crate) ping_interval: Duration,
    /// Silence after which a peer is dropped.
    pub(crate) timeout: Duration,
    /// Connections in total.
    pub(crate) max_connections: usize,
    /// Connections of one user.
    pub(crate) max_connections_per_user: usize,
    /// Connections from one address.
    pub(crate) max_connections_per_ip: usize,
    /// Whether requests are limited in rate.
    pub(crate) rate_limits: bool,
}

/// The node's rooms and connections.
#[derive(Clone)]
pub(crate) struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    pool: PgPool,
    connection_cache: ConnectionCache,
    clock: Clock,
    bus: Bus,
    nodes: Arc<FailureDetector>,
    /// Gives out versions for what is told of who is here.
    versions: Arc<AtomicU64>,
    /// Something that other nodes need was not told.
    publish_dropped: AtomicBool,
    /// Where answers of other nodes go.
    pending_queries: Mutex<HashMap<u64, mpsc::UnboundedSender<(NodeId, Bytes)>>>,
    settings: Settings,
    rooms: Mutex<HashMap<CanvasId, RoomHandle>>,
    registry: Registry,
    limiter: ConnectionLimiter,
    replay_permits: Semaphore,
    draining: AtomicBool,
    /// Woken when a room or a connection is gone.
    gone: Notify,
    /// Woken when the heads of the logs are to be looked at at once.
    poll_now: Arc<Notify>,
    log_poller: JoinHandle<()>,
    session_poller: JoinHandle<()>,
    cluster_watcher: JoinHandle<()>,
}

struct RoomHandle {
    commands: mpsc::Sender<Command>,
    released: Arc<Notify>,
    leases: Arc<AtomicUsize>,
    count: Arc<AtomicUsize>,
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
    /// A hub with no room open.
    pub(crate) fn new(
        pool: PgPool,
        connection_cache: ConnectionCache,
        clock: Clock,
        settings: Settings,
        bus: Bus,
    ) -> Self {
        let poll_now = Arc::new(Notify::new());
        let hub = Self {
            inner: Arc::new_cyclic(|inner| Inner {
                log_poller: tokio::spawn(log_poller::run(inner.clone(), poll_now.clone())),
                session_poller: tokio::spawn(session_poller::run(inner.clone())),
                cluster_watcher: tokio::spawn(cluster::run(inner.clone())),
                connection_cache,
                pool,
                clock,
                limiter: ConnectionLimiter::new(bus.clone()),
                nodes: Arc::new(FailureDetector::new(bus.node())),
                bus,
                versions: Arc::default(),
                publish_dropped: AtomicBool::new(false),
                pending_queries: Mutex::default(),
                settings,
                rooms: Mutex::default(),
                registry: Registry::default(),
                replay_permits: Semaphore::new(MAX_REPLAYS),
                draining: AtomicBool::new(false),
                gone: Notify::new(),
                poll_now,
            }),
        };
        let subscriber = cluster::BusSubscriber::new(&hub.inner);
        hub.inner.bus.listen(subscriber);
        hub
    }

    /// Carries out one durable request of an HTTP client; its event goes to
    /// every connection.
    ///
    /// # Errors
    /// [`WriteError`]; nothing was changed then, or with `Unavailable` nothing
    /// is known.
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

    /// Who is on the canvas now.
    pub(crate) async fn active_users(&self, canvas_id: CanvasId) -> Vec<ActiveUser> {
        if let Some(commands) = self.room_commands(canvas_id) {
            let (reply, answer) = oneshot::channel();
            // A room that closes meanwhile has nobody in it.
            if commands.send(Command::ActiveUsers(reply)).await.is_ok()
                && let Ok(users) = answer.await
            {
                return users;
            }
        }
        let mut all = self.active_on_other_nodes(&[canvas_id]).await;
        all.pop().unwrap_or_default()
    }

    /// How many users are on each of these canvases now.
    pub(crate) async fn active_counts(&self, canvases: &[CanvasId]) -> Vec<usize> {
        let open: Vec<Option<usize>> = {
            let rooms = self.rooms();
            let count = |canvas| rooms.get(canvas).map(|room| &room.count);
            let counts = canvases.iter().map(count);
            counts
                .map(|count| count.map(|count| count.load(Ordering::Relaxed)))
                .collect()
        };
        let closed = canvases
            .iter()
            .zip(&open)
            .filter(|(_, open)| open.is_none());
        let closed: Vec<CanvasId> = closed.map(|(canvas, _)| *canvas).collect();
        let mut elsewhere = self.active_on_other_nodes(&closed).await.into_iter();
        let count = |open: Option<usize>| {
            open.unwrap_or_else(|| elsewhere.next().map_or(0, |users| users.len()))
        };
        open.into_iter().map(count).collect()
    }

    /// Takes a place for a connection. What the user has on other nodes counts
    /// too, but for those that come at the same moment.
    ///
    /// # Errors
    /// [`ConnectionLimitError`] where a cap is reached or the server goes down.
    pub(crate) async fn acquire_connection(
        &self,
        user: UserId,
        address: IpAddr,
    ) -> Result<ConnectionPermit, ConnectionLimitError> {
        if self.is_draining() {
            return Err(ConnectionLimitError::Draining);
        }
        let settings = &self.inner.settings;
        let caps = Caps {
            total: settings.max_connections,
            per_user: settings.max_connections_per_user,
            per_ip: settings.max_connections_per_ip,
        };
        let permit = self.inner.limiter.acquire(caps, user, address)?;
        let elsewhere = self.connections_on_other_nodes(user).await;
        if permit.of_user + elsewhere > caps.per_user {
            return Err(ConnectionLimitError::TooMany);
        }
        Ok(permit)
    }

    /// The node's connections, and how they are used.
    pub(crate) fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    /// Lets nobody in any more.
    pub(crate) fn start_draining(&self) {
        self.inner.draining.store(true, Ordering::Release);
    }

    /// Ends every connection with 1012 and finishes what is being written.
    pub(crate) async fn shut_down(&self) {
        self.start_draining();
        let spread = u64::try_from(RECONNECT_SPREAD.as_millis()).unwrap_or(u64::MAX);
        self.inner.registry.close_all(|| {
            let wait = rand::random_range(spread / 4..=spread);
            CloseReason::GoingAway(wait)
        });
        let drained = async {
            loop {
                let gone = self.inner.gone.notified();
                if self.inner.registry.is_empty() && self.no_room_writes() {
                    return;
                }
                gone.await;
            }
        };
        if tokio::time::timeout(DRAIN_TIMEOUT, drained).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        self.inner.log_poller.abort();
        self.inner.session_poller.abort();
        self.inner.cluster_watcher.abort();
        self.inner
            .bus
            .publish(Channel::Broadcast, &Message::Leaving);
        self.inner.bus.flush().await;
    }

    /// Whether [`Hub::start_draining`] was called.
    pub(crate) fn is_draining(&self) -> bool {
        self.inner.draining.load(Ordering::Acquire)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// The time that all nodes agree on.
    pub(crate) fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.inner.pool
    }

    /// Limits how many read the log for a replay at the same time.
    pub(crate) fn replay_permits(&self) -> &Semaphore {
        &self.inner.replay_permits
    }

    /// Remembers a connection until [`Hub::unregister`].
    pub(crate) fn register(&self, connection: &Arc<ConnectionHandle>) {
        self.inner.registry.insert(connection);
        let channel = Channel::Connection(connection.connection_id);
        self.inner.bus.subscribe(channel);
        if self.is_draining() {
            connection.outbox.close(CloseReason::GoingAway(0));
        }
    }

    pub(crate) fn unregister(&self, id: ConnectionId) {
        self.inner.registry.remove(id);
        self.inner.bus.unsubscribe(Channel::Connection(id));
        self.inner.gone.notify_waiters();
    }

    /// Opens the canvas's room, or finds it open, and keeps it so.
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

    fn spawn_room(&self, canvas_id: CanvasId) -> RoomHandle {
        let (sender, commands) = mpsc::channel(MAX_COMMANDS);
        let room = RoomHandle {
            commands: sender.clone(),
            released: Arc::new(Notify::new()),
            leases: Arc::new(AtomicUsize::new(0)),
            count: Arc::new(AtomicUsize::new(0)),
        };
        let setup = Setup {
            canvas_id,
            pool: self.inner.pool.clone(),
            connection_cache: self.inner.connection_cache.clone(),
            clock: self.inner.clock.clone(),
            bus: self.inner.bus.clone(),
            nodes: self.inner.nodes.clone(),
            versions: self.inner.versions.clone(),
            sender: sender.downgrade(),
            commands,
            released: room.released.clone(),
            count: room.count.clone(),
            message_rates: self.inner.registry.message_rates().clone(),
        };
        let hub = self.clone();
        let leases = room.leases.clone();
        metrics::gauge!("stellar_rooms").increment(1.0);
        tokio::spawn(async move {
            let close = || hub.close_unused(canvas_id, &leases);
            room::run(setup, close).await;
            // It may also have ended because it could not be opened.
            let mut rooms = hub.rooms();
            if rooms
                .get(&canvas_id)
                .is_some_and(|r| r.commands.same_channel(&sender))
            {
                rooms.remove(&canvas_id);
                hub.inner.bus.unsubscribe(Channel::Room(canvas_id));
            }
            drop(rooms);
            metrics::gauge!("stellar_rooms").decrement(1.0);
            hub.inner.gone.notify_waiters();
        });
        room
    }

    /// Closes a room that nobody keeps open. Nobody can enter meanwhile, since
    /// that takes the same lock.
    fn close_unused(&self, canvas_id: CanvasId, leases: &AtomicUsize) -> bool {
        let mut rooms = self.rooms();
        let unused = leases.load(Ordering::Acquire) == 0;
        if unused {
            rooms.remove(&canvas_id);
            self.inner.bus.unsubscribe(Channel::Room(canvas_id));
        }
        unused
    }

    fn room_commands(&self, canvas_id: CanvasId) -> Option<mpsc::Sender<Command>> {
        Some(self.rooms().get(&canvas_id)?.commands.clone())
    }

    fn send_to_room(&self, canvas_id: CanvasId, command: Command) {
        if let Some(commands) = self.room_commands(canvas_id) {
            tokio::spawn(async move {
                // A room that closes meanwhile has nobody to tell.
                let _ = commands.send(command).await;
            });
        }
    }

    /// Rooms stay open after their last connection for those who reload; only
    /// held ones can still be writing.
    fn no_room_writes(&self) -> bool {
        let rooms = self.rooms();
        rooms
            .values()
            .all(|room| room.leases.load(Ordering::Acquire) == 0)
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<CanvasId, RoomHandle>> {
        lock(&self.inner.rooms)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
