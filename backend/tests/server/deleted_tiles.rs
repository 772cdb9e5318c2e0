//! A tile that was deleted is gone for everybody; the database keeps it, with its likes, so
//! that it can come back.

use crate::common::{TEST_TIMEOUT, TestServer, canvas, http::Client, socket::TestClient};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// A deleted tile, as the database keeps it.
#[derive(Debug, PartialEq, sqlx::FromRow)]
struct Kept {
    id: i64,
    x: i32,
    y: i32,
    creator_id: i64,
    title: String,
    pixels: Vec<u8>,
    version: i64,
    like_count: i64,
    liked_by: Vec<i64>,
}

async fn kept(pool: &PgPool) -> Vec<Kept> {
    sqlx::query_as(
        "SELECT id, x, y, creator_id, title, pixels, version, like_count,
                ARRAY (SELECT * FROM unnest(liked_by) AS u ORDER BY u) AS liked_by
         FROM deleted_tiles ORDER BY id",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

/// Everything that shows tiles.
async fn views(client: &Client, canvas: i64) -> Vec<Value> {
    let mut views = Vec::new();
    for path in ["", "/tiles", "/snapshot"] {
        let mut view = client
            .get(&format!("/canvases/{canvas}{path}"))
            .await
            .json(200);
        // These count events, which a deletion adds to, and people.
        for field in ["last_seq", "seq", "active_users", "epoch"] {
            view[field] = Value::Null;
        }
        view["canvas"]["last_seq"] = Value::Null;
        view["canvas"]["active_users"] = Value::Null;
        views.push(view);
    }
    let image = client.get(&format!("/canvases/{canvas}/image.png")).await;
    views.push(json!(STANDARD.encode(&image.expect(200).body)));
    views
}

#[tokio::test]
async fn a_deleted_tile_leaves_every_view_as_if_it_had_never_been() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let tiles = format!("/canvases/{id}/tiles");
    let stays = json!({ "x": 0, "y": 0, "title": "Stays" });
    ann.post(&tiles, &stays).await.expect(201);
    let before = views(&ann, id).await;
    let pixels = STANDARD.encode([2; 64]);
    let goes = json!({ "x": 1, "y": 0, "title": "Goes", "pixels": pixels });
    let tile = bob.post(&tiles, &goes).await.json(201);
    let path = format!("/tiles/{}", tile["id"]);
    for who in [&ann, &bob] {
        who.put(&format!("{path}/like"), &Value::Null)
            .await
            .expect(200);
    }
    assert_ne!(views(&ann, id).await, before);
    bob.delete(&path).await.expect(204);
    assert_eq!(views(&ann, id).await, before);
    for reply in [
        ann.get(&path).await,
        ann.put(&format!("{path}/like"), &Value::Null).await,
        ann.delete(&format!("{path}/like")).await,
        ann.patch(&path, &json!({ "title": "Back" })).await,
        ann.delete(&path).await,
    ] {
        reply.problem(404, "tile_not_found");
    }
    // The cell is empty: a new tile is another one, which nobody likes.
    let fresh = ann.post(&tiles, &json!({ "x": 1, "y": 0 })).await.json(201);
    assert_ne!(fresh["id"], tile["id"]);
    assert_eq!(
        (&fresh["like_count"], &fresh["title"]),
        (&json!(0), &json!(""))
    );
    let mut joined = TestClient::join(&ann, id).await;
    let snapshot = ann.get(&format!("/canvases/{id}/snapshot")).await.json(200);
    joined.start_from(&snapshot);
    assert_eq!(joined.board.len(), 2);
    let pool = server.database.pool().await;
    let expected = Kept {
        id: tile["id"].as_i64().unwrap(),
        x: 1,
        y: 0,
        creator_id: bob.id(),
        title: "Goes".into(),
        pixels: vec![2; 64],
        version: 1,
        like_count: 2,
        liked_by: vec![ann.id(), bob.id()],
    };
    assert_eq!(kept(&pool).await, [expected]);
    server.stop().await;
}

/// What happened to a tile in the same transaction counts as well, and a tile that was never
/// in the table of tiles.
#[tokio::test]
async fn a_tile_is_kept_as_it_was_when_it_was_deleted() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let cell = |kind: &str| json!({ "type": kind, "x": 0, "y": 0 });
    let paint = |edits: Value| json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": edits });
    let like = |liked: bool| json!({ "type": "tile_like", "x": 0, "y": 0, "liked": liked });
    let title = json!({ "type": "tile_update", "x": 0, "y": 0, "title": "Late" });
    tab.done(paint(json!([[0, 1]]))).await;
    tab.done(like(true)).await;
    // The room collects what arrives while a transaction is under way; whatever it makes one
    // batch of, the result is the same.
    for request in [
        paint(json!([[1, 2]])),
        title.clone(),
        cell("tile_delete"),
        paint(json!([[2, 3]])),
        like(true),
        cell("tile_delete"),
        paint(json!([[3, 1]])),
        title,
        like(true),
        like(false),
        cell("tile_delete"),
    ] {
        tab.operate(request).await;
    }
    tab.reach(13).await;
    let pool = server.database.pool().await;
    let with = |pixels: &[(usize, u8)]| {
        let mut all = vec![255; 64];
        for (index, colour) in pixels {
            all[*index] = *colour;
        }
        all
    };
    let mut found: Vec<_> = kept(&pool)
        .await
        .into_iter()
        .map(|tile| (tile.pixels, tile.title, tile.like_count, tile.liked_by))
        .collect();
    let likes = vec![ann.id()];
    // Ids say nothing about the order in which tiles were made.
    found.sort();
    let mut expected = [
        (with(&[(0, 1), (1, 2)]), "Late".to_owned(), 1, likes.clone()),
        (with(&[(2, 3)]), String::new(), 1, likes),
        (with(&[(3, 1)]), "Late".to_owned(), 0, vec![]),
    ];
    expected.sort();
    assert_eq!(found, expected);
    assert!(ann.all(&format!("/canvases/{id}/tiles")).await.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_tile_that_a_server_of_the_version_before_deletes_is_kept_too() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let (id, other) = (
        canvas(&ann, &json!({})).await,
        canvas(&ann, &json!({})).await,
    );
    let pool = server.database.pool().await;
    let mut made = Vec::new();
    for canvas in [id, other] {
        let body = json!({ "x": 2, "y": 1, "title": "Old" });
        let tile = ann.post(&format!("/canvases/{canvas}/tiles"), &body).await;
        let tile = tile.json(201)["id"].as_i64().unwrap();
        ann.put(&format!("/tiles/{tile}/like"), &Value::Null)
            .await
            .expect(200);
        sqlx::query("DELETE FROM tiles WHERE id = $1")
            .bind(tile)
            .execute(&pool)
            .await
            .unwrap();
        made.push(tile);
    }
    let found: Vec<_> = kept(&pool)
        .await
        .into_iter()
        .map(|tile| (tile.id, tile.title, tile.liked_by))
        .collect();
    let expected = |tile: i64| (tile, "Old".to_owned(), vec![ann.id()]);
    assert_eq!(found, [expected(made[0]), expected(made[1])]);
    // With the canvas they go for good, those of other canvases stay.
    ann.delete(&format!("/canvases/{id}")).await.expect(204);
    let cleaned = async {
        while kept(&pool).await.len() > 1 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(TEST_TIMEOUT, cleaned)
        .await
        .expect("a tile is left");
    assert_eq!(kept(&pool).await[0].id, made[1]);
    server.stop().await;
}

#[tokio::test]
async fn deleting_somebody_elses_tile_leaves_a_line_in_the_log() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let tiles = format!("/canvases/{id}/tiles");
    let log = format!("/canvases/{id}/moderation_log");
    let create = async |who: &Client, x: i64| {
        let body = json!({ "x": x, "y": 4, "title": "Mine" });
        who.post(&tiles, &body).await.json(201)["id"].clone()
    };
    let own = create(&bob, 0).await;
    bob.delete(&format!("/tiles/{own}")).await.expect(204);
    let anns = create(&ann, 1).await;
    bob.delete(&format!("/tiles/{anns}"))
        .await
        .problem(403, "forbidden");
    assert_eq!(ann.all(&log).await, [] as [Value; 0]);
    let bobs = create(&bob, 2).await;
    ann.delete(&format!("/tiles/{bobs}")).await.expect(204);
    let again = create(&bob, 2).await;
    let mut tab = TestClient::join(&ann, id).await;
    let done = tab
        .done(json!({ "type": "tile_delete", "x": 2, "y": 4 }))
        .await;
    let lines = ann.all(&log).await;
    assert_eq!(lines.len(), 2);
    for (line, tile) in lines.iter().zip([&again, &bobs]) {
        assert_eq!(line["action"], "tile_deleted");
        assert_eq!(line["actor"]["username"], "ann");
        assert_eq!(line["target"]["username"], "bob");
        assert_eq!(line["detail"]["tile_id"], *tile);
        assert_eq!(line["detail"]["title"], "Mine");
        assert_eq!(
            (&line["detail"]["x"], &line["detail"]["y"]),
            (&json!(2), &json!(4))
        );
    }
    assert_eq!(lines[0]["detail"]["seq"], done["seq"]);
    assert_eq!(bob.all(&log).await[0]["actor"], Value::Null);
    server.stop().await;
}
