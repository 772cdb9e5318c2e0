//! Exports: files of a canvas's past that are made in the background.

use crate::common::{
    TEST_TIMEOUT, TestServer, canvas,
    cluster::Cluster,
    eventually,
    exports::{ended, export, lines, load},
    http::{Client, Reply},
    pictures::{decode_apng, decode_gif, decode_png},
    process::ServerProcess,
    socket::TestClient,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::{PgPool, Postgres, Transaction};
use tokio::time::timeout;

/// Has a stroke in this cell.
async fn paint(client: &mut TestClient, x: i64, y: i64, pixels: &Value) {
    client
        .done(json!({ "type": "tile_paint", "x": x, "y": y, "pixels": pixels }))
        .await;
}

/// Keeps exports from being finished until it is rolled back, or four seconds are over.
async fn hold(pool: &PgPool) -> Transaction<'static, Postgres> {
    let mut held = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE export_chunks IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *held)
        .await
        .unwrap();
    held
}

#[tokio::test]
async fn each_kind_of_file_shows_the_past() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({ "name": "Sky & é", "visibility": "private" })).await;
    ann.put(
        &format!("/canvases/{id}/members/bob"),
        &json!({ "role": "editor" }),
    )
    .await
    .expect(200);
    let mut of_ann = TestClient::join(&ann, id).await;
    let mut of_bob = TestClient::join(&bob, id).await;
    paint(&mut of_ann, 1, 1, &json!([[0, 1], [9, 2]])).await;
    of_ann
        .done(json!({ "type": "canvas_chat", "text": "a secret" }))
        .await;
    let said = of_bob.expect("canvas_chat_message").await;
    paint(&mut of_bob, 1, 1, &json!([[0, 3]])).await;
    paint(&mut of_bob, 2, 1, &json!([[63, 2]])).await;
    let removed = format!(
        "/canvases/{id}/messages/{}",
        said["message_id"].as_str().unwrap()
    );
    ann.delete(&removed).await.expect(204);
    let mut listener = TestClient::listen(&ann).await;

    // The default area is the board, which nobody painted at first.
    let gif = export(&ann, id, &json!({ "kind": "gif", "seconds": 3 })).await;
    let time = |field: &str| -> DateTime<Utc> { gif[field].as_str().unwrap().parse().unwrap() };
    assert_eq!(
        time("expires_at") - time("created_at"),
        TimeDelta::hours(24)
    );
    let reply = load(&ann, &gif).await;
    assert_eq!(reply.header("content-type"), "image/gif");
    assert_eq!(
        reply.header("content-disposition"),
        "attachment; filename=\"Sky & _.gif\"; filename*=UTF-8''Sky%20%26%20%C3%A9.gif"
    );
    let (width, height, frames) = decode_gif(&reply.body);
    assert_eq!((width, height, frames.len()), (64, 48, 4));
    let delays: Vec<u16> = frames.iter().map(|(_, delay)| *delay).collect();
    assert_eq!(delays, [100, 100, 100, 200]);
    assert!(frames[0].0.iter().all(Option::is_none));
    let last = &frames[3].0;
    assert_eq!(last[8 * 64 + 8], Some([0, 255, 0]));
    assert_eq!(last[9 * 64 + 9], Some([255, 0, 0]));
    assert_eq!(last[15 * 64 + 23], Some([255, 0, 0]));
    assert_eq!(last.iter().flatten().count(), 3);
    // Whoever asked for it is told.
    let told = listener.expect("notification").await["notification"].take();
    assert_eq!(told["kind"], "export_ready");
    assert_eq!(told["canvas_id"], id);
    assert_eq!(told["canvas_name"], "Sky & é");
    assert_eq!(
        (&told["export_id"], &told["text"]),
        (&gif["id"], &json!("gif"))
    );
    assert!(told["actor"].is_null());
    let inbox = ann.get("/users/me/notifications").await.json(200);
    assert_eq!(inbox["items"][0], told);

    let area = json!({ "x0": 1, "y0": 1, "x1": 2, "y1": 1 });
    let body = json!({ "kind": "apng", "area": area, "scale": 2, "actor": "bob" });
    let reply = load(&ann, &export(&ann, id, &body).await).await;
    assert_eq!(reply.header("content-type"), "image/apng");
    let (width, height, frames) = decode_apng(&reply.body);
    assert_eq!((width, height, frames.len()), (32, 16, 3));
    let by_bob = &frames[2].0;
    assert_eq!(by_bob[0], Some([0, 255, 0]));
    assert_eq!(by_bob.iter().flatten().count(), 8);

    let body = json!({ "kind": "png", "area": area, "to": 2 });
    let reply = load(&ann, &export(&ann, id, &body).await).await;
    assert_eq!(reply.header("content-type"), "image/png");
    let (width, height, picture) = decode_png(&reply.body);
    assert_eq!((width, height), (16, 8));
    assert_eq!(picture[0], Some([255, 255, 255]));
    assert_eq!(picture.iter().flatten().count(), 2);

    let log = export(&ann, id, &json!({ "kind": "log" })).await;
    let reply = load(&ann, &log).await;
    assert_eq!(reply.header("content-type"), "application/gzip");
    let all = lines(&reply.body);
    let mut canvas_now = ann.get(&format!("/canvases/{id}")).await.json(200);
    // Joins and leaves are counted a moment later.
    canvas_now["active_users"] = all[0]["canvas"]["active_users"].clone();
    assert_eq!(all[0]["canvas"], canvas_now);
    assert!(all[0]["exported_at"].is_string());
    let events = ann.all(&format!("/canvases/{id}/events")).await;
    assert_eq!(all[1..], events);
    // Removed words stay removed.
    assert!(!String::from_utf8(reply.body).is_ok_and(|text| text.contains("secret")));
    assert!(!all.iter().any(|line| line.to_string().contains("secret")));
    // Filters narrow it.
    let body = json!({ "kind": "log", "from": 1, "to": "4", "actor": "bob" });
    let narrow = lines(&load(&ann, &export(&ann, id, &body).await).await.body);
    let by_bob: Vec<&Value> = events[1..4]
        .iter()
        .filter(|e| e["updater_id"] == bob.id() || e["creator_id"] == bob.id())
        .collect();
    assert!(narrow[1..].iter().eq(by_bob));
    server.stop().await;
}

#[tokio::test]
async fn an_export_belongs_to_whoever_asked_for_it() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let asked = export(&bob, id, &json!({ "kind": "png" })).await;
    let path = format!("/exports/{}", asked["id"]);
    let file = format!("{path}/file");
    for path in [&path, &file] {
        ann.get(path).await.problem(404, "export_not_found");
        server
            .visitor()
            .get(path)
            .await
            .problem(401, "unauthenticated");
    }
    ann.delete(&path).await.problem(404, "export_not_found");
    server
        .visitor()
        .delete(&path)
        .await
        .problem(401, "unauthenticated");
    bob.get("/exports/none")
        .await
        .problem(404, "export_not_found");

    // Whoever may not read the canvas any more does not get its past.
    ann.patch(
        &format!("/canvases/{id}"),
        &json!({ "visibility": "private" }),
    )
    .await
    .expect(200);
    bob.get(&path).await.problem(403, "forbidden");
    bob.get(&file).await.problem(403, "forbidden");
    let asking = format!("/canvases/{id}/exports");
    bob.post(&asking, &json!({ "kind": "png" }))
        .await
        .problem(403, "forbidden");
    ann.patch(
        &format!("/canvases/{id}"),
        &json!({ "visibility": "public" }),
    )
    .await
    .expect(200);

    bob.get(&file).await.expect(200);
    bob.delete(&path).await.expect(204);
    for path in [&path, &file] {
        bob.get(path).await.problem(404, "export_not_found");
    }
    bob.delete(&path).await.problem(404, "export_not_found");

    // Nothing is left of it after a day, and of those of a canvas that is deleted.
    let old = export(&bob, id, &json!({ "kind": "png" })).await;
    let pool = server.database.pool().await;
    sqlx::query("UPDATE exports SET expires_at = now() WHERE id = $1")
        .bind(old["id"].as_i64().unwrap())
        .execute(&pool)
        .await
        .unwrap();
    bob.get(&format!("/exports/{}", old["id"]))
        .await
        .problem(404, "export_not_found");
    let last = export(&ann, id, &json!({ "kind": "png" })).await;
    ann.delete(&format!("/canvases/{id}")).await.expect(204);
    ann.get(&format!("/exports/{}", last["id"]))
        .await
        .problem(404, "export_not_found");
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_export_is_refused() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let path = format!("/canvases/{id}/exports");
    for (wrong, field) in [
        (json!({}), "kind"),
        (json!({ "kind": "mp4" }), "kind"),
        (json!({ "kind": "gif", "seconds": 0 }), "seconds"),
        (json!({ "kind": "gif", "seconds": 61 }), "seconds"),
        (json!({ "kind": "gif", "scale": 9 }), "scale"),
        (json!({ "kind": "gif", "from": 1 }), "from"),
        (json!({ "kind": "gif", "to": "soon" }), "to"),
        (
            json!({ "kind": "gif", "area": { "x0": 0, "y0": 0, "x1": 8, "y1": 0 } }),
            "x1",
        ),
        (
            json!({ "kind": "gif", "area": { "x0": 0, "y0": 0, "x1": 7 } }),
            "y1",
        ),
    ] {
        ann.post(&path, &wrong).await.refuses(field);
    }
    let unknown = json!({ "kind": "gif", "actor": "nobody" });
    ann.post(&path, &unknown)
        .await
        .problem(404, "user_not_found");
    server
        .visitor()
        .post(&path, &json!({ "kind": "gif" }))
        .await
        .problem(401, "unauthenticated");
    ann.post("/canvases/1000000/exports", &json!({ "kind": "gif" }))
        .await
        .problem(404, "canvas_not_found");
    // 64 × 48 pixels: 8 times that is the largest scale. 2048 × 2048 are too many.
    let board = json!({ "width": 64, "height": 64, "tile_size": 32 });
    let large = canvas(&ann, &board).await;
    let path = format!("/canvases/{large}/exports");
    for kind in ["gif", "apng", "png"] {
        ann.post(&path, &json!({ "kind": kind }))
            .await
            .problem(422, "too_large");
    }
    let half = json!({ "x0": 0, "y0": 0, "x1": 63, "y1": 31 });
    export(&ann, large, &json!({ "kind": "png", "area": half })).await;
    export(&ann, large, &json!({ "kind": "log" })).await;
    server.stop().await;
}

#[tokio::test]
async fn one_export_is_made_for_each_user_at_a_time() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let path = format!("/canvases/{id}/exports");
    let pool = server.database.pool().await;
    let held = hold(&pool).await;
    let first = ann.post(&path, &json!({ "kind": "log" })).await.json(202);
    let second = ann.post(&path, &json!({ "kind": "png" })).await;
    second.problem(429, "export_running");
    assert!(second.header("retry-after").parse::<u64>().unwrap() > 0);
    bob.get(&format!("/canvases/{id}")).await.expect(200);
    let other = bob.post(&path, &json!({ "kind": "png" })).await.json(202);
    // One that is removed is stopped, and another may be asked for.
    ann.delete(&format!("/exports/{}", first["id"]))
        .await
        .expect(204);
    let third = ann.post(&path, &json!({ "kind": "png" })).await.json(202);
    held.rollback().await.unwrap();
    assert_eq!(ended(&ann, &third).await["state"], "done");
    assert_eq!(ended(&bob, &other).await["state"], "done");
    let stored: Option<String> = sqlx::query_scalar("SELECT state FROM exports WHERE id = $1")
        .bind(first["id"].as_i64().unwrap())
        .fetch_optional(&pool)
        .await
        .unwrap();
    assert!(stored.is_none_or(|state| state == "removed"));
    server.stop().await;
}

/// Each guest has one at a time, but one person may be many guests.
#[tokio::test]
async fn exports_from_one_address_are_limited() {
    let server = TestServer::start_with(&["--rate-limits", "on"]).await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let path = format!("/canvases/{id}/exports");
    let body = json!({ "kind": "png" });
    let mut asked = 0;
    let refused = async {
        loop {
            let reply = server.guest("Guest").await.post(&path, &body).await;
            if reply.status != 202 {
                return reply;
            }
            asked += 1;
        }
    };
    let refused = timeout(TEST_TIMEOUT, refused).await.unwrap();
    refused.problem(429, "rate_limited");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    assert!((40..60).contains(&asked), "{asked}");
}

/// The queue is bounded, and tells when it is full.
#[tokio::test]
async fn a_full_queue_takes_no_more() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let pool = server.database.pool().await;
    let held = hold(&pool).await;
    sqlx::query(
        "INSERT INTO exports (canvas_id, user_id, kind, from_seq, to_seq, seconds, scale,
                              created_at, expires_at)
         SELECT $1, n, 'png', 0, 0, 10, 1, now(), now() + interval '1 hour'
         FROM generate_series(1000001, 1001000) AS n",
    )
    .bind(id)
    .execute(&pool)
    .await
    .unwrap();
    let path = format!("/canvases/{id}/exports");
    let reply = ann.post(&path, &json!({ "kind": "png" })).await;
    reply.problem(503, "overloaded");
    assert_eq!(reply.header("retry-after"), "60");
    held.rollback().await.unwrap();
}

#[tokio::test]
async fn the_files_are_bounded() {
    let server = TestServer::start_with(&["--exports-max-bytes", "1048576"]).await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let path = format!("/canvases/{id}/exports");
    let kept = export(&ann, id, &json!({ "kind": "png" })).await;
    let pool = server.database.pool().await;
    let set = async |bytes: i64| {
        sqlx::query("UPDATE exports SET bytes = $1 WHERE id = $2")
            .bind(bytes)
            .bind(kept["id"].as_i64().unwrap())
            .execute(&pool)
            .await
            .unwrap();
    };
    // A user has a quarter.
    set(262_144).await;
    let full = ann.post(&path, &json!({ "kind": "png" })).await;
    full.problem(429, "rate_limited");
    let wait: u64 = full.header("retry-after").parse().unwrap();
    assert!((86_000..=86_400).contains(&wait), "{wait}");
    let of_bob = export(&bob, id, &json!({ "kind": "png" })).await;
    // What would not fit fails.
    set(1_048_576 - 10 - of_bob["bytes"].as_i64().unwrap()).await;
    assert_eq!(
        export(&bob, id, &json!({ "kind": "png" })).await["state"],
        "failed"
    );
    set(1_048_576).await;
    let full = bob.post(&path, &json!({ "kind": "png" })).await;
    full.problem(503, "overloaded");
    full.header("retry-after");
    server.stop().await;
}

#[tokio::test]
async fn exports_survive_a_restart_and_those_that_are_removed_leave_nothing() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let path = format!("/canvases/{id}/exports");
    let done = export(&ann, id, &json!({ "kind": "png" })).await;
    let removed = export(&bob, id, &json!({ "kind": "png" })).await;
    let body = json!({ "password": "password", "canvases": "keep" });
    let request = bob
        .request(reqwest::Method::DELETE, "/users/me")
        .json(&body);
    Reply::of(request).await.expect(204);
    let pool = server.database.pool().await;
    // One of the day before, and one with which two nodes died.
    let carl = server.guest("Carl").await;
    let old = export(&carl, id, &json!({ "kind": "png" })).await;
    sqlx::query("UPDATE exports SET expires_at = now() WHERE id = $1")
        .bind(old["id"].as_i64().unwrap())
        .execute(&pool)
        .await
        .unwrap();
    let lost: i64 = sqlx::query_scalar(
        "INSERT INTO exports (canvas_id, user_id, kind, state, from_seq, to_seq, seconds, scale,
                              run, losses, beat_at, created_at, expires_at)
         VALUES ($1, $2, 'png', 'running', 0, 0, 10, 1, 2, 2, now() - interval '1 minute', now(),
                 now() + interval '1 day')
         RETURNING id",
    )
    .bind(id)
    .bind(carl.id())
    .fetch_one(&pool)
    .await
    .unwrap();
    let held = hold(&pool).await;
    let asked = ann.post(&path, &json!({ "kind": "gif" })).await.json(202);
    let running = format!("/exports/{}", asked["id"]);
    let running = async { while ann.get(&running).await.json(200)["state"] != "running" {} };
    timeout(TEST_TIMEOUT, running).await.unwrap();
    let (database, ()) = tokio::join!(server.stop(), async { held.rollback().await.unwrap() });

    let server = TestServer::start_on(database, &[]).await;
    let ann = Client {
        addr: server.addr,
        ..ann
    };
    load(&ann, &ended(&ann, &done).await).await;
    load(&ann, &ended(&ann, &asked).await).await;
    let carl = Client {
        addr: server.addr,
        ..carl
    };
    let failed = ended(&carl, &json!({ "id": lost })).await;
    assert_eq!(failed["state"], "failed");
    assert_eq!(
        (&failed["url"], &failed["bytes"]),
        (&Value::Null, &json!(0))
    );
    export(&carl, id, &json!({ "kind": "png" })).await;
    let useless = [&removed["id"], &old["id"]].map(|id| id.as_i64().unwrap());
    eventually("useless exports go", async || {
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM exports WHERE id = ANY($1)")
            .bind(&useless[..])
            .fetch_one(&pool)
            .await
            .unwrap();
        (left == 0).then_some(())
    })
    .await;
    pool.close().await;
    server.stop().await;
}

#[tokio::test]
async fn an_export_of_a_server_that_was_killed_is_made_by_the_next() {
    let mut server = ServerProcess::start().await;
    let ann = Client::guest(server.addr, "Ann").await;
    let id = canvas(&ann, &json!({})).await;
    let pool = PgPool::connect(&server.postgres_url()).await.unwrap();
    let held = hold(&pool).await;
    let asked = ann
        .post(
            &format!("/canvases/{id}/exports"),
            &json!({ "kind": "log" }),
        )
        .await
        .json(202);
    let path = format!("/exports/{}", asked["id"]);
    let running = async { while ann.get(&path).await.json(200)["state"] != "running" {} };
    timeout(TEST_TIMEOUT, running).await.unwrap();
    server.kill().await;
    drop(held);
    server.restart().await;
    let done = ended(&ann, &asked).await;
    assert_eq!(lines(&load(&ann, &done).await.body).len(), 1);
}

#[tokio::test]
async fn another_node_has_an_export_and_can_cancel_it() {
    const MADE: &str = "stellar_exports_total{result=\"done\"}";
    const FAILED: &str = "stellar_exports_total{result=\"failed\"}";
    let cluster = Cluster::start(2).await;
    let [one, other] = &cluster.nodes[..] else {
        panic!("two nodes");
    };
    let at_one = one.guest("Ann").await;
    let at_other = other.at(&at_one);
    let id = canvas(&at_one, &json!({})).await;
    let pool = cluster.database.pool().await;
    // While the other one stands still, only this one can make it.
    let frozen = other.freeze();
    let done = export(&at_one, id, &json!({ "kind": "log" })).await;
    let held = hold(&pool).await;
    let asking = format!("/canvases/{id}/exports");
    let asked = at_one.post(&asking, &json!({ "kind": "log" })).await;
    let asked = asked.json(202);
    let path = format!("/exports/{}", asked["id"]);
    let running = async { while at_one.get(&path).await.json(200)["state"] != "running" {} };
    timeout(TEST_TIMEOUT, running).await.unwrap();
    drop(frozen);
    assert_eq!(at_other.get(&path).await.json(200)["state"], "running");
    let refused = at_other.post(&asking, &json!({ "kind": "png" })).await;
    refused.problem(429, "export_running");
    at_other.delete(&path).await.expect(204);
    at_one.get(&path).await.problem(404, "export_not_found");
    held.rollback().await.unwrap();
    one.metric_is(FAILED, |failed| failed > 0.0).await;
    let chunks: i64 = sqlx::query_scalar("SELECT count(*) FROM export_chunks WHERE export_id = $1")
        .bind(asked["id"].as_i64().unwrap())
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(chunks, 0);
    assert!(one.metric(MADE).await > 0.0);
    let file = load(&at_other, &ended(&at_other, &done).await).await;
    assert_eq!(lines(&file.body).len(), 1);
    // One may be made again, wherever.
    export(&at_other, id, &json!({ "kind": "png" })).await;
}
