//! The form of what nodes tell each other: one line of JSON that says who
//! tells what, then lines that are passed on as they are.

use super::NodeId;
use crate::realtime::{presence::Entry, registry::ClientFilter, writer::LockChange};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use shared::{
    canvas::Role,
    ids::{ConnectionId, SessionId, UserId},
};

/// What nodes tell each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Message {
    /// Durable events, as they are in the log, one a line; the first has this `seq`.
    Events { first: i64 },
    /// Somebody came, went or does something else; these follow each other by
    /// their stamps, so that it is seen when one is missing.
    Presence {
        before: u64,
        stamp: u64,
        change: Change,
    },
    /// An ephemeral message, on the next line, for all but this connection.
    Said {
        connection: ConnectionId,
        user: UserId,
        kind: Spoken,
    },
    /// Leases taken, prolonged and given back.
    Locks(Vec<LockChange>),
    /// A user's role changed; none ends their connections.
    Role { user: UserId, role: Option<Role> },
    /// The canvas is gone.
    Deleted,
    /// Words, on the next line, for everybody who matches.
    Announced(ClientFilter),
    /// A session of the channel's user is over.
    SessionEnded(SessionId),
    /// The channel's connection is to end.
    Kick,
    /// A node is there; others say so too if it asks.
    Alive { asks: bool },
    /// A node goes.
    Leaving,
    /// All nodes are to answer, to the one that asks.
    Ask { id: u64, question: Question },
    /// An answer, on the next line.
    Answer { id: u64 },
    /// To oneself: whether what is told is heard.
    Echo,
}

/// What changed about who is there.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// A connection is there, and is so.
    Is(Entry, About),
    /// A connection is gone.
    Gone {
        user: UserId,
        connection: ConnectionId,
    },
    /// Too much to tell: it is to be read.
    Much,
}

/// Why a connection is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum About {
    /// It is new.
    Coming,
    /// It types, still or no more.
    Typing,
    /// It opened or left a tile.
    Editing,
    /// The user's status.
    Status,
}

/// What is passed on as it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Spoken {
    /// A pointer's position.
    Cursor,
    /// A tile that somebody points at.
    Mention,
}

impl Spoken {
    /// Of which only the newest of each sender matters.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cursor => "cursor",
            Self::Mention => "mention",
        }
    }
}

/// What a node asks all others.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Question {
    /// The first so many connections that match, after this one.
    Clients {
        filter: ClientFilter,
        after: Option<ConnectionId>,
        count: usize,
    },
    /// How much there is of everything.
    Census,
}

/// A message as it goes over the bus.
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

/// Who told what, and the lines after it; `None` where it cannot be read, for
/// example from a node of another version.
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
        let (_, message, heard) = decode(&encode(node, &Message::Echo, &[])).unwrap();
        assert!(matches!(message, Message::Echo));
        assert!(heard.is_empty());
        assert!(decode(b"[1,{\"something_new\":{}}]").is_none());
        assert!(decode(b"").is_none());
    }
}
