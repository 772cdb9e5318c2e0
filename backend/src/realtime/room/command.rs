//! What a room is sent by connections, by HTTP handlers, by the hub and by the
//! tasks that it starts itself.

use crate::{
    db::{
        access::{Roles, Standing},
        locks::TileLock,
        log::Head,
        sanctions::Sanctions,
    },
    realtime::{
        cluster_message::Message,
        node_id::NodeId,
        outbound::OutboundMessage,
        outbox::Outbox,
        presence_store::PresenceSnapshot,
        ring::Event,
        write::{Done, Identity, Write, WriteError},
    },
};
use bytes::Bytes;
use shared::{
    canvas::Role,
    ids::{ConnectionId, Epoch, UserId},
    presence::ActiveUser,
    protocol::{ClientRequest, Heartbeat},
    time::Timestamp,
};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// One command. Large variants are boxed, since the channel allocates its queue
/// in blocks of 32 commands.
pub(crate) enum Command {
    /// A connection joins.
    Join(Box<Join>),
    /// A connection ended.
    Leave(ConnectionId),
    /// A client's request that the room has to handle. The permit, which bounds
    /// the connection's unanswered requests, is released with the reply.
    Request(
        ConnectionId,
        Box<ClientRequest>,
        Option<OwnedSemaphorePermit>,
    ),
    /// A durable request of an HTTP client.
    Write(Box<Write>, oneshot::Sender<Result<Done, WriteError>>),
    /// Replies with the users on the canvas.
    ActiveUsers(oneshot::Sender<Vec<ActiveUser>>),
    /// Roles or the visibility changed, which the room reads.
    AccessChanged,
    /// A user has other names.
    Renamed(Box<RenamedUser>),
    /// What a poll of the database found: its instance, and the canvas if that exists.
    Polled(i64, Option<Head>),
    /// A message of another node, with the lines that follow it.
    BusMessage(NodeId, Box<Message>, Vec<Bytes>),
    /// Messages on the bus may have been lost, in both directions.
    CatchUp,
    /// The presence snapshot that the room asked for; `None` while Redis is away.
    PresenceSnapshot(Option<Box<PresenceSnapshot>>),
    /// The presence version of each node, as polled from Redis.
    PresenceVersions(HashMap<NodeId, u64>),
    /// The tile locks that the room asked for.
    Leases(Vec<TileLock>),
    /// Another node is no longer live.
    NodeGone(NodeId),
    /// The members' roles that the room asked for; `None` where the read failed.
    Roles(Option<Box<Roles>>),
    /// Connections that join, whose `last_timestamp` the room had compared.
    Compared(Vec<Join>),
    /// A message for the members who are moderators.
    ToModerators(Box<OutboundMessage>),
    /// The canvas was deleted.
    Deleted,
}

/// A user whose names changed: a guest who became registered, or a deleted account.
#[derive(Clone)]
pub(crate) struct RenamedUser {
    /// With the new names.
    pub(crate) identity: Identity,
    /// Whether the earlier names have to disappear from messages, too.
    pub(crate) is_deleted: bool,
}

/// A connection that joins.
pub(crate) struct Join {
    pub(crate) connection_id: ConnectionId,
    pub(crate) identity: Identity,
    pub(crate) status_message: String,
    /// Whom the user blocks.
    pub(crate) blocked: Vec<UserId>,
    pub(crate) role: Role,
    /// The canvas's access version when the role was read.
    pub(crate) acl_version: i64,
    /// The user's sanctions; none if they had none.
    pub(crate) sanctions: Option<Sanctions>,
    /// What else is known of the user.
    pub(crate) standing: Standing,
    pub(crate) last_seq: Option<i64>,
    pub(crate) epoch: Option<Epoch>,
    /// The time of the event `last_seq`, until it was compared with the log's.
    pub(crate) last_timestamp: Option<Timestamp>,
    /// The `seq` of an event that was committed before and replaced or removed words: the old
    /// ones must not be replayed from memory.
    pub(crate) last_rewording: i64,
    /// Whether the log was compared because `last_seq` is above its head.
    pub(crate) is_compared: bool,
    pub(crate) heartbeat: Heartbeat,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) reply: oneshot::Sender<Joined>,
}

impl Join {
    /// Compares the time that the client told with that of the log's event, if there is
    /// one. If they differ, history went back and grew again: the client resumes as from
    /// another epoch.
    pub(super) fn compare_time(&mut self, time: Option<Timestamp>, told: Timestamp) {
        self.last_timestamp = None;
        if time != Some(told) {
            self.epoch = None;
        }
    }

    /// Up to which `seq` the log has to be delivered before a client that resumes is
    /// admitted; `None` for one that does not.
    pub(super) fn needed_seq(&self) -> Option<i64> {
        self.last_seq.map(|seq| seq.max(self.last_rewording))
    }

    /// Whether that is after `head` of this epoch.
    pub(super) fn is_ahead(&self, head: i64, epoch: Epoch) -> bool {
        self.epoch == Some(epoch) && self.needed_seq().is_some_and(|seq| seq > head)
    }
}

/// The reply to a [`Join`]. Everything that the room sends later is in the outbox.
pub(crate) struct Joined {
    /// The `connected` message in pieces. The middle one, the list of users, is
    /// shared by all connections that join at the same time.
    pub(crate) connected: [OutboundMessage; 3],
    /// The newest `seq` that was delivered before the join.
    pub(crate) head: i64,
    pub(crate) replay: Replay,
}

/// The events that a resuming client missed.
pub(crate) enum Replay {
    /// None, or the client fetches a snapshot.
    Nothing,
    /// All of them, from memory.
    Events(Vec<Event>),
    /// In the log, after this `seq` up to the head.
    Log(i64),
}

/// Who gets the reply to a durable request.
pub(super) enum ReplyTo {
    /// A connection. The text is the type of its request, for the `ack`.
    Socket(ConnectionId, &'static str, Option<OwnedSemaphorePermit>),
    /// An HTTP handler.
    Http(oneshot::Sender<Result<Done, WriteError>>),
    /// Nobody: the room made the request itself.
    Nobody,
}
