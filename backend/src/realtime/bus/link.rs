//! The connections to Redis: one that tells and one that listens. They are
//! made anew for as long as it takes, and count as broken when nothing is
//! heard of what one tells oneself.

use super::Channel;
use crate::realtime::{
    cluster_message::{Message, decode, encode},
    node_id::NodeId,
};
use bytes::Bytes;
use futures_util::StreamExt;
use redis::{
    AsyncConnectionConfig, Client, Cmd, RedisError,
    aio::{MultiplexedConnection, PubSubSink, PubSubStream},
};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use thiserror::Error;
use tokio::{
    sync::{mpsc, oneshot},
    time::{self, timeout},
};

/// Commands that may wait to be sent.
const MAX_QUEUED: usize = 65_536;
/// Bytes that may wait to be sent.
const MAX_QUEUED_BYTES: usize = 8 * 1024 * 1024;
/// Commands sent at once.
const MAX_PIPELINE: usize = 256;
/// Channels subscribed to at once.
const MAX_SUBSCRIBE: usize = 512;
/// Redis is away when it takes longer to connect or to answer.
const REDIS_TIMEOUT: Duration = Duration::from_secs(1);
/// Between telling oneself something.
const SELF_PING_INTERVAL: Duration = Duration::from_millis(500);
/// Redis is away when nothing of it is heard for so long.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(2);
/// Between two attempts to reach Redis.
const RETRY_INTERVAL: Duration = Duration::from_millis(250);

/// Whoever is told what others tell.
pub(crate) trait Subscriber: Send + Sync + 'static {
    /// What to listen to after a new connection.
    fn channels(&self) -> Vec<Channel>;
    /// From now on everything is heard; what was told before may be lost.
    fn connected(&self);
    /// From now on nothing is heard.
    fn disconnected(&self);
    /// Something this node wanted to tell or keep was dropped.
    fn dropped(&self);
    /// Another node told something.
    fn received(&self, channel: Channel, node: NodeId, message: Message, lines: Vec<Bytes>);
}

/// Why a connection ended.
#[derive(Debug, Error)]
enum LinkError {
    #[error(transparent)]
    Redis(#[from] RedisError),
    #[error("it does not answer")]
    TimedOut,
    #[error("the connection was closed")]
    Closed,
}

impl From<time::error::Elapsed> for LinkError {
    fn from(_: time::error::Elapsed) -> Self {
        Self::TimedOut
    }
}

/// A change of what is listened to.
enum SubscriptionChange {
    Subscribe(Channel, Option<oneshot::Sender<()>>),
    Unsubscribe(Channel),
}

/// What there is while Redis is there.
struct Connected {
    connection: MultiplexedConnection,
    changes: mpsc::UnboundedSender<SubscriptionChange>,
}

/// See the module.
pub(super) struct Link {
    node: NodeId,
    client: Client,
    connected: Mutex<Option<Connected>>,
    is_up: AtomicBool,
    queue: mpsc::Sender<Cmd>,
    queued: Mutex<Option<mpsc::Receiver<Cmd>>>,
    queued_bytes: AtomicUsize,
    has_dropped: AtomicBool,
}

impl Link {
    pub(super) fn new(node: NodeId, client: Client) -> Self {
        let (queue, queued) = mpsc::channel(MAX_QUEUED);
        Self {
            node,
            client,
            connected: Mutex::default(),
            is_up: AtomicBool::new(false),
            queue,
            queued: Mutex::new(Some(queued)),
            queued_bytes: AtomicUsize::new(0),
            has_dropped: AtomicBool::new(false),
        }
    }

    /// Connects and stays connected; to be called once.
    pub(super) fn start(self: &Arc<Self>, subscriber: Arc<dyn Subscriber>) {
        if let Some(queued) = lock(&self.queued).take() {
            let link = Arc::downgrade(self);
            tokio::spawn(async move {
                let mut queued = queued;
                let mut was_up = true;
                while let Some(link) = link.upgrade() {
                    let broken = link.run_connection(&subscriber, &mut queued).await;
                    if link.is_up.swap(false, Ordering::AcqRel) {
                        was_up = true;
                        subscriber.disconnected();
                    }
                    *lock(&link.connected) = None;
                    metrics::gauge!("stellar_bus_up").set(0.0);
                    if was_up {
                        tracing::warn!(error = %broken, "Redis is away; other nodes' events come from the database");
                    }
                    was_up = false;
                    link.discard(&mut queued);
                    time::sleep(RETRY_INTERVAL).await;
                }
            });
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.is_up.load(Ordering::Acquire)
    }

    pub(super) fn connection(&self) -> Option<MultiplexedConnection> {
        if !self.is_up() {
            return None;
        }
        lock(&self.connected)
            .as_ref()
            .map(|connected| connected.connection.clone())
    }

    /// Sends a command when those before it are sent.
    pub(super) fn enqueue(&self, command: Cmd) {
        let size = size(&command);
        let before = self.queued_bytes.fetch_add(size, Ordering::Relaxed);
        if before + size > MAX_QUEUED_BYTES || self.queue.try_send(command).is_err() {
            self.queued_bytes.fetch_sub(size, Ordering::Relaxed);
            self.has_dropped.store(true, Ordering::Relaxed);
            metrics::counter!("stellar_bus_dropped_total").increment(1);
        }
    }

    pub(super) fn subscribe(&self, channel: Channel, done: Option<oneshot::Sender<()>>) {
        if let Some(connected) = lock(&self.connected).as_ref() {
            // Fails when the connection is just breaking: the next one asks anew.
            let _ = connected
                .changes
                .send(SubscriptionChange::Subscribe(channel, done));
        }
    }

    pub(super) async fn subscribed(&self, channel: Channel) {
        let (done, subscribed) = oneshot::channel();
        self.subscribe(channel, Some(done));
        // Without Redis the other end is dropped.
        let _ = timeout(REDIS_TIMEOUT, subscribed).await;
    }

    pub(super) fn unsubscribe(&self, channel: Channel) {
        if let Some(connected) = lock(&self.connected).as_ref() {
            let _ = connected
                .changes
                .send(SubscriptionChange::Unsubscribe(channel));
        }
    }

    /// Waits until the queue is empty.
    pub(super) async fn flush(&self) {
        let empty = async {
            while self.is_up() && self.queued_bytes.load(Ordering::Relaxed) > 0 {
                time::sleep(Duration::from_millis(5)).await;
            }
        };
        // What is lost then is found out by the others.
        let _ = timeout(REDIS_TIMEOUT, empty).await;
    }

    /// One connection, from its making to its end.
    async fn run_connection(
        &self,
        subscriber: &Arc<dyn Subscriber>,
        queued: &mut mpsc::Receiver<Cmd>,
    ) -> LinkError {
        let (sink, stream, connection) = match self.connect().await {
            Ok(connected) => connected,
            Err(broken) => return broken,
        };
        let (changes, wanted) = mpsc::unbounded_channel();
        // From here on changes are noted, so that the list misses none.
        *lock(&self.connected) = Some(Connected {
            connection: connection.clone(),
            changes,
        });
        let last_ping = Mutex::new(Instant::now());
        let ended = tokio::select! {
            ended = self.receive(stream, subscriber, &last_ping) => ended,
            ended = self.maintain_subscriptions(sink, wanted, subscriber) => ended,
            ended = self.send(connection, queued, subscriber) => ended,
            ended = self.self_ping(&last_ping) => ended,
        };
        ended.map_or_else(|broken| broken, |()| LinkError::Closed)
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

    async fn receive(
        &self,
        mut stream: PubSubStream,
        subscriber: &Arc<dyn Subscriber>,
        last_ping: &Mutex<Instant>,
    ) -> Result<(), LinkError> {
        let received = metrics::counter!("stellar_bus_received_total");
        while let Some(message) = stream.next().await {
            let Ok(channel) = message.get_channel_name().parse() else {
                continue;
            };
            let Some((node, said, lines)) = decode(message.get_payload_bytes()) else {
                tracing::debug!(%channel, "another node said what this one does not understand");
                continue;
            };
            if node != self.node {
                received.increment(1);
                subscriber.received(channel, node, said, lines);
            } else if matches!(said, Message::SelfPing) {
                *lock(last_ping) = Instant::now();
            }
        }
        Err(LinkError::Closed)
    }

    /// Listens to what the subscriber wants to hear, in the order of its changes.
    async fn maintain_subscriptions(
        &self,
        mut sink: PubSubSink,
        mut wanted: mpsc::UnboundedReceiver<SubscriptionChange>,
        subscriber: &Arc<dyn Subscriber>,
    ) -> Result<(), LinkError> {
        let names = |channels: &[Channel]| -> Vec<String> {
            channels.iter().map(ToString::to_string).collect()
        };
        for some in subscriber.channels().chunks(MAX_SUBSCRIBE) {
            timeout(2 * REDIS_TIMEOUT, sink.subscribe(names(some))).await??;
        }
        self.has_dropped.store(false, Ordering::Relaxed);
        self.is_up.store(true, Ordering::Release);
        metrics::gauge!("stellar_bus_up").set(1.0);
        tracing::info!(node = %self.node, "connected to Redis");
        subscriber.connected();
        let mut taken = Vec::new();
        loop {
            if wanted.recv_many(&mut taken, MAX_SUBSCRIBE).await == 0 {
                return Ok(());
            }
            let mut changes = taken.drain(..).peekable();
            while let Some(change) = changes.next() {
                let mut channels = Vec::new();
                let mut waiting = Vec::new();
                match change {
                    SubscriptionChange::Subscribe(channel, done) => {
                        channels.push(channel);
                        waiting.extend(done);
                        while let Some(SubscriptionChange::Subscribe(channel, done)) = changes
                            .next_if(|next| matches!(next, SubscriptionChange::Subscribe(..)))
                        {
                            channels.push(channel);
                            waiting.extend(done);
                        }
                        timeout(REDIS_TIMEOUT, sink.subscribe(names(&channels))).await??;
                    }
                    SubscriptionChange::Unsubscribe(channel) => {
                        channels.push(channel);
                        while let Some(SubscriptionChange::Unsubscribe(channel)) = changes
                            .next_if(|next| matches!(next, SubscriptionChange::Unsubscribe(..)))
                        {
                            channels.push(channel);
                        }
                        timeout(REDIS_TIMEOUT, sink.unsubscribe(names(&channels))).await??;
                    }
                }
                for done in waiting {
                    // Whoever waited may have given up.
                    let _ = done.send(());
                }
            }
        }
    }

    /// Sends what is queued, all that waits at once.
    async fn send(
        &self,
        mut connection: MultiplexedConnection,
        queued: &mut mpsc::Receiver<Cmd>,
        subscriber: &Arc<dyn Subscriber>,
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
                // For example a Redis that may not write to its disk.
                Err(error) => tracing::debug!(%error, "Redis refused a command"),
            }
            if self.has_dropped.swap(false, Ordering::Relaxed) {
                subscriber.dropped();
            }
        }
    }

    /// Tells oneself something now and then, and ends when it is not heard.
    async fn self_ping(&self, last_ping: &Mutex<Instant>) -> Result<(), LinkError> {
        let body = encode(self.node, &Message::SelfPing, &[]);
        loop {
            time::sleep(SELF_PING_INTERVAL).await;
            if !self.is_up() {
                *lock(last_ping) = Instant::now();
                continue;
            }
            let since = lock(last_ping).elapsed();
            if since > HEARTBEAT_TIMEOUT {
                return Err(LinkError::TimedOut);
            }
            let mut publish = redis::cmd("PUBLISH");
            publish
                .arg(Channel::Node(self.node).to_string())
                .arg(&body[..]);
            self.enqueue(publish);
        }
    }

    /// What waits is old by the time Redis is back.
    fn discard(&self, queued: &mut mpsc::Receiver<Cmd>) {
        while let Ok(command) = queued.try_recv() {
            self.queued_bytes
                .fetch_sub(size(&command), Ordering::Relaxed);
            metrics::counter!("stellar_bus_dropped_total").increment(1);
        }
    }
}

/// About what a command takes in the queue, in bytes.
fn size(command: &Cmd) -> usize {
    let argument = |argument: redis::Arg<&[u8]>| match argument {
        redis::Arg::Simple(bytes) => bytes.len(),
        _ => 0,
    };
    64 + command.args_iter().map(argument).sum::<usize>()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
