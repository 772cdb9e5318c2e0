//! One gapless order for everybody, and every operation exactly once.

use crate::common::{TestServer, canvas, socket::TestClient};
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test]
async fn sixteen_writers_make_one_gapless_order() {
    const WRITERS: usize = 16;
    const EACH: i64 = 25;
    let server = TestServer::start().await;
    let owner = server.guest("Owner").await;
    let canvas = canvas(&owner, &json!({})).await;
    let mut watchers = Vec::new();
    for _ in 0..3 {
        watchers.push(TestClient::join(&server.guest("Watcher").await, canvas).await);
    }
    let mut writers = Vec::new();
    for _ in 0..WRITERS {
        writers.push(TestClient::join(&server.guest("Writer").await, canvas).await);
    }
    let total = i64::try_from(WRITERS).unwrap() * EACH;
    let writing = writers.iter_mut().enumerate().map(async |(writer, tab)| {
        for n in 0..EACH {
            let index = writer * 4 + usize::try_from(n).unwrap() % 4;
            let message = match n % 3 {
                0 => json!({ "type": "canvas_chat", "text": format!("{writer}: {n}") }),
                1 => {
                    json!({ "type": "tile_paint", "x": n % 8, "y": 0, "pixels": [[index, n / 4 % 4]] })
                }
                _ => json!({ "type": "tile_paint", "x": 0, "y": 1, "pixels": [[index, n / 4 % 4]] }),
            };
            // `TestClient` panics at a gap, a repeat or an early ack.
            tab.done(message).await;
        }
        tab.reach(total).await;
    });
    join_all(writing).await;
    for watcher in &mut watchers {
        watcher.reach(total).await;
    }
    let log = owner.all(&format!("/canvases/{canvas}/events")).await;
    let seqs: Vec<i64> = log.iter().map(|e| e["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=total).collect::<Vec<_>>());
    let snapshot = owner.get(&format!("/canvases/{canvas}/snapshot")).await;
    let board = crate::common::socket::board(&snapshot.json(200)["tiles"]);
    for watcher in &watchers {
        assert_eq!(watcher.events, log);
        assert_eq!(watcher.board, board);
    }
    for writer in &writers {
        assert_eq!(writer.board, board);
    }
}

#[tokio::test]
async fn a_repeated_operation_gets_the_first_answer_from_any_connection() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut first = TestClient::join(&ann, canvas).await;
    let mut second = TestClient::join(&ann, canvas).await;
    let op_id = Uuid::new_v4();
    let paint = json!({
        "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]], "op_id": op_id,
    });
    first.send(&paint).await;
    let ack = first.expect("ack").await;
    first.send(&paint).await;
    assert_eq!(first.expect("ack").await, ack);
    second.send(&paint).await;
    assert_eq!(second.expect("ack").await, ack);
    second.close().await;
    let mut third = TestClient::join(&ann, canvas).await;
    third.send(&paint).await;
    assert_eq!(third.expect("ack").await, ack);
    let log = ann.all(&format!("/canvases/{canvas}/events")).await;
    assert_eq!(log.len(), 1);
}

#[tokio::test]
async fn the_same_operation_sent_by_many_tabs_at_once_is_applied_once() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tabs = Vec::new();
    for _ in 0..8 {
        tabs.push(TestClient::join(&ann, canvas).await);
    }
    for round in 1..=10 {
        let op_id = Uuid::new_v4();
        let chat = json!({ "type": "canvas_chat", "text": "once", "op_id": op_id });
        let answers = join_all(tabs.iter_mut().map(async |tab| {
            tab.send(&chat).await;
            tab.expect("ack").await
        }));
        for answer in answers.await {
            assert_eq!(answer["seq"], round);
        }
    }
    let log = ann.all(&format!("/canvases/{canvas}/events")).await;
    assert_eq!(log.len(), 10);
}

#[tokio::test]
async fn a_no_op_operation_is_not_applied_by_a_later_repeat() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    tab.done(json!({ "type": "tile_create", "x": 0, "y": 0 }))
        .await;
    let like = |liked: bool, op_id: Uuid| json!({ "type": "tile_like", "x": 0, "y": 0, "liked": liked, "op_id": op_id });
    let idle = like(false, Uuid::new_v4());
    tab.send(&idle).await;
    assert!(tab.expect("ack").await.get("seq").is_none());
    tab.send(&like(true, Uuid::new_v4())).await;
    assert_eq!(tab.expect("ack").await["like_count"], 1);
    tab.send(&idle).await;
    assert!(tab.expect("ack").await.get("seq").is_none());
    let tiles = ann.all(&format!("/canvases/{canvas}/tiles")).await;
    assert_eq!(tiles[0]["like_count"], 1);
}

#[tokio::test]
async fn a_refused_operation_may_be_sent_again() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    let op_id = Uuid::new_v4();
    let like = json!({ "type": "tile_like", "x": 0, "y": 0, "liked": true, "op_id": op_id });
    tab.send(&like).await;
    tab.refused("tile_not_found").await;
    tab.done(json!({ "type": "tile_create", "x": 0, "y": 0 }))
        .await;
    tab.send(&like).await;
    assert_eq!(tab.expect("ack").await["seq"], 2);
}

#[tokio::test]
async fn the_same_op_id_of_another_user_or_canvas_is_another_operation() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.guest("Ann").await, server.guest("Bob").await);
    let here = canvas(&ann, &json!({})).await;
    let there = canvas(&ann, &json!({})).await;
    let op_id = Uuid::new_v4();
    let chat = json!({ "type": "canvas_chat", "text": "hi", "op_id": op_id });
    for (user, canvas, seq) in [(&ann, here, 1), (&bob, here, 2), (&ann, there, 1)] {
        let mut tab = TestClient::join(user, canvas).await;
        tab.send(&chat).await;
        assert_eq!(tab.expect("ack").await["seq"], seq);
    }
}

#[tokio::test]
async fn one_batch_may_create_change_and_delete_a_tile() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    let mut watcher = TestClient::join(&ann, canvas).await;
    // Sent without waiting, they share few transactions.
    let life = [
        json!({ "type": "tile_create", "x": 0, "y": 0 }),
        json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]] }),
        json!({ "type": "tile_like", "x": 0, "y": 0, "liked": true }),
        json!({ "type": "tile_delete", "x": 0, "y": 0 }),
        json!({ "type": "tile_like", "x": 0, "y": 0, "liked": true }),
        json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[1, 2]] }),
        json!({ "type": "tile_like", "x": 0, "y": 0, "liked": true }),
    ];
    let repeats = 20;
    for _ in 0..repeats {
        for message in &life {
            tab.operate(message.clone()).await;
        }
        tab.operate(json!({ "type": "tile_delete", "x": 0, "y": 0 }))
            .await;
    }
    tab.operate(life[5].clone()).await;
    // Each sequence has seven events and one refusal.
    let head = repeats * 7 + 1;
    tab.reach(head).await;
    watcher.reach(head).await;
    let snapshot = ann
        .get(&format!("/canvases/{canvas}/snapshot"))
        .await
        .json(200);
    let board = crate::common::socket::board(&snapshot["tiles"]);
    assert_eq!(tab.board, board);
    assert_eq!(watcher.board, board);
    let tile: &Value = &snapshot["tiles"][0];
    assert_eq!(
        (&tile["version"], &tile["like_count"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(snapshot["canvas"]["tile_count"], 1);
}

#[tokio::test]
async fn an_op_id_is_echoed_as_written_and_compared_by_value() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    let mut other = TestClient::join(&ann, canvas).await;
    let spellings = [
        "018F4E1C-ABCD-7000-8000-00000000000F",
        "018f4e1c-abcd-7000-8000-00000000000f",
        "018f4E1C-aBcD-7000-8000-00000000000F",
        "018f4e1cabcd7000800000000000000F",
    ];
    for op_id in spellings {
        tab.send(&json!({ "type": "canvas_chat", "text": "once", "op_id": op_id }))
            .await;
        let ack = tab.expect("ack").await;
        assert_eq!(ack["op_id"], op_id);
        assert_eq!(ack["seq"], 1);
        tab.send(&json!({ "type": "tile_delete", "x": 99, "y": 0, "op_id": op_id }))
            .await;
        // It was applied before; only an undecodable one is refused.
        assert_eq!(tab.expect("ack").await["op_id"], op_id);
        tab.send(&json!({ "type": "tile_delete", "x": "a", "y": 0, "op_id": op_id }))
            .await;
        assert_eq!(tab.refused("invalid_message").await["op_id"], op_id);
        tab.send(&json!({ "type": "ping", "op_id": op_id })).await;
        assert_eq!(tab.expect("pong").await["op_id"], op_id);
    }
    for heard in [&mut tab, &mut other] {
        heard.reach(1).await;
        assert_eq!(heard.events.len(), 1);
        assert_eq!(heard.events[0]["op_id"], spellings[0]);
    }
    let log = ann.all(&format!("/canvases/{canvas}/events")).await;
    assert_eq!(log, other.events);
    server.stop().await;
}
