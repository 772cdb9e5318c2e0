//! The WebSocket without a canvas: who may open it, what it answers, what comes over it, and
//! that it is counted, listed and closed like any other.

use crate::common::{
    TEST_TIMEOUT, TestServer, admin, canvas,
    cluster::Cluster,
    http::Client,
    socket::{Closed, TestClient, open, refusal, upgrade_user},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::{Error, Message};
use uuid::Uuid;

fn ended(code: u16, reason: &str) -> Closed {
    Closed {
        code,
        reason: reason.to_owned(),
    }
}

fn sanction(target: &Client, kind: &str) -> Value {
    json!({ "username": target.username(), "kind": kind, "reason": "r" })
}

/// How an upgrade with this query and these headers is refused.
async fn refused(
    server: &TestServer,
    query: &str,
    headers: &[(&'static str, &str)],
) -> (u16, String) {
    refusal(server.addr, upgrade_user(server.addr, query, headers)).await
}

#[tokio::test]
async fn it_says_who_it_is_and_answers_what_needs_no_canvas() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    ann.put("/users/me/blocks/bob", &json!({}))
        .await
        .expect(204);
    let mut tab = TestClient::listen(&ann).await;
    let connected = &tab.connected;
    for (field, value) in [
        ("user_id", json!(ann.id())),
        ("username", json!("ann")),
        ("display_name", json!("ann")),
        ("unread_count", json!(0)),
        ("sanctions", json!([])),
        ("blocked", json!([bob.id()])),
        (
            "heartbeat",
            json!({ "interval_ms": 10_000, "timeout_ms": 20_000 }),
        ),
    ] {
        assert_eq!(connected[field], value, "{field}");
    }
    assert_eq!(connected.get("canvas_id"), None);
    let op = Uuid::new_v4().to_string();
    tab.send(&json!({ "type": "ping", "timestamp": 7, "op_id": op }))
        .await;
    let pong = tab.expect("pong").await;
    assert_eq!(
        (&pong["timestamp"], &pong["op_id"]),
        (&json!(7), &json!(op))
    );
    tab.send(&json!({ "type": "heartbeat" })).await;
    assert_eq!(tab.expect("pong").await["timestamp"], "");
    let hello = json!({ "type": "hello", "client_name": "listener", "device": { "a": 1 } });
    assert_eq!(tab.done(hello).await["for"], "hello");
    let token = ann.post("/auth/refresh", &json!({})).await.json(200)["token"].take();
    tab.send(&json!({ "type": "auth_refresh", "token": token }))
        .await;
    assert_eq!(tab.expect("ack").await["for"], "auth_refresh");
    tab.send(&json!({ "type": "auth_refresh", "token": bob.token() }))
        .await;
    tab.refused("unauthenticated").await;
    // Requests of canvases are unknown, whatever is in them.
    for request in [
        json!({ "type": "canvas_chat", "text": "hi" }),
        json!({ "type": "canvas_chat" }),
        json!({ "type": "chat_edit", "message_id": "x" }),
        json!({ "type": "user_presence", "presence_type": "typing", "is_typing": true }),
        json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 0]] }),
        json!({ "type": "request_update", "last_seq": 0 }),
        json!({ "type": "no_such_thing" }),
    ] {
        let op_id = tab.operate(request).await;
        assert_eq!(tab.refused("unknown_type").await["op_id"], *op_id);
    }
}

#[tokio::test]
async fn credentials_and_refusals_are_those_of_a_canvas() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let root = server.admin("root").await;
    let own = format!("http://{}", server.addr);
    let cookie = format!("auth_token={}", ann.token());
    let ticket = ann.post("/ws/ticket", &json!({})).await.json(201);
    let ticket = format!("token={}", ticket["ticket"].as_str().unwrap());
    let bearer = format!("Bearer {}", ann.token());
    for (query, headers) in [
        (&*ticket, vec![]),
        ("", vec![("authorization", &*bearer)]),
        ("", vec![("cookie", &*cookie), ("origin", &*own)]),
        (
            "token=x&client_type=agent&platform=Linux",
            vec![("authorization", &*bearer)],
        ),
    ] {
        let request = upgrade_user(server.addr, query, &headers);
        let mut tab = TestClient::over(open(server.addr, request).await.unwrap());
        assert_eq!(tab.next().await["user_id"], ann.id());
    }
    let bob = server.user("bob").await;
    let ban = root.post("/admin/sanctions", &sanction(&bob, "ban")).await;
    ban.expect(201);
    let banned = format!("token={}", bob.token());
    let unauthenticated = (401, "unauthenticated");
    for (query, headers, (status, code)) in [
        // A ticket is for one use.
        (&*ticket, vec![], unauthenticated),
        ("", vec![], unauthenticated),
        ("token=x", vec![], unauthenticated),
        ("", vec![("cookie", &*cookie)], (403, "origin_not_allowed")),
        (
            "",
            vec![("cookie", &*cookie), ("origin", "https://evil.example")],
            (403, "origin_not_allowed"),
        ),
        (
            "client_type=robot",
            vec![("authorization", &*bearer)],
            (422, "validation_failed"),
        ),
        (&*banned, vec![], (403, "sanctioned")),
    ] {
        let refused = refused(&server, query, &headers).await;
        assert_eq!(refused, (status, code.to_owned()), "{query} {headers:?}");
    }
    // What is no upgrade.
    ann.get("/ws/user").await.problem(422, "validation_failed");
    // A ban on a canvas is none here, nor is any other sanction.
    let id = canvas(&ann, &json!({})).await;
    let cora = server.user("cora").await;
    let sanctions = format!("/canvases/{id}/sanctions");
    ann.post(&sanctions, &sanction(&cora, "ban"))
        .await
        .expect(201);
    let mute = root
        .post("/admin/sanctions", &sanction(&cora, "mute"))
        .await;
    let mut tab = TestClient::listen(&cora).await;
    let mut own = mute.json(201);
    own["issued_by"] = Value::Null;
    own.as_object_mut().unwrap().remove("note");
    assert_eq!(tab.connected["sanctions"], json!([own]));
    assert!(tab.drain().await.is_empty());
}

#[tokio::test]
async fn it_counts_in_all_caps() {
    for (limit, one_user, status, code) in [
        (
            "--websocket-max-connections-per-user",
            true,
            429,
            "too_many_connections",
        ),
        (
            "--websocket-max-connections-per-ip",
            false,
            429,
            "too_many_connections",
        ),
        ("--websocket-max-connections", false, 503, "overloaded"),
    ] {
        let server = TestServer::start_with(&[limit, "2"]).await;
        let ann = server.user("ann").await;
        let bob = if one_user {
            ann.clone()
        } else {
            server.user("bob").await
        };
        let id = canvas(&ann, &json!({})).await;
        let first = TestClient::listen(&ann).await;
        let mut second = TestClient::join(&bob, id).await;
        let request = upgrade_user(ann.addr, &format!("token={}", ann.token()), &[]);
        let Err(Error::Http(response)) = open(ann.addr, request).await else {
            panic!("{limit}: it is let in");
        };
        assert_eq!(response.status(), status, "{limit}");
        let problem: Value = serde_json::from_slice(response.body().as_deref().unwrap()).unwrap();
        assert_eq!(problem["code"], code, "{limit}");
        let wait = response.headers()["retry-after"].to_str().unwrap();
        assert!(wait.parse::<u64>().unwrap() > 0, "{limit}");
        // The others are not affected, and a closed one frees its permit.
        second.drain().await;
        first.close().await;
        TestClient::listen(&ann).await;
    }
    let server = TestServer::start_with(&[
        "--rate-limits",
        "on",
        "--websocket-max-connections-per-user",
        "1000",
    ])
    .await;
    let ann = server.user("ann").await;
    let query = format!("token={}", ann.token());
    let mut opened = 0;
    let problem = loop {
        match open(ann.addr, upgrade_user(ann.addr, &query, &[])).await {
            Ok(_) => opened += 1,
            Err(Error::Http(response)) => break response,
            Err(error) => panic!("{error}"),
        }
        assert!(opened < 10_000, "there is no limit");
    };
    assert_eq!(problem.status(), 429);
    assert!(opened >= 300, "{opened}");
}

#[tokio::test]
async fn admins_see_it_without_a_canvas_and_can_close_it() {
    let server = TestServer::start().await;
    let root = server.admin("root").await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let query = format!("token={}&client_type=agent&platform=Linux", ann.token());
    let mut tab = TestClient::listen_with(ann.addr, &query).await;
    let on_canvas = TestClient::join(&ann, id).await;
    tab.done(json!({ "type": "hello", "client_name": "bot" }))
        .await;
    let clients = root.all("/admin/clients").await;
    assert_eq!(clients.len(), 2);
    let client = &clients[0];
    for (field, value) in [
        ("connection_id", &tab.connected["connection_id"]),
        ("user_id", &json!(ann.id())),
        ("canvas_id", &Value::Null),
        ("client_type", &json!("agent")),
        ("platform", &json!("Linux")),
        ("client_name", &json!("bot")),
    ] {
        assert_eq!(client[field], *value, "{field}");
    }
    assert_eq!(clients[1]["canvas_id"], id);
    for (query, expected) in [
        ("client_type=agent", 1),
        (&*format!("user_id={}", ann.id()), 2),
        (&*format!("canvas_id={id}"), 1),
    ] {
        let found = root.all(&format!("/admin/clients?{query}")).await;
        assert_eq!(found.len(), expected, "{query}");
    }
    let stats = root.get("/admin/stats").await.json(200);
    assert_eq!(
        (&stats["connections"], &stats["users"], &stats["canvases"]),
        (&json!(2), &json!(1), &json!(1))
    );
    let path = format!(
        "/admin/clients/{}",
        client["connection_id"].as_str().unwrap()
    );
    root.delete(&path).await.expect(204);
    assert_eq!(tab.closed().await, ended(1008, "kicked"));
    drop(on_canvas);
}

#[tokio::test]
async fn announcements_to_everybody_and_to_the_user_come() {
    let server = TestServer::start().await;
    let root = server.admin("root").await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut ann_tab = TestClient::listen(&ann).await;
    let mut bob_tab = TestClient::listen(&bob).await;
    for (to, mut body) in [
        ("canvas", json!({ "canvas_id": id })),
        ("ann", json!({ "user_id": ann.id() })),
        ("all", json!({})),
    ] {
        body["message"] = to.into();
        root.post("/admin/announcements", &body).await.expect(202);
    }
    for (tab, expected) in [
        (&mut ann_tab, vec!["ann", "all"]),
        (&mut bob_tab, vec!["all"]),
    ] {
        for message in expected {
            let told = tab.next().await;
            assert_eq!(told["type"], "announcement");
            assert_eq!(
                (&told["message"], &told["canvas_id"]),
                (&json!(message), &Value::Null)
            );
        }
    }
}

#[tokio::test]
async fn what_concerns_the_user_comes_whatever_canvas_it_is_on() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut on_canvas = TestClient::join(&ann, id).await;
    let mut tab = TestClient::listen(&bob).await;
    on_canvas
        .done(json!({ "type": "canvas_chat", "text": "hi @bob" }))
        .await;
    let told = tab.next().await;
    assert_eq!(
        (&told["type"], &told["unread_count"]),
        (&json!("notification"), &json!(1))
    );
    assert_eq!(told["notification"]["kind"], "mention");
    assert_eq!(told["notification"]["canvas_id"], id);
    let mut later = TestClient::listen(&bob).await;
    assert_eq!(later.connected["unread_count"], 1);
    let read = json!({ "up_to_id": told["notification"]["id"] });
    bob.post("/users/me/notifications/read", &read)
        .await
        .expect(204);
    for tab in [&mut tab, &mut later] {
        let told = tab.next().await;
        assert_eq!(told["type"], "notifications_read");
        assert_eq!(told["unread_count"], 0);
    }
}

#[tokio::test]
async fn private_messages_are_written_and_read_over_it() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let body = json!({ "username": "bob" });
    let id = ann.post("/conversations", &body).await.json(201)["id"].take();
    let mut anns = TestClient::listen(&ann).await;
    let mut bobs = TestClient::listen(&bob).await;
    let send = json!({ "type": "direct_message_send", "conversation_id": id, "text": "hi" });
    let ack = anns.done(send).await;
    assert_eq!(
        (&ack["for"], &ack["seq"]),
        (&json!("direct_message_send"), &json!(1))
    );
    let told = bobs.expect("direct_message").await;
    assert_eq!(told["message"]["message_id"], ack["message_id"]);
    assert_eq!(told["message"]["text"], "hi");
    let typing = json!({ "type": "direct_typing", "conversation_id": id, "is_typing": true });
    bobs.send(&typing).await;
    assert_eq!(anns.expect("direct_typing").await["is_typing"], true);
    let mut second = TestClient::listen(&bob).await;
    let read = json!({ "type": "direct_message_read", "conversation_id": id, "seq": 1 });
    bobs.send(&read).await;
    assert_eq!(second.expect("direct_message_read").await["seq"], 1);
}

#[tokio::test]
async fn sanctions_of_the_server_are_told_and_a_ban_closes_it() {
    let server = TestServer::start().await;
    let root = server.admin("root").await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut tabs = [
        TestClient::listen(&bob).await,
        TestClient::listen(&bob).await,
    ];
    let mut other = TestClient::listen(&ann).await;
    // Those of a canvas are told on the canvas.
    let of_canvas = format!("/canvases/{id}/sanctions");
    let reply = ann.post(&of_canvas, &sanction(&bob, "mute")).await;
    reply.expect(201);
    let mute = root.post("/admin/sanctions", &sanction(&bob, "mute")).await;
    let mute = mute.json(201);
    for tab in &mut tabs {
        // There is a notification too.
        let told = tab.expect("sanction").await;
        assert_eq!(told["sanction"]["id"], mute["id"]);
        assert_eq!(told["sanction"]["issued_by"], Value::Null);
    }
    let lift = format!("/sanctions/{}/lift", mute["id"]);
    root.post(&lift, &json!({})).await.expect(200);
    for tab in &mut tabs {
        let told = tab.expect("sanction_lifted").await;
        assert_eq!(
            (&told["sanction_id"], &told["canvas_id"]),
            (&mute["id"], &Value::Null)
        );
    }
    // One whose time is over.
    let mut short = sanction(&bob, "no_paint");
    short["duration_s"] = 60.into();
    let short = root.post("/admin/sanctions", &short).await.json(201);
    for tab in &mut tabs {
        assert_eq!(tab.expect("sanction").await["sanction"]["id"], short["id"]);
    }
    let pool = server.database.pool().await;
    let sooner = "UPDATE sanctions SET expires_at = now() + interval '4 seconds' WHERE id = $1";
    let sooner = sqlx::query(sooner).bind(short["id"].as_i64());
    sooner.execute(&pool).await.unwrap();
    sqlx::query("UPDATE server_access SET changes = changes + 1")
        .execute(&pool)
        .await
        .unwrap();
    for tab in &mut tabs {
        tab.expect("sanction").await;
        let told = tab.expect("sanction_lifted").await;
        assert_eq!(told["sanction_id"], short["id"]);
    }
    let ban = root.post("/admin/sanctions", &sanction(&bob, "ban")).await;
    let ban = ban.json(201);
    for tab in &mut tabs {
        assert_eq!(tab.expect("sanction").await["sanction"]["id"], ban["id"]);
        assert_eq!(tab.closed().await, ended(1008, "banned"));
    }
    assert!(other.drain().await.is_empty());
}

#[tokio::test]
async fn it_is_closed_like_any_other() {
    let server = TestServer::start_with(&["--token-ttl", "30"]).await;
    let ann = server.user("ann").await;
    let mut tab = TestClient::listen(&ann).await;
    tab.send_raw(Message::binary(vec![1])).await;
    assert_eq!(tab.closed().await.code, 1003);
    let mut tab = TestClient::listen(&ann).await;
    tab.send_text(&"x".repeat(32 * 1024 + 1)).await;
    assert_eq!(tab.closed().await.code, 1009);
    let mut tab = TestClient::listen(&ann).await;
    for _ in 0..20 {
        tab.send(&json!({ "type": "canvas_chat", "text": "hi" }))
            .await;
    }
    assert_eq!(tab.closed().await, ended(1008, "rate_limited"));
    let mut tab = TestClient::listen(&ann).await;
    ann.post("/auth/logout", &json!({})).await.expect(204);
    assert_eq!(tab.closed().await, ended(1008, "revoked"));
    // A session that ended without a word to this node.
    let gus = server.guest("Gus").await;
    let mut tab = TestClient::listen(&gus).await;
    let pool = server.database.pool().await;
    let begun = Instant::now();
    sqlx::query("UPDATE sessions SET expires_at = now() WHERE user_id = $1")
        .bind(gus.id())
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(tab.closed().await, ended(1008, "token_expired"));
    assert!(begun.elapsed() < Duration::from_secs(5));
    let bob = server.user("bob").await;
    let mut tab = TestClient::listen(&bob).await;
    let (_, closed) = tokio::join!(server.stop(), tab.closed());
    assert_eq!(closed.code, 1012);
    assert!(closed.reason.starts_with("retry_after_ms="));
}

#[tokio::test]
async fn a_silent_peer_is_dropped_and_one_that_answers_pings_is_not() {
    let server = TestServer::start_with(&[
        "--websocket-timeout",
        "1",
        "--websocket-ping-interval",
        "0.2",
    ])
    .await;
    let ann = server.admin("ann").await;
    let begun = Instant::now();
    let mut silent = TestClient::listen(&ann).await;
    let mut answering = TestClient::listen(&ann).await;
    let dropped = async {
        // Only `answering` is read, whose pings are answered meanwhile.
        while ann.all("/admin/clients").await.len() > 1 {
            answering.drain().await;
        }
    };
    let in_time = tokio::time::timeout(TEST_TIMEOUT, dropped).await;
    in_time.expect("it is not dropped");
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(silent.closed().await.code, 1006);
    answering.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_nodes_reach_it() {
    let mut cluster = Cluster::start_with(2, &[("WEBSOCKET_MAX_CONNECTIONS_PER_USER", "2")]).await;
    let root = admin(&cluster.database, cluster.nodes[0].addr, "root").await;
    let bob = cluster.nodes[1].guest("Bob").await;
    let mut tab = TestClient::listen(&bob).await;
    // It counts on the other node too.
    let here = cluster.nodes[0].at(&bob);
    let mut second = TestClient::listen(&here).await;
    let query = format!("token={}", bob.token());
    let third = refusal(bob.addr, upgrade_user(bob.addr, &query, &[])).await;
    assert_eq!(third, (429, "too_many_connections".to_owned()));
    let found = root
        .all(&format!("/admin/clients?user_id={}", bob.id()))
        .await;
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|client| client["canvas_id"].is_null()));
    for body in [
        json!({ "message": "all" }),
        json!({ "message": "bob", "user_id": bob.id() }),
    ] {
        root.post("/admin/announcements", &body).await.expect(202);
        for tab in [&mut tab, &mut second] {
            assert_eq!(tab.next().await["message"], body["message"]);
        }
    }
    for is_up in [true, false] {
        if !is_up {
            cluster.redis.kill().await;
        }
        let made = root
            .post("/admin/sanctions", &sanction(&bob, "warning"))
            .await;
        let made = made.json(201);
        let begun = Instant::now();
        for tab in [&mut tab, &mut second] {
            let told = tab.expect("sanction").await;
            assert_eq!(told["sanction"]["id"], made["id"]);
        }
        // The contract's limit is 5 s; the rest is for a busy machine.
        assert!(begun.elapsed() < Duration::from_secs(10));
        let confirm = format!("/sanctions/{}/confirm", made["id"]);
        bob.post(&confirm, &json!({})).await.expect(200);
        for tab in [&mut tab, &mut second] {
            tab.expect("sanction_lifted").await;
        }
    }
    let ban = root.post("/admin/sanctions", &sanction(&bob, "ban")).await;
    ban.expect(201);
    for tab in [&mut tab, &mut second] {
        tab.expect("sanction").await;
        assert_eq!(tab.closed().await, ended(1008, "banned"));
    }
}
