//! `cargo xtask dist`: what one needs to host the application, in one folder.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::client::{self, Build};
use crate::error::{Error, Result};
use crate::server::{self, Profile};
use crate::step::say;
use crate::workspace::Workspace;

/// Builds the fastest server and the smallest client into `release/`: the program
/// `stellar-canvas` and the client's folder `dist`, as `deploy/stellar-canvas.env` names them.
pub(crate) fn dist(workspace: &Workspace) -> Result<ExitCode> {
    let client = client::build(workspace, Build::Delivered)?;
    let server = server::build(workspace, Profile::Release)?;
    let folder = workspace.root.join("release");
    // An older one may be absent.
    let _ = fs::remove_dir_all(&folder);
    copy_folder(&client, &folder.join("dist"))?;
    let program = folder.join("stellar-canvas");
    fs::copy(&server, &program).map_err(Error::file("write", &program))?;
    say(&format!(
        "\nEverything to host is in {0}. To try it: cd {0} && ./stellar-canvas",
        folder.display()
    ));
    Ok(ExitCode::SUCCESS)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(Error::file("make", to))?;
    for entry in fs::read_dir(from).map_err(Error::file("read", from))? {
        let entry = entry.map_err(Error::file("read", from))?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy_folder(&from, &to)?;
        } else {
            fs::copy(&from, &to).map_err(Error::file("write", &to))?;
        }
    }
    Ok(())
}
