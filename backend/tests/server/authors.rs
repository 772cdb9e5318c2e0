//! Who painted which pixel of a tile, now and after any event.

use crate::common::{TestServer, canvas, http::Client, socket::TestClient};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// The user name of each pixel's author; empty for nobody.
async fn authors(client: &Client, canvas: i64, query: &str) -> Vec<String> {
    let path = format!("/canvases/{canvas}/authors?{query}");
    let answer = client.get(&path).await.json(200);
    let people = answer["authors"].as_array().unwrap();
    let pixels = STANDARD.decode(answer["pixels"].as_str().unwrap()).unwrap();
    assert_eq!(pixels.len(), 64);
    let mut used = vec![false; people.len()];
    let names = pixels.into_iter().map(|index| {
        if index == 255 {
            return String::new();
        }
        used[usize::from(index)] = true;
        let person = &people[usize::from(index)];
        person["username"].as_str().unwrap().to_owned()
    });
    let names = names.collect();
    assert!(used.iter().all(|used| *used), "{answer}");
    names
}

/// The authors of the first pixels of the tile (0, 0).
async fn first(client: &Client, canvas: i64, count: usize, query: &str) -> Vec<String> {
    let mut all = authors(client, canvas, &format!("x=0&y=0{query}")).await;
    let rest = all.split_off(count);
    assert!(rest.iter().all(String::is_empty), "{rest:?}");
    all
}

fn paint(pixels: &Value) -> Value {
    json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": pixels })
}

fn undoing(of: &Value, pixels: &Value) -> Value {
    let mut request = paint(pixels);
    request["undo_of"] = of["op_id"].clone();
    request
}

#[tokio::test]
async fn a_pixel_is_of_whoever_changed_it_last() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let carl = server.guest("Carl").await;
    let id = canvas(&ann, &json!({})).await;
    let mut of_ann = TestClient::join(&ann, id).await;
    let mut of_bob = TestClient::join(&bob, id).await;
    assert_eq!(first(&ann, id, 1, "").await, [""]);
    // 1: ann starts the tile; 2: bob paints one that is so already, one of hers and a new one.
    of_ann.done(paint(&json!([[0, 1], [1, 1]]))).await;
    of_bob.done(paint(&json!([[0, 1], [1, 2], [2, 2]]))).await;
    let mixed = ["ann", "bob", "bob"];
    assert_eq!(first(&ann, id, 3, "").await, mixed);
    // 3: erasing is changing; 4: a stroke that goes there and back in one pixel.
    of_ann.done(paint(&json!([[2, 255]]))).await;
    of_ann.done(paint(&json!([[1, 3], [1, 2], [3, 1]]))).await;
    assert_eq!(first(&ann, id, 4, "").await, ["ann", "bob", "ann", "ann"]);
    // 5: a whole tile over HTTP, of which two pixels are new.
    let tile = ann.all(&format!("/canvases/{id}/tiles")).await.remove(0);
    let mut pixels = STANDARD.decode(tile["pixels"].as_str().unwrap()).unwrap();
    pixels[0] = 3;
    pixels[4] = 3;
    let body = json!({ "pixels": STANDARD.encode(&pixels), "title": "New" });
    carl.patch(&format!("/tiles/{}", tile["id"]), &body)
        .await
        .expect(200);
    let carl_name = carl.username();
    let now = [carl_name, "bob", "ann", "ann", carl_name];
    assert_eq!(first(&ann, id, 5, "").await, now);
    // 6 and 7: a like and a new title change no pixel.
    of_bob.reach(5).await;
    of_bob
        .done(json!({ "type": "tile_like", "x": 0, "y": 0, "liked": true }))
        .await;
    of_bob
        .done(json!({ "type": "tile_update", "x": 0, "y": 0, "title": "Newer" }))
        .await;
    assert_eq!(first(&server.visitor(), id, 5, "").await, now);
    // At any event before.
    assert_eq!(first(&ann, id, 0, "&at=0").await, [] as [String; 0]);
    assert_eq!(first(&ann, id, 2, "&at=1").await, ["ann", "ann"]);
    assert_eq!(first(&ann, id, 3, "&at=2").await, mixed);
    assert_eq!(first(&ann, id, 3, "&at=3").await, ["ann", "bob", "ann"]);
    let path = format!("/canvases/{id}/authors?x=0&y=0");
    let answer = ann.get(&format!("{path}&at=2")).await.json(200);
    assert_eq!(
        (&answer["seq"], &answer["x"], &answer["y"]),
        (&json!(2), &json!(0), &json!(0))
    );
    assert_eq!(ann.get(&path).await.json(200)["seq"], 7);
    // Nobody is told that somebody goes by another name than now.
    ann.patch("/users/me", &json!({ "display_name": "Annabel" }))
        .await
        .expect(200);
    let answer = bob.get(&format!("{path}&at=1")).await.json(200);
    let expected = json!({ "user_id": ann.id(), "username": "ann", "display_name": "Annabel" });
    assert_eq!(answer["authors"], json!([expected]));
    server.stop().await;
}

#[tokio::test]
async fn a_new_tile_in_a_cell_begins_anew() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut of_ann = TestClient::join(&ann, id).await;
    of_ann.done(paint(&json!([[0, 1], [1, 1]]))).await;
    of_ann
        .done(json!({ "type": "tile_delete", "x": 0, "y": 0 }))
        .await;
    assert_eq!(first(&ann, id, 0, "").await, [] as [String; 0]);
    let mut of_bob = TestClient::join(&bob, id).await;
    of_bob.done(paint(&json!([[1, 2]]))).await;
    let now = authors(&ann, id, "x=0&y=0").await;
    assert_eq!(now[1], "bob");
    assert!(now.iter().all(|author| author != "ann"), "{now:?}");
    assert_eq!(first(&ann, id, 2, "&at=1").await, ["ann", "ann"]);
    server.stop().await;
}

#[tokio::test]
async fn what_is_undone_belongs_to_its_first_author_again() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut of_ann = TestClient::join(&ann, id).await;
    let mut of_bob = TestClient::join(&bob, id).await;
    of_ann.done(paint(&json!([[0, 1], [1, 1], [2, 1]]))).await;
    let stroke = of_bob.done(paint(&json!([[0, 2], [1, 2], [2, 2]]))).await;
    assert_eq!(first(&ann, id, 3, "").await, ["bob", "bob", "bob"]);
    // Ann paints over one of them; bob gives two pixels the colour of before, and one another.
    of_ann.reach(2).await;
    of_ann.done(paint(&json!([[2, 3]]))).await;
    of_bob.reach(3).await;
    let undo = of_bob
        .done(undoing(&stroke, &json!([[0, 1], [1, 3]])))
        .await;
    assert_eq!(first(&ann, id, 3, "").await, ["ann", "bob", "ann"]);
    // Doing it again.
    let redo = of_bob.done(undoing(&undo, &json!([[0, 2]]))).await;
    assert_eq!(first(&ann, id, 3, "").await, ["bob", "bob", "ann"]);
    of_bob.done(undoing(&redo, &json!([[0, 1]]))).await;
    assert_eq!(first(&ann, id, 3, "").await, ["ann", "bob", "ann"]);
    // Without naming the stroke it is a stroke of one's own.
    of_bob.done(paint(&json!([[0, 2]]))).await;
    of_bob.done(paint(&json!([[0, 1]]))).await;
    assert_eq!(first(&ann, id, 3, "").await, ["bob", "bob", "ann"]);
    // Naming somebody else's stroke takes nothing back.
    of_ann.reach(8).await;
    of_ann.done(undoing(&stroke, &json!([[1, 1]]))).await;
    assert_eq!(first(&ann, id, 3, "").await, ["bob", "ann", "ann"]);
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    tab.done(paint(&json!([[0, 1]]))).await;
    let path = format!("/canvases/{id}/authors");
    for query in ["x=8&y=0", "x=0&y=6", "x=-1&y=0", "x=0&y=99999999999"] {
        let reply = ann.get(&format!("{path}?{query}")).await;
        reply.problem(422, "out_of_bounds");
    }
    for (query, field) in [
        ("y=0", "x"),
        ("x=0", "y"),
        ("x=a&y=0", "x"),
        ("x=0&y=0&at=2", "at"),
        ("x=0&y=0&at=-1", "at"),
        ("x=0&y=0&at=now", "at"),
    ] {
        ann.get(&format!("{path}?{query}")).await.refuses(field);
    }
    // An empty cell is nobody's.
    let empty = server.visitor().get(&format!("{path}?x=7&y=5")).await;
    let empty = empty.json(200);
    assert_eq!(empty["authors"], json!([]));
    assert_eq!(empty["pixels"], STANDARD.encode([255; 64]));
    let hidden = canvas(&ann, &json!({ "visibility": "private" })).await;
    let path = format!("/canvases/{hidden}/authors?x=0&y=0");
    bob.get(&path).await.problem(403, "forbidden");
    server.visitor().get(&path).await.problem(403, "forbidden");
    ann.get("/canvases/7/authors?x=0&y=0")
        .await
        .problem(404, "canvas_not_found");
    server.stop().await;
}

/// More events than are read at a time, with others between them; asked for again and again
/// while the tile grows.
#[tokio::test]
async fn a_tile_with_many_events_is_replayed_to_the_end() {
    const EVENTS: i64 = 2_600;
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut of_ann = TestClient::join(&ann, id).await;
    of_ann.done(paint(&json!([[0, 1], [1, 1]]))).await;
    assert_eq!(first(&ann, id, 2, "").await, ["ann", "ann"]);
    // Bob paints the second pixel in turns of two colours, the last time the third one.
    let pool = server.database.pool().await;
    sqlx::query(
        "WITH first AS (SELECT * FROM canvas_events WHERE canvas_id = $1 AND seq = 1)
         INSERT INTO canvas_events (canvas_id, seq, kind, actor_id, op_id, tile, body, created_at)
         SELECT $1, n, 'tile_updated', $2, gen_random_uuid(), 0,
                json_build_object('type', 'tile_updated', 'seq', n,
                    'tile_id', body::json -> 'tile_id', 'canvas_id', $1,
                    'creator_id', body::json -> 'creator_id', 'updater_id', $2,
                    'x', 0, 'y', 0, 'version', n, 'like_count', 0,
                    'timestamp', body::json -> 'timestamp',
                    'delta', CASE WHEN n = $3 THEN '[[2,3]]'::json
                             ELSE json_build_array(json_build_array(1, n % 2 + 2)) END),
                now()
         FROM first, generate_series(2, $3) AS n",
    )
    .bind(id)
    .bind(bob.id())
    .bind(EVENTS)
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query("UPDATE canvases SET last_seq = $2 WHERE id = $1")
        .bind(id)
        .bind(EVENTS)
        .execute(&pool)
        .await
        .unwrap();
    for query in ["", "&at=2600", ""] {
        assert_eq!(
            first(&ann, id, 3, query).await,
            ["ann", "bob", "bob"],
            "{query}"
        );
    }
    assert_eq!(first(&ann, id, 2, "&at=2599").await, ["ann", "bob"]);
    server.stop().await;
}

/// Events that a server of the version before wrote are replayed although their cell is not
/// filled in yet.
#[tokio::test]
async fn events_of_the_version_before_count() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut of_ann = TestClient::join(&ann, id).await;
    let mut of_bob = TestClient::join(&bob, id).await;
    of_ann.done(paint(&json!([[0, 1], [1, 1]]))).await;
    of_bob.done(paint(&json!([[1, 2], [2, 2]]))).await;
    of_ann.reach(2).await;
    of_ann.done(paint(&json!([[2, 3]]))).await;
    let pool = server.database.pool().await;
    sqlx::query("UPDATE canvas_events SET tile = NULL, op_id = NULL WHERE seq <> 1")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(first(&ann, id, 3, "").await, ["ann", "bob", "ann"]);
    server.stop().await;
}
