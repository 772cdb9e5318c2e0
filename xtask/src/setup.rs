//! Installs what the machine lacks. Each function is quick where nothing is missing, so every
//! command calls those that it needs.
//!
//! As root, system packages are installed with apt-get; an ordinary user is told the command to
//! type.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::geteuid;

use crate::error::{Error, Result};
use crate::process::{ask, succeed};
use crate::step::step;
use crate::tools;
use crate::workspace::Workspace;

/// The target that the client is built for.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";
/// The oldest Node.js that Playwright runs on.
const NODE_MAJOR: u32 = 20;
/// Programs that are Chromium; the first one found is used.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];

/// Everything the client's build needs: the WASM target, the crates, trunk, wasm-bindgen.
pub(crate) fn client_tools(workspace: &Workspace) -> Result<()> {
    wasm_target()?;
    crates(workspace)?;
    tools::install_missing(workspace)
}

/// The tool that splits the client as it is delivered.
pub(crate) fn splitter(workspace: &Workspace) -> Result<()> {
    tools::install_splitter(workspace)
}

/// The compiler's support for browsers.
pub(crate) fn wasm_target() -> Result<()> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut question = Command::new(rustc);
    question.args(["--print", "sysroot"]);
    let installed = ask(question)
        .map(|sysroot| Path::new(&sysroot).join("lib/rustlib").join(WASM_TARGET))
        .is_some_and(|folder| folder.exists());
    if installed {
        return Ok(());
    }
    if !is_on_path("rustup") {
        return Err(Error::new(format!(
            "the compiler cannot build for browsers: install Rust with rustup (https://rustup.rs) and type `rustup target add {WASM_TARGET}`"
        )));
    }
    step("Installing the WASM target", "about 5 s, once", || {
        let mut rustup = Command::new("rustup");
        rustup.args(["target", "add", WASM_TARGET]);
        succeed(rustup)
    })
}

/// All crates of `Cargo.lock`: trunk, which must not download tools, has cargo download nothing.
fn crates(workspace: &Workspace) -> Result<()> {
    let mut question = fetch_command(workspace);
    question.arg("--offline");
    if ask(question).is_some() {
        return Ok(());
    }
    step("Downloading crates", "about 30 s, once", || {
        succeed(fetch_command(workspace))
    })
}

/// The command that downloads all crates of `Cargo.lock`, or finds them downloaded.
pub(crate) fn fetch_command(workspace: &Workspace) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(["fetch", "--locked"]);
    cargo
}

/// PostgreSQL's programs, for the server's private database.
pub(crate) fn postgres() -> Result<()> {
    if private_postgres::is_installed() {
        return Ok(());
    }
    install("PostgreSQL", &["postgresql"], "postgresql@17")
}

/// Redis, which connects several nodes.
pub(crate) fn redis() -> Result<()> {
    if is_on_path("redis-server") {
        return Ok(());
    }
    install("Redis", &["redis-server"], "redis")
}

/// OpenSSL, which makes the certificates of tests.
pub(crate) fn openssl() -> Result<()> {
    if is_on_path("openssl") {
        return Ok(());
    }
    install("OpenSSL", &["openssl"], "openssl")
}

/// faketime, which runs a program with a shifted clock.
pub(crate) fn faketime() -> Result<()> {
    if is_on_path("faketime") {
        return Ok(());
    }
    install("faketime", &["faketime"], "libfaketime")
}

/// `PgBouncer`, a pooler between the server and PostgreSQL.
pub(crate) fn pooler() -> Result<()> {
    if is_on_path("pgbouncer") {
        return Ok(());
    }
    install("PgBouncer", &["pgbouncer"], "pgbouncer")
}

/// `HAProxy`, the load balancer in front of several nodes.
pub(crate) fn load_balancer() -> Result<()> {
    if is_on_path("haproxy") {
        return Ok(());
    }
    install("HAProxy", &["haproxy"], "haproxy")
}

/// Node.js with npm, and the version of Playwright that the lock file names.
pub(crate) fn playwright(workspace: &Workspace) -> Result<()> {
    if !is_on_path("node") || !is_on_path("npm") {
        install("Node.js", &["nodejs", "npm"], "node")?;
    }
    let mut question = Command::new("node");
    question.arg("--version");
    let version = ask(question).unwrap_or_default();
    if node_major(&version).is_none_or(|major| major < NODE_MAJOR) {
        return Err(Error::new(format!(
            "the browser tests need Node.js {NODE_MAJOR} or newer, this is {version}: install one from https://nodejs.org"
        )));
    }
    let folder = workspace.root.join("e2e");
    let written = |path: &str| fs::metadata(folder.join(path)).and_then(|file| file.modified());
    let locked = written("package-lock.json")
        .map_err(Error::file("read", &folder.join("package-lock.json")))?;
    let is_current =
        written("node_modules/.package-lock.json").is_ok_and(|installed| installed >= locked);
    if is_current {
        return Ok(());
    }
    step("Installing Playwright", "about 10 s", || {
        let mut npm = workspace.command("npm");
        npm.args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&folder)
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        succeed(npm)
    })
}

/// The path of a Chromium.
pub(crate) fn browser() -> Result<PathBuf> {
    if let Some(browser) = installed_browser() {
        return Ok(browser);
    }
    install("Chromium", &["chromium", "chromium-driver"], "chromium")?;
    installed_browser().ok_or_else(|| Error::new("Chromium is installed but not on PATH"))
}

/// The path of chromedriver, with which wasm-bindgen-test controls Chromium.
pub(crate) fn browser_driver() -> Result<PathBuf> {
    let find = || find_on_path("chromedriver");
    if let Some(driver) = find() {
        return Ok(driver);
    }
    install("chromedriver", &["chromium-driver"], "chromedriver")?;
    find().ok_or_else(|| Error::new("chromedriver is installed but not on PATH"))
}

fn installed_browser() -> Option<PathBuf> {
    BROWSERS.into_iter().find_map(find_on_path)
}

/// Installs Debian packages as root; otherwise fails with the command to type. `formula` is the
/// name in Homebrew.
fn install(what: &str, packages: &[&str], formula: &str) -> Result<()> {
    let packages = packages.join(" ");
    if !is_on_path("apt-get") {
        let advice = if is_on_path("brew") {
            format!("type `brew install {formula}`")
        } else {
            "install it with your system's package manager".to_owned()
        };
        return Err(Error::new(format!("{what} is missing: {advice}")));
    }
    let line = format!("apt-get install -y --no-install-recommends {packages}");
    if !geteuid().is_root() {
        return Err(Error::new(format!("{what} is missing: type `sudo {line}`")));
    }
    step(&format!("Installing {what}"), "about 30 s, once", || {
        // Package lists may be absent (in containers) or name versions that no longer exist.
        let mut update = Command::new("apt-get");
        update.args(["-q", "update"]);
        succeed(update)?;
        let mut words = line.split(' ');
        let mut install = Command::new(words.next().unwrap_or_default());
        install.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        succeed(install)
    })
}

fn is_on_path(program: &str) -> bool {
    find_on_path(program).is_some()
}

pub(crate) fn find_on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

fn node_major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_of_node() {
        assert_eq!(node_major("v20.20.2"), Some(20));
        assert_eq!(node_major(""), None);
    }
}
