//! The disk with the database is full: nothing is acknowledged that is not stored,
//! the server keeps running, and everything works again when there is space.

use crate::common::{canvas, process::ServerProcess, socket::TestClient};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::{
    collections::HashMap,
    io::Write,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// The contract's limit for recovery.
const BACK_WITHIN: Duration = Duration::from_secs(5);
/// Size in megabytes; a new database cluster takes about half.
const DISK: u32 = 128;

/// A whole tile of incompressible pixels, or a chat message.
fn request(n: u32, large: bool) -> Value {
    let op_id = Uuid::new_v4();
    if !large {
        return json!({ "type": "canvas_chat", "text": n.to_string(), "op_id": op_id });
    }
    let pixels = (0..64 * 64).map(|_| rand::random_range(0..4_u8));
    let pixels = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        pixels.collect::<Vec<_>>(),
    );
    json!({ "type": "tile_update", "x": 0, "y": 0, "pixels": pixels, "op_id": op_id })
}

/// Sends once. Returns the `seq`, or `None` if the answer is `unavailable`. Any
/// other answer panics.
async fn ask(tab: &mut TestClient, message: &Value) -> Option<i64> {
    tab.send(message).await;
    let answer =
        tab.until(|m| m["op_id"] == message["op_id"] && m["type"] != "canvas_chat_message");
    let answer = answer.await;
    if answer["type"] == "ack" {
        return answer["seq"].as_i64();
    }
    assert_eq!(answer["code"], "unavailable", "{answer}");
    None
}

#[tokio::test]
async fn a_full_disk_is_an_outage_that_ends() {
    let Some(mut server) = ServerProcess::start_on_small_disk(DISK).await else {
        // Not with `eprintln!`, which the test runner captures.
        let said = "\nNOT TESTED: a full disk. It takes root, who may mount a small one.\n\n";
        std::io::stderr().write_all(said.as_bytes()).unwrap();
        assert!(std::env::var_os("CI").is_none(), "{said}");
        return;
    };
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({ "tile_size": 64 })).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    let start = json!({ "type": "tile_create", "x": 0, "y": 0, "op_id": Uuid::new_v4() });
    let mut acked = HashMap::new();
    acked.insert(
        start["op_id"].to_string(),
        ask(&mut tab, &start).await.unwrap(),
    );
    let mut head = 1;
    let ballast = server.fill_disk();
    // Pages that are already allocated are filled first.
    let mut refused = 0;
    for n in 0.. {
        let message = request(n, n % 8 != 0);
        match ask(&mut tab, &message).await {
            Some(seq) => {
                assert_eq!(seq, head + 1);
                head = seq;
                acked.insert(message["op_id"].to_string(), seq);
            }
            None => refused += 1,
        }
        if refused >= 100 {
            break;
        }
    }
    // Reads still work.
    let path = format!("/canvases/{canvas}/snapshot");
    assert_eq!(ann.get(&path).await.json(200)["seq"], head);
    // There is no space for the next WAL file either, which makes PostgreSQL
    // exit.
    let mut superuser = PgConnection::connect(&server.postgres_url()).await.unwrap();
    while sqlx::query("SELECT pg_switch_wal(), txid_current()")
        .execute(&mut superuser)
        .await
        .is_ok()
    {}
    let late = request(0, false);
    for _ in 0..5 {
        assert_eq!(ask(&mut tab, &late).await, None);
    }
    let ready = reqwest::get(format!("http://{}/readyz", server.addr)).await;
    assert_eq!(ready.unwrap().status(), 503);
    let alive = reqwest::get(format!("http://{}/healthz", server.addr)).await;
    assert_eq!(alive.unwrap().status(), 200);
    assert!(server.is_alive());
    std::fs::remove_file(ballast).unwrap();
    let back = Instant::now();
    let seq = loop {
        if let Some(seq) = ask(&mut tab, &late).await {
            break seq;
        }
        assert!(back.elapsed() < BACK_WITHIN, "it does not come back");
    };
    assert!(back.elapsed() < BACK_WITHIN, "{:?}", back.elapsed());
    acked.insert(late["op_id"].to_string(), seq);
    // The same connection survived it and saw no gap.
    let log = ann.all(&format!("/canvases/{canvas}/events")).await;
    assert_eq!(log.len(), acked.len());
    assert_eq!(seq, head + 1);
    assert_eq!(tab.seq, seq);
    server.stop().await;
}
