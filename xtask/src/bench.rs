//! `cargo xtask bench`: runs every benchmark on this machine and prints a table. Release build,
//! production settings except for the limits on rate and number, real tokens, PostgreSQL with
//! fsync. The load generator (`load/`) measures the server, Playwright measures the client.

mod browser;
mod compare;
mod past;
mod scenarios;
mod table;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use private_postgres::{Durability, TemporaryPostgres};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::process::{is_interrupted, succeed};
use crate::server::{self, Profile};
use crate::setup;
use crate::step::{say, step};
use crate::workspace::Workspace;

/// The name of the benchmarks of the client.
const BROWSER: &str = "browser";
/// The name of those of a canvas with a million events.
const PAST: &str = "past";

/// `cargo xtask bench [NAME…]`, or `cargo xtask bench compare OTHER_SERVER [NAME…]`.
pub(crate) fn bench(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    match arguments {
        [command, other, names @ ..] if command == "compare" => {
            compare::compare(workspace, &PathBuf::from(other), names)
        }
        [command] if command == "compare" => Err(Error::new(
            "name the other server's program: `cargo xtask bench compare PATH [NAME]`",
        )),
        names => all(workspace, names),
    }
}

/// Runs the benchmarks whose name contains one of `names`, or all of them, and prints the table.
fn all(workspace: &Workspace, names: &[String]) -> Result<ExitCode> {
    let server = build(workspace)?;
    let mut rows = Vec::new();
    let selected = scenarios::selected(names);
    let postgres = TemporaryPostgres::start(Durability::Full, is_interrupted)?;
    for scenario in selected.iter().filter(|scenario| !scenario.is_cluster()) {
        rows.extend(scenario.run(workspace, &server, postgres.url())?);
    }
    drop(postgres);
    for scenario in selected.iter().filter(|scenario| scenario.is_cluster()) {
        rows.extend(scenario.run_cluster(workspace, &server)?);
    }
    let is_named = |all: &str| names.is_empty() || names.iter().any(|name| all.contains(name));
    if is_named(PAST) {
        rows.extend(past::rows(workspace, &server)?);
    }
    if is_named(BROWSER) {
        rows.extend(browser::measure(workspace, &server)?);
    }
    if rows.is_empty() {
        return Err(Error::new("no benchmark has such a name"));
    }
    let path = save(workspace, "rows.jsonl", &rows)?;
    say(&format!(
        "\n{}\nThe rows are in {}.",
        table::rows(&rows),
        path.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Builds the server and the load generator; returns the server's path.
fn build(workspace: &Workspace) -> Result<PathBuf> {
    setup::postgres()?;
    setup::redis()?;
    let server = server::build(workspace, Profile::Release)?;
    step("Building the load generator", "about 30 s", || {
        let mut cargo = workspace.cargo();
        cargo.args(["build", "--release", "--package", "load"]);
        succeed(cargo)
    })?;
    Ok(server)
}

/// Writes `rows` into the target folder, one JSON object a line.
fn save(workspace: &Workspace, name: &str, rows: &[Value]) -> Result<PathBuf> {
    let folder = workspace.target.join("bench");
    fs::create_dir_all(&folder).map_err(Error::file("make", &folder))?;
    let path = folder.join(name);
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    fs::write(&path, lines.join("\n")).map_err(Error::file("write", &path))?;
    Ok(path)
}
