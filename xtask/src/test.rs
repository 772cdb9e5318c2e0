//! `cargo xtask test`: runs every check, also after one has failed, and prints the number of passed
//! and failed tests.
//!
//! Tests run with cargo's own runner: cargo-nextest would have to be built on every machine, which
//! takes longer than it saves, and its retries would hide flaky tests.

use std::env;
use std::num::NonZero;
use std::process::ExitCode;
use std::thread;

use private_postgres::{Durability, TemporaryPostgres};

use crate::browser_tests;
use crate::client_tests;
use crate::error::{Error, Result};
use crate::process::{is_interrupted, status};
use crate::setup;
use crate::sqlx::Describer;
use crate::step::{say, step};
use crate::test_counts::{TestCounts, count};
use crate::workspace::Workspace;

/// The variable by which Rust's test programs are told how many tests to run at the same time.
const TEST_THREADS: &str = "RUST_TEST_THREADS";

/// All packages but the client, which is built for browsers.
const HOST_PACKAGES: [&str; 3] = ["--workspace", "--exclude", "frontend"];

pub(crate) fn test(workspace: &Workspace) -> Result<ExitCode> {
    let mut results = Results::default();
    results.stage("Formatting", "seconds", || formatting(workspace))?;
    results.stage("Lints", "about 2 min the first time", || lints(workspace))?;
    results.stage("Types", "seconds", || browser_tests::check_types(workspace))?;
    results.stage("Rust tests", "about 3 min the first time", || {
        rust_tests(workspace)
    })?;
    results.stage("Client tests", "about 2 min the first time", || {
        client_tests::run(workspace)
    })?;
    results.stage("Browser tests", "about 3 min the first time", || {
        let server = workspace.target.join("debug/stellar-canvas");
        build_host_tests(workspace)?;
        browser_tests::run(workspace, &server, &[])
    })?;
    Ok(results.close())
}

/// The test counts of each stage.
#[derive(Debug, Default)]
struct Results {
    stages: Vec<(&'static str, TestCounts)>,
}

impl Results {
    /// Runs a stage. A stage that cannot run counts as one failed test; only an interrupt ends
    /// everything.
    fn stage(
        &mut self,
        name: &'static str,
        expected: &str,
        run: impl FnOnce() -> Result<TestCounts>,
    ) -> Result<()> {
        let counts = match step(name, expected, run) {
            Ok(counts) => counts,
            Err(Error::Message(why)) => {
                say(&format!("error: {why}"));
                TestCounts::check(false)
            }
            Err(Error::Interrupted) => return Err(Error::Interrupted),
        };
        self.stages.push((name, counts));
        Ok(())
    }

    /// Prints the counts of each stage, and the sum as the last line.
    fn close(self) -> ExitCode {
        let mut sum = TestCounts::default();
        say("");
        for (name, counts) in self.stages {
            let TestCounts { passed, failed } = counts;
            say(&format!("{name:14} {passed:5} passed {failed:5} failed"));
            sum.add(counts);
        }
        say(&format!("{} passed, {} failed", sum.passed, sum.failed));
        if sum.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

fn formatting(workspace: &Workspace) -> Result<TestCounts> {
    let mut cargo = workspace.cargo();
    cargo.args(["fmt", "--all", "--check"]);
    Ok(TestCounts::check(status(cargo)?.success()))
}

fn lints(workspace: &Workspace) -> Result<TestCounts> {
    let mut host = workspace.cargo();
    host.arg("clippy")
        .args(HOST_PACKAGES)
        .args(["--all-targets", "--", "-D", "warnings"]);
    // Its build of the server also tells whether the descriptions of the statements are current.
    let statements = Describer::start(workspace)?;
    let host = statements.run(host)?.success() && statements.is_current()?;
    drop(statements);
    setup::wasm_target()?;
    let mut browser = client_tests::cargo(workspace, "clippy");
    browser.args(["--all-targets", "--", "-D", "warnings"]);
    let browser = status(browser)?.success();
    Ok(TestCounts::check(host && browser))
}

/// Builds the Rust tests and the server, which these and the browser tests start.
fn build_host_tests(workspace: &Workspace) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo
        .arg("build")
        .args(HOST_PACKAGES)
        .args(["--bins", "--tests"]);
    if status(cargo)?.success() {
        return Ok(());
    }
    Err(Error::new("the server or its tests do not compile"))
}

fn rust_tests(workspace: &Workspace) -> Result<TestCounts> {
    setup::postgres()?;
    setup::redis()?;
    setup::faketime()?;
    setup::load_balancer()?;
    setup::openssl()?;
    setup::pooler()?;
    build_host_tests(workspace)?;
    let postgres = TemporaryPostgres::start(Durability::None, is_interrupted)?;
    let mut cargo = workspace.cargo();
    cargo
        .arg("test")
        .args(HOST_PACKAGES)
        .arg("--no-fail-fast")
        .env("DATABASE_URL", postgres.url());
    if env::var_os(TEST_THREADS).is_none() {
        cargo.env(TEST_THREADS, test_threads().to_string());
    }
    count(cargo)
}

/// How many tests of a program run at the same time. They wait more than they compute: for
/// PostgreSQL, and for time limits to pass.
fn test_threads() -> usize {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    // PostgreSQL accepts 400 connections, and a server of a test opens at most 16.
    (2 * processors).min(20)
}
