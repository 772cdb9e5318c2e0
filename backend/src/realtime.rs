//! Everything live: rooms, the write path with group commit, delivery and the
//! connections. It is given a pool; it knows neither the HTTP routes nor the
//! application's state.

mod bus;
mod connection;
mod connection_limiter;
mod failure_detector;
mod frame;
mod hub;
mod metrics;
mod outbox;
mod presence;
mod presence_store;
mod rate_limit;
mod registry;
mod ring;
mod room;
mod sequencer;
pub mod wire;
mod write;
mod writer;

pub use bus::{Bus, NodeId};
pub use connection::{AcceptedConnection, Refresh, Refreshed};
pub use connection_limiter::{ConnectionLimitError, ConnectionPermit};
pub use hub::{Hub, KickOutcome, Settings};
pub(crate) use metrics::MessageMetrics;
pub use registry::{ClientFilter, ClientType, ClusterStats};
pub use write::{Done, Identity, Operation, Write, WriteError};
