//! History that goes back: a copy of the files or a dump is put back under open
//! connections. Nobody gets an `ack` for what nobody gets, everybody resumes with
//! `resync`, and all end with the same log.

use crate::common::{
    TEST_TIMEOUT, TestServer, canvas,
    cluster::Cluster,
    http::Client,
    own_postgres::{Keeper, OwnPostgres, Restore},
    redis::RedisServer,
    socket::{Closed, TestClient, open, upgrade},
};
use serde_json::{Value, json};
use std::time::Instant;
use uuid::Uuid;

/// Seconds until a silent peer is disconnected, more than a restore takes on a busy machine: the
/// connections of these tests answer no ping meanwhile.
const TIMEOUT: &str = "300";

fn chat(text: &str) -> Value {
    json!({ "type": "canvas_chat", "text": text })
}

/// Sends chat until it is acknowledged, whatever is answered meanwhile.
async fn insist(tab: &mut TestClient, text: &str) {
    let mut message = chat(text);
    message["op_id"] = json!(Uuid::new_v4());
    let begun = Instant::now();
    loop {
        tab.send(&message).await;
        let answer = tab
            .until(|m| {
                m["op_id"] == message["op_id"]
                    && matches!(m["type"].as_str(), Some("ack" | "error"))
            })
            .await;
        if answer["type"] == "ack" {
            return;
        }
        assert!(begun.elapsed() < TEST_TIMEOUT, "{answer}");
    }
}

/// Sends messages until the connection is closed; none may be acknowledged.
async fn write_until_closed(tab: &mut TestClient) -> Closed {
    loop {
        let mut message = chat("into the void");
        message["op_id"] = json!(Uuid::new_v4());
        tab.try_repeat(message.clone()).await;
        let answer = tab
            .try_until(|m| {
                m["op_id"] == message["op_id"]
                    && matches!(m["type"].as_str(), Some("ack" | "error"))
            })
            .await;
        match answer {
            Ok(answer) => assert_eq!(answer["type"], "error", "{answer}"),
            Err(closed) => return closed,
        }
    }
}

/// Resumes, which must give a resync in another epoch, and takes the snapshot.
async fn resync(client: &Client, canvas: i64, before: &TestClient) -> TestClient {
    let mut back = TestClient::resume(client, canvas, before).await;
    assert_eq!(back.connected["resume"], "resync");
    assert_ne!(back.connected["epoch"], before.connected["epoch"]);
    let path = format!("/canvases/{canvas}/snapshot");
    back.start_from(&client.get(&path).await.json(200));
    back
}

/// Where the event after this `seq` is in the log.
fn index(seq: i64) -> usize {
    usize::try_from(seq).unwrap()
}

/// The log over HTTP.
async fn log(client: &Client, canvas: i64) -> Vec<Value> {
    client.all(&format!("/canvases/{canvas}/events")).await
}

async fn restored_under_one_node(how: Restore) {
    let mut keeper = Keeper::new(how).await;
    let server = TestServer::start_on(
        keeper.postgres.database(),
        &["--websocket-timeout", TIMEOUT],
    )
    .await;
    let ann = server.guest("Ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let mut other = TestClient::join(&ann, id).await;
    for n in 0..10 {
        insist(&mut tab, &format!("kept {n}")).await;
    }
    keeper.keep().await;
    for n in 0..10 {
        insist(&mut tab, &format!("lost {n}")).await;
    }
    other.reach(20).await;
    keeper.restore().await;
    let closed = write_until_closed(&mut tab).await;
    assert_eq!(closed.code, 1012, "{closed:?}");
    assert_eq!(other.closed().await, closed);
    assert_eq!(other.seq, 20, "something of the other history came");
    let mut tab = resync(&ann, id, &tab).await;
    let mut other = resync(&ann, id, &other).await;
    let first = tab.seq;
    assert_eq!(tab.connected["epoch"], other.connected["epoch"]);
    for n in 0..10 {
        insist(&mut tab, &format!("new {n}")).await;
    }
    other.reach(first + 10).await;
    assert_eq!(tab.chat, other.chat);
    assert_eq!(tab.events[..], log(&ann, id).await[index(first)..]);
    server.stop().await;
}

#[tokio::test]
async fn a_cold_copy_under_one_node() {
    restored_under_one_node(Restore::ColdCopy).await;
}

#[tokio::test]
async fn an_older_dump_under_one_node() {
    restored_under_one_node(Restore::Dump).await;
}

/// One node writes, and both have members. The writer's node may have seen nothing of
/// what is lost.
async fn restored_under_two_nodes(how: Restore) {
    let mut keeper = Keeper::new(how).await;
    let mut cluster = Cluster {
        redis: RedisServer::start().await,
        database: keeper.postgres.database(),
        nodes: Vec::new(),
    };
    cluster.add(&[("WEBSOCKET_TIMEOUT", TIMEOUT)]).await;
    cluster.add(&[("WEBSOCKET_TIMEOUT", TIMEOUT)]).await;
    let [here, there] = &cluster.nodes[..] else {
        panic!("two nodes")
    };
    let ann = here.guest("Ann").await;
    let away = there.at(&ann);
    let id = canvas(&ann, &json!({})).await;
    let unseen = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let mut other = TestClient::join(&away, id).await;
    let mut alone = TestClient::join(&ann, unseen).await;
    for n in 0..5 {
        insist(&mut tab, &format!("kept {n}")).await;
        insist(&mut alone, &format!("kept {n}")).await;
    }
    keeper.keep().await;
    for n in 0..5 {
        insist(&mut tab, &format!("lost {n}")).await;
        insist(&mut alone, &format!("lost {n}")).await;
    }
    other.reach(10).await;
    keeper.restore().await;
    // A node that has not seen what is lost grows the log past the head that the other
    // node has delivered.
    let grown = async {
        let mut late = loop {
            let query = format!("token={}", away.token());
            let request = upgrade(away.addr, unseen, &query, &[]);
            if let Ok(socket) = open(away.addr, request).await {
                drop(socket);
                break TestClient::join(&away, unseen).await;
            }
        };
        let base = late.seq;
        for n in 0..20 {
            insist(&mut late, &format!("new {n}")).await;
        }
        assert_eq!(late.seq, base + 20);
        late
    };
    // Both nodes have delivered what is lost. All three read meanwhile: the server waits a
    // second for a peer to answer its close frame.
    let (mut late, closed, written, read) = tokio::join!(
        grown,
        alone.closed(),
        write_until_closed(&mut tab),
        other.closed()
    );
    assert_eq!(closed.code, 1012, "{closed:?}");
    assert_eq!(alone.seq, 10);
    let alone = resync(&ann, unseen, &alone).await;
    assert_eq!(alone.seq, late.seq);
    assert_eq!((written.code, read.code), (1012, 1012));
    let mut tab = resync(&ann, id, &tab).await;
    let mut other = resync(&away, id, &other).await;
    assert_eq!(tab.connected["epoch"], other.connected["epoch"]);
    let first = tab.seq;
    for n in 0..5 {
        insist(&mut tab, &format!("here {n}")).await;
        insist(&mut other, &format!("there {n}")).await;
    }
    tab.reach(first + 10).await;
    other.reach(first + 10).await;
    assert_eq!(tab.chat, other.chat);
    assert_eq!(tab.events[..], log(&ann, id).await[index(first)..]);
    // The epoch is renewed once, and stays.
    let epoch = ann.get(&format!("/canvases/{id}")).await.json(200)["epoch"].clone();
    assert_eq!(epoch, tab.connected["epoch"]);
    // The unaware member went on without a break.
    insist(&mut late, "still here").await;
}

/// Members who only read are told too, without anybody writing.
#[tokio::test]
async fn an_idle_canvas_is_told() {
    let mut keeper = Keeper::new(Restore::ColdCopy).await;
    let server = TestServer::start_on(
        keeper.postgres.database(),
        &["--websocket-timeout", TIMEOUT],
    )
    .await;
    let ann = server.guest("Ann").await;
    let (lost, kept) = (
        canvas(&ann, &json!({})).await,
        canvas(&ann, &json!({})).await,
    );
    let mut tab = TestClient::join(&ann, lost).await;
    let mut other = TestClient::join(&ann, kept).await;
    insist(&mut other, "kept").await;
    insist(&mut tab, "kept").await;
    keeper.keep().await;
    insist(&mut tab, "lost").await;
    keeper.restore().await;
    assert_eq!(tab.closed().await.code, 1012);
    resync(&ann, lost, &tab).await;
    // Nothing of the other canvas is lost, so nobody there is disturbed.
    insist(&mut other, "still here").await;
    assert_eq!(other.seq, 2);
    server.stop().await;
}

#[tokio::test]
async fn a_cold_copy_under_two_nodes() {
    restored_under_two_nodes(Restore::ColdCopy).await;
}

#[tokio::test]
async fn an_older_dump_under_two_nodes() {
    restored_under_two_nodes(Restore::Dump).await;
}

/// The server starts after the restore and has seen nothing; a client has.
#[tokio::test]
async fn a_client_from_the_future_renews_the_epoch() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    for n in 0..5 {
        insist(&mut tab, &n.to_string()).await;
    }
    let query = |client: &Client, seq: i64, epoch: &Value| {
        format!(
            "token={}&last_seq={seq}&epoch={}",
            client.token(),
            epoch.as_str().unwrap()
        )
    };
    let epoch = tab.connected["epoch"].clone();
    let ahead = TestClient::connect(ann.addr, id, &query(&ann, 10, &epoch)).await;
    assert_eq!(ahead.connected["resume"], "resync");
    let renewed = ahead.connected["epoch"].clone();
    assert_ne!(renewed, epoch);
    let stored = ann.get(&format!("/canvases/{id}")).await.json(200)["epoch"].clone();
    assert_eq!(stored, renewed);
    // The log grows past what the others had seen of the lost history.
    for n in 0..10 {
        insist(&mut tab, &format!("new {n}")).await;
    }
    let behind = TestClient::connect(ann.addr, id, &query(&ann, 8, &epoch)).await;
    assert_eq!(behind.connected["resume"], "resync");
    // Who was there is not disturbed. And a second claim is answered, not believed.
    let liar = TestClient::connect(ann.addr, id, &query(&ann, 99, &renewed)).await;
    assert_eq!(liar.connected["resume"], "resync");
    assert_eq!(liar.connected["epoch"], renewed);
    tab.drain().await;
    let kept = TestClient::connect(ann.addr, id, &query(&ann, 15, &renewed)).await;
    assert_eq!(kept.connected["resume"], "resumed");
}

/// After a cold copy everything else is the same, so the event itself is compared.
#[tokio::test]
async fn an_event_with_another_time_is_another_event() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let paint = json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]] });
    let painted = tab.done(paint.clone()).await;
    let head = 600;
    for n in 1..head {
        tab.operate(chat(&n.to_string())).await;
    }
    tab.reach(head).await;
    let events = log(&ann, id).await;
    let time = |seq: i64| {
        let event = &events[index(seq - 1)];
        let time = event.get("timestamp").or(event.get("created_at"));
        time.and_then(Value::as_str).unwrap().to_owned()
    };
    assert_eq!(
        painted["timestamp"],
        time(1),
        "the ack has the event's time"
    );
    let epoch = tab.connected["epoch"].as_str().unwrap();
    // The newest are in memory, the oldest only in the log.
    for seq in [1, 2, head - 512, head - 1, head] {
        let other = format!("2020-01-01T00:00:00.{seq:03}Z");
        let offset = time(seq).replace('Z', "%2B00:00");
        for (told, resume) in [
            (time(seq), "resumed"),
            (offset, "resumed"),
            (String::new(), "resumed"),
            (other, "resync"),
            ("yesterday".to_owned(), "resync"),
        ] {
            let query = format!(
                "token={}&last_seq={seq}&epoch={epoch}&last_timestamp={told}",
                ann.token()
            );
            let mut back = TestClient::connect(ann.addr, id, &query).await;
            assert_eq!(back.connected["resume"], resume, "{seq} {told}");
            back.reach(head).await;
            let replayed = if resume == "resumed" { head - seq } else { 0 };
            assert_eq!(back.events.len(), index(replayed));
        }
    }
    // A repeat gets the first event's time.
    let op_id = tab.operate(json!({ "type": "tile_paint", "x": 1, "y": 0, "pixels": [[0, 1]] }));
    let op_id = op_id.await;
    let first = tab.until(|m| m["op_id"] == *op_id).await;
    let mut again = paint;
    again["x"] = json!(1);
    again["op_id"] = json!(op_id);
    tab.send(&again).await;
    let repeated = tab.until(|m| m["op_id"] == *op_id).await;
    assert_eq!(repeated["timestamp"], first["timestamp"]);
    assert_eq!(repeated["seq"], first["seq"]);
}

/// A standby that was promoted, or a copy of the database, has another origin.
#[tokio::test]
async fn another_origin_renews_every_epoch() {
    let postgres = OwnPostgres::start().await;
    let server = TestServer::start_on(postgres.database(), &[]).await;
    let ann = server.guest("Ann").await;
    let (first, second) = (
        canvas(&ann, &json!({})).await,
        canvas(&ann, &json!({})).await,
    );
    let mut tab = TestClient::join(&ann, first).await;
    insist(&mut tab, "before").await;
    let epoch =
        async |id: i64| ann.get(&format!("/canvases/{id}")).await.json(200)["epoch"].clone();
    let before = (epoch(first).await, epoch(second).await);
    // As a copy of another cluster has it.
    postgres
        .execute("UPDATE history SET origin = replace(origin, ':', '1:')")
        .await;
    let database = server.stop().await;
    let server = TestServer::start_on(database, &[]).await;
    let ann = Client {
        addr: server.addr,
        ..ann
    };
    let epoch =
        async |id: i64| ann.get(&format!("/canvases/{id}")).await.json(200)["epoch"].clone();
    let after = (epoch(first).await, epoch(second).await);
    assert_ne!(before.0, after.0);
    assert_ne!(before.1, after.1);
    let back = TestClient::resume(&ann, first, &tab).await;
    assert_eq!(back.connected["resume"], "resync");
    // Only once.
    let database = server.stop().await;
    let server = TestServer::start_on(database, &[]).await;
    let ann = Client {
        addr: server.addr,
        ..ann
    };
    let kept = ann.get(&format!("/canvases/{first}")).await.json(200)["epoch"].clone();
    assert_eq!(kept, after.0);
}
