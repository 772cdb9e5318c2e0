//! `cargo xtask bench browser`: what the board costs in a real Chromium (`e2e/bench/board.ts`).

use std::path::Path;

use serde_json::Value;

use crate::client::{self, Build};
use crate::error::{Error, Result};
use crate::process::watch;
use crate::setup;
use crate::step::step;
use crate::workspace::Workspace;

/// Measures the client as it is delivered, with the program `server`, and returns the rows.
pub(super) fn measure(workspace: &Workspace, server: &Path) -> Result<Vec<Value>> {
    setup::playwright(workspace)?;
    let browser = setup::browser()?;
    let client = client::build(workspace, Build::Delivered)?;
    step("Measuring browser", "about 2 min", || {
        let folder = workspace.root.join("e2e");
        let playwright = folder.join("node_modules/.bin/playwright");
        let mut command = workspace.command(playwright);
        command
            .args(["test", "--config", "bench/playwright.config.ts"])
            .current_dir(&folder)
            .env("STELLAR_BIN", server)
            .env("STELLAR_DIST", &client)
            .env("STELLAR_CHROMIUM", browser)
            .env_remove("NO_COLOR");
        let mut rows = Vec::new();
        let status = watch(command, |line| rows.extend(serde_json::from_str(line)))?;
        if status.success() {
            return Ok(rows);
        }
        Err(Error::new("browser could not be measured"))
    })
}
