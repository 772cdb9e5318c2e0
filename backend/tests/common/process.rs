//! The real server as a process of its own, which can be killed.

use super::http::Client;
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

    /// As a deployment does: SIGTERM, after which it must end well.
    pub async fn terminate(&mut self) {
        signal("TERM", &[self.child.id().unwrap()]);
        let status = timeout(std::time::Duration::from_secs(30), self.child.wait())
            .await
            .expect("it did not stop")
            .unwrap();
        assert!(status.success(), "{status}");
    }

    /// [`Self::terminate`], and removes its data.
    pub async fn stop(mut self) {
        self.terminate().await;
        std::fs::remove_dir_all(&self.folder).unwrap();
    }

    /// Stops all processes of its PostgreSQL in their tracks until the result
    /// is dropped.
    pub fn freeze_postgres(&self) -> Frozen {
        // The first makes no more of the others then.
        let mut frozen = Frozen(vec![self.postmaster()]);
        signal("STOP", &frozen.0);
        frozen.0.extend(children(frozen.0[0]));
        signal("STOP", &frozen.0);
        frozen
    }

    /// Ends all processes of its PostgreSQL at once, as a lack of memory may.
    pub fn kill_postgres(&self) {
        let postmaster = self.postmaster();
        let mut all = children(postmaster);
        all.insert(0, postmaster);
        signal("KILL", &all);
    }

    fn postmaster(&self) -> u32 {
        let file = self.folder.join("postgres/cluster/postmaster.pid");
        let content = std::fs::read_to_string(file).unwrap();
        content.lines().next().unwrap().trim().parse().unwrap()
    }

    /// A new guest.
    pub async fn guest(&self, display_name: &str) -> Client {
        Client::guest(self.addr, display_name).await
    }
}

/// Processes that do nothing until this is dropped.
pub struct Frozen(Vec<u32>);

impl Drop for Frozen {
    fn drop(&mut self) {
        signal("CONT", &self.0);
    }
}

/// Sends a signal to processes; those that are gone already do not matter.
fn signal(name: &str, pids: &[u32]) {
    let pids = pids.iter().map(ToString::to_string);
    let sent = SystemCommand::new("kill")
        .arg(format!("-{name}"))
        .args(pids)
        .stderr(Stdio::null())
        .status();
    sent.unwrap();
}

/// The processes that this one started.
fn children(parent: u32) -> Vec<u32> {
    let started_by = |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The program's name in brackets, the state, the parent.
        let (_, after) = stat.rsplit_once(')')?;
        after.split_whitespace().nth(1)?.parse::<u32>().ok()
    };
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| started_by(pid) == Some(parent))
        .collect()
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
    let line = timeout(std::time::Duration::from_mins(1), lines.next_line())
        .await
        .expect("it did not start")
        .unwrap()
        .expect("it ended at once");
    let addr = line.strip_prefix("listening on http://").unwrap();
    (child, addr.parse().unwrap())
}
