//! Private messages: who may write to whom, their order, what the two users have of them, and
//! what their connections hear.

use crate::common::{TestServer, canvas, http::Client, socket::TestClient};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Begins a conversation of one user with another, and returns its id.
async fn begin(user: &Client, other: &Client) -> i64 {
    let body = json!({ "username": other.username() });
    let begun = user.post("/conversations", &body).await.json(201);
    assert_eq!(begun["with"]["user_id"], other.id());
    begun["id"].as_i64().unwrap()
}

/// Two users who share a canvas, each with a connection to it, and their conversation.
struct Pair {
    ann: Client,
    bob: Client,
    anns: TestClient,
    bobs: TestClient,
    canvas: i64,
    id: i64,
}

impl Pair {
    async fn on(server: &TestServer) -> Self {
        let (ann, bob) = (server.user("ann").await, server.user("bob").await);
        let canvas = canvas(&ann, &json!({})).await;
        let anns = TestClient::join(&ann, canvas).await;
        let bobs = TestClient::join(&bob, canvas).await;
        let id = begin(&ann, &bob).await;
        Self {
            ann,
            bob,
            anns,
            bobs,
            canvas,
            id,
        }
    }

    fn messages(&self) -> String {
        format!("/conversations/{}/messages", self.id)
    }

    fn to(&self, text: &str) -> Value {
        json!({ "type": "direct_message_send", "conversation_id": self.id, "text": text })
    }
}

/// The user's view of the only conversation in their list.
async fn only(user: &Client) -> Value {
    let mut listed = user.get("/conversations").await.json(200);
    let items = listed["items"].as_array_mut().unwrap();
    assert_eq!(items.len(), 1, "{items:?}");
    items.pop().unwrap()
}

async fn unread(user: &Client) -> i64 {
    let listed = user.get("/conversations").await.json(200);
    listed["unread_count"].as_i64().unwrap()
}

fn text(text: &str) -> Value {
    json!({ "text": text })
}

fn texts(items: &[Value]) -> Vec<&str> {
    let texts = items.iter().map(|item| item["text"].as_str().unwrap());
    texts.collect()
}

#[tokio::test]
async fn a_conversation_is_begun_once() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("Bob").await);
    let shared = canvas(&ann, &json!({})).await;
    drop(TestClient::join(&bob, shared).await);
    let begun = ann
        .post("/conversations", &json!({ "username": "bOB" }))
        .await
        .json(201);
    assert_eq!(begun["state"], "open");
    assert_eq!(begun["last_message"], Value::Null);
    assert_eq!(begun["unread_count"], 0);
    assert_eq!(begun["with"]["username"], "Bob");
    let again = ann
        .post("/conversations", &json!({ "username": "Bob" }))
        .await
        .json(200);
    assert_eq!(again, begun);
    // The other one finds the same, but has it in the list only once there is a message.
    assert!(bob.all("/conversations").await.is_empty());
    assert_eq!(only(&ann).await, begun);
    let theirs = bob
        .post("/conversations", &json!({ "username": "ann" }))
        .await
        .json(200);
    assert_eq!(theirs["id"], begun["id"]);
    assert_eq!(theirs["with"]["username"], "ann");

    let oneself = ann
        .post("/conversations", &json!({ "username": "ANN" }))
        .await;
    oneself.refuses("username");
    for nobody in ["nobody", "x", "no one"] {
        let body = json!({ "username": nobody });
        let reply = ann.post("/conversations", &body).await;
        reply.problem(404, "user_not_found");
    }
    let visitor = server.visitor();
    visitor.get("/conversations").await.expect(401);
    visitor.post("/conversations", &json!({})).await.expect(401);
    server.stop().await;
}

#[tokio::test]
async fn both_at_once_begin_one_conversation() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let begun = join_all((0..6).map(|n| {
        let (user, name) = if n % 2 == 0 {
            (&ann, "bob")
        } else {
            (&bob, "ann")
        };
        async move {
            user.post("/conversations", &json!({ "username": name }))
                .await
        }
    }))
    .await;
    let created = begun.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(created, 1);
    let ids: Vec<Value> = begun
        .iter()
        .map(|reply| reply.json(reply.status.as_u16())["id"].clone())
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    server.stop().await;
}

#[tokio::test]
async fn preferences_and_blocks_say_who_may_begin() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let prefer = async |who: &str| {
        let body = json!({ "direct_messages": who });
        bob.patch("/users/me/preferences", &body).await.expect(200);
    };
    let begin = async || {
        ann.post("/conversations", &json!({ "username": "bob" }))
            .await
    };
    prefer("nobody").await;
    begin().await.problem(403, "not_wanted");
    prefer("shared_canvas").await;
    begin().await.problem(403, "not_wanted");
    // A role given by name is enough for one of them, and a visit for the other.
    let shared = canvas(&ann, &json!({})).await;
    begin().await.problem(403, "not_wanted");
    drop(TestClient::join(&bob, shared).await);
    let path = "/users/me/blocks/";
    ann.put(&format!("{path}bob"), &json!({})).await.expect(204);
    begin().await.problem(403, "not_wanted");
    ann.delete(&format!("{path}bob")).await.expect(204);
    bob.put(&format!("{path}ann"), &json!({})).await.expect(204);
    begin().await.problem(403, "not_wanted");
    bob.delete(&format!("{path}ann")).await.expect(204);
    let begun = begin().await.json(201);
    assert_eq!(begun["state"], "open");

    // The preference holds for messages, too; who writes may be answered.
    let messages = format!("/conversations/{}/messages", begun["id"]);
    ann.post(&messages, &text("hi")).await.expect(201);
    prefer("nobody").await;
    let refused = ann.post(&messages, &text("hi")).await;
    refused.problem(403, "not_wanted");
    bob.post(&messages, &text("but I do")).await.expect(201);
    ann.post(&messages, &text("fine")).await.expect(201);
    server.stop().await;
}

#[tokio::test]
async fn a_stranger_sends_one_message_until_it_is_accepted() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let (annas, bobs) = (
        canvas(&ann, &json!({})).await,
        canvas(&bob, &json!({})).await,
    );
    let mut tab = TestClient::join(&ann, annas).await;
    let mut theirs = TestClient::join(&bob, bobs).await;
    let id = begin(&ann, &bob).await;
    let messages = format!("/conversations/{id}/messages");
    let accept = format!("/conversations/{id}/accept");
    assert_eq!(only(&ann).await["state"], "request");
    let send = json!({ "type": "direct_message_send", "conversation_id": id, "text": "hello" });
    tab.done(send.clone()).await;
    assert_eq!(
        theirs.expect("direct_message").await["message"]["text"],
        "hello"
    );
    for user in [&ann, &bob] {
        assert_eq!(only(user).await["state"], "request");
    }
    assert_eq!(unread(&bob).await, 1);
    let second = ann.post(&messages, &text("are you there?")).await;
    second.problem(403, "not_wanted");
    tab.send(&send).await;
    tab.refused("not_wanted").await;
    // Who asks cannot accept.
    ann.post(&accept, &json!({}))
        .await
        .problem(403, "forbidden");
    let stranger = server.user("eve").await;
    for path in [&accept, &format!("/conversations/{id}/read")] {
        let reply = stranger.post(path, &json!({ "seq": 1 })).await;
        reply.problem(404, "conversation_not_found");
    }
    bob.post(&accept, &json!({})).await.expect(204);
    bob.post(&accept, &json!({})).await.expect(204);
    for user in [&ann, &bob] {
        assert_eq!(only(user).await["state"], "open");
    }
    ann.post(&messages, &text("thanks")).await.expect(201);
    theirs.expect("direct_message").await;
    let said = theirs.drain().await;
    let said: Vec<&Value> = said
        .iter()
        .filter(|m| m["type"] == "direct_message")
        .collect();
    assert!(said.is_empty(), "{said:?}");

    // An answer accepts, too.
    let eves = begin(&stranger, &bob).await;
    let messages = format!("/conversations/{eves}/messages");
    stranger.post(&messages, &text("1")).await.expect(201);
    let second = stranger.post(&messages, &text("2")).await;
    second.problem(403, "not_wanted");
    bob.post(&messages, &text("3")).await.expect(201);
    stranger.post(&messages, &text("4")).await.expect(201);
    assert_eq!(only(&stranger).await["state"], "open");
    server.stop().await;
}

#[tokio::test]
async fn messages_reach_every_connection_of_both_and_are_acknowledged() {
    let server = TestServer::start().await;
    let mut pair = Pair::on(&server).await;
    // Other tabs, on another canvas as well.
    let other = canvas(&pair.bob, &json!({})).await;
    let mut anns_tab = TestClient::join(&pair.ann, other).await;
    let mut bobs_tab = TestClient::join(&pair.bob, other).await;
    let message = pair.to("first");
    let ack = pair.anns.done(message).await;
    assert_eq!(ack["for"], "direct_message_send");
    assert_eq!(ack["seq"], 1);
    let mut first = Value::Null;
    for tab in [&mut anns_tab, &mut pair.bobs, &mut bobs_tab] {
        let told = tab.expect("direct_message").await["message"].clone();
        assert_eq!(told["message_id"], ack["message_id"]);
        assert_eq!(told["conversation_id"], pair.id);
        assert_eq!(told["seq"], 1);
        assert_eq!(told["sender_id"], pair.ann.id());
        assert_eq!(told["text"], "first");
        assert_eq!(told["removed"], false);
        assert_eq!(told["op_id"], ack["op_id"]);
        assert_eq!(told["created_at"], ack["timestamp"]);
        first = told;
    }
    // Not to the one that sent it, nor to anybody else.
    let eve = server.user("eve").await;
    let mut eves = TestClient::join(&eve, pair.canvas).await;
    let sent = pair.bob.post(&pair.messages(), &text("second")).await;
    let second = sent.json(201);
    assert_eq!(second["seq"], 2);
    assert!(second.get("op_id").is_none());
    for tab in [&mut pair.anns, &mut anns_tab, &mut pair.bobs, &mut bobs_tab] {
        let told = tab.expect("direct_message").await;
        assert_eq!(told["message"], second);
    }
    let heard = eves.drain().await;
    assert!(heard.iter().all(|m| m["type"] != "direct_message"));
    let listed = pair.bob.all(&pair.messages()).await;
    assert_eq!(listed, [second, first]);
    // The chat of the canvas has nothing of it, and its events go on from where they were.
    let done = pair
        .anns
        .done(json!({ "type": "canvas_chat", "text": "aloud" }))
        .await;
    assert_eq!(done["seq"], 1);
    server.stop().await;
}

#[tokio::test]
async fn an_op_id_is_stored_once() {
    let server = TestServer::start().await;
    let mut pair = Pair::on(&server).await;
    let path = pair.messages();
    let op_id = Uuid::new_v4().to_string().to_uppercase();
    let body = json!({ "text": "once", "op_id": op_id });
    let sent = pair.ann.post(&path, &body).await.json(201);
    assert_eq!(sent["op_id"], op_id);
    let repeat = json!({ "text": "other words", "op_id": op_id.to_lowercase() });
    assert_eq!(pair.ann.post(&path, &repeat).await.json(200), sent);
    let mut message = pair.to("again");
    message["op_id"] = json!(op_id.to_lowercase());
    pair.anns.send(&message).await;
    let ack = pair.anns.until(|m| m["type"] == "ack").await;
    assert_eq!(
        (&ack["seq"], &ack["message_id"]),
        (&sent["seq"], &sent["message_id"])
    );
    assert_eq!(ack["op_id"], op_id.to_lowercase());
    // The other user's is another one.
    let theirs = pair.bob.post(&path, &body).await.json(201);
    assert_eq!(theirs["seq"], 2);

    // Many at once, over both ways.
    let op_id = Uuid::new_v4().to_string();
    let body = json!({ "text": "at once", "op_id": op_id });
    message["op_id"] = json!(op_id);
    let mut tab = TestClient::join(&pair.ann, pair.canvas).await;
    for connection in [&mut pair.anns, &mut tab] {
        connection.send(&message).await;
    }
    let replies = join_all((0..8).map(|_| pair.ann.post(&path, &body))).await;
    let seqs: Vec<Value> = replies
        .iter()
        .map(|reply| reply.json(reply.status.as_u16())["seq"].clone())
        .collect();
    assert!(seqs.iter().all(|seq| *seq == 3), "{seqs:?}");
    for connection in [&mut pair.anns, &mut tab] {
        let ack = connection
            .until(|m| m["type"] == "ack" && m["op_id"] == *op_id)
            .await;
        assert_eq!(ack["seq"], 3);
    }
    assert_eq!(pair.bob.all(&path).await.len(), 3);
    // Whoever is blocked meanwhile gets the first answer all the same.
    pair.bob
        .put("/users/me/blocks/ann", &json!({}))
        .await
        .expect(204);
    pair.ann.post(&path, &body).await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn messages_of_both_at_once_have_one_order() {
    let server = TestServer::start().await;
    let mut pair = Pair::on(&server).await;
    let path = pair.messages();
    let sending = async |user: &Client, name: &str| {
        for n in 0..25 {
            let body = text(&format!("{name} {n}"));
            user.post(&path, &body).await.expect(201);
        }
    };
    let mut anns_tab = TestClient::join(&pair.ann, pair.canvas).await;
    tokio::join!(sending(&pair.ann, "ann"), sending(&pair.bob, "bob"));
    let mut listed = pair.ann.all(&format!("{path}?limit=7")).await;
    listed.reverse();
    let seqs: Vec<i64> = listed.iter().map(|m| m["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=50).collect::<Vec<_>>());
    for name in ["ann", "bob"] {
        let own = texts(&listed).into_iter().filter(|t| t.starts_with(name));
        let expected: Vec<String> = (0..25).map(|n| format!("{name} {n}")).collect();
        assert_eq!(own.collect::<Vec<_>>(), expected);
    }
    for tab in [&mut pair.anns, &mut anns_tab, &mut pair.bobs] {
        for message in &listed {
            assert_eq!(tab.expect("direct_message").await["message"], *message);
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn messages_are_read_in_pieces_from_either_end() {
    let server = TestServer::start().await;
    let pair = Pair::on(&server).await;
    let path = pair.messages();
    for n in 1..=7 {
        let sent = pair.ann.post(&path, &text(&n.to_string())).await;
        sent.expect(201);
    }
    for (query, expected) in [
        ("", "7 6 5 4 3 2 1"),
        ("?before_seq=4", "3 2 1"),
        ("?after_seq=4", "5 6 7"),
        ("?after_seq=0", "1 2 3 4 5 6 7"),
        ("?after_seq=2&before_seq=5", "3 4"),
        ("?after_seq=7", ""),
        ("?limit=2", "7 6 5 4 3 2 1"),
        ("?limit=2&before_seq=6", "5 4 3 2 1"),
        ("?limit=2&after_seq=3", "4 5 6 7"),
    ] {
        let all = pair.bob.all(&format!("{path}{query}")).await;
        assert_eq!(texts(&all).join(" "), expected, "{query}");
    }
    for wrong in ["?limit=0", "?limit=201", "?before_seq=x", "?cursor=x"] {
        let reply = pair.bob.get(&format!("{path}{wrong}")).await;
        reply.problem(422, "validation_failed");
    }
    let eve = server.user("eve").await;
    let reply = eve.get(&path).await;
    reply.problem(404, "conversation_not_found");
    let reply = eve.post(&path, &text("me too")).await;
    reply.problem(404, "conversation_not_found");
    let reply = eve.delete(&format!("/conversations/{}", pair.id)).await;
    reply.problem(404, "conversation_not_found");
    for nonsense in ["0", "x", "99999999999999999999"] {
        let reply = eve
            .get(&format!("/conversations/{nonsense}/messages"))
            .await;
        reply.problem(404, "conversation_not_found");
    }
    server.stop().await;
}

#[tokio::test]
async fn texts_are_cleaned_and_limited() {
    let server = TestServer::start().await;
    let mut pair = Pair::on(&server).await;
    let path = pair.messages();
    let sent = pair.ann.post(&path, &text(" a\r\nb \t")).await.json(201);
    assert_eq!(sent["text"], "a\nb");
    let longest = "\u{1f31f}".repeat(2000);
    pair.ann.post(&path, &text(&longest)).await.expect(201);
    for wrong in ["", " \n ", "a\u{7}", &"x".repeat(2001)] {
        pair.ann.post(&path, &text(wrong)).await.refuses("text");
        let message = pair.to(wrong);
        pair.anns.send(&message).await;
        pair.anns.refused("invalid_message").await;
    }
    let no_uuid = json!({ "text": "x", "op_id": "x" });
    pair.ann.post(&path, &no_uuid).await.refuses("op_id");
    for (wrong, code) in [
        (
            json!({ "type": "direct_message_send", "text": "x" }),
            "invalid_message",
        ),
        (
            json!({ "type": "direct_message_send", "conversation_id": "7", "text": "x" }),
            "invalid_message",
        ),
        (
            json!({ "type": "direct_message_send", "conversation_id": 0, "text": "x" }),
            "conversation_not_found",
        ),
        (
            json!({ "type": "direct_message_read", "conversation_id": 0, "seq": 1 }),
            "conversation_not_found",
        ),
        (
            json!({ "type": "direct_message_read", "conversation_id": pair.id, "seq": -1 }),
            "invalid_message",
        ),
        (
            json!({ "type": "direct_typing", "conversation_id": 0, "is_typing": true }),
            "conversation_not_found",
        ),
        (
            json!({ "type": "direct_typing", "conversation_id": pair.id }),
            "invalid_message",
        ),
    ] {
        pair.anns.send(&wrong).await;
        pair.anns.refused(code).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn what_was_read_is_known_on_all_connections_of_the_reader() {
    let server = TestServer::start().await;
    let mut pair = Pair::on(&server).await;
    let path = pair.messages();
    let read = format!("/conversations/{}/read", pair.id);
    for n in 1..=3 {
        let sent = pair.ann.post(&path, &text(&n.to_string())).await;
        sent.expect(201);
    }
    assert_eq!(unread(&pair.bob).await, 3);
    assert_eq!(only(&pair.bob).await["unread_count"], 3);
    assert_eq!(unread(&pair.ann).await, 0);
    let mut tab = TestClient::join(&pair.bob, pair.canvas).await;
    pair.bob.post(&read, &json!({ "seq": 2 })).await.expect(204);
    for connection in [&mut pair.bobs, &mut tab] {
        let told = connection.expect("direct_message_read").await;
        assert_eq!(
            (&told["conversation_id"], &told["seq"]),
            (&json!(pair.id), &json!(2))
        );
    }
    assert_eq!(unread(&pair.bob).await, 1);
    // A lower one changes nothing.
    pair.bob.post(&read, &json!({ "seq": 1 })).await.expect(204);
    assert_eq!(unread(&pair.bob).await, 1);
    // Beyond the newest is the newest; the connection that says it is not told.
    let all = json!({ "type": "direct_message_read", "conversation_id": pair.id, "seq": 99 });
    let ack = pair.bobs.done(all.clone()).await;
    assert_eq!(ack["for"], "direct_message_read");
    let told = tab.expect("direct_message_read").await;
    assert_eq!(told["seq"], 3);
    assert_eq!(unread(&pair.bob).await, 0);
    pair.bobs.done(all).await;
    for connection in [&mut pair.anns, &mut pair.bobs, &mut tab] {
        let heard = connection.drain().await;
        assert!(
            heard.iter().all(|m| m["type"] != "direct_message_read"),
            "{heard:?}"
        );
    }
    pair.ann.post(&path, &text("4")).await.expect(201);
    assert_eq!(unread(&pair.bob).await, 1);
    for wrong in [json!({}), json!({ "seq": -1 }), json!({ "seq": "x" })] {
        pair.bob.post(&read, &wrong).await.refuses("seq");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_hidden_conversation_comes_back_with_something_new() {
    let server = TestServer::start().await;
    let pair = Pair::on(&server).await;
    let path = pair.messages();
    pair.ann.post(&path, &text("1")).await.expect(201);
    let conversation = format!("/conversations/{}", pair.id);
    pair.bob.delete(&conversation).await.expect(204);
    pair.bob.delete(&conversation).await.expect(204);
    assert!(pair.bob.all("/conversations").await.is_empty());
    assert_eq!(unread(&pair.bob).await, 0);
    assert_eq!(only(&pair.ann).await["last_message"]["text"], "1");
    pair.ann.post(&path, &text("2")).await.expect(201);
    let back = only(&pair.bob).await;
    assert_eq!(back["id"], pair.id);
    assert_eq!(back["last_message"]["text"], "2");
    assert_eq!(unread(&pair.bob).await, 2);
    assert_eq!(texts(&pair.bob.all(&path).await), ["2", "1"]);
    server.stop().await;
}

#[tokio::test]
async fn the_list_has_the_newest_message_first() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let shared = canvas(&ann, &json!({})).await;
    let mut others = Vec::new();
    for name in ["bob", "carl", "dora", "emil"] {
        let other = server.user(name).await;
        drop(TestClient::join(&other, shared).await);
        let id = begin(&other, &ann).await;
        let path = format!("/conversations/{id}/messages");
        other.post(&path, &text(name)).await.expect(201);
        others.push((other, path));
    }
    let names = async || {
        let listed = ann.get("/conversations").await.json(200);
        let items = listed["items"].as_array().unwrap().clone();
        let name = |item: &Value| item["with"]["username"].as_str().unwrap().to_owned();
        items.iter().map(name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names().await, "emil dora carl bob");
    ann.post(&others[1].1, &text("hi")).await.expect(201);
    assert_eq!(names().await, "carl emil dora bob");
    let (bob, path) = &others[0];
    bob.post(path, &text("me again")).await.expect(201);
    assert_eq!(names().await, "bob carl emil dora");
    assert_eq!(unread(&ann).await, 5);
    let first = ann.get("/conversations?limit=3").await.json(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 3);
    assert_eq!(first["unread_count"], 5);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = ann
        .get(&format!("/conversations?limit=3&cursor={cursor}"))
        .await
        .json(200);
    assert_eq!(rest["items"][0]["with"]["username"], "dora");
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next_cursor"], Value::Null);
    for wrong in ["limit=0", "cursor=x", "cursor=1"] {
        let reply = ann.get(&format!("/conversations?{wrong}")).await;
        reply.problem(422, "validation_failed");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_removed_message_keeps_its_place() {
    let server = TestServer::start().await;
    let mut pair = Pair::on(&server).await;
    let path = pair.messages();
    let mut sent = Vec::new();
    for words in ["keep", "regret", "keep too"] {
        sent.push(pair.ann.post(&path, &text(words)).await.json(201));
        pair.anns.expect("direct_message").await;
        pair.bobs.expect("direct_message").await;
    }
    let one = format!("{path}/{}", sent[1]["message_id"].as_str().unwrap());
    pair.bob.delete(&one).await.problem(403, "forbidden");
    let eve = server.user("eve").await;
    eve.delete(&one)
        .await
        .problem(404, "conversation_not_found");
    for unknown in [Uuid::new_v4().to_string(), "x".to_owned()] {
        let reply = pair.ann.delete(&format!("{path}/{unknown}")).await;
        reply.problem(404, "message_not_found");
    }
    // A message of another conversation of the same user.
    let id = begin(&pair.ann, &eve).await;
    let elsewhere = format!(
        "/conversations/{id}/messages/{}",
        sent[1]["message_id"].as_str().unwrap()
    );
    let reply = pair.ann.delete(&elsewhere).await;
    reply.problem(404, "message_not_found");

    pair.ann.delete(&one).await.expect(204);
    let mut removed = sent[1].clone();
    removed["text"] = json!("");
    removed["removed"] = json!(true);
    for connection in [&mut pair.anns, &mut pair.bobs] {
        let told = connection.expect("direct_message").await;
        assert_eq!(told["message"], removed);
    }
    let listed = pair.bob.all(&path).await;
    assert_eq!(listed, [sent[2].clone(), removed, sent[0].clone()]);
    // It counts no more among those that are unread.
    assert_eq!(unread(&pair.bob).await, 2);
    pair.ann.delete(&one).await.expect(204);
    let heard = pair.bobs.drain().await;
    assert!(heard.iter().all(|m| m["type"] != "direct_message"));
    let last = format!("{path}/{}", sent[2]["message_id"].as_str().unwrap());
    pair.ann.delete(&last).await.expect(204);
    assert_eq!(only(&pair.bob).await["last_message"]["text"], "");
    server.stop().await;
}

#[tokio::test]
async fn a_block_in_the_middle_of_a_conversation() {
    let server = TestServer::start().await;
    let mut pair = Pair::on(&server).await;
    let path = pair.messages();
    pair.ann.post(&path, &text("1")).await.expect(201);
    pair.bobs.expect("direct_message").await;
    let block = "/users/me/blocks/ann";
    pair.bob.put(block, &json!({})).await.expect(204);
    assert_eq!(only(&pair.bob).await["state"], "blocked");
    assert_eq!(only(&pair.ann).await["state"], "open");
    let refused = pair.ann.post(&path, &text("2")).await;
    refused.problem(403, "not_wanted");
    let message = pair.to("2");
    pair.anns.send(&message).await;
    pair.anns.refused("not_wanted").await;
    // Neither may write.
    let refused = pair.bob.post(&path, &text("3")).await;
    refused.problem(403, "not_wanted");
    let typing = json!({ "type": "direct_typing", "conversation_id": pair.id, "is_typing": true });
    pair.anns.send(&typing).await;
    // What was written before stays, and can be read and removed.
    assert_eq!(pair.bob.all(&path).await.len(), 1);
    pair.anns.drain().await;
    let heard = pair.bobs.drain().await;
    assert!(
        heard
            .iter()
            .all(|m| m["type"] != "direct_message" && m["type"] != "direct_typing"),
        "{heard:?}"
    );
    pair.bob.delete(block).await.expect(204);
    assert_eq!(only(&pair.bob).await["state"], "open");
    let sent = pair.ann.post(&path, &text("4")).await.json(201);
    assert_eq!(sent["seq"], 2);
    assert_eq!(pair.bobs.expect("direct_message").await["message"], sent);
    server.stop().await;
}

#[tokio::test]
async fn typing_ends_by_itself() {
    let server = TestServer::start().await;
    let mut pair = Pair::on(&server).await;
    let typing = |is_typing: bool| json!({ "type": "direct_typing", "conversation_id": pair.id, "is_typing": is_typing });
    let mut bobs_tab = TestClient::join(&pair.bob, pair.canvas).await;
    let mut anns_tab = TestClient::join(&pair.ann, pair.canvas).await;
    pair.anns.send(&typing(true)).await;
    pair.anns.send(&typing(true)).await;
    for tab in [&mut pair.bobs, &mut bobs_tab] {
        let told = tab.expect("direct_typing").await;
        assert_eq!(told["conversation_id"], pair.id);
        assert_eq!(told["is_typing"], true);
    }
    let begun = Instant::now();
    let told = pair.bobs.expect("direct_typing").await;
    assert_eq!(told["is_typing"], false);
    assert!(begun.elapsed() > Duration::from_millis(4_500));
    assert_eq!(bobs_tab.expect("direct_typing").await["is_typing"], false);
    pair.anns.send(&typing(true)).await;
    assert_eq!(pair.bobs.expect("direct_typing").await["is_typing"], true);
    pair.anns.send(&typing(false)).await;
    let begun = Instant::now();
    assert_eq!(pair.bobs.expect("direct_typing").await["is_typing"], false);
    assert!(begun.elapsed() < Duration::from_secs(3));
    for tab in [&mut pair.anns, &mut anns_tab] {
        let heard = tab.drain().await;
        assert!(heard.iter().all(|m| m["type"] != "direct_typing"));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_mute_holds_towards_the_people_of_its_canvas() {
    let server = TestServer::start().await;
    let mut pair = Pair::on(&server).await;
    let path = pair.messages();
    let eve = server.user("eve").await;
    let eves = canvas(&eve, &json!({})).await;
    drop(TestClient::join(&pair.bob, eves).await);
    let other = begin(&pair.bob, &eve).await;
    let other = format!("/conversations/{other}/messages");
    let mute = json!({ "username": "bob", "kind": "mute", "reason": "shouting" });
    let sanctions = format!("/canvases/{}/sanctions", pair.canvas);
    let sanction = pair.ann.post(&sanctions, &mute).await.json(201);
    let refused = pair.bob.post(&path, &text("1")).await;
    let problem = refused.problem(403, "sanctioned");
    assert_eq!(problem["sanction"]["id"], sanction["id"]);
    let message = pair.to("1");
    pair.bobs.send(&message).await;
    let error = pair.bobs.refused("sanctioned").await;
    assert_eq!(error["sanction"]["id"], sanction["id"]);
    // Not towards others, and not the other way.
    pair.bob.post(&other, &text("2")).await.expect(201);
    pair.ann.post(&path, &text("3")).await.expect(201);
    let lift = format!("/sanctions/{}/lift", sanction["id"]);
    pair.ann.post(&lift, &json!({})).await.expect(200);
    pair.bob.post(&path, &text("4")).await.expect(201);
    // One of the server holds towards everybody.
    let admin = server.admin("root").await;
    admin.post("/admin/sanctions", &mute).await.expect(201);
    for path in [&path, &other] {
        let refused = pair.bob.post(path, &text("5")).await;
        refused.problem(403, "sanctioned");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_persons_rate_is_one_over_http_and_all_connections() {
    let server = TestServer::start_with(&["--rate-limits", "on"]).await;
    let mut pair = Pair::on(&server).await;
    let path = pair.messages();
    let body = text("x");
    let replies = join_all((0..300).map(|_| pair.ann.post(&path, &body))).await;
    let refused = replies.iter().find(|reply| reply.status == 429);
    let refused = refused.expect("there is no limit");
    refused.problem(429, "rate_limited");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!(wait > 0);
    // The connection has spent it as well.
    for _ in 0..200 {
        let message = pair.to("y");
        pair.anns.send(&message).await;
    }
    let error = pair.anns.refused("rate_limited").await;
    assert!(error["retry_after_ms"].as_i64().unwrap() > 0);
    let answer = pair.bob.post(&path, &text("z")).await;
    answer.expect(201);
    server.stop().await;
}

#[tokio::test]
async fn what_a_deleted_account_wrote_stays_without_its_names() {
    let server = TestServer::start().await;
    let pair = Pair::on(&server).await;
    let path = pair.messages();
    pair.ann.post(&path, &text("remember me")).await.expect(201);
    let request = pair
        .ann
        .request(reqwest::Method::DELETE, "/users/me")
        .json(&json!({ "password": "password" }));
    crate::common::http::Reply::of(request).await.expect(204);
    let left = only(&pair.bob).await;
    assert_eq!(left["with"]["display_name"], "Deleted account");
    assert_eq!(left["last_message"]["text"], "remember me");
    assert_eq!(texts(&pair.bob.all(&path).await), ["remember me"]);
    let refused = pair.bob.post(&path, &text("where are you?")).await;
    refused.problem(403, "not_wanted");
    server.stop().await;
}

#[tokio::test]
async fn messages_are_notified_unless_the_conversation_is_open() {
    let server = TestServer::start().await;
    let mut pair = Pair::on(&server).await;
    let path = pair.messages();
    let sent = pair.ann.post(&path, &text("psst")).await.json(201);
    let told = pair.bobs.expect("notification").await;
    let notification = &told["notification"];
    assert_eq!(notification["kind"], "direct_message");
    assert_eq!(notification["conversation_id"], pair.id);
    assert_eq!(notification["message_id"], sent["message_id"]);
    assert_eq!(notification["actor"]["username"], "ann");
    assert_eq!(notification["text"], "psst");
    assert_eq!(notification["read"], false);
    assert_eq!(told["unread_count"], 1);
    // Reading the conversation reads it.
    let read = json!({ "type": "direct_message_read", "conversation_id": pair.id, "seq": 1 });
    pair.bobs.send(&read).await;
    let told = pair.bobs.expect("notifications_read").await;
    assert_eq!(told["unread_count"], 0);
    // From then on the conversation is open there.
    pair.bobs.drain().await;
    pair.ann.post(&path, &text("again")).await.expect(201);
    let told = pair.bobs.expect("notification").await;
    assert_eq!(told["notification"]["read"], true);
    assert_eq!(told["unread_count"], 0);
    // Until the connection names another one.
    let eve = server.user("eve").await;
    drop(TestClient::join(&eve, pair.canvas).await);
    let other = begin(&pair.bob, &eve).await;
    let typing = json!({ "type": "direct_typing", "conversation_id": other, "is_typing": true });
    pair.bobs.send(&typing).await;
    pair.bobs
        .done(json!({ "type": "direct_message_read", "conversation_id": other, "seq": 0 }))
        .await;
    let third = pair.ann.post(&path, &text("and again")).await.json(201);
    let told = pair.bobs.expect("notification").await;
    assert_eq!(told["notification"]["read"], false);
    assert_eq!(told["unread_count"], 1);
    // The words of a removed message go from it.
    let one = format!("{path}/{}", third["message_id"].as_str().unwrap());
    pair.ann.delete(&one).await.expect(204);
    let listed = pair.bob.get("/users/me/notifications").await.json(200);
    assert_eq!(listed["items"][0]["text"], "");
    // A connection that closes has nothing open.
    let mut tab = TestClient::join(&pair.bob, pair.canvas).await;
    tab.done(json!({ "type": "direct_message_read", "conversation_id": pair.id, "seq": 3 }))
        .await;
    tab.close().await;
    pair.bobs.drain().await;
    // The server notices it a moment after the client.
    loop {
        pair.ann.post(&path, &text("gone?")).await.expect(201);
        let told = pair.bobs.expect("notification").await;
        if told["notification"]["read"] == false {
            break;
        }
    }
    server.stop().await;
}
