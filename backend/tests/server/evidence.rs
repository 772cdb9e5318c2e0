//! The evidence of a case is what was there when the first report came. Nothing that is done
//! later touches it, until it is deleted long after the decision.

use crate::common::{TEST_TIMEOUT, TestServer, canvas, http::Client, socket::TestClient};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::time;

async fn report(reporter: &Client, canvas: i64, target: Value) -> Value {
    let body = json!({ "target": target, "rule": "griefing" });
    let path = format!("/canvases/{canvas}/reports");
    reporter.post(&path, &body).await.json(201)
}

async fn evidence(reader: &Client, report: &Value) -> Value {
    let path = format!("/cases/{}", report["case_id"]);
    reader.get(&path).await.json(200)["evidence"].take()
}

async fn paint(tab: &mut TestClient, x: i64, y: i64, pixels: Value) -> i64 {
    let paint = json!({ "type": "tile_paint", "x": x, "y": y, "pixels": pixels });
    tab.done(paint).await["seq"].as_i64().unwrap()
}

async fn say(tab: &mut TestClient, text: &str) -> Value {
    tab.done(json!({ "type": "canvas_chat", "text": text }))
        .await;
    tab.events.last().unwrap().clone()
}

fn bytes(field: &Value) -> Vec<u8> {
    STANDARD.decode(field.as_str().unwrap()).unwrap()
}

/// The pixels of 8 × 8 that have another byte than 255, with it.
fn set(field: &Value) -> Vec<(usize, u8)> {
    let all = bytes(field);
    assert_eq!(all.len(), 64);
    let set = all.into_iter().enumerate();
    set.filter(|(_, byte)| *byte != 255).collect()
}

fn texts(messages: &Value) -> Vec<&str> {
    let messages = messages.as_array().unwrap().iter();
    messages
        .map(|message| message["message_text"].as_str().unwrap())
        .collect()
}

async fn execute(pool: &PgPool, statement: &'static str) {
    sqlx::query(statement).execute(pool).await.unwrap();
}

/// Somebody paints round another's pixels, and over some of them, and reports the tile: the
/// evidence says who painted what, and what they did to it.
#[tokio::test]
async fn framing_is_seen() {
    let server = TestServer::start().await;
    let [owner, victim, framer] = [
        server.user("owner").await,
        server.user("victim").await,
        server.user("framer").await,
    ];
    let id = canvas(&owner, &json!({})).await;
    let mut good = TestClient::join(&victim, id).await;
    let mut bad = TestClient::join(&framer, id).await;
    paint(&mut good, 2, 1, json!([[0, 1], [1, 1], [2, 1], [3, 1]])).await;
    paint(&mut good, 3, 1, json!([[9, 2]])).await;
    // Round them, over two, one of these twice, and one erased.
    paint(&mut bad, 2, 1, json!([[8, 3], [9, 3], [10, 3]])).await;
    paint(&mut bad, 2, 1, json!([[2, 3], [3, 255]])).await;
    paint(&mut good, 2, 1, json!([[2, 1]])).await;
    let head = paint(&mut bad, 2, 1, json!([[2, 0]])).await;
    let tile = json!({ "kind": "tile", "x": 2, "y": 1 });
    let first = report(&framer, id, tile.clone()).await;
    let frozen = evidence(&owner, &first).await;
    assert_eq!(frozen["seq"], head);
    let tiles = frozen["tiles"].as_array().unwrap();
    assert_eq!(tiles.len(), 1);
    assert_eq!((&tiles[0]["x"], &tiles[0]["y"]), (&json!(2), &json!(1)));
    assert_eq!(
        set(&tiles[0]["pixels"]),
        [(0, 1), (1, 1), (2, 0), (8, 3), (9, 3), (10, 3)]
    );
    let name = |index: u8| {
        tiles[0]["authors"][usize::from(index)]["username"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let of: Vec<(usize, String)> = set(&tiles[0]["author_pixels"])
        .into_iter()
        .map(|(pixel, index)| (pixel, name(index)))
        .collect();
    let expected = [
        (0, "victim"),
        (1, "victim"),
        (2, "framer"),
        // Erased by them.
        (3, "framer"),
        (8, "framer"),
        (9, "framer"),
        (10, "framer"),
    ];
    assert_eq!(of, expected.map(|(pixel, name)| (pixel, name.to_owned())));
    let overpainted = frozen["overpainted"].as_array().unwrap();
    let pairs: Vec<(&Value, &Value, &Value)> = overpainted
        .iter()
        .map(|pair| {
            (
                &pair["by"]["username"],
                &pair["of"]["username"],
                &pair["pixels"],
            )
        })
        .collect();
    let [framer_name, victim_name] = [json!("framer"), json!("victim")];
    assert_eq!(
        pairs,
        [
            (&framer_name, &victim_name, &json!(2)),
            (&victim_name, &framer_name, &json!(1)),
        ]
    );

    // Whatever happens later does not touch it, nor does a second report.
    paint(&mut good, 2, 1, json!([[0, 2], [8, 255]])).await;
    let delete = json!({ "type": "tile_delete", "x": 2, "y": 1 });
    good.done(delete).await;
    let second = report(&victim, id, tile.clone()).await;
    assert_eq!(second["case_id"], first["case_id"]);
    assert_eq!(evidence(&owner, &first).await, frozen);
    let decide = format!("/cases/{}/decide", first["case_id"]);
    owner
        .post(&decide, &json!({ "outcome": "report_abuse" }))
        .await
        .expect(200);
    assert_eq!(evidence(&owner, &first).await, frozen);

    // A tile that was deleted can be reported too: somebody's drawing is gone.
    let third = report(&framer, id, tile).await;
    let gone = evidence(&owner, &third).await;
    assert!(set(&gone["tiles"][0]["pixels"]).is_empty());
    assert!(gone["tiles"][0]["authors"].as_array().unwrap().is_empty());
    let deleted = &gone["overpainted"][0];
    assert_eq!(deleted["by"]["username"], "victim");
    assert_eq!(deleted["of"]["username"], "framer");
    // Four went with the tile, the erased one among them; one was changed before.
    assert_eq!(deleted["pixels"], 5);
    server.stop().await;
}

/// What rewrites did is in the evidence as it is on the board: a restore takes others' pixels as
/// a stroke does; what a revert put back belongs to its first author, and what was done to it
/// before stays told. Colours are those of the moment too.
#[tokio::test]
async fn rewrites_hide_nothing_from_the_evidence() {
    let server = TestServer::start().await;
    let [owner, victim, framer] = [
        server.user("owner").await,
        server.user("victim").await,
        server.user("framer").await,
    ];
    let id = canvas(&owner, &json!({ "newcomers": "free" })).await;
    let mut good = TestClient::join(&victim, id).await;
    let mut bad = TestClient::join(&framer, id).await;
    // In a tile of their own, the framer makes it what it was before the victim drew.
    let started = paint(&mut bad, 0, 0, json!([[9, 3]])).await;
    paint(&mut good, 0, 0, json!([[0, 1], [1, 1], [2, 1], [3, 1]])).await;
    let area = json!({ "x0": 0, "y0": 0, "x1": 0, "y1": 0 });
    let restore = json!({ "kind": "restore", "area": area, "at_seq": started });
    rewrite(&framer, id, &restore).await;
    // In the victim's tile, the owner takes back what the framer painted.
    paint(&mut good, 1, 0, json!([[0, 1], [1, 1]])).await;
    bad.reach(4).await;
    paint(&mut bad, 1, 0, json!([[1, 3], [2, 3]])).await;
    let within = json!({ "x0": 1, "y0": 0, "x1": 1, "y1": 0 });
    let revert = json!({ "kind": "revert", "usernames": ["framer"], "area": within });
    let reverted = rewrite(&owner, id, &revert).await;

    let both = json!({ "kind": "area", "x0": 0, "y0": 0, "x1": 1, "y1": 0 });
    let made = report(&victim, id, both).await;
    let frozen = evidence(&owner, &made).await;
    let tiles = frozen["tiles"].as_array().unwrap();
    assert_eq!(set(&tiles[0]["pixels"]), [(9, 3)]);
    assert_eq!(tiles[0]["authors"][0]["username"], "framer");
    assert_eq!(set(&tiles[1]["pixels"]), [(0, 1), (1, 1)]);
    assert_eq!(set(&tiles[1]["author_pixels"]), [(0, 0), (1, 0)]);
    assert_eq!(tiles[1]["authors"][0]["username"], "victim");
    // Four by the restore, one by the stroke that was taken back since. Who took it back did
    // nothing to anybody's pixels.
    let overpainted = frozen["overpainted"].as_array().unwrap();
    assert_eq!(overpainted.len(), 1, "{overpainted:?}");
    assert_eq!(overpainted[0]["by"]["username"], "framer");
    assert_eq!(overpainted[0]["of"]["username"], "victim");
    assert_eq!(overpainted[0]["pixels"], 5);
    let path = format!("/canvases/{id}");
    let palette = owner.get(&path).await.json(200)["palette"].take();
    assert_eq!(frozen["palette"], palette);

    let undo = format!("/rewrites/{}/undo", reverted["id"]);
    ended(&owner, &owner.post(&undo, &Value::Null).await.json(202)).await;
    let colours = json!({ "palette": ["#101010", "#202020", "#303030", "#404040"] });
    owner.patch(&path, &colours).await.expect(200);
    assert_eq!(evidence(&owner, &made).await, frozen);
    server.stop().await;
}

async fn rewrite(client: &Client, canvas: i64, body: &Value) -> Value {
    let path = format!("/canvases/{canvas}/rewrites");
    ended(client, &client.post(&path, body).await.json(202)).await
}

async fn ended(client: &Client, begun: &Value) -> Value {
    let path = format!("/rewrites/{}", begun["id"]);
    loop {
        let found = client.get(&path).await.json(200);
        if found["state"] != "running" {
            assert_eq!(found["state"], "done", "{found}");
            return found;
        }
    }
}

#[tokio::test]
async fn an_area_has_all_its_cells_and_a_day_of_changes() {
    let server = TestServer::start().await;
    let [owner, ann, bob] = [
        server.user("owner").await,
        server.user("ann").await,
        server.user("bob").await,
    ];
    let id = canvas(&owner, &json!({})).await;
    let mut anns = TestClient::join(&ann, id).await;
    let mut bobs = TestClient::join(&bob, id).await;
    for x in 0..4 {
        paint(&mut anns, x, 0, json!([[0, 1], [1, 1]])).await;
    }
    paint(&mut bobs, 0, 0, json!([[0, 2]])).await;
    paint(&mut bobs, 1, 0, json!([[0, 2], [1, 2]])).await;
    // All of this was long ago.
    let pool = server.database.pool().await;
    execute(
        &pool,
        r#"UPDATE canvas_events
           SET body = regexp_replace(body, '"timestamp":"20', '"timestamp":"19')"#,
    )
    .await;
    paint(&mut bobs, 2, 0, json!([[0, 2]])).await;
    let area = json!({ "kind": "area", "x0": 0, "y0": 0, "x1": 4, "y1": 1 });
    let made = report(&ann, id, area.clone()).await;
    let case = owner
        .get(&format!("/cases/{}", made["case_id"]))
        .await
        .json(200);
    assert_eq!(case["target"], area);
    let frozen = &case["evidence"];
    let tiles = frozen["tiles"].as_array().unwrap();
    let cells: Vec<(i64, i64)> = tiles
        .iter()
        .map(|tile| (tile["x"].as_i64().unwrap(), tile["y"].as_i64().unwrap()))
        .collect();
    let expected: Vec<(i64, i64)> = (0..2).flat_map(|y| (0..5).map(move |x| (x, y))).collect();
    assert_eq!(cells, expected);
    assert_eq!(set(&tiles[1]["pixels"]), [(0, 2), (1, 2)]);
    assert_eq!(set(&tiles[2]["pixels"]), [(0, 2), (1, 1)]);
    assert!(set(&tiles[9]["pixels"]).is_empty());
    let overpainted = frozen["overpainted"].as_array().unwrap();
    assert_eq!(overpainted.len(), 1, "{overpainted:?}");
    assert_eq!(overpainted[0]["pixels"], 1);
    assert_eq!(overpainted[0]["by"]["username"], "bob");
    server.stop().await;
}

#[tokio::test]
async fn a_message_has_what_stood_around_it() {
    let server = TestServer::start().await;
    let [owner, ann, bob] = [
        server.user("owner").await,
        server.user("ann").await,
        server.user("bob").await,
    ];
    let id = canvas(&owner, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let mut said = Vec::new();
    for number in 0..25 {
        said.push(say(&mut tab, &format!("message {number}")).await);
        paint(&mut tab, number % 8, 0, json!([[number, 1]])).await;
    }
    let target =
        |message: &Value| json!({ "kind": "message", "message_id": message["message_id"] });
    let made = report(&bob, id, target(&said[12])).await;
    let frozen = evidence(&owner, &made).await;
    assert_eq!(frozen["seq"], 50);
    assert_eq!(frozen["message"]["message_text"], "message 12");
    assert_eq!(frozen["message"]["sender_username"], "ann");
    let expected = |range: std::ops::Range<i32>| -> Vec<String> {
        range.map(|number| format!("message {number}")).collect()
    };
    assert_eq!(texts(&frozen["before"]), expected(2..12));
    assert_eq!(texts(&frozen["after"]), expected(13..23));
    let made = report(&bob, id, target(&said[24])).await;
    let frozen = evidence(&owner, &made).await;
    assert_eq!(texts(&frozen["before"]), expected(14..24));
    assert!(texts(&frozen["after"]).is_empty());
    // What comes after the report is not in it.
    say(&mut tab, "later").await;
    assert_eq!(evidence(&owner, &made).await, frozen);
    server.stop().await;
}

/// Words that were removed, before the report or after it, are read in the evidence alone.
#[tokio::test]
async fn removed_words_stay_in_the_evidence() {
    let server = TestServer::start().await;
    let [owner, ann, bob] = [
        server.user("owner").await,
        server.user("ann").await,
        server.user("bob").await,
    ];
    let id = canvas(&owner, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let mut said = Vec::new();
    for text in ["zero", "one", "two", "three"] {
        said.push(say(&mut tab, text).await);
    }
    let path = |number: usize| {
        let message = said[number]["message_id"].as_str().unwrap();
        format!("/canvases/{id}/messages/{message}")
    };
    ann.delete(&path(0)).await.expect(204);
    ann.delete(&path(1)).await.expect(204);
    let target = json!({ "kind": "message", "message_id": said[1]["message_id"] });
    let made = report(&bob, id, target).await;
    let frozen = evidence(&owner, &made).await;
    assert_eq!(frozen["message"]["message_text"], "one");
    assert_eq!(texts(&frozen["before"]), ["zero"]);
    assert_eq!(texts(&frozen["after"]), ["two", "three"]);
    owner.delete(&path(2)).await.expect(204);
    assert_eq!(evidence(&owner, &made).await, frozen);
    let person = report(&bob, id, json!({ "kind": "user", "username": "ann" })).await;
    let frozen = evidence(&owner, &person).await;
    assert_eq!(texts(&frozen["messages"]), ["three", "two", "one", "zero"]);
    // Nobody reads them elsewhere.
    let list = owner.get(&format!("/canvases/{id}/messages")).await.text();
    for word in ["zero", "one", "two"] {
        assert!(!list.contains(&format!("\"{word}\"")), "{list}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_person_has_their_newest_messages_and_tiles() {
    let server = TestServer::start().await;
    let [owner, ann, bob] = [
        server.user("owner").await,
        server.user("ann").await,
        server.user("bob").await,
    ];
    let id = canvas(&owner, &json!({})).await;
    let elsewhere = canvas(&owner, &json!({})).await;
    let mut other = TestClient::join(&ann, elsewhere).await;
    say(&mut other, "elsewhere").await;
    let mut tab = TestClient::join(&ann, id).await;
    let mut bobs = TestClient::join(&bob, id).await;
    for number in 0..22 {
        say(&mut tab, &format!("message {number}")).await;
        paint(&mut tab, number % 8, number / 8, json!([[0, 1]])).await;
    }
    let spoken = say(&mut bobs, "bob's").await;
    paint(&mut tab, 0, 0, json!([[1, 1]])).await;
    tab.reach(spoken["seq"].as_i64().unwrap()).await;
    let made = report(&bob, id, json!({ "kind": "user", "username": "Ann" })).await;
    let frozen = evidence(&owner, &made).await;
    let messages = texts(&frozen["messages"]);
    assert_eq!(messages.len(), 20);
    assert_eq!((messages[0], messages[19]), ("message 21", "message 2"));
    let tiles = frozen["tiles"].as_array().unwrap();
    assert_eq!(tiles.len(), 20);
    let cell = |tile: &Value| (tile["x"].as_i64().unwrap(), tile["y"].as_i64().unwrap());
    assert_eq!(cell(&tiles[0]), (0, 0));
    assert_eq!(set(&tiles[0]["pixels"]), [(0, 1), (1, 1)]);
    assert_eq!(cell(&tiles[1]), (21 % 8, 21 / 8));
    assert_eq!(tiles[1]["authors"][0]["username"], "ann");
    assert!(frozen.get("overpainted").is_none());
    // Of a canvas there is only the place in its log.
    let made = report(&bob, id, json!({ "kind": "canvas" })).await;
    let head = owner.get(&format!("/canvases/{id}")).await.json(200)["last_seq"].clone();
    assert_eq!(evidence(&owner, &made).await, json!({ "seq": head }));
    server.stop().await;
}

/// Whoever deletes a canvas does not delete what was reported there.
#[tokio::test]
async fn a_deleted_canvas_leaves_its_cases_to_admins() {
    let server = TestServer::start().await;
    let [owner, ann] = [server.user("owner").await, server.user("ann").await];
    let admin = server.admin("host").await;
    let id = canvas(&owner, &json!({})).await;
    let mut tab = TestClient::join(&owner, id).await;
    paint(&mut tab, 0, 0, json!([[0, 1]])).await;
    let made = report(&ann, id, json!({ "kind": "tile", "x": 0, "y": 0 })).await;
    let frozen = evidence(&owner, &made).await;
    owner.delete(&format!("/canvases/{id}")).await.expect(204);
    let path = format!("/cases/{}", made["case_id"]);
    owner.get(&path).await.problem(404, "case_not_found");
    ann.get(&path).await.problem(404, "case_not_found");
    owner
        .get(&format!("/canvases/{id}/cases"))
        .await
        .problem(404, "canvas_not_found");
    assert_eq!(evidence(&admin, &made).await, frozen);
    let all = admin.all("/admin/cases?state=open").await;
    assert_eq!(all[0]["evidence"], frozen);
    let body = json!({ "outcome": "removed" });
    admin
        .post(&format!("{path}/claim"), &json!({}))
        .await
        .expect(200);
    admin
        .post(&format!("{path}/decide"), &body)
        .await
        .expect(200);
    assert_eq!(ann.all("/users/me/reports").await[0]["outcome"], "removed");
    server.stop().await;
}

/// What one does not want to see, others and moderators see all the same.
#[tokio::test]
async fn blocking_hides_nothing_from_moderators() {
    let server = TestServer::start().await;
    let [owner, ann, bob] = [
        server.user("owner").await,
        server.user("ann").await,
        server.user("bob").await,
    ];
    let id = canvas(&owner, &json!({})).await;
    let mut bobs = TestClient::join(&bob, id).await;
    let said = say(&mut bobs, "rude").await;
    paint(&mut bobs, 0, 0, json!([[0, 1]])).await;
    for (blocker, blocked) in [
        (&ann, "bob"),
        (&bob, "ann"),
        (&bob, "owner"),
        (&owner, "bob"),
    ] {
        let path = format!("/users/me/blocks/{blocked}");
        blocker.put(&path, &json!({})).await.expect(204);
    }
    let target = json!({ "kind": "message", "message_id": said["message_id"] });
    let made = report(&ann, id, target).await;
    let frozen = evidence(&owner, &made).await;
    assert_eq!(frozen["message"]["message_text"], "rude");
    let made = report(&ann, id, json!({ "kind": "user", "username": "bob" })).await;
    let frozen = evidence(&owner, &made).await;
    assert_eq!(texts(&frozen["messages"]), ["rude"]);
    assert_eq!(frozen["tiles"].as_array().unwrap().len(), 1);
    let made = report(&ann, id, json!({ "kind": "tile", "x": 0, "y": 0 })).await;
    assert_eq!(
        evidence(&owner, &made).await["tiles"][0]["authors"][0]["username"],
        "bob"
    );
    server.stop().await;
}

/// A deleted account keeps no name in the evidence, in a case about the person, or in the log.
#[tokio::test]
async fn a_deleted_account_has_no_name_in_evidence_and_log() {
    let server = TestServer::start().await;
    let [owner, ann, bob] = [
        server.user("owner").await,
        server.user("ann").await,
        server.user("somebody").await,
    ];
    let id = canvas(&owner, &json!({})).await;
    let mut tab = TestClient::join(&bob, id).await;
    let said = say(&mut tab, "rude").await;
    paint(&mut tab, 0, 0, json!([[0, 1]])).await;
    let mut made = Vec::new();
    for target in [
        json!({ "kind": "message", "message_id": said["message_id"] }),
        json!({ "kind": "user", "username": "somebody" }),
        json!({ "kind": "tile", "x": 0, "y": 0 }),
    ] {
        made.push(report(&ann, id, target).await);
    }
    let revert = json!({ "kind": "revert", "usernames": ["somebody"], "reason": "raid" });
    let path = format!("/canvases/{id}/rewrites");
    owner.post(&path, &revert).await.expect(202);
    let log = owner.get(&format!("/canvases/{id}/moderation_log")).await;
    assert_eq!(
        log.json(200)["items"][0]["detail"]["usernames"],
        json!(["somebody"])
    );
    let request = bob.request(reqwest::Method::DELETE, "/users/me");
    let deleted = request
        .json(&json!({ "password": "password" }))
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.status(), 204);
    for made in &made {
        let case = owner.get(&format!("/cases/{}", made["case_id"])).await;
        assert!(case.text().contains("deleted-"), "{}", case.text());
        assert!(!case.text().contains("somebody"), "{}", case.text());
    }
    assert_eq!(
        evidence(&owner, &made[0]).await["message"]["message_text"],
        "rude"
    );
    let log = owner.get(&format!("/canvases/{id}/moderation_log")).await;
    assert!(log.text().contains("deleted-") && !log.text().contains("somebody"));
    server.stop().await;
}

/// What became of a case.
struct Story {
    /// Days since the decision; none while it is open.
    decided: Option<i32>,
    /// The kind of a sanction that came of it, the days since then, and those since its appeal
    /// was decided; 0 while it waits.
    sanction: Option<(&'static str, i32, Option<i32>)>,
    /// Whether its evidence is there.
    kept: bool,
}

/// Also after the decision of an appeal, and not while there may be one.
#[tokio::test]
async fn evidence_is_deleted_90_days_after_the_decision() {
    let server = TestServer::start().await;
    let [owner, ann, vandal] = [
        server.user("owner").await,
        server.user("ann").await,
        server.user("vandal").await,
    ];
    let id = canvas(&owner, &json!({})).await;
    let pool = server.database.pool().await;
    let story = |decided, sanction, kept| Story {
        decided,
        sanction,
        kept,
    };
    let stories = [
        story(None, None, true),
        story(Some(89), None, true),
        story(Some(91), None, false),
        story(Some(91), Some(("mute", 29, None)), true),
        story(Some(91), Some(("mute", 31, None)), false),
        story(Some(91), Some(("warning", 1, None)), false),
        story(Some(120), Some(("ban", 110, Some(0))), true),
        story(Some(120), Some(("ban", 110, Some(89))), true),
        story(Some(120), Some(("ban", 110, Some(91))), false),
    ];
    let mut made = Vec::new();
    for (n, story) in stories.into_iter().enumerate() {
        let (x, y) = (n % 8, n / 8);
        let area = json!({ "kind": "area", "x0": x, "y0": y, "x1": x, "y1": y });
        let report = report(&ann, id, area).await;
        let case = report["case_id"].as_i64().unwrap();
        if let Some(days) = story.decided {
            let path = format!("/cases/{case}/decide");
            let warned = json!({ "outcome": "warned" });
            owner.post(&path, &warned).await.expect(200);
            let sql = "UPDATE cases SET created_at = created_at - interval '1 year',
                                        decided_at = decided_at - make_interval(days => $2)
                       WHERE id = $1";
            let update = sqlx::query(sql).bind(case).bind(days);
            update.execute(&pool).await.unwrap();
        }
        if let Some((kind, days, appeal)) = story.sanction {
            let sql = "INSERT INTO sanctions (canvas_id, user_id, kind, reason, issued_by,
                                              issuer_rank, issued_at, case_id)
                       VALUES ($1, $2, $3, 'r', $4, 2, now() - make_interval(days => $5), $6)
                       RETURNING id";
            let sanction: i64 = sqlx::query_scalar(sql)
                .bind(id)
                .bind(vandal.id())
                .bind(kind)
                .bind(owner.id())
                .bind(days)
                .bind(case)
                .fetch_one(&pool)
                .await
                .unwrap();
            let sql = "INSERT INTO appeals (sanction_id, state, decided_at)
                       SELECT $1, CASE $2 WHEN 0 THEN 'waiting' ELSE 'kept' END,
                              now() - make_interval(days => nullif($2, 0))
                       WHERE $2 IS NOT NULL";
            let insert = sqlx::query(sql).bind(sanction).bind(appeal);
            insert.execute(&pool).await.unwrap();
        }
        made.push((report, story.kept));
    }
    let database = server.stop().await;
    // It is looked for at once when the server starts.
    let server = TestServer::start_on(database, &[]).await;
    let owner = Client {
        addr: server.addr,
        ..owner
    };
    let is_gone = async |report: &Value| evidence(&owner, report).await.is_null();
    for (report, kept) in &made {
        let gone = async { while !kept && !is_gone(report).await {} };
        time::timeout(TEST_TIMEOUT, gone)
            .await
            .expect("the evidence is still there");
    }
    for (report, kept) in &made {
        assert_eq!(is_gone(report).await, !kept, "{report}");
        let path = format!("/cases/{}", report["case_id"]);
        owner.get(&path).await.json(200);
    }
    server.stop().await;
}
