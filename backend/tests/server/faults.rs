//! Crashes and stops of the server process. See `outages.rs` for the database and
//! `slow_peers.rs` for clients that do not read.

use crate::common::{
    TEST_TIMEOUT, TestServer, canvas,
    http::Client,
    process::ServerProcess,
    socket::{Closed, TestClient, board},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use tokio::{task::JoinHandle, time::timeout};
use uuid::Uuid;

/// The requests of a writer until its connection ended.
struct Written {
    writer: Client,
    sent: Vec<Value>,
    /// Acknowledged requests: `op_id` → `seq`.
    acked: HashMap<String, i64>,
    closed: Closed,
}

/// Writes until the connection ends.
async fn write_until_cut(writer: Client, canvas: i64, number: u64) -> Written {
    let mut tab = TestClient::join(&writer, canvas).await;
    let mut sent = Vec::new();
    let mut acked = HashMap::new();
    for n in 0_u64.. {
        let message = if n % 2 == 0 {
            json!({ "type": "canvas_chat", "text": n.to_string(), "op_id": Uuid::new_v4() })
        } else {
            // Each stroke changes a pixel.
            let edits = [[number * 8 + n % 8, n / 8 % 4]];
            json!({ "type": "tile_paint", "x": n % 8, "y": 0, "pixels": edits, "op_id": Uuid::new_v4() })
        };
        sent.push(message.clone());
        if tab.try_send(&message).await.is_err() {
            break;
        }
        let ack = tab
            .try_until(|m| m["type"] == "ack" && m["op_id"] == message["op_id"])
            .await;
        match ack {
            Ok(ack) => {
                let op_id = ack["op_id"].as_str().unwrap().to_owned();
                acked.insert(op_id, ack["seq"].as_i64().unwrap());
            }
            Err(closed) => {
                return Written {
                    writer,
                    sent,
                    acked,
                    closed,
                };
            }
        }
    }
    Written {
        writer,
        sent,
        acked,
        closed: tab.closed().await,
    }
}

/// Sends everything again after a restart, under the same `op_id`s, and checks
/// that each was applied once and kept the `seq` of its ack.
async fn check_after_restart(owner: &Client, canvas: i64, written: &[Written]) -> i64 {
    let asking = written.iter().map(async |written| {
        let mut tab = TestClient::join(&written.writer, canvas).await;
        for message in &written.sent {
            tab.send(message).await;
            let ack = tab
                .until(|m| m["type"] == "ack" && m["op_id"] == message["op_id"])
                .await;
            if let Some(seq) = written.acked.get(message["op_id"].as_str().unwrap()) {
                assert_eq!(ack["seq"], *seq, "another seq after the restart");
            }
        }
    });
    join_all(asking).await;
    let log = owner.all(&format!("/canvases/{canvas}/events")).await;
    let head = i64::try_from(log.len()).unwrap();
    let seqs: Vec<i64> = log.iter().map(|e| e["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=head).collect::<Vec<_>>());
    let total: usize = written.iter().map(|written| written.sent.len()).sum();
    assert_eq!(log.len(), total, "each operation once");
    head
}

/// A server with eight writers, and an observer that waits until there are many
/// events.
async fn busy_server() -> (ServerProcess, Client, TestClient, Vec<JoinHandle<Written>>) {
    let server = ServerProcess::start().await;
    let owner = server.guest("Owner").await;
    let canvas = canvas(&owner, &json!({})).await;
    let mut watcher = TestClient::join(&owner, canvas).await;
    let mut writing = Vec::new();
    for number in 0..8 {
        let writer = server.guest("Writer").await;
        writing.push(tokio::spawn(write_until_cut(writer, canvas, number)));
    }
    watcher.reach(100).await;
    (server, owner, watcher, writing)
}

async fn all_written(writing: Vec<JoinHandle<Written>>) -> Vec<Written> {
    let mut written = Vec::new();
    for task in writing {
        written.push(timeout(TEST_TIMEOUT, task).await.unwrap().unwrap());
    }
    written
}

/// Reconnects and compares the drawn tiles with the snapshot.
async fn check_reconnect(owner: &Client, canvas: i64, before: &TestClient, head: i64) {
    let mut back = TestClient::resume(owner, canvas, before).await;
    assert_eq!(back.connected["resume"], "resumed");
    back.reach(head).await;
    let path = format!("/canvases/{canvas}/snapshot");
    let snapshot = owner.get(&path).await.json(200);
    assert_eq!(back.board, board(&snapshot["tiles"]));
}

#[tokio::test]
async fn a_killed_server_loses_nothing_acknowledged() {
    let (mut server, owner, watcher, writing) = busy_server().await;
    let canvas = watcher.connected["canvas_id"].as_i64().unwrap();
    server.kill().await;
    let written = all_written(writing).await;
    // The private PostgreSQL is gone too, and the next start recovers its data.
    server.restart().await;
    let head = check_after_restart(&owner, canvas, &written).await;
    check_reconnect(&owner, canvas, &watcher, head).await;
    server.stop().await;
}

#[tokio::test]
async fn a_stopped_server_tells_its_clients_and_loses_nothing() {
    let (mut server, owner, mut watcher, writing) = busy_server().await;
    let canvas = watcher.connected["canvas_id"].as_i64().unwrap();
    let watching = tokio::spawn(async move {
        let closed = watcher.closed().await;
        (watcher, closed)
    });
    server.terminate().await;
    let written = all_written(writing).await;
    let (watcher, closed) = timeout(TEST_TIMEOUT, watching).await.unwrap().unwrap();
    let mut ends: Vec<&Closed> = written.iter().map(|written| &written.closed).collect();
    ends.push(&closed);
    let mut waits = HashSet::new();
    for end in ends {
        assert_eq!(end.code, 1012, "{end:?}");
        let wait = end.reason.strip_prefix("retry_after_ms=").unwrap();
        waits.insert(wait.parse::<u64>().unwrap());
    }
    // Nine delays within 1,500 ms: not all the same.
    assert!(waits.len() > 3, "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= 2_000), "{waits:?}");
    server.restart().await;
    let head = check_after_restart(&owner, canvas, &written).await;
    check_reconnect(&owner, canvas, &watcher, head).await;
    server.stop().await;
}

#[tokio::test]
async fn deeply_nested_json_is_refused() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    let open = "[".repeat(10_000);
    let whole = "[".repeat(8_000) + &"]".repeat(8_000);
    let hidden = format!(
        r#"{{"type":"hello","device":{{"a":{}}}}}"#,
        "[".repeat(7_000) + &"]".repeat(7_000)
    );
    for frame in [open, whole, hidden] {
        tab.send_text(&frame).await;
        tab.refused("invalid_json").await;
    }
    tab.done(json!({ "type": "canvas_chat", "text": "still here" }))
        .await;
}
