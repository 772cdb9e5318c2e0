//! The database is unreachable, frozen, killed or read-only: sockets stay open,
//! nothing is acknowledged that is not stored, and everything recovers. Nor do the
//! database's own defaults weaken what is promised.

use crate::common::{
    TEST_TIMEOUT, TestServer, canvas, own_postgres::OwnPostgres, process::ServerProcess,
    socket::TestClient,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{collections::HashMap, net::SocketAddr, time::Duration};
use tokio::time::Instant;
use uuid::Uuid;

/// The contract's limit: everything works again so soon after the database is back.
const BACK_WITHIN: Duration = Duration::from_secs(5);

async fn is_ready(addr: SocketAddr) -> bool {
    let reply = reqwest::get(format!("http://{addr}/readyz")).await;
    reply.unwrap().status() == 200
}

/// Sends a request with an `op_id` until it is acknowledged. Returns the `seq`.
async fn insist(tab: &mut TestClient, message: &Value) -> i64 {
    let begun = Instant::now();
    loop {
        tab.send(message).await;
        let answer = tab
            .until(|m| {
                m["op_id"] == message["op_id"]
                    && matches!(m["type"].as_str(), Some("ack" | "error"))
            })
            .await;
        if answer["type"] == "ack" {
            return answer["seq"].as_i64().unwrap();
        }
        assert_eq!(answer["code"], "unavailable");
        assert!(begun.elapsed() < 2 * TEST_TIMEOUT, "it does not come back");
    }
}

fn chat(text: &str) -> Value {
    json!({ "type": "canvas_chat", "text": text, "op_id": Uuid::new_v4() })
}

#[tokio::test]
async fn while_the_database_is_unreachable_sockets_stay_and_nothing_is_acknowledged() {
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
    assert!(!is_ready(server.addr).await);
    // Requests that need no database are still served.
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
        assert!(back.elapsed() < TEST_TIMEOUT, "it does not come back");
    };
    assert_eq!(ack["seq"], 2);
    other.reach(2).await;
    assert_eq!(other.chat[&2], "meanwhile");
    assert!(is_ready(server.addr).await);
    server.guest("Bob").await;
    let waited = back.elapsed();
    assert!(waited < BACK_WITHIN, "{waited:?}");
}

#[tokio::test]
async fn while_the_database_is_frozen_sockets_stay_and_nothing_is_acknowledged() {
    let server = ServerProcess::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    let mut other = TestClient::join(&ann, canvas).await;
    tab.done(json!({ "type": "canvas_chat", "text": "before" }))
        .await;
    other.reach(1).await;
    let frozen = server.freeze_postgres();
    let (first, second) = (chat("first"), chat("second"));
    for message in [&first, &second] {
        tab.send(message).await;
        let error = tab.refused("unavailable").await;
        assert_eq!(error["op_id"], message["op_id"]);
    }
    assert!(!is_ready(server.addr).await);
    tab.send(&json!({ "type": "user_presence", "presence_type": "typing", "is_typing": true }))
        .await;
    other.expect("user_typing").await;
    let heard = other.drain().await;
    assert!(heard.iter().all(|m| m.get("seq").is_none()), "{heard:?}");
    drop(frozen);
    let back = Instant::now();
    // Whether they were committed or not: each is stored once.
    let seqs = [
        insist(&mut tab, &first).await,
        insist(&mut tab, &second).await,
    ];
    assert!(is_ready(server.addr).await);
    server.guest("Bob").await;
    other.reach(3).await;
    let waited = back.elapsed();
    println!("back {waited:?} after the database");
    assert!(waited < BACK_WITHIN, "{waited:?}");
    assert_eq!(other.chat[&seqs[0]], "first");
    assert_eq!(other.chat[&seqs[1]], "second");
    let log = ann.all(&format!("/canvases/{canvas}/events")).await;
    assert_eq!(log.len(), 3);
    server.stop().await;
}

#[tokio::test]
async fn when_the_database_is_killed_everything_acknowledged_is_there_once() {
    const EACH: usize = 100;
    let server = ServerProcess::start().await;
    let owner = server.guest("Owner").await;
    let canvas = canvas(&owner, &json!({})).await;
    let mut watcher = TestClient::join(&owner, canvas).await;
    let mut writing = Vec::new();
    for _ in 0..4 {
        let writer = server.guest("Writer").await;
        let mut tab = TestClient::join(&writer, canvas).await;
        writing.push(tokio::spawn(async move {
            let mut acked = HashMap::new();
            let mut waits = Vec::new();
            for n in 0..EACH {
                let message = chat(&n.to_string());
                let begun = Instant::now();
                let seq = insist(&mut tab, &message).await;
                waits.push((begun, Instant::now()));
                acked.insert(seq, message["op_id"].clone());
            }
            (acked, waits)
        }));
    }
    watcher.reach(40).await;
    let before = server.postmaster();
    server.kill_postgres();
    let total = 4 * EACH;
    let is_back = async {
        server.postgres_after(before).await;
        Instant::now()
    };
    let all = watcher.reach(i64::try_from(total).unwrap());
    let (back, ()) = tokio::join!(is_back, all);
    let log = owner.all(&format!("/canvases/{canvas}/events")).await;
    assert_eq!(log.len(), total, "each once");
    assert_eq!(watcher.events, log);
    for written in join_all(writing).await {
        let (acked, waits) = written.unwrap();
        for (begun, answered) in waits {
            let waited = answered.saturating_duration_since(begun.max(back));
            assert!(waited < BACK_WITHIN, "{waited:?} after the database");
        }
        for (seq, op_id) in acked {
            let event = &log[usize::try_from(seq - 1).unwrap()];
            assert_eq!(event["op_id"], op_id);
        }
    }
    assert!(is_ready(server.addr).await);
    server.stop().await;
}

#[tokio::test]
async fn a_read_only_database_is_an_outage_that_ends() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    tab.done(json!({ "type": "canvas_chat", "text": "before" }))
        .await;
    server.database.read_only(true).await;
    let message = chat("meanwhile");
    let paint = json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]] });
    for message in [&message, &paint, &message, &paint] {
        tab.send(message).await;
        tab.refused("unavailable").await;
    }
    let body = crate::common::http::small_canvas("Another");
    let reply = ann.post("/canvases", &body).await;
    reply.problem(503, "unavailable");
    // Reads still work, joins too.
    let path = format!("/canvases/{canvas}/snapshot");
    assert_eq!(ann.get(&path).await.json(200)["seq"], 1);
    let mut late = TestClient::join(&ann, canvas).await;
    server.database.read_only(false).await;
    assert_eq!(insist(&mut tab, &message).await, 2);
    late.reach(2).await;
    ann.post("/canvases", &body).await.expect(201);
    server.stop().await;
}

/// A failover may leave connections open to a server that is now a standby.
#[tokio::test]
async fn connections_that_stayed_read_only_are_replaced() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    tab.done(json!({ "type": "canvas_chat", "text": "before" }))
        .await;
    server.database.read_only(true).await;
    // Several at a time, so that the pool has several of these connections.
    let read = format!("/canvases/{canvas}/snapshot");
    let reads = join_all((0..8).map(|_| ann.get(&read))).await;
    assert!(reads.iter().all(|reply| reply.status == 200));
    let message = chat("meanwhile");
    tab.send(&message).await;
    tab.refused("unavailable").await;
    server.database.read_only_for_new_connections(false).await;
    let back = Instant::now();
    assert_eq!(insist(&mut tab, &message).await, 2);
    let body = crate::common::http::small_canvas("Another");
    let made = async || {
        let made = join_all((0..8).map(|_| ann.post("/canvases", &body))).await;
        made.iter().all(|reply| reply.status == 201)
    };
    while !made().await {
        assert!(back.elapsed() < BACK_WITHIN, "it does not come back");
    }
    let waited = back.elapsed();
    assert!(waited < BACK_WITHIN, "{waited:?}");
    server.stop().await;
}

/// Whatever the database's defaults are, the server sets what it relies on.
#[tokio::test]
async fn durability_and_isolation_are_set_on_each_connection() {
    let postgres = OwnPostgres::start().await;
    for setting in [
        "synchronous_commit = off",
        "default_transaction_isolation = 'serializable'",
    ] {
        let alter = format!("ALTER DATABASE stellar_canvas SET {setting}");
        postgres.execute(&alter).await;
    }
    // A trigger writes down what each write runs with.
    let server = TestServer::start_on(postgres.database(), &[]).await;
    postgres
        .execute(
            "CREATE TABLE seen (synchronous TEXT, isolation TEXT);
             CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 INSERT INTO seen VALUES (current_setting('synchronous_commit'),
                                          current_setting('transaction_isolation'));
                 RETURN NULL;
             END $$",
        )
        .await;
    postgres
        .execute(
            "CREATE TRIGGER see AFTER INSERT ON canvas_events FOR EACH ROW EXECUTE FUNCTION see()",
        )
        .await;
    let ann = server.guest("Ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    tab.done(json!({ "type": "canvas_chat", "text": "hi" }))
        .await;
    tab.done(json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]] }))
        .await;
    let pool = server.database.pool().await;
    let seen: Vec<(String, String)> = sqlx::query_as("SELECT DISTINCT * FROM seen")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(seen, [("on".to_owned(), "read committed".to_owned())]);
}
