//! People whose events are old: their names go when their accounts do, and guests who left
//! something stay.

mod common;

use common::{
    PATIENCE, TestServer,
    archive::{AT_ONCE, archived, scene, sign_in},
    socket::TestClient,
};
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;
use tokio::time::timeout;

async fn count(pool: &PgPool, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn the_names_of_deleted_accounts_leave_the_pieces() {
    let server = TestServer::start_with(&AT_ONCE).await;
    let (ann, bob) = (server.user("ann").await, server.user("Bob_Brown").await);
    let named = json!({ "display_name": "Bob \"B\" Brown" });
    bob.patch("/users/me", &named).await.expect(200);
    let (id, ..) = scene(&ann, &bob).await;
    let pool = server.database.pool().await;
    archived(&pool, id).await;
    let path = format!("/canvases/{id}");
    let before = ann.all(&format!("{path}/events")).await;
    assert!(json!(before).to_string().contains("Bob_Brown"));
    let request = bob.request(Method::DELETE, "/users/me");
    let request = request.json(&json!({ "password": "password" }));
    common::http::Reply::of(request).await.expect(204);
    // Lists have no names of theirs at once.
    for message in ann.all(&format!("{path}/messages")).await {
        for field in ["sender_username", "sender_display_name"] {
            let name = message[field].as_str().unwrap();
            assert!(!name.contains("Brown"), "{message}");
        }
    }
    let forgotten = async {
        while json!(ann.all(&format!("{path}/events")).await)
            .to_string()
            .contains("Brown")
        {}
    };
    timeout(PATIENCE, forgotten)
        .await
        .expect("the pieces still have the names");
    // Nothing else has changed.
    let mut after = json!(ann.all(&format!("{path}/events")).await).to_string();
    let name = format!("deleted-{}", bob.id());
    for (new, old) in [
        (format!("\"{name}\""), "\"Bob_Brown\""),
        ("\"Deleted account\"".to_owned(), r#""Bob \"B\" Brown""#),
    ] {
        after = after.replace(&new, old);
    }
    assert_eq!(after, json!(before).to_string());
    server.stop().await;
}

#[tokio::test]
async fn guests_with_old_events_stay_and_a_deleted_canvas_goes() {
    let server = TestServer::start_with(&AT_ONCE).await;
    let ann = server.user("ann").await;
    let guest = server.guest("Guest").await;
    let id = ann.canvas(&json!({ "newcomers": "free" })).await;
    let mut tab = TestClient::join(&guest, id).await;
    tab.done(json!({ "type": "canvas_chat", "text": "here" }))
        .await;
    let mut tab = TestClient::join(&ann, id).await;
    for n in 0..10 {
        tab.done(json!({ "type": "canvas_chat", "text": format!("{n}") }))
            .await;
    }
    let pool = server.database.pool().await;
    archived(&pool, id).await;
    guest.post("/auth/logout", &json!({})).await.expect(204);
    let other = server.guest("Other").await;
    other.post("/auth/logout", &json!({})).await.expect(204);
    sqlx::query("UPDATE users SET created_at = now() - interval '31 days'")
        .execute(&pool)
        .await
        .unwrap();
    // Old rows are deleted at once when the server starts.
    let server = TestServer::start_on(server.stop().await, &AT_ONCE).await;
    let purged = async {
        while count(
            &pool,
            "SELECT count(*) FROM users WHERE display_name = 'Other'",
        )
        .await
            > 0
        {}
    };
    timeout(PATIENCE, purged).await.unwrap();
    assert_eq!(
        count(
            &pool,
            "SELECT count(*) FROM users WHERE display_name = 'Guest'"
        )
        .await,
        1
    );

    let ann = sign_in(&server, "ann").await;
    ann.delete(&format!("/canvases/{id}")).await.expect(204);
    let removed = async {
        while count(
            &pool,
            "SELECT (SELECT count(*) FROM archive_pieces) + (SELECT count(*) FROM canvas_events)
                  + (SELECT count(*) FROM archived_actors)",
        )
        .await
            > 0
        {}
    };
    timeout(PATIENCE, removed).await.unwrap();
    server.stop().await;
}
