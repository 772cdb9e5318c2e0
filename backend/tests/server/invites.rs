//! Invites give roles: by whom, to whom, how often and how long.

use crate::common::{
    TestServer, canvas,
    http::{Client, Reply},
    socket::TestClient,
};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

struct Staff {
    id: i64,
    owner: Client,
    moderator: Client,
    editor: Client,
    viewer: Client,
}

/// A private canvas with one user of each role.
async fn staff(server: &TestServer) -> Staff {
    let owner = server.user("owner").await;
    let id = canvas(&owner, &json!({ "visibility": "private" })).await;
    let member = async |role: &str| {
        let user = server.user(role).await;
        let body = json!({ "role": role });
        let path = format!("/canvases/{id}/members/{role}");
        owner.put(&path, &body).await.expect(200);
        user
    };
    Staff {
        id,
        moderator: member("moderator").await,
        editor: member("editor").await,
        viewer: member("viewer").await,
        owner,
    }
}

async fn invite(client: &Client, id: i64, body: &Value) -> Value {
    let reply = client.post(&format!("/canvases/{id}/invites"), body).await;
    reply.json(201)
}

async fn accept(client: &Client, invite: &Value) -> Reply {
    let code = invite["code"].as_str().unwrap();
    client
        .post(&format!("/invites/{code}/accept"), &json!({}))
        .await
}

/// The invites of a canvas by their ids, with how often they were used.
async fn uses(owner: &Client, id: i64) -> Vec<i64> {
    let listed = owner.all(&format!("/canvases/{id}/invites")).await;
    let uses = listed.iter().map(|invite| invite["uses"].as_i64().unwrap());
    uses.collect()
}

#[tokio::test]
async fn the_matrix_of_who_invites_to_what() {
    let server = TestServer::start().await;
    let staff = staff(&server).await;
    let stranger = server.user("stranger").await;
    let id = staff.id;
    let path = format!("/canvases/{id}/invites");
    for (client, allowed) in [
        (&staff.owner, &["viewer", "editor", "moderator"][..]),
        (&staff.moderator, &["viewer", "editor"]),
        (&staff.editor, &[]),
        (&staff.viewer, &[]),
        (&stranger, &[]),
    ] {
        for role in ["viewer", "editor", "moderator"] {
            let reply = client.post(&path, &json!({ "role": role })).await;
            if allowed.contains(&role) {
                let made = reply.json(201);
                assert_eq!(made["role"], role);
                assert_eq!(made["created_by"]["username"], client.username());
            } else {
                reply.problem(403, "forbidden");
            }
        }
        // Nobody gives away the canvas.
        let reply = client.post(&path, &json!({ "role": "owner" })).await;
        assert!([403, 422].contains(&reply.status.as_u16()));
    }
    let listed = staff.owner.all(&format!("{path}?limit=2")).await;
    let roles: Vec<&Value> = listed.iter().map(|invite| &invite["role"]).collect();
    assert_eq!(roles, ["editor", "viewer", "moderator", "editor", "viewer"]);
    // A moderator could pass on the code of an invite to their own rank.
    let listed = staff.moderator.all(&path).await;
    assert_eq!(listed.len(), 4);
    assert!(listed.iter().all(|invite| invite["role"] != "moderator"));
    for client in [&staff.editor, &staff.viewer, &stranger] {
        client.get(&path).await.problem(403, "forbidden");
    }
    server.visitor().get(&path).await.expect(401);

    let of = |role: &str| {
        let found = listed.iter().find(|invite| invite["role"] == role).unwrap();
        format!("/invites/{}", found["id"])
    };
    let made = invite(&staff.owner, id, &json!({ "role": "moderator" })).await;
    let to_moderators = format!("/invites/{}", made["id"]);
    for client in [&staff.editor, &staff.viewer, &stranger] {
        client.delete(&of("viewer")).await.problem(403, "forbidden");
    }
    let reply = staff.moderator.delete(&to_moderators).await;
    reply.problem(403, "forbidden");
    staff.moderator.delete(&of("viewer")).await.expect(204);
    staff.owner.delete(&to_moderators).await.expect(204);
    for unknown in [&of("viewer"), "/invites/x", "/invites/0"] {
        let reply = staff.owner.delete(unknown).await;
        reply.problem(404, "invite_not_found");
    }
    accept(&stranger, &made)
        .await
        .problem(404, "invite_not_found");
    server.stop().await;
}

#[tokio::test]
async fn what_an_invite_says_is_checked() {
    let server = TestServer::start().await;
    let owner = server.user("owner").await;
    let id = canvas(&owner, &json!({})).await;
    let path = format!("/canvases/{id}/invites");
    for (body, field) in [
        (json!({}), "role"),
        (json!({ "role": "owner" }), "role"),
        (json!({ "role": "king" }), "role"),
        (json!({ "role": "editor", "max_uses": 0 }), "max_uses"),
        (json!({ "role": "editor", "max_uses": 10_001 }), "max_uses"),
        (json!({ "role": "editor", "max_uses": "1" }), "max_uses"),
        (
            json!({ "role": "editor", "expires_in_s": 0 }),
            "expires_in_s",
        ),
        (
            json!({ "role": "editor", "expires_in_s": 30 * 86_400 + 1 }),
            "expires_in_s",
        ),
        (json!({ "role": "editor", "note": "n".repeat(101) }), "note"),
    ] {
        owner.post(&path, &body).await.refuses(field);
    }
    let most = json!({
        "role": "editor", "max_uses": 10_000, "expires_in_s": 30 * 86_400, "note": " n ",
    });
    let made = invite(&owner, id, &most).await;
    assert_eq!(made["max_uses"], 10_000);
    assert_eq!(made["note"], "n");
    assert_eq!(made["uses"], 0);
    let least = invite(&owner, id, &json!({ "role": "editor", "max_uses": null })).await;
    assert_eq!(least["max_uses"], Value::Null);
    assert_eq!(least["note"], "");
    assert_ne!(made["code"], least["code"]);
    // Seven days.
    let pool = server.database.pool().await;
    let left: f64 = sqlx::query_scalar(
        "SELECT extract(epoch FROM expires_at - now())::float8 FROM invites WHERE id = $1",
    )
    .bind(least["id"].as_i64())
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!((604_700.0..604_801.0).contains(&left), "{left}");
    let reply = owner
        .post("/canvases/1/invites", &json!({ "role": "editor" }))
        .await;
    reply.problem(404, "canvas_not_found");
    // A canvas has a thousand at most.
    sqlx::query(
        "INSERT INTO invites (canvas_id, code, role, expires_at, note, created_by)
         SELECT $1, n::text, 'editor', now() + interval '1 day', '', $2 FROM generate_series(1, 998) n",
    )
    .bind(id)
    .bind(owner.id())
    .execute(&pool)
    .await
    .unwrap();
    let reply = owner.post(&path, &json!({ "role": "editor" })).await;
    reply.problem(409, "too_many_invites");
    server.stop().await;
}

#[tokio::test]
async fn an_invite_gives_at_least_its_role() {
    let server = TestServer::start().await;
    let staff = staff(&server).await;
    let id = staff.id;
    let board = format!("/canvases/{id}");
    let stranger = server.user("stranger").await;
    stranger.get(&board).await.problem(403, "forbidden");
    let viewers = invite(&staff.owner, id, &json!({ "role": "viewer" })).await;
    let editors = invite(
        &staff.moderator,
        id,
        &json!({ "role": "editor", "max_uses": 5 }),
    )
    .await;
    let moderators = invite(&staff.owner, id, &json!({ "role": "moderator" })).await;

    // It opens a private canvas, also to a guest.
    let opened = accept(&stranger, &viewers).await.json(200);
    assert_eq!(opened["id"], id);
    assert_eq!(opened["role"], "viewer");
    stranger.get(&format!("{board}/snapshot")).await.expect(200);
    let guest = server.guest("Guest").await;
    assert_eq!(accept(&guest, &editors).await.json(200)["role"], "editor");
    // A higher role replaces a lower one, also on the open connection.
    let mut tab = TestClient::join(&stranger, id).await;
    let paint = json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]] });
    tab.send(&paint).await;
    tab.refused("forbidden").await;
    assert_eq!(
        accept(&stranger, &editors).await.json(200)["role"],
        "editor"
    );
    loop {
        tab.send(&paint).await;
        let answer = tab
            .until(|m| matches!(m["type"].as_str(), Some("ack" | "error")))
            .await;
        if answer["type"] == "ack" {
            break;
        }
    }
    // A lower one, or the same, changes nothing and does not count.
    for (client, role) in [
        (&staff.owner, "owner"),
        (&staff.moderator, "moderator"),
        (&staff.editor, "editor"),
        (&stranger, "editor"),
        (&guest, "editor"),
    ] {
        for lower in [&viewers, &editors] {
            assert_eq!(accept(client, lower).await.json(200)["role"], role);
        }
    }
    assert_eq!(uses(&staff.owner, id).await, [0, 2, 1]);
    let promoted = accept(&staff.viewer, &moderators).await.json(200);
    assert_eq!(promoted["role"], "moderator");
    assert_eq!(
        accept(&staff.owner, &moderators).await.json(200)["role"],
        "owner"
    );
    assert_eq!(uses(&staff.owner, id).await, [1, 2, 1]);

    for code in ["x", "", "%20", &"x".repeat(1000)] {
        let path = format!("/invites/{code}/accept");
        let reply = stranger.post(&path, &json!({})).await;
        assert_eq!(reply.status, 404);
    }
    let visitor = accept(&server.visitor(), &viewers).await;
    visitor.problem(401, "unauthenticated");
    // Each role that was given has its line.
    let pool = server.database.pool().await;
    let lines: Vec<(String, i64, i64, Value)> = sqlx::query_as(
        "SELECT action, actor_id, target_id, detail FROM moderation_log
         WHERE detail ? 'invite_id' ORDER BY id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let expected = [
        (&staff.owner, &stranger, "viewer", &viewers),
        (&staff.moderator, &guest, "editor", &editors),
        (&staff.moderator, &stranger, "editor", &editors),
        (&staff.owner, &staff.viewer, "moderator", &moderators),
    ]
    .map(|(by, to, role, invite)| {
        let detail = json!({ "role": role, "invite_id": invite["id"] });
        ("role_set".to_owned(), by.id(), to.id(), detail)
    });
    assert_eq!(lines, expected);
    server.stop().await;
}

/// On a public canvas everybody is an editor: a role by invite is more than that, and one below
/// it takes nothing away.
#[tokio::test]
async fn a_public_canvas_has_invites_too() {
    let server = TestServer::start().await;
    let (owner, ann) = (server.user("owner").await, server.user("ann").await);
    let id = canvas(&owner, &json!({ "visibility": "public" })).await;
    let viewers = invite(&owner, id, &json!({ "role": "viewer" })).await;
    let editors = invite(&owner, id, &json!({ "role": "editor" })).await;
    assert_eq!(accept(&ann, &viewers).await.json(200)["role"], "editor");
    assert_eq!(uses(&owner, id).await, [0, 0]);
    assert_eq!(accept(&ann, &editors).await.json(200)["role"], "editor");
    assert_eq!(accept(&ann, &editors).await.json(200)["role"], "editor");
    assert_eq!(uses(&owner, id).await, [1, 0]);
    // It stays when the canvas becomes private.
    let path = format!("/canvases/{id}");
    let private = json!({ "visibility": "private" });
    owner.patch(&path, &private).await.expect(200);
    assert_eq!(ann.get(&path).await.json(200)["role"], "editor");
    server.stop().await;
}

#[tokio::test]
async fn uses_are_counted_exactly() {
    let server = TestServer::start().await;
    let owner = server.user("owner").await;
    let id = canvas(&owner, &json!({ "visibility": "private" })).await;
    let body = json!({ "role": "editor", "max_uses": 5 });
    let made = invite(&owner, id, &body).await;
    let mut guests = Vec::new();
    for n in 0..12 {
        guests.push(server.guest(&format!("Guest {n}")).await);
    }
    // Each twice at once: the second time it gives nothing.
    let all = guests.iter().chain(&guests);
    let replies = join_all(all.map(|guest| accept(guest, &made))).await;
    let accepted = replies.iter().filter(|reply| reply.status == 200);
    assert!(accepted.count() >= 5);
    assert_eq!(uses(&owner, id).await, [5]);
    let members = owner.all(&format!("/canvases/{id}/members")).await;
    assert_eq!(members.len(), 6);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        reply.problem(404, "invite_not_found");
    }
    server.stop().await;
}

#[tokio::test]
async fn an_invite_ends() {
    let server = TestServer::start().await;
    let staff = staff(&server).await;
    let id = staff.id;
    let stranger = server.user("stranger").await;
    let pool = server.database.pool().await;
    // By its time.
    let over = invite(&staff.owner, id, &json!({ "role": "editor" })).await;
    sqlx::query("UPDATE invites SET expires_at = now() WHERE id = $1")
        .bind(over["id"].as_i64())
        .execute(&pool)
        .await
        .unwrap();
    // With the rights of who made it.
    let of_moderator = invite(&staff.moderator, id, &json!({ "role": "editor" })).await;
    let member = format!("/canvases/{id}/members/moderator");
    let editor = json!({ "role": "editor" });
    staff.owner.put(&member, &editor).await.expect(200);
    for ended in [&over, &of_moderator] {
        let reply = accept(&stranger, ended).await;
        reply.problem(404, "invite_not_found");
    }
    let moderator = json!({ "role": "moderator" });
    staff.owner.put(&member, &moderator).await.expect(200);
    accept(&stranger, &of_moderator).await.expect(200);
    // With the canvas.
    let other = server.user("other").await;
    let last = invite(&staff.owner, id, &json!({ "role": "viewer" })).await;
    let path = format!("/canvases/{id}");
    staff.owner.delete(&path).await.expect(204);
    accept(&other, &last).await.problem(404, "invite_not_found");
    let reply = staff
        .owner
        .delete(&format!("/invites/{}", last["id"]))
        .await;
    reply.problem(404, "invite_not_found");
    server.stop().await;
}

async fn ban(actor: &Client, id: i64, user: &Client) -> Value {
    let body = json!({ "username": user.username(), "kind": "ban", "reason": "raids" });
    let path = format!("/canvases/{id}/sanctions");
    actor.post(&path, &body).await.json(201)
}

#[tokio::test]
async fn an_invite_leads_past_no_ban() {
    let server = TestServer::start().await;
    let root = server.admin("root").await;
    let staff = staff(&server).await;
    let id = staff.id;
    let made = invite(&staff.owner, id, &json!({ "role": "editor" })).await;
    let vandal = server.user("vandal").await;
    let banned = ban(&staff.moderator, id, &vandal).await;
    let problem = accept(&vandal, &made).await.problem(403, "sanctioned");
    assert_eq!(problem["sanction"]["id"], banned["id"]);
    assert_eq!(uses(&staff.owner, id).await, [0]);
    // Also a role that was given before does not help, and counts again after the ban.
    let member = server.user("member").await;
    accept(&member, &made).await.expect(200);
    ban(&staff.moderator, id, &member).await;
    accept(&member, &made).await.problem(403, "sanctioned");
    let lift = format!("/sanctions/{}/lift", banned["id"]);
    staff.moderator.post(&lift, &json!({})).await.expect(200);
    accept(&vandal, &made).await.expect(200);
    assert_eq!(uses(&staff.owner, id).await, [2]);
    // From the whole server, for as long as it lasts.
    let body = json!({ "username": "vandal", "kind": "ban", "reason": "raids" });
    root.post("/admin/sanctions", &body).await.expect(201);
    accept(&vandal, &made).await.problem(403, "sanctioned");
    let invites = format!("/canvases/{id}/invites");
    let reply = vandal.post(&invites, &json!({ "role": "viewer" })).await;
    reply.problem(403, "sanctioned");
    let reply = vandal.put("/users/me/blocks/owner", &json!({})).await;
    reply.problem(403, "sanctioned");
    // Whoever is banned invites nobody.
    let of_moderator = invite(&staff.moderator, id, &json!({ "role": "viewer" })).await;
    ban(&staff.owner, id, &staff.moderator).await;
    let stranger = server.user("stranger").await;
    accept(&stranger, &of_moderator)
        .await
        .problem(404, "invite_not_found");
    server.stop().await;
}

/// Neither a new guest account in the same browser.
#[tokio::test]
async fn an_invite_leads_no_banned_person_back_as_a_guest() {
    let server = TestServer::start().await;
    let owner = server.user("owner").await;
    let id = canvas(&owner, &json!({})).await;
    let made = invite(&owner, id, &json!({ "role": "editor" })).await;
    let first = server.visitor().request(Method::POST, "/auth/guest");
    let first = Reply::of(first).await;
    let mut vandal = server.visitor();
    vandal.sign_in(&first.json(201));
    let cookies = first.headers.get_all("set-cookie").iter();
    let mut cookies = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
    let device = cookies.find(|cookie| cookie.starts_with("device="));
    let device = device.unwrap().to_owned();
    TestClient::join(&vandal, id).await.close().await;
    ban(&owner, id, &vandal).await;
    let again = server.visitor().request(Method::POST, "/auth/guest");
    let again = Reply::of(again.header("cookie", &device)).await;
    let mut back = server.visitor();
    back.sign_in(&again.json(201));
    let reply = accept(&back, &made).await;
    reply.problem(403, "registration_required");
    let other = server.guest("Other").await;
    accept(&other, &made).await.expect(200);
    // As somebody registered they may come back.
    let account = json!({ "username": "back", "password": "password" });
    back.post("/users/me/account", &account).await.expect(200);
    accept(&back, &made).await.expect(200);
    server.stop().await;
}
