//! Runs the programs of the PostgreSQL installation on the database of a URL.

use super::{CommandError, database::cannot_use};
use crate::db;
use form_urlencoded::parse;
use sqlx::{PgConnection, postgres::PgSslMode};
use std::{
    env,
    ffi::OsString,
    path::Path,
    process::{Output, Stdio},
};
use tokio::process::Command;
use url::Url;

/// The system's certificates, where libpq finds none by itself: Debian, Fedora.
const SYSTEM_CERTIFICATES: [&str; 2] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
];

/// How PostgreSQL's programs connect to one database.
#[derive(Clone, Debug)]
pub(super) struct PgPrograms {
    /// The server's major version: programs of the same are preferred.
    version: u32,
    /// Variables of libpq. Not arguments, which every user of the machine can read.
    environment: Vec<(&'static str, OsString)>,
}

impl PgPrograms {
    /// For the database at this URL, on a server of this major version.
    ///
    /// # Errors
    /// If it is not a URL of PostgreSQL.
    pub(super) fn new(url: &str, version: u32) -> Result<Self, CommandError> {
        Ok(Self {
            version,
            environment: environment(url).map_err(CommandError::new)?,
        })
    }

    /// A command that is killed when it is dropped.
    pub(super) fn command(&self, program: &str) -> Command {
        let path = private_postgres::program_for(program, self.version);
        let mut command = Command::new(path.unwrap_or_else(|| program.into()));
        command
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

/// The major version of the server.
///
/// # Errors
/// Those of the database.
pub(super) async fn server_version(connection: &mut PgConnection) -> Result<u32, CommandError> {
    let number: i32 =
        sqlx::query_scalar("SELECT current_setting('server_version_num')::int / 10000")
            .fetch_one(connection)
            .await
            .map_err(cannot_use)?;
    Ok(number.unsigned_abs())
}

/// Why a program could not be started.
pub(super) fn not_started(program: &str, error: &std::io::Error) -> CommandError {
    CommandError::new(format!(
        "cannot run {program}, one of PostgreSQL's programs: {error}"
    ))
}

/// Runs a command to its end and returns its standard output.
///
/// # Errors
/// What it printed to standard error.
pub(super) async fn run(program: &str, mut command: Command) -> Result<Vec<u8>, CommandError> {
    let output = command
        .stdout(Stdio::piped())
        .output()
        .await
        .map_err(|error| not_started(program, &error))?;
    succeeded(program, output)
}

/// The standard output of a program that has ended well.
///
/// # Errors
/// What it printed to standard error.
pub(super) fn succeeded(program: &str, output: Output) -> Result<Vec<u8>, CommandError> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(CommandError::new(format!(
        "{program} failed: {}",
        last_lines(&String::from_utf8_lossy(&output.stderr))
    )))
}

/// The last lines of a program's messages, joined.
fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(4)..].join(" / ")
}

/// What sqlx reads from the URL, for libpq.
fn environment(url: &str) -> sqlx::Result<Vec<(&'static str, OsString)>> {
    let options = db::connect_options(url)?;
    let host = match options.get_socket() {
        Some(folder) => folder.clone().into_os_string(),
        None => options.get_host().into(),
    };
    let mode = match options.get_ssl_mode() {
        PgSslMode::Disable => "disable",
        PgSslMode::Allow => "allow",
        PgSslMode::Prefer => "prefer",
        PgSslMode::Require => "require",
        PgSslMode::VerifyCa => "verify-ca",
        PgSslMode::VerifyFull => "verify-full",
    };
    let mut all: Vec<(&'static str, OsString)> = vec![
        ("PGHOST", host),
        ("PGPORT", options.get_port().to_string().into()),
        ("PGUSER", options.get_username().into()),
        ("PGSSLMODE", mode.into()),
    ];
    let database = options.get_database().unwrap_or(options.get_username());
    all.push(("PGDATABASE", database.into()));
    if let Some(options) = options.get_options() {
        all.push(("PGOPTIONS", options.into()));
    }
    let given = Url::parse(url).map_err(|error| sqlx::Error::Configuration(error.into()))?;
    if let Some(password) = given.password() {
        // Also decodes what is percent-encoded; a plus sign is itself.
        let query = format!("={}", password.replace('+', "%2B"));
        if let Some((_, password)) = parse(query.as_bytes()).next() {
            all.push(("PGPASSWORD", password.into_owned().into()));
        }
    }
    for (name, value) in given.query_pairs() {
        let variable = match &*name {
            "password" => "PGPASSWORD",
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" => "PGSSLROOTCERT",
            "sslcert" | "ssl-cert" => "PGSSLCERT",
            "sslkey" | "ssl-key" => "PGSSLKEY",
            _ => continue,
        };
        all.push((variable, value.into_owned().into()));
    }
    let checks = matches!(mode, "verify-ca" | "verify-full");
    let has_certificates = all.iter().any(|(name, _)| *name == "PGSSLROOTCERT")
        || env::var_os("PGSSLROOTCERT").is_some();
    if checks && !has_certificates {
        let named = env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty());
        let found = named.or_else(|| {
            let mut usual = SYSTEM_CERTIFICATES.into_iter();
            usual
                .find(|file| Path::new(file).exists())
                .map(OsString::from)
        });
        all.extend(found.map(|file| ("PGSSLROOTCERT", file)));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(url: &str, name: &str) -> Option<String> {
        let all = environment(url).unwrap();
        let found = all.into_iter().rev().find(|(it, _)| *it == name);
        found.map(|(_, value)| value.into_string().unwrap())
    }

    #[test]
    fn libpq_gets_what_the_url_says() {
        let url = "postgres://me:a%2Fb+c@db.internal:6000/canvas?sslrootcert=/ca.pem&statement-cache-capacity=1";
        for (name, expected) in [
            ("PGHOST", "db.internal"),
            ("PGPORT", "6000"),
            ("PGUSER", "me"),
            ("PGPASSWORD", "a/b+c"),
            ("PGDATABASE", "canvas"),
            ("PGSSLMODE", "verify-ca"),
            ("PGSSLROOTCERT", "/ca.pem"),
        ] {
            assert_eq!(value(url, name).as_deref(), Some(expected), "{name}");
        }
        let private = "postgres://me@localhost:5432/me?host=%2Frun%2Fx&sslmode=disable";
        assert_eq!(value(private, "PGHOST").as_deref(), Some("/run/x"));
        assert_eq!(value(private, "PGSSLMODE").as_deref(), Some("disable"));
    }
}
