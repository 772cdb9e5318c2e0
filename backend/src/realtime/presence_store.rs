//! The presence of all nodes in Redis. A node reads it when it opens a canvas,
//! when it missed a message of another node, and for canvases that it does not
//! have open.
//!
//! The hash `presence:{canvas}` has a field for each connection,
//! `presence:{canvas}:nodes` the version of each node's last change. A version is
//! written after the change and read before it, so that a reader never has a
//! version without its change.

use super::{bus::Bus, cluster_message::PresenceEntry, node_id::NodeId, presence::Presence};
use redis::{Cmd, RedisError};
use shared::{
    ids::{CanvasId, ConnectionId},
    presence::ActiveUser,
};
use std::{collections::HashMap, time::Instant};

/// Seconds after which Redis drops what no node renews.
const TTL: i64 = 30;
/// Fields written with one command.
const MAX_FIELDS: usize = 256;
/// Canvases read with one pipeline.
const MAX_CANVASES: usize = 256;

/// The presence of one canvas as stored in Redis.
#[derive(Debug, Default)]
pub(crate) struct PresenceSnapshot {
    /// The version of each node's last change.
    pub(crate) versions: HashMap<NodeId, u64>,
    /// The connections, and the node of each.
    pub(crate) entries: Vec<(NodeId, PresenceEntry)>,
}

/// The key of a canvas's connections.
fn members_key(bus: &Bus, canvas: CanvasId) -> String {
    bus.key(format_args!("presence:{canvas}"))
}

/// The key of a canvas's versions.
fn versions_key(bus: &Bus, canvas: CanvasId) -> String {
    bus.key(format_args!("presence:{canvas}:nodes"))
}

fn command(name: &str, key: String) -> Cmd {
    let mut command = redis::cmd(name);
    command.arg(key);
    command
}

/// Writes connections of this node and the version of this change.
pub(crate) fn put(bus: &Bus, canvas: CanvasId, entries: &[PresenceEntry], version: u64) {
    for chunk in entries.chunks(MAX_FIELDS) {
        let mut set = command("HSET", members_key(bus, canvas));
        for entry in chunk {
            // Plain data always serializes.
            let json = serde_json::to_vec(entry).unwrap_or_default();
            set.arg(field(bus.node(), entry.connection)).arg(json);
        }
        bus.enqueue(set);
    }
    put_version(bus, canvas, version);
}

/// Renews the TTL of a canvas. [`read_versions`] does so too.
pub(crate) fn refresh_ttl(bus: &Bus, canvas: CanvasId) {
    for key in [members_key(bus, canvas), versions_key(bus, canvas)] {
        bus.enqueue(Cmd::expire(key, TTL));
    }
}

/// Removes connections of a node.
pub(crate) fn remove(bus: &Bus, canvas: CanvasId, node: NodeId, gone: &[ConnectionId]) {
    for chunk in gone.chunks(MAX_FIELDS) {
        let mut delete = command("HDEL", members_key(bus, canvas));
        for connection in chunk {
            delete.arg(field(node, *connection));
        }
        bus.enqueue(delete);
    }
}

/// Writes the version of this node's last change.
pub(crate) fn put_version(bus: &Bus, canvas: CanvasId, version: u64) {
    let mut set = command("HSET", versions_key(bus, canvas));
    set.arg(bus.node().to_string()).arg(version);
    bus.enqueue(set);
}

/// Removes the version of a node that has no connection to the canvas any more.
pub(crate) fn remove_version(bus: &Bus, canvas: CanvasId, node: NodeId) {
    let mut delete = command("HDEL", versions_key(bus, canvas));
    delete.arg(node.to_string());
    bus.enqueue(delete);
}

/// The presence of each of these canvases; `None` while Redis is away.
pub(crate) async fn read(bus: &Bus, canvases: &[CanvasId]) -> Option<Vec<PresenceSnapshot>> {
    let mut snapshots = Vec::with_capacity(canvases.len());
    for chunk in canvases.chunks(MAX_CANVASES) {
        let mut pipeline = redis::pipe();
        for canvas in chunk {
            pipeline.add_command(command("HGETALL", versions_key(bus, *canvas)));
            pipeline.add_command(command("HGETALL", members_key(bus, *canvas)));
        }
        let mut connection = bus.connection()?;
        let read = pipeline.query_async(&mut connection).await;
        let hashes: Vec<HashMap<String, String>> = logged(read)?;
        snapshots.extend(hashes.chunks_exact(2).map(|pair| PresenceSnapshot {
            versions: versions(&pair[0]),
            entries: entries(&pair[1]),
        }));
    }
    Some(snapshots)
}

/// The version of each node's last change on each of these canvases, whose TTL is
/// renewed; `None` while Redis is away.
pub(crate) async fn read_versions(
    bus: &Bus,
    canvases: &[CanvasId],
) -> Option<Vec<HashMap<NodeId, u64>>> {
    let mut all = Vec::with_capacity(canvases.len());
    for chunk in canvases.chunks(MAX_CANVASES) {
        let mut pipeline = redis::pipe();
        for canvas in chunk {
            pipeline.add_command(command("HGETALL", versions_key(bus, *canvas)));
            for key in [members_key(bus, *canvas), versions_key(bus, *canvas)] {
                let mut expire = command("EXPIRE", key);
                expire.arg(TTL);
                pipeline.add_command(expire).ignore();
            }
        }
        let mut connection = bus.connection()?;
        let read = pipeline.query_async(&mut connection).await;
        let hashes: Vec<HashMap<String, String>> = logged(read)?;
        all.extend(hashes.iter().map(versions));
    }
    Some(all)
}

impl PresenceSnapshot {
    /// Removes the nodes that are not live or have no version.
    pub(crate) fn retain_nodes(&mut self, is_live: impl Fn(NodeId) -> bool) {
        self.versions.retain(|node, _| is_live(*node));
        let versions = &self.versions;
        self.entries.retain(|(node, _)| versions.contains_key(node));
    }

    /// The users, as clients see them.
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

/// Logs a failed read.
fn logged<T>(read: Result<T, RedisError>) -> Option<T> {
    read.inspect_err(|error| tracing::debug!(%error, "Redis did not say who is there"))
        .ok()
}

/// The field of a connection.
fn field(node: NodeId, connection: ConnectionId) -> String {
    format!("{node}:{connection}")
}

/// Skips what cannot be parsed, for example of a node of another version.
fn versions(hash: &HashMap<String, String>) -> HashMap<NodeId, u64> {
    hash.iter()
        .filter_map(|(node, version)| Some((node.parse().ok()?, version.parse().ok()?)))
        .collect()
}

/// Skips what cannot be parsed, as [`versions`] does.
fn entries(hash: &HashMap<String, String>) -> Vec<(NodeId, PresenceEntry)> {
    hash.iter()
        .filter_map(|(field, json)| {
            let (node, _) = field.split_once(':')?;
            Some((node.parse().ok()?, serde_json::from_str(json).ok()?))
        })
        .collect()
}
