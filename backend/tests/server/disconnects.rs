//! How connections are closed, and with which close code.

use crate::common::{
    TEST_TIMEOUT, TestServer, canvas,
    socket::{Closed, TestClient, open, upgrade},
};
use futures_util::{StreamExt, future::join_all};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::frame::{
            Frame, FrameHeader,
            coding::{Data, OpCode},
        },
    },
};

async fn alone() -> (TestServer, crate::common::http::Client, i64, TestClient) {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let tab = TestClient::join(&ann, canvas).await;
    (server, ann, canvas, tab)
}

fn ended(code: u16, reason: &str) -> Closed {
    Closed {
        code,
        reason: reason.to_owned(),
    }
}

#[tokio::test]
async fn invalid_frames_close_the_connection() {
    let (_server, ann, canvas, mut tab) = alone().await;
    let chat = |size: usize| {
        let frame = json!({ "type": "ping", "timestamp": "" }).to_string();
        frame.replace("\"\"", &format!("\"{}\"", "x".repeat(size - frame.len())))
    };
    tab.send_text(&chat(32 * 1024)).await;
    tab.expect("pong").await;
    tab.send_text(&chat(32 * 1024 + 1)).await;
    assert_eq!(tab.closed().await.code, 1009);

    let mut tab = TestClient::join(&ann, canvas).await;
    tab.send_raw(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(tab.closed().await.code, 1003);

    let mut tab = TestClient::join(&ann, canvas).await;
    let header = FrameHeader {
        is_final: true,
        opcode: OpCode::Data(Data::Text),
        ..FrameHeader::default()
    };
    let bad = Frame::from_payload(header, vec![0xff, 0xfe].into());
    tab.send_raw(Message::Frame(bad)).await;
    assert_eq!(tab.closed().await.code, 1007);
}

#[tokio::test]
async fn endless_fragments_close_the_connection() {
    let (_server, _ann, _canvas, mut tab) = alone().await;
    let fragment = |first: bool| {
        let header = FrameHeader {
            is_final: false,
            opcode: OpCode::Data(if first { Data::Text } else { Data::Continue }),
            ..FrameHeader::default()
        };
        Message::Frame(Frame::from_payload(header, vec![b'x'; 4096].into()))
    };
    for n in 0..9 {
        tab.send_raw(fragment(n == 0)).await;
    }
    assert_eq!(tab.closed().await.code, 1009);
}

/// A raw connection and what it can be sent that violates the protocol.
async fn raw(client: &crate::common::http::Client, canvas: i64) -> WebSocketStream<TcpStream> {
    let query = format!("token={}", client.token());
    let request = upgrade(client.addr, canvas, &query, &[]);
    let mut socket = open(client.addr, request).await.unwrap();
    let connected = timeout(TEST_TIMEOUT, socket.next()).await.unwrap();
    assert!(connected.unwrap().unwrap().is_text());
    socket
}

/// Reads up to the close frame, and then to the end of the connection. Neither may be
/// lost, whatever was sent meanwhile.
async fn close_frame(mut socket: WebSocketStream<TcpStream>) -> Closed {
    let closed = loop {
        let message = timeout(TEST_TIMEOUT, socket.next())
            .await
            .expect("nothing came");
        if let Message::Close(frame) = message.unwrap().unwrap() {
            let frame = frame.unwrap();
            break ended(frame.code.into(), &frame.reason);
        }
    };
    let stream = socket.get_mut();
    // More arrives after the close frame was sent.
    stream.write_all(&[0x81; 4096]).await.unwrap();
    let mut rest = Vec::new();
    let read = timeout(TEST_TIMEOUT, stream.read_to_end(&mut rest)).await;
    read.expect("the server does not close").unwrap();
    closed
}

#[tokio::test]
async fn a_length_that_is_too_large_closes_before_the_payload_comes() {
    let (_server, ann, canvas, _tab) = alone().await;
    for (frame, code) in [
        // FIN and text, 64 bits of length, a mask; nothing or little of the payload.
        (
            vec![0x81, 0xff, 0, 0, 0, 0, 0, 0, 0x80, 1, 1, 2, 3, 4],
            1009,
        ),
        (
            [
                &[0x81, 0xff, 0, 0, 0, 0, 0x80, 0, 0, 0, 1, 2, 3, 4],
                &[7; 100][..],
            ]
            .concat(),
            1009,
        ),
        (vec![0x81, 0xfe, 0xff, 0xff, 1, 2, 3, 4, 5], 1009),
        (
            vec![0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4],
            1009,
        ),
        // Not masked, a reserved bit, a reserved opcode, a fragment of nothing.
        (vec![0x81, 0x01, b'x'], 1002),
        (vec![0xc1, 0x80, 1, 2, 3, 4], 1002),
        (vec![0x83, 0x80, 1, 2, 3, 4], 1002),
        (vec![0x80, 0x80, 1, 2, 3, 4], 1002),
        // A close frame whose reason is not UTF-8.
        (vec![0x88, 0x84, 0, 0, 0, 0, 0x03, 0xe8, 0xff, 0xff], 1007),
    ] {
        let mut socket = raw(&ann, canvas).await;
        socket.get_mut().write_all(&frame).await.unwrap();
        assert_eq!(close_frame(socket).await.code, code, "{frame:x?}");
    }
}

#[tokio::test]
async fn a_flood_of_pings_closes_the_connection() {
    let (_server, ann, canvas, mut tab) = alone().await;
    let mut flood = TestClient::join(&ann, canvas).await;
    for _ in 0..501 {
        flood.send_raw(Message::Ping(vec![7; 8].into())).await;
    }
    assert_eq!(flood.closed().await, ended(1008, "rate_limited"));
    for _ in 0..50 {
        tab.send_raw(Message::Ping(vec![7; 8].into())).await;
    }
    tab.drain().await;
}

#[tokio::test]
async fn the_longest_chat_text_fits_however_it_is_escaped() {
    let (_server, _ann, _canvas, mut tab) = alone().await;
    let text = "\\ud83d\\ude00".repeat(2000);
    tab.send_text(&format!(r#"{{"type":"canvas_chat","text":"{text}"}}"#))
        .await;
    let said = tab.expect("canvas_chat_message").await;
    assert_eq!(said["message_text"], "\u{1f600}".repeat(2000));
}

#[tokio::test]
async fn twenty_undecodable_messages_close_the_connection() {
    let (_server, _ann, _canvas, mut tab) = alone().await;
    for n in 0..20 {
        let message = match n % 3 {
            0 => "{".to_owned(),
            1 => json!({ "type": "dance" }).to_string(),
            _ => json!({ "type": "tile_paint" }).to_string(),
        };
        tab.send_text(&message).await;
    }
    assert_eq!(tab.closed().await, ended(1008, "rate_limited"));
}

#[tokio::test]
async fn nineteen_are_tolerated_and_refusals_do_not_count() {
    let (_server, _ann, _canvas, mut tab) = alone().await;
    for _ in 0..19 {
        tab.send_text("{").await;
        tab.refused("invalid_json").await;
    }
    for _ in 0..40 {
        tab.operate(json!({ "type": "tile_delete", "x": 0, "y": 0 }))
            .await;
        tab.refused("tile_not_found").await;
        tab.operate(json!({ "type": "canvas_chat", "text": "" }))
            .await;
        tab.refused("text_empty").await;
    }
    tab.done(json!({ "type": "canvas_chat", "text": "still here" }))
        .await;
}

#[tokio::test]
async fn logout_closes_the_sessions_sockets_and_no_others() {
    let (server, ann, canvas, mut tab) = alone().await;
    let mut other = server.visitor();
    let login = json!({ "username": "ann", "password": "password" });
    let auth = other.post("/auth/login", &login).await.json(200);
    other.sign_in(&auth);
    let mut elsewhere = TestClient::join(&other, canvas).await;
    ann.post("/auth/logout", &json!({})).await.expect(204);
    assert_eq!(tab.closed().await, ended(1008, "revoked"));
    elsewhere
        .done(json!({ "type": "canvas_chat", "text": "still here" }))
        .await;
}

#[tokio::test]
async fn a_socket_is_closed_with_the_session_of_its_newest_token() {
    let (server, ann, _canvas, mut tab) = alone().await;
    let mut other = server.visitor();
    let login = json!({ "username": "ann", "password": "password" });
    let auth = other.post("/auth/login", &login).await.json(200);
    other.sign_in(&auth);
    tab.send(&json!({ "type": "auth_refresh", "token": other.token() }))
        .await;
    tab.expect("ack").await;
    ann.post("/auth/logout", &json!({})).await.expect(204);
    tab.drain().await;
    other.post("/auth/logout", &json!({})).await.expect(204);
    assert_eq!(tab.closed().await, ended(1008, "revoked"));
}

#[tokio::test]
async fn no_socket_outlives_a_concurrent_logout() {
    let server = TestServer::start().await;
    let owner = server.guest("Owner").await;
    let canvas = canvas(&owner, &json!({})).await;
    for _ in 0..10 {
        let racer = server.guest("Racer").await;
        let query = format!("token={}", racer.token());
        let joining = async {
            let request = upgrade(racer.addr, canvas, &query, &[]);
            open(racer.addr, request).await.ok()
        };
        let leave = json!({});
        let (socket, left) = tokio::join!(joining, racer.post("/auth/logout", &leave));
        left.expect(204);
        if let Some(socket) = socket {
            let end = TestClient::over(socket).closed().await;
            assert_eq!(end, ended(1008, "revoked"));
        }
    }
}

#[tokio::test]
async fn an_expired_token_closes_the_socket_unless_renewed() {
    let server = TestServer::start_with(&["--token-ttl", "3"]).await;
    let ann = server.user("ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut short = TestClient::join(&ann, canvas).await;
    let mut long = TestClient::join(&ann, canvas).await;
    let newer = ann.post("/auth/refresh", &json!({})).await.json(200);
    long.send(&json!({ "type": "auth_refresh", "token": newer["token"] }))
        .await;
    long.expect("ack").await;
    assert_eq!(short.closed().await, ended(1008, "token_expired"));
    // The newer one expires at least a second later.
    long.drain().await;
    assert_eq!(long.closed().await, ended(1008, "token_expired"));
}

#[tokio::test]
async fn a_session_ended_by_another_node_closes_its_sockets() {
    let (server, ann, canvas, mut bystander) = alone().await;
    let pool = server.database.pool().await;
    for (change, reason) in [
        ("DELETE FROM sessions WHERE user_id = $1", "revoked"),
        (
            "UPDATE sessions SET revoked_at = now() WHERE user_id = $1",
            "revoked",
        ),
        (
            "UPDATE sessions SET expires_at = now() WHERE user_id = $1",
            "token_expired",
        ),
    ] {
        let gus = server.guest("Gus").await;
        let mut tabs = [
            TestClient::join(&gus, canvas).await,
            TestClient::join(&gus, canvas).await,
        ];
        let done = sqlx::query(change).bind(gus.id()).execute(&pool).await;
        assert_eq!(done.unwrap().rows_affected(), 1);
        let since = Instant::now();
        for tab in &mut tabs {
            assert_eq!(tab.closed().await, ended(1008, reason));
        }
        assert!(since.elapsed() < Duration::from_secs(5), "{change}");
    }
    bystander
        .done(json!({ "type": "canvas_chat", "text": "still here" }))
        .await;
    drop(ann);
    server.stop().await;
}

#[tokio::test]
async fn a_deleted_canvas_closes_its_sockets() {
    let (server, ann, canvas, mut tab) = alone().await;
    let mut other = TestClient::join(&server.guest("Bob").await, canvas).await;
    ann.delete(&format!("/canvases/{canvas}")).await.expect(204);
    for tab in [&mut tab, &mut other] {
        let gone = tab.expect("canvas_deleted").await;
        assert_eq!(gone["canvas_id"], canvas);
        assert_eq!(tab.closed().await, ended(1008, "canvas_deleted"));
    }
    ann.get(&format!("/canvases/{canvas}"))
        .await
        .problem(404, "canvas_not_found");
}

#[tokio::test]
async fn a_removed_member_of_a_private_canvas_is_disconnected() {
    let (server, ann, canvas, _tab) = alone().await;
    let bob = server.user("bob").await;
    let mut tab = TestClient::join(&bob, canvas).await;
    let path = format!("/canvases/{canvas}");
    ann.patch(&path, &json!({ "visibility": "private" }))
        .await
        .expect(200);
    assert_eq!(tab.closed().await, ended(1008, "revoked"));
}

#[tokio::test]
async fn shutdown_closes_all_sockets_with_retry_after_ms() {
    let (server, ann, canvas, mut tab) = alone().await;
    tab.done(json!({ "type": "canvas_chat", "text": "before" }))
        .await;
    let mut tabs = vec![tab];
    for _ in 0..10 {
        tabs.push(TestClient::join(&ann, canvas).await);
    }
    let ends = join_all(tabs.iter_mut().map(TestClient::closed));
    let (database, ends) = tokio::join!(server.stop(), ends);
    let mut waits = Vec::new();
    for end in ends {
        assert_eq!(end.code, 1012);
        let wait = end.reason.strip_prefix("retry_after_ms=").unwrap();
        waits.push(wait.parse::<u64>().unwrap());
    }
    waits.dedup();
    assert!(waits.len() > 1, "all at once: {waits:?}");
    let server = TestServer::start_on(database, &[]).await;
    let history = server
        .visitor()
        .get(&format!("/canvases/{canvas}/messages"))
        .await;
    assert_eq!(history.json(200)["items"][0]["message_text"], "before");
}

/// Waits until a user's typing state expires, which takes 5 s, while both clients
/// only answer pings.
async fn both_stay_quiet(server: &TestServer) {
    let bob = server.user("bob").await;
    let canvas = crate::common::canvas(&bob, &json!({})).await;
    let mut tab = TestClient::join(&bob, canvas).await;
    let mut other = TestClient::join(&server.guest("Silent").await, canvas).await;
    let typing = json!({ "type": "user_presence", "presence_type": "typing", "is_typing": true });
    other.send(&typing).await;
    let stopped = tab.until(|m| m["type"] == "user_typing" && m["is_typing"] == false);
    let listening = async {
        loop {
            other.next().await;
        }
    };
    tokio::select! {
        _ = stopped => {}
        () = listening => {}
    }
    other.drain().await;
}

#[tokio::test]
async fn a_silent_peer_is_disconnected() {
    // Half of the timeout is the longest time between pings.
    let server = TestServer::start_with(&[
        "--websocket-timeout",
        "1",
        "--websocket-ping-interval",
        "10",
    ])
    .await;
    let ann = server.admin("ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let started = Instant::now();
    // It does not read and therefore answers no ping.
    let mut silent = TestClient::join(&ann, canvas).await;
    assert_eq!(silent.connected["heartbeat"]["interval_ms"], 500);
    assert_eq!(silent.connected["heartbeat"]["timeout_ms"], 1000);
    while !ann.all("/admin/clients").await.is_empty() {}
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert!(started.elapsed() < TEST_TIMEOUT);
    assert_eq!(silent.closed().await.code, 1006);
    both_stay_quiet(&server).await;
}

#[tokio::test]
async fn a_peer_that_only_answers_pings_stays_connected() {
    let server = TestServer::start_with(&[
        "--websocket-timeout",
        "1",
        "--websocket-ping-interval",
        "0.2",
    ])
    .await;
    both_stay_quiet(&server).await;
}

#[tokio::test]
async fn pings_are_jittered_within_their_interval() {
    let server = TestServer::start_with(&["--websocket-ping-interval", "0.5"]).await;
    let ann = server.user("ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let query = format!("token={}", ann.token());
    let request = upgrade(ann.addr, canvas, &query, &[]);
    let mut socket = open(ann.addr, request).await.unwrap();
    let mut times = Vec::new();
    while times.len() < 9 {
        let message = timeout(TEST_TIMEOUT, socket.next()).await.unwrap();
        if let Message::Ping(_) = message.unwrap().unwrap() {
            times.push(Instant::now());
        }
    }
    // A busy machine lengthens one wait and shortens the next by as much.
    let waits: Vec<f64> = times
        .windows(2)
        .map(|w| (w[1] - w[0]).as_secs_f64())
        .collect();
    let mean = waits.iter().sum::<f64>() / 8.0;
    assert!((0.4..1.0).contains(&mean), "{waits:?}");
    let longest = waits.iter().copied().fold(0.0, f64::max);
    let shortest = waits.iter().copied().fold(f64::MAX, f64::min);
    assert!(longest - shortest > 0.01, "{waits:?}");
}
