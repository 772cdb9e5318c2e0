//! Load generator: measures a running server, one figure at a time, and prints
//! each as one JSON object a line. `cargo xtask bench` starts the servers and
//! makes a table of them; with a server of one's own it serves for sizing.
//!
//! It signs in real guests, opens real WebSockets, and counts what comes. The
//! server must have `RATE_LIMITS=off` and room for the connections.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is counted here is far below 2^52"
)]

mod client_pool;
mod connection_worker;
mod frames;
mod group;
mod join_baseline;
mod latency;
mod row;
mod scenarios;
mod send_baseline;
mod system;
mod target;

use anyhow::{Result, anyhow};
use clap::{Parser, Subcommand};
use row::Row;
use scenarios::{cross_node, deliver, growth, hot, idle, join, latency as late, reconnect, slow};
use std::{net::SocketAddr, process::ExitCode};
use target::Target;

/// Measures a Stellar Canvas server
#[derive(Parser)]
#[command(name = "stellar-load", version)]
struct Arguments {
    /// Servers as ADDRESS=PID, for example 127.0.0.1:8080=4711, comma-separated
    #[arg(long, env = "LOAD_SERVERS", value_delimiter = ',', required = true, value_parser = parse_server)]
    server: Vec<Target>,
    /// The core that the server was given, where the baseline runs too
    #[arg(long, default_value_t = 0)]
    server_core: usize,
    /// The core that this generator stays on
    #[arg(long, default_value_t = 1)]
    own_core: usize,
    #[command(subcommand)]
    figure: Figure,
}

#[derive(Subcommand)]
enum Figure {
    /// Deliveries per second of processor time, beside the baseline's
    Deliver(deliver::Deliver),
    /// The 99th percentile of the delay at a steady rate, beside the baseline's
    Latency(late::Latency),
    /// How late those at another node hear, beside those at the same
    CrossNode(cross_node::CrossNode),
    /// Memory of connections that do nothing
    Idle(idle::Idle),
    /// Joins per second of processor time
    Join(join::Join),
    /// Everybody comes back at once
    Reconnect(reconnect::Reconnect),
    /// Some receivers stop reading
    Slow(slow::Slow),
    /// Durable chat on one canvas
    Hot(hot::Hot),
    /// How cost grows with people, canvases, events and tiles
    Growth(growth::Growth),
    /// Holds connections for another process of this program
    #[command(hide = true)]
    Hold,
}

fn main() -> ExitCode {
    match measure(&Arguments::parse()) {
        Ok(rows) => {
            for row in rows {
                match serde_json::to_string(&row) {
                    Ok(line) => println!("{line}"),
                    Err(error) => eprintln!("error: {error}"),
                }
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<Vec<Row>> {
    system::pin_to_core(arguments.own_core)?;
    let targets = &arguments.server;
    let target = targets.first().ok_or_else(|| anyhow!("no server"))?;
    let core = arguments.server_core;
    match &arguments.figure {
        Figure::Deliver(wanted) => deliver::run(target, core, wanted),
        Figure::Latency(wanted) => late::run(target, core, wanted),
        Figure::CrossNode(wanted) => cross_node::run(targets, wanted),
        Figure::Idle(wanted) => idle::run(targets, arguments.own_core, wanted),
        Figure::Join(wanted) => join::run(target, core, wanted),
        Figure::Reconnect(wanted) => reconnect::run(target, wanted),
        Figure::Slow(wanted) => slow::run(target, wanted),
        Figure::Hot(wanted) => hot::run(target, wanted),
        Figure::Growth(wanted) => growth::run(target, wanted),
        Figure::Hold => connection_worker::hold(target).map(|()| Vec::new()),
    }
}

fn parse_server(text: &str) -> Result<Target, String> {
    let parts = text.split_once('=').ok_or("must be ADDRESS=PID")?;
    let address: SocketAddr = parts.0.parse().map_err(|_| "the address is none")?;
    let process = parts.1.parse().map_err(|_| "the process id is none")?;
    Ok(Target { address, process })
}
