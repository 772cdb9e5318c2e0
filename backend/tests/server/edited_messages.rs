//! Chat messages that are answered and edited: who may, what others hear, and that the new
//! words stand wherever the message, its edits and the answers to it are read.

use crate::common::{
    TEST_TIMEOUT, TestServer, canvas, cluster::Cluster, http::Client, socket::TestClient,
};
use chrono::{SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

fn chat(text: &str) -> Value {
    json!({ "type": "canvas_chat", "text": text })
}

fn answer(text: &str, to: &Value) -> Value {
    json!({ "type": "canvas_chat", "text": text, "reply_to": to["message_id"] })
}

fn edit(message: &Value, text: &str) -> Value {
    json!({ "type": "chat_edit", "message_id": message["message_id"], "text": text })
}

fn remove(message: &Value) -> Value {
    json!({ "type": "chat_remove", "message_id": message["message_id"] })
}

fn path(canvas: i64, message: &Value) -> String {
    let id = message["message_id"].as_str().unwrap();
    format!("/canvases/{canvas}/messages/{id}")
}

/// Carries out a request about chat, and returns its event.
async fn told(tab: &mut TestClient, request: Value) -> Value {
    let ack = tab.done(request).await;
    let event = tab.events.last().unwrap().clone();
    assert_eq!(event["seq"], ack["seq"], "{ack}");
    event
}

/// Sends a request that is refused with this code.
async fn refused(tab: &mut TestClient, request: Value, code: &str) -> Value {
    let op_id = tab.operate(request.clone()).await;
    let answers = |m: &Value| m["op_id"] == *op_id && m["type"] != "canvas_chat_message";
    let answer = tab.until(answers).await;
    assert_eq!(answer["code"], code, "{request}: {answer}");
    answer
}

async fn set(owner: &Client, canvas: i64, change: &Value) {
    let path = format!("/canvases/{canvas}");
    owner.patch(&path, change).await.expect(200);
}

/// The events of a canvas as they are read in every way, each in order: from the list, filtered
/// by kind and by actor, and replayed from memory or the log.
async fn read_everywhere(reader: &Client, canvas: i64, last: &TestClient) -> Vec<Vec<Value>> {
    let events = format!("/canvases/{canvas}/events");
    let list = reader.all(&events).await;
    let mut filtered = reader
        .all(&format!("{events}?kind=canvas_chat_message"))
        .await;
    for kind in ["chat_edited", "chat_removed"] {
        filtered.extend(reader.all(&format!("{events}?kind={kind}")).await);
    }
    let query = last
        .query(reader)
        .replace(&format!("last_seq={}", last.seq), "last_seq=0");
    let query = query.split("&last_timestamp").next().unwrap();
    let mut tab = TestClient::connect(reader.addr, canvas, query).await;
    assert_eq!(tab.connected["resume"], "resumed");
    let head = tab.connected["seq"].as_i64().unwrap();
    tab.reach(head).await;
    let from_memory = std::mem::take(&mut tab.events);
    tab.seq = 0;
    tab.done(json!({ "type": "request_update", "last_seq": 0 }))
        .await;
    let mut ways = vec![list, filtered, from_memory, tab.events.clone()];
    for way in &mut ways {
        way.sort_by_key(|event| event["seq"].as_i64());
        assert_eq!(i64::try_from(way.len()), Ok(head));
    }
    ways
}

#[tokio::test]
async fn an_answer_shows_what_it_answers_as_it_is_now() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let (id, elsewhere) = (
        canvas(&ann, &json!({})).await,
        canvas(&ann, &json!({})).await,
    );
    let mut ann_tab = TestClient::join(&ann, id).await;
    let mut bob_tab = TestClient::join(&bob, id).await;
    let long = "ö".repeat(200);
    let message = told(&mut ann_tab, chat(&long)).await;
    assert_eq!(
        (
            &message["reply_to"],
            &message["edited_at"],
            &message["removed"]
        ),
        (&Value::Null, &Value::Null, &json!(false))
    );
    let said = told(&mut bob_tab, answer("I see", &message)).await;
    let reply_to = json!({
        "message_id": message["message_id"], "sender_username": "ann", "excerpt": "ö".repeat(80),
    });
    assert_eq!(said["reply_to"], reply_to);
    assert_eq!(said["message_text"], "I see");
    ann_tab.reach(2).await;
    assert_eq!(ann_tab.events.last(), Some(&said));
    // An answer can be answered; a removed message too, which has no words to show.
    let next = told(&mut ann_tab, answer("good", &said)).await;
    assert_eq!(next["reply_to"]["excerpt"], "I see");
    assert_eq!(next["reply_to"]["sender_username"], "bob");
    ann_tab.done(remove(&message)).await;
    let late = told(&mut ann_tab, answer("what was it?", &message)).await;
    let blank = json!({
        "message_id": message["message_id"], "sender_username": "ann", "excerpt": "",
    });
    assert_eq!(late["reply_to"], blank);
    for way in read_everywhere(&bob, id, &ann_tab).await {
        assert_eq!(way[1]["reply_to"], blank);
        assert_eq!(way[2], next);
        assert_eq!(way[4], late);
    }
    let messages = bob.all(&format!("/canvases/{id}/messages")).await;
    assert_eq!(messages[0]["reply_to"], blank);
    assert_eq!(messages[2]["reply_to"], blank);
    let snapshot = bob.get(&format!("/canvases/{id}/snapshot")).await.json(200);
    assert_eq!(snapshot["messages"][1]["reply_to"], blank);
    // Only what is on the same canvas.
    let mut other_tab = TestClient::join(&ann, elsewhere).await;
    let other = told(&mut other_tab, chat("elsewhere")).await;
    for unknown in [&other, &json!({ "message_id": Uuid::now_v7() })] {
        refused(&mut ann_tab, answer("hm", unknown), "message_not_found").await;
    }
    for wrong in [json!("x"), json!(7)] {
        let request = answer("hm", &json!({ "message_id": wrong }));
        refused(&mut ann_tab, request, "invalid_message").await;
    }
    let none = told(&mut ann_tab, answer("hm", &json!({ "message_id": null }))).await;
    assert_eq!(none["reply_to"], Value::Null);
}

#[tokio::test]
async fn from_an_edit_on_the_new_words_stand_wherever_the_message_is_read() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut ann_tab = TestClient::join(&ann, id).await;
    let mut bob_tab = TestClient::join(&bob, id).await;
    let message = told(&mut ann_tab, chat("the first words")).await;
    bob_tab.reach(1).await;
    told(&mut bob_tab, answer("I see", &message)).await;
    let ack = ann_tab.done(edit(&message, " the second words ")).await;
    // The event comes to everybody, the author too, and before the ack.
    let edited = ann_tab.events.last().unwrap().clone();
    let expected = json!({
        "type": "chat_edited", "seq": 3, "canvas_id": id, "message_id": message["message_id"],
        "target_seq": 1, "message_text": "the second words", "edited_at": ack["timestamp"],
        "op_id": ack["op_id"],
    });
    assert_eq!((&edited, &ack["for"]), (&expected, &json!("chat_edit")));
    assert_eq!(bob_tab.expect("chat_edited").await, expected);
    told(&mut bob_tab, answer("I see more", &message)).await;
    ann_tab.reach(4).await;
    // Over HTTP.
    let body = json!({ "text": "the third words" });
    let changed = ann.patch(&path(id, &message), &body).await.json(200);
    let third = bob_tab.expect("chat_edited").await;
    assert_eq!(third.get("op_id"), None);
    let mut now = message.clone();
    for (field, value) in [
        ("message_text", &third["message_text"]),
        ("edited_at", &third["edited_at"]),
    ] {
        now[field] = value.clone();
    }
    let as_item = |event: &Value| {
        let mut item = event.clone();
        for field in ["type", "op_id"] {
            item.as_object_mut().unwrap().remove(field);
        }
        item
    };
    assert_eq!(changed, as_item(&now));
    let ways = read_everywhere(&bob, id, &bob_tab).await;
    for way in &ways {
        let text = Value::from(way.clone()).to_string();
        assert!(
            !text.contains("first") && !text.contains("second"),
            "{text}"
        );
        assert_eq!(way[0], now);
        assert_eq!(way[1]["reply_to"]["excerpt"], "the third words");
        // An earlier edit has the newest words, and its own time.
        assert_eq!(way[2]["message_text"], "the third words");
        assert_eq!(way[2]["edited_at"], edited["edited_at"]);
        assert_eq!(way[3]["reply_to"]["excerpt"], "the third words");
        assert_eq!(way[4], third);
    }
    let messages = bob.all(&format!("/canvases/{id}/messages")).await;
    assert_eq!(messages[2], changed);
    assert_eq!(messages[0]["reply_to"]["excerpt"], "the third words");
    let snapshot = bob.get(&format!("/canvases/{id}/snapshot")).await.json(200);
    assert_eq!(snapshot["messages"][0], changed);
    let pool = server.database.pool().await;
    let left: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM canvas_events WHERE body LIKE '%first%' OR body LIKE '%second%'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(left, 0);
    // Who left at the edit resumes: it has a time.
    ann_tab.reach(5).await;
    bob_tab.done(chat("later")).await;
    let mut back = TestClient::resume(&ann, id, &ann_tab).await;
    assert_eq!(back.connected["resume"], "resumed");
    back.reach(6).await;
    // A room that is opened anew has its newest event from the log.
    told(&mut ann_tab, answer("the last", &message)).await;
    drop((ann_tab, bob_tab, back, pool));
    let database = server.stop().await;
    let server = TestServer::start_on(database, &[]).await;
    let bob = Client {
        addr: server.addr,
        ..bob
    };
    let tab = TestClient::join(&bob, id).await;
    for way in read_everywhere(&bob, id, &tab).await {
        assert_eq!(way[0], now);
        assert_eq!(way[6]["reply_to"]["excerpt"], "the third words");
    }
}

#[tokio::test]
async fn a_removal_takes_the_words_of_edits_and_answers_too() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&bob, id).await;
    let message = told(&mut tab, chat("secret one")).await;
    told(&mut tab, edit(&message, "secret two")).await;
    told(&mut tab, answer("oh", &message)).await;
    told(&mut tab, edit(&message, "secret three")).await;
    ann.delete(&path(id, &message)).await.expect(204);
    tab.reach(5).await;
    for way in read_everywhere(&ann, id, &tab).await {
        let text = Value::from(way.clone()).to_string();
        assert!(!text.contains("secret"), "{text}");
        assert_eq!(way[0]["removed"], true);
        for seq in [0, 1, 3] {
            assert_eq!(way[seq]["message_text"], "");
        }
        assert_eq!(way[2]["reply_to"]["excerpt"], "");
        assert_eq!(way[2]["message_text"], "oh");
    }
    // What was said last is kept for moderators.
    let pool = server.database.pool().await;
    let kept: String = sqlx::query_scalar("SELECT text FROM removed_messages WHERE seq = 1")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(kept, "secret three");
}

#[tokio::test]
async fn the_author_edits_within_a_quarter_of_an_hour() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut ann_tab = TestClient::join(&ann, id).await;
    let mut tab = TestClient::join(&bob, id).await;
    let body = json!({ "text": "others" });
    let message = told(&mut tab, chat("words")).await;
    // Nobody else, of whatever rank.
    refused(&mut ann_tab, edit(&message, "others"), "forbidden").await;
    let at = path(id, &message);
    ann.patch(&at, &body).await.problem(403, "forbidden");
    let visitor = server.visitor();
    visitor
        .patch(&at, &body)
        .await
        .problem(401, "unauthenticated");
    // Words that are none.
    refused(&mut tab, edit(&message, " \n "), "text_empty").await;
    refused(&mut tab, edit(&message, &"x".repeat(2001)), "text_too_long").await;
    refused(&mut tab, edit(&message, "a\u{7}"), "invalid_message").await;
    for text in [json!(""), json!("x".repeat(2001)), json!(null), json!(7)] {
        bob.patch(&at, &json!({ "text": text }))
            .await
            .refuses("text");
    }
    // Messages that are not there, or not any more.
    let unknown = json!({ "message_id": Uuid::now_v7() });
    refused(&mut tab, edit(&unknown, "new"), "message_not_found").await;
    let missing = bob.patch(&path(id, &unknown), &body).await;
    missing.problem(404, "message_not_found");
    refused(&mut tab, edit(&json!({}), "new"), "invalid_message").await;
    let gone = told(&mut tab, chat("gone")).await;
    tab.done(remove(&gone)).await;
    refused(&mut tab, edit(&gone, "new"), "message_not_found").await;
    bob.patch(&path(id, &gone), &body)
        .await
        .problem(404, "message_not_found");
    // The same words again change nothing, and are carried out once.
    let mut same = edit(&message, " words ");
    let ack = tab.done(same.clone()).await;
    assert_eq!(
        (ack.get("seq"), ack["for"].as_str()),
        (None, Some("chat_edit"))
    );
    told(&mut tab, edit(&message, "new words")).await;
    same["op_id"] = ack["op_id"].clone();
    tab.send(&same).await;
    assert_eq!(tab.answer().await.get("seq"), None);
    let unchanged = bob.patch(&at, &json!({ "text": "new words" })).await;
    assert_eq!(unchanged.json(200)["message_text"], "new words");
    // A repeat gets the first seq, and does not bring its words back.
    let mut first = edit(&message, "newer words");
    let ack = tab.done(first.clone()).await;
    told(&mut tab, edit(&message, "newest words")).await;
    first["op_id"] = ack["op_id"].clone();
    tab.send(&first).await;
    assert_eq!(tab.answer().await["seq"], ack["seq"]);
    let messages = ann.all(&format!("/canvases/{id}/messages")).await;
    assert_eq!(messages[1]["message_text"], "newest words");
    // Until 15 minutes have passed.
    let pool = server.database.pool().await;
    for (minutes, is_late) in [(14, false), (15, true)] {
        let sent = Utc::now() - TimeDelta::minutes(minutes);
        let sent = sent.to_rfc3339_opts(SecondsFormat::Millis, true);
        let body: String = sqlx::query_scalar("SELECT body FROM canvas_events WHERE seq = 1")
            .fetch_one(&pool)
            .await
            .unwrap();
        let stored: Value = serde_json::from_str(&body).unwrap();
        let older = body.replace(stored["created_at"].as_str().unwrap(), &sent);
        sqlx::query("UPDATE canvas_events SET body = $1 WHERE seq = 1")
            .bind(&older)
            .execute(&pool)
            .await
            .unwrap();
        let request = edit(&message, &format!("after {minutes} minutes"));
        if is_late {
            refused(&mut tab, request, "forbidden").await;
            let late = bob
                .patch(&path(id, &message), &json!({ "text": "x" }))
                .await;
            late.problem(403, "forbidden");
        } else {
            told(&mut tab, request).await;
        }
    }
}

#[tokio::test]
async fn mute_slow_mode_and_lockdown_hold_for_edits() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&bob, id).await;
    let body = json!({ "text": "over HTTP" });
    let before = told(&mut tab, chat("before")).await;
    // Slow mode: nothing is edited in the pause after a message, and an edit begins no pause.
    set(&ann, id, &json!({ "slow_mode_s": 3600 })).await;
    tab.expect("canvas_updated").await;
    told(&mut tab, edit(&before, "edited before")).await;
    told(&mut tab, edit(&before, "edited again")).await;
    let message = told(&mut tab, chat("slow")).await;
    let error = refused(&mut tab, edit(&message, "fast"), "slow_mode").await;
    assert!(
        error["retry_after_ms"].as_i64() > Some(3_500_000),
        "{error}"
    );
    let slow = bob.patch(&path(id, &message), &body).await;
    slow.problem(429, "slow_mode");
    assert!(slow.header("retry-after").parse::<u64>().unwrap() > 3500);
    let mut ann_tab = TestClient::join(&ann, id).await;
    let own = told(&mut ann_tab, chat("of the owner")).await;
    told(&mut ann_tab, edit(&own, "edited by the owner")).await;
    set(&ann, id, &json!({ "slow_mode_s": 0 })).await;
    tab.expect("canvas_updated").await;
    told(&mut tab, edit(&message, "no pause any more")).await;
    // Lockdown.
    let until = Utc::now() + TimeDelta::hours(1);
    let until = until.to_rfc3339_opts(SecondsFormat::Millis, true);
    set(&ann, id, &json!({ "lockdown_until": until })).await;
    refused(&mut tab, edit(&message, "locked"), "locked_down").await;
    bob.patch(&path(id, &message), &body)
        .await
        .problem(403, "locked_down");
    set(&ann, id, &json!({ "lockdown_until": null })).await;
    // What guests may not say they may not edit either.
    let guest = server.guest("Gus").await;
    let mut guest_tab = TestClient::join(&guest, id).await;
    let of_guest = told(&mut guest_tab, chat("hello")).await;
    set(&ann, id, &json!({ "guests": "look" })).await;
    refused(&mut guest_tab, edit(&of_guest, "hi"), "forbidden").await;
    // A mute.
    let mute = json!({ "username": "bob", "kind": "mute", "reason": "r", "duration_s": 600 });
    let sanctions = format!("/canvases/{id}/sanctions");
    ann.post(&sanctions, &mute).await.expect(201);
    let error = refused(&mut tab, edit(&message, "muted"), "sanctioned").await;
    assert_eq!(error["sanction"]["kind"], "mute");
    let muted = bob.patch(&path(id, &message), &body).await;
    muted.problem(403, "sanctioned");
    // Removing one's words stays allowed.
    tab.done(remove(&message)).await;
}

#[tokio::test]
async fn evidence_keeps_the_words_as_they_were_when_they_were_reported() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let eve = server.user("eve").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&eve, id).await;
    let first = told(&mut tab, chat("an insult")).await;
    let second = told(&mut tab, answer("another insult", &first)).await;
    told(&mut tab, edit(&second, "a worse insult")).await;
    let report = json!({
        "target": { "kind": "message", "message_id": second["message_id"] }, "rule": "hate",
    });
    let reports = format!("/canvases/{id}/reports");
    let report = bob.post(&reports, &report).await.json(201);
    told(&mut tab, edit(&first, "a nice word")).await;
    told(&mut tab, edit(&second, "another nice word")).await;
    tab.done(remove(&second)).await;
    let case = ann.get(&format!("/cases/{}", report["case_id"])).await;
    let evidence = case.json(200)["evidence"].take();
    assert_eq!(evidence["message"]["message_text"], "a worse insult");
    assert_eq!(evidence["message"]["reply_to"]["excerpt"], "an insult");
    assert_eq!(evidence["before"][0]["message_text"], "an insult");
}

#[tokio::test]
async fn notifications_have_the_words_of_now() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let eve = server.user("eve").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let message = told(&mut tab, chat("see this, @bob and @eve")).await;
    told(&mut tab, chat("and this, @bob")).await;
    let texts = async |user: &Client| -> Vec<Value> {
        let all = user.all("/users/me/notifications").await;
        all.iter().map(|it| it["text"].clone()).collect()
    };
    assert_eq!(
        texts(&bob).await,
        ["and this, @bob", "see this, @bob and @eve"]
    );
    // New words tell nobody anew.
    told(&mut tab, edit(&message, "never mind, @bob and @eve")).await;
    assert_eq!(
        texts(&bob).await,
        ["and this, @bob", "never mind, @bob and @eve"]
    );
    assert_eq!(texts(&eve).await, ["never mind, @bob and @eve"]);
    tab.done(remove(&message)).await;
    assert_eq!(texts(&bob).await, ["and this, @bob", ""]);
    assert_eq!(texts(&eve).await, [""]);
    let purge = json!({ "username": "ann", "since": "2020-01-01T00:00:00.000Z" });
    let path = format!("/canvases/{id}/messages/purge");
    ann.post(&path, &purge).await.json(200);
    assert_eq!(texts(&bob).await, ["", ""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_nodes_memory_gives_no_old_words_back() {
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
        let message = told(&mut here, chat("the old words")).await;
        let said = told(&mut here, answer("an answer", &message)).await;
        let seq = said["seq"].as_i64().unwrap();
        remote.reach(seq).await;
        assert_eq!(remote.events.last(), Some(&said));
        // In the moment after the commit.
        here.done(edit(&message, "the new words")).await;
        let mut resumed = TestClient::connect(there.addr, id, &query).await;
        resumed.reach(seq + 1).await;
        let all = Value::from(resumed.events.clone()).to_string();
        assert!(
            all.contains("new words") && !all.contains("old words"),
            "{all}"
        );
        let edited = remote.expect("chat_edited").await;
        assert_eq!(edited["message_text"], "the new words");
    }
}

#[tokio::test]
async fn the_name_of_a_deleted_account_goes_from_answers_too() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut ann_tab = TestClient::join(&ann, id).await;
    let mut bob_tab = TestClient::join(&bob, id).await;
    let message = told(&mut bob_tab, chat("hello")).await;
    told(&mut ann_tab, answer("hi", &message)).await;
    ann_tab.done(chat("bye")).await;
    let body = json!({ "password": "password" });
    let request = bob
        .request(reqwest::Method::DELETE, "/users/me")
        .json(&body);
    assert_eq!(request.send().await.unwrap().status(), 204);
    let gone = format!("deleted-{}", bob.id());
    let is_gone = |way: &Vec<Value>| way[1]["reply_to"]["sender_username"] == *gone;
    let everywhere = async {
        while !read_everywhere(&ann, id, &ann_tab)
            .await
            .iter()
            .all(is_gone)
        {}
    };
    let in_time = tokio::time::timeout(TEST_TIMEOUT, everywhere).await;
    in_time.expect("the name is left");
    let messages = ann.all(&format!("/canvases/{id}/messages")).await;
    assert_eq!(messages[1]["reply_to"]["sender_username"], *gone);
}
