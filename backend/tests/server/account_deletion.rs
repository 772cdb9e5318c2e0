//! Deleted accounts: names and password go wherever they are read, everything else stays.

use crate::common::{
    TEST_TIMEOUT, TestServer, canvas, eventually,
    http::{Client, Reply},
    socket::{Closed, TestClient},
};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::time;

async fn delete(client: &Client, body: &Value) -> Reply {
    let request = client.request(Method::DELETE, "/users/me").json(body);
    Reply::of(request).await
}

/// Waits until the events of a canvas say nothing of these names.
async fn forgotten(client: &Client, canvas: i64, names: &[&str]) -> Vec<Value> {
    let events = format!("/canvases/{canvas}/events");
    let wait = async {
        loop {
            let all = client.all(&events).await;
            let text = json!(all).to_string();
            if !names.iter().any(|name| text.contains(name)) {
                return all;
            }
        }
    };
    time::timeout(TEST_TIMEOUT, wait)
        .await
        .expect("the events still have the names")
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "it looks at every place")]
async fn the_names_go_and_the_rest_stays() {
    let server = TestServer::start().await;
    let bob = server.user("bob").await;
    let ann = server.user("Ann_Smith").await;
    let named = json!({ "display_name": "Ann \"A\" \\Smith", "status_message": "Ann is here" });
    ann.patch("/users/me", &named).await.expect(200);
    let id = canvas(&bob, &json!({})).await;
    let own = canvas(&ann, &json!({ "name": "Hers" })).await;
    let board = format!("/canvases/{id}");
    let member = format!("{board}/members/Ann_Smith");
    let role = json!({ "role": "moderator" });
    bob.put(&member, &role).await.expect(200);
    let mut tab = TestClient::join(&ann, id).await;
    let mut neighbour = TestClient::join(&bob, id).await;
    tab.done(json!({ "type": "tile_create", "x": 0, "y": 0, "title": "Hers" }))
        .await;
    let text = r#"I said "sender_username":"bob" \ "#;
    tab.done(json!({ "type": "canvas_chat", "text": text }))
        .await;
    neighbour
        .done(json!({ "type": "canvas_chat", "text": "Ann_Smith is a name in my words" }))
        .await;
    tab.reach(3).await;
    let before = bob.all(&format!("{board}/events")).await;
    // An open tab that will resume after the first message, by its time.
    let mut resuming = TestClient::join(&bob, id).await;
    resuming.seq = 2;
    resuming.time = before[1]["created_at"].as_str().map(str::to_owned);
    let epoch = resuming.connected["epoch"].clone();

    // On her own canvas nobody is connected: only her name in the tile changes.
    let tile = json!({ "x": 0, "y": 0 });
    let tiles = format!("/canvases/{own}/tiles");
    ann.post(&tiles, &tile).await.expect(201);
    let quiet = format!("/canvases/{own}/snapshot");
    let tag = bob.get(&quiet).await.header("etag").to_owned();
    let again = async || {
        let request = bob.request(Method::GET, &quiet);
        Reply::of(request.header("if-none-match", &tag)).await
    };
    again().await.expect(304);

    delete(&ann, &json!({}))
        .await
        .problem(401, "invalid_credentials");
    delete(&ann, &json!({ "password": "passwort" }))
        .await
        .problem(401, "invalid_credentials");
    ann.get("/users/me").await.expect(200);
    let reply = delete(&ann, &json!({ "password": "password" })).await;
    assert!(reply.expect(204).header("set-cookie").contains("Max-Age=0"));
    let revoked = Closed {
        code: 1008,
        reason: "revoked".to_owned(),
    };
    assert_eq!(tab.closed().await, revoked);
    ann.get("/users/me").await.problem(401, "unauthenticated");
    let login = json!({ "username": "Ann_Smith", "password": "password" });
    let reply = server.visitor().post("/auth/login", &login).await;
    reply.problem(401, "invalid_credentials");

    // At once in all lists.
    let name = format!("deleted-{}", ann.id());
    let gone = |user: &Value, username: &str, display_name: &str| {
        assert_eq!(user[username], *name, "{user}");
        assert_eq!(user[display_name], "Deleted account", "{user}");
    };
    let messages = bob.all(&format!("{board}/messages")).await;
    gone(&messages[1], "sender_username", "sender_display_name");
    assert_eq!(messages[1]["sender_id"], ann.id());
    assert_eq!(messages[1]["message_text"], text.trim());
    assert_eq!(messages[0]["sender_username"], "bob");
    let snapshot = bob.get(&format!("{board}/snapshot")).await.json(200);
    gone(
        &snapshot["messages"][0],
        "sender_username",
        "sender_display_name",
    );
    assert_eq!(snapshot["tiles"][0]["creator_username"], *name);
    assert_eq!(snapshot["tiles"][0]["creator_id"], ann.id());
    let members = bob.all(&format!("{board}/members")).await;
    let member = members.iter().find(|m| m["user_id"] == ann.id()).unwrap();
    gone(member, "username", "display_name");
    let hers = bob.get(&format!("/canvases/{own}")).await.json(200);
    assert_eq!(hers["owner_id"], ann.id());

    // In the events soon; only the names differ.
    let after = forgotten(&bob, id, &["\"Ann_Smith\"", "Ann \\\"A\\\""]).await;
    let mut expected = before;
    expected[1]["sender_username"] = json!(name);
    expected[1]["sender_display_name"] = json!("Deleted account");
    assert_eq!(after, expected);
    // Whoever has a snapshot of before gets the new one.
    let renewed = async {
        loop {
            let reply = again().await;
            if reply.status == 200 {
                return reply.json(200);
            }
        }
    };
    let renewed = time::timeout(TEST_TIMEOUT, renewed).await;
    let renewed = renewed.expect("the old snapshot is still good");
    assert_eq!(renewed["tiles"][0]["creator_username"], *name);
    // The history is the same: a client resumes, from the room's memory too.
    let mut resumed = TestClient::resume(&bob, id, &resuming).await;
    assert_eq!(resumed.connected["resume"], "resumed");
    assert_eq!(resumed.connected["epoch"], epoch);
    resumed.reach(3).await;
    resuming.seq = 0;
    resuming.time = None;
    let memory_too = async {
        loop {
            let mut resumed = TestClient::resume(&bob, id, &resuming).await;
            assert_eq!(resumed.connected["epoch"], epoch);
            resumed.reach(3).await;
            if resumed.events == after {
                return;
            }
        }
    };
    time::timeout(TEST_TIMEOUT, memory_too)
        .await
        .expect("the room still has the names in memory");
    // Nobody is called what a deleted account is called, and the old name is free.
    let register = json!({ "username": name, "password": "password" });
    let reply = server.visitor().post("/auth/register", &register).await;
    reply.problem(409, "username_taken");
    let new = server.user("ann_smith").await;
    assert_ne!(new.id(), ann.id());
    server.stop().await;
}

/// Lines of the moderation log that name several people have their names in their details.
#[tokio::test]
async fn names_go_from_the_details_of_the_moderation_log() {
    let server = TestServer::start().await;
    let pool = server.database.pool().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&bob, &json!({})).await;
    for named in [vec![&bob, &ann], vec![&bob]] {
        let ids: Vec<i64> = named.iter().map(|user| user.id()).collect();
        let names: Vec<&str> = named.iter().map(|user| user.username()).collect();
        sqlx::query(
            "INSERT INTO moderation_log (canvas_id, action, actor_id, detail)
             VALUES ($1, 'rewrite', $2, $3)",
        )
        .bind(id)
        .bind(bob.id())
        .bind(json!({ "kind": "revert", "usernames": names, "user_ids": ids }))
        .execute(&pool)
        .await
        .unwrap();
    }
    delete(&ann, &json!({ "password": "password" }))
        .await
        .expect(204);
    let log = format!("/canvases/{id}/moderation_log");
    let details = async || {
        let lines = server.visitor().all(&log).await;
        let names = lines.iter().map(|line| line["detail"]["usernames"].clone());
        names.collect::<Vec<Value>>()
    };
    let gone = [
        json!(["bob"]),
        json!(["bob", format!("deleted-{}", ann.id())]),
    ];
    let wait = async { while details().await != gone {} };
    time::timeout(TEST_TIMEOUT, wait)
        .await
        .expect("the log still has the name");
    server.stop().await;
}

/// The user's row as it is stored.
async fn stored(pool: &PgPool, user: i64) -> String {
    sqlx::query_scalar("SELECT row_to_json(users)::text FROM users WHERE id = $1")
        .bind(user)
        .fetch_one(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_guest_needs_no_password_and_canvases_go_where_asked() {
    let server = TestServer::start().await;
    let pool = server.database.pool().await;
    let bob = server.user("bob").await;
    let guest = server.guest("Quiet Nova").await;
    let mut own = Vec::new();
    for visibility in ["public", "private", "unlisted"] {
        own.push(canvas(&guest, &json!({ "visibility": visibility })).await);
    }
    let id = canvas(&bob, &json!({})).await;
    let mut tab = TestClient::join(&bob, own[0]).await;
    let mut elsewhere = TestClient::join(&guest, id).await;
    elsewhere
        .done(json!({ "type": "canvas_chat", "text": "bye" }))
        .await;
    // No body at all is as good.
    let other = server.guest("Other").await;
    let kept = canvas(&other, &json!({})).await;
    other.delete("/users/me").await.expect(204);
    bob.get(&format!("/canvases/{kept}")).await.expect(200);

    let body = json!({ "delete_canvases": true });
    delete(&guest, &body).await.expect(204);
    for id in own {
        let reply = bob.get(&format!("/canvases/{id}")).await;
        reply.problem(404, "canvas_not_found");
    }
    tab.expect("canvas_deleted").await;
    assert_eq!(tab.closed().await.reason, "canvas_deleted");
    assert_eq!(elsewhere.closed().await.reason, "revoked");
    forgotten(&bob, id, &["Quiet Nova", guest.username()]).await;
    let row = stored(&pool, guest.id()).await;
    assert!(!row.contains("Quiet Nova") && !row.contains(guest.username()));
    server.stop().await;
}

/// Accounts of before the names were reserved, and those of admins.
#[tokio::test]
async fn a_deleted_account_gets_a_name_that_is_free_and_no_rights() {
    let server = TestServer::start().await;
    let pool = server.database.pool().await;
    let host = server.admin("host").await;
    let squatter = server.user("squatter").await;
    sqlx::query("UPDATE users SET username = 'Deleted-' || $1 WHERE id = $2")
        .bind(host.id().to_string())
        .bind(squatter.id())
        .execute(&pool)
        .await
        .unwrap();
    delete(&host, &json!({ "password": "password" }))
        .await
        .expect(204);
    let row: Value = serde_json::from_str(&stored(&pool, host.id()).await).unwrap();
    let username = row["username"].as_str().unwrap();
    assert!(username.starts_with("deleted-") && username != format!("deleted-{}", host.id()));
    assert_eq!(row["is_admin"], false);
    assert_eq!(row["password_hash"], Value::Null);
    let networks: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sign_in_networks WHERE user_id = $1")
            .bind(host.id())
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(networks, 0);
    server.stop().await;
}

/// Several thousand messages on several canvases, some of them by others.
#[tokio::test]
async fn names_go_from_long_histories_and_what_others_wrote_stays() {
    let server = TestServer::start().await;
    let pool = server.database.pool().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    for _ in 0..3 {
        let id = canvas(&bob, &json!({})).await;
        sqlx::query(
            r#"INSERT INTO canvas_events (canvas_id, seq, kind, actor_id, op_id, body, created_at)
               SELECT $1, n, 'canvas_chat_message', CASE n % 2 WHEN 0 THEN $2 ELSE $3 END,
                      gen_random_uuid(),
                      format('{"type":"canvas_chat_message","message_id":"%s","canvas_id":%s,"seq":%s,"sender_id":%s,"sender_username":"%s","sender_display_name":"%s","message_text":"%s","created_at":"2026-01-02T03:04:05.678Z"}',
                             gen_random_uuid(), $1::bigint, n, CASE n % 2 WHEN 0 THEN $2 ELSE $3 END,
                             CASE n % 2 WHEN 0 THEN 'ann' ELSE 'bob' END,
                             CASE n % 2 WHEN 0 THEN 'ann' ELSE 'bob' END, n),
                      now()
               FROM generate_series(1, 4500) n"#,
        )
        .bind(id)
        .bind(ann.id())
        .bind(bob.id())
        .execute(&pool)
        .await
        .unwrap();
        sqlx::query("UPDATE canvases SET last_seq = 4500 WHERE id = $1")
            .bind(id)
            .execute(&pool)
            .await
            .unwrap();
    }
    // Also where the index of events by user is missing.
    for index in ["", "DROP INDEX canvas_events_op_id_key"] {
        sqlx::raw_sql(index).execute(&pool).await.unwrap();
        let user = if index.is_empty() { &ann } else { &bob };
        delete(user, &json!({ "password": "password" }))
            .await
            .expect(204);
        eventually("no name is left", async || {
            let left: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM canvas_events WHERE body LIKE '%\"' || $1 || '\"%'",
            )
            .bind(user.username())
            .fetch_one(&pool)
            .await
            .unwrap();
            (left == 0).then_some(())
        })
        .await;
        let of_others: i64 =
            sqlx::query_scalar("SELECT count(*) FROM canvas_events WHERE body LIKE '%\"bob\"%'")
                .fetch_one(&pool)
                .await
                .unwrap();
        assert_eq!(of_others, if index.is_empty() { 6750 } else { 0 });
    }
    server.stop().await;
}

/// Neither the sanction nor what happens to be known of the browser goes with the account.
#[tokio::test]
async fn a_ban_outlives_the_account() {
    let server = TestServer::start().await;
    let owner = server.user("owner").await;
    let id = canvas(&owner, &json!({})).await;
    let sign_in = async |path: &str, body: Value, cookie: &str| {
        let request = server.visitor().request(Method::POST, path).json(&body);
        let reply = Reply::of(request.header("cookie", cookie)).await;
        let mut client = server.visitor();
        client.sign_in(&serde_json::from_slice(&reply.body).unwrap());
        let cookies = reply.headers.get_all("set-cookie").iter();
        let mut cookies = cookies.map(|all| all.to_str().unwrap().split(';').next().unwrap());
        let device = cookies.find(|cookie| cookie.starts_with("device="));
        (client, device.unwrap_or_default().to_owned())
    };
    let body = json!({ "username": "vandal", "password": "password" });
    let (vandal, device) = sign_in("/auth/register", body, "").await;
    TestClient::join(&vandal, id).await.close().await;
    let body = json!({ "username": "vandal", "kind": "ban", "reason": "raids" });
    let sanctions = format!("/canvases/{id}/sanctions");
    let banned = owner.post(&sanctions, &body).await.json(201);
    // Also while banned, from the whole server too.
    let root = server.admin("root").await;
    root.post("/admin/sanctions", &body).await.expect(201);
    vandal.get("/users/me/sessions").await.expect(200);
    vandal.delete("/users/me/sessions").await.expect(204);
    delete(&vandal, &json!({ "password": "password" }))
        .await
        .expect(204);

    let name = format!("deleted-{}", vandal.id());
    for path in [&sanctions, "/admin/sanctions"] {
        let all = root
            .all(&format!("{path}?active=true&username={name}"))
            .await;
        assert_eq!(all.len(), 1, "{path}");
        assert_eq!(all[0]["user"]["username"], *name);
        assert_eq!(all[0]["user"]["display_name"], "Deleted account");
        assert_eq!(all[0]["lifted_at"], Value::Null);
    }
    let log = format!("/canvases/{id}/moderation_log");
    let lines = server.visitor().all(&log).await;
    assert_eq!(lines[0]["target"]["username"], *name);
    assert!(!json!(lines).to_string().contains("\"vandal\""));
    // The server's ban keeps new guests from being made there; without it the canvas's ban
    // keeps a guest of that browser off the canvas.
    let guest = server.visitor().request(Method::POST, "/auth/guest");
    let reply = Reply::of(guest.header("cookie", &device)).await;
    reply.problem(403, "registration_required");
    let path = format!("/admin/sanctions?active=true&username={name}");
    let on_server = root.all(&path).await;
    let lift = format!("/sanctions/{}/lift", on_server[0]["id"]);
    root.post(&lift, &json!({})).await.expect(200);
    let (back, _) = sign_in("/auth/guest", json!({}), &device).await;
    let tiles = format!("/canvases/{id}/tiles");
    let reply = back.post(&tiles, &json!({ "x": 0, "y": 0 })).await;
    reply.problem(403, "registration_required");
    // Somebody new with the old name is not banned.
    let new = server.user("vandal").await;
    new.post(&tiles, &json!({ "x": 0, "y": 0 }))
        .await
        .expect(201);
    assert_ne!(banned["user"]["user_id"], new.id());
    server.stop().await;
}
