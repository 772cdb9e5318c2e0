//! Private messages between two nodes: one order everywhere, what is read and typed, and what
//! is found once Redis was away.

use crate::common::{
    canvas,
    cluster::{Cluster, Node},
    http::Client,
    socket::TestClient,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

/// Two users, each at a node of their own, who share a canvas.
struct Pair {
    ann: Client,
    bob: Client,
    canvas: i64,
    id: i64,
}

impl Pair {
    async fn on(here: &Node, there: &Node) -> Self {
        let (ann, bob) = (here.guest("Ann").await, there.guest("Bob").await);
        let canvas = canvas(&ann, &json!({})).await;
        drop(TestClient::join(&bob, canvas).await);
        let body = json!({ "username": bob.username() });
        let begun = ann.post("/conversations", &body).await.json(201);
        Self {
            id: begun["id"].as_i64().unwrap(),
            ann,
            bob,
            canvas,
        }
    }

    fn messages(&self) -> String {
        format!("/conversations/{}/messages", self.id)
    }

    fn to(&self, text: &str) -> Value {
        json!({ "type": "direct_message_send", "conversation_id": self.id, "text": text })
    }
}

/// The `seq`s that a connection gets, as messages or in an `ack`, until it has so many.
async fn seqs(connection: &mut TestClient, count: usize) -> Vec<i64> {
    let mut seqs = Vec::new();
    while seqs.len() < count {
        let message = connection.next().await;
        let seq = match message["type"].as_str().unwrap() {
            "direct_message" => &message["message"]["seq"],
            "ack" if message["for"] == "direct_message_send" => &message["seq"],
            "error" => panic!("{message}"),
            _ => continue,
        };
        seqs.push(seq.as_i64().unwrap());
    }
    seqs
}

#[tokio::test]
async fn every_connection_gets_the_messages_in_their_order() {
    const EACH: usize = 30;
    let cluster = Cluster::start(2).await;
    let [here, there] = &cluster.nodes[..] else {
        panic!("two nodes")
    };
    let pair = Pair::on(here, there).await;
    let mut connections = Vec::new();
    for user in [&pair.ann, &pair.bob] {
        for node in [here, there] {
            connections.push(TestClient::join(&node.at(user), pair.canvas).await);
        }
    }
    // All four connections send, and both users send over HTTP at both nodes.
    for n in 0..EACH {
        for connection in &mut connections {
            let mut message = pair.to(&format!("socket {n}"));
            message["op_id"] = json!(Uuid::new_v4().to_string());
            connection.send(&message).await;
        }
    }
    let path = pair.messages();
    let over_http = join_all([&pair.ann, &pair.bob].into_iter().flat_map(|user| {
        [here, there].map(|node| {
            let (user, path) = (node.at(user), &path);
            async move {
                for n in 0..EACH {
                    let body = json!({ "text": format!("http {n}") });
                    user.post(path, &body).await.expect(201);
                }
            }
        })
    }));
    let count = EACH * 8;
    let heard = join_all(connections.iter_mut().map(|it| seqs(it, count)));
    let (_, heard) = tokio::join!(over_http, heard);
    let all: Vec<i64> = (1..=i64::try_from(count).unwrap()).collect();
    for seqs in heard {
        assert_eq!(seqs, all);
    }
    let mut stored = pair.bob.all(&format!("{path}?limit=200")).await;
    stored.reverse();
    let stored: Vec<i64> = stored.iter().map(|m| m["seq"].as_i64().unwrap()).collect();
    assert_eq!(stored, all);
}

#[tokio::test]
async fn an_op_id_is_stored_once_on_two_nodes_at_once() {
    let cluster = Cluster::start(2).await;
    let [here, there] = &cluster.nodes[..] else {
        panic!("two nodes")
    };
    let pair = Pair::on(here, there).await;
    let path = pair.messages();
    for round in 1..=10 {
        let op_id = Uuid::new_v4().to_string();
        let body = json!({ "text": "once", "op_id": op_id });
        let replies = join_all((0..6).map(|n| {
            let user = if n % 2 == 0 { here } else { there }.at(&pair.ann);
            let (path, body) = (&path, &body);
            async move { user.post(path, body).await }
        }))
        .await;
        let created = replies.iter().filter(|reply| reply.status == 201).count();
        assert_eq!(created, 1);
        for reply in replies {
            let sent = reply.json(reply.status.as_u16());
            assert_eq!(sent["seq"], round);
        }
    }
}

#[tokio::test]
async fn reading_typing_and_removing_reach_the_other_node() {
    let cluster = Cluster::start(2).await;
    let [here, there] = &cluster.nodes[..] else {
        panic!("two nodes")
    };
    let pair = Pair::on(here, there).await;
    let path = pair.messages();
    let mut anns = TestClient::join(&pair.ann, pair.canvas).await;
    let mut bobs = TestClient::join(&pair.bob, pair.canvas).await;
    let mut bobs_tab = TestClient::join(&here.at(&pair.bob), pair.canvas).await;
    let ack = anns.done(pair.to("psst")).await;
    for connection in [&mut bobs, &mut bobs_tab] {
        let told = connection.expect("direct_message").await;
        assert_eq!(told["message"]["message_id"], ack["message_id"]);
    }
    let typing = json!({ "type": "direct_typing", "conversation_id": pair.id, "is_typing": true });
    anns.send(&typing).await;
    for connection in [&mut bobs, &mut bobs_tab] {
        let told = connection.expect("direct_typing").await;
        assert_eq!(told["is_typing"], true);
    }
    let read = json!({ "type": "direct_message_read", "conversation_id": pair.id, "seq": 1 });
    bobs.done(read).await;
    let told = bobs_tab.expect("direct_message_read").await;
    assert_eq!(
        (&told["conversation_id"], &told["seq"]),
        (&json!(pair.id), &json!(1))
    );
    // Bob has it open, at the other node.
    anns.done(pair.to("you read this")).await;
    let told = bobs_tab.expect("notification").await;
    assert_eq!(told["notification"]["read"], true);
    let one = format!("{path}/{}", ack["message_id"].as_str().unwrap());
    pair.ann.delete(&one).await.expect(204);
    for connection in [&mut anns, &mut bobs, &mut bobs_tab] {
        let told = connection
            .until(|m| m["type"] == "direct_message" && m["message"]["removed"] == true)
            .await;
        assert_eq!(told["message"]["text"], "");
        assert_eq!(told["message"]["seq"], 1);
    }
    // Once it is closed, nobody has.
    bobs.close().await;
    loop {
        let body = json!({ "text": "and this?" });
        pair.ann.post(&path, &body).await.expect(201);
        let told = bobs_tab.expect("notification").await;
        if told["notification"]["read"] == false {
            break;
        }
    }
}

#[tokio::test]
async fn a_connection_that_was_away_reads_what_came_after() {
    let cluster = Cluster::start(2).await;
    let [here, there] = &cluster.nodes[..] else {
        panic!("two nodes")
    };
    let pair = Pair::on(here, there).await;
    let path = pair.messages();
    let mut bobs = TestClient::join(&pair.bob, pair.canvas).await;
    let send = async |text: &str| {
        let body = json!({ "text": text });
        pair.ann.post(&path, &body).await.json(201)
    };
    send("1").await;
    bobs.expect("direct_message").await;
    bobs.close().await;
    let missed = [send("2").await, send("3").await];
    let mut bobs = TestClient::join(&pair.bob, pair.canvas).await;
    let read = pair.bob.all(&format!("{path}?after_seq=1")).await;
    assert_eq!(read, missed);
    // Nothing comes twice.
    let next = send("4").await;
    assert_eq!(bobs.expect("direct_message").await["message"], next);
}

#[tokio::test]
async fn what_was_sent_while_redis_was_away_is_found() {
    let mut cluster = Cluster::start(2).await;
    let [here, there] = &cluster.nodes[..] else {
        panic!("two nodes")
    };
    let pair = Pair::on(here, there).await;
    let path = pair.messages();
    let mut anns = TestClient::join(&pair.ann, pair.canvas).await;
    let mut bobs = TestClient::join(&pair.bob, pair.canvas).await;
    anns.done(pair.to("1")).await;
    cluster.redis.kill().await;
    for n in 2..=4 {
        let body = json!({ "text": n.to_string() });
        pair.ann.post(&path, &body).await.expect(201);
        let back = json!({ "text": format!("{n} too") });
        pair.bob.post(&path, &back).await.expect(201);
    }
    for connection in [&mut anns, &mut bobs] {
        let all = if connection.connected["user_id"] == pair.ann.id() {
            2..=7
        } else {
            1..=7
        };
        let all: Vec<i64> = all.collect();
        assert_eq!(seqs(connection, all.len()).await, all);
    }
}
