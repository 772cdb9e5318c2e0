//! The browser client: built, compressed, and left alone when nothing changed.
//!
//! What is delivered and tested is built with trunk. `cargo xtask run` puts its page together with
//! `page-builder`, from the same configuration: a first run does not wait for trunk to be compiled.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::client_tests;
use crate::compress::{FirstLoad, Level, compress_all};
use crate::error::{Error, Result};
use crate::fingerprint::fingerprint;
use crate::minify::minify_scripts;
use crate::process::succeed;
use crate::setup::{self, WASM_TARGET};
use crate::split;
use crate::step::{say, step};
use crate::workspace::Workspace;

/// How the client is built. The profiles are those of the workspace's `Cargo.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    /// Profile `web-quick` and fast compression: for `cargo xtask run`.
    Quick,
    /// Profile `web-release`, split, minified and compressed as small as possible: for browser tests,
    /// measurements and delivery.
    Delivered,
}

impl Build {
    /// Where it is put.
    pub(crate) fn folder(self, workspace: &Workspace) -> PathBuf {
        match self {
            Self::Quick => workspace.target.join("quick-client"),
            Self::Delivered => workspace.dist(),
        }
    }

    fn profile(self) -> &'static str {
        match self {
            Self::Quick => "web-quick",
            Self::Delivered => "web-release",
        }
    }

    /// Records from what, and what, was built.
    fn state_file(self, workspace: &Workspace) -> PathBuf {
        let name = format!("client-{}.state", self.profile());
        workspace.target.join(name)
    }

    /// Whether the sources and the built client are those of the last build.
    pub(crate) fn is_current(self, workspace: &Workspace) -> bool {
        let recorded = fs::read_to_string(self.state_file(workspace)).ok();
        recorded == Some(self.state(workspace, inputs(workspace)))
    }

    /// Also names what came out, so that a folder that somebody else wrote is built anew.
    fn state(self, workspace: &Workspace, inputs: u64) -> String {
        format!("{inputs} {}\n", fingerprint(&[self.folder(workspace)]))
    }

    /// Where cargo puts the compiled client.
    fn wasm(self, workspace: &Workspace) -> PathBuf {
        let folder = workspace.target.join(WASM_TARGET).join(self.profile());
        folder.join("frontend.wasm")
    }

    /// Records that the client was built from `inputs`, see [`inputs`].
    fn record(self, workspace: &Workspace, inputs: u64) -> Result<()> {
        let state_file = self.state_file(workspace);
        fs::write(&state_file, self.state(workspace, inputs))
            .map_err(Error::file("write", &state_file))
    }
}

/// Builds the client unless it is there already, and returns its folder.
pub(crate) fn build(workspace: &Workspace, build: Build) -> Result<PathBuf> {
    if build.is_current(workspace) {
        say("The client is up to date.");
        return Ok(build.folder(workspace));
    }
    match build {
        Build::Quick => {
            setup::wasm_target()?;
            let expected = "about 3 min the first time, 20 s after a change";
            step("Building the client", expected, || {
                build_quick(workspace, |_, command| succeed(command))
            })?;
        }
        Build::Delivered => build_delivered(workspace)?,
    }
    Ok(build.folder(workspace))
}

/// Builds [`Build::Quick`]. Its commands are given to `run`, each with its name.
pub(crate) fn build_quick(
    workspace: &Workspace,
    run: impl Fn(&str, Command) -> Result<()>,
) -> Result<()> {
    let build = Build::Quick;
    // Before the build: what changes meanwhile is built the next time.
    let inputs = inputs(workspace);
    let profile = build.profile();
    run("crates", setup::fetch_command(workspace))?;
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--package", "page-builder", "--profile", profile]);
    run("page-builder", cargo)?;
    let mut cargo = client_tests::cargo(workspace, "build");
    cargo.args(["--profile", profile]);
    run("client", cargo)?;
    let folder = build.folder(workspace);
    let page_builder = workspace.target.join(profile).join("page-builder");
    let mut page_builder = workspace.command(page_builder);
    page_builder.args([&build.wasm(workspace), &folder]);
    run("page", page_builder)?;
    compress_all(&folder, Level::Fast)?;
    build.record(workspace, inputs)
}

fn build_delivered(workspace: &Workspace) -> Result<()> {
    let build = Build::Delivered;
    let folder = build.folder(workspace);
    // As above.
    let inputs = inputs(workspace);
    setup::client_tools(workspace)?;
    setup::splitter(workspace)?;
    let expected = "about 2 min the first time, 30 s after a change";
    step("Building the client", expected, || {
        let mut trunk = trunk(workspace);
        trunk.args(["build", "--release", "--cargo-profile", build.profile()]);
        trunk.arg("--dist").arg(&folder);
        trunk.envs(split::environment());
        succeed(trunk)
    })?;
    step("Splitting the client", "about 10 s", || {
        split::split(workspace, &build.wasm(workspace), &folder)
    })?;
    step("Compressing the client", "about 10 s", || {
        minify_scripts(&folder)?;
        compress_all(&folder, Level::Best)
    })?;
    say(&format!("A first visit loads {}.", FirstLoad::of(&folder)?));
    build.record(workspace, inputs)
}

/// trunk, with our `Trunk.toml`.
pub(crate) fn trunk(workspace: &Workspace) -> Command {
    let mut trunk = workspace.command("trunk");
    // trunk takes the common `NO_COLOR=1` for a wrong value of its option and ends.
    trunk.env_remove("NO_COLOR");
    trunk
}

/// A fingerprint of everything that the client is built from.
fn inputs(workspace: &Workspace) -> u64 {
    let paths = [
        ".cargo/config.toml",
        "Cargo.lock",
        "Cargo.toml",
        "Trunk.toml",
        "frontend",
        "message-catalog",
        "page-builder",
        "shared",
        "xtask/src/split.rs",
    ];
    fingerprint(&paths.map(|path| workspace.root.join(path)))
}
