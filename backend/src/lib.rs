//! The Stellar Canvas server.
//!
//! Imports go one way: `http` uses `state`, `state` uses `realtime`, `realtime` uses
//! `past`, `past` uses `db`, and all of them may use `shared`. `auth`, `audit`, `clock`, `picture` and
//! `rate_limit` know no HTTP, `origins` only its headers. `serve` starts and stops everything.

mod audit;
mod auth;
mod bulk_reads;
mod cell_history;
mod cell_log;
mod cell_number;
mod cli;
mod clock;
mod config;
mod db;
mod demo;
mod embedded_postgres;
mod event_codec;
mod evidence;
mod exports;
mod http;
mod large_bodies;
mod list_limits;
mod low_priority;
mod message_id;
mod op_filter;
mod origin_notes;
mod origins;
mod past;
mod picture;
mod rate_limit;
mod realtime;
mod rewrites;
mod serve;
mod state;
mod stored_op;
mod telemetry;
mod varint;
mod words;

pub use cli::{AdminCommand, BackupCommand, Cli, Command, CommandError, RestoreCommand};
pub use config::{ArchiveAge, Config, List, LogFormat, Origin, Switch};
pub use serve::{Server, StartError, notify_ready};
pub use telemetry::init_logging;
