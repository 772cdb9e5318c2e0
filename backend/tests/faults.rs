//! What breaks: the database, the process, the peer.

mod common;

use common::{
    PATIENCE, TestServer, canvas,
    http::Client,
    process::ServerProcess,
    socket::{TestClient, board},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::HashSet;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

#[tokio::test]
async fn while_the_database_is_away_sockets_stay_and_nothing_is_confirmed() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    let mut other = TestClient::join(&ann, canvas).await;
    tab.done(json!({ "type": "canvas_chat", "text": "before" }))
        .await;
    server.database.allow_connections(false).await;
    let op_id = Uuid::new_v4();
    let chat = json!({ "type": "canvas_chat", "text": "meanwhile", "op_id": op_id });
    tab.send(&chat).await;
    let error = tab.refused("unavailable").await;
    assert_eq!(error["op_id"], json!(op_id));
    assert!(error["retry_after_ms"].is_u64());
    let ready = reqwest::get(server.url("/readyz")).await.unwrap();
    assert_eq!(ready.status(), 503);
    // What needs no database goes on.
    tab.send(&json!({ "type": "user_presence", "presence_type": "typing", "is_typing": true }))
        .await;
    other.expect("user_typing").await;
    server.database.allow_connections(true).await;
    let back = Instant::now();
    let ack = loop {
        tab.send(&chat).await;
        let answer = tab
            .until(|m| matches!(m["type"].as_str(), Some("ack" | "error")))
            .await;
        if answer["type"] == "ack" {
            break answer;
        }
        assert!(back.elapsed() < PATIENCE, "it does not come back");
    };
    assert_eq!(ack["seq"], 2);
    other.reach(2).await;
    assert_eq!(other.chat[&2], "meanwhile");
    let ready = reqwest::get(server.url("/readyz")).await.unwrap();
    assert_eq!(ready.status(), 200);
}

/// Writes until the connection ends: the operations sent, and those
/// acknowledged with their `seq`.
async fn write_until_cut(client: Client, canvas: i64) -> (Vec<Value>, Vec<(String, i64)>) {
    let mut tab = TestClient::join(&client, canvas).await;
    let mut sent = Vec::new();
    let mut acked = Vec::new();
    for n in 0_u64.. {
        let message = if n % 2 == 0 {
            json!({ "type": "canvas_chat", "text": n.to_string(), "op_id": Uuid::new_v4() })
        } else {
            let dots = [[n % 64, n % 4]];
            json!({ "type": "tile_paint", "x": n % 8, "y": 0, "pixels": dots, "op_id": Uuid::new_v4() })
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
                acked.push((op_id, ack["seq"].as_i64().unwrap()));
            }
            Err(_) => break,
        }
    }
    (sent, acked)
}

#[tokio::test]
async fn a_killed_server_loses_nothing_that_it_confirmed() {
    let mut server = ServerProcess::start().await;
    let owner = server.guest("Owner").await;
    let canvas = canvas(&owner, &json!({})).await;
    let mut writers = Vec::new();
    for _ in 0..8 {
        writers.push(server.guest("Writer").await);
    }
    let mut watcher = TestClient::join(&owner, canvas).await;
    let writing = writers
        .iter()
        .map(|writer| tokio::spawn(write_until_cut(writer.clone(), canvas)));
    let writing: Vec<_> = writing.collect();
    watcher.reach(100).await;
    server.kill().await;
    let mut results = Vec::new();
    for task in writing {
        results.push(timeout(PATIENCE, task).await.unwrap().unwrap());
    }
    // The private Postgres went with it, and the next start takes over.
    server.restart().await;
    // Whatever was not answered is asked again, under the same op_id.
    let asking = writers
        .iter()
        .zip(&results)
        .map(async |(writer, (sent, _))| {
            let mut tab = TestClient::join(writer, canvas).await;
            let mut seqs = HashSet::new();
            for message in sent {
                tab.send(message).await;
                let ack = tab
                    .until(|m| m["type"] == "ack" && m["op_id"] == message["op_id"])
                    .await;
                seqs.insert(ack["seq"].as_i64().unwrap());
            }
            seqs
        });
    let asked: Vec<HashSet<i64>> = join_all(asking).await;
    let log = owner.all(&format!("/canvases/{canvas}/events")).await;
    let seqs: Vec<i64> = log.iter().map(|e| e["seq"].as_i64().unwrap()).collect();
    assert_eq!(
        seqs,
        (1..=i64::try_from(log.len()).unwrap()).collect::<Vec<_>>()
    );
    let total: usize = results.iter().map(|(sent, _)| sent.len()).sum();
    assert_eq!(log.len(), total, "each operation once");
    for ((_, acked), seqs) in results.iter().zip(&asked) {
        for (op_id, seq) in acked {
            assert!(
                seqs.contains(seq),
                "{op_id} got another seq after the crash"
            );
        }
    }
    // The watcher comes back and has the same.
    let mut back = TestClient::resume(&owner, canvas, &watcher).await;
    assert_eq!(back.connected["resume"], "resumed");
    back.reach(i64::try_from(log.len()).unwrap()).await;
    let snapshot = owner
        .get(&format!("/canvases/{canvas}/snapshot"))
        .await
        .json(200);
    assert_eq!(back.board, board(&snapshot["tiles"]));
    server.stop().await;
}

#[tokio::test]
async fn one_who_does_not_read_is_sent_away_and_disturbs_nobody() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({ "tile_size": 64 })).await;
    let mut slow = TestClient::join(&ann, canvas).await;
    let mut reader = TestClient::join(&ann, canvas).await;
    let mut writer = TestClient::join(&ann, canvas).await;
    // Each event has 5.5 KB: far more than the queue and the kernel's buffers.
    let pixels = "AAAA".repeat(64 * 64 / 3) + "AA==";
    let total = 2_000;
    let writing = async {
        for n in 0..total {
            let (x, y) = (n % 8, n % 6);
            let message = if n < 48 {
                json!({ "type": "tile_paint", "x": x, "y": y, "pixels": [[0, 0]] })
            } else {
                json!({ "type": "tile_update", "x": x, "y": y, "pixels": pixels })
            };
            writer.done(message).await;
        }
    };
    tokio::join!(writing, reader.reach(total));
    // It reads at last: what was queued, and then the end of the connection.
    let before = slow.connected["seq"].as_i64().unwrap();
    let end = slow.closed().await;
    assert!(
        slow.seq > before && slow.seq < total,
        "{} of {total}",
        slow.seq
    );
    assert!(matches!(end.code, 1013 | 1006), "{end:?}");
    let mut back = TestClient::resume(&ann, canvas, &slow).await;
    assert_eq!(back.connected["resume"], "resumed");
    back.reach(total).await;
    assert_eq!(back.board, reader.board);
}
