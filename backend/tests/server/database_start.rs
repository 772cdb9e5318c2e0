//! Starting beside a database: one that comes later, one of another version, one with TLS,
//! one behind a pooler, and one that refuses.

use crate::common::{
    SECRET, TEST_TIMEOUT, TestDatabase, TestServer, canvas,
    http::{Client, Reply},
    ports::free_address,
    postgres::TcpPostgres,
    process::{signal, spawn_as},
    socket::{TestClient, open, upgrade},
    temporary_folder,
};
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};
use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{Output, Stdio},
};
use tokio::{
    process::{Child, Command},
    time::{Duration, sleep, timeout},
};
use tokio_tungstenite::tungstenite::Error;
use uuid::Uuid;

/// A server process on a database that it does not own.
fn server(url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stellar-canvas"));
    command
        .env_remove("PGSSLMODE")
        .env("DATABASE_URL", url)
        .env("JWT_SECRET", SECRET)
        .env("RUST_LOG", "info");
    command
}

async fn spawn(url: &str) -> (Child, SocketAddr) {
    spawn_as(server(url), &temporary_folder(), free_address()).await
}

/// Runs a server that ends by itself, and returns how.
async fn ended(mut command: Command) -> (Option<i32>, String) {
    let output = command
        .env("BIND", "127.0.0.1:0")
        .env("STELLAR_DATA", temporary_folder())
        .env("RUST_LOG", "off")
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .output();
    let Output { status, stderr, .. } = timeout(TEST_TIMEOUT, output)
        .await
        .expect("it goes on")
        .unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// Checks that a server with this URL ends with code 2 and one sentence that has this word.
async fn is_refused(url: &str, word: &str) {
    let (code, said) = ended(server(url)).await;
    assert_eq!(code, Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains(word), "{said}");
}

async fn get(addr: SocketAddr, path: &str) -> Reply {
    Reply::of(reqwest::Client::new().get(format!("http://{addr}{path}"))).await
}

async fn is_ready(addr: SocketAddr) {
    let ready = async {
        while get(addr, "/readyz").await.status != 200 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(TEST_TIMEOUT, ready).await.expect("it is not ready");
}

/// Uses the server: a guest draws and chats.
async fn works(addr: SocketAddr) {
    let ann = Client::guest(addr, "Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    for n in 0..5 {
        let text = format!("message {n}");
        tab.done(json!({ "type": "canvas_chat", "text": text }))
            .await;
        let pixels = json!([[n, 1]]);
        tab.done(json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": pixels }))
            .await;
    }
    tab.close().await;
}

async fn terminated(mut child: Child) {
    signal("TERM", &[child.id().unwrap()]);
    let status = timeout(TEST_TIMEOUT, child.wait())
        .await
        .expect("it goes on");
    assert_eq!(status.unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_database_that_comes_later_is_waited_for() {
    let mut postgres = TcpPostgres::create().await;
    let (child, addr) = spawn(&postgres.url("sslmode=disable")).await;
    let not_ready = get(addr, "/readyz").await;
    not_ready.problem(503, "unavailable");
    assert!(not_ready.headers.contains_key("retry-after"));
    get(addr, "/healthz").await.json(200);
    for path in [
        "/api/v1/canvases",
        "/api/v1/openapi.json",
        "/api/v1/no/such",
    ] {
        let refused = get(addr, path).await;
        refused.problem(503, "overloaded");
        assert!(refused.headers.contains_key("retry-after"), "{path}");
    }
    let guest = format!("http://{addr}/api/v1/auth/guest");
    let refused = Reply::of(reqwest::Client::new().post(guest).json(&json!({}))).await;
    refused.problem(503, "overloaded");
    let Err(Error::Http(refused)) = open(addr, upgrade(addr, 1, "token=x", &[])).await else {
        panic!("a socket was opened");
    };
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    // A client that keeps its connection is served by the same server later.
    let patient = reqwest::Client::new();
    let ready = format!("http://{addr}/readyz");
    assert_eq!(patient.get(&ready).send().await.unwrap().status(), 503);
    postgres.run().await;
    is_ready(addr).await;
    assert_eq!(patient.get(&ready).send().await.unwrap().status(), 200);
    works(addr).await;
    terminated(child).await;
}

#[tokio::test]
async fn a_server_that_waits_ends_at_once() {
    let postgres = TcpPostgres::create().await;
    let (child, addr) = spawn(&postgres.url("sslmode=disable")).await;
    get(addr, "/readyz").await.problem(503, "unavailable");
    terminated(child).await;
}

#[tokio::test]
async fn a_database_that_refuses_for_good_ends_the_server() {
    let postgres = TcpPostgres::start().await;
    let right = postgres.url("sslmode=disable");
    is_refused(&right.replace("a%2F", "b%2F"), "password").await;
    is_refused(&right.replace("/postgres?", "/nothing?"), "nothing").await;
    is_refused(&right.replace("//stellar", "//nobody"), "nobody").await;
    // Also one that was away at first.
    let mut later = TcpPostgres::create().await;
    let wrong = later.url("sslmode=disable").replace("a%2F", "b%2F");
    let (mut child, addr) = spawn(&wrong).await;
    get(addr, "/readyz").await.problem(503, "unavailable");
    later.run().await;
    let status = timeout(TEST_TIMEOUT, child.wait())
        .await
        .expect("it goes on");
    assert_eq!(status.unwrap().code(), Some(2));
}

/// A connection to the database, for the test.
async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

#[tokio::test]
async fn a_newer_schema_is_used_as_far_as_it_can_be() {
    let older = TestServer::start().await;
    let ann = older.guest("Ann").await;
    let id = canvas(&ann, &json!({})).await;
    // A newer version migrates while this one runs.
    let mut newer = connect(&older.database.url).await;
    let migrate = "INSERT INTO _sqlx_migrations
                   VALUES (9000, 'from the future', now(), true, '\\x00', 1);
                   ALTER TABLE canvases ADD COLUMN from_the_future INT NOT NULL DEFAULT 0";
    newer.execute(sqlx::raw_sql(migrate)).await.unwrap();
    let (child, addr) = spawn(&older.database.url).await;
    get(addr, "/readyz").await.json(200);
    let mut here = TestClient::join(&ann, id).await;
    let elsewhere = Client {
        addr,
        ..ann.clone()
    };
    let mut there = TestClient::join(&elsewhere, id).await;
    there
        .done(json!({ "type": "canvas_chat", "text": "side by side" }))
        .await;
    here.reach(1).await;
    terminated(child).await;
    // A newer version made this one unusable.
    newer
        .execute("UPDATE schema_compatibility SET oldest_server = 9000")
        .await
        .unwrap();
    let (code, said) = ended(server(&older.database.url)).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("9000"), "{said}");
    older.stop().await;
}

#[tokio::test]
async fn a_migration_that_failed_or_changed_is_told() {
    let database = TestServer::start().await.stop().await;
    let mut admin = connect(&database.url).await;
    for (change, word) in [
        (
            "SET success = false WHERE version = 2",
            "migration 2 failed",
        ),
        (
            "SET success = true, checksum = '\\x00' WHERE version = 2",
            "migration 2 was applied with another content",
        ),
    ] {
        let change = format!("UPDATE _sqlx_migrations {change}");
        admin.execute(sqlx::AssertSqlSafe(change)).await.unwrap();
        let (code, said) = ended(server(&database.url)).await;
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(word), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

/// Makes the database look as if migration 5, which alters `tile_locks`, was not applied.
async fn undo_migration_5(database: &TestDatabase) {
    let undo = "ALTER TABLE tile_locks ALTER COLUMN fence SET NOT NULL,
                    ALTER COLUMN fence ADD GENERATED ALWAYS AS IDENTITY;
                DELETE FROM _sqlx_migrations WHERE version = 5";
    let mut admin = connect(&database.url).await;
    admin.execute(sqlx::raw_sql(undo)).await.unwrap();
}

#[tokio::test]
async fn a_migration_that_waits_for_a_lock_lets_others_pass() {
    let database = TestServer::start().await.stop().await;
    undo_migration_5(&database).await;
    // A long transaction, such as `pg_dump`.
    let mut long = connect(&database.url).await;
    let lock = "BEGIN; LOCK TABLE tile_locks IN ACCESS SHARE MODE";
    long.execute(sqlx::raw_sql(lock)).await.unwrap();
    let (child, addr) = spawn(&database.url).await;
    get(addr, "/readyz").await.problem(503, "unavailable");
    // Again and again what waits behind the migration gets its turn.
    let mut other = connect(&database.url).await;
    for _ in 0..3 {
        let read = other.execute("SELECT count(*) FROM tile_locks");
        timeout(Duration::from_secs(5), read)
            .await
            .expect("everybody waits behind the migration")
            .unwrap();
        sleep(Duration::from_millis(500)).await;
    }
    get(addr, "/readyz").await.problem(503, "unavailable");
    long.execute("ROLLBACK").await.unwrap();
    is_ready(addr).await;
    works(addr).await;
    terminated(child).await;
}

#[tokio::test]
async fn a_node_that_migrates_is_waited_for() {
    let database = TestServer::start().await.stop().await;
    undo_migration_5(&database).await;
    // Another node has the lock of migrations.
    let mut node = connect(&database.url).await;
    sqlx::migrate::Migrate::lock(&mut node).await.unwrap();
    let (child, addr) = spawn(&database.url).await;
    get(addr, "/readyz").await.problem(503, "unavailable");
    sqlx::migrate::Migrate::unlock(&mut node).await.unwrap();
    is_ready(addr).await;
    terminated(child).await;
}

/// Whether the server's connections are encrypted; all of them are as the first.
async fn is_encrypted(postgres: &TcpPostgres) -> bool {
    let mut admin = connect(&postgres.url("sslmode=disable")).await;
    let found = sqlx::query_scalar(
        "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
         WHERE application_name LIKE 'stellar-canvas%'",
    );
    found.fetch_one(&mut admin).await.unwrap()
}

#[tokio::test]
async fn connections_are_encrypted() {
    let postgres = TcpPostgres::start_with_tls("DNS:localhost").await;
    let trusted = format!("&sslrootcert={}", postgres.certificate().display());
    let full = postgres.url_at("localhost", &format!("sslmode=verify-full{trusted}"));
    for url in [
        // `prefer` uses what the server offers.
        postgres.url(""),
        postgres.url("sslmode=require"),
        postgres.url(&format!("sslmode=verify-ca{trusted}")),
        full.clone(),
    ] {
        let (child, addr) = spawn(&url).await;
        is_ready(addr).await;
        works(addr).await;
        assert!(is_encrypted(&postgres).await, "{url}");
        terminated(child).await;
    }
    // A certificate of another name, one that nobody vouches for, and no file.
    let other_name = full.replace("localhost", "127.0.0.1");
    let unknown = postgres.url_at("localhost", "sslmode=verify-full");
    let missing = full.replace("certificate.pem", "missing.pem");
    let other = TcpPostgres::start_with_tls("DNS:localhost").await;
    let other = format!("&sslrootcert={}", other.certificate().display());
    let other = postgres.url(&format!("sslmode=require{other}"));
    tokio::join!(
        is_refused(&other_name, "certificate"),
        is_refused(&unknown, "certificate"),
        is_refused(&missing, "missing.pem"),
        is_refused(&other, "certificate"),
    );
    // Plain text only where the URL says so.
    let (child, _) = spawn(&postgres.url("sslmode=disable")).await;
    assert!(!is_encrypted(&postgres).await);
    terminated(child).await;
}

#[tokio::test]
async fn a_database_without_tls_is_refused_where_tls_is_needed() {
    let postgres = TcpPostgres::start().await;
    is_refused(&postgres.url("sslmode=require"), "TLS").await;
    is_refused(&postgres.url("sslmode=verify-full"), "TLS").await;
}

/// `PgBouncer` before a PostgreSQL. It ends when this is dropped.
struct Pooler {
    port: u16,
    _child: Child,
}

impl Pooler {
    async fn start(postgres: &TcpPostgres, mode: &str) -> Self {
        let folder = temporary_folder().join(format!("pooler-{}", Uuid::new_v4()));
        fs::create_dir_all(&folder).unwrap();
        let port = free_address().port();
        let users = folder.join("users");
        fs::write(
            &users,
            format!("\"stellar\" \"{}\"\n", crate::common::postgres::PASSWORD),
        )
        .unwrap();
        let settings = format!(
            "[databases]\n\
             postgres = host=127.0.0.1 port={} dbname=postgres\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = plain\nauth_file = {}\npool_mode = {mode}\n",
            postgres.port,
            users.display(),
        );
        let file = folder.join("pgbouncer.ini");
        fs::write(&file, settings).unwrap();
        let child = start_pooler(&file);
        let url = postgres
            .url("")
            .replace(&postgres.port.to_string(), &port.to_string());
        let accepts = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .is_err()
            {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(TEST_TIMEOUT, accepts)
            .await
            .unwrap_or_else(|_| panic!("no PgBouncer at {url}"));
        Self {
            port,
            _child: child,
        }
    }

    fn url(&self, postgres: &TcpPostgres) -> String {
        let (there, here) = (postgres.port.to_string(), self.port.to_string());
        postgres.url("sslmode=disable").replace(&there, &here)
    }
}

/// It refuses to run as root, and reads its files as an ordinary user.
fn start_pooler(settings: &Path) -> Child {
    for file in fs::read_dir(settings.parent().unwrap()).unwrap() {
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        fs::set_permissions(file.unwrap().path(), open).unwrap();
    }
    let mut command = Command::new("pgbouncer");
    if fs::metadata("/root").is_ok() {
        command.args(["-u", "postgres"]);
    }
    command
        .arg("-q")
        .arg(settings)
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("pgbouncer is not installed")
}

#[tokio::test]
async fn a_pooler_with_sessions_is_used_and_one_without_is_refused() {
    let postgres = TcpPostgres::start().await;
    let sessions = Pooler::start(&postgres, "session").await;
    let (child, addr) = spawn(&sessions.url(&postgres)).await;
    is_ready(addr).await;
    works(addr).await;
    terminated(child).await;
    for mode in ["transaction", "statement"] {
        let pooler = Pooler::start(&postgres, mode).await;
        is_refused(&pooler.url(&postgres), "pool_mode").await;
    }
}
