//! Rate limits of users, and sizes and durations of one connection.

use crate::common::{
    TestServer, canvas,
    http::{Client, Reply},
    socket::TestClient,
};
use futures_util::future::join_all;
use reqwest::Method;
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
        // Round after round until one is refused, however slow the machine is.
        let mut refused = None;
        let mut acks = 0;
        while refused.is_none() {
            assert!(acks < 10_000, "there is no limit");
            let mut waiting = HashMap::new();
            for _ in 0..200 {
                let mut message = message.clone();
                let op_id = Uuid::new_v4().to_string();
                message["op_id"] = json!(op_id);
                tab.send(&message).await;
                waiting.insert(op_id, message);
            }
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
        }
        assert!(acks >= 20, "{acks}");
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

/// Sends messages, and returns how many were refused for their rate.
async fn count_refused(tab: &mut TestClient, messages: &[Value]) -> usize {
    for message in messages {
        let mut message = message.clone();
        message["op_id"] = json!(Uuid::new_v4().to_string());
        tab.send(&message).await;
    }
    let mut refused = 0;
    for _ in messages {
        let answer = tab.answer().await;
        if answer["type"] == "error" {
            assert_eq!(answer["code"], "rate_limited", "{answer}");
            refused += 1;
        }
    }
    refused
}

#[tokio::test]
async fn neither_another_tab_nor_a_new_connection_gives_a_user_more() {
    let server = TestServer::start_with(&["--rate-limits", "on"]).await;
    let (ann, bob) = (server.guest("Ann").await, server.guest("Bob").await);
    // Newcomers have limits of their own on public canvases.
    let canvas = canvas(&ann, &json!({ "visibility": "unlisted" })).await;
    let chat = |count| vec![json!({ "type": "canvas_chat", "text": "more" }); count];
    let mut tabs = join_all((0..3).map(|_| TestClient::join(&ann, canvas))).await;
    while count_refused(&mut tabs[0], &chat(100)).await == 0 {}
    // One of 60 may have been earned meanwhile, but not all.
    assert!(count_refused(&mut tabs[1], &chat(60)).await > 0);
    for tab in tabs {
        drop(tab);
    }
    let mut again = TestClient::join(&ann, canvas).await;
    while count_refused(&mut again, &chat(100)).await == 0 {}
    drop(again);
    let mut again = TestClient::join(&ann, canvas).await;
    assert!(count_refused(&mut again, &chat(60)).await > 0);
    // Nobody else is affected.
    let mut other = TestClient::join(&bob, canvas).await;
    assert_eq!(count_refused(&mut other, &chat(10)).await, 0);
    server.stop().await;
}

/// Has a user draw over a socket as fast as it goes.
async fn draw_for_ever(client: &Client, canvas: i64) {
    let mut tab = TestClient::join(client, canvas).await;
    let like = json!({ "type": "tile_like", "x": 0, "y": 0, "liked": true });
    loop {
        count_refused(&mut tab, &vec![like.clone(); 100]).await;
    }
}

/// Repeats a request, `most` times at most, until it is refused for its rate.
async fn until_limited(client: &Client, most: usize, (method, path, body): (Method, &str, &Value)) {
    for _ in 0..most {
        let request = client.request(method.clone(), path).json(body);
        let reply = Reply::of(request).await;
        if reply.status == 429 {
            reply.problem(429, "rate_limited");
            assert!(reply.header("retry-after").parse::<u64>().unwrap() >= 1);
            return;
        }
        let is_limit_alone = reply.status.is_success() || reply.status == 404;
        assert!(is_limit_alone, "{method} {path}: {}", reply.text());
    }
    panic!("{method} {path} has no limit");
}

/// What one does in one tab uses up what one may do over HTTP.
#[tokio::test]
async fn drawing_over_http_and_over_a_socket_has_one_budget() {
    let server = TestServer::start_with(&["--rate-limits", "on"]).await;
    let (ann, bob) = (server.guest("Ann").await, server.guest("Bob").await);
    let canvas = canvas(&ann, &json!({})).await;
    let tiles = format!("/canvases/{canvas}/tiles");
    let cell = json!({ "x": 0, "y": 0 });
    let tile = ann.post(&tiles, &cell).await.json(201);
    let tile = format!("/tiles/{}", tile["id"]);
    let like = format!("{tile}/like");
    let (name, null) = (json!({ "title": "any" }), Value::Null);
    let over_http = async {
        // Fewer than HTTP would allow by itself.
        for request in [
            (Method::PATCH, tile.as_str(), &name),
            (Method::PUT, &like, &null),
            (Method::DELETE, &like, &null),
            (Method::DELETE, "/tiles/999999", &null),
        ] {
            until_limited(&ann, 300, request).await;
        }
        bob.put(&like, &null).await.expect(200);
    };
    tokio::select! {
        () = draw_for_ever(&ann, canvas) => unreachable!(),
        () = over_http => {}
    }
    server.stop().await;
}

#[tokio::test]
async fn settings_members_and_profiles_are_limited_together() {
    let server = TestServer::start_with(&["--rate-limits", "on"]).await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let canvas = format!("/canvases/{id}");
    let member = format!("{canvas}/members/bob");
    let (null, viewer) = (json!({}), json!({ "role": "viewer" }));
    until_limited(&ann, 2_000, (Method::PATCH, "/users/me", &null)).await;
    for request in [
        (Method::PATCH, canvas.as_str(), &null),
        (Method::PUT, &member, &viewer),
        (Method::DELETE, &member, &null),
        (Method::POST, "/auth/refresh", &null),
        (Method::DELETE, "/canvases/999999", &null),
    ] {
        // A few may have been earned meanwhile.
        until_limited(&ann, 30, request).await;
    }
    bob.patch("/users/me", &null).await.expect(200);
    server.stop().await;
}

/// While the database stands still, one user fills the queue; the neighbour who comes
/// last is not served last.
#[tokio::test]
async fn a_canvas_serves_its_users_in_turns() {
    const TABS: usize = 3;
    const EACH: usize = 100;
    let server = TestServer::start().await;
    let (ann, bob) = (server.guest("Ann").await, server.guest("Bob").await);
    let canvas = canvas(&ann, &json!({})).await;
    let mut tabs = join_all((0..TABS).map(|_| TestClient::join(&ann, canvas))).await;
    let mut neighbour = TestClient::join(&bob, canvas).await;
    let pool = server.database.pool().await;
    let mut lock = pool.begin().await.unwrap();
    sqlx::query("SELECT FROM canvases WHERE id = $1 FOR UPDATE")
        .bind(canvas)
        .execute(&mut *lock)
        .await
        .unwrap();
    for tab in &mut tabs {
        for n in 0..EACH {
            let paint = json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, n % 4]] });
            tab.operate(paint).await;
        }
        // The pong follows: all of them are in the queue.
        tab.drain().await;
    }
    let asked = neighbour
        .operate(json!({ "type": "canvas_chat", "text": "me too" }))
        .await;
    neighbour.drain().await;
    lock.rollback().await.unwrap();
    let ack = neighbour
        .until(|message| message["type"] == "ack" && message["op_id"] == *asked)
        .await;
    // A transaction has at most 64 requests, and one was waiting for the lock.
    let seq = ack["seq"].as_i64().unwrap();
    assert!(seq <= 2 * 64, "{seq}");
    // The other requests are carried out in the order in which each tab sent them.
    for tab in &mut tabs {
        while !tab.unanswered().is_empty() {
            tab.next().await;
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_user_who_waits_for_too_much_is_refused_and_nobody_else_is() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.guest("Ann").await, server.guest("Bob").await);
    let canvas = canvas(&ann, &json!({})).await;
    let mut tabs = join_all((0..8).map(|_| TestClient::join(&ann, canvas))).await;
    let mut neighbour = TestClient::join(&bob, canvas).await;
    let pool = server.database.pool().await;
    let mut lock = pool.begin().await.unwrap();
    sqlx::query("SELECT FROM canvases WHERE id = $1 FOR UPDATE")
        .bind(canvas)
        .execute(&mut *lock)
        .await
        .unwrap();
    let chat = json!({ "type": "canvas_chat", "text": "more" });
    let mut refused = 0;
    for tab in &mut tabs {
        for _ in 0..120 {
            tab.send(&chat).await;
        }
        let answers = tab.drain().await;
        let errors = answers.iter().filter(|it| it["type"] == "error");
        for error in errors {
            assert_eq!(error["code"], "rate_limited", "{error}");
            refused += 1;
        }
    }
    assert!(refused >= 100, "{refused}");
    let asked = neighbour.operate(chat.clone()).await;
    lock.rollback().await.unwrap();
    neighbour
        .until(|message| message["type"] == "ack" && message["op_id"] == *asked)
        .await;
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
    let zeros = json!({ "zeros": vec![0; 1000], "text": "\u{1f600}\"" });
    tab.send(&hello(zeros.clone())).await;
    assert_eq!(tab.expect("ack").await["for"], "hello");
    let clients = ann.all("/admin/clients").await;
    assert_eq!(clients[0]["device"], zeros);
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
