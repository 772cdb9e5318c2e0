//! Requests that change nothing: an `ack` without `seq`, no event, and the `op_id`
//! counts as carried out.

use crate::common::{TestServer, canvas, http::Client, socket::TestClient};
use serde_json::{Value, json};
use uuid::Uuid;

/// Sends a request under a new `op_id`, which must change nothing. Returns the request.
async fn changes_nothing(tab: &mut TestClient, request: &Value) -> Value {
    let mut request = request.clone();
    request["op_id"] = json!(Uuid::new_v4());
    tab.send(&request).await;
    let answered = |m: &Value| m["op_id"] == request["op_id"];
    let answer = tab.until(answered).await;
    assert_eq!(answer["type"], "ack", "{answer}");
    assert_eq!(answer.get("seq"), None, "{request} → {answer}");
    assert_eq!(answer.get("timestamp"), None);
    request
}

async fn last_seq(client: &Client, canvas: i64) -> i64 {
    let canvas = client.get(&format!("/canvases/{canvas}")).await.json(200);
    canvas["last_seq"].as_i64().unwrap()
}

#[tokio::test]
async fn what_is_there_already_makes_no_event() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let mut other = TestClient::join(&ann, id).await;
    let paint = |pixels: Value| json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": pixels });
    // Transparent on an empty cell leaves it empty.
    changes_nothing(&mut tab, &paint(json!([[0, 255], [5, 255]]))).await;
    assert_eq!(last_seq(&ann, id).await, 0);
    tab.done(paint(json!([[0, 1], [1, 2]]))).await;
    let like = |liked| json!({ "type": "tile_like", "x": 0, "y": 0, "liked": liked });
    let name = |title: &str| json!({ "type": "tile_update", "x": 0, "y": 0, "title": title });
    changes_nothing(&mut tab, &paint(json!([[1, 2], [0, 1]]))).await;
    changes_nothing(&mut tab, &paint(json!([[3, 255]]))).await;
    changes_nothing(&mut tab, &paint(json!([[0, 3], [0, 1]]))).await;
    changes_nothing(&mut tab, &name("")).await;
    changes_nothing(&mut tab, &like(false)).await;
    let tile = ann.get(&format!("/canvases/{id}/tiles")).await.json(200)["items"][0].clone();
    let whole = json!({ "type": "tile_update", "x": 0, "y": 0, "pixels": tile["pixels"] });
    changes_nothing(&mut tab, &whole).await;
    assert_eq!(tile["version"], 1);
    tab.done(like(true)).await;
    let again = changes_nothing(&mut tab, &like(true)).await;
    tab.done(like(false)).await;
    // It counts as carried out: its repeat, on any connection, is not applied now.
    other.reach(3).await;
    other.send(&again).await;
    let repeated = other.until(|m| m["op_id"] == again["op_id"]).await;
    assert_eq!(
        (&repeated["type"], repeated.get("seq")),
        (&json!("ack"), None)
    );
    // The same for a stroke: the pixel has another colour by now.
    let same = changes_nothing(&mut tab, &paint(json!([[0, 1]]))).await;
    tab.done(paint(json!([[0, 2]]))).await;
    tab.send(&same).await;
    let repeated = tab.until(|m| m["op_id"] == same["op_id"]).await;
    assert_eq!(
        (&repeated["type"], repeated.get("seq")),
        (&json!("ack"), None)
    );
    // What does change something beside what does not: the event has only that.
    let mut both = whole;
    both["pixels"] =
        ann.get(&format!("/canvases/{id}/tiles")).await.json(200)["items"][0]["pixels"].clone();
    both["title"] = json!("A name");
    tab.done(both).await;
    other.reach(5).await;
    let renamed = other.events.last().unwrap();
    assert_eq!(renamed["title"], "A name");
    assert_eq!(renamed.get("pixels"), None);
    assert_eq!(last_seq(&ann, id).await, 5);
    other.drain().await;
    assert_eq!(other.seq, 5);
}

#[tokio::test]
async fn the_same_over_http() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let id = canvas(&ann, &json!({ "name": "Here" })).await;
    let path = format!("/canvases/{id}");
    let body = json!({ "x": 0, "y": 0, "title": "One" });
    let tile = ann.post(&format!("{path}/tiles"), &body).await.json(201);
    let mut tab = TestClient::join(&ann, id).await;
    let tile_path = format!("/tiles/{}", tile["id"]);
    for body in [
        json!({ "title": "One" }),
        json!({ "pixels": tile["pixels"] }),
        json!({ "title": "One", "pixels": tile["pixels"], "base_version": 1 }),
    ] {
        let same = ann.patch(&tile_path, &body).await.json(200);
        assert_eq!(same["version"], 1, "{body}");
    }
    let stale = json!({ "title": "One", "base_version": 7 });
    ann.patch(&tile_path, &stale)
        .await
        .problem(409, "version_conflict");
    for body in [
        json!({}),
        json!({ "name": "Here" }),
        json!({ "edit_policy": "open", "visibility": "public" }),
    ] {
        ann.patch(&path, &body).await.expect(200);
    }
    assert_eq!(last_seq(&ann, id).await, 1);
    ann.patch(&path, &json!({ "name": "There" }))
        .await
        .expect(200);
    tab.expect("canvas_updated").await;
    assert_eq!(tab.seq, 2);
}
