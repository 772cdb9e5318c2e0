//! The real server as a separate process that can be killed.

use super::{http::Client, ports::free_address};
use std::{
    io::Write,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command as SystemCommand, Output, Stdio},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
    time::timeout,
};
use uuid::Uuid;

/// A server with its own data folder and private PostgreSQL.
pub(crate) struct ServerProcess {
    pub(crate) addr: SocketAddr,
    folder: PathBuf,
    /// Size of its own disk in megabytes, if it has one.
    disk: Option<u32>,
    child: Child,
}

impl ServerProcess {
    pub(crate) async fn start() -> Self {
        Self::start_on(None).await
    }

    /// The same with its data on its own small disk, in a private mount namespace.
    /// Returns `None` if mounting is not allowed (it needs root).
    pub(crate) async fn start_on_small_disk(megabytes: u32) -> Option<Self> {
        let allowed = SystemCommand::new("unshare")
            .args(["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if allowed {
            Some(Self::start_on(Some(megabytes)).await)
        } else {
            None
        }
    }

    async fn start_on(disk: Option<u32>) -> Self {
        // A folder that PostgreSQL's own user can reach.
        let folder = std::env::temp_dir().join(format!("stellar-test-{}", Uuid::new_v4()));
        std::fs::create_dir(&folder).unwrap();
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&folder, open).unwrap();
        let (child, addr) = spawn(&folder, free_address(), disk).await;
        Self {
            addr,
            folder,
            disk,
            child,
        }
    }

    /// Its data folder, as seen from outside its mount namespace.
    fn data(&self) -> PathBuf {
        if self.disk.is_none() {
            return self.folder.clone();
        }
        let root = format!("/proc/{}/root", self.child.id().unwrap());
        Path::new(&root).join(self.folder.strip_prefix("/").unwrap())
    }

    /// Fills its disk. Remove the returned file to free the space again.
    pub(crate) fn fill_disk(&self) -> PathBuf {
        let path = self.data().join("ballast");
        let mut file = std::fs::File::create(&path).unwrap();
        let block = [1; 4096];
        let full = loop {
            if let Err(error) = file.write_all(&block) {
                break error;
            }
        };
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull, "{full}");
        path
    }

    /// The URL of its PostgreSQL for the superuser, who is root here.
    pub(crate) fn postgres_url(&self) -> String {
        let socket = self.data().join("postgres/socket");
        let host = socket.to_str().unwrap().replace('/', "%2F");
        format!("postgres://stellar_canvas@localhost/stellar_canvas?host={host}&sslmode=disable")
    }

    /// Kills it (SIGKILL), as a power cut would.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Starts it again with the same port and data.
    pub(crate) async fn restart(&mut self) {
        let (child, addr) = spawn(&self.folder, self.addr, self.disk).await;
        assert_eq!(addr, self.addr);
        self.child = child;
    }

    /// Whether it is still running.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends SIGTERM and expects exit code 0.
    pub(crate) async fn terminate(&mut self) {
        signal("TERM", &[self.child.id().unwrap()]);
        self.ended().await;
    }

    /// Sends SIGTERM to the process and to all that it started, as systemd does without
    /// `KillMode=mixed`.
    pub(crate) fn terminate_group(&self) {
        let mut all = vec![self.child.id().unwrap()];
        let mut seen = 0;
        while let Some(parent) = all.get(seen) {
            all.extend(children(*parent));
            seen += 1;
        }
        signal("TERM", &all);
    }

    /// Expects that it exits with code 0.
    pub(crate) async fn ended(&mut self) {
        let status = timeout(std::time::Duration::from_secs(30), self.child.wait())
            .await
            .expect("it did not stop")
            .unwrap();
        assert!(status.success(), "{status}");
    }

    /// [`Self::terminate`], then removes its data.
    pub(crate) async fn stop(mut self) {
        self.terminate().await;
        std::fs::remove_dir_all(&self.folder).unwrap();
    }

    /// Stops all processes of its PostgreSQL (SIGSTOP) until the result is dropped.
    pub(crate) fn freeze_postgres(&self) -> Frozen {
        // The postmaster first, so that it starts no further processes.
        let mut frozen = Frozen(vec![self.postmaster()]);
        signal("STOP", &frozen.0);
        frozen.0.extend(children(frozen.0[0]));
        signal("STOP", &frozen.0);
        frozen
    }

    /// Kills all processes of its PostgreSQL at once, as the OOM killer may.
    pub(crate) fn kill_postgres(&self) {
        let postmaster = self.postmaster();
        let mut all = children(postmaster);
        all.insert(0, postmaster);
        signal("KILL", &all);
    }

    /// Waits until a PostgreSQL with another process id accepts connections.
    pub(crate) async fn postgres_after(&self, before: u32) {
        let file = self.data().join("postgres/cluster/postmaster.pid");
        let is_ready = || {
            let content = std::fs::read_to_string(&file).unwrap_or_default();
            let lines: Vec<&str> = content.lines().map(str::trim).collect();
            lines.first().is_some_and(|pid| *pid != before.to_string())
                && lines.get(7) == Some(&"ready")
        };
        while !is_ready() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// The process id of its PostgreSQL.
    pub(crate) fn postmaster(&self) -> u32 {
        let file = self.data().join("postgres/cluster/postmaster.pid");
        let content = std::fs::read_to_string(file).unwrap();
        content.lines().next().unwrap().trim().parse().unwrap()
    }

    /// Its data folder, as it is given in `STELLAR_DATA`.
    pub(crate) fn folder(&self) -> &str {
        self.folder.to_str().unwrap()
    }

    /// A new guest.
    pub(crate) async fn guest(&self, display_name: &str) -> Client {
        Client::guest(self.addr, display_name).await
    }
}

/// Runs `stellar-canvas` with these arguments, environment and standard input to its end.
pub(crate) async fn run(arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stellar-canvas"))
        .args(arguments)
        .env_remove("DATABASE_URL")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Whoever reads no input may have ended.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    timeout(std::time::Duration::from_mins(1), child.wait_with_output())
        .await
        .expect("it did not end")
        .unwrap()
}

/// Stopped processes; they continue when this is dropped.
pub(crate) struct Frozen(Vec<u32>);

impl Drop for Frozen {
    fn drop(&mut self) {
        signal("CONT", &self.0);
    }
}

/// Stops a process (SIGSTOP) until the result is dropped.
pub(crate) fn freeze(pid: u32) -> Frozen {
    let frozen = Frozen(vec![pid]);
    signal("STOP", &frozen.0);
    frozen
}

/// Sends a signal to processes. Processes that have ended are ignored.
pub(crate) fn signal(name: &str, pids: &[u32]) {
    let pids = pids.iter().map(ToString::to_string);
    let sent = SystemCommand::new("kill")
        .arg(format!("-{name}"))
        .args(pids)
        .stderr(Stdio::null())
        .status();
    sent.unwrap();
}

/// The child processes of a process.
fn children(parent: u32) -> Vec<u32> {
    let started_by = |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The fields: program name in parentheses, state, parent.
        let (_, after) = stat.rsplit_once(')')?;
        after.split_whitespace().nth(1)?.parse::<u32>().ok()
    };
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| started_by(pid) == Some(parent))
        .collect()
}

async fn spawn(folder: &Path, bind: SocketAddr, disk: Option<u32>) -> (Child, SocketAddr) {
    let program = env!("CARGO_BIN_EXE_stellar-canvas");
    let mut command = if let Some(megabytes) = disk {
        let mount = format!("mount -t tmpfs -o size={megabytes}m,mode=755 tmpfs \"$STELLAR_DATA\"");
        let script = format!("{mount} && exec \"$0\"");
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", &script, program]);
        command
    } else {
        Command::new(program)
    };
    command.env_remove("DATABASE_URL");
    spawn_as(command, folder, bind).await
}

/// Starts the server with this command and waits until it accepts connections.
pub(crate) async fn spawn_as(
    mut command: Command,
    folder: &Path,
    bind: SocketAddr,
) -> (Child, SocketAddr) {
    let mut given = command.as_std().get_envs().map(|(name, _)| name);
    if !given.any(|name| name == "RATE_LIMITS") {
        command.env("RATE_LIMITS", "off");
    }
    let mut child = command
        .env("STELLAR_DATA", folder)
        .env("BIND", bind.to_string())
        .env("DIST", folder)
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
