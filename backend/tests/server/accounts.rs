//! Guests who become registered, passwords and sessions.

use crate::common::{
    TEST_TIMEOUT, TestServer, canvas,
    http::{Client, Reply},
    socket::{Closed, TestClient},
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time;

fn revoked() -> Closed {
    Closed {
        code: 1008,
        reason: "revoked".to_owned(),
    }
}

async fn log_in(server: &TestServer, username: &str, password: &str) -> Reply {
    let body = json!({ "username": username, "password": password });
    server.visitor().post("/auth/login", &body).await
}

/// Another session of a user whose password is `password`.
async fn another_session(server: &TestServer, username: &str) -> Client {
    let mut client = server.visitor();
    client.sign_in(&log_in(server, username, "password").await.json(200));
    client
}

#[tokio::test]
async fn a_guest_becomes_registered_and_keeps_everything() {
    let server = TestServer::start().await;
    let owner = server.user("owner").await;
    let mut guest = server.guest("Bright Comet").await;
    let (id, before) = (guest.id(), guest.user.clone());
    let own = canvas(&guest, &json!({ "name": "Mine" })).await;
    let other = canvas(&owner, &json!({ "visibility": "private" })).await;
    let role = json!({ "role": "moderator" });
    let member = format!("/canvases/{other}/members/{}", guest.username());
    owner.put(&member, &role).await.expect(200);
    let mut tab = TestClient::join(&guest, own).await;
    let mut neighbour = TestClient::join(&owner, own).await;
    tab.done(json!({ "type": "tile_create", "x": 1, "y": 1 }))
        .await;
    tab.done(json!({ "type": "canvas_chat", "text": "as a guest" }))
        .await;
    neighbour.reach(2).await;

    let account = json!({ "username": " Ann ", "password": "correct horse" });
    let reply = guest.post("/users/me/account", &account).await;
    let auth = reply.json(200);
    assert!(reply.header("set-cookie").starts_with("auth_token="));
    assert_eq!(auth["user"]["id"], id);
    assert_eq!(auth["user"]["username"], "Ann");
    assert_eq!(auth["user"]["display_name"], "Bright Comet");
    assert_eq!(auth["user"]["is_guest"], false);
    assert_eq!(auth["user"]["created_at"], before["created_at"]);
    // The old token goes on, and so does the new one.
    guest.get("/users/me").await.expect(200);
    guest.sign_in(&auth);
    assert_eq!(guest.get("/users/me").await.json(200)["username"], "Ann");
    // Others on the canvas see the name, and so does the other tab; what the open connection
    // sends has it from now on.
    let update = neighbour.expect("user_presence_update").await;
    assert_eq!(update["username"], "Ann");
    assert_eq!(tab.expect("user_presence_update").await["username"], "Ann");
    tab.done(json!({ "type": "canvas_chat", "text": "as Ann" }))
        .await;
    let said = neighbour.expect("canvas_chat_message").await;
    assert_eq!(said["sender_id"], id);
    assert_eq!(said["sender_username"], "Ann");
    // Tiles, roles and canvases.
    let tiles = guest.all(&format!("/canvases/{own}/tiles")).await;
    assert_eq!(tiles[0]["creator_id"], id);
    assert_eq!(tiles[0]["creator_username"], "Ann");
    let mine = guest.all("/canvases?mine=true").await;
    let roles: Vec<&Value> = mine.iter().map(|canvas| &canvas["role"]).collect();
    assert_eq!(roles, ["moderator", "owner"]);
    // The password signs in, the guest's name is free.
    let auth = log_in(&server, "ann", "correct horse").await.json(200);
    assert_eq!(auth["user"]["id"], id);
    let again = json!({ "username": "ann2", "password": "password" });
    let reply = guest.post("/users/me/account", &again).await;
    reply.problem(409, "already_registered");
    server.stop().await;
}

#[tokio::test]
async fn a_guests_new_name_is_checked_as_at_registration() {
    let server = TestServer::start_with(&["--admin-users", "host,guest-host"]).await;
    server.user("Bob").await;
    let guest = server.guest("Guest").await;
    let account = async |username: &str, password: &str| {
        let body = json!({ "username": username, "password": password });
        guest.post("/users/me/account", &body).await
    };
    account("ab", "password").await.refuses("username");
    account("two words", "password").await.refuses("username");
    account("ann", "short").await.refuses("password");
    for taken in ["bob", "HOST", "guest-host", "deleted-7", "Deleted-007"] {
        let reply = account(taken, "password").await;
        reply.problem(409, "username_taken");
        let body = json!({ "username": taken, "password": "password" });
        let reply = server.visitor().post("/auth/register", &body).await;
        reply.problem(409, "username_taken");
    }
    // Nothing changed; and of two at once, one gets it.
    assert_eq!(guest.get("/users/me").await.json(200), guest.user);
    let other = server.guest("Other").await;
    let body = json!({ "username": "ann", "password": "password" });
    let (one, two) = tokio::join!(
        guest.post("/users/me/account", &body),
        other.post("/users/me/account", &body)
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let visitor = server.visitor().post("/users/me/account", &body).await;
    visitor.problem(401, "unauthenticated");
    server.stop().await;
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let elsewhere = another_session(&server, "ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut here = TestClient::join(&ann, id).await;
    let mut there = TestClient::join(&elsewhere, id).await;
    let change = async |old: &str, new: &str| {
        let body = json!({ "old_password": old, "new_password": new });
        ann.post("/users/me/password", &body).await
    };
    change("passwort", "new password")
        .await
        .problem(401, "invalid_credentials");
    change("password", "short").await.refuses("new_password");
    change(&"p".repeat(100_000), "new password")
        .await
        .problem(401, "invalid_credentials");
    elsewhere.get("/users/me").await.expect(200);
    change("password", "new password").await.expect(204);
    assert_eq!(there.closed().await, revoked());
    elsewhere
        .get("/users/me")
        .await
        .problem(401, "unauthenticated");
    ann.get("/users/me").await.expect(200);
    here.done(json!({ "type": "canvas_chat", "text": "still here" }))
        .await;
    log_in(&server, "ann", "password")
        .await
        .problem(401, "invalid_credentials");
    log_in(&server, "ann", "new password").await.expect(200);
    // A guest has none.
    let guest = server.guest("Guest").await;
    let body = json!({ "old_password": "", "new_password": "new password" });
    let reply = guest.post("/users/me/password", &body).await;
    reply.problem(401, "invalid_credentials");
    server.stop().await;
}

/// Whoever stole a session guesses no faster than by signing in, and keeps nobody out.
#[tokio::test]
async fn guesses_of_the_password_are_limited() {
    let server = TestServer::start_with(&["--rate-limits", "on"]).await;
    let ann = server.user("ann").await;
    let stolen = another_session(&server, "ann").await;
    let wrong = json!({ "old_password": "wrong", "new_password": "password" });
    let mut refused = 0;
    for guess in 0..14 {
        let reply = if guess % 2 == 0 {
            stolen.post("/users/me/password", &wrong).await
        } else {
            delete_account(&stolen, &json!({ "password": "wrong" })).await
        };
        if reply.status == 429 {
            reply.problem(429, "rate_limited");
            reply.header("retry-after");
            refused += 1;
        } else {
            reply.problem(401, "invalid_credentials");
        }
    }
    assert!((3..=4).contains(&refused), "{refused}");
    // The right one is not let through either, so that it cannot be found.
    let right = json!({ "old_password": "password", "new_password": "password" });
    let reply = stolen.post("/users/me/password", &right).await;
    reply.problem(429, "rate_limited");
    ann.post("/users/me/password", &right).await.expect(204);
    stolen.get("/users/me").await.expect(401);
    log_in(&server, "ann", "password").await.expect(200);
    server.stop().await;
}

async fn delete_account(client: &Client, body: &Value) -> Reply {
    let request = client.request(Method::DELETE, "/users/me").json(body);
    Reply::of(request).await
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    let phone = another_session(&server, "ann").await;
    let tablet = another_session(&server, "ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut on_phone = TestClient::join(&phone, id).await;
    let mut on_tablet = TestClient::join(&tablet, id).await;
    let mut at_home = TestClient::join(&ann, id).await;

    let listed = ann.all("/users/me/sessions?limit=2").await;
    let current: Vec<&Value> = listed.iter().map(|session| &session["current"]).collect();
    // Newest first.
    assert_eq!(current, [false, false, true]);
    for session in &listed {
        assert!(session["last_seen_at"].as_str() >= session["created_at"].as_str());
    }
    let of = async |client: &Client| {
        let mine = client.all("/users/me/sessions").await;
        let current = mine.iter().find(|session| session["current"] == true);
        format!(
            "/users/me/sessions/{}",
            current.unwrap()["id"].as_str().unwrap()
        )
    };
    let (phones, tablets, homes) = (of(&phone).await, of(&tablet).await, of(&ann).await);
    // Nobody ends another's, or one that does not exist.
    for unknown in [
        "/users/me/sessions/1",
        "/users/me/sessions/00000000-0000-4000-8000-000000000000",
        &phones,
    ] {
        let reply = bob.delete(unknown).await;
        reply.problem(404, "session_not_found");
    }
    ann.delete(&phones).await.expect(204);
    assert_eq!(on_phone.closed().await, revoked());
    phone.get("/users/me").await.problem(401, "unauthenticated");
    ann.delete(&phones).await.problem(404, "session_not_found");
    tablet.get("/users/me").await.expect(200);
    assert_eq!(ann.all("/users/me/sessions").await.len(), 2);

    let third = another_session(&server, "ann").await;
    ann.delete("/users/me/sessions").await.expect(204);
    assert_eq!(on_tablet.closed().await, revoked());
    third.get("/users/me").await.problem(401, "unauthenticated");
    assert_eq!(ann.delete(&tablets).await.status, 404);
    at_home.drain().await;
    // One's own is a way to sign out.
    let reply = ann.delete(&homes).await;
    assert!(reply.expect(204).header("set-cookie").contains("Max-Age=0"));
    assert_eq!(at_home.closed().await, revoked());
    ann.get("/users/me").await.problem(401, "unauthenticated");
    bob.get("/users/me").await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn when_a_session_was_used_is_stored() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let elsewhere = another_session(&server, "ann").await;
    let pool = server.database.pool().await;
    let long_ago = "UPDATE sessions SET created_at = now() - interval '9 days',
                                        last_seen_at = now() - interval '8 days'";
    sqlx::query(long_ago).execute(&pool).await.unwrap();
    // The sessions are not in the memory of a server that starts.
    let database = server.stop().await;
    let server = TestServer::start_on(database, &[]).await;
    let [ann, elsewhere] = [ann, elsewhere].map(|client| Client {
        addr: server.addr,
        ..client
    });
    let last_seen = async || {
        let listed = ann.all("/users/me/sessions").await;
        let other = listed.into_iter().find(|one| one["current"] == false);
        other.unwrap()["last_seen_at"].as_str().unwrap().to_owned()
    };
    let before = last_seen().await;
    elsewhere.get("/users/me").await.expect(200);
    let stored = async { while last_seen().await <= before {} };
    time::timeout(TEST_TIMEOUT, stored)
        .await
        .expect("it is not stored");
    server.stop().await;
}
