//! Several real servers that share a PostgreSQL and a Redis.

use super::{
    SECRET, TestDatabase,
    http::Client,
    ports::free_address,
    process::{self, Frozen},
    redis::RedisServer,
    temporary_folder,
};
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tokio::{
    process::{Child, Command},
    time::timeout,
};
use uuid::Uuid;

/// One node of the cluster.
pub(crate) struct Node {
    pub(crate) addr: SocketAddr,
    folder: PathBuf,
    child: Child,
}

impl Node {
    /// Kills it (SIGKILL), as a power cut would.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Sends SIGTERM, as a deployment does.
    pub(crate) fn terminate(&self) {
        process::signal("TERM", &[self.child.id().unwrap()]);
    }

    /// Waits until `/readyz` answers 503.
    pub(crate) async fn is_unready(&self) {
        let url = format!("http://{}/readyz", self.addr);
        let refuses = async {
            while reqwest::get(&url).await.unwrap().status() != 503 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let in_time = timeout(super::TEST_TIMEOUT, refuses).await;
        in_time.expect("it is ready though it goes down");
    }

    /// Stops the process (SIGSTOP) until the result is dropped.
    pub(crate) fn freeze(&self) -> Frozen {
        process::freeze(self.child.id().unwrap())
    }

    /// Waits until it exited with code 0.
    pub(crate) async fn ended(&mut self) {
        let status = timeout(Duration::from_secs(30), self.child.wait())
            .await
            .expect("it did not stop")
            .unwrap();
        assert!(status.success(), "{status}");
    }

    /// A new guest at this node.
    pub(crate) async fn guest(&self, display_name: &str) -> Client {
        Client::guest(self.addr, display_name).await
    }

    /// The same user at this node, with a token of another node.
    pub(crate) fn at(&self, client: &Client) -> Client {
        Client {
            addr: self.addr,
            ..client.clone()
        }
    }

    /// The sum of a metric over all its labels.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let url = format!("http://{}/metrics", self.addr);
        let text = reqwest::get(url).await.unwrap().text().await.unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(name));
        let value = value.unwrap_or_else(|| panic!("no {name} in {text}"));
        value.trim().parse().unwrap()
    }

    /// Waits until `wanted` holds for a metric.
    pub(crate) async fn metric_is(&self, name: &str, wanted: impl Fn(f64) -> bool) {
        let reached = async {
            while !wanted(self.metric(name).await) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let in_time = timeout(super::TEST_TIMEOUT, reached).await;
        assert!(in_time.is_ok(), "{name} is {}", self.metric(name).await);
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The nodes and what they share.
pub(crate) struct Cluster {
    pub(crate) redis: RedisServer,
    pub(crate) database: TestDatabase,
    pub(crate) nodes: Vec<Node>,
}

impl Cluster {
    /// Starts `count` nodes, all connected to Redis.
    pub(crate) async fn start(count: usize) -> Self {
        Self::start_with(count, &[]).await
    }

    /// The same with environment variables for each.
    pub(crate) async fn start_with(count: usize, variables: &[(&str, &str)]) -> Self {
        let mut cluster = Self::on(RedisServer::start().await).await;
        for _ in 0..count {
            cluster.add(variables).await;
        }
        cluster
    }

    /// A cluster without nodes on this Redis.
    pub(crate) async fn on(redis: RedisServer) -> Self {
        Self {
            redis,
            database: TestDatabase::migrated().await,
            nodes: Vec::new(),
        }
    }

    /// Starts one more node with these environment variables. Returns its number.
    pub(crate) async fn add(&mut self, variables: &[(&str, &str)]) -> usize {
        let command = Command::new(env!("CARGO_BIN_EXE_stellar-canvas"));
        let node = self.spawn(command, variables).await;
        node.metric_is("stellar_bus_up", |up| up > 0.0).await;
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Starts a new process at the address of a node that has ended.
    pub(crate) async fn replace(&mut self, number: usize) {
        let addr = self.nodes[number].addr;
        let command = Command::new(env!("CARGO_BIN_EXE_stellar-canvas"));
        let node = self.spawn_at(addr, command, &[]).await;
        node.metric_is("stellar_bus_up", |up| up > 0.0).await;
        self.nodes[number] = node;
    }

    /// Starts a node by this command, without waiting for Redis.
    pub(crate) async fn spawn(&self, command: Command, variables: &[(&str, &str)]) -> Node {
        self.spawn_at(free_address(), command, variables).await
    }

    async fn spawn_at(
        &self,
        bind: SocketAddr,
        mut command: Command,
        variables: &[(&str, &str)],
    ) -> Node {
        let folder = temporary_folder().join(format!("node-{}", Uuid::new_v4()));
        std::fs::create_dir_all(&folder).unwrap();
        command
            .env("DATABASE_URL", &self.database.url)
            .env("DATABASE_MAX_CONNECTIONS", "6")
            .env("REDIS_URL", self.redis.url())
            .env("JWT_SECRET", SECRET)
            .env("RUST_LOG", "error")
            .envs(variables.iter().copied());
        let (child, addr) = process::spawn_as(command, &folder, bind).await;
        Node {
            addr,
            folder,
            child,
        }
    }
}
