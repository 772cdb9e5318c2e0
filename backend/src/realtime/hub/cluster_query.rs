//! Queries to all nodes, for the administration: the list of connections and the
//! statistics. Each node answers for itself; one that does not answer within
//! `REPLY_TIMEOUT` is left out.

use super::{Hub, Inner};
use crate::realtime::{
    bus::Channel,
    cluster_message::{ClientFilter, ClusterQuery, ClusterStats, Message},
    node_id::NodeId,
};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use shared::{api::Client, ids::ConnectionId};
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::timeout};
use uuid::Uuid;

/// How long the other nodes may take to reply.
const REPLY_TIMEOUT: Duration = Duration::from_secs(1);

impl Hub {
    /// The first `count` matching connections of all nodes whose id is greater than
    /// `after`, in the order in which they were opened.
    pub(crate) async fn clients(
        &self,
        filter: ClientFilter,
        after: Option<ConnectionId>,
        count: usize,
    ) -> Vec<Client> {
        let mut clients = self.inner.clients(&filter, after, count);
        let query = ClusterQuery::Clients {
            filter,
            after,
            count,
        };
        for others in self.query::<Vec<Client>>(query).await {
            clients.extend(others);
        }
        clients.sort_by_key(|client| client.connection_id);
        clients.truncate(count);
        clients
    }

    /// A connection, on whichever node it is; none while Redis is away and it is not on this
    /// node.
    pub(crate) async fn client(&self, id: ConnectionId) -> Option<Client> {
        let node = self.inner.bus.node().to_string();
        if let Some(client) = self.inner.registry.client(id, &node) {
            return Some(client);
        }
        // Lists go by id.
        let before = ConnectionId(Uuid::from_u128(id.0.as_u128().checked_sub(1)?));
        let mut found = self.clients(ClientFilter::default(), Some(before), 1).await;
        found.pop().filter(|client| client.connection_id == id)
    }

    /// The statistics of all nodes together, and how many nodes answered.
    pub(crate) async fn stats(&self) -> (ClusterStats, usize) {
        let mut stats = self.inner.registry.stats();
        let others: Vec<ClusterStats> = self.query(ClusterQuery::Stats).await;
        let nodes = 1 + others.len();
        for other in others {
            stats.add(other);
        }
        (stats, nodes)
    }

    /// The other nodes' replies, in the order in which they arrived. Empty while
    /// Redis is away.
    async fn query<T: DeserializeOwned>(&self, query: ClusterQuery) -> Vec<T> {
        if !self.inner.bus.is_shared() {
            return Vec::new();
        }
        let id = rand::random();
        let (sender, mut replies) = mpsc::unbounded_channel();
        self.inner.pending_queries.lock().insert(id, sender);
        let message = Message::Query { id, query };
        let receivers = self
            .inner
            .bus
            .publish_counted(Channel::Broadcast, &message)
            .await;
        // This node is subscribed to the channel too.
        let expected = receivers.unwrap_or_default().saturating_sub(1);
        let mut all = Vec::new();
        let gather = async {
            while all.len() < expected {
                let Some((node, line)) = replies.recv().await else {
                    return;
                };
                match serde_json::from_slice(&line) {
                    Ok(reply) => all.push(reply),
                    Err(error) => tracing::warn!(%node, %error, "an answer cannot be read"),
                }
            }
        };
        if timeout(REPLY_TIMEOUT, gather).await.is_err() {
            tracing::warn!("a node did not answer in time");
        }
        self.inner.pending_queries.lock().remove(&id);
        all
    }
}

impl Inner {
    fn clients(
        &self,
        filter: &ClientFilter,
        after: Option<ConnectionId>,
        count: usize,
    ) -> Vec<Client> {
        let node = self.bus.node().to_string();
        let mut clients = self.registry.clients(filter, after, &node);
        clients.truncate(count);
        clients
    }

    /// Replies to another node, from a task of its own: there may be thousands of
    /// connections to look at.
    pub(super) fn answer_query(self: &Arc<Self>, node: NodeId, id: u64, query: ClusterQuery) {
        let inner = self.clone();
        tokio::spawn(async move {
            let reply = match query {
                ClusterQuery::Clients {
                    filter,
                    after,
                    count,
                } => serde_json::to_vec(&inner.clients(&filter, after, count)),
                ClusterQuery::Stats => serde_json::to_vec(&inner.registry.stats()),
            };
            // Plain data always serializes.
            let line = Bytes::from(reply.unwrap_or_default());
            let channel = Channel::Node(node);
            inner
                .bus
                .publish_with(channel, &Message::Reply { id }, &[line]);
        });
    }

    /// Passes another node's reply to the query that waits for it.
    pub(super) fn take_reply(&self, node: NodeId, id: u64, lines: Vec<Bytes>) {
        if let Some(replies) = self.pending_queries.lock().get(&id) {
            for line in lines {
                // Fails when the query has timed out.
                let _ = replies.send((node, line));
            }
        }
    }
}
