//! The link to Redis: one connection that sends commands and one that receives
//! subscribed messages. Both are made again, for as long as it takes, when one of
//! them breaks or the link's pings to itself are no longer received.
//!
//! redis-rs's `ConnectionManager` does not replace it: it reconnects unseen, while
//! the subscriber has to know when messages may have been lost, and it does not
//! notice a Redis that keeps its sockets open without delivering messages.

use super::{
    Channel, Subscriber,
    link_error::{LinkError, REDIS_TIMEOUT},
    subscriptions::{SubscriptionChange, maintain_subscriptions},
};
use crate::realtime::{
    cluster_message::{Message, decode, encode},
    node_id::NodeId,
};
use backon::{BackoffBuilder, ConstantBuilder};
use futures_util::StreamExt;
use parking_lot::Mutex;
use redis::{
    AsyncConnectionConfig, Client, Cmd, RedisError,
    aio::{MultiplexedConnection, PubSubSink, PubSubStream},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::{self, timeout},
};
use uuid::Uuid;

/// Commands that may wait to be sent; later ones are dropped.
const MAX_QUEUED: usize = 65_536;
/// Bytes that may wait to be sent; later commands are dropped.
const MAX_QUEUED_BYTES: usize = 8 * 1024 * 1024;
/// Commands sent with one pipeline.
const MAX_PIPELINE: usize = 256;
/// Time between two pings of this node to itself.
const SELF_PING_INTERVAL: Duration = Duration::from_millis(500);
/// Redis counts as away when no ping was received for so long.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(2);
/// The least time between two attempts to connect; a random part of it is added.
const RETRY_INTERVAL: Duration = Duration::from_millis(250);
/// Time between two polls of the queue by [`Link::flush`].
const FLUSH_POLL: Duration = Duration::from_millis(5);

/// What exists from the moment at which Redis is connected until it is away.
struct Connected {
    connection: MultiplexedConnection,
    changes: mpsc::UnboundedSender<SubscriptionChange>,
}

/// The link's state, shared by its task and everybody who publishes.
pub(super) struct Link {
    node: NodeId,
    client: Client,
    /// The database whose nodes are reached.
    database: Mutex<Uuid>,
    /// Notified when it is another one.
    database_changed: Notify,
    connected: Mutex<Option<Connected>>,
    /// Whether all channels are subscribed to, so that nothing is missed.
    is_up: AtomicBool,
    queue: mpsc::Sender<Cmd>,
    /// The other end of `queue`, until [`Link::start`] takes it.
    queued: Mutex<Option<mpsc::Receiver<Cmd>>>,
    queued_bytes: AtomicUsize,
    /// Set when a command was dropped, until the subscriber is told.
    has_dropped: AtomicBool,
}

impl Link {
    pub(super) fn new(node: NodeId, client: Client) -> Self {
        let (queue, queued) = mpsc::channel(MAX_QUEUED);
        Self {
            node,
            client,
            database: Mutex::default(),
            database_changed: Notify::new(),
            connected: Mutex::default(),
            is_up: AtomicBool::new(false),
            queue,
            queued: Mutex::new(Some(queued)),
            queued_bytes: AtomicUsize::new(0),
            has_dropped: AtomicBool::new(false),
        }
    }

    /// Starts the task that connects and reconnects. It ends when the link is
    /// dropped. Later calls do nothing.
    pub(super) fn start(self: &Arc<Self>, subscriber: Arc<dyn Subscriber>) {
        let Some(mut queued) = self.queued.lock().take() else {
            return;
        };
        let link = Arc::downgrade(self);
        let mut retry_delays = ConstantBuilder::default()
            .with_delay(RETRY_INTERVAL)
            .with_jitter()
            .without_max_times()
            .build();
        tokio::spawn(async move {
            let mut was_up = true;
            while let Some(link) = link.upgrade() {
                let error = link.run_connections(&*subscriber, &mut queued).await;
                if link.is_up.swap(false, Ordering::AcqRel) {
                    was_up = true;
                    subscriber.disconnected();
                }
                *link.connected.lock() = None;
                metrics::gauge!("stellar_bus_up").set(0.0);
                // Logged once, not with every failed attempt.
                if was_up {
                    tracing::warn!(%error, "Redis is away; other nodes' events come from the database");
                }
                was_up = false;
                link.discard(&mut queued);
                drop(link);
                time::sleep(retry_delays.next().unwrap_or(RETRY_INTERVAL)).await;
            }
        });
    }

    /// See [`super::Bus::set_database`].
    pub(super) fn set_database(&self, database: Uuid) {
        let before = std::mem::replace(&mut *self.database.lock(), database);
        if before != database {
            self.database_changed.notify_waiters();
        }
    }

    /// The database whose nodes are reached.
    pub(super) fn database(&self) -> Uuid {
        *self.database.lock()
    }

    /// Whether Redis is connected and all channels are subscribed to.
    pub(super) fn is_up(&self) -> bool {
        self.is_up.load(Ordering::Acquire)
    }

    /// The connection that commands are sent on; `None` while Redis is away.
    pub(super) fn connection(&self) -> Option<MultiplexedConnection> {
        if !self.is_up() {
            return None;
        }
        self.connected
            .lock()
            .as_ref()
            .map(|connected| connected.connection.clone())
    }

    /// Queues a command. Dropped and counted when the queue is full.
    pub(super) fn enqueue(&self, command: Cmd) {
        let size = size(&command);
        let before = self.queued_bytes.fetch_add(size, Ordering::Relaxed);
        if before + size > MAX_QUEUED_BYTES || self.queue.try_send(command).is_err() {
            self.queued_bytes.fetch_sub(size, Ordering::Relaxed);
            self.has_dropped.store(true, Ordering::Relaxed);
            metrics::counter!("stellar_bus_dropped_total").increment(1);
        }
    }

    /// Subscribes to a channel; `done` is told when Redis has confirmed it.
    pub(super) fn subscribe(&self, channel: Channel, done: Option<oneshot::Sender<()>>) {
        self.change(SubscriptionChange::Subscribe(channel, done));
    }

    /// Subscribes to a channel and waits until Redis has confirmed it, for
    /// [`REDIS_TIMEOUT`] at most.
    pub(super) async fn subscribed(&self, channel: Channel) {
        let (done, subscribed) = oneshot::channel();
        self.subscribe(channel, Some(done));
        // While Redis is away, `done` is dropped at once, which ends the wait.
        let _ = timeout(REDIS_TIMEOUT, subscribed).await;
    }

    /// Unsubscribes from a channel.
    pub(super) fn unsubscribe(&self, channel: Channel) {
        self.change(SubscriptionChange::Unsubscribe(channel));
    }

    /// Does nothing while Redis is away: the next connection subscribes to the
    /// subscriber's channels as they are then.
    fn change(&self, change: SubscriptionChange) {
        if let Some(connected) = self.connected.lock().as_ref() {
            // Fails when the connection is just breaking.
            let _ = connected.changes.send(change);
        }
    }

    /// Waits until the queue is empty, for [`REDIS_TIMEOUT`] at most.
    pub(super) async fn flush(&self) {
        let empty = async {
            while self.is_up() && self.queued_bytes.load(Ordering::Relaxed) > 0 {
                time::sleep(FLUSH_POLL).await;
            }
        };
        // Other nodes notice by themselves what is not sent in time.
        let _ = timeout(REDIS_TIMEOUT, empty).await;
    }

    /// Connects, and serves the connections until one of them fails.
    async fn run_connections(
        &self,
        subscriber: &dyn Subscriber,
        queued: &mut mpsc::Receiver<Cmd>,
    ) -> LinkError {
        let database_changed = self.database_changed.notified();
        let (sink, stream, connection) = match self.connect().await {
            Ok(connected) => connected,
            Err(error) => return error,
        };
        let (changes, pending_changes) = mpsc::unbounded_channel();
        // Changes are recorded from here on, before the subscriber's channels are
        // read, so that none is missed between.
        *self.connected.lock() = Some(Connected {
            connection: connection.clone(),
            changes,
        });
        let last_ping = Mutex::new(Instant::now());
        let database = self.database();
        let subscriptions =
            maintain_subscriptions(sink, pending_changes, subscriber, database, || {
                self.mark_up(subscriber);
            });
        let ended = tokio::select! {
            ended = self.receive(stream, subscriber, &last_ping) => ended,
            ended = subscriptions => ended,
            ended = self.send(connection, queued, subscriber) => ended,
            ended = self.self_ping(&last_ping) => ended,
            () = database_changed => Err(LinkError::OtherDatabase),
        };
        ended.map_or_else(|error| error, |()| LinkError::Closed)
    }

    async fn connect(
        &self,
    ) -> Result<(PubSubSink, PubSubStream, MultiplexedConnection), LinkError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(REDIS_TIMEOUT))
            .set_response_timeout(Some(REDIS_TIMEOUT));
        let connecting = async {
            let connection = self
                .client
                .get_multiplexed_async_connection_with_config(&config)
                .await?;
            let (sink, stream) = self.client.get_async_pubsub().await?.split();
            Ok::<_, RedisError>((sink, stream, connection))
        };
        Ok(timeout(2 * REDIS_TIMEOUT, connecting).await??)
    }

    /// Called once for each connection, when all channels are subscribed to.
    fn mark_up(&self, subscriber: &dyn Subscriber) {
        self.has_dropped.store(false, Ordering::Relaxed);
        self.is_up.store(true, Ordering::Release);
        metrics::gauge!("stellar_bus_up").set(1.0);
        tracing::info!(node = %self.node, "connected to Redis");
        subscriber.connected();
    }

    /// Passes received messages of other nodes to the subscriber.
    async fn receive(
        &self,
        mut stream: PubSubStream,
        subscriber: &dyn Subscriber,
        last_ping: &Mutex<Instant>,
    ) -> Result<(), LinkError> {
        let received = metrics::counter!("stellar_bus_received_total");
        while let Some(published) = stream.next().await {
            let Ok(channel) = published.get_channel_name().parse() else {
                continue;
            };
            let Some((node, message, lines)) = decode(published.get_payload_bytes()) else {
                tracing::debug!(%channel, "another node said what this one does not understand");
                continue;
            };
            if node != self.node {
                received.increment(1);
                subscriber.received(channel, node, message, lines);
            } else if matches!(message, Message::SelfPing) {
                *last_ping.lock() = Instant::now();
            }
        }
        Err(LinkError::Closed)
    }

    /// Sends queued commands, everything that waits with one pipeline.
    async fn send(
        &self,
        mut connection: MultiplexedConnection,
        queued: &mut mpsc::Receiver<Cmd>,
        subscriber: &dyn Subscriber,
    ) -> Result<(), LinkError> {
        let mut commands = Vec::new();
        loop {
            if queued.recv_many(&mut commands, MAX_PIPELINE).await == 0 {
                return Ok(());
            }
            let mut pipeline = redis::pipe();
            let mut sizes = 0;
            for command in commands.drain(..) {
                sizes += size(&command);
                pipeline.add_command(command).ignore();
            }
            let sent = pipeline.query_async::<()>(&mut connection).await;
            self.queued_bytes.fetch_sub(sizes, Ordering::Relaxed);
            match sent {
                Ok(()) => {}
                Err(error)
                    if error.is_io_error()
                        || error.is_timeout()
                        || error.is_unrecoverable_error() =>
                {
                    return Err(error.into());
                }
                // For example a Redis that cannot write to its disk.
                Err(error) => tracing::debug!(%error, "Redis refused a command"),
            }
            if self.has_dropped.swap(false, Ordering::Relaxed) {
                subscriber.dropped();
            }
        }
    }

    /// Publishes pings to this node, and fails when they are no longer received.
    async fn self_ping(&self, last_ping: &Mutex<Instant>) -> Result<(), LinkError> {
        let body = encode(self.node, &Message::SelfPing, &[]);
        loop {
            time::sleep(SELF_PING_INTERVAL).await;
            // The subscriptions may not be complete yet.
            if !self.is_up() {
                *last_ping.lock() = Instant::now();
                continue;
            }
            let silence = last_ping.lock().elapsed();
            if silence > HEARTBEAT_TIMEOUT {
                return Err(LinkError::TimedOut);
            }
            let mut publish = redis::cmd("PUBLISH");
            publish
                .arg(Channel::Node(self.node).name(self.database()))
                .arg(&body[..]);
            self.enqueue(publish);
        }
    }

    /// Empties the queue: its messages would be outdated when Redis is back.
    fn discard(&self, queued: &mut mpsc::Receiver<Cmd>) {
        while let Ok(command) = queued.try_recv() {
            self.queued_bytes
                .fetch_sub(size(&command), Ordering::Relaxed);
            metrics::counter!("stellar_bus_dropped_total").increment(1);
        }
    }
}

/// Approximately the memory of a queued command, in bytes.
fn size(command: &Cmd) -> usize {
    let argument = |argument: redis::Arg<&[u8]>| match argument {
        redis::Arg::Simple(bytes) => bytes.len(),
        _ => 0,
    };
    64 + command.args_iter().map(argument).sum::<usize>()
}
