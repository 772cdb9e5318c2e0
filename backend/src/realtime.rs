//! Everything live: rooms, the write path with group commit, delivery and the
//! connections. It is given a pool; it knows neither the HTTP routes nor the
//! application's state.

mod admission;
mod bus;
mod connection;
mod figures;
mod frame;
mod gate;
mod hub;
mod nodes;
mod outbox;
mod presence;
mod rate_limit;
mod registry;
mod ring;
mod room;
mod roster;
pub mod wire;
mod write;
mod writer;

pub use admission::{Admission, AdmissionError};
pub use bus::{Bus, NodeId};
pub use connection::{Refresh, Refreshed, Visitor};
pub(crate) use figures::Figures;
pub use hub::{Found, Hub, Settings};
pub use registry::{Census, ClientFilter, ClientType};
pub use write::{Done, Identity, Operation, Write, WriteError};
