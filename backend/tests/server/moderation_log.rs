//! The moderation log: everybody who may read a canvas sees what was done to keep order;
//! who did it is told to moderators alone.

use crate::common::{
    TestServer, canvas,
    cluster::Cluster,
    http::{Client, Reply},
    socket::TestClient,
};
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
    let admin = crate::common::admin(&cluster.database, first, "host").await;
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

/// What one person asks to do to another.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Sanction,
    RemoveMessage,
    Purge,
    RemoveComment,
    Revert,
    DecideAppeal,
    SetRole,
    RemoveMember,
}

const ACTS: [Act; 8] = [
    Act::Sanction,
    Act::RemoveMessage,
    Act::Purge,
    Act::RemoveComment,
    Act::Revert,
    Act::DecideAppeal,
    Act::SetRole,
    Act::RemoveMember,
];

/// Somebody of the matrix.
struct Person {
    client: Client,
    tab: TestClient,
    /// 1 moderator, 2 owner, 3 admin, 0 everybody else.
    rank: usize,
    /// The role that was given by name.
    role: Option<&'static str>,
}

impl Person {
    /// Whether they may do this to somebody, or to themselves.
    fn may(&self, act: Act, target: &Self) -> bool {
        let is_own = self.client.id() == target.client.id();
        let is_higher = self.rank >= 1 && self.rank > target.rank;
        match act {
            Act::Sanction => is_higher,
            Act::RemoveMessage | Act::RemoveComment => is_higher || is_own,
            Act::Purge => is_higher || (is_own && self.rank >= 1),
            Act::Revert => is_higher || (is_own && self.role != Some("viewer")),
            // The admin issued the sanction, and decides where nobody else could.
            Act::DecideAppeal => is_higher && (self.rank < 3 || target.rank == 2),
            // The owner's role cannot be changed, and admins have the same.
            Act::SetRole | Act::RemoveMember => is_higher && target.rank < 2,
        }
    }
}

/// Every act on a person, by everybody on everybody: it needs a higher rank, is never on
/// oneself, one's own work apart, and leaves exactly its line.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "it tries every act")]
async fn every_act_on_a_person_needs_a_higher_rank_and_leaves_its_line() {
    let server = TestServer::start().await;
    let owner = server.user("owner").await;
    let id = canvas(&owner, &json!({ "newcomers": "free" })).await;
    let path = |rest: &str| format!("/canvases/{id}/{rest}");
    let mut people = Vec::new();
    for (name, rank, role) in [
        ("viewer", 0, Some("viewer")),
        ("editor", 0, Some("editor")),
        ("first_mod", 1, Some("moderator")),
        ("second_mod", 1, Some("moderator")),
        ("owner", 2, None),
        ("root", 3, None),
    ] {
        let client = match name {
            "owner" => owner.clone(),
            "root" => server.admin(name).await,
            _ => server.user(name).await,
        };
        if let Some(role) = role {
            let member = path(&format!("members/{name}"));
            owner
                .put(&member, &json!({ "role": role }))
                .await
                .expect(200);
        }
        let tab = TestClient::join(&client, id).await;
        people.push(Person {
            client,
            tab,
            rank,
            role,
        });
    }
    let root = people[5].client.clone();
    let set_up = log(&owner, id).await.len();
    // The lines that there should be, oldest first: action, actor, target.
    let mut lines: Vec<(&str, i64, Option<i64>)> = Vec::new();
    for act in ACTS {
        for actor in 0..people.len() {
            for target in 0..people.len() {
                let may = people[actor].may(act, &people[target]);
                let by = people[actor].client.clone();
                let Person {
                    client: on,
                    tab,
                    role,
                    rank,
                } = &mut people[target];
                let (name, role) = (on.username().to_owned(), *role);
                let member = path(&format!("members/{name}"));
                let of = Some(on.id());
                let is_own = by.id() == on.id();
                let (reply, success, line): (Reply, u16, &str) = match act {
                    Act::Sanction => {
                        let body = json!({ "username": name, "kind": "warning", "reason": "r" });
                        let reply = by.post(&path("sanctions"), &body).await;
                        (reply, 201, "sanctioned")
                    }
                    Act::RemoveMessage | Act::Purge => {
                        tab.done(json!({ "type": "canvas_chat", "text": "words" }))
                            .await;
                        let said = tab.events.last().unwrap();
                        if act == Act::Purge {
                            let body = json!({ "username": name, "since": said["created_at"] });
                            let reply = by.post(&path("messages/purge"), &body).await;
                            (reply, 200, "messages_purged")
                        } else {
                            let message = said["message_id"].as_str().unwrap();
                            let reply = by.delete(&path(&format!("messages/{message}"))).await;
                            (reply, 204, "message_removed")
                        }
                    }
                    Act::RemoveComment => {
                        let request =
                            json!({ "type": "comment_create", "x": 0, "y": 0, "text": "words" });
                        let comment = tab.done(request).await["comment_id"].clone();
                        let reply = by.delete(&format!("/comments/{comment}")).await;
                        (reply, 204, "message_removed")
                    }
                    Act::Revert => {
                        if role != Some("viewer") {
                            let (x, colour) = (target % 8, actor % 3);
                            let request = json!({
                                "type": "tile_paint", "x": x, "y": 1, "pixels": [[actor, colour]],
                            });
                            tab.done(request).await;
                        }
                        let body = json!({ "kind": "revert", "usernames": [name] });
                        let reply = by.post(&path("rewrites"), &body).await;
                        if reply.status == 202 {
                            let rewrite = format!("/rewrites/{}", reply.json(202)["id"]);
                            while by.get(&rewrite).await.json(200)["state"] == "running" {}
                        }
                        (reply, 202, "rewrite")
                    }
                    Act::DecideAppeal if *rank == 3 => continue,
                    Act::DecideAppeal => {
                        let body = json!({ "username": name, "kind": "no_paint", "reason": "r" });
                        let sanction = root.post(&path("sanctions"), &body).await.json(201);
                        lines.push(("sanctioned", root.id(), of));
                        let appeal = format!("/sanctions/{}/appeal", sanction["id"]);
                        let appeal = on.post(&appeal, &json!({ "text": "please" })).await;
                        let decide = format!("/appeals/{}/decide", appeal.json(201)["id"]);
                        let body = json!({ "outcome": "lifted", "text": "fine" });
                        let reply = by.post(&decide, &body).await;
                        if reply.status != 200 {
                            let lift = format!("/sanctions/{}/lift", sanction["id"]);
                            root.post(&lift, &json!({})).await.expect(200);
                            lines.push(("sanction_lifted", root.id(), of));
                        }
                        (reply, 200, "appeal_decided")
                    }
                    Act::SetRole => {
                        let given = if role == Some("viewer") {
                            "editor"
                        } else {
                            "viewer"
                        };
                        let reply = by.put(&member, &json!({ "role": given })).await;
                        (reply, 200, "role_set")
                    }
                    Act::RemoveMember => (by.delete(&member).await, 204, "member_removed"),
                };
                if !may {
                    reply.problem(403, "forbidden");
                    continue;
                }
                assert_eq!(
                    reply.status,
                    success,
                    "{act:?} by {} on {name}",
                    by.username()
                );
                if !is_own {
                    lines.push((line, by.id(), of.filter(|_| act != Act::Revert)));
                }
                // What was done is undone.
                match act {
                    Act::Sanction => {
                        let lift = format!("/sanctions/{}/lift", reply.json(201)["id"]);
                        by.post(&lift, &json!({})).await.expect(200);
                        lines.push(("sanction_lifted", by.id(), of));
                    }
                    Act::SetRole | Act::RemoveMember => {
                        let body = json!({ "role": role });
                        owner.put(&member, &body).await.expect(200);
                        lines.push(("role_set", owner.id(), of));
                    }
                    Act::RemoveMessage
                    | Act::Purge
                    | Act::RemoveComment
                    | Act::Revert
                    | Act::DecideAppeal => {}
                }
            }
        }
    }
    let mut found = log(&root, id).await;
    found.reverse();
    let found: Vec<_> = found[set_up..]
        .iter()
        .map(|line| {
            let action = line["action"].as_str().unwrap();
            let target = line["target"]["user_id"].as_i64();
            (action, line["actor"]["user_id"].as_i64().unwrap(), target)
        })
        .collect();
    assert_eq!(found, lines);
    server.stop().await;
}
