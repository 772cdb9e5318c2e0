//! `cargo xtask bench past`: a canvas with a million events, before and after they are archived.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use private_postgres::{Durability, TemporaryPostgres};
use serde_json::{Value, json};

use super::scenarios::{measure, without_limits};
use crate::error::{Error, Result};
use crate::process::{ask, is_interrupted, succeed};
use crate::server::Server;
use crate::step::step;
use crate::workspace::Workspace;

/// Events that stay as they are; the others are archived.
const KEPT: &str = "50000";
/// The tables that hold archived events, and their bytes.
const ARCHIVED_BYTES: &str = "SELECT (sum(octet_length(tiles) + octet_length(tiles_digest)
        + octet_length(others) + octet_length(others_digest) + octet_length(filter))
        / sum(last_seq - first_seq + 1))::float8 FROM archive_pieces";
/// Bytes of an event in what is derived from the log.
const DERIVED_BYTES: &str = "SELECT round((pg_total_relation_size('event_index')
        + pg_total_relation_size('tile_keyframes'))::numeric / (SELECT sum(last_seq) FROM canvases), 1)";

/// Measures the program `server` and returns the rows.
pub(super) fn rows(workspace: &Workspace, server: &Path) -> Result<Vec<Value>> {
    let postgres = TemporaryPostgres::start(Durability::Full, is_interrupted)?;
    let start = |archive_after: &str| {
        let mut command = Command::new(server);
        command
            .env("DATABASE_URL", postgres.url())
            .env("BIND", "127.0.0.1:0")
            .env("STELLAR_DATA", workspace.target.join("bench"))
            .env("ARCHIVE_AFTER_DAYS", archive_after)
            .env("ARCHIVE_KEEP_EVENTS", KEPT);
        without_limits(&mut command);
        Server::start(command)
    };
    // It makes the tables.
    start("never")?.process.stop()?;
    step("Generating a million events", "about 2 min", || {
        generate(workspace, &postgres)
    })?;
    let mut hot = start("never")?;
    let part = |server: &Server, arguments: &[&str]| {
        let mut all = vec!["past"];
        all.extend(arguments);
        measure(workspace, arguments[0], &all, &[server])
    };
    part(&hot, &["prepare"])?;
    let before = part(&hot, &["head"])?;
    hot.process.stop()?;
    let mut archived = start("0")?;
    let mut rows = part(&archived, &["archive"])?;
    rows.extend(part(&archived, &["reads"])?);
    rows.extend(part(&archived, &["films"])?);
    let before: Vec<String> = before
        .iter()
        .map(|row| row["measured"].to_string())
        .collect();
    rows.extend(part(&archived, &["head", "--before", &before.join(",")])?);
    archived.process.stop()?;
    let bytes: f64 = query(&postgres, ARCHIVED_BYTES)?
        .parse()
        .unwrap_or(f64::NAN);
    let derived = query(&postgres, DERIVED_BYTES)?;
    rows.push(json!({
        "figure": "an archived event", "unit": "bytes", "measured": bytes, "target": 50.0,
        "met": bytes <= 50.0, "rounds": [bytes], "lost": 0,
        "detail": format!("and {derived} bytes of an event in the index and the keyframes"),
    }));
    Ok(rows)
}

/// Fills the database.
fn generate(workspace: &Workspace, postgres: &TemporaryPostgres) -> Result<()> {
    let folder = workspace.target.join("bench");
    fs::create_dir_all(&folder).map_err(Error::file("make", &folder))?;
    let file = folder.join("past.sql");
    let script = File::create(&file).map_err(Error::file("make", &file))?;
    let mut generator = Command::new(workspace.target.join("release/stellar-load"));
    generator.arg("generate").stdout(Stdio::from(script));
    succeed(generator)?;
    let mut psql = postgres.psql();
    psql.args(["--set", "ON_ERROR_STOP=1", "--file"]).arg(&file);
    succeed(psql)?;
    // It is half a gigabyte.
    fs::remove_file(&file).map_err(Error::file("remove", &file))
}

/// The value that a statement selects.
fn query(postgres: &TemporaryPostgres, statement: &str) -> Result<String> {
    let mut psql = postgres.psql();
    psql.args(["--tuples-only", "--no-align", "--command", statement]);
    let answer = ask(psql).ok_or_else(|| Error::new("the database does not answer"))?;
    Ok(answer.trim().to_owned())
}
