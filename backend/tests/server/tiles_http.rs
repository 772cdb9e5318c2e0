//! Tiles over HTTP, and that sockets receive their changes.

use crate::common::{TestServer, canvas, http::Reply, socket::TestClient};
use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Method;
use serde_json::{Value, json};

fn pixels(colour: u8) -> String {
    STANDARD.encode([colour; 64])
}

#[tokio::test]
async fn a_tile_is_created_changed_and_deleted() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    let id = canvas(&ann, &json!({})).await;
    let mut socket = TestClient::join(&ann, id).await;
    let tiles = format!("/canvases/{id}/tiles");

    let body = json!({ "x": 3, "y": 2, "title": " A star ", "pixels": pixels(1) });
    let tile = bob.post(&tiles, &body).await.json(201);
    assert_eq!((&tile["x"], &tile["y"]), (&json!(3), &json!(2)));
    assert_eq!(tile["canvas_id"], id);
    assert_eq!(tile["creator_id"], bob.id());
    assert_eq!(tile["creator_username"], "bob");
    assert_eq!(tile["title"], "A star");
    assert_eq!(tile["pixels"], pixels(1));
    assert_eq!(tile["version"], 1);
    assert_eq!(tile["like_count"], 0);
    assert_eq!(tile["liked_by_me"], false);
    let event = socket.expect("tile_created").await;
    assert_eq!(event["seq"], 1);
    assert_eq!(event["tile_id"], tile["id"]);
    let path = format!("/tiles/{}", tile["id"]);
    assert_eq!(server.visitor().get(&path).await.json(200), tile);
    bob.post(&tiles, &body).await.problem(409, "tile_exists");

    let body = json!({ "pixels": pixels(2), "base_version": 1, "title": null });
    let changed = ann.patch(&path, &body).await.json(200);
    assert_eq!(changed["version"], 2);
    assert_eq!(changed["title"], "A star");
    assert_eq!(changed["pixels"], pixels(2));
    // The HTTP request comes from no connection, so this one receives it too.
    let event = socket.expect("tile_updated").await;
    assert_eq!(event["pixels"], pixels(2));
    assert_eq!(event["updater_id"], ann.id());
    let reply = bob.patch(&path, &body).await;
    reply.problem(409, "version_conflict");
    let same = ann.patch(&path, &json!({})).await.json(200);
    assert_eq!(same["version"], 2);

    bob.delete(&path).await.expect(204);
    let event = socket.expect("tile_deleted").await;
    assert_eq!(event["deleter_id"], bob.id());
    for reply in [
        bob.get(&path).await,
        bob.delete(&path).await,
        bob.patch(&path, &body).await,
        bob.put(&format!("{path}/like"), &json!({})).await,
        bob.get("/tiles/none").await,
    ] {
        reply.problem(404, "tile_not_found");
    }
    server.stop().await;
}

#[tokio::test]
async fn invalid_tiles_are_refused() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let tiles = format!("/canvases/{id}/tiles");
    for (x, y) in [(8, 0), (0, 6), (-1, 0), (0, i64::MIN), (1_i64 << 40, 0)] {
        let reply = ann.post(&tiles, &json!({ "x": x, "y": y })).await;
        reply.problem(422, "out_of_bounds");
    }
    for far in ["99999999999999999999", "-99999999999999999999"] {
        let body = format!(r#"{{"x": {far}, "y": 0}}"#);
        let request = ann.request(Method::POST, &tiles);
        let request = request.header("content-type", "application/json");
        let reply = Reply::of(request.body(body)).await;
        reply.problem(422, "out_of_bounds");
    }
    for (field, value) in [
        ("x", json!("1")),
        ("x", Value::Null),
        ("y", json!(0.5)),
        ("title", json!("x".repeat(81))),
        ("pixels", json!("not base64")),
        ("pixels", json!(STANDARD.encode([0; 63]))),
        ("pixels", json!(pixels(4))),
    ] {
        let mut body = json!({ "x": 0, "y": 0 });
        body[field] = value;
        ann.post(&tiles, &body).await.refuses(field);
    }
    let cell = json!({ "x": 0, "y": 0 });
    let reply = server.visitor().post(&tiles, &cell).await;
    reply.problem(401, "unauthenticated");
    let blank = ann.post(&tiles, &cell).await.json(201);
    assert_eq!(blank["pixels"], pixels(255));
    assert_eq!(blank["title"], "");
    server.stop().await;
}

#[tokio::test]
async fn a_like_counts_once() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    let id = canvas(&ann, &json!({})).await;
    let tile = ann
        .post(&format!("/canvases/{id}/tiles"), &json!({ "x": 0, "y": 0 }))
        .await;
    let tile = tile.json(201)["id"].clone();
    let path = format!("/tiles/{tile}/like");
    for (who, liked, count) in [
        (&ann, true, 1),
        (&ann, true, 1),
        (&bob, true, 2),
        (&ann, false, 1),
        (&ann, false, 1),
    ] {
        let reply = if liked {
            who.put(&path, &Value::Null).await
        } else {
            who.delete(&path).await
        };
        let expected = json!({ "tile_id": tile, "like_count": count, "liked": liked });
        assert_eq!(reply.json(200), expected);
    }
    let seen = bob.get(&format!("/tiles/{tile}")).await.json(200);
    assert_eq!(
        (&seen["liked_by_me"], &seen["like_count"]),
        (&json!(true), &json!(1))
    );
    let seen = ann.get(&format!("/tiles/{tile}")).await.json(200);
    assert_eq!(seen["liked_by_me"], false);
    let events = ann.all(&format!("/canvases/{id}/events")).await;
    let kinds: Vec<_> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["tile_created", "tile_liked", "tile_liked", "tile_liked"]
    );
    server.stop().await;
}

#[tokio::test]
async fn the_edit_policy_decides_who_may_draw() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    let carl = server.user("carl").await;
    let id = canvas(&ann, &json!({ "edit_policy": "own" })).await;
    let tile = bob
        .post(&format!("/canvases/{id}/tiles"), &json!({ "x": 0, "y": 0 }))
        .await;
    let path = format!("/tiles/{}", tile.json(201)["id"]);
    let body = json!({ "title": "x" });
    carl.patch(&path, &body).await.problem(403, "forbidden");
    carl.delete(&path).await.problem(403, "forbidden");
    bob.patch(&path, &body).await.expect(200);
    ann.patch(&path, &body).await.expect(200);

    ann.patch(
        &format!("/canvases/{id}"),
        &json!({ "edit_policy": "exclusive" }),
    )
    .await
    .expect(200);
    let mut socket = TestClient::join(&carl, id).await;
    socket
        .done(json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]] }))
        .await;
    bob.patch(&path, &body).await.problem(423, "tile_locked");
    ann.delete(&path).await.problem(423, "tile_locked");
    server.stop().await;
}

#[tokio::test]
async fn tiles_are_listed_by_area_and_page() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let tiles = format!("/canvases/{id}/tiles");
    for (x, y) in [(0, 0), (1, 5), (2, 2), (2, 3), (7, 5)] {
        ann.post(&tiles, &json!({ "x": x, "y": y }))
            .await
            .expect(201);
    }
    let cells = async |query: &str| -> Vec<(i64, i64)> {
        let list = ann.all(&format!("{tiles}?{query}")).await;
        let cell = |tile: &Value| (tile["x"].as_i64().unwrap(), tile["y"].as_i64().unwrap());
        list.iter().map(cell).collect()
    };
    let all = [(0, 0), (1, 5), (2, 2), (2, 3), (7, 5)];
    assert_eq!(cells("limit=2").await, all);
    assert_eq!(cells("x0=1&y0=2&x1=2&y1=3").await, [(2, 2), (2, 3)]);
    assert_eq!(cells("x0=2").await, [(2, 2), (2, 3), (7, 5)]);
    assert_eq!(cells("x0=-9&x1=99999999999").await, all);
    assert_eq!(cells("x0=5&x1=4").await, []);
    ann.get(&format!("{tiles}?x0=a")).await.refuses("x0");
    ann.get(&format!("{tiles}?cursor=a"))
        .await
        .refuses("cursor");
    server.stop().await;
}
