//! The Playwright tests, against the real server and the client as it is delivered.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::client::{self, Build};
use crate::error::{Error, Result};
use crate::process::status;
use crate::server::{self, Profile};
use crate::setup;
use crate::test_counts::TestCounts;
use crate::workspace::Workspace;

/// `cargo xtask e2e`: sets up, builds, and runs the tests; `arguments` go to Playwright.
pub(crate) fn only(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    let binary = server::build(workspace, Profile::Dev)?;
    let counts = run(workspace, &binary, arguments)?;
    Ok(if counts.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Checks the types of the tests. Playwright itself only strips them.
pub(crate) fn check_types(workspace: &Workspace) -> Result<TestCounts> {
    setup::playwright(workspace)?;
    let mut npm = workspace.command("npm");
    npm.args(["run", "--silent", "check"])
        .current_dir(workspace.root.join("e2e"));
    Ok(TestCounts::check(status(npm)?.success()))
}

/// Runs the tests against the server `binary`. Each test starts its own servers, with their own
/// ports and data folders.
pub(crate) fn run(
    workspace: &Workspace,
    binary: &Path,
    arguments: &[String],
) -> Result<TestCounts> {
    setup::postgres()?;
    setup::playwright(workspace)?;
    let browser = setup::browser()?;
    let client = client::build(workspace, Build::Delivered)?;
    let report = workspace.target.join("playwright-report.json");
    // An old report must not be counted when this run ends before it writes one.
    let _ = fs::remove_file(&report);
    let folder = workspace.root.join("e2e");
    let playwright = folder.join("node_modules/.bin/playwright");
    let mut command = workspace.command(playwright);
    command
        .arg("test")
        .args(arguments)
        .current_dir(&folder)
        .env("STELLAR_BIN", binary)
        .env("STELLAR_DIST", &client)
        .env("STELLAR_CHROMIUM", browser)
        .env("STELLAR_REPORT", &report)
        // Playwright sets FORCE_COLOR for its workers; Node.js warns where both are set.
        .env_remove("NO_COLOR");
    let status = status(command)?;
    match fs::read_to_string(&report)
        .ok()
        .as_deref()
        .and_then(TestCounts::of_playwright)
    {
        Some(counts) => Ok(counts.with_exit(status)),
        None if status.success() => Ok(TestCounts::default()),
        None => Err(Error::new(format!("Playwright failed ({status})"))),
    }
}
