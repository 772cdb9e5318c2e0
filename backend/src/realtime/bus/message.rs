//! The messages between nodes and their encoding: one line of JSON with the
//! sending node and the message, then lines that are passed on unchanged.

use super::NodeId;
use crate::realtime::{presence::Entry, registry::ClientFilter, writer::LockChange};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use shared::{
    canvas::Role,
    ids::{ConnectionId, SessionId, UserId},
};

/// A message on the bus, without the lines that follow it.
///
/// The names in `serde(rename)` are what nodes of earlier versions send and
/// understand. They stay as they are, so that nodes of two versions can run side
/// by side during an upgrade.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Message {
    /// Durable events, one a line, with the bytes of the log. `first` is the
    /// `seq` of the first line; the others follow without a gap.
    Events { first: i64 },
    /// The presence of one connection changed. Each message carries the version
    /// of the node's previous change, so that a receiver notices a missing one.
    Presence {
        #[serde(rename = "before")]
        previous: u64,
        #[serde(rename = "stamp")]
        version: u64,
        #[serde(rename = "change")]
        delta: PresenceDelta,
    },
    /// An ephemeral message, on the next line, for all connections but this one.
    #[serde(rename = "said")]
    Ephemeral {
        connection: ConnectionId,
        user: UserId,
        kind: EphemeralKind,
    },
    /// Tile locks that were taken, renewed or released.
    Locks(Vec<LockChange>),
    /// A user's role changed; `None` ends the user's connections.
    Role { user: UserId, role: Option<Role> },
    /// The canvas was deleted.
    Deleted,
    /// An announcement, on the next line, for every connection that matches.
    #[serde(rename = "announced")]
    Announcement(ClientFilter),
    /// A session of the channel's user ended.
    SessionEnded(SessionId),
    /// The channel's connection has to be closed.
    Kick,
    /// The sending node is alive; with `asks` the receivers answer the same.
    Alive { asks: bool },
    /// The sending node shuts down.
    Leaving,
    /// A query to all nodes; each sends a [`Message::Reply`] to the sender.
    #[serde(rename = "ask")]
    Query {
        id: u64,
        #[serde(rename = "question")]
        query: ClusterQuery,
    },
    /// The reply to the query with this id, on the next line.
    #[serde(rename = "answer")]
    Reply { id: u64 },
    /// Sent by a node to itself, to check that what it publishes is delivered.
    #[serde(rename = "echo")]
    SelfPing,
}

/// One change of a canvas's presence.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PresenceDelta {
    /// A connection joined, or its state changed.
    #[serde(rename = "is")]
    Updated(Entry, PresenceField),
    /// A connection left.
    #[serde(rename = "gone")]
    Removed {
        user: UserId,
        connection: ConnectionId,
    },
    /// The node wrote its whole part to Redis again; receivers read it there.
    #[serde(rename = "much")]
    Resync,
}

/// Which part of a connection's presence changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PresenceField {
    /// Everything: the connection is new.
    #[serde(rename = "coming")]
    All,
    /// Whether it types.
    Typing,
    /// The tile that it edits.
    Editing,
    /// The user's status or status message.
    Status,
}

/// Which ephemeral message it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EphemeralKind {
    /// A pointer's position.
    Cursor,
    /// Somebody points others to a tile.
    Mention,
}

impl EphemeralKind {
    /// The outbox keeps only the newest message per sender and name when it is
    /// full.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cursor => "cursor",
            Self::Mention => "mention",
        }
    }
}

/// A query that every node answers for itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClusterQuery {
    /// The first `count` matching connections whose id is greater than `after`.
    Clients {
        filter: ClientFilter,
        after: Option<ConnectionId>,
        count: usize,
    },
    /// The node's [`ClusterStats`](crate::realtime::registry::ClusterStats).
    #[serde(rename = "census")]
    Stats,
}

/// Encodes a message and its lines for the bus.
pub(crate) fn encode(node: NodeId, message: &Message, lines: &[Bytes]) -> Vec<u8> {
    // Plain data always serializes.
    let mut body = serde_json::to_vec(&(node, message)).unwrap_or_default();
    body.reserve(lines.iter().map(|line| line.len() + 1).sum());
    for line in lines {
        body.push(b'\n');
        body.extend_from_slice(line);
    }
    body
}

/// The sending node, the message and its lines. `None` where it cannot be read,
/// for example when a node of another version sent it.
pub(super) fn decode(body: &[u8]) -> Option<(NodeId, Message, Vec<Bytes>)> {
    let (head, rest) = match body.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&body[..end], Bytes::copy_from_slice(&body[end + 1..])),
        None => (body, Bytes::new()),
    };
    let (node, message) = serde_json::from_slice(head).ok()?;
    let lines = rest
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| rest.slice_ref(line))
        .collect();
    Some((node, message, lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_out_as_they_went_in() {
        let lines = [
            Bytes::from_static(b"{\"seq\":5}"),
            Bytes::from_static(b"{}"),
        ];
        let node = NodeId::new();
        let body = encode(node, &Message::Events { first: 5 }, &lines);
        let (from, message, heard) = decode(&body).unwrap();
        assert_eq!(from, node);
        assert!(matches!(message, Message::Events { first: 5 }));
        assert_eq!(heard, lines);
        let (_, message, heard) = decode(&encode(node, &Message::SelfPing, &[])).unwrap();
        assert!(matches!(message, Message::SelfPing));
        assert!(heard.is_empty());
        assert!(decode(b"[1,{\"something_new\":{}}]").is_none());
        assert!(decode(b"").is_none());
    }
}
