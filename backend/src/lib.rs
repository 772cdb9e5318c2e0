//! The Stellar Canvas server.
//!
//! Arrows point one way: `http` uses `state`, `state` uses `realtime`,
//! `realtime` uses `db`; nothing imports upward.

pub mod config;
pub mod embedded_postgres;
pub mod realtime;

mod auth;
mod db;
mod error;
mod http;
mod rate_limit;
mod state;
