//! Rewrites: what vandals painted is taken back, and nothing else; areas become what they
//! were; and all of it can be undone.

use crate::common::{TestServer, canvas, http::Client, socket::TestClient};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// A stroke in the tile (x, 0).
fn paint(x: i64, pixels: &Value) -> Value {
    json!({ "type": "tile_paint", "x": x, "y": 0, "pixels": pixels })
}

fn revert(usernames: &[&str]) -> Value {
    json!({ "kind": "revert", "usernames": usernames })
}

/// The first pixels of the tile (x, 0); the others are transparent. None where there is no
/// tile.
async fn pixels(client: &Client, canvas: i64, x: i64, count: usize) -> Option<Vec<u8>> {
    let tiles = client.all(&format!("/canvases/{canvas}/tiles")).await;
    let tile = tiles.into_iter().find(|tile| tile["x"] == x)?;
    let mut pixels = STANDARD.decode(tile["pixels"].as_str().unwrap()).unwrap();
    let rest = pixels.split_off(count);
    assert!(rest.iter().all(|pixel| *pixel == 255), "{rest:?}");
    Some(pixels)
}

/// Who painted the first pixels of the tile (x, 0); nobody painted the others.
async fn authors(client: &Client, canvas: i64, x: i64, count: usize) -> Vec<String> {
    let path = format!("/canvases/{canvas}/authors?x={x}&y=0");
    let answer = client.get(&path).await.json(200);
    let pixels = STANDARD.decode(answer["pixels"].as_str().unwrap()).unwrap();
    let name = |pixel: u8| {
        let author = &answer["authors"][usize::from(pixel)]["username"];
        author.as_str().unwrap_or_default().to_owned()
    };
    let mut names: Vec<String> = pixels.into_iter().map(name).collect();
    assert!(names.split_off(count).iter().all(String::is_empty));
    names
}

/// Waits until it ends.
async fn ended(client: &Client, rewrite: &Value) -> Value {
    loop {
        let path = format!("/rewrites/{}", rewrite["id"]);
        let found = client.get(&path).await.json(200);
        if found["state"] != "running" {
            return found;
        }
        tokio::task::yield_now().await;
    }
}

async fn rewrite(client: &Client, canvas: i64, body: &Value) -> Value {
    let path = format!("/canvases/{canvas}/rewrites");
    let begun = client.post(&path, body).await.json(202);
    let found = ended(client, &begun).await;
    assert_eq!(found["state"], "done", "{found}");
    found
}

async fn undo(client: &Client, rewrite: &Value) -> Value {
    let path = format!("/rewrites/{}/undo", rewrite["id"]);
    let begun = client.post(&path, &Value::Null).await.json(202);
    let found = ended(client, &begun).await;
    assert_eq!(
        (&found["kind"], &found["state"]),
        (&json!("undo"), &json!("done"))
    );
    found
}

async fn preview(client: &Client, canvas: i64, body: &Value) -> Value {
    let mut body = body.clone();
    body["dry_run"] = json!(true);
    let path = format!("/canvases/{canvas}/rewrites");
    let found = client.post(&path, &body).await.json(200);
    assert_eq!(
        (&found["id"], &found["state"]),
        (&json!(0), &json!("previewed"))
    );
    found
}

fn counts(rewrite: &Value) -> [i64; 3] {
    ["tiles", "pixels", "skipped_pixels"].map(|field| rewrite[field].as_i64().unwrap())
}

async fn give_role(owner: &Client, canvas: i64, who: &Client, role: &str) {
    let path = format!("/canvases/{canvas}/members/{}", who.username());
    owner.put(&path, &json!({ "role": role })).await.expect(200);
}

async fn log_lines(client: &Client, canvas: i64) -> Vec<Value> {
    client
        .all(&format!("/canvases/{canvas}/moderation_log"))
        .await
}

#[tokio::test]
async fn a_preview_marks_the_pixels_that_would_change() {
    let server = TestServer::start().await;
    let (owner, vandal) = (server.user("owner").await, server.user("vandal").await);
    let id = canvas(&owner, &json!({ "newcomers": "free" })).await;
    let mut paints = TestClient::join(&owner, id).await;
    let mut spoils = TestClient::join(&vandal, id).await;
    paints.done(paint(1, &json!([[0, 1], [9, 1]]))).await;
    spoils.done(paint(1, &json!([[1, 2], [9, 2]]))).await;
    let found = preview(&owner, id, &revert(&["vandal"])).await;
    let [change] = found["changes"].as_array().unwrap().as_slice() else {
        panic!("one tile: {found}");
    };
    assert_eq!((&change["x"], &change["y"]), (&json!(1), &json!(0)));
    let marks = STANDARD.decode(change["marks"].as_str().unwrap()).unwrap();
    assert_eq!(marks[..2], [0b0100_0000, 0b0100_0000]);
    assert!(marks[2..].iter().all(|byte| *byte == 0));
}

#[tokio::test]
async fn a_revert_takes_back_what_they_painted_and_leaves_what_others_painted() {
    let server = TestServer::start().await;
    let (owner, moderator) = (server.user("owner").await, server.user("mona").await);
    let (painter, vandal) = (server.user("painter").await, server.user("vandal").await);
    let id = canvas(&owner, &json!({ "newcomers": "free" })).await;
    give_role(&owner, id, &moderator, "moderator").await;
    let mut paints = TestClient::join(&painter, id).await;
    let mut spoils = TestClient::join(&vandal, id).await;
    paints
        .done(paint(0, &json!([[0, 1], [1, 1], [2, 1]])))
        .await;
    // Over the painter's, over nothing, and what the painter paints over later.
    spoils
        .done(paint(0, &json!([[1, 2], [2, 2], [3, 2], [4, 2]])))
        .await;
    spoils.done(paint(0, &json!([[1, 3]]))).await;
    paints.done(paint(0, &json!([[4, 0]]))).await;
    let spoilt = pixels(&owner, id, 0, 5).await;
    assert_eq!(spoilt, Some(vec![1, 3, 2, 2, 0]));
    let ask = revert(&["vandal"]);
    let expected = preview(&moderator, id, &ask).await;
    assert_eq!(counts(&expected), [1, 3, 1]);
    assert_eq!(pixels(&owner, id, 0, 5).await, spoilt);
    assert_eq!(log_lines(&owner, id).await.len(), 1, "only the role");
    let mut body = ask.clone();
    body["reason"] = json!("raid");
    let done = rewrite(&moderator, id, &body).await;
    assert_eq!(counts(&done), [1, 3, 1]);
    assert_eq!(
        (&done["first_seq"], &done["last_seq"]),
        (&json!(5), &json!(5))
    );
    assert_eq!(done["by"]["username"], "mona");
    assert_eq!(pixels(&owner, id, 0, 5).await, Some(vec![1, 1, 1, 255, 0]));
    let healed = ["painter", "painter", "painter", "", "painter"];
    assert_eq!(authors(&owner, id, 0, 5).await, healed);
    // The act is the moderator's.
    let events = owner.all(&format!("/canvases/{id}/events")).await;
    let event = &events[4];
    assert_eq!(event["updater_id"], moderator.id());
    assert_eq!(event["creator_id"], painter.id());
    let cause = json!({ "kind": "revert", "rewrite_id": done["id"], "by": moderator.id() });
    assert_eq!(event["cause"], cause);
    let lines = log_lines(&moderator, id).await;
    assert_eq!(lines[0]["action"], "rewrite");
    assert_eq!(lines[0]["actor"]["username"], "mona");
    assert_eq!(
        (&lines[0]["target"], &lines[0]["reason"]),
        (&Value::Null, &json!("raid"))
    );
    assert_eq!(lines[0]["detail"]["usernames"], json!(["vandal"]));
    // A second one finds nothing, and an undo takes back only what nobody painted over.
    let second = rewrite(&moderator, id, &ask).await;
    assert_eq!(
        (&second["first_seq"], &second["tiles"]),
        (&Value::Null, &json!(0))
    );
    paints.reach(5).await;
    paints.done(paint(0, &json!([[3, 1]]))).await;
    let undone = undo(&moderator, &done).await;
    assert_eq!(counts(&undone), [1, 2, 1]);
    assert_eq!(pixels(&owner, id, 0, 5).await, Some(vec![1, 3, 2, 1, 0]));
    let back = ["painter", "vandal", "vandal", "painter", "painter"];
    assert_eq!(authors(&owner, id, 0, 5).await, back);
    let path = format!("/rewrites/{}", done["id"]);
    assert_eq!(owner.get(&path).await.json(200)["undone_by"], undone["id"]);
    let again = moderator.post(&format!("{path}/undo"), &Value::Null).await;
    again.problem(409, "already_undone");
    assert_eq!(
        log_lines(&moderator, id).await[0]["action"],
        "rewrite_undone"
    );
    // An undo can be undone.
    undo(&moderator, &undone).await;
    assert_eq!(pixels(&owner, id, 0, 5).await, Some(vec![1, 1, 1, 1, 0]));
    server.stop().await;
}

#[tokio::test]
async fn a_window_and_an_area_bound_a_revert() {
    let server = TestServer::start().await;
    let (owner, vandal) = (server.user("owner").await, server.user("vandal").await);
    let id = canvas(&owner, &json!({ "newcomers": "free" })).await;
    let mut paints = TestClient::join(&owner, id).await;
    for x in 0..3 {
        paints
            .done(paint(x, &json!([[0, 1], [1, 1], [2, 1]])))
            .await;
    }
    let mut spoils = TestClient::join(&vandal, id).await;
    for (x, pixel) in [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0)] {
        spoils.done(paint(x, &json!([[pixel, 2]]))).await;
    }
    let mut ask = revert(&["vandal"]);
    (ask["from_seq"], ask["to_seq"]) = (json!(5), json!(5));
    assert_eq!(counts(&rewrite(&owner, id, &ask).await), [1, 1, 0]);
    assert_eq!(pixels(&owner, id, 0, 3).await, Some(vec![2, 1, 2]));
    let events = owner.all(&format!("/canvases/{id}/events")).await;
    let mut ask = revert(&["vandal"]);
    ask["from"] = events[6]["timestamp"].clone();
    ask["area"] = json!({ "x0": 1, "y0": 0, "x1": 1, "y1": 5 });
    assert_eq!(counts(&rewrite(&owner, id, &ask).await), [1, 1, 0]);
    assert_eq!(pixels(&owner, id, 1, 3).await, Some(vec![1, 1, 1]));
    assert_eq!(pixels(&owner, id, 2, 3).await, Some(vec![2, 1, 1]));
    let mut ask = revert(&["vandal"]);
    ask["to"] = json!("2020-01-01T00:00:00Z");
    assert_eq!(rewrite(&owner, id, &ask).await["first_seq"], Value::Null);
    server.stop().await;
}

#[tokio::test]
async fn a_tile_goes_when_nothing_of_others_is_left_and_comes_back_as_it_was() {
    let server = TestServer::start().await;
    let (owner, vandal) = (server.user("owner").await, server.user("vandal").await);
    let id = canvas(&owner, &json!({ "newcomers": "free" })).await;
    let mut spoils = TestClient::join(&vandal, id).await;
    let mut paints = TestClient::join(&owner, id).await;
    spoils.done(paint(0, &json!([[0, 1], [1, 1]]))).await;
    spoils
        .done(json!({ "type": "tile_update", "x": 0, "y": 0, "title": "Mine" }))
        .await;
    spoils.done(paint(1, &json!([[0, 1], [1, 1]]))).await;
    paints.reach(3).await;
    paints.done(paint(1, &json!([[1, 2]]))).await;
    paints
        .done(json!({ "type": "tile_like", "x": 0, "y": 0, "liked": true }))
        .await;
    let before = owner.all(&format!("/canvases/{id}/tiles")).await;
    let done = rewrite(&owner, id, &revert(&["vandal"])).await;
    // All pixels of the one, and one of the other, in which every other one was the vandal's.
    assert_eq!(counts(&done), [2, 64 + 1, 1]);
    assert_eq!(pixels(&owner, id, 0, 0).await, None);
    assert_eq!(pixels(&owner, id, 1, 2).await, Some(vec![255, 2]));
    owner
        .get(&format!("/tiles/{}", before[0]["id"]))
        .await
        .problem(404, "tile_not_found");
    let undone = undo(&owner, &done).await;
    assert_eq!(counts(&undone), [2, 2 + 1, 0]);
    let mut after = owner.all(&format!("/canvases/{id}/tiles")).await;
    for (after, before) in after.iter_mut().zip(&before) {
        assert_eq!(after["creator_id"], vandal.id());
        assert!(after["version"].as_i64() > before["version"].as_i64());
        for field in ["version", "updated_at"] {
            after[field] = before[field].clone();
        }
    }
    assert_eq!(after, before);
    let events = owner.all(&format!("/canvases/{id}/events")).await;
    let created = events
        .iter()
        .rfind(|event| event["type"] == "tile_created")
        .unwrap();
    assert_eq!(created["creator_id"], vandal.id());
    assert_eq!(created["cause"]["by"], owner.id());
    assert_eq!(
        (&created["version"], &created["like_count"]),
        (&json!(3), &json!(1))
    );
    server.stop().await;
}

#[tokio::test]
async fn a_tile_that_a_vandal_deleted_comes_back_with_everything() {
    let server = TestServer::start().await;
    let (owner, painter) = (server.user("owner").await, server.user("painter").await);
    let vandal = server.user("vandal").await;
    let id = canvas(&owner, &json!({ "newcomers": "free" })).await;
    give_role(&owner, id, &vandal, "moderator").await;
    let mut paints = TestClient::join(&painter, id).await;
    paints.done(paint(0, &json!([[0, 1]]))).await;
    let tile = owner.all(&format!("/canvases/{id}/tiles")).await.remove(0);
    let path = format!("/tiles/{}", tile["id"]);
    painter
        .put(&format!("{path}/like"), &Value::Null)
        .await
        .expect(200);
    vandal.delete(&path).await.expect(204);
    let mut starts = TestClient::join(&vandal, id).await;
    starts.done(paint(0, &json!([[5, 3]]))).await;
    give_role(&owner, id, &vandal, "viewer").await;
    let done = rewrite(&owner, id, &revert(&["vandal"])).await;
    assert_eq!(counts(&done), [1, 64 + 1, 0]);
    assert_eq!(
        (&done["first_seq"], &done["last_seq"]),
        (&json!(5), &json!(6))
    );
    let back = owner.get(&path).await.json(200);
    assert_eq!(
        (&back["like_count"], &back["version"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(back["pixels"], tile["pixels"]);
    assert_eq!(painter.get(&path).await.json(200)["liked_by_me"], true);
    assert_eq!(authors(&owner, id, 0, 1).await, ["painter"]);
    server.stop().await;
}

#[tokio::test]
async fn a_restore_makes_an_area_what_it_was() {
    let server = TestServer::start().await;
    let (owner, other) = (server.user("owner").await, server.user("other").await);
    let id = canvas(&owner, &json!({ "newcomers": "free" })).await;
    let mut paints = TestClient::join(&other, id).await;
    paints.done(paint(0, &json!([[0, 1]]))).await;
    paints.done(paint(1, &json!([[0, 1]]))).await;
    let before = owner.all(&format!("/canvases/{id}/tiles")).await;
    paints
        .done(json!({ "type": "tile_update", "x": 0, "y": 0, "title": "Later" }))
        .await;
    paints.done(paint(0, &json!([[0, 2], [1, 2]]))).await;
    paints
        .done(json!({ "type": "tile_delete", "x": 1, "y": 0 }))
        .await;
    paints.done(paint(1, &json!([[7, 3]]))).await;
    paints.done(paint(2, &json!([[7, 3]]))).await;
    let area = json!({ "x0": 0, "y0": 0, "x1": 7, "y1": 5 });
    let ask = json!({ "kind": "restore", "area": area, "at_seq": 2 });
    let expected = preview(&owner, id, &ask).await;
    let done = rewrite(&owner, id, &ask).await;
    assert_eq!(counts(&done), counts(&expected));
    // Two pixels; a tile that goes and one that comes; a tile that goes.
    assert_eq!(counts(&done), [3, 2 + 64 + 1 + 64, 0]);
    let after = owner.all(&format!("/canvases/{id}/tiles")).await;
    let seen = |tiles: &[Value]| -> Vec<Value> {
        let fields = ["id", "x", "title", "pixels", "creator_id", "created_at"];
        let tiles = tiles.iter();
        tiles
            .map(|tile| fields.iter().map(|field| tile[field].clone()).collect())
            .collect()
    };
    assert_eq!(seen(&after), seen(&before));
    assert_eq!(authors(&owner, id, 0, 1).await, ["other"]);
    undo(&owner, &done).await;
    assert_eq!(pixels(&owner, id, 0, 2).await, Some(vec![2, 2]));
    assert_eq!(pixels(&owner, id, 2, 8).await.unwrap()[7], 3);
    // Others may restore what they started themselves.
    let mut only = ask.clone();
    only["area"] = json!({ "x0": 0, "y0": 0, "x1": 2, "y1": 0 });
    assert_eq!(rewrite(&other, id, &only).await["tiles"], 3);
    let mut started = TestClient::join(&owner, id).await;
    started.done(paint(3, &json!([[0, 1]]))).await;
    let path = format!("/canvases/{id}/rewrites");
    other.post(&path, &ask).await.problem(403, "forbidden");
    for (field, value) in [
        ("area", json!({ "x0": 0, "y0": 0, "x1": 8, "y1": 0 })),
        ("at_seq", json!(1000)),
        ("at_seq", json!(-1)),
        ("kind", json!("undo")),
    ] {
        let mut wrong = ask.clone();
        wrong[field] = value;
        owner.post(&path, &wrong).await.refuses(field);
    }
    server.stop().await;
}

#[tokio::test]
async fn only_a_higher_rank_reverts_others_and_everybody_themselves() {
    let server = TestServer::start().await;
    let owner = server.user("owner").await;
    let id = canvas(&owner, &json!({ "newcomers": "free" })).await;
    let mut people = vec![owner.clone()];
    for (name, role) in [
        ("mod-1", "moderator"),
        ("mod-2", "moderator"),
        ("editor-1", "editor"),
        ("editor-2", "editor"),
        ("viewer", "viewer"),
    ] {
        let person = server.user(name).await;
        give_role(&owner, id, &person, role).await;
        people.push(person);
    }
    let rank = |place: usize| match place {
        0 => 2,
        1 | 2 => 1,
        _ => 0,
    };
    let path = format!("/canvases/{id}/rewrites");
    for (a, actor) in people.iter().enumerate() {
        for (b, target) in people.iter().enumerate() {
            let mut body = revert(&[target.username()]);
            body["dry_run"] = json!(true);
            let reply = actor.post(&path, &body).await;
            let is_own = a == b && actor.username() != "viewer";
            if is_own || (rank(a) > 0 && rank(a) > rank(b)) {
                reply.expect(200);
            } else {
                reply.problem(403, "forbidden");
            }
        }
    }
    owner
        .post(&path, &revert(&["nobody"]))
        .await
        .problem(404, "user_not_found");
    owner.post(&path, &revert(&[])).await.refuses("usernames");
    server
        .visitor()
        .post(&path, &revert(&["owner"]))
        .await
        .problem(401, "unauthenticated");
    owner
        .get("/rewrites/77")
        .await
        .problem(404, "rewrite_not_found");
    assert!(
        log_lines(&owner, id)
            .await
            .iter()
            .all(|line| line["action"] == "role_set")
    );
    server.stop().await;
}

#[tokio::test]
async fn ones_own_work_is_taken_back_where_one_may_paint() {
    let server = TestServer::start().await;
    let (owner, painter) = (server.user("owner").await, server.user("painter").await);
    let id = canvas(&owner, &json!({ "newcomers": "free" })).await;
    let mut of_owner = TestClient::join(&owner, id).await;
    let mut of_painter = TestClient::join(&painter, id).await;
    of_owner.done(paint(0, &json!([[0, 1], [1, 1]]))).await;
    of_painter.done(paint(0, &json!([[1, 2]]))).await;
    of_painter.done(paint(1, &json!([[0, 2]]))).await;
    let settings = format!("/canvases/{id}");
    owner
        .patch(&settings, &json!({ "edit_policy": "own" }))
        .await
        .expect(200);
    let ask = revert(&["painter"]);
    // The owner's tile is closed to the painter; the painter's own one goes.
    assert_eq!(counts(&preview(&painter, id, &ask).await), [1, 64, 1]);
    let done = rewrite(&painter, id, &ask).await;
    assert_eq!(counts(&done), [1, 64, 1]);
    assert_eq!(pixels(&owner, id, 0, 2).await, Some(vec![1, 2]));
    assert_eq!(pixels(&owner, id, 1, 0).await, None);
    undo(&painter, &done).await;
    assert_eq!(pixels(&owner, id, 1, 1).await, Some(vec![2]));
    // A lock keeps the tile from its own painter, but not from the owner.
    owner
        .patch(&settings, &json!({ "edit_policy": "exclusive" }))
        .await
        .expect(200);
    of_owner.reach(7).await;
    of_owner
        .done(json!({ "type": "tile_lock", "x": 1, "y": 0 }))
        .await;
    assert_eq!(counts(&rewrite(&painter, id, &ask).await), [1, 1, 64]);
    assert_eq!(pixels(&owner, id, 0, 2).await, Some(vec![1, 1]));
    assert_eq!(counts(&rewrite(&owner, id, &ask).await), [1, 64, 0]);
    // It is painting: whoever may not paint may not do it, and it leaves no line.
    let lines = log_lines(&owner, id).await;
    let rewrites = lines.iter().filter(|line| line["action"] == "rewrite");
    assert_eq!(rewrites.count(), 1, "only the owner's");
    let sanction = json!({ "username": "painter", "kind": "no_paint", "reason": "Enough" });
    owner
        .post(&format!("/canvases/{id}/sanctions"), &sanction)
        .await
        .expect(201);
    let path = format!("/canvases/{id}/rewrites");
    let refused = painter.post(&path, &ask).await.problem(403, "sanctioned");
    assert_eq!(refused["sanction"]["kind"], "no_paint");
    painter
        .post(&format!("/rewrites/{}/undo", done["id"]), &Value::Null)
        .await
        .problem(403, "sanctioned");
    server.stop().await;
}

#[tokio::test]
async fn lifting_a_ban_brings_nothing_back() {
    let server = TestServer::start().await;
    let (owner, vandal) = (server.user("owner").await, server.user("vandal").await);
    let id = canvas(&owner, &json!({ "newcomers": "free" })).await;
    let mut paints = TestClient::join(&owner, id).await;
    paints.done(paint(0, &json!([[0, 1]]))).await;
    let mut spoils = TestClient::join(&vandal, id).await;
    spoils.done(paint(0, &json!([[0, 2]]))).await;
    let ban = json!({ "username": "vandal", "kind": "ban", "reason": "Raid" });
    let ban = owner
        .post(&format!("/canvases/{id}/sanctions"), &ban)
        .await
        .json(201);
    rewrite(&owner, id, &revert(&["vandal"])).await;
    let lift = format!("/sanctions/{}/lift", ban["id"]);
    owner.post(&lift, &json!({})).await.expect(200);
    let mut spoils = TestClient::join(&vandal, id).await;
    // What lies below does not depend on who is banned.
    spoils.done(paint(0, &json!([[1, 2]]))).await;
    assert_eq!(pixels(&owner, id, 0, 2).await, Some(vec![1, 2]));
    assert_eq!(authors(&owner, id, 0, 2).await, ["owner", "vandal"]);
    server.stop().await;
}

/// Painters go on in the tiles of a raid while it is taken back.
#[tokio::test]
async fn no_stroke_is_lost_while_a_raid_is_taken_back() {
    const TILES: i64 = 48;
    let server = TestServer::start().await;
    let owner = server.user("owner").await;
    let id = canvas(&owner, &json!({ "newcomers": "free" })).await;
    let names = ["vandal-1", "vandal-2"];
    let cell = |tile: i64| (tile % 8, tile / 8);
    let stroke = |tile: i64, pixels: Value| {
        let (x, y) = cell(tile);
        json!({ "type": "tile_paint", "x": x, "y": y, "pixels": pixels })
    };
    for (name, colour) in names.iter().zip([2, 3]) {
        let vandal = server.user(name).await;
        let mut spoils = TestClient::join(&vandal, id).await;
        for tile in 0..TILES {
            let pixels: Vec<Value> = (0..64).map(|p| json!([p, colour])).collect();
            spoils.done(stroke(tile, json!(pixels))).await;
        }
    }
    let painter = server.user("painter").await;
    let mut paints = TestClient::join(&painter, id).await;
    let path = format!("/canvases/{id}/rewrites");
    let begun = owner.post(&path, &revert(&names)).await.json(202);
    let second = owner.post(&path, &revert(&names)).await;
    if second.status != 202 {
        second.problem(409, "rewrite_running");
    }
    for tile in (0..TILES).rev() {
        paints
            .done(stroke(tile, json!([[tile, 1], [63 - tile, 0]])))
            .await;
    }
    let done = ended(&owner, &begun).await;
    assert_eq!(done["state"], "done");
    let tiles = owner.all(&format!("/canvases/{id}/tiles")).await;
    assert_eq!(i64::try_from(tiles.len()).unwrap(), TILES);
    for tile in &tiles {
        let number = tile["y"].as_i64().unwrap() * 8 + tile["x"].as_i64().unwrap();
        let mut expected = [255; 64];
        expected[usize::try_from(number).unwrap()] = 1;
        expected[usize::try_from(63 - number).unwrap()] = 0;
        let pixels = STANDARD.decode(tile["pixels"].as_str().unwrap()).unwrap();
        assert_eq!(pixels, expected, "{tile}");
    }
    // The counts are those of the log, and whoever follows it sees the same board.
    let events = owner.all(&format!("/canvases/{id}/events")).await;
    let own = events
        .iter()
        .filter(|e| e["cause"]["rewrite_id"] == done["id"]);
    let seqs: Vec<&Value> = own.map(|event| &event["seq"]).collect();
    assert_eq!(
        (&done["first_seq"], &done["last_seq"]),
        (seqs[0], seqs[seqs.len() - 1])
    );
    let head = events.last().unwrap()["seq"].as_i64().unwrap();
    paints.reach(head).await;
    for tile in &tiles {
        let at = (tile["x"].as_i64().unwrap(), tile["y"].as_i64().unwrap());
        let seen = STANDARD.encode(&paints.board[&at]);
        assert_eq!(&json!(seen), &tile["pixels"]);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_stopped_rewrite_is_one_that_can_be_undone() {
    let server = TestServer::start().await;
    let (owner, vandal) = (server.user("owner").await, server.user("vandal").await);
    let id = canvas(&owner, &json!({ "newcomers": "free" })).await;
    let mut spoils = TestClient::join(&vandal, id).await;
    for x in 0..8 {
        for y in 0..6 {
            let request = json!({ "type": "tile_paint", "x": x, "y": y, "pixels": [[0, 1]] });
            spoils.done(request).await;
        }
    }
    let before = owner.all(&format!("/canvases/{id}/tiles")).await.len();
    let path = format!("/canvases/{id}/rewrites");
    let begun = owner.post(&path, &revert(&["vandal"])).await.json(202);
    let stop = format!("/rewrites/{}/stop", begun["id"]);
    vandal
        .post(&stop, &Value::Null)
        .await
        .problem(403, "forbidden");
    let stopped = owner.post(&stop, &Value::Null).await.json(200);
    assert_ne!(stopped["state"], "running");
    let found = ended(&owner, &begun).await;
    assert_eq!(found, stopped);
    let events = owner.all(&format!("/canvases/{id}/events")).await;
    let own = events
        .iter()
        .filter(|e| e["cause"]["rewrite_id"] == begun["id"]);
    assert_eq!(json!(own.count()), found["tiles"]);
    undo(&owner, &found).await;
    assert_eq!(
        owner.all(&format!("/canvases/{id}/tiles")).await.len(),
        before
    );
    // A rewrite whose server died counts as stopped, and keeps nobody from the next.
    let pool = server.database.pool().await;
    sqlx::query(
        "UPDATE rewrites SET state = 'running', beat_at = beat_at - interval '1 min' WHERE id = $1",
    )
    .bind(begun["id"].as_i64().unwrap())
    .execute(&pool)
    .await
    .unwrap();
    let found = owner
        .get(&format!("/rewrites/{}", begun["id"]))
        .await
        .json(200);
    assert_eq!(
        (&found["state"], &found["tiles"]),
        (&json!("stopped"), &stopped["tiles"])
    );
    rewrite(&owner, id, &revert(&["vandal"])).await;
    server.stop().await;
}

#[tokio::test]
async fn more_than_4096_tiles_are_too_many() {
    let server = TestServer::start().await;
    let owner = server.user("owner").await;
    let id = canvas(&owner, &json!({ "width": 65, "height": 64 })).await;
    let pool = server.database.pool().await;
    let blank = STANDARD.encode([1; 64]);
    sqlx::query(
        "INSERT INTO canvas_events (canvas_id, seq, kind, actor_id, op_id, body, tile, created_at)
         SELECT $1, n, 'tile_created', $2, gen_random_uuid(), json_build_object(
                'type', 'tile_created', 'seq', n, 'tile_id', n, 'canvas_id', $1, 'creator_id', $2,
                'x', n % 65, 'y', n / 65, 'title', '', 'pixels', $3::text, 'version', 1,
                'like_count', 0, 'timestamp', '2026-01-01T00:00:00.000Z')::text,
                n / 65 * 256 + n % 65, now()
         FROM generate_series(1, 4097) AS n",
    )
    .bind(id)
    .bind(owner.id())
    .bind(blank)
    .execute(&pool)
    .await
    .unwrap();
    let head = "UPDATE canvases SET last_seq = 4097 WHERE id = $1";
    sqlx::query(head).bind(id).execute(&pool).await.unwrap();
    let path = format!("/canvases/{id}/rewrites");
    let mut ask = revert(&["owner"]);
    owner.post(&path, &ask).await.problem(422, "too_large");
    // Only tiles that would change count.
    ask["to_seq"] = json!(4096);
    assert_eq!(
        counts(&preview(&owner, id, &ask).await),
        [4096, 4096 * 64, 0]
    );
    server.stop().await;
}
