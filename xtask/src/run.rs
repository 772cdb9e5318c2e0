//! `cargo xtask run`: from a fresh clone to a canvas in the browser.

use std::env;
use std::fs;
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use crate::client::{self, Build};
use crate::error::{Error, Result};
use crate::parallel::{self, Lane};
use crate::process::is_interrupted;
use crate::server::{self, Profile, Server};
use crate::setup;
use crate::step::{say, step};
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    if env::var_os("DATABASE_URL").is_none() {
        setup::postgres()?;
    }
    build(workspace)?;
    let binary = server::build(workspace, Profile::Dev)?;
    let client = client::build(workspace, Build::Quick)?;
    let bind = env::var("BIND").unwrap_or_else(|_| server::local_address());
    let mut command = server::demo(workspace, &binary, &bind);
    if env::var_os("DIST").is_none() {
        command.env("DIST", client);
    }
    let mut server = Server::start(command)?;
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

/// Builds side by side what takes long, the server in one lane and the client in another, so that
/// both cores of a small machine always have something to do. Afterwards [`server::build`] and
/// [`client::build`] find everything compiled.
fn build(workspace: &Workspace) -> Result<()> {
    if Build::Quick.is_current(workspace) {
        return Ok(());
    }
    setup::wasm_target()?;
    let logs = workspace.target.join("logs");
    fs::create_dir_all(&logs).map_err(Error::file("make", &logs))?;
    let expected = "5 to 8 min on two cores the first time";
    step("Building server and client", expected, || {
        parallel::run(vec![
            Lane::new(&logs, "server", |lane| {
                // A hook of the client's build runs it.
                let mut texts = workspace.cargo();
                texts.args(["build", "--package", "message-catalog"]);
                lane.run("texts", texts)?;
                lane.run("server", server::build_command(workspace, Profile::Dev))
            }),
            Lane::new(&logs, "client", |lane| {
                client::build_quick(workspace, |what, command| lane.run(what, command))
            }),
        ])
    })
}

/// Opens the address in a browser where there is a screen. Errors are ignored: the address is
/// printed, too.
fn open(address: &str) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else if env::var_os("DISPLAY").is_some() || env::var_os("WAYLAND_DISPLAY").is_some() {
        "xdg-open"
    } else {
        return;
    };
    // Not a `ChildGuard`: the browser stays open when the server ends.
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
