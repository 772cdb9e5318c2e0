//! One canvas on several nodes that share a Redis and a PostgreSQL.

use crate::common::{canvas, client_pool::converge_over, cluster::Cluster, socket::TestClient};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::net::SocketAddr;
use uuid::Uuid;

fn chat(text: &str) -> Value {
    json!({ "type": "canvas_chat", "text": text, "op_id": Uuid::new_v4() })
}

/// The number of durable events that the nodes read from the log because the bus
/// did not bring them.
async fn backfilled(cluster: &Cluster) -> f64 {
    let mut sum = 0.0;
    for node in &cluster.nodes {
        sum += node.metric("stellar_backfilled_events_total").await;
    }
    sum
}

#[tokio::test]
async fn every_observer_on_every_node_sees_one_order() {
    const WRITERS: usize = 16;
    const EACH: usize = 40;
    let cluster = Cluster::start(3).await;
    let owner = cluster.nodes[0].guest("Owner").await;
    let id = canvas(&owner, &json!({})).await;
    let mut observers = Vec::new();
    for node in &cluster.nodes {
        observers.push(TestClient::join(&node.at(&owner), id).await);
    }
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        let node = &cluster.nodes[number % 3];
        let writer = node.guest("Writer").await;
        writers.push(TestClient::join(&writer, id).await);
    }
    let writing = writers.iter_mut().enumerate().map(async |(number, tab)| {
        for n in 0..EACH {
            if n % 2 == 0 {
                tab.operate(json!({ "type": "canvas_chat", "text": format!("{number} {n}") }))
                    .await;
            } else {
                let edits = [[number * 4 + n % 4, n / 8 % 4]];
                let (x, y) = (n % 8, number % 6);
                tab.operate(json!({ "type": "tile_paint", "x": x, "y": y, "pixels": edits }))
                    .await;
            }
        }
        while !tab.unanswered().is_empty() {
            tab.next().await;
        }
    });
    join_all(writing).await;
    let head = i64::try_from(WRITERS * EACH).unwrap();
    for tab in observers.iter_mut().chain(&mut writers) {
        tab.reach(head).await;
    }
    let log = owner.all(&format!("/canvases/{id}/events")).await;
    for tab in &observers {
        assert_eq!(tab.events, log);
    }
    for tab in &writers {
        assert_eq!(tab.chat, observers[0].chat);
    }
    // The events of other nodes came over the bus, not from the database: few of
    // the events that each of the three nodes received were backfilled.
    let learned = 2.0 * f64::from(u32::try_from(WRITERS * EACH).unwrap());
    let late = backfilled(&cluster).await;
    println!("{late} of {learned} events were read from the log");
    assert!(late < learned / 4.0, "{late} of {learned}");
}

#[tokio::test]
async fn one_operation_sent_to_two_nodes_is_applied_once() {
    let cluster = Cluster::start(2).await;
    let owner = cluster.nodes[0].guest("Owner").await;
    let id = canvas(&owner, &json!({})).await;
    let mut here = TestClient::join(&owner, id).await;
    let mut there = TestClient::join(&cluster.nodes[1].at(&owner), id).await;
    for n in 0..50 {
        let message = chat(&n.to_string());
        tokio::join!(here.send(&message), there.send(&message));
        let acked = |m: &Value| m["type"] == "ack" && m["op_id"] == message["op_id"];
        let (first, second) = tokio::join!(here.until(acked), there.until(acked));
        assert_eq!(first["seq"], n + 1);
        assert_eq!(second["seq"], n + 1);
        // An answer never overtakes an older event or its own event.
        assert_eq!((here.seq, there.seq), (n + 1, n + 1));
    }
    let log = owner.all(&format!("/canvases/{id}/events")).await;
    assert_eq!(log.len(), 50);
}

#[tokio::test]
async fn http_changes_at_one_node_reach_sockets_at_the_others() {
    let cluster = Cluster::start(2).await;
    let owner = cluster.nodes[0].guest("Owner").await;
    let there = cluster.nodes[1].at(&owner);
    let id = canvas(&owner, &json!({})).await;
    let mut watcher = TestClient::join(&owner, id).await;
    // No connection has the canvas open there.
    let tile = json!({ "x": 1, "y": 2, "title": "made" });
    let tile = there.post(&format!("/canvases/{id}/tiles"), &tile).await;
    let created = watcher.expect("tile_created").await;
    assert_eq!(created["tile_id"], tile.json(201)["id"]);
    let renamed = json!({ "name": "Renamed" });
    there
        .patch(&format!("/canvases/{id}"), &renamed)
        .await
        .expect(200);
    let updated = watcher.expect("canvas_updated").await;
    assert_eq!(updated["canvas"]["name"], "Renamed");
}

#[tokio::test]
async fn clients_that_move_between_nodes_converge() {
    let cluster = Cluster::start(3).await;
    let nodes: Vec<SocketAddr> = cluster.nodes.iter().map(|node| node.addr).collect();
    for seed in 1..=4 {
        converge_over(&nodes, seed).await;
    }
}
