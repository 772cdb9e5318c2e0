//! Guests that left nothing are deleted after 30 days; all others stay.

use crate::common::{
    TEST_TIMEOUT, TestServer, canvas, eventually, http::Client, socket::TestClient,
};
use serde_json::json;
use sqlx::{Connection, PgConnection, PgPool, error::DatabaseError};
use std::collections::BTreeSet;
use tokio::time;

async fn execute(pool: &PgPool, statement: &'static str) {
    sqlx::query(statement).execute(pool).await.unwrap();
}

async fn ids(pool: &PgPool) -> BTreeSet<i64> {
    let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM users")
        .fetch_all(pool)
        .await
        .unwrap();
    ids.into_iter().collect()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story of many guests")]
async fn guests_that_left_nothing_are_deleted() {
    let server = TestServer::start().await;
    let pool = server.database.pool().await;
    let owner = server.user("owner").await;
    let id = canvas(&owner, &json!({ "edit_policy": "exclusive" })).await;
    let board = format!("/canvases/{id}");
    let tiles = format!("{board}/tiles");
    let made = owner.post(&tiles, &json!({ "x": 0, "y": 0 })).await;
    let like = format!("/tiles/{}/like", made.json(201)["id"]);
    let mut stay: Vec<Client> = vec![owner.clone()];
    let mut signed_out: Vec<Client> = Vec::new();
    for name in [
        "session", "canvas", "role", "event", "like", "lock", "admin", "sanction", "message",
    ] {
        let guest = server.guest(name).await;
        match name {
            "canvas" => drop(canvas(&guest, &json!({})).await),
            "role" => {
                let member = format!("{board}/members/{}", guest.username());
                owner
                    .put(&member, &json!({ "role": "viewer" }))
                    .await
                    .expect(200);
            }
            "event" => {
                let mut tab = TestClient::join(&guest, id).await;
                tab.done(json!({ "type": "canvas_chat", "text": "here" }))
                    .await;
            }
            "like" => drop(guest.put(&like, &json!({})).await.json(200)),
            "lock" => {
                let mut tab = TestClient::join(&guest, id).await;
                tab.done(json!({ "type": "tile_lock", "x": 3, "y": 3 }))
                    .await;
            }
            "sanction" => {
                let path = format!("{board}/sanctions");
                let body = json!({ "username": guest.username(), "kind": "ban", "reason": "raid" });
                owner.post(&path, &body).await.expect(201);
            }
            "message" => {
                drop(TestClient::join(&guest, id).await);
                let body = json!({ "username": guest.username() });
                let begun = owner.post("/conversations", &body).await.json(201);
                let path = format!("/conversations/{}/messages", begun["id"]);
                guest
                    .post(&path, &json!({ "text": "hi" }))
                    .await
                    .expect(201);
            }
            "admin" => {
                let statement = "UPDATE users SET is_admin = true WHERE id = $1";
                let granted = sqlx::query(statement).bind(guest.id()).execute(&pool);
                granted.await.unwrap();
            }
            _ => {}
        }
        if name != "session" {
            signed_out.push(guest.clone());
        }
        stay.push(guest);
    }
    let gone = server.guest("Gone").await;
    signed_out.push(gone);
    for guest in &signed_out {
        guest.post("/auth/logout", &json!({})).await.expect(204);
    }
    // The lock lasts longer than this test.
    execute(
        &pool,
        "INSERT INTO tile_locks (canvas_id, x, y, user_id, connection_id, expires_at)
         SELECT c.id, 4, 4, u.id, gen_random_uuid(), now() + interval '1 hour'
         FROM canvases c JOIN users u ON u.display_name = 'lock' WHERE c.edit_policy = 'exclusive'",
    )
    .await;
    // A crowd of long ago, whose sessions are over, and old users with a password.
    execute(
        &pool,
        "WITH crowd AS (INSERT INTO users (username, display_name)
                        SELECT 'guest-' || n, 'Guest' FROM generate_series(1, 5000) n RETURNING id)
         INSERT INTO sessions (id, user_id, expires_at)
         SELECT gen_random_uuid(), id, now() - interval '1 day' FROM crowd",
    )
    .await;
    execute(
        &pool,
        "UPDATE users SET created_at = now() - interval '31 days'",
    )
    .await;
    // Not old enough.
    let young = server.guest("Young").await;
    young.post("/auth/logout", &json!({})).await.expect(204);
    execute(
        &pool,
        "UPDATE users SET created_at = now() - interval '29 days' WHERE display_name = 'Young'",
    )
    .await;
    stay.push(young);
    // To have been on a canvas is to leave nothing.
    execute(
        &pool,
        "INSERT INTO canvas_visits (user_id, canvas_id, first_at)
         SELECT u.id, c.id, u.created_at FROM users u, canvases c
         ON CONFLICT DO NOTHING",
    )
    .await;
    let expected: BTreeSet<i64> = stay.iter().map(Client::id).collect();
    let database = server.stop().await;
    // Old rows are deleted at once when the server starts.
    let server = TestServer::start_on(database, &[]).await;
    let purged = async { while ids(&pool).await != expected {} };
    if time::timeout(TEST_TIMEOUT, purged).await.is_err() {
        let left = ids(&pool).await;
        panic!(
            "{} are left, {} should be: {expected:?}",
            left.len(),
            expected.len()
        );
    }
    // What guests left can be read as before.
    let snapshot = at(&server, &owner)
        .get(&format!("{board}/snapshot"))
        .await
        .json(200);
    assert_eq!(snapshot["messages"][0]["sender_display_name"], "event");
    server.stop().await;
}

/// More than one statement deletes.
#[tokio::test]
async fn every_event_is_of_a_user_who_cannot_be_deleted() {
    let server = TestServer::start().await;
    let pool = server.database.pool().await;
    let ann = server.guest("Ann").await;
    let id = canvas(&ann, &json!({})).await;
    let (bob, eve) = (server.guest("Bob").await, server.guest("Eve").await);
    let mut tab = TestClient::join(&bob, id).await;
    tab.done(json!({ "type": "canvas_chat", "text": "hi" }))
        .await;
    let (bob, eve) = (bob.id(), eve.id());
    let append = "INSERT INTO canvas_events (canvas_id, seq, kind, actor_id, op_id, body, created_at)
                  SELECT $1, 10 + place, 'canvas_chat_message', actor_id, gen_random_uuid(), '{}', now()
                  FROM unnest($2::bigint[]) WITH ORDINALITY AS events (actor_id, place)";
    let violation = |error: sqlx::Error| {
        let code = error.as_database_error().and_then(DatabaseError::code);
        assert_eq!(code.as_deref(), Some("23503"), "{error}");
    };
    let appended = async |actors: &[i64], connection: &mut PgConnection| {
        let append = sqlx::query(append).bind(id).bind(actors.to_vec());
        append.execute(connection).await
    };
    let mut connection = pool.acquire().await.unwrap();
    violation(
        appended(&[bob, eve, 999_999, eve], &mut connection)
            .await
            .unwrap_err(),
    );
    let delete = "DELETE FROM users WHERE id = $1";
    let deleted = sqlx::query(delete).bind(bob).execute(&pool).await;
    violation(deleted.unwrap_err());
    // Eve's row is locked until her event is stored.
    let mut transaction = connection.begin().await.unwrap();
    appended(&[eve, bob, eve], &mut transaction).await.unwrap();
    let deleting = tokio::spawn({
        let pool = pool.clone();
        async move { sqlx::query(delete).bind(eve).execute(&pool).await }
    });
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity
                     WHERE datname = current_database() AND wait_event_type = 'Lock')";
    eventually("the deletion waits", async || {
        let waits: bool = sqlx::query_scalar(waits).fetch_one(&pool).await.unwrap();
        waits.then_some(())
    })
    .await;
    transaction.commit().await.unwrap();
    violation(deleting.await.unwrap().unwrap_err());
}

#[tokio::test]
async fn expired_sessions_and_tickets_are_deleted_in_batches() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    ann.post("/ws/ticket", &json!({})).await.expect(201);
    let pool = server.database.pool().await;
    execute(
        &pool,
        "INSERT INTO tickets (digest, session_id, expires_at)
         SELECT sha256(n::text::bytea), s.id, now() - interval '1 second' * n
         FROM sessions s, generate_series(1, 2500) n",
    )
    .await;
    execute(
        &pool,
        "INSERT INTO sessions (id, user_id, expires_at)
         SELECT gen_random_uuid(), u.id, now() - interval '1 second' * n
         FROM users u, generate_series(1, 2500) n",
    )
    .await;
    let database = server.stop().await;
    let server = TestServer::start_on(database, &[]).await;
    eventually("expired rows go", async || {
        let counts: (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM tickets WHERE expires_at < now() - interval '1 s'),
                    (SELECT count(*) FROM sessions WHERE expires_at < now())",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        (counts == (0, 0)).then_some(())
    })
    .await;
    at(&server, &ann).get("/users/me").await.expect(200);
    server.stop().await;
}

/// The same user at another server with the same database.
fn at(server: &TestServer, user: &Client) -> Client {
    Client {
        addr: server.addr,
        ..user.clone()
    }
}
