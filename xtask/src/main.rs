//! Everything a developer types: `cargo xtask run`, `test`, `dev`, `dist`, `e2e` and more.
//!
//! Each command first installs what the machine lacks ([`setup`], [`tools`]) and then starts the
//! real tools. Every process that it starts is also ended by it ([`process`]): on Ctrl+C, on
//! SIGTERM and on failure. This crate is compiled before anything else, so its dependencies are
//! few and small.

mod autobahn;
mod bench;
mod browser_tests;
mod client;
mod client_tests;
mod cluster;
mod compress;
mod dev;
mod dist;
mod error;
mod fingerprint;
mod minify;
mod parallel;
mod process;
mod redis;
mod run;
mod server;
mod setup;
mod soak;
mod split;
mod sqlx;
mod step;
mod test;
mod test_counts;
mod tools;
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
  dist         the optimized server and client, in release/, to be hosted
  e2e [ARGS]   the browser tests alone; ARGS go to Playwright (`cargo xtask e2e --grep chat`)
  cluster      three nodes, Redis and a load balancer, as in production
  bench [NAME] all benchmarks, or those whose name contains NAME; growth only when named
  bench compare SERVER [NAME]
               the benchmarks of the server, by turns against this tree's server and the program
               SERVER, another build of it; BENCH_ROUNDS times (3)
  soak         the long run: random clients, joins and churn against a release server, with
               SOAK_SECONDS of fresh seeds (600) and SOAK_CHURN connections (50000)
  sqlx         describe the server's SQL statements anew in .sqlx, after a change of one or of the
               schema
  autobahn     the Autobahn WebSocket cases against the server's socket settings
  help         this list

Missing tools are installed: the WASM target with rustup, trunk and wasm-bindgen (but for `run`)
with cargo into ~/.cache/stellar-canvas, and, when root runs it, PostgreSQL, Redis, HAProxy,
faketime, OpenSSL, Node.js and Chromium with apt-get. The server's settings are environment
variables; `cargo xtask run` passes them on (BIND, STELLAR_DATA, DATABASE_URL …).";

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
        "dist" => dist::dist(&workspace),
        "soak" => soak::soak(&workspace),
        "sqlx" => sqlx::sqlx(&workspace),
        "cluster" => cluster::cluster(&workspace),
        "bench" => bench::bench(&workspace, rest),
        "autobahn" => autobahn::autobahn(&workspace),
        "e2e" => browser_tests::only(&workspace, rest),
        _ => Err(Error::new(format!(
            "there is no command `{name}`, see `cargo xtask help`"
        ))),
    }
}
