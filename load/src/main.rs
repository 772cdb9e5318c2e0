//! Load generator: runs one scenario against a running server and prints each measured row as one
//! JSON object a line. `cargo xtask bench` starts the servers and makes a table of the rows; run
//! by itself it helps to size a server.
//!
//! It signs in guests, opens WebSockets and counts the messages it receives. It knows nothing of
//! the server but its HTTP and WebSocket interface. The server must have `RATE_LIMITS=off` and
//! room for the connections.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "all counts here are far below 2^52"
)]

mod client_pool;
mod connection_worker;
mod frames;
mod generate;
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
use generate::Generate;
use row::Row;
use scenarios::{
    authors, cross_node, deliver, growth, hot, idle, join, latency as late, past, reconnect,
    revert, sanction, slow, words,
};
use std::{net::SocketAddr, process::ExitCode};
use target::Target;

/// Measures a Stellar Canvas server
#[derive(Parser)]
#[command(name = "stellar-load", version)]
struct Arguments {
    /// Servers as ADDRESS=PID, for example 127.0.0.1:8080=4711, comma-separated
    #[arg(long, env = "LOAD_SERVERS", value_delimiter = ',', value_parser = parse_server)]
    server: Vec<Target>,
    /// The core that the server runs on; the baseline runs there, too
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
    /// Deliveries per second of processor time, compared with the baseline
    Deliver(deliver::Deliver),
    /// The 99th percentile of the latency at a steady rate, compared with the baseline
    Latency(late::Latency),
    /// Latency between two nodes, compared with that within one node
    CrossNode(cross_node::CrossNode),
    /// Memory of connections that do nothing
    Idle(idle::Idle),
    /// Joins per second of processor time
    Join(join::Join),
    /// All clients reconnect at once
    Reconnect(reconnect::Reconnect),
    /// A sanction that is issued at one node reaches its user at another
    Sanction(sanction::Sanction),
    /// Some receivers stop reading
    Slow(slow::Slow),
    /// Durable chat on one canvas
    Hot(hot::Hot),
    /// Who painted each pixel of a tile
    Authors(authors::Authors),
    /// What was painted is taken back, while others chat
    Revert(revert::Revert),
    /// What people say to each other, compared with chat
    Words(words::Words),
    /// How cost grows with people, canvases, events and tiles
    Growth(growth::Growth),
    /// The past of a canvas that `generate` made
    Past(past::Past),
    /// Writes the log of a canvas with a long past, as a script for psql
    Generate(Generate),
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
    if let Figure::Generate(options) = &arguments.figure {
        return generate::run(options).map(|()| Vec::new());
    }
    system::pin_to_core(arguments.own_core)?;
    let targets = &arguments.server;
    let target = targets.first().ok_or_else(|| anyhow!("no server"))?;
    let core = arguments.server_core;
    match &arguments.figure {
        Figure::Deliver(options) => deliver::run(target, core, options),
        Figure::Latency(options) => late::run(target, core, options),
        Figure::CrossNode(options) => cross_node::run(targets, options),
        Figure::Idle(options) => idle::run(targets, arguments.own_core, options),
        Figure::Join(options) => join::run(target, core, options),
        Figure::Reconnect(options) => reconnect::run(target, options),
        Figure::Sanction(options) => sanction::run(targets, options),
        Figure::Slow(options) => slow::run(target, options),
        Figure::Hot(options) => hot::run(target, options),
        Figure::Authors(options) => authors::run(target, options),
        Figure::Revert(options) => revert::run(target, options),
        Figure::Words(options) => words::run(target, options),
        Figure::Growth(options) => growth::run(target, options),
        Figure::Past(options) => past::run(target, options),
        Figure::Generate(_) => Ok(Vec::new()),
        Figure::Hold => connection_worker::hold(target).map(|()| Vec::new()),
    }
}

fn parse_server(text: &str) -> Result<Target, String> {
    let parts = text.split_once('=').ok_or("must be ADDRESS=PID")?;
    let address: SocketAddr = parts.0.parse().map_err(|_| "the address is none")?;
    let process = parts.1.parse().map_err(|_| "the process id is none")?;
    Ok(Target { address, process })
}
