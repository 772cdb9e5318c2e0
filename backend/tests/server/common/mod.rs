//! Shared by the tests: a whole server in this process with its own port and database, and
//! clients that know only the wire contract.
//!
//! The database is made in the PostgreSQL named by `DATABASE_URL`, or, where that is unset, in a
//! private one that all tests share.

pub(crate) mod archive;
pub(crate) mod balancer;
pub(crate) mod certificate;
pub(crate) mod client_pool;
pub(crate) mod cluster;
pub(crate) mod contract;
pub(crate) mod exports;
pub(crate) mod http;
pub(crate) mod own_postgres;
pub(crate) mod pictures;
pub(crate) mod ports;
pub(crate) mod postgres;
pub(crate) mod postgres_proxy;
pub(crate) mod process;
pub(crate) mod redis;
pub(crate) mod socket;

use backend::{Config, Server, StartError};
use clap::Parser;
use http::Client;
use private_postgres::PrivatePostgres;
use process::run;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    sync::{OnceCell, oneshot},
    task::JoinHandle,
    time,
};
use uuid::Uuid;

/// The time limit of every step of a test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The secret of every test server, so that tests can forge tokens.
pub(crate) const SECRET: &str = "the secret of the tests, which is long enough";

/// A running server.
pub(crate) struct TestServer {
    pub(crate) addr: SocketAddr,
    pub(crate) database: TestDatabase,
    folder: PathBuf,
    running: Running,
}

/// Where a server runs.
enum Running {
    /// In the process of the tests, which is quick to start.
    Here {
        stop: Option<oneshot::Sender<()>>,
        ended: JoinHandle<Result<(), StartError>>,
    },
    /// In a process of its own.
    Alone(Child),
}

impl TestServer {
    /// Starts a server with a new database and rate limits off.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with further arguments, which override the usual ones.
    pub(crate) async fn start_with(arguments: &[&str]) -> Self {
        Self::start_on(TestDatabase::create().await, arguments).await
    }

    /// The same with an existing database.
    pub(crate) async fn start_on(database: TestDatabase, arguments: &[&str]) -> Self {
        let folder = Self::new_folder();
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
        let ended = tokio::spawn(server.run(async {
            // The server also stops when its test panics.
            let _ = stopped.await;
        }));
        let stop = Some(stop);
        Self {
            addr,
            database,
            folder,
            running: Running::Here { stop, ended },
        }
    }

    /// Like [`Self::start_on`], in a process of its own: for tests that read the metrics of one
    /// server, which belong to its process.
    pub(crate) async fn start_alone(database: TestDatabase, arguments: &[&str]) -> Self {
        let folder = Self::new_folder();
        let mut command = Command::new(env!("CARGO_BIN_EXE_stellar-canvas"));
        command
            .args(arguments)
            .env("DATABASE_URL", &database.url)
            .env("JWT_SECRET", SECRET)
            .env("RUST_LOG", "error");
        let (child, addr) = process::spawn_as(command, &folder, ports::free_address()).await;
        Self {
            addr,
            database,
            folder,
            running: Running::Alone(child),
        }
    }

    fn new_folder() -> PathBuf {
        let folder = temporary_folder().join(format!("server-{}", Uuid::new_v4()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// A client that is not signed in.
    pub(crate) fn visitor(&self) -> Client {
        Client::new(self.addr)
    }

    /// A new guest with this display name.
    pub(crate) async fn guest(&self, display_name: &str) -> Client {
        Client::guest(self.addr, display_name).await
    }

    /// A new user with this name and the password `password`.
    pub(crate) async fn user(&self, username: &str) -> Client {
        let mut client = self.visitor();
        let body = json!({ "username": username, "password": "password" });
        let auth = client.post("/auth/register", &body).await.json(201);
        client.sign_in(&auth);
        client
    }

    /// A new user with this name and the password `password`, who is an admin.
    pub(crate) async fn admin(&self, username: &str) -> Client {
        admin(&self.database, self.addr, username).await
    }

    /// The path of a file in the folder of the browser client (`DIST`).
    pub(crate) fn dist(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Starts the shutdown that SIGTERM starts, and does not wait for it.
    pub(crate) fn begin_stop(&mut self) {
        match &mut self.running {
            Running::Here { stop, .. } => {
                if let Some(stop) = stop.take() {
                    let _ = stop.send(());
                }
            }
            Running::Alone(child) => process::signal("TERM", &[child.id().unwrap()]),
        }
    }

    /// Stops the server as SIGTERM does, and returns its database.
    pub(crate) async fn stop(mut self) -> TestDatabase {
        self.begin_stop();
        let ended = async {
            match self.running {
                Running::Here { ended, .. } => ended.await.unwrap().unwrap(),
                Running::Alone(mut child) => {
                    let status = child.wait().await.unwrap();
                    assert!(status.success(), "{status}");
                }
            }
        };
        time::timeout(Duration::from_secs(30), ended)
            .await
            .expect("the server did not stop");
        let _ = fs::remove_dir_all(&self.folder);
        self.database
    }
}

/// A database for one test.
pub(crate) struct TestDatabase {
    pub(crate) url: String,
    name: String,
    admin_url: String,
}

impl TestDatabase {
    pub(crate) async fn create() -> Self {
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

    /// Another database with the same content. Nobody may be connected to this one.
    pub(crate) async fn copy(&self) -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let mut admin = PgConnection::connect(&self.admin_url).await.unwrap();
        let create = format!("CREATE DATABASE {name} TEMPLATE {}", self.name);
        sqlx::query(AssertSqlSafe(create))
            .execute(&mut admin)
            .await
            .unwrap();
        admin.close().await.unwrap();
        Self {
            url: with_database(&self.admin_url, &name),
            name,
            admin_url: self.admin_url.clone(),
        }
    }

    /// Has the database refuse events whose text contains `poison`, as it refuses those of a
    /// user whose row was deleted by hand.
    pub(crate) async fn refuse_poison(&self) {
        let pool = self.pool().await;
        sqlx::raw_sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF NEW.body LIKE '%poison%' THEN RAISE EXCEPTION 'refused'; END IF;
                 RETURN NEW;
             END $$;
             CREATE TRIGGER refuse BEFORE INSERT ON canvas_events
                 FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        .execute(&pool)
        .await
        .unwrap();
        pool.close().await;
    }

    /// A connection pool for the test itself.
    pub(crate) async fn pool(&self) -> PgPool {
        PgPool::connect(&self.url).await.unwrap()
    }

    /// Ends every connection to it, and refuses new ones while `allowed` is false, as
    /// if PostgreSQL were unreachable.
    pub(crate) async fn allow_connections(&self, allowed: bool) {
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

    /// Makes it read-only or writable for everybody, as if a primary became a
    /// standby.
    pub(crate) async fn read_only(&self, read_only: bool) {
        self.read_only_for_new_connections(read_only).await;
        let mut admin = PgConnection::connect(&self.admin_url).await.unwrap();
        sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1")
            .bind(&self.name)
            .execute(&mut admin)
            .await
            .unwrap();
        admin.close().await.unwrap();
    }

    /// The same for new connections only.
    pub(crate) async fn read_only_for_new_connections(&self, read_only: bool) {
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

/// Makes an admin of this database with the password `password`, who signs in at a server.
pub(crate) async fn admin(database: &TestDatabase, addr: SocketAddr, username: &str) -> Client {
    let environment = [("DATABASE_URL", database.url.as_str())];
    let made = run(&["admin", "create", username], &environment, "password\n").await;
    assert!(made.status.success(), "{made:?}");
    let mut client = Client::new(addr);
    let body = json!({ "username": username, "password": "password" });
    let auth = client.post("/auth/login", &body).await.json(200);
    client.sign_in(&auth);
    client
}

/// The same URL with another database name.
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

/// The URL of this test process's PostgreSQL.
async fn postgres() -> &'static str {
    static PRIVATE: OnceCell<PrivatePostgres> = OnceCell::const_new();
    static GIVEN: OnceCell<Option<String>> = OnceCell::const_new();
    let given = GIVEN
        .get_or_init(async || env::var("DATABASE_URL").ok().filter(|url| !url.is_empty()))
        .await;
    if let Some(url) = given {
        return url;
    }
    // It stops with the thread that owns it, and therefore with this process.
    let start = async || {
        let folder = temporary_folder().join("postgres");
        let start = move || PrivatePostgres::start(&folder, || false);
        tokio::task::spawn_blocking(start).await.unwrap().unwrap()
    };
    PRIVATE.get_or_init(start).await.url()
}

/// A folder for this process, which PostgreSQL's user can reach. Folders of processes that
/// have ended are removed.
pub(crate) fn temporary_folder() -> PathBuf {
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
pub(crate) async fn canvas(owner: &Client, more: &Value) -> i64 {
    owner.canvas(more).await
}
