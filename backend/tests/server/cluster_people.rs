//! Presence over several nodes: everybody sees the same active users, each once.

use crate::common::{TEST_TIMEOUT, canvas, cluster::Cluster, http::Client, socket::TestClient};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn presence(what: &str, more: &Value) -> Value {
    let mut message = json!({ "type": "user_presence", "presence_type": what });
    for (name, value) in more.as_object().into_iter().flatten() {
        message[name] = value.clone();
    }
    message
}

/// The names of the active users, with their numbers of connections.
fn people(users: &Value) -> Vec<(String, u64)> {
    let users = users.as_array().unwrap().iter();
    let mut people: Vec<(String, u64)> = users
        .map(|user| {
            let name = user["display_name"].as_str().unwrap().to_owned();
            (name, user["connections"].as_u64().unwrap())
        })
        .collect();
    people.sort();
    people
}

fn named(list: &[(&str, u64)]) -> Vec<(String, u64)> {
    list.iter()
        .map(|(name, n)| ((*name).to_owned(), *n))
        .collect()
}

/// The active users as the HTTP API lists them.
async fn listed(client: &Client, canvas: i64) -> Vec<(String, u64)> {
    let users = client.get(&format!("/canvases/{canvas}/users")).await;
    people(&users.json(200)["items"])
}

#[tokio::test]
async fn a_user_joins_once_and_leaves_once_wherever_the_tabs_are() {
    let cluster = Cluster::start(3).await;
    let [here, there, third] = &cluster.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = (here.guest("Ann").await, here.guest("Bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut near = TestClient::join(&ann, id).await;
    let mut far = TestClient::join(&there.at(&ann), id).await;
    assert_eq!(people(&far.connected["active_users"]), named(&[("Ann", 2)]));
    let first = TestClient::join(&bob, id).await;
    let expected = named(&[("Ann", 2), ("Bob", 1)]);
    assert_eq!(people(&first.connected["active_users"]), expected);
    for tab in [&mut near, &mut far] {
        let joined = tab.expect("user_joined").await;
        assert_eq!(joined["display_name"], "Bob");
        assert_eq!(joined["active_users"], 2);
    }
    let mut second = TestClient::join(&there.at(&bob), id).await;
    let expected = named(&[("Ann", 2), ("Bob", 2)]);
    assert_eq!(people(&second.connected["active_users"]), expected);
    // A second tab is not announced: the next message is about what it does.
    second
        .send(&presence("cursor", &json!({ "x": 1, "y": 2 })))
        .await;
    for tab in [&mut near, &mut far] {
        tab.expect("user_cursor").await;
    }
    // A node that does not have the canvas open knows them as well.
    for client in [&ann, &there.at(&ann), &third.at(&ann)] {
        let snapshot = client.get(&format!("/canvases/{id}/snapshot")).await;
        assert_eq!(people(&snapshot.json(200)["active_users"]), expected);
        assert_eq!(listed(client, id).await, expected);
        let one = client.get(&format!("/canvases/{id}")).await.json(200);
        assert_eq!(one["active_users"], 2);
        let all = client.get("/canvases").await.json(200);
        assert_eq!(all["items"][0]["active_users"], 2);
    }
    // Moving from one node to another is not leaving.
    first.close().await;
    second.close().await;
    let third_tab = TestClient::join(&third.at(&bob), id).await;
    let expected = named(&[("Ann", 2), ("Bob", 1)]);
    assert_eq!(people(&third_tab.connected["active_users"]), expected);
    third_tab.close().await;
    for tab in [&mut near, &mut far] {
        let mut heard = Vec::new();
        loop {
            let message = tab.next().await;
            heard.push(message["type"].as_str().unwrap().to_owned());
            if message["type"] == "user_left" {
                assert_eq!(message["active_users"], 1);
                break;
            }
        }
        assert_eq!(heard, ["user_left"], "once each");
    }
}

#[tokio::test]
async fn presence_is_seen_on_the_other_nodes() {
    let cluster = Cluster::start(2).await;
    let [here, there] = &cluster.nodes[..] else {
        panic!("two nodes")
    };
    let (ann, bob) = (here.guest("Ann").await, here.guest("Bob").await);
    let id = canvas(&ann, &json!({ "edit_policy": "exclusive" })).await;
    let mut watcher = TestClient::join(&there.at(&ann), id).await;
    let mut tab = TestClient::join(&bob, id).await;
    watcher.expect("user_joined").await;

    tab.send(&presence("typing", &json!({ "is_typing": true })))
        .await;
    assert_eq!(watcher.expect("user_typing").await["is_typing"], true);
    let late = TestClient::join(&there.at(&ann), id).await;
    let bob_there = |connected: &Value| {
        let users = connected["active_users"].as_array().unwrap();
        let found = users.iter().find(|user| user["display_name"] == "Bob");
        found.cloned().unwrap()
    };
    assert_eq!(bob_there(&late.connected)["is_typing"], true);
    // It ends by itself and is announced once.
    let stopped = watcher.expect("user_typing").await;
    assert_eq!(stopped["is_typing"], false);

    let tile = json!({ "tile_x": 3, "tile_y": 2, "is_editing": true });
    tab.send(&presence("editing_tile", &tile)).await;
    let update = watcher.expect("user_presence_update").await;
    assert_eq!(
        (&update["tile_x"], &update["is_editing"]),
        (&json!(3), &json!(true))
    );
    let status = json!({ "status": "busy", "status_message": "painting" });
    tab.send(&presence("status", &status)).await;
    let update = watcher.expect("user_presence_update").await;
    assert_eq!(
        (&update["status"], &update["status_message"]),
        (&json!("busy"), &json!("painting"))
    );
    tab.send(&presence("cursor", &json!({ "x": 1.5, "y": 2.5 })))
        .await;
    let cursor = watcher.expect("user_cursor").await;
    assert_eq!(
        (&cursor["user_id"], &cursor["x"]),
        (&json!(bob.id()), &json!(1.5))
    );
    let mention =
        json!({ "type": "tile_mention", "tile_x": 1, "tile_y": 1, "highlight_type": "mention" });
    tab.send(&mention).await;
    assert_eq!(watcher.expect("tile_mention").await["tile_x"], 1);

    // Locks are enforced and shown on every node.
    tab.send(&json!({ "type": "tile_lock", "x": 0, "y": 0 }))
        .await;
    tab.expect("ack").await;
    assert_eq!(watcher.expect("tile_locked").await["user_id"], bob.id());
    let paint = json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]] });
    watcher.send(&paint).await;
    watcher.refused("tile_locked").await;
    let late = TestClient::join(&there.at(&ann), id).await;
    assert_eq!(late.connected["locks"][0]["user_id"], bob.id());
    assert_eq!(
        bob_there(&late.connected)["editing"],
        json!({ "tile_x": 3, "tile_y": 2 })
    );
    assert_eq!(bob_there(&late.connected)["status"], "busy");

    // All of it ends with the tab.
    tab.close().await;
    let update = watcher.expect("user_presence_update").await;
    assert_eq!(
        (&update["tile_x"], &update["is_editing"]),
        (&json!(3), &json!(false))
    );
    watcher.expect("tile_unlocked").await;
    watcher.done(paint).await;
    assert_eq!(watcher.expect("user_left").await["user_id"], bob.id());
}

/// What one node thins it does not publish more often either, and the newest state
/// arrives.
#[tokio::test]
async fn many_changes_are_passed_on_a_few_times_a_second_on_the_other_nodes() {
    let cluster = Cluster::start(2).await;
    let [here, there] = &cluster.nodes[..] else {
        panic!("two nodes")
    };
    let (ann, bob) = (here.guest("Ann").await, here.guest("Bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut watcher = TestClient::join(&there.at(&ann), id).await;
    let mut tabs = [
        TestClient::join(&bob, id).await,
        TestClient::join(&bob, id).await,
        TestClient::join(&there.at(&bob), id).await,
    ];
    watcher.expect("user_joined").await;
    let started = Instant::now();
    let tile = |x, y, is_editing| {
        let tile = json!({ "tile_x": x, "tile_y": y, "is_editing": is_editing });
        presence("editing_tile", &tile)
    };
    for n in 0..300 {
        let tab = &mut tabs[n % 3];
        tab.send(&tile(n % 8, 0, n % 2 == 0)).await;
        if n >= 297 {
            tab.drain().await;
        }
    }
    tabs[0].send(&tile(7, 5, true)).await;
    let mut heard = 0;
    loop {
        let update = watcher.expect("user_presence_update").await;
        heard += 1;
        if update["tile_y"] == 5 && update["is_editing"] == true {
            break;
        }
    }
    let at_most = started.elapsed().as_secs_f64() * 4.0 + 2.0;
    assert!(f64::from(heard) <= at_most, "{heard} changes");
    // Every tab's own state is known there too: when the last one ends, another shows.
    let late = TestClient::join(&there.at(&ann), id).await;
    let users = late.connected["active_users"].as_array().unwrap();
    let shown = users.iter().find(|user| user["display_name"] == "Bob");
    assert_eq!(
        shown.unwrap()["editing"],
        json!({ "tile_x": 7, "tile_y": 5 })
    );
}

#[tokio::test]
async fn a_new_display_name_reaches_every_node() {
    let cluster = Cluster::start(3).await;
    let [here, there, third] = &cluster.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = (here.guest("Ann").await, there.guest("Bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut watcher = TestClient::join(&ann, id).await;
    let mut old = TestClient::join(&bob, id).await;
    let name = json!({ "display_name": "Robert" });
    here.at(&bob).patch("/users/me", &name).await.json(200);
    let new = TestClient::join(&here.at(&bob), id).await;
    for tab in [&mut watcher, &mut old] {
        let update = tab.expect("user_presence_update").await;
        assert_eq!(update["display_name"], "Robert");
    }
    // When this arrives, the old tab's node has stored its state as well.
    old.done(json!({ "type": "canvas_chat", "text": "So?" }))
        .await;
    watcher.reach(1).await;
    new.close().await;
    let mut late = TestClient::join(&third.at(&ann), id).await;
    let known = people(&late.connected["active_users"]);
    assert_eq!(known[1].0, "Robert");
    // His session was cached there a moment ago, under his old name.
    let again = TestClient::join(&bob, id).await;
    assert_eq!(again.connected["display_name"], "Robert");
    for tab in [&mut watcher, &mut late] {
        for message in tab.drain().await {
            assert_ne!(message["display_name"], "Bob");
        }
    }
    for node in &cluster.nodes {
        assert_eq!(listed(&node.at(&ann), id).await[1].0, "Robert");
    }
}

#[tokio::test]
async fn a_killed_nodes_users_leave_and_its_clients_continue_elsewhere() {
    let mut cluster = Cluster::start(2).await;
    let (ann, bob) = (
        cluster.nodes[0].guest("Ann").await,
        cluster.nodes[0].guest("Bob").await,
    );
    let id = canvas(&ann, &json!({ "edit_policy": "exclusive" })).await;
    let mut watcher = TestClient::join(&cluster.nodes[0].at(&ann), id).await;
    let there = cluster.nodes[1].at(&bob);
    let mut tab = TestClient::join(&there, id).await;
    let mut moved = TestClient::join(&cluster.nodes[1].at(&ann), id).await;
    tab.send(&json!({ "type": "tile_lock", "x": 0, "y": 0 }))
        .await;
    watcher.expect("tile_locked").await;
    moved
        .done(json!({ "type": "canvas_chat", "text": "one" }))
        .await;
    cluster.nodes[1].kill().await;
    let killed = Instant::now();
    watcher
        .done(json!({ "type": "canvas_chat", "text": "two" }))
        .await;
    assert_eq!(moved.closed().await.code, 1006);
    let mut back = TestClient::resume(&cluster.nodes[0].at(&ann), id, &moved).await;
    assert_eq!(back.connected["resume"], "resumed");
    back.reach(2).await;
    assert_eq!(back.chat, watcher.chat);
    // The lock's lease expires, and the node's users leave.
    watcher.expect("tile_unlocked").await;
    let left = loop {
        match tokio::time::timeout(TEST_TIMEOUT, watcher.expect("user_left")).await {
            Ok(left) => break left,
            Err(_) => assert!(killed.elapsed() < Duration::from_secs(40), "nobody left"),
        }
    };
    println!("left {:?} after the node was killed", killed.elapsed());
    assert_eq!(
        (&left["user_id"], &left["active_users"]),
        (&json!(bob.id()), &json!(1))
    );
    assert!(killed.elapsed() < Duration::from_secs(36));
    // One of Ann's tabs was not read for so long that the server may have closed it.
    assert_eq!(listed(&ann, id).await[0].0, "Ann");
    assert_eq!(listed(&ann, id).await.len(), 1);
}

#[tokio::test]
async fn no_join_or_leave_is_sent_when_redis_comes_back_empty() {
    let mut cluster = Cluster::start(2).await;
    let (ann, bob) = (
        cluster.nodes[0].guest("Ann").await,
        cluster.nodes[0].guest("Bob").await,
    );
    let id = canvas(&ann, &json!({ "edit_policy": "exclusive" })).await;
    let mut watcher = TestClient::join(&ann, id).await;
    let stays = TestClient::join(&cluster.nodes[1].at(&bob), id).await;
    watcher.expect("user_joined").await;
    cluster.redis.kill().await;
    for node in &cluster.nodes {
        node.metric_is("stellar_bus_up", |up| up < 1.0).await;
    }
    // One user joins and one leaves while the nodes cannot reach each other.
    let eve = cluster.nodes[1].guest("Eve").await;
    let mut comes = TestClient::join(&cluster.nodes[1].at(&eve), id).await;
    comes
        .send(&json!({ "type": "tile_lock", "x": 1, "y": 0 }))
        .await;
    comes.expect("ack").await;
    let goes = TestClient::join(&cluster.nodes[1].at(&ann), id).await;
    goes.close().await;
    assert!(watcher.drain().await.is_empty());
    cluster.redis.restart().await;
    let mut news = [watcher.next().await, watcher.next().await];
    news.sort_by_key(|message| message["type"].to_string());
    let [locked, joined] = news;
    assert_eq!(
        (&locked["type"], &locked["user_id"]),
        (&json!("tile_locked"), &json!(eve.id()))
    );
    assert_eq!(joined["display_name"], "Eve");
    assert_eq!(joined["active_users"], 3);
    let expected = named(&[("Ann", 1), ("Bob", 1), ("Eve", 1)]);
    for node in &cluster.nodes {
        assert_eq!(listed(&node.at(&ann), id).await, expected);
    }
    comes.close().await;
    assert_eq!(watcher.next().await["type"], "tile_unlocked");
    // No other join or leave was sent in between.
    let left = watcher.next().await;
    assert_eq!(
        (&left["type"], &left["user_id"]),
        (&json!("user_left"), &json!(eve.id()))
    );
    drop(stays);
}
