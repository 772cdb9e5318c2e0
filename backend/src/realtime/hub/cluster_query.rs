//! What is asked of all nodes at once: their connections, and how much there
//! is of everything. Each answers for itself; one that does not answer in time
//! is left out.

use super::{Hub, Inner, lock};
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

/// How long the others may take.
const REPLY_TIMEOUT: Duration = Duration::from_secs(1);

impl Hub {
    /// The first so many connections that match after this one, in the order
    /// in which they came, on all nodes.
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
        for more in self.query::<Vec<Client>>(query).await {
            clients.extend(more);
        }
        clients.sort_by_key(|client| client.connection_id);
        clients.truncate(count);
        clients
    }

    /// How much there is of everything, and on how many nodes.
    pub(crate) async fn stats(&self) -> (ClusterStats, usize) {
        let mut stats = self.inner.registry.stats();
        let others: Vec<ClusterStats> = self.query(ClusterQuery::Stats).await;
        let nodes = 1 + others.len();
        for other in others {
            stats.add(other);
        }
        (stats, nodes)
    }

    async fn query<T: DeserializeOwned>(&self, query: ClusterQuery) -> Vec<T> {
        if !self.inner.bus.is_shared() {
            return Vec::new();
        }
        let id = rand::random();
        let (sender, mut answers) = mpsc::unbounded_channel();
        lock(&self.inner.pending_queries).insert(id, sender);
        let asked = Message::Query { id, query };
        let listening = self
            .inner
            .bus
            .publish_counted(Channel::Broadcast, &asked)
            .await;
        // This node hears itself too.
        let expected = listening.unwrap_or_default().saturating_sub(1);
        let mut all = Vec::new();
        let gathering = async {
            while all.len() < expected {
                let Some((node, line)) = answers.recv().await else {
                    return;
                };
                match serde_json::from_slice(&line) {
                    Ok(answer) => all.push(answer),
                    Err(error) => tracing::warn!(%node, %error, "an answer cannot be read"),
                }
            }
        };
        if timeout(REPLY_TIMEOUT, gathering).await.is_err() {
            tracing::warn!("a node did not answer in time");
        }
        lock(&self.inner.pending_queries).remove(&id);
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

    /// Answers another node, on a task of its own: there may be much to look at.
    pub(super) fn answer_query(self: &Arc<Self>, node: NodeId, id: u64, query: ClusterQuery) {
        let inner = self.clone();
        tokio::spawn(async move {
            let answer = match query {
                ClusterQuery::Clients {
                    filter,
                    after,
                    count,
                } => serde_json::to_vec(&inner.clients(&filter, after, count)),
                ClusterQuery::Stats => serde_json::to_vec(&inner.registry.stats()),
            };
            // Plain data always serializes.
            let line = Bytes::from(answer.unwrap_or_default());
            let channel = Channel::Node(node);
            inner
                .bus
                .publish_with(channel, &Message::Reply { id }, &[line]);
        });
    }

    pub(super) fn take_reply(&self, node: NodeId, id: u64, lines: Vec<Bytes>) {
        if let Some(asking) = lock(&self.pending_queries).get(&id) {
            for line in lines {
                // Whoever asked may have given up.
                let _ = asking.send((node, line));
            }
        }
    }
}
