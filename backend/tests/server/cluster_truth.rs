//! Order and rights in a cluster whose parts misbehave: batches that the database
//! refuses, another cluster on the same Redis, messages on the bus that are late,
//! repeated or wrong.

use crate::common::{
    TestServer, canvas,
    cluster::Cluster,
    http::Client,
    socket::{Closed, TestClient},
};
use futures_util::{StreamExt, future::join_all};
use redis::AsyncCommands;
use serde_json::{Value, json};
use uuid::Uuid;

/// Requests of each writer.
const EACH: usize = 150;

/// Sends requests without waiting for each, and reads until all are answered.
async fn write(tab: &mut TestClient, name: &str, poisoned: bool) {
    for n in 0..EACH {
        let text = if poisoned && n % 10 == 3 {
            "poison".to_owned()
        } else {
            format!("{name} {n}")
        };
        let message = if n % 3 == 0 {
            json!({ "type": "tile_update", "x": 0, "y": 0, "title": text })
        } else {
            json!({ "type": "canvas_chat", "text": text })
        };
        tab.operate(message).await;
        if n % 20 == 19 {
            tab.drain().await;
        }
    }
    while !tab.unanswered().is_empty() {
        tab.next().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_batches_beside_another_writer_keep_the_order() {
    let cluster = Cluster::start(3).await;
    cluster.database.refuse_poison().await;
    let [first, second, third] = &cluster.nodes[..] else {
        panic!("three nodes")
    };
    let owner = first.guest("Owner").await;
    let id = canvas(&owner, &json!({})).await;
    let mut start = TestClient::join(&owner, id).await;
    start
        .done(json!({ "type": "tile_create", "x": 0, "y": 0 }))
        .await;
    let head = i64::try_from(1 + 5 * EACH - 3 * EACH / 10).unwrap();
    // Each client panics at a gap, a repeat, or an ack before its turn.
    let mut watching = vec![tokio::spawn(async move {
        start.reach(head).await;
        start
    })];
    for node in [first, second, third] {
        let mut watcher = TestClient::join(&node.at(&owner), id).await;
        watching.push(tokio::spawn(async move {
            watcher.reach(head).await;
            watcher
        }));
    }
    let mut writing = Vec::new();
    for (number, node) in [first, first, first, second, second]
        .into_iter()
        .enumerate()
    {
        let mut tab = TestClient::join(&node.guest("Writer").await, id).await;
        writing.push(tokio::spawn(async move {
            write(&mut tab, &format!("writer {number}"), number < 3).await;
            tab.reach(head).await;
        }));
    }
    for writer in join_all(writing).await {
        writer.unwrap();
    }
    let log = owner.all(&format!("/canvases/{id}/events")).await;
    let seqs: Vec<i64> = log.iter().map(|e| e["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=head).collect::<Vec<_>>());
    assert!(
        log.iter()
            .all(|event| !event.to_string().contains("poison"))
    );
    for watcher in join_all(watching).await {
        let events = watcher.unwrap().events;
        assert_eq!(events, log[1..]);
    }
}

/// Two clusters on one Redis, one with a copy of the other's database: same canvases,
/// same users, same tokens.
#[tokio::test]
async fn clusters_on_one_redis_do_not_know_of_each_other() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let id = canvas(&ann, &json!({ "visibility": "private" })).await;
    let mut tab = TestClient::join(&ann, id).await;
    tab.done(json!({ "type": "canvas_chat", "text": "before" }))
        .await;
    drop(tab);
    let database = server.stop().await;
    let copy = database.copy().await;
    let mut original = Cluster::start(0).await;
    original.database = database;
    let mut copied = Cluster::start(0).await;
    copied.database = copy;
    let url = original.redis.url();
    let other_number = format!("{url}1");
    for _ in 0..2 {
        original.add(&[("REDIS_URL", &url)]).await;
        copied.add(&[("REDIS_URL", &other_number)]).await;
    }
    let at = |cluster: &Cluster, node: usize| cluster.nodes[node].at(&ann);
    let mut here = TestClient::join(&at(&original, 0), id).await;
    let mut here_too = TestClient::join(&at(&original, 1), id).await;
    let mut there = TestClient::join(&at(&copied, 0), id).await;
    let mut there_too = TestClient::join(&at(&copied, 1), id).await;
    assert_ne!(here.connected["epoch"], there.connected["epoch"]);
    for n in 0..20 {
        here.done(json!({ "type": "canvas_chat", "text": format!("original {n}") }))
            .await;
        if n < 10 {
            there_too
                .done(json!({ "type": "canvas_chat", "text": format!("copy {n}") }))
                .await;
        }
    }
    here_too.reach(21).await;
    there.reach(11).await;
    assert_eq!((&here.chat, &there.chat), (&here_too.chat, &there_too.chat));
    assert!(there.chat.values().all(|text| !text.contains("original")));
    // Presence too: each counts its own connections.
    for (client, cluster) in [(&mut here, &original), (&mut there, &copied)] {
        let users = at(cluster, 1).get(&format!("/canvases/{id}/users")).await;
        let users = users.json(200);
        assert_eq!(users["items"][0]["connections"], 2, "{users}");
        client.drain().await;
    }
    // Deleting the original, and ending its sessions, ends nothing of the copy.
    at(&original, 1)
        .delete(&format!("/canvases/{id}"))
        .await
        .expect(204);
    assert_eq!(here.closed().await.reason, "canvas_deleted");
    assert_eq!(here_too.closed().await.reason, "canvas_deleted");
    at(&original, 0)
        .post("/auth/logout", &json!({}))
        .await
        .expect(204);
    there
        .done(json!({ "type": "canvas_chat", "text": "still here" }))
        .await;
    there_too.reach(12).await;
}

/// Publishes to a channel of the cluster by hand.
async fn publish(cluster: &Cluster, channel: &str, message: &str) -> usize {
    let client = redis::Client::open(cluster.redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    connection.publish(channel, message).await.unwrap()
}

/// Whether the user may delete a tile that somebody else created.
async fn may_delete(tab: &mut TestClient) -> bool {
    let op_id = Uuid::new_v4();
    tab.send(&json!({ "type": "tile_delete", "x": 0, "y": 0, "op_id": op_id }))
        .await;
    let answer = tab.until(|m| m["op_id"] == json!(op_id)).await;
    if answer["type"] == "error" {
        assert_eq!(answer["code"], "forbidden", "{answer}");
    }
    answer["type"] == "ack"
}

#[tokio::test]
async fn the_bus_is_not_believed_about_rights() {
    let cluster = Cluster::start(2).await;
    let [here, there] = &cluster.nodes[..] else {
        panic!("two nodes")
    };
    let owner = here.guest("Owner").await;
    let bob = here.guest("Bob").await;
    let id = canvas(&owner, &json!({})).await;
    let mut painter = TestClient::join(&owner, id).await;
    painter
        .done(json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]] }))
        .await;
    let mut bobs = [
        TestClient::join(&bob, id).await,
        TestClient::join(&there.at(&bob), id).await,
    ];
    // Everything that is published is kept.
    let client = redis::Client::open(cluster.redis.url()).unwrap();
    let mut listener = client.get_async_pubsub().await.unwrap();
    listener.psubscribe("ws:*").await.unwrap();
    let member = format!("/canvases/{id}/members/{}", bob.username());
    for role in ["moderator", "viewer"] {
        let body = json!({ "role": role });
        owner.put(&member, &body).await.expect(200);
    }
    let mut published = Vec::new();
    let mut messages = listener.on_message();
    while published.len() < 2 {
        let message = messages.next().await.unwrap();
        let channel = message.get_channel_name().to_owned();
        let body: String = message.get_payload().unwrap();
        if channel.starts_with(&format!("ws:room:{id}@")) && body.contains("access_changed") {
            published.push((channel, body));
        }
    }
    drop(messages);
    for tab in &mut bobs {
        assert!(!may_delete(tab).await);
    }
    // In the wrong order, again, and forged in the form that was believed once.
    let (room, first) = published[0].clone();
    let suffix = room.split_once('@').unwrap().1.to_owned();
    let role = json!({ "role": { "user": bob.id(), "role": "moderator" } });
    let forged = json!(["node-0badcafe", role]).to_string();
    let (_, second) = &published[1];
    for message in [second, &first, &forged] {
        assert!(publish(&cluster, &room, message).await >= 2);
    }
    // Neither are deletions and ended sessions.
    let deleted = json!(["node-0badcafe", "deleted"]).to_string();
    assert!(publish(&cluster, &room, &deleted).await >= 2);
    let session = session_of(&bob);
    let ended = json!(["node-0badcafe", { "session_ended": session }]).to_string();
    let user = format!("ws:user:{}@{suffix}", bob.id());
    assert!(publish(&cluster, &user, &ended).await >= 2);
    for tab in &mut bobs {
        for _ in 0..3 {
            assert!(!may_delete(tab).await);
        }
    }
    // What really happened is noticed at once.
    owner
        .put(&member, &json!({ "role": "moderator" }))
        .await
        .expect(200);
    let [near, far] = &mut bobs;
    assert!(may_delete(near).await);
    far.reach(2).await;
    bob.post("/auth/logout", &json!({})).await.expect(204);
    for tab in &mut bobs {
        let revoked = Closed {
            code: 1008,
            reason: "revoked".to_owned(),
        };
        assert_eq!(tab.closed().await, revoked);
    }
}

/// The `jti` of a client's token.
fn session_of(client: &Client) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let claims = client.token().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    claims["jti"].as_str().unwrap().to_owned()
}

/// A role that is taken away has a place in the order of events, whatever a node has
/// heard of it.
#[tokio::test]
async fn a_role_is_read_again_under_the_lock() {
    let server = TestServer::start().await;
    let owner = server.guest("Owner").await;
    let bob = server.guest("Bob").await;
    let id = canvas(&owner, &json!({ "visibility": "private" })).await;
    let member = format!("/canvases/{id}/members/{}", bob.username());
    owner
        .put(&member, &json!({ "role": "moderator" }))
        .await
        .expect(200);
    let mut tab = TestClient::join(&bob, id).await;
    let pool = server.database.pool().await;
    for (role, kind, allowed) in [
        ("moderator", "tile_paint", true),
        ("viewer", "tile_paint", false),
        ("viewer", "canvas_chat", true),
        ("editor", "tile_paint", true),
    ] {
        // By hand, so that no node is told.
        sqlx::query("UPDATE canvas_members SET role = $1 WHERE canvas_id = $2")
            .bind(role)
            .bind(id)
            .execute(&pool)
            .await
            .unwrap();
        let op_id = Uuid::new_v4();
        let colour = u8::from(role == "editor");
        tab.send(&json!({
            "type": kind, "x": 0, "y": 0, "pixels": [[0, colour]], "text": "hi", "op_id": op_id,
        }))
        .await;
        let answered = |m: &Value| {
            m["op_id"] == json!(op_id) && matches!(m["type"].as_str(), Some("ack" | "error"))
        };
        let answer = tab.until(answered).await;
        assert_eq!(answer["type"] == "ack", allowed, "{role} {kind}: {answer}");
    }
    sqlx::query("DELETE FROM canvas_members WHERE canvas_id = $1")
        .bind(id)
        .execute(&pool)
        .await
        .unwrap();
    let op_id = Uuid::new_v4();
    tab.send(&json!({ "type": "canvas_chat", "text": "not any more", "op_id": op_id }))
        .await;
    let answer = tab.until(|m| m["op_id"] == json!(op_id)).await;
    assert_eq!(answer["code"], "forbidden");
    assert_eq!(tab.closed().await.reason, "revoked");
}
