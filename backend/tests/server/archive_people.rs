//! People whose events are old: their names go when their accounts do, and guests who left
//! something stay.

use crate::common::{
    TEST_TIMEOUT, TestServer,
    archive::{AT_ONCE, KEPT, NEVER, archived, archiving, at, scene},
    socket::TestClient,
};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::time::timeout;

async fn count(pool: &PgPool, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn the_names_of_deleted_accounts_leave_the_pieces() {
    let server = TestServer::start_with(&NEVER).await;
    let (ann, bob) = (server.user("ann").await, server.user("Bob_Brown").await);
    let named = json!({ "display_name": "Bob \"B\" Brown" });
    bob.patch("/users/me", &named).await.expect(200);
    let (id, ..) = scene(&ann, &bob).await;
    let server = archiving(server).await;
    let (ann, bob) = (at(&server, &ann), at(&server, &bob));
    let pool = server.database.pool().await;
    archived(&pool, id).await;
    let path = format!("/canvases/{id}");
    let before = ann.all(&format!("{path}/events")).await;
    assert!(json!(before).to_string().contains("Bob_Brown"));
    let request = bob.request(Method::DELETE, "/users/me");
    let request = request.json(&json!({ "password": "password" }));
    crate::common::http::Reply::of(request).await.expect(204);
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
    timeout(TEST_TIMEOUT, forgotten)
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
    let server = TestServer::start_with(&NEVER).await;
    let ann = server.user("ann").await;
    let guest = server.guest("Guest").await;
    let id = ann.canvas(&json!({ "newcomers": "free" })).await;
    let mut tab = TestClient::join(&guest, id).await;
    tab.done(json!({ "type": "canvas_chat", "text": "here" }))
        .await;
    tab.close().await;
    let mut tab = TestClient::join(&ann, id).await;
    for n in 0..10 {
        tab.done(json!({ "type": "canvas_chat", "text": format!("{n}") }))
            .await;
    }
    tab.close().await;
    let server = archiving(server).await;
    let (ann, guest) = (at(&server, &ann), at(&server, &guest));
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
    let server = archiving(server).await;
    let purged = async {
        while count(
            &pool,
            "SELECT count(*) FROM users WHERE display_name = 'Other'",
        )
        .await
            > 0
        {}
    };
    timeout(TEST_TIMEOUT, purged).await.unwrap();
    assert_eq!(
        count(
            &pool,
            "SELECT count(*) FROM users WHERE display_name = 'Guest'"
        )
        .await,
        1
    );

    let ann = at(&server, &ann);
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
    timeout(TEST_TIMEOUT, removed).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_purge_takes_archived_words_too() {
    let server = TestServer::start_with(&NEVER).await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = ann.canvas(&json!({ "newcomers": "free" })).await;
    let mut of_ann = TestClient::join(&ann, id).await;
    let mut of_bob = TestClient::join(&bob, id).await;
    let says = |text: String| json!({ "type": "canvas_chat", "text": text });
    for n in 0..6 {
        of_bob.done(says(format!("bob{n}"))).await;
        of_ann.done(says(format!("ann{n}"))).await;
    }
    let since = of_bob.events[4]["created_at"].clone();
    assert_eq!(of_bob.events[4]["message_text"], "bob2");
    drop((of_ann, of_bob));
    let server = archiving(server).await;
    let pool = server.database.pool().await;
    archived(&pool, id).await;
    let ann = at(&server, &ann);
    let purge = json!({ "username": "bob", "since": since });
    let path = format!("/canvases/{id}/messages/purge");
    assert_eq!(ann.post(&path, &purge).await.json(200)["removed"], 4);
    let texts = async |list: &str| {
        let all = ann.all(&format!("/canvases/{id}/{list}")).await;
        let texts = all.iter().filter_map(|it| it["message_text"].as_str());
        let mut texts: Vec<String> = texts.map(str::to_owned).collect();
        texts.sort();
        texts
    };
    let left = [
        "", "", "", "", "ann0", "ann1", "ann2", "ann3", "ann4", "ann5", "bob0", "bob1",
    ];
    assert_eq!(texts("messages").await, left);
    assert_eq!(texts("events").await, left);
    // Each has its event, and those that were archived are not found again.
    let removals = format!("/canvases/{id}/events?kind=chat_removed");
    let removals = ann.all(&removals).await;
    let targets: Vec<&Value> = removals.iter().map(|it| &it["target_seq"]).collect();
    assert_eq!(targets, [5, 7, 9, 11]);
    assert_eq!(ann.post(&path, &purge).await.json(200)["removed"], 0);
    server.stop().await;
}

#[tokio::test]
async fn whoever_has_old_events_only_is_no_newcomer() {
    let server = TestServer::start_with(&NEVER).await;
    let (ann, bob, eve) = (
        server.user("ann").await,
        server.user("bob").await,
        server.user("eve").await,
    );
    let id = ann.canvas(&json!({ "newcomers": "limited" })).await;
    for user in [&bob, &eve] {
        let mut tab = TestClient::join(user, id).await;
        tab.done(json!({ "type": "canvas_chat", "text": "hi" }))
            .await;
    }
    let mut tab = TestClient::join(&ann, id).await;
    for n in 0..KEPT {
        tab.done(json!({ "type": "canvas_chat", "text": format!("{n}") }))
            .await;
    }
    drop(tab);
    let database = server.stop().await;
    let pool = database.pool().await;
    // Bob spoke long ago, when nobody counted visits; Eve a moment ago.
    sqlx::query(
        "UPDATE canvas_events SET created_at = created_at - interval '16 minutes'
         WHERE actor_id = $1",
    )
    .bind(bob.id())
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query("DELETE FROM canvas_visits")
        .execute(&pool)
        .await
        .unwrap();
    let arguments = [&AT_ONCE[..], &["--rate-limits", "on"]].concat();
    let server = TestServer::start_on(database, &arguments).await;
    archived(&pool, id).await;
    let of_bob = TestClient::join(&at(&server, &bob), id).await;
    assert_eq!(of_bob.connected["newcomer_until"], Value::Null);
    let of_eve = TestClient::join(&at(&server, &eve), id).await;
    assert!(of_eve.connected["newcomer_until"].is_string());
    server.stop().await;
}
