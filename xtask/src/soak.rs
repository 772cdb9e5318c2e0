//! `cargo xtask soak`: a long run of random clients (`backend/examples/soak.rs`) against a release
//! server that is started for it.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{self, Command, ExitCode};

use crate::error::{Error, Result};
use crate::process::{status, succeed};
use crate::server::{self, Profile, Server};
use crate::setup;
use crate::step::step;
use crate::workspace::Workspace;

pub(crate) fn soak(workspace: &Workspace) -> Result<ExitCode> {
    setup::postgres()?;
    let binary = server::build(workspace, Profile::Release)?;
    step("Building the clients", "about 1 min the first time", || {
        let mut cargo = workspace.cargo();
        cargo.args([
            "build",
            "--release",
            "--package",
            "backend",
            "--example",
            "soak",
        ]);
        succeed(cargo)
    })?;
    let data = Data::create()?;
    let mut command = Command::new(binary);
    command
        .env_remove("DATABASE_URL")
        .env("STELLAR_DATA", &data.0)
        .env("DIST", &data.0)
        .env("BIND", "127.0.0.1:0")
        .env("RATE_LIMITS", "off")
        .env("WEBSOCKET_MAX_CONNECTIONS_PER_USER", "2000")
        .env("WEBSOCKET_MAX_CONNECTIONS_PER_IP", "2000");
    let mut server = Server::start(command)?;
    let passed = step(
        "Soaking",
        "SOAK_SECONDS, 600 where unset, and a few minutes",
        || {
            let mut clients = Command::new(workspace.target.join("release/examples/soak"));
            clients
                .env("SOAK_ADDRESS", server.address.replace("http://", ""))
                .env("SOAK_PID", server.process.id().to_string());
            Ok(status(clients)?.success())
        },
    )?;
    server.process.stop()?;
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The server's data folder, which PostgreSQL's user can enter. Removed when dropped.
struct Data(PathBuf);

impl Data {
    fn create() -> Result<Self> {
        let folder = env::temp_dir().join(format!("stellar-soak-{}", process::id()));
        fs::create_dir(&folder).map_err(Error::file("make", &folder))?;
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&folder, open).map_err(Error::file("open", &folder))?;
        Ok(Self(folder))
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        // Best effort: what stays is a folder of temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}
