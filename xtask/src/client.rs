//! The browser client: built with trunk, compressed, and left alone when nothing changed.

use std::fs;
use std::process::Command;

use crate::compress::{FirstLoad, compress_all};
use crate::error::{Error, Result};
use crate::fingerprint::fingerprint;
use crate::process::succeed;
use crate::setup;
use crate::step::{say, step};
use crate::workspace::Workspace;

/// Builds the client as it is delivered, into `dist/`, unless it is there already.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let state_file = workspace.target.join("client-build.state");
    let recorded = fs::read_to_string(&state_file).ok();
    let inputs = inputs(workspace);
    if recorded == Some(state(workspace, inputs)) {
        say("The client is up to date.");
        return Ok(());
    }
    setup::client_tools(workspace)?;
    step(
        "Building the client",
        "about 2 min the first time, 30 s after a change",
        || {
            let mut trunk = trunk(workspace);
            trunk.args(["build", "--release"]);
            trunk.arg("--dist").arg(workspace.dist());
            succeed(trunk)
        },
    )?;
    step("Compressing the client", "about 10 s", || {
        compress_all(&workspace.dist())
    })?;
    say(&format!(
        "A first visit loads {}.",
        FirstLoad::of(&workspace.dist())?
    ));
    fs::write(&state_file, state(workspace, inputs)).map_err(Error::file("write", &state_file))
}

/// trunk, with our `Trunk.toml`.
pub(crate) fn trunk(workspace: &Workspace) -> Command {
    let mut trunk = workspace.command("trunk");
    // trunk takes the common `NO_COLOR=1` for a wrong value of its option and ends.
    trunk.env_remove("NO_COLOR");
    trunk
}

fn inputs(workspace: &Workspace) -> u64 {
    let paths = [
        "Cargo.lock",
        "Cargo.toml",
        "Trunk.toml",
        "frontend",
        "shared",
    ];
    fingerprint(&paths.map(|path| workspace.root.join(path)))
}

/// What went in and what came out, so that a `dist/` that somebody else wrote is built anew.
fn state(workspace: &Workspace, inputs: u64) -> String {
    format!("{inputs} {}\n", fingerprint(&[workspace.dist()]))
}
