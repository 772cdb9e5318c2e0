//! Notifications: what users are told of others' acts, where they are told it, and how they
//! read it.

use crate::common::{TestServer, canvas, http::Client, socket::TestClient};
use serde_json::{Value, json};

const LIST: &str = "/users/me/notifications";
const READ: &str = "/users/me/notifications/read";
const PREFERENCES: &str = "/users/me/preferences";

/// All notifications of a user, and how many are unread.
async fn inbox(client: &Client) -> (Vec<Value>, i64) {
    let page = client.get(LIST).await.json(200);
    let items = client.all(&format!("{LIST}?limit=2")).await;
    (items, page["unread_count"].as_i64().unwrap())
}

/// The only notification of a user.
async fn only(client: &Client) -> Value {
    let (items, _) = inbox(client).await;
    let [one] = &items[..] else {
        panic!("{items:?}")
    };
    one.clone()
}

fn like(x: i64, y: i64) -> Value {
    json!({ "type": "tile_like", "x": x, "y": y, "liked": true })
}

fn stroke(x: i64, y: i64, pixel: i64) -> Value {
    json!({ "type": "tile_paint", "x": x, "y": y, "pixels": [[pixel, 1]] })
}

fn say(text: &str) -> Value {
    json!({ "type": "canvas_chat", "text": text })
}

/// The next notification that a connection is told.
async fn told(tab: &mut TestClient) -> Value {
    tab.expect("notification").await
}

#[tokio::test]
async fn likes_of_one_tile_are_one_notification_while_it_is_unread() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({ "name": "Sky" })).await;
    let elsewhere = canvas(&ann, &json!({})).await;
    let mut home = TestClient::join(&ann, id).await;
    let mut other_tab = TestClient::join(&ann, elsewhere).await;
    home.done(json!({ "type": "tile_create", "x": 2, "y": 1, "title": "Moon" }))
        .await;
    // Nobody hears of their own acts.
    home.done(like(2, 1)).await;
    assert_eq!(inbox(&ann).await, (Vec::new(), 0));

    let mut first = Value::Null;
    for (number, name) in (1..).zip(["bob", "carl", "dora"]) {
        let fan = server.user(name).await;
        TestClient::join(&fan, id).await.done(like(2, 1)).await;
        let message = told(&mut other_tab).await;
        assert_eq!(message["unread_count"], 1);
        let notification = &message["notification"];
        assert_eq!(notification["kind"], "tile_liked");
        assert_eq!(notification["canvas_id"], id);
        assert_eq!(notification["canvas_name"], "Sky");
        assert_eq!(
            (&notification["x"], &notification["y"]),
            (&json!(2), &json!(1))
        );
        assert_eq!(notification["text"], "Moon");
        assert_eq!(notification["count"], number);
        assert_eq!(notification["actor"]["username"], name);
        assert_eq!(notification["read"], false);
        if number == 1 {
            first = notification.clone();
        }
        assert_eq!(notification["id"], first["id"]);
        assert_eq!(notification["created_at"], first["created_at"]);
        assert_eq!(told(&mut home).await, message);
        assert_eq!(only(&ann).await, *notification);
    }

    // Whoever likes it again is not counted again.
    let bob = sign_in(&server, "bob").await;
    let tile = ann
        .get(&format!("/canvases/{id}/tiles?x0=0&y0=0&x1=7&y1=5"))
        .await;
    let like_path = format!("/tiles/{}/like", tile.json(200)["items"][0]["id"]);
    bob.delete(&like_path).await.expect(200);
    bob.put(&like_path, &json!({})).await.expect(200);
    assert_eq!(only(&ann).await["count"], 3);

    // Once it was read, the next one is another notification.
    let read = json!({ "up_to_id": first["id"] });
    ann.post(READ, &read).await.expect(204);
    assert_eq!(
        other_tab.expect("notifications_read").await["unread_count"],
        0
    );
    assert_eq!(home.expect("notifications_read").await["unread_count"], 0);
    assert_eq!(only(&ann).await["read"], true);
    bob.delete(&like_path).await.expect(200);
    bob.put(&like_path, &json!({})).await.expect(200);
    let message = told(&mut other_tab).await;
    assert_eq!(message["notification"]["count"], 1);
    assert_ne!(message["notification"]["id"], first["id"]);
    assert_eq!(inbox(&ann).await.0.len(), 2);
    server.stop().await;
}

async fn sign_in(server: &TestServer, username: &str) -> Client {
    let mut client = server.visitor();
    let body = json!({ "username": username, "password": "password" });
    client.sign_in(&client.post("/auth/login", &body).await.json(200));
    client
}

#[tokio::test]
async fn strokes_of_others_are_one_notification_for_each_tile_and_hour() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut anns = TestClient::join(&ann, id).await;
    let mut bobs = TestClient::join(&bob, id).await;
    anns.done(json!({ "type": "tile_create", "x": 0, "y": 0, "title": "Moon" }))
        .await;
    anns.done(stroke(0, 0, 1)).await;
    bobs.done(stroke(0, 0, 2)).await;
    let message = told(&mut anns).await;
    let first = &message["notification"];
    assert_eq!(first["kind"], "tile_painted");
    assert_eq!(first["count"], 1);
    assert_eq!(first["actor"]["user_id"], bob.id());
    assert_eq!(first["text"], "Moon");
    assert_eq!(message["unread_count"], 1);
    // Neither a stroke that changes nothing, nor a title, nor an undone stroke is painting.
    bobs.done(stroke(0, 0, 2)).await;
    bobs.done(json!({ "type": "tile_update", "x": 0, "y": 0, "title": "Sun" }))
        .await;
    let undone = bobs.operate(stroke(0, 0, 3)).await;
    bobs.expect("ack").await;
    bobs.done(json!({
        "type": "tile_paint", "x": 0, "y": 0, "pixels": [[3, 255]], "undo_of": undone,
    }))
    .await;
    let grown = told(&mut anns).await;
    assert_eq!(grown["notification"]["id"], first["id"]);
    assert_eq!(grown["notification"]["count"], 2);
    assert_eq!(grown["notification"]["text"], "Sun");
    assert_eq!(grown["unread_count"], 1);

    // Once it was read there is none for an hour; another tile has its own.
    ann.post(READ, &json!({ "ids": [first["id"]] }))
        .await
        .expect(204);
    bobs.done(stroke(0, 0, 4)).await;
    anns.done(json!({ "type": "tile_create", "x": 1, "y": 0 }))
        .await;
    bobs.done(stroke(1, 0, 1)).await;
    let next = told(&mut anns).await;
    assert_eq!(next["notification"]["x"], 1);
    assert_eq!(inbox(&ann).await.0.len(), 2);
    let pool = server.database.pool().await;
    sqlx::query("UPDATE notifications SET read_at = read_at - interval '1 hour'")
        .execute(&pool)
        .await
        .unwrap();
    bobs.done(stroke(0, 0, 5)).await;
    let later = told(&mut anns).await;
    assert_eq!(later["notification"]["x"], 0);
    assert_eq!(later["notification"]["count"], 1);
    assert_eq!(later["unread_count"], 2);
    // What a moderator takes back is no painting.
    let revert = json!({ "kind": "revert", "usernames": ["bob"] });
    let carl = server.user("carl").await;
    ann.put(
        &format!("/canvases/{id}/members/carl"),
        &json!({ "role": "moderator" }),
    )
    .await
    .expect(200);
    carl.post(&format!("/canvases/{id}/rewrites"), &revert)
        .await
        .expect(202);
    anns.until(|message| message["cause"]["kind"] == "revert")
        .await;
    bobs.done(stroke(1, 0, 7)).await;
    let after = told(&mut anns).await;
    assert_eq!(after["notification"]["actor"]["username"], "bob");
    assert_eq!(after["notification"]["count"], 2);
    server.stop().await;
}

#[tokio::test]
async fn a_mention_is_read_at_once_by_who_is_on_the_canvas() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("Bob_7").await);
    let id = canvas(&ann, &json!({ "name": "Sky" })).await;
    let elsewhere = canvas(&bob, &json!({})).await;
    let mut anns = TestClient::join(&ann, id).await;
    let mut away = TestClient::join(&bob, elsewhere).await;
    anns.done(say("hello @bob_7, and @bob_7 again!")).await;
    let message = told(&mut away).await;
    let first = message["notification"].clone();
    assert_eq!(first["kind"], "mention");
    assert_eq!(first["canvas_id"], id);
    assert_eq!(first["canvas_name"], "Sky");
    assert_eq!(first["actor"]["user_id"], ann.id());
    assert_eq!(first["message_id"], anns.events[0]["message_id"]);
    assert_eq!(first["text"], "hello @bob_7, and @bob_7 again!");
    assert_eq!(
        (&first["count"], &first["read"]),
        (&json!(1), &json!(false))
    );
    assert!(first.get("x").is_none() && first.get("comment_id").is_none());
    assert_eq!(message["unread_count"], 1);
    assert_eq!(only(&bob).await, first);

    // What is no mention, and mentions of oneself and of nobody.
    for text in ["mail me@bob_7", "@bob_7- @bob", "I, @ann, @nobody and @ x"] {
        anns.done(say(text)).await;
    }
    // On the canvas it is read at once; every connection is told all the same.
    let mut here = TestClient::join(&bob, id).await;
    let long = format!("@BOB_7 {}", "ä".repeat(300));
    anns.done(say(&long)).await;
    let message = told(&mut away).await;
    assert_eq!(told(&mut here).await, message);
    assert_eq!(message["notification"]["read"], true);
    assert_eq!(message["unread_count"], 1);
    let text: String = long.chars().take(200).collect();
    assert_eq!(message["notification"]["text"], text);
    let (items, unread) = inbox(&bob).await;
    assert_eq!((items.len(), unread), (2, 1));
    assert_eq!(items[0], message["notification"]);
    assert_eq!(items[1], first);
    let page = bob.get(&format!("{LIST}?unread=true")).await.json(200);
    assert_eq!(page["items"], json!([first]));
    assert_eq!(inbox(&ann).await.0.len(), 0);

    // Over HTTP and when left, too.
    here.close().await;
    anns.until(|message| message["type"] == "user_left").await;
    anns.done(say("gone, @bob_7?")).await;
    let message = told(&mut away).await;
    assert_eq!(message["notification"]["read"], false);
    assert_eq!(message["unread_count"], 2);
    server.stop().await;
}

#[tokio::test]
async fn only_those_are_mentioned_who_may_read_the_canvas_and_want_to_know() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let member = server.user("member").await;
    let root = server.admin("root_user").await;
    let private = canvas(&ann, &json!({ "visibility": "private" })).await;
    let public = canvas(&ann, &json!({ "visibility": "public" })).await;
    let path = format!("/canvases/{private}/members/member");
    ann.put(&path, &json!({ "role": "viewer" }))
        .await
        .expect(200);
    let all = say("@bob @member @root_user");
    let mut anns = TestClient::join(&ann, private).await;
    anns.done(all.clone()).await;
    assert_eq!(inbox(&bob).await.1, 0);
    assert_eq!(inbox(&member).await.1, 2);
    assert_eq!(inbox(&root).await.1, 1);
    // Who is banned reads no private canvas, but a public one as everybody does.
    for id in [private, public] {
        let body = json!({ "username": "member", "kind": "ban", "reason": "spam" });
        let reply = ann.post(&format!("/canvases/{id}/sanctions"), &body).await;
        reply.expect(201);
    }
    anns.done(all.clone()).await;
    assert_eq!(inbox(&member).await.1, 4);
    let mut anns = TestClient::join(&ann, public).await;
    anns.done(all.clone()).await;
    assert_eq!(inbox(&member).await.1, 5);
    assert_eq!(inbox(&bob).await.1, 1);

    // Neither from those whom one blocks, nor what one switched off.
    bob.put("/users/me/blocks/ann", &json!({}))
        .await
        .expect(204);
    let off = json!({ "notify": { "mention": false } });
    root.patch(PREFERENCES, &off).await.expect(200);
    let before = inbox(&root).await.1;
    anns.done(all).await;
    assert_eq!(inbox(&member).await.1, 6);
    assert_eq!(inbox(&bob).await.1, 1);
    assert_eq!(inbox(&root).await.1, before);
    server.stop().await;
}

#[tokio::test]
async fn notifications_are_read_up_to_one_or_one_by_one() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let other = canvas(&bob, &json!({})).await;
    let mut anns = TestClient::join(&ann, id).await;
    let mut first_tab = TestClient::join(&bob, other).await;
    let mut second_tab = TestClient::join(&bob, other).await;
    for number in 0..5 {
        anns.done(say(&format!("@bob {number}"))).await;
        told(&mut first_tab).await;
    }
    let (items, unread) = inbox(&bob).await;
    assert_eq!((items.len(), unread), (5, 5));
    let id_of = |at: usize| items[at]["id"].as_i64().unwrap();
    assert!((1..5).all(|at| id_of(at - 1) > id_of(at)), "newest first");
    // Those of others are passed over.
    ann.post(READ, &json!({ "ids": [id_of(0)] }))
        .await
        .expect(204);
    ann.post(READ, &json!({ "up_to_id": id_of(0) }))
        .await
        .expect(204);
    assert_eq!(inbox(&bob).await.1, 5);
    let body = json!({ "ids": [id_of(1), 0, id_of(1), 1_i64 << 60] });
    bob.post(READ, &body).await.expect(204);
    for tab in [&mut first_tab, &mut second_tab] {
        assert_eq!(tab.expect("notifications_read").await["unread_count"], 4);
    }
    bob.post(READ, &json!({ "up_to_id": id_of(3) }))
        .await
        .expect(204);
    for tab in [&mut first_tab, &mut second_tab] {
        assert_eq!(tab.expect("notifications_read").await["unread_count"], 2);
    }
    let page = bob
        .get(&format!("{LIST}?unread=true&limit=1"))
        .await
        .json(200);
    assert_eq!(page["items"][0]["id"], id_of(0));
    assert_eq!(page["unread_count"], 2);
    assert_eq!(
        bob.all(&format!("{LIST}?unread=true&limit=1")).await.len(),
        2
    );
    // What changes nothing is told to nobody.
    bob.post(READ, &json!({ "ids": [] })).await.expect(204);
    bob.post(READ, &json!({ "up_to_id": id_of(3) }))
        .await
        .expect(204);
    bob.post(READ, &json!({ "up_to_id": i64::MAX }))
        .await
        .expect(204);
    assert_eq!(
        first_tab.expect("notifications_read").await["unread_count"],
        0
    );
    assert_eq!(inbox(&bob).await.1, 0);

    let ids: Vec<i64> = (0..1001).collect();
    bob.post(READ, &json!({ "ids": ids })).await.refuses("ids");
    let both = json!({ "ids": [1], "up_to_id": 1 });
    bob.post(READ, &both).await.refuses("ids");
    bob.post(READ, &json!({})).await.refuses("up_to_id");
    bob.post(READ, &json!({ "up_to_id": "1" }))
        .await
        .refuses("up_to_id");
    bob.get(&format!("{LIST}?limit=201")).await.refuses("limit");
    let visitor = server.visitor();
    visitor.get(LIST).await.problem(401, "unauthenticated");
    visitor
        .post(READ, &both)
        .await
        .problem(401, "unauthenticated");
    server.stop().await;
}

#[tokio::test]
async fn preferences_are_merged_and_some_kinds_are_always_told() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let everything = json!({
        "tile_liked": true, "tile_painted": true, "comment": true, "reply": true,
        "mention": true, "direct_message": true,
    });
    let mut expected = json!({ "notify": everything, "direct_messages": "everybody" });
    assert_eq!(ann.get(PREFERENCES).await.json(200), expected);
    let reply = ann.patch(PREFERENCES, &json!({})).await;
    assert_eq!(reply.json(200), expected);
    for kind in everything.as_object().unwrap().keys() {
        let reply = ann
            .patch(PREFERENCES, &json!({ "notify": { kind: false } }))
            .await;
        expected["notify"][kind] = false.into();
        assert_eq!(reply.json(200), expected);
    }
    let change = json!({ "direct_messages": "nobody", "notify": { "comment": true } });
    expected["notify"]["comment"] = true.into();
    expected["direct_messages"] = "nobody".into();
    assert_eq!(ann.patch(PREFERENCES, &change).await.json(200), expected);
    assert_eq!(ann.get(PREFERENCES).await.json(200), expected);
    for (body, field) in [
        (json!({ "direct_messages": "friends" }), "direct_messages"),
        (json!({ "notify": { "mention": 1 } }), "notify"),
    ] {
        ann.patch(PREFERENCES, &body).await.refuses(field);
    }
    let visitor = server.visitor();
    visitor.get(PREFERENCES).await.expect(401);
    visitor.patch(PREFERENCES, &change).await.expect(401);

    // What is switched off is not told; kinds without a switch are.
    let bob = server.user("bob").await;
    let id = canvas(&bob, &json!({})).await;
    let mut anns = TestClient::join(&ann, id).await;
    let mut bobs = TestClient::join(&bob, id).await;
    anns.done(json!({ "type": "tile_create", "x": 0, "y": 0 }))
        .await;
    bobs.done(like(0, 0)).await;
    bobs.done(stroke(0, 0, 0)).await;
    bobs.done(say("@ann")).await;
    let path = format!("/canvases/{id}/members/ann");
    bob.put(&path, &json!({ "role": "viewer" }))
        .await
        .expect(200);
    let message = told(&mut anns).await;
    assert_eq!(message["notification"]["kind"], "role_set");
    assert_eq!(inbox(&ann).await.0.len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn acts_of_moderators_are_told_without_their_names() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let (carl, root) = (server.user("carl").await, server.admin("root_user").await);
    let id = canvas(&ann, &json!({ "name": "Sky" })).await;
    let path = |rest: &str| format!("/canvases/{id}/{rest}");
    let mut tab = TestClient::join(&carl, id).await;

    // A role, and the same one again.
    for _ in 0..2 {
        let body = json!({ "role": "viewer" });
        ann.put(&path("members/carl"), &body).await.expect(200);
    }
    let notification = told(&mut tab).await["notification"].take();
    assert_eq!(notification["kind"], "role_set");
    assert_eq!(notification["text"], "viewer");
    assert_eq!(notification["actor"]["username"], "ann");
    assert_eq!(notification["canvas_name"], "Sky");
    assert_eq!(inbox(&carl).await.1, 1);

    // A report, and its decision.
    tab.done(say("spam spam")).await;
    let message_id = tab.events[0]["message_id"].clone();
    let report = json!({
        "target": { "kind": "message", "message_id": message_id }, "rule": "spam",
    });
    let report = bob.post(&path("reports"), &report).await.json(201);
    let case = format!("/cases/{}/decide", report["case_id"]);
    let decision = json!({ "outcome": "sanctioned" });
    ann.post(&case, &decision).await.expect(200);
    let notification = only(&bob).await;
    assert_eq!(notification["kind"], "case_decided");
    assert_eq!(notification["text"], "sanctioned");
    assert_eq!(notification["actor"], Value::Null);
    assert_eq!(notification["canvas_id"], id);

    // A sanction, and the decision of its appeal. Carl blocks Ann, and hears of it all the same.
    carl.put("/users/me/blocks/ann", &json!({}))
        .await
        .expect(204);
    let body = json!({ "username": "carl", "kind": "mute", "reason": "spam", "duration_s": 600 });
    let sanction = ann.post(&path("sanctions"), &body).await.json(201);
    let message = told(&mut tab).await;
    let notification = &message["notification"];
    assert_eq!(notification["kind"], "sanction");
    assert_eq!(notification["text"], "spam");
    assert_eq!(notification["actor"], Value::Null);
    assert_eq!(notification["canvas_id"], id);
    assert_eq!(message["unread_count"], 2);
    let appeal = format!("/sanctions/{}/appeal", sanction["id"]);
    let appeal = carl
        .post(&appeal, &json!({ "text": "sorry" }))
        .await
        .json(201);
    let decide = format!("/appeals/{}/decide", appeal["id"]);
    let decision = json!({ "outcome": "lifted", "text": "good" });
    root.post(&decide, &decision).await.expect(200);
    let notification = told(&mut tab).await["notification"].take();
    assert_eq!(notification["kind"], "appeal_decided");
    assert_eq!(notification["text"], "lifted");
    assert_eq!(notification["actor"], Value::Null);

    // One of the whole server. Whoever is banned there may still read.
    let body = json!({ "username": "carl", "kind": "ban", "reason": "enough" });
    root.post("/admin/sanctions", &body).await.expect(201);
    let message = told(&mut tab).await;
    assert_eq!(message["notification"]["canvas_id"], Value::Null);
    assert_eq!(message["notification"]["canvas_name"], "");
    let all = json!({ "up_to_id": message["notification"]["id"] });
    carl.post(READ, &all).await.expect(204);
    assert_eq!(inbox(&carl).await.1, 0);
    let off = json!({ "notify": { "mention": false } });
    carl.patch(PREFERENCES, &off)
        .await
        .problem(403, "sanctioned");
    carl.get(PREFERENCES).await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn the_maker_of_an_invite_is_told_who_used_it() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({ "visibility": "private" })).await;
    let body = json!({ "role": "editor", "note": "for the class" });
    let invite = ann.post(&format!("/canvases/{id}/invites"), &body).await;
    let accept = format!(
        "/invites/{}/accept",
        invite.json(201)["code"].as_str().unwrap()
    );
    // The second time it gives nothing.
    for _ in 0..2 {
        bob.post(&accept, &json!({})).await.expect(200);
    }
    let notification = only(&ann).await;
    assert_eq!(notification["kind"], "invite_used");
    assert_eq!(notification["actor"]["username"], "bob");
    assert_eq!(notification["canvas_id"], id);
    assert_eq!(notification["text"], "for the class");
    assert_eq!(inbox(&bob).await.0.len(), 0);
    server.stop().await;
}

#[tokio::test]
async fn a_thousand_are_kept_for_ninety_days() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let pool = server.database.pool().await;
    sqlx::query(
        "WITH box AS (INSERT INTO notification_boxes (user_id, kept) VALUES ($1, 999))
         INSERT INTO notifications (user_id, kind, count, text, version, created_at)
         SELECT $1, 'mention', 1, n::text, 1,
                clock_timestamp() - CASE WHEN n <= 10 THEN interval '91 days' ELSE interval '89 days' END
         FROM generate_series(1, 999) AS n",
    )
    .bind(bob.id())
    .execute(&pool)
    .await
    .unwrap();
    let mut anns = TestClient::join(&ann, id).await;
    for number in 1..=3 {
        anns.done(say(&format!("@bob {number}"))).await;
        let page = bob.get(LIST).await.json(200);
        assert_eq!(page["unread_count"], 1000);
    }
    let all = bob.all(&format!("{LIST}?limit=200")).await;
    assert_eq!(all.len(), 1000);
    assert_eq!(all[0]["text"], "@bob 3");
    assert_eq!(all[999]["text"], "3");
    // The old ones go when a server starts, and every ten minutes.
    drop(anns);
    let server = TestServer::start_on(server.stop().await, &[]).await;
    let bob = sign_in(&server, "bob").await;
    let gone = async {
        while bob.get(LIST).await.json(200)["unread_count"] != 992 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::common::TEST_TIMEOUT, gone)
        .await
        .unwrap();
    server.stop().await;
}

#[tokio::test]
async fn nothing_is_left_of_deleted_canvases_and_accounts() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let carl = server.user("carl").await;
    let id = canvas(&ann, &json!({})).await;
    let other = canvas(&ann, &json!({})).await;
    for canvas in [id, other] {
        let mut tab = TestClient::join(&carl, canvas).await;
        tab.done(say("@bob @ann")).await;
    }
    ann.delete(&format!("/canvases/{id}")).await.expect(204);
    let left = only(&bob).await;
    assert_eq!(left["canvas_id"], other);
    assert_eq!(inbox(&bob).await.1, 1);
    let pool = server.database.pool().await;
    let count = async |of: i64| -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM notifications WHERE $1 IN (user_id, canvas_id)")
            .bind(of)
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    let cleaned = async { while count(id).await > 0 {} };
    tokio::time::timeout(crate::common::TEST_TIMEOUT, cleaned)
        .await
        .unwrap();

    // The names of a deleted account go; its own notifications, too.
    let delete = |client: &Client| {
        let body = json!({ "password": "password" });
        let request = client.request(reqwest::Method::DELETE, "/users/me");
        crate::common::http::Reply::of(request.json(&body))
    };
    delete(&carl).await.expect(204);
    let actor = only(&bob).await["actor"].take();
    assert!(actor["username"].as_str().unwrap().starts_with("deleted-"));
    assert_eq!(actor["display_name"], "Deleted account");
    delete(&bob).await.expect(204);
    assert_eq!(count(bob.id()).await, 0);
    let mut tab = TestClient::join(&ann, other).await;
    let name = actor["username"].as_str().unwrap();
    tab.done(say(&format!("@bob @{name}"))).await;
    assert_eq!(count(bob.id()).await, 0);
    assert_eq!(count(carl.id()).await, 0);
    server.stop().await;
}

/// Strokes and likes of a crowd, and readers of the notifications meanwhile: nothing waits for
/// ever, and the last count that each connection was told is right.
#[tokio::test]
async fn the_last_count_is_right_whatever_happens_at_once() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let mut canvases = Vec::new();
    for _ in 0..4 {
        let id = canvas(&ann, &json!({})).await;
        for owner in [&ann, &bob] {
            let mut tab = TestClient::join(owner, id).await;
            let x = i64::from(owner.id() == bob.id());
            tab.done(json!({ "type": "tile_create", "x": x, "y": 0 }))
                .await;
        }
        canvases.push(id);
    }
    let home = canvas(&ann, &json!({})).await;
    let mut tabs = Vec::new();
    for owner in [&ann, &bob, &ann, &bob] {
        tabs.push(TestClient::join(owner, home).await);
    }
    let mut painters = tokio::task::JoinSet::new();
    for (number, id) in canvases.into_iter().enumerate() {
        let painter = server.user(&format!("painter{number}")).await;
        painters.spawn(async move {
            let mut tab = TestClient::join(&painter, id).await;
            for pixel in 0..20 {
                for x in 0..2 {
                    tab.operate(stroke((x + pixel) % 2, 0, pixel)).await;
                }
                tab.operate(say("@ann @bob")).await;
            }
            while !tab.unanswered().is_empty() {
                tab.next().await;
            }
        });
    }
    let readers = [ann.clone(), bob.clone()].map(|reader| {
        tokio::spawn(async move {
            for _ in 0..10 {
                reader
                    .post(READ, &json!({ "up_to_id": i64::MAX }))
                    .await
                    .expect(204);
            }
        })
    });
    while let Some(done) = painters.join_next().await {
        done.unwrap();
    }
    for reader in readers {
        reader.await.unwrap();
    }
    for (tab, owner) in tabs.iter_mut().zip([&ann, &bob, &ann, &bob]) {
        let (items, unread) = inbox(owner).await;
        let mentions = items.iter().filter(|it| it["kind"] == "mention").count();
        assert_eq!(mentions, 80);
        let told = tab.drain().await;
        let mut counts = told
            .iter()
            .filter_map(|message| message["unread_count"].as_i64());
        assert_eq!(counts.next_back(), Some(unread));
    }
    server.stop().await;
}

/// While a crowd likes a tile, its creator is told the first of them at once, and then how many
/// they are once a second.
#[tokio::test]
async fn likes_of_a_crowd_are_told_once_a_second() {
    const CROWD: i64 = 60;
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    tab.done(json!({ "type": "tile_create", "x": 0, "y": 0 }))
        .await;
    let tiles = ann.get(&format!("/canvases/{id}/tiles")).await.json(200);
    let like = format!("/tiles/{}/like", tiles["items"][0]["id"]);
    let mut fans = tokio::task::JoinSet::new();
    for number in 0..CROWD {
        let fan = server.guest(&format!("Fan {number}")).await;
        let like = like.clone();
        fans.spawn(async move { fan.put(&like, &json!({})).await.expect(200).status });
    }
    while let Some(done) = fans.join_next().await {
        assert_eq!(done.unwrap(), 200);
    }
    let mut counts = Vec::new();
    while counts.last() != Some(&CROWD) {
        let message = told(&mut tab).await;
        assert_eq!(message["unread_count"], 1);
        counts.push(message["notification"]["count"].as_i64().unwrap());
    }
    assert!(counts.is_sorted(), "{counts:?}");
    assert!(counts.len() < 30, "{counts:?}");
    assert_eq!(only(&ann).await["count"], CROWD);
    server.stop().await;
}
