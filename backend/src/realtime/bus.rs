//! What the nodes tell each other, by way of Redis, and only as a hint: what
//! matters is in PostgreSQL, and whoever missed something finds it there.
//! Without Redis there is one node, and telling does nothing. It knows the
//! channels and the form of messages, but neither rooms nor connections.
//!
//! Telling never waits: while Redis is away, or slower than we talk, messages
//! are dropped and counted.

mod link;

pub(crate) use link::Subscriber;

use super::{
    cluster_message::{Message, encode},
    node_id::NodeId,
};
use bytes::Bytes;
use link::Link;
use redis::aio::MultiplexedConnection;
use shared::ids::{CanvasId, ConnectionId, UserId};
use std::{fmt, str::FromStr, sync::Arc};

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Channel {
    /// The nodes that have this canvas open.
    Room(CanvasId),
    /// The nodes to which this user is connected.
    User(UserId),
    /// The node that has this connection.
    Connection(ConnectionId),
    /// All nodes.
    Broadcast,
    /// One node.
    Node(NodeId),
}

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

impl FromStr for Channel {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
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

/// See the module. Cheap to clone.
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

    /// A bus by way of this Redis; it is reached once somebody listens.
    pub(crate) fn shared(client: redis::Client) -> Self {
        let node = NodeId::random();
        Self {
            node,
            link: Some(Arc::new(Link::new(node, client))),
        }
    }

    /// Reaches Redis, and passes on what is heard until the listener is gone.
    pub(crate) fn listen(&self, subscriber: impl Subscriber) {
        if let Some(link) = &self.link {
            link.start(Arc::new(subscriber));
        }
    }

    /// This node.
    pub(crate) fn node(&self) -> NodeId {
        self.node
    }

    /// Whether there may be other nodes.
    pub(crate) fn is_shared(&self) -> bool {
        self.link.is_some()
    }

    /// Whether there may be other nodes, and they cannot be told.
    pub(crate) fn is_down(&self) -> bool {
        self.link.as_ref().is_some_and(|link| !link.is_up())
    }

    /// Tells others something.
    pub(crate) fn publish(&self, channel: Channel, message: &Message) {
        self.publish_with(channel, message, &[]);
    }

    /// Tells others something together with what is JSON already.
    pub(crate) fn publish_with(&self, channel: Channel, message: &Message, lines: &[Bytes]) {
        if let Some(link) = &self.link
            && link.is_up()
        {
            let body = encode(self.node, message, lines);
            let mut publish = redis::cmd("PUBLISH");
            publish.arg(channel.to_string()).arg(body);
            link.enqueue(publish);
            metrics::counter!("stellar_bus_published_total").increment(1);
        }
    }

    /// Has Redis keep something, after what was told and kept before.
    pub(crate) fn enqueue(&self, command: redis::Cmd) {
        if let Some(link) = &self.link
            && link.is_up()
        {
            link.enqueue(command);
        }
    }

    /// Tells others something, and waits for how many nodes hear it. `None`
    /// while Redis is away.
    pub(crate) async fn publish_counted(
        &self,
        channel: Channel,
        message: &Message,
    ) -> Option<usize> {
        let mut connection = self.connection()?;
        redis::cmd("PUBLISH")
            .arg(channel.to_string())
            .arg(encode(self.node, message, &[]))
            .query_async(&mut connection)
            .await
            .inspect_err(|error| tracing::debug!(%error, "Redis was not told"))
            .ok()
    }

    /// For reading what nodes keep in Redis; `None` while it is away.
    pub(crate) fn connection(&self) -> Option<MultiplexedConnection> {
        self.link.as_ref()?.connection()
    }

    /// From now on a channel's messages are heard. Must be among
    /// [`Subscriber::channels`] before.
    pub(crate) fn subscribe(&self, channel: Channel) {
        if let Some(link) = &self.link {
            link.subscribe(channel, None);
        }
    }

    /// [`Bus::subscribe`], and waits until it is so, or Redis is away.
    pub(crate) async fn subscribed(&self, channel: Channel) {
        if let Some(link) = &self.link {
            link.subscribed(channel).await;
        }
    }

    /// A channel's messages matter no more. Must not be among
    /// [`Subscriber::channels`] any more.
    pub(crate) fn unsubscribe(&self, channel: Channel) {
        if let Some(link) = &self.link {
            link.unsubscribe(channel);
        }
    }

    /// Waits until what was told is on its way, for a moment at most.
    pub(crate) async fn flush(&self) {
        if let Some(link) = &self.link {
            link.flush().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

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
            assert_eq!(name.parse(), Ok(channel));
        }
        assert_eq!("ws:room:x".parse::<Channel>(), Err(()));
        assert_eq!("other".parse::<Channel>(), Err(()));
    }
}
