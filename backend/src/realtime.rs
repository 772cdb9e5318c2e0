//! Everything live: rooms, the write path with group commit, delivery, connections
//! and other nodes. It is given a database pool and a bus, and names neither `http`
//! nor `state`. `hub` is the entry point for the layers above; `node_id`, `write`
//! and `cluster_message` are plain types that every module here may use.

mod bus;
mod cluster_message;
mod connection;
mod connection_limiter;
mod conversations;
mod failure_detector;
mod frame;
mod hub;
mod metrics;
mod node_id;
mod notifier;
mod order;
mod outbound;
mod outbox;
mod presence;
mod presence_store;
mod rate_limit;
mod registry;
mod ring;
mod room;
mod sanction_messages;
mod sequencer;
mod status_messages;
mod write;
mod writer;

pub(crate) use bus::Bus;
pub(crate) use cluster_message::ClientFilter;
pub(crate) use connection::{
    AcceptedCanvas, AcceptedConnection, AcceptedUser, Purpose, VerifiedToken, VerifyToken,
};
pub(crate) use connection_limiter::{ConnectionLimitError, ConnectionPermit};
pub(crate) use conversations::{DirectError, NewMessage, Sender, Sent};
pub(crate) use hub::{Hub, KickOutcome, Settings};
pub(crate) use metrics::render as render_metrics;
pub(crate) use rate_limit::RateCost;
pub(crate) use registry::ClientType;
pub(crate) use write::{
    CommentOp, Done, Identity, Operation, RewriteBatch, RewrittenCell, UNKNOWN_ACL, Write,
    WriteError,
};
pub(crate) use writer::settings_permit;
