//! The Stellar Canvas server.
//!
//! Imports go one way: `http` uses `state`, `state` uses `realtime`, `realtime` uses
//! `db`, and all of them may use `shared`. `auth`, `audit`, `clock`, `picture` and
//! `rate_limit` know no HTTP. `serve` starts and stops everything.

mod audit;
mod auth;
mod clock;
mod config;
mod db;
mod demo;
mod embedded_postgres;
mod http;
mod picture;
mod rate_limit;
mod realtime;
mod serve;
mod state;
mod telemetry;

pub use config::{Config, LogFormat, Switch};
pub use serve::{Server, StartError};
pub use telemetry::init_logging;
