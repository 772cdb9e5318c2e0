//! Who is on which canvas by way of which node, kept in Redis: what a node
//! reads when it opens a canvas that others have open, when it missed
//! something, and when it is asked about a canvas that it does not have open.
//!
//! `presence:{canvas}` has a field for each connection, `presence:{canvas}:nodes`
//! the stamp of each node's last change. Stamps are written after what they
//! stand for, and read before it.

use super::{
    bus::{Bus, NodeId},
    presence::{Entry, Presence},
};
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
pub(crate) struct Roster {
    /// Each node's last change.
    pub(crate) stamps: HashMap<NodeId, u64>,
    /// Connections and where they are.
    pub(crate) entries: Vec<(NodeId, Entry)>,
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

/// Keeps how connections of this node are, up to this stamp.
pub(crate) fn keep(bus: &Bus, canvas: CanvasId, entries: &[Entry], stamp: u64) {
    for some in entries.chunks(FIELDS) {
        let mut set = command("HSET", members(canvas));
        for entry in some {
            // Plain data always serializes.
            let json = serde_json::to_vec(entry).unwrap_or_default();
            set.arg(field(bus.node(), entry.connection)).arg(json);
        }
        bus.keep(set);
    }
    keep_stamp(bus, canvas, stamp);
}

/// Has what is kept be forgotten in a while, unless [`look`] is called meanwhile.
pub(crate) fn let_expire(bus: &Bus, canvas: CanvasId) {
    for key in [members(canvas), nodes(canvas)] {
        bus.keep(Cmd::expire(key, TTL));
    }
}

/// Forgets connections of a node.
pub(crate) fn remove(bus: &Bus, canvas: CanvasId, node: NodeId, gone: &[ConnectionId]) {
    for some in gone.chunks(FIELDS) {
        let mut delete = command("HDEL", members(canvas));
        for connection in some {
            delete.arg(field(node, *connection));
        }
        bus.keep(delete);
    }
}

/// Keeps the stamp of this node's last change.
pub(crate) fn keep_stamp(bus: &Bus, canvas: CanvasId, stamp: u64) {
    let mut set = command("HSET", nodes(canvas));
    set.arg(bus.node().to_string()).arg(stamp);
    bus.keep(set);
}

/// Forgets a node, which has nobody on the canvas any more.
pub(crate) fn remove_stamp(bus: &Bus, canvas: CanvasId, node: NodeId) {
    let mut delete = command("HDEL", nodes(canvas));
    delete.arg(node.to_string());
    bus.keep(delete);
}

/// What is kept about each of these canvases; `None` while Redis is away.
pub(crate) async fn read(bus: &Bus, canvases: &[CanvasId]) -> Option<Vec<Roster>> {
    let mut rosters = Vec::with_capacity(canvases.len());
    for some in canvases.chunks(CANVASES) {
        let mut pipeline = redis::pipe();
        for canvas in some {
            pipeline.add_command(command("HGETALL", nodes(*canvas)));
            pipeline.add_command(command("HGETALL", members(*canvas)));
        }
        let mut connection = bus.connection()?;
        let read = pipeline.query_async(&mut connection).await;
        let hashes: Vec<HashMap<String, String>> = understood(read)?;
        rosters.extend(hashes.chunks_exact(2).map(|pair| Roster {
            stamps: stamps(&pair[0]),
            entries: entries(&pair[1]),
        }));
    }
    Some(rosters)
}

/// Each node's last change on each of these canvases, which are kept alive by
/// it; `None` while Redis is away.
pub(crate) async fn look(bus: &Bus, canvases: &[CanvasId]) -> Option<Vec<HashMap<NodeId, u64>>> {
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
        all.extend(hashes.iter().map(stamps));
    }
    Some(all)
}

impl Roster {
    /// Leaves out nodes of which nothing is to be kept.
    pub(crate) fn without(&mut self, is_gone: impl Fn(NodeId) -> bool) {
        self.stamps.retain(|node, _| !is_gone(*node));
        let stamps = &self.stamps;
        self.entries.retain(|(node, _)| stamps.contains_key(node));
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

fn stamps(hash: &HashMap<String, String>) -> HashMap<NodeId, u64> {
    hash.iter()
        .filter_map(|(node, stamp)| Some((node.parse().ok()?, stamp.parse().ok()?)))
        .collect()
}

fn entries(hash: &HashMap<String, String>) -> Vec<(NodeId, Entry)> {
    hash.iter()
        .filter_map(|(field, json)| {
            let (node, _) = field.split_once(':')?;
            Some((node.parse().ok()?, serde_json::from_str(json).ok()?))
        })
        .collect()
}
