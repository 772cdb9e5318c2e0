//! Builds the application's server and runs it as a child process.

use std::io::BufRead;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use crate::error::{Error, Result};
use crate::process::{ChildGuard, check_interrupted, succeed};
use crate::step::{say, step};
use crate::workspace::Workspace;

/// The beginning of the line that the server prints once it accepts connections.
const LISTENING: &str = "listening on ";
/// The usual port.
const PORT: u16 = 8080;

/// How the server is built. The profiles are those of the workspace's `Cargo.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// `dev`: not optimized, with debug assertions; for `cargo xtask run` and `dev`, and for tests.
    Dev,
    /// `release`: for measurements and for delivery.
    Release,
}

impl Profile {
    /// The name of the profile, that of its folder in the target folder, and how long it takes.
    fn parts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Dev => ("dev", "debug", "about 90 s the first time, then seconds"),
            Self::Release => (
                "release",
                "release",
                "about 5 min the first time, then 1 min after a change",
            ),
        }
    }
}

/// Builds the server and returns its path.
pub(crate) fn build(workspace: &Workspace, profile: Profile) -> Result<PathBuf> {
    let (_, _, expected) = profile.parts();
    step("Building the server", expected, || {
        succeed(build_command(workspace, profile))
    })?;
    Ok(path(workspace, profile))
}

/// The command that builds the server.
pub(crate) fn build_command(workspace: &Workspace, profile: Profile) -> Command {
    let (name, _, _) = profile.parts();
    let mut cargo = workspace.cargo();
    cargo
        .args(["build", "--package", "backend", "--bin", "stellar-canvas"])
        .args(["--profile", name]);
    cargo
}

/// Where the built server is.
pub(crate) fn path(workspace: &Workspace, profile: Profile) -> PathBuf {
    let (_, folder, _) = profile.parts();
    workspace.target.join(folder).join("stellar-canvas")
}

/// A server that accepts connections. Dropping this ends it.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) process: ChildGuard,
    /// `http://…`
    pub(crate) address: String,
}

impl Server {
    /// Starts `command` and returns once the server accepts connections. Its output goes to the
    /// terminal.
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        command.stdout(Stdio::piped());
        let mut process = ChildGuard::spawn(command)?;
        let mut lines = process.stdout()?.lines();
        let address = lines
            .by_ref()
            .map_while(std::result::Result::ok)
            .find_map(|line| {
                say(&line);
                line.strip_prefix(LISTENING).map(str::to_owned)
            });
        let Some(address) = address else {
            let status = process.wait()?;
            check_interrupted()?;
            return Err(Error::new(format!("the server did not start ({status})")));
        };
        // The thread ends with the server, which closes its output.
        thread::spawn(move || {
            for line in lines.map_while(std::result::Result::ok) {
                say(&line);
            }
        });
        Ok(Self { process, address })
    }
}

/// The command that runs `binary` with a demo canvas on `bind`.
pub(crate) fn demo(workspace: &Workspace, binary: &Path, bind: &str) -> Command {
    let mut command = Command::new(binary);
    command
        .arg("--demo")
        .current_dir(&workspace.root)
        .env("BIND", bind);
    command
}

/// 127.0.0.1 with the usual port, or with port 0 (any free port) where that is taken.
pub(crate) fn local_address() -> String {
    match TcpListener::bind(("127.0.0.1", PORT)) {
        Ok(_) => format!("127.0.0.1:{PORT}"),
        Err(error) => {
            say(&format!(
                "Port {PORT} cannot be used ({error}), taking a free one."
            ));
            "127.0.0.1:0".to_owned()
        }
    }
}
