//! Reading a canvas as a whole: snapshot, event log and picture.

use crate::common::{
    TestServer, canvas,
    http::Reply,
    socket::{TestClient, board},
};
use reqwest::Method;
use serde_json::{Value, json};

fn paint(x: i64, edits: &Value) -> Value {
    json!({ "type": "tile_paint", "x": x, "y": 0, "pixels": edits })
}

fn say(text: &str) -> Value {
    json!({ "type": "canvas_chat", "text": text })
}

#[tokio::test]
async fn a_snapshot_contains_everything_up_to_its_seq() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    let id = canvas(&ann, &json!({})).await;
    let mut drawing = TestClient::join(&ann, id).await;
    let mut watching = TestClient::join(&bob, id).await;
    drawing.done(paint(1, &json!([[0, 1], [63, 2]]))).await;
    drawing.done(paint(2, &json!([[5, 3]]))).await;
    drawing.done(paint(1, &json!([[0, 255]]))).await;
    drawing.done(say("one")).await;
    drawing.done(say("two")).await;
    watching.reach(5).await;
    let snapshot = bob.get(&format!("/canvases/{id}/snapshot")).await.json(200);
    assert_eq!(snapshot["epoch"], watching.connected["epoch"]);
    assert_eq!(snapshot["seq"], 5);
    assert_eq!(snapshot["canvas"]["last_seq"], 5);
    assert_eq!(snapshot["canvas"]["tile_count"], 2);
    assert_eq!(snapshot["canvas"]["role"], "editor");
    assert_eq!(board(&snapshot["tiles"]), watching.board);
    assert_eq!(board(&snapshot["tiles"]), drawing.board);
    let said: Vec<_> = snapshot["messages"].as_array().unwrap().iter().collect();
    assert_eq!(said.len(), 2);
    assert_eq!(
        (&said[0]["message_text"], &said[0]["seq"]),
        (&json!("one"), &json!(4))
    );
    let people = snapshot["active_users"].as_array().unwrap();
    assert_eq!(people.len(), 2);
    assert_eq!(snapshot["canvas"]["active_users"], 2);
    let users = server
        .visitor()
        .all(&format!("/canvases/{id}/users?limit=1"))
        .await;
    assert_eq!(users.len(), 2);
    assert_eq!(users[0]["username"], "ann");
    assert_eq!(users[0]["connections"], 1);
    server.stop().await;
}

#[tokio::test]
async fn the_log_is_read_byte_for_byte_as_it_was_sent() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    let id = canvas(&ann, &json!({})).await;
    let mut drawing = TestClient::join(&ann, id).await;
    let mut watching = TestClient::join(&bob, id).await;
    drawing.done(paint(0, &json!([[0, 1]]))).await;
    for text in ["a", "b", "c"] {
        drawing.done(say(text)).await;
    }
    drawing.done(paint(0, &json!([[1, 1]]))).await;
    watching.reach(5).await;
    let path = format!("/canvases/{id}/events");
    let events = server.visitor().all(&format!("{path}?limit=2")).await;
    assert_eq!(events, watching.events);
    let late = ann.all(&format!("{path}?after_seq=3")).await;
    assert_eq!(late, watching.events[3..]);
    assert!(ann.all(&format!("{path}?after_seq=99")).await.is_empty());
    ann.get(&format!("{path}?after_seq=x"))
        .await
        .refuses("after_seq");

    // Byte for byte: the bodies are returned as stored.
    let stored: Vec<String> =
        sqlx::query_scalar("SELECT body FROM canvas_events WHERE canvas_id = $1 ORDER BY seq")
            .bind(id)
            .fetch_all(&server.database.pool().await)
            .await
            .unwrap();
    let text = ann.get(&path).await.text();
    assert!(text.starts_with(&format!("{{\"items\":[{}]", stored.join(","))));

    let path = format!("/canvases/{id}/messages");
    let texts = |list: &[Value]| -> Vec<String> {
        let text = |message: &Value| message["message_text"].as_str().unwrap().to_owned();
        list.iter().map(text).collect()
    };
    assert_eq!(
        texts(&ann.all(&format!("{path}?limit=1")).await),
        ["c", "b", "a"]
    );
    assert_eq!(
        texts(&ann.all(&format!("{path}?before_seq=4")).await),
        ["b", "a"]
    );
    let message = &ann.all(&path).await[0];
    assert_eq!(message["sender_username"], "ann");
    assert_eq!(message["canvas_id"], id);
    server.stop().await;
}

#[tokio::test]
async fn a_picture_is_cached() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let path = format!("/canvases/{id}/image.png");
    let mut socket = TestClient::join(&ann, id).await;
    socket.done(paint(1, &json!([[0, 2]]))).await;
    let reply = server.visitor().get(&format!("{path}?scale=3")).await;
    reply.expect(200);
    assert_eq!(reply.header("content-type"), "image/png");
    let etag = reply.header("etag").to_owned();

    let mut decoder = png::Decoder::new(std::io::Cursor::new(&reply.body));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut rgba = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgba).unwrap();
    assert_eq!((info.width, info.height), (8 * 8 * 3, 6 * 8 * 3));
    let painted = 8 * 3 * 4;
    assert_eq!(rgba[painted..painted + 4], [255, 0, 0, 255]);
    assert_eq!(rgba[painted - 1], 0);

    let again = ann.request(Method::GET, &format!("{path}?scale=3"));
    let again = Reply::of(again.header("if-none-match", &etag)).await;
    again.expect(304);
    assert!(again.body.is_empty());
    let head = Reply::of(ann.request(Method::HEAD, &path)).await;
    head.expect(200);
    socket.done(paint(1, &json!([[0, 1]]))).await;
    let newer = ann.request(Method::GET, &format!("{path}?scale=3"));
    let newer = Reply::of(newer.header("if-none-match", &etag)).await;
    newer.expect(200);
    assert_ne!(newer.header("etag"), etag);

    for scale in ["0", "9", "-1", "x", "1.5"] {
        ann.get(&format!("{path}?scale={scale}"))
            .await
            .refuses("scale");
    }
    let large = canvas(&ann, &json!({ "width": 256, "height": 1, "tile_size": 32 })).await;
    let path = format!("/canvases/{large}/image.png");
    ann.get(&path).await.expect(200);
    let reply = ann.get(&format!("{path}?scale=2")).await;
    reply.problem(422, "image_too_large");
    server.stop().await;
}

/// Requests again with an `ETag` in `If-None-Match`.
async fn again(client: &crate::common::http::Client, path: &str, etag: &str) -> Reply {
    let request = client.request(Method::GET, path);
    Reply::of(request.header("if-none-match", etag)).await
}

#[tokio::test]
async fn unchanged_answers_are_not_sent_again() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    let id = canvas(&ann, &json!({})).await;
    let path = format!("/canvases/{id}/snapshot");
    let mut tab = TestClient::join(&ann, id).await;
    tab.done(paint(1, &json!([[0, 1]]))).await;
    let first = ann.get(&path).await;
    first.json(200);
    let etag = first.header("etag");
    assert!(etag.starts_with("W/\""), "{etag}");
    assert_eq!(first.header("cache-control"), "private, no-cache");
    let unchanged = again(&ann, &path, etag).await;
    unchanged.expect(304);
    assert!(unchanged.body.is_empty());
    assert_eq!(unchanged.header("etag"), etag);
    // Another user gets another role and other likes of their own.
    again(&bob, &path, etag).await.json(200);
    again(&server.visitor(), &path, etag).await.json(200);

    tab.done(say("one")).await;
    let after_words = again(&ann, &path, etag).await;
    assert_eq!(after_words.json(200)["seq"], 2);
    let other = TestClient::join(&bob, id).await;
    let after_coming = again(&ann, &path, after_words.header("etag")).await;
    let people = after_coming.json(200)["active_users"].clone();
    assert_eq!(people.as_array().unwrap().len(), 2);
    other.close().await;
    let after_going = again(&ann, &path, after_coming.header("etag")).await;
    after_going.json(200);
    let role = json!({ "role": "moderator" });
    let before = bob.get(&path).await;
    ann.put(&format!("/canvases/{id}/members/bob"), &role)
        .await
        .expect(200);
    let promoted = again(&bob, &path, before.header("etag")).await;
    assert_eq!(promoted.json(200)["canvas"]["role"], "moderator");

    for list in ["/canvases?mine=true", &format!("/canvases/{id}/tiles")] {
        let first = ann.get(list).await;
        let etag = first.header("etag").to_owned();
        again(&ann, list, &etag).await.expect(304);
        tab.done(paint(2, &json!([[0, 1]]))).await;
        again(&ann, list, &etag).await.json(200);
        tab.done(json!({ "type": "tile_delete", "x": 2, "y": 0 }))
            .await;
    }
    server.stop().await;
}
