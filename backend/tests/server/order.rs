//! What a canvas asks of guests, of newcomers and of everybody: the settings `guests`,
//! `newcomers`, `slow_mode_s` and `lockdown_until`.

use crate::common::{
    TestServer, canvas,
    cluster::Cluster,
    http::Client,
    socket::{TestClient, refusal, upgrade},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::PgPool;

const EDITS: usize = 64;

fn chat() -> Value {
    json!({ "type": "canvas_chat", "text": "hi" })
}

fn paint(x: i64, colour: u8) -> Value {
    json!({ "type": "tile_paint", "x": x, "y": 0, "pixels": [[0, colour]] })
}

/// A stroke over all the pixels of a tile of 8 × 8.
fn fill(x: i64, colour: usize) -> Value {
    let edits: Vec<[usize; 2]> = (0..EDITS).map(|pixel| [pixel, colour]).collect();
    json!({ "type": "tile_paint", "x": x, "y": 0, "pixels": edits })
}

async fn set(user: &Client, canvas: i64, change: &Value) -> Value {
    user.patch(&format!("/canvases/{canvas}"), change)
        .await
        .json(200)
}

async fn give(owner: &Client, canvas: i64, user: &Client, role: &str) {
    let path = format!("/canvases/{canvas}/members/{}", user.username());
    owner.put(&path, &json!({ "role": role })).await.expect(200);
}

/// A time from now, in the form of the contract.
fn from_now(delta: TimeDelta) -> String {
    let time = Utc::now() + delta;
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// Sends a request that is refused with this code, and returns the error.
async fn refused(tab: &mut TestClient, message: Value, code: &str) -> Value {
    let op_id = tab.operate(message.clone()).await;
    let answer = tab
        .until(|m| m["op_id"] == *op_id && matches!(m["type"].as_str(), Some("ack" | "error")))
        .await;
    assert_eq!(answer["code"], code, "{message}: {answer}");
    answer
}

/// Repeats what is not answered until it is refused: the room reads a change of the settings
/// after it was committed.
async fn refused_in_the_end(tab: &mut TestClient, message: &Value, code: &str) {
    loop {
        tab.send(message).await;
        let answers = tab.drain().await;
        if let Some(error) = answers.iter().find(|m| m["type"] == "error") {
            assert_eq!(error["code"], code, "{error}");
            return;
        }
    }
}

/// The milliseconds to wait that an error tells.
fn wait(error: &Value) -> i64 {
    error["retry_after_ms"].as_i64().unwrap()
}

async fn log_lines(pool: &PgPool, canvas: i64) -> Vec<(String, i64, Value)> {
    sqlx::query_as(
        "SELECT action, actor_id, detail FROM moderation_log WHERE canvas_id = $1 ORDER BY id",
    )
    .bind(canvas)
    .fetch_all(pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn settings_are_told_and_have_a_line_in_the_log() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    for (visibility, newcomers) in [
        ("public", "limited"),
        ("unlisted", "free"),
        ("private", "free"),
    ] {
        let id = canvas(&ann, &json!({ "visibility": visibility })).await;
        let found = ann.get(&format!("/canvases/{id}")).await.json(200);
        assert_eq!(found["newcomers"], newcomers);
        assert_eq!(found["guests"], "paint");
        assert_eq!(found["slow_mode_s"], 0);
        assert_eq!(found["lockdown_until"], Value::Null);
    }
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&bob, id).await;
    let until = from_now(TimeDelta::days(3));
    let mut lines = Vec::new();
    for change in [
        json!({ "guests": "look" }),
        json!({ "newcomers": "free" }),
        json!({ "slow_mode_s": 3600 }),
        json!({ "lockdown_until": until }),
        json!({ "lockdown_until": null }),
        json!({ "guests": "paint", "newcomers": "limited", "slow_mode_s": 0 }),
    ] {
        let changed = set(&ann, id, &change).await;
        let told = tab.expect("canvas_updated").await;
        for (name, value) in change.as_object().unwrap() {
            assert_eq!((&changed[name], &told["canvas"][name]), (value, value));
        }
        lines.push(("settings_changed".to_owned(), ann.id(), change.clone()));
        // The same once more changes nothing.
        set(&ann, id, &change).await;
    }
    // What does not keep order has no line.
    set(&ann, id, &json!({ "name": "Sky" })).await;
    assert_eq!(tab.expect("canvas_updated").await["seq"], 7);
    assert_eq!(log_lines(&server.database.pool().await, id).await, lines);
    for (field, value) in [
        ("slow_mode_s", json!(-1)),
        ("slow_mode_s", json!(3601)),
        ("lockdown_until", json!(from_now(TimeDelta::seconds(-5)))),
    ] {
        let path = format!("/canvases/{id}");
        ann.patch(&path, &json!({ field: value }))
            .await
            .refuses(field);
    }
}

#[tokio::test]
async fn moderators_set_slow_mode_and_lockdowns_of_a_day() {
    let server = TestServer::start().await;
    let (ann, bob, eve) = (
        server.user("ann").await,
        server.user("bob").await,
        server.user("eve").await,
    );
    let root = server.admin("root").await;
    let id = canvas(&ann, &json!({})).await;
    give(&ann, id, &bob, "moderator").await;
    give(&ann, id, &eve, "editor").await;
    let day = json!({ "lockdown_until": from_now(TimeDelta::hours(23)), "slow_mode_s": 3 });
    let path = format!("/canvases/{id}");
    set(&bob, id, &day).await;
    for change in [
        json!({ "lockdown_until": from_now(TimeDelta::hours(25)) }),
        json!({ "guests": "none" }),
        json!({ "newcomers": "free" }),
        json!({ "slow_mode_s": 4, "name": "Mine" }),
    ] {
        bob.patch(&path, &change).await.problem(403, "forbidden");
        eve.patch(&path, &change).await.problem(403, "forbidden");
        set(&root, id, &change).await;
    }
    eve.patch(&path, &json!({ "slow_mode_s": 0 }))
        .await
        .problem(403, "forbidden");
    let ended = set(&bob, id, &json!({ "lockdown_until": null })).await;
    assert_eq!(ended["lockdown_until"], Value::Null);
    assert_eq!(
        (&ended["name"], &ended["slow_mode_s"]),
        (&json!("Mine"), &json!(4))
    );
}

#[tokio::test]
async fn guests_do_what_the_canvas_lets_them() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let guest = server.guest("Guest").await;
    let member = server.guest("Member").await;
    let user = server.user("user").await;
    let id = canvas(&ann, &json!({})).await;
    give(&ann, id, &member, "editor").await;
    let mut tab = TestClient::join(&guest, id).await;
    let mut member_tab = TestClient::join(&member, id).await;
    let mut user_tab = TestClient::join(&user, id).await;
    let like = |liked: bool| json!({ "type": "tile_like", "x": 0, "y": 0, "liked": liked });
    let mention =
        json!({ "type": "tile_mention", "tile_x": 0, "tile_y": 0, "highlight_type": "look" });
    for (guests, paints, chats) in [
        ("paint", true, true),
        ("chat", false, true),
        ("look", false, false),
        ("none", false, false),
    ] {
        set(&ann, id, &json!({ "guests": guests })).await;
        for (message, allowed) in [
            (paint(0, u8::from(chats)), paints),
            (json!({ "type": "tile_delete", "x": 1, "y": 0 }), false),
            (json!({ "type": "tile_create", "x": 5, "y": 0 }), paints),
            (like(chats), chats),
            (chat(), chats),
        ] {
            let is_delete = message["type"] == "tile_delete";
            if allowed {
                tab.done(message).await;
            } else if !(is_delete && paints) {
                refused(&mut tab, message, "forbidden").await;
            }
        }
        let tiles = format!("/canvases/{id}/tiles");
        let answer = guest.post(&tiles, &json!({ "x": 6, "y": 0 })).await;
        if paints {
            answer.expect(201);
        } else {
            answer.problem(403, "forbidden");
        }
        // Those who are no guests there.
        for other in [&mut member_tab, &mut user_tab] {
            other.done(fill(0, usize::from(paints))).await;
            other.done(chat()).await;
        }
        // The canvas may still be read.
        guest.get(&tiles).await.expect(200);
    }
    // The room of an open connection hears of it too.
    refused_in_the_end(&mut tab, &mention, "forbidden").await;
    let query = format!("token={}", guest.token());
    let request = upgrade(guest.addr, id, &query, &[]);
    let refusal = refusal(guest.addr, request).await;
    assert_eq!(refusal, (403, "guests_not_allowed".to_owned()));
    TestClient::join(&member, id).await;
    TestClient::join(&user, id).await;
    // Whoever becomes registered is no guest any more, on an open connection too.
    let pool = server.database.pool().await;
    sqlx::query("UPDATE users SET password_hash = 'x' WHERE id = $1")
        .bind(guest.id())
        .execute(&pool)
        .await
        .unwrap();
    tab.done(chat()).await;
    TestClient::join(&guest, id).await;
}

#[tokio::test]
async fn in_slow_mode_there_is_a_time_between_the_messages_of_a_person() {
    let server = TestServer::start().await;
    let (ann, bob, eve) = (
        server.user("ann").await,
        server.user("bob").await,
        server.user("eve").await,
    );
    let id = canvas(&ann, &json!({})).await;
    give(&ann, id, &bob, "moderator").await;
    give(&ann, id, &eve, "editor").await;
    let mut first = TestClient::join(&eve, id).await;
    let mut second = TestClient::join(&eve, id).await;
    let mut bob_tab = TestClient::join(&bob, id).await;
    set(&bob, id, &json!({ "slow_mode_s": 60 })).await;
    let ack = first.done(chat()).await;
    for tab in [&mut first, &mut second] {
        let error = refused(tab, chat(), "slow_mode").await;
        assert!((50_000..=60_000).contains(&wait(&error)), "{error}");
        // It concerns messages only.
        tab.done(paint(0, 1)).await;
        tab.done(paint(0, 2)).await;
    }
    // A repeat of the message that was sent is none.
    let mut again = chat();
    again["op_id"] = ack["op_id"].clone();
    first.send(&again).await;
    let repeated = first.until(|m| m["op_id"] == ack["op_id"]).await;
    assert_eq!(repeated["seq"], ack["seq"]);
    for _ in 0..3 {
        bob_tab.done(chat()).await;
    }
    set(&bob, id, &json!({ "slow_mode_s": 0 })).await;
    second.done(chat()).await;
    second.done(chat()).await;
    // Once the time is over. The first message of slow mode may be less than a second ago.
    set(&bob, id, &json!({ "slow_mode_s": 1 })).await;
    refused_until_acknowledged(&mut first).await;
    assert!(refused_until_acknowledged(&mut first).await > 0);
}

/// Says something again and again until it is acknowledged. Returns how often it was refused.
async fn refused_until_acknowledged(tab: &mut TestClient) -> u32 {
    let mut refusals = 0;
    loop {
        let op_id = tab.operate(chat()).await;
        let is_answer =
            |m: &Value| m["op_id"] == *op_id && matches!(m["type"].as_str(), Some("ack" | "error"));
        if tab.until(is_answer).await["type"] == "ack" {
            return refusals;
        }
        refusals += 1;
    }
}

#[tokio::test]
async fn in_a_lockdown_only_moderators_and_those_with_a_given_role_write() {
    let server = TestServer::start().await;
    let (ann, bob, eve, view) = (
        server.user("ann").await,
        server.user("bob").await,
        server.user("eve").await,
        server.user("view").await,
    );
    let id = canvas(&ann, &json!({ "edit_policy": "exclusive" })).await;
    give(&ann, id, &bob, "moderator").await;
    give(&ann, id, &view, "viewer").await;
    let mut eve_tab = TestClient::join(&eve, id).await;
    eve_tab.done(chat()).await;
    eve_tab.done(paint(0, 1)).await;
    let message = eve_tab.events[0]["message_id"].clone();
    let tile = eve.all(&format!("/canvases/{id}/tiles")).await[0]["id"].clone();
    let hour = from_now(TimeDelta::hours(1));
    set(&bob, id, &json!({ "lockdown_until": hour })).await;
    for request in [
        chat(),
        paint(0, 2),
        json!({ "type": "tile_create", "x": 3, "y": 0 }),
        json!({ "type": "tile_update", "x": 0, "y": 0, "title": "T" }),
        json!({ "type": "tile_delete", "x": 0, "y": 0 }),
        json!({ "type": "tile_like", "x": 0, "y": 0, "liked": true }),
        json!({ "type": "tile_lock", "x": 0, "y": 0 }),
        json!({ "type": "chat_remove", "message_id": message }),
    ] {
        let error = refused(&mut eve_tab, request, "locked_down").await;
        assert!((3_590_000..=3_600_000).contains(&wait(&error)), "{error}");
    }
    let mention =
        json!({ "type": "tile_mention", "tile_x": 0, "tile_y": 0, "highlight_type": "look" });
    refused_in_the_end(&mut eve_tab, &mention, "locked_down").await;
    // What one holds may be let go.
    eve_tab
        .done(json!({ "type": "tile_unlock", "x": 0, "y": 0 }))
        .await;
    let tiles = format!("/canvases/{id}/tiles");
    let problem = eve.post(&tiles, &json!({ "x": 4, "y": 0 })).await;
    let problem = problem.problem(403, "locked_down");
    assert!(wait(&problem) > 3_590_000, "{problem}");
    let path = format!("/tiles/{tile}");
    eve.patch(&path, &json!({ "title": "T" }))
        .await
        .problem(403, "locked_down");
    eve.put(&format!("{path}/like"), &json!({}))
        .await
        .problem(403, "locked_down");
    eve.delete(&path).await.problem(403, "locked_down");
    let message = format!("/canvases/{id}/messages/{}", message.as_str().unwrap());
    eve.delete(&message).await.problem(403, "locked_down");
    // Reading and joining go on, and those who are trusted write.
    eve.get(&format!("/canvases/{id}/snapshot"))
        .await
        .expect(200);
    let mut late = TestClient::join(&eve, id).await;
    TestClient::join(&view, id).await.done(chat()).await;
    TestClient::join(&bob, id).await.done(paint(0, 3)).await;
    TestClient::join(&ann, id).await.done(chat()).await;
    late.expect("canvas_chat_message").await;
    // It ends by itself.
    let soon = from_now(TimeDelta::milliseconds(700));
    let canvas = set(&ann, id, &json!({ "lockdown_until": soon })).await;
    assert_eq!(canvas["lockdown_until"], soon);
    loop {
        let op_id = late.operate(chat()).await;
        let is_answer =
            |m: &Value| m["op_id"] == *op_id && matches!(m["type"].as_str(), Some("ack" | "error"));
        if late.until(is_answer).await["type"] == "ack" {
            break;
        }
    }
    let canvas = eve.get(&format!("/canvases/{id}")).await.json(200);
    assert_eq!(canvas["lockdown_until"], Value::Null);
}

/// Makes all visits begin so many minutes earlier.
async fn let_pass(pool: &PgPool, minutes: i32) {
    sqlx::query("UPDATE canvas_visits SET first_at = first_at - make_interval(mins => $1)")
        .bind(minutes)
        .execute(pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn newcomers_paint_little_in_the_tiles_of_others() {
    let server = TestServer::start_with(&["--rate-limits", "on"]).await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut ann_tab = TestClient::join(&ann, id).await;
    assert_eq!(ann_tab.connected["newcomer_until"], Value::Null);
    ann_tab.done(fill(0, 0)).await;
    let mut tab = TestClient::join(&bob, id).await;
    let until: DateTime<Utc> = tab.connected["newcomer_until"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let left = until - Utc::now();
    assert!(left > TimeDelta::seconds(890) && left <= TimeDelta::seconds(900));
    // In one's own tile as everybody.
    for colour in 0..8 {
        tab.done(fill(1, colour % 4)).await;
    }
    // 4 × 64 + 44 = 300 pixels that change; those that do not are not counted.
    for colour in [1, 2, 3, 0, 0] {
        tab.done(fill(0, colour)).await;
    }
    let edits: Vec<[usize; 2]> = (0..44).map(|pixel| [pixel, 1]).collect();
    tab.done(json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": edits }))
        .await;
    let error = refused(&mut tab, paint(0, 2), "newcomer").await;
    assert!((1..=60_000).contains(&wait(&error)), "{error}");
    // Neither another connection nor HTTP gives more.
    let mut again = TestClient::join(&bob, id).await;
    assert_eq!(
        again.connected["newcomer_until"],
        tab.connected["newcomer_until"]
    );
    refused(&mut again, paint(0, 2), "newcomer").await;
    let whole = json!({ "type": "tile_update", "x": 0, "y": 0, "pixels": "A".repeat(86) + "==" });
    let error = refused(&mut tab, whole.clone(), "newcomer").await;
    assert!(wait(&error) > 800_000, "{error}");
    refused(
        &mut tab,
        json!({ "type": "tile_delete", "x": 0, "y": 0 }),
        "newcomer",
    )
    .await;
    let tile = ann.all(&format!("/canvases/{id}/tiles")).await[0]["id"].clone();
    let path = format!("/tiles/{tile}");
    let answer = bob
        .patch(&path, &json!({ "pixels": whole["pixels"] }))
        .await;
    let problem = answer.problem(429, "newcomer");
    assert!(wait(&problem) > 800_000, "{problem}");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 800);
    bob.delete(&path).await.problem(429, "newcomer");
    // A title is no pixel, and one's own tile is one's own.
    tab.done(json!({ "type": "tile_update", "x": 0, "y": 0, "title": "T" }))
        .await;
    let mut own = whole.clone();
    own["x"] = 1.into();
    tab.done(own).await;
    tab.done(json!({ "type": "tile_delete", "x": 1, "y": 0 }))
        .await;
    // After a quarter of an hour they are as everybody.
    let pool = server.database.pool().await;
    let_pass(&pool, 15).await;
    let mut later = TestClient::join(&bob, id).await;
    assert_eq!(later.connected["newcomer_until"], Value::Null);
    later.done(fill(0, 2)).await;
    later.done(whole).await;
    tab.done(fill(0, 3)).await;
}

#[tokio::test]
async fn newcomers_say_little_unless_they_have_a_role_or_the_canvas_is_free() {
    let server = TestServer::start_with(&["--rate-limits", "on"]).await;
    let (ann, bob, eve) = (
        server.user("ann").await,
        server.user("bob").await,
        server.user("eve").await,
    );
    let id = canvas(&ann, &json!({})).await;
    give(&ann, id, &eve, "viewer").await;
    let mut tab = TestClient::join(&bob, id).await;
    for _ in 0..6 {
        tab.done(chat()).await;
    }
    let error = refused(&mut tab, chat(), "newcomer").await;
    assert!((1..=60_000).contains(&wait(&error)), "{error}");
    let mut trusted = TestClient::join(&eve, id).await;
    assert_eq!(trusted.connected["newcomer_until"], Value::Null);
    for _ in 0..8 {
        trusted.done(chat()).await;
    }
    set(&ann, id, &json!({ "newcomers": "free" })).await;
    tab.done(chat()).await;
    let freed = TestClient::join(&bob, id).await;
    assert_eq!(freed.connected["newcomer_until"], Value::Null);
    set(&ann, id, &json!({ "newcomers": "limited" })).await;
    refused(&mut tab, chat(), "newcomer").await;
    // A role that is given frees from it, and one that was taken does not for ever.
    give(&ann, id, &bob, "editor").await;
    tab.done(chat()).await;
    let unlisted = canvas(&ann, &json!({ "visibility": "unlisted" })).await;
    let mut elsewhere = TestClient::join(&bob, unlisted).await;
    assert_eq!(elsewhere.connected["newcomer_until"], Value::Null);
    for _ in 0..8 {
        elsewhere.done(chat()).await;
    }
    // Whoever was there before, when nobody counted, is no newcomer.
    let pool = server.database.pool().await;
    sqlx::query("DELETE FROM canvas_visits")
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("UPDATE canvas_events SET created_at = created_at - interval '16 minutes'")
        .execute(&pool)
        .await
        .unwrap();
    ann.delete(&format!("/canvases/{id}/members/bob"))
        .await
        .expect(204);
    let known = TestClient::join(&bob, id).await;
    assert_eq!(known.connected["newcomer_until"], Value::Null);
}

#[tokio::test]
async fn without_rate_limits_nobody_is_a_newcomer() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    TestClient::join(&ann, id).await.done(fill(0, 0)).await;
    let mut tab = TestClient::join(&bob, id).await;
    assert_eq!(tab.connected["newcomer_until"], Value::Null);
    for colour in 0..8 {
        tab.done(fill(0, (colour + 1) % 4)).await;
        tab.done(chat()).await;
    }
    refused(
        &mut tab,
        json!({ "type": "tile_delete", "x": 0, "y": 0 }),
        "forbidden",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_nodes_count_together() {
    let cluster = Cluster::start_with(2, &[("RATE_LIMITS", "on")]).await;
    let ann = cluster.nodes[0].guest("Ann").await;
    let bob = cluster.nodes[0].guest("Bob").await;
    let id = canvas(&ann, &json!({})).await;
    let mut here = TestClient::join(&bob, id).await;
    let mut there = TestClient::join(&cluster.nodes[1].at(&bob), id).await;
    for _ in 0..3 {
        here.done(chat()).await;
        there.done(chat()).await;
    }
    refused(&mut here, chat(), "newcomer").await;
    refused(&mut there, chat(), "newcomer").await;
    let change = json!({ "newcomers": "free", "slow_mode_s": 60 });
    set(&ann, id, &change).await;
    refused(&mut there, chat(), "slow_mode").await;
    let hour = from_now(TimeDelta::hours(1));
    set(&ann, id, &json!({ "lockdown_until": hour })).await;
    refused(&mut there, chat(), "locked_down").await;
    refused(&mut there, paint(0, 1), "locked_down").await;
    set(
        &ann,
        id,
        &json!({ "guests": "look", "lockdown_until": null }),
    )
    .await;
    refused(&mut there, paint(0, 1), "forbidden").await;
}
