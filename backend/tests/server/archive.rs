//! Old events move to compressed pieces, and no answer changes by it: lists, resume, repeated
//! operations, words that are edited or removed later.

use crate::common::{
    TEST_TIMEOUT, TestDatabase, TestServer,
    archive::{
        AT_ONCE, KEPT, NEVER, acked, answers, archived, archiving, at, check_same, past, scene,
        sign_in,
    },
    eventually,
    http::Client,
    socket::TestClient,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// Waits until all words that were changed later are in the pieces.
async fn folded(pool: &PgPool) {
    eventually("changed words are folded in", async || {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM archive_rewordings")
            .fetch_one(pool)
            .await
            .unwrap();
        (count == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn no_answer_changes_and_an_operation_is_carried_out_once() {
    let server = TestServer::start_with(&NEVER).await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let (id, by_ann, by_bob) = scene(&ann, &bob).await;
    let before = answers(&ann, id).await;
    let past_before = past(&ann, id).await;

    let server = archiving(server).await;
    let pool = server.database.pool().await;
    assert_eq!(archived(&pool, id).await, 1);
    let (ann, bob) = (sign_in(&server, "ann").await, sign_in(&server, "bob").await);
    check_same(&ann, id, &before).await;
    let past_now = past(&ann, id).await;
    for (place, (now, before)) in past_now.iter().zip(&past_before).enumerate() {
        assert_eq!(now, before, "past {place}");
    }

    // On a connection, over and over, and with others in the same batch.
    let mut of_ann = TestClient::join(&ann, id).await;
    let mut of_bob = TestClient::join(&bob, id).await;
    for (tab, done) in [(&mut of_ann, &by_ann), (&mut of_bob, &by_bob)] {
        for (request, seq) in done {
            tab.send(request).await;
            let ack = tab.expect("ack").await;
            assert_eq!(ack["op_id"], request["op_id"], "{ack}");
            assert_eq!(ack["seq"], *seq, "{request}");
        }
    }
    // A stroke of long ago is taken back.
    let (stroke, seq) = by_ann.iter().find(|(stroke, _)| stroke["x"] == 0).unwrap();
    let undo = json!({
        "type": "tile_paint", "x": 0, "y": 0, "pixels": [[55, 2]], "op_id": Uuid::new_v4(),
        "undo_of": stroke["op_id"],
    });
    let ack = acked(&mut of_ann, &undo).await;
    let undone = ann
        .get(&format!(
            "/canvases/{id}/events?after_seq={}",
            ack["seq"].as_i64().unwrap() - 1
        ))
        .await;
    assert_eq!(undone.json(200)["items"][0]["undo_of"], *seq);
    // Joining again after an event of the archive, whose time is compared.
    let epoch = of_ann.connected["epoch"].as_str().unwrap();
    let events = ann
        .get(&format!("/canvases/{id}/events?limit=3"))
        .await
        .json(200);
    let time = &events["items"][2];
    let time = time["timestamp"]
        .as_str()
        .or(time["created_at"].as_str())
        .unwrap();
    for (time, resume) in [(time, "resumed"), ("2001-01-01T00:00:00.000Z", "resync")] {
        let query = format!(
            "token={}&last_seq=3&epoch={epoch}&last_timestamp={time}",
            ann.token()
        );
        let mut back = TestClient::connect(ann.addr, id, &query).await;
        assert_eq!(back.connected["resume"], resume, "{time}");
        if resume == "resumed" {
            back.reach(back.connected["seq"].as_i64().unwrap()).await;
            assert_eq!(back.events[0]["seq"], 4);
        }
    }
    // The same `op_id` of somebody else is another operation.
    let mut request = by_ann[3].0.clone();
    request["pixels"] = json!([[60, 1]]);
    let ack = acked(&mut of_bob, &request).await;
    assert!(ack["seq"].as_i64().unwrap() > by_ann.last().unwrap().1);
    let head = ack["seq"].as_i64().unwrap();
    let log = ann.all(&format!("/canvases/{id}/events")).await;
    assert_eq!(log.len(), usize::try_from(head).unwrap());
    server.stop().await;
}

/// Two people do anything, in an order that only the seed decides.
async fn random_history(ann: &Client, bob: &Client, seed: u64) -> i64 {
    const STEPS: usize = 60;
    let mut rng = StdRng::seed_from_u64(seed);
    let id = ann.canvas(&json!({ "width": 3, "height": 1 })).await;
    let path = format!("/canvases/{id}");
    let mut tabs = [
        TestClient::join(ann, id).await,
        TestClient::join(bob, id).await,
    ];
    let mut strokes: [Vec<Value>; 2] = Default::default();
    let mut rewrites: Vec<Value> = Vec::new();
    for step in 0..STEPS {
        let who = rng.random_range(0..2);
        let x = rng.random_range(0..3);
        let pixels: Vec<[i32; 2]> = (0..rng.random_range(1..6))
            .map(|_| {
                [
                    rng.random_range(0..64),
                    [0, 1, 2, 3, 255][rng.random_range(0..5)],
                ]
            })
            .collect();
        let title = format!("title {step}");
        let mut request = match rng.random_range(0..12) {
            0..4 => json!({ "type": "tile_paint", "x": x, "y": 0, "pixels": pixels }),
            4 => {
                let Some(stroke) = strokes[who].last().cloned() else {
                    continue;
                };
                json!({ "type": "tile_paint", "x": stroke["x"], "y": 0, "pixels": pixels,
                        "undo_of": stroke["op_id"] })
            }
            5 => {
                let bytes: Vec<u8> = (0..64).map(|_| rng.random_range(0..4)).collect();
                let whole = STANDARD.encode(bytes);
                json!({ "type": "tile_update", "x": x, "y": 0, "pixels": whole })
            }
            6 => json!({ "type": "tile_update", "x": x, "y": 0, "title": title }),
            7 => json!({ "type": "tile_like", "x": x, "y": 0, "liked": rng.random_bool(0.6) }),
            8 => json!({ "type": "tile_delete", "x": x, "y": 0 }),
            9 => json!({ "type": "canvas_chat", "text": title }),
            10 => {
                let messages = ann.get(&format!("{path}/messages?limit=5")).await.json(200);
                let messages = messages["items"].as_array().unwrap().clone();
                let Some(message) = messages.last() else {
                    continue;
                };
                json!({ "type": "chat_remove", "message_id": message["message_id"] })
            }
            _ => {
                let head = tabs[0].seq.max(2);
                let area = json!({ "x0": 0, "y0": 0, "x1": 2, "y1": 0 });
                let new = format!("{path}/rewrites");
                let revert = json!({ "kind": "revert", "usernames": ["bob"], "to_seq": head });
                let restore = json!({ "kind": "restore", "area": area, "at_seq": head / 2 });
                let reply = match rng.random_range(0..3) {
                    0 => ann.post(&new, &revert).await,
                    1 => ann.post(&new, &restore).await,
                    _ => {
                        let Some(made) = rewrites.pop() else { continue };
                        let undo = format!("/rewrites/{}/undo", made["id"]);
                        ann.post(&undo, &json!({})).await
                    }
                };
                let reply = reply.json(202);
                let rewrite = format!("/rewrites/{}", reply["id"]);
                let running =
                    async { while ann.get(&rewrite).await.json(200)["state"] == "running" {} };
                timeout(TEST_TIMEOUT, running).await.unwrap();
                rewrites.push(reply);
                continue;
            }
        };
        request["op_id"] = json!(Uuid::new_v4());
        // What is refused, such as deleting what is not there, is no event.
        tabs[who].repeat(request.clone()).await;
        let is_answer = |message: &Value| {
            let kind = message["type"].as_str().unwrap();
            message["op_id"] == request["op_id"] && (kind == "ack" || kind == "error")
        };
        let answer = tabs[who].until(is_answer).await;
        if answer["type"] == "ack" && request["type"] == "tile_paint" {
            strokes[who].push(request);
        }
    }
    for n in 0..KEPT {
        let last = json!({ "type": "canvas_chat", "text": format!("last{n}") });
        tabs[0].done(last).await;
    }
    id
}

#[tokio::test]
async fn random_histories_are_the_same_from_the_archive() {
    let server = TestServer::start_with(&NEVER).await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let mut canvases = Vec::new();
    for seed in 0..2 {
        let id = random_history(&ann, &bob, seed).await;
        canvases.push((id, answers(&ann, id).await, past(&ann, id).await));
    }
    let server = archiving(server).await;
    let pool = server.database.pool().await;
    let ann = at(&server, &ann);
    for (seed, (id, before, past_before)) in canvases.iter().enumerate() {
        archived(&pool, *id).await;
        check_same(&ann, *id, before).await;
        let past_now = past(&ann, *id).await;
        for (place, (now, before)) in past_now.iter().zip(past_before).enumerate() {
            assert_eq!(now, before, "seed {seed}, past {place}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn words_change_after_they_were_archived() {
    let server = TestServer::start_with(&NEVER).await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let (id, ..) = scene(&ann, &bob).await;
    let database = server.stop().await;
    let pool = database.pool().await;
    // Messages of old have ids that do not contain their place in the log.
    let old = sqlx::query(
        r#"UPDATE canvas_events SET body = overlay(body PLACING $1 FROM 45 FOR 36)
           WHERE canvas_id = $2 AND body LIKE '{"type":"canvas_chat_message",%"word10"%'"#,
    )
    .bind(Uuid::now_v7().to_string())
    .bind(id)
    .execute(&pool)
    .await
    .unwrap();
    assert_eq!(old.rows_affected(), 1);
    let server = TestServer::start_on(database, &AT_ONCE).await;
    let (ann, bob) = (at(&server, &ann), at(&server, &bob));
    archived(&pool, id).await;
    let path = format!("/canvases/{id}");
    let messages = ann.all(&format!("{path}/messages")).await;
    let find = |text: &str| {
        let found = messages
            .iter()
            .find(|message| message["message_text"] == text);
        found.unwrap().clone()
    };
    let (edited, removed) = (find("word10"), find("word3"));
    let version = |message: &Value| {
        let id: Uuid = message["message_id"].as_str().unwrap().parse().unwrap();
        id.get_version_num()
    };
    assert_eq!((version(&edited), version(&removed)), (7, 8));
    let comment = ann.all(&format!("{path}/comments")).await.remove(0);
    let url = |message: &Value| {
        format!(
            "{path}/messages/{}",
            message["message_id"].as_str().unwrap()
        )
    };
    let body = json!({ "text": "other words" });
    let answer = bob.patch(&url(&edited), &body).await.json(200);
    assert_eq!(answer["message_text"], "other words");
    bob.delete(&url(&removed)).await.expect(204);
    bob.patch(
        &format!("/comments/{}", comment["id"]),
        &json!({ "text": "another comment" }),
    )
    .await
    .expect(200);
    // An answer to a message of the archive.
    let mut of_ann = TestClient::join(&ann, id).await;
    let says = json!({ "type": "canvas_chat", "text": "I see", "reply_to": edited["message_id"] });
    of_ann.done(says).await;
    let check = async |client: &Client| {
        let log = client.all(&format!("{path}/events")).await;
        let text = json!(log).to_string();
        for gone in ["\"word10\"", "\"word3\"", "\"a comment\""] {
            assert!(!text.contains(gone), "{gone}");
        }
        let of = |seq: &Value| log.iter().find(|event| event["seq"] == *seq).unwrap();
        assert_eq!(of(&edited["seq"])["message_text"], "other words");
        assert_eq!(of(&removed["seq"])["removed"], true);
        let answer = log
            .iter()
            .find(|event| event["message_text"] == "an answer");
        assert_eq!(answer.unwrap()["reply_to"]["excerpt"], "");
        let answer = log.iter().find(|event| event["message_text"] == "I see");
        assert_eq!(answer.unwrap()["reply_to"]["excerpt"], "other words");
        assert!(text.contains("another comment"));
        let messages = client.all(&format!("{path}/messages")).await;
        let of = |message: &Value| {
            let same = |it: &&Value| it["message_id"] == message["message_id"];
            messages.iter().find(same).unwrap()
        };
        assert_eq!(of(&edited)["message_text"], "other words");
        assert_eq!(
            (&of(&removed)["removed"], &of(&removed)["message_text"]),
            (&json!(true), &json!(""))
        );
    };
    check(&ann).await;
    folded(&pool).await;
    check(&ann).await;
    // A node that has nothing in memory.
    let server = archiving(server).await;
    check(&sign_in(&server, "ann").await).await;
    server.stop().await;
}

#[tokio::test]
async fn pieces_grow_while_events_come() {
    let server = TestServer::start_with(&NEVER).await;
    let ann = server.user("ann").await;
    let id = ann.canvas(&json!({})).await;
    let says = |n: i64| json!({ "type": "canvas_chat", "text": format!("{n}") });
    let mut tab = TestClient::join(&ann, id).await;
    for n in 0..20 {
        tab.done(says(n)).await;
    }
    let mut seen = tab.events.clone();
    tab.close().await;
    let server = archiving(server).await;
    let pool = server.database.pool().await;
    assert_eq!(archived(&pool, id).await, 1);
    let ann = at(&server, &ann);
    let mut tab = TestClient::join(&ann, id).await;
    for n in 20..40 {
        tab.done(says(n)).await;
    }
    let op_id = Uuid::new_v4();
    let once = json!({ "type": "canvas_chat", "text": "once", "op_id": op_id });
    let seq = acked(&mut tab, &once).await["seq"].clone();
    for n in 0..KEPT {
        tab.done(says(n)).await;
    }
    assert_eq!(archived(&pool, id).await, 1);
    // The room has written on, and knows the operations of the piece that grew.
    tab.send(&once).await;
    let ack = tab.until(|message| message["type"] == "ack").await;
    assert_eq!(ack["seq"], seq);
    seen.append(&mut tab.events);
    assert_eq!(ann.all(&format!("/canvases/{id}/events")).await, seen);
    server.stop().await;
}

#[tokio::test]
async fn only_events_of_some_age_are_archived_and_the_newest_never_are() {
    const EVENTS: i64 = 30;
    const OLD: i64 = 20;
    let server = TestServer::start_with(&NEVER).await;
    let ann = server.user("ann").await;
    let mut canvases = Vec::new();
    for _ in 0..2 {
        let id = ann.canvas(&json!({})).await;
        let mut tab = TestClient::join(&ann, id).await;
        for n in 0..EVENTS {
            tab.done(json!({ "type": "canvas_chat", "text": format!("{n}") }))
                .await;
        }
        canvases.push((id, ann.all(&format!("/canvases/{id}/events")).await));
    }
    // They are looked at in this order.
    canvases.sort_by_key(|(id, _)| *id);
    let database = server.stop().await;
    let pool = database.pool().await;
    let (mixed, all_old) = (canvases[0].0, canvases[1].0);
    sqlx::query(
        "UPDATE canvas_events SET created_at = created_at - interval '8 days'
         WHERE canvas_id = $1 OR seq <= $2",
    )
    .bind(all_old)
    .bind(OLD)
    .execute(&pool)
    .await
    .unwrap();
    let a_week = ["--archive-after-days", "7", "--archive-keep-events", "5"];
    let server = TestServer::start_on(database, &a_week).await;
    let ann = at(&server, &ann);
    archived(&pool, all_old).await;
    let left: Vec<i64> =
        sqlx::query_scalar("SELECT seq FROM canvas_events WHERE canvas_id = $1 ORDER BY seq")
            .bind(mixed)
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(left, (OLD + 1..=EVENTS).collect::<Vec<i64>>());
    for (id, before) in &canvases {
        assert_eq!(&ann.all(&format!("/canvases/{id}/events")).await, before);
    }
    server.stop().await;
}

/// Waits until the archiver counts so many events that are due.
async fn waiting(server: &TestServer, events: u32) {
    let told = format!("\nstellar_archive_waiting_events {events}\n");
    let counted = async {
        loop {
            let metrics = reqwest::get(server.url("/metrics")).await.unwrap();
            if metrics.text().await.unwrap().contains(&told) {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    // A pass begins every 15 s.
    timeout(2 * TEST_TIMEOUT, counted).await.unwrap();
}

#[tokio::test]
async fn nothing_is_archived_beside_a_server_of_the_version_before() {
    let database = TestDatabase::migrated().await;
    let server = TestServer::start_on(database, &NEVER).await;
    let ann = server.user("ann").await;
    let id = ann.canvas(&json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    for n in 0..20 {
        tab.done(json!({ "type": "canvas_chat", "text": format!("{n}") }))
            .await;
    }
    let database = server.stop().await;
    let old = format!(
        "{}{}application_name=stellar-canvas",
        database.url,
        separator(&database.url)
    );
    let old = PgPool::connect(&old).await.unwrap();
    let server = TestServer::start_alone(database, &AT_ONCE).await;
    let pool = server.database.pool().await;
    // It counts what is due at the beginning of each pass: once it has counted one more, it has
    // passed over the canvas.
    waiting(&server, 15).await;
    let ann = at(&server, &ann);
    TestClient::join(&ann, id)
        .await
        .done(json!({ "type": "canvas_chat", "text": "later" }))
        .await;
    waiting(&server, 16).await;
    let pieces: i64 = sqlx::query_scalar("SELECT count(*) FROM archive_pieces")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(pieces, 0);
    old.close().await;
    let server = archiving(server).await;
    archived(&pool, id).await;
    let oldest: i64 = sqlx::query_scalar("SELECT oldest_server FROM schema_compatibility")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(oldest, 25);
    server.stop().await;
}

fn separator(url: &str) -> char {
    if url.contains('?') { '&' } else { '?' }
}
