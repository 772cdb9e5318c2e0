//! The words of comments: replaced and removed ones are read nowhere any more, on no node,
//! those that were reported stay as they were for moderators, and the names of deleted
//! accounts go.

use crate::common::{
    TEST_TIMEOUT, TestServer, canvas,
    cluster::Cluster,
    http::{Client, Reply},
    socket::TestClient,
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time;

fn create(text: &str) -> Value {
    json!({ "type": "comment_create", "x": 1, "y": 2, "text": text })
}

fn edit(comment: i64, text: &str) -> Value {
    json!({ "type": "comment_update", "comment_id": comment, "text": text })
}

fn resolve(comment: i64, resolved: bool) -> Value {
    json!({ "type": "comment_update", "comment_id": comment, "resolved": resolved })
}

fn remove(comment: i64) -> Value {
    json!({ "type": "comment_remove", "comment_id": comment })
}

async fn comment(tab: &mut TestClient, request: Value) -> i64 {
    tab.done(request).await["comment_id"].as_i64().unwrap()
}

/// All events as a connection that resumes gets them, and as it gets them when it asks again.
async fn replayed(reader: &Client, canvas: i64, last: &TestClient) -> [Vec<Value>; 2] {
    let query = last.query(reader);
    let query = query.replace(&format!("last_seq={}", last.seq), "last_seq=0");
    let query = query.split("&last_timestamp").next().unwrap();
    let mut tab = TestClient::connect(reader.addr, canvas, query).await;
    assert_eq!(tab.connected["resume"], "resumed");
    tab.reach(tab.connected["seq"].as_i64().unwrap()).await;
    let events = std::mem::take(&mut tab.events);
    tab.seq = 0;
    tab.done(json!({ "type": "request_update", "last_seq": 0 }))
        .await;
    [events, tab.events]
}

/// Everything that the log and the lists say of comments, and of the comments with this id
/// the texts of its events.
async fn texts(reader: &Client, canvas: i64, last: &TestClient, comment: i64) -> Vec<String> {
    let [resumed, again] = replayed(reader, canvas, last).await;
    let log = reader
        .all(&format!("/canvases/{canvas}/events?limit=2"))
        .await;
    assert_eq!((&resumed, &again), (&log, &log));
    let of_cell = reader
        .all(&format!("/canvases/{canvas}/events?x=1&y=2"))
        .await;
    let is_comment = |event: &&Value| event.get("comment").is_some();
    let comments: Vec<Value> = log.iter().filter(is_comment).cloned().collect();
    assert_eq!(of_cell, comments);
    let own = comments.iter().map(|event| &event["comment"]);
    let own = own.filter(|one| one["id"] == comment);
    own.map(|one| one["text"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn new_words_stand_wherever_the_old_ones_stood_and_removed_ones_nowhere() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let mut bob_tab = TestClient::join(&bob, id).await;
    let first = comment(&mut tab, create("first words")).await;
    let other = comment(&mut tab, create("other words")).await;
    tab.done(resolve(first, true)).await;
    bob_tab.reach(3).await;
    let left = TestClient::resume(&bob, id, &bob_tab).await;
    tab.done(edit(first, "second words")).await;
    tab.done(edit(first, "third words")).await;
    bob_tab.reach(5).await;
    let all = |text: &str, count: usize| vec![text.to_owned(); count];
    let found = texts(&bob, id, &bob_tab, first).await;
    assert_eq!(found, all("third words", 4));
    assert_eq!(texts(&bob, id, &bob_tab, other).await, ["other words"]);
    let log = bob.all(&format!("/canvases/{id}/events")).await;
    let edited_at = &log[4]["comment"]["edited_at"];
    assert!(edited_at.is_string());
    assert_eq!(&log[0]["comment"]["edited_at"], edited_at);
    // What else it was then stays.
    let resolved: Vec<&Value> = log.iter().map(|e| &e["comment"]["resolved"]).collect();
    assert_eq!(resolved, [false, false, true, true, true]);
    // Who left before resumes, since places and times are as they were.
    let mut back = TestClient::resume(&bob, id, &left).await;
    assert_eq!(back.connected["resume"], "resumed");
    assert_eq!(back.expect("comment_updated").await, log[3]);

    tab.done(remove(first)).await;
    bob_tab.reach(6).await;
    assert_eq!(texts(&bob, id, &bob_tab, first).await, all("", 5));
    let log = bob.all(&format!("/canvases/{id}/events")).await;
    for event in &log {
        let is_removed = event["comment"]["id"] == first;
        assert_eq!(event["comment"]["removed"], is_removed, "{event}");
    }
    let listed = bob.all(&format!("/canvases/{id}/comments")).await;
    assert_eq!(listed[0]["text"], "");
    assert!(!json!([log, listed]).to_string().contains("third"));
    let pool = server.database.pool().await;
    let in_log: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM canvas_events
         WHERE body LIKE '%first words%' OR body LIKE '%second%' OR body LIKE '%third%'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(in_log, 0);
    drop(pool);
    // A room that is opened anew has it from the log.
    let database = server.stop().await;
    let server = TestServer::start_on(database, &[]).await;
    let bob = Client {
        addr: server.addr,
        ..bob
    };
    assert_eq!(texts(&bob, id, &bob_tab, first).await, all("", 5));
    server.stop().await;
}

#[tokio::test]
async fn events_are_found_by_their_cell_their_type_and_who_acted() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let mut bob_tab = TestClient::join(&bob, id).await;
    bob_tab
        .done(json!({ "type": "tile_paint", "x": 1, "y": 2, "pixels": [[0, 1]] }))
        .await;
    let root = comment(&mut bob_tab, create("words")).await;
    tab.done(json!({ "type": "comment_create", "x": 2, "y": 1, "text": "elsewhere" }))
        .await;
    tab.done(resolve(root, true)).await;
    let seqs = async |query: &str| {
        let events = bob.all(&format!("/canvases/{id}/events?{query}")).await;
        let seqs = events.iter().map(|event| event["seq"].as_i64().unwrap());
        seqs.collect::<Vec<i64>>()
    };
    assert_eq!(seqs("x=1&y=2").await, [1, 2, 4]);
    assert_eq!(seqs("x=2&y=1").await, [3]);
    assert_eq!(seqs("kind=comment_created").await, [2, 3]);
    assert_eq!(seqs("kind=comment_updated&x=1&y=2").await, [4]);
    assert_eq!(seqs("actor=ann").await, [3, 4]);
    assert_eq!(seqs("actor=bob&kind=comment_created&limit=1").await, [2]);
    server.stop().await;
}

/// One node wrote the words, and another has them in memory.
#[tokio::test]
async fn every_node_forgets_the_words() {
    let cluster = Cluster::start(2).await;
    let [here, there] = &cluster.nodes[..] else {
        panic!("two nodes")
    };
    let ann = here.guest("Ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let away = there.at(&ann);
    let mut far = TestClient::join(&away, id).await;
    let first = comment(&mut tab, create("first words")).await;
    let second = comment(&mut far, create("second words")).await;
    far.reach(2).await;
    tab.reach(2).await;
    assert_eq!(texts(&away, id, &far, first).await, ["first words"]);
    tab.done(edit(first, "new words")).await;
    far.reach(3).await;
    assert_eq!(texts(&away, id, &far, first).await, vec!["new words"; 2]);
    tab.done(remove(second)).await;
    far.reach(4).await;
    assert_eq!(texts(&away, id, &far, second).await, ["", ""]);
    assert_eq!(texts(&ann, id, &tab, first).await, vec!["new words"; 2]);
    // One operation, asked of both.
    let mut request = create("once");
    request["op_id"] = json!(uuid::Uuid::new_v4());
    tokio::join!(tab.send(&request), far.send(&request));
    let (one, other) = tokio::join!(tab.answer(), far.answer());
    assert_eq!(
        (&one["seq"], &one["comment_id"]),
        (&other["seq"], &other["comment_id"])
    );
    assert_eq!(one["seq"], 5);
}

#[tokio::test]
async fn a_reported_comment_is_frozen_with_what_stood_around_it() {
    let server = TestServer::start().await;
    let (owner, bob) = (server.user("owner").await, server.user("bob").await);
    let id = canvas(&owner, &json!({})).await;
    let mut tab = TestClient::join(&bob, id).await;
    let mut moderators = TestClient::join(&owner, id).await;
    let mut made = Vec::new();
    for n in 0..25 {
        made.push(comment(&mut tab, create(&format!("words {n}"))).await);
    }
    tab.done(json!({ "type": "comment_create", "x": 0, "y": 0, "text": "elsewhere" }))
        .await;
    let target = made[12];
    tab.done(remove(made[11])).await;
    moderators.reach(27).await;
    let reporter = server.user("reporter").await;
    let path = format!("/canvases/{id}/reports");
    let body = json!({ "target": { "kind": "comment", "comment_id": target }, "rule": "hate" });
    let report = reporter.post(&path, &body).await.json(201);
    let opened = moderators.expect("case_opened").await;
    assert_eq!(opened["target"], body["target"]);
    assert_eq!(reporter.post(&path, &body).await.json(200), report);
    // Another's report of the same thing is the same case.
    let again = owner.post(&path, &body).await.json(201);
    assert_eq!(again["case_id"], report["case_id"]);
    owner
        .delete(&format!("/reports/{}", again["id"]))
        .await
        .expect(204);
    tab.done(edit(target, "harmless")).await;
    tab.done(remove(target)).await;
    tab.done(remove(made[13])).await;
    let path = format!("/cases/{}", report["case_id"]);
    let case = owner.get(&path).await.json(200);
    assert_eq!(case["target"], body["target"]);
    let evidence = &case["evidence"];
    assert_eq!(evidence["seq"], 27);
    assert_eq!(evidence["message"]["id"], target);
    assert_eq!(evidence["message"]["text"], "words 12");
    assert_eq!(evidence["message"]["author"]["username"], "bob");
    let texts = |field: &str| {
        let list = evidence[field].as_array().unwrap().iter();
        list.map(|one| one["text"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let words = |range: std::ops::Range<i32>| range.map(|n| format!("words {n}"));
    // Removed words are in the evidence too, and there alone.
    assert_eq!(texts("before"), words(2..12).collect::<Vec<_>>());
    assert_eq!(texts("after"), words(13..23).collect::<Vec<_>>());
    assert_eq!(evidence["before"][9]["removed"], true);
    // Its author is whom it is about.
    let decide = json!({ "outcome": "removed" });
    let moderator = server.user("mod").await;
    let role = json!({ "role": "moderator" });
    let member = format!("/canvases/{id}/members");
    for name in ["mod", "bob"] {
        owner
            .put(&format!("{member}/{name}"), &role)
            .await
            .expect(200);
    }
    bob.post(&format!("{path}/decide"), &decide)
        .await
        .problem(403, "forbidden");
    moderator
        .post(&format!("{path}/decide"), &decide)
        .await
        .expect(200);
    let log = owner.all(&format!("/canvases/{id}/moderation_log")).await;
    assert_eq!(log[0]["detail"]["kind"], "comment");
    // What is no comment of the canvas is not found.
    let elsewhere = canvas(&owner, &json!({})).await;
    for (canvas, comment) in [(elsewhere, target), (id, 0)] {
        let body = json!({
            "target": { "kind": "comment", "comment_id": comment }, "rule": "hate",
        });
        let path = format!("/canvases/{canvas}/reports");
        reporter
            .post(&path, &body)
            .await
            .problem(404, "comment_not_found");
    }
    server.stop().await;
}

/// The account's names go from lists at once, from the log, the rooms and evidence soon. Words
/// stay.
#[tokio::test]
async fn comments_outlive_their_authors_names() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("Ann_Smith").await, server.user("bob").await);
    let id = canvas(&bob, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let mut bob_tab = TestClient::join(&bob, id).await;
    let text = r#"I am "username":"Ann_Smith","display_name":"Ann_Smith""#;
    let root = comment(&mut tab, create(text)).await;
    bob_tab.done(resolve(root, true)).await;
    bob_tab.reach(2).await;
    let reporter = server.user("reporter").await;
    let body = json!({ "target": { "kind": "comment", "comment_id": root }, "rule": "hate" });
    let path = format!("/canvases/{id}/reports");
    let report = reporter.post(&path, &body).await.json(201);
    let mut before = bob.all(&format!("/canvases/{id}/events")).await;
    let request = ann
        .request(Method::DELETE, "/users/me")
        .json(&json!({ "password": "password" }));
    Reply::of(request).await.expect(204);
    let name = format!("deleted-{}", ann.id());
    let author = json!({
        "user_id": ann.id(), "username": name, "display_name": "Deleted account",
    });
    let listed = bob.all(&format!("/canvases/{id}/comments")).await;
    assert_eq!(
        (&listed[0]["author"], &listed[0]["text"]),
        (&author, &json!(text))
    );
    let case = format!("/cases/{}", report["case_id"]);
    let case = bob.get(&case).await.json(200);
    assert_eq!(case["evidence"]["message"]["author"], author);
    for event in &mut before {
        event["comment"]["author"] = author.clone();
    }
    let forgotten = async {
        while bob.all(&format!("/canvases/{id}/events")).await != before
            || replayed(&bob, id, &bob_tab)
                .await
                .iter()
                .any(|all| *all != before)
        {}
    };
    time::timeout(TEST_TIMEOUT, forgotten)
        .await
        .expect("the names are still there");
    server.stop().await;
}
