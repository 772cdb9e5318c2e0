//! `backup` and `restore`, of the private database and of a named one, and `migrate`.

use crate::common::{
    TEST_TIMEOUT, TestDatabase, TestServer,
    archive::{AT_ONCE, NEVER, acked, archived, archiving, at, scene, sign_in},
    canvas,
    postgres::TcpPostgres,
    process::ServerProcess,
    socket::TestClient,
    temporary_folder,
};
use serde_json::json;
use sqlx::{Connection, PgConnection};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tokio::{process::Command, time::timeout};
use uuid::Uuid;

/// How a subcommand ended: its exit code, and what it printed.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    said: String,
}

impl Ended {
    fn well(&self) {
        assert_eq!(self.code, Some(0), "{}", self.said);
    }

    fn with(&self, word: &str) {
        assert_eq!(self.code, Some(1), "{}", self.said);
        assert!(self.said.contains(word), "{}", self.said);
        assert_eq!(self.said.lines().count(), 1, "{}", self.said);
    }
}

/// Runs a subcommand on a data folder, or on a named database.
async fn run(database: &[(&str, &str)], arguments: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_stellar-canvas"))
        .env_remove("DATABASE_URL")
        .env("RUST_LOG", "error")
        .envs(database.iter().copied())
        .args(arguments)
        .kill_on_drop(true)
        .output();
    let output = timeout(TEST_TIMEOUT, output)
        .await
        .expect("it goes on")
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    Ended {
        code: output.status.code(),
        said: String::from_utf8(said).unwrap(),
    }
}

/// A folder for the files of a test.
fn folder() -> PathBuf {
    let folder = temporary_folder().join(format!("backup-{}", Uuid::new_v4()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The names of the files in it.
fn files(folder: &Path) -> Vec<String> {
    let all = fs::read_dir(folder).unwrap();
    all.map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[tokio::test]
async fn archived_events_are_backed_up_too() {
    let server = TestServer::start_with(&NEVER).await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let (id, by_ann, _) = scene(&ann, &bob).await;
    let server = archiving(server).await;
    let ann = at(&server, &ann);
    archived(&server.database.pool().await, id).await;
    let events = format!("/canvases/{id}/events");
    let before = ann.all(&events).await;
    let folder = folder();
    let file = folder.join("archived.dump");
    let path = file.to_str().unwrap();
    let database = [("DATABASE_URL", server.database.url.as_str())];
    run(&database, &["backup", path]).await.well();
    let other = TestDatabase::create().await;
    run(&[("DATABASE_URL", other.url.as_str())], &["restore", path])
        .await
        .well();
    let server = TestServer::start_on(other, &AT_ONCE).await;
    let ann = sign_in(&server, "ann").await;
    assert_eq!(ann.all(&events).await, before);
    let mut tab = TestClient::join(&ann, id).await;
    let (request, seq) = &by_ann[0];
    assert_eq!(acked(&mut tab, request).await["seq"], *seq);
    server.stop().await;
}

#[tokio::test]
async fn the_private_database_is_backed_up_and_restored() {
    let mut server = ServerProcess::start().await;
    let data = server.folder().to_owned();
    let private = [("STELLAR_DATA", data.as_str())];
    let folder = folder();
    let file = folder.join("canvas.dump");
    let path = file.to_str().unwrap();
    let ann = server.guest("Ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    for text in ["one", "two"] {
        tab.done(json!({ "type": "canvas_chat", "text": text }))
            .await;
    }
    tab.done(json!({ "type": "tile_paint", "x": 1, "y": 1, "pixels": [[5, 1]] }))
        .await;
    // Files that are made of what is there are no part of it.
    let export = ann
        .post(
            &format!("/canvases/{id}/exports"),
            &json!({ "kind": "png" }),
        )
        .await
        .json(202);
    let export = format!("/exports/{}", export["id"]);
    // While the server runs, into a file that only its owner reads.
    run(&private, &["backup", path]).await.well();
    assert_eq!(files(&folder), ["canvas.dump"]);
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    tab.done(json!({ "type": "canvas_chat", "text": "lost" }))
        .await;
    tab.reach(4).await;
    let restore = ["restore", "--overwrite", path];
    run(&private, &restore).await.with("server");
    server.terminate().await;
    // It is started for the moment.
    run(&private, &["restore", path]).await.with("--overwrite");
    run(&private, &restore).await.well();
    server.restart().await;
    let log = ann.all(&format!("/canvases/{id}/events")).await;
    assert_eq!(log.len(), 3);
    ann.get(&export).await.problem(404, "export_not_found");
    // Another history: who knows of more must load everything again, also later.
    let epoch = tab.connected["epoch"].as_str().unwrap();
    let query = format!("token={}&last_seq=4&epoch={epoch}", ann.token());
    for _ in 0..3 {
        let mut after = TestClient::connect(ann.addr, id, &query).await;
        assert_eq!(after.connected["resume"], "resync");
        assert_ne!(after.connected["epoch"], epoch);
        after
            .done(json!({ "type": "canvas_chat", "text": "new" }))
            .await;
    }
    let snapshot = ann.get(&format!("/canvases/{id}/snapshot")).await;
    assert_eq!(snapshot.json(200)["tiles"].as_array().unwrap().len(), 1);
    server.terminate().await;
    // A backup of a server that does not run replaces the file.
    run(&private, &["backup", path]).await.well();
    server.restart().await;
    server.stop().await;
}

#[tokio::test]
async fn a_named_database_is_backed_up_and_restored_elsewhere() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({ "name": "Moved" })).await;
    let mut tab = TestClient::join(&ann, id).await;
    tab.done(json!({ "type": "canvas_chat", "text": "kept" }))
        .await;
    let folder = folder();
    let file = folder.join("canvas.dump");
    let path = file.to_str().unwrap();
    let named = |database: &TestDatabase| database.url.clone();
    let url = named(&server.database);
    run(&[("DATABASE_URL", &url)], &["backup", path])
        .await
        .well();
    let elsewhere = TestDatabase::create().await;
    let url = named(&elsewhere);
    let there = [("DATABASE_URL", url.as_str())];
    run(&there, &["restore", path]).await.well();
    let moved = TestServer::start_on(elsewhere, &[]).await;
    let ann = crate::common::http::Client {
        addr: moved.addr,
        ..ann
    };
    let mut tab = TestClient::join(&ann, id).await;
    let log = ann.all(&format!("/canvases/{id}/events")).await;
    assert_eq!(log[0]["message_text"], "kept");
    // Ids and numbers go on.
    assert!(canvas(&ann, &json!({})).await != id);
    tab.done(json!({ "type": "canvas_chat", "text": "more" }))
        .await;
    tab.reach(2).await;
    // A server that uses it keeps it.
    run(&there, &["restore", "--overwrite", path])
        .await
        .with("server");
    tab.done(json!({ "type": "canvas_chat", "text": "still" }))
        .await;
    moved.stop().await;
}

#[tokio::test]
async fn a_backup_is_encrypted_as_the_server_s_connections_are() {
    let postgres = TcpPostgres::start_with_tls("DNS:localhost").await;
    let trusted = postgres.certificate();
    let parameters = format!("sslmode=verify-full&sslrootcert={}", trusted.display());
    let url = postgres.url_at("localhost", &parameters);
    let there = [("DATABASE_URL", url.as_str())];
    run(&there, &["migrate"]).await.well();
    // Only encrypted connections are let in from now on.
    let only_tls = "hostssl all all 127.0.0.1/32 scram-sha-256\n";
    postgres.let_in(only_tls).await;
    let folder = folder();
    let file = folder.join("canvas.dump");
    let path = file.to_str().unwrap();
    run(&there, &["backup", path]).await.well();
    run(&there, &["restore", "--overwrite", path]).await.well();
    let plain = postgres.url("sslmode=disable");
    run(&[("DATABASE_URL", &plain)], &["backup", path])
        .await
        .with("no encryption");
}

/// How many canvases a database has.
async fn canvases(url: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let count = sqlx::query_scalar("SELECT count(*) FROM canvases");
    count.fetch_one(&mut connection).await.unwrap()
}

#[tokio::test]
async fn a_restore_that_fails_changes_nothing() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    for n in 0..200 {
        let text = format!("{n} {}", Uuid::new_v4());
        tab.done(json!({ "type": "canvas_chat", "text": text }))
            .await;
    }
    let url = server.database.url.clone();
    let here = [("DATABASE_URL", url.as_str())];
    let folder = folder();
    let (whole, part, text) = (
        folder.join("whole"),
        folder.join("part"),
        folder.join("text"),
    );
    run(&here, &["backup", whole.to_str().unwrap()])
        .await
        .well();
    server.stop().await;
    // The file lost its end: its list is whole, its data is not.
    let bytes = fs::read(&whole).unwrap();
    fs::write(&part, &bytes[..bytes.len() - bytes.len() / 4]).unwrap();
    fs::write(&text, "no backup").unwrap();
    for file in [&part, &text, &folder.join("missing")] {
        let path = file.to_str().unwrap();
        let ended = run(&here, &["restore", "--overwrite", path]).await;
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        assert_eq!(canvases(&url).await, 1, "{path}");
    }
    let path = whole.to_str().unwrap();
    run(&here, &["restore", "--overwrite", path]).await.well();
    assert_eq!(canvases(&url).await, 1);
}

#[tokio::test]
async fn a_backup_that_fails_leaves_the_file_before() {
    let folder = folder();
    let file = folder.join("canvas.dump");
    fs::write(&file, "the backup of yesterday").unwrap();
    let path = file.to_str().unwrap();
    let empty = TestDatabase::create().await;
    run(&[("DATABASE_URL", &empty.url)], &["backup", path])
        .await
        .with("nothing");
    let nowhere = folder.join("data");
    run(
        &[("STELLAR_DATA", nowhere.to_str().unwrap())],
        &["backup", path],
    )
    .await
    .with("no database");
    assert!(!nowhere.exists());
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        "the backup of yesterday"
    );
    assert_eq!(files(&folder), ["canvas.dump"]);
}

#[tokio::test]
async fn a_database_is_migrated_without_a_server() {
    let database = TestDatabase::create().await;
    let here = [("DATABASE_URL", database.url.as_str())];
    let first = run(&here, &["migrate"]).await;
    first.well();
    assert!(first.said.starts_with("applied "), "{}", first.said);
    let again = run(&here, &["migrate"]).await;
    again.well();
    assert_eq!(again.said, "the database is up to date\n");
    let server = TestServer::start_on(database, &[]).await;
    canvas(&server.guest("Ann").await, &json!({})).await;
    server.stop().await;
}
