//! Canvases with old events, for the tests of the archive.

use super::{
    TEST_TIMEOUT, TestServer,
    exports::{export, lines, load},
    http::Client,
    socket::TestClient,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// A server that archives nothing.
pub(crate) const NEVER: [&str; 2] = ["--archive-after-days", "never"];
/// The events that stay in the hot table in these tests.
pub(crate) const KEPT: i64 = 5;
/// A server that archives at once.
pub(crate) const AT_ONCE: [&str; 4] = ["--archive-after-days", "0", "--archive-keep-events", "5"];

/// Starts the server again as one that archives at once. One that runs looks for events to be
/// archived when it starts, and then every 15 s.
pub(crate) async fn archiving(server: TestServer) -> TestServer {
    TestServer::start_on(server.stop().await, &AT_ONCE).await
}

/// The same user at a server that was started again.
pub(crate) fn at(server: &TestServer, client: &Client) -> Client {
    Client {
        addr: server.addr,
        ..client.clone()
    }
}

pub(crate) async fn sign_in(server: &TestServer, username: &str) -> Client {
    let mut client = server.visitor();
    let body = json!({ "username": username, "password": "password" });
    let auth = client.post("/auth/login", &body).await.json(200);
    client.sign_in(&auth);
    client
}

/// Waits until all but the newest events of a canvas are archived, and returns how many pieces
/// there are.
pub(crate) async fn archived(pool: &PgPool, canvas: i64) -> i64 {
    let archived = async {
        loop {
            let row: (i64, i64, i64) = sqlx::query_as(
                "SELECT last_seq - archived_seq,
                        (SELECT count(*) FROM canvas_events WHERE canvas_id = id),
                        (SELECT count(*) FROM archive_pieces WHERE canvas_id = id)
                 FROM canvases WHERE id = $1",
            )
            .bind(canvas)
            .fetch_one(pool)
            .await
            .unwrap();
            if row.0 == KEPT && row.1 == KEPT {
                return row.2;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(3 * TEST_TIMEOUT, archived).await.unwrap()
}

/// Sends a request under the `op_id` that it has, and returns its `ack`.
pub(crate) async fn acked(tab: &mut TestClient, request: &Value) -> Value {
    tab.repeat(request.clone()).await;
    let is_answer = |message: &Value| {
        message["op_id"] == request["op_id"] && message["type"] != "canvas_chat_message"
    };
    let ack = tab.until(is_answer).await;
    assert_eq!(ack["type"], "ack", "{request}: {ack}");
    ack
}

/// Requests with their `op_id`s and the `seq`s of their events.
pub(crate) type Done = Vec<(Value, i64)>;

/// People paint and talk on a canvas. Returns its id, and what each of the two did.
pub(crate) async fn scene(ann: &Client, bob: &Client) -> (i64, Done, Done) {
    let id = ann.canvas(&json!({ "newcomers": "free" })).await;
    let mut of_ann = TestClient::join(ann, id).await;
    let mut of_bob = TestClient::join(bob, id).await;
    let (mut by_ann, mut by_bob) = (Vec::new(), Vec::new());
    for n in 0..30 {
        let paint = json!({
            "type": "tile_paint", "x": n % 3, "y": 0, "pixels": [[n, n % 4], [n + 1, n % 4]],
        });
        let says = json!({ "type": "canvas_chat", "text": format!("word{n}"), "reply_to": null });
        let paints = json!({
            "type": "tile_paint", "x": n % 2, "y": 0, "pixels": [[n, 3], [n + 20, n % 3]],
        });
        let likes = json!({ "type": "tile_like", "x": n % 3, "y": 0, "liked": n % 2 == 0 });
        for (mut request, is_ann) in [
            (paint, true),
            (says, false),
            (paints, false),
            (likes, false),
        ] {
            let (tab, done) = if is_ann {
                (&mut of_ann, &mut by_ann)
            } else {
                (&mut of_bob, &mut by_bob)
            };
            // Those of version 7 are stored in fewer bytes.
            let op_id = if n % 2 == 0 {
                Uuid::now_v7()
            } else {
                Uuid::new_v4()
            };
            request["op_id"] = json!(op_id);
            let ack = acked(tab, &request).await;
            if let Some(seq) = ack["seq"].as_i64() {
                done.push((request, seq));
            }
        }
    }
    let messages = ann.all(&format!("/canvases/{id}/messages")).await;
    let message = |text: &str| {
        let found = messages
            .iter()
            .find(|message| message["message_text"] == text);
        found.unwrap()["message_id"].clone()
    };
    for request in [
        json!({ "type": "canvas_chat", "text": "an answer", "reply_to": message("word3") }),
        json!({ "type": "chat_edit", "message_id": message("word4"), "text": "edited4" }),
        json!({ "type": "chat_remove", "message_id": message("word5") }),
        json!({ "type": "comment_create", "x": 0, "y": 0, "text": "a comment" }),
        json!({ "type": "tile_update", "x": 1, "y": 0, "title": "called" }),
        json!({ "type": "tile_delete", "x": 2, "y": 0 }),
    ] {
        let tab = if request["type"].as_str().unwrap().starts_with("tile") {
            &mut of_ann
        } else {
            &mut of_bob
        };
        tab.done(request).await;
    }
    let settings = json!({ "description": "changed" });
    ann.patch(&format!("/canvases/{id}"), &settings)
        .await
        .expect(200);
    // Some of it is taken back.
    let revert = json!({
        "kind": "revert", "usernames": [bob.username()], "from_seq": 20, "to_seq": 60,
    });
    let rewrite = ann.post(&format!("/canvases/{id}/rewrites"), &revert).await;
    let rewrite = format!("/rewrites/{}", rewrite.json(202)["id"]);
    let done = async { while ann.get(&rewrite).await.json(200)["state"] == "running" {} };
    timeout(TEST_TIMEOUT, done).await.unwrap();
    for n in 0..KEPT + 2 {
        of_ann
            .done(json!({ "type": "canvas_chat", "text": format!("last{n}") }))
            .await;
    }
    (id, by_ann, by_bob)
}

/// Everything that can be asked of a canvas's log.
pub(crate) async fn answers(client: &Client, id: i64) -> Vec<Value> {
    let path = format!("/canvases/{id}");
    let mut answers = Vec::new();
    for list in [
        "events",
        "events?limit=7",
        "events?after_seq=20&until_seq=45",
        "events?kind=canvas_chat_message",
        "events?kind=chat_edited",
        "messages",
        "messages?limit=9",
        "messages?before_seq=40",
        "comments",
    ] {
        answers.push(json!(client.all(&format!("{path}/{list}")).await));
    }
    let mut snapshot = client.get(&format!("{path}/snapshot")).await.json(200);
    snapshot["active_users"] = json!([]);
    snapshot["canvas"]["active_users"] = json!(0);
    snapshot["active_count"] = json!(0);
    answers.push(snapshot);
    // Everything again, as a replay sends it.
    let mut tab = TestClient::join(client, id).await;
    let head = tab.seq;
    tab.seq = 0;
    tab.events.clear();
    let request = json!({ "type": "request_update", "last_seq": 0, "op_id": Uuid::new_v4() });
    tab.send(&request).await;
    tab.until(|message| message["op_id"] == request["op_id"])
        .await;
    assert_eq!(tab.seq, head);
    answers.push(json!(tab.events));
    answers
}

/// The canvas as it was after each event, who painted what, and what rewrites would do.
pub(crate) async fn past(client: &Client, id: i64) -> Vec<Value> {
    let path = format!("/canvases/{id}");
    let head = client.get(&path).await.json(200)["last_seq"]
        .as_i64()
        .unwrap();
    let mut past = Vec::new();
    for seq in 0..=head {
        let mut snapshot = client
            .get(&format!("{path}/snapshot?at={seq}"))
            .await
            .json(200);
        snapshot["canvas"] = Value::Null;
        past.push(snapshot);
    }
    for seq in (1..head).step_by(5) {
        for x in 0..3 {
            let authors = format!("{path}/authors?x={x}&y=0&at={seq}");
            past.push(client.get(&authors).await.json(200));
        }
    }
    for query in [
        "timeline",
        "timeline?by=time",
        "timeline?actor=bob&x0=0&y0=0&x1=1&y1=0",
    ] {
        past.push(client.get(&format!("{path}/{query}")).await.json(200));
    }
    for query in [
        "x=1&y=0",
        "x=0&y=0&actor=bob",
        "actor=ann&kind=tile_updated",
        "actor=bob",
    ] {
        past.push(json!(client.all(&format!("{path}/events?{query}")).await));
    }
    let area = json!({ "x0": 0, "y0": 0, "x1": 2, "y1": 0 });
    for query in ["seconds=2", "seconds=60&from=25", "actor=bob&scale=2"] {
        let film = format!("{path}/timelapse.gif?x0=0&y0=0&x1=2&y1=0&{query}");
        past.push(json!(client.get(&film).await.expect(200).body));
    }
    for log in [
        json!({ "kind": "log" }),
        json!({ "kind": "log", "area": area, "actor": "bob", "from": 5 }),
    ] {
        let export = export(client, id, &log).await;
        let lines = lines(&load(client, &export).await.body);
        past.push(json!(lines[1..]));
    }
    for rewrite in [
        json!({ "kind": "revert", "usernames": ["bob"], "dry_run": true }),
        json!({ "kind": "revert", "usernames": ["ann"], "to_seq": 40, "dry_run": true }),
        json!({ "kind": "restore", "area": area, "at_seq": 30, "dry_run": true }),
    ] {
        let mut preview = client
            .post(&format!("{path}/rewrites"), &rewrite)
            .await
            .json(200);
        preview["created_at"] = Value::Null;
        past.push(preview);
    }
    past
}

pub(crate) async fn check_same(client: &Client, id: i64, before: &[Value]) {
    for (place, (now, before)) in answers(client, id).await.iter().zip(before).enumerate() {
        assert_eq!(now, before, "answer {place}");
    }
}
