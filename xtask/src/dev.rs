//! `cargo xtask dev`: trunk rebuilds the client and reloads the page at every change; this rebuilds
//! and restarts the server.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use crate::client::trunk;
use crate::error::{Error, Result};
use crate::fingerprint::fingerprint;
use crate::process::{ChildGuard, is_interrupted};
use crate::server::{self, Profile, Server};
use crate::setup;
use crate::step::say;
use crate::workspace::Workspace;

/// The address to which `Trunk.toml` forwards the API.
const SERVER: &str = "127.0.0.1:8081";
/// The origins of the browser's requests: trunk's address.
const ORIGINS: &str = "http://127.0.0.1:8080,http://localhost:8080";
/// Time between two looks for changed files.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

pub(crate) fn dev(workspace: &Workspace) -> Result<ExitCode> {
    setup::postgres()?;
    setup::client_tools(workspace)?;
    let mut sources = sources(workspace);
    let mut server = Some(start(workspace)?);
    let mut trunk = trunk(workspace);
    trunk
        .args(["serve", "--dist"])
        // Not dist/, which holds the client as it is delivered.
        .arg(workspace.target.join("dev-dist"));
    let mut trunk = ChildGuard::spawn(trunk)?;
    loop {
        thread::sleep(POLL_INTERVAL);
        if is_interrupted() {
            say("Stopping.");
            return Ok(ExitCode::SUCCESS);
        }
        if trunk.has_ended()? {
            return Err(Error::new("trunk ended"));
        }
        if let Some(running) = &mut server
            && running.process.has_ended()?
        {
            say("The server ended; it is started again after the next change.");
            server = None;
        }
        let now = self::sources(workspace);
        if now == sources {
            continue;
        }
        sources = now;
        // The old server must free its port and its data folder first.
        server = None;
        match start(workspace) {
            Ok(restarted) => server = Some(restarted),
            Err(Error::Message(why)) => say(&format!("{why}; waiting for the next change.")),
            Err(Error::Interrupted) => return Ok(ExitCode::SUCCESS),
        }
    }
}

fn start(workspace: &Workspace) -> Result<Server> {
    let binary = server::build(workspace, Profile::Dev)?;
    let mut command = server::demo(workspace, &binary, SERVER);
    command.env("ALLOWED_ORIGINS", ORIGINS);
    Server::start(command)
}

fn sources(workspace: &Workspace) -> u64 {
    let paths = [
        "Cargo.lock",
        "Cargo.toml",
        "backend",
        "migrations",
        "shared",
        "websocket",
    ];
    fingerprint(&paths.map(|path| workspace.root.join(path)))
}
