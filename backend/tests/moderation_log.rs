//! The moderation log: everybody who may read a canvas sees what was done to keep order;
//! who did it is told to moderators alone.

mod common;

use common::{TestServer, canvas, cluster::Cluster, http::Client, socket::TestClient};
use serde_json::{Value, json};

async fn log(client: &Client, canvas: i64) -> Vec<Value> {
    client
        .all(&format!("/canvases/{canvas}/moderation_log"))
        .await
}

fn actions(lines: &[Value]) -> Vec<&str> {
    lines
        .iter()
        .map(|line| line["action"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn roles_leave_lines_and_moderators_alone_see_who_gave_them() {
    let server = TestServer::start().await;
    let [owner, moderator, ann] = [
        server.user("owner").await,
        server.user("mod").await,
        server.user("ann").await,
    ];
    let id = canvas(&owner, &json!({})).await;
    let member = |name: &str| format!("/canvases/{id}/members/{name}");
    let role = |role: &str| json!({ "role": role });
    assert!(log(&owner, id).await.is_empty());
    owner
        .put(&member("mod"), &role("moderator"))
        .await
        .expect(200);
    moderator
        .put(&member("ann"), &role("viewer"))
        .await
        .expect(200);
    // Nothing was done: the role is as it was, or the request is refused.
    moderator
        .put(&member("ann"), &role("viewer"))
        .await
        .expect(200);
    moderator
        .put(&member("ann"), &role("moderator"))
        .await
        .problem(403, "forbidden");
    ann.put(&member("mod"), &role("viewer"))
        .await
        .problem(403, "forbidden");
    moderator
        .delete(&member("nobody"))
        .await
        .problem(404, "user_not_found");
    moderator.delete(&member("ann")).await.expect(204);
    moderator
        .delete(&member("ann"))
        .await
        .problem(404, "user_not_found");

    let lines = log(&moderator, id).await;
    assert_eq!(actions(&lines), ["member_removed", "role_set", "role_set"]);
    for (line, actor, target) in [
        (&lines[0], &moderator, &ann),
        (&lines[1], &moderator, &ann),
        (&lines[2], &owner, &moderator),
    ] {
        assert_eq!(line["actor"]["username"], actor.username(), "{line}");
        assert_eq!(line["actor"]["user_id"], actor.id(), "{line}");
        assert_eq!(line["target"]["username"], target.username(), "{line}");
    }
    assert_eq!(lines[1]["detail"], json!({ "role": "viewer" }));
    // Everybody else sees the same without who did it.
    let mut anonymous = lines.clone();
    for line in &mut anonymous {
        line["actor"] = Value::Null;
    }
    for reader in [&ann, &server.guest("Guest").await, &server.visitor()] {
        assert_eq!(log(reader, id).await, anonymous);
    }
    // Whoever is no moderator any more sees no more than others.
    owner.delete(&member("mod")).await.expect(204);
    let seen = log(&moderator, id).await;
    assert!(seen.iter().all(|line| line["actor"].is_null()));
    assert_eq!(seen.len(), 4);
    server.stop().await;
}

#[tokio::test]
async fn the_log_is_read_by_whoever_may_read_the_canvas() {
    let server = TestServer::start().await;
    let [owner, ann] = [server.user("owner").await, server.user("ann").await];
    let id = canvas(&owner, &json!({ "visibility": "private" })).await;
    let path = format!("/canvases/{id}/moderation_log");
    for stranger in [&ann, &server.visitor()] {
        stranger.get(&path).await.problem(403, "forbidden");
    }
    let member = format!("/canvases/{id}/members/ann");
    owner
        .put(&member, &json!({ "role": "viewer" }))
        .await
        .expect(200);
    assert_eq!(actions(&log(&ann, id).await), ["role_set"]);
    let other = canvas(&owner, &json!({})).await;
    assert!(log(&owner, other).await.is_empty());
    ann.get("/canvases/1/moderation_log")
        .await
        .problem(404, "canvas_not_found");
    server
        .visitor()
        .get(&format!("{path}?limit=0"))
        .await
        .refuses("limit");
    server
        .visitor()
        .get(&format!("{path}?cursor=x"))
        .await
        .refuses("cursor");
    server.stop().await;
}

#[tokio::test]
async fn the_log_has_pages() {
    let server = TestServer::start().await;
    let owner = server.user("owner").await;
    let ann = server.user("ann").await;
    let id = canvas(&owner, &json!({})).await;
    let member = format!("/canvases/{id}/members/ann");
    for number in 0..7 {
        let role = if number % 2 == 0 { "viewer" } else { "editor" };
        owner
            .put(&member, &json!({ "role": role }))
            .await
            .expect(200);
    }
    let all = ann
        .all(&format!("/canvases/{id}/moderation_log?limit=3"))
        .await;
    let ids: Vec<i64> = all
        .iter()
        .map(|line| line["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids.len(), 7);
    assert!(ids.is_sorted_by(|newer, older| newer > older), "{ids:?}");
    assert_eq!(all[0]["detail"]["role"], "viewer");
    server.stop().await;
}

/// A kick has its line on the canvas of the connection, wherever that is.
#[tokio::test]
async fn kicks_leave_lines_on_every_node() {
    let cluster = Cluster::start(2).await;
    let [first, second] = [cluster.nodes[0].addr, cluster.nodes[1].addr];
    let admin = common::admin(&cluster.database, first, "host").await;
    let owner = Client::guest(first, "Owner").await;
    let id = canvas(&owner, &json!({})).await;
    for addr in [first, second] {
        let ann = Client::guest(addr, "Ann").await;
        let mut tab = TestClient::join(&ann, id).await;
        let connection = tab.connected["connection_id"].as_str().unwrap();
        let path = format!("/admin/clients/{connection}");
        ann.delete(&path).await.problem(403, "forbidden");
        admin.delete(&path).await.expect(204);
        assert_eq!(tab.closed().await.reason, "kicked");
        let newest = log(&owner, id).await.remove(0);
        assert_eq!(newest["action"], "kicked");
        assert_eq!(newest["target"]["user_id"], ann.id());
        assert_eq!(newest["actor"]["username"], "host");
        // The connection is gone, and so is nothing else logged.
        admin
            .delete(&path)
            .await
            .problem(404, "connection_not_found");
    }
    assert_eq!(actions(&log(&owner, id).await), ["kicked", "kicked"]);
}
