//! Publish and subscribe between nodes, through Redis. Messages are only hints:
//! the truth is in PostgreSQL, where a node finds what it missed. Without Redis
//! there is one node, and publishing does nothing. It knows channels and the
//! encoding of messages, but neither rooms nor connections.
//!
//! Publishing never waits. While Redis is away or too slow, messages are dropped
//! and counted in `stellar_bus_dropped_total`.

mod link;
mod link_error;
mod subscriptions;

use super::{
    cluster_message::{Message, encode},
    node_id::NodeId,
};
use bytes::Bytes;
use link::Link;
use redis::aio::MultiplexedConnection;
use shared::ids::{CanvasId, ConnectionId, UserId};
use std::{fmt, str::FromStr, sync::Arc};
use uuid::Uuid;

/// The channel of a message; it says which nodes receive it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Channel {
    /// The nodes that have a room of this canvas.
    Room(CanvasId),
    /// The nodes that have a connection of this user.
    User(UserId),
    /// The node that has this connection.
    Connection(ConnectionId),
    /// All nodes.
    Broadcast,
    /// One node: replies to its queries, and its pings to itself.
    Node(NodeId),
}

impl Channel {
    /// Its name on Redis, for the nodes of this database.
    pub(crate) fn name(self, database: Uuid) -> String {
        format!("{self}@{}", database.simple())
    }
}

/// Without the database.
impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room(id) => write!(f, "ws:room:{id}"),
            Self::User(id) => write!(f, "ws:user:{id}"),
            Self::Connection(id) => write!(f, "ws:connection:{id}"),
            Self::Broadcast => write!(f, "ws:broadcast"),
            Self::Node(id) => write!(f, "ws:node:{id}"),
        }
    }
}

/// From the name on Redis, whichever database it names: a node receives only those
/// that it subscribed to.
impl FromStr for Channel {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (text, _) = text.split_once('@').ok_or(())?;
        if text == "ws:broadcast" {
            return Ok(Self::Broadcast);
        }
        let (kind, id) = text
            .strip_prefix("ws:")
            .and_then(|rest| rest.split_once(':'))
            .ok_or(())?;
        match kind {
            "room" => id.parse().map(Self::Room).map_err(|_| ()),
            "user" => id.parse().map(Self::User).map_err(|_| ()),
            "connection" => id.parse().map(Self::Connection).map_err(|_| ()),
            "node" => id.parse().map(Self::Node),
            _ => Err(()),
        }
    }
}

/// Who receives the messages of other nodes; its methods are called from the link's
/// task and must not block.
pub(crate) trait Subscriber: Send + Sync + 'static {
    /// The channels to subscribe to after a new connection.
    fn channels(&self) -> Vec<Channel>;
    /// Redis is connected and all channels are subscribed to. Messages that were
    /// published before may be lost.
    fn connected(&self);
    /// Redis is away.
    fn disconnected(&self);
    /// A message or command of this node was dropped, because the queue was full.
    fn dropped(&self);
    /// Another node published a message.
    fn received(&self, channel: Channel, node: NodeId, message: Message, lines: Vec<Bytes>);
}

/// A handle on the bus. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Bus {
    node: NodeId,
    link: Option<Arc<Link>>,
}

impl Bus {
    /// The bus of a single node.
    pub(crate) fn local() -> Self {
        Self {
            node: NodeId::random(),
            link: None,
        }
    }

    /// A bus on this Redis, which is connected to by [`Bus::start`].
    pub(crate) fn shared(client: redis::Client) -> Self {
        let node = NodeId::random();
        Self {
            node,
            link: Some(Arc::new(Link::new(node, client))),
        }
    }

    /// Connects to Redis, and passes received messages to the subscriber from then
    /// on. To be called once.
    pub(crate) fn start(&self, subscriber: impl Subscriber) {
        if let Some(link) = &self.link {
            link.start(Arc::new(subscriber));
        }
    }

    /// Only nodes of this database are reached, and heard, from now on. Called before
    /// [`Bus::start`], and again whenever the identity may have changed: then Redis is
    /// connected anew.
    pub(crate) fn set_database(&self, database: Uuid) {
        if let Some(link) = &self.link {
            link.set_database(database);
        }
    }

    /// A key on Redis that belongs to this database.
    pub(crate) fn key(&self, name: impl fmt::Display) -> String {
        let database = self.link.as_ref().map(|link| link.database());
        format!("{name}@{}", database.unwrap_or_default().simple())
    }

    /// This node.
    pub(crate) fn node(&self) -> NodeId {
        self.node
    }

    /// Whether there is a Redis, and so may be other nodes.
    pub(crate) fn is_shared(&self) -> bool {
        self.link.is_some()
    }

    /// Whether there is a Redis and it is away.
    pub(crate) fn is_down(&self) -> bool {
        self.link.as_ref().is_some_and(|link| !link.is_up())
    }

    /// Queues a message.
    pub(crate) fn publish(&self, channel: Channel, message: &Message) {
        self.publish_with(channel, message, &[]);
    }

    /// Queues a message with lines that are JSON already.
    pub(crate) fn publish_with(&self, channel: Channel, message: &Message, lines: &[Bytes]) {
        if let Some(link) = &self.link
            && link.is_up()
        {
            let body = encode(self.node, message, lines);
            let mut publish = redis::cmd("PUBLISH");
            publish.arg(channel.name(link.database())).arg(body);
            link.enqueue(publish);
            metrics::counter!("stellar_bus_published_total").increment(1);
        }
    }

    /// Queues any command, behind the messages and commands queued before.
    pub(crate) fn enqueue(&self, command: redis::Cmd) {
        if let Some(link) = &self.link
            && link.is_up()
        {
            link.enqueue(command);
        }
    }

    /// Sends a message past the queue and waits for the number of nodes that receive
    /// it. `None` while Redis is away.
    pub(crate) async fn publish_counted(
        &self,
        channel: Channel,
        message: &Message,
    ) -> Option<usize> {
        let mut connection = self.connection()?;
        let database = self.link.as_ref()?.database();
        redis::cmd("PUBLISH")
            .arg(channel.name(database))
            .arg(encode(self.node, message, &[]))
            .query_async(&mut connection)
            .await
            .inspect_err(|error| tracing::debug!(%error, "Redis was not told"))
            .ok()
    }

    /// A connection for reading; `None` while Redis is away.
    pub(crate) fn connection(&self) -> Option<MultiplexedConnection> {
        self.link.as_ref()?.connection()
    }

    /// Subscribes to a channel. It must be among [`Subscriber::channels`] before,
    /// so that a reconnection that happens now subscribes to it too.
    pub(crate) fn subscribe(&self, channel: Channel) {
        if let Some(link) = &self.link {
            link.subscribe(channel, None);
        }
    }

    /// [`Bus::subscribe`], and waits until Redis confirms it or is away.
    pub(crate) async fn subscribed(&self, channel: Channel) {
        if let Some(link) = &self.link {
            link.subscribed(channel).await;
        }
    }

    /// Unsubscribes from a channel. It must not be among [`Subscriber::channels`]
    /// any more.
    pub(crate) fn unsubscribe(&self, channel: Channel) {
        if let Some(link) = &self.link {
            link.unsubscribe(channel);
        }
    }

    /// Waits until everything queued is sent, for a second at most.
    pub(crate) async fn flush(&self) {
        if let Some(link) = &self.link {
            link.flush().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_found_by_their_names() {
        for (channel, name) in [
            (Channel::Room(CanvasId(7)), "ws:room:7"),
            (Channel::User(UserId(8)), "ws:user:8"),
            (
                Channel::Connection(ConnectionId(Uuid::nil())),
                "ws:connection:00000000-0000-0000-0000-000000000000",
            ),
            (Channel::Broadcast, "ws:broadcast"),
            (
                Channel::Node("node-000000ff".parse().unwrap()),
                "ws:node:node-000000ff",
            ),
        ] {
            assert_eq!(channel.to_string(), name);
            let full = format!("{name}@00000000000000000000000000000007");
            assert_eq!(channel.name(Uuid::from_u128(7)), full);
            assert_eq!(full.parse(), Ok(channel));
            assert_eq!(name.parse::<Channel>(), Err(()));
        }
        assert_eq!("ws:room:x@7".parse::<Channel>(), Err(()));
        assert_eq!("other@7".parse::<Channel>(), Err(()));
    }
}
