//! `cargo xtask dev`: trunk rebuilds the client and reloads the page, we rebuild and restart the
//! server.

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

/// Where `Trunk.toml` proxies the API to.
const SERVER: &str = "127.0.0.1:8081";
/// What the browser's requests name as their origin: trunk's address.
const ORIGINS: &str = "http://127.0.0.1:8080,http://localhost:8080";
/// How often to look for changed files.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

pub(crate) fn dev(workspace: &Workspace) -> Result<ExitCode> {
    setup::postgres()?;
    setup::client_tools(workspace)?;
    let mut sources = sources(workspace);
    let mut server = Some(start(workspace)?);
    let mut trunk = trunk(workspace);
    trunk
        .args(["serve", "--dist"])
        // Not dist/: that holds the client as delivered.
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
        // Free its port and its data folder first.
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
