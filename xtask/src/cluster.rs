//! `cargo xtask cluster`: three nodes, one PostgreSQL, one Redis and a load balancer
//! (`deploy/haproxy.cfg`) on this machine, as in production.

use std::env;
use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{self, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use private_postgres::{Durability, TemporaryPostgres};

use crate::client::{self, Build};
use crate::error::{Error, Result};
use crate::process::{ChildGuard, check_interrupted, is_interrupted};
use crate::redis::{Redis, free_address};
use crate::server::{self, Profile, Server};
use crate::setup;
use crate::step::say;
use crate::workspace::Workspace;

const NODES: usize = 3;
const BALANCER_LIMIT: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(200);

pub(crate) fn cluster(workspace: &Workspace) -> Result<ExitCode> {
    setup::postgres()?;
    setup::redis()?;
    setup::load_balancer()?;
    let client = client::build(workspace, Build::Quick)?;
    let binary = server::build(workspace, Profile::Dev)?;
    let nodes = Nodes::start(&binary, |number, command| {
        command.env("DIST", &client);
        if number == 0 {
            command.arg("--demo");
        }
    })?;
    let bind = env::var("BIND").unwrap_or_else(|_| server::local_address());
    let bind = if bind.ends_with(":0") {
        free_address()?.to_string()
    } else {
        bind
    };
    let mut balancer = balance(workspace, &nodes, &bind)?;
    say(&format!(
        "\nStellar Canvas is at http://{bind}, three nodes behind HAProxy  (Ctrl+C stops it all)"
    ));
    for (number, node) in nodes.servers.iter().enumerate() {
        let (address, id) = (&node.address, node.process.id());
        say(&format!("  node {}: {address}, process {id}", number + 1));
    }
    say("  What is drawn here is gone afterwards. End a node with `kill PID` and go on drawing.\n");
    loop {
        thread::sleep(POLL_INTERVAL);
        if is_interrupted() {
            say("Stopped.");
            return Ok(ExitCode::SUCCESS);
        }
        if balancer.has_ended()? {
            return Err(Error::new("the load balancer ended"));
        }
    }
}

fn balance(workspace: &Workspace, nodes: &Nodes, bind: &str) -> Result<ChildGuard> {
    let mut command = Command::new("haproxy");
    command
        .arg("-f")
        .arg(workspace.root.join("deploy/haproxy.cfg"))
        .env("BIND", bind)
        .stdout(Stdio::null());
    for (number, node) in nodes.servers.iter().enumerate() {
        let address = node.address.trim_start_matches("http://");
        command.env(format!("NODE_{}", number + 1), address);
    }
    let mut balancer = ChildGuard::spawn(command)?;
    let begun = Instant::now();
    while TcpStream::connect(bind).is_err() {
        check_interrupted()?;
        if balancer.has_ended()? || begun.elapsed() > BALANCER_LIMIT {
            return Err(Error::new("HAProxy does not start"));
        }
        thread::sleep(POLL_INTERVAL);
    }
    Ok(balancer)
}

/// Three running servers that share a PostgreSQL and a Redis. All end when this is dropped.
#[derive(Debug)]
pub(crate) struct Nodes {
    // Dropped in this order: the nodes before the services that they use.
    pub(crate) servers: Vec<Server>,
    _redis: Redis,
    _postgres: TemporaryPostgres,
    _data: Folder,
}

impl Nodes {
    /// Starts all of them. `settings` may change the command of each node; nodes count from 0.
    pub(crate) fn start(
        binary: &Path,
        mut settings: impl FnMut(usize, &mut Command),
    ) -> Result<Self> {
        let postgres = TemporaryPostgres::start(Durability::Full, is_interrupted)?;
        let redis = Redis::start()?;
        let data = Folder::create()?;
        let secret = secret()?;
        let mut servers = Vec::new();
        for number in 0..NODES {
            let mut command = Command::new(binary);
            command
                .env("BIND", "127.0.0.1:0")
                .env("DATABASE_URL", postgres.url())
                .env("REDIS_URL", redis.url())
                .env("JWT_SECRET", &secret)
                .env("STELLAR_DATA", data.0.join(number.to_string()))
                .env("TRUSTED_PROXIES", "127.0.0.1");
            settings(number, &mut command);
            servers.push(Server::start(command)?);
        }
        Ok(Self {
            servers,
            _redis: redis,
            _postgres: postgres,
            _data: data,
        })
    }
}

/// A random secret with which all nodes sign tokens.
fn secret() -> Result<String> {
    let path = Path::new("/dev/urandom");
    let mut bytes = [0; 32];
    fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(Error::file("read", path))?;
    let [high, low] = [0, 16].map(|half| {
        let mut number = [0; 16];
        number.copy_from_slice(&bytes[half..half + 16]);
        u128::from_ne_bytes(number)
    });
    Ok(format!("{high:032x}{low:032x}"))
}

/// The nodes' data folders; removed when dropped.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn create() -> Result<Self> {
        let folder = env::temp_dir().join(format!("stellar-cluster-{}", process::id()));
        fs::create_dir(&folder).map_err(Error::file("make", &folder))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Best effort: what stays is a folder of temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}
