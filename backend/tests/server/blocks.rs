//! Whom people do not want to see: lists that the server only keeps.

use crate::common::{TestServer, canvas, socket::TestClient};
use serde_json::{Value, json};

#[tokio::test]
async fn blocks_are_listed_and_told_when_one_joins() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("Bob").await);
    let guest = server.guest("Guest").await;
    let id = canvas(&ann, &json!({})).await;
    let block = |name: &str| format!("/users/me/blocks/{name}");
    let mut bobs = TestClient::join(&bob, id).await;
    assert_eq!(bobs.connected["blocked"], json!([]));

    ann.put(&block("bOB"), &json!({})).await.expect(204);
    let theirs = block(guest.username());
    ann.put(&theirs, &json!({})).await.expect(204);
    ann.put(&block("bob"), &json!({})).await.expect(204);
    let named = |user: &Value| user["username"].as_str().unwrap().to_owned();
    let listed = ann.all("/users/me/blocks?limit=1").await;
    let names: Vec<String> = listed.iter().map(named).collect();
    // The last added first.
    assert_eq!(names, [guest.username(), "Bob"]);
    assert_eq!(listed[1]["user_id"], bob.id());
    let tab = TestClient::join(&ann, id).await;
    assert_eq!(tab.connected["blocked"], json!([bob.id(), guest.id()]));

    // The blocked is not told, and nobody else knows.
    assert!(
        bobs.drain()
            .await
            .iter()
            .all(|m| m["type"] == "user_joined")
    );
    assert!(bob.all("/users/me/blocks").await.is_empty());
    let again = TestClient::join(&bob, id).await;
    assert_eq!(again.connected["blocked"], json!([]));

    ann.delete(&theirs).await.expect(204);
    ann.delete(&theirs).await.expect(204);
    assert_eq!(ann.all("/users/me/blocks").await.len(), 1);
    // A guest may block, too.
    guest.put(&block("ann"), &json!({})).await.expect(204);
    ann.put(&block("ann"), &json!({})).await.refuses("username");
    for name in ["nobody", "no-one", "x"] {
        let reply = ann.put(&block(name), &json!({})).await;
        reply.problem(404, "user_not_found");
        let reply = ann.delete(&block(name)).await;
        reply.problem(404, "user_not_found");
    }
    let visitor = server.visitor();
    visitor.get("/users/me/blocks").await.expect(401);
    visitor.put(&block("bob"), &json!({})).await.expect(401);
    server.stop().await;
}

/// What somebody blocked says stays where it is: it comes live, by replay and in lists.
#[tokio::test]
async fn a_block_hides_nothing_on_the_server() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let before = TestClient::join(&ann, id).await;
    ann.put("/users/me/blocks/bob", &json!({}))
        .await
        .expect(204);
    let mut bobs = TestClient::join(&bob, id).await;
    bobs.done(json!({ "type": "canvas_chat", "text": "rude" }))
        .await;
    bobs.done(json!({ "type": "tile_create", "x": 0, "y": 0, "title": "rude" }))
        .await;
    tab.reach(2).await;
    assert_eq!(tab.chat[&1], "rude");
    let mut resumed = TestClient::resume(&ann, id, &before).await;
    resumed.reach(2).await;
    assert_eq!(resumed.events, tab.events);
    let messages = ann.all(&format!("/canvases/{id}/messages")).await;
    assert_eq!(messages[0]["message_text"], "rude");
    let events = ann.all(&format!("/canvases/{id}/events")).await;
    assert_eq!(events, tab.events);
    server.stop().await;
}

#[tokio::test]
async fn one_blocks_a_thousand_people_at_most() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let pool = server.database.pool().await;
    sqlx::query(
        "WITH crowd AS (INSERT INTO users (username, display_name)
                        SELECT 'guest-' || n, 'Guest' FROM generate_series(1, 999) n RETURNING id)
         INSERT INTO user_blocks (user_id, blocked_id) SELECT $1, id FROM crowd",
    )
    .bind(ann.id())
    .execute(&pool)
    .await
    .unwrap();
    let carl = server.user("carl").await;
    // Of two at once, one is the thousandth.
    let put = async |name: &str| {
        ann.put(&format!("/users/me/blocks/{name}"), &json!({}))
            .await
    };
    let (one, two) = tokio::join!(put("bob"), put("carl"));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    let (added, full) = if one.status == 204 {
        ("bob", "carl")
    } else {
        ("carl", "bob")
    };
    put(full).await.problem(409, "too_many_blocks");
    put(added).await.expect(204);
    let id = canvas(&ann, &json!({})).await;
    let tab = TestClient::join(&ann, id).await;
    assert_eq!(tab.connected["blocked"].as_array().unwrap().len(), 1000);
    assert_eq!(ann.all("/users/me/blocks?limit=200").await.len(), 1000);
    let reply = ann.delete(&format!("/users/me/blocks/{added}")).await;
    reply.expect(204);
    put(full).await.expect(204);
    drop((bob, carl));
    server.stop().await;
}
