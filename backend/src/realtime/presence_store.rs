//! Who is on which canvas by way of which node, kept in Redis: what a node
//! reads when it opens a canvas that others have open, when it missed
//! something, and when it is asked about a canvas that it does not have open.
//!
//! `presence:{canvas}` has a field for each connection, `presence:{canvas}:nodes`
//! the version of each node's last change. Stamps are written after what they
//! stand for, and read before it.

use super::{bus::Bus, cluster_message::PresenceEntry, node_id::NodeId, presence::Presence};
use redis::{Cmd, RedisError};
use shared::{
    ids::{CanvasId, ConnectionId},
    presence::ActiveUser,
};
use std::{collections::HashMap, time::Instant};

/// Seconds after which what no node keeps alive is forgotten.
const TTL: i64 = 30;
/// Fields written by one command.
const FIELDS: usize = 256;
/// Canvases asked about at once.
const CANVASES: usize = 256;

/// What was kept about one canvas.
#[derive(Debug, Default)]
pub(crate) struct PresenceSnapshot {
    /// Each node's last change.
    pub(crate) versions: HashMap<NodeId, u64>,
    /// Connections and where they are.
    pub(crate) entries: Vec<(NodeId, PresenceEntry)>,
}

fn members(canvas: CanvasId) -> String {
    format!("presence:{canvas}")
}

fn nodes(canvas: CanvasId) -> String {
    format!("presence:{canvas}:nodes")
}

fn command(name: &str, key: String) -> Cmd {
    let mut command = redis::cmd(name);
    command.arg(key);
    command
}

/// Keeps how connections of this node are, up to this version.
pub(crate) fn put(bus: &Bus, canvas: CanvasId, entries: &[PresenceEntry], version: u64) {
    for some in entries.chunks(FIELDS) {
        let mut set = command("HSET", members(canvas));
        for entry in some {
            // Plain data always serializes.
            let json = serde_json::to_vec(entry).unwrap_or_default();
            set.arg(field(bus.node(), entry.connection)).arg(json);
        }
        bus.enqueue(set);
    }
    put_version(bus, canvas, version);
}

/// Has what is kept be forgotten in a while, unless [`look`] is called meanwhile.
pub(crate) fn refresh_ttl(bus: &Bus, canvas: CanvasId) {
    for key in [members(canvas), nodes(canvas)] {
        bus.enqueue(Cmd::expire(key, TTL));
    }
}

/// Forgets connections of a node.
pub(crate) fn remove(bus: &Bus, canvas: CanvasId, node: NodeId, gone: &[ConnectionId]) {
    for some in gone.chunks(FIELDS) {
        let mut delete = command("HDEL", members(canvas));
        for connection in some {
            delete.arg(field(node, *connection));
        }
        bus.enqueue(delete);
    }
}

/// Keeps the version of this node's last change.
pub(crate) fn put_version(bus: &Bus, canvas: CanvasId, version: u64) {
    let mut set = command("HSET", nodes(canvas));
    set.arg(bus.node().to_string()).arg(version);
    bus.enqueue(set);
}

/// Forgets a node, which has nobody on the canvas any more.
pub(crate) fn remove_version(bus: &Bus, canvas: CanvasId, node: NodeId) {
    let mut delete = command("HDEL", nodes(canvas));
    delete.arg(node.to_string());
    bus.enqueue(delete);
}

/// What is kept about each of these canvases; `None` while Redis is away.
pub(crate) async fn read(bus: &Bus, canvases: &[CanvasId]) -> Option<Vec<PresenceSnapshot>> {
    let mut snapshots = Vec::with_capacity(canvases.len());
    for some in canvases.chunks(CANVASES) {
        let mut pipeline = redis::pipe();
        for canvas in some {
            pipeline.add_command(command("HGETALL", nodes(*canvas)));
            pipeline.add_command(command("HGETALL", members(*canvas)));
        }
        let mut connection = bus.connection()?;
        let read = pipeline.query_async(&mut connection).await;
        let hashes: Vec<HashMap<String, String>> = understood(read)?;
        snapshots.extend(hashes.chunks_exact(2).map(|pair| PresenceSnapshot {
            versions: versions(&pair[0]),
            entries: entries(&pair[1]),
        }));
    }
    Some(snapshots)
}

/// Each node's last change on each of these canvases, which are kept alive by
/// it; `None` while Redis is away.
pub(crate) async fn read_versions(
    bus: &Bus,
    canvases: &[CanvasId],
) -> Option<Vec<HashMap<NodeId, u64>>> {
    let mut all = Vec::with_capacity(canvases.len());
    for some in canvases.chunks(CANVASES) {
        let mut pipeline = redis::pipe();
        for canvas in some {
            pipeline.add_command(command("HGETALL", nodes(*canvas)));
            for key in [members(*canvas), nodes(*canvas)] {
                let mut expire = command("EXPIRE", key);
                expire.arg(TTL);
                pipeline.add_command(expire).ignore();
            }
        }
        let mut connection = bus.connection()?;
        let read = pipeline.query_async(&mut connection).await;
        let hashes: Vec<HashMap<String, String>> = understood(read)?;
        all.extend(hashes.iter().map(versions));
    }
    Some(all)
}

impl PresenceSnapshot {
    /// Leaves out nodes of which nothing is to be kept.
    pub(crate) fn retain_nodes(&mut self, is_live: impl Fn(NodeId) -> bool) {
        self.versions.retain(|node, _| is_live(*node));
        let versions = &self.versions;
        self.entries.retain(|(node, _)| versions.contains_key(node));
    }

    /// Who is there, as others see them.
    pub(crate) fn active_users(&self) -> Vec<ActiveUser> {
        let mut presence = Presence::default();
        let now = Instant::now();
        for (node, entry) in &self.entries {
            presence.arrive(*node, entry);
            presence.note(entry, now);
        }
        presence.list()
    }
}

fn understood<T>(read: Result<T, RedisError>) -> Option<T> {
    read.inspect_err(|error| tracing::debug!(%error, "Redis did not say who is there"))
        .ok()
}

fn field(node: NodeId, connection: ConnectionId) -> String {
    format!("{node}:{connection}")
}

fn versions(hash: &HashMap<String, String>) -> HashMap<NodeId, u64> {
    hash.iter()
        .filter_map(|(node, version)| Some((node.parse().ok()?, version.parse().ok()?)))
        .collect()
}

fn entries(hash: &HashMap<String, String>) -> Vec<(NodeId, PresenceEntry)> {
    hash.iter()
        .filter_map(|(field, json)| {
            let (node, _) = field.split_once(':')?;
            Some((node.parse().ok()?, serde_json::from_str(json).ok()?))
        })
        .collect()
}
