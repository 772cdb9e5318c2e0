//! The Stellar Canvas server.
//!
//! Arrows point one way: `http` uses `state`, `state` uses `realtime`,
//! `realtime` uses `db`; nothing imports upward.

pub mod clock;
pub mod config;
pub mod realtime;
pub mod telemetry;

mod audit;
mod auth;
mod db;
mod demo;
mod embedded_postgres;
mod error;
mod http;
mod picture;
mod rate_limit;
mod serve;
mod state;

pub use serve::{Server, StartError};
