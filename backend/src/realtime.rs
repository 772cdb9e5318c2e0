//! Everything live: rooms, the write path with group commit, delivery and the
//! connections. It is given a pool; it knows neither the HTTP routes nor the
//! application's state.

mod hub;

pub use hub::{Done, Hub, Identity, Operation, Settings, Write, WriteError};
