//! The event index of a long log: events are found and counted as the log itself says, whatever
//! part of it is indexed.

use crate::common::{TEST_TIMEOUT, TestServer, canvas, http::Client};
use serde_json::{Value, json};
use sqlx::{PgPool, query, query_as, query_scalar};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Events of the log: two chunks and a half.
const EVENTS: i64 = 25_000;
/// What SQL calls an event that changes the board.
const TILE_EVENTS: &str = "kind IN ('tile_created', 'tile_updated', 'tile_deleted')";

/// Appends strokes, likes and chat up to the event `until`, a second apart, by three users in
/// turns that differ.
async fn grow(pool: &PgPool, canvas: i64, users: [i64; 3], until: i64) {
    query(
        r#"WITH numbered AS (
               SELECT n AS seq, ($3::bigint[])[1 + (n * n / 7) % 3] AS actor,
                      (n / 40) % 8 AS x, (n / 320) % 6 AS y, n % 10 AS kind,
                      timestamptz '2024-02-28 12:00:00Z' + n * interval '1.25 s' AS at
               FROM canvases c, generate_series(c.last_seq + 1, $2) AS n WHERE c.id = $1
           ), timed AS (
               SELECT *, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS stamp
               FROM numbered
           ), appended AS (
               INSERT INTO canvas_events (canvas_id, seq, kind, actor_id, op_id, body, tile, created_at)
               SELECT $1, seq,
                   CASE WHEN kind < 7 THEN 'tile_updated' WHEN kind < 9 THEN 'tile_liked'
                        ELSE 'canvas_chat_message' END,
                   actor, gen_random_uuid(),
                   CASE WHEN kind < 7 THEN json_build_object('type', 'tile_updated', 'seq', seq,
                       'tile_id', 1, 'canvas_id', $1, 'creator_id', actor, 'updater_id', actor,
                       'x', x, 'y', y, 'version', seq, 'like_count', 0, 'timestamp', stamp,
                       'delta', '[[0,1]]'::json)::text
                   WHEN kind < 9 THEN json_build_object('type', 'tile_liked', 'seq', seq,
                       'tile_id', 1, 'canvas_id', $1, 'creator_id', actor, 'liker_id', actor,
                       'liked', true, 'x', x, 'y', y, 'like_count', 1, 'timestamp', stamp)::text
                   ELSE json_build_object('type', 'canvas_chat_message', 'message_id',
                       gen_random_uuid(), 'canvas_id', $1, 'seq', seq, 'sender_id', actor,
                       'sender_username', 'ann', 'sender_display_name', 'Ann',
                       'message_text', 'hello', 'created_at', stamp, 'reply_to', null,
                       'edited_at', null, 'removed', false)::text END,
                   CASE WHEN kind < 9 THEN y * 256 + x END, at
               FROM timed
           )
           UPDATE canvases SET last_seq = $2 WHERE id = $1"#,
    )
    .bind(canvas)
    .bind(until)
    .bind(&users[..])
    .execute(pool)
    .await
    .unwrap();
}

async fn indexed(pool: &PgPool, canvas: i64) -> i64 {
    query_scalar("SELECT coalesce(max(last_seq), 0) FROM event_index WHERE canvas_id = $1")
        .bind(canvas)
        .fetch_one(pool)
        .await
        .unwrap()
}

async fn until_indexed(pool: &PgPool, canvas: i64, seq: i64) {
    let done = async {
        while indexed(pool, canvas).await < seq {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(TEST_TIMEOUT, done)
        .await
        .expect("events are not indexed");
}

/// Compares what a filter lists with what SQL finds.
async fn check_events(client: &Client, pool: &PgPool, canvas: i64, query: &str, condition: &str) {
    let sql =
        format!("SELECT seq FROM canvas_events WHERE canvas_id = $1 AND {condition} ORDER BY seq");
    let expected: Vec<i64> = query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(canvas)
        .fetch_all(pool)
        .await
        .unwrap();
    let events = client
        .all(&format!("/canvases/{canvas}/events?limit=200&{query}"))
        .await;
    let found: Vec<i64> = events.iter().map(|e| e["seq"].as_i64().unwrap()).collect();
    assert_eq!(found, expected, "{query}");
    assert!(!found.is_empty(), "{query}");
}

/// Compares the buckets of a timeline with what SQL counts.
async fn check_timeline(client: &Client, pool: &PgPool, canvas: i64, query: &str, condition: &str) {
    let path = format!("/canvases/{canvas}/timeline?{query}");
    let timeline = client.get(&path).await.json(200);
    let count = |from: i64, to: i64| {
        let sql = format!(
            "SELECT count(*), count(DISTINCT actor_id) FROM canvas_events
             WHERE canvas_id = $1 AND seq BETWEEN $2 AND $3 AND {TILE_EVENTS} AND {condition}"
        );
        async move {
            let counted: (i64, i64) = query_as(sqlx::AssertSqlSafe(sql))
                .bind(canvas)
                .bind(from)
                .bind(to)
                .fetch_one(pool)
                .await
                .unwrap();
            counted
        }
    };
    let of = |value: &Value, field: &str| value[field].as_i64().unwrap();
    assert_eq!(
        count(1, i64::MAX).await.0,
        of(&timeline, "events"),
        "{query}"
    );
    let buckets = timeline["buckets"].as_array().unwrap();
    assert_eq!(buckets.len(), 200);
    for bucket in buckets.iter().step_by(7) {
        let (events, people) = count(of(bucket, "from_seq"), of(bucket, "to_seq")).await;
        assert_eq!(
            (of(bucket, "events"), of(bucket, "people")),
            (events, people),
            "{bucket}"
        );
    }
}

#[tokio::test]
async fn the_index_says_what_the_log_says() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let users = [
        ann.id(),
        server.user("bob").await.id(),
        server.user("cat").await.id(),
    ];
    let id = canvas(&ann, &json!({})).await;
    let pool = server.database.pool().await;
    grow(&pool, id, users, EVENTS - 3_000).await;
    let bob = users[1];
    let check = async || {
        for (query, condition) in [
            ("x=3&y=2", "tile = 2 * 256 + 3".to_owned()),
            (
                "x=3&y=2&actor=bob",
                format!("tile = 2 * 256 + 3 AND actor_id = {bob}"),
            ),
            (
                "kind=canvas_chat_message&actor=bob",
                format!("kind = 'canvas_chat_message' AND actor_id = {bob}"),
            ),
            (
                "actor=bob&after_seq=9990&until_seq=10100",
                format!("actor_id = {bob} AND seq > 9990 AND seq <= 10100"),
            ),
        ] {
            check_events(&ann, &pool, id, query, &condition).await;
        }
        for (query, condition) in [
            ("by=change", "true".to_owned()),
            ("by=time", "true".to_owned()),
            ("by=time&actor=bob", format!("actor_id = {bob}")),
            (
                "by=change&x0=2&y0=1&x1=5&y1=2",
                "tile / 256 BETWEEN 1 AND 2 AND tile % 256 BETWEEN 2 AND 5".to_owned(),
            ),
        ] {
            check_timeline(&ann, &pool, id, query, &condition).await;
        }
    };
    // While it is being made, when it is made, and with events behind the last chunk.
    check().await;
    until_indexed(&pool, id, EVENTS - 3_000).await;
    check().await;
    grow(&pool, id, users, EVENTS - 2_500).await;
    check().await;
    grow(&pool, id, users, EVENTS).await;
    until_indexed(&pool, id, EVENTS).await;
    check().await;
    let chunks: Vec<(i64, i64)> = query_as(
        "SELECT first_seq, last_seq FROM event_index WHERE canvas_id = $1 ORDER BY first_seq",
    )
    .bind(id)
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(chunks, [(1, 10_000), (10_001, 20_000), (20_001, EVENTS)]);
    // It goes with its canvas.
    ann.delete(&format!("/canvases/{id}")).await.expect(204);
    let gone = async {
        while indexed(&pool, id).await > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(TEST_TIMEOUT, gone).await.expect("the index stays");
    pool.close().await;
    server.stop().await;
}
