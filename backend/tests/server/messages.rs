//! Every message of the wire contract once: its effect, what others receive, and
//! its errors.

use crate::common::{TestServer, canvas, http::Client, socket::TestClient};
use serde_json::{Value, json};

/// Two users on a canvas that belongs to the first.
struct Two {
    server: TestServer,
    canvas: i64,
    ann: Client,
    bob: Client,
    ann_tab: TestClient,
    bob_tab: TestClient,
}

impl Two {
    async fn meet() -> Self {
        Self::meet_on(&json!({})).await
    }

    async fn meet_on(settings: &Value) -> Self {
        let server = TestServer::start().await;
        let (ann, bob) = (server.user("ann").await, server.user("bob").await);
        let canvas = canvas(&ann, settings).await;
        let mut ann_tab = TestClient::join(&ann, canvas).await;
        let bob_tab = TestClient::join(&bob, canvas).await;
        ann_tab.expect("user_joined").await;
        Self {
            server,
            canvas,
            ann,
            bob,
            ann_tab,
            bob_tab,
        }
    }
}

/// The names of an object's fields.
fn fields(message: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = message
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn connected_has_all_fields() {
    let two = Two::meet().await;
    let connected = &two.bob_tab.connected;
    assert_eq!(
        fields(connected),
        [
            "active_users",
            "blocked",
            "canvas_id",
            "connection_id",
            "display_name",
            "epoch",
            "heartbeat",
            "locks",
            "newcomer_until",
            "resume",
            "role",
            "sanctions",
            "seq",
            "server_time",
            "type",
            "user_id",
            "username"
        ]
    );
    assert_eq!(connected["canvas_id"], two.canvas);
    assert_eq!(connected["user_id"], two.bob.id());
    assert_eq!(connected["role"], "editor");
    assert_eq!(two.ann_tab.connected["role"], "owner");
    assert_eq!(connected["resume"], "fresh");
    assert_eq!(connected["seq"], 0);
    assert_eq!(connected["heartbeat"]["interval_ms"], 10_000);
    assert_eq!(connected["heartbeat"]["timeout_ms"], 20_000);
    let users = connected["active_users"].as_array().unwrap();
    assert_eq!(users.len(), 2);
    assert_eq!(
        fields(&users[0]),
        [
            "connections",
            "display_name",
            "editing",
            "is_active",
            "is_typing",
            "status",
            "status_message",
            "user_id",
            "username"
        ]
    );
}

#[tokio::test]
async fn chat_reaches_everybody_the_sender_too() {
    let mut two = Two::meet().await;
    let op_id = two
        .ann_tab
        .operate(
            json!({ "type": "canvas_chat", "text": "  hello\r\nthere ", "canvas_id": two.canvas }),
        )
        .await;
    let said = two.bob_tab.expect("canvas_chat_message").await;
    assert_eq!(said["message_text"], "hello\nthere");
    assert_eq!(said["seq"], 1);
    assert_eq!(said["sender_username"], "ann");
    assert_eq!(said["op_id"], *op_id);
    assert_eq!(two.ann_tab.expect("canvas_chat_message").await, said);
    let ack = two.ann_tab.expect("ack").await;
    assert_eq!(
        ack,
        json!({
            "type": "ack", "op_id": op_id, "seq": 1, "timestamp": said["created_at"],
            "for": "canvas_chat",
        })
    );
    let path = format!("/canvases/{}/messages", two.canvas);
    let history = two.bob.get(&path).await.json(200);
    assert_eq!(history["items"][0]["message_id"], said["message_id"]);
}

#[tokio::test]
async fn a_tile_is_created_painted_renamed_liked_and_deleted() {
    let mut two = Two::meet().await;
    let made = two
        .ann_tab
        .done(json!({ "type": "tile_create", "x": 1, "y": 2, "title": " Moon " }))
        .await;
    assert_eq!(
        (&made["for"], &made["version"]),
        (&json!("tile_create"), &json!(1))
    );
    let heard = two.bob_tab.expect("tile_created").await;
    assert_eq!(heard["title"], "Moon");
    assert_eq!(heard["creator_id"], two.ann.id());
    assert_eq!(heard["tile_id"], made["tile_id"]);
    assert_eq!((&heard["x"], &heard["y"]), (&json!(1), &json!(2)));

    let painted = two
        .bob_tab
        .done(json!({ "type": "tile_paint", "x": 1, "y": 2, "pixels": [[0, 1], [63, 2], [0, 3]] }))
        .await;
    assert_eq!(painted["version"], 2);
    let heard = two.ann_tab.expect("tile_updated").await;
    assert_eq!(heard["delta"], json!([[0, 1], [63, 2], [0, 3]]));
    assert_eq!(heard["updater_id"], two.bob.id());
    assert!(heard.get("title").is_none() && heard.get("pixels").is_none());

    let renamed = json!({ "type": "tile_update", "x": 1, "y": 2, "title": "Sun" });
    two.bob_tab.done(renamed).await;
    let heard = two.ann_tab.expect("tile_updated").await;
    assert_eq!(heard["title"], "Sun");
    assert!(heard.get("delta").is_none());

    let like = |liked: bool| json!({ "type": "tile_like", "x": 1, "y": 2, "liked": liked });
    let liked = two.bob_tab.done(like(true)).await;
    assert_eq!(liked["like_count"], 1);
    let heard = two.ann_tab.expect("tile_liked").await;
    assert_eq!(
        (&heard["liked"], &heard["like_count"]),
        (&json!(true), &json!(1))
    );
    let again = two.bob_tab.done(like(true)).await;
    assert!(again.get("seq").is_none(), "nothing changed: {again}");
    two.bob_tab.done(like(false)).await;
    assert_eq!(two.ann_tab.expect("tile_liked").await["like_count"], 0);

    let delete = json!({ "type": "tile_delete", "x": 1, "y": 2 });
    two.bob_tab.operate(delete.clone()).await;
    two.bob_tab.refused("forbidden").await;
    two.ann_tab.done(delete).await;
    let heard = two.bob_tab.expect("tile_deleted").await;
    assert_eq!(heard["deleter_id"], two.ann.id());
    assert_eq!(two.ann_tab.board, two.bob_tab.board);
    assert_eq!(two.ann_tab.seq, two.bob_tab.seq);
}

#[tokio::test]
async fn painting_an_empty_cell_creates_its_tile() {
    let mut two = Two::meet().await;
    let paint = json!({ "type": "tile_paint", "x": 7, "y": 5, "pixels": [[9, 2]] });
    let ack = two.ann_tab.done(paint).await;
    assert_eq!(
        (&ack["version"], &ack["like_count"]),
        (&json!(1), &json!(0))
    );
    let heard = two.bob_tab.expect("tile_created").await;
    assert_eq!(heard["title"], "");
    assert_eq!(two.bob_tab.board[&(7, 5)][9], 2);
    assert_eq!(two.bob_tab.board, two.ann_tab.board);
    let tile = two.bob.get(&format!("/tiles/{}", ack["tile_id"])).await;
    assert_eq!(tile.json(200)["pixels"], heard["pixels"]);
}

#[tokio::test]
async fn a_tab_of_the_same_user_receives_what_another_tab_does() {
    let mut two = Two::meet().await;
    let mut second = TestClient::join(&two.ann, two.canvas).await;
    let paint = json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[1, 1]] });
    two.ann_tab.done(paint).await;
    second.expect("tile_created").await;
    assert_eq!(second.board, two.ann_tab.board);
    // No `user_joined`: the user was already there.
    second.close().await;
    let heard = two.bob_tab.drain().await;
    assert!(
        heard.iter().all(|m| m["type"] == "tile_created"),
        "{heard:?}"
    );
}

#[tokio::test]
async fn presence_reaches_all_others() {
    let mut two = Two::meet().await;
    let presence = |mut more: Value| {
        more["type"] = json!("user_presence");
        more
    };
    let typing = presence(json!({ "presence_type": "typing", "is_typing": true }));
    two.ann_tab.send(&typing).await;
    let heard = two.bob_tab.expect("user_typing").await;
    assert_eq!(
        heard,
        json!({ "type": "user_typing", "user_id": two.ann.id(), "username": "ann", "is_typing": true })
    );

    let editing = presence(
        json!({ "presence_type": "editing_tile", "tile_x": 3, "tile_y": 4, "is_editing": true }),
    );
    two.ann_tab.send(&editing).await;
    let heard = two.bob_tab.expect("user_presence_update").await;
    assert_eq!(
        (&heard["tile_x"], &heard["tile_y"], &heard["is_editing"]),
        (&json!(3), &json!(4), &json!(true))
    );

    let status = presence(
        json!({ "presence_type": "status", "status": "busy", "status_message": "drawing" }),
    );
    two.ann_tab.send(&status).await;
    let heard = two.bob_tab.expect("user_presence_update").await;
    assert_eq!(
        fields(&heard),
        [
            "canvas_id",
            "is_editing",
            "status",
            "status_message",
            "tile_x",
            "tile_y",
            "timestamp",
            "type",
            "user_id",
            "username"
        ]
    );
    assert_eq!(heard["status"], "busy");
    assert_eq!(heard["tile_x"], 3);

    two.ann_tab
        .send(&presence(
            json!({ "presence_type": "cursor", "x": 1.5, "y": -2 }),
        ))
        .await;
    let heard = two.bob_tab.expect("user_cursor").await;
    assert_eq!(
        heard,
        json!({ "type": "user_cursor", "user_id": two.ann.id(), "x": 1.5, "y": -2.0 })
    );

    let users = two
        .bob
        .get(&format!("/canvases/{}/users", two.canvas))
        .await;
    let users = users.json(200);
    let ann = &users["items"][0];
    assert_eq!(ann["status"], "busy");
    assert_eq!(ann["status_message"], "drawing");
    assert_eq!(ann["is_typing"], true);
    assert_eq!(ann["editing"], json!({ "tile_x": 3, "tile_y": 4 }));
    let me = two.ann.get("/users/me").await.json(200);
    assert_eq!(me["status_message"], "drawing");
}

#[tokio::test]
async fn a_mention_is_sent_to_the_others() {
    let mut two = Two::meet().await;
    let mention = json!({
        "type": "tile_mention", "tile_x": 1, "tile_y": 1, "highlight_type": "look_here",
        "message": "here", "duration": 500,
    });
    two.ann_tab.send(&mention).await;
    let heard = two.bob_tab.expect("tile_mention").await;
    for (name, value) in mention.as_object().unwrap() {
        assert_eq!(&heard[name], value, "{name}");
    }
    assert_eq!(heard["user_id"], two.ann.id());
    let far = json!({ "type": "tile_mention", "tile_x": 8, "tile_y": 0, "highlight_type": "a" });
    two.ann_tab.send(&far).await;
    two.ann_tab.refused("out_of_bounds").await;
    let short = json!({
        "type": "tile_mention", "tile_x": 0, "tile_y": 0, "highlight_type": "mention",
    });
    two.ann_tab.send(&short).await;
    let heard = two.bob_tab.expect("tile_mention").await;
    assert_eq!(
        (&heard["message"], &heard["duration"]),
        (&json!(""), &json!(3000))
    );
}

#[tokio::test]
async fn requests_are_answered() {
    let mut two = Two::meet().await;
    let tab = &mut two.ann_tab;
    tab.send(&json!({ "type": "hello", "client_name": "test", "device": { "os": "any" } }))
        .await;
    assert_eq!(tab.expect("ack").await["for"], "hello");
    for (kind, timestamp) in [("ping", json!("then")), ("heartbeat", json!(12.5))] {
        tab.send(&json!({ "type": kind, "timestamp": timestamp }))
            .await;
        let pong = tab.expect("pong").await;
        assert_eq!(pong["timestamp"], timestamp);
        assert!(pong["server_time"].as_str().unwrap().ends_with('Z'));
    }
    let newer = two.ann.post("/auth/refresh", &json!({})).await.json(200);
    tab.send(&json!({ "type": "auth_refresh", "token": newer["token"] }))
        .await;
    assert_eq!(tab.expect("ack").await["for"], "auth_refresh");
    for token in ["nonsense", two.bob.token()] {
        tab.send(&json!({ "type": "auth_refresh", "token": token }))
            .await;
        tab.refused("unauthenticated").await;
    }
}

#[tokio::test]
async fn each_invalid_request_is_refused_with_its_code_and_changes_nothing() {
    let mut two = Two::meet().await;
    let tab = &mut two.ann_tab;
    let paint = json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 0]] });
    tab.done(paint).await;
    for (message, code) in [
        (json!({ "type": "dance" }), "unknown_type"),
        (
            json!({ "type": "canvas_chat", "text": " \n " }),
            "text_empty",
        ),
        (
            json!({ "type": "canvas_chat", "text": "x".repeat(2001) }),
            "text_too_long",
        ),
        (
            json!({ "type": "canvas_chat", "text": "a", "canvas_id": 0 }),
            "canvas_mismatch",
        ),
        (
            json!({ "type": "canvas_chat", "text": 1 }),
            "invalid_message",
        ),
        (
            json!({ "type": "tile_create", "x": 0, "y": 0 }),
            "tile_exists",
        ),
        (
            json!({ "type": "tile_update", "x": 1, "y": 0, "title": "a" }),
            "tile_not_found",
        ),
        (
            json!({ "type": "tile_like", "x": 1, "y": 0, "liked": true }),
            "tile_not_found",
        ),
        (
            json!({ "type": "tile_delete", "x": 1, "y": 0 }),
            "tile_not_found",
        ),
        (
            json!({ "type": "tile_create", "x": 8, "y": 0 }),
            "out_of_bounds",
        ),
        (
            json!({ "type": "tile_create", "x": -1, "y": 0 }),
            "out_of_bounds",
        ),
        (
            json!({ "type": "tile_create", "x": 1e30, "y": 0 }),
            "out_of_bounds",
        ),
        (
            json!({ "type": "tile_create", "x": "1", "y": 0 }),
            "invalid_message",
        ),
        (
            json!({ "type": "tile_create", "x": 1.5, "y": 0 }),
            "invalid_message",
        ),
        (
            json!({ "type": "tile_create", "x": 1, "y": 0, "pixels": "AAAA" }),
            "invalid_message",
        ),
        (
            json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[64, 0]] }),
            "invalid_message",
        ),
        (
            json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 4]] }),
            "invalid_message",
        ),
        (json!({ "type": "tile_lock", "x": 0, "y": 0 }), "forbidden"),
        (
            json!({ "type": "request_update", "last_seq": -1 }),
            "invalid_message",
        ),
    ] {
        let op_id = tab.operate(message.clone()).await;
        let error = tab.refused(code).await;
        assert_eq!(error["op_id"], *op_id, "{message}");
        assert!(error["message"].is_string());
    }
    for (text, code) in [("{", "invalid_json"), ("[1]", "unknown_type")] {
        tab.send_text(text).await;
        tab.refused(code).await;
    }
    let state = two.server.visitor();
    let events = state.all(&format!("/canvases/{}/events", two.canvas)).await;
    assert_eq!(events.len(), 1);
}

#[tokio::test]
async fn under_exclusive_a_painter_holds_the_tile() {
    let mut two = Two::meet_on(&json!({ "edit_policy": "exclusive" })).await;
    let paint = json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]] });
    two.ann_tab.done(paint.clone()).await;
    let locked = two.bob_tab.expect("tile_locked").await;
    assert_eq!(locked["user_id"], two.ann.id());
    two.bob_tab.operate(paint.clone()).await;
    two.bob_tab.refused("tile_locked").await;
    let mut second = TestClient::join(&two.ann, two.canvas).await;
    assert_eq!(second.connected["locks"][0]["tile_x"], 0);
    second.done(paint.clone()).await;
    two.ann_tab
        .done(json!({ "type": "tile_unlock", "x": 0, "y": 0 }))
        .await;
    two.bob_tab.expect("tile_unlocked").await;
    two.bob_tab
        .done(json!({ "type": "tile_lock", "x": 0, "y": 0 }))
        .await;
    two.ann_tab.expect("tile_locked").await;
    two.ann_tab.operate(paint.clone()).await;
    two.ann_tab.refused("tile_locked").await;
    // The lock ends with the tab that took it.
    two.bob_tab.close().await;
    two.ann_tab.expect("tile_unlocked").await;
    two.ann_tab.done(paint).await;
}

#[tokio::test]
async fn locks_end_with_the_exclusive_policy() {
    let mut two = Two::meet_on(&json!({ "edit_policy": "exclusive" })).await;
    two.ann_tab
        .done(json!({ "type": "tile_lock", "x": 1, "y": 1 }))
        .await;
    two.bob_tab.expect("tile_locked").await;
    let path = format!("/canvases/{}", two.canvas);
    let policy = |policy: &str| json!({ "edit_policy": policy });
    two.ann.patch(&path, &policy("open")).await.expect(200);
    two.bob_tab.expect("tile_unlocked").await;
    let late = TestClient::join(&two.bob, two.canvas).await;
    assert_eq!(late.connected["locks"], json!([]));
    two.ann.patch(&path, &policy("exclusive")).await.expect(200);
    two.bob_tab
        .done(json!({ "type": "tile_paint", "x": 1, "y": 1, "pixels": [[0, 1]] }))
        .await;
}

#[tokio::test]
async fn a_stroke_is_an_event_where_it_changes_something() {
    let mut two = Two::meet().await;
    let paint = |colour: u8| json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[5, colour], [6, 2]] });
    for version in 1..=3_u8 {
        let ack = two.ann_tab.done(paint(version % 3)).await;
        assert_eq!(
            (&ack["seq"], &ack["version"]),
            (&json!(version), &json!(version))
        );
        let again = two.ann_tab.done(paint(version % 3)).await;
        assert_eq!(
            (again.get("seq"), &again["version"]),
            (None, &json!(version))
        );
    }
    // An update without fields is not an event.
    let ack = two
        .bob_tab
        .done(json!({ "type": "tile_update", "x": 0, "y": 0 }))
        .await;
    assert!(ack.get("seq").is_none(), "{ack}");
    assert_eq!(ack["version"], 3);
}

#[tokio::test]
async fn under_own_a_tile_belongs_to_its_creator() {
    let mut two = Two::meet_on(&json!({ "edit_policy": "own" })).await;
    let paint = |x: i64| json!({ "type": "tile_paint", "x": x, "y": 0, "pixels": [[0, 1]] });
    two.ann_tab.done(paint(0)).await;
    two.bob_tab.done(paint(1)).await;
    two.bob_tab.operate(paint(0)).await;
    two.bob_tab.refused("forbidden").await;
    // The owner may draw everywhere.
    two.ann_tab.done(paint(1)).await;
    two.ann
        .put(
            &format!("/canvases/{}/members/bob", two.canvas),
            &json!({ "role": "moderator" }),
        )
        .await
        .expect(200);
    two.bob_tab.done(paint(0)).await;
}

#[tokio::test]
async fn a_removed_role_counts_at_once() {
    let mut two = Two::meet().await;
    let members = format!("/canvases/{}/members/bob", two.canvas);
    let viewer = json!({ "role": "viewer" });
    two.ann.put(&members, &viewer).await.expect(200);
    let paint = json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]] });
    two.bob_tab.operate(paint.clone()).await;
    two.bob_tab.refused("forbidden").await;
    two.bob_tab
        .done(json!({ "type": "canvas_chat", "text": "may still talk" }))
        .await;
    two.ann.delete(&members).await.expect(204);
    two.bob_tab.done(paint).await;
}

#[tokio::test]
async fn http_changes_reach_the_sockets() {
    let mut two = Two::meet().await;
    let tiles = format!("/canvases/{}/tiles", two.canvas);
    let tile = two
        .ann
        .post(&tiles, &json!({ "x": 2, "y": 2 }))
        .await
        .json(201);
    for tab in [&mut two.ann_tab, &mut two.bob_tab] {
        assert_eq!(tab.expect("tile_created").await["tile_id"], tile["id"]);
    }
    let path = format!("/tiles/{}", tile["id"]);
    let rename = json!({ "title": "Star", "base_version": 1 });
    assert_eq!(two.bob.patch(&path, &rename).await.json(200)["version"], 2);
    two.ann
        .patch(&path, &rename)
        .await
        .problem(409, "version_conflict");
    assert_eq!(two.ann_tab.expect("tile_updated").await["title"], "Star");
    let like = format!("{path}/like");
    assert_eq!(
        two.bob.put(&like, &json!({})).await.json(200)["like_count"],
        1
    );
    assert_eq!(
        two.bob.put(&like, &json!({})).await.json(200)["like_count"],
        1
    );
    assert_eq!(
        two.ann_tab.expect("tile_liked").await["liker_id"],
        two.bob.id()
    );
    let settings = format!("/canvases/{}", two.canvas);
    two.ann
        .patch(&settings, &json!({ "name": "Night" }))
        .await
        .expect(200);
    let heard = two.bob_tab.expect("canvas_updated").await;
    assert_eq!(heard["canvas"]["name"], "Night");
    assert_eq!(heard["canvas"]["last_seq"], heard["seq"]);
    two.ann.delete(&path).await.expect(204);
    two.bob_tab.expect("tile_deleted").await;
    let log = two
        .bob
        .all(&format!("/canvases/{}/events", two.canvas))
        .await;
    assert_eq!(log, two.bob_tab.events);
}
