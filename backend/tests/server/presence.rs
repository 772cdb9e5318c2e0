//! Presence: joining, leaving and states that expire.

use crate::common::{TestServer, canvas, eventually, socket::TestClient};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Asserts a duration, with tolerance for timers and the network.
fn about(elapsed: Duration, seconds: f64) {
    let error = (elapsed.as_secs_f64() - seconds).abs();
    assert!(error < 2.0, "{elapsed:?} instead of {seconds} s");
}

#[tokio::test]
async fn a_user_joins_with_the_first_tab_and_leaves_after_the_last() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let canvas = canvas(&ann, &json!({})).await;
    let mut watcher = TestClient::join(&ann, canvas).await;
    let first = TestClient::join(&bob, canvas).await;
    let joined = watcher.expect("user_joined").await;
    assert_eq!(joined["username"], "bob");
    assert_eq!(joined["active_users"], 2);
    let second = TestClient::join(&bob, canvas).await;
    assert_eq!(second.connected["active_users"][1]["connections"], 2);
    first.close().await;
    // A reload: disconnected for a moment, back before the user counts as gone.
    second.close().await;
    let third = TestClient::join(&bob, canvas).await;
    assert!(watcher.drain().await.is_empty());
    third.close().await;
    let closed = Instant::now();
    let left = watcher.expect("user_left").await;
    about(closed.elapsed(), 5.0);
    assert_eq!(left["user_id"], bob.id());
    assert_eq!(left["active_users"], 1);
    let users = ann
        .get(&format!("/canvases/{canvas}/users"))
        .await
        .json(200);
    assert_eq!(users["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn users_who_join_together_see_each_other_once() {
    const CROWD: usize = 40;
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut watcher = TestClient::join(&ann, canvas).await;
    let mut people = Vec::new();
    for number in 0..CROWD {
        people.push(server.user(&format!("one_of_many_{number}")).await);
    }
    let mut clients = join_all(people.iter().map(|one| TestClient::join(one, canvas))).await;

    let mut counts = Vec::new();
    for _ in 0..CROWD {
        counts.push(watcher.expect("user_joined").await["active_users"].clone());
    }
    counts.sort_by_key(Value::as_u64);
    assert_eq!(counts, (2..=CROWD + 1).map(Value::from).collect::<Vec<_>>());
    for client in &mut clients {
        let connected = client.connected["active_users"].as_array().unwrap();
        let found = connected.iter().map(|user| user["user_id"].clone());
        let mut known: Vec<Value> = found.collect();
        while known.len() <= CROWD {
            known.push(client.expect("user_joined").await["user_id"].clone());
        }
        known.sort_by_key(Value::as_i64);
        known.dedup();
        assert_eq!(known.len(), CROWD + 1);
        assert!(client.drain().await.is_empty());
    }
}

#[tokio::test]
async fn typing_expires_and_ends_with_its_tab() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let canvas = canvas(&ann, &json!({})).await;
    let mut watcher = TestClient::join(&ann, canvas).await;
    let mut tab = TestClient::join(&bob, canvas).await;
    let typing = json!({ "type": "user_presence", "presence_type": "typing", "is_typing": true });
    tab.send(&typing).await;
    let started = Instant::now();
    let typed =
        |message: &Value, is: bool| message["type"] == "user_typing" && message["is_typing"] == is;
    watcher.until(|message| typed(message, true)).await;
    watcher.until(|message| typed(message, false)).await;
    about(started.elapsed(), 5.0);
    tab.send(&typing).await;
    watcher.until(|message| typed(message, true)).await;
    let closed = Instant::now();
    tab.close().await;
    watcher.until(|message| typed(message, false)).await;
    about(closed.elapsed(), 0.0);
}

#[tokio::test]
async fn a_closed_tab_stops_editing_its_tile() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let canvas = canvas(&ann, &json!({})).await;
    let mut watcher = TestClient::join(&ann, canvas).await;
    let mut tab = TestClient::join(&bob, canvas).await;
    let editing = json!({
        "type": "user_presence", "presence_type": "editing_tile",
        "tile_x": 1, "tile_y": 1, "is_editing": true,
    });
    tab.send(&editing).await;
    assert_eq!(
        watcher.expect("user_presence_update").await["is_editing"],
        true
    );
    tab.close().await;
    let left = watcher.expect("user_presence_update").await;
    assert_eq!(
        (&left["is_editing"], &left["tile_x"]),
        (&json!(false), &json!(1))
    );
}

#[tokio::test]
async fn cursors_are_throttled_and_the_last_one_arrives() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let canvas = canvas(&ann, &json!({})).await;
    let mut watcher = TestClient::join(&ann, canvas).await;
    let mut tab = TestClient::join(&bob, canvas).await;
    let sent = 200;
    let started = Instant::now();
    for x in 0..=sent {
        let cursor = json!({ "type": "user_presence", "presence_type": "cursor", "x": x, "y": 0 });
        tab.send(&cursor).await;
    }
    let mut heard = 0;
    loop {
        let cursor = watcher.expect("user_cursor").await;
        heard += 1;
        if cursor["x"] == json!(f64::from(sent)) {
            break;
        }
    }
    let at_most = started.elapsed().as_secs_f64() * 20.0 + 2.0;
    assert!(f64::from(heard) <= at_most, "{heard} positions");
}

/// The cursor is a person's: many tabs do not give more positions.
#[tokio::test]
async fn cursors_of_many_tabs_are_throttled_together() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let canvas = canvas(&ann, &json!({})).await;
    let mut watcher = TestClient::join(&ann, canvas).await;
    let mut tabs = join_all((0..5).map(|_| TestClient::join(&bob, canvas))).await;
    let started = Instant::now();
    for x in 0..=200 {
        let cursor = json!({ "type": "user_presence", "presence_type": "cursor", "x": x, "y": 0 });
        let tab = &mut tabs[x % 5];
        tab.send(&cursor).await;
        tab.drain().await;
    }
    let mut heard = 0;
    loop {
        let cursor = watcher.expect("user_cursor").await;
        heard += 1;
        if cursor["x"] == json!(200.0) {
            break;
        }
    }
    let at_most = started.elapsed().as_secs_f64() * 20.0 + 2.0;
    assert!(f64::from(heard) <= at_most, "{heard} positions");
}

fn presence(kind: &str, more: &Value) -> Value {
    let mut message = json!({ "type": "user_presence", "presence_type": kind });
    for (name, value) in more.as_object().unwrap() {
        message[name] = value.clone();
    }
    message
}

/// Counts the messages up to the one for which `is_last` is true.
async fn count_until(
    watcher: &mut TestClient,
    kind: &str,
    is_last: impl Fn(&Value) -> bool,
) -> u32 {
    let mut count = 0;
    loop {
        let message = watcher.expect(kind).await;
        count += 1;
        if is_last(&message) {
            return count;
        }
    }
}

/// Many tabs of one user toggle as fast as they can: the others are told a few of the
/// changes, and the last one always.
#[tokio::test]
async fn changes_of_many_tabs_are_passed_on_a_few_times_a_second() {
    const TABS: usize = 10;
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let canvas = canvas(&ann, &json!({})).await;
    let mut watcher = TestClient::join(&ann, canvas).await;
    let mut tabs = join_all((0..TABS).map(|_| TestClient::join(&bob, canvas))).await;
    for kind in ["typing", "editing_tile", "status"] {
        let change = |n: usize| {
            let is = n.is_multiple_of(2);
            match kind {
                "typing" => presence(kind, &json!({ "is_typing": is })),
                "editing_tile" => presence(
                    kind,
                    &json!({ "tile_x": n % 8, "tile_y": n % 6, "is_editing": is }),
                ),
                _ => presence(
                    kind,
                    &json!({ "status": "away", "status_message": n.to_string() }),
                ),
            }
        };
        let started = Instant::now();
        for n in 0..400 {
            tabs[n % TABS].send(&change(n)).await;
            if n >= 380 {
                // One after the other, so that the last one is known.
                tabs[n % TABS].drain().await;
            }
        }
        for tab in &mut tabs[..TABS - 1] {
            // Only the last tab types at the end.
            if kind == "typing" {
                tab.send(&presence(kind, &json!({ "is_typing": false })))
                    .await;
                tab.drain().await;
            }
        }
        let last = &mut tabs[TABS - 1];
        let (message, count) = match kind {
            "typing" => {
                last.send(&presence(kind, &json!({ "is_typing": false })))
                    .await;
                last.drain().await;
                let count = count_until(&mut watcher, "user_typing", |m| m["is_typing"] == false);
                ("user_typing", count.await)
            }
            "editing_tile" => {
                let at = json!({ "tile_x": 7, "tile_y": 5, "is_editing": false });
                last.send(&presence(kind, &at)).await;
                let is_last =
                    |m: &Value| m["tile_x"] == 7 && m["tile_y"] == 5 && m["is_editing"] == false;
                (
                    "user_presence_update",
                    count_until(&mut watcher, "user_presence_update", is_last).await,
                )
            }
            _ => {
                last.send(&presence(
                    kind,
                    &json!({ "status": "busy", "status_message": "end" }),
                ))
                .await;
                let is_last = |m: &Value| m["status_message"] == "end" && m["status"] == "busy";
                (
                    "user_presence_update",
                    count_until(&mut watcher, "user_presence_update", is_last).await,
                )
            }
        };
        let at_most = started.elapsed().as_secs_f64() * 4.0 + 2.0;
        assert!(f64::from(count) <= at_most, "{count} {message}");
    }
}

/// A status message is written by another task than the connection's, and not lost.
#[tokio::test]
async fn the_last_status_message_is_stored_when_the_server_stops() {
    let server = TestServer::start().await;
    let bob = server.user("bob").await;
    let id = canvas(&bob, &json!({})).await;
    let mut tab = TestClient::join(&bob, id).await;
    for n in 0..50 {
        let status = json!({ "status": "busy", "status_message": format!("number {n}") });
        tab.send(&presence("status", &status)).await;
    }
    tab.drain().await;
    // It counts at once, here and for another tab.
    let me = bob.get("/users/me").await.json(200);
    assert_eq!(me["status_message"], "number 49");
    let database = server.stop().await;
    let server = TestServer::start_on(database, &[]).await;
    let bob = crate::common::http::Client {
        addr: server.addr,
        ..bob
    };
    let me = bob.get("/users/me").await.json(200);
    assert_eq!(me["status_message"], "number 49");
    // One that is set over HTTP is newer than one that waits.
    let mut tab = TestClient::join(&bob, id).await;
    let status = json!({ "status": "busy", "status_message": "older" });
    tab.send(&presence("status", &status)).await;
    tab.drain().await;
    bob.patch("/users/me", &json!({ "status_message": "newer" }))
        .await
        .expect(200);
    let database = server.stop().await;
    let pool = database.pool().await;
    let query = "SELECT status_message FROM users WHERE username = 'bob'";
    let stored: String = sqlx::query_scalar(query).fetch_one(&pool).await.unwrap();
    assert_eq!(stored, "newer");
}

#[tokio::test]
async fn a_new_display_name_is_sent_without_a_second_join() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let canvas = canvas(&ann, &json!({})).await;
    let mut watcher = TestClient::join(&ann, canvas).await;
    let first = TestClient::join(&bob, canvas).await;
    watcher.expect("user_joined").await;
    let name = json!({ "display_name": "Robert" });
    bob.patch("/users/me", &name).await.json(200);
    let second = TestClient::join(&bob, canvas).await;
    let heard = watcher.expect("user_presence_update").await;
    assert_eq!(heard["display_name"], "Robert");
    assert_eq!(heard["username"], "bob");
    let _third = TestClient::join(&bob, canvas).await;
    drop((first, second));
    let came = watcher.drain().await;
    assert!(
        came.iter().all(|message| message["type"] != "user_joined"),
        "{came:?}"
    );
}

#[tokio::test]
async fn last_seen_at_is_stored() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let canvas = canvas(&ann, &json!({})).await;
    let mut watcher = TestClient::join(&ann, canvas).await;
    for user in [&ann, &bob] {
        TestClient::join(user, canvas).await.close().await;
    }
    assert_eq!(watcher.expect("user_left").await["user_id"], bob.id());
    let pool = server.database.pool().await;
    // Written asynchronously.
    let seen = eventually("somebody was seen", async || {
        let query = "SELECT username FROM users WHERE last_seen_at > created_at";
        let seen: Vec<String> = sqlx::query_scalar(query).fetch_all(&pool).await.unwrap();
        (!seen.is_empty()).then_some(seen)
    })
    .await;
    assert_eq!(seen, ["bob"]);
}
