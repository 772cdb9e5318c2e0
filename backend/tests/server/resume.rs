//! Resume: from every point nothing is missing and nothing comes twice.

use crate::common::{TestServer, canvas, client_pool::join_while_written, socket::TestClient};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn a_client_resumes_from_every_point() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    let head = 12;
    for n in 0..head {
        let paint = json!({ "type": "tile_paint", "x": n % 3, "y": 0, "pixels": [[n, n % 4]] });
        tab.done(paint).await;
    }
    let log = ann.all(&format!("/canvases/{canvas}/events")).await;
    let epoch = tab.connected["epoch"].as_str().unwrap();
    for last_seq in 0..=head {
        let query = format!("token={}&last_seq={last_seq}&epoch={epoch}", ann.token());
        let mut back = TestClient::connect(ann.addr, canvas, &query).await;
        assert_eq!(back.connected["resume"], "resumed");
        assert_eq!(back.connected["seq"], head);
        back.reach(head).await;
        let skip = usize::try_from(last_seq).unwrap();
        assert_eq!(back.events, log[skip..]);
        assert!(back.drain().await.iter().all(|m| m.get("seq").is_none()));
    }
}

#[tokio::test]
async fn events_no_longer_in_the_ring_are_replayed_from_the_log() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    let head = 700;
    for n in 0..head {
        tab.operate(json!({ "type": "canvas_chat", "text": n.to_string() }))
            .await;
    }
    tab.reach(head).await;
    let epoch = tab.connected["epoch"].as_str().unwrap();
    for last_seq in [0, 1, head - 513, head - 512, head - 511, head - 1] {
        let query = format!("token={}&last_seq={last_seq}&epoch={epoch}", ann.token());
        let mut back = TestClient::connect(ann.addr, canvas, &query).await;
        assert_eq!(back.connected["resume"], "resumed");
        back.reach(head).await;
        assert_eq!(
            back.events,
            tab.events[usize::try_from(last_seq).unwrap()..]
        );
    }
}

#[tokio::test]
async fn an_impossible_resume_is_answered_with_resync() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    tab.done(json!({ "type": "canvas_chat", "text": "hi" }))
        .await;
    let epoch = tab.connected["epoch"].as_str().unwrap().to_owned();
    let other = Uuid::new_v4().to_string();
    for (more, resume) in [
        (String::new(), "fresh"),
        (format!("&epoch={epoch}"), "fresh"),
        (format!("&last_seq=1&epoch={epoch}"), "resumed"),
        (format!("&last_seq=0&epoch={epoch}"), "resumed"),
        (format!("&last_seq=2&epoch={epoch}"), "resync"),
        (
            format!("&last_seq=99999999999999999999&epoch={epoch}"),
            "resync",
        ),
        (format!("&last_seq=&epoch={epoch}"), "fresh"),
        (format!("&last_seq=1&epoch={other}"), "resync"),
        ("&last_seq=1&epoch=nonsense".to_owned(), "resync"),
        ("&last_seq=1".to_owned(), "resync"),
    ] {
        let query = format!("token={}{more}", ann.token());
        let back = TestClient::connect(ann.addr, canvas, &query).await;
        assert_eq!(back.connected["resume"], resume, "{more}");
    }
}

#[tokio::test]
async fn at_most_ten_thousand_events_are_replayed() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let path = format!("/canvases/{canvas}");
    let tile = json!({ "x": 0, "y": 0 });
    ann.post(&format!("{path}/tiles"), &tile).await.expect(201);
    let epoch = ann.get(&path).await.json(200)["epoch"].clone();
    let epoch = epoch.as_str().unwrap();
    // Ten thousand more of the same, written straight into the log.
    let pool = server.database.pool().await;
    sqlx::query(
        r#"WITH more AS (
             INSERT INTO canvas_events (canvas_id, seq, kind, actor_id, body, created_at)
             SELECT canvas_id, n, kind, actor_id,
                    replace(body, '"seq":1,', '"seq":' || n || ','), created_at
             FROM canvas_events, generate_series(2, 10001) AS n WHERE canvas_id = $1
         )
         UPDATE canvases SET last_seq = 10001 WHERE id = $1"#,
    )
    .bind(canvas)
    .execute(&pool)
    .await
    .unwrap();
    for (last_seq, resume) in [(1, "resumed"), (0, "resync")] {
        let query = format!("token={}&last_seq={last_seq}&epoch={epoch}", ann.token());
        let mut back = TestClient::connect(ann.addr, canvas, &query).await;
        assert_eq!(back.connected["resume"], resume);
        assert_eq!(back.connected["seq"], 10_001);
        back.reach(10_001).await;
        let replayed = if resume == "resumed" { 10_000 } else { 0 };
        assert_eq!(back.events.len(), replayed);
    }
    server.stop().await;
}

#[tokio::test]
async fn request_update_sends_missed_events_again() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    for n in 0..5 {
        tab.done(json!({ "type": "canvas_chat", "text": n.to_string() }))
            .await;
    }
    let mut late = TestClient::join(&ann, canvas).await;
    late.seq = 2;
    late.send(&json!({ "type": "request_update", "last_seq": 2 }))
        .await;
    let ack = late.expect("ack").await;
    assert_eq!(ack["for"], "request_update");
    assert_eq!(late.events, tab.events[2..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_joins_during_writes_see_no_gap_and_no_repeat() {
    let server = TestServer::start().await;
    let head = join_while_written(server.addr, 200).await;
    assert!(head > 100, "{head}");
}

#[tokio::test]
async fn an_answer_lost_with_the_connection_is_repeated() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    let op_id = Uuid::new_v4();
    let paint = json!({
        "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]], "op_id": op_id,
    });
    tab.send(&paint).await;
    // Disconnected before the answer: it may or may not have been applied.
    let before = tab;
    let mut back = TestClient::resume(&ann, canvas, &before).await;
    back.send(&paint).await;
    let ack = back
        .until(|message| message["type"] == "ack" && message["op_id"] == json!(op_id))
        .await;
    assert_eq!(ack["seq"], 1);
    let log = ann.all(&format!("/canvases/{canvas}/events")).await;
    assert_eq!(log.len(), 1);
}
