//! Reports and cases: what can be reported and how often, who sees and decides cases, and
//! that a report does nothing by itself.

use crate::common::{
    TEST_TIMEOUT, TestServer, canvas, cluster::Cluster, http::Client, socket::TestClient,
};
use serde_json::{Value, json};
use tokio::time;
use uuid::Uuid;

/// A canvas with its owner and a moderator.
struct Place {
    server: TestServer,
    owner: Client,
    moderator: Client,
    id: i64,
}

impl Place {
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    async fn start_with(arguments: &[&str]) -> Self {
        let server = TestServer::start_with(arguments).await;
        let [owner, moderator] = [server.user("owner").await, server.user("mod").await];
        let id = canvas(&owner, &json!({})).await;
        let member = format!("/canvases/{id}/members/mod");
        owner
            .put(&member, &json!({ "role": "moderator" }))
            .await
            .expect(200);
        Self {
            server,
            owner,
            moderator,
            id,
        }
    }

    fn path(&self, rest: &str) -> String {
        format!("/canvases/{}/{rest}", self.id)
    }

    async fn cases(&self, query: &str) -> Vec<Value> {
        self.moderator
            .all(&self.path(&format!("cases{query}")))
            .await
    }

    /// A new report, which must be taken.
    async fn report(&self, reporter: &Client, target: &Value, rule: &str) -> Value {
        self.try_report(reporter, target, rule).await.json(201)
    }

    async fn try_report(
        &self,
        reporter: &Client,
        target: &Value,
        rule: &str,
    ) -> crate::common::http::Reply {
        let body = json!({ "target": target, "rule": rule, "comment": "look" });
        reporter.post(&self.path("reports"), &body).await
    }
}

async fn case(reader: &Client, report: &Value) -> Value {
    reader
        .get(&format!("/cases/{}", report["case_id"]))
        .await
        .json(200)
}

async fn decide(moderator: &Client, report: &Value, outcome: &str) -> crate::common::http::Reply {
    let path = format!("/cases/{}/decide", report["case_id"]);
    moderator.post(&path, &json!({ "outcome": outcome })).await
}

fn whole_canvas() -> Value {
    json!({ "kind": "canvas" })
}

fn user(username: &str) -> Value {
    json!({ "kind": "user", "username": username })
}

async fn said(client: &Client, canvas: i64, text: &str) -> Value {
    let mut tab = TestClient::join(client, canvas).await;
    tab.done(json!({ "type": "canvas_chat", "text": text }))
        .await;
    let said = tab.events.pop().unwrap();
    tab.close().await;
    said
}

async fn painted(client: &Client, canvas: i64, x: i64, y: i64, pixels: Value) {
    let mut tab = TestClient::join(client, canvas).await;
    tab.done(json!({ "type": "tile_paint", "x": x, "y": y, "pixels": pixels }))
        .await;
    tab.close().await;
}

#[tokio::test]
async fn open_reports_of_one_thing_are_one_case() {
    let place = Place::start().await;
    let server = &place.server;
    let [ann, bob] = [server.user("ann").await, server.guest("Bob").await];
    server.user("vandal").await;
    let first = place.report(&ann, &user("vandal"), "griefing").await;
    assert_eq!(first["state"], "open");
    assert_eq!(first["outcome"], Value::Null);
    assert_eq!(first["rule"], "griefing");
    // The same person again, in other letters and by another rule: the first.
    let again = place.try_report(&ann, &user("VANDAL"), "spam").await;
    assert_eq!(again.json(200), first);
    let second = place.report(&bob, &user("Vandal"), "spam").await;
    assert_eq!(second["case_id"], first["case_id"]);
    assert_ne!(second["id"], first["id"]);
    let other = place.report(&bob, &whole_canvas(), "spam").await;
    assert_ne!(other["case_id"], first["case_id"]);

    let cases = place.cases("").await;
    assert_eq!(cases.len(), 2);
    // Most reporters first.
    assert_eq!(cases[0]["id"], first["case_id"]);
    assert_eq!(cases[0]["reporters"], 2);
    assert_eq!(cases[0]["rules"], json!({ "griefing": 1, "spam": 1 }));
    assert_eq!(cases[0]["target"], user("vandal"));
    assert_eq!(cases[0]["state"], "open");
    assert_eq!(cases[0]["canvas_id"], place.id);
    assert!(cases[0].get("comments").is_none());
    assert_eq!(cases[1]["reporters"], 1);

    // A thing whose case is decided gets a new one.
    decide(&place.moderator, &first, "warned").await.expect(200);
    let later = place.report(&ann, &user("vandal"), "griefing").await;
    assert_ne!(later["case_id"], first["case_id"]);
    let mine = ann.all("/users/me/reports").await;
    assert_eq!(mine.len(), 2);
    assert_eq!(mine[0], later);
    assert_eq!(mine[1]["id"], first["id"]);
    assert_eq!(mine[1]["state"], "decided");
    assert_eq!(mine[1]["outcome"], "warned");
    place.server.stop().await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "it looks at every place")]
async fn only_what_exists_can_be_reported() {
    let place = Place::start().await;
    let ann = place.server.user("ann").await;
    let elsewhere = canvas(&ann, &json!({})).await;
    let message = said(&ann, elsewhere, "there").await["message_id"].clone();
    painted(&place.owner, place.id, 1, 2, json!([[0, 1]])).await;
    let report = async |target: Value| place.try_report(&ann, &target, "spam").await;
    for (target, status, code) in [
        (
            json!({ "kind": "tile", "x": 3, "y": 3 }),
            404,
            "tile_not_found",
        ),
        (
            json!({ "kind": "tile", "x": 8, "y": 0 }),
            422,
            "out_of_bounds",
        ),
        (
            json!({ "kind": "tile", "x": 0, "y": -1 }),
            422,
            "out_of_bounds",
        ),
        (
            json!({ "kind": "tile", "x": 4_294_967_296_i64, "y": 0 }),
            422,
            "out_of_bounds",
        ),
        (
            json!({ "kind": "area", "x0": 0, "y0": 0, "x1": 8, "y1": 0 }),
            422,
            "out_of_bounds",
        ),
        (
            json!({ "kind": "message", "message_id": message }),
            404,
            "message_not_found",
        ),
        (
            json!({ "kind": "message", "message_id": Uuid::new_v4() }),
            404,
            "message_not_found",
        ),
        (
            json!({ "kind": "comment", "comment_id": 1 }),
            404,
            "comment_not_found",
        ),
        (user("nobody"), 404, "user_not_found"),
        (user("no such name"), 404, "user_not_found"),
    ] {
        report(target).await.problem(status, code);
    }
    for target in [
        // 17 tiles, and an end before the beginning.
        json!({ "kind": "area", "x0": 0, "y0": 0, "x1": 5, "y1": 2 }),
        json!({ "kind": "area", "x0": 2, "y0": 0, "x1": 1, "y1": 0 }),
        user("ann"),
        json!({ "kind": "planet" }),
        json!("canvas"),
    ] {
        report(target).await.refuses("target");
    }
    report(json!({})).await.refuses("kind");
    let send = async |body: Value| ann.post(&place.path("reports"), &body).await;
    let spam =
        |comment: String| json!({ "target": whole_canvas(), "rule": "spam", "comment": comment });
    send(spam("x".repeat(501))).await.refuses("comment");
    send(json!({ "target": whole_canvas(), "rule": "other" }))
        .await
        .refuses("comment");
    send(json!({ "target": whole_canvas(), "rule": "other", "comment": " \n" }))
        .await
        .refuses("comment");
    send(json!({ "target": whole_canvas(), "rule": "rudeness" }))
        .await
        .refuses("rule");
    send(json!({ "target": whole_canvas() }))
        .await
        .refuses("rule");
    assert!(place.cases("").await.is_empty());
    // All that can be.
    send(spam("x".repeat(500))).await.expect(201);
    report(json!({ "kind": "tile", "x": 1, "y": 2 }))
        .await
        .expect(201);
    report(json!({ "kind": "area", "x0": 0, "y0": 0, "x1": 7, "y1": 1 }))
        .await
        .expect(201);
    let own = said(&ann, place.id, "here").await["message_id"].clone();
    report(json!({ "kind": "message", "message_id": own }))
        .await
        .expect(201);
    report(user("owner")).await.expect(201);

    place
        .server
        .visitor()
        .post(&place.path("reports"), &spam(String::new()))
        .await
        .problem(401, "unauthenticated");
    let private = json!({ "visibility": "private" });
    place
        .owner
        .patch(&format!("/canvases/{}", place.id), &private)
        .await
        .expect(200);
    send(spam(String::new())).await.problem(403, "forbidden");
    ann.post("/canvases/1/reports", &spam(String::new()))
        .await
        .problem(404, "canvas_not_found");
    place.server.stop().await;
}

#[tokio::test]
async fn reports_are_counted_by_the_day() {
    let place = Place::start_with(&["--rate-limits", "on"]).await;
    let [ann, guest] = [
        place.server.user("ann").await,
        place.server.guest("Guest").await,
    ];
    for (reporter, most) in [(&ann, 20), (&guest, 3)] {
        let target = |x: i64, y: i64| json!({ "kind": "area", "x0": x, "y0": y, "x1": x, "y1": y });
        let mut first = Value::Null;
        for number in 0..most {
            let report = place
                .report(reporter, &target(number % 8, number / 8), "spam")
                .await;
            if number == 0 {
                first = report;
            }
        }
        let refused = place.try_report(reporter, &target(7, 5), "spam").await;
        refused.problem(429, "rate_limited");
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((86_000..=86_400).contains(&wait), "{wait}");
        // The first is answered all the same; withdrawing it makes no room.
        let again = place.try_report(reporter, &target(0, 0), "spam").await;
        assert_eq!(again.json(200), first);
        reporter
            .delete(&format!("/reports/{}", first["id"]))
            .await
            .expect(204);
        let refused = place.try_report(reporter, &target(0, 0), "spam").await;
        refused.problem(429, "rate_limited");
    }
    // A day later.
    let pool = place.server.database.pool().await;
    sqlx::query("UPDATE reports SET created_at = created_at - interval '1 day'")
        .execute(&pool)
        .await
        .unwrap();
    place.report(&guest, &whole_canvas(), "spam").await;
    place.server.stop().await;
}

#[tokio::test]
async fn a_report_is_withdrawn_while_it_is_open() {
    let place = Place::start().await;
    let [ann, bob] = [
        place.server.user("ann").await,
        place.server.user("bob").await,
    ];
    let mut tab = TestClient::join(&place.moderator, place.id).await;
    let first = place.report(&ann, &whole_canvas(), "hate").await;
    let second = place.report(&bob, &whole_canvas(), "spam").await;
    let path = |report: &Value| format!("/reports/{}", report["id"]);
    bob.delete(&path(&first)).await.problem(403, "forbidden");
    place
        .moderator
        .delete(&path(&first))
        .await
        .problem(403, "forbidden");
    bob.delete("/reports/1000")
        .await
        .problem(404, "report_not_found");
    bob.delete("/reports/x")
        .await
        .problem(404, "report_not_found");
    place
        .server
        .visitor()
        .delete(&path(&first))
        .await
        .problem(401, "unauthenticated");

    ann.delete(&path(&first)).await.expect(204);
    ann.delete(&path(&first)).await.expect(204);
    let left = case(&place.moderator, &second).await;
    assert_eq!(left["state"], "open");
    assert_eq!(left["reporters"], 1);
    assert_eq!(left["rules"], json!({ "spam": 1 }));
    assert_eq!(left["comments"].as_array().unwrap().len(), 1);
    let mine = ann.all("/users/me/reports").await;
    assert_eq!(mine[0]["state"], "withdrawn");
    assert_eq!(mine[0]["outcome"], Value::Null);
    // Reporting again is a new report in the same case.
    let again = place.report(&ann, &whole_canvas(), "hate").await;
    assert_eq!(again["case_id"], first["case_id"]);
    ann.delete(&path(&again)).await.expect(204);

    // The last one decides the case, without a line in the log.
    bob.delete(&path(&second)).await.expect(204);
    let updated = tab.expect("case_updated").await;
    assert_eq!(updated["state"], "decided");
    assert_eq!(updated["outcome"], "no_violation");
    assert_eq!(updated["case_id"], second["case_id"]);
    let decided = case(&place.moderator, &second).await;
    assert_eq!(decided["state"], "decided");
    assert_eq!(decided["outcome"], "no_violation");
    assert_eq!(decided["reporters"], 0);
    assert!(decided["decided_at"].is_string());
    let log = place.moderator.all(&place.path("moderation_log")).await;
    assert!(log.iter().all(|line| line["action"] != "case_decided"));
    bob.delete(&path(&second)).await.expect(204);
    decide(&place.moderator, &second, "warned")
        .await
        .problem(409, "already_decided");

    let third = place.report(&bob, &whole_canvas(), "spam").await;
    assert_ne!(third["case_id"], second["case_id"]);
    decide(&place.moderator, &third, "removed")
        .await
        .expect(200);
    bob.delete(&path(&third))
        .await
        .problem(409, "already_decided");
    assert_eq!(bob.all("/users/me/reports").await[0]["outcome"], "removed");
    place.server.stop().await;
}

/// However many report a person, nothing happens to them.
#[tokio::test]
async fn the_number_of_reports_does_nothing() {
    let place = Place::start().await;
    let ann = place.server.user("ann").await;
    let mut tab = TestClient::join(&ann, place.id).await;
    let message = said(&ann, place.id, "hello").await;
    tab.reach(message["seq"].as_i64().unwrap()).await;
    let target = json!({ "kind": "message", "message_id": message["message_id"] });
    for number in 0..15 {
        let guest = place.server.guest(&format!("Guest {number}")).await;
        place.report(&guest, &user("ann"), "harassment").await;
        place.report(&guest, &target, "harassment").await;
    }
    let cases = place.cases("").await;
    assert_eq!(cases.len(), 2);
    assert!(
        cases
            .iter()
            .all(|case| case["reporters"] == 15 && case["state"] == "open")
    );
    tab.done(json!({ "type": "canvas_chat", "text": "still here" }))
        .await;
    tab.done(json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]] }))
        .await;
    // Nor is it told to the person.
    assert!(
        tab.drain()
            .await
            .iter()
            .all(|message| { !message["type"].as_str().unwrap().starts_with("case_") })
    );
    let said = ann.all(&place.path("messages")).await;
    assert_eq!(said.last().unwrap()["message_text"], "hello");
    place.server.stop().await;
}

#[tokio::test]
async fn cases_are_for_moderators_and_reporters_names_for_admins() {
    let place = Place::start().await;
    let server = &place.server;
    let [ann, vandal] = [
        server.user("ann_the_reporter").await,
        server.user("vandal").await,
    ];
    let admin = server.admin("host").await;
    let report = place.report(&ann, &user("vandal"), "hate").await;
    let bare = json!({ "target": user("vandal"), "rule": "spam" });
    let bob = server.user("bob_the_reporter").await;
    bob.post(&place.path("reports"), &bare).await.expect(201);
    let path = format!("/cases/{}", report["case_id"]);
    for stranger in [&ann, &vandal, &server.guest("Guest").await] {
        stranger.get(&path).await.problem(403, "forbidden");
        stranger
            .get(&place.path("cases"))
            .await
            .problem(403, "forbidden");
        stranger.get("/admin/cases").await.problem(403, "forbidden");
        stranger
            .post(&format!("{path}/claim"), &json!({}))
            .await
            .problem(403, "forbidden");
        decide(stranger, &report, "warned")
            .await
            .problem(403, "forbidden");
    }
    for hidden in [&path, &place.path("cases"), "/admin/cases"] {
        server
            .visitor()
            .get(hidden)
            .await
            .problem(401, "unauthenticated");
    }
    place
        .moderator
        .get("/admin/cases")
        .await
        .problem(403, "forbidden");
    place
        .owner
        .get("/cases/1000")
        .await
        .problem(404, "case_not_found");
    // A moderator of another canvas has no part in it.
    let other = server.user("other").await;
    canvas(&other, &json!({})).await;
    other.get(&path).await.problem(403, "forbidden");

    for reader in [&place.moderator, &place.owner] {
        for path in [path.as_str(), &place.path("cases")] {
            let reply = reader.get(path).await;
            reply.expect(200);
            assert!(!reply.text().contains("the_reporter"), "{}", reply.text());
        }
    }
    let seen = case(&place.moderator, &report).await;
    let comments = seen["comments"].as_array().unwrap();
    assert_eq!(comments.len(), 1);
    assert_eq!(comments[0]["text"], "look");
    assert_eq!(comments[0]["rule"], "hate");
    assert!(comments[0].get("reporter").is_none());
    let seen = case(&admin, &report).await;
    let names: Vec<&Value> = seen["comments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|comment| &comment["reporter"]["username"])
        .collect();
    assert_eq!(names, ["ann_the_reporter", "bob_the_reporter"]);
    let all = admin.all("/admin/cases").await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["id"], report["case_id"]);
    place.server.stop().await;
}

#[tokio::test]
async fn a_case_is_claimed_and_decided_once() {
    let place = Place::start().await;
    let server = &place.server;
    let ann = server.user("ann").await;
    server.user("vandal").await;
    let second = server.user("second").await;
    let member = place.path("members/second");
    place
        .owner
        .put(&member, &json!({ "role": "moderator" }))
        .await
        .expect(200);
    let report = place.report(&ann, &user("vandal"), "spam").await;
    let path = format!("/cases/{}/claim", report["case_id"]);
    let claim = async |moderator: &Client| moderator.post(&path, &json!({})).await;

    let claimed = claim(&place.moderator).await.json(200);
    assert_eq!(claimed["state"], "claimed");
    assert_eq!(claimed["claimed_by"]["username"], "mod");
    assert!(claimed["claimed_until"].is_string());
    claim(&second).await.problem(409, "claimed");
    claim(&place.moderator).await.expect(200);
    decide(&second, &report, "warned")
        .await
        .problem(409, "claimed");
    assert_eq!(place.cases("?state=claimed").await.len(), 1);
    assert!(place.cases("?state=open").await.is_empty());
    place
        .moderator
        .get(&place.path("cases?state=lost"))
        .await
        .refuses("state");

    // The claim is over.
    let pool = server.database.pool().await;
    sqlx::query("UPDATE cases SET claimed_until = clock_timestamp()")
        .execute(&pool)
        .await
        .unwrap();
    let over = case(&second, &report).await;
    assert_eq!(over["state"], "open");
    assert_eq!(over["claimed_by"], Value::Null);
    assert_eq!(over["claimed_until"], Value::Null);
    claim(&second).await.expect(200);

    let decision = format!("/cases/{}/decide", report["case_id"]);
    let refused = json!({ "outcome": "banned" });
    second.post(&decision, &refused).await.refuses("outcome");
    let long = json!({ "outcome": "warned", "note": "x".repeat(1001) });
    second.post(&decision, &long).await.refuses("note");
    let body = json!({ "outcome": "report_abuse", "note": "secret" });
    let decided = second.post(&decision, &body).await.json(200);
    assert_eq!(decided["state"], "decided");
    assert_eq!(decided["outcome"], "report_abuse");
    assert_eq!(decided["outcome_note"], "secret");
    assert_eq!(decided["claimed_by"], Value::Null);
    for moderator in [&second, &place.moderator, &place.owner] {
        decide(moderator, &report, "warned")
            .await
            .problem(409, "already_decided");
        claim(moderator).await.problem(409, "already_decided");
    }
    assert_eq!(place.cases("?state=decided").await.len(), 1);
    // Everybody sees that it was decided, not who is concerned.
    let log = server.visitor().all(&place.path("moderation_log")).await;
    assert_eq!(log[0]["action"], "case_decided");
    assert_eq!(log[0]["actor"], Value::Null);
    assert_eq!(log[0]["target"], Value::Null);
    let detail = json!({ "case_id": report["case_id"], "outcome": "report_abuse", "kind": "user" });
    assert_eq!(log[0]["detail"], detail);
    assert!(!log[0].to_string().contains("secret"));
    let log = place.moderator.all(&place.path("moderation_log")).await;
    assert_eq!(log[0]["actor"]["username"], "second");

    // A higher rank need not wait for a claim.
    let report = place.report(&ann, &user("vandal"), "spam").await;
    let path = format!("/cases/{}/claim", report["case_id"]);
    place.moderator.post(&path, &json!({})).await.expect(200);
    place
        .owner
        .post(&path, &json!({}))
        .await
        .problem(409, "claimed");
    decide(&place.owner, &report, "no_violation")
        .await
        .expect(200);
    place.server.stop().await;
}

#[tokio::test]
async fn two_moderators_who_decide_at_once_decide_once() {
    let place = Place::start().await;
    place.server.user("vandal").await;
    let report = place
        .report(&place.server.user("ann").await, &user("vandal"), "spam")
        .await;
    let (one, other) = tokio::join!(
        decide(&place.owner, &report, "warned"),
        decide(&place.moderator, &report, "removed")
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let log = place.moderator.all(&place.path("moderation_log")).await;
    let decisions = log.iter().filter(|line| line["action"] == "case_decided");
    assert_eq!(decisions.count(), 1);
    place.server.stop().await;
}

/// Nobody decides what they report, or what they are reported for.
#[tokio::test]
async fn who_is_concerned_does_not_decide() {
    let place = Place::start().await;
    let (server, moderator) = (&place.server, &place.moderator);
    let ann = server.user("ann").await;
    painted(moderator, place.id, 0, 0, json!([[0, 1]])).await;
    painted(&ann, place.id, 1, 0, json!([[0, 1]])).await;
    let message = said(moderator, place.id, "words").await["message_id"].clone();
    for target in [
        user("mod"),
        json!({ "kind": "message", "message_id": message }),
        json!({ "kind": "tile", "x": 0, "y": 0 }),
        json!({ "kind": "area", "x0": 0, "y0": 0, "x1": 1, "y1": 0 }),
    ] {
        let report = place.report(&ann, &target, "spam").await;
        decide(moderator, &report, "no_violation")
            .await
            .problem(403, "forbidden");
        let claim = format!("/cases/{}/claim", report["case_id"]);
        moderator
            .post(&claim, &json!({}))
            .await
            .problem(403, "forbidden");
        decide(&place.owner, &report, "warned").await.expect(200);
    }
    let own = place
        .report(
            moderator,
            &json!({ "kind": "tile", "x": 1, "y": 0 }),
            "spam",
        )
        .await;
    decide(moderator, &own, "warned")
        .await
        .problem(403, "forbidden");
    // Once they do not report it any more, they are not concerned.
    place
        .report(
            &place.owner,
            &json!({ "kind": "tile", "x": 1, "y": 0 }),
            "spam",
        )
        .await;
    decide(&place.owner, &own, "warned")
        .await
        .problem(403, "forbidden");
    moderator
        .delete(&format!("/reports/{}", own["id"]))
        .await
        .expect(204);
    decide(moderator, &own, "warned").await.expect(200);
    // The canvas is its owner's.
    let report = place.report(&ann, &whole_canvas(), "spam").await;
    decide(&place.owner, &report, "no_violation")
        .await
        .problem(403, "forbidden");
    decide(moderator, &report, "warned").await.expect(200);
    place.server.stop().await;
}

#[tokio::test]
async fn cases_have_pages_with_most_reporters_first() {
    let place = Place::start().await;
    let guests = [
        place.server.guest("A").await,
        place.server.guest("B").await,
        place.server.guest("C").await,
    ];
    for x in 0..7_i64 {
        let target = json!({ "kind": "area", "x0": x, "y0": 0, "x1": x, "y1": 0 });
        let reporters = usize::try_from(x % 3 + 1).unwrap();
        for guest in &guests[..reporters] {
            place.report(guest, &target, "spam").await;
        }
    }
    let cases = place.cases("?limit=2").await;
    let counts: Vec<i64> = cases
        .iter()
        .map(|case| case["reporters"].as_i64().unwrap())
        .collect();
    assert_eq!(counts, [3, 3, 2, 2, 1, 1, 1]);
    let mut ids: Vec<i64> = cases
        .iter()
        .map(|case| case["id"].as_i64().unwrap())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 7);
    place
        .moderator
        .get(&place.path("cases?cursor=x"))
        .await
        .refuses("cursor");
    place
        .moderator
        .get(&place.path("cases?limit=201"))
        .await
        .refuses("limit");
    place.server.stop().await;
}

/// Moderators' connections hear of cases, on every node; others do not.
#[tokio::test]
async fn moderators_on_every_node_hear_of_cases() {
    let cluster = Cluster::start(2).await;
    let [first, second] = [cluster.nodes[0].addr, cluster.nodes[1].addr];
    let owner = Client::guest(first, "Owner").await;
    let id = canvas(&owner, &json!({})).await;
    let [moderator, ann] = [
        Client::guest(second, "Mod").await,
        Client::guest(second, "Ann").await,
    ];
    let member = format!("/canvases/{id}/members/{}", moderator.username());
    owner
        .put(&member, &json!({ "role": "moderator" }))
        .await
        .expect(200);
    let mut tabs = [
        TestClient::join(&owner, id).await,
        TestClient::join(&moderator, id).await,
        TestClient::join(&ann, id).await,
    ];
    let admin = crate::common::admin(&cluster.database, first, "host").await;
    let mut admins = TestClient::join(&admin, id).await;
    let body = json!({ "target": { "kind": "canvas" }, "rule": "hate" });
    let report = ann
        .post(&format!("/canvases/{id}/reports"), &body)
        .await
        .json(201);
    let path = format!("/cases/{}", report["case_id"]);
    moderator
        .post(&format!("{path}/claim"), &json!({}))
        .await
        .expect(200);
    let warned = json!({ "outcome": "warned" });
    moderator
        .post(&format!("{path}/decide"), &warned)
        .await
        .expect(200);
    for tab in [&mut tabs[0], &mut admins] {
        let opened = tab.expect("case_opened").await;
        assert_eq!(opened["case_id"], report["case_id"]);
        assert_eq!(opened["canvas_id"], id);
        assert_eq!(opened["target"], json!({ "kind": "canvas" }));
        assert_eq!(opened["rule"], "hate");
        let claimed = tab.expect("case_updated").await;
        assert_eq!(claimed["state"], "claimed");
        assert_eq!(claimed["outcome"], Value::Null);
        let decided = tab.expect("case_updated").await;
        assert_eq!(decided["state"], "decided");
        assert_eq!(decided["outcome"], "warned");
        assert_eq!(decided["case_id"], report["case_id"]);
    }
    tabs[1].expect("case_opened").await;
    tabs[1].expect("case_updated").await;
    // Ann, whose node is the moderator's, hears of nothing: the chat that comes later is first.
    tabs[1]
        .send(&json!({ "type": "canvas_chat", "text": "later" }))
        .await;
    let before = tabs[2]
        .until(|message| {
            let kind = message["type"].as_str().unwrap();
            kind == "canvas_chat_message" || kind.starts_with("case_")
        })
        .await;
    assert_eq!(before["message_text"], "later");
}

/// A guest who reported something is kept; one who left nothing is not.
#[tokio::test]
async fn guests_with_a_report_are_kept() {
    let place = Place::start().await;
    let [kept, gone] = [
        place.server.guest("Kept").await,
        place.server.guest("Gone").await,
    ];
    place.report(&kept, &whole_canvas(), "spam").await;
    for guest in [&kept, &gone] {
        guest.post("/auth/logout", &json!({})).await.expect(204);
    }
    let pool = place.server.database.pool().await;
    sqlx::query("UPDATE users SET created_at = now() - interval '31 days'")
        .execute(&pool)
        .await
        .unwrap();
    let database = place.server.stop().await;
    // Old rows are deleted at once when the server starts.
    let server = TestServer::start_on(database, &[]).await;
    let left = async |id: i64| {
        sqlx::query_scalar::<_, bool>("SELECT EXISTS (SELECT FROM users WHERE id = $1)")
            .bind(id)
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    let purged = async { while left(gone.id()).await {} };
    time::timeout(TEST_TIMEOUT, purged)
        .await
        .expect("the guest is still there");
    assert!(left(kept.id()).await);
    server.stop().await;
}
