//! Everything a developer types: `cargo xtask run`, `test`, `dev`, `e2e`, `soak`, `cluster`, `bench`,
//! `autobahn`.
//!
//! Each command first sets up what the machine lacks ([`setup`]) and then starts the real tools.
//! What it starts it also ends ([`process`]), on Ctrl+C, SIGTERM and failure alike.

mod autobahn;
mod bench;
mod bench_browser;
mod browser_tests;
mod client;
mod client_tests;
mod cluster;
mod compress;
mod dev;
mod error;
mod fingerprint;
mod process;
mod redis;
mod run;
mod server;
mod setup;
mod soak;
mod step;
mod test;
mod test_counts;
mod workspace;

use std::env;
use std::process::ExitCode;

use error::{Error, Result};
use workspace::Workspace;

const HELP: &str = "\
Usage: cargo xtask COMMAND

  run          set up what is missing, build, start the server and open it in the browser
  test         format check, clippy, all Rust tests, client tests and browser tests
  dev          server and client rebuilt and reloaded at every change, on http://127.0.0.1:8080
  e2e [ARGS]   the browser tests alone; ARGS go to Playwright (`cargo xtask e2e --grep chat`)
  soak         the long run: random clients, joins and churn against a release server, with
               SOAK_SECONDS of fresh seeds (600) and SOAK_CHURN connections (50000)
  cluster      three nodes, Redis and a load balancer, as one would host them
  bench [NAME] the figures to reach, or those whose name contains NAME; growth only when named
  autobahn     the Autobahn WebSocket cases against the server's socket settings
  help         this list

Missing tools are installed: the WASM target with rustup, trunk and wasm-bindgen with cargo into
~/.cache/stellar-canvas, and, when root runs it, PostgreSQL, Node.js and Chromium with apt-get.
The server's settings are environment variables; `cargo xtask run` passes them on (BIND,
STELLAR_DATA, DATABASE_URL …).";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match command(&arguments) {
        Ok(code) => code,
        Err(Error::Interrupted) => ExitCode::from(130),
        Err(Error::Message(why)) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn command(arguments: &[String]) -> Result<ExitCode> {
    let (name, rest) = match arguments.split_first() {
        Some((name, rest)) => (name.as_str(), rest),
        None => ("help", arguments),
    };
    // As one is used to from `cargo run -- ARGS`.
    let rest = match rest {
        [dashes, rest @ ..] if dashes == "--" => rest,
        all => all,
    };
    if !rest.is_empty() && !matches!(name, "e2e" | "bench") {
        return Err(Error::new(format!(
            "`cargo xtask {name}` takes no arguments, see `cargo xtask help`"
        )));
    }
    if matches!(name, "help" | "--help" | "-h") {
        println!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    process::end_children_on_signals()?;
    let workspace = Workspace::locate()?;
    match name {
        "run" => run::run(&workspace),
        "test" => test::test(&workspace),
        "dev" => dev::dev(&workspace),
        "soak" => soak::soak(&workspace),
        "cluster" => cluster::cluster(&workspace),
        "bench" => bench::bench(&workspace, rest),
        "autobahn" => autobahn::autobahn(&workspace),
        "e2e" => browser_tests::only(&workspace, rest),
        _ => Err(Error::new(format!(
            "there is no command `{name}`, see `cargo xtask help`"
        ))),
    }
}
