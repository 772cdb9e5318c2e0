//! Canvases and their members: create, list, change, delete, and permissions.

use crate::common::{
    TestServer, canvas,
    http::{Client, small_canvas},
    socket::{TestClient, refusal, upgrade},
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_canvas_is_created_with_defaults() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let body = json!({ "name": " My canvas\t", "width": 1, "height": 256, "description": null });
    let made = ann.post("/canvases", &body).await.json(201);
    let id = made["id"].as_i64().unwrap();
    assert_eq!(made["name"], "My canvas");
    assert_eq!(made["description"], "");
    assert_eq!((&made["width"], &made["height"]), (&json!(1), &json!(256)));
    assert_eq!(made["tile_size"], 32);
    let palette = made["palette"].as_array().unwrap();
    assert!((2..=64).contains(&palette.len()));
    assert_eq!(made["visibility"], "public");
    assert_eq!(made["edit_policy"], "open");
    assert_eq!(made["owner_id"], ann.id());
    assert_eq!(made["role"], "owner");
    for zero in ["tile_count", "active_users", "last_seq"] {
        assert_eq!(made[zero], 0, "{zero}");
    }
    let seen = ann.get(&format!("/canvases/{id}")).await.json(200);
    assert_eq!(seen, made);
    let seen = server.visitor().get(&format!("/canvases/{id}")).await;
    assert_eq!(seen.json(200)["role"], Value::Null);
    let guest = server.guest("Gus").await;
    let seen = guest.get(&format!("/canvases/{id}")).await;
    assert_eq!(seen.json(200)["role"], "editor");
    server.stop().await;
}

#[tokio::test]
async fn ids_of_canvases_cannot_be_guessed() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    // One of before, with an id from a sequence.
    let first = canvas(&ann, &json!({ "name": "first" })).await;
    let pool = server.database.pool().await;
    let old: i64 = sqlx::query_scalar(
        "INSERT INTO canvases (name, width, height, tile_size, palette, visibility, edit_policy,
                               owner_id, epoch, created_at)
         SELECT 'old', width, height, tile_size, palette, visibility, edit_policy, owner_id,
                gen_random_uuid(), created_at - interval '1 day'
         FROM canvases WHERE id = $1 RETURNING id",
    )
    .bind(first)
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(old, 1);
    let mut made = vec![old, first];
    for _ in 0..6 {
        made.push(canvas(&ann, &json!({})).await);
    }
    assert!(made.iter().all(|id| (1..1 << 53).contains(id)), "{made:?}");
    // A number of 53 bits has so few with a probability of one to 10^14.
    let large = made.iter().filter(|id| **id >= 1 << 40).count();
    assert!(large >= 4, "{made:?}");
    let guesses = [first - 1, first + 1, made[7] - 1, made[7] + 1, 2, 3];
    for id in guesses {
        ann.get(&format!("/canvases/{id}"))
            .await
            .problem(404, "canvas_not_found");
    }
    ann.get("/canvases/1").await.expect(200);
    // Lists go by time, whatever the ids.
    made.reverse();
    for path in ["/canvases?limit=3", "/canvases?mine=true&limit=3"] {
        let listed = ann.all(path).await;
        let ids: Vec<i64> = listed.iter().filter_map(|it| it["id"].as_i64()).collect();
        assert_eq!(ids, made, "{path}");
    }
    for cursor in ["1", "x.1", "1.x", "99999999999999999999.1"] {
        ann.get(&format!("/canvases?cursor={cursor}"))
            .await
            .refuses("cursor");
    }
    server.stop().await;
}

#[tokio::test]
async fn canvas_settings_have_limits() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    for (field, value) in [
        ("name", json!(" ")),
        ("name", json!("x".repeat(81))),
        ("name", Value::Null),
        ("description", json!("x".repeat(2001))),
        ("width", json!(0)),
        ("width", json!(257)),
        ("width", json!("4")),
        ("height", json!(-1)),
        ("height", json!(1.5)),
        ("tile_size", json!(7)),
        ("tile_size", json!(65)),
        ("palette", json!(["#000000"])),
        ("palette", json!(vec!["#000000"; 65])),
        ("palette", json!(["#000000", "white"])),
        ("visibility", json!("secret")),
        ("edit_policy", json!("")),
    ] {
        let mut body = small_canvas("x");
        body[field] = value;
        ann.post("/canvases", &body).await.refuses(field);
    }
    let reply = server.visitor().post("/canvases", &small_canvas("x")).await;
    reply.problem(401, "unauthenticated");
    server.stop().await;
}

fn names(list: &[Value]) -> Vec<&str> {
    list.iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn public_canvases_are_listed_newest_first() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    for (name, visibility) in [
        ("One", "public"),
        ("Two", "unlisted"),
        ("Three", "private"),
        ("100% Four_", "public"),
        ("Five", "public"),
    ] {
        canvas(&ann, &json!({ "name": name, "visibility": visibility })).await;
    }
    canvas(&bob, &json!({ "name": "Six" })).await;
    let visitor = server.visitor();
    let list = visitor.all("/canvases?limit=2").await;
    assert_eq!(names(&list), ["Six", "Five", "100% Four_", "One"]);
    let found = visitor.all("/canvases?q=FOUR_").await;
    assert_eq!(names(&found), ["100% Four_"]);
    assert_eq!(names(&visitor.all("/canvases?q=%25").await), ["100% Four_"]);
    let mine = ann.all("/canvases?mine=true&limit=2").await;
    assert_eq!(names(&mine), ["Five", "100% Four_", "Three", "Two", "One"]);
    let reply = visitor.get("/canvases?mine=true").await;
    reply.problem(401, "unauthenticated");
    for (field, query) in [
        ("limit", "limit=0"),
        ("limit", "limit=201"),
        ("limit", "limit=x"),
        ("cursor", "cursor=x"),
        ("mine", "mine=maybe"),
        ("q", "q=%00"),
    ] {
        let reply = visitor.get(&format!("/canvases?{query}")).await;
        reply.refuses(field);
    }
    server.stop().await;
}

#[tokio::test]
async fn the_owner_changes_settings_and_members_are_told() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    let id = canvas(&ann, &json!({})).await;
    let path = format!("/canvases/{id}");
    let mut socket = TestClient::join(&bob, id).await;
    let body = json!({ "name": "New", "edit_policy": "own", "description": null });
    let changed = ann.patch(&path, &body).await.json(200);
    assert_eq!(changed["name"], "New");
    assert_eq!(changed["edit_policy"], "own");
    assert_eq!(changed["last_seq"], 1);
    let event = socket.expect("canvas_updated").await;
    assert_eq!(event["canvas"]["name"], "New");
    assert_eq!(event["seq"], 1);
    bob.patch(&path, &body).await.problem(403, "forbidden");
    ann.patch(&path, &json!({ "name": "" }))
        .await
        .refuses("name");
    let unchanged = json!({ "name": "New", "description": "", "edit_policy": "own" });
    for body in [json!({}), unchanged] {
        let same = ann.patch(&path, &body).await.json(200);
        assert_eq!(same["last_seq"], 1);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_deleted_canvas_is_gone_for_everybody() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    let id = canvas(&ann, &json!({})).await;
    let path = format!("/canvases/{id}");
    let tile = json!({ "x": 1, "y": 1 });
    ann.post(&format!("{path}/tiles"), &tile).await.expect(201);
    bob.delete(&path).await.problem(403, "forbidden");
    let mut socket = TestClient::join(&bob, id).await;
    ann.delete(&path).await.expect(204);
    socket.expect("canvas_deleted").await;
    let closed = socket.closed().await;
    assert_eq!(
        (closed.code, closed.reason.as_str()),
        (1008, "canvas_deleted")
    );
    for reply in [
        ann.get(&path).await,
        ann.delete(&path).await,
        ann.get(&format!("{path}/snapshot")).await,
        ann.get("/canvases/none").await,
        ann.get("/canvases/99999999999999999999").await,
    ] {
        reply.problem(404, "canvas_not_found");
    }
    server.stop().await;
}

async fn reads(client: &Client, id: i64) -> u16 {
    let mut statuses = Vec::new();
    for part in [
        "",
        "/snapshot",
        "/tiles",
        "/messages",
        "/events",
        "/users",
        "/members",
        "/image.png",
    ] {
        let reply = client.get(&format!("/canvases/{id}{part}")).await;
        statuses.push(reply.status.as_u16());
    }
    statuses.dedup();
    assert_eq!(statuses.len(), 1, "{statuses:?}");
    statuses[0]
}

#[tokio::test]
async fn a_private_canvas_is_visible_to_its_members_only() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    let id = canvas(&ann, &json!({ "visibility": "private" })).await;
    let member = format!("/canvases/{id}/members/BOB");
    let join = || upgrade(server.addr, id, &format!("token={}", bob.token()), &[]);
    assert_eq!(reads(&ann, id).await, 200);
    assert_eq!(reads(&bob, id).await, 403);
    assert_eq!(reads(&server.visitor(), id).await, 403);
    assert_eq!(refusal(server.addr, join()).await.0, 403);
    let given = ann
        .put(&member, &json!({ "role": "viewer" }))
        .await
        .json(200);
    assert_eq!(given["user_id"], bob.id());
    assert_eq!(given["username"], "bob");
    assert_eq!(given["role"], "viewer");
    assert_eq!(reads(&bob, id).await, 200);
    let mut socket = TestClient::join(&bob, id).await;
    assert_eq!(socket.connected["role"], "viewer");
    let tiles = format!("/canvases/{id}/tiles");
    let reply = bob.post(&tiles, &json!({ "x": 0, "y": 0 })).await;
    reply.problem(403, "forbidden");
    let mine = bob.all("/canvases?mine=true").await;
    assert_eq!(mine.len(), 1);
    ann.delete(&member).await.expect(204);
    assert_eq!(socket.closed().await.code, 1008);
    assert_eq!(reads(&bob, id).await, 403);
    ann.delete(&member).await.problem(404, "user_not_found");
    server.stop().await;
}

#[tokio::test]
async fn moderators_assign_roles_below_their_own() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let mia = server.user("mia").await;
    let mo = server.user("mo1").await;
    let bob = server.user("bob").await;
    let id = canvas(&ann, &json!({})).await;
    let member = |name: &str| format!("/canvases/{id}/members/{name}");
    let role = |role: &str| json!({ "role": role });
    for name in ["mia", "mo1"] {
        ann.put(&member(name), &role("moderator")).await.expect(200);
    }
    mia.put(&member("bob"), &role("viewer")).await.expect(200);
    mia.put(&member("bob"), &role("editor")).await.expect(200);
    for (who, name, given) in [
        (&mia, "bob", "moderator"),
        (&mia, "mo1", "viewer"),
        (&mia, "ann", "viewer"),
        (&ann, "ann", "viewer"),
        (&bob, "mia", "viewer"),
        (&bob, "nobody", "viewer"),
    ] {
        let reply = who.put(&member(name), &role(given)).await;
        reply.problem(403, "forbidden");
    }
    for name in ["mia", "mo1", "ann"] {
        mo.delete(&member(name)).await.problem(403, "forbidden");
    }
    let reply = ann.put(&member("bob"), &role("owner")).await;
    reply.refuses("role");
    let reply = ann.put(&member("bob"), &role("king")).await;
    reply.refuses("role");
    let reply = ann.put(&member("nobody"), &role("editor")).await;
    reply.problem(404, "user_not_found");
    let list = server
        .visitor()
        .all(&format!("/canvases/{id}/members?limit=1"))
        .await;
    let list: Vec<_> = list
        .iter()
        .map(|member| {
            (
                member["username"].as_str().unwrap(),
                member["role"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        list,
        [
            ("ann", "owner"),
            ("mia", "moderator"),
            ("mo1", "moderator"),
            ("bob", "editor")
        ]
    );
    let members = format!("/canvases/{id}/members");
    let moderators = bob.all(&format!("{members}?role=moderator&limit=1")).await;
    let names: Vec<&Value> = moderators.iter().map(|it| &it["username"]).collect();
    assert_eq!(names, ["mia", "mo1"]);
    bob.get(&format!("{members}?role=king"))
        .await
        .refuses("role");
    mia.delete(&member("bob")).await.expect(204);
    server.stop().await;
}

#[tokio::test]
async fn administrators_list_and_kick_connections() {
    let server = TestServer::start_with(&["--admin-users", "root, Boss"]).await;
    let boss = server.admin("boss").await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let query = format!("token={}&client_type=agent&platform=test", ann.token());
    let mut socket = TestClient::connect(server.addr, id, &query).await;
    let mut other = TestClient::join(&boss, id).await;
    for path in ["/admin/clients", "/admin/stats"] {
        ann.get(path).await.problem(403, "forbidden");
        server
            .visitor()
            .get(path)
            .await
            .problem(401, "unauthenticated");
    }
    let clients = boss.all("/admin/clients?client_type=agent").await;
    assert_eq!(clients.len(), 1);
    let client = &clients[0];
    assert_eq!(client["connection_id"], socket.connected["connection_id"]);
    assert_eq!(client["username"], "ann");
    assert_eq!(client["canvas_id"], id);
    assert_eq!(
        (&client["platform"], &client["client_name"]),
        (&json!("test"), &json!(""))
    );
    assert!(client["device"].is_object());
    assert_eq!(boss.all("/admin/clients?limit=1").await.len(), 2);
    let stats = boss.get("/admin/stats").await.json(200);
    assert_eq!(stats["connections"], 2);
    assert_eq!(stats["users"], 2);
    assert_eq!(stats["canvases"], 1);
    assert_eq!(stats["by_type"], json!({ "agent": 1, "browser": 1 }));

    let body = json!({ "message": " hello ", "user_id": ann.id() });
    boss.post("/admin/announcements", &body).await.expect(202);
    let told = socket.expect("announcement").await;
    assert_eq!(told["message"], "hello");
    assert_eq!(told["canvas_id"], Value::Null);
    let heard = other.drain().await;
    assert!(
        heard
            .iter()
            .all(|message| message["type"] != "announcement")
    );
    let reply = boss
        .post("/admin/announcements", &json!({ "message": "" }))
        .await;
    reply.refuses("message");

    let path = format!(
        "/admin/clients/{}",
        client["connection_id"].as_str().unwrap()
    );
    boss.delete(&path).await.expect(204);
    let closed = socket.closed().await;
    assert_eq!((closed.code, closed.reason.as_str()), (1008, "kicked"));
    for path in [path.as_str(), "/admin/clients/none"] {
        assert_eq!(boss.delete(path).await.status, 404);
    }
    server.stop().await;
}
