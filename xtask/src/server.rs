//! Our server as a child process.

use std::io::BufRead;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use crate::error::{Error, Result};
use crate::process::{ChildGuard, check_interrupted, succeed};
use crate::step::{say, step};
use crate::workspace::Workspace;

/// The line that says that it accepts connections, up to the address.
const LISTENING: &str = "listening on ";
/// Where a person expects it.
const PORT: u16 = 8080;

/// Builds the server and returns its path.
pub(crate) fn build(workspace: &Workspace, is_release: bool) -> Result<PathBuf> {
    let (folder, expected) = if is_release {
        ("release", "about 5 min the first time, then seconds")
    } else {
        ("debug", "about 90 s the first time, then seconds")
    };
    step("Building the server", expected, || {
        let mut cargo = workspace.cargo();
        cargo.args(["build", "--package", "backend", "--bin", "stellar-canvas"]);
        if is_release {
            cargo.arg("--release");
        }
        succeed(cargo)
    })?;
    Ok(workspace.target.join(folder).join("stellar-canvas"))
}

/// A server that accepts connections.
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
        // Ends with the server, which closes its output.
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

/// 127.0.0.1 with the usual port, or with 0 for a free one where that is taken.
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
