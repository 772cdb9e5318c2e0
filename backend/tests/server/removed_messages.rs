//! Chat messages that are removed: who may, what others hear, and that their words are read
//! nowhere any more.

use crate::common::{
    TestServer, canvas,
    cluster::Cluster,
    http::Client,
    socket::{TestClient, refusal, upgrade},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

fn chat(text: &str) -> Value {
    json!({ "type": "canvas_chat", "text": text })
}

fn remove(message: &Value) -> Value {
    json!({ "type": "chat_remove", "message_id": message["message_id"] })
}

/// Says something, and returns the message.
async fn say(tab: &mut TestClient, text: &str) -> Value {
    let op_id = tab.operate(chat(text)).await;
    let is_own = |m: &Value| m["type"] == "canvas_chat_message" && m["op_id"] == *op_id;
    let message = tab.until(is_own).await;
    tab.until(|m| m["type"] == "ack" && m["op_id"] == *op_id)
        .await;
    message
}

/// The lines of the moderation log about messages: action, actor, target, reason and detail.
async fn log_lines(pool: &PgPool, canvas: i64) -> Vec<(String, i64, Option<i64>, String, Value)> {
    sqlx::query_as(
        "SELECT action, actor_id, target_id, reason, detail FROM moderation_log
         WHERE canvas_id = $1 AND action IN ('message_removed', 'messages_purged') ORDER BY id",
    )
    .bind(canvas)
    .fetch_all(pool)
    .await
    .unwrap()
}

async fn give(owner: &Client, canvas: i64, user: &Client, role: &str) {
    let path = format!("/canvases/{canvas}/members/{}", user.username());
    owner.put(&path, &json!({ "role": role })).await.expect(200);
}

/// Panics if somebody who reads the canvas in any way finds the words.
async fn nowhere(words: &str, reader: &Client, canvas: i64, seq: i64, last: &TestClient) {
    let path = format!("/canvases/{canvas}");
    let is_removed = |message: &Value| {
        assert_eq!(message["message_text"], "", "{message}");
        assert_eq!(message["removed"], true, "{message}");
    };
    let messages = reader.all(&format!("{path}/messages")).await;
    let events = reader.all(&format!("{path}/events")).await;
    let snapshot = reader.get(&format!("{path}/snapshot")).await;
    assert!(!snapshot.text().contains(words));
    let snapshot = snapshot.json(200);
    for list in [&messages, &events, snapshot["messages"].as_array().unwrap()] {
        is_removed(list.iter().find(|m| m["seq"] == seq).unwrap());
        assert!(!Value::from(list.clone()).to_string().contains(words));
    }
    // From memory, and from the log.
    let query = last
        .query(reader)
        .replace(&format!("last_seq={}", last.seq), "last_seq=0");
    let query = query.split("&last_timestamp").next().unwrap();
    let mut tab = TestClient::connect(reader.addr, canvas, query).await;
    assert_eq!(tab.connected["resume"], "resumed");
    tab.reach(tab.connected["seq"].as_i64().unwrap()).await;
    for _ in 0..2 {
        is_removed(tab.events.iter().find(|m| m["seq"] == seq).unwrap());
        assert!(!Value::from(tab.events.clone()).to_string().contains(words));
        (tab.seq, tab.events) = (0, Vec::new());
        tab.done(json!({ "type": "request_update", "last_seq": 0 }))
            .await;
    }
}

#[tokio::test]
async fn removed_words_are_read_nowhere_and_a_resume_goes_on() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut ann_tab = TestClient::join(&ann, id).await;
    let mut bob_tab = TestClient::join(&bob, id).await;
    say(&mut bob_tab, "before").await;
    let message = say(&mut bob_tab, "the secret words").await;
    let seq = message["seq"].as_i64().unwrap();
    ann_tab.reach(seq).await;
    // Both are at the message that is going to be removed.
    let left_at_it = TestClient::resume(&ann, id, &ann_tab).await;
    let ack = bob_tab.done(remove(&message)).await;
    assert_eq!(ack["for"], "chat_remove");
    let told = bob_tab.events.last().unwrap().clone();
    let expected = json!({
        "type": "chat_removed", "seq": seq + 1, "canvas_id": id,
        "message_id": message["message_id"], "target_seq": seq, "remover_id": bob.id(),
        "by": "author", "timestamp": ack["timestamp"], "op_id": ack["op_id"],
    });
    assert_eq!((&told, &ack["seq"]), (&expected, &told["seq"]));
    assert_eq!(ann_tab.expect("chat_removed").await, expected);
    nowhere("secret", &ann, id, seq, &ann_tab).await;
    // Who left at the removed message resumes: its place and time stay.
    let mut back = TestClient::resume(&ann, id, &left_at_it).await;
    assert_eq!(back.connected["resume"], "resumed");
    assert_eq!(back.expect("chat_removed").await, expected);
    // The other words stay.
    let messages = ann.all(&format!("/canvases/{id}/messages")).await;
    assert_eq!(messages[1]["message_text"], "before");
    assert_eq!(messages[1]["removed"], false);
    let pool = server.database.pool().await;
    let in_log: i64 =
        sqlx::query_scalar("SELECT count(*) FROM canvas_events WHERE body LIKE '%secret%'")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(in_log, 0);
    let kept: (String, i64, i64) =
        sqlx::query_as("SELECT text, sender_id, remover_id FROM removed_messages WHERE seq = $1")
            .bind(seq)
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(kept, ("the secret words".to_owned(), bob.id(), bob.id()));
    // One's own words leave no line.
    assert_eq!(log_lines(&pool, id).await, []);
    drop(pool);
    // A room that is opened anew has it from the log.
    let database = server.stop().await;
    let server = TestServer::start_on(database, &[]).await;
    let ann = Client {
        addr: server.addr,
        ..ann
    };
    nowhere("secret", &ann, id, seq, &ann_tab).await;
}

#[tokio::test]
async fn a_second_removal_changes_nothing_and_a_repeat_gets_the_first_seq() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let message = say(&mut tab, "words").await;
    let mut request = remove(&message);
    let ack = tab.done(request.clone()).await;
    assert_eq!(ack["seq"], 2);
    let again = tab.done(request.clone()).await;
    assert_eq!(again.get("seq"), None, "{again}");
    request["op_id"] = ack["op_id"].clone();
    tab.send(&request).await;
    assert_eq!(tab.answer().await["seq"], 2);
    let text = message["message_id"].as_str().unwrap();
    let path = format!("/canvases/{id}/messages/{text}");
    ann.delete(&path).await.expect(204);
    ann.delete(&path).await.expect(204);
    assert_eq!(
        ann.get(&format!("/canvases/{id}")).await.json(200)["last_seq"],
        2
    );
    // Over HTTP.
    let other = say(&mut tab, "others").await;
    let text = other["message_id"].as_str().unwrap();
    ann.delete(&format!("/canvases/{id}/messages/{text}"))
        .await
        .expect(204);
    let told = tab.expect("chat_removed").await;
    assert_eq!(
        (&told["target_seq"], told.get("op_id")),
        (&other["seq"], None)
    );
}

#[tokio::test]
async fn what_is_no_message_of_the_canvas_is_not_found() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let (id, other) = (
        canvas(&ann, &json!({})).await,
        canvas(&ann, &json!({})).await,
    );
    let mut tab = TestClient::join(&ann, id).await;
    let elsewhere = say(&mut TestClient::join(&ann, other).await, "words").await;
    for message in [elsewhere["message_id"].clone(), json!(Uuid::now_v7())] {
        let op_id = tab
            .operate(json!({ "type": "chat_remove", "message_id": message }))
            .await;
        assert_eq!(tab.refused("message_not_found").await["op_id"], *op_id);
        let path = format!("/canvases/{id}/messages/{}", message.as_str().unwrap());
        ann.delete(&path).await.problem(404, "message_not_found");
    }
    for wrong in [json!("x"), json!(3), json!(null)] {
        tab.operate(json!({ "type": "chat_remove", "message_id": wrong }))
            .await;
        tab.refused("invalid_message").await;
    }
    let path = format!("/canvases/{id}/messages/x");
    ann.delete(&path).await.problem(404, "message_not_found");
    server
        .visitor()
        .delete(&path)
        .await
        .problem(401, "unauthenticated");
    let path = format!("/canvases/1/messages/{}", Uuid::now_v7());
    ann.delete(&path).await.problem(404, "canvas_not_found");
}

#[tokio::test]
async fn others_words_are_removed_by_those_of_higher_rank() {
    let server = TestServer::start().await;
    let owner = server.user("owner").await;
    let id = canvas(&owner, &json!({})).await;
    let mut people = vec![owner.clone()];
    for (name, role) in [
        ("mod1", Some("moderator")),
        ("mod2", Some("moderator")),
        ("edit", Some("editor")),
        ("view", Some("viewer")),
        ("none", None),
    ] {
        let user = server.user(name).await;
        if let Some(role) = role {
            give(&owner, id, &user, role).await;
        }
        people.push(user);
    }
    let ranks = [3, 2, 2, 1, 1, 1];
    let pool = server.database.pool().await;
    let mut lines = Vec::new();
    for (actor, rank) in people.iter().zip(ranks) {
        let mut actor_tab = TestClient::join(actor, id).await;
        for (target, below) in people.iter().zip(ranks) {
            let mut tab = TestClient::join(target, id).await;
            let own = actor.id() == target.id();
            let by_socket = say(&mut tab, "words").await;
            let by_http = say(&mut tab, "words").await;
            actor_tab.reach(by_http["seq"].as_i64().unwrap()).await;
            let text = by_http["message_id"].as_str().unwrap();
            let path = format!("/canvases/{id}/messages/{text}");
            if own || (rank >= 2 && rank > below) {
                actor_tab.done(remove(&by_socket)).await;
                let told = actor_tab.events.last().unwrap();
                let by = if own { "author" } else { "moderator" };
                assert_eq!(
                    (&told["by"], &told["remover_id"]),
                    (&json!(by), &json!(actor.id()))
                );
                actor.delete(&path).await.expect(204);
                if !own {
                    for message in [&by_socket, &by_http] {
                        let detail = json!({
                            "message_id": message["message_id"], "target_seq": message["seq"],
                        });
                        let action = "message_removed".to_owned();
                        let target = Some(target.id());
                        lines.push((action, actor.id(), target, String::new(), detail));
                    }
                }
            } else {
                actor_tab.operate(remove(&by_socket)).await;
                actor_tab.refused("forbidden").await;
                actor.delete(&path).await.problem(403, "forbidden");
            }
        }
    }
    assert_eq!(log_lines(&pool, id).await, lines);
}

#[tokio::test]
async fn on_a_private_canvas_only_members_remove() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({ "visibility": "private" })).await;
    let message = say(&mut TestClient::join(&ann, id).await, "words").await;
    let text = message["message_id"].as_str().unwrap();
    let path = format!("/canvases/{id}/messages/{text}");
    bob.delete(&path).await.problem(403, "forbidden");
    let request = upgrade(bob.addr, id, &format!("token={}", bob.token()), &[]);
    assert_eq!(
        refusal(bob.addr, request).await,
        (403, "forbidden".to_owned())
    );
    let purge = json!({ "username": "ann", "since": "2020-01-01T00:00:00.000Z" });
    let path = format!("/canvases/{id}/messages/purge");
    bob.post(&path, &purge).await.problem(403, "forbidden");
}

#[tokio::test]
async fn a_purge_takes_all_of_a_persons_messages_since_then() {
    let server = TestServer::start().await;
    let (ann, bob, eve) = (
        server.user("ann").await,
        server.user("bob").await,
        server.user("eve").await,
    );
    let id = canvas(&ann, &json!({})).await;
    give(&ann, id, &bob, "moderator").await;
    let mut eve_tab = TestClient::join(&eve, id).await;
    let mut bob_tab = TestClient::join(&bob, id).await;
    say(&mut eve_tab, "long ago").await;
    let first = say(&mut eve_tab, "first").await;
    say(&mut bob_tab, "innocent").await;
    let second = say(&mut eve_tab, "second").await;
    let third = say(&mut eve_tab, "third").await;
    eve_tab.done(remove(&second)).await;
    bob_tab.expect("chat_removed").await;
    let path = format!("/canvases/{id}/messages/purge");
    let purge =
        |name: &str| json!({ "username": name, "since": first["created_at"], "reason": " spam " });
    assert_eq!(
        bob.post(&path, &purge("EVE")).await.json(200),
        json!({ "removed": 2 })
    );
    for message in [&first, &third] {
        let told = bob_tab.expect("chat_removed").await;
        assert_eq!(told["target_seq"], message["seq"]);
        assert_eq!(told["by"], "moderator");
        assert_eq!(eve_tab.expect("chat_removed").await["seq"], told["seq"]);
    }
    let texts: Vec<Value> = ann
        .all(&format!("/canvases/{id}/messages"))
        .await
        .iter()
        .map(|message| message["message_text"].clone())
        .collect();
    assert_eq!(texts, ["", "", "innocent", "", "long ago"]);
    // Nothing is left, which leaves no line.
    assert_eq!(bob.post(&path, &purge("eve")).await.json(200)["removed"], 0);
    let pool = server.database.pool().await;
    let line = (
        "messages_purged".to_owned(),
        bob.id(),
        Some(eve.id()),
        "spam".to_owned(),
    );
    let line = (line.0, line.1, line.2, line.3, json!({ "removed": 2 }));
    assert_eq!(log_lines(&pool, id).await, [line]);
    // One's own words leave no line either.
    assert_eq!(bob.post(&path, &purge("bob")).await.json(200)["removed"], 1);
    assert_eq!(log_lines(&pool, id).await.len(), 1);
    for (user, name, status, code) in [
        (&bob, "ann", 403, "forbidden"),
        (&eve, "eve", 403, "forbidden"),
        (&eve, "bob", 403, "forbidden"),
        (&bob, "nobody", 404, "user_not_found"),
        (&server.visitor(), "eve", 401, "unauthenticated"),
    ] {
        user.post(&path, &purge(name)).await.problem(status, code);
    }
    let mut wrong = purge("eve");
    wrong["reason"] = "x".repeat(501).into();
    bob.post(&path, &wrong).await.refuses("reason");
    wrong["since"] = "yesterday".into();
    bob.post(&path, &wrong).await.refuses("since");
}

#[tokio::test]
async fn a_purge_takes_a_thousand_and_the_next_takes_the_rest() {
    let server = TestServer::start().await;
    let (ann, eve) = (server.user("ann").await, server.user("eve").await);
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let mut eve_tab = TestClient::join(&eve, id).await;
    for n in 0..1003 {
        eve_tab.operate(chat(&format!("spam {n}"))).await;
        if n % 50 == 49 {
            eve_tab.drain().await;
        }
    }
    tab.reach(1003).await;
    eve_tab.reach(1003).await;
    let path = format!("/canvases/{id}/messages/purge");
    let purge = json!({ "username": "eve", "since": "2020-01-01T00:00:00.000Z" });
    assert_eq!(ann.post(&path, &purge).await.json(200)["removed"], 1000);
    tab.reach(2003).await;
    let targets = tab.events[1003..]
        .iter()
        .map(|event| event["target_seq"].clone());
    assert!(targets.eq((1..=1000).map(Value::from)), "oldest first");
    assert_eq!(ann.post(&path, &purge).await.json(200)["removed"], 3);
    eve_tab.reach(2006).await;
    let messages = server
        .visitor()
        .all(&format!("/canvases/{id}/messages"))
        .await;
    assert!(messages.iter().all(|message| message["removed"] == true));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_nodes_memory_gives_no_removed_words_back() {
    let mut cluster = Cluster::start(2).await;
    let ann = cluster.nodes[0].guest("Ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut here = TestClient::join(&ann, id).await;
    let there = cluster.nodes[1].at(&ann);
    let mut remote = TestClient::join(&there, id).await;
    let query = format!(
        "token={}&last_seq=0&epoch={}",
        ann.token(),
        here.connected["epoch"].as_str().unwrap()
    );
    for is_up in [true, false] {
        if !is_up {
            cluster.redis.kill().await;
        }
        let message = say(&mut here, "the secret words").await;
        let seq = message["seq"].as_i64().unwrap();
        remote.reach(seq).await;
        // In the moment after the commit.
        here.done(remove(&message)).await;
        let mut resumed = TestClient::connect(there.addr, id, &query).await;
        resumed.reach(seq + 1).await;
        let all = Value::from(resumed.events.clone()).to_string();
        assert!(!all.contains("secret"), "{all}");
        remote.expect("chat_removed").await;
    }
}

/// Messages of a server of the version before have ids that do not name their place.
#[tokio::test]
async fn a_message_with_an_id_of_before_is_found() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    say(&mut tab, "first").await;
    let mut message = say(&mut tab, "second").await;
    let new = message["message_id"].as_str().unwrap().to_owned();
    let old = Uuid::now_v7().to_string();
    let pool = server.database.pool().await;
    // A log that is older than such ids has an index for them, a new one has none.
    sqlx::raw_sql(
        "CREATE INDEX canvas_events_old_message_id_idx
             ON canvas_events (canvas_id, substr(body, 45, 36))
             WHERE kind = 'canvas_chat_message' AND substr(body, 59, 1) = '7';
         UPDATE schema_compatibility SET has_old_message_ids = true",
    )
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query("UPDATE canvas_events SET body = replace(body, $2, $3) WHERE canvas_id = $1")
        .bind(id)
        .bind(&new)
        .bind(&old)
        .execute(&pool)
        .await
        .unwrap();
    // Its place alone is not enough.
    tab.operate(remove(&message)).await;
    tab.refused("message_not_found").await;
    message["message_id"] = json!(old);
    tab.done(remove(&message)).await;
    let messages = ann.all(&format!("/canvases/{id}/messages")).await;
    let removed: Vec<&Value> = messages.iter().filter(|m| m["removed"] == true).collect();
    assert_eq!(removed.len(), 1);
    assert_eq!(removed[0]["message_id"], old.as_str());
    server.stop().await;
}
