//! Comments on tiles: what everybody is told, who may do what, and what is refused.

use crate::common::{TestServer, canvas, http::Client, socket::TestClient};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::slice;
use uuid::Uuid;

fn create(x: i64, y: i64, text: &str) -> Value {
    json!({ "type": "comment_create", "x": x, "y": y, "text": text })
}

fn answer(x: i64, y: i64, text: &str, parent: i64) -> Value {
    json!({ "type": "comment_create", "x": x, "y": y, "text": text, "parent_id": parent })
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

fn paint(x: i64, y: i64, colour: i64) -> Value {
    json!({ "type": "tile_paint", "x": x, "y": y, "pixels": [[0, colour]] })
}

/// Carries out a request, and returns the comment's id.
async fn comment(tab: &mut TestClient, request: Value) -> i64 {
    tab.done(request).await["comment_id"].as_i64().unwrap()
}

async fn refused(tab: &mut TestClient, request: Value, code: &str) -> Value {
    let op_id = tab.operate(request).await;
    let error = tab.refused(code).await;
    assert_eq!(error["op_id"], *op_id, "{error}");
    error
}

async fn give(owner: &Client, canvas: i64, user: &Client, role: &str) {
    let path = format!("/canvases/{canvas}/members/{}", user.username());
    owner.put(&path, &json!({ "role": role })).await.expect(200);
}

async fn list(reader: &Client, canvas: i64, query: &str) -> Vec<Value> {
    reader
        .all(&format!("/canvases/{canvas}/comments{query}"))
        .await
}

fn ids(comments: &[Value]) -> Vec<i64> {
    let ids = comments.iter().map(|comment| comment["id"].as_i64());
    ids.map(Option::unwrap).collect()
}

#[tokio::test]
async fn who_acts_gets_the_ack_and_everybody_else_the_event() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut bob_tab = TestClient::join(&bob, id).await;
    let mut ann_tab = TestClient::join(&ann, id).await;
    let mut other_tab = TestClient::join(&ann, id).await;
    ann_tab.done(paint(1, 2, 3)).await;

    let ack = ann_tab.done(create(1, 2, " Nice \r\n work ")).await;
    assert_eq!(
        (&ack["for"], &ack["seq"]),
        (&json!("comment_create"), &json!(2))
    );
    let comment = json!({
        "id": ack["comment_id"], "canvas_id": id, "x": 1, "y": 2, "seq": 2, "at_seq": 1,
        "parent_id": null, "text": "Nice \n work", "resolved": false, "replies": 0,
        "author": { "user_id": ann.id(), "username": "ann", "display_name": "ann" },
        "removed": false, "created_at": ack["timestamp"], "edited_at": null,
    });
    let event = json!({
        "type": "comment_created", "seq": 2, "comment": comment, "timestamp": ack["timestamp"],
    });
    assert_eq!(bob_tab.expect("comment_created").await, event);
    assert_eq!(other_tab.expect("comment_created").await, event);
    assert_eq!(list(&bob, id, "").await, slice::from_ref(&comment));

    // An answer is a comment of its own.
    let root = comment["id"].as_i64().unwrap();
    let ack = bob_tab.done(answer(1, 2, "Thanks", root)).await;
    let told = ann_tab.expect("comment_created").await;
    assert_eq!(told["comment"]["parent_id"], root);
    assert_eq!(told["comment"]["author"]["username"], "bob");
    assert_eq!(
        (&told["comment"]["seq"], &told["comment"]["at_seq"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(told["comment"]["id"], ack["comment_id"]);
    let listed = list(&ann, id, "").await;
    assert_eq!(
        (&listed[0]["replies"], &listed[1]),
        (&json!(1), &told["comment"])
    );

    let ack = ann_tab.done(edit(root, "Very nice")).await;
    let told = bob_tab.expect("comment_updated").await;
    assert_eq!(
        (&told["seq"], &told["timestamp"]),
        (&ack["seq"], &ack["timestamp"])
    );
    assert_eq!((&ack["comment_id"], &ack["seq"]), (&json!(root), &json!(4)));
    let mut edited = comment;
    edited["text"] = "Very nice".into();
    edited["edited_at"] = ack["timestamp"].clone();
    edited["replies"] = 1.into();
    assert_eq!(told["comment"], edited);
    ann_tab.done(resolve(root, true)).await;
    let told = bob_tab.expect("comment_updated").await;
    edited["resolved"] = true.into();
    assert_eq!(told["comment"], edited);
    let both = json!({
        "type": "comment_update", "comment_id": root, "text": "So", "resolved": false,
    });
    ann_tab.done(both).await;
    let told = bob_tab.expect("comment_updated").await;
    assert_eq!(
        (&told["comment"]["text"], &told["comment"]["resolved"]),
        (&json!("So"), &json!(false))
    );
    ann_tab.done(remove(root)).await;
    let told = bob_tab.expect("comment_updated").await;
    assert_eq!(
        (&told["comment"]["text"], &told["comment"]["removed"]),
        (&json!(""), &json!(true))
    );
    assert_eq!(list(&ann, id, "").await[0], told["comment"]);
    // Of what one did oneself nothing came but the acks.
    assert!(
        ann_tab
            .events
            .iter()
            .all(|event| event["type"] != "comment_updated")
    );
    server.stop().await;
}

#[tokio::test]
async fn over_http_everybody_gets_the_event() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let path = format!("/canvases/{id}/comments");
    let body = json!({ "x": 0, "y": 1, "text": "words" });
    let made = ann.post(&path, &body).await.json(201);
    assert_eq!(tab.expect("comment_created").await["comment"], made);
    assert_eq!((&made["seq"], &made["at_seq"]), (&json!(1), &json!(0)));
    let reply = json!({ "x": 0, "y": 1, "text": "again", "parent_id": made["id"] });
    let reply = bob.post(&path, &reply).await.json(201);
    assert_eq!(tab.expect("comment_created").await["comment"], reply);
    let one = format!("/comments/{}", made["id"]);
    let changed = ann.patch(&one, &json!({ "text": "new" })).await.json(200);
    assert_eq!(changed["text"], "new");
    assert_eq!(tab.expect("comment_updated").await["comment"], changed);
    let changed = ann
        .patch(&one, &json!({ "resolved": true }))
        .await
        .json(200);
    assert_eq!(changed["resolved"], true);
    assert_eq!(tab.expect("comment_updated").await["comment"], changed);
    ann.delete(&one).await.expect(204);
    assert_eq!(
        tab.expect("comment_updated").await["comment"]["removed"],
        true
    );
    // A second time nothing changes.
    ann.delete(&one).await.expect(204);
    assert_eq!(tab.drain().await, [] as [Value; 0]);
    // The same operation again.
    let op_id = Uuid::new_v4();
    let body = json!({ "x": 2, "y": 1, "text": "once", "op_id": op_id });
    let first = ann.post(&path, &body).await.json(201);
    assert_eq!(ann.post(&path, &body).await.json(200), first);
    tab.send(&json!({
        "type": "comment_create", "x": 2, "y": 1, "text": "once", "op_id": op_id,
    }))
    .await;
    let ack = tab.answer().await;
    assert_eq!(
        (&ack["seq"], &ack["comment_id"]),
        (&first["seq"], &first["id"])
    );
    server.stop().await;
}

#[tokio::test]
async fn nothing_new_is_an_ack_without_seq_and_an_op_id_counts_once() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tabs = [
        TestClient::join(&ann, id).await,
        TestClient::join(&ann, id).await,
    ];
    let [tab, other] = &mut tabs;
    let root = comment(tab, create(0, 0, "words")).await;
    for same in [
        edit(root, " words\n"),
        resolve(root, false),
        json!({ "type": "comment_update", "comment_id": root }),
    ] {
        let ack = tab.done(same).await;
        assert_eq!((ack.get("seq"), &ack["comment_id"]), (None, &json!(root)));
    }
    let mut request = create(0, 0, "once");
    request["op_id"] = json!(Uuid::new_v4());
    // At once on two connections.
    tab.send(&request).await;
    other.send(&request).await;
    let (first, second) = (tab.answer().await, other.answer().await);
    assert_eq!(first["seq"], second["seq"]);
    assert_eq!(first["comment_id"], second["comment_id"]);
    assert_eq!(first["seq"], 2);
    tab.send(&request).await;
    assert_eq!(tab.answer().await["seq"], 2);
    let mut removal = remove(root);
    removal["op_id"] = json!(Uuid::new_v4());
    tab.send(&removal).await;
    assert_eq!(tab.answer().await["seq"], 3);
    tab.send(&removal).await;
    let again = tab.answer().await;
    assert_eq!(
        (&again["seq"], &again["comment_id"]),
        (&json!(3), &json!(root))
    );
    tab.send(&remove(root)).await;
    assert_eq!(tab.answer().await.get("seq"), None);
    assert_eq!(list(&ann, id, "").await.len(), 2);
    server.stop().await;
}

/// The comments are a first one, its answer, a removed one, and one of another canvas.
async fn wrong_requests_over_http_are_refused(
    server: &TestServer,
    ann: &Client,
    id: i64,
    [root, reply, gone, foreign]: [i64; 4],
) {
    let long = "🌟".repeat(1001);
    let path = format!("/canvases/{id}/comments");
    let post = async |body: Value| ann.post(&path, &body).await;
    let at = |text: &str| json!({ "x": 0, "y": 0, "text": text });
    post(at(" ")).await.refuses("text");
    post(at(&long)).await.refuses("text");
    post(json!({ "x": 0, "y": 0 }))
        .await
        .problem(422, "validation_failed");
    post(json!({ "x": 8, "y": 0, "text": "x" }))
        .await
        .problem(422, "out_of_bounds");
    post(json!({ "x": 1e30, "y": 0, "text": "x" }))
        .await
        .problem(422, "out_of_bounds");
    let with = |parent: i64| json!({ "x": 0, "y": 0, "text": "x", "parent_id": parent });
    post(with(reply)).await.refuses("parent_id");
    post(with(foreign)).await.problem(404, "comment_not_found");
    let one = |comment: i64| format!("/comments/{comment}");
    ann.patch(&one(reply), &json!({ "resolved": true }))
        .await
        .refuses("resolved");
    ann.patch(&one(root), &json!({ "text": " " }))
        .await
        .refuses("text");
    ann.patch(&one(gone), &json!({ "text": "x" }))
        .await
        .problem(404, "comment_not_found");
    for unknown in ["0", "x", "99999999999999999999"] {
        let path = format!("/comments/{unknown}");
        ann.patch(&path, &json!({}))
            .await
            .problem(404, "comment_not_found");
        ann.delete(&path).await.problem(404, "comment_not_found");
    }
    let visitor = server.visitor();
    visitor
        .post(&path, &at("x"))
        .await
        .problem(401, "unauthenticated");
    visitor
        .delete(&one(root))
        .await
        .problem(401, "unauthenticated");
    ann.post("/canvases/1/comments", &at("x"))
        .await
        .problem(404, "canvas_not_found");
    ann.get("/canvases/1/comments")
        .await
        .problem(404, "canvas_not_found");
}

#[tokio::test]
async fn wrong_requests_are_refused() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let (id, elsewhere) = (
        canvas(&ann, &json!({})).await,
        canvas(&ann, &json!({})).await,
    );
    let mut tab = TestClient::join(&ann, id).await;
    let mut elsewhere_tab = TestClient::join(&ann, elsewhere).await;
    let foreign = comment(&mut elsewhere_tab, create(0, 0, "there")).await;
    let root = comment(&mut tab, create(0, 0, "root")).await;
    let reply = comment(&mut tab, answer(0, 0, "reply", root)).await;
    let gone = comment(&mut tab, create(0, 0, "gone")).await;
    tab.done(remove(gone)).await;
    let long = "🌟".repeat(1001);
    for (request, code) in [
        (create(8, 0, "x"), "out_of_bounds"),
        (create(0, -1, "x"), "out_of_bounds"),
        (
            json!({ "type": "comment_create", "x": 1e30, "y": 0, "text": "x" }),
            "out_of_bounds",
        ),
        (
            json!({ "type": "comment_create", "x": "a", "y": 0, "text": "x" }),
            "invalid_message",
        ),
        (
            json!({ "type": "comment_create", "x": 0, "y": 0 }),
            "invalid_message",
        ),
        (create(0, 0, " \n "), "invalid_message"),
        (create(0, 0, &long), "invalid_message"),
        (create(0, 0, "a\u{7}"), "invalid_message"),
        (answer(0, 0, "x", reply), "invalid_message"),
        (answer(0, 1, "x", root), "comment_not_found"),
        (answer(0, 0, "x", i64::MAX), "comment_not_found"),
        (answer(0, 0, "x", foreign), "comment_not_found"),
        (
            json!({ "type": "comment_create", "x": 0, "y": 0, "text": "x", "parent_id": "a" }),
            "invalid_message",
        ),
        (edit(root, ""), "invalid_message"),
        (edit(root, &long), "invalid_message"),
        (
            json!({ "type": "comment_update", "text": "x" }),
            "invalid_message",
        ),
        (
            json!({ "type": "comment_update", "comment_id": root, "resolved": 1 }),
            "invalid_message",
        ),
        (resolve(reply, true), "invalid_message"),
        (resolve(reply, false), "invalid_message"),
        (edit(gone, "x"), "comment_not_found"),
        (resolve(gone, true), "comment_not_found"),
        (edit(foreign, "x"), "comment_not_found"),
        (remove(foreign), "comment_not_found"),
        (remove(-1), "comment_not_found"),
    ] {
        refused(&mut tab, request, code).await;
        // Too many at once would close the connection.
        if code == "invalid_message" {
            tab = TestClient::join(&ann, id).await;
        }
    }
    wrong_requests_over_http_are_refused(&server, &ann, id, [root, reply, gone, foreign]).await;
    // None of all these did anything.
    let canvas = ann.get(&format!("/canvases/{id}")).await.json(200);
    assert_eq!(canvas["last_seq"], 4);
    server.stop().await;
}

#[tokio::test]
async fn authors_edit_and_creators_and_moderators_resolve() {
    let server = TestServer::start().await;
    let owner = server.user("owner").await;
    let id = canvas(&owner, &json!({})).await;
    let (author, creator, moderator, viewer) = (
        server.user("author").await,
        server.user("creator").await,
        server.user("mod").await,
        server.user("viewer").await,
    );
    give(&owner, id, &moderator, "moderator").await;
    give(&owner, id, &viewer, "viewer").await;
    let mut tabs = Vec::new();
    for user in [&author, &creator, &moderator, &viewer, &owner] {
        tabs.push(TestClient::join(user, id).await);
    }
    let [author, creator, moderator, viewer, owner] = &mut tabs[..] else {
        panic!("five of them");
    };
    creator.done(paint(0, 0, 1)).await;
    let root = comment(author, create(0, 0, "words")).await;
    for tab in [&mut *author, creator, moderator, owner] {
        tab.done(resolve(root, true)).await;
        tab.done(resolve(root, false)).await;
    }
    refused(viewer, resolve(root, true), "forbidden").await;
    for tab in [creator, moderator, viewer, owner] {
        refused(tab, edit(root, "other words"), "forbidden").await;
        // Also where they are the same.
        refused(tab, edit(root, "words"), "forbidden").await;
        // What may only half be done is not done at all.
        let both = json!({
            "type": "comment_update", "comment_id": root, "text": "x", "resolved": true,
        });
        refused(tab, both, "forbidden").await;
    }
    // Viewers comment and answer, as everybody.
    comment(viewer, answer(0, 0, "hm", root)).await;
    let own = comment(viewer, create(3, 3, "on an empty cell")).await;
    viewer.done(resolve(own, true)).await;
    let listed = list(&server.visitor(), id, "").await;
    assert_eq!(listed[0]["text"], "words");
    assert_eq!(listed[0]["resolved"], false);
    assert_eq!(listed[2]["resolved"], true);
    server.stop().await;
}

#[tokio::test]
async fn comments_are_removed_by_their_authors_and_by_higher_ranks() {
    let server = TestServer::start().await;
    let owner = server.user("owner").await;
    let id = canvas(&owner, &json!({})).await;
    let mut people = vec![owner.clone()];
    for (name, role) in [
        ("mod1", "moderator"),
        ("mod2", "moderator"),
        ("edit", "editor"),
    ] {
        let user = server.user(name).await;
        give(&owner, id, &user, role).await;
        people.push(user);
    }
    let ranks = [3, 2, 2, 1];
    let mut lines = Vec::new();
    for (actor, rank) in people.iter().zip(ranks) {
        let mut tab = TestClient::join(actor, id).await;
        for (author, below) in people.iter().zip(ranks) {
            let own = actor.id() == author.id();
            let words = comment(&mut TestClient::join(author, id).await, create(1, 0, "x")).await;
            tab.reach(words_seq(&owner, id, words).await).await;
            if own || (rank >= 2 && rank > below) {
                let path = format!("/comments/{words}");
                if below == 1 {
                    actor.delete(&path).await.expect(204);
                    tab.expect("comment_updated").await;
                } else {
                    tab.done(remove(words)).await;
                }
                if !own {
                    lines.push((
                        actor.username().to_owned(),
                        author.username().to_owned(),
                        words,
                    ));
                }
            } else {
                refused(&mut tab, remove(words), "forbidden").await;
                let path = format!("/comments/{words}");
                actor.delete(&path).await.problem(403, "forbidden");
            }
        }
    }
    let mut log = owner.all(&format!("/canvases/{id}/moderation_log")).await;
    log.reverse();
    let removals = log
        .iter()
        .filter(|line| line["action"] == "message_removed");
    let found: Vec<_> = removals
        .map(|line| {
            assert_eq!(
                (&line["detail"]["x"], &line["detail"]["y"]),
                (&json!(1), &json!(0))
            );
            (
                line["actor"]["username"].as_str().unwrap().to_owned(),
                line["target"]["username"].as_str().unwrap().to_owned(),
                line["detail"]["comment_id"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(found, lines);
    server.stop().await;
}

async fn words_seq(reader: &Client, canvas: i64, comment: i64) -> i64 {
    let all = list(reader, canvas, "").await;
    let found = all.iter().find(|one| one["id"] == comment).unwrap();
    found["seq"].as_i64().unwrap()
}

#[tokio::test]
async fn a_cell_takes_a_thousand() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let root = comment(&mut tab, create(1, 1, "first")).await;
    for n in 0..998 {
        let parent = (n % 2 == 0).then_some(root);
        let request = json!({
            "type": "comment_create", "x": 1, "y": 1, "text": "x", "parent_id": parent,
        });
        tab.operate(request).await;
        if n % 50 == 0 {
            tab.drain().await;
        }
    }
    let last = comment(&mut tab, create(1, 1, "last")).await;
    // Those that were removed count too.
    tab.done(remove(last)).await;
    refused(&mut tab, create(1, 1, "x"), "invalid_message").await;
    refused(&mut tab, answer(1, 1, "x", root), "invalid_message").await;
    let path = format!("/canvases/{id}/comments");
    let body = json!({ "x": 1, "y": 1, "text": "x" });
    ann.post(&path, &body).await.problem(422, "invalid_message");
    comment(&mut tab, create(1, 0, "on another cell")).await;
    let all = list(&ann, id, "?x=1&y=1&limit=200").await;
    assert_eq!(all.len(), 1000);
    assert_eq!(all[0]["replies"], 499);
    tab.done(edit(root, "still")).await;
    server.stop().await;
}

#[tokio::test]
async fn lists_are_filtered_and_have_pages() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let mut made = Vec::new();
    for n in 0..6 {
        made.push(comment(&mut tab, create(n % 2, 1, &format!("{n}"))).await);
    }
    tab.done(resolve(made[0], true)).await;
    tab.done(resolve(made[3], true)).await;
    let reply = comment(&mut tab, answer(0, 1, "reply", made[0])).await;
    let find = async |query: &str| ids(&list(&server.visitor(), id, query).await);
    let with_reply = [made.clone(), vec![reply]].concat();
    assert_eq!(find("").await, with_reply);
    assert_eq!(find("?limit=2").await, with_reply);
    assert_eq!(
        find("?x=0&y=1&limit=1").await,
        [made[0], made[2], made[4], reply]
    );
    assert_eq!(find("?resolved=true&limit=1").await, [made[0], made[3]]);
    assert_eq!(
        find("?resolved=false").await,
        [made[1], made[2], made[4], made[5], reply]
    );
    assert_eq!(find("?x=1&y=1&resolved=true").await, [made[3]]);
    assert_eq!(find("?after_seq=4").await, [made[4], made[5], reply]);
    assert_eq!(find("?after_seq=4&x=0&y=1&limit=1").await, [made[4], reply]);
    assert_eq!(find("?x=0&y=2").await, [] as [i64; 0]);
    assert_eq!(find("?x=-1&y=99999999999").await, [] as [i64; 0]);
    let path = format!("/canvases/{id}/comments");
    for (query, field) in [
        ("?x=1", "y"),
        ("?y=1", "x"),
        ("?resolved=maybe", "resolved"),
        ("?after_seq=x", "after_seq"),
        ("?limit=0", "limit"),
        ("?cursor=x", "cursor"),
    ] {
        ann.get(&format!("{path}{query}")).await.refuses(field);
    }
    // Who may not read the canvas reads no comments.
    let hidden = canvas(&ann, &json!({ "visibility": "private" })).await;
    let path = format!("/canvases/{hidden}/comments");
    let body = json!({ "x": 0, "y": 0, "text": "words" });
    let one = ann.post(&path, &body).await.json(201)["id"].clone();
    let bob = server.user("bob").await;
    for outsider in [&bob, &server.visitor()] {
        outsider.get(&path).await.problem(403, "forbidden");
    }
    bob.post(&path, &body).await.problem(403, "forbidden");
    bob.patch(&format!("/comments/{one}"), &json!({}))
        .await
        .problem(403, "forbidden");
    bob.delete(&format!("/comments/{one}"))
        .await
        .problem(403, "forbidden");
    server.stop().await;
}

/// The number of open comments of each tile, in every way in which tiles are read.
async fn open(reader: &Client, canvas: i64) -> Vec<(i64, i64, i64)> {
    let snapshot = reader.get(&format!("/canvases/{canvas}/snapshot")).await;
    let tiles = reader.all(&format!("/canvases/{canvas}/tiles")).await;
    assert_eq!(snapshot.json(200)["tiles"], json!(tiles));
    let mut open = Vec::new();
    for tile in &tiles {
        let one = reader.get(&format!("/tiles/{}", tile["id"])).await;
        assert_eq!(one.json(200), *tile);
        let number = |field: &str| tile[field].as_i64().unwrap();
        open.push((number("x"), number("y"), number("open_comments")));
    }
    open
}

#[tokio::test]
async fn tiles_say_how_many_comments_are_open() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    tab.done(paint(1, 2, 1)).await;
    tab.done(paint(2, 1, 1)).await;
    assert_eq!(open(&ann, id).await, [(1, 2, 0), (2, 1, 0)]);
    let root = comment(&mut tab, create(1, 2, "a")).await;
    let other = comment(&mut tab, create(1, 2, "b")).await;
    comment(&mut tab, answer(1, 2, "c", root)).await;
    let one = |count| [(1, 2, count), (2, 1, 0)];
    assert_eq!(open(&ann, id).await, one(2));
    tab.done(resolve(root, true)).await;
    assert_eq!(open(&ann, id).await, one(1));
    tab.done(resolve(root, false)).await;
    assert_eq!(open(&ann, id).await, one(2));
    tab.done(remove(other)).await;
    assert_eq!(open(&ann, id).await, one(1));
    tab.done(resolve(root, true)).await;
    tab.done(remove(root)).await;
    assert_eq!(open(&ann, id).await, one(0));
    // On a cell without a tile, which gets one later.
    comment(&mut tab, create(5, 5, "d")).await;
    let body = json!({ "x": 5, "y": 5, "title": "T" });
    let tile = ann
        .post(&format!("/canvases/{id}/tiles"), &body)
        .await
        .json(201);
    assert_eq!(tile["open_comments"], 1);
    let path = format!("/tiles/{}", tile["id"]);
    let tile = ann.patch(&path, &json!({ "title": "U" })).await.json(200);
    assert_eq!(tile["open_comments"], 1);
    // A list that was read before is not taken for what is there now.
    let path = format!("/canvases/{id}/tiles");
    let etag = ann.get(&path).await.header("etag").to_owned();
    comment(&mut tab, create(5, 5, "e")).await;
    let request = ann.request(reqwest::Method::GET, &path);
    let reply = crate::common::http::Reply::of(request.header("if-none-match", &etag)).await;
    assert_eq!(reply.json(200)["items"][2]["open_comments"], 2);
    server.stop().await;
}

/// Reads until a rewrite is done.
async fn rewritten(client: &Client, canvas: i64, body: Value) -> Value {
    let path = format!("/canvases/{canvas}/rewrites");
    let rewrite = client.post(&path, &body).await.json(202);
    ended(client, &rewrite).await
}

/// Waits until it is done.
async fn ended(client: &Client, rewrite: &Value) -> Value {
    let path = format!("/rewrites/{}", rewrite["id"]);
    loop {
        let rewrite = client.get(&path).await.json(200);
        if rewrite["state"] != "running" {
            assert_eq!(rewrite["state"], "done", "{rewrite}");
            return rewrite;
        }
    }
}

#[tokio::test]
async fn deleted_reverted_and_restored_tiles_keep_their_comments() {
    let server = TestServer::start().await;
    let (owner, bob) = (server.user("owner").await, server.user("bob").await);
    let id = canvas(&owner, &json!({ "newcomers": "free" })).await;
    let mut tab = TestClient::join(&owner, id).await;
    let mut bob_tab = TestClient::join(&bob, id).await;
    bob_tab.done(paint(0, 0, 1)).await;
    bob_tab.done(paint(1, 0, 2)).await;
    let root = comment(&mut bob_tab, create(0, 0, "mine")).await;
    comment(&mut bob_tab, answer(0, 0, "too", root)).await;
    let before = list(&owner, id, "").await;
    tab.reach(4).await;
    tab.done(json!({ "type": "tile_delete", "x": 0, "y": 0 }))
        .await;
    assert_eq!(list(&owner, id, "?x=0&y=0").await, before);
    // It can be commented and settled without a tile too.
    comment(&mut tab, create(0, 0, "why is it gone?")).await;
    let before = list(&owner, id, "").await;
    let area = json!({ "x0": 0, "y0": 0, "x1": 0, "y1": 0 });
    let restore = json!({ "kind": "restore", "area": area, "at_seq": 4 });
    rewritten(&owner, id, restore).await;
    assert_eq!(open(&owner, id).await, [(0, 0, 2), (1, 0, 0)]);
    let revert = json!({ "kind": "revert", "usernames": ["bob"] });
    let rewrite = rewritten(&owner, id, revert).await;
    assert_eq!(rewrite["tiles"], 2);
    assert_eq!(list(&owner, id, "").await, before);
    let undo = format!("/rewrites/{}/undo", rewrite["id"]);
    let undone = owner.post(&undo, &json!({})).await.json(202);
    ended(&owner, &undone).await;
    assert_eq!(open(&owner, id).await, [(0, 0, 2), (1, 0, 0)]);
    assert_eq!(list(&owner, id, "").await, before);
    // Authors of the pixels are as if there were no comments.
    let authors = owner.get(&format!("/canvases/{id}/authors?x=0&y=0")).await;
    assert_eq!(authors.json(200)["authors"][0]["username"], "bob");
    // A comment alone makes nothing of an empty cell that could be reported.
    comment(&mut tab, create(7, 5, "empty")).await;
    let report = json!({ "target": { "kind": "tile", "x": 7, "y": 5 }, "rule": "spam" });
    let path = format!("/canvases/{id}/reports");
    bob.post(&path, &report)
        .await
        .problem(404, "tile_not_found");
    server.stop().await;
}

#[tokio::test]
async fn sanctions_lockdowns_and_what_guests_may_do_hold_for_comments() {
    let server = TestServer::start().await;
    let (owner, bob) = (server.user("owner").await, server.user("bob").await);
    let id = canvas(&owner, &json!({})).await;
    let guest = server.guest("Guest").await;
    let mut tab = TestClient::join(&bob, id).await;
    let mut guest_tab = TestClient::join(&guest, id).await;
    let root = comment(&mut tab, create(0, 0, "words")).await;
    let guests = comment(&mut guest_tab, create(0, 0, "a guest's")).await;
    let path = format!("/canvases/{id}");
    let http = format!("{path}/comments");
    let body = json!({ "x": 0, "y": 0, "text": "x" });
    let one = format!("/comments/{root}");
    for (kind, may) in [("no_paint", true), ("mute", false), ("timeout", false)] {
        let sanction = json!({
            "username": "bob", "kind": kind, "reason": "r", "duration_s": 600,
        });
        let sanction = owner
            .post(&format!("{path}/sanctions"), &sanction)
            .await
            .json(201);
        if may {
            tab.done(create(0, 0, "x")).await;
        } else {
            for request in [create(0, 0, "x"), edit(root, "y"), resolve(root, true)] {
                let error = refused(&mut tab, request, "sanctioned").await;
                assert_eq!(error["sanction"]["kind"], kind);
            }
            let problem = bob.post(&http, &body).await.problem(403, "sanctioned");
            assert_eq!(problem["sanction"]["id"], sanction["id"]);
            bob.patch(&one, &json!({ "text": "y" }))
                .await
                .problem(403, "sanctioned");
        }
        let lift = format!("/sanctions/{}/lift", sanction["id"]);
        owner.post(&lift, &json!({})).await.expect(200);
    }
    for (setting, may) in [("chat", true), ("look", false)] {
        owner
            .patch(&path, &json!({ "guests": setting }))
            .await
            .expect(200);
        if may {
            guest_tab.done(create(0, 0, "x")).await;
            guest_tab.done(edit(guests, "y")).await;
        } else {
            for request in [create(0, 0, "x"), edit(guests, "z"), remove(guests)] {
                refused(&mut guest_tab, request, "forbidden").await;
            }
            guest.post(&http, &body).await.problem(403, "forbidden");
        }
    }
    let until = chrono::Utc::now() + chrono::TimeDelta::minutes(10);
    owner
        .patch(&path, &json!({ "lockdown_until": until }))
        .await
        .expect(200);
    for request in [
        create(0, 0, "x"),
        edit(root, "y"),
        resolve(root, true),
        remove(root),
    ] {
        let error = refused(&mut tab, request, "locked_down").await;
        assert!(error["retry_after_ms"].as_i64().unwrap() > 0);
    }
    bob.post(&http, &body).await.problem(403, "locked_down");
    bob.delete(&one).await.problem(403, "locked_down");
    TestClient::join(&owner, id)
        .await
        .done(create(0, 0, "owner"))
        .await;
    server.stop().await;
}

#[tokio::test]
async fn comments_share_the_rate_of_chat_over_http_and_socket() {
    let server = TestServer::start_with(&["--rate-limits", "on"]).await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let path = format!("/canvases/{id}/comments");
    let body = json!({ "x": 0, "y": 0, "text": "x" });
    let mut limited = false;
    for _ in 0..300 {
        tab.operate(create(1, 0, "x")).await;
    }
    for _ in 0..300 {
        let answer = tab.answer().await;
        limited |= answer["code"] == "rate_limited" && answer["retry_after_ms"].is_i64();
    }
    assert!(limited);
    let posts = (0..300).map(|_| ann.post(&path, &body));
    let replies: Vec<_> = stream::iter(posts).buffer_unordered(50).collect().await;
    let refused = replies.iter().find(|reply| reply.status == 429).unwrap();
    refused.problem(429, "rate_limited");
    refused.header("retry-after");
    server.stop().await;
}
