//! Paths: the checkout, cargo's target folder, the cache of tools.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};

/// The version of trunk that works with our versions of wasm-bindgen and the compiler.
pub(crate) const TRUNK_VERSION: &str = "0.21.14";

/// The paths of this checkout and this machine.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The top of the checkout.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    /// The folder of trunk and wasm-bindgen. It is outside of the checkout and named by their
    /// versions, so that all checkouts share it and a new version does not affect an old checkout.
    pub(crate) tools: PathBuf,
    /// The version in `Cargo.lock`; the command-line tool must have exactly the same.
    pub(crate) wasm_bindgen_version: String,
}

impl Workspace {
    pub(crate) fn locate() -> Result<Self> {
        // Set by `cargo run`, which the alias in .cargo/config.toml calls.
        let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let root = manifest
            .as_deref()
            .and_then(Path::parent)
            .ok_or_else(|| Error::new("start this with `cargo xtask`"))?
            .to_owned();
        let wasm_bindgen_version = locked_version(&root, "wasm-bindgen")?;
        let name = format!("tools-trunk-{TRUNK_VERSION}-wasm-bindgen-{wasm_bindgen_version}");
        Ok(Self {
            target: target_folder(&root)?,
            tools: cache_folder()?.join("stellar-canvas").join(name),
            root,
            wasm_bindgen_version,
        })
    }

    /// The folder of the client as it is delivered.
    pub(crate) fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// A command that runs in this checkout and finds our tools first on `PATH`.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("PATH", self.path());
        for (name, _) in env::vars_os() {
            if describes_package(&name) {
                command.env_remove(name);
            }
        }
        command
    }

    /// The cargo that started this program.
    pub(crate) fn cargo(&self) -> Command {
        self.command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    fn path(&self) -> OsString {
        let inherited = env::var_os("PATH").unwrap_or_default();
        let folders = [self.tools.join("bin")]
            .into_iter()
            .chain(env::split_paths(&inherited));
        // A folder with a colon in its name cannot be on PATH; then the machine's tools are used.
        env::join_paths(folders).unwrap_or(inherited)
    }
}

/// Whether `cargo run` sets this variable to describe the package that it runs. Build scripts that
/// watch such variables, as ring's does, would run again whenever cargo is called by us after it
/// was called directly, and everything that depends on them would be built again.
fn describes_package(variable: &OsStr) -> bool {
    variable
        .to_str()
        .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
}

fn locked_version(root: &Path, package: &str) -> Result<String> {
    let path = root.join("Cargo.lock");
    let lock = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
    version_in(&lock, package)
        .map(str::to_owned)
        .ok_or_else(|| Error::new(format!("{} does not name {package}", path.display())))
}

fn version_in<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    lines
        .next()?
        .strip_prefix("version = \"")?
        .strip_suffix('"')
}

fn target_folder(root: &Path) -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .map_err(Error::context("start cargo"))?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(Error::context("read what `cargo metadata` answers"))?;
    metadata["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .ok_or_else(|| Error::new("`cargo metadata` names no target folder"))
}

fn cache_folder() -> Result<PathBuf> {
    let given = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    if let Some(folder) = given.filter(|folder| folder.is_absolute()) {
        return Ok(folder);
    }
    env::home_dir()
        .map(|home| home.join(".cache"))
        .ok_or_else(|| Error::new("set XDG_CACHE_HOME: there is no home folder for the tools"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_version_of_the_lock_file() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"1\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.129\"\n";
        assert_eq!(version_in(lock, "wasm-bindgen"), Some("0.2.129"));
        assert_eq!(version_in(lock, "trunk"), None);
    }
}
