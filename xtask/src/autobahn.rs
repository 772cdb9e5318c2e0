//! `cargo xtask autobahn`: the WebSocket protocol cases of the Autobahn suite, in the form in which
//! they run on today's Python (`kosoku` from the Python package index), against an echo with the server's own socket
//! settings (`websocket/examples/echo.rs`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::error::{Error, Result};
use crate::process::{status, succeed};
use crate::server::Server;
use crate::setup::find_on_path;
use crate::step::{say, step};
use crate::workspace::Workspace;

const VERSION: &str = "0.1.0";
/// Cases with messages over the limit of 16 KiB, which the server refuses with 1009.
const TOO_LARGE: [&str; 13] = [
    "1.1.6", "1.1.7", "1.1.8", "1.2.6", "1.2.7", "1.2.8", "10.1.1", "9.1.*", "9.2.*", "9.3.*",
    "9.4.*", "9.5.*", "9.6.*",
];
/// Cases of compression, which the server does not offer.
const COMPRESSED: [&str; 2] = ["12.*", "13.*"];

pub(crate) fn autobahn(workspace: &Workspace) -> Result<ExitCode> {
    let kosoku = kosoku(workspace)?;
    step(
        "Building the echo server",
        "about 90 s the first time",
        || {
            let mut cargo = workspace.cargo();
            cargo.args(["build", "--package", "websocket", "--example", "echo"]);
            succeed(cargo)
        },
    )?;
    let report = workspace.target.join("autobahn");
    // An older report may be absent.
    let _ = fs::remove_dir_all(&report);
    let echo = Command::new(workspace.target.join("debug/examples/echo"));
    let mut echo = Server::start(echo)?;
    step("Autobahn", "about 30 s", || {
        let mut suite = Command::new(kosoku);
        for case in TOO_LARGE.iter().chain(&COMPRESSED) {
            suite.args(["--exclude", case]);
        }
        suite.arg("--outdir").arg(&report);
        suite.arg(echo.address.replace("http://", "ws://"));
        // Its exit code is ignored: the results are in its report.
        status(suite).map(|_| ())
    })?;
    echo.process.stop()?;
    say(&format!("left out, over 16 KiB: {}", TOO_LARGE.join(" ")));
    say(&format!("left out, compression: {}", COMPRESSED.join(" ")));
    let outcomes = outcomes(&report.join("index.json"))?;
    let mut failed = 0;
    for (outcome, cases) in &outcomes {
        let is_failure = !matches!(outcome.as_str(), "OK" | "INFORMATIONAL" | "NON-STRICT");
        failed += if is_failure { cases.len() } else { 0 };
        let named = if outcome == "OK" {
            String::new()
        } else {
            format!(": {}", cases.join(" "))
        };
        say(&format!("{outcome:14} {}{named}", cases.len()));
    }
    let total: usize = outcomes.values().map(Vec::len).sum();
    say(&format!("{} passed, {failed} failed", total - failed));
    Ok(if failed == 0 && total > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The suite's program. Installs it next to the other tools where it is missing.
fn kosoku(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.tools.join(format!("kosoku-{VERSION}"));
    let program = folder.join("bin/kosoku");
    if program.exists() {
        return Ok(program);
    }
    if find_on_path("python3").is_none() {
        return Err(Error::new(
            "the Autobahn suite needs Python: type `apt-get install python3-venv`",
        ));
    }
    step("Installing the Autobahn suite", "about 10 s, once", || {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(&folder);
        succeed(venv)?;
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check"]);
        pip.arg(format!("kosoku=={VERSION}"));
        succeed(pip)
    })?;
    Ok(program)
}

/// The cases by outcome. A case is only good where messages and close both are.
fn outcomes(index: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let report = fs::read_to_string(index).map_err(Error::file("read", index))?;
    let report: serde_json::Value =
        serde_json::from_str(&report).map_err(Error::context("read the suite's report"))?;
    let cases = report
        .as_object()
        .into_iter()
        .flat_map(|agents| agents.values());
    let cases = cases.filter_map(serde_json::Value::as_object).flatten();
    let mut outcomes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (case, result) in cases {
        let told = |field: &str| result[field].as_str().unwrap_or("MISSING").to_owned();
        let (messages, close) = (told("behavior"), told("behaviorClose"));
        let is_close_good = matches!(close.as_str(), "OK" | "INFORMATIONAL");
        let outcome = if is_close_good {
            messages
        } else {
            format!("{messages}, close {close}")
        };
        outcomes.entry(outcome).or_default().push(case.clone());
    }
    Ok(outcomes)
}
