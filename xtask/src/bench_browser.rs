//! `cargo xtask bench browser`: what the board costs in a real Chromium (`e2e/bench/board.ts`).

use std::path::Path;

use serde_json::Value;

use crate::client;
use crate::error::{Error, Result};
use crate::process::watch;
use crate::setup;
use crate::step::step;
use crate::workspace::Workspace;

/// Measures the client as it is delivered, with the server `binary`, and keeps the rows.
pub(crate) fn measure(workspace: &Workspace, binary: &Path, rows: &mut Vec<Value>) -> Result<()> {
    setup::playwright(workspace)?;
    let browser = setup::browser()?;
    client::build(workspace)?;
    step("Measuring browser", "about 2 min", || {
        let folder = workspace.root.join("e2e");
        let playwright = folder.join("node_modules/.bin/playwright");
        let mut command = workspace.command(&playwright.to_string_lossy());
        command
            .args(["test", "--config", "bench/playwright.config.ts"])
            .current_dir(&folder)
            .env("STELLAR_BIN", binary)
            .env("STELLAR_DIST", workspace.dist())
            .env("STELLAR_CHROMIUM", browser)
            .env_remove("NO_COLOR");
        let status = watch(command, |line| rows.extend(serde_json::from_str(line)))?;
        if status.success() {
            return Ok(());
        }
        Err(Error::new("browser could not be measured"))
    })
}
