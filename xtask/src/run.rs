//! `cargo xtask run`: from a fresh clone to a canvas in the browser.

use std::env;
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use crate::client;
use crate::error::{Error, Result};
use crate::process::is_interrupted;
use crate::server::{self, Server};
use crate::setup;
use crate::step::say;
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    if env::var_os("DATABASE_URL").is_none() {
        setup::postgres()?;
    }
    client::build(workspace)?;
    let binary = server::build(workspace, true)?;
    let bind = env::var("BIND").unwrap_or_else(|_| server::local_address());
    let mut server = Server::start(server::demo(workspace, &binary, &bind))?;
    say(&format!(
        "\nStellar Canvas is at {}  (Ctrl+C stops it)\n",
        server.address
    ));
    open(&server.address);
    let status = server.process.wait()?;
    if is_interrupted() {
        say("Stopped.");
        return Ok(ExitCode::SUCCESS);
    }
    Err(Error::new(format!("the server ended ({status})")))
}

/// Opens the address where there is a screen. That it cannot is no failure: it is printed, too.
fn open(address: &str) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else if env::var_os("DISPLAY").is_some() || env::var_os("WAYLAND_DISPLAY").is_some() {
        "xdg-open"
    } else {
        return;
    };
    // Not ours to end: the browser stays when the server is gone.
    let child = Command::new(opener)
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Ok(mut child) = child {
        thread::spawn(move || child.wait());
    }
}
