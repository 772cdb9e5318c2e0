//! Reports of private messages: who may make them, what is frozen, and that admins decide.

use crate::common::{TestServer, canvas, http::Client, socket::TestClient};
use serde_json::{Value, json};
use uuid::Uuid;

/// Two users who share a canvas and have a conversation with so many messages.
async fn conversation(server: &TestServer, count: usize) -> (Client, Client, Vec<Value>) {
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    drop(TestClient::join(&bob, id).await);
    let begun = ann
        .post("/conversations", &json!({ "username": "bob" }))
        .await
        .json(201);
    let path = format!("/conversations/{}/messages", begun["id"]);
    let mut sent = Vec::new();
    for n in 0..count {
        let from = if n % 2 == 0 { &ann } else { &bob };
        let body = json!({ "text": format!("message {n}") });
        sent.push(from.post(&path, &body).await.json(201));
    }
    (ann, bob, sent)
}

fn report(message: &Value) -> Value {
    json!({
        "target": { "kind": "direct_message", "message_id": message["message_id"] },
        "rule": "harassment",
    })
}

#[tokio::test]
async fn the_newest_twenty_are_frozen_and_admins_decide() {
    let server = TestServer::start().await;
    let (ann, bob, sent) = conversation(&server, 25).await;
    let admin = server.admin("root").await;
    // Somebody else's case is none of theirs.
    let moderator = server.user("mod").await;
    let reported = &sent[22];
    let path = format!(
        "/conversations/{}/messages/{}",
        reported["conversation_id"],
        reported["message_id"].as_str().unwrap()
    );
    // The words that were removed before are evidence, too.
    let regretted = format!(
        "/conversations/{}/messages/{}",
        sent[20]["conversation_id"],
        sent[20]["message_id"].as_str().unwrap()
    );
    ann.delete(&regretted).await.expect(204);
    let made = bob.post("/reports", &report(reported)).await.json(201);
    assert_eq!(made["state"], "open");
    let again = bob.post("/reports", &report(reported)).await.json(200);
    assert_eq!(again["id"], made["id"]);
    // What happens later does not touch it.
    ann.delete(&path).await.expect(204);
    let listed = bob.all("/users/me/reports").await;
    assert_eq!(listed[0]["id"], made["id"]);

    let cases = admin.all("/admin/cases").await;
    assert_eq!(cases.len(), 1);
    let path = format!("/cases/{}", made["case_id"]);
    let case = admin.get(&path).await.json(200);
    for case in [&case, &cases[0]] {
        assert_eq!(case["canvas_id"], Value::Null);
        assert_eq!(case["target"]["kind"], "direct_message");
        assert_eq!(case["target"]["message_id"], reported["message_id"]);
        let mut names: Vec<&str> = case["people"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["username"].as_str().unwrap())
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["ann", "bob"]);
    }
    let evidence = case["evidence"].as_object().unwrap();
    assert_eq!(evidence.keys().collect::<Vec<_>>(), ["messages"]);
    let frozen = evidence["messages"].as_array().unwrap();
    assert_eq!(frozen.len(), 20);
    assert_eq!(frozen[0]["seq"], 4);
    assert_eq!(frozen[19], *reported);
    assert_eq!(frozen[17]["text"], "message 20");
    assert_eq!(frozen[17]["removed"], true);

    for user in [&moderator, &ann, &bob] {
        user.get(&path).await.problem(403, "forbidden");
        let decide = json!({ "outcome": "no_violation" });
        let reply = user.post(&format!("{path}/decide"), &decide).await;
        reply.problem(403, "forbidden");
    }
    admin
        .post(&format!("{path}/claim"), &json!({}))
        .await
        .expect(200);
    let decide = json!({ "outcome": "sanctioned", "note": "enough" });
    let decided = admin
        .post(&format!("{path}/decide"), &decide)
        .await
        .json(200);
    assert_eq!(decided["state"], "decided");
    assert_eq!(decided["canvas_id"], Value::Null);
    let sanction = json!({
        "username": "ann", "kind": "mute", "reason": "harassment", "case_id": made["case_id"],
    });
    admin.post("/admin/sanctions", &sanction).await.expect(201);
    let listed = bob.all("/users/me/reports").await;
    assert_eq!(listed[0]["outcome"], "sanctioned");
    // A thing whose case is decided gets a new one.
    let anew = bob.post("/reports", &report(reported)).await.json(201);
    assert_ne!(anew["case_id"], made["case_id"]);
    bob.delete(&format!("/reports/{}", anew["id"]))
        .await
        .expect(204);
    server.stop().await;
}

#[tokio::test]
async fn only_who_takes_part_reports_a_private_message() {
    let server = TestServer::start().await;
    let (ann, bob, sent) = conversation(&server, 2).await;
    let eve = server.user("eve").await;
    let reply = eve.post("/reports", &report(&sent[0])).await;
    reply.problem(404, "message_not_found");
    let unknown = json!({ "message_id": Uuid::new_v4().to_string() });
    let reply = bob.post("/reports", &report(&unknown)).await;
    reply.problem(404, "message_not_found");
    let mut other = report(&sent[0]);
    other["rule"] = json!("other");
    bob.post("/reports", &other).await.refuses("comment");
    let user = json!({ "target": { "kind": "user", "username": "ann" }, "rule": "spam" });
    bob.post("/reports", &user).await.refuses("target");
    let id = canvas(&eve, &json!({})).await;
    let on_canvas = bob
        .post(&format!("/canvases/{id}/reports"), &report(&sent[0]))
        .await;
    on_canvas.refuses("target");
    // Both may report the same message: it is one case.
    let one = bob.post("/reports", &report(&sent[0])).await.json(201);
    let two = ann.post("/reports", &report(&sent[0])).await.json(201);
    assert_eq!(one["case_id"], two["case_id"]);
    let visitor = server.visitor();
    visitor
        .post("/reports", &report(&sent[0]))
        .await
        .expect(401);
    server.stop().await;
}
