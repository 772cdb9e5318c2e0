//! The plain types that nodes exchange, and their encoding for the bus: one line
//! of JSON with the sending node and the message, then lines that are passed on
//! unchanged. It knows neither the bus nor rooms, connections or Redis, so that
//! all of them can use it.

use super::{node_id::NodeId, write::Identity};
use crate::db::{locks::TileLock, notifications::Unread};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::{
    api::conversations::DirectMessage,
    ids::{CanvasId, ConnectionId, ConversationId, Epoch, SessionId, UserId},
    presence::{Editing, Status},
};
use std::collections::{BTreeMap, HashSet};

/// A message on the bus, without the lines that follow it.
///
/// The names in `serde(rename)` are what nodes of earlier versions send and
/// understand. They stay as they are, so that nodes of two versions can run side
/// by side during an upgrade.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Message {
    /// Durable events of one transaction, one a line, with the bytes of the log.
    /// `first` is the `seq` of the first line; the others follow without a gap.
    /// `epoch` and `instance` say which log it is.
    Events {
        first: i64,
        epoch: Epoch,
        instance: i64,
    },
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
    /// Roles or the visibility changed: the receivers read the roles again.
    AccessChanged,
    /// The canvas was deleted: the receivers look whether it is there.
    Deleted,
    /// An announcement, on the next line, for every connection that matches.
    #[serde(rename = "announced")]
    Announcement(ClientFilter),
    /// A message, on the next line, for the connections of the canvas's moderators.
    ToModerators,
    /// A message, on the next line, for the connections of the channel's user but this one.
    ToUser { but: Option<ConnectionId> },
    /// A notification of the channel's user, on the next line; without a line, some were read.
    Notified(Unread),
    /// A private message, on the next line, for the connections of the channel's user.
    Direct(DirectSent),
    /// A `direct_typing` of this sender, on the next line, for the same.
    DirectTyping { sender: UserId },
    /// A session of the channel's user ended: the receivers look whether it did.
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

/// What nodes need to know of a private message, to deliver it in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DirectSent {
    pub(crate) conversation: ConversationId,
    pub(crate) seq: i64,
    /// When it was stored, in milliseconds since 1970.
    pub(crate) at: i64,
    /// When the message before it was stored.
    pub(crate) previous_at: Option<i64>,
    /// Whether it was sent before, and is removed now.
    pub(crate) is_again: bool,
}

impl DirectSent {
    pub(crate) fn new(
        message: &DirectMessage,
        previous_at: Option<DateTime<Utc>>,
        is_again: bool,
    ) -> Self {
        Self {
            conversation: message.conversation_id,
            seq: message.seq,
            at: DateTime::from(message.created_at).timestamp_millis(),
            previous_at: previous_at.map(|at| at.timestamp_millis()),
            is_again,
        }
    }

    pub(crate) fn at(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.at).unwrap_or_default()
    }

    pub(crate) fn previous_at(&self) -> Option<DateTime<Utc>> {
        self.previous_at.and_then(DateTime::from_timestamp_millis)
    }
}

/// One change of a canvas's presence.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PresenceDelta {
    /// A connection joined, or its state changed.
    #[serde(rename = "is")]
    Updated(PresenceEntry, PresenceField),
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
    /// The node's [`ClusterStats`].
    #[serde(rename = "census")]
    Stats,
}

/// What other nodes know of one connection; also its field in Redis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PresenceEntry {
    pub(crate) connection: ConnectionId,
    pub(crate) user_id: UserId,
    pub(crate) username: String,
    pub(crate) display_name: String,
    /// See [`Identity::name_version`]. Nodes of an older version do not send it.
    #[serde(default, rename = "renames")]
    pub(crate) name_version: i64,
    /// Status and message belong to the user, not to the connection.
    pub(crate) status: Status,
    pub(crate) status_message: String,
    pub(crate) typing: bool,
    /// The tile that the connection edits.
    pub(crate) editing: Option<Editing>,
}

impl PresenceEntry {
    pub(crate) fn identity(&self) -> Identity {
        Identity {
            user_id: self.user_id,
            username: self.username.as_str().into(),
            display_name: self.display_name.as_str().into(),
            name_version: self.name_version,
        }
    }
}

/// A change of a tile's lock that other connections are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LockChange {
    /// Taken or renewed. Clients are told only where `announce` is set: a renewal
    /// changes nothing that they show.
    Held { lease: TileLock, announce: bool },
    /// Released.
    Released(TileLock),
}

/// Selects connections; `None` matches all.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ClientFilter {
    /// The canvas it is connected to.
    pub(crate) canvas_id: Option<CanvasId>,
    /// Whose connection it is.
    pub(crate) user_id: Option<UserId>,
    /// `browser` or `agent`.
    pub(crate) client_type: Option<String>,
    /// The platform as the client gave it.
    pub(crate) platform: Option<String>,
}

/// The statistics of one node's connections, or the sum over several nodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ClusterStats {
    /// Open connections.
    pub(crate) connections: usize,
    /// Users with one or more connections.
    pub(crate) users: HashSet<UserId>,
    /// Canvases with one or more connections.
    pub(crate) canvases: HashSet<CanvasId>,
    /// Connections by `client_type`.
    pub(crate) by_type: BTreeMap<String, usize>,
    /// Connections by `platform`.
    pub(crate) by_platform: BTreeMap<String, usize>,
    /// Messages received in the last whole second.
    pub(crate) messages_in_per_s: u64,
    /// Messages sent in the last whole second.
    pub(crate) messages_out_per_s: u64,
}

impl ClusterStats {
    /// Adds the statistics of another node. A user or canvas on both counts once.
    pub(crate) fn add(&mut self, other: Self) {
        self.connections += other.connections;
        self.users.extend(other.users);
        self.canvases.extend(other.canvases);
        for (client_type, count) in other.by_type {
            *self.by_type.entry(client_type).or_default() += count;
        }
        for (platform, count) in other.by_platform {
            *self.by_platform.entry(platform).or_default() += count;
        }
        self.messages_in_per_s += other.messages_in_per_s;
        self.messages_out_per_s += other.messages_out_per_s;
    }
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
pub(crate) fn decode(body: &[u8]) -> Option<(NodeId, Message, Vec<Bytes>)> {
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

/// The `seq` in the wire form of a durable event. Inside a JSON string every quote is
/// escaped, and no event has a nested `seq` before its own, so the first one counts.
pub(crate) fn event_seq(body: &[u8]) -> Option<i64> {
    const FIELD: &[u8] = br#""seq":"#;
    let at = body.windows(FIELD.len()).position(|part| part == FIELD)?;
    let rest = &body[at + FIELD.len()..];
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
