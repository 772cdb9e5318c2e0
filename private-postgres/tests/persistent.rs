//! A persistent server over stops, kills and restarts, with the installed PostgreSQL programs, real
//! signals and a real killed process.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use private_postgres::{Error, PrivatePostgres};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use sqlx::{Connection, PgConnection};

const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// The data folder of [`stores_until_it_is_stopped_or_killed`] in a process of its own.
const DATA_DIR: &str = "STELLAR_TEST_DATA";

/// A folder that an ordinary user can reach, removed afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("stellar-{name}-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn postmaster(&self) -> Pid {
        let status = fs::read_to_string(self.0.join("postgres/cluster/postmaster.pid")).unwrap();
        Pid::from_raw(status.lines().next().unwrap().parse().unwrap()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn start(data_dir: &Path) -> PrivatePostgres {
    PrivatePostgres::start(data_dir, || false).unwrap()
}

fn stop(postgres: PrivatePostgres) {
    assert!(postgres.stop(Duration::from_secs(30)));
}

async fn connect(postgres: &PrivatePostgres) -> PgConnection {
    PgConnection::connect(postgres.url()).await.unwrap()
}

async fn insert(connection: &mut PgConnection, n: i32) {
    sqlx::query("INSERT INTO numbers VALUES ($1)")
        .bind(n)
        .execute(connection)
        .await
        .unwrap();
}

async fn numbers(connection: &mut PgConnection) -> Vec<i32> {
    sqlx::query_scalar("SELECT n FROM numbers ORDER BY n")
        .fetch_all(connection)
        .await
        .unwrap()
}

async fn make_table(connection: &mut PgConnection) {
    sqlx::query("CREATE TABLE numbers (n int PRIMARY KEY)")
        .execute(connection)
        .await
        .unwrap();
}

/// Whether it has ended; a zombie, whose parent has not yet reaped it, has.
fn is_gone(pid: Pid) -> bool {
    let state = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    state.is_ok_and(|state| state.contains(") Z ")) || test_kill_process(pid).is_err()
}

#[tokio::test]
async fn keeps_data_over_stop_and_start_and_commits_durably() {
    let folder = Folder::new("restart");
    let postgres = start(&folder.0);
    let mut connection = connect(&postgres).await;
    for setting in ["fsync", "synchronous_commit"] {
        let value: String = sqlx::query_scalar("SELECT current_setting($1)")
            .bind(setting)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(value, "on", "{setting}");
    }
    make_table(&mut connection).await;
    insert(&mut connection, 1).await;
    let url = postgres.url().to_owned();
    let postmaster = folder.postmaster();
    stop(postgres);
    assert!(is_gone(postmaster));

    let postgres = start(&folder.0);
    assert_eq!(postgres.url(), url);
    assert_eq!(numbers(&mut connect(&postgres).await).await, [1]);
    stop(postgres);
}

#[tokio::test]
async fn refuses_a_data_folder_in_use() {
    let folder = Folder::new("in-use");
    let postgres = start(&folder.0);
    let second = PrivatePostgres::start(&folder.0, || false);
    assert!(matches!(second, Err(Error::InUse { .. })));
    connect(&postgres).await.ping().await.unwrap();
    stop(postgres);
}

#[tokio::test]
async fn is_started_again_after_it_was_killed() {
    let folder = Folder::new("killed-postgres");
    let postgres = start(&folder.0);
    let mut connection = connect(&postgres).await;
    make_table(&mut connection).await;
    insert(&mut connection, 7).await;
    let killed = folder.postmaster();
    kill_process(killed, Signal::KILL).unwrap();
    let mut connection = loop {
        match PgConnection::connect(postgres.url()).await {
            Ok(connection) => break connection,
            Err(_) => tokio::time::sleep(POLL_INTERVAL).await,
        }
    };
    assert_eq!(numbers(&mut connection).await, [7]);
    assert_ne!(folder.postmaster(), killed);
    stop(postgres);
}

#[tokio::test]
async fn is_started_again_after_somebody_stopped_it() {
    let folder = Folder::new("stopped-postgres");
    let postgres = start(&folder.0);
    // By itself Postgres waits for this connection to end, and takes no other.
    let open = connect(&postgres).await;
    let stopped = folder.postmaster();
    kill_process(stopped, Signal::TERM).unwrap();
    while !is_gone(stopped) {
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    drop(open);
    while PgConnection::connect(postgres.url()).await.is_err() {
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    stop(postgres);
}

#[tokio::test]
async fn takes_over_after_the_server_was_killed() {
    let folder = Folder::new("killed-server");
    let mut server = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("stores_until_it_is_stopped_or_killed")
        .env(DATA_DIR, &folder.0)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(server.stdout.take().unwrap()).lines();
    assert!(output.any(|line| line.unwrap().contains("stored 41")));
    let postmaster = folder.postmaster();
    server.kill().unwrap();
    server.wait().unwrap();

    let postgres = start(&folder.0);
    assert!(is_gone(postmaster));
    let mut connection = connect(&postgres).await;
    assert_eq!(numbers(&mut connection).await, [41]);
    insert(&mut connection, 42).await;
    stop(postgres);
}

/// A test, and the process that [`takes_over_after_the_server_was_killed`] kills.
#[tokio::test]
async fn stores_until_it_is_stopped_or_killed() {
    let given = env::var_os(DATA_DIR).map(PathBuf::from);
    let folder = given.is_none().then(|| Folder::new("stores"));
    let data_dir = folder.as_ref().map(|own| &own.0).or(given.as_ref());
    let postgres = start(data_dir.unwrap());
    let mut connection = connect(&postgres).await;
    make_table(&mut connection).await;
    insert(&mut connection, 41).await;
    println!("stored 41");
    if given.is_some() {
        std::future::pending::<()>().await;
    }
    assert_eq!(numbers(&mut connection).await, [41]);
    stop(postgres);
}

#[tokio::test]
async fn goes_with_a_killed_server() {
    let folder = Folder::new("no-orphan");
    let postgres = start(&folder.0);
    let postmaster = folder.postmaster();
    // The kernel ends it when the spawning thread ends, for whatever reason.
    drop(postgres);
    while !is_gone(postmaster) {
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

#[tokio::test]
async fn takes_over_a_stale_pid_file_that_names_another_process() {
    let folder = Folder::new("stale-pid");
    let postgres = start(&folder.0);
    let pid_file = folder.0.join("postgres/cluster/postmaster.pid");
    let status = fs::read_to_string(&pid_file).unwrap();
    let mut other = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let stale = status.replacen(
        &folder.postmaster().as_raw_nonzero().to_string(),
        &other.id().to_string(),
        1,
    );
    stop(postgres);
    fs::write(&pid_file, stale).unwrap();

    let postgres = start(&folder.0);
    connect(&postgres).await.ping().await.unwrap();
    stop(postgres);
    assert!(
        other.try_wait().unwrap().is_none(),
        "the other process is left alone"
    );
    other.kill().unwrap();
    other.wait().unwrap();
}

#[tokio::test]
async fn finds_a_short_socket_folder_for_a_long_path() {
    let folder = Folder::new("long");
    let long = folder.0.join("long".repeat(25));
    let postgres = start(&long);
    connect(&postgres).await.ping().await.unwrap();
    stop(postgres);
}
