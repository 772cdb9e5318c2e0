//! trunk and wasm-bindgen: the two tools that the client's build needs and cargo does not bring; and
//! wasm-split-cli, for the client as it is delivered.
//!
//! They are built once per machine, into a cache folder outside of the checkout, unless `PATH`
//! has them in the right versions. Nothing is downloaded but their sources from crates.io.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::error::{Error, Result};
use crate::process::{ask, succeed};
use crate::step::step;
use crate::workspace::{TRUNK_VERSION, Workspace};

/// A program that is built with `cargo install`.
#[derive(Clone, Debug)]
struct Tool {
    package: &'static str,
    program: &'static str,
    version: String,
    /// How long it takes to build alone on two cores.
    expected: &'static str,
}

/// The tools that are neither in the cache folder nor on `PATH` in the right version.
fn missing(workspace: &Workspace) -> Vec<Tool> {
    let tools = [
        Tool {
            package: "wasm-bindgen-cli",
            program: "wasm-bindgen",
            version: workspace.wasm_bindgen_version.clone(),
            expected: "about 1 min, once per machine",
        },
        Tool {
            package: "trunk",
            program: "trunk",
            version: TRUNK_VERSION.to_owned(),
            expected: "about 3 min, once per machine",
        },
    ];
    let is_missing = |tool: &Tool| {
        let mut question = workspace.command(tool.program);
        // trunk refuses the usual value of this variable.
        question.arg("--version").env_remove("NO_COLOR");
        ask(question) != Some(format!("{} {}", tool.program, tool.version))
    };
    tools.into_iter().filter(is_missing).collect()
}

/// Splits WASM files. Its version must read what the version of `wasm_split_helpers` in
/// `Cargo.lock` writes.
pub(crate) const SPLITTER: (&str, &str) = ("wasm_split_cli_support", "0.2.4");

/// Builds the tool that splits WASM files, unless the cache folder has it. It cannot be asked for
/// its version; cargo notes which one it installed.
pub(crate) fn install_splitter(workspace: &Workspace) -> Result<()> {
    let (package, version) = SPLITTER;
    let installed = fs::read_to_string(workspace.tools.join(".crates.toml")).unwrap_or_default();
    if installed.contains(&format!("\"{package} {version} ")) {
        return Ok(());
    }
    let tool = Tool {
        package,
        program: "wasm-split-cli",
        version: version.to_owned(),
        expected: "about 1 min, once per machine",
    };
    step(
        &format!("Building {package} {version}"),
        tool.expected,
        || {
            let mut cargo = install_command(workspace, &tool)?;
            cargo.args(["--features", "build-binary"]);
            succeed(cargo)
        },
    )?;
    remove_build_folder(workspace);
    Ok(())
}

/// Builds the missing tools one after the other.
pub(crate) fn install_missing(workspace: &Workspace) -> Result<()> {
    let missing = missing(workspace);
    if missing.is_empty() {
        return Ok(());
    }
    for tool in missing {
        let what = format!("Building {} {}", tool.package, tool.version);
        step(&what, tool.expected, || {
            succeed(install_command(workspace, &tool)?)
        })?;
    }
    remove_build_folder(workspace);
    Ok(())
}

/// The command that builds and installs a tool. It is built without optimization, which takes a
/// third of the time: the tool mostly waits for cargo. Both tools share one build folder, so
/// that what both depend on is compiled once.
fn install_command(workspace: &Workspace, tool: &Tool) -> Result<Command> {
    fs::create_dir_all(&workspace.tools).map_err(Error::file("make", &workspace.tools))?;
    let mut cargo = workspace.cargo();
    cargo
        .args(["install", "--locked", tool.package])
        .args(["--version", &tool.version])
        .args(["--no-default-features", "--root"])
        .arg(&workspace.tools)
        .env("CARGO_TARGET_DIR", build_folder(workspace))
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
    Ok(cargo)
}

/// Removes what building the tools left behind. It only takes room, so an error is ignored.
fn remove_build_folder(workspace: &Workspace) {
    let _ = fs::remove_dir_all(build_folder(workspace));
}

fn build_folder(workspace: &Workspace) -> PathBuf {
    workspace.tools.join("build")
}
