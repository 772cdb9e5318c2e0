//! Appeals against sanctions: who makes them, who decides them, who sees which names.

use crate::common::{TestServer, canvas, http::Client, http::Reply};
use serde_json::{Value, json};
use sqlx::PgPool;

/// A canvas with two moderators and somebody who is sanctioned.
struct Place {
    server: TestServer,
    owner: Client,
    first: Client,
    second: Client,
    vandal: Client,
    id: i64,
}

impl Place {
    async fn start() -> Self {
        let server = TestServer::start().await;
        let owner = server.user("owner_name").await;
        let id = canvas(&owner, &json!({})).await;
        let mut moderators = Vec::new();
        for name in ["first_mod", "second_mod"] {
            moderators.push(server.user(name).await);
            let member = format!("/canvases/{id}/members/{name}");
            owner
                .put(&member, &json!({ "role": "moderator" }))
                .await
                .expect(200);
        }
        let [first, second] = moderators.try_into().ok().unwrap();
        let vandal = server.user("vandal").await;
        Self {
            server,
            owner,
            first,
            second,
            vandal,
            id,
        }
    }

    fn path(&self, rest: &str) -> String {
        format!("/canvases/{}/{rest}", self.id)
    }

    /// A sanction of the vandal, and its id.
    async fn sanction(&self, issuer: &Client, kind: &str, duration_s: Option<i64>) -> i64 {
        let body = json!({
            "username": "vandal", "kind": kind, "reason": "raid", "duration_s": duration_s,
        });
        let made = issuer.post(&self.path("sanctions"), &body).await.json(201);
        made["id"].as_i64().unwrap()
    }

    async fn shown(&self, sanction: i64) -> Value {
        let mine = self.vandal.all("/users/me/sanctions").await;
        mine.into_iter().find(|it| it["id"] == sanction).unwrap()
    }
}

async fn appeal(client: &Client, sanction: i64, text: &str) -> Reply {
    let path = format!("/sanctions/{sanction}/appeal");
    client.post(&path, &json!({ "text": text })).await
}

async fn say(client: &Client, appeal: &Value, text: &str) -> Reply {
    let path = format!("/appeals/{}/messages", appeal["id"]);
    client.post(&path, &json!({ "text": text })).await
}

async fn decide(client: &Client, appeal: &Value, outcome: &str) -> Reply {
    let body = json!({ "outcome": outcome, "text": "decided" });
    decide_as(client, appeal, &body).await
}

async fn decide_as(client: &Client, appeal: &Value, body: &Value) -> Reply {
    let path = format!("/appeals/{}/decide", appeal["id"]);
    client.post(&path, body).await
}

async fn execute(pool: &PgPool, statement: &'static str) {
    sqlx::query(statement).execute(pool).await.unwrap();
}

fn authors(appeal: &Value) -> Vec<&Value> {
    let messages = appeal["messages"].as_array().unwrap();
    messages
        .iter()
        .map(|message| &message["author"]["username"])
        .collect()
}

#[tokio::test]
async fn another_moderator_decides_and_names_stay_hidden() {
    let place = Place::start().await;
    let ban = place.sanction(&place.first, "ban", None).await;
    // Also while banned.
    let made = appeal(&place.vandal, ban, " It was my brother. ")
        .await
        .json(201);
    assert_eq!(made["state"], "waiting");
    assert_eq!(made["sanction_id"], ban);
    assert_eq!(made["decided_at"], Value::Null);
    assert_eq!(made["messages"][0]["text"], "It was my brother.");
    assert_eq!(made["messages"][0]["author"]["username"], "vandal");
    appeal(&place.vandal, ban, "again")
        .await
        .problem(409, "already_appealed");

    say(&place.second, &made, "Which brother?")
        .await
        .expect(201);
    let said = say(&place.first, &made, "He always says so.")
        .await
        .json(201);
    assert_eq!(authors(&said), ["vandal", "second_mod", "first_mod"]);
    let reply = say(&place.vandal, &made, "The younger one.").await;
    let said = reply.json(201);
    assert_eq!(
        authors(&said),
        [
            &json!("vandal"),
            &Value::Null,
            &Value::Null,
            &json!("vandal")
        ]
    );
    assert!(!reply.text().contains("_mod"));
    say(&place.server.user("ann").await, &made, "hi")
        .await
        .problem(403, "forbidden");

    // Who issued it does not decide, nor does the vandal, nor anybody below moderator.
    decide(&place.first, &made, "lifted")
        .await
        .problem(403, "forbidden");
    decide(&place.vandal, &made, "lifted").await.expect(403);
    decide(&place.server.user("bob").await, &made, "kept")
        .await
        .problem(403, "forbidden");
    let decided = decide(&place.second, &made, "lifted").await.json(200);
    assert_eq!(decided["state"], "lifted");
    assert!(decided["decided_at"].is_string());
    assert_eq!(decided["messages"].as_array().unwrap().len(), 5);
    let shown = place.shown(ban).await;
    assert!(shown["lifted_at"].is_string());
    assert_eq!(shown["appeal"]["state"], "lifted");
    assert!(!shown.to_string().contains("_mod"), "{shown}");
    crate::common::socket::TestClient::join(&place.vandal, place.id)
        .await
        .close()
        .await;

    // After the decision everything is over.
    say(&place.vandal, &made, "thanks")
        .await
        .problem(409, "already_decided");
    say(&place.second, &made, "bye")
        .await
        .problem(409, "already_decided");
    decide(&place.owner, &made, "kept")
        .await
        .problem(409, "already_decided");
    let log = place
        .server
        .visitor()
        .all(&place.path("moderation_log"))
        .await;
    assert_eq!(log[0]["action"], "appeal_decided");
    assert_eq!(log[0]["actor"], Value::Null);
    assert_eq!(log[0]["target"]["username"], "vandal");
    assert_eq!(log[0]["detail"]["outcome"], "lifted");
    assert!(!log[0].to_string().contains("decided\"}"), "{}", log[0]);
    let log = place.first.all(&place.path("moderation_log")).await;
    assert_eq!(log[0]["actor"]["username"], "second_mod");
    place.server.stop().await;
}

#[tokio::test]
async fn a_sanction_is_kept_or_shortened() {
    let place = Place::start().await;
    let mute = place.sanction(&place.owner, "mute", Some(86_400)).await;
    let made = appeal(&place.vandal, mute, "please").await.json(201);
    let shortened = |expires_at: Value| json!({ "outcome": "shortened", "text": "soon", "expires_at": expires_at });
    let soon = |seconds: i64| {
        let at = chrono::Utc::now() + chrono::TimeDelta::seconds(seconds);
        json!(at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
    };
    for (body, field) in [
        (shortened(Value::Null), "expires_at"),
        (shortened(soon(-60)), "expires_at"),
        (shortened(soon(90_000)), "expires_at"),
        (
            json!({ "outcome": "kept", "text": "no", "expires_at": soon(60) }),
            "expires_at",
        ),
        (json!({ "outcome": "kept", "text": " " }), "text"),
        (json!({ "outcome": "kept" }), "text"),
        (json!({ "outcome": "waiting", "text": "no" }), "outcome"),
    ] {
        decide_as(&place.first, &made, &body).await.refuses(field);
    }
    let end = soon(3_600);
    let decided = decide_as(&place.first, &made, &shortened(end.clone()))
        .await
        .json(200);
    assert_eq!(decided["state"], "shortened");
    let shown = place.shown(mute).await;
    assert_eq!(shown["expires_at"], end);
    assert_eq!(shown["lifted_at"], Value::Null);

    let no_paint = place.sanction(&place.owner, "no_paint", None).await;
    let made = appeal(&place.vandal, no_paint, "please").await.json(201);
    decide(&place.second, &made, "kept").await.expect(200);
    let shown = place.shown(no_paint).await;
    assert_eq!(shown["lifted_at"], Value::Null);
    assert_eq!(shown["expires_at"], Value::Null);
    assert_eq!(shown["appeal"]["state"], "kept");
    place.server.stop().await;
}

#[tokio::test]
async fn an_appeal_is_made_once_in_time_and_by_whom_it_concerns() {
    let place = Place::start().await;
    let warning = place.sanction(&place.first, "warning", None).await;
    appeal(&place.vandal, warning, "but").await.expect(422);
    let mute = place.sanction(&place.first, "mute", None).await;
    for text in ["", "  ", &"x".repeat(2001)] {
        appeal(&place.vandal, mute, text).await.refuses("text");
    }
    for stranger in [
        &place.owner,
        &place.first,
        &place.server.guest("Guest").await,
    ] {
        appeal(stranger, mute, "not mine")
            .await
            .problem(403, "forbidden");
    }
    appeal(&place.server.visitor(), mute, "x")
        .await
        .problem(401, "unauthenticated");
    appeal(&place.vandal, 1000, "x")
        .await
        .problem(404, "sanction_not_found");
    say(&place.vandal, &json!({ "id": 1000 }), "x")
        .await
        .problem(404, "appeal_not_found");
    decide(&place.owner, &json!({ "id": 1000 }), "kept")
        .await
        .problem(404, "appeal_not_found");
    let pool = place.server.database.pool().await;
    execute(
        &pool,
        "UPDATE sanctions SET issued_at = issued_at - interval '31 days'",
    )
    .await;
    appeal(&place.vandal, mute, "late").await.expect(422);
    execute(
        &pool,
        "UPDATE sanctions SET issued_at = issued_at + interval '2 days'",
    )
    .await;
    appeal(&place.vandal, mute, &"x".repeat(2000))
        .await
        .expect(201);
    place.server.stop().await;
}

/// One owner without moderators: then admins, and without admins the owner.
#[tokio::test]
async fn the_issuer_decides_only_where_nobody_else_can() {
    let place = Place::start().await;
    for name in ["first_mod", "second_mod"] {
        let member = place.path(&format!("members/{name}"));
        place.owner.delete(&member).await.expect(204);
    }
    let mute = place.sanction(&place.owner, "mute", None).await;
    let made = appeal(&place.vandal, mute, "please").await.json(201);
    let admin = place.server.admin("host").await;
    decide(&place.owner, &made, "kept")
        .await
        .problem(403, "forbidden");
    // Admins see it at once, since nobody else on the canvas can decide.
    assert_eq!(admin.all("/admin/appeals?state=waiting").await.len(), 1);
    decide(&admin, &made, "lifted").await.expect(200);

    let pool = place.server.database.pool().await;
    execute(&pool, "UPDATE users SET is_admin = false").await;
    // A moderator whose account was deleted decides nothing.
    place.server.user("gone").await;
    place
        .owner
        .put(&place.path("members/gone"), &json!({ "role": "moderator" }))
        .await
        .expect(200);
    execute(
        &pool,
        "UPDATE users SET deleted_at = now() WHERE username = 'gone'",
    )
    .await;
    let mute = place.sanction(&place.owner, "mute", None).await;
    let made = appeal(&place.vandal, mute, "please").await.json(201);
    decide(&place.owner, &made, "kept").await.expect(200);

    // A moderator cannot decide about their own sanction, nor about one of their rank.
    let member = place.path("members/vandal");
    for name in ["first_mod", "second_mod", "vandal"] {
        let member = place.path(&format!("members/{name}"));
        place
            .owner
            .put(&member, &json!({ "role": "moderator" }))
            .await
            .expect(200);
    }
    let mute = place.sanction(&place.owner, "mute", None).await;
    let made = appeal(&place.vandal, mute, "please").await.json(201);
    decide(&place.vandal, &made, "lifted")
        .await
        .problem(403, "forbidden");
    decide(&place.first, &made, "lifted")
        .await
        .problem(403, "forbidden");
    let listed = place.vandal.all(&place.path("appeals?state=waiting")).await;
    assert_eq!(listed.len(), 1);
    say(&place.owner, &made, "hm").await.expect(201);
    let listed = place.vandal.all(&place.path("appeals?state=waiting")).await;
    assert_eq!(authors(&listed[0]), [&json!("vandal"), &Value::Null]);
    decide(&place.owner, &made, "kept").await.expect(200);
    place.owner.delete(&member).await.expect(204);
    place.server.stop().await;
}

#[tokio::test]
async fn appeals_are_listed_for_moderators_and_after_a_week_for_admins() {
    let place = Place::start().await;
    let admin = place.server.admin("host").await;
    let mut made = Vec::new();
    for kind in ["mute", "no_paint", "ban"] {
        let sanction = place.sanction(&place.first, kind, None).await;
        made.push(appeal(&place.vandal, sanction, kind).await.json(201));
    }
    decide(&place.second, &made[0], "kept").await.expect(200);
    let ids = |list: &[Value]| list.iter().map(|it| it["id"].clone()).collect::<Vec<_>>();
    let listed = place.second.all(&place.path("appeals?limit=2")).await;
    assert_eq!(
        ids(&listed),
        [
            made[2]["id"].clone(),
            made[1]["id"].clone(),
            made[0]["id"].clone()
        ]
    );
    let waiting = place.second.all(&place.path("appeals?state=waiting")).await;
    assert_eq!(waiting.len(), 2);
    let kept = place.owner.all(&place.path("appeals?state=kept")).await;
    assert_eq!(ids(&kept), [made[0]["id"].clone()]);
    place
        .owner
        .get(&place.path("appeals?state=x"))
        .await
        .refuses("state");
    for stranger in [
        &place.server.user("ann").await,
        &place.server.guest("Guest").await,
    ] {
        stranger
            .get(&place.path("appeals"))
            .await
            .problem(403, "forbidden");
        stranger
            .get("/admin/appeals")
            .await
            .problem(403, "forbidden");
    }
    place
        .first
        .get("/admin/appeals")
        .await
        .problem(403, "forbidden");

    assert!(admin.all("/admin/appeals").await.is_empty());
    let pool = place.server.database.pool().await;
    execute(
        &pool,
        "UPDATE appeals SET created_at = created_at - interval '8 days'",
    )
    .await;
    say(&place.second, &made[1], "We are looking at it.")
        .await
        .expect(201);
    assert_eq!(
        ids(&admin.all("/admin/appeals").await),
        [made[2]["id"].clone()]
    );

    // Those of the whole server are for admins alone.
    let body = json!({ "username": "vandal", "kind": "mute", "reason": "everywhere" });
    let sanction = admin.post("/admin/sanctions", &body).await.json(201);
    let everywhere = appeal(&place.vandal, sanction["id"].as_i64().unwrap(), "x")
        .await
        .json(201);
    assert_eq!(admin.all("/admin/appeals").await[0]["id"], everywhere["id"]);
    decide(&place.owner, &everywhere, "lifted")
        .await
        .problem(403, "forbidden");
    say(&place.owner, &everywhere, "hm")
        .await
        .problem(403, "forbidden");
    // The only admin decides, although it is their own.
    decide(&admin, &everywhere, "lifted").await.expect(200);
    place.server.stop().await;
}

/// Whoever is banned from the server appeals and writes all the same.
#[tokio::test]
async fn a_ban_from_the_server_leaves_the_appeal() {
    let place = Place::start().await;
    let admin = place.server.admin("host").await;
    let body = json!({ "username": "vandal", "kind": "ban", "reason": "raids" });
    let ban = admin.post("/admin/sanctions", &body).await.json(201);
    let made = appeal(&place.vandal, ban["id"].as_i64().unwrap(), "why?")
        .await
        .json(201);
    say(&place.vandal, &made, "hello?").await.expect(201);
    let report = json!({ "target": { "kind": "canvas" }, "rule": "spam" });
    let refused = place.vandal.post(&place.path("reports"), &report).await;
    refused.problem(403, "sanctioned");
    assert_eq!(
        place.shown(ban["id"].as_i64().unwrap()).await["appeal"]["state"],
        "waiting"
    );
    place.server.stop().await;
}
