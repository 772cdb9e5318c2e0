//! Deleting canvases, however much is on them.

use crate::common::{
    TEST_TIMEOUT, TestDatabase, TestServer, canvas, http::Client, socket::TestClient,
};
use serde_json::json;
use sqlx::PgPool;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// Fills a canvas with events, tiles, likes, comments and remembered operations.
async fn fill(pool: &PgPool, owner: &Client, canvas: i64, events: i64) {
    sqlx::query(
        "INSERT INTO canvas_events (canvas_id, seq, kind, actor_id, body, created_at)
         SELECT $1, seq, 'canvas_chat_message', $2, '{}', now()
         FROM generate_series(1, $3) AS seq",
    )
    .bind(canvas)
    .bind(owner.id())
    .bind(events)
    .execute(pool)
    .await
    .unwrap();
    sqlx::query(
        "WITH made AS (
             INSERT INTO tiles (canvas_id, x, y, creator_id, pixels, version, created_at, updated_at)
             SELECT $1, x, 0, $2, '', 1, now(), now() FROM generate_series(0, 299) AS x
             RETURNING id
         )
         INSERT INTO tile_likes (tile_id, user_id)
         SELECT made.id, u.id FROM made, users u",
    )
    .bind(canvas)
    .bind(owner.id())
    .execute(pool)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO canvas_idle_ops (canvas_id, actor_id, op_id)
         SELECT $1, $2, gen_random_uuid() FROM generate_series(1, 3000)",
    )
    .bind(canvas)
    .bind(owner.id())
    .execute(pool)
    .await
    .unwrap();
    sqlx::query(
        "WITH said AS (
             INSERT INTO comments (canvas_id, tile, seq, at_seq, author_id, text, created_at)
             SELECT $1, 0, seq, 0, $2, 'words', now() FROM generate_series(1, 3000) AS seq
         )
         INSERT INTO commented_cells (canvas_id, tile, comments, open)
         SELECT $1, tile, 1, 1 FROM generate_series(0, 2999) AS tile",
    )
    .bind(canvas)
    .bind(owner.id())
    .execute(pool)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO tile_keyframes (canvas_id, tile, first_seq, last_seq, events, data)
         SELECT $1, 65535, seq, seq, 1, '' FROM generate_series(1, 500) AS seq",
    )
    .bind(canvas)
    .execute(pool)
    .await
    .unwrap();
    sqlx::query("UPDATE canvases SET last_seq = $2 WHERE id = $1")
        .bind(canvas)
        .bind(events)
        .execute(pool)
        .await
        .unwrap();
}

/// Rows that belong to no canvas.
async fn orphans(pool: &PgPool) -> i64 {
    sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM canvas_events e
                 WHERE NOT EXISTS (SELECT FROM canvases WHERE id = e.canvas_id))
              + (SELECT count(*) FROM canvas_idle_ops o
                 WHERE NOT EXISTS (SELECT FROM canvases WHERE id = o.canvas_id))
              + (SELECT count(*) FROM tiles t
                 WHERE NOT EXISTS (SELECT FROM canvases WHERE id = t.canvas_id))
              + (SELECT count(*) FROM comments c
                 WHERE NOT EXISTS (SELECT FROM canvases WHERE id = c.canvas_id))
              + (SELECT count(*) FROM commented_cells c
                 WHERE NOT EXISTS (SELECT FROM canvases WHERE id = c.canvas_id))
              + (SELECT count(*) FROM tile_keyframes k
                 WHERE NOT EXISTS (SELECT FROM canvases WHERE id = k.canvas_id))
              + (SELECT count(*) FROM tile_keyframe_progress p
                 WHERE NOT EXISTS (SELECT FROM canvases WHERE id = p.canvas_id))
              + (SELECT count(*) FROM deleted_canvases)",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

async fn until_clean(pool: &PgPool) {
    let clean = async {
        while orphans(pool).await > 0 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(TEST_TIMEOUT, clean).await.expect("rows are left");
}

#[tokio::test]
async fn a_large_canvas_is_gone_at_once_and_its_rows_follow() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    let (large, other) = (
        canvas(&ann, &json!({})).await,
        canvas(&ann, &json!({})).await,
    );
    let pool = server.database.pool().await;
    fill(&pool, &ann, large, 60_000).await;
    let mut tab = TestClient::join(&bob, large).await;
    let mut elsewhere = TestClient::join(&bob, other).await;
    elsewhere
        .done(json!({ "type": "canvas_chat", "text": "kept" }))
        .await;
    let tile: i64 = sqlx::query_scalar("SELECT min(id) FROM tiles")
        .fetch_one(&pool)
        .await
        .unwrap();

    let begun = Instant::now();
    ann.delete(&format!("/canvases/{large}")).await.expect(204);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    tab.expect("canvas_deleted").await;
    assert_eq!(tab.closed().await.code, 1008);
    // Nobody finds anything of it while rows are left.
    for path in [
        "",
        "/snapshot",
        "/tiles",
        "/events",
        "/messages",
        "/comments",
        "/members",
        "/image.png",
    ] {
        let reply = ann.get(&format!("/canvases/{large}{path}")).await;
        reply.problem(404, "canvas_not_found");
    }
    let path = format!("/tiles/{tile}");
    ann.get(&path).await.problem(404, "tile_not_found");
    ann.delete(&path).await.problem(404, "tile_not_found");
    let reply = bob.put(&format!("{path}/like"), &json!({})).await;
    reply.problem(404, "tile_not_found");
    ann.delete(&format!("/canvases/{large}"))
        .await
        .problem(404, "canvas_not_found");
    assert_eq!(ann.all("/canvases?mine=true").await.len(), 1);
    until_clean(&pool).await;
    assert_eq!(
        ann.all(&format!("/canvases/{other}/messages")).await.len(),
        1
    );
    server.stop().await;
}

#[tokio::test]
async fn what_an_ended_server_left_is_removed_by_any_other() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let database = server.stop().await;
    let pool = database.pool().await;
    fill(&pool, &ann, id, 30_000).await;
    // As a server of the version before does it, or somebody by hand.
    sqlx::query("DELETE FROM canvases WHERE id = $1")
        .bind(id)
        .execute(&pool)
        .await
        .unwrap();
    assert!(orphans(&pool).await > 30_000);
    // Two at a time take nothing from each other.
    let url = database.url.clone();
    let second = TestDatabase::create().await;
    let first = TestServer::start_on(database, &[]).await;
    let second = TestServer::start_on(second, &["--database-url", &url]).await;
    until_clean(&pool).await;
    first.stop().await;
    second.stop().await;
}
