//! A PostgreSQL that listens on TCP and asks for a password, as people host it.

use super::{TEST_TIMEOUT, certificate, ports::free_address};
use sqlx::{Connection, PgConnection};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::PathBuf,
    process::{Command as SystemCommand, Stdio},
};
use tokio::{
    process::{Child, Command},
    time::{Duration, sleep, timeout},
};
use uuid::Uuid;

/// The password of its user `stellar`.
pub(crate) const PASSWORD: &str = "a/b+c:d";
/// The same in a URL.
const ENCODED_PASSWORD: &str = "a%2Fb+c%3Ad";

/// A server on 127.0.0.1, which need not run. It ends when this is dropped.
pub(crate) struct TcpPostgres {
    pub(crate) port: u16,
    folder: PathBuf,
    tls: bool,
    child: Option<Child>,
}

impl TcpPostgres {
    /// Creates one without TLS, and does not start it.
    pub(crate) async fn create() -> Self {
        let folder = std::env::temp_dir().join(format!("stellar-tcp-{}", Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let password = folder.join("password");
        fs::write(&password, PASSWORD).unwrap();
        let server = Self {
            port: free_address().port(),
            folder,
            tls: false,
            child: None,
        };
        server.give("password");
        fs::create_dir(server.folder.join("data")).unwrap();
        server.give("data");
        let made = Self::command("initdb")
            .args(["-A", "scram-sha-256", "-U", "stellar", "--no-sync"])
            .args(["--locale=C", "--encoding=UTF8", "--pwfile"])
            .arg(&password)
            .arg("-D")
            .arg(server.folder.join("data"))
            .stdout(Stdio::null())
            .status();
        assert!(made.await.unwrap().success());
        server
    }

    /// The same, running.
    pub(crate) async fn start() -> Self {
        let mut server = Self::create().await;
        server.run().await;
        server
    }

    /// One that offers TLS with a certificate for this name, such as `DNS:localhost`.
    pub(crate) async fn start_with_tls(name: &str) -> Self {
        let mut server = Self::create().await;
        certificate::make(&server.folder, name).await;
        let key = server.folder.join("key.pem");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        server.give("key.pem");
        server.tls = true;
        server.run().await;
        server
    }

    /// Starts it and waits until it accepts connections.
    pub(crate) async fn run(&mut self) {
        let mut command = Self::command("postgres");
        command
            .arg("-D")
            .arg(self.folder.join("data"))
            .arg("-k")
            .arg(self.folder.join("data"))
            .args(["-p", &self.port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
            .args(["-c", "max_connections=50"]);
        if self.tls {
            for (setting, file) in [
                ("ssl_cert_file", "certificate.pem"),
                ("ssl_key_file", "key.pem"),
            ] {
                let file = self.folder.join(file);
                command.args(["-c", &format!("{setting}={}", file.display())]);
            }
            command.args(["-c", "ssl=on"]);
        }
        self.child = Some(command.stderr(Stdio::null()).spawn().unwrap());
        let url = self.url("sslmode=disable");
        let accepts = async {
            loop {
                match PgConnection::connect(&url).await {
                    Ok(connection) => break connection.close().await.unwrap(),
                    Err(_) => sleep(Duration::from_millis(20)).await,
                }
            }
        };
        timeout(TEST_TIMEOUT, accepts).await.expect("no PostgreSQL");
    }

    /// Replaces the rules that say who is let in (`pg_hba.conf`) by others, without plain text.
    pub(crate) async fn let_in(&self, rules: &str) {
        let mut admin = PgConnection::connect(&self.url("")).await.unwrap();
        fs::write(self.folder.join("data/pg_hba.conf"), rules).unwrap();
        let reload = sqlx::query("SELECT pg_reload_conf()").execute(&mut admin);
        reload.await.unwrap();
        // The rules are in force once another connection in plain text is refused.
        let in_force = async {
            while PgConnection::connect(&self.url("sslmode=disable"))
                .await
                .is_ok()
            {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(TEST_TIMEOUT, in_force)
            .await
            .expect("the rules stay");
    }

    /// The URL of its database with these parameters.
    pub(crate) fn url(&self, parameters: &str) -> String {
        self.url_at("127.0.0.1", parameters)
    }

    /// The same with another name of this machine.
    pub(crate) fn url_at(&self, host: &str, parameters: &str) -> String {
        let port = self.port;
        format!("postgres://stellar:{ENCODED_PASSWORD}@{host}:{port}/postgres?{parameters}")
    }

    /// The certificate's file.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.join("certificate.pem")
    }

    /// A program of PostgreSQL, as a user who is not root.
    fn command(program: &str) -> Command {
        let program = private_postgres::program_for(program, 0).expect("no PostgreSQL");
        let mut command = SystemCommand::new(program);
        command.current_dir("/").env("LC_ALL", "C");
        if let Some((uid, gid)) = account() {
            std::os::unix::process::CommandExt::uid(&mut command, uid);
            std::os::unix::process::CommandExt::gid(&mut command, gid);
        }
        let mut command = Command::from(command);
        command.kill_on_drop(true);
        command
    }

    /// Makes PostgreSQL's user the owner.
    fn give(&self, name: &str) {
        if let Some((uid, gid)) = account() {
            chown(self.folder.join(name), Some(uid), Some(gid)).unwrap();
        }
    }
}

impl Drop for TcpPostgres {
    fn drop(&mut self) {
        // Killed: nothing of it is needed, and its other processes notice.
        self.child.take();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The user and group to run as: none where this is not root.
fn account() -> Option<(u32, u32)> {
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let number = |option| {
        let output = SystemCommand::new("id").args([option, "postgres"]).output();
        String::from_utf8(output.unwrap().stdout)
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    };
    is_root.then(|| (number("-u"), number("-g")))
}
