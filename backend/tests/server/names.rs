//! Names that others see hold nothing invisible, whichever way they come in. What is stored
//! already stays readable.

use crate::common::{TestServer, canvas, http::small_canvas, socket::TestClient};
use serde_json::{Value, json};

/// Names that are refused, for each reason one or more.
const UNSEEN: [&str; 14] = [
    "two\nlines",
    "two\rlines",
    "a\ttab",
    "Ann\u{202E}nnA",
    "\u{200B}",
    "\u{3164}\u{3164}",
    "\u{2800}",
    "so\u{AD}ft",
    "A\u{E0041}\u{E007F}",
    "\u{301}",
    "e\u{301}\u{302}\u{303}\u{304}\u{305}",
    "\u{200D}Ann",
    "Ann\u{200C}",
    "a\u{200D}\u{200D}b",
];
/// Names that are taken as they are.
const SEEN: [&str; 5] = [
    "👩\u{200D}🎨 Ann",
    "می\u{200C}خواهم",
    "Zoë\u{301}\u{302}\u{303}\u{304}",
    "क\u{94D}\u{200D}ष",
    "1\u{FE0F}\u{20E3}",
];

#[tokio::test]
async fn names_are_seen_whichever_way_they_come() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let visitor = server.visitor();
    let id = canvas(&ann, &json!({})).await;
    let (board, tiles) = (format!("/canvases/{id}"), format!("/canvases/{id}/tiles"));
    let made = ann.post(&tiles, &json!({ "x": 0, "y": 0 })).await.json(201);
    let tile = format!("/tiles/{}", made["id"]);
    let mut tab = TestClient::join(&ann, id).await;
    for name in UNSEEN {
        let register = json!({ "username": "bob", "password": "password", "display_name": name });
        let me = async |body: Value| ann.patch("/users/me", &body).await;
        let mut new = small_canvas(name);
        new["description"] = json!("Lines\nand\ttabs may be here");
        for (reply, field) in [
            (
                visitor.post("/auth/register", &register).await,
                "display_name",
            ),
            (
                visitor
                    .post("/auth/guest", &json!({ "display_name": name }))
                    .await,
                "display_name",
            ),
            (me(json!({ "display_name": name })).await, "display_name"),
            (
                me(json!({ "status_message": name })).await,
                "status_message",
            ),
            (ann.post("/canvases", &new).await, "name"),
            (ann.patch(&board, &json!({ "name": name })).await, "name"),
            (
                ann.post(&tiles, &json!({ "x": 1, "y": 1, "title": name }))
                    .await,
                "title",
            ),
            (ann.patch(&tile, &json!({ "title": name })).await, "title"),
        ] {
            reply.refuses(field);
        }
        for (mut message, field) in [
            (json!({ "type": "tile_create", "x": 1, "y": 1 }), "title"),
            (json!({ "type": "tile_update", "x": 0, "y": 0 }), "title"),
            (
                json!({ "type": "user_presence", "presence_type": "status", "status": "online" }),
                "status_message",
            ),
        ] {
            message[field] = json!(name);
            tab.send(&message).await;
            let refused = tab.refused("invalid_message").await;
            let said = refused["message"].as_str().unwrap();
            assert!(said.contains(field), "{name:?}: {said}");
            // Twenty of them close a connection.
            tab = TestClient::join(&ann, id).await;
        }
    }
    // Texts of several lines are none of them.
    let words = "a\nb\tc \u{202E}d\u{301}\u{301}\u{301}\u{301}\u{301}";
    tab.done(json!({ "type": "canvas_chat", "text": words }))
        .await;
    ann.patch(&board, &json!({ "description": words }))
        .await
        .expect(200);
    for name in SEEN {
        let padded = format!(" \n{name}\u{3000}\t");
        let named = ann
            .patch("/users/me", &json!({ "display_name": padded }))
            .await;
        assert_eq!(named.json(200)["display_name"], name);
        let named = ann.patch(&tile, &json!({ "title": padded })).await;
        assert_eq!(named.json(200)["title"], name);
        let named = ann.patch(&board, &json!({ "name": padded })).await;
        assert_eq!(named.json(200)["name"], name);
    }
    // Where nothing is allowed, white space is nothing.
    let empty = json!({ "status_message": " \n " });
    let me = ann.patch("/users/me", &empty).await.json(200);
    assert_eq!(me["status_message"], "");
    let untitled = ann.patch(&tile, &json!({ "title": "\t" })).await;
    assert_eq!(untitled.json(200)["title"], "");
    ann.patch("/users/me", &json!({ "display_name": " \u{3000} " }))
        .await
        .refuses("display_name");
    server.stop().await;
}

/// Rows of before the rule.
#[tokio::test]
async fn stored_names_stay_readable() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let body = json!({ "x": 0, "y": 0, "title": "a title" });
    ann.post(&format!("/canvases/{id}/tiles"), &body)
        .await
        .expect(201);
    let pool = server.database.pool().await;
    let old = "old\n\u{202E}name";
    for statement in [
        "UPDATE users SET display_name = $1, status_message = $1",
        "UPDATE canvases SET name = $1",
        "UPDATE tiles SET title = $1",
    ] {
        sqlx::query(statement)
            .bind(old)
            .execute(&pool)
            .await
            .unwrap();
    }
    let me = ann.get("/users/me").await.json(200);
    assert_eq!(
        (&me["display_name"], &me["status_message"]),
        (&json!(old), &json!(old))
    );
    let snapshot = ann.get(&format!("/canvases/{id}/snapshot")).await.json(200);
    assert_eq!(snapshot["canvas"]["name"], old);
    assert_eq!(snapshot["tiles"][0]["title"], old);
    let mut tab = TestClient::join(&ann, id).await;
    tab.done(json!({ "type": "tile_update", "x": 0, "y": 0, "pixels": null, "title": "new" }))
        .await;
    let reply = ann
        .patch("/users/me", &json!({ "status_message": "new" }))
        .await;
    assert_eq!(reply.json(200)["display_name"], old);
    server.stop().await;
}
