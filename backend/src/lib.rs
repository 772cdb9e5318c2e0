//! The Stellar Canvas server.
//!
//! Arrows point one way: `http` uses `state`, `state` uses `realtime`,
//! `realtime` uses `db`; nothing imports upward.

pub mod config;
mod db;
pub mod embedded_postgres;
pub mod realtime;
