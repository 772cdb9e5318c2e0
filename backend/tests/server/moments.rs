//! Moments of a canvas's past: `at` is the `seq` of an event, or a time, wherever it is taken.

use crate::common::{TestServer, canvas, http::Client, socket::TestClient};
use serde_json::json;
use sqlx::{PgPool, query};

/// Sets when the event was stored.
async fn set_time(pool: &PgPool, seq: i64, time: &str) {
    query("UPDATE canvas_events SET created_at = $2::timestamptz WHERE seq = $1")
        .bind(seq)
        .bind(time)
        .execute(pool)
        .await
        .unwrap();
}

/// The event after which the snapshot of a moment was.
async fn seq(client: &Client, canvas: i64, at: &str) -> i64 {
    let path = format!("/canvases/{canvas}/snapshot?at={at}");
    let snapshot = client.get(&path).await.json(200);
    snapshot["seq"].as_i64().unwrap()
}

#[tokio::test]
async fn a_moment_is_after_the_last_event_up_to_it() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let path = format!("/canvases/{id}");
    assert_eq!(seq(&ann, id, "0").await, 0);
    assert_eq!(seq(&ann, id, "2024-01-01T00:00:00Z").await, 0);
    let mut tab = TestClient::join(&ann, id).await;
    for colour in 0..4 {
        tab.done(json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, colour]] }))
            .await;
    }
    let pool = server.database.pool().await;
    for (number, time) in [
        (1, "2025-05-12 20:14:00.100Z"),
        // Two in one millisecond.
        (2, "2025-05-12 20:14:00.2001Z"),
        (3, "2025-05-12 20:14:00.2009Z"),
        (4, "2025-05-12 20:14:05Z"),
    ] {
        set_time(&pool, number, time).await;
    }
    for (at, expected) in [
        ("0", 0),
        ("3", 3),
        ("4", 4),
        ("1999-12-31T23:59:59Z", 0),
        ("2025-05-12T20:14:00.099Z", 0),
        ("2025-05-12T20:14:00.100Z", 1),
        ("2025-05-12T20:14:00.199999Z", 1),
        ("2025-05-12T20:14:00.200Z", 3),
        ("2025-05-12T20:14:00.2Z", 3),
        ("2025-05-12T20:14:04Z", 3),
        ("2025-05-12T20:14:05Z", 4),
        ("2025-05-12t20:14:05z", 4),
        ("2025-05-12T22:14:05%2B02:00", 4),
        ("2025-05-12T22:14:05+02:00", 4),
        ("2025-05-12T15:44:04.999-04:30", 3),
        ("2999-01-01T00:00:00Z", 4),
    ] {
        assert_eq!(seq(&ann, id, at).await, expected, "{at}");
    }
    // Whoever may read the canvas, and everywhere.
    let visitor = server.visitor();
    assert_eq!(seq(&visitor, id, "2025-05-12T20:14:04Z").await, 3);
    let authors = format!("{path}/authors?x=0&y=0&at=2025-05-12T20:14:04Z");
    assert_eq!(ann.get(&authors).await.json(200)["seq"], 3);
    for route in ["snapshot?", "authors?x=0&y=0&", "image.png?"] {
        for at in [
            "5",
            "99999999999999999999",
            "-1",
            "yesterday",
            "2025-05-12",
            "",
        ] {
            let refused = ann.get(&format!("{path}/{route}at={at}")).await;
            refused.refuses("at");
        }
    }
    for (query, field) in [
        ("from=5", "from"),
        ("to=5", "to"),
        ("from=3&to=2", "from"),
        ("from=2025-05-12T20:14:05Z&to=2025-05-12T20:14:04Z", "from"),
        ("from=2998-01-01T00:00:00Z&to=2997-01-01T00:00:00Z", "from"),
        ("from=4&to=2025-05-12T20:14:04Z", "from"),
    ] {
        let path = format!("{path}/timelapse.gif?x0=0&y0=0&x1=0&y1=0&{query}");
        ann.get(&path).await.refuses(field);
    }
    // A rewrite's times are the same.
    let area = json!({ "x0": 0, "y0": 0, "x1": 0, "y1": 0 });
    let body = json!({ "kind": "restore", "area": area, "at": "2025-05-12T20:14:00.200Z",
                       "dry_run": true });
    let preview = ann.post(&format!("{path}/rewrites"), &body).await.json(200);
    assert_eq!(
        (&preview["tiles"], &preview["pixels"]),
        (&json!(1), &json!(1))
    );
    let body = json!({ "kind": "restore", "area": area, "at": "2025-05-12T20:14:05Z",
                       "dry_run": true });
    let preview = ann.post(&format!("{path}/rewrites"), &body).await.json(200);
    assert_eq!(preview["tiles"], 0);
    let revert = async |from: &str, to: &str| {
        let body = json!({ "kind": "revert", "usernames": ["ann"], "from": from, "to": to,
                           "dry_run": true });
        let preview = ann.post(&format!("{path}/rewrites"), &body).await.json(200);
        (preview["pixels"].clone(), preview["skipped_pixels"].clone())
    };
    // The window of a revert has both of its ends.
    let last = "2025-05-12T20:14:05Z";
    assert_eq!(revert(last, last).await, (json!(1), json!(0)));
    assert_eq!(
        revert("2025-05-12T20:14:00.201Z", "2025-05-12T20:14:04Z").await,
        (json!(0), json!(0))
    );
    pool.close().await;
    server.stop().await;
}
