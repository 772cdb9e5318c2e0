//! Shared by the tests: a whole server in this process with its own port and database, and
//! clients that know only the wire contract.

pub(crate) mod archive;
pub(crate) mod balancer;
pub(crate) mod certificate;
pub(crate) mod client_pool;
pub(crate) mod cluster;
pub(crate) mod contract;
pub(crate) mod database;
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

pub(crate) use database::TestDatabase;

use backend::{Config, Server, StartError};
use clap::Parser;
use http::Client;
use process::run;
use serde_json::{Value, json};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    sync::oneshot,
    task::JoinHandle,
    time,
};
use uuid::Uuid;

/// The time limit of every step of a test.
pub(crate) const TEST_TIMEOUT: Duration = Duration::from_secs(20);

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
        Self::start_on(TestDatabase::migrated().await, arguments).await
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

/// Asks every 10 ms until there is an answer: for what the server tells nobody, such as rows that
/// a background task removes. The pause leaves the processor to the server.
pub(crate) async fn eventually<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let answer = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            time::sleep(Duration::from_millis(10)).await;
        }
    };
    let in_time = time::timeout(TEST_TIMEOUT, answer).await;
    in_time.unwrap_or_else(|_| panic!("not in time: {what}"))
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
