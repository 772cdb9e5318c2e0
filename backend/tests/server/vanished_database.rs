//! The database's host vanishes: it passes nothing and closes nothing, and a new one
//! answers at its address later.

use crate::common::{
    TEST_TIMEOUT, TestDatabase, TestServer, canvas, postgres_proxy::PostgresProxy,
    socket::TestClient,
};
use futures_util::future::join_all;
use serde_json::json;
use std::time::Duration;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{Instant, sleep, timeout},
};
use uuid::Uuid;

/// Everything works again so soon after the new host is there.
const BACK_WITHIN: Duration = Duration::from_secs(5);

async fn is_ready(server: &TestServer) -> bool {
    let reply = reqwest::get(server.url("/readyz")).await;
    reply.unwrap().status() == 200
}

/// A server whose connections to the database go through a proxy.
async fn start() -> (PostgresProxy, TestServer) {
    let database = TestDatabase::create().await;
    let proxy = PostgresProxy::start(&database).await;
    let url = proxy.url();
    let server = TestServer::start_on(database, &["--database-url", &url]).await;
    (proxy, server)
}

#[tokio::test]
async fn reads_that_were_under_way_keep_no_connection() {
    let (proxy, server) = start().await;
    let ann = server.user("ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    tab.done(json!({ "type": "canvas_chat", "text": "before" }))
        .await;
    // Requests of each kind hang on their connections: some have clients that wait, others
    // clients that hang up.
    let paths = [
        "/canvases?q=x".to_owned(),
        "/canvases?mine=true".to_owned(),
        format!("/canvases/{canvas}"),
        format!("/canvases/{canvas}/snapshot"),
        format!("/canvases/{canvas}/tiles"),
        format!("/canvases/{canvas}/events"),
        format!("/canvases/{canvas}/messages"),
        format!("/canvases/{canvas}/members"),
        format!("/canvases/{canvas}/image.png"),
        "/users/me".to_owned(),
    ];
    // Every pool has connections.
    join_all(paths.iter().map(|path| ann.get(path))).await;
    proxy.vanish();
    let mut hanging = Vec::new();
    for path in paths.iter().cycle().take(40) {
        let client = ann.clone();
        let request = client.request(reqwest::Method::GET, path);
        hanging.push(tokio::spawn(async move {
            request.send().await.unwrap().status()
        }));
        let mut gone = TcpStream::connect(server.addr).await.unwrap();
        let request = format!(
            "GET /api/v1{path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
            server.addr,
            ann.token()
        );
        gone.write_all(request.as_bytes()).await.unwrap();
    }
    // Everybody is told, in a bounded time.
    for reply in join_all(hanging).await {
        let status = reply.unwrap();
        assert!(status == 503 || status == 200, "{status}");
    }
    assert!(!is_ready(&server).await);
    let message = json!({ "type": "canvas_chat", "text": "meanwhile", "op_id": Uuid::new_v4() });
    tab.send(&message).await;
    tab.refused("unavailable").await;

    proxy.replace();
    let back = Instant::now();
    let works = async || {
        let reads = join_all(paths.iter().map(|path| ann.get(path))).await;
        reads.iter().all(|reply| reply.status == 200) && is_ready(&server).await
    };
    while !works().await {
        assert!(back.elapsed() < BACK_WITHIN, "it does not come back");
    }
    loop {
        tab.send(&message).await;
        let answer = tab.answer().await;
        if answer["type"] == "ack" {
            break;
        }
        assert!(back.elapsed() < BACK_WITHIN, "{answer}");
    }
    let waited = back.elapsed();
    assert!(waited < BACK_WITHIN, "{waited:?}");
    timeout(TEST_TIMEOUT, server.stop()).await.unwrap();
}

/// Slowness is no sign that connections are useless: replacing all of them at once would
/// make a slow database slower.
#[tokio::test]
async fn a_pause_of_the_database_makes_few_new_connections() {
    let (proxy, server) = start().await;
    let ann = server.user("ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let path = format!("/canvases/{canvas}/members");
    join_all((0..20).map(|_| ann.get(&path))).await;
    let before = proxy.accepted();
    // A lock that every read of a canvas needs.
    let pool = server.database.pool().await;
    let mut lock = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE canvases IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *lock)
        .await
        .unwrap();
    let reads: Vec<_> = (0..20)
        .map(|_| {
            let (ann, path) = (ann.clone(), path.clone());
            tokio::spawn(async move { ann.get(&path).await.status })
        })
        .collect();
    sleep(Duration::from_millis(2500)).await;
    lock.rollback().await.unwrap();
    for status in join_all(reads).await {
        assert_eq!(status.unwrap(), 200);
    }
    ann.get(&path).await.expect(200);
    assert_eq!(proxy.accepted(), before);
    server.stop().await;
}
