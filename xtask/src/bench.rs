//! `cargo xtask bench`: measures every figure on this machine and prints a table. Release build,
//! production settings but for the limits on rate and number, real tokens, PostgreSQL with fsync.
//! The measuring itself is done by the load generator (`load/`), that of the client by Playwright.

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, ExitCode};

use private_postgres::{Durability, TemporaryPostgres};
use serde_json::Value;

use crate::bench_browser;
use crate::cluster::Nodes;
use crate::error::{Error, Result};
use crate::process::{is_interrupted, succeed, watch};
use crate::server::{self, Server};
use crate::setup;
use crate::step::{say, step};
use crate::workspace::Workspace;

/// Figures of one node. Those per second of processor time have the server on the core on which
/// the bound is measured, the others leave it both.
const FIGURES: [(&str, Cores, &[&str]); 11] = [
    (
        "typing",
        Cores::One,
        &["deliver", "--kind", "typing", "--goal", "0.95"],
    ),
    ("chat", Cores::One, &["deliver", "--goal", "0.8"]),
    (
        "chat-8",
        Cores::One,
        &["deliver", "--in-flight", "8", "--goal", "5"],
    ),
    (
        "chat-8-1000",
        Cores::One,
        &[
            "deliver",
            "--receivers",
            "1000",
            "--in-flight",
            "8",
            "--goal",
            "5",
        ],
    ),
    ("latency", Cores::All, &["latency"]),
    ("idle", Cores::All, &["idle"]),
    ("join", Cores::One, &["join"]),
    ("reconnect", Cores::All, &["reconnect"]),
    ("slow", Cores::All, &["slow"]),
    ("hot", Cores::All, &["hot"]),
    (GROWTH, Cores::All, &["growth"]),
];
/// Not a target to reach but tables of its own: measured only when asked for.
const GROWTH: &str = "growth";
/// The figures of three nodes.
const NODES: [(&str, &[&str]); 2] = [
    (
        "crowd",
        &["idle", "--connections", "50000", "--total", "350"],
    ),
    ("nodes", &["apart"]),
];

/// The figures of the client.
const BROWSER: &str = "browser";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cores {
    One,
    All,
}

pub(crate) fn bench(workspace: &Workspace, names: &[String]) -> Result<ExitCode> {
    setup::postgres()?;
    setup::redis()?;
    let binary = server::build(workspace, true)?;
    step("Building the load generator", "about 30 s", || {
        let mut cargo = workspace.cargo();
        cargo.args(["build", "--release", "--package", "load"]);
        succeed(cargo)
    })?;
    let wanted = |name: &str| {
        let asked = names.iter().any(|part| name.contains(part));
        asked || names.is_empty() && name != GROWTH
    };
    let mut rows = Vec::new();
    let postgres = TemporaryPostgres::start(Durability::Full, is_interrupted)?;
    for (name, cores, arguments) in FIGURES {
        if !wanted(name) {
            continue;
        }
        let mut command = match cores {
            Cores::One => {
                let mut taskset = Command::new("taskset");
                taskset.args(["-c", "0"]).arg(&binary);
                taskset
            }
            Cores::All => Command::new(&binary),
        };
        command
            .env("DATABASE_URL", postgres.url())
            .env("BIND", "127.0.0.1:0")
            .env("STELLAR_DATA", workspace.target.join("bench"));
        unlimited(&mut command);
        let mut server = Server::start(command)?;
        measure(workspace, name, &[&server], arguments, &mut rows)?;
        server.process.stop()?;
    }
    drop(postgres);
    for (name, arguments) in NODES {
        if !wanted(name) {
            continue;
        }
        let nodes = Nodes::start(&binary, |_, command| unlimited(command))?;
        let servers: Vec<&Server> = nodes.servers.iter().collect();
        measure(workspace, name, &servers, arguments, &mut rows)?;
    }
    if wanted(BROWSER) {
        bench_browser::measure(workspace, &binary, &mut rows)?;
    }
    if rows.is_empty() {
        return Err(Error::new("no figure has such a name"));
    }
    let folder = workspace.target.join("bench");
    fs::create_dir_all(&folder).map_err(Error::file("make", &folder))?;
    let path = folder.join("rows.jsonl");
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    fs::write(&path, lines.join("\n")).map_err(Error::file("write", &path))?;
    say(&format!(
        "\n{}\nThe rows are in {}.",
        table(&rows),
        path.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Lets one machine be everybody.
fn unlimited(command: &mut Command) {
    command
        .env("RATE_LIMITS", "off")
        .env("WEBSOCKET_MAX_CONNECTIONS_PER_IP", "20000")
        .env("RUST_LOG", "warn");
}

/// Runs the load generator against these servers and keeps its rows.
fn measure(
    workspace: &Workspace,
    name: &str,
    servers: &[&Server],
    arguments: &[&str],
    rows: &mut Vec<Value>,
) -> Result<()> {
    let list: Vec<String> = servers
        .iter()
        .map(|server| {
            let address = server.address.trim_start_matches("http://");
            format!("{address}={}", server.process.id())
        })
        .collect();
    step(&format!("Measuring {name}"), "about 30 s", || {
        let mut load = Command::new(workspace.target.join("release/stellar-load"));
        load.env("LOAD_SERVERS", list.join(",")).args(arguments);
        let status = watch(load, |line| rows.extend(serde_json::from_str(line)))?;
        if status.success() {
            return Ok(());
        }
        Err(Error::new(format!("{name} could not be measured")))
    })
}

/// The rows as a table in Markdown.
fn table(rows: &[Value]) -> String {
    let mut table =
        "| figure | target | measured | ratio | met |\n|---|---|---|---|---|\n".to_owned();
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        let value = |key: &str| row[key].as_f64().unwrap_or(f64::NAN);
        let number = |key: &str| short(value(key));
        let met = if row["met"] == true { "yes" } else { "**no**" };
        let lost = match row["lost"].as_u64() {
            Some(0) | None => String::new(),
            Some(lost) => format!(", {lost} lost"),
        };
        // Writing into a String never fails.
        let _ = writeln!(
            table,
            "| {} | {} {unit} | {} {unit}{lost} | {} | {met} |",
            text("figure"),
            number("target"),
            number("measured"),
            short(value("measured") / value("target")),
            unit = text("unit"),
        );
    }
    table
}

/// With as many digits as a person reads.
fn short(number: f64) -> String {
    if number.abs() >= 100.0 {
        format!("{number:.0}")
    } else {
        format!("{number:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_says_what_was_lost() {
        let row = json!({
            "figure": "joins", "unit": "joins", "target": 20000.0, "measured": 1234.5,
            "met": false, "lost": 3
        });
        let table = table(&[row]);
        assert!(table.ends_with("| joins | 20000 joins | 1234 joins, 3 lost | 0.06 | **no** |\n"));
    }
}
