//! The events of one cell, by one user, of one type or up to one `seq`; also those that a
//! server of the version before wrote without their cell and `op_id`.

use crate::common::{TEST_TIMEOUT, TestServer, canvas, http::Client, socket::TestClient};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The `seq` of the events that a query lists, over all pages.
async fn seqs(client: &Client, canvas: i64, query: &str) -> Vec<i64> {
    let events = client
        .all(&format!("/canvases/{canvas}/events?{query}"))
        .await;
    events.iter().map(|e| e["seq"].as_i64().unwrap()).collect()
}

/// Three tiles of two users, and chat. Returns the canvas.
///
/// | seq | by | |
/// |---|---|---|
/// | 1 | ann | starts (0, 0) |
/// | 2 | bob | says something |
/// | 3 | bob | starts (1, 0) |
/// | 4 | bob | paints (0, 0) |
/// | 5 | ann | likes (1, 0) |
/// | 6 | ann | starts (0, 1) |
/// | 7 | bob | deletes (1, 0) |
/// | 8 | ann | starts (1, 0) |
async fn scene(ann: &Client, bob: &Client) -> i64 {
    let id = canvas(ann, &json!({})).await;
    let mut of_ann = TestClient::join(ann, id).await;
    let mut of_bob = TestClient::join(bob, id).await;
    let paint = |x: i64, y: i64, colour: i64| json!({ "type": "tile_paint", "x": x, "y": y, "pixels": [[0, colour]] });
    of_ann.done(paint(0, 0, 1)).await;
    of_bob
        .done(json!({ "type": "canvas_chat", "text": "hello" }))
        .await;
    of_bob.done(paint(1, 0, 1)).await;
    of_bob.done(paint(0, 0, 2)).await;
    of_ann
        .done(json!({ "type": "tile_like", "x": 1, "y": 0, "liked": true }))
        .await;
    of_ann.done(paint(0, 1, 1)).await;
    of_bob
        .done(json!({ "type": "tile_delete", "x": 1, "y": 0 }))
        .await;
    of_ann.done(paint(1, 0, 3)).await;
    id
}

/// What every filter lists of the [`scene`].
async fn check_filters(client: &Client, canvas: i64) {
    for (query, expected) in [
        ("limit=3", vec![1, 2, 3, 4, 5, 6, 7, 8]),
        ("x=0&y=0", vec![1, 4]),
        ("x=1&y=0&limit=1", vec![3, 5, 7, 8]),
        ("x=0&y=1", vec![6]),
        ("x=7&y=5", vec![]),
        ("x=-1&y=0", vec![]),
        ("x=256&y=-1", vec![]),
        ("x=99999999999&y=0", vec![]),
        ("actor=bob&limit=1", vec![2, 3, 4, 7]),
        ("actor=BOB", vec![2, 3, 4, 7]),
        ("actor=cat", vec![]),
        ("kind=tile_created&limit=2", vec![1, 3, 6, 8]),
        ("kind=canvas_chat_message", vec![2]),
        ("kind=canvas_updated", vec![]),
        ("until_seq=4&limit=2", vec![1, 2, 3, 4]),
        ("until_seq=0", vec![]),
        ("after_seq=2&until_seq=4", vec![3, 4]),
        ("after_seq=4&until_seq=2", vec![]),
        ("x=1&y=0&actor=ann", vec![5, 8]),
        ("x=1&y=0&actor=ann&kind=tile_liked", vec![5]),
        ("x=1&y=0&after_seq=3&until_seq=7", vec![5, 7]),
        ("actor=ann&kind=tile_created&after_seq=1", vec![6, 8]),
    ] {
        assert_eq!(seqs(client, canvas, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn events_are_found_by_cell_actor_kind_and_range() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    // Without any event.
    server.user("cat").await;
    let id = scene(&ann, &bob).await;
    check_filters(&ann, id).await;
    // Whoever may read the canvas, without credentials too.
    let visitor = server.visitor();
    assert_eq!(seqs(&visitor, id, "x=0&y=0").await, [1, 4]);
    // What a filter lists is what the log has.
    let path = format!("/canvases/{id}/events");
    let all = ann.all(&path).await;
    let found = ann.all(&format!("{path}?x=0&y=0")).await;
    assert_eq!(found, [all[0].clone(), all[3].clone()]);
    for (query, field) in [
        ("x=0", "y"),
        ("y=0", "x"),
        ("x=a&y=0", "x"),
        ("kind=tile_painted", "kind"),
        ("until_seq=a", "until_seq"),
    ] {
        ann.get(&format!("{path}?{query}")).await.refuses(field);
    }
    for name in ["nobody", "no%20name", "%00"] {
        let found = ann.get(&format!("{path}?actor={name}")).await;
        found.problem(404, "user_not_found");
    }
    let hidden = canvas(&ann, &json!({ "visibility": "private" })).await;
    let path = format!("/canvases/{hidden}/events?x=0&y=0");
    bob.get(&path).await.problem(403, "forbidden");
    server.stop().await;
}

/// Makes the log what a server of the version before would have written.
async fn forget_cells(pool: &PgPool) {
    sqlx::query("UPDATE canvas_events SET tile = NULL, op_id = NULL")
        .execute(pool)
        .await
        .unwrap();
}

/// How many events lack something.
async fn incomplete(pool: &PgPool) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM canvas_events
         WHERE op_id IS NULL OR (tile IS NULL) = (kind LIKE 'tile%')
            OR tile <> (body::json ->> 'y')::int * 256 + (body::json ->> 'x')::int",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

async fn until_complete(pool: &PgPool) {
    let complete = async {
        while incomplete(pool).await > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(TEST_TIMEOUT, complete)
        .await
        .expect("events are incomplete");
}

#[tokio::test]
async fn every_event_has_its_cell_and_an_op_id_that_nobody_is_told() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    // Without any event.
    server.user("cat").await;
    let id = scene(&ann, &bob).await;
    let mut tab = TestClient::join(&ann, id).await;
    // Neither these nor what comes over HTTP have an `op_id`.
    for request in [
        json!({ "type": "canvas_chat", "text": "without" }),
        json!({ "type": "tile_paint", "x": 2, "y": 3, "pixels": [[0, 1]] }),
    ] {
        tab.send(&request).await;
        assert_eq!(tab.expect("ack").await.get("op_id"), None);
    }
    let body = json!({ "x": 7, "y": 5 });
    let created = ann.post(&format!("/canvases/{id}/tiles"), &body).await;
    created.expect(201);
    let pool = server.database.pool().await;
    assert_eq!(incomplete(&pool).await, 0);
    let made: Vec<(i64, String)> =
        sqlx::query_as("SELECT seq, op_id::text FROM canvas_events WHERE seq > 8 ORDER BY seq")
            .fetch_all(&pool)
            .await
            .unwrap();
    let events = ann.all(&format!("/canvases/{id}/events?after_seq=8")).await;
    assert_eq!((made.len(), events.len()), (3, 3));
    for ((_, op_id), event) in made.iter().zip(&events) {
        assert_eq!(event.get("op_id"), None);
        assert!(!event.to_string().contains(op_id), "{event}");
    }
    server.stop().await;
}

#[tokio::test]
async fn events_of_the_version_before_are_found_at_once_and_filled_in_later() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    // Without any event.
    server.user("cat").await;
    let id = scene(&ann, &bob).await;
    let pool = server.database.pool().await;
    let path = format!("/canvases/{id}/events");
    let before = ann.all(&path).await;
    forget_cells(&pool).await;
    check_filters(&ann, id).await;
    // A repeat is recognized by the `op_id` alone, which is the client's.
    pool.close().await;
    let database = server.stop().await;
    let pool = database.pool().await;
    assert!(incomplete(&pool).await > 0);
    let server = TestServer::start_on(database, &[]).await;
    until_complete(&pool).await;
    let mut ann = ann;
    ann.addr = server.addr;
    check_filters(&ann, id).await;
    assert_eq!(ann.all(&path).await, before);
    pool.close().await;
    server.stop().await;
}

/// On a large log the migration leaves the indexes to the nodes.
#[tokio::test]
async fn a_large_log_gets_its_indexes_while_the_server_runs() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    // Without any event.
    server.user("cat").await;
    let id = scene(&ann, &bob).await;
    let database = server.stop().await;
    let pool = database.pool().await;
    forget_cells(&pool).await;
    sqlx::query("DROP INDEX canvas_events_tile_idx, canvas_events_unfilled_idx")
        .execute(&pool)
        .await
        .unwrap();
    // One of the version before.
    sqlx::query("CREATE INDEX canvas_events_incomplete_idx ON canvas_events (seq)")
        .execute(&pool)
        .await
        .unwrap();
    // One that was left unfinished, as by a server that was killed.
    sqlx::query("CREATE INDEX canvas_events_tile_idx ON canvas_events (canvas_id)")
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query(
        "UPDATE pg_index SET indisvalid = false
         WHERE indexrelid = 'canvas_events_tile_idx'::regclass",
    )
    .execute(&pool)
    .await
    .unwrap();
    let server = TestServer::start_on(database, &[]).await;
    until_complete(&pool).await;
    let indexes: Vec<(String, bool)> = sqlx::query_as(
        "SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index
         WHERE indexrelid IN (to_regclass('canvas_events_tile_idx'),
                              to_regclass('canvas_events_unfilled_idx'))",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(indexes.len(), 2);
    let replaced: Option<String> =
        sqlx::query_scalar("SELECT to_regclass('canvas_events_incomplete_idx')::text")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(replaced, None);
    for (definition, is_valid) in indexes {
        assert!(is_valid, "{definition}");
        assert!(
            definition.contains("(canvas_id, tile, seq)")
                || definition.contains("(canvas_id, seq)"),
            "{definition}"
        );
    }
    let mut ann = ann;
    ann.addr = server.addr;
    check_filters(&ann, id).await;
    let empty: Value = ann
        .get(&format!("/canvases/{id}/events?x=5&y=5"))
        .await
        .json(200);
    assert_eq!(empty["items"], json!([]));
    pool.close().await;
    server.stop().await;
}

/// Carries out a rewrite and waits for its end.
async fn rewrite(client: &Client, path: &str, body: &Value) -> i64 {
    let begun = client.post(path, body).await.json(202);
    let id = begun["id"].as_i64().unwrap();
    loop {
        let found = client.get(&format!("/rewrites/{id}")).await.json(200);
        if found["state"] == "done" {
            return id;
        }
        assert_eq!(found["state"], "running");
        tokio::task::yield_now().await;
    }
}

/// Whoever's tile, message or comment it is.
#[tokio::test]
async fn the_actor_is_who_acted() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut of_ann = TestClient::join(&ann, id).await;
    let mut of_bob = TestClient::join(&bob, id).await;
    let paint = json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]] });
    of_bob.done(paint).await;
    let chat = json!({ "type": "canvas_chat", "text": "hello" });
    of_bob.done(chat.clone()).await;
    let comment = json!({ "type": "comment_create", "x": 0, "y": 0, "text": "mine" });
    let comment = of_bob.done(comment).await["comment_id"].clone();
    of_ann
        .done(json!({ "type": "comment_update", "comment_id": comment, "resolved": true }))
        .await;
    let messages = ann.all(&format!("/canvases/{id}/messages")).await;
    of_ann
        .done(json!({ "type": "chat_remove", "message_id": messages[0]["message_id"] }))
        .await;
    of_ann
        .done(json!({ "type": "tile_like", "x": 0, "y": 0, "liked": true }))
        .await;
    ann.patch(&format!("/canvases/{id}"), &json!({ "name": "New" }))
        .await
        .expect(200);
    let path = format!("/canvases/{id}/rewrites");
    let body = json!({ "kind": "revert", "usernames": ["bob"] });
    let reverted = rewrite(&ann, &path, &body).await;
    rewrite(&ann, &format!("/rewrites/{reverted}/undo"), &Value::Null).await;
    of_bob.done(chat).await;
    let messages = ann.all(&format!("/canvases/{id}/messages")).await;
    let last = &messages[0]["message_id"];
    of_bob
        .done(json!({ "type": "chat_edit", "message_id": last, "text": "hi" }))
        .await;
    for (query, expected) in [
        ("actor=bob", vec![1, 2, 3, 10, 11]),
        ("actor=ann", vec![4, 5, 6, 7, 8, 9]),
        ("x=0&y=0", vec![1, 3, 4, 6, 8, 9]),
        ("kind=tile_created", vec![1, 9]),
        ("kind=canvas_chat_message", vec![2, 10]),
        ("kind=comment_created", vec![3]),
        ("kind=comment_updated", vec![4]),
        ("kind=chat_removed", vec![5]),
        ("kind=tile_liked", vec![6]),
        ("kind=canvas_updated", vec![7]),
        ("kind=tile_deleted", vec![8]),
        ("kind=chat_edited", vec![11]),
        ("kind=tile_updated", vec![]),
    ] {
        assert_eq!(seqs(&ann, id, query).await, expected, "{query}");
    }
    // The tile that came back is still bob's.
    let events = ann
        .all(&format!("/canvases/{id}/events?kind=tile_created"))
        .await;
    assert_eq!(events[1]["creator_id"], bob.id());
    assert_eq!(events[1]["cause"]["by"], ann.id());
    server.stop().await;
}
