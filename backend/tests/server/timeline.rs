//! The timeline of a canvas: buckets of as many tile events each, or as long each, of the whole
//! board, of an area or of one user.

use crate::common::{TestServer, canvas, http::Client, socket::TestClient};
use chrono::DateTime;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a test compares of an event.
#[derive(Clone, Debug)]
struct Event {
    seq: i64,
    millis: i64,
    actor: i64,
    cell: Option<(i64, i64)>,
    is_tile: bool,
}

fn millis(time: &Value) -> i64 {
    let time = DateTime::parse_from_rfc3339(time.as_str().unwrap()).unwrap();
    time.timestamp_millis()
}

/// The log of a canvas, as everybody can read it.
async fn log(client: &Client, canvas: i64) -> Vec<Event> {
    let events = client.all(&format!("/canvases/{canvas}/events")).await;
    let read = |event: &Value| {
        let kind = event["type"].as_str().unwrap();
        let at = event.get("timestamp").or(event.get("created_at")).unwrap();
        let actor = [
            "updater_id",
            "deleter_id",
            "liker_id",
            "sender_id",
            "creator_id",
        ]
        .iter()
        .find_map(|field| event[field].as_i64());
        let cause = event["cause"]["by"].as_i64();
        Event {
            seq: event["seq"].as_i64().unwrap(),
            millis: millis(at),
            actor: cause.or(actor).unwrap(),
            cell: event["x"].as_i64().zip(event["y"].as_i64()),
            is_tile: ["tile_created", "tile_updated", "tile_deleted"].contains(&kind),
        }
    };
    events.iter().map(read).collect()
}

/// Panics unless the timeline is one of these events of the log.
fn check(timeline: &Value, log: &[Event], wanted: &[&Event], by: &str) {
    assert_eq!(timeline["events"], wanted.len());
    let buckets = timeline["buckets"].as_array().unwrap();
    assert_eq!(buckets.len(), wanted.len().min(200));
    let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else {
        for field in ["first_seq", "last_seq", "first_at", "last_at"] {
            assert_eq!(timeline[field], Value::Null, "{field}");
        }
        return;
    };
    assert_eq!(timeline["first_seq"], first.seq);
    assert_eq!(timeline["last_seq"], last.seq);
    assert_eq!(millis(&timeline["first_at"]), first.millis);
    assert_eq!(millis(&timeline["last_at"]), last.millis);
    let of = |bucket: &Value, field: &str| bucket[field].as_i64().unwrap();
    let counts = buckets.iter().map(|it| of(it, "events"));
    assert_eq!(counts.clone().sum::<i64>(), of(timeline, "events"));
    let mut next = first.seq;
    for bucket in buckets {
        let (from, to) = (of(bucket, "from_seq"), of(bucket, "to_seq"));
        assert_eq!(from, next, "{bucket}");
        next = to + 1;
        let inside: Vec<&&Event> = wanted
            .iter()
            .filter(|it| (from..=to).contains(&it.seq))
            .collect();
        assert_eq!(bucket["events"], inside.len(), "{bucket}");
        let people: BTreeSet<i64> = inside.iter().map(|it| it.actor).collect();
        assert_eq!(bucket["people"], people.len(), "{bucket}");
        if inside.is_empty() {
            assert_eq!(to, from - 1, "{bucket}");
        }
        let (from_at, to_at) = (millis(&bucket["from_at"]), millis(&bucket["to_at"]));
        for event in inside {
            assert!(
                (from_at..=to_at).contains(&event.millis),
                "{bucket} {event:?}"
            );
        }
        if by == "change" {
            let time = |seq: i64| log.iter().find(|it| it.seq == seq).unwrap().millis;
            assert_eq!((from_at, to_at), (time(from), time(to)));
        }
    }
    assert_eq!(next, last.seq + 1);
    if by == "change" {
        let (least, most) = (counts.clone().min().unwrap(), counts.max().unwrap());
        assert!(least >= 1 && most - least <= 1, "{least} {most}");
        return;
    }
    assert_eq!(millis(&buckets[0]["from_at"]), first.millis);
    assert_eq!(millis(&buckets.last().unwrap()["to_at"]), last.millis);
    let lengths: Vec<i64> = buckets
        .iter()
        .map(|it| millis(&it["to_at"]) - millis(&it["from_at"]))
        .collect();
    let (least, most) = (lengths.iter().min().unwrap(), lengths.iter().max().unwrap());
    assert!(most - least <= 1, "{lengths:?}");
    for pair in buckets.windows(2) {
        assert_eq!(pair[0]["to_at"], pair[1]["from_at"]);
    }
}

async fn check_all(client: &Client, id: i64, ann: i64, bob: i64) {
    let log = log(client, id).await;
    let wanted = |wants: &dyn Fn(&Event) -> bool| -> Vec<&Event> {
        log.iter().filter(|it| it.is_tile && wants(it)).collect()
    };
    for by in ["change", "time"] {
        let path = format!("/canvases/{id}/timeline?by={by}");
        let get = async |more: &str| client.get(&format!("{path}{more}")).await.json(200);
        check(&get("").await, &log, &wanted(&|_| true), by);
        let of_ann = wanted(&|it| it.actor == ann);
        check(&get("&actor=ANN").await, &log, &of_ann, by);
        let in_area = |it: &Event| it.cell.is_some_and(|(x, y)| x <= 1 && y == 0);
        let area = "&x0=0&y0=0&x1=1&y1=0";
        check(&get(area).await, &log, &wanted(&in_area), by);
        let both = wanted(&|it| in_area(it) && it.actor == bob);
        check(&get(&format!("{area}&actor=bob")).await, &log, &both, by);
        check(&get("&x0=7&y0=5&x1=7&y1=5").await, &log, &[], by);
    }
    let default = client.get(&format!("/canvases/{id}/timeline")).await;
    let by_change = client
        .get(&format!("/canvases/{id}/timeline?by=change"))
        .await;
    assert_eq!(default.json(200), by_change.json(200));
}

#[tokio::test]
async fn a_timeline_divides_the_tile_events() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let empty = ann.get(&format!("/canvases/{id}/timeline?by=time")).await;
    check(&empty.json(200), &[], &[], "time");
    let mut of_ann = TestClient::join(&ann, id).await;
    let mut of_bob = TestClient::join(&bob, id).await;
    let paint = |x: i64, y: i64, colour: i64| json!({ "type": "tile_paint", "x": x, "y": y, "pixels": [[0, colour]] });
    let chat = json!({ "type": "canvas_chat", "text": "hello" });
    of_bob.done(chat.clone()).await;
    for round in 0..3 {
        of_ann.done(paint(0, 0, round)).await;
        of_bob.done(chat.clone()).await;
        of_bob.done(paint(1, 0, round)).await;
        of_ann
            .done(json!({ "type": "tile_like", "x": 1, "y": 0, "liked": round % 2 == 0 }))
            .await;
        of_bob.done(paint(round + 2, 1, 1)).await;
    }
    of_ann
        .done(json!({ "type": "tile_delete", "x": 0, "y": 0 }))
        .await;
    of_bob.done(chat.clone()).await;
    check_all(&ann, id, ann.id(), bob.id()).await;
    // More than there are buckets.
    for round in 0..220 {
        of_ann.done(paint(round % 8, 2, round / 8 % 4)).await;
    }
    check_all(&server.visitor(), id, ann.id(), bob.id()).await;
    server.stop().await;
}

#[tokio::test]
async fn what_a_timeline_cannot_be_of_is_refused() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let path = format!("/canvases/{id}/timeline");
    for (query, field) in [
        ("by=people", "by"),
        ("x0=0", "y0"),
        ("x0=0&y0=0&x1=0", "y1"),
        ("x0=0&y0=0&x1=8&y1=0", "x1"),
        ("x0=0&y0=0&x1=0&y1=6", "y1"),
        ("x0=-1&y0=0&x1=0&y1=0", "x0"),
        ("x0=2&y0=0&x1=1&y1=0", "x1"),
        ("x0=a&y0=0&x1=1&y1=0", "x0"),
    ] {
        ann.get(&format!("{path}?{query}")).await.refuses(field);
    }
    for name in ["nobody", "no%20name", "%00"] {
        let found = ann.get(&format!("{path}?actor={name}")).await;
        found.problem(404, "user_not_found");
    }
    let hidden = canvas(&ann, &json!({ "visibility": "private" })).await;
    let found = bob.get(&format!("/canvases/{hidden}/timeline")).await;
    found.problem(403, "forbidden");
    let found = bob.get("/canvases/1/timeline").await;
    found.problem(404, "canvas_not_found");
    server.stop().await;
}
