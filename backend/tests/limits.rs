//! Rate limits, sizes and durations of one connection.

mod common;

use common::{TestServer, canvas, socket::TestClient};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use uuid::Uuid;

#[tokio::test]
async fn a_rate_limited_request_says_when_to_retry() {
    let server = TestServer::start_with(&["--rate-limits", "on"]).await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    for message in [
        json!({ "type": "canvas_chat", "text": "more" }),
        json!({ "type": "request_update", "last_seq": 0 }),
    ] {
        // Far more than the burst.
        let mut waiting = HashMap::new();
        for _ in 0..500 {
            let mut message = message.clone();
            let op_id = Uuid::new_v4().to_string();
            message["op_id"] = json!(op_id);
            tab.send(&message).await;
            waiting.insert(op_id, message);
        }
        let mut refused = None;
        let total = waiting.len();
        let mut acks = 0;
        while !waiting.is_empty() {
            // Replayed events must not be taken for a gap.
            let answer = tab.answer().await;
            let asked = waiting.remove(answer["op_id"].as_str().unwrap()).unwrap();
            if answer["type"] == "ack" {
                acks += 1;
                continue;
            }
            assert_eq!(answer["code"], "rate_limited", "{answer}");
            refused = Some((asked, answer["retry_after_ms"].as_u64().unwrap()));
        }
        assert!(acks >= 20 && acks < total, "{acks} of {total}");
        // After the wait it is accepted.
        let (asked, wait) = refused.unwrap();
        assert!((1..=60_000).contains(&wait), "{wait}");
        tokio::time::sleep(Duration::from_millis(wait)).await;
        tab.send(&asked).await;
        let answer = tab.answer().await;
        assert_eq!(
            (&answer["type"], &answer["op_id"]),
            (&json!("ack"), &asked["op_id"])
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn a_clients_hello_is_kept_if_it_is_short() {
    let server = TestServer::start().await;
    let ann = server.admin("ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    let device = json!({ "os": "any", "screens": [{ "width": 1280 }, null] });
    let hello =
        |device: Value| json!({ "type": "hello", "client_name": " A tab ", "device": device });
    tab.send(&hello(device.clone())).await;
    assert_eq!(tab.expect("ack").await["for"], "hello");
    let large = json!({ "text": "x".repeat(2048) });
    for wrong in [large, json!([]), json!("any")] {
        tab.send(&hello(wrong)).await;
        tab.refused("invalid_message").await;
    }
    let clients = ann.all("/admin/clients").await;
    assert_eq!(clients[0]["client_name"], "A tab");
    assert_eq!(clients[0]["device"], device);
    assert_eq!(clients[0]["client_type"], "browser");
    server.stop().await;
}

#[tokio::test]
async fn an_announcement_reaches_its_audience() {
    let server = TestServer::start().await;
    let ann = server.admin("ann").await;
    let bob = server.user("bob").await;
    let here = canvas(&ann, &json!({})).await;
    let there = canvas(&ann, &json!({})).await;
    let mut tabs = [
        TestClient::join(&ann, here).await,
        TestClient::join(&bob, here).await,
        TestClient::join(&bob, there).await,
    ];
    for (meant, heard) in [
        (json!({}), [true, true, true]),
        (json!({ "canvas_id": here }), [true, true, false]),
        (json!({ "user_id": bob.id() }), [false, true, true]),
    ] {
        let mut body = meant.clone();
        body["message"] = json!("Tea is ready");
        ann.post("/admin/announcements", &body).await.expect(202);
        for (tab, heard) in tabs.iter_mut().zip(heard) {
            let said = tab.drain().await;
            let told: Vec<&Value> = said
                .iter()
                .filter(|m| m["type"] == "announcement")
                .collect();
            assert_eq!(told.len(), usize::from(heard), "{meant}");
            assert!(told.iter().all(|m| m["message"] == "Tea is ready"));
        }
    }
    for message in [" ".to_owned(), "x".repeat(501)] {
        let body = json!({ "message": message });
        let reply = ann.post("/admin/announcements", &body).await;
        reply.refuses("message");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_lock_lasts_fifteen_seconds_and_is_renewed() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let canvas = canvas(&ann, &json!({ "edit_policy": "exclusive" })).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    let mut other = TestClient::join(&bob, canvas).await;
    let lock = json!({ "type": "tile_lock", "x": 2, "y": 3 });
    let begun = Instant::now();
    tab.done(lock.clone()).await;
    let first = other.expect("tile_locked").await;
    tab.done(lock.clone()).await;
    let renewed = other.expect("tile_locked").await;
    // Both have the same format, so they compare as text.
    assert!(renewed["expires_at"].as_str() > first["expires_at"].as_str());
    other.operate(lock.clone()).await;
    let refused = other.refused("tile_locked").await;
    assert!(refused["message"].is_string());
    let unlock = json!({ "type": "tile_unlock", "x": 2, "y": 3 });
    other.operate(unlock).await;
    other.refused("tile_locked").await;
    // Its holder stays connected and idle; only pings are answered until it expires.
    let ended = tokio::select! {
        ended = other.expect("tile_unlocked") => ended,
        () = async { loop { tab.next().await; } } => unreachable!(),
    };
    assert_eq!((&ended["tile_x"], &ended["tile_y"]), (&json!(2), &json!(3)));
    assert_eq!(ended["user_id"], ann.id());
    let held = begun.elapsed().as_secs_f64();
    assert!((14.5..20.0).contains(&held), "{held} s");
    other.done(lock).await;
    tab.expect("tile_locked").await;
    server.stop().await;
}
