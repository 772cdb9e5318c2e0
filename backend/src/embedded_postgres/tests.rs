//! On real parts: installed PostgreSQL programs, real signals, a real killed process.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::test_kill_process;
use sqlx::{Connection, PgConnection};

use super::*;

/// Tells [`stores_until_it_is_stopped_or_killed`] its data folder.
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

async fn connect(postgres: &EmbeddedPostgres) -> PgConnection {
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

/// Ended; one whose new parent has not yet asked for its fate counts too.
fn is_gone(pid: Pid) -> bool {
    let state = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    state.is_ok_and(|state| state.contains(") Z ")) || test_kill_process(pid).is_err()
}

#[tokio::test]
async fn keeps_data_over_stop_and_start_and_commits_durably() {
    let folder = Folder::new("restart");
    let postgres = EmbeddedPostgres::start(&folder.0).await.unwrap();
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
    postgres.stop().await;
    assert!(is_gone(postmaster));

    let postgres = EmbeddedPostgres::start(&folder.0).await.unwrap();
    assert_eq!(postgres.url(), url);
    assert_eq!(numbers(&mut connect(&postgres).await).await, [1]);
    postgres.stop().await;
}

#[tokio::test]
async fn refuses_a_data_folder_in_use() {
    let folder = Folder::new("in-use");
    let postgres = EmbeddedPostgres::start(&folder.0).await.unwrap();
    let second = EmbeddedPostgres::start(&folder.0).await;
    assert!(matches!(second, Err(EmbeddedPostgresError::InUse { .. })));
    connect(&postgres).await.ping().await.unwrap();
    postgres.stop().await;
}

#[tokio::test]
async fn is_started_again_after_it_was_killed() {
    let folder = Folder::new("killed-postgres");
    let postgres = EmbeddedPostgres::start(&folder.0).await.unwrap();
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
    postgres.stop().await;
}

#[tokio::test]
async fn takes_over_after_the_server_was_killed() {
    let folder = Folder::new("killed-server");
    let mut server = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("embedded_postgres::tests::stores_until_it_is_stopped_or_killed")
        .env(DATA_DIR, &folder.0)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(server.stdout.take().unwrap()).lines();
    assert!(output.any(|line| line.unwrap().contains("stored 41")));
    let postmaster = folder.postmaster();
    server.kill().unwrap();
    server.wait().unwrap();

    let postgres = EmbeddedPostgres::start(&folder.0).await.unwrap();
    assert!(is_gone(postmaster));
    let mut connection = connect(&postgres).await;
    assert_eq!(numbers(&mut connection).await, [41]);
    insert(&mut connection, 42).await;
    postgres.stop().await;
}

/// Also the process that [`takes_over_after_the_server_was_killed`] kills.
#[tokio::test]
async fn stores_until_it_is_stopped_or_killed() {
    let given = env::var_os(DATA_DIR).map(PathBuf::from);
    let folder = given.is_none().then(|| Folder::new("stores"));
    let data_dir = folder.as_ref().map(|own| &own.0).or(given.as_ref());
    let postgres = EmbeddedPostgres::start(data_dir.unwrap()).await.unwrap();
    let mut connection = connect(&postgres).await;
    make_table(&mut connection).await;
    insert(&mut connection, 41).await;
    println!("stored 41");
    if given.is_some() {
        std::future::pending::<()>().await;
    }
    assert_eq!(numbers(&mut connection).await, [41]);
    postgres.stop().await;
}

#[tokio::test]
async fn goes_with_a_killed_server() {
    let folder = Folder::new("no-orphan");
    let postgres = EmbeddedPostgres::start(&folder.0).await.unwrap();
    let postmaster = folder.postmaster();
    // What the kernel does when the spawning thread ends, by whatever cause.
    drop(postgres);
    while !is_gone(postmaster) {
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

#[tokio::test]
async fn takes_over_a_stale_pid_file_that_names_a_stranger() {
    let folder = Folder::new("stranger");
    let postgres = EmbeddedPostgres::start(&folder.0).await.unwrap();
    let pid_file = folder.0.join("postgres/cluster/postmaster.pid");
    let status = fs::read_to_string(&pid_file).unwrap();
    let mut stranger = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let stale = status.replacen(
        &folder.postmaster().as_raw_nonzero().to_string(),
        &stranger.id().to_string(),
        1,
    );
    postgres.stop().await;
    fs::write(&pid_file, stale).unwrap();

    let postgres = EmbeddedPostgres::start(&folder.0).await.unwrap();
    connect(&postgres).await.ping().await.unwrap();
    postgres.stop().await;
    assert!(
        stranger.try_wait().unwrap().is_none(),
        "strangers are left alone"
    );
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[tokio::test]
async fn finds_a_short_socket_folder_for_a_long_path() {
    let folder = Folder::new("long");
    let long = folder.0.join("long".repeat(25));
    let postgres = EmbeddedPostgres::start(&long).await.unwrap();
    connect(&postgres).await.ping().await.unwrap();
    postgres.stop().await;
}
