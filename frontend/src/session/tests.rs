//! Tests of the session's state machine, on the host. [`plain`] keeps the
//! values without signals, [`server`] simulates the server by the shared rules,
//! [`simulation`] connects several tabs to it.

#![cfg(not(target_arch = "wasm32"))]

mod chat;
mod clocks;
mod comments;
mod connection;
mod convergence;
mod drawing;
mod frame;
mod identity;
mod order;
mod orphans;
mod people;
pub(crate) mod plain;
mod properties;
mod requests;
mod sequence;
mod server;
mod server_comments;
mod simulation;
