//! Strokes that take back an earlier stroke of the same user: what the event says.

use crate::common::{TestServer, canvas, http::Client, socket::TestClient};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use uuid::Uuid;

fn paint(x: i64, pixels: &Value) -> Value {
    json!({ "type": "tile_paint", "x": x, "y": 0, "pixels": pixels })
}

fn undoing(of: &str, x: i64, pixels: &Value) -> Value {
    let mut request = paint(x, pixels);
    request["undo_of"] = json!(of);
    request
}

/// Sends a request, and returns its `op_id` and `seq`.
async fn send(tab: &mut TestClient, request: Value) -> (String, i64) {
    let ack = tab.done(request).await;
    let op_id = ack["op_id"].as_str().unwrap().to_owned();
    (op_id, ack["seq"].as_i64().unwrap())
}

/// The `undo_of` of an event, as the log has it.
async fn undo_of(client: &Client, canvas: i64, seq: i64) -> Value {
    let path = format!(
        "/canvases/{canvas}/events?after_seq={}&until_seq={seq}",
        seq - 1
    );
    let events = client.all(&path).await;
    assert_eq!(events.len(), 1);
    assert_ne!(events[0].get("undo_of"), Some(&Value::Null));
    events[0].get("undo_of").cloned().unwrap_or_default()
}

#[tokio::test]
async fn an_undoing_stroke_names_the_event_that_it_takes_back() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let mut other = TestClient::join(&bob, id).await;
    let (_, started) = send(&mut tab, paint(0, &json!([[0, 1]]))).await;
    let (stroke, stroke_seq) = send(&mut tab, paint(0, &json!([[0, 2], [1, 2]]))).await;
    let (undo, undo_seq) = send(&mut tab, undoing(&stroke, 0, &json!([[0, 1], [1, 255]]))).await;
    assert_eq!(undo_of(&ann, id, undo_seq).await, stroke_seq);
    other.reach(undo_seq).await;
    let event = other.events.last().unwrap();
    assert_eq!(event["undo_of"], stroke_seq);
    assert_eq!(event["delta"], json!([[0, 1], [1, 255]]));
    // Undoing the undo does it again.
    let (_, redo_seq) = send(&mut tab, undoing(&undo, 0, &json!([[0, 2], [1, 2]]))).await;
    assert_eq!(undo_of(&ann, id, redo_seq).await, undo_seq);
    // A whole tile that was replaced, and the stroke that started the tile.
    let whole = STANDARD.encode([3; 64]);
    let update = json!({ "type": "tile_update", "x": 0, "y": 0, "pixels": whole });
    let (update, update_seq) = send(&mut tab, update).await;
    let (_, seq) = send(&mut tab, undoing(&update, 0, &json!([[0, 2], [1, 2]]))).await;
    assert_eq!(undo_of(&ann, id, seq).await, update_seq);
    let (start, start_seq) = send(&mut tab, paint(3, &json!([[5, 1]]))).await;
    let (_, seq) = send(&mut tab, undoing(&start, 3, &json!([[5, 255]]))).await;
    assert_eq!(undo_of(&ann, id, seq).await, start_seq);
    assert_eq!(started, 1);
    // From another tab of the same user.
    let mut second = TestClient::join(&ann, id).await;
    let (_, seq) = send(&mut second, undoing(&stroke, 0, &json!([[1, 3]]))).await;
    assert_eq!(undo_of(&ann, id, seq).await, stroke_seq);
    server.stop().await;
}

#[tokio::test]
async fn naming_anything_else_makes_an_ordinary_stroke() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let (id, elsewhere) = (
        canvas(&ann, &json!({})).await,
        canvas(&ann, &json!({})).await,
    );
    let mut tab = TestClient::join(&ann, id).await;
    let mut of_bob = TestClient::join(&bob, id).await;
    let mut away = TestClient::join(&ann, elsewhere).await;
    let (other_canvas, _) = send(&mut away, paint(0, &json!([[0, 1]]))).await;
    let (gone, _) = send(&mut tab, paint(0, &json!([[0, 3]]))).await;
    tab.done(json!({ "type": "tile_delete", "x": 0, "y": 0 }))
        .await;
    let (other_tile, _) = send(&mut tab, paint(1, &json!([[0, 1]]))).await;
    send(&mut tab, paint(0, &json!([[0, 1]]))).await;
    let like = json!({ "type": "tile_like", "x": 0, "y": 0, "liked": true });
    let (like, _) = send(&mut tab, like).await;
    let chat = json!({ "type": "canvas_chat", "text": "hello" });
    let chat = tab.done(chat).await["op_id"].as_str().unwrap().to_owned();
    let nothing = tab.done(paint(0, &json!([[0, 1]]))).await;
    assert_eq!(nothing.get("seq"), None);
    let nothing = nothing["op_id"].as_str().unwrap().to_owned();
    of_bob.reach(tab.seq).await;
    let (of_another, _) = send(&mut of_bob, paint(0, &json!([[1, 3]]))).await;
    let mut colour = 1;
    for named in [
        other_canvas,
        gone,
        other_tile,
        like,
        chat,
        nothing,
        of_another,
        Uuid::new_v4().to_string(),
    ] {
        colour = 3 - colour;
        let (_, seq) = send(&mut tab, undoing(&named, 0, &json!([[0, colour]]))).await;
        assert_eq!(undo_of(&ann, id, seq).await, Value::Null);
    }
    // Its own `op_id`; and on an empty cell, where it starts a tile.
    let own = Uuid::new_v4().to_string();
    let mut request = undoing(&own, 0, &json!([[0, 3]]));
    request["op_id"] = json!(own);
    tab.send(&request).await;
    let ack = tab.until(|m| m["op_id"] == *own).await;
    assert_eq!(
        undo_of(&ann, id, ack["seq"].as_i64().unwrap()).await,
        Value::Null
    );
    let (_, seq) = send(&mut tab, undoing(&own, 7, &json!([[0, 1]]))).await;
    assert_eq!(undo_of(&ann, id, seq).await, Value::Null);
    // It is an UUID, as every `op_id`.
    let mut request = undoing("seven", 0, &json!([[0, 3]]));
    tab.send(&request).await;
    assert!(
        tab.refused("invalid_message").await["message"]
            .as_str()
            .unwrap()
            .starts_with("undo_of")
    );
    request["undo_of"] = json!(7);
    tab.send(&request).await;
    tab.refused("invalid_message").await;
    request["undo_of"] = Value::Null;
    send(&mut tab, {
        request["pixels"] = json!([[9, 1]]);
        request
    })
    .await;
    server.stop().await;
}

/// Strokes and their undoing that are under way together.
#[tokio::test]
async fn a_stroke_of_the_same_batch_can_be_taken_back() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let mut other = TestClient::join(&ann, id).await;
    send(&mut tab, paint(0, &json!([[0, 1]]))).await;
    for n in 0..12 {
        let stroke = tab.operate(paint(0, &json!([[n, 2]]))).await;
        tab.operate(undoing(&stroke, 0, &json!([[n, 1]]))).await;
    }
    other.reach(25).await;
    for pair in other.events[1..].chunks(2) {
        assert_eq!(pair[0].get("undo_of"), None);
        assert_eq!(pair[1]["undo_of"], pair[0]["seq"]);
    }
    server.stop().await;
}
