//! Sanctions: who may issue and lift them, what each kind keeps from, and that they hold
//! whatever happens meanwhile.

use crate::common::{
    TestServer, admin, canvas,
    http::{Client, Reply},
    socket::{Closed, TestClient, open, refusal, upgrade},
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

const KINDS: [&str; 5] = ["warning", "mute", "no_paint", "timeout", "ban"];

fn body(target: &Client, kind: &str) -> Value {
    let mut body = json!({ "username": target.username(), "kind": kind, "reason": "a reason" });
    if kind == "timeout" {
        body["duration_s"] = json!(3600);
    }
    body
}

async fn sanction(actor: &Client, id: i64, target: &Client, kind: &str) -> Value {
    let path = format!("/canvases/{id}/sanctions");
    actor.post(&path, &body(target, kind)).await.json(201)
}

async fn lift(actor: &Client, sanction: &Value) -> Reply {
    let path = format!("/sanctions/{}/lift", sanction["id"]);
    actor.post(&path, &json!({})).await
}

async fn give(owner: &Client, id: i64, user: &Client, role: &str) {
    let path = format!("/canvases/{id}/members/{}", user.username());
    let body = json!({ "role": role });
    owner.put(&path, &body).await.expect(200);
}

fn brief(sanction: &Value) -> Value {
    json!({
        "id": sanction["id"], "kind": sanction["kind"], "reason": sanction["reason"],
        "expires_at": sanction["expires_at"],
    })
}

fn banned() -> Closed {
    Closed {
        code: 1008,
        reason: "banned".to_owned(),
    }
}

/// The problem with which an upgrade is refused.
async fn upgrade_problem(user: &Client, id: i64) -> (u16, Value) {
    let request = upgrade(user.addr, id, &format!("token={}", user.token()), &[]);
    match open(user.addr, request).await {
        Err(Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            let problem = serde_json::from_slice(&body).unwrap();
            (response.status().as_u16(), problem)
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was not refused"),
    }
}

#[tokio::test]
async fn nobody_acts_on_an_equal_or_higher_rank_or_on_themselves() {
    let server = TestServer::start().await;
    let (owner, chief, root) = (
        server.guest("Owner").await,
        server.admin("chief").await,
        server.admin("root").await,
    );
    let id = canvas(&owner, &json!({})).await;
    let (mo, max) = (server.guest("Mo").await, server.guest("Max").await);
    let (ed, eve) = (server.guest("Ed").await, server.guest("Eve").await);
    let vic = server.guest("Vic").await;
    for (user, role) in [(&mo, "moderator"), (&max, "moderator"), (&vic, "viewer")] {
        give(&owner, id, user, role).await;
    }
    let people = [
        (0, &ed),
        (0, &eve),
        (0, &vic),
        (1, &mo),
        (1, &max),
        (2, &owner),
        (3, &chief),
        (3, &root),
    ];
    let path = format!("/canvases/{id}/sanctions");
    for (rank, actor) in people {
        for (target_rank, target) in people {
            for kind in KINDS {
                let asked = format!("{rank} {kind} {target_rank}");
                let reply = actor.post(&path, &body(target, kind)).await;
                if rank == 0 || rank <= target_rank || actor.id() == target.id() {
                    reply.problem(403, "forbidden");
                    continue;
                }
                let made = reply.json(201);
                assert_eq!(made["user"]["user_id"], target.id(), "{asked}");
                // Only a rank above the person's, and not below the issuer's, lifts it.
                for (other_rank, other) in people {
                    let may = other_rank > target_rank
                        && other_rank >= rank
                        && other.id() != target.id()
                        && other_rank > 0;
                    if other.id() == target.id() && kind == "ban" {
                        lift(other, &made).await.problem(403, "sanctioned");
                    } else if !may {
                        lift(other, &made).await.problem(403, "forbidden");
                    }
                }
                lift(actor, &made).await.json(200);
                lift(actor, &made).await.problem(409, "sanction_over");
            }
        }
    }
    // On the whole server: admins alone, and not on admins.
    for (rank, actor) in people {
        for (target_rank, target) in people {
            let reply = actor.post("/admin/sanctions", &body(target, "mute")).await;
            if rank == 3 && target_rank < 3 {
                let made = reply.json(201);
                assert_eq!(made["canvas_id"], Value::Null);
                for (_, other) in people.iter().filter(|(rank, _)| *rank < 3) {
                    lift(other, &made).await.problem(403, "forbidden");
                }
                lift(&root, &made).await.json(200);
            } else {
                reply.problem(403, "forbidden");
            }
        }
    }
    // What a lower rank issued is superseded by a higher one, and not the other way round.
    let by_owner = sanction(&owner, id, &ed, "mute").await;
    mo.post(&path, &body(&ed, "mute"))
        .await
        .problem(403, "forbidden");
    lift(&mo, &by_owner).await.problem(403, "forbidden");
    sanction(&chief, id, &ed, "mute").await;
    // There is nobody, nothing and no place of that kind.
    let unknown = json!({ "username": "nobody", "kind": "mute", "reason": "r" });
    let reply = owner.post(&path, &unknown).await;
    reply.problem(404, "user_not_found");
    let reply = owner.post("/sanctions/999999/lift", &json!({})).await;
    reply.problem(404, "sanction_not_found");
    let reply = owner.post("/canvases/1/sanctions", &unknown).await;
    reply.problem(404, "canvas_not_found");
    server.stop().await;
}

#[tokio::test]
async fn bodies_are_checked() {
    let server = TestServer::start().await;
    let (owner, ed) = (server.guest("Owner").await, server.guest("Ed").await);
    let id = canvas(&owner, &json!({})).await;
    let path = format!("/canvases/{id}/sanctions");
    let day = 24 * 3600;
    for (change, field) in [
        (json!({ "reason": "" }), "reason"),
        (json!({ "reason": " \n" }), "reason"),
        (json!({ "reason": "x".repeat(501) }), "reason"),
        (json!({ "note": "x".repeat(1001) }), "note"),
        (json!({ "kind": "shadow" }), "kind"),
        (json!({ "duration_s": 59 }), "duration_s"),
        (json!({ "duration_s": 365 * day + 1 }), "duration_s"),
        (json!({ "duration_s": "1h" }), "duration_s"),
        (json!({ "kind": "timeout" }), "duration_s"),
        (
            json!({ "kind": "timeout", "duration_s": 28 * day + 1 }),
            "duration_s",
        ),
        (json!({ "kind": "warning", "duration_s": 60 }), "duration_s"),
        (json!({ "username": 7 }), "username"),
    ] {
        let mut body = body(&ed, "mute");
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        owner.post(&path, &body).await.refuses(field);
    }
    for (change, lasts) in [
        (json!({ "duration_s": 60 }), Some(60)),
        (
            json!({ "duration_s": 365 * day, "kind": "ban" }),
            Some(365 * day),
        ),
        (
            json!({ "duration_s": 28 * day, "kind": "timeout" }),
            Some(28 * day),
        ),
        (json!({ "duration_s": null }), None),
        (
            json!({ "reason": "x".repeat(500), "note": "n".repeat(1000) }),
            None,
        ),
    ] {
        let mut body = body(&ed, "no_paint");
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        let made = owner.post(&path, &body).await.json(201);
        let time = |name: &str| {
            let text = made[name].as_str()?;
            Some(
                chrono::DateTime::parse_from_rfc3339(text)
                    .unwrap()
                    .timestamp_millis(),
            )
        };
        let lasted = time("expires_at").map(|end| (end - time("issued_at").unwrap()) / 1000);
        assert_eq!(lasted, lasts, "{made}");
    }
    server.stop().await;
}

/// The socket requests of each activity, and what each kind does to them.
fn requests() -> [(&'static str, Value); 9] {
    [
        ("speak", json!({ "type": "canvas_chat", "text": "hi" })),
        (
            "speak",
            json!({ "type": "tile_mention", "tile_x": 0, "tile_y": 0, "highlight_type": "mention" }),
        ),
        (
            "paint",
            json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]] }),
        ),
        (
            "like",
            json!({ "type": "tile_like", "x": 0, "y": 0, "liked": true }),
        ),
        ("paint", json!({ "type": "tile_create", "x": 5, "y": 5 })),
        (
            "paint",
            json!({ "type": "tile_update", "x": 0, "y": 0, "title": "T" }),
        ),
        ("paint", json!({ "type": "tile_delete", "x": 0, "y": 0 })),
        ("paint", json!({ "type": "tile_lock", "x": 1, "y": 1 })),
        ("", json!({ "type": "tile_unlock", "x": 1, "y": 1 })),
    ]
}

fn forbidden(kind: &str) -> &'static [&'static str] {
    match kind {
        "mute" => &["speak"],
        "no_paint" => &["paint"],
        "timeout" => &["speak", "paint", "like"],
        _ => &[],
    }
}

#[tokio::test]
async fn each_kind_keeps_from_its_own_acts_on_open_connections() {
    let server = TestServer::start().await;
    let owner = server.guest("Owner").await;
    for server_wide in [false, true] {
        let root = server
            .admin(if server_wide { "root" } else { "chief" })
            .await;
        for kind in ["warning", "mute", "no_paint", "timeout"] {
            let ed = server.guest("Ed").await;
            let more = json!({ "edit_policy": "exclusive" });
            let id = canvas(&owner, &more).await;
            let mut tab = TestClient::join(&ed, id).await;
            assert_eq!(tab.connected["sanctions"], json!([]));
            tab.done(json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[1, 1]] }))
                .await;
            let made = if server_wide {
                let reply = root.post("/admin/sanctions", &body(&ed, kind)).await;
                reply.json(201)
            } else {
                sanction(&owner, id, &ed, kind).await
            };
            let told = tab.expect("sanction").await;
            let mut shown = made.clone();
            shown["issued_by"] = Value::Null;
            shown.as_object_mut().unwrap().remove("note");
            assert_eq!(told["sanction"], shown);
            for (act, request) in requests() {
                tab.send(&request).await;
                if forbidden(kind).contains(&act) {
                    let error = tab.refused("sanctioned").await;
                    assert_eq!(error["sanction"], brief(&made), "{kind} {request}");
                } else if request["type"] != "tile_mention" {
                    let answer = tab
                        .until(|m| matches!(m["type"].as_str(), Some("ack" | "error")))
                        .await;
                    assert_eq!(answer["type"], "ack", "{kind} {request} {answer}");
                }
            }
            // A connection that begins now is told.
            let again = TestClient::join(&ed, id).await;
            assert_eq!(again.connected["sanctions"], json!([shown]));
            // Lifted: all is as before.
            let lifter = if server_wide { &root } else { &owner };
            let lifted = lift(lifter, &made).await.json(200);
            assert!(lifted["lifted_at"].is_string());
            let told = tab.expect("sanction_lifted").await;
            assert_eq!(told["sanction_id"], made["id"]);
            assert_eq!(told["canvas_id"], made["canvas_id"]);
            for request in [
                json!({ "type": "canvas_chat", "text": "hi" }),
                json!({ "type": "tile_paint", "x": 2, "y": 2, "pixels": [[0, 1]] }),
                json!({ "type": "tile_like", "x": 2, "y": 2, "liked": true }),
            ] {
                tab.done(request).await;
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn each_kind_keeps_from_its_own_acts_over_http() {
    let server = TestServer::start().await;
    let owner = server.guest("Owner").await;
    for kind in ["warning", "mute", "no_paint", "timeout", "ban"] {
        let ed = server.guest("Ed").await;
        let id = canvas(&owner, &json!({})).await;
        let tiles = format!("/canvases/{id}/tiles");
        let tile = ed.post(&tiles, &json!({ "x": 0, "y": 0 })).await.json(201);
        let tile = format!("/tiles/{}", tile["id"]);
        let made = sanction(&owner, id, &ed, kind).await;
        let one = json!({ "x": 1, "y": 0 });
        let title = json!({ "title": "T" });
        let none = json!({});
        for (act, method, path, body) in [
            ("like", Method::PUT, format!("{tile}/like"), &none),
            ("like", Method::DELETE, format!("{tile}/like"), &none),
            ("paint", Method::POST, tiles.clone(), &one),
            ("paint", Method::PATCH, tile.clone(), &title),
            ("paint", Method::DELETE, tile.clone(), &none),
        ] {
            let reply = match method {
                Method::POST => ed.post(&path, body).await,
                Method::PATCH => ed.patch(&path, body).await,
                Method::PUT => ed.put(&path, body).await,
                _ => ed.delete(&path).await,
            };
            if kind == "ban" || forbidden(kind).contains(&act) {
                let problem = reply.problem(403, "sanctioned");
                assert_eq!(problem["sanction"], brief(&made));
            } else {
                assert!(reply.status.is_success(), "{kind} {path} {}", reply.text());
            }
        }
        // Whoever may look may look.
        for path in [format!("/canvases/{id}/snapshot"), tiles.clone()] {
            ed.get(&path).await.expect(200);
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_ban_closes_every_connection_and_the_banned_read_as_visitors() {
    let server = TestServer::start().await;
    let owner = server.guest("Owner").await;
    let ed = server.guest("Ed").await;
    let id = canvas(&owner, &json!({})).await;
    let elsewhere = canvas(&owner, &json!({})).await;
    give(&owner, id, &ed, "moderator").await;
    let mut tabs = [
        TestClient::join(&ed, id).await,
        TestClient::join(&ed, id).await,
    ];
    let mut other = TestClient::join(&ed, elsewhere).await;
    let tile = format!("/canvases/{id}/tiles");
    let tile = ed.post(&tile, &json!({ "x": 0, "y": 0 })).await.json(201);
    let tile = format!("/tiles/{}", tile["id"]);
    ed.put(&format!("{tile}/like"), &json!({}))
        .await
        .expect(200);
    let made = sanction(&owner, id, &ed, "ban").await;
    for tab in &mut tabs {
        let told = tab.expect("sanction").await;
        assert_eq!(told["sanction"]["id"], made["id"]);
        assert_eq!(told["sanction"]["issued_by"], Value::Null);
        assert_eq!(tab.closed().await, banned());
    }
    let (status, problem) = upgrade_problem(&ed, id).await;
    assert_eq!((status, &problem["code"]), (403, &json!("sanctioned")));
    assert_eq!(problem["sanction"], brief(&made));
    let ticket = ed.post("/ws/ticket", &json!({})).await.json(201);
    let ticket = format!("token={}", ticket["ticket"].as_str().unwrap());
    let by_ticket = upgrade(ed.addr, id, &ticket, &[]);
    assert_eq!(
        refusal(ed.addr, by_ticket).await,
        (403, "sanctioned".to_owned())
    );
    // Elsewhere nothing changed.
    other
        .done(json!({ "type": "canvas_chat", "text": "still here" }))
        .await;
    // As somebody without credentials.
    let visitor = server.visitor();
    for path in [
        format!("/canvases/{id}"),
        format!("/canvases/{id}/snapshot"),
        format!("/canvases/{id}/tiles"),
        format!("/canvases/{id}/events"),
        tile,
    ] {
        let (seen, as_visitor) = (ed.get(&path).await, visitor.get(&path).await);
        let mut both = [seen.json(200), as_visitor.json(200)];
        for seen in &mut both {
            // People come and go meanwhile.
            if let Some(fields) = seen.as_object_mut() {
                fields.remove("active_users");
                fields.get_mut("canvas").map(|it| it["active_users"].take());
            }
        }
        assert_eq!(both[0], both[1], "{path}");
    }
    // Nothing of the role counts, and nobody takes it.
    let vic = server.guest("Vic").await;
    let reply = ed
        .post(&format!("/canvases/{id}/sanctions"), &body(&vic, "mute"))
        .await;
    reply.problem(403, "sanctioned");
    let reply = ed.get(&format!("/canvases/{id}/sanctions")).await;
    reply.problem(403, "sanctioned");
    let member = format!("/canvases/{id}/members/{}", vic.username());
    let reply = ed.put(&member, &json!({ "role": "viewer" })).await;
    reply.problem(403, "sanctioned");
    // A moderator may not act on a banned moderator, not even by taking the role.
    let mo = server.guest("Mo").await;
    give(&owner, id, &mo, "moderator").await;
    lift(&mo, &made).await.problem(403, "forbidden");
    let ed_member = format!("/canvases/{id}/members/{}", ed.username());
    mo.delete(&ed_member).await.problem(403, "forbidden");

    lift(&owner, &made).await.json(200);
    let back = TestClient::join(&ed, id).await;
    assert_eq!(back.connected["role"], "moderator");
    let seen = ed.get(&format!("/canvases/{id}")).await.json(200);
    assert_eq!(seen["role"], "moderator");
    server.stop().await;
}

#[tokio::test]
async fn a_ban_keeps_members_out_of_a_private_canvas_whatever_role_they_get() {
    let server = TestServer::start().await;
    let owner = server.guest("Owner").await;
    let (ed, out) = (server.guest("Ed").await, server.guest("Out").await);
    let id = canvas(&owner, &json!({ "visibility": "private" })).await;
    give(&owner, id, &ed, "editor").await;
    let made = sanction(&owner, id, &ed, "ban").await;
    sanction(&owner, id, &out, "ban").await;
    for path in [
        format!("/canvases/{id}"),
        format!("/canvases/{id}/snapshot"),
        format!("/canvases/{id}/events"),
        format!("/canvases/{id}/image.png"),
    ] {
        let problem = ed.get(&path).await.problem(403, "sanctioned");
        assert_eq!(problem["sanction"], brief(&made));
    }
    assert_eq!(ed.all("/canvases?mine=true").await, [] as [Value; 0]);
    give(&owner, id, &ed, "moderator").await;
    let (status, problem) = upgrade_problem(&ed, id).await;
    assert_eq!((status, &problem["code"]), (403, &json!("sanctioned")));
    let member = format!("/canvases/{id}/members/{}", ed.username());
    owner.delete(&member).await.expect(204);
    ed.get(&format!("/canvases/{id}"))
        .await
        .problem(403, "forbidden");
    give(&owner, id, &ed, "viewer").await;
    lift(&owner, &made).await.json(200);
    let back = TestClient::join(&ed, id).await;
    assert_eq!(back.connected["role"], "viewer");
    server.stop().await;
}

#[tokio::test]
async fn an_event_is_before_the_sanction_or_refused() {
    let server = TestServer::start().await;
    let owner = server.guest("Owner").await;
    let root = server.admin("root").await;
    for (kind, server_wide) in [
        ("mute", false),
        ("no_paint", false),
        ("ban", false),
        ("timeout", true),
    ] {
        let id = canvas(&owner, &json!({})).await;
        let ed = server.guest("Ed").await;
        let mut watcher = TestClient::join(&owner, id).await;
        let mut tabs = Vec::new();
        for number in 0..3 {
            let mut tab = TestClient::join(&ed, id).await;
            tabs.push(tokio::spawn(async move {
                for n in 0..40 {
                    let request = if kind == "mute" {
                        json!({ "type": "canvas_chat", "text": format!("{number} {n}") })
                    } else {
                        json!({ "type": "tile_paint", "x": number, "y": 0, "pixels": [[n, n % 3]] })
                    };
                    if tab.try_send(&request).await.is_err() {
                        break;
                    }
                }
                tab
            }));
        }
        // Some of it is there.
        watcher.until(|message| message["seq"].is_i64()).await;
        let made = if server_wide {
            let reply = root.post("/admin/sanctions", &body(&ed, kind)).await;
            reply.json(201)
        } else {
            sanction(&owner, id, &ed, kind).await
        };
        assert_eq!(made["kind"], kind);
        let head = owner.get(&format!("/canvases/{id}")).await.json(200)["last_seq"]
            .as_i64()
            .unwrap();
        // Whatever they send now is refused, if they are still there.
        for tab in tabs {
            let mut tab = tab.await.unwrap();
            let again = json!({ "type": "tile_paint", "x": 7, "y": 0, "pixels": [[0, 1]] });
            let speaks = json!({ "type": "canvas_chat", "text": "again" });
            let request = if kind == "mute" { &speaks } else { &again };
            let sent = tab.try_send(request).await;
            let answered = tab.try_until(|m| m["code"] == "sanctioned").await;
            assert!(kind == "ban" || (sent.is_ok() && answered.is_ok()));
        }
        let said = watcher
            .done(json!({ "type": "canvas_chat", "text": "the last" }))
            .await;
        let events = owner.all(&format!("/canvases/{id}/events?limit=200")).await;
        let after: Vec<&Value> = events
            .iter()
            .filter(|event| event["seq"].as_i64() > Some(head))
            .collect();
        assert_eq!(after.len(), 1, "{kind}: {after:?}");
        assert_eq!(after[0]["seq"], said["seq"]);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_sanction_ends_by_itself_on_open_connections() {
    let server = TestServer::start().await;
    let owner = server.guest("Owner").await;
    let ed = server.guest("Ed").await;
    let id = canvas(&owner, &json!({})).await;
    let mut tab = TestClient::join(&ed, id).await;
    let made = sanction(&owner, id, &ed, "mute").await;
    tab.expect("sanction").await;
    tab.send(&json!({ "type": "canvas_chat", "text": "no" }))
        .await;
    tab.refused("sanctioned").await;
    // As if it had been issued for the second that is left.
    let pool = server.database.pool().await;
    let sql = "UPDATE sanctions SET expires_at = clock_timestamp() + interval '1 s'";
    sqlx::query(sql).execute(&pool).await.unwrap();
    let changed = tab.expect("sanction").await;
    assert!(changed["sanction"]["expires_at"].is_string());
    // Nobody acts, and nobody writes.
    let over = tab.expect("sanction_lifted").await;
    assert_eq!(over["sanction_id"], made["id"]);
    tab.done(json!({ "type": "canvas_chat", "text": "again" }))
        .await;
    let path = format!("/canvases/{id}/sanctions");
    let active = owner.all(&format!("{path}?active=true")).await;
    assert_eq!(active, [] as [Value; 0]);
    let over = owner.all(&format!("{path}?active=false")).await;
    assert_eq!(over.len(), 1);
    assert_eq!(over[0]["lifted_at"], Value::Null);
    lift(&owner, &made).await.problem(409, "sanction_over");
    // Whoever joins during it is told as well.
    let again = sanction(&owner, id, &ed, "ban").await;
    assert_eq!(tab.closed().await, banned());
    let sql = "UPDATE sanctions SET expires_at = clock_timestamp() + interval '200 ms'
               WHERE id = $1";
    let id_of_ban = again["id"].as_i64().unwrap();
    sqlx::query(sql)
        .bind(id_of_ban)
        .execute(&pool)
        .await
        .unwrap();
    let query = format!("token={}", ed.token());
    let joined = async {
        while open(ed.addr, upgrade(ed.addr, id, &query, &[]))
            .await
            .is_err()
        {}
    };
    tokio::time::timeout(crate::common::TEST_TIMEOUT, joined)
        .await
        .unwrap();
    pool.close().await;
    server.stop().await;
}

#[tokio::test]
async fn one_of_the_same_kind_takes_the_place_of_the_first() {
    let server = TestServer::start().await;
    let owner = server.guest("Owner").await;
    let ed = server.guest("Ed").await;
    let id = canvas(&owner, &json!({})).await;
    let mut tab = TestClient::join(&ed, id).await;
    let first = sanction(&owner, id, &ed, "mute").await;
    tab.expect("sanction").await;
    let other_kind = sanction(&owner, id, &ed, "no_paint").await;
    tab.expect("sanction").await;
    let second = sanction(&owner, id, &ed, "mute").await;
    let lifted = tab.expect("sanction_lifted").await;
    assert_eq!(lifted["sanction_id"], first["id"]);
    let told = tab.expect("sanction").await;
    assert_eq!(told["sanction"]["id"], second["id"]);
    let path = format!("/canvases/{id}/sanctions");
    let all = owner.all(&format!("{path}?limit=1")).await;
    let ids: Vec<&Value> = all.iter().map(|it| &it["id"]).collect();
    assert_eq!(ids, [&second["id"], &other_kind["id"], &first["id"]]);
    assert_eq!(all[2]["lift_reason"], "superseded");
    assert!(all[2]["lifted_at"].is_string());
    let active = owner.all(&format!("{path}?active=true")).await;
    assert_eq!(active.len(), 2);
    let of_ed = format!(
        "{path}?active=true&username={}",
        ed.username().to_uppercase()
    );
    assert_eq!(owner.all(&of_ed).await.len(), 2);
    let of_owner = format!("{path}?username={}", owner.username());
    assert_eq!(owner.all(&of_owner).await, [] as [Value; 0]);
    // Each act has its line, with who did it for moderators alone.
    let log = format!("/canvases/{id}/moderation_log");
    let lines = owner.all(&log).await;
    let actions: Vec<&str> = lines
        .iter()
        .map(|line| line["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        ["sanctioned", "sanction_lifted", "sanctioned", "sanctioned"]
    );
    for line in &lines {
        assert_eq!(line["actor"]["user_id"], owner.id());
        assert_eq!(line["target"]["user_id"], ed.id());
    }
    let body = json!({ "reason": "enough" });
    let lifting = format!("/sanctions/{}/lift", second["id"]);
    let lifted = owner.post(&lifting, &body).await.json(200);
    assert_eq!(lifted["lift_reason"], "enough");
    let line = owner.all(&log).await.swap_remove(0);
    assert_eq!(line["action"], "sanction_lifted");
    assert_eq!(line["reason"], "enough");
    for line in ed.all(&log).await {
        assert_eq!(line["actor"], Value::Null);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_warning_lasts_until_it_is_confirmed() {
    let server = TestServer::start().await;
    let owner = server.guest("Owner").await;
    let (ed, eve) = (server.guest("Ed").await, server.guest("Eve").await);
    let id = canvas(&owner, &json!({})).await;
    let mut tab = TestClient::join(&ed, id).await;
    let warning = sanction(&owner, id, &ed, "warning").await;
    tab.expect("sanction").await;
    let path = |it: &Value| format!("/sanctions/{}/confirm", it["id"]);
    let none = json!({});
    for other in [&eve, &owner] {
        let reply = other.post(&path(&warning), &none).await;
        reply.problem(403, "forbidden");
    }
    let confirmed = ed.post(&path(&warning), &none).await.json(200);
    assert!(confirmed["lifted_at"].is_string());
    assert_eq!(confirmed["issued_by"], Value::Null);
    let over = tab.expect("sanction_lifted").await;
    assert_eq!(over["sanction_id"], warning["id"]);
    // Once more, as after a lost answer.
    ed.post(&path(&warning), &none).await.json(200);
    lift(&owner, &warning).await.problem(409, "sanction_over");
    let mute = sanction(&owner, id, &ed, "mute").await;
    ed.post(&path(&mute), &none)
        .await
        .problem(422, "validation_failed");
    let active = format!("/canvases/{id}/sanctions?active=true");
    assert_eq!(owner.all(&active).await.len(), 1);
    ed.post("/sanctions/99999/confirm", &none)
        .await
        .problem(404, "sanction_not_found");
    server.stop().await;
}

#[tokio::test]
async fn lists_show_issuers_and_notes_to_moderators_alone() {
    let server = TestServer::start().await;
    let owner = server.guest("Owner").await;
    let root = server.admin("root").await;
    let (ed, mo, eve) = (
        server.guest("Ed").await,
        server.guest("Mo").await,
        server.guest("Eve").await,
    );
    let id = canvas(&owner, &json!({})).await;
    give(&owner, id, &mo, "moderator").await;
    let path = format!("/canvases/{id}/sanctions");
    for target in [&ed, &mo] {
        let mut body = body(target, "no_paint");
        body["note"] = json!("between us");
        let made = owner.post(&path, &body).await.json(201);
        assert_eq!(made["issued_by"]["user_id"], owner.id());
        assert_eq!(made["note"], "between us");
    }
    let by_root = json!({
        "username": ed.username(), "kind": "mute", "reason": "everywhere", "note": "secret",
    });
    root.post("/admin/sanctions", &by_root).await.json(201);
    for reader in [&owner, &mo, &root] {
        let all = reader.all(&path).await;
        assert_eq!(all.len(), 2);
        for it in all {
            assert_eq!(it["issued_by"]["user_id"], owner.id());
            assert_eq!(it["note"], "between us");
        }
    }
    for other in [&ed, &eve] {
        other.get(&path).await.problem(403, "forbidden");
        other
            .get("/admin/sanctions")
            .await
            .problem(403, "forbidden");
    }
    server
        .visitor()
        .get(&path)
        .await
        .problem(401, "unauthenticated");
    owner
        .get("/admin/sanctions")
        .await
        .problem(403, "forbidden");
    let on_server = root.all("/admin/sanctions?active=true").await;
    assert_eq!(on_server.len(), 1);
    assert_eq!(on_server[0]["note"], "secret");
    let own = ed.all("/users/me/sanctions").await;
    let reasons: Vec<&Value> = own.iter().map(|it| &it["reason"]).collect();
    assert_eq!(reasons, ["everywhere", "a reason"]);
    for it in own {
        assert_eq!(it["issued_by"], Value::Null);
        assert_eq!(it.get("note"), None);
    }
    // A moderator may see who it was.
    let own = mo.all("/users/me/sanctions").await;
    assert_eq!(own[0]["issued_by"]["user_id"], owner.id());
    assert_eq!(eve.all("/users/me/sanctions").await, [] as [Value; 0]);
    server
        .visitor()
        .get("/users/me/sanctions")
        .await
        .problem(401, "unauthenticated");
    server.stop().await;
}

#[tokio::test]
async fn whoever_is_banned_from_the_server_may_do_little() {
    let server = TestServer::start().await;
    let root = server.admin("root").await;
    let mut ed = server.user("eddy").await;
    let id = canvas(&ed, &json!({})).await;
    let private = canvas(&ed, &json!({ "visibility": "private" })).await;
    let tile = format!("/canvases/{id}/tiles");
    let tile = ed.post(&tile, &json!({ "x": 0, "y": 0 })).await.json(201);
    let tile = format!("/tiles/{}", tile["id"]);
    let mut tabs = [
        TestClient::join(&ed, id).await,
        TestClient::join(&ed, private).await,
    ];
    let warning = body(&ed, "warning");
    let warning = root.post("/admin/sanctions", &warning).await.json(201);
    let made = body(&ed, "ban");
    let made = root.post("/admin/sanctions", &made).await.json(201);
    for tab in &mut tabs {
        tab.until(|m| m["type"] == "sanction" && m["sanction"]["kind"] == "ban")
            .await;
        assert_eq!(tab.closed().await, banned());
    }
    let none = json!({});
    let name = json!({ "display_name": "New" });
    let new_canvas = crate::common::http::small_canvas("Another");
    let member = format!("/canvases/{id}/members/root");
    let role = json!({ "role": "viewer" });
    let canvas_path = format!("/canvases/{id}");
    for reply in [
        ed.post("/canvases", &new_canvas).await,
        ed.patch("/users/me", &name).await,
        ed.post("/ws/ticket", &none).await,
        ed.put(&format!("{tile}/like"), &none).await,
        ed.patch(&tile, &json!({ "title": "T" })).await,
        ed.delete(&tile).await,
        ed.put(&member, &role).await,
        ed.patch(&canvas_path, &json!({ "name": "N" })).await,
        ed.post(&format!("{canvas_path}/sanctions"), &body(&root, "mute"))
            .await,
        ed.post(&format!("/sanctions/{}/lift", made["id"]), &none)
            .await,
        ed.delete(&canvas_path).await,
    ] {
        let problem = reply.problem(403, "sanctioned");
        assert_eq!(problem["sanction"], brief(&made));
    }
    for canvas in [id, private] {
        let (status, problem) = upgrade_problem(&ed, canvas).await;
        assert_eq!((status, &problem["code"]), (403, &json!("sanctioned")));
    }
    let seen = ed.get(&canvas_path).await.json(200);
    assert_eq!(seen["role"], Value::Null);
    let reply = ed.get(&format!("/canvases/{private}")).await;
    reply.problem(403, "sanctioned");
    // What is left.
    ed.get("/users/me").await.json(200);
    assert_eq!(ed.all("/users/me/sanctions").await.len(), 2);
    let confirm = format!("/sanctions/{}/confirm", warning["id"]);
    ed.post(&confirm, &none).await.json(200);
    ed.post("/auth/refresh", &none).await.json(200);
    ed.post("/auth/logout", &none).await.expect(204);
    let login = json!({ "username": "eddy", "password": "password" });
    let auth = server.visitor().post("/auth/login", &login).await.json(200);
    ed.sign_in(&auth);
    ed.patch("/users/me", &name)
        .await
        .problem(403, "sanctioned");

    lift(&root, &made).await.json(200);
    ed.patch("/users/me", &name).await.json(200);
    let back = TestClient::join(&ed, id).await;
    assert_eq!(back.connected["role"], "owner");
    server.stop().await;
}

#[tokio::test]
async fn sanctions_survive_a_restart_and_new_names() {
    let server = TestServer::start().await;
    let owner = server.user("owner").await;
    let ed = server.user("eddy").await;
    let id = canvas(&owner, &json!({})).await;
    let ban = sanction(&owner, id, &ed, "ban").await;
    let name = json!({ "display_name": "Somebody else" });
    ed.patch("/users/me", &name).await.json(200);
    let database = server.stop().await;
    let server = TestServer::start_on(database, &[]).await;
    let at = |client: &Client| Client {
        addr: server.addr,
        ..client.clone()
    };
    let (owner, ed) = (at(&owner), at(&ed));
    let (status, problem) = upgrade_problem(&ed, id).await;
    assert_eq!((status, &problem["sanction"]), (403, &brief(&ban)));
    let active = format!("/canvases/{id}/sanctions?active=true");
    let listed = owner.all(&active).await;
    assert_eq!(listed[0]["user"]["display_name"], "Somebody else");
    // Not even the end of the account ends it.
    let body = json!({ "password": "password" });
    let deleted = ed.request(Method::DELETE, "/users/me").json(&body);
    Reply::of(deleted).await.expect(204);
    let listed = owner.all(&active).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], ban["id"]);
    assert_eq!(listed[0]["user"]["user_id"], ed.id());
    assert_eq!(listed[0]["user"]["display_name"], "Deleted account");
    server.stop().await;
}

#[tokio::test]
async fn an_admin_is_an_owner_everywhere() {
    let server = TestServer::start().await;
    let owner = server.guest("Owner").await;
    let root = admin(&server.database, server.addr, "root").await;
    assert_eq!(root.user["is_admin"], true);
    assert_eq!(owner.user["is_admin"], false);
    let me = root.get("/users/me").await.json(200);
    assert_eq!(me["is_admin"], true);
    let id = canvas(&owner, &json!({ "visibility": "private" })).await;
    let seen = root.get(&format!("/canvases/{id}")).await.json(200);
    assert_eq!(seen["role"], "owner");
    assert_eq!(seen["owner_id"], owner.id());
    let mut tab = TestClient::join(&root, id).await;
    assert_eq!(tab.connected["role"], "owner");
    tab.done(json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]] }))
        .await;
    let name = json!({ "name": "Renamed" });
    let changed = root.patch(&format!("/canvases/{id}"), &name).await;
    assert_eq!(changed.json(200)["name"], "Renamed");
    let ed = server.guest("Ed").await;
    give(&root, id, &ed, "moderator").await;
    root.get(&format!("/canvases/{id}/snapshot"))
        .await
        .expect(200);
    // Revoked: the open connection ends, since nothing else lets them in.
    let environment = [("DATABASE_URL", server.database.url.as_str())];
    let revoked = crate::common::process::run(&["admin", "revoke", "root"], &environment, "").await;
    assert!(revoked.status.success(), "{revoked:?}");
    let revoked = Closed {
        code: 1008,
        reason: "revoked".to_owned(),
    };
    assert_eq!(tab.closed().await, revoked);
    root.get(&format!("/canvases/{id}"))
        .await
        .problem(403, "forbidden");
    server.stop().await;
}

#[tokio::test]
async fn whom_the_setting_names_is_an_admin_and_no_longer_without_it() {
    let server = TestServer::start().await;
    let root = server.user("Root").await;
    assert_eq!(root.user["is_admin"], false);
    let owner = server.user("owner").await;
    let id = canvas(&owner, &json!({ "visibility": "private" })).await;
    let database = server.stop().await;
    let server = TestServer::start_on(database, &["--admin-users", "rOOt"]).await;
    let at = |client: &Client, server: &TestServer| Client {
        addr: server.addr,
        ..client.clone()
    };
    let here = at(&root, &server);
    assert_eq!(here.get("/users/me").await.json(200)["is_admin"], true);
    let tab = TestClient::join(&here, id).await;
    assert_eq!(tab.connected["role"], "owner");
    let database = server.stop().await;
    let server = TestServer::start_on(database, &[]).await;
    let here = at(&root, &server);
    assert_eq!(here.get("/users/me").await.json(200)["is_admin"], false);
    let reply = here.get(&format!("/canvases/{id}")).await;
    reply.problem(403, "forbidden");
    server.stop().await;
}
