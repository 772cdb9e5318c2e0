//! The entry point to everything live on this node: its connections, its rooms
//! (`rooms`), what other nodes send and are sent (`cluster`, `bus_subscriber`,
//! `cluster_query`), and what is polled from the database (`log_poller`,
//! `session_poller`). It knows neither sockets nor HTTP.

mod bus_subscriber;
mod cluster;
mod cluster_query;
mod log_poller;
mod notification_poller;
mod renames;
mod rooms;
mod session_poller;
mod user_connections;
mod user_counts;

pub(crate) use cluster::KickOutcome;
pub(crate) use rooms::RoomLease;

use super::{
    bus::{Bus, Channel},
    cluster_message::Message,
    connection_limiter::{Caps, ConnectionLimitError, ConnectionLimiter, ConnectionPermit},
    conversations::Conversations,
    failure_detector::FailureDetector,
    metrics::MessageMetrics,
    node_id::NodeId,
    notifier::Notifier,
    rate_limit::{RateCost, RateLimits},
    registry::{ConnectionHandle, Registry},
    status_messages::StatusMessages,
};
use crate::{clock::DatabaseClock, db::Pool, past::log::Log};
use bus_subscriber::BusSubscriber;
use bytes::Bytes;
use parking_lot::Mutex;
use renames::Renames;
use rooms::Rooms;
use shared::{
    ids::{ConnectionId, UserId},
    protocol::CloseReason,
};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, Semaphore, mpsc},
    task::JoinHandle,
    time::timeout,
};
use user_connections::UserConnections;
use user_counts::UserCounts;

/// Connections that read missed events from the log at the same time.
const MAX_REPLAYS: usize = 4;
/// Clients are told to reconnect at a random moment within this time after the
/// node shuts down.
const RECONNECT_SPREAD: Duration = Duration::from_secs(2);
/// How long connections and rooms may take to end when the node shuts down.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(6);

/// The limits and intervals of connections.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Time between pings, ± 20 %.
    pub(crate) ping_interval: Duration,
    /// A peer that is silent for so long is disconnected.
    pub(crate) timeout: Duration,
    /// Connections in total.
    pub(crate) max_connections: usize,
    /// Connections of one user, on all nodes.
    pub(crate) max_connections_per_user: usize,
    /// Connections from one address.
    pub(crate) max_connections_per_ip: usize,
    /// Whether messages are limited in rate.
    pub(crate) rate_limits: bool,
}

/// The node's rooms and connections. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool,
    log: Log,
    clock: DatabaseClock,
    bus: Bus,
    nodes: Arc<FailureDetector>,
    /// The last version given to a presence change, over all rooms of this node.
    versions: Arc<AtomicU64>,
    /// Set when the bus dropped a message, which other nodes miss now.
    publish_dropped: AtomicBool,
    /// Where replies to this node's queries go, by the query's id.
    pending_queries: Mutex<HashMap<u64, mpsc::UnboundedSender<(NodeId, Bytes)>>>,
    settings: Settings,
    rooms: Mutex<Rooms>,
    /// Counts of users on canvases that have no room here.
    user_counts: UserCounts,
    registry: Arc<Registry>,
    notifier: Notifier,
    conversations: Conversations,
    limiter: ConnectionLimiter,
    rate_limits: RateLimits,
    status_messages: StatusMessages,
    user_connections: UserConnections,
    /// How often this node was told that admins or sanctions on the whole server changed.
    server_access_changes: Arc<AtomicU64>,
    renames: Renames,
    replay_permits: Semaphore,
    is_draining: AtomicBool,
    /// Notified when a room or a connection has ended.
    ended: Notify,
    /// Makes the log poller poll at once.
    poll_now: Arc<Notify>,
    log_poller: JoinHandle<()>,
    session_poller: JoinHandle<()>,
    notification_poller: JoinHandle<()>,
    sanction_poller: JoinHandle<()>,
    cluster_ticker: JoinHandle<()>,
}

impl Hub {
    /// Starts the background tasks. No room is open yet.
    pub(crate) fn new(
        pool: Pool,
        log: Log,
        clock: DatabaseClock,
        settings: Settings,
        bus: Bus,
    ) -> Self {
        // So that every counter is exported from the start.
        MessageMetrics::get();
        let poll_now = Arc::new(Notify::new());
        let user_connections = UserConnections::default();
        let registry = Arc::new(Registry::default());
        let notifier = Notifier::new(pool.clone(), registry.clone(), bus.clone());
        let nodes = Arc::new(FailureDetector::new(bus.node()));
        let conversations = Conversations::new(
            pool.clone(),
            clock.clone(),
            bus.clone(),
            nodes.clone(),
            registry.clone(),
            notifier.clone(),
        );
        let hub = Self {
            inner: Arc::new_cyclic(|inner| Inner {
                log_poller: tokio::spawn(log_poller::run(inner.clone(), poll_now.clone())),
                session_poller: tokio::spawn(session_poller::run(inner.clone())),
                notification_poller: tokio::spawn(notification_poller::run(inner.clone())),
                sanction_poller: tokio::spawn(user_connections::run(
                    inner.clone(),
                    user_connections.check.clone(),
                )),
                user_connections,
                server_access_changes: Arc::default(),
                cluster_ticker: tokio::spawn(cluster::run(inner.clone())),
                status_messages: StatusMessages::start(pool.clone()),
                rate_limits: RateLimits::new(),
                renames: Renames::new(clock.now()),
                pool,
                log,
                clock,
                limiter: ConnectionLimiter::new(bus.clone()),
                nodes,
                bus,
                versions: Arc::default(),
                publish_dropped: AtomicBool::new(false),
                pending_queries: Mutex::default(),
                settings,
                rooms: Mutex::default(),
                user_counts: UserCounts::new(),
                registry,
                notifier,
                conversations,
                replay_permits: Semaphore::new(MAX_REPLAYS),
                is_draining: AtomicBool::new(false),
                ended: Notify::new(),
                poll_now,
            }),
        };
        hub.inner.bus.start(BusSubscriber::new(&hub.inner));
        hub
    }

    /// Reserves a connection for the user. The user's connections on other nodes
    /// count too, except those that are opened at the same moment.
    ///
    /// # Errors
    /// [`ConnectionLimitError`] where a cap is reached or the node shuts down.
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

    /// Lists an open connection until [`Hub::unregister`]. From then on it can be
    /// kicked, and ends with its session.
    pub(crate) fn register(&self, connection: &Arc<ConnectionHandle>) {
        self.inner.registry.insert(connection);
        let channel = Channel::Connection(connection.connection_id);
        self.inner.bus.subscribe(channel);
        if self.is_draining() {
            connection.outbox.close(CloseReason::GoingAway(0));
        }
    }

    /// Removes a connection that ended.
    pub(crate) fn unregister(&self, id: ConnectionId) {
        self.inner.registry.remove(id);
        self.inner.conversations.closed(id);
        self.inner.user_connections.remove(id);
        self.inner.bus.unsubscribe(Channel::Connection(id));
        self.inner.ended.notify_waiters();
    }

    /// Refuses new connections from now on.
    pub(crate) fn start_draining(&self) {
        self.inner.is_draining.store(true, Ordering::Release);
    }

    /// Whether [`Hub::start_draining`] was called.
    pub(crate) fn is_draining(&self) -> bool {
        self.inner.is_draining.load(Ordering::Acquire)
    }

    /// Closes every connection with 1012, waits until the rooms have written what
    /// they hold, for [`DRAIN_TIMEOUT`] at most, and tells the other nodes.
    pub(crate) async fn shut_down(&self) {
        self.start_draining();
        let spread = u64::try_from(RECONNECT_SPREAD.as_millis()).unwrap_or(u64::MAX);
        self.inner.registry.close_all(|| {
            let retry_after_ms = rand::random_range(spread / 4..=spread);
            CloseReason::GoingAway(retry_after_ms)
        });
        let drained = async {
            loop {
                let ended = self.inner.ended.notified();
                if self.inner.registry.is_empty() && !self.has_leased_rooms() {
                    return;
                }
                ended.await;
            }
        };
        if timeout(DRAIN_TIMEOUT, drained).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        self.inner.log_poller.abort();
        self.inner.session_poller.abort();
        self.inner.notification_poller.abort();
        self.inner.sanction_poller.abort();
        self.inner.cluster_ticker.abort();
        self.inner.status_messages.shut_down().await;
        let bus = &self.inner.bus;
        bus.publish(Channel::Broadcast, &Message::Leaving);
        bus.flush().await;
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// The database's time, which all nodes share.
    pub(crate) fn clock(&self) -> &DatabaseClock {
        &self.inner.clock
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.inner.pool
    }

    /// The events of all canvases.
    pub(crate) fn log(&self) -> &Log {
        &self.inner.log
    }

    /// The open connections of this node.
    pub(crate) fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    /// Delivers what concerns single users.
    pub(crate) fn notifier(&self) -> &Notifier {
        &self.inner.notifier
    }

    /// Private messages.
    pub(crate) fn conversations(&self) -> &Conversations {
        &self.inner.conversations
    }

    /// The users' buckets of requests.
    pub(super) fn rate_limits(&self) -> &RateLimits {
        &self.inner.rate_limits
    }

    /// Counts a user's HTTP request together with what the user's connections on this
    /// node do.
    ///
    /// # Errors
    /// How long to wait.
    pub(crate) fn check_rate(&self, user: UserId, cost: RateCost) -> Result<(), Duration> {
        if self.inner.settings.rate_limits {
            self.inner.rate_limits.of(user).check(cost)?;
        }
        Ok(())
    }

    /// Frees what idle users hold; called by the maintenance loop.
    pub(crate) fn evict_idle(&self) {
        self.inner.rate_limits.evict_idle();
        self.inner.conversations.evict_idle();
    }

    /// Status messages that are still to be stored.
    pub(crate) fn status_messages(&self) -> &StatusMessages {
        &self.inner.status_messages
    }

    /// One permit for each connection that reads the log for a replay.
    pub(crate) fn replay_permits(&self) -> &Semaphore {
        &self.inner.replay_permits
    }
}
