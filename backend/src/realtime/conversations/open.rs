//! Which connections have a conversation open: their users see its messages, so that
//! notifications of these are read at once. Each node has its own connections here, and in the
//! Redis hash `open:{conversation}` for the others, with the field `{node}:{connection}` and the
//! user as value.

use super::Conversations;
use crate::realtime::{bus::Bus, node_id::NodeId};
use parking_lot::Mutex;
use redis::Cmd;
use shared::ids::{ConnectionId, ConversationId, UserId};
use std::collections::{HashMap, HashSet};

/// Seconds after which Redis drops what no node renews.
const TTL: i64 = 60;

/// The conversation that each connection of this node has open.
#[derive(Default)]
pub(super) struct OpenConversations {
    connections: Mutex<HashMap<ConnectionId, (ConversationId, UserId)>>,
    /// How many connections of each user have a conversation open.
    users: Mutex<HashMap<(ConversationId, UserId), usize>>,
}

impl OpenConversations {
    /// Notes what a connection has open, and returns what it had before.
    fn set(
        &self,
        connection: ConnectionId,
        now: Option<(ConversationId, UserId)>,
    ) -> Option<(ConversationId, UserId)> {
        let mut connections = self.connections.lock();
        let before = match now {
            Some(now) => connections.insert(connection, now),
            None => connections.remove(&connection),
        };
        let mut users = self.users.lock();
        if let Some(now) = now {
            *users.entry(now).or_default() += 1;
        }
        if let Some(before) = before
            && let Some(count) = users.get_mut(&before)
        {
            *count -= 1;
            if *count == 0 {
                users.remove(&before);
            }
        }
        before
    }
}

fn key(bus: &Bus, conversation: ConversationId) -> String {
    bus.key(format_args!("open:{conversation}"))
}

fn field(node: NodeId, connection: ConnectionId) -> String {
    format!("{node}:{connection}")
}

impl Conversations {
    /// Notes that a connection of a user, who takes part in the conversation, has it open, and
    /// no other one any more. Other nodes know it when this returns.
    pub(crate) async fn open(
        &self,
        connection: ConnectionId,
        user: UserId,
        conversation: ConversationId,
    ) {
        let now = (conversation, user);
        let before = self.inner.open.set(connection, Some(now));
        if self.inner.registry.has(connection) {
            if before != Some(now) {
                self.remove_field(connection, before);
                self.announce_open(connection, now).await;
            }
        } else {
            // It closed meanwhile.
            self.closed(connection);
        }
    }

    /// Notes that a connection has closed.
    pub(crate) fn closed(&self, connection: ConnectionId) {
        let before = self.inner.open.set(connection, None);
        self.remove_field(connection, before);
    }

    fn remove_field(&self, connection: ConnectionId, before: Option<(ConversationId, UserId)>) {
        let bus = &self.inner.bus;
        if let Some((conversation, _)) = before
            && bus.is_shared()
        {
            let field = field(bus.node(), connection);
            bus.enqueue(Cmd::hdel(key(bus, conversation), field));
        }
    }

    async fn announce_open(&self, connection: ConnectionId, open: (ConversationId, UserId)) {
        let bus = &self.inner.bus;
        let Some(mut redis) = bus.connection() else {
            return;
        };
        let (conversation, user) = open;
        let key = key(bus, conversation);
        let mut pipeline = redis::pipe();
        pipeline
            .hset(&key, field(bus.node(), connection), user.0)
            .expire(&key, TTL);
        let written: Result<(), _> = pipeline.query_async(&mut redis).await;
        if let Err(error) = written {
            tracing::debug!(%error, "Redis was not told which conversation is open");
        }
    }

    /// The users who have a conversation open, on any node; while Redis is away on this one.
    pub(super) async fn watchers(&self, conversation: ConversationId) -> Watchers {
        let Some(mut redis) = self.inner.bus.connection() else {
            return Watchers::default();
        };
        let key = key(&self.inner.bus, conversation);
        let read = Cmd::hgetall(key).query_async(&mut redis).await;
        let fields: HashMap<String, i64> = match read {
            Ok(fields) => fields,
            Err(error) => {
                tracing::debug!(%error, "Redis did not say who has a conversation open");
                return Watchers::default();
            }
        };
        let own = self.inner.bus.node();
        let live = fields.into_iter().filter(|(field, _)| {
            let node = field
                .split_once(':')
                .and_then(|(node, _)| node.parse().ok());
            node.is_some_and(|node: NodeId| node != own && self.inner.nodes.is_live(node))
        });
        Watchers(live.map(|(_, user)| UserId(user)).collect())
    }

    /// Whether the user has the conversation open on this node, or is among the watchers that
    /// were read before.
    pub(super) fn is_watching(
        &self,
        elsewhere: &Watchers,
        conversation: ConversationId,
        user: UserId,
    ) -> bool {
        let here = self.inner.open.users.lock();
        here.contains_key(&(conversation, user)) || elsewhere.0.contains(&user)
    }

    /// Renews the TTL of what this node keeps in Redis.
    pub(crate) fn refresh_ttl(&self) {
        let bus = &self.inner.bus;
        let open: HashSet<ConversationId> = {
            let connections = self.inner.open.connections.lock();
            connections.values().map(|(open, _)| *open).collect()
        };
        for conversation in open {
            bus.enqueue(Cmd::expire(key(bus, conversation), TTL));
        }
    }

    /// Writes what this node keeps in Redis again, which may have lost it.
    pub(crate) fn write_open(&self) {
        let bus = &self.inner.bus;
        for (connection, (conversation, user)) in &*self.inner.open.connections.lock() {
            let field = field(bus.node(), *connection);
            bus.enqueue(Cmd::hset(key(bus, *conversation), field, user.0));
        }
        self.refresh_ttl();
    }
}

/// The users who have a conversation open on other nodes.
#[derive(Debug, Default)]
pub(super) struct Watchers(HashSet<UserId>);
