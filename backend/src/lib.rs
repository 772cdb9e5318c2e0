//! The Stellar Canvas server.
//!
//! Arrows point one way: `http` uses `state`, `state` uses `realtime`,
//! `realtime` uses `db`; nothing imports upward.

pub mod config;
pub mod telemetry;

mod audit;
mod auth;
mod clock;
mod db;
mod demo;
mod embedded_postgres;
mod error;
mod http;
mod picture;
mod rate_limit;
mod realtime;
mod serve;
mod state;

pub use serve::{Server, StartError};
