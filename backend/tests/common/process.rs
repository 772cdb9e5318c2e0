//! The real server as a process of its own, which can be killed.

use super::http::Client;
use serde_json::json;
use std::{
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command as SystemCommand, Stdio},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};
use uuid::Uuid;

/// A server with a data folder and a private PostgreSQL of its own.
pub struct ServerProcess {
    pub addr: SocketAddr,
    folder: PathBuf,
    child: Child,
}

impl ServerProcess {
    pub async fn start() -> Self {
        // Where PostgreSQL's own user can reach it.
        let folder = std::env::temp_dir().join(format!("stellar-test-{}", Uuid::new_v4()));
        std::fs::create_dir(&folder).unwrap();
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&folder, open).unwrap();
        let (child, addr) = spawn(&folder, "127.0.0.1:0").await;
        Self {
            addr,
            folder,
            child,
        }
    }

    /// As a power cut would.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Again, on the same port and data.
    pub async fn restart(&mut self) {
        let (child, addr) = spawn(&self.folder, &self.addr.to_string()).await;
        assert_eq!(addr, self.addr);
        self.child = child;
    }

    /// Stops it with SIGTERM, which must end well, and removes its data.
    pub async fn stop(mut self) {
        let pid = self.child.id().unwrap().to_string();
        let sent = SystemCommand::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.unwrap().success());
        let status = timeout(std::time::Duration::from_secs(30), self.child.wait())
            .await
            .expect("it did not stop")
            .unwrap();
        assert!(status.success(), "{status}");
        std::fs::remove_dir_all(&self.folder).unwrap();
    }

    /// A new guest.
    pub async fn guest(&self, display_name: &str) -> Client {
        let mut client = Client::new(self.addr);
        let body = json!({ "display_name": display_name });
        let auth = client.post("/auth/guest", &body).await.json(201);
        client.sign_in(&auth);
        client
    }
}

async fn spawn(folder: &std::path::Path, bind: &str) -> (Child, SocketAddr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stellar-canvas"))
        .env_remove("DATABASE_URL")
        .env("STELLAR_DATA", folder)
        .env("BIND", bind)
        .env("DIST", folder)
        .env("RATE_LIMITS", "off")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(std::time::Duration::from_secs(60), lines.next_line())
        .await
        .expect("it did not start")
        .unwrap()
        .expect("it ended at once");
    let addr = line.strip_prefix("listening on http://").unwrap();
    (child, addr.parse().unwrap())
}
