//! The canvas as it was: snapshots and pictures of the past and of areas, compared with what
//! clients saw then.

use crate::common::{
    TestServer, canvas, eventually,
    http::{Client, Reply},
    socket::{TestClient, board},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::{collections::BTreeMap, io::Cursor, time::Duration};
use tokio::time::{sleep, timeout};

fn paint(x: i64, y: i64, edits: &Value) -> Value {
    json!({ "type": "tile_paint", "x": x, "y": y, "pixels": edits })
}

fn like(x: i64, liked: bool) -> Value {
    json!({ "type": "tile_like", "x": x, "y": 0, "liked": liked })
}

async fn snapshot(client: &Client, canvas: i64, query: &str) -> Value {
    let path = format!("/canvases/{canvas}/snapshot?{query}");
    client.get(&path).await.json(200)
}

/// The tiles of a snapshot by cell, without what is of today in all of them.
fn tiles(snapshot: &Value) -> BTreeMap<(i64, i64), Value> {
    let tiles = snapshot["tiles"].as_array().unwrap().iter();
    let tiles = tiles.map(|tile| {
        let mut tile = tile.clone();
        let fields = tile.as_object_mut().unwrap();
        fields.remove("liked_by_me");
        fields.remove("open_comments");
        let cell = (tile["x"].as_i64().unwrap(), tile["y"].as_i64().unwrap());
        (cell, tile)
    });
    let by_cell: BTreeMap<_, _> = tiles.collect();
    assert_eq!(by_cell.len(), snapshot["tiles"].as_array().unwrap().len());
    by_cell
}

/// Waits until it ends; its id.
async fn rewrite(client: &Client, path: &str, body: &Value) -> i64 {
    let begun = client.post(path, body).await.json(202);
    let id = begun["id"].as_i64().unwrap();
    let path = format!("/rewrites/{id}");
    eventually("the rewrite ends", async || {
        let state = client.get(&path).await.json(200)["state"].take();
        (state != "running").then_some(id)
    })
    .await
}

/// A canvas on which two people act at random, and what a snapshot had after each act.
struct History {
    server: TestServer,
    ann: Client,
    id: i64,
    watching: TestClient,
    then: BTreeMap<i64, BTreeMap<(i64, i64), Value>>,
}

/// Cells in which they act.
const CELLS: i64 = 3;

impl History {
    async fn random(acts: usize, seed: u64) -> Self {
        let server = TestServer::start().await;
        let (ann, bob) = (server.user("ann").await, server.user("bob").await);
        let id = canvas(&ann, &json!({ "newcomers": "free" })).await;
        let mut tabs = [
            TestClient::join(&ann, id).await,
            TestClient::join(&bob, id).await,
        ];
        let mut watching = TestClient::join(&server.user("carl").await, id).await;
        let mut random = StdRng::seed_from_u64(seed);
        let mut then = BTreeMap::from([(0, BTreeMap::new())]);
        let mut rewrites: Vec<i64> = Vec::new();
        for _ in 0..acts {
            let x = random.random_range(0..CELLS);
            let tab = &mut tabs[random.random_range(0..2)];
            let seq = watching.seq;
            let path = format!("/canvases/{id}/rewrites");
            let exists = then[&seq].contains_key(&(x, 0));
            let colour = |random: &mut StdRng| [0, 1, 2, 3, 255][random.random_range(0..5)];
            match random.random_range(0..20) {
                0..8 => {
                    let edits: Vec<(i64, i64)> = (0..random.random_range(1..6))
                        .map(|_| (random.random_range(0..64), colour(&mut random)))
                        .collect();
                    let _ = tab.done(paint(x, 0, &json!(edits))).await;
                }
                8..10 if exists => {
                    let pixels: Vec<u8> = (0..64)
                        .map(|_| u8::try_from(colour(&mut random)).unwrap())
                        .collect();
                    let request = json!({ "type": "tile_update", "x": x, "y": 0,
                        "pixels": STANDARD.encode(pixels) });
                    tab.done(request).await;
                }
                10..12 if exists => {
                    let title = format!("Title {}", random.random_range(0..9));
                    let request = json!({ "type": "tile_update", "x": x, "y": 0, "title": title });
                    tab.done(request).await;
                }
                12..15 if exists => {
                    tab.done(like(x, random.random_range(0..2) == 0)).await;
                }
                15 if exists => {
                    let request = json!({ "type": "tile_delete", "x": x, "y": 0 });
                    tabs[0].done(request).await;
                }
                16 => {
                    tab.done(json!({ "type": "canvas_chat", "text": "What now?" }))
                        .await;
                }
                17 => {
                    let body = json!({ "kind": "revert", "usernames": ["bob"],
                        "from_seq": random.random_range(0..=seq) });
                    rewrites.push(rewrite(&ann, &path, &body).await);
                }
                18 => {
                    let body = json!({ "kind": "restore",
                        "area": { "x0": 0, "y0": 0, "x1": x, "y1": 0 },
                        "at_seq": random.random_range(0..=seq) });
                    rewrites.push(rewrite(&ann, &path, &body).await);
                }
                19 if !rewrites.is_empty() => {
                    // None is undone twice.
                    let undone = rewrites.swap_remove(random.random_range(0..rewrites.len()));
                    let path = format!("/rewrites/{undone}/undo");
                    rewrites.push(rewrite(&ann, &path, &Value::Null).await);
                }
                _ => {}
            }
            let now = snapshot(&ann, id, "").await;
            watching.reach(now["seq"].as_i64().unwrap()).await;
            then.insert(watching.seq, tiles(&now));
        }
        Self {
            server,
            ann,
            id,
            watching,
            then,
        }
    }

    /// Compares the snapshot after every event that was seen with what was there then.
    async fn check(&self) {
        for (seq, then) in &self.then {
            let found = snapshot(&self.ann, self.id, &format!("at={seq}")).await;
            assert_eq!(found["seq"], *seq);
            assert_eq!(&tiles(&found), then, "at {seq}");
        }
    }
}

#[tokio::test]
async fn a_snapshot_of_the_past_is_what_a_snapshot_was_then() {
    let history = History::random(150, 1).await;
    history.check().await;
    let (ann, id) = (&history.ann, history.id);
    // A time is the last event up to it.
    for event in &history.watching.events {
        let time = event["timestamp"].as_str().or(event["created_at"].as_str());
        let time = time.unwrap();
        let events = history.watching.events.iter();
        let last = events.filter(|other| {
            let of = other["timestamp"].as_str().or(other["created_at"].as_str());
            of.unwrap() <= time
        });
        let last = last.map(|event| event["seq"].as_i64().unwrap()).max();
        let found = snapshot(ann, id, &format!("at={time}&x0=0&y0=0&x1=0&y1=0")).await;
        assert_eq!(found["seq"].as_i64(), last, "at {time}");
    }
    history.server.stop().await;
}

/// Waits until the segments of the canvas were looked for up to this event; how many there are.
async fn segments(pool: &PgPool, canvas: i64, seq: i64) -> i64 {
    eventually("segments are looked for", async || {
        let scanned: Option<i64> = sqlx::query_scalar(
            "SELECT scanned_seq FROM tile_keyframe_progress WHERE canvas_id = $1",
        )
        .bind(canvas)
        .fetch_optional(pool)
        .await
        .unwrap();
        scanned.filter(|scanned| *scanned >= seq)
    })
    .await;
    sqlx::query_scalar("SELECT count(*) FROM tile_keyframes WHERE canvas_id = $1")
        .bind(canvas)
        .fetch_one(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_past_is_the_same_with_segments_and_without() {
    let mut history = History::random(120, 2).await;
    let (ann, id) = (history.ann.clone(), history.id);
    let mut tab = TestClient::join(&ann, id).await;
    // So many that the segments are made, and the first ones are full.
    let begun = history.watching.seq;
    for round in 0..1_100 {
        let edits = json!([[round % 64, round % 4], [round % 61, (round + 1) % 4]]);
        tab.operate(paint(round % CELLS, 0, &edits)).await;
        if round % 50 == 0 {
            tab.done(paint(0, 1, &json!([[round % 64, (round / 64) % 4]])))
                .await;
            let now = snapshot(&ann, id, "").await;
            let seq = now["seq"].as_i64().unwrap();
            history.then.insert(seq, tiles(&now));
        }
    }
    tab.done(paint(0, 2, &json!([[0, 1]]))).await;
    let now = snapshot(&ann, id, "").await;
    let head = now["seq"].as_i64().unwrap();
    assert!(head > begun + 1_000);
    history.then.insert(head, tiles(&now));
    let pool = history.server.database.pool().await;
    let segments = segments(&pool, id, 1_000).await;
    assert!(segments > 4, "{segments}");
    history.check().await;
    let authors = async |at: i64| {
        let path = format!("/canvases/{id}/authors?x=1&y=0&at={at}");
        ann.get(&path).await.json(200)
    };
    let mut seen = Vec::new();
    for at in (0..head).step_by(97) {
        seen.push((at, authors(at).await));
    }
    for table in ["tile_keyframes", "tile_keyframe_progress"] {
        let delete = format!("DELETE FROM {table}");
        sqlx::query(sqlx::AssertSqlSafe(delete))
            .execute(&pool)
            .await
            .unwrap();
    }
    history.check().await;
    for (at, before) in seen {
        assert_eq!(authors(at).await, before);
    }
    history.server.stop().await;
}

/// Waits until all events of the canvas up to this one are archived, and have left the log.
async fn archived(pool: &PgPool, canvas: i64, seq: i64) {
    let moved = async {
        loop {
            let hot: Option<i64> =
                sqlx::query_scalar("SELECT min(seq) FROM canvas_events WHERE canvas_id = $1")
                    .bind(canvas)
                    .fetch_one(pool)
                    .await
                    .unwrap();
            if hot.is_some_and(|hot| hot > seq) {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_mins(1), moved).await.unwrap();
}

#[tokio::test]
async fn the_past_is_the_same_when_its_events_are_archived() {
    let mut history = History::random(150, 3).await;
    let head = history.watching.seq;
    // One that runs looks for events to be archived when it starts, and then every 15 s.
    let arguments = ["--archive-after-days", "0", "--archive-keep-events", "20"];
    let (database, _) = tokio::join!(history.server.stop(), history.watching.closed());
    let server = TestServer::start_on(database, &arguments).await;
    history.ann.addr = server.addr;
    history.server = server;
    let (ann, id) = (&history.ann, history.id);
    let pool = history.server.database.pool().await;
    archived(&pool, id, head - 20).await;
    history.check().await;
    // What is read from segments and from the event index; none while one of them is not there.
    let time = &history.watching.events[usize::try_from(head).unwrap() / 2]["timestamp"];
    let derived = async || {
        let mut paths: Vec<String> = (0..=head)
            .step_by(11)
            .map(|at| format!("authors?x=1&y=0&at={at}"))
            .collect();
        paths.extend(
            [
                "timeline",
                "timeline?by=time&actor=bob",
                "timeline?x0=1&y0=0&x1=2&y1=0",
                "events?actor=bob&limit=200",
                "events?x=1&y=0&limit=200",
                "events?kind=canvas_chat_message&limit=200",
            ]
            .map(str::to_owned),
        );
        paths.push(format!("timelapse.gif?x0=0&y0=0&x1=2&y1=0&to={head}"));
        paths.extend(time.as_str().map(|time| format!("image.png?at={time}")));
        let mut seen = Vec::new();
        for path in &paths {
            let answer = ann.get(&format!("/canvases/{id}/{path}")).await;
            if answer.status == 503 {
                return None;
            }
            seen.push((path.clone(), answer.expect(200).body.clone()));
        }
        Some(seen)
    };
    // A restore of what is archived, and its undo.
    let rewrites = format!("/canvases/{id}/rewrites");
    let body = json!({ "kind": "restore", "area": { "x0": 0, "y0": 0, "x1": 2, "y1": 0 },
        "at_seq": head / 3 });
    let then = tiles(&snapshot(ann, id, &format!("at={}", head / 3)).await);
    let now = tiles(&snapshot(ann, id, "").await);
    let restore = rewrite(ann, &rewrites, &body).await;
    let pictures = |tiles: &BTreeMap<(i64, i64), Value>| {
        let tiles = tiles.iter();
        let tiles = tiles.map(|(cell, tile)| (*cell, tile["id"].clone(), tile["pixels"].clone()));
        tiles.collect::<Vec<_>>()
    };
    let restored = tiles(&snapshot(ann, id, "").await);
    assert_eq!(pictures(&restored), pictures(&then));
    rewrite(ann, &format!("/rewrites/{restore}/undo"), &Value::Null).await;
    assert_eq!(
        pictures(&tiles(&snapshot(ann, id, "").await)),
        pictures(&now)
    );
    // Segments and an index that were thrown away are made again from the archive.
    let before = derived().await.unwrap();
    for table in ["tile_keyframes", "tile_keyframe_progress", "event_index"] {
        let delete = format!("DELETE FROM {table}");
        sqlx::query(sqlx::AssertSqlSafe(delete))
            .execute(&pool)
            .await
            .unwrap();
    }
    let last = ann.get(&format!("/canvases/{id}")).await.json(200)["last_seq"].clone();
    let again = eventually("all is derived again", async || {
        // The index reaches further than before, so that nothing of it is in memory.
        let indexed: Option<i64> =
            sqlx::query_scalar("SELECT max(last_seq) FROM event_index WHERE canvas_id = $1")
                .bind(id)
                .fetch_one(&pool)
                .await
                .unwrap();
        if json!(indexed) == last {
            derived().await
        } else {
            None
        }
    })
    .await;
    assert_eq!(again, before);
    history.check().await;
    history.server.stop().await;
}

/// Strokes of one pixel, by turns in three cells, as the server would have written them: event
/// `n` paints pixel `n % 64` of the cell `n % 3` in the colour `n % 4`.
async fn stroke(pool: &PgPool, canvas: i64, user: i64, from: i64, to: i64) {
    sqlx::query(
        r#"INSERT INTO canvas_events (canvas_id, seq, kind, actor_id, op_id, tile, body, created_at)
           SELECT $1, n, 'tile_updated', $2, gen_random_uuid(), n % 3, format(
                  '{"type":"tile_updated","seq":%s,"tile_id":%s,"canvas_id":%s,"creator_id":%s,'
                  '"updater_id":%s,"x":%s,"y":0,"version":%s,"like_count":0,"timestamp":"%s",'
                  '"delta":[[%s,%s]]}',
                  n, 1000 + n % 3, $1, $2, $2, n % 3, (n + 2) / 3,
                  to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                  n % 64, n % 4), now()
           FROM generate_series($3::bigint, $4) AS n"#,
    )
    .bind(canvas)
    .bind(user)
    .bind(from)
    .bind(to)
    .execute(pool)
    .await
    .unwrap();
    sqlx::query("UPDATE canvases SET last_seq = $2 WHERE id = $1")
        .bind(canvas)
        .bind(to)
        .execute(pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn thousands_of_archived_events_are_read_at_any_place() {
    const EVENTS: i64 = 13_000;
    let server = TestServer::start().await;
    let mut ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    for n in 1..=3 {
        tab.done(paint(n % 3, 0, &json!([[n, n]]))).await;
    }
    tab.close().await;
    let database = server.stop().await;
    let pool = database.pool().await;
    stroke(&pool, id, ann.id(), 4, EVENTS).await;
    let arguments = ["--archive-after-days", "0", "--archive-keep-events", "500"];
    let server = TestServer::start_on(database, &arguments).await;
    ann.addr = server.addr;
    archived(&pool, id, EVENTS - 500).await;
    let mut expected = vec![vec![255_u8; 64]; 3];
    let mut done = 0;
    for at in [
        1, 2, 3, 4, 700, 766, 767, 768, 5_000, 12_400, 12_501, EVENTS,
    ] {
        for n in done + 1..=at {
            let (cell, pixel) = (usize::try_from(n % 3), usize::try_from(n % 64));
            expected[cell.unwrap()][pixel.unwrap()] = u8::try_from(n % 4).unwrap();
        }
        done = at;
        let found = board(&snapshot(&ann, id, &format!("at={at}")).await["tiles"]);
        for (x, pixels) in (0..).zip(&expected) {
            let is_there = pixels.iter().any(|pixel| *pixel != 255);
            assert_eq!(
                found.get(&(x, 0)),
                is_there.then_some(pixels),
                "{x} at {at}"
            );
        }
    }
    let path = format!("/canvases/{id}/authors?x=0&y=0&at=9000");
    let answer = ann.get(&path).await.json(200);
    assert_eq!(answer["authors"][0]["username"], "ann");
    server.stop().await;
}

#[tokio::test]
async fn of_then_are_the_tiles_and_of_today_is_the_rest() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    // 1 and 2
    let create = json!({ "type": "tile_create", "x": 1, "y": 0, "title": "First" });
    tab.done(create).await;
    tab.done(json!({ "type": "canvas_chat", "text": "one" }))
        .await;
    let said = snapshot(&ann, id, "").await["messages"][0].clone();
    // 3 to 6
    tab.done(paint(1, 0, &json!([[0, 1]]))).await;
    tab.done(like(1, true)).await;
    let rename = json!({ "type": "tile_update", "x": 1, "y": 0, "title": "Second" });
    tab.done(rename).await;
    let remove = json!({ "type": "chat_remove", "message_id": said["message_id"] });
    tab.done(remove).await;
    // 7 and 8
    let delete = json!({ "type": "tile_delete", "x": 1, "y": 0 });
    tab.done(delete).await;
    tab.done(paint(1, 0, &json!([[0, 2]]))).await;
    let comment = json!({ "x": 1, "y": 0, "text": "Why?" });
    let path = format!("/canvases/{id}/comments");
    bob.post(&path, &comment).await.expect(201);
    let settings = json!({ "name": "Another name" });
    ann.patch(&format!("/canvases/{id}"), &settings)
        .await
        .expect(200);
    // A restore brings the first tile back.
    let body = json!({ "kind": "restore", "area": { "x0": 1, "y0": 0, "x1": 1, "y1": 0 },
        "at_seq": 5 });
    rewrite(&ann, &format!("/canvases/{id}/rewrites"), &body).await;

    let at = async |seq: i64| snapshot(&ann, id, &format!("at={seq}")).await;
    let tile = |snapshot: &Value| snapshot["tiles"][0].clone();
    let empty = at(0).await;
    assert_eq!(empty["seq"], 0);
    assert_eq!(
        (&empty["tiles"], &empty["messages"]),
        (&json!([]), &json!([]))
    );
    let first = at(1).await;
    assert_eq!(first["canvas"]["name"], "Another name");
    assert_eq!(first["canvas"]["last_seq"], 12);
    assert_eq!(
        (&first["active_users"], &first["active_count"]),
        (&json!([]), &json!(0))
    );
    assert_eq!(tile(&first)["title"], "First");
    assert_eq!(tile(&first)["version"], 1);
    assert_eq!(tile(&first)["like_count"], 0);
    assert_eq!(tile(&first)["creator_username"], "ann");
    // Of today: the tile is back, and liked; the comment is open.
    assert_eq!(tile(&first)["liked_by_me"], true);
    assert_eq!(tile(&first)["open_comments"], 1);
    assert_eq!(first["messages"], json!([]));
    let third = at(3).await;
    assert_eq!(tile(&third)["version"], 2);
    let said = &third["messages"][0];
    assert_eq!(
        (&said["removed"], &said["message_text"]),
        (&json!(true), &json!(""))
    );
    let fourth = at(4).await;
    assert_eq!(
        (&tile(&fourth)["version"], &tile(&fourth)["like_count"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(tile(&fourth)["updated_at"], tile(&third)["updated_at"]);
    let fifth = at(5).await;
    assert_eq!(
        (&tile(&fifth)["version"], &tile(&fifth)["title"]),
        (&json!(3), &json!("Second"))
    );
    assert_eq!(at(7).await["tiles"], json!([]));
    let anew = tile(&at(8).await);
    assert_eq!(anew["version"], 1);
    assert_ne!(anew["id"], tile(&fifth)["id"]);
    assert_eq!(anew["liked_by_me"], false);
    let back = tile(&at(12).await);
    assert_eq!(
        (&back["id"], &back["version"]),
        (&tile(&fifth)["id"], &json!(4))
    );
    assert_eq!(
        (&back["like_count"], &back["title"]),
        (&json!(1), &json!("Second"))
    );
    assert_eq!(back["created_at"], tile(&first)["created_at"]);
    assert_eq!(back, tile(&snapshot(&ann, id, "").await));
    let of_visitor = snapshot(&server.visitor(), id, "at=5").await;
    assert_eq!(tile(&of_visitor)["liked_by_me"], false);
    server.stop().await;
}

#[tokio::test]
async fn the_newest_fifty_messages_up_to_there_are_in_it() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    for number in 1..=60 {
        let text = number.to_string();
        tab.done(json!({ "type": "canvas_chat", "text": text }))
            .await;
    }
    for (at, first) in [(60, 11), (59, 10), (50, 1), (7, 1)] {
        let found = snapshot(&ann, id, &format!("at={at}")).await;
        let messages = found["messages"].as_array().unwrap();
        let texts: Vec<i64> = messages
            .iter()
            .map(|message| message["message_text"].as_str().unwrap().parse().unwrap())
            .collect();
        assert_eq!(texts, (first..=at).collect::<Vec<i64>>());
    }
    server.stop().await;
}

#[tokio::test]
async fn an_area_has_only_its_tiles_now_and_then() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    for (x, y) in [(0, 0), (1, 1), (2, 1), (3, 2), (7, 5)] {
        tab.done(paint(x, y, &json!([[0, 1]]))).await;
    }
    let cells =
        |snapshot: &Value| -> Vec<(i64, i64)> { board(&snapshot["tiles"]).into_keys().collect() };
    let area = "x0=1&y0=1&x1=3&y1=2";
    let now = snapshot(&ann, id, area).await;
    assert_eq!(cells(&now), [(1, 1), (2, 1), (3, 2)]);
    assert_eq!(now["seq"], 5);
    assert_eq!(now["active_users"].as_array().unwrap().len(), 1);
    assert_eq!(now["active_count"], 1);
    let then = snapshot(&ann, id, &format!("{area}&at=3")).await;
    assert_eq!(cells(&then), [(1, 1), (2, 1)]);
    let whole = snapshot(&ann, id, "x0=0&y0=0&x1=7&y1=5").await;
    assert_eq!(cells(&whole).len(), 5);

    let path = format!("/canvases/{id}/snapshot");
    for (query, field) in [
        ("at=6", "at"),
        ("at=-1", "at"),
        ("at=x", "at"),
        ("at=2025-13-01T00:00:00Z", "at"),
        ("x0=0&y0=0&x1=1", "y1"),
        ("x0=2&y0=0&x1=1&y1=0", "x1"),
        ("x0=0&y0=0&x1=8&y1=0", "x1"),
        ("x0=0&y0=-1&x1=1&y1=1", "y0"),
    ] {
        for route in [&path, &format!("/canvases/{id}/image.png")] {
            ann.get(&format!("{route}?{query}")).await.refuses(field);
        }
    }
    let future = snapshot(&ann, id, "at=2999-01-01T00:00:00Z").await;
    assert_eq!(future["seq"], 5);
    let long_ago = snapshot(&ann, id, "at=1999-01-01T00:00:00%2B02:00").await;
    assert_eq!(
        (&long_ago["seq"], &long_ago["tiles"]),
        (&json!(0), &json!([]))
    );

    // Only who may read the canvas sees its past.
    let private = json!({ "visibility": "private" });
    ann.patch(&format!("/canvases/{id}"), &private)
        .await
        .expect(200);
    for path in [&path, &format!("/canvases/{id}/image.png")] {
        let path = format!("{path}?at=3");
        server.visitor().get(&path).await.problem(403, "forbidden");
        ann.get(&path).await.expect(200);
    }
    server.stop().await;
}

/// Requests again with an `ETag` in `If-None-Match`.
async fn again(client: &Client, path: &str, etag: &str) -> Reply {
    let request = client.request(Method::GET, path);
    Reply::of(request.header("if-none-match", etag)).await
}

#[tokio::test]
async fn what_does_not_change_is_not_sent_again() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    tab.done(paint(0, 0, &json!([[0, 1]]))).await;
    let snapshot = format!("/canvases/{id}/snapshot?at=1");
    let first = ann.get(&snapshot).await;
    let etag = first.header("etag").to_owned();
    again(&ann, &snapshot, &etag).await.expect(304);
    let other = format!("{snapshot}&x0=0&y0=0&x1=0&y1=0");
    again(&ann, &other, &etag).await.expect(200);
    let picture = format!("/canvases/{id}/image.png?at=1");
    let shown = ann.get(&picture).await.header("etag").to_owned();
    // A picture of the past changes only with the palette.
    tab.done(paint(0, 0, &json!([[0, 2]]))).await;
    again(&ann, &picture, &shown).await.expect(304);
    again(&ann, &format!("{picture}&scale=2"), &shown)
        .await
        .expect(200);
    sqlx::query("UPDATE canvases SET palette[2] = '#123456' WHERE id = $1")
        .bind(id)
        .execute(&server.database.pool().await)
        .await
        .unwrap();
    let recoloured = again(&ann, &picture, &shown).await;
    recoloured.expect(200);
    assert_eq!(rgba(&recoloured).1[..4], [0x12, 0x34, 0x56, 255]);
    server.stop().await;
}

/// Width and pixels of a picture.
fn rgba(reply: &Reply) -> (usize, Vec<u8>) {
    let mut decoder = png::Decoder::new(Cursor::new(&reply.body));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut rgba = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgba).unwrap();
    (usize::try_from(info.width).unwrap(), rgba)
}

#[tokio::test]
async fn a_picture_shows_an_area_as_it_was() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(
        &ann,
        &json!({ "palette": ["#000000", "#ff0000", "#00ff00"] }),
    )
    .await;
    let mut tab = TestClient::join(&ann, id).await;
    tab.done(paint(1, 1, &json!([[0, 1], [9, 2]]))).await;
    tab.done(paint(2, 1, &json!([[7, 2]]))).await;
    tab.done(json!({ "type": "tile_delete", "x": 1, "y": 1 }))
        .await;
    let path = format!("/canvases/{id}/image.png");
    let painted = async |query: &str| {
        let reply = ann.get(&format!("{path}?{query}")).await;
        reply.expect(200);
        assert_eq!(reply.header("content-type"), "image/png");
        let (width, rgba) = rgba(&reply);
        let pixels = rgba.chunks(4).enumerate();
        let pixels = pixels.filter(|(_, pixel)| pixel[3] != 0);
        let pixels = pixels.map(|(place, pixel)| (place % width, place / width, pixel[0]));
        (
            (width, rgba.len() / 4 / width),
            pixels.collect::<Vec<(usize, usize, u8)>>(),
        )
    };
    let board = (8 * 8, 6 * 8);
    assert_eq!(painted("at=0").await, (board, vec![]));
    assert_eq!(painted("at=1").await, (board, vec![(8, 8, 255), (9, 9, 0)]));
    let two = vec![(8, 8, 255), (23, 8, 0), (9, 9, 0)];
    assert_eq!(painted("at=2").await, (board, two));
    assert_eq!(painted("at=3").await, (board, vec![(23, 8, 0)]));
    assert_eq!(painted("").await, (board, vec![(23, 8, 0)]));
    let area = "x0=1&y0=1&x1=2&y1=1";
    let two = vec![(0, 0, 255), (15, 0, 0), (1, 1, 0)];
    assert_eq!(painted(&format!("at=2&{area}")).await, ((16, 8), two));
    assert_eq!(painted(area).await, ((16, 8), vec![(15, 0, 0)]));
    let wide = vec![(30, 0, 0), (31, 0, 0), (30, 1, 0), (31, 1, 0)];
    assert_eq!(painted(&format!("{area}&scale=2")).await, ((32, 16), wide));

    // The limit is one of the picture, not of the board.
    let large = canvas(&ann, &json!({ "width": 256, "height": 2, "tile_size": 64 })).await;
    let path = format!("/canvases/{large}/image.png");
    for query in [
        "",
        "at=0",
        "x0=0&y0=0&x1=128&y1=0",
        "x0=0&y0=0&x1=16&y1=0&scale=8",
    ] {
        let reply = ann.get(&format!("{path}?{query}")).await;
        reply.problem(422, "image_too_large");
    }
    for query in [
        "x0=0&y0=0&x1=127&y1=0",
        "at=0&x0=255&y0=1&x1=255&y1=1&scale=8",
    ] {
        ann.get(&format!("{path}?{query}")).await.expect(200);
    }
    server.stop().await;
}

#[tokio::test]
async fn nobody_is_the_author_of_a_cell_without_a_tile() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    tab.done(paint(0, 0, &json!([[0, 1]]))).await;
    let time = tab.time.clone();
    tab.done(paint(0, 0, &json!([[1, 1]]))).await;
    let path = format!("/canvases/{id}/authors");
    let blank = STANDARD.encode([255; 64]);
    for query in ["x=1&y=0", "x=1&y=0&at=1", "x=0&y=0&at=0"] {
        let answer = ann.get(&format!("{path}?{query}")).await.json(200);
        assert_eq!(answer["authors"], json!([]));
        assert_eq!(answer["pixels"], blank.as_str());
    }
    let query = format!("{path}?x=0&y=0&at={}", time.unwrap());
    let seq = ann.get(&query).await.json(200)["seq"].as_i64().unwrap();
    assert!((1..=2).contains(&seq));
    let future = format!("{path}?x=0&y=0&at=2999-01-01T00:00:00Z");
    assert_eq!(ann.get(&future).await.json(200)["seq"], 2);
    ann.get(&format!("{path}?x=0&y=0&at=3")).await.refuses("at");
    ann.get(&format!("{path}?x=0&y=0&at=x")).await.refuses("at");
    server.stop().await;
}
