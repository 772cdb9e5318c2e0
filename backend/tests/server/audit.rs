//! The audit table: sign-ins, refusals and moderation.

use crate::common::{
    TestServer, canvas, eventually,
    http::Reply,
    socket::{TestClient, refusal, upgrade},
};
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

/// A row: action, outcome, user, address, canvas, target.
type Row = (
    String,
    String,
    Option<i64>,
    Option<String>,
    Option<i64>,
    String,
);

async fn rows(pool: &PgPool) -> Vec<Row> {
    sqlx::query_as(
        "SELECT action, outcome, user_id, host(address), canvas_id, target FROM audit ORDER BY id",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

fn row(action: &str, outcome: &str, user: Option<i64>, canvas: Option<i64>, target: &str) -> Row {
    (
        action.to_owned(),
        outcome.to_owned(),
        user,
        Some("127.0.0.1".to_owned()),
        canvas,
        target.to_owned(),
    )
}

#[tokio::test]
async fn sign_ins_are_audited_without_secrets() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let gus = server.guest("Gus").await;
    let visitor = server.visitor();
    let again = json!({ "username": "ann", "password": "password" });
    visitor
        .post("/auth/register", &again)
        .await
        .problem(409, "username_taken");
    let mut tab = ann.clone();
    tab.sign_in(&visitor.post("/auth/login", &again).await.json(200));
    for username in ["ANN", "hunter2hunter2"] {
        let wrong = json!({ "username": username, "password": "hunter2hunter2" });
        let reply = visitor.post("/auth/login", &wrong).await;
        reply.problem(401, "invalid_credentials");
    }
    tab.post("/auth/logout", &json!({})).await.expect(204);
    let (annid, gusid) = (ann.id(), gus.id());
    let database = server.stop().await;
    let pool = database.pool().await;
    assert_eq!(
        rows(&pool).await,
        [
            row("register", "ok", Some(annid), None, ""),
            row("guest", "ok", Some(gusid), None, ""),
            row("register", "username_taken", None, None, ""),
            row("login", "ok", Some(annid), None, ""),
            row(
                "login",
                "invalid_credentials",
                None,
                None,
                &format!("user:{annid}")
            ),
            row("login", "invalid_credentials", None, None, ""),
            row("logout", "ok", Some(annid), None, ""),
        ]
    );
}

#[tokio::test]
async fn refused_connections_are_audited() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    let id = canvas(&ann, &json!({ "visibility": "private" })).await;
    let forged = upgrade(server.addr, id, "token=a.b.c", &[]);
    assert_eq!(refusal(server.addr, forged).await.0, 401);
    let uninvited = upgrade(server.addr, id, &format!("token={}", bob.token()), &[]);
    assert_eq!(refusal(server.addr, uninvited).await.0, 403);
    let cookie = format!("auth_token={}", ann.token());
    let elsewhere = [
        ("cookie", cookie.as_str()),
        ("origin", "http://evil.example"),
    ];
    let framed = upgrade(server.addr, id, "", &elsewhere);
    assert_eq!(refusal(server.addr, framed).await.0, 403);
    let request = server
        .visitor()
        .request(Method::POST, "/canvases")
        .header("cookie", &cookie)
        .header("origin", "http://evil.example")
        .json(&json!({}));
    let reply = Reply::of(request).await;
    reply.problem(403, "origin_not_allowed");
    let mut socket = TestClient::join(&ann, id).await;
    let other = json!({ "type": "auth_refresh", "token": "x.y.z" });
    socket.send(&other).await;
    socket.refused("unauthenticated").await;
    let (annid, bobid) = (ann.id(), bob.id());
    let database = server.stop().await;
    let kept = rows(&database.pool().await).await;
    assert_eq!(
        kept[2..],
        [
            row("connect", "unauthenticated", None, Some(id), ""),
            row("connect", "forbidden", Some(bobid), Some(id), ""),
            row("connect", "origin_not_allowed", None, Some(id), ""),
            row("cookie", "origin_not_allowed", None, None, ""),
            row(
                "token_refresh",
                "unauthenticated",
                Some(annid),
                Some(id),
                ""
            ),
        ]
    );
}

#[tokio::test]
async fn moderation_is_audited_with_its_target() {
    let server = TestServer::start().await;
    let root = server.admin("root").await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    let id = canvas(&ann, &json!({})).await;
    let path = format!("/canvases/{id}");
    let member = format!("{path}/members/bob");
    let role = json!({ "role": "viewer" });
    ann.put(&member, &role).await.expect(200);
    bob.put(&member, &json!({ "role": "editor" }))
        .await
        .problem(403, "forbidden");
    ann.delete(&member).await.expect(204);
    ann.patch(&path, &json!({ "name": "A name nobody keeps here" }))
        .await
        .expect(200);
    bob.patch(&path, &json!({ "name": "Mine" }))
        .await
        .problem(403, "forbidden");
    let tab = TestClient::join(&bob, id).await;
    let connection = tab.connected["connection_id"].as_str().unwrap().to_owned();
    let words = json!({ "message": "Words nobody keeps here", "user_id": bob.id() });
    root.post("/admin/announcements", &words).await.expect(202);
    root.delete(&format!("/admin/clients/{connection}"))
        .await
        .expect(204);
    bob.delete(&path).await.problem(403, "forbidden");
    ann.delete(&path).await.expect(204);
    let (rootid, annid, bobid) = (Some(root.id()), Some(ann.id()), Some(bob.id()));
    let bobs = format!("user:{}", bob.id());
    let database = server.stop().await;
    let kept = rows(&database.pool().await).await;
    let on = Some(id);
    let made = ("admin_created", format!("user:{}", root.id()));
    assert_eq!((kept[0].0.as_str(), kept[0].5.clone()), made);
    assert_eq!(
        kept[4..],
        [
            row("role_set", "ok", annid, on, &format!("{bobs} role:viewer")),
            row("role_set", "forbidden", bobid, on, "role:editor"),
            row("role_removed", "ok", annid, on, &bobs),
            row("canvas_changed", "ok", annid, on, ""),
            row("canvas_changed", "forbidden", bobid, on, ""),
            row("announcement", "ok", rootid, None, &bobs),
            row(
                "kick",
                "ok",
                rootid,
                None,
                &format!("connection:{connection}")
            ),
            row("canvas_deleted", "forbidden", bobid, on, ""),
            row("canvas_deleted", "ok", annid, on, ""),
        ]
    );
}

#[tokio::test]
async fn an_unwritable_audit_table_delays_no_request() {
    let server = TestServer::start().await;
    let pool = server.database.pool().await;
    let mut lock = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE audit IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *lock)
        .await
        .unwrap();
    // Each is answered, although no entry can be written yet.
    for n in 0..20 {
        server.guest(&format!("Guest {n}")).await;
    }
    lock.rollback().await.unwrap();
    let database = server.stop().await;
    assert_eq!(rows(&database.pool().await).await.len(), 20);
}

#[tokio::test]
async fn old_entries_are_deleted() {
    let server = TestServer::start().await;
    let pool = server.database.pool().await;
    sqlx::query(
        "INSERT INTO audit (at, action, outcome) VALUES
             (now() - interval '91 days', 'login', 'ok'), (now() - interval '89 days', 'login', 'ok')",
    )
    .execute(&pool)
    .await
    .unwrap();
    let database = server.stop().await;
    // The maintenance loop runs at once when the server starts.
    let server = TestServer::start_on(database, &[]).await;
    eventually("the old entry goes", async || {
        let ages: Vec<f64> = sqlx::query_scalar(
            "SELECT extract(day FROM now() - at)::float8 FROM audit ORDER BY id",
        )
        .fetch_all(&pool)
        .await
        .unwrap();
        (ages == [89.0]).then_some(())
    })
    .await;
    server.stop().await;
}
