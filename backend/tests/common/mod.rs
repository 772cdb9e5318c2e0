//! What the tests share: a whole server in this process on a port of its own
//! with a database of its own, and clients that know nothing but the wire
//! contract.
//!
//! The database is made in the PostgreSQL named by `DATABASE_URL`, or, where
//! that is unset, in a private one that this test process shares.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "a module of each test file, which uses its part"
)]

pub mod balancer;
pub mod cluster;
pub mod contract;
pub mod crowd;
pub mod http;
pub mod process;
pub mod redis;
pub mod socket;

use backend::{Server, config::Config, embedded_postgres::EmbeddedPostgres};
use clap::Parser;
use http::Client;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    sync::{OnceCell, oneshot},
    task::JoinHandle,
    time,
};
use uuid::Uuid;

/// What no step of a test may take longer than.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Signs the tokens of every test server, so that tests can forge some.
pub const SECRET: &str = "the secret of the tests, which is long enough";

/// A running server.
pub struct TestServer {
    pub addr: SocketAddr,
    pub database: TestDatabase,
    folder: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

impl TestServer {
    /// Starts a server with a new database and rate limits off.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with further arguments, which win over the usual ones.
    pub async fn start_with(arguments: &[&str]) -> Self {
        Self::start_on(TestDatabase::create().await, arguments).await
    }

    /// The same with a database that is there already.
    pub async fn start_on(database: TestDatabase, arguments: &[&str]) -> Self {
        let folder = temporary_folder().join(format!("server-{}", Uuid::new_v4()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.to_str().unwrap();
        let mut all = vec!["stellar-canvas"];
        let mut usual = |name: &'static str, value| {
            if !arguments.contains(&name) {
                all.extend([name, value]);
            }
        };
        usual("--bind", "127.0.0.1:0");
        usual("--database-url", &database.url);
        usual("--jwt-secret", SECRET);
        usual("--stellar-data", path);
        usual("--dist", path);
        usual("--rate-limits", "off");
        all.extend(arguments);
        let config = Config::try_parse_from(all).unwrap();
        let server = Server::bind(config).await.unwrap();
        let addr = server.local_addr();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async {
            // A server whose test panicked stops as well.
            let _ = stopped.await;
        }));
        Self {
            addr,
            database,
            folder,
            stop: Some(stop),
            running,
        }
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// A client that is not signed in.
    pub fn visitor(&self) -> Client {
        Client::new(self.addr)
    }

    /// A new guest with this name to show.
    pub async fn guest(&self, display_name: &str) -> Client {
        Client::guest(self.addr, display_name).await
    }

    /// A new user with this name and the password `password`.
    pub async fn user(&self, username: &str) -> Client {
        let mut client = self.visitor();
        let body = json!({ "username": username, "password": "password" });
        let auth = client.post("/auth/register", &body).await.json(201);
        client.sign_in(&auth);
        client
    }

    /// A file in the folder from which the browser's client is served.
    pub fn dist(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Asks the server to stop as SIGTERM does, and does not wait for it.
    pub fn begin_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Stops the server as SIGTERM does, and keeps its database.
    pub async fn stop(mut self) -> TestDatabase {
        self.begin_stop();
        time::timeout(Duration::from_secs(30), self.running)
            .await
            .expect("the server did not stop")
            .unwrap();
        let _ = fs::remove_dir_all(&self.folder);
        self.database
    }
}

/// A database of one's own.
pub struct TestDatabase {
    pub url: String,
    name: String,
    admin_url: String,
}

impl TestDatabase {
    pub async fn create() -> Self {
        let admin_url = postgres().await.to_owned();
        let name = format!("test_{}", Uuid::new_v4().simple());
        let mut admin = PgConnection::connect(&admin_url).await.unwrap();
        let create = format!("CREATE DATABASE {name}");
        sqlx::query(AssertSqlSafe(create))
            .execute(&mut admin)
            .await
            .unwrap();
        admin.close().await.unwrap();
        Self {
            url: with_database(&admin_url, &name),
            name,
            admin_url,
        }
    }

    /// Connections of the test's own.
    pub async fn pool(&self) -> PgPool {
        PgPool::connect(&self.url).await.unwrap()
    }

    /// Ends every connection to it, and refuses new ones as long as `allowed`
    /// is false: what the server sees when PostgreSQL is away.
    pub async fn allow_connections(&self, allowed: bool) {
        let mut admin = PgConnection::connect(&self.admin_url).await.unwrap();
        let name = &self.name;
        let alter = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}");
        sqlx::query(AssertSqlSafe(alter))
            .execute(&mut admin)
            .await
            .unwrap();
        if !allowed {
            sqlx::query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
            )
            .bind(name)
            .execute(&mut admin)
            .await
            .unwrap();
        }
        admin.close().await.unwrap();
    }

    /// Makes everything in it unchangeable for everybody, or changeable again:
    /// what the server sees of a primary that became a standby.
    pub async fn read_only(&self, read_only: bool) {
        self.read_only_for_newcomers(read_only).await;
        let mut admin = PgConnection::connect(&self.admin_url).await.unwrap();
        sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1")
            .bind(&self.name)
            .execute(&mut admin)
            .await
            .unwrap();
        admin.close().await.unwrap();
    }

    /// The same for those who connect from now on.
    pub async fn read_only_for_newcomers(&self, read_only: bool) {
        let mut admin = PgConnection::connect(&self.admin_url).await.unwrap();
        let name = &self.name;
        let value = if read_only { "on" } else { "off" };
        let alter = format!("ALTER DATABASE {name} SET default_transaction_read_only = {value}");
        sqlx::query(AssertSqlSafe(alter))
            .execute(&mut admin)
            .await
            .unwrap();
        admin.close().await.unwrap();
    }
}

/// The same address with another database.
fn with_database(url: &str, name: &str) -> String {
    let (before, query) = url.split_once('?').unwrap_or((url, ""));
    let authority = before.find("://").map_or(0, |at| at + 3);
    let path = before[authority..]
        .find('/')
        .map_or(before.len(), |at| at + authority);
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{query}")
    };
    format!("{}/{name}{query}", &before[..path])
}

/// The PostgreSQL of this test process.
async fn postgres() -> &'static str {
    static PRIVATE: OnceCell<EmbeddedPostgres> = OnceCell::const_new();
    static GIVEN: OnceCell<Option<String>> = OnceCell::const_new();
    let given = GIVEN
        .get_or_init(async || env::var("DATABASE_URL").ok().filter(|url| !url.is_empty()))
        .await;
    if let Some(url) = given {
        return url;
    }
    // It ends with the thread that keeps it, and so with this process.
    let start = async || {
        let folder = temporary_folder().join("postgres");
        EmbeddedPostgres::start(&folder).await.unwrap()
    };
    PRIVATE.get_or_init(start).await.url()
}

/// A folder for this process; those of processes that are gone are removed.
fn temporary_folder() -> PathBuf {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers");
    for entry in fs::read_dir(&all).into_iter().flatten().flatten() {
        let process = Path::new("/proc").join(entry.file_name());
        if !process.exists() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let own = all.join(std::process::id().to_string());
    fs::create_dir_all(&own).unwrap();
    own
}

/// See [`Client::canvas`].
pub async fn canvas(owner: &Client, more: &Value) -> i64 {
    owner.canvas(more).await
}
