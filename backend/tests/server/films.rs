//! Films of a small area: each frame shows what the events made, pixel by pixel.

use crate::common::{
    TestServer, canvas,
    exports::{export, load},
    http::{Client, Reply},
    pictures::{Picture, decode_gif},
    socket::TestClient,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashMap;

const COLOURS: [[u8; 3]; 4] = [[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0]];

/// The pixels of cells, by column and row; those of a tile are palette indices.
type Cells = HashMap<(i64, i64), Vec<u8>>;

fn decode(base64: &Value) -> Vec<u8> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.decode(base64.as_str().unwrap()).unwrap()
}

/// Applies a tile event. With `on_nothing`, strokes in a cell without a tile are shown, too.
fn apply(cells: &mut Cells, event: &Value, on_nothing: bool) {
    let cell = (event["x"].as_i64().unwrap(), event["y"].as_i64().unwrap());
    match event["type"].as_str().unwrap() {
        "tile_created" => {
            cells.insert(cell, decode(&event["pixels"]));
        }
        "tile_deleted" => {
            cells.remove(&cell);
        }
        "tile_updated" => {
            if on_nothing {
                cells.entry(cell).or_insert_with(|| vec![255; 64]);
            }
            let pixels = cells.get_mut(&cell).unwrap();
            if event["pixels"].is_string() {
                *pixels = decode(&event["pixels"]);
            }
            for edit in event["delta"].as_array().into_iter().flatten() {
                let index = usize::try_from(edit[0].as_u64().unwrap()).unwrap();
                pixels[index] = u8::try_from(edit[1].as_u64().unwrap()).unwrap();
            }
        }
        _ => {}
    }
}

/// What an area of tiles of 8 × 8 pixels shows.
fn show(cells: &Cells, [x0, y0, x1, y1]: [i64; 4], scale: usize) -> Picture {
    let side = |from: i64, to: i64| usize::try_from(to - from + 1).unwrap() * 8;
    let (width, height) = (side(x0, x1), side(y0, y1));
    let at = |index: usize| {
        let (x, y) = (
            index % (width * scale) / scale,
            index / (width * scale) / scale,
        );
        let cell = |from: i64, pixel: usize| from + i64::try_from(pixel / 8).unwrap();
        let tile = cells.get(&(cell(x0, x), cell(y0, y)))?;
        COLOURS.get(usize::from(tile[y % 8 * 8 + x % 8])).copied()
    };
    (0..width * height * scale * scale).map(at).collect()
}

fn is_tile_event(event: &Value) -> bool {
    ["tile_created", "tile_updated", "tile_deleted"].contains(&event["type"].as_str().unwrap())
}

fn is_in(event: &Value, [x0, y0, x1, y1]: [i64; 4]) -> bool {
    let (x, y) = (event["x"].as_i64().unwrap(), event["y"].as_i64().unwrap());
    (x0..=x1).contains(&x) && (y0..=y1).contains(&y)
}

/// Two people paint in four cells, with a deletion, a new tile there, likes, titles and chat.
async fn history(server: &TestServer) -> (Client, Client, i64, Vec<Value>) {
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut of_ann = TestClient::join(&ann, id).await;
    let mut of_bob = TestClient::join(&bob, id).await;
    let paint = |x: i64, y: i64, from: usize, colour: u8| {
        let pixels: Vec<Value> = (from..from + 9)
            .map(|i| json!([i * 5 % 64, colour]))
            .collect();
        json!({ "type": "tile_paint", "x": x, "y": y, "pixels": pixels })
    };
    for step in 0..12 {
        let (x, y) = (
            i64::try_from(step % 2).unwrap() + 1,
            i64::try_from(step / 2 % 2).unwrap(),
        );
        let colour = u8::try_from(step % 4).unwrap();
        of_ann.done(paint(x, y, step, colour)).await;
        of_bob.done(paint(x, y, step + 3, 3 - colour)).await;
    }
    of_ann.done(paint(5, 5, 0, 1)).await;
    of_bob
        .done(json!({ "type": "canvas_chat", "text": "well done" }))
        .await;
    of_bob
        .done(json!({ "type": "tile_like", "x": 1, "y": 0, "liked": true }))
        .await;
    of_ann
        .done(json!({ "type": "tile_update", "x": 1, "y": 0, "title": "Moon" }))
        .await;
    of_ann.done(paint(1, 0, 4, 255)).await;
    of_ann
        .done(json!({ "type": "tile_delete", "x": 1, "y": 0 }))
        .await;
    of_bob.done(paint(1, 0, 40, 2)).await;
    of_bob.done(paint(2, 1, 50, 1)).await;
    let events = ann.all(&format!("/canvases/{id}/events?limit=200")).await;
    (ann, bob, id, events)
}

/// The frames that a film of these events has, and for how long each is shown.
fn expected(
    start: &Cells,
    events: &[&Value],
    area: [i64; 4],
    scale: usize,
    seconds: usize,
    on_nothing: bool,
) -> Vec<(Picture, u16)> {
    let parts = events.len().min(seconds * 50).min(599);
    let mut cells = start.clone();
    let mut frames = Vec::new();
    let mut applied = 0;
    for frame in 0..=parts {
        let due = events.len() * frame / parts.max(1);
        for event in &events[applied..due] {
            apply(&mut cells, event, on_nothing);
        }
        applied = due;
        let end = |frame: usize| seconds * 100 * frame / parts.max(1);
        let delay = if frame == parts {
            200
        } else {
            end(frame + 1) - end(frame)
        };
        frames.push((show(&cells, area, scale), u16::try_from(delay).unwrap()));
    }
    frames
}

fn film(reply: &Reply) -> Vec<(Picture, u16)> {
    reply.expect(200);
    assert_eq!(reply.header("content-type"), "image/gif");
    decode_gif(&reply.body).2
}

#[tokio::test]
async fn each_frame_shows_the_area_as_it_was() {
    let server = TestServer::start().await;
    let (ann, bob, id, events) = history(&server).await;
    let path = format!("/canvases/{id}/timelapse.gif");
    let area = [1, 0, 2, 1];
    let within = "x0=1&y0=0&x1=2&y1=1";
    let in_area: Vec<&Value> = events
        .iter()
        .filter(|event| is_tile_event(event) && is_in(event, area))
        .collect();

    let reply = server
        .visitor()
        .get(&format!("{path}?{within}&seconds=2"))
        .await;
    let frames = film(&reply);
    assert_eq!(frames.len(), in_area.len() + 1);
    assert!(frames == expected(&Cells::new(), &in_area, area, 1, 2, false));

    // In one second there are fifty parts at most: none is shorter than 20 ms. Scaled.
    let reply = ann.get(&format!("{path}?{within}&seconds=1&scale=3")).await;
    assert!(film(&reply) == expected(&Cells::new(), &in_area, area, 3, 1, false));

    // A part of the time.
    let seq = |event: &Value| event["seq"].as_i64().unwrap();
    let (from, to) = (seq(in_area[5]), seq(in_area[20]));
    let mut start = Cells::new();
    for event in &in_area[..=5] {
        apply(&mut start, event, false);
    }
    let span = format!("{path}?{within}&from={from}&to={to}");
    let expected_span = expected(&start, &in_area[6..=20], area, 1, 10, false);
    assert!(film(&ann.get(&span).await) == expected_span);
    let time = |event: &Value| event["timestamp"].as_str().unwrap().to_owned();
    let until = events
        .iter()
        .filter(|e| time_of(e) <= time(in_area[20]))
        .map(seq)
        .max()
        .unwrap();
    let by_seq = ann.get(&format!("{path}?{within}&to={until}")).await;
    let by_time = ann
        .get(&format!("{path}?{within}&to={}", time(in_area[20])))
        .await;
    assert!(by_seq.body == by_time.body);

    // By one user, on nothing.
    let acted = |event: &&&Value| {
        ["updater_id", "deleter_id", "creator_id"]
            .iter()
            .find_map(|field| event[*field].as_i64().filter(|_| fits(event, field)))
            == Some(bob.id())
    };
    let by_bob: Vec<&Value> = in_area.iter().filter(acted).copied().collect();
    assert!(by_bob.len() > 10);
    let reply = ann
        .get(&format!("{path}?{within}&actor={}", bob.username()))
        .await;
    assert!(film(&reply) == expected(&Cells::new(), &by_bob, area, 1, 10, true));

    // Nothing happened: one frame.
    let head = seq(events.last().unwrap());
    let mut end = Cells::new();
    for event in events.iter().filter(|event| is_tile_event(event)) {
        apply(&mut end, event, false);
    }
    let reply = ann
        .get(&format!("{path}?{within}&from={head}&to={head}"))
        .await;
    assert!(film(&reply) == [(show(&end, area, 1), 200)]);
    let reply = ann
        .get(&format!("{path}?x0=7&y0=5&x1=7&y1=5&scale=8"))
        .await;
    assert!(film(&reply) == [(vec![None; 64 * 64], 200)]);

    // It is the same until something happens there.
    let first = ann.get(&span).await;
    let again = ann
        .request(Method::GET, &span)
        .header("if-none-match", first.header("etag"));
    Reply::of(again).await.expect(304);
    server.stop().await;
}

/// When an event was stored.
fn time_of(event: &Value) -> String {
    let time = event["timestamp"].as_str().or(event["created_at"].as_str());
    time.unwrap().to_owned()
}

/// Whether a field of a tile event names who acted.
fn fits(event: &Value, field: &str) -> bool {
    match event["type"].as_str().unwrap() {
        "tile_created" => field == "creator_id",
        "tile_updated" => field == "updater_id",
        _ => field == "deleter_id",
    }
}

/// Of more than 256 cells the log is read as a whole, a thousand events at a time.
#[tokio::test]
async fn a_film_of_many_cells_shows_each_as_it_was() {
    const STROKES: usize = 1_100;
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let board = json!({ "width": 20, "height": 20, "newcomers": "free" });
    let id = canvas(&ann, &board).await;
    let mut tabs = [
        TestClient::join(&ann, id).await,
        TestClient::join(&bob, id).await,
    ];
    for n in 0..STROKES {
        let (x, y) = (n * 7 % 20, n * 3 % 20);
        // A pixel comes again in another colour.
        let pixels = json!([[n * 5 % 64, n / 320 % 4]]);
        let paint = json!({ "type": "tile_paint", "x": x, "y": y, "pixels": pixels });
        let tab = &mut tabs[usize::from(n % 3 == 0)];
        if n % 50 < 48 {
            tab.operate(paint).await;
        } else {
            // What was sent before is answered before.
            tab.done(paint).await;
        }
        if n == 500 {
            let delete = json!({ "type": "tile_delete", "x": x, "y": y });
            tabs[0].done(delete).await;
        }
    }
    let events = ann.all(&format!("/canvases/{id}/events?limit=200")).await;
    let area = [1, 1, 18, 18];
    let all: Vec<&Value> = events.iter().filter(|event| is_in(event, area)).collect();
    assert!(all.len() > 800 && events.len() > 1_000);
    let seq = |event: &Value| event["seq"].as_i64().unwrap();
    let mut ask = json!({
        "kind": "gif", "area": { "x0": 1, "y0": 1, "x1": 18, "y1": 18 }, "seconds": 1,
    });
    let whole = load(&ann, &export(&ann, id, &ask).await).await;
    assert!(film(&whole) == expected(&Cells::new(), &all, area, 1, 1, false));
    let by_bob: Vec<&Value> = all
        .iter()
        .filter(|event| event["updater_id"] == bob.id() || event["creator_id"] == bob.id())
        .filter(|event| event["type"] == "tile_created" || event["updater_id"] == bob.id())
        .copied()
        .collect();
    ask["actor"] = json!("bob");
    let of_bob = load(&ann, &export(&ann, id, &ask).await).await;
    assert!(film(&of_bob) == expected(&Cells::new(), &by_bob, area, 1, 1, true));
    ask["actor"] = Value::Null;
    let (from, to) = (all.len() / 2, all.len() - 9);
    let mut start = Cells::new();
    for event in &all[..=from] {
        apply(&mut start, event, false);
    }
    (ask["from"], ask["to"]) = (json!(seq(all[from])), json!(seq(all[to])));
    let part = load(&ann, &export(&ann, id, &ask).await).await;
    assert!(film(&part) == expected(&start, &all[from + 1..=to], area, 1, 1, false));
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_film_is_refused() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let large = json!({ "width": 16, "height": 2, "tile_size": 64, "visibility": "private" });
    let large = canvas(&ann, &large).await;
    let path = format!("/canvases/{id}/timelapse.gif?x0=0&y0=0&x1=0&y1=0");
    for (wrong, field) in [
        ("seconds=0", "seconds"),
        ("seconds=61", "seconds"),
        ("seconds=x", "seconds"),
        ("scale=0", "scale"),
        ("scale=9", "scale"),
        ("from=1", "from"),
        ("to=yesterday", "to"),
        ("from=2025-08-29T21:45:19Z&to=2025-08-28T21:45:19Z", "from"),
    ] {
        ann.get(&format!("{path}&{wrong}")).await.refuses(field);
    }
    ann.get(&format!("{path}&actor=nobody"))
        .await
        .problem(404, "user_not_found");
    let path = format!("/canvases/{id}/timelapse.gif");
    ann.get(&format!("{path}?x0=0&y0=0&x1=0"))
        .await
        .refuses("y1");
    ann.get(&format!("{path}?x0=0&y0=0&x1=8&y1=0"))
        .await
        .refuses("x1");
    // 48 tiles, then 17, then too many pixels.
    ann.get(&path).await.problem(422, "too_large");
    ann.get(&format!("{path}?x0=0&y0=0&x1=3&y1=3"))
        .await
        .expect(200);
    ann.get(&format!("{path}?x0=0&y0=0&x1=4&y1=3"))
        .await
        .problem(422, "too_large");
    let path = format!("/canvases/{large}/timelapse.gif?x0=0&y0=0&x1=15&y1=0");
    ann.get(&format!("{path}&scale=4")).await.expect(200);
    ann.get(&format!("{path}&scale=5"))
        .await
        .problem(422, "too_large");
    // Whoever may not read the canvas does not see its past.
    server
        .user("bob")
        .await
        .get(&path)
        .await
        .problem(403, "forbidden");
    server.visitor().get(&path).await.problem(403, "forbidden");
    ann.get("/canvases/1000000/timelapse.gif")
        .await
        .problem(404, "canvas_not_found");
    server.stop().await;
}
