//! The client's tests: those in headless Chromium, and those that run on the host.
//!
//! A file's tests say where they run. `#[cfg(target_arch = "wasm32")] use wasm_bindgen_test::…
//! as test` makes them run in both, the same without `cfg` in the browser alone, and
//! `#![cfg(not(target_arch = "wasm32"))]` on the host alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};
use crate::setup::{self, WASM_TARGET};
use crate::step::say;
use crate::test_counts::{TestCounts, count};
use crate::workspace::Workspace;

/// Makes `#[test]` mean a test that runs in the browser.
const IN_BROWSER: &str = "wasm_bindgen_test as test";

/// Says that the tests of a file run on the host alone.
const ON_HOST: &str = "#![cfg(not(target_arch = \"wasm32\"))]";

/// Runs the tests on the host, then those in the browser, and fails for tests that the browser run
/// would leave out silently.
pub(crate) fn run(workspace: &Workspace) -> Result<TestCounts> {
    setup::client_tools(workspace)?;
    setup::browser()?;
    let driver = setup::browser_driver()?;
    let mut cargo = cargo(workspace, "test");
    cargo
        .arg("--no-fail-fast")
        .env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
            "wasm-bindgen-test-runner",
        )
        // The runner itself adds the flags that Chromium needs as root.
        .env("CHROMEDRIVER", driver)
        .env("WASM_BINDGEN_USE_BROWSER", "1");
    let mut on_host = workspace.cargo();
    on_host.args(["test", "--package", "frontend", "--no-fail-fast"]);
    let mut counts = count(on_host)?;
    counts.add(count(cargo)?);
    for path in left_out(&workspace.root.join("frontend/src"))? {
        say(&format!(
            "error: the tests of {} do not say where they run: write \
             `use wasm_bindgen_test::{IN_BROWSER};` or `{ON_HOST}` there",
            path.display()
        ));
        counts.add(TestCounts::check(false));
    }
    Ok(counts)
}

/// A cargo command for the client.
pub(crate) fn cargo(workspace: &Workspace, subcommand: &str) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args([subcommand, "--package", "frontend", "--target", WASM_TARGET]);
    cargo
}

/// The files whose tests are made for Rust's own runner, which does not exist in a browser, and
/// which do not say that they are for the host.
fn left_out(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::file("read", folder))? {
        let path = entry.map_err(Error::file("read", folder))?.path();
        if path.is_dir() {
            found.append(&mut left_out(&path)?);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
            let says_where = text.contains(IN_BROWSER) || text.contains(ON_HOST);
            if text.contains("#[test]") && !says_where {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process;

    use super::*;

    #[test]
    fn finds_tests_that_would_not_run() {
        let folder = env::temp_dir().join(format!("stellar-left-out-{}", process::id()));
        fs::create_dir_all(folder.join("inner")).unwrap();
        fs::write(folder.join("none.rs"), "fn main() {}").unwrap();
        fs::write(folder.join("good.rs"), format!("{IN_BROWSER} #[test]")).unwrap();
        fs::write(folder.join("host.rs"), format!("{ON_HOST} #[test]")).unwrap();
        fs::write(folder.join("inner/bad.rs"), "#[test]").unwrap();
        assert_eq!(left_out(&folder).unwrap(), [folder.join("inner/bad.rs")]);
        fs::remove_dir_all(folder).unwrap();
    }
}
